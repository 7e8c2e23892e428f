"""How things look: data on stdout, everything for people on stderr, colour only on a terminal."""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from typing import Any

import click

from assetflow.errors import AssetError, AssetflowError, UsageError
from assetflow.text import ascii_json, clean_json, clean_screen, display_width
from assetflow.text import clean as clean  # noqa: PLC0414 - commands take it from here

STYLES: dict[str, dict[str, Any]] = {
    "fresh": {"fg": "green"},
    "stale": {"fg": "yellow"},
    "new": {"fg": "cyan"},
    "failed": {"fg": "red", "bold": True},
    "blocked": {"fg": "red"},
    "dim": {"dim": True},
    "bold": {"bold": True},
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
}

NARROW = 24
"""Columns of a terminal in which words can be read one below the other."""
NEAR = 4


def colours(stream: Any) -> bool:
    """True when the stream is a terminal whose user did not ask for no colour (no-color.org)."""
    return bool(stream.isatty()) and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str, *, err: bool = False) -> str:
    stream = sys.stderr if err else sys.stdout
    return click.style(text, **STYLES[style]) if colours(stream) else text


def say(text: str = "") -> None:
    """A line for people."""
    click.echo(clean_screen(text), err=True, color=colours(sys.stderr))


def put(text: str = "") -> None:
    """A line of data."""
    click.echo(clean_screen(text), color=colours(sys.stdout))


def terminal_width() -> int | None:
    """How wide a line may be; None where nobody watches."""
    if not sys.stdout.isatty():
        return None
    from shutil import get_terminal_size  # a module that a night at no terminal spares

    return get_terminal_size().columns


def put_wrapped(text: str) -> None:
    """Lines of data which, on a terminal, are cut between words and go on a little to the right of where they begin."""
    width = terminal_width()
    for line in text.split("\n"):
        put(wrapped(line, width, len(line) - len(line.lstrip(" ")) + 2))


def wrapped(text: str, width: int | None, under: int) -> str:
    """A line cut between words, what follows set in by `under`; a word that is too long stays whole."""
    if width is None or display_width(click.unstyle(text)) <= width:
        return text
    lines, line, taken = [], "", 0
    for space, word in re.findall(r"( *)([^ ]+)", text):
        long = display_width(click.unstyle(word))
        if line.strip() and taken + len(space) + long > width:
            lines.append(line)
            line, taken = " " * under + word, under + long
        else:
            line, taken = line + space + word, taken + len(space) + long
    return "\n".join([*lines, line])


def put_json(document: Mapping[str, Any]) -> None:
    """The one JSON document of a `--json` command."""
    put_json_lines([clean_json(json.dumps(document, indent=2, default=str, ensure_ascii=False))])


def put_json_lines(lines: Iterable[str]) -> None:
    """A JSON document that is written already: who reads it takes it for UTF-8, so another encoding gets ASCII."""
    is_utf = codecs.lookup(sys.stdout.encoding or "utf-8").name.startswith("utf")
    put_lines(line if is_utf else ascii_json(line) for line in lines)


def show_error(error: AssetflowError) -> None:
    """What went wrong, where, and what to do next; the user's own frames where their code raised."""
    where = f"{error.where}: " if error.where else ""
    say(f"{styled('error:', 'error', err=True)} {clean(where + error.message, lines=True)}")
    if isinstance(error, AssetError) and error.details:
        say(indent(clean(error.details, lines=True), "  "))
    if error.hint:
        say(indent(clean(error.hint, lines=True), "  "))


def show_warning(text: str) -> None:
    say(f"{styled('warning:', 'warning', err=True)} {clean(text, lines=True)}")


def indent(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.splitlines())


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> list[str]:
    """Columns aligned by their widest cell, the last one ragged; columns named in `right` are set to the right.

    On a terminal that is too narrow for the last one, it goes on below itself.
    """
    cells = [list(header), *[[clean(cell) for cell in row] for row in rows]]
    widths = [max(display_width(row[index]) for row in cells) for index in range(len(header))]
    lines, room = [], terminal_width()
    for number, row in enumerate(cells):
        *before, last = [
            pad(cell, width, right=header[i] in right) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = with_last("".join(f"{part}  " for part in before), last.rstrip(), room)
        lines.append(styled(line, "dim") if number == 0 else line)
    return lines


def with_last(before: str, last: str, room: int | None) -> str:
    """A row of a table whose last cell is cut where it has to be; near the margin where it has no room beside them."""
    start = display_width(before)
    line = (before + last).rstrip()
    if room is None or display_width(line) <= room or start > room:
        return line
    if room - start < NARROW:
        return f"{before.rstrip()}\n{wrapped(' ' * NEAR + last, room, NEAR)}"
    return before + wrapped(last, room - start, 0).replace("\n", "\n" + " " * start)


def pad(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - display_width(text))
    return space + text if right else text + space


def count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def plural(number: int, word: str, words: str | None = None) -> str:
    """`1 asset`, `2 assets`."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def partitions_text(made: Iterable[tuple[str, str | None]]) -> str:
    """` (365 partitions of 2 assets)`, of assets and their partitions."""
    parts = [asset for asset, partition in made if partition is not None]
    return f" ({plural(len(parts), 'partition')} of {plural(len(set(parts)), 'asset')})" if parts else ""


def seconds(value: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`."""
    if value < 10:
        return f"{value:.1f} s" if value >= 0.05 else f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def percent(part: float, whole: float) -> str:
    """`41 %`, `1.2 %`, `0.03 %`: as many digits as say something."""
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"


def size(number: int | None) -> str:
    """`512 B`, `1.2 MB`, in powers of ten, as disks are sold."""
    if number is None:
        return ""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def age(then: str | None) -> str:
    """How long ago a time of the ledger was: `3 min ago`; so long at least, as `--at` finds what was there then."""
    if then is None:
        return ""
    passed = (datetime.now(UTC) - parse_time(then)).total_seconds()
    if passed < 5:
        return "just now"
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if passed >= length:
            return f"{passed // length:.0f} {unit} ago"
    return f"{passed // 1:.0f} s ago"


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def local_time(text: str | None) -> str:
    """A time of the ledger on the user's clock, to the second."""
    return "" if text is None else parse_time(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


@contextmanager
def letter_by_letter() -> Iterator[None]:
    """Rows for another program: a letter that the encoding of stdout lacks is an error, and not written otherwise."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="strict")
    try:
        yield
    except UnicodeEncodeError as error:
        raise UsageError(
            f"the encoding of this output, {error.encoding}, has no {error.object[error.start]}",
            hint="Write a file, which is UTF-8 (--output FILE), or set PYTHONIOENCODING=utf-8.",
        ) from None


def put_lines(lines: Iterable[str]) -> None:
    """Many lines of data; unlike `put`, it does not wait for the reader after each. A file gets them as they are."""
    is_watched = sys.stdout.isatty()
    for line in lines:
        sys.stdout.write(f"{clean_screen(line) if is_watched else line}\n")
