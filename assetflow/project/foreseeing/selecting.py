"""Finds what texts of the command line mean: assets and sources by a selection, and partitions of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.errors import UsageError
from assetflow.partitions.declared import partitioning, told
from assetflow.partitions.partitioning import WrongPartitionError
from assetflow.partitions.reading import read_keys
from assetflow.partitions.slices import Slice
from assetflow.planning.selection import Candidate, needs_states, select
from assetflow.project.foreseeing.statuses import published_columns, states

if TYPE_CHECKING:
    from assetflow.project.project import Project


def selected(project: Project, selections: Sequence[str], excludes: Sequence[str]) -> frozenset[str]:
    """The names that are meant; SelectionError when that makes no sense."""
    texts = (*selections, *excludes)
    known = states(project) if needs_states(texts) else {}
    columns = published_columns(project) if any("column:" in text for text in texts) else {}
    candidates = [
        Candidate(
            asset.name, asset.kind, asset.group, asset.tags, asset.owner, asset.path, columns.get(asset.name),
            known.get(asset.name, frozenset()),
        )
        for asset in project.definitions.assets.values()
    ]  # fmt: skip
    candidates += [
        Candidate(
            source.name, "source", source.group, source.tags, source.owner, source.path, columns.get(source.name),
            known.get(source.name, frozenset()),
        )
        for source in project.definitions.sources.values()
    ]  # fmt: skip
    return select(selections, excludes, candidates, project.definitions.graph)


def partitions_named(text: str, assets: Iterable[Asset]) -> dict[str, Slice]:
    """The partitions that a text names, of each asset that has some; UsageError where it names none."""
    cut = [asset for asset in assets if asset.partition]
    if not cut:
        raise UsageError(
            f"--partition {text}: no selected asset is partitioned",
            hint='Leave --partition away, or declare partition = "day(ts)" for one of them.',
        )
    return {asset.name: named_of(text, asset) for asset in cut}


def named_of(text: str, asset: Asset) -> Slice:
    by = partitioning(asset.partition)
    try:
        found = read_keys(by, text)
    except WrongPartitionError as error:
        hint = f"{asset.name} is cut by {told(asset.partition)}; its partitions are listed by `assetflow plan`."
        raise UsageError(f"--partition {text}: {asset.name} {error}", hint=hint) from None
    if not found & by.domain:
        domain = told(asset.partition)
        raise UsageError(f"--partition {text}: {asset.name} has no such partition; it is cut by {domain}")
    return found
