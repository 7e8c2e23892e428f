"""Whether the rows of a table can be sorted again as its query sorts them: by what it shows, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from assetflow.incremental.refused import Lasting
from assetflow.lineage.sql.tree import Tree, place
from assetflow.quoting import folded


def refuse_unsortable(orders: Iterable[Tree], names: Iterable[str]) -> None:
    """Refuse an ORDER BY at the end of a query that the rows alone, with columns of these names, do not tell."""
    shown = {folded(name) for name in names}
    for order in orders:
        expression = order["expression"]
        named = expression.get("column_names") or []
        if expression["class"] not in ("COLUMN_REF", "CONSTANT"):
            raise Lasting("ORDER BY of an expression", place(expression))
        if named[1:]:
            raise Lasting("ORDER BY of a column of a table", place(expression))
        if named and folded(named[0]) not in shown:
            raise Lasting(f"ORDER BY {named[0]}, which is no column of what is made", place(expression))
