"""Reads tags from the comments behind columns: `sum(x) AS revenue -- @min(0) @not_null`.

A tag belongs to the column on whose line it stands, in the select list that names the columns of the result:

    SELECT week,                        -- @not_null           behind the comma, or before it
           sum(sales_value) AS revenue  -- @min(0) @pii        as many as you like
         , department /* @unique(severity="warn") */
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from assetflow.errors import DefinitionError
from assetflow.lineage.sql.tokens import Token, comment_text, split_at_commas, tokens


class ColumnTag(Struct, frozen=True):
    """One tag: `@min(0, severity="warn")` has the name min, the arguments (0,) and the options {severity: warn}."""

    column: str
    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    line: int


def may_have_tags(query: str) -> bool:
    """False for nearly all queries without tags, at the price of one search."""
    return _MAY_BE_TAG.search(query) is not None


def read_column_tags(query: str, path: str, first_line: int, names: Sequence[str | None]) -> tuple[ColumnTag, ...]:
    """The tags of `query`, whose columns have these names; None where the query gives none.

    Raises DefinitionError for a tag that stands on no column, or does not read as `@name(value, option=value)`.
    """
    all_tokens = list(tokens(query, first_line))
    code = [token for token in all_tokens if token.kind != "comment"]
    items = _select_items(code)
    tags = []
    for comment in all_tokens:
        if comment.kind != "comment":
            continue
        for name, arguments, options, line in _tags_in(comment, path):
            column = _column(comment, code, items, names)
            if column is None:
                raise DefinitionError(
                    f"the tag @{name} stands on no named column",
                    path=path,
                    line=line,
                    hint="Write it behind a column of the outermost SELECT list, on its line; `AS` names a column. "
                    "Where that list is a *, a check stands in the comment on top: checks = [...].",
                )
            tags.append(ColumnTag(column, name, arguments, options, line))
    return tuple(tags)


class _Item(NamedTuple):
    """One item of a select list, by the tokens that it begins and ends with."""

    first: Token
    last: Token

    def is_around(self, comment: Token) -> bool:
        return self.first.start < comment.start < self.last.end

    def is_on(self, line: int) -> bool:
        return self.first.line <= line <= self.last.last_line


def _column(comment: Token, code: Sequence[Token], items: Sequence[_Item], names: Sequence[str | None]) -> str | None:
    """The name of the column that `comment` stands on; None when that cannot be said."""
    position = _item_of(comment, code, items)
    if position is None or len(items) != len(names):
        return None
    return names[position]


def _item_of(comment: Token, code: Sequence[Token], items: Sequence[_Item]) -> int | None:
    for position, item in enumerate(items):
        if item.is_around(comment):
            return position
    before = [token for token in code if token.end <= comment.start]
    after = [token for token in code if token.start >= comment.end]
    is_between = bool(before and after) and before[-1].text == "," and after[0].line == comment.last_line
    if is_between:  # a, /* @tag */ b
        return None
    ended = [
        i for i, item in enumerate(items) if item.last.end <= comment.start and item.last.last_line == comment.line
    ]
    is_behind_list = bool(items) and bool(before) and before[-1].start > items[-1].last.end
    if is_behind_list and sum(item.is_on(comment.line) for item in items) > 1:  # SELECT a, b FROM t -- @tag
        return None
    return ended[-1] if ended else None


_SET_OPERATIONS = ("UNION", "INTERSECT", "EXCEPT")
_CLAUSES = ("FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET", "USING")


def _select_items(code: Sequence[Token]) -> list[_Item]:
    """The items of the select list that names the columns: the first that is in no further brackets than the query."""
    depth = next((i for i, token in enumerate(code) if token.text != "("), 0)
    select = next((i for i, token in enumerate(code) if token.depth == depth and token.is_word("SELECT")), None)
    if select is None:
        return []
    start = _start_of_list(code, select + 1)
    ends = (at for at in range(start, len(code)) if code[at].depth < depth or _ends_list(code, at, depth))
    parts = split_at_commas(code[start : next(ends, len(code))], depth)
    return [_Item(part[0], part[-1]) for part in parts]


def _start_of_list(code: Sequence[Token], index: int) -> int:
    """Behind DISTINCT, DISTINCT ON (...) and ALL."""
    if index < len(code) and code[index].is_word("DISTINCT", "ALL"):
        index += 1
        if index + 1 < len(code) and code[index].is_word("ON") and code[index + 1].text == "(":
            depth = code[index].depth
            index = next(i for i in range(index + 2, len(code)) if code[i].depth == depth) + 1
    return index


def _ends_list(code: Sequence[Token], index: int, depth: int) -> bool:
    token, before = code[index], code[index - 1]
    if token.depth != depth or not token.is_word(*_CLAUSES, *_SET_OPERATIONS):
        return token.text == ";"
    is_name = before.is_word("AS") or before.text == "."
    is_distinct_from = token.is_word("FROM") and before.is_word("DISTINCT") and code[index - 2].is_word("IS", "NOT")
    return not is_name and not is_distinct_from


_MAY_BE_TAG = re.compile(r"(?:^|\s|--|/\*)@[A-Za-z]")
_TAG = re.compile(r"(?<=\s)@([A-Za-z]\w*)(\(?)")


def _tags_in(comment: Token, path: str) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any], int]]:
    text = comment_text(comment)
    position = 0
    while match := _TAG.search(text, position):
        position = match.end()
        line = comment.line + text.count("\n", 0, match.start())
        arguments: tuple[Any, ...] = ()
        options: dict[str, Any] = {}
        if match.group(2):
            try:
                arguments, options, length = read_arguments(text[position:])
            except ValueError as error:
                raise DefinitionError(
                    f"the tag @{match.group(1)} cannot be read: {error}",
                    path=path,
                    line=line,
                    hint="A tag looks like @not_null, @min(0) or @accepted_values('a', 'b', severity=\"warn\").",
                ) from error
            position += length
        yield match.group(1), arguments, options, line


def read_arguments(text: str) -> tuple[tuple[Any, ...], dict[str, Any], int]:
    """What stands between brackets: values, options, and the length up to and with the closing bracket.

    `0, 'a', ["x", "y"], severity="warn")` gives (0, "a", ["x", "y"]), {"severity": "warn"}. ValueError if it does not.
    """
    arguments: list[Any] = []
    options: dict[str, Any] = {}
    rest = tokens(text)
    token = _next(rest)
    while token.text != ")":
        name, value, token = _argument(token, rest)
        if name is None:
            arguments.append(value)
        else:
            options[name] = value
        if token.text == ",":
            token = _next(rest)
        elif token.text != ")":
            raise ValueError(f"a comma or a closing bracket is missing before {token.text}")
    return tuple(arguments), options, token.end


def _argument(token: Token, rest: Iterator[Token]) -> tuple[str | None, Any, Token]:
    """An option's name or None, the value, and the token behind it."""
    if token.kind != "word":
        return None, *_value(token, rest)
    word, token = _word(token, rest)
    if token.text == "=":
        return word, *_value(_next(rest), rest)
    return None, _WORDS.get(word.lower(), word), token


