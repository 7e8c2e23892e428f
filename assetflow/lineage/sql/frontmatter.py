"""Reads the comment that an asset's SQL file may begin with: its options, in TOML.

/* @asset
description = "Revenue by week and department"
tags = ["nightly"]
*/
SELECT ...
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from assetflow.errors import DefinitionError
from assetflow.lineage.sql.column_tags import ColumnTag
from assetflow.lineage.sql.tokens import Token, comment_text, tokens


class FrontMatter(Struct, frozen=True):
    """The options of a file, the line of each, and the `query` behind them, which begins at `first_line`."""

    options: dict[str, Any]
    lines: dict[str, int]
    query: str
    first_line: int
    tags: tuple[ColumnTag, ...] = ()


def read_options(text: str, path: str) -> FrontMatter:
    """What the comment says, without the tags of columns; DefinitionError with the line that is wrong."""
    comment = _asset_comment(text, path) if "@asset" in text else None
    if comment is None:
        return _front({}, {}, text, 0)
    # Blanks in place of the mark, so that TOML counts lines and columns as the file does.
    toml = comment_text(comment).replace("@asset", "      ", 1)
    options = _parse_toml(toml, path, comment.line)
    lines = {key: comment.line + line for key, line in _lines_of_keys(toml, options).items()}
    return _front(options, lines, text, comment.end)


def query_of(text: str, path: str) -> str:
    """The query alone."""
    comment = _asset_comment(text, path) if "@asset" in text else None
    return _front({}, {}, text, 0 if comment is None else comment.end).query


def _front(options: dict[str, Any], lines: dict[str, int], text: str, end: int) -> FrontMatter:
    query = text[end:].lstrip("\ufeff \t\r\n")
    first_line = 1 + text[: len(text) - len(query)].count("\n")
    return FrontMatter(options, lines, query.rstrip(), first_line)


_MARK = re.compile(r"\s*@asset\b(?!\s*\()")


def _asset_comment(text: str, path: str) -> Token | None:
    """The comment that holds the options; it must come before the query, and there is one of it."""
    found: Token | None = None
    is_before_query = True
    for token in tokens(text):
        if token.kind != "comment":
            is_before_query = False
        elif _MARK.match(comment_text(token)):
            _check_asset_comment(token, path, is_first=found is None, is_before_query=is_before_query)
            found = token
            if "@asset" not in text[token.end :]:
                break
    return found


def _check_asset_comment(token: Token, path: str, *, is_first: bool, is_before_query: bool) -> None:
    if token.text.startswith("--"):
        problem, hint = "options cannot stand in a `--` comment", "Write them as /* @asset ... */."
    elif not is_before_query:
        problem, hint = "options come after the beginning of the query", "Move /* @asset ... */ to the top of the file."
    elif not is_first:
        problem, hint = "there are two comments with options", "Put all keys into the first /* @asset ... */."
    else:
        return
    raise DefinitionError(problem, path=path, line=token.line, hint=hint)


_AT_LINE = re.compile(r"\s*\(at line (\d+), column (\d+)\)")


def _parse_toml(toml: str, path: str, first_line: int) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        line = first_line + int(at.group(1)) - 1 if at else first_line + toml.count("\n")
        raise DefinitionError(
            f"the options are not TOML: {_AT_LINE.sub('', str(error))}",
            path=path,
            line=line,
            hint='Options look like: tags = ["nightly"]. A `*/` ends them, even in quotes.',
        ) from error


_KEY = re.compile(r"""^[ \t]*\[{0,2}[ \t]*(["']?)([\w-]+)\1[ \t]*[.=\]]""", re.MULTILINE)


_OVER_LINES = re.compile(r"""[\[{]|\"\"\"|'''""")
"""What may go over several lines begins so."""


def _lines_of_keys(toml: str, options: Mapping[str, Any]) -> dict[str, int]:
    """The line, counted from 0, in which each key of the top level first stands."""
    import tomllib

    lines: dict[str, int] = {}
    for match in _KEY.finditer(toml):
        key, before = match.group(2), toml[: match.start()]
        if key not in options or key in lines:
            continue
        try:
            if _OVER_LINES.search(before):
                tomllib.loads(before)
        except tomllib.TOMLDecodeError:
            continue  # it stands within a text or a list that goes over several lines
        lines[key] = toml[: match.start(2)].count("\n")
    return lines
