"""A secret: the name of an environment variable, never its value.

    token = { env = "API_TOKEN" }       in the settings, as the value of a parameter or of a source's reader option
    token: Secret = Secret("API_TOKEN") as the default of a parameter
    token.reveal()                      in the body of the function, and nowhere else

What refers to a secret is compared, recorded and shown by that name; another value under it makes nothing stale.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from assetflow.errors import ProjectError
from assetflow.scrub import remember

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
PREFIX = "assetflow_secret_"
"""How a secret is called among the variables of a DuckDB connection, so that no SQL text has to hold it."""


class Secret:
    """The value of an environment variable, which only `reveal()` tells: it is no text, and prints as its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or re.fullmatch(VARIABLE, name) is None:
            raise ProjectError(
                f"{name!r} cannot be the name of an environment variable", hint='Write Secret("API_TOKEN").'
            )
        self.name = name
        remember(name)

    def reveal(self) -> str:
        """The value itself; ProjectError where the variable is not set."""
        value = os.environ.get(self.name)
        if not value:
            raise ProjectError(
                f"the environment variable {self.name}, which a secret refers to, is not set",
                hint=f"Set it for this command: {self.name}=... assetflow ...",
            )
        return value

    def to_dict(self) -> dict[str, str]:
        return {"env": self.name}

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"

    def __str__(self) -> NoReturn:
        raise TypeError(f"{self!r} is no text: use .reveal() where the value is needed, and never in what is printed")

    def __format__(self, form: str) -> NoReturn:
        str(self)
        raise AssertionError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.name == self.name

    def __hash__(self) -> int:
        return hash((Secret, self.name))

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return Secret, (self.name,)


def is_reference(value: object) -> bool:
    """True for `{ env = "NAME" }`."""
    return isinstance(value, Mapping) and set(value) == {"env"} and isinstance(value["env"], str)


def references(value: object) -> Iterator[Secret]:
    """The secrets that a value of the settings refers to, however deep they stand."""
    if is_reference(value):
        yield Secret(value["env"])  # type: ignore[index]
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from references(each)


def with_secrets(value: Any) -> Any:
    """A value of the settings with a `Secret` in the place of each reference: what a function is called with."""
    if is_reference(value):
        return Secret(value["env"])
    if isinstance(value, dict):
        return {key: with_secrets(each) for key, each in value.items()}
    return [with_secrets(each) for each in value] if isinstance(value, list) else value


def as_references(value: Any) -> Any:
    """A value with `{"env": NAME}` in the place of each `Secret`: what is compared and recorded."""
    if isinstance(value, Secret):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: as_references(each) for key, each in value.items()}
    return [as_references(each) for each in value] if isinstance(value, list | tuple) else value


def variable_of(reference: Mapping[str, str]) -> str:
    """The name of the DuckDB variable that holds a secret."""
    return PREFIX + Secret(reference["env"]).name


def lend(cursor: Any, value: object) -> None:
    """Set on one DuckDB cursor the variables for the secrets that a value refers to."""
    for secret in references(value):
        cursor.execute(f"SET VARIABLE {PREFIX}{secret.name} = $value", {"value": secret.reveal()})
