"""How two snapshots of a table differ: columns, rows that came and went, and rows of one key that changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from assetflow.materialization import Column, Snapshot
from assetflow.quoting import quote_identifier
from assetflow.warehouse.content.scans import scan

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class RowChange(Struct, frozen=True):
    """A row that is there before and after, by its key: the values of the columns that differ, as text."""

    key: tuple[str, ...]
    changes: tuple[tuple[str, str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "key": list(self.key),
            "changes": [{"column": name, "before": before, "after": after} for name, before, after in self.changes],
        }


class Difference(Struct, frozen=True):
    """What changed from one snapshot to another.

    `key` are the columns that tell rows apart; without any, a changed row counts as one removed and one added.
    `changed_by_column` counts changed rows by column. `added` and `removed` count rows, `samples` show some changed
    ones, `added_rows` and `removed_rows` some of the others, as text, in the order of `columns`.
    """

    columns: tuple[str, ...]
    columns_added: tuple[Column, ...]
    columns_removed: tuple[Column, ...]
    columns_retyped: tuple[tuple[str, str, str], ...]
    key: tuple[str, ...]
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    changed_by_column: tuple[tuple[str, int], ...]
    samples: tuple[RowChange, ...]
    added_rows: tuple[tuple[str, ...], ...]
    removed_rows: tuple[tuple[str, ...], ...]

    @property
    def same(self) -> bool:
        """True when nothing differs."""
        schema = self.columns_added or self.columns_removed or self.columns_retyped
        return not (schema or self.added or self.removed or self.changed)

    def to_dict(self) -> dict[str, Any]:
        return {
            "columns": list(self.columns),
            "columns_added": [[column.name, column.type] for column in self.columns_added],
            "columns_removed": [[column.name, column.type] for column in self.columns_removed],
            "columns_retyped": [list(each) for each in self.columns_retyped],
            "key": list(self.key),
            "rows_before": self.rows_before,
            "rows_after": self.rows_after,
            "added": self.added,
            "removed": self.removed,
            "changed": self.changed,
            "changed_by_column": dict(self.changed_by_column),
            "samples": [sample.to_dict() for sample in self.samples],
            "added_rows": [list(row) for row in self.added_rows],
            "removed_rows": [list(row) for row in self.removed_rows],
        }


def difference(
    cursor: Cursor, root: str, before: Snapshot, after: Snapshot, key: Sequence[str] = (), samples: int = 3
) -> Difference:
    """Compare two snapshots of files in the columns that both have.

    `key` is the declared key; where there is none, a single column that is unique and never NULL in both is taken,
    if it is of a type that names things: amounts that happen to differ do not tell rows apart.
    """
    types = {column.name: column.type for column in before.columns}
    common = tuple(column.name for column in after.columns if types.get(column.name) == column.type)
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW __before AS {scan(before, root)}")
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW __after AS {scan(after, root)}")
    listed = ", ".join(map(quote_identifier, common)) or "1"
    for name, one, other in (("__gone", "__before", "__after"), ("__come", "__after", "__before")):
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {listed} FROM {one} EXCEPT ALL SELECT {listed} FROM {other}"
        )
    found = (
        tuple(key)
        if key and set(key) <= set(common) and is_key(cursor, key)
        else inferred_key(cursor, [name for name in common if not MEASURE.match(types[name])])
    )
    changed, by_column, shown = changes(cursor, common, found, samples)
    return Difference(
        columns=common,
        columns_added=tuple(column for column in after.columns if column.name not in types),
        columns_removed=tuple(column for column in before.columns if column.name not in names(after)),
        columns_retyped=tuple(
            (column.name, types[column.name], column.type)
            for column in after.columns
            if column.name in types and types[column.name] != column.type
        ),
        key=found,
        rows_before=number(cursor, "SELECT count(*) FROM __before"),
        rows_after=number(cursor, "SELECT count(*) FROM __after"),
        added=number(cursor, "SELECT count(*) FROM __come") - changed,
        removed=number(cursor, "SELECT count(*) FROM __gone") - changed,
        changed=changed,
        changed_by_column=by_column,
        samples=shown,
        added_rows=some_rows(cursor, common, "__come", "__gone", found, samples),
        removed_rows=some_rows(cursor, common, "__gone", "__come", found, samples),
    )


MEASURE = re.compile(r"FLOAT|DOUBLE|DECIMAL\(\d+,\s*[1-9]|INTERVAL")
"""Types of amounts."""


def names(snapshot: Snapshot) -> frozenset[str]:
    return frozenset(column.name for column in snapshot.columns)


def number(cursor: Cursor, sql: str) -> int:
    return int(cursor.execute(sql).fetchall()[0][0])


def is_key(cursor: Cursor, key: Sequence[str]) -> bool:
    """True when no two rows agree in these columns, and none of them is NULL, before and after."""
    listed = ", ".join(map(quote_identifier, key))
    nulls = " OR ".join(f"{quote_identifier(name)} IS NULL" for name in key)
    return not any(
        number(
            cursor,
            f"SELECT (SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {listed} HAVING count(*) > 1))"
            f" + (SELECT count(*) FROM {table} WHERE {nulls})",
        )
        for table in ("__before", "__after")
    )


def inferred_key(cursor: Cursor, columns: Sequence[str]) -> tuple[str, ...]:
    """The first column that is a key by itself, if there is one among the first ones."""
    return next(((name,) for name in columns[:8] if is_key(cursor, [name])), ())


def changes(
    cursor: Cursor, columns: Sequence[str], key: Sequence[str], samples: int
) -> tuple[int, tuple[tuple[str, int], ...], tuple[RowChange, ...]]:
    """How many rows of one key changed, in which columns, and some of them."""
    others = [name for name in columns if name not in key]
    if not key or not others:
        return 0, (), ()
    both = f"__gone g JOIN __come c USING ({', '.join(map(quote_identifier, key))})"
    differs = [f"g.{quote_identifier(name)} IS DISTINCT FROM c.{quote_identifier(name)}" for name in others]
    counts = cursor.execute(
        f"SELECT count(*), {', '.join(f'count(*) FILTER (WHERE {each})' for each in differs)} FROM {both}"
    ).fetchall()[0]
    pairs = ", ".join(
        f"g.{quote_identifier(name)}::VARCHAR, c.{quote_identifier(name)}::VARCHAR, {each}"
        for name, each in zip(others, differs, strict=True)
    )
    keys = ", ".join(f"{quote_identifier(name)}::VARCHAR" for name in key)
    rows = cursor.execute(f"SELECT {keys}, {pairs} FROM {both} ORDER BY ALL LIMIT {samples}").fetchall()
    by_column = tuple((name, count) for name, count in zip(others, counts[1:], strict=True) if count)
    return counts[0], by_column, tuple(row_change(row, key, others) for row in rows)


def row_change(row: Sequence[Any], key: Sequence[str], others: Sequence[str]) -> RowChange:
    told, rest = tuple(map(shown, row[: len(key)])), row[len(key) :]
    parts = [(name, *rest[at * 3 : at * 3 + 3]) for at, name in enumerate(others)]
    return RowChange(told, tuple((name, shown(one), shown(other)) for name, one, other, differs in parts if differs))


def some_rows(
    cursor: Cursor, columns: Sequence[str], table: str, other: str, key: Sequence[str], samples: int
) -> tuple[tuple[str, ...], ...]:
    """Some rows that are on one side alone."""
    if not columns:
        return ()
    listed = ", ".join(f"{quote_identifier(name)}::VARCHAR" for name in columns)
    apart = f" ANTI JOIN {other} USING ({', '.join(map(quote_identifier, key))})" if key else ""
    rows = cursor.execute(f"SELECT {listed} FROM {table}{apart} ORDER BY ALL LIMIT {samples}").fetchall()
    return tuple(tuple(map(shown, row)) for row in rows)


def shown(value: object) -> str:
    return "NULL" if value is None else str(value)
