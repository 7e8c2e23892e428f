"""Refuses settings of single assets (`[tool.assetflow.assets.NAME]`) that set nothing."""

from __future__ import annotations

from assetflow.errors import DefinitionError, did_you_mean
from assetflow.project.loading.definitions import Definitions
from assetflow.project.settings import Settings, line_of


def refuse_unknown(settings: Settings, definitions: Definitions) -> None:
    for name in settings.assets:
        if name not in definitions.assets:
            raise DefinitionError(
                f"[tool.assetflow.assets.{name}] is about no asset",
                path=settings.file,
                line=line_of(settings.root, settings.file, name),
                hint=did_you_mean(name, definitions.assets),
            )
        if definitions.assets[name].kind == "sql":
            raise DefinitionError(
                f"[tool.assetflow.assets.{name}] sets parameters, and {name} is SQL, which has none",
                path=settings.file,
                line=line_of(settings.root, settings.file, name),
                hint=f"Options of a SQL asset stand in its first comment, in {definitions.assets[name].path}.",
            )
