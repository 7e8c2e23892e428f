"""Makes up small changes of tables, and makes them smaller."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from assetflow.testing.subject import Row, Subject


class TableExample(Struct, frozen=True):
    """Rows of one upstream that stay, that go and that come."""

    stay: tuple[Row, ...] = ()
    went: tuple[Row, ...] = ()
    came: tuple[Row, ...] = ()

    @property
    def then(self) -> tuple[Row, ...]:
        return (*self.stay, *self.went)

    @property
    def now(self) -> tuple[Row, ...]:
        return (*self.stay, *self.came)


Example = Mapping[str, TableExample]


def drawn(subject: Subject, draw: random.Random) -> Example:
    """A small change: of a few rows that have values in common."""
    return {upstream: drawn_table(subject, upstream, draw) for upstream in subject.varied}


def drawn_table(subject: Subject, upstream: str, draw: random.Random) -> TableExample:
    few = [draw.randrange(subject.rows[upstream]) for _ in range(draw.randrange(1, 4))]
    bits = 2 ** len(subject.columns[upstream])
    rows: list[Row] = [
        (draw.choice(few), draw.choice(few), draw.randrange(bits) if draw.random() < 0.6 else 0) for _ in range(6)
    ]
    parts = [tuple(draw.choice(rows) for _ in range(draw.randrange(4))) for _ in range(3)]
    stay, went, came = parts
    # Rows that only come are what is most often.
    return TableExample(stay, went if draw.random() < 0.5 else (), came)


def shrunk(example: Example, differs: Callable[[Example], bool]) -> Example:
    """The smallest example that still differs, by taking away one row after the other."""
    smaller = next((each for each in one_less(example) if differs(each)), None)
    return example if smaller is None else shrunk(smaller, differs)


def one_less(example: Example) -> Iterator[Example]:
    for upstream, table in example.items():
        for part in ("stay", "went", "came"):
            rows = getattr(table, part)
            for at in range(len(rows)):
                yield {**example, upstream: replace(table, **{part: rows[:at] + rows[at + 1 :]})}
    for upstream, table in example.items():  # the values of one row are simpler than those of two
        for part in ("stay", "went", "came"):
            rows = getattr(table, part)
            for at, (a, b, bits) in enumerate(rows):
                if bits:
                    yield {**example, upstream: replace(table, **{part: (*rows[:at], (a, b, 0), *rows[at + 1 :])})}
