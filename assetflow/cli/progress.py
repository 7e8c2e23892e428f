"""What a run prints as it goes: one line for each asset as it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assetflow.cli.screen import count, plural, seconds, styled
from assetflow.reason import in_short
from assetflow.text import clean

if TYPE_CHECKING:
    from assetflow.project.run import Running
    from assetflow.running.events import Event


def lines(running: Running) -> Iterator[str]:
    """One line for each asset as it ends."""
    width = width_of_names(running)
    for event in running:
        line = line_of(event, width)
        if line is not None:
            yield line


def width_of_names(running: Running) -> int:
    """Room for the longest name, so that what follows stands in columns; a monster stands out by itself."""
    return min(max([32, *(len(step.asset) for step in running.plan.steps)]), 60)


def line_of(event: Event, width: int = 32) -> str | None:
    """`sales   made    1,469,307 rows   1.2 s   (never made)`"""
    word = {"finished": "made", "restored": "restored", "skipped": "skipped", "failed": "failed", "blocked": "blocked"}
    if event.event not in word or event.partition is not None:
        return None
    style = {"finished": "fresh", "failed": "failed", "blocked": "blocked"}.get(event.event, "dim")
    parts = [f"{event.asset:<{width}}", styled(f"{word[event.event]:<9}", style, err=True)]
    if event.event == "finished":
        parts.append(f"{rows_text(event.rows):>16}  {seconds(event.seconds or 0.0):>7}")
        count_of_parts = f"{plural(event.parts, 'partition')}: " if event.parts is not None else ""
        parts.append("came out the same" if event.same_content else f"{count_of_parts}{why_text(event)}")
    elif event.event == "restored":
        parts.append(f"{rows_text(event.rows):>16}  {'':>7}")
        parts.append("made from exactly this before")
    elif event.event == "skipped":
        parts.append("its upstreams came out the same")
    else:
        parts.append(clean(event.error.splitlines()[0]) if event.error else "")
    return "  ".join(parts).rstrip()


def rows_text(rows: int | None) -> str:
    return "view" if rows is None else f"{count(rows)} row{'s' * (rows != 1)}"


def why_text(event: Event) -> str:
    reason = in_short(event.reasons)
    return f"{event.how}: {reason}" if event.how else reason
