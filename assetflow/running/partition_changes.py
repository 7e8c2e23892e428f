"""Finds which partitions of an asset depend on rows that came or went in what it reads: no lookback, no guess.

rows that came and went  --a declared column of the upstream-->  their keys, and those so many windows after
                         --the query, followed by the rules of incremental refresh-->  the keys of its own rows
                         --neither-->  None: all of them may
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.incremental.refused import Refused
from assetflow.lineage.columns import Lineage
from assetflow.lineage.sql_tokens import with_values
from assetflow.materialization import Column, Materialization, ReadSet, Snapshot
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import KeyColumns, WrongColumnError, key_of_row
from assetflow.partitions.parameters import example_key, variables
from assetflow.partitions.partitioning import Link, Partitioning
from assetflow.partitions.ranges import EVERYWHERE, NONE, Ranges, widened
from assetflow.partitions.reading import read_keys
from assetflow.partitions.slices import Key, Slice, slice_of
from assetflow.planning.staleness import reads_of
from assetflow.quoting import quote_identifier
from assetflow.running.changes import absolute, difference, readable_path
from assetflow.running.tables import table_of
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.incremental.answer import Answer, Change
    from assetflow.incremental.picked import Picked

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class PartitionChanges:
    """Answers for one project, or for one run, which sees snapshots that the ledger does not know yet."""

    warehouse: Warehouse
    snapshot: Callable[[str], Snapshot]
    lineage: Callable[[Asset], Lineage | None]
    open_cursor: Callable[[], Cursor]
    found: dict[tuple[str, ...], Slice | None] = field(default_factory=dict)

    def __call__(self, asset: Asset, then: Materialization, now: Mapping[str, str]) -> Slice | None:
        """The partitions that depend on what changed in these upstreams, which hold these snapshots now; None: all."""
        key = (asset.name, then.id, *sorted(f"{name}={id}" for name, id in now.items()))
        if key not in self.found:
            self.found[key] = self.find(asset, then, now)
        return self.found[key]

    def find(self, asset: Asset, then: Materialization, now: Mapping[str, str]) -> Slice | None:
        import duckdb

        cursor = self.open_cursor()
        try:
            return self.follow(asset, then, now, cursor)
        except (Refused, WrongColumnError, duckdb.Error):
            return None
        finally:
            cursor.close()

    def follow(self, asset: Asset, then: Materialization, now: Mapping[str, str], cursor: Cursor) -> Slice | None:
        reads = reads_of(asset, self.lineage(asset), then)
        before = {one.upstream: one.snapshot for one in then.inputs}
        changes = {}
        for name, id in now.items():
            if not before.get(name):
                raise Refused(f"what {name} held is not known")
            changes[name] = self.show(name, before[name], id, reads[name], cursor)
        cut = partitioning(asset.partition)
        found = Slice()
        inferred: dict[str, Change] = {}
        for name, change in changes.items():
            link = link_of(asset, cut, name)
            if link is None and is_parametrized(asset):
                if change.plus or change.minus:
                    picked = self.picked_by(asset, cut, name, now[name], then, cursor)
                    if picked is None:
                        return None
                    found = found | picked
            elif link is None:
                inferred[name] = change
            elif change.plus or change.minus:
                columns = columns_linked(cut, link, self.snapshot(now[name]).columns)
                if columns is None:
                    return None
                found = found | keys_linked(cursor, name, columns, link)
        inferred = {name: change for name, change in inferred.items() if change.plus or change.minus}
        if inferred:
            others = {name: now.get(name) or before[name] for name in asset.upstreams}
            more = self.infer(asset, cut, inferred, others, cursor)
            if more is None:
                return None
            found = found | more
        return found

    def show(self, name: str, before: str, now: str, read: ReadSet, cursor: Cursor) -> Change:
        """Make visible on the cursor what was, came and went of a table, as far as that is read of it."""
        from assetflow.incremental.answer import Change, version_of
        from assetflow.running.refreshing import has_rows
        from assetflow.running.rewriting import bag_difference, is_inexact_inside, view
        from assetflow.warehouse.snapshots import scan_files

        then, today = self.snapshot(before), self.snapshot(now)
        if then.sql is not None or today.sql is not None:
            raise Refused(f"{name} is a view")
        if [column[:2] for column in then.columns] != [column[:2] for column in today.columns]:
            raise Refused(f"{name} has other columns than before")
        came, went = difference(then.files, today.files)
        there = {file.sha256: file.path for file in today.files}
        old = [readable_path(name, file, there, self.warehouse) for file in then.files]
        gone = [readable_path(name, file, there, self.warehouse) for file in went]
        view(cursor, version_of(name, "old"), scan_files(then.columns, old))
        none = f"SELECT * FROM ({scan_files(today.columns, [*absolute(self.warehouse, today.files)][:1])}) WHERE false"
        plus = scan_files(today.columns, absolute(self.warehouse, came)) if came else none
        minus = scan_files(then.columns, gone) if gone else none
        seen = [column for column in today.columns if read.columns is None or column.name in read.columns]
        if came and went and seen and not any(is_inexact_inside(column.type) for column in seen):
            listed = ", ".join(quote_identifier(column.name) for column in seen)
            terms = [(f"SELECT {listed} FROM ({sql})", sign) for sql, sign in ((plus, 1), (minus, -1))]
            counted = quote_identifier(f"{name}__assetflow_counted")
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {counted} AS {bag_difference(seen, terms)}")
            rows = f"SELECT {with_nulls(today.columns, seen)} FROM {counted}, range(abs(assetflow_times)) WHERE"
            plus, minus = f"{rows} assetflow_times > 0", f"{rows} assetflow_times < 0"
        view(cursor, version_of(name, "plus"), plus)
        view(cursor, version_of(name, "minus"), minus)
        return Change(*(has_rows(cursor, version_of(name, version)) for version in ("plus", "minus")))

    def picked_by(
        self, asset: Asset, cut: Partitioning, name: str, now: str, then: Materialization, cursor: Cursor
    ) -> Slice | None:
        """The partitions for which SQL that speaks of its partition picks rows that changed."""
        from assetflow.incremental.answer import version_of
        from assetflow.incremental.picked import picked

        columns = self.snapshot(now).columns
        places = picked(asset.sql or "", {name: [column.name for column in columns]})[name]
        if not all(place.conditions for place in places):
            return None
        changed = quote_identifier(f"{name}__assetflow_changed")
        both = " UNION ALL ".join(f"FROM {quote_identifier(version_of(name, each))}" for each in ("plus", "minus"))
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {changed} AS {both}")
        keys = columns_linked(cut, link_picked(cut, places), columns)
        candidates = self.candidates(cut, then, keys, changed, cursor)
        if candidates is None:
            return None
        note_keys(cursor, cut, candidates)
        found = []
        for place in places:
            asked = with_values(place.sql(changed, KEYS, f"{KEYS}.number"), columns_of_keys(cut))
            found += [candidates[number] for (number,) in cursor.execute(asked).fetchall()]
        return slice_of(found)

    def candidates(
        self, cut: Partitioning, then: Materialization, columns: KeyColumns | None, changed: str, cursor: Cursor
    ) -> list[Key] | None:
        """The keys that may be concerned: all that there can be, or those from the first to the last that there are."""
        if cut.domain.is_finite:
            return list(cut.domain)
        if columns is None or None in columns.columns:
            return None
        rows = rows_of(cursor, f"SELECT {columns.listed} FROM {changed}")
        keys = {key for row in rows if (key := key_of_row(row)) is not None}
        for file in self.snapshot(then.snapshot).files:
            if file.partition is not None:
                keys.update(read_keys(cut, file.partition))
        if not keys:
            return []
        first, last = min(at for at, _ in keys), max(at for at, _ in keys)
        labels = {label for _, label in keys}
        return [(at, label) for at in range(first, last + 1) for label in labels if cut.holds((at, label))]

    def infer(
        self,
        asset: Asset,
        cut: Partitioning,
        changes: Mapping[str, Change],
        snapshots: Mapping[str, str],
        cursor: Cursor,
    ) -> Slice | None:
        """The keys of the rows of a query that came or went."""
        import duckdb

        from assetflow.incremental.blocks import take_apart
        from assetflow.incremental.refresh import refresh

        if asset.kind != "sql" or asset.files or asset.sql is None or is_parametrized(asset):
            return None
        tables = [table_of(name, self.snapshot(id), self.warehouse.root) for name, id in snapshots.items()]
        for table in tables:
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(table.name)} AS {table.sql}")
        relation = cursor.sql(asset.sql)
        made = [Column(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]
        keys = key_columns(asset, cut, made)
        answer = refresh(cursor, take_apart(asset.sql, frozenset(asset.upstreams)), changes)
        try:
            found = rows_of(cursor, keys_of_answer(answer, keys, made))
        except duckdb.Error:  # a value of a row that went cannot be computed; that of its key can
            found = rows_of(cursor, keys_of_answer(answer, keys, made, exactly=False))
        return slice_or_all(cut, found)


def rows_of(cursor: Cursor, sql: str) -> Rows:
    return cursor.execute(f"SELECT DISTINCT * FROM ({sql})").fetchall()


def keys_of_answer(answer: Answer, keys: KeyColumns, made: Sequence[Column], *, exactly: bool = True) -> str:
    """The SELECT of the keys of all rows that came to a query or went; `exactly`: not of those that did both."""
    from assetflow.incremental.answer import KEY
    from assetflow.incremental.exact import is_inexact
    from assetflow.running.rewriting import bag_difference

    wanted = [column[0] for column in keys.columns if column is not None]
    if answer.keys is not None and set(wanted) <= set(answer.key_columns):
        listed = ", ".join(f"{KEY}{answer.key_columns.index(name) + 1} AS {quote_identifier(name)}" for name in wanted)
        return f"SELECT {keys.listed} FROM (SELECT {listed} FROM {answer.keys})"
    named = ", ".join(quote_identifier(column.name) for column in made)
    plus, minus = (f"SELECT * FROM ({sql}) AS x({named})" for sql in (answer.plus, answer.minus or ""))
    if answer.minus is None:
        return f"SELECT {keys.listed} FROM ({plus})"
    if not exactly or any(is_inexact(column.type) for column in made):
        return f"SELECT {keys.listed} FROM (({plus}) UNION ALL ({minus}))"
    return f"SELECT {keys.listed} FROM ({bag_difference(made, [(plus, 1), (minus, -1)])})"


def slice_or_all(cut: Partitioning, rows: Rows) -> Slice | None:
    """The keys in some rows; None where one of them cannot be a key, which whoever makes all partitions will tell."""
    found = []
    for row in rows:
        key = key_of_row(row)
        if key is None or not (cut.holds(key) or cut.is_before_or_after(key)):
            return None
        found.append(key)
    return slice_of(found)


KEYS = "assetflow_partitions"


def note_keys(cursor: Cursor, cut: Partitioning, keys: Sequence[Key]) -> None:
    """Make a temporary table of keys, with what stands for `$partition_start` and the like in each."""
    columns = ", ".join(["number", *(quote_identifier(name) for name in variables(cut, example_key(cut)))])
    rows = [f"({number}, {', '.join(variables(cut, key).values())})" for number, key in enumerate(keys)]
    example = f"(-1, {', '.join(variables(cut, example_key(cut)).values())})"
    listed = ", ".join([example, *rows])
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {KEYS} AS SELECT * FROM (VALUES {listed}) AS x({columns})")
    cursor.execute(f"DELETE FROM {KEYS} WHERE number < 0")


def columns_of_keys(cut: Partitioning) -> dict[str, str]:
    """The columns of that table, by the parameters that they stand for."""
    return {name: f"{KEYS}.{quote_identifier(name)}" for name in variables(cut, example_key(cut))}


def link_picked(cut: Partitioning, places: Sequence[Picked]) -> Link:
    """The columns of an upstream that SQL compares with its partition."""
    by_parameter: dict[str, str] = {}
    for each in cut.dimensions:
        names = ("partition_start", "partition_end") if each.grain else (f"partition_{each.column.lower()}",)
        by_parameter.update(dict.fromkeys(names, each.column))
    if len(cut.dimensions) == 1:
        by_parameter["partition"] = cut.dimensions[0].column
    found: dict[str, str] = {}
    for place in places:
        for parameter, column in place.columns():
            if parameter in by_parameter:
                found.setdefault(by_parameter[parameter], column)
    return Link(columns=tuple(sorted(found.items())))


def with_nulls(columns: Sequence[Column], seen: Sequence[Column]) -> str:
    """A select list of all columns, with NULL for those that nobody reads."""
    names = {column.name for column in seen}
    return ", ".join(
        quote_identifier(column.name)
        if column.name in names
        else f"NULL::{column.type} AS {quote_identifier(column.name)}"
        for column in columns
    )


# Which rows of an upstream a partition reads


def link_of(asset: Asset, cut: Partitioning, upstream: str) -> Link | None:
    """What is declared of an upstream; for a function, which is handed just that, else by its columns' names.

    None for SQL of which nothing is declared: its text tells.
    """
    declared = cut.links.get(upstream)
    if declared is None and asset.kind == "python":
        return Link()
    return declared


def columns_linked(cut: Partitioning, link: Link, columns: Sequence[Column]) -> KeyColumns | None:
    """The columns of an upstream that tell to which partitions its rows belong; None: each belongs to all of them."""
    if link.is_all:
        return None
    there = {column.name.lower(): (column.name, column.type) for column in columns}
    found = tuple(there.get(link.column(each.column).lower()) for each in cut.dimensions)
    return KeyColumns(cut, found) if any(found) else None


def key_columns(asset: Asset, cut: Partitioning, columns: Sequence[Column]) -> KeyColumns:
    """The columns of the asset's own key; Refused where it has not got them."""
    there = {column.name.lower(): (column.name, column.type) for column in columns}
    found = tuple(there.get(each.column.lower()) for each in cut.dimensions)
    if None in found:
        raise Refused(f"{asset.name} has no column {cut.dimensions[found.index(None)].column}")
    return KeyColumns(cut, found)


