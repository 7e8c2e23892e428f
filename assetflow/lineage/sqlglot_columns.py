"""Column lineage by sqlglot, for queries of which DuckDB writes down no plan: which columns are named at all.

It does not tell which of them flow where, so each counts for every column of the answer: too much, never too little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from assetflow.lineage.columns import Col, Edge, Lineage, OutCol

UNRESOLVED = (exp.Columns, exp.TableColumn, exp.Dot, exp.Pivot, exp.Lateral, exp.Describe, exp.Summarize)
"""Expressions that may read columns which they do not name."""

Schema = Sequence[tuple[str, str]]


def sqlglot_lineage(text: str, schemas: Mapping[str, Schema], columns: Schema) -> Lineage | None:
    """The lineage of a query whose own columns are known; None where a column cannot be told for certain."""
    try:
        read = _columns_read(text, schemas)
    except (SqlglotError, RecursionError, LookupError, ValueError, AttributeError, TypeError, AssertionError):
        return None  # it gives up in many ways on syntax that it half knows
    if read is None:
        return None
    edges = frozenset(Edge(column, "transformation") for column in read)
    rows = frozenset(Edge(column, "filter") for column in read)
    made = tuple(OutCol(name, kind, edges) for name, kind in columns)
    return Lineage(made, rows, frozenset(schemas), exact=False, method="sqlglot")


def _columns_read(text: str, schemas: Mapping[str, Schema]) -> set[Col] | None:
    tree = sqlglot.parse_one(text, dialect="duckdb")
    renames = _renames_columns(tree)
    known: dict[str, object] = {table: dict(columns) for table, columns in schemas.items()}
    qualified = qualify(tree, dialect="duckdb", schema=known, validate_qualify_columns=True)
    if any(True for _ in qualified.find_all(*UNRESOLVED)) or _has_star(qualified) or renames:
        return None
    read: set[Col] = set()
    seen = 0
    for scope in traverse_scope(qualified):
        for column in scope.columns:
            seen += 1
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                found = _column(source.name, column.name, schemas)
                if found is None:
                    return None
                read.add(found)
            elif not isinstance(source, Scope):
                return None
    # A column that belongs to no scope was not looked at.
    return read if seen >= sum(1 for _ in qualified.find_all(exp.Column)) else None


def _has_star(tree: exp.Expr) -> bool:
    return any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))


def _renames_columns(tree: exp.Expr) -> bool:
    """True for `FROM sales AS s(a, b)`: sqlglot goes on calling the columns of a table by their own names."""
    return any(alias.columns and isinstance(alias.parent, exp.Table) for alias in tree.find_all(exp.TableAlias))


def _column(table: str, name: str, schemas: Mapping[str, Schema]) -> Col | None:
    for known, columns in schemas.items():
        if known.lower() == table.lower():
            return next((Col(known, column) for column, _ in columns if column.lower() == name.lower()), None)
    return None
