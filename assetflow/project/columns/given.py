"""The column lineage of a function that makes one partition after the other: it is given its rows by their keys.

Whichever columns it looks at itself, those by which its rows are picked decide what it sees.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.lineage.columns import Col, Edge, Lineage
from assetflow.materialization import Column
from assetflow.partitions.declared import partitioning
from assetflow.project.columns.sources import Schema
from assetflow.running.partitions.links import columns_linked, link_of


def with_keys(lineage: Lineage, asset: Asset, schemas: Mapping[str, Schema | None]) -> Lineage:
    """The lineage of the table, with the columns by which the rows of its upstreams are picked for a partition."""
    cut = partitioning(asset.partition)
    found = set()
    for name in sorted(lineage.inputs):
        link = link_of(asset, cut, name)
        if link is None:
            continue
        columns = [Column(column, kind) for column, kind in schemas.get(name) or ()]
        keys = columns_linked(cut, link, columns)
        found |= {Edge(Col(name, column[0]), "filter") for column in (keys.columns if keys else ()) if column}
    return replace(lineage, dataset=lineage.dataset | found) if found else lineage
