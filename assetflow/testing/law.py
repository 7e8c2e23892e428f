"""What holds of a function that is refreshed by changes: merged with what was there, they make everything."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from assetflow.errors import AssetflowError
from assetflow.testing.examples import Example
from assetflow.testing.subject import Made, Row, Subject


class Difference(NamedTuple):
    """What the change was merged to, and what everything is; or what went wrong."""

    merged: Made | None = None
    everything: Made | None = None
    said: str = ""


def wrong(subject: Subject, example: Example) -> Difference | None:
    """How what is merged differs from everything; None where it does not."""
    try:
        everything = subject.call({name: (table.now, ()) for name, table in example.items()}, is_full=True)
        before = subject.call({name: (table.then, ()) for name, table in example.items()}, is_full=True)
    except AssetflowError:
        raise
    except Exception:  # rows that it cannot do with at all say nothing of changes
        return None
    try:
        if subject.merge is None:
            merged: Made | None = row_by_row(subject, example)
        elif subject.merge == "append":
            merged = appended(subject, example, before)
        else:
            merged = upserted(subject, example, before)
    except WrongError as error:
        return Difference(said=str(error))
    except AssetflowError:
        raise
    except Exception as error:  # whatever a function raises belongs to the example
        return Difference(said=f"it raised {type(error).__name__} for the change: {error}")
    if merged is None or is_same(merged, everything):
        return None
    return Difference(merged, everything)


class WrongError(Exception):
    """What is wrong whatever everything is."""


def row_by_row(subject: Subject, example: Example) -> Made:
    """What it makes of two parts, put together."""
    [(upstream, table)] = example.items()
    one, other = (subject.call({upstream: (rows, ())}, is_full=False) for rows in (table.stay, table.came))
    return Made(one.columns, (*one.rows, *other.rows)) if one.columns == other.columns else other


def appended(subject: Subject, example: Example, before: Made) -> Made | None:
    """None where rows went: then everything is made."""
    changes = {}
    for name, table in example.items():
        came, went = Counter(table.came), Counter(table.went)
        if went - came:
            return None
        changes[name] = (list((came - went).elements()), ())
    if not any(came for came, _ in changes.values()):
        return None
    made = subject.call(changes, is_full=False)
    if made.columns != before.columns:
        return None  # as after any change of its columns, everything is made
    return Made(before.columns, (*before.rows, *made.rows))


def upserted(subject: Subject, example: Example, before: Made) -> Made | None:
    """None where everything is made: it returned other columns, or keys of which nothing changed."""
    places = key_places(subject, before)
    refuse_twins(subject, before, places)
    concerned: set[tuple[object, ...]] = set()
    for name, table in example.items():
        refuse_other_keys(subject, name, before, places)
        concerned.update(subject.keys_of(name, (*table.came, *table.went)))
    if not concerned:
        return None
    changes = {
        name: (of_keys(subject, name, table.now, concerned), of_keys(subject, name, table.then, concerned))
        for name, table in example.items()
    }
    made = subject.call(changes, is_full=False)
    if made.columns != before.columns:
        return None
    refuse_twins(subject, made, places)
    if any(key_of(row, places) not in concerned for row in made.rows):
        return None
    others = [row for row in before.rows if key_of(row, places) not in concerned]
    return Made(before.columns, (*others, *made.rows))


def of_keys(subject: Subject, upstream: str, rows: Sequence[Row], concerned: set[tuple[object, ...]]) -> list[Row]:
    keys = subject.keys_of(upstream, rows) if rows else []
    return [row for row, key in zip(rows, keys, strict=True) if key in concerned]


def key_places(subject: Subject, made: Made) -> list[int]:
    names = [name.lower() for name, _ in made.columns]
    missing = [key for key in subject.key if key.lower() not in names]
    if missing:
        raise WrongError(f"it returned no column {missing[0]}, by which its rows replace others")
    return [names.index(key.lower()) for key in subject.key]


def refuse_other_keys(subject: Subject, upstream: str, made: Made, places: Sequence[int]) -> None:
    """Say so where it would be made in full whenever anything changes."""
    known = {name.lower(): kind for name, kind in subject.columns[upstream]}
    for key, place in zip(subject.key, places, strict=True):
        there, own = known.get(key.lower()), made.columns[place][1]
        if there is None:
            raise WrongError(f"{upstream} has no column {key}: it would be made in full with every change")
        if there != own:
            raise WrongError(f"{key} is {there} in {upstream} and {own} in what it returned: it would be made in full")


def refuse_twins(subject: Subject, made: Made, places: Sequence[int]) -> None:
    key, times = next(iter(Counter(key_of(row, places) for row in made.rows).most_common(1)), ((), 0))
    if times > 1:
        said = ", ".join(f"{name} = {value!r}" for name, value in zip(subject.key, key, strict=True))
        raise WrongError(f"it returned {times} rows of the key {said}")


def key_of(row: Sequence[object], places: Sequence[int]) -> tuple[object, ...]:
    return tuple(row[place] for place in places)


def is_same(one: Made, other: Made) -> bool:
    """True for the same rows in any order; floating-point numbers may differ in their last digits."""
    if one.columns != other.columns or len(one.rows) != len(other.rows):
        return False
    pairs = zip(sorted(one.rows, key=sortable), sorted(other.rows, key=sortable), strict=True)
    return all(map(is_near, *zip(*pairs, strict=True))) if one.rows else True


def sortable(row: Sequence[object]) -> tuple[str, ...]:
    exact = [repr(value) for value in row if not isinstance(value, float)]
    return (*exact, *(f"{value:+.6e}" for value in row if isinstance(value, float)))


def is_near(one: Sequence[object], other: Sequence[object]) -> bool:
    return all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(a) and math.isnan(b))
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in zip(one, other, strict=True)
    )