def _value(token: Token, rest: Iterator[Token]) -> tuple[Any, Token]:
    if token.kind == "word":
        word, behind = _word(token, rest)
        return _WORDS.get(word.lower(), word), behind
    if token.text == "[":
        return _list(rest)
    if token.text == "-":
        number, behind = _value(_next(rest), rest)
        if not isinstance(number, (int, float)):
            raise ValueError("a minus stands before what is no number")
        return -number, behind
    if token.kind in ("string", "quoted"):
        mark = token.text[0]
        return token.text[1:-1].replace(mark * 2, mark), _next(rest)
    if token.kind == "number":
        return (float if "." in token.text or "e" in token.text.lower() else int)(token.text), _next(rest)
    raise ValueError(f"{token.text} is no value")


_WORDS = {"true": True, "false": False, "null": None}


def _word(token: Token, rest: Iterator[Token]) -> tuple[str, Token]:
    """A word with dots, as `products.product_id`, which stands for itself; and the token behind it."""
    word, behind = token.text, _next(rest)
    while behind.text == ".":
        word, behind = f"{word}.{_next(rest).text}", _next(rest)
    return word, behind


def _list(rest: Iterator[Token]) -> tuple[list[Any], Token]:
    values: list[Any] = []
    token = _next(rest)
    while token.text != "]":
        value, token = _value(token, rest)
        values.append(value)
        if token.text == ",":
            token = _next(rest)
        elif token.text != "]":
            raise ValueError(f"a comma or a closing bracket is missing before {token.text}")
    return values, _next(rest)


def _next(rest: Iterator[Token]) -> Token:
    token = next(rest, None)
    if token is None:
        raise ValueError("a closing bracket is missing")
    return token
