"""Pictures of a graph: trees for the terminal, Mermaid for Markdown, DOT for Graphviz.

The tree of a whole project shows everything once, below that upstream of it which takes longest to reach from the
sources; the tree around a name shows what it reads and who reads it:

    products  read by sales                      sales
    transactions                                 ├── reads
    ├── basket_size                              │   ├── products
    └── sales  also reads products               │   └── transactions
        └── sales_by_week                        └── read by
                                                     └── sales_by_week
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assetflow.lineage.graph import Graph

Label = Callable[[str], str]
Neighbours = Callable[[str], Sequence[str]]


def tree(graph: Graph, names_in_focus: Sequence[str], *, up: bool, down: bool, label: Label) -> list[str]:
    """Lines of a tree around these names, or of the whole graph when there are none. KeyError for an unknown name.

    What was drawn before is named again but not unfolded again: `sales  ↑ above`.
    """
    if not names_in_focus:
        return _lines(_whole(graph, label))
    reads = _Direction(graph.upstreams, label)
    read_by = _Direction(graph.downstreams, label)
    names = tuple(dict.fromkeys(names_in_focus))
    if up and down:
        return _lines(_both_ways(name, reads, read_by, label) for name in names)
    if up or down:
        direction = reads if up else read_by
        return _lines(direction.unfold(name, label(name)) for name in names)
    return [label(name) for name in names]


def mermaid(graph: Graph, kinds: Mapping[str, str]) -> str:
    """A Mermaid flowchart, left to right; `kinds` says sql, python or source, and who is not in it is a source."""
    lines = ["flowchart LR"]
    lines += [f"    {_mermaid_shape(name, kinds.get(name, 'source'))}" for name in graph.names]
    lines += [f"    {_mermaid_id(upstream)} --> {_mermaid_id(name)}" for upstream, name in graph.edges]
    lines.append("    classDef source fill:#eceff1,stroke:#607d8b,color:#263238")
    return "\n".join(lines) + "\n"


def dot(graph: Graph, kinds: Mapping[str, str]) -> str:
    """A Graphviz digraph, left to right; `kinds` as for `mermaid`."""
    lines = ["digraph assetflow {", "    rankdir=LR;", "    node [shape=box];"]
    lines += [f"    {_dot_string(name)}{_DOT_STYLES[kinds.get(name, 'source')]};" for name in graph.names]
    lines += [f"    {_dot_string(upstream)} -> {_dot_string(name)};" for upstream, name in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


# Trees ----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Branch:
    text: str
    below: list[_Branch] = field(default_factory=list)


def _lines(branches: Iterable[_Branch]) -> list[str]:
    # A stack of our own, since a chain of assets may be longer than Python's calls go deep.
    lines: list[str] = []
    waiting = [(branch, "", "") for branch in branches][::-1]
    while waiting:
        branch, before, indent = waiting.pop()
        lines.append(before + branch.text)
        for position, child in enumerate(reversed(branch.below)):
            waiting.append(
                (child, f"{indent}├── ", f"{indent}│   ") if position else (child, f"{indent}└── ", f"{indent}    ")
            )
    return lines


class _Direction:
    """Upwards or downwards: who is next to whom, and who was unfolded already."""

    def __init__(self, neighbours: Neighbours, label: Label) -> None:
        self._neighbours = neighbours
        self._label = label
        self._unfolded: set[str] = set()

    def unfold(self, name: str, text: str) -> _Branch:
        """Under `text` all that is reached from the name; in the order of reading, so that "above" is above."""
        root = _Branch(text)
        waiting = [(name, root)]
        while waiting:
            name, branch = waiting.pop()
            names = self._neighbours(name)
            if name in self._unfolded and names:
                branch.text += "  ↑ above"
                continue
            self._unfolded.add(name)
            branch.below = [_Branch(self._label(below)) for below in names]
            waiting += reversed(list(zip(names, branch.below, strict=True)))
        return root

    def ends_at(self, name: str) -> bool:
        return not self._neighbours(name)


def _both_ways(name: str, reads: _Direction, read_by: _Direction, label: Label) -> _Branch:
    halves = [(reads, "reads"), (read_by, "read by")]
    return _Branch(label(name), [half.unfold(name, text) for half, text in halves if not half.ends_at(name)])


def _whole(graph: Graph, label: Label) -> list[_Branch]:
    """Everything once. Names under which nothing hangs come first: they are what the trees below also read."""
    hangs_below = _hangs_below(graph)
    branches = {name: _Branch(label(name)) for name in graph.names}
    for name in graph.names:
        if name in hangs_below:
            branches[hangs_below[name]].below.append(branches[name])
    for name, branch in branches.items():
        also_reads = [upstream for upstream in graph.upstreams(name) if upstream != hangs_below[name]]
        readers = () if branch.below else graph.downstreams(name)
        said = "; ".join(
            _listed(verb, names) for verb, names in (("also reads", also_reads), ("read by", readers)) if names
        )
        branch.text += f"  {said}" if said else ""
    roots = [branches[name] for name in graph.names if name not in hangs_below]
    return sorted(roots, key=lambda root: bool(root.below))


def _hangs_below(graph: Graph) -> dict[str, str]:
    """For everything that has upstreams: the one furthest from the sources, of several the one with most readers."""
    distance: dict[str, int] = {}
    hangs_below: dict[str, str] = {}
    for name in graph.order:
        upstreams = graph.upstreams(name)
        distance[name] = 1 + max((distance[upstream] for upstream in upstreams), default=0)
        if upstreams:
            hangs_below[name] = max(
                upstreams, key=lambda upstream: (distance[upstream], len(graph.downstreams(upstream)))
            )
    return hangs_below


def _listed(verb: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{verb} {', '.join(names[:_LISTED])}{more}"


_LISTED = 4

# Mermaid and DOT ------------------------------------------------------------------------------------------------------

_MERMAID_BRACKETS = {"sql": ("[", "]", ""), "python": ("(", ")", ""), "source": ("[(", ")]", ":::source")}
_DOT_STYLES = {
    "sql": "",
    "python": " [style=rounded]",
    "source": ' [shape=cylinder, style=filled, fillcolor="#eceff1"]',
}


def _mermaid_shape(name: str, kind: str) -> str:
    opening, closing, style = _MERMAID_BRACKETS[kind]
    return f'{_mermaid_id(name)}{opening}"{_mermaid_text(name)}"{closing}{style}'


def _mermaid_id(name: str) -> str:
    """An identifier of its own for each name; it starts so that none reads as a Mermaid keyword such as `end`."""
    if re.fullmatch("[a-z0-9_]+", name):
        return f"t_{name}"
    return "f_" + re.sub("[^a-z0-9]", lambda letter: f"_{ord(letter[0]):x}_", name)


def _mermaid_text(name: str) -> str:
    """Whatever Mermaid could take for markup goes as a character entity."""
    return re.sub(r"[^\w ./-]", lambda letter: f"#{ord(letter[0])};", name)


def _dot_string(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
