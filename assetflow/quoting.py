"""How names and text are written into SQL: the one place where quotes are put."""

from __future__ import annotations


def quote_identifier(name: str) -> str:
    """`week` becomes `"week"`; quotes inside are doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """`it's` becomes `'it''s'`."""
    return "'" + text.replace("'", "''") + "'"
