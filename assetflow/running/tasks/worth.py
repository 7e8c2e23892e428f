"""Whether a refresh is worth it: what it cost the last time, and what was tried in vain. Advice, which may be lost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import product

from assetflow.asset import Asset
from assetflow.incremental.refused import Refused
from assetflow.materialization import Materialization
from assetflow.running.contents import Contents
from assetflow.running.tasks.changes import TableChange
from assetflow.running.tasks.reading import View
from assetflow.version import VERSION
from assetflow.warehouse.cache.costs import UNKNOWN, Costs

Moved = tuple[str, bool, bool]
"""A table, and whether rows came to it and went from it."""
QUICK = 2.0
"""Seconds within which a full refresh takes no time, so that an incremental one can be compared with it."""
ONE_IN = 20
MOST = 4
"""Tables of which every way to change is looked at."""
DEARER = 1.2
MUCH_LESS = 2
WORTH_IT = 0.3
"""Seconds of processor time that are worth a decision: the first refresh of a process pays for loading the rules."""
LITTLE = 0.3
"""Seconds of processor time that several threads hardly shorten."""


def refuse_dearer(asset: Asset, costs: Costs, rows: int | None = None) -> None:
    """Refuse what cost more than a full refresh the last time; as long as both cost next to nothing, it is tried.

    Also where so many `rows` changed now that it will cost much less; None: it is not known how many.
    """
    in_full, incrementally = costs.full, costs.incremental
    if in_full is None or incrementally is None or asset.incremental == "require":
        return
    if rows is not None and rows * MUCH_LESS < incrementally.rows:
        return
    if incrementally.seconds > max(in_full.seconds * DEARER, in_full.seconds + WORTH_IT):
        raise Refused(
            f"that took {incrementally.seconds:.2g} s of processor time the last time, "
            f"and a full refresh {in_full.seconds:.2g} s"
        )


def refuse_in_vain(asset: Asset, costs: Costs, what: str) -> None:
    """Refuse what was tried in vain before: finding that out every night would cost more than it can ever save."""
    if costs.in_vain is not None and costs.in_vain.what == what and asset.incremental != "require":
        raise Refused(costs.in_vain.why)


def tried(asset: Asset, changes: Sequence[TableChange], views: Sequence[View], *, in_order: bool) -> str:
    """Names what is tried: this code over that of views, by the rules of this version, and where rows came and went."""
    where = [(change.name, bool(change.came), bool(change.went)) for change in changes]
    return named(asset, where, [view.sql for view in views], in_order=in_order)


def named(asset: Asset, where: Sequence[Moved], views: Sequence[str], *, in_order: bool) -> str:
    """A hash of what is tried."""
    code = [asset.code_version, *views]
    return f"{hash_of(f'{VERSION} {code} {in_order} {where}'):08x}"


def refuse_likely_in_vain(asset: Asset, costs: Costs, changed: Sequence[str], *, in_order: bool) -> None:
    """Refuse to foresee what was in vain the last time, where rows came to or went from some of these tables."""
    if costs.in_vain is None or len(changed) > MOST or asset.incremental == "require":
        return
    yes_and_no = (False, True)
    for ways in product(product(yes_and_no, yes_and_no), repeat=len(changed)):
        where = [(name, came, went) for name, (came, went) in zip(changed, ways, strict=True) if came or went]
        if named(asset, where, (), in_order=in_order) == costs.in_vain.what:
            raise Refused(costs.in_vain.why)


def was_quick(asset: Asset, then: Materialization, contents: Contents) -> bool:
    """True when making all of an asset takes no time."""
    in_full = contents.costs.get(asset.name, UNKNOWN).full
    if in_full is not None:
        return in_full.seconds < QUICK
    seconds = contents.order.warehouse.ledger.seconds_of(asset.name, "full")
    return (then.seconds if seconds is None else seconds) < QUICK


def takes_little(costs: Costs, rows: int) -> bool:
    """True where a refresh took little work the last time, with as many rows: one thread does it as soon as several."""
    last = costs.incremental
    return last is not None and last.seconds < LITTLE and rows <= 2 * last.rows


def has_its_turn(text: str) -> bool:
    """True one time in so many."""
    return hash_of(text) % ONE_IN == 0


def hash_of(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
