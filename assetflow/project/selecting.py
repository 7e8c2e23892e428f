"""Finds the assets and sources that a selection means, among all that a project declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.planning.selection import Candidate, needs_states, select
from assetflow.project.statuses import published_columns, states

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
