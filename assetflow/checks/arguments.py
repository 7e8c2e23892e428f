"""The arguments of a check as people wrote them, read as the types that the check needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time

from msgspec import Struct

from assetflow.checks.columns import Value


class Arguments(Struct, frozen=True):
    """What was written, read as the types that a check needs."""

    given: Mapping[str, object]

    def only(self, *names: str) -> Arguments:
        for name in self.given:
            if name not in names:
                raise WrongFormError(f'has no "{name}"')
        return self

    def text(self, name: str) -> str:
        value = self._needed(name)
        if not isinstance(value, str) or not value.strip():
            raise WrongFormError(f"needs a text as {name}, not {value!r}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A text, or a list of different ones."""
        value = self._needed(name)
        texts = [value] if isinstance(value, str) else value
        if (
            not isinstance(texts, list | tuple)
            or not texts
            or not all(isinstance(text, str) and text for text in texts)
        ):
            raise WrongFormError(f"needs a text or a list of texts as {name}, not {value!r}")
        return tuple(dict.fromkeys(texts))

    def value(self, name: str) -> Value:
        return _comparable(self._needed(name), name)

    def values(self, name: str) -> tuple[Value, ...]:
        value = self._needed(name)
        if not isinstance(value, list | tuple) or not value:
            raise WrongFormError(f"needs a list as {name}, not {value!r}")
        return tuple(_comparable(item, name) for item in value)

    def count(self, name: str) -> int | None:
        value = self.given.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise WrongFormError(f"needs a whole number as {name}, not {value!r}")
        return value

    def _needed(self, name: str) -> object:
        if name not in self.given:
            raise WrongFormError(f"does not say its {name}")
        return self.given[name]


class WrongFormError(Exception):
    """What is wrong with the arguments of a check, to stand after its name."""


def _comparable(value: object, name: str) -> Value:
    if isinstance(value, str | int | float | bool | date | time):
        return value
    raise WrongFormError(f"cannot compare with {value!r} ({name})")
