"""The end of a selection that somebody is still typing: `big,tag:ni` has `tag:ni` left to finish."""

from __future__ import annotations

import re
from typing import NamedTuple

from assetflow.planning.grammar import TOKEN

_BEGINS_A_NAME = re.compile(r"(^|[\s(,@]|(^|[\s(,])[0-9]*\+)$")
_NAME = re.compile(r"""(?P<method>\w+:)?(?P<quote>["']?)(?P<typed>.*)""", re.DOTALL)


class Unfinished(NamedTuple):
    """`big,tag:"very ni` is `big,tag:`, the method `tag`, a quote, and `very ni`."""

    before: str
    method: str
    quote: str
    typed: str


def unfinished(text: str) -> Unfinished | None:
    """The name at the end of a text; None where no name can stand, as behind `sales+`."""
    start = _start(text)
    name = _NAME.fullmatch(text, start)
    if name is None or not _BEGINS_A_NAME.search(text[:start]):
        return None
    method = name["method"] or ""
    return Unfinished(text[:start] + method, method[:-1].casefold(), name["quote"], name["typed"])


def _start(text: str) -> int:
    """Where the last name begins: behind all signs that stand in no quotes. A method belongs to the quote behind it."""
    begin = end = 0  # of the last word
    for token in TOKEN.finditer(text):
        if token.lastgroup == "word":
            begin, end = token.span()
        elif token.lastgroup == "open":
            return begin if end == token.start() and text[:end].endswith(":") else token.start()
    return begin if end == len(text) else len(text)
