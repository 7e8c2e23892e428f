"""What the settings say of single assets (`[tool.assetflow.assets.NAME]`): values of their parameters, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assetflow.errors import DefinitionError, did_you_mean
from assetflow.project.loading.definitions import Definitions
from assetflow.project.settings import Settings, line_in
from assetflow.secret import Secret, is_reference

if TYPE_CHECKING:
    from assetflow.project.loading.options import Place

KINDS: Mapping[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def config_of(name: str, defaults: Mapping[str, Any], settings: Settings, place: Place) -> dict[str, Any]:
    """The values of an asset's parameters with a default, as the settings override them."""
    config = dict(defaults)
    for key, value in settings.assets.get(name, {}).items():
        if key not in defaults:
            raise DefinitionError(
                f"{name} has no parameter {key!r} with a default",
                path=settings.file,
                line=line_in(settings.root, settings.file, f"assets.{name}", key),
                hint=did_you_mean(key, defaults)
                or (f"It has {', '.join(defaults)}." if defaults else f"It is declared at {place.path}:{place.line}."),
            )
        config[key] = configured(name, key, defaults[key], plain(value), settings)
    return config


def configured(name: str, key: str, default: Any, value: Any, settings: Settings) -> Any:
    """A value of the settings, if it is of the kind that the default is; None says nothing about its kind."""
    if is_reference(value) or is_reference(default):
        return secret(name, key, default, value, settings)
    is_number = isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool)
    if isinstance(default, bool | int | float | str) and type(value) is not type(default) and not is_number:
        raise DefinitionError(
            f"{key} of {name} must be {KINDS[type(default)]} as its default {default!r} is, not {value!r}",
            path=settings.file,
            line=line_in(settings.root, settings.file, f"assets.{name}", key),
        )
    return float(value) if is_number else value


def secret(name: str, key: str, default: Any, value: Any, settings: Settings) -> Any:
    """A reference to a secret, where the default is one as well, or says nothing about its kind."""
    if is_reference(value) and (default is None or is_reference(default)):
        Secret(value["env"])
        return value
    said = f'{key} of {name} is a secret, so its value is written as a reference, as in {key} = {{ env = "NAME" }}'
    hint = None
    if is_reference(value):
        said = f"{key} of {name} has the default {default!r}, so it takes no secret"
        hint = f'Write `{key}: Secret = Secret("NAME")` or `{key}: Secret | None = None` in the function.'
    raise DefinitionError(
        said, path=settings.file, line=line_in(settings.root, settings.file, f"assets.{name}", key), hint=hint
    )


def plain(value: Any) -> Any:
    """A value of the settings as JSON has it: TOML's dates become text."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def refuse_unknown(settings: Settings, definitions: Definitions) -> None:
    """DefinitionError for settings that set nothing: of no asset, or of SQL."""
    for name in settings.assets:
        if name not in definitions.assets:
            raise DefinitionError(
                f"[tool.assetflow.assets.{name}] is about no asset",
                path=settings.file,
                line=line_in(settings.root, settings.file, "assets", name),
                hint=did_you_mean(name, definitions.assets) or "`assetflow ls` lists the assets.",
            )
        if definitions.assets[name].kind == "sql":
            raise DefinitionError(
                f"[tool.assetflow.assets.{name}] sets parameters, and {name} is SQL, which has none",
                path=settings.file,
                line=line_in(settings.root, settings.file, "assets", name),
                hint=f"Options of a SQL asset stand in its first comment, in {definitions.assets[name].path}.",
            )
