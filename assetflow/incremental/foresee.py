"""Tells by which rules a query will be refreshed, before any rows are there: a refresh over empty tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from assetflow.duck import duckdb
from assetflow.incremental.answer import SHOWN, Change, Rule, version_of
from assetflow.incremental.blocks import take_apart
from assetflow.incremental.refresh import refresh
from assetflow.incremental.refused import Refused
from assetflow.incremental.sorting import refuse_unsortable
from assetflow.lineage.scratch import scratch
from assetflow.quoting import quote_identifier

Columns = Sequence[tuple[str, str]]
"""Names and DuckDB types."""


def foresee(
    sql: str, schemas: Mapping[str, Columns], changed: Collection[str], views: Mapping[str, str] | None = None
) -> tuple[Rule, ...]:
    """The rules for the blocks of a query when rows come to some of its tables; Refused where there is none.

    `views` are queries by name through which it reads tables, each after those that it reads itself.
    """
    cursor = scratch()
    try:
        for name, columns in schemas.items():
            listed = ", ".join(f"{quote_identifier(column)} {kind}" for column, kind in columns)
            for version in ("new", "old", "plus", "minus") if name in changed else ("new",):
                table = quote_identifier(version_of(name, version))
                cursor.execute(f"CREATE TEMP TABLE {table} ({listed})")
        for name, of in (views or {}).items():
            cursor.execute(f"CREATE TEMP VIEW {quote_identifier(name)} AS {of}")
        changes = {name: Change(plus=True, minus=False) for name in changed}
        cursor.execute(f"CREATE TEMP TABLE {SHOWN} AS {sql}")
        parts = take_apart(sql, frozenset(schemas), views)
        shown = cursor.execute(f"FROM {SHOWN}").description
        refuse_unsortable(parts.orders, [column[0] for column in shown])
        return refresh(cursor, parts, changes, shown=SHOWN, kept=(), assume=True).rules
    except duckdb.Error as error:
        raise Refused(f"DuckDB: {str(error).splitlines()[0]}") from error
    finally:
        cursor.close()


def told(rules: Sequence[Rule]) -> str:
    """The rules in words, inner ones first, each once: `append, keyed by week`."""
    return ", ".join(dict.fromkeys(str(rule) for rule in rules if rule.name != "unchanged")) or "unchanged"
