"""The live display of a run on a terminal: what runs, how far, how long, rows."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from assetflow.cli.apart import StandIn
from assetflow.cli.progress import line_of, width_of_names
from assetflow.cli.screen import seconds

if TYPE_CHECKING:
    from assetflow.project.run import Running
    from assetflow.running.events import Event


def follow_live(running: Running, stream: TextIO) -> None:
    """Carry out the run; finished assets scroll away above, what is under way stays at the bottom."""
    console, width = Console(file=stream, highlight=False), width_of_names(running)
    screen = Screen(len(running.plan.steps), spinner="dots" if console.encoding.startswith("utf") else "line")
    live = Live(
        screen, console=console, refresh_per_second=8, transient=True, redirect_stdout=False, redirect_stderr=False
    )
    above = Above(console, screen.open_lines, stream)
    with live, above.for_both():
        try:
            for event in running:
                screen.take(event)
                if not screen.under_way:  # what was left open belongs to nothing that comes
                    above.end_lines()
                line = line_of(event, width)
                if line is not None:
                    console.print(Text.from_ansi(line), soft_wrap=True)
        finally:
            above.end_lines()


class Above(StandIn):
    """Lets the lines that users' code prints scroll away above, each when it is ended.

    What is not ended (a progress bar, drawn again and again from the left margin) is seen below until then. Each thread
    has its own, so that those of two functions do not mix.
    """

    def __init__(self, console: Console, open_lines: dict[int, str], stream: TextIO) -> None:
        super().__init__(stream)
        self.console = console
        self.open_lines = open_lines

    def write(self, text: str) -> int:
        thread = threading.get_ident()
        *ended, begun = (self.open_lines.pop(thread, "") + text).split("\n")
        for line in ended:
            self.put(line)
        if begun:
            self.open_lines[thread] = begun if begun.endswith("\r") else drawn_last(begun)
        return len(text)

    def end_lines(self) -> None:
        for thread in list(self.open_lines):
            self.put(self.open_lines.pop(thread))

    def put(self, line: str) -> None:
        self.console.print(Text.from_ansi(drawn_last(line)), soft_wrap=True)


def drawn_last(line: str) -> str:
    """What a terminal shows of a line that was drawn over itself."""
    return line.rstrip("\r").rpartition("\r")[2]


class Screen:
    """The bottom of the terminal: a bar over all steps, and a line for each one under way."""

    def __init__(self, total: int, spinner: str = "dots") -> None:
        self.total = total
        self.done = 0
        self.began = time.monotonic()
        self.under_way: dict[str, float] = {}
        self.open_lines: dict[int, str] = {}
        """What functions have printed of a line that is not ended, by their threads."""
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
        # Another thread draws than the one that is told what happens.
        for name, began in list(self.under_way.items()):
            rows.add_row(self.spinner, name, Text(seconds(time.monotonic() - began), style="dim"))
        begun = [Text.from_ansi(drawn_last(line), no_wrap=True) for line in list(self.open_lines.values())]
        return Group(*begun, *([rows] if rows.row_count else []), head)
