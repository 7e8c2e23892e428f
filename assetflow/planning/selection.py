"""Which assets a person means: `sales+`, `tag:nightly,not kind:python`. The text ends here; names come out.

    sales  sal*  "data/x y.csv"     an asset or a source, else a group; `*`, `?` and `[ab]` as in a shell
    assets/sales  sales.sql         all that is declared in such a folder or file, at any depth
    name:  group:  path:  source:   the same, but looked for in this one place
    tag:  owner:  kind:             what was declared; the kinds are sql, python and source
    column:revenue  column:s.rev*   whoever has such an output column; such a column of s
    state:stale                     stale, fresh, new, failed or changed
    +x  x+  +x+  2+x  x+1           with all upstreams, downstreams, both; at most so many steps away
    @x                              with all downstreams, and all upstreams of those
    (a or b)+                       parentheses nest
    not a                           everything else; binds tighter than
    a,b   a and b                   in both; binds tighter than
    a b   a or b                    in either

Capitals do not count. Quotes keep spaces and operators inside a name. Names win over groups, an exact name over all.
What matches nothing is an error, for a typo must not make less than was asked for; only `state:` may come out empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import translate

from msgspec import Struct

from assetflow.errors import SelectionError, did_you_mean
from assetflow.lineage.graph import Graph
from assetflow.planning.grammar import (
    And,
    Closure,
    Match,
    Not,
    Or,
    Place,
    Reach,
    Selection,
    matches_in,
    parse,
)
from assetflow.text import printable


class Candidate(Struct, frozen=True):
    """What a selection can know of one asset or source; `columns` is None where they are unknown."""

    name: str
    kind: str
    group: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    path: str = ""
    columns: tuple[str, ...] | None = None
    states: frozenset[str] = frozenset()


def select(
    selections: Sequence[str], excludes: Sequence[str], candidates: Sequence[Candidate], graph: Graph
) -> frozenset[str]:
    """The names that any of `selections` means (none given: all), without those that any of `excludes` means."""
    wanted = [parse(text) for text in selections]
    unwanted = [parse(text, "exclude") for text in excludes]
    universe = _Universe(candidates, graph)
    chosen = universe.any_of(wanted) if wanted else universe.everything
    left = chosen - universe.any_of(unwanted)
    if left or not (wanted or unwanted) or _mentions_states([*wanted, *unwanted]):
        return left
    raise _nothing_left(selections, excludes, chosen)


def needs_states(selections: Iterable[str]) -> bool:
    """Whether `state:` occurs, so that nobody compares fingerprints for a selection that does not ask."""
    return _mentions_states(parse(text) for text in selections)


def _mentions_states(selections: Iterable[Selection]) -> bool:
    return any(match.method == "state" for selection in selections for match in matches_in(selection))


class _Universe:
    """All that can be selected, and what a selection means in it."""

    def __init__(self, candidates: Sequence[Candidate], graph: Graph) -> None:
        self.candidates = candidates
        self.everything = frozenset(candidate.name for candidate in candidates)
        self._graph = graph

    def any_of(self, selections: Iterable[Selection]) -> frozenset[str]:
        return frozenset[str]().union(*map(self.names, selections))

    def names(self, selection: Selection) -> frozenset[str]:
        match selection:
            case Match():
                return self._matching(selection)
            case Not(part=part):
                return self.everything - self.names(part)
            case And(parts=parts):
                return self.everything.intersection(*map(self.names, parts))
            case Or(parts=parts):
                return self.any_of(parts)
            case Reach(of=part, up=up, down=down):
                return self._reached(self.names(part), up, down)
            case Closure(of=part):
                return self._reached(self._reached(self.names(part), 0, None), None, 0)

    def _reached(self, names: frozenset[str], up: int | None, down: int | None) -> frozenset[str]:
        linked = [name for name in names if name in self._graph]
        reached = self._graph.ancestors(linked, up) | self._graph.descendants(linked, down)
        return names | (reached & self.everything)

    def _matching(self, match: Match) -> frozenset[str]:
        for found in self._answers(match):
            if found:
                return found
        if _is_known_word(match):
            return frozenset()
        raise _matches_nothing(match, self.candidates)

    def _answers(self, match: Match) -> Iterator[frozenset[str]]:
        """What it may mean, best first: a bare `sales` is rather a name than a group."""
        if match.method in ("", "name", "source"):
            yield self._exactly(match)
        if not match.method:
            yield self._alike(match, _TEXTS["name"])
        yield self._alike(match, _texts_of(match))

    def _exactly(self, match: Match) -> frozenset[str]:
        """Those of exactly this name: letter by letter if there is one, else whatever the capitals."""
        folded = match.glob.casefold()
        alike = [candidate for candidate in self.candidates if candidate.name.casefold() == folded]
        named = [candidate.name for candidate in alike if match.method != "source" or candidate.kind == "source"]
        return frozenset([match.glob] if match.glob in named else named)

    def _alike(self, match: Match, texts_of: Texts) -> frozenset[str]:
        accepts = _accepting(match.glob)
        return frozenset(
            candidate.name
            for candidate in self.candidates
            if any(accepts(text) for text in texts_of(candidate) if text)
        )


def _accepting(glob: str) -> Callable[[str], bool]:
    folded = glob.casefold()
    spellings = (folded, folded.removeprefix("./").rstrip("/"))  # as shells complete a path
    if not any(letter in folded for letter in "*?["):
        return lambda text: text.casefold() in spellings
    pattern = re.compile("|".join(map(translate, spellings)))
    return lambda text: pattern.match(text.casefold()) is not None


# What each method looks at --------------------------------------------------------------------------------------------


Texts = Callable[[Candidate], Iterable[str]]


def _texts_of(match: Match) -> Texts:
    if match.method == "column" and "." in match.glob:
        return _qualified_columns
    if not match.method and ("/" in match.glob or match.glob.casefold().endswith((".sql", ".py"))):
        return lambda candidate: (candidate.name, *_groups(candidate), *_paths(candidate))
    return _TEXTS[match.method]


def _groups(candidate: Candidate) -> Iterable[str]:
    """`sales/weekly` is in `sales` too."""
    parts = candidate.group.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _paths(candidate: Candidate) -> Iterable[str]:
    """The file and its folders from any depth on: `assets/sales/x.sql`, `sales/x.sql`, `assets/sales`, `sales`..."""
    parts = candidate.path.split("/")
    return ["/".join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)]


def _qualified_columns(candidate: Candidate) -> Iterable[str]:
    columns = candidate.columns or ()
    return (*columns, *(f"{candidate.name}.{column}" for column in columns))


_TEXTS: Mapping[str, Texts] = {
    "": lambda candidate: (candidate.name, *_groups(candidate)),
    "name": lambda candidate: (candidate.name,),
    "group": _groups,
    "tag": lambda candidate: candidate.tags,
    "kind": lambda candidate: (candidate.kind,),
    "owner": lambda candidate: (candidate.owner,),
    "path": _paths,
    "source": lambda candidate: (candidate.name,) if candidate.kind == "source" else (),
    "column": lambda candidate: candidate.columns or (),
    "state": lambda candidate: candidate.states,
}

_WORDS = {"kind": ("sql", "python", "source"), "state": ("stale", "fresh", "new", "failed", "changed")}


def _is_known_word(match: Match) -> bool:
    """`state:failed` and `kind:python` are right even where nothing is so."""
    return any(map(_accepting(match.glob), _WORDS.get(match.method, ())))


# What to say when nothing matches -------------------------------------------------------------------------------------

_NOTHING = {
    "": "nothing is called {}",
    "name": "nothing is called {}",
    "group": "there is no group {}",
    "tag": "nothing has the tag {}",
    "kind": "there is no kind {}",
    "owner": "nothing is owned by {}",
    "path": "nothing is declared in {}",
    "source": "no source is called {}",
    "column": "nothing is known to have a column {}",
    "state": "there is no state {}",
}
_MANY = 10


def _matches_nothing(match: Match, candidates: Sequence[Candidate]) -> SelectionError:
    return match.place.error(_NOTHING[match.method].format(match.glob), _nearest(match, candidates))


def _nearest(match: Match, candidates: Sequence[Candidate]) -> str:
    """What could have been meant: another method, a similar name, or all there is if that is not much."""
    asked = match.glob.casefold().replace("*", "").replace("?", "")
    elsewhere = [] if match.method else _methods_that_know(asked, candidates)
    if elsewhere:
        return f"Did you mean {' or '.join(elsewhere)}?"
    known = _known(match, candidates)
    similar = did_you_mean(asked, known)
    if similar:
        return similar
    if match.method == "column" and any(candidate.columns is None for candidate in candidates):
        return "The columns of what was never made are not known yet."
    if match.method and 0 < len(known) <= _MANY:
        return f"Known: {', '.join(known)}."
    return "`assetflow ls` shows what can be selected."


def _known(match: Match, candidates: Iterable[Candidate]) -> list[str]:
    if match.method in _WORDS:
        return list(_WORDS[match.method])
    texts_of = _texts_of(match)
    return sorted({text.casefold() for candidate in candidates for text in texts_of(candidate) if text})


def _methods_that_know(asked: str, candidates: Sequence[Candidate]) -> list[str]:
    methods = ("tag", "owner", "column", "kind", "state")
    matches = [Match(method, asked, Place("", "", 0, 0)) for method in methods]
    return [str(match) for match in matches if asked in _known(match, candidates)]


def _nothing_left(selections: Sequence[str], excludes: Sequence[str], chosen: frozenset[str]) -> SelectionError:
    said = [f"\n  selection: {printable(text)}" for text in selections]
    said += [f"\n  exclude: {printable(text)}" for text in excludes]
    hint = (
        "All that is selected is excluded again."
        if chosen
        else "Each part matches something, but nothing is in all parts that have to hold at once."
    )
    return SelectionError("nothing is selected" + "".join(said), hint=hint)
