"""Who is made from whom: the graph of assets and sources, and every question one may ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from heapq import heapify, heappop, heappush

from msgspec import Struct

from assetflow.errors import DefinitionError

Neighbours = Mapping[str, tuple[str, ...]]


class Graph(Struct, frozen=True, eq=False, dict=True):
    """An immutable graph; `Graph.of({"sales": ["products", "transactions"]})` makes one.

    Every tuple it gives is sorted by name, so that two runs over the same project show and do the same.
    """

    names: tuple[str, ...]
    _upstreams: Neighbours

    @classmethod
    def of(cls, upstreams: Mapping[str, Iterable[str]]) -> Graph:
        """From each name to the names of its upstreams; who occurs only as an upstream belongs to it too."""
        known = {name: tuple(sorted(set(reads))) for name, reads in upstreams.items()}
        names = sorted(set(known).union(*known.values()))
        return cls(tuple(names), {name: known.get(name, ()) for name in names})

    def __contains__(self, name: object) -> bool:
        return name in self._upstreams

    def upstreams(self, name: str) -> tuple[str, ...]:
        """What it is made from directly. KeyError when the name is unknown."""
        return self._upstreams[name]

    def downstreams(self, name: str) -> tuple[str, ...]:
        """What is made from it directly. KeyError when the name is unknown."""
        return self._downstreams[name]

    def ancestors(self, names: Iterable[str], depth: int | None = None) -> frozenset[str]:
        """All that the names are made from, at most `depth` steps away, without the names themselves."""
        return _reach(self._upstreams, names, depth)

    def descendants(self, names: Iterable[str], depth: int | None = None) -> frozenset[str]:
        """All that is made from the names, at most `depth` steps away, without the names themselves."""
        return _reach(self._downstreams, names, depth)

    def only(self, names: Iterable[str]) -> Graph:
        """The part between these names: their direct edges, nothing through a name that is left out."""
        kept = frozenset(names)
        return Graph.of({name: kept.intersection(self._upstreams[name]) for name in kept})

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Upstreams first; whoever could come next comes by name. DefinitionError when there is a cycle."""
        if len(self._sorted) == len(self.names):
            return self._sorted
        circle = " -> ".join(self.cycle() or ())
        raise DefinitionError(
            f"assets are made from each other in a circle: {circle}",
            hint="Take one of these upstreams away, or split the asset that stands in both roles.",
        )

    @cached_property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Every (upstream, downstream)."""
        return tuple((name, reader) for name in self.names for reader in self._downstreams[name])

    def cycle(self) -> tuple[str, ...] | None:
        """A short circle in the direction of the data, `("a", "b", "a")`: b is made from a and a from b."""
        left = set(self.names).difference(self._sorted)
        if not left:
            return None
        return _circle_through(_some_name_on_a_circle(self._upstreams, left), self._downstreams, left)

    @cached_property
    def _sorted(self) -> tuple[str, ...]:
        return _order(self._upstreams, self._downstreams)

    @cached_property
    def _downstreams(self) -> Neighbours:
        readers: dict[str, list[str]] = {name: [] for name in self.names}
        for name in self.names:  # in sorted order, so each list comes out sorted
            for read in self._upstreams[name]:
                readers[read].append(name)
        return {name: tuple(found) for name, found in readers.items()}


def _reach(neighbours: Neighbours, names: Iterable[str], depth: int | None) -> frozenset[str]:
    start = frozenset(names)
    seen = set(start)
    frontier: set[str] = set(start)
    steps = 0
    while frontier and (depth is None or steps < depth):
        frontier = set().union(*(neighbours[name] for name in frontier)) - seen
        seen |= frontier
        steps += 1
    return frozenset(seen - start)


def _order(upstreams: Neighbours, downstreams: Neighbours) -> tuple[str, ...]:
    """All names that wait for no circle."""
    waits_for = {name: len(reads) for name, reads in upstreams.items()}
    ready = [name for name, count in waits_for.items() if count == 0]
    heapify(ready)
    order: list[str] = []
    while ready:
        name = heappop(ready)
        order.append(name)
        for reader in downstreams[name]:
            waits_for[reader] = left = waits_for[reader] - 1
            if left == 0:
                heappush(ready, reader)
    return tuple(order)


def _some_name_on_a_circle(upstreams: Neighbours, left: set[str]) -> str:
    # Everything in `left` waits for something in `left`, so a walk upstream must come back to where it was.
    name = min(left)
    walked: dict[str, None] = {}
    while name not in walked:
        walked[name] = None
        name = next(read for read in upstreams[name] if read in left)
    path = list(walked)
    return min(path[path.index(name) :])


def _circle_through(start: str, downstreams: Neighbours, left: set[str]) -> tuple[str, ...]:
    """The shortest way from `start` back to it, by breadth-first search."""
    came_from: dict[str, str] = {}
    frontier = [start]
    while start not in came_from:
        following: list[str] = []
        for name in frontier:
            for reader in downstreams[name]:
                if reader in left and reader not in came_from:
                    came_from[reader] = name
                    following.append(reader)
        frontier = following
    circle = [start, came_from[start]]
    while circle[-1] != start:
        circle.append(came_from[circle[-1]])
    return tuple(reversed(circle))
