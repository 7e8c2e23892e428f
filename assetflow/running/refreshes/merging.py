"""Gives a function what changed in its upstreams, and puts the rows that it makes of that to those that are there.

append    what came  --function-->  rows to add
upsert    the rows of all keys concerned, then and now  --function-->  rows in the place of those of these keys
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from assetflow.asset import Asset, Parameter, Query
from assetflow.duck import duckdb
from assetflow.engines import Table, Where, frames, python
from assetflow.engines.changes import Changes
from assetflow.errors import AssetError, AssetflowError, Interrupted
from assetflow.incremental.answer import Answer, key_names, version_of
from assetflow.incremental.exact import is_inexact
from assetflow.incremental.refused import Refused
from assetflow.materialization import Column
from assetflow.quoting import folded, quote_identifier
from assetflow.running.bodies.body import arguments, query_of_rows, stage
from assetflow.running.built import How, Tried
from assetflow.running.refreshes.deletes import between, find_keys, match, ranges_of
from assetflow.running.refreshes.refreshing import is_same_as, show
from assetflow.running.refreshes.rewriting import Refreshed, Rows
from assetflow.running.refreshes.temporary import make_table
from assetflow.running.tasks.changes import TableChange
from assetflow.running.tasks.refresh import Refresh
from assetflow.running.tasks.task import Task
from assetflow.warehouse.content.digest import tells_order
from assetflow.warehouse.content.reading import Staged
from assetflow.warehouse.content.scans import scan_files, scan_placed
from assetflow.warehouse.content.staging import stage_query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

KEYS = "assetflow_keys"
CHANGED = "changed"
"""The folder of what a function made of changes."""


def attempt_function(task: Task, given: Refresh, function: Callable[..., Any], cursor: Cursor, where: Where) -> Tried:
    """Merge what the function makes of the changes, and compare with a full refresh where asked to.

    What hinders it is a reason for a full one; what the function raises, or a key that is there twice, is an error.
    """
    made = Merging(task, given, function, cursor, where)
    try:
        return compared(task.asset, made, given)
    except Refused as refused:
        return Tried(None, How(reason=refused.what))
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        return Tried(None, How(reason=f"DuckDB: {str(error).splitlines()[0]}"))


def compared(asset: Asset, made: Merging, given: Refresh) -> Tried:
    """What came of the merging, held against a full refresh where asked to."""
    refreshed = made.run()
    tried = Tried(refreshed.staged, How("incremental", refreshed.how, delta=refreshed.delta))
    if not given.compare or not made.was_called:
        return tried
    began = time.perf_counter()
    is_right = made.is_right(refreshed.staged)
    if is_right is not False:
        return replace(tried, how=replace(tried.how, is_right=is_right), seconds=time.perf_counter() - began)
    said = "what it makes of changes, merged, is not what it makes of everything; from now on it is made in full"
    hint = "assetflow.testing.assert_incremental finds the smallest example"
    return Tried(None, How(reason=said, is_right=False), warnings=(f"{asset.name}: {said} ({hint})",))


class Merging:
    """One incremental refresh by a function."""

    def __init__(self, task: Task, given: Refresh, function: Callable[..., Any], cursor: Cursor, where: Where) -> None:
        self.task = task
        self.asset = task.asset
        self.given = given
        self.function = function
        self.cursor = cursor
        self.where = where
        self.rows = Rows(given, cursor, task.staging, task.read_sets)
        self.tables = {table.name: table for table in task.tables}
        self.changes = {change.name: change for change in given.changes}
        self.was_called = False

    def run(self) -> Refreshed:
        """All files of the table after the changes; Refused where it has to be made in full."""
        changed = {name: change for name, change in self.changes.items() if change.came or change.went}
        seen = {name: show(change, self.cursor) for name, change in changed.items()}
        if not any(change.plus or change.minus for change in seen.values()):
            there = self.rows.there
            nothing = f"{scan_files(there.columns, there.paths_at(there.all_files))} WHERE false"
            return self.rows.added(nothing, "unchanged")
        if self.asset.merge == "append":
            for name, change in seen.items():
                if change.minus:
                    raise Refused(f'rows went from {name}, and merge = "append" only adds')
            return self.append()
        return self.upsert([name for name, change in seen.items() if change.plus or change.minus])

    # What the function is given

    def call(self, folder: str, changes: Mapping[str, Changes[object]] | None = None) -> Staged:
        """What the function makes of these changes, or of everything, written into a folder of its own."""
        given = arguments(self.task, self.function, self.cursor, self.where, "to compare", but=changes or ())
        value = python.call(self.function, {**given, **(changes or {})}, where=self.where)
        if isinstance(value, Query):
            raise query_of_rows(self.asset)
        task = replace(self.task, staging=os.path.join(self.task.staging, folder))
        os.makedirs(task.staging, exist_ok=True)
        return stage(frames.from_result(value, self.cursor, task.staging, self.where, task.tables), task, self.where)

    def made_of(self, added: Mapping[str, str], removed: Mapping[str, str]) -> Staged:
        """What the function makes of changes that these queries give, by upstream."""
        changes = {
            each.name: Changes(self.frame(each, added, "added"), self.frame(each, removed, "removed"))
            for each in self.asset.parameters
            if each.changes
        }
        self.was_called = True
        made = self.call(CHANGED, changes)
        if made.columns != self.given.columns:
            raise Refused(f"it returned other columns than before: {told_difference(made.columns, self.given.columns)}")
        return made

    def frame(self, parameter: Parameter, queries: Mapping[str, str], what: str) -> object:
        """Rows of an upstream, as the parameter asks for them: from a file, since not every reader sees the cursor."""
        name = parameter.upstream
        table = frames.empty(self.tables[name])
        if name in queries:
            folder = os.path.join(self.task.staging, "given")
            staged = stage_query(self.cursor, queries[name], folder, f"{parameter.name}-{what}.parquet")
            paths = [file.path for file in staged.files]
            table = Table(name, scan_files(staged.columns, paths), tuple(paths))
        return frames.to_frame(parameter.arrives, table, parameter.columns, self.cursor, self.where)

    # What becomes of what it makes

    def append(self) -> Refreshed:
        [(name, change)] = self.changes.items()
        made = self.made_of({name: self.came_to(change)}, {})
        if self.rows.with_small([]):
            return self.rows.added(self.scan(made), "added")
        new = () if made.rows == 0 and self.given.files else made.files
        return Refreshed(self.rows.combined(made, self.given.files, new), "added", keeps_order=True)

    def came_to(self, change: TableChange) -> str:
        """The rows that came, in their order where files only came."""
        if not change.went:
            return scan_files(change.columns, change.came)
        return f"FROM {quote_identifier(version_of(change.name, 'plus'))}"

    def upsert(self, changed: Sequence[str]) -> Refreshed:
        names = self.key_columns()
        self.find_keys({name: names[name] for name in changed})
        now = {name: self.of_keys(one.columns, one.now, names[name]) for name, one in self.changes.items()}
        then = {name: self.of_keys(one.columns, one.before, names[name]) for name, one in self.changes.items()}
        made = self.made_of(now, then)
        refuse_twins(self.asset, made, self.cursor)
        self.refuse_others(made)
        answer = Answer(self.scan(made), keys=KEYS, key_columns=self.own_key())
        how = f"keyed by {', '.join(self.own_key())}"
        gone = find_keys(self.cursor, self.rows.there, answer)
        return self.rows.replacing(answer, gone, how) if gone.files else self.rows.added(answer.plus, how)

    def scan(self, made: Staged) -> str:
        return scan_files(made.columns, [file.path for file in made.files])

    def own_key(self) -> tuple[str, ...]:
        """The columns of the key as the table writes them."""
        return tuple(column.name for column in key_of(self.asset, self.given.columns))

    def key_columns(self) -> dict[str, tuple[str, ...]]:
        """The columns of the key in each upstream; Refused where one has them not, or of another type."""
        own = key_of(self.asset, self.given.columns)
        found = {}
        for name, change in self.changes.items():
            columns = {folded(column.name): column for column in change.columns}
            for column in own:
                there = columns.get(folded(column.name))
                if there is None:
                    raise Refused(f"{name} has no column {column.name}, so that the keys concerned are not known")
                if there.type != column.type:
                    raise Refused(f"its key {column.name} is {column.type}, and {there.type} in {name}")
            found[name] = tuple(columns[folded(column.name)].name for column in own)
        return found

    def find_keys(self, names: Mapping[str, Sequence[str]]) -> None:
        """Make the table of all keys of which a row came or went."""
        selects = [
            f"SELECT {', '.join(map(quote_identifier, names[name]))} FROM {quote_identifier(version_of(name, version))}"
            for name in names
            for version in ("plus", "minus")
        ]
        columns = ", ".join(key_names(len(self.asset.unique_key)))
        union = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS x({columns})" for sql in selects)
        make_table(self.cursor, KEYS, f"SELECT DISTINCT * FROM ({union})")

    def of_keys(self, columns: Sequence[Column], paths: Sequence[str], names: Sequence[str]) -> str:
        """The rows of the keys concerned, as they stand in some files."""
        if not tells_order(columns):
            raise Refused("a column has the name by which DuckDB tells where a row stands")
        answer = Answer("", keys=KEYS, key_columns=tuple(names))
        listed = ", ".join(quote_identifier(column.name) for column in columns)
        close = between(ranges_of(self.cursor, KEYS, names)) or "true"
        return (
            f"SELECT {listed} FROM (SELECT old.* FROM ({scan_placed(columns, paths)}) AS old "
            f"SEMI JOIN {KEYS} AS keys ON {match(self.cursor, answer)} WHERE {close}) "
            "ORDER BY assetflow_file, assetflow_row"
        )

    def refuse_others(self, made: Staged) -> None:
        """Refuse rows of keys of which nothing changed: then it does not make each key of the rows of that key."""
        own = self.own_key()
        answer = Answer("", keys=KEYS, key_columns=own)
        found = self.cursor.execute(
            f"SELECT {', '.join(map(quote_identifier, own))} FROM ({self.scan(made)}) AS old "
            f"ANTI JOIN {KEYS} AS keys ON {match(self.cursor, answer)} LIMIT 1"
        ).fetchall()
        if found:
            raise Refused(f"it returned rows of a key of which nothing changed: {told_key(own, found[0])}")

    # The comparison

    def is_right(self, staged: Staged) -> bool | None:
        """True when the function makes the same of everything; None where it cannot."""
        try:
            whole = self.call("full")
        except (Interrupted, duckdb.InterruptException):
            raise
        except AssetflowError:
            return None
        return is_same_as(whole, staged, self.given, self.cursor)


def key_of(asset: Asset, columns: Sequence[Column]) -> list[Column]:
    """The columns of the key of an asset; AssetError for one that is not there, or cannot be compared exactly."""
    known = {folded(column.name): column for column in columns}
    found = []
    for name in asset.unique_key:
        column = known.get(folded(name))
        if column is None:
            raise wrong_key(asset, f"it has no column {name}, by which its rows replace others", "Return that column.")
        if is_inexact(column.type):
            said = (
                f"its rows would be found by column {name}, a {column.type}: equal values of it can be different ones"
            )
            raise wrong_key(asset, said, "Round it to DECIMAL, or take another key.")
        found.append(column)
    return found


def refuse_twins(asset: Asset, staged: Staged, cursor: Cursor) -> None:
    """AssetError where two rows have one key. NULL is a value like any other."""
    names = [column.name for column in key_of(asset, staged.columns)]
    listed = ", ".join(map(quote_identifier, names))
    scan = scan_files(staged.columns, [file.path for file in staged.files])
    twins = f"SELECT {listed}, count(*) AS n FROM ({scan}) GROUP BY {listed} HAVING n > 1"
    count = cursor.execute(f"SELECT count(*) FROM ({twins})").fetchall()[0][0]
    if count:
        *key, times = cursor.execute(f"{twins} ORDER BY ALL LIMIT 1").fetchall()[0]
        more = f", and {count - 1:,} more keys" if count > 1 else ""
        raise wrong_key(
            asset,
            f"it returned {times} rows of the key {told_key(names, key)}{more}",
            "Return one row of each key, or add the columns to unique_key that tell them apart.",
        )


def wrong_key(asset: Asset, said: str, hint: str) -> AssetError:
    return asset.error(said, hint=hint)


def told_key(names: Sequence[str], values: Sequence[object]) -> str:
    """`id = 7, day = 2024-01-05`, with NULL as SQL writes it."""
    said = ["NULL" if value is None else repr(value) if isinstance(value, str) else str(value) for value in values]
    return ", ".join(f"{name} = {value}" for name, value in zip(names, said, strict=True))


def told_difference(now: Sequence[Column], before: Sequence[Column]) -> str:
    """The first column that is another one."""
    one, other = {each.name: each for each in now}, {each.name: each for each in before}
    for name in [*one, *other]:
        if name not in other:
            return f"{name} is new"
        if name not in one:
            return f"{name} is missing"
        if one[name] != other[name]:
            return f"{name} is {one[name].type} and was {other[name].type}"
    return "their order"
