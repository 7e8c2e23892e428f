"""What a query's answer really depends on, found by running it; nothing here knows how lineage is computed.

One column of a source is given other values, everything else stays. What changes in the answer was influenced by it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from assetflow.lineage.columns import Col, Lineage
from tests.oracle.database import SCHEMAS, Engine, bag, random_database, with_other_column

Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Missed:
    """An influence that a lineage does not tell of: a column of a source, and what of the answer it changed."""

    source: Col
    changed: str

    def __str__(self) -> str:
        return f"{self.source} changes {self.changed}"


@dataclass
class Judged:
    """How a lineage fared: what it missed, and which of its edges were seen at work."""

    missed: list[Missed]
    claimed: set[Col]
    seen: set[Col]


def judge(query: str, lineage: Lineage, engine: Engine, seed: int, rounds: int) -> Judged:
    """Try every column of every source on some databases."""
    draw = random.Random(seed)
    judged = Judged([], claimed(lineage), set())
    for _ in range(rounds):
        database = random_database(draw)
        engine.load(database)
        then = engine.rows(query)
        for column in columns_named_in(query):
            changed = with_other_column(database, column.table, column.name, draw)
            if then is not None and changed != database:
                engine.load(changed)
                compare(then, engine.rows(query), lineage, column, judged)
    return judged


def columns_named_in(query: str) -> Iterator[Col]:
    """All columns of the tables that the text names: no other can have a say."""
    for table, schema in SCHEMAS.items():
        if table in query.lower():
            for name, _ in schema:
                yield Col(table, name)


def claimed(lineage: Lineage) -> set[Col]:
    return {Col(table, column) for table, columns in lineage.reads.items() for column in columns or ()}


def compare(then: Rows, now: Rows | None, lineage: Lineage, column: Col, judged: Judged) -> None:
    if now is None or then == now:
        return
    judged.seen.add(column)
    if column.table in lineage.whole:
        return
    if column not in judged.claimed and bag(then) != bag(now):
        judged.missed.append(Missed(column, "the rows"))
    elif column not in sources(edge.source for edge in lineage.dataset):
        untouched = [
            at for at, out in enumerate(lineage.columns) if column not in sources(edge.source for edge in out.edges)
        ]
        if bag(then, untouched) != bag(now, untouched):
            names = ", ".join(lineage.columns[at].name for at in untouched)
            judged.missed.append(Missed(column, f"some of {names}"))


def sources(columns: Collection[Col] | Iterator[Col]) -> set[Col]:
    """The columns, whatever field of them is meant."""
    return {Col(column.table, column.name) for column in columns}
