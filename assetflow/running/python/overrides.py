"""Config values that the settings override, as the types that a function's own defaults have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from assetflow.secret import Secret, is_reference


def like_default(function: Callable[..., Any], name: str, value: Any) -> Any:
    """A value from the settings as the type that the parameter's default has, where TOML or JSON has no such type."""
    default = inspect.signature(function).parameters[name].default
    if is_reference(value):
        return Secret(value["env"])
    if isinstance(default, date) and isinstance(value, str):
        return type(default).fromisoformat(value)
    if isinstance(default, Decimal | tuple | set | frozenset):
        return type(default)(value)
    return value
