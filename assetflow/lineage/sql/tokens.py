"""Cuts SQL into tokens with their places, comments included; what the parse tree does not keep is found here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct


class Token(Struct, frozen=True):
    """`kind` is word, quoted, string, number, symbol or comment; `start` and `end` are offsets in characters."""

    kind: str
    text: str
    start: int
    end: int
    line: int
    depth: int

    def is_word(self, *words: str) -> bool:
        """True for an unquoted word that is one of these, which are given in upper case."""
        return self.kind == "word" and self.text.upper() in words

    @property
    def last_line(self) -> int:
        return self.line + self.text.count("\n")


_TOKEN = re.compile(
    r"""
      (?P<space>[\s\ufeff]+)
    | (?P<comment>--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<string>[eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | \$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<word>[^\W\d][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<symbol>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")


def tokens(text: str, first_line: int = 1) -> Iterator[Token]:
    """Every token and comment of `text`, in order; a bracket has the depth of what stands around it."""
    position, line, depth = 0, first_line, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes any character
        kind, end = str(match.lastgroup), match.end()
        if kind == "tag":
            kind = "string"
        if kind == "block":
            kind, end = "comment", end_of_block_comment(text, position)
        token_text = text[position:end]
        if kind != "space":
            if kind == "symbol" and token_text in ")]}":
                depth -= 1
            yield Token(kind, token_text, position, end, line, depth)
            if kind == "symbol" and token_text in "([{":
                depth += 1
        line += token_text.count("\n")
        position = end


def code_tokens(text: str, first_line: int = 1) -> list[Token]:
    """The tokens of `text` that are not comments."""
    return [token for token in tokens(text, first_line) if token.kind != "comment"]


def with_values(text: str, values: Mapping[str, str]) -> str:
    """`text` with its parameters replaced by SQL: `$name`, by names in lower case, wherever they stand as code."""
    found, at = [], 0
    for one, other in itertools.pairwise(code_tokens(text)):
        if one.text == "$" and one.end == other.start and other.text.lower() in values:
            found += [text[at : one.start], values[other.text.lower()]]
            at = other.end
    return "".join([*found, text[at:]])


def end_of_block_comment(text: str, start: int) -> int:
    """The offset behind the comment that opens at `start`; block comments nest, as they do in DuckDB."""
    depth = 0
    for edge in _BLOCK_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(text)


def comment_text(token: Token) -> str:
    """What a comment says, without its marks; as long as the marks are, so that offsets in it stay right."""
    if token.text.startswith("--"):
        return "  " + token.text[2:]
    return "  " + token.text[2:-2]


def without_trailing_semicolon(text: str) -> str:
    """`text` up to its last token that is neither a semicolon nor a comment, so that brackets can stand around it."""
    if ";" not in text and "--" not in text and "*/" not in text:
        return text.rstrip()
    code = code_tokens(text)
    while code and code[-1].text == ";":
        code.pop()
    return text[: code[-1].end] if code else ""


def with_pivot_values(text: str, values: str) -> str:
    """`text` where every PIVOT statement without values in its ON clause has `values` there.

    PIVOT t ON a, b IN (1, 2) USING sum(x)   ->   PIVOT t ON (a) IN (values), b IN (1, 2) USING sum(x)

    DuckDB cannot show the tree of a PIVOT whose values it has yet to look up in the data.
    """
    code = code_tokens(text)
    columns: list[tuple[int, int]] = []
    for index, token in enumerate(code):
        if token.is_word("PIVOT", "PIVOT_WIDER") and not _is_clause(code[index:]):
            parts = [part for part in _pivot_columns(code[index:]) if not _has_values(part)]
            columns += [(part[0].start, part[-1].end) for part in parts]
    for start, end in sorted(columns, reverse=True):
        text = f"{text[:start]}({text[start:end]}) IN ({values}){text[end:]}"
    return text


_AFTER_PIVOT_COLUMNS = ("USING", "GROUP", "ORDER", "LIMIT", "OFFSET", "UNION", "INTERSECT", "EXCEPT")


def _pivot_columns(code: Sequence[Token]) -> list[list[Token]]:
    depth = code[0].depth
    on = next((i for i, token in enumerate(code) if token.depth == depth and token.is_word("ON")), None)
    if on is None:
        return []

    def is_within(token: Token) -> bool:
        ends = token.text == ";" or (token.depth == depth and token.is_word(*_AFTER_PIVOT_COLUMNS))
        return token.depth >= depth and not ends

    return split_at_commas(itertools.takewhile(is_within, code[on + 1 :]), depth)


def split_at_commas(code: Iterable[Token], depth: int) -> list[list[Token]]:
    """The parts between the commas that are in so many brackets; empty ones are left out."""
    parts: list[list[Token]] = [[]]
    for token in code:
        if token.depth == depth and token.text == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _is_clause(code: Sequence[Token]) -> bool:
    """True for FROM t PIVOT (sum(x) FOR y IN (1, 2)), whose values are always given."""
    within = itertools.takewhile(lambda token: token.depth > code[0].depth, code[2:])
    return any(token.is_word("FOR") and token.depth == code[0].depth + 1 for token in within)


def _has_values(part: Sequence[Token]) -> bool:
    return any(token.is_word("IN") and token.depth == part[0].depth for token in part)
