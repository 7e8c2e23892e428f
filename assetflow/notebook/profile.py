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
_SHOWN = (
    layout.Column("column"), layout.Column("type"), layout.Column("null", is_number=True),
    layout.Column("distinct", is_number=True), layout.Column("min"), layout.Column("mean"), layout.Column("max"),
)  # fmt: skip


class ColumnProfile(Struct, frozen=True):
    """One column: the share of NULL (0 to 1), about how many values differ; least, mean and greatest as text."""

    name: str
    type: str
    null: float
    distinct: int
    min: str | None
    mean: str | None
    max: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """The columns of a table, and how many rows it has."""

    rows: int
    columns: tuple[ColumnProfile, ...]

    def __repr__(self) -> str:
        return "\n".join([self._title(), *(line.rstrip() for line in layout.layout(_SHOWN, self._cells(), WIDTH))])

    def _repr_html_(self) -> str:
        return html.card(self._title(), html.table(_SHOWN, self._cells()))

    def _title(self) -> str:
        return f"{self.rows:,} row{'s' * (self.rows != 1)}"

    def _cells(self) -> list[layout.Row]:
        return [
            [
                one.name,
                one.type,
                f"{one.null:.1%}" if one.null else "",
                f"{one.distinct:,}",
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
    """One pass over a table by DuckDB's SUMMARIZE."""
    found = cursor.execute(
        'SELECT column_name, column_type, null_percentage, approx_unique, "min", "avg", "max", "count" '
        f"FROM (SUMMARIZE FROM {quote_identifier(name)})"
    ).fetchall()
    columns = tuple(
        ColumnProfile(column, type_, float(null or 0) / 100, distinct or 0, least, mean, greatest)
        for column, type_, null, distinct, least, mean, greatest, _ in found
    )
    return Profile(int(found[0][-1]) if found else 0, columns)
