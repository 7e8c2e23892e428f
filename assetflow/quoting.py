"""How names and text are written into SQL, and names compared: the one place where quotes are put."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def quote_identifier(name: str) -> str:
    """`week` becomes `"week"`; quotes inside are doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """`it's` becomes `'it''s'`."""
    return "'" + text.replace("'", "''") + "'"


def folded(name: str) -> str:
    """What DuckDB compares names by: it knows large and small letters of ASCII alone, so `Ä` and `ä` are two names."""
    return name.translate(LOWER)
