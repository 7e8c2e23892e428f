"""Tells for every column of a query where it comes from.

the bound plan       by position, as DuckDB understands the query; exact
sqlglot              where DuckDB writes down no plan, or one with a part that is not known; inexact
everything           where nothing else is known, with the reason
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from msgspec.structs import replace

from assetflow.lineage.columns import Lineage, OutCol, opaque
from assetflow.lineage.plans.binder import Bound, NotBound, Schema, bind, engine
from assetflow.lineage.plans.bound_plan import walk
from assetflow.lineage.plans.plan_columns import Columns
from assetflow.lineage.plans.plan_values import NotUnderstood, Relation

DEEP = 30_000
"""Frames that a query of some hundred terms takes; DuckDB itself refuses those of more than 1,000."""


def sql_lineage(text: str, schemas: Mapping[str, Schema]) -> Lineage:
    """The column lineage of one query.

    `schemas` maps each table that it may read, and each file under its text in the query, to (name, DuckDB type) pairs.
    BindError when the query does not fit these columns.
    """
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, DEEP))
    try:
        return _find(text, schemas)
    except RecursionError:
        return opaque(schemas, "the query is nested too deeply")
    finally:
        sys.setrecursionlimit(usual)


def _find(text: str, schemas: Mapping[str, Schema]) -> Lineage:
    try:
        bound = bind(text, schemas)
    except NotBound as reason:
        return _without_plan(text, schemas, str(reason), reason.columns)
    try:
        return _of_plan(bound)
    except (NotUnderstood, LookupError, TypeError) as reason:
        # A plan of another shape than it always had is not understood, either.
        columns = None if bound.open_columns else bound.columns
        return _without_plan(text, schemas, f"its plan has a part that is not known: {reason}", columns)


def _of_plan(bound: Bound) -> Lineage:
    relation = walk(bound.plan, bound.tables)
    if len(relation.columns) != len(bound.columns):
        raise NotUnderstood(f"{len(relation.columns)} columns where there are {len(bound.columns)}")
    columns = _named(relation, bound)
    found = Lineage(columns, relation.dataset, relation.inputs, rows_meaning=_tagged(relation.rows))
    if not bound.open_columns:
        return found
    why = "PIVOT takes its columns from the data"
    return replace(found, exact=False, open_columns=True, rows_meaning="", notes=(why,))


def _named(relation: Relation, bound: Bound) -> tuple[OutCol, ...]:
    return tuple(
        OutCol(name, kind, value.edges, value.meaning)
        for (name, kind), value in zip(bound.columns, relation.columns, strict=True)
    )


def _tagged(rows: str) -> str:
    """What plans say is comparable only as long as the same binder says it."""
    return f"{engine()}:{rows}" if rows else ""


def _without_plan(text: str, schemas: Mapping[str, Schema], reason: str, columns: Columns | None) -> Lineage:
    # Few queries come here, and sqlglot takes a third of a second to import.
    from assetflow.lineage.sqlglot_columns import sqlglot_lineage

    found = sqlglot_lineage(text, schemas, columns) if columns is not None else None
    return opaque(schemas, reason, columns) if found is None else replace(found, notes=(reason,))
