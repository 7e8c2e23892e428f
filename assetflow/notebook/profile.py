"""What the columns of a table hold, in a notebook: how much is NULL, how many values differ, least and greatest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.formats import table as layout
from assetflow.notebook import html
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WIDTH = 120
COUNTED = 100_000
"""Rows up to which different values are counted; of more they are estimated, since that needs one pass alone."""
_SHOWN = (
    layout.Column("column"), layout.Column("type"), layout.Column("null", is_number=True),
    layout.Column("distinct", is_number=True), layout.Column("min"), layout.Column("mean"), layout.Column("max"),
)  # fmt: skip


class ColumnProfile(Struct, frozen=True):
    """One column: the share of NULL (0 to 1), how many values differ; least, mean and greatest as text."""

    name: str
    type: str
    null: float
    distinct: int
    min: str | None
    mean: str | None
    max: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """The columns of a table, and how many rows it has; of more than `COUNTED`, `distinct` is an estimate."""

    rows: int
    columns: tuple[ColumnProfile, ...]

    def __repr__(self) -> str:
        return "\n".join([self._title(), *(line.rstrip() for line in layout.layout(_SHOWN, self._cells(), WIDTH))])

    def _repr_html_(self) -> str:
        return html.card(self._title(), html.table(_SHOWN, self._cells()))

    def _title(self) -> str:
        return f"{self.rows:,} row{'s' * (self.rows != 1)}"

    def _cells(self) -> list[layout.Row]:
        about = "~" if self.rows > COUNTED else ""
        return [
            [
                one.name,
                one.type,
                _share(one.null),
                f"{about}{one.distinct:,}",
                one.min,
                _short(one.mean),
                one.max,
            ]
            for one in self.columns
        ]


def _share(null: float) -> str:
    return f"{null:.1%}" if null else ""


def _short(mean: str | None) -> str:
    """A mean in six digits; that of times as it is; nothing for what has none."""
    try:
        return f"{float(mean or ''):.6g}"
    except ValueError:
        return mean or ""


def profile_of(cursor: DuckDBPyConnection, name: str) -> Profile:
    """By DuckDB's SUMMARIZE, in one pass, and in another one over a small table, whose different values are counted."""
    found = cursor.execute(
        'SELECT column_name, column_type, null_percentage, approx_unique, "min", "avg", "max", "count" '
        f"FROM (SUMMARIZE FROM {quote_identifier(name)})"
    ).fetchall()
    rows = int(found[0][-1]) if found else 0
    if rows > COUNTED:
        differing = [min(int(estimate or 0), rows) for _, _, _, estimate, *_ in found]
    else:
        counts = ", ".join(f"count(DISTINCT {quote_identifier(column)})" for column, *_ in found)
        differing = (
            list(cursor.execute(f"SELECT {counts} FROM {quote_identifier(name)}").fetchall()[0]) if found else []
        )
    columns = tuple(
        ColumnProfile(column, type_, float(null or 0) / 100, distinct, least, mean, greatest)
        for (column, type_, null, _, least, mean, greatest, _), distinct in zip(found, differing, strict=True)
    )
    return Profile(rows, columns)
