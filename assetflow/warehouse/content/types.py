"""Which DuckDB types survive a Parquet file, and what the others are stored as.

    logical type    what the asset's author made    HUGEINT         INTERVAL   UNION(a INTEGER)
    written type    what COPY is given              DECIMAL(38,0)   VARCHAR    UNION(a INTEGER)
    stored type     what the file then shows        DECIMAL(38,0)   VARCHAR    STRUCT(element1 UTINYINT, a INTEGER)

Types are the text that DuckDB prints. Everything here is a pure function of that text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from msgspec import Struct

NULL = '"NULL"'
"""The type of a bare NULL. Files that hold it cannot be read beside files with a real type."""

WRITTEN = {
    # COPY writes these as DOUBLE, which silently loses digits.
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    # Parquet keeps milliseconds of an INTERVAL, and no zone of a TIMETZ; Polars cannot read an INTERVAL at all.
    "INTERVAL": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
}
STORED = WRITTEN | {
    "ENUM": "VARCHAR",
    "BIT": "VARCHAR",
    "BIGNUM": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "GEOMETRY": "BLOB",
}
WIDE = {"HUGEINT": "VARCHAR", "UHUGEINT": "VARCHAR"}
"""Where values need more than the 38 digits of a DECIMAL."""

TOO_NEW = {"TIME_NS": "TIME", "TIMESTAMPTZ_NS": "TIMESTAMP WITH TIME ZONE", "VARIANT": "VARCHAR", "TYPE": "VARCHAR"}
"""Types that DuckDB 1.x does not know: one view that shows them keeps it from opening the whole catalog."""


class Type(Struct, frozen=True):
    """A type as a tree. `members` are (label as printed, type); a list has one member, a map two.

    `text` is what a leaf prints as; for an ARRAY it is the size.
    """

    name: str
    text: str = ""
    members: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        if self.name == "LIST":
            return f"{self.members[0][1]}[]"
        if self.name == "ARRAY":
            return f"{self.members[0][1]}[{self.text}]"
        if not self.members:
            return self.text
        return f"{self.name}({', '.join(f'{label} {of}'.lstrip() for label, of in self.members)})"

    @property
    def element(self) -> Type:
        """The type of a list's elements."""
        return self.members[0][1]


@lru_cache(maxsize=4096)
def logical_type(text: str) -> str:
    """The type an asset's column has: an untyped NULL counts as INTEGER, wherever it stands."""
    if NULL not in text:
        return text
    return _print(text, lambda leaf: "INTEGER" if leaf.text == NULL else None)


@lru_cache(maxsize=4096)
def written_as(text: str, *, wide: bool = False) -> str | None:
    """The type to cast to before COPY, or None where COPY itself keeps what there is to keep."""
    leaves = WRITTEN | WIDE if wide else WRITTEN
    return _other(text, _print(text, lambda leaf: leaves.get(leaf.name)))


@lru_cache(maxsize=4096)
def stored_as(text: str, *, wide: bool = False) -> str | None:
    """The type that the Parquet file shows, or None where it is the logical type itself."""
    if text.startswith("GEOMETRY") and not text.endswith("]"):
        # Parquet has geometries in a column of their own, not inside of others.
        return _other(text, "GEOMETRY('OGC:CRS84')")
    return _other(text, str(_stored(parse_type(text), wide, keep_unions=False)))


def is_wide(text: str) -> bool:
    """True for a type with integers that may need more digits than a DECIMAL has."""
    return written_as(text) != written_as(text, wide=True)


@lru_cache(maxsize=4096)
def shown_as(text: str) -> str | None:
    """The type under which the catalog shows a column that DuckDB 1.x does not know; None for all others."""
    if not any(name in text for name in TOO_NEW):
        return None
    return _other(text, _print(text, lambda leaf: TOO_NEW.get(leaf.name)))


def restore(expression: str, logical: str, stored: str) -> str:
    """SQL that gives a stored value its logical type back."""
    wide = stored != stored_as(logical)
    tree = parse_type(logical)
    step = str(_stored(tree, wide, keep_unions=True))
    if "UNION(" in step and step != logical:
        # DuckDB makes a UNION of a struct only when the members' types are equal.
        expression = f"CAST({expression} AS {step})"
    return f"CAST({expression} AS {logical})"


def _other(text: str, printed: str) -> str | None:
    return None if printed == text else printed


def _stored(tree: Type, wide: bool, *, keep_unions: bool) -> Type:
    leaf = (STORED | WIDE if wide else STORED).get(tree.name)
    if leaf is not None:
        return Type(leaf, leaf)
    members = tuple((label, _stored(of, wide, keep_unions=keep_unions)) for label, of in tree.members)
    if tree.name == "ARRAY":
        return Type("LIST", "", members)
    if tree.name == "TUPLE":
        return Type("STRUCT", "", tuple((f"element{at}", of) for at, (_, of) in enumerate(members, 1)))
    if tree.name == "UNION" and not keep_unions:
        return Type("STRUCT", "", (("element1", Type("UTINYINT", "UTINYINT")), *members))
    return Type(tree.name, tree.text, members)


def _print(text: str, leaf: Callable[[Type], str | None]) -> str:
    """The type's text with some leaves replaced."""

    def replaced(tree: Type) -> Type:
        if tree.members:
            return Type(tree.name, tree.text, tuple((label, replaced(of)) for label, of in tree.members))
        new = leaf(tree)
        return tree if new is None else Type(new, new)

    return str(replaced(parse_type(text)))


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """The tree of a type as DuckDB prints it; printing the tree gives the same text."""
    tokens = re.findall(_TOKEN, text)
    tree, end = _parse(tokens, 0)
    if end != len(tokens):
        raise ValueError(f"not a DuckDB type: {text}")
    return tree


_TOKEN = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\[\d*\]|[(),]|[^\s'"(),\[\]]+"""
_LABELLED = ("STRUCT", "UNION")
_UNLABELLED = ("MAP", "TUPLE")


def _parse(tokens: list[str], at: int) -> tuple[Type, int]:
    tree, at = _parse_base(tokens, at)
    while at < len(tokens) and tokens[at].startswith("["):
        size = tokens[at][1:-1]
        tree = Type("ARRAY" if size else "LIST", size, (("", tree),))
        at += 1
    return tree, at


def _parse_base(tokens: list[str], at: int) -> tuple[Type, int]:
    if at >= len(tokens):
        raise ValueError("not a DuckDB type: it ends too early")
    name = tokens[at]
    opened = tokens[at + 1 : at + 2] == ["("]
    if opened and (name in _LABELLED or name in _UNLABELLED):
        return _parse_members(tokens, at + 2, name)
    if opened:
        end = tokens.index(")", at)
        arguments = ("," if name == "DECIMAL" else ", ").join(part for part in tokens[at + 2 : end] if part != ",")
        return Type(name, f"{name}({arguments})"), end + 1
    words = _words(tokens[at:])
    return Type(" ".join(words), " ".join(words)), at + len(words)


def _parse_members(tokens: list[str], at: int, name: str) -> tuple[Type, int]:
    members = []
    while tokens[at] != ")":
        label = ""
        if name in _LABELLED:
            label = tokens[at]
            at += 1
        of, at = _parse(tokens, at)
        members.append((label, of))
        if tokens[at] == ",":
            at += 1
    return Type(name, "", tuple(members)), at + 1


def _words(tokens: Iterable[str]) -> list[str]:
    """The words of a name of several, such as TIMESTAMP WITH TIME ZONE."""
    words: list[str] = []
    for token in tokens:
        if token in ("(", ")", ",") or token.startswith("["):
            break
        words.append(token)
    return words
