"""Tells how the columns of tables will change, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetflow.planning.columns import ColumnsChange, columns_change
from assetflow.planning.step import Step

if TYPE_CHECKING:
    from assetflow.project.project import Project


def change_of(project: Project, name: str) -> ColumnsChange | None:
    """How the columns of an asset or a source will differ from those that are published; None: they do not."""
    columns = project.columns_of
    before, after = columns.published_schema(name), columns.schema(name)
    if before is None or after is None:
        return None
    asset = project.definitions.assets.get(name)
    # What a function returns is known by name before it runs; the types are guessed.
    return columns_change(before, after, by_type=asset is None or asset.kind == "sql") or None


def change_by(project: Project, step: Step) -> ColumnsChange | None:
    """How a step changes the columns of its asset."""
    if step.restores is None:
        return change_of(project, step.asset)
    before = project.columns_of.published_schema(step.asset)
    after = tuple((column.name, column.type) for column in project.evidence.columns_in(step.restores.snapshot))
    return None if before is None or not after else columns_change(before, after) or None
