"""HTML for notebooks: plain elements in the notebook's own colours, no scripts; what comes from outside is escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape

from assetflow.formats.table import Column, Row, clean

MOST_CHARACTERS = 200
"""Longer cells are cut: a display is for reading, `.pl()` is for all of it."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?")
"""A date and its time stay on one line."""


def card(title: str, *parts: str) -> str:
    """A heading with whatever stands below it."""
    return f"<div><strong>{text(title)}</strong>{''.join(parts)}</div>"


def paragraph(words: str) -> str:
    return f'<p style="margin:0.3em 0">{text(" ".join(words.split()))}</p>' if words else ""


def faint(words: str) -> str:
    return f'<p style="margin:0.3em 0;opacity:0.65">{text(words)}</p>' if words else ""


def preformatted(lines: Sequence[str]) -> str:
    return f'<pre style="line-height:1.3">{"<br>".join(map(text, lines))}</pre>'


def table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """A table; numbers to the right, NULL faint. The type of a column, if it is known, is shown below its name."""
    head = "".join(f"<th {_align(column)}>{_heading(column)}</th>" for column in columns)
    body = "".join(f"<tr>{_cells(columns, row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text(words: str) -> str:
    """Words from outside as HTML that shows exactly them."""
    return escape(clean(words))


def local_time(text: str | None) -> str:
    """`2026-11-20 02:00`: times of the ledger are UTC, those on the screen are on the reader's clock."""
    if text is None:
        return ""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def _heading(column: Column) -> str:
    type_ = f'<br><span style="font-weight:normal;opacity:0.65">{text(column.type)}</span>' if column.type else ""
    return f"{text(column.name)}{type_}"


def _cells(columns: Sequence[Column], row: Row) -> str:
    return "".join(f"<td {_align(column)}>{_cell(cell)}</td>" for column, cell in zip(columns, row, strict=True))


def _cell(cell: str | None) -> str:
    if cell is None:
        return '<span style="opacity:0.5">NULL</span>'
    shown = text(cell if len(cell) <= MOST_CHARACTERS else cell[:MOST_CHARACTERS] + "…")
    return _TIME.sub(r'<span style="white-space:nowrap">\g<0></span>', shown)


def _align(column: Column) -> str:
    return f'style="text-align:{"right" if column.is_number else "left"}"'
