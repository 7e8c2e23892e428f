"""The live display of a run on a terminal: what runs, how far, how long, rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from assetflow.cli.progress import line_of, width_of_names
from assetflow.cli.screen import seconds

if TYPE_CHECKING:
    from assetflow.project.run import Running
    from assetflow.running.events import Event


def follow_live(running: Running) -> None:
    """Carry out the run; finished assets scroll away above, what is under way stays at the bottom."""
    console, width = Console(stderr=True), width_of_names(running)
    screen = Screen(len(running.plan.steps), spinner="dots" if console.encoding.startswith("utf") else "line")
    with Live(screen, console=console, refresh_per_second=8, transient=True) as live:
        for event in running:
            screen.take(event)
            line = line_of(event, width)
            if line is not None:
                live.console.print(Text.from_ansi(line), soft_wrap=True)


class Screen:
    """The bottom of the terminal: a bar over all steps, and a line for each one under way."""

    def __init__(self, total: int, spinner: str = "dots") -> None:
        self.total = total
        self.done = 0
        self.began = time.monotonic()
        self.under_way: dict[str, float] = {}
        self.spinner = Spinner(spinner, style="cyan")

    def take(self, event: Event) -> None:
        if event.event == "started":
            self.under_way[event.asset] = time.monotonic()
        elif event.event not in {"published", "withdrawn"} and event.partition is None:
            self.under_way.pop(event.asset, None)
            self.done += 1

    def __rich__(self) -> RenderableType:
        head = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=self.total, completed=self.done, width=30, complete_style="cyan", finished_style="cyan")
        head.add_row(bar, f"{self.done}/{self.total}", Text(seconds(time.monotonic() - self.began), style="dim"))
        rows = Table.grid(padding=(0, 1))
        for name, began in self.under_way.items():
            rows.add_row(self.spinner, name, Text(seconds(time.monotonic() - began), style="dim"))
        return Group(rows, head)
