"""A plain table for people: columns aligned, numbers to the right.

`lines` prints any number of rows, block by block, and cuts nothing; `layout` fits a few rows into the width of a
terminal: first wide cells are cut, then columns at the right are left out and named below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.formats import blocks, write_lines
from assetflow.text import character_width, display_width
from assetflow.text import clean as clean_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

SUFFIX = ".txt"

Row = Sequence[str | None]
"""The texts of one row; None is NULL."""

Style = Callable[[str], str]


class Column(Struct, frozen=True):
    """A column on the screen; `type` is its DuckDB type, where it has one."""

    name: str
    is_number: bool = False
    type: str = ""


def write(relation: DuckDBPyRelation, path: str) -> None:
    write_lines(lines(relation), path)


def lines(relation: DuckDBPyRelation) -> Iterator[str]:
    """The header and a line for each row. The first block decides the widths; a wider cell further down sticks out."""
    columns = columns_of(relation)
    widths: list[int] = []
    for block in blocks(texts(relation)):
        rows = [[_shown(cell) for cell in row] for row in block]
        if not widths:
            widths = _widths(columns, rows)
            yield _header(columns, widths)
        yield from (_line(row, widths, columns) for row in rows)
    if not widths:
        yield _header(columns, _widths(columns, []))


def layout(
    columns: Sequence[Column], rows: Sequence[Row], width: int | None = None, dim: Style | None = None
) -> list[str]:
    """The header, a line for each row, and one for what is left out; none is wider than `width` (None: no limit).

    `dim` styles the header, each NULL, and what is left out.
    """
    dim = dim or str
    shown = [[_shown(cell) for cell in row] for row in rows]
    widths = _widths(columns, shown)
    if width is not None:
        widths = _narrowed(widths, width)
    found = [dim(_header(columns, widths))]
    for row, cells in zip(rows, shown, strict=True):
        fitted = [_cut(cell, most) for cell, most in zip(cells, widths, strict=False)]
        nulls = [cell is None for cell in row[: len(widths)]]
        found.append(_line(fitted, widths, columns, nulls, dim))
    left_out = [clean(column.name) for column in columns[len(widths) :]]
    if width is not None and left_out:
        more = f"… {len(left_out)} more column{'s' * (len(left_out) != 1)}: {', '.join(left_out)}"
        found.append(dim(_cut(more, width)))
    return found


def columns_of(relation: DuckDBPyRelation) -> list[Column]:
    return [
        Column(name, is_number(str(type_)), str(type_))
        for name, type_ in zip(relation.columns, relation.types, strict=True)
    ]


def texts(relation: DuckDBPyRelation) -> DuckDBPyRelation:
    """The same rows with every value as the text that DuckDB prints."""
    return relation.project(
        ", ".join(f"CAST(#{position} AS VARCHAR) AS c{position}" for position in range(1, len(relation.columns) + 1))
    )


def is_number(type_: str) -> bool:
    """True for the DuckDB types whose values are set to the right."""
    return re.fullmatch(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM|FLOAT|DOUBLE|DECIMAL\(.*\)", type_) is not None


def clean(text: str) -> str:
    """The text without what a terminal obeys (control, escape and bidirectional characters); line breaks as `⏎`."""
    if text.isascii() and text.isprintable():
        return text
    return clean_text(text.replace("\r\n", "\n").replace("\n", "⏎"))


NULL = "NULL"
GAP = "  "
CUTS = (60, 40, 28, 20, 14)
"""To how many characters wide cells are cut, in this order, before a column is left out."""

CUT_BESIDE_MORE = 28
"""To how many they are cut where columns are left out in any case."""


def _narrowed(widths: Sequence[int], width: int) -> list[int]:
    """The widths of those columns that fit, at least one."""
    for most in CUTS:
        cut = [min(each, most) for each in widths]
        if _total(cut) <= width:
            return _given_back(cut, widths, width)
    cut = [min(each, CUT_BESIDE_MORE) for each in widths]
    while len(cut) > 1 and _total(cut) > width:
        cut.pop()
    if len(cut) == 1:
        return [min(widths[0], width)]
    return _given_back(cut, widths[: len(cut)], width)


def _given_back(cut: Sequence[int], wanted: Sequence[int], width: int) -> list[int]:
    """The widths, with the room that is left given to columns that were cut, from the left."""
    found = list(cut)
    room = width - _total(cut)
    for position, (most, each) in enumerate(zip(wanted, cut, strict=True)):
        more = min(room, most - each)
        found[position] += more
        room -= more
    return found


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _widths(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[int]:
    widths = [display_width(clean(column.name)) for column in columns]
    for row in rows:
        for position, cell in enumerate(row):
            widths[position] = max(widths[position], display_width(cell))
    return widths


def _header(columns: Sequence[Column], widths: Sequence[int]) -> str:
    names = [_cut(clean(column.name), width) for column, width in zip(columns, widths, strict=False)]
    return _line(names, widths, columns)


def _line(
    cells: Sequence[str],
    widths: Sequence[int],
    columns: Sequence[Column],
    nulls: Sequence[bool] = (),
    dim: Style = str,
) -> str:
    parts = []
    last = len(cells) - 1
    for position, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - display_width(cell))
        styled = dim(cell) if nulls and nulls[position] else cell
        if columns[position].is_number:
            parts.append(space + styled)
        else:
            parts.append(styled if position == last else styled + space)
    return GAP.join(parts)


def _shown(cell: object) -> str:
    return NULL if cell is None else clean(str(cell))


def _cut(text: str, width: int) -> str:
    """The text, ended by `…` where it is wider."""
    if display_width(text) <= width:
        return text
    kept, room = [], width - 1
    for character in text:
        room -= character_width(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"
