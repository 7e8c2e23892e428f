"""Refreshes an asset by the rows that changed in what it reads: a worker's other way of making it.

changed files  --views of what was, came and went-->  incremental.refresh  --new files, and those that stay-->  Tried
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.duck import duckdb
from assetflow.incremental.answer import SHOWN, Change, version_of
from assetflow.incremental.blocks import Parts, take_apart
from assetflow.incremental.refresh import is_ambiguous, refresh, refuse_another_order, refuse_at_sight
from assetflow.incremental.refused import Lasting, Refused
from assetflow.incremental.sorting import refuse_unsortable
from assetflow.lineage.scratch import reading_on
from assetflow.materialization import Column, ReadSet
from assetflow.quoting import quote_identifier
from assetflow.running.built import How, Tried
from assetflow.running.refreshes.difference import (
    FLOATS,
    difference_of,
    is_inexact_inside,
    is_replaced,
    mostly_stays,
    share_alike,
)
from assetflow.running.refreshes.growth import rows_that_came
from assetflow.running.refreshes.kept_groups import DAMAGED, taken_up, written
from assetflow.running.refreshes.rewriting import Refreshed, Rows
from assetflow.running.refreshes.temporary import make_view
from assetflow.running.tasks.changes import TableChange
from assetflow.running.tasks.reading import View, said, tables_behind
from assetflow.running.tasks.refresh import Refresh
from assetflow.warehouse.content.columns import columns_made
from assetflow.warehouse.content.digest import digests
from assetflow.warehouse.content.reading import Staged, readable
from assetflow.warehouse.content.scans import scan_files, scan_of
from assetflow.warehouse.content.staging import stage_query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


def refresh_rows(
    sql: str, upstreams: Sequence[str], given: Refresh, cursor: Cursor, folder: str, reads: Sequence[ReadSet]
) -> Refreshed:
    """Make the rows of a query out of those it had; Refused where that cannot be done, or would not pay."""
    parts = parts_of(sql, upstreams, given.views)
    refuse_at_sight(parts)
    if columns_made(cursor, sql) != [column[:2] for column in given.columns]:
        raise Refused("its columns are others than before")
    refuse_unsortable(parts.orders, [column.name for column in given.columns])
    shown = {change.name: show(change, cursor, is_exact=False) for change in given.changes}
    changes = {name: change for name, change in shown.items() if change.plus or change.minus}
    if any(change.name not in changes and (change.came or change.went) for change in given.changes):
        refuse_another_order(cursor, parts)
    rows = Rows(given, cursor, folder, tuple(reads))
    # A damaged file is mended here by a full refresh, also where its rows stay as they are.
    make_view(cursor, SHOWN, rows.there.of(rows.there.all_files), looks=True)
    path = given.groups.path
    kept = None if path is None else taken_up(cursor, path)
    answer = refresh(cursor, parts, changes, shown=SHOWN, kept=kept or ())
    made = rows.ordered(answer, parts) if parts.orders else rows.applied(answer)
    if not answer.keeps:
        return made
    anew = answer.anew
    if anew is not None and not kept:
        anew = given.groups.why if path is None else DAMAGED
    return replace(made, groups=written(cursor, answer.keeps, folder), anew=anew)


def parts_of(sql: str, upstreams: Sequence[str], views: Sequence[View]) -> Parts:
    """The blocks of a query, with those of the views that show other rows than before."""
    return take_apart(sql, frozenset(tables_behind(upstreams, views)), {view.name: view.sql for view in views})


def attempt(asset: Asset, given: Refresh, cursor: Cursor, folder: str, reads: Sequence[ReadSet]) -> Tried:
    """Refresh, and compare with a full refresh where asked to; whatever hinders it is a reason for a full one."""
    sql = asset.sql or ""
    try:
        with reading_on(cursor):
            made = refresh_rows(sql, asset.upstreams, given, cursor, folder, reads)
        if given.is_quick:
            refuse_reordered(made, given, cursor, reads)
        return compared(asset, made, given, cursor, folder)
    except Refused as refused:
        return Tried(None, How(reason=said(refused, asset, given.views)), in_vain=refused.lasts)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        return Tried(None, How(reason=f"DuckDB: {str(error).splitlines()[0]}"))


def compared(asset: Asset, made: Refreshed, given: Refresh, cursor: Cursor, folder: str) -> Tried:
    """What a refresh made, held against a full one where asked to; duckdb.Error where that one cannot be made."""
    sql = asset.sql or ""
    how = How("incremental", made.how, delta=made.delta, groups=made.groups)
    if made.anew is not None:
        # Where a full refresh is refused, this is said of an incremental one.
        if asset.incremental == "require":
            how = replace(how, reason=f"{made.how}, out of all rows: {made.anew}")
        else:
            how = replace(how, mode="full", reason=made.anew)
    if not given.compare:
        return Tried(made.staged, how)
    began = time.perf_counter()
    if is_same(made.staged, sql, given, cursor, os.path.join(folder, "full")):
        return Tried(made.staged, replace(how, is_right=True), seconds=time.perf_counter() - began)
    with reading_on(cursor):
        if is_ambiguous(cursor, parts_of(sql, asset.upstreams, given.views)):
            return Tried(made.staged, how)
    said = "an incremental refresh gave other rows than a full one; from now on it is made in full"
    return Tried(None, How(reason=said, is_right=False), warnings=(f"{asset.name}: {said}: please report its SQL",))


def refuse_reordered(made: Refreshed, given: Refresh, cursor: Cursor, reads: Sequence[ReadSet]) -> None:
    """Refuse what puts rows into another order for somebody who reads them in their order."""
    if made.keeps_order:
        return
    if given.read_in_order is not None:
        raise Lasting(f"{given.read_in_order} reads its rows in their order, which a full refresh keeps")
    narrow = [ReadSet(read.columns) for read in readable(given.columns, reads) if read.ordered]
    if not narrow:
        return
    before, after = (
        digests(cursor, scan_of([os.path.join(given.root, file.path) for file in files]), given.columns, narrow)[1]
        for files in (given.files, made.staged.files)
    )
    if any(one == other for one, other in zip(before, after, strict=True)):
        raise Refused("others read columns that did not change in the order of its rows, which a full refresh keeps")


def is_same(made: Staged, sql: str, given: Refresh, cursor: Cursor, folder: str) -> bool:
    """True when a full refresh gives the same rows; sums of floats may differ by the order in which they are added."""
    return is_same_as(stage_query(cursor, sql, folder), made, given, cursor)


def is_same_as(whole: Staged, made: Staged, given: Refresh, cursor: Cursor) -> bool:
    """True when both hold the same rows but for the last digits of floating-point numbers."""
    if whole.digest == made.digest:
        return True
    if whole.columns != made.columns or whole.rows != made.rows:
        return False
    paths = [os.path.join(given.root, file.path) for file in made.files]
    return is_alike(cursor, given.columns, paths, [file.path for file in whole.files])


def is_alike(cursor: Cursor, columns: Sequence[Column], ours: Sequence[str], others: Sequence[str]) -> bool:
    """True for files with the same rows but for the last digits of floating-point numbers, by the sums of these."""
    floats = [column.name for column in columns if column.type in FLOATS]
    if not floats:
        return False
    exact = ReadSet(tuple(column.name for column in columns if column.name not in floats))
    one, other = (digests(cursor, scan_of(paths), columns, [exact])[1] for paths in (ours, others))
    totals = ", ".join(f"sum({quote_identifier(name)}), count({quote_identifier(name)})" for name in floats)
    sums_of = [cursor.execute(f"SELECT {totals} FROM {scan_of(paths)}").fetchall()[0] for paths in (ours, others)]
    return one == other and all(is_near(mine, theirs) for mine, theirs in zip(*sums_of, strict=True))


def is_near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))


def scan_change(change: TableChange, paths: Sequence[str], box: str = "") -> str:
    """The SELECT that reads files of a table, with the columns that count; those rows alone that fulfil a condition."""
    rows = scan_files(change.columns, paths)
    if box:
        rows = f"SELECT * FROM ({rows}) AS old WHERE {box}"
    if not change.is_narrow:
        return rows
    return f"SELECT {', '.join(quote_identifier(column.name) for column in change.columns)} FROM ({rows})"


def show(change: TableChange, cursor: Cursor, *, is_exact: bool = True) -> Change:
    """Make what came and went of a table visible on the cursor. Where not `is_exact`, a few rows may have done both."""
    old = scan_change(change, change.before)
    none = f"SELECT * FROM ({scan_change(change, change.came or change.went)}) WHERE false"
    plus = scan_change(change, change.came) if change.came else none
    minus = scan_change(change, change.went, change.box) if change.went else none
    is_mixed = change.came and change.went and not change.is_net
    came = rows_that_came(change, cursor) if is_mixed else None
    if came is not None:
        return replace(seen(change, cursor, came, none), minus=False)
    if not is_mixed or any(is_inexact_inside(column.type) for column in change.columns):
        return seen(change, cursor, plus, minus)
    alike = 0.0 if change.is_replaced else share_alike(cursor, change.columns, plus, minus, change.rows)
    if is_replaced(alike) and not is_exact:
        is_shown = shows_it(change, cursor, plus, minus)
        return replace(seen(change, cursor, plus, minus), is_replaced=True, is_shown=is_shown)
    # Row by row: a file that was written anew differs in few of its rows.
    is_aligned = mostly_stays(alike) and len(change.came) == len(change.went) == 1
    counted = quote_identifier(f"{change.name}__assetflow_counted")
    net = difference_of(cursor, counted, change.columns, plus, minus, is_aligned=is_aligned)
    make_view(cursor, version_of(change.name, "plus"), net.came or none)
    make_view(cursor, version_of(change.name, "minus"), net.went or none)
    return Change(net.came is not None, net.went is not None, net.is_of_single_rows, old, files=change.files)


def shows_it(change: TableChange, cursor: Cursor, plus: str, minus: str) -> bool:
    """True where the rows that are made of replaced ones differ as well, as the columns tell that these show."""
    shown = [column for column in change.columns if column.name in change.shown]
    if not change.is_replaced:  # all columns were looked at just now
        return len(shown) == len(change.columns)
    return bool(shown) and is_replaced(share_alike(cursor, shown, plus, minus, change.rows))


def seen(change: TableChange, cursor: Cursor, plus: str, minus: str) -> Change:
    """Make these rows of a table visible as those that came and went."""
    make_view(cursor, version_of(change.name, "plus"), plus)
    make_view(cursor, version_of(change.name, "minus"), minus)
    return Change(bool(change.came), bool(change.went), old=scan_change(change, change.before), files=change.files)
