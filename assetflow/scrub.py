"""Takes the values of secrets out of text that is kept or shown. Errors pass through here when they are made.

Names of environment variables are remembered where a secret refers to one; their values are looked up anew each time
and never kept.
"""

from __future__ import annotations

import os

SHORTEST = 4
"""A shorter value would be found in too much that is no secret."""

_names: set[str] = set()


def remember(name: str) -> None:
    """From now on the value of this environment variable is taken out of errors."""
    _names.add(name)


def scrub(text: str) -> str:
    """The text with `***` in the place of every secret that this process knows of."""
    if not _names:
        return text
    values = {value for name in _names if len(value := os.environ.get(name, "")) >= SHORTEST}
    # Of two secrets of which one begins the other, the longer one goes first.
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "***")
        for written in {repr(value)[1:-1], value.replace("'", "''"), value.replace("\\", "\\\\"), quoted(value)}:
            text = text.replace(written, "***")
    return text


def quoted(value: str) -> str:
    """As it stands in a URL."""
    return "".join(
        letter if letter.isalnum() or letter in "_.-~" else "".join(f"%{byte:02X}" for byte in letter.encode())
        for letter in value
    )
