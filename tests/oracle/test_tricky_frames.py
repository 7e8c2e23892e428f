"""Plans of LazyFrames that are easily misread: no influence is missed, no order that counts, and no edit is taken for none."""

from __future__ import annotations

import random

import pytest

from assetflow.lineage.columns import Col, same_meaning
from tests.oracle.influence import sources
from tests.oracle.test_frames import SCHEMAS, VALUES, answer, bag, lineage_of, random_rows
from tests.oracle.tricky_frames import PAIRS, TRICKY

ROUNDS = 3


@pytest.mark.parametrize("name", TRICKY)
def test_no_influence_and_no_order_is_missed(name: str) -> None:
    make = TRICKY[name]
    lineage = lineage_of(make)
    read = {Col(table, column) for table, columns in lineage.reads.items() for column in columns or ()}
    rows_depend_on = sources(edge.source for edge in lineage.dataset)
    draw = random.Random(name)
    for _ in range(ROUNDS):
        rows = random_rows(draw)
        then = answer(make, rows)
        if not lineage.ordered:
            shuffled = {table: draw.sample(listed, len(listed)) for table, listed in rows.items()}
            assert bag(then, then.columns) == bag(answer(make, shuffled), then.columns), "the order of rows"
        for table, schema in SCHEMAS.items():
            for at, (column, kind) in enumerate(schema):
                source = Col(table, column)
                free = [out.name for out in lineage.columns if source not in sources(edge.source for edge in out.edges)]
                if table in lineage.whole or source in rows_depend_on or not free:
                    continue
                new = [(*row[:at], draw.choice(VALUES[kind]), *row[at + 1 :]) for row in rows[table]]
                now = answer(make, {**rows, table: new})
                seen = free if source in read else then.columns
                assert bag(then, seen) == bag(now, seen), f"{source} changes some of {seen}"


@pytest.mark.parametrize("name", PAIRS)
def test_an_edit_of_one_thing_is_seen(name: str) -> None:
    before, after = (lineage_of(make) for make in PAIRS[name])
    assert not same_meaning(before.meaning, after.meaning)