def keys_linked(cursor: Cursor, name: str, columns: KeyColumns, link: Link) -> Slice:
    """The partitions that read the rows which came to an upstream or went."""
    from assetflow.incremental.answer import version_of

    changed = " UNION ALL ".join(
        f"SELECT * FROM {quote_identifier(version_of(name, version))}" for version in ("plus", "minus")
    )
    rows = cursor.execute(f"SELECT DISTINCT {columns.listed} FROM ({changed})").fetchall()
    return slice_read_by(columns, rows, -link.high, -link.low)


def slice_read_by(columns: KeyColumns, rows: Iterable[tuple[object, ...]], low: int, high: int) -> Slice:
    """The keys of some rows, and those so many windows from them; of all values of what the rows do not tell."""
    has_time = any(column is not None and each.grain for each, column in columns.pairs)
    is_timed = columns.partitioning.time is not None
    has_labels = all(column is not None for each, column in columns.pairs if not each.grain)
    found = Slice()
    keys = set()
    for at, *label in rows:
        if (is_timed and has_time and at is None) or (has_labels and any(value is None for value in label)):
            continue  # such a row belongs to no partition
        ranges: Ranges = EVERYWHERE if is_timed and not has_time else ((int(str(at)), int(str(at)) + 1),)
        keys.add((ranges, tuple(str(value) for value in label) if has_labels else None))
    by_label: dict[tuple[str, ...] | None, list[tuple[int, int]]] = {}
    for ranges, label_or_none in keys:
        by_label.setdefault(label_or_none, []).extend(ranges)
    for one, places in by_label.items():
        moved = widened(tuple(sorted(places)), low, high) if is_timed else ((0, 1),)
        found = found | (Slice(moved) if one is None else Slice(NONE, {one: moved}))
    return found


def is_parametrized(asset: Asset) -> bool:
    """True for SQL that speaks of its partition by itself: it is run once for each."""
    return asset.sql is not None and "$partition" in asset.sql.lower()


def paths_of(snapshot: Snapshot, root: str) -> list[str]:
    return [os.path.join(root, file.path) for file in snapshot.files]
