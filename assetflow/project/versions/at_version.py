"""Finds `sales@-1`, `sales@40e79fd4`, `sales@dev` and `"sales@2 days ago"` in SQL: versions of tables, as tables.

FROM sales@-1  becomes  FROM "sales@-1"
"""

from __future__ import annotations

import re

from assetflow.quoting import quote_identifier

PIECE = re.compile(
    r"""
    (?P<other> (?<!\w)[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | --[^\n]* | /\*.*?\*/ )
  | (?<!\w)(?P<dollars> \$(?:[A-Za-z_]\w*)?\$ ) .*? (?P=dollars)
  | "(?P<quoted> [A-Za-z][A-Za-z0-9_]* @ [^"]+ )"
  | "(?:[^"]|"")*"
  | (?<![\w@.]) (?P<name> [A-Za-z][A-Za-z0-9_]* ) @ (?: "(?P<words> [^"]+ )" | (?P<word> -?\w[\w-]* ) )
    """,
    re.VERBOSE | re.DOTALL,
)


def with_versions(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with each version named as a table, and these names."""
    found: dict[str, None] = {}

    def named(match: re.Match[str]) -> str:
        if match["quoted"]:
            name = match["quoted"]
        elif match["name"]:
            name = f"{match['name']}@{match['words'] or match['word']}"
        else:
            return match[0]
        found[name] = None
        return quote_identifier(name)

    return PIECE.sub(named, text), tuple(found)
