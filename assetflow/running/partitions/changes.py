"""Finds which partitions of an asset depend on rows that came or went in what it reads: no lookback, no guess.

rows that came and went  --a declared column of the upstream-->  their keys, and those so many windows after
                         --the query, followed by the rules of incremental refresh-->  the keys of its own rows
                         --neither-->  Refused: all of them may, and why
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.duck import described
from assetflow.engines import Table
from assetflow.errors import WarehouseError
from assetflow.incremental.refused import Refused
from assetflow.lineage.columns import Lineage
from assetflow.lineage.sql.tokens import with_values
from assetflow.materialization import Column, Input, Materialization, ReadSet, Snapshot
from assetflow.partitions.declared import partitioning
from assetflow.partitions.key_columns import KeyColumns, WrongColumnError, key_of_row
from assetflow.partitions.partitioning import Link, Partitioning
from assetflow.partitions.slices import Key, Slice, slice_of
from assetflow.planning.staleness import Concerned, Content, reads_of
from assetflow.quoting import quote_identifier
from assetflow.running.partitions.answer_keys import keys_of_answer, rows_of, slice_of_rows
from assetflow.running.partitions.links import columns_linked, link_of, link_picked, slice_read_by
from assetflow.running.partitions.listed_keys import KEYS, columns_of_keys, note_keys
from assetflow.running.partitions.own_keys import key_columns
from assetflow.running.partitions.sql_forms import is_batched, is_parametrized
from assetflow.running.partitions.upstream_keys import keys_of_upstreams
from assetflow.running.partitions.versions import Versions
from assetflow.running.tasks.reading import said
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.incremental.answer import Change, Version


@dataclass(frozen=True)
class PartitionChanges:
    """Answers for one project, or for one run, which sees snapshots that the ledger does not know yet."""

    warehouse: Warehouse
    assets: Mapping[str, Asset]
    snapshot: Callable[[str], Snapshot]
    lineage: Callable[[Asset], Lineage | None]
    open_cursor: Callable[[], Cursor]
    found: dict[tuple[str, ...], Concerned] = field(default_factory=dict)

    def __call__(
        self, asset: Asset, then: Materialization, changed: Collection[str], contents: Mapping[str, Content | None]
    ) -> Concerned:
        """The partitions that depend on what changed in these upstreams, given what all hold now."""
        key = (asset.name, then.id, *sorted(f"{name}={contents[name]}" for name in changed))
        if key not in self.found:
            self.found[key] = self.find(asset, then, changed, contents)
        return self.found[key]

    def find(
        self, asset: Asset, then: Materialization, changed: Collection[str], contents: Mapping[str, Content | None]
    ) -> Concerned:
        from assetflow.duck import duckdb

        cursor = self.open_cursor()
        try:
            versions = Versions(self.warehouse, self.snapshot, self.lineage, self.assets, contents, cursor)
            return Concerned(self.follow(asset, then, changed, versions))
        except Refused as refused:
            return Concerned(None, said(refused, asset, ()))
        except WrongColumnError as error:
            return Concerned(None, f"a column {error}")
        except (WarehouseError, duckdb.Error) as error:
            return Concerned(None, str(error).partition("\n")[0])
        finally:
            cursor.close()

    def follow(self, asset: Asset, then: Materialization, changed: Collection[str], versions: Versions) -> Slice:
        """The same; Refused and others where it cannot be told."""
        reads = reads_of(asset, self.lineage(asset), then)
        shown = versions.show_all([one for one in then.inputs if one.upstream in changed], reads)
        cut, cursor = partitioning(asset.partition), versions.cursor
        found = Slice()
        inferred: dict[str, Change] = {}
        for read in then.inputs:
            if read.upstream not in shown and asset.kind == "sql":
                versions.name(read.upstream, "new", self.rows_then(read))
        for name, one in shown.items():
            if not (one.change.plus or one.change.minus):
                continue
            link = link_of(asset, cut, name)
            if link is None and not is_parametrized(asset):
                inferred[name] = one.change
                continue
            if link is None:
                found = found | self.picked_by(asset, cut, name, one.columns, cursor)
            elif (columns := columns_linked(cut, link, one.columns)) is not None:
                refuse_unread(name, columns, reads[name])
                keys = keys_linked(cursor, name, columns, link)
                found = found | keys
                if not is_batched(asset):  # of which there are as many as the query makes rows for
                    found = found | begun_or_ended(cursor, name, columns, keys)
            else:
                raise Refused(f"each of them reads all of {name}")
        return found | self.infer(asset, cut, inferred, cursor) if inferred else found

    def picked_by(self, asset: Asset, cut: Partitioning, name: str, columns: Sequence[Column], cursor: Cursor) -> Slice:
        """The partitions for which SQL that speaks of its partition picks rows that changed."""
        from assetflow.incremental.answer import version_of
        from assetflow.incremental.picked import picked

        places = picked(asset.sql or "", {name: [column.name for column in columns]})[name]
        if not all(place.conditions for place in places):
            raise Refused(f"each of them reads all of {name}")
        changed = quote_identifier(f"{name}__assetflow_changed")
        both = " UNION ALL ".join(f"FROM {quote_identifier(version_of(name, each))}" for each in ("plus", "minus"))
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {changed} AS {both}")
        keys = columns_linked(cut, link_picked(cut, places), columns)
        if not cut.domain.is_finite and (keys is None or None in keys.columns):
            raise Refused(f"no column of {name} tells for which of them its rows are read")
        candidates = list(cut.domain) if cut.domain.is_finite else keys_there(asset, cut, cursor)
        note_keys(cursor, cut, candidates)
        found = []
        for place in places:
            asked = with_values(place.sql(changed, KEYS, f"{KEYS}.number"), columns_of_keys(cut))
            found += [candidates[number] for (number,) in cursor.execute(asked).fetchall()]
        read_by = slice_of(found)
        return read_by if keys is None else read_by | begun_or_ended(cursor, name, keys, read_by)

    def rows_then(self, read: Input) -> str:
        """The SELECT of what an upstream held, and of what a view showed."""
        from assetflow.warehouse.content.scans import scan

        snapshot = self.snapshot(read.snapshot)
        return scan(snapshot, self.warehouse.root) if snapshot.sql is None else self.warehouse.views.as_it_was(read)

    def infer(self, asset: Asset, cut: Partitioning, changes: Mapping[str, Change], cursor: Cursor) -> Slice:
        """The keys of the rows of a query that came or went, where all that it reads is shown."""
        from assetflow.duck import duckdb
        from assetflow.incremental.blocks import take_apart
        from assetflow.incremental.refresh import refresh

        if asset.files:
            raise Refused(f"it reads {asset.files[0]} in place")
        sql = asset.sql or ""
        made = [Column(name, kind) for name, kind in described(cursor, sql)]
        keys = key_columns(asset, cut, made)
        answer = refresh(cursor, take_apart(sql, frozenset(asset.upstreams)), changes)
        try:
            found = rows_of(cursor, keys_of_answer(answer, keys, made))
        except duckdb.Error:  # a value of a row that went cannot be computed; that of its key can
            found = rows_of(cursor, keys_of_answer(answer, keys, made, exactly=False))
        keys_found = slice_of_rows(cut, found)
        if keys_found is None:
            raise Refused("rows came or went that can belong to none of them")
        return keys_found


def keys_there(asset: Asset, cut: Partitioning, cursor: Cursor) -> list[Key]:
    """All keys for which there are rows now, whether the asset makes rows of them or not."""
    tables = [Table(name, f"FROM {quote_identifier(name)}") for name in asset.upstreams]
    rows = (row for row, _ in keys_of_upstreams(asset, tables, cursor))
    return sorted({key for row in rows if (key := key_of_row(row)) is not None and cut.holds(key)})


def refuse_unread(name: str, columns: KeyColumns, read: ReadSet) -> None:
    """Refuse columns that are declared to tell which rows belong to a partition, and are not among those compared."""
    for column in columns.columns:
        if column is not None and read.columns is not None and column[0] not in read.columns:
            raise Refused(f"{column[0]} of {name}, by which rows are declared to belong to them, is not read")


def keys_linked(cursor: Cursor, name: str, columns: KeyColumns, link: Link) -> Slice:
    """The partitions that read the rows which came to an upstream or went."""
    rows = rows_of(cursor, f"{keys_in(name, columns, 'plus')} UNION ALL {keys_in(name, columns, 'minus')}")
    return slice_read_by(columns, rows, -link.high, -link.low)


def begun_or_ended(cursor: Cursor, name: str, columns: KeyColumns, found: Slice) -> Slice:
    """Partitions beside those found that there are since these rows came, or of which none are left.

    An upstream tells which partitions there are also where each reads the rows of others: those of the day before.
    """
    if columns.partitioning.domain.is_finite or None in columns.columns:
        return Slice()
    plus, minus, old, new = (keys_in(name, columns, version) for version in ("plus", "minus", "old", "new"))
    own = slice_read_by(columns, rows_of(cursor, f"{plus} UNION ALL {minus}"), 0, 0)
    if not own - found:
        return Slice()
    rows = rows_of(cursor, f"({plus} EXCEPT {old}) UNION ALL ({minus} EXCEPT {new})")
    return slice_read_by(columns, rows, 0, 0)


def keys_in(name: str, columns: KeyColumns, version: Version) -> str:
    """The SELECT of the keys of all rows of an upstream, as it is or was, or of those that came or went."""
    from assetflow.incremental.answer import version_of

    return f"SELECT {columns.listed} FROM {quote_identifier(version_of(name, version))}"
