"""Values in the text of a key: in quotes where they could be taken for something else."""

from __future__ import annotations

import json
import re


def quoted(value: str) -> str:
    """A value as a part of the text of a key: in quotes where it could be taken for something else."""
    plain = value and value == value.strip() and not re.search(r'["/,=*]|\.\.', value)
    return value if plain else json.dumps(value, ensure_ascii=False)


def unquoted(text: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def split(text: str, separator: str) -> list[str]:
    """The pieces of a text between separators that do not stand in quotes."""
    return re.findall(rf'(?:[^{separator}"]|"(?:[^"\\]|\\.)*"|")+', text) or [text]
