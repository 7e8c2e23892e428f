"""What a selection says: its text, parsed into a tree that points back at the text and prints as it.

    selection := or
    or        := and (("or" | space) and)*
    and       := unary (("and" | ",") unary)*
    unary     := "not" unary | graph
    graph     := [N"+" | "+"] atom ["+" [N]] | "@" atom
    atom      := "(" or ")" | [method ":"] glob

Words in quotes, `"data/x y.csv"`, are never operators; inside, the quote itself is doubled as in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from assetflow.errors import SelectionError, did_you_mean
from assetflow.text import printable

METHODS = ("name", "group", "tag", "kind", "owner", "path", "source", "column", "state")
DEEPEST = 50  # parentheses in parentheses: more than anyone reads, and far from Python's own limit

_METHODS_ARE = f"Methods: {', '.join(METHODS)}. A name with a colon needs quotes."
_WITHOUT_SPACE = {"+": "Write it without a space: +sales or sales+.", "@": "Write it without a space: @sales."}
_KEYWORDS = ("and", "or", "not")
_WORD = r"""[^\s()+,@"'][^\s()+,"]*"""
TOKEN = re.compile(
    rf"""(?P<space>\s+)|(?P<sign>[()+,@])|(?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*')|(?P<word>{_WORD})|(?P<open>.)""",
    re.DOTALL,
)


def parse(text: str, option: str = "selection") -> Selection:
    """The tree of a text; a SelectionError points at what is wrong, and names the `option` that the text came from."""
    parser = _Parser(text, option)
    selection = parser.either()
    if not parser.at_end:
        raise parser.token.place.error('this ")" closes nothing')
    return selection


@dataclass(frozen=True, slots=True)
class Place:
    """Some characters of a text, to point at."""

    text: str
    option: str
    start: int
    end: int

    def error(self, message: str, hint: str | None = None) -> SelectionError:
        """The message above the text with carets below; of a long text, only what is near."""
        first, last = max(0, self.start - 60), self.start + 60
        shown = printable(self.text)
        before = f"  {self.option}: {'…' if first else ''}{shown[first : self.start]}"
        after = shown[self.start : last] + ("…" if last < len(shown) else "")
        carets = "^" * max(1, min(self.end, last) - self.start)
        return SelectionError(f"{printable(message)}\n{before}{after}\n{' ' * len(before)}{carets}", hint=hint)


@dataclass(frozen=True, slots=True)
class Match:
    """`tag:nightly`; the method is empty in `sales`."""

    method: str
    glob: str
    place: Place = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.method}:{written(self.glob)}" if self.method else written(self.glob)


@dataclass(frozen=True, slots=True)
class Reach:
    """`2+sales+`: at most so many steps up and down, where None is all the way."""

    of: Selection
    up: int | None
    down: int | None

    def __str__(self) -> str:
        up = "+" if self.up is None else f"{self.up}+" if self.up else ""
        down = "+" if self.down is None else f"+{self.down}" if self.down else ""
        return up + _inside(self.of, Match) + down


@dataclass(frozen=True, slots=True)
class Closure:
    """`@sales`: all downstream of it, and all that those are made from."""

    of: Selection

    def __str__(self) -> str:
        return "@" + _inside(self.of, Match)


@dataclass(frozen=True, slots=True)
class Not:
    """Everything else."""

    part: Selection

    def __str__(self) -> str:
        return "not " + _inside(self.part, Match, Reach, Closure, Not)


@dataclass(frozen=True, slots=True)
class And:
    """What is in every part."""

    parts: tuple[Selection, ...]

    def __str__(self) -> str:
        return " and ".join(_inside(part, Match, Reach, Closure, Not) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """What is in any part."""

    parts: tuple[Selection, ...]

    def __str__(self) -> str:
        return " or ".join(_inside(part, Match, Reach, Closure, Not, And) for part in self.parts)


Selection = Match | Reach | Closure | Not | And | Or


def written(name: str) -> str:
    """A name as one writes it in a selection: in quotes where it would read as something else."""
    reads_otherwise = ":" in name or name.startswith("//") or name.casefold() in _KEYWORDS or _is_count(name)
    is_plain = re.fullmatch(_WORD, name) and not reads_otherwise
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def matches_in(selection: Selection) -> Iterator[Match]:
    """Every `method:glob` in it, from left to right."""
    match selection:
        case Match():
            yield selection
        case Reach(of=part) | Closure(of=part) | Not(part=part):
            yield from matches_in(part)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from matches_in(part)


def _inside(part: Selection, *bare: type) -> str:
    return str(part) if isinstance(part, bare) else f"({part})"


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()


@dataclass(frozen=True, slots=True)
class _Token:
    """A sign, a word, something in quotes, or the end, whose text is empty."""

    kind: str
    text: str
    place: Place

    def touches(self, following: _Token) -> bool:
        return self.place.end == following.place.start and following.kind != "end"


def _tokens(text: str, option: str) -> Iterator[_Token]:
    for found in TOKEN.finditer(text):
        place = Place(text, option, found.start(), found.end())
        if found.lastgroup == "open":
            raise place.error("this quote is never closed")
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found[0], place)
    yield _Token("end", "", Place(text, option, len(text), len(text)))


