"""The column lineage of a table that keeps the history of what its query gives.

Its rows are those that were, so every column has an influence on which rows there are, and when they were so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from assetflow.asset import VALID_FROM, VALID_TO, Asset
from assetflow.lineage.columns import Edge, Lineage, OutCol


def with_history(
    lineage: Lineage, asset: Asset, published: Sequence[tuple[str, str]], wider: Callable[[str, str], str | None]
) -> Lineage:
    """The lineage of the table, from that of its query. `published` are the columns that it has now, whose types get
    as wide as they have to, which `wider` tells of two.

    What it means is left empty: the same query over the same tables gives another history, had they held other rows.
    """
    if asset.history is None or not lineage.columns:
        return lineage
    named = {column.name.lower() for column in lineage.columns}
    influences = frozenset(Edge(edge.source, "conditional") for column in lineage.columns for edge in column.edges)
    told = lineage.column(asset.history.updated_at or "")
    began = influences | (told.edges if told is not None else frozenset())
    gone = tuple(OutCol(name, kind) for name, kind in published if name.lower() not in {*named, VALID_FROM, VALID_TO})
    then = dict(published)
    columns = (
        *(
            replace(column, meaning="", type=wider(column.type, then.get(column.name, column.type)) or column.type)
            for column in lineage.columns
        ),
        *gone,
        OutCol(VALID_FROM, "TIMESTAMP", began),
        OutCol(VALID_TO, "TIMESTAMP", began),
    )
    return replace(lineage, columns=columns, dataset=lineage.dataset | influences, rows_meaning="")
