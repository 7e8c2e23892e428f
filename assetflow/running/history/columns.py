"""One set of columns for what a history has kept and for what came: a column comes, goes, or gets wider.

    kept   id INTEGER, name, city    came   id BIGINT, name, email    together   id BIGINT, name, email, city

A column that the query no longer gives stays for the versions that had it. No value is ever changed by a cast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.asset import VALID_FROM, VALID_TO, Asset
from assetflow.duck import described, duckdb
from assetflow.lineage.sql.names import fold
from assetflow.materialization import Column
from assetflow.quoting import quote_identifier
from assetflow.running.history.delivery import wrong

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

VALIDITY = ((VALID_FROM, "TIMESTAMP"), (VALID_TO, "TIMESTAMP"))


class Together(Struct, frozen=True):
    """The columns of a history without its two times. `came` are those that the query gives, `kept` those it had."""

    columns: tuple[tuple[str, str], ...]
    came: frozenset[str]
    kept: frozenset[str]

    @property
    def whole(self) -> tuple[tuple[str, str], ...]:
        """The columns of the table, its two times last."""
        return (*self.columns, *VALIDITY)

    @property
    def of_query(self) -> str:
        """The select list that gives the columns of the query with these types."""
        return ", ".join(
            f"CAST({quote_identifier(name)} AS {kind}) AS {quote_identifier(name)}"
            for name, kind in self.columns
            if fold(name) in self.came
        )

    def select(self, there: frozenset[str]) -> str:
        """The select list that gives these columns of a table that has some of them."""
        return ", ".join(
            f"CAST({quote_identifier(name) if fold(name) in there else 'NULL'} AS {kind}) AS {quote_identifier(name)}"
            for name, kind in self.columns
        )


def together(cursor: Cursor, came: Sequence[tuple[str, str]], kept: Sequence[Column], asset: Asset) -> Together:
    """The columns of both; AssetError where a type now and then have none in common."""
    times = {name for name, _ in VALIDITY}
    before = {fold(column.name): column for column in kept if column.name not in times}
    columns = [
        (name, common(cursor, name, kind, before[fold(name)].type, asset) if fold(name) in before else kind)
        for name, kind in came
    ]
    now = frozenset(fold(name) for name, _ in came)
    columns += [(column.name, column.type) for name, column in before.items() if name not in now]
    return Together(tuple(columns), now, frozenset(before))


def common(cursor: Cursor, name: str, now: str, then: str, asset: Asset) -> str:
    """The type that holds the values of both."""
    if now == then:
        return now
    told = f"column {name} is {now} and was {then}"
    hint = f"Cast it to {then} in the query, or give the new one another name."
    if ("TIME ZONE" in now) != ("TIME ZONE" in then):
        raise wrong(asset, f"{told}: which moments these are depends on a time zone that nothing names", hint)
    found = wider(cursor, now, then)
    if found is None:
        raise wrong(asset, f"{told}, and no type holds both", hint)
    return found


def wider(cursor: Cursor, now: str, then: str) -> str | None:
    """The type that DuckDB gives to both together, if there is one."""
    if now == then:
        return now
    try:
        return described(cursor, f"SELECT CAST(NULL AS {then}) AS x UNION ALL SELECT CAST(NULL AS {now})")[0][1]
    except duckdb.Error:
        return None


def refuse_lossy(
    cursor: Cursor, both: Together, rows: str, types: Sequence[tuple[str, str]], asset: Asset, whose: str
) -> None:
    """Refuse a common type that does not hold every value: a BIGINT beside a DOUBLE."""
    wide = {fold(name): kind for name, kind in both.columns}
    casts = [
        (name, kind, wide[fold(name)])
        for name, kind in types
        if fold(name) in wide and wide[fold(name)] != kind
    ]  # fmt: skip
    if not casts:
        return
    counts = ", ".join(
        f"count(*) FILTER (WHERE {quote_identifier(name)} IS NOT NULL AND TRY_CAST(TRY_CAST({quote_identifier(name)} "
        f"AS {to}) AS {kind}) IS DISTINCT FROM {quote_identifier(name)})"
        for name, kind, to in casts
    )
    for (name, kind, to), lost in zip(casts, cursor.execute(f"SELECT {counts} FROM {rows}").fetchall()[0], strict=True):
        if lost:
            raise wrong(
                asset,
                f"column {name} would be {to} from now on, which does not hold {lost:,} values of {whose} (a {kind})",
                "Cast it in the query to the type that it had, or give the new one another name.",
            )