class _Parser:
    """Recursive descent: a method for each line of the grammar, in its order."""

    def __init__(self, text: str, option: str) -> None:
        self._tokens = list(_tokens(text, option))
        self._position = 0
        self._depth = 0

    @property
    def token(self) -> _Token:
        return self._tokens[self._position]

    @property
    def at_end(self) -> bool:
        return self.token.kind == "end"

    def either(self) -> Selection:
        parts = [self._both()]
        while not self.at_end and self.token.text != ")":
            if not self._takes("or") and self._touches_previous():
                raise self.token.place.error("expected a space or a comma before this", self._hint_on_plus())
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Selection:
        parts = [self._unary()]
        while self._takes(",") or self._takes("and"):
            parts.append(self._unary())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _unary(self) -> Selection:
        token = self.token
        return Not(self._nested(token, self._unary)) if self._takes("not") else self._graph()

    def _graph(self) -> Selection:
        sign = self.token
        if self._takes("@"):
            return self._closure(sign)
        up = self._steps_up()
        if up != 0:
            self._expect_name_next_to(self._tokens[self._position - 1])
        of = self._atom()
        down = self._steps_down()
        return of if up == down == 0 else Reach(of, up, down)

    def _closure(self, sign: _Token) -> Selection:
        self._expect_name_next_to(sign)
        of = self._atom()
        if self.token.text == "+" and self._touches_previous():
            raise self.token.place.error("a + says nothing here, for @ has all downstreams and their upstreams already")
        return Closure(of)

    def _atom(self) -> Selection:
        token = self.token
        if self._takes("("):
            return self._parenthesis(token)
        if token.kind not in ("word", "quoted") or token.text.casefold() in _KEYWORDS:
            hint = f'Something called {token.text} needs quotes: "{token.text}".' if token.kind == "word" else None
            raise token.place.error("expected a name here", hint)
        self._position += 1
        if token.kind == "quoted":
            return Match("", _unquoted(token), token.place)
        return self._method(token)

    def _parenthesis(self, opening: _Token) -> Selection:
        selection = self._nested(opening, self.either)
        if not self._takes(")"):
            raise opening.place.error('this "(" is never closed')
        return selection

    def _method(self, token: _Token) -> Match:
        method, colon, glob = token.text.partition(":")
        if not colon or glob.startswith("//") or len(method) == 1 or "/" in method:
            return Match("", token.text, token.place)  # a name, `s3://bucket/x.csv`, `C:\\x.csv`
        if not method:
            raise token.place.error("expected a method before the colon", _METHODS_ARE)
        if method.casefold() not in METHODS:
            place = replace(token.place, end=token.place.start + len(method))
            raise place.error(f"there is no method {method}", did_you_mean(method.casefold(), METHODS) or _METHODS_ARE)
        following = self.token
        if glob:
            return Match(method.casefold(), glob, token.place)
        if following.kind == "quoted" and self._touches_previous():
            self._position += 1
            place = replace(token.place, end=following.place.end)
            return Match(method.casefold(), _unquoted(following), place)
        raise token.place.error(f"expected a {method.casefold()} after the colon")

    def _steps_up(self) -> int | None:
        """Takes `+` or `2+`."""
        count, following = self.token, self._tokens[min(self._position + 1, len(self._tokens) - 1)]
        if _is_count(count.text) and following.text == "+" and count.touches(following):
            self._position += 2
            return _steps(count)
        return None if self._takes("+") else 0

    def _steps_down(self) -> int | None:
        """Takes `+` or `+2` if it touches the name before it."""
        if not self._touches_previous() or not self._takes("+"):
            return 0
        count = self.token
        if not _is_count(count.text) or not self._touches_previous():
            return None
        self._position += 1
        return _steps(count)

    def _takes(self, text: str) -> bool:
        token = self.token
        taken = token.kind in ("sign", "word") and token.text.casefold() == text
        self._position += taken
        return taken

    def _touches_previous(self) -> bool:
        return self._tokens[self._position - 1].touches(self.token)

    def _hint_on_plus(self) -> str | None:
        if not any(token.text == "+" for token in self._tokens[: self._position + 1]):
            return None
        return "A + belongs to the name that it touches: `a+ b` or `a +b`. Names that hold a + need quotes."

    def _expect_name_next_to(self, sign: _Token) -> None:
        if self.at_end or not self._touches_previous():
            raise sign.place.error(f"expected a name next to this {sign.text}", _WITHOUT_SPACE[sign.text])

    def _nested(self, opening: _Token, parse_inside: Callable[[], Selection]) -> Selection:
        if self._depth == DEEPEST:
            raise opening.place.error(f"this is nested more than {DEEPEST} deep", "Give several selections instead.")
        self._depth += 1
        selection = parse_inside()
        self._depth -= 1
        return selection


def _steps(count: _Token) -> int | None:
    # No project is a thousand million steps deep, and Python refuses to read numbers of thousands of digits.
    return int(count.text) if len(count.text) < 10 else None


def _unquoted(token: _Token) -> str:
    quote = token.text[0]
    name = token.text[1:-1].replace(quote * 2, quote)
    if not name:
        raise token.place.error("expected a name between these quotes")
    return name
