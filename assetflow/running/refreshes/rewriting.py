"""Puts rows that came into the files of a table, and leaves out those that went; files in which nothing changes stay.

    Answer, Gone  --Rows-->  Rewritten (SELECTs of the rows of some files)  --written-->  Refreshed (new files, and
                                                                                          those that stay)

`deletes` finds the rows that go. Written anew are the files in which they stand, and small ones with them where there
are too many of these.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from assetflow.incremental.answer import Answer
from assetflow.incremental.blocks import Parts
from assetflow.incremental.refused import Refused
from assetflow.incremental.tree import select_all, text
from assetflow.materialization import ReadSet, SnapshotFile
from assetflow.running.built import Delta
from assetflow.running.refreshes.deletes import CAME, WENT, Gone, find_keys, find_rows, match, staying
from assetflow.running.refreshes.difference import Difference, difference_of, is_inexact_inside
from assetflow.running.refreshes.table_files import TableFiles
from assetflow.running.refreshes.temporary import make_table, make_view
from assetflow.running.tasks.refresh import Refresh
from assetflow.warehouse.content.file_sums import one_table
from assetflow.warehouse.content.reading import Staged
from assetflow.warehouse.content.staging import stage_query, write_rows
from assetflow.warehouse.content.types import stored_as

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

MOST_SMALL = 32
"""Small files of a table beyond which they are put together."""
SMALL = 50_000
"""Rows of a file that is small."""
MOST_KEYS = 0.5
"""The share of a table's rows beyond which making only the keys concerned costs as much as making all."""
FEW_ROWS = 100_000
MANY_REPLACED = 10_000
"""Rows from which on those that come in the place of others get files of their own, beside as many that stay."""


class Refreshed(Struct, frozen=True):
    """What an incremental refresh made: all files of the table, new and old, and in words what was done.

    `keeps_order`: rows that were there stand where they stood, and new ones behind them; or all are sorted. `delta` are
    the rows that came and went, where somebody wants to know. `groups` is a file of what is to be kept beside them;
    `anew` says why it was made of all rows.
    """

    staged: Staged
    how: str
    keeps_order: bool
    delta: Delta | None = None
    groups: str | None = None
    anew: str | None = None


class Rewritten(Struct, frozen=True):
    """SELECTs of the rows of some files as they will be, of those that came, and of those that went (None: none).

    `stay` are the rows that were there before, where the others are those that came. `gone` are those that went, where
    they were found by their values: then none of them came as well, but where they were replaced.
    """

    rows: str
    came: str
    went: str | None = None
    stay: str | None = None
    gone: Gone | None = None


class Rows(Struct, frozen=True):
    """The rows that are there, and how an answer is put into their files."""

    given: Refresh
    cursor: Cursor
    folder: str
    reads: tuple[ReadSet, ...]

    @property
    def there(self) -> TableFiles:
        given = self.given
        return TableFiles(given.columns, given.files, given.root, given.sums, given.bounds)

    def applied(self, answer: Answer) -> Refreshed:
        """Put in what came and take out what went; files in which nothing changes stay."""
        if answer.is_whole and answer.is_sorted:
            return self.staged_with(self.rewritten(answer, self.there.all_files), (), words(answer), in_order=True)
        if answer.is_whole:
            return self.staged_with(self.rewritten(answer, self.there.all_files), (), words(answer))
        if answer.keys is not None:
            return self.by_keys(answer)
        if answer.minus is not None:
            return self.by_rows(answer)
        return self.added(answer.plus, "added")

    def ordered(self, answer: Answer, parts: Parts) -> Refreshed:
        """A table with an order is written anew out of its rows: only their making is spared."""
        is_by_rows = answer.keys is None and answer.minus is not None
        gone = find_rows(self.cursor, self.there, answer) if is_by_rows else None
        rewritten = self.rewritten(answer, self.there.all_files, gone)
        make_view(self.cursor, "assetflow_all_rows", rewritten.rows)
        node = select_all("assetflow_all_rows")
        node = {**node, "modifiers": [{"type": "ORDER_MODIFIER", "orders": list(parts.orders)}]}
        sorted_ = replace(rewritten, rows=text(node))
        return self.staged_with(sorted_, (), f"{words(answer)}, and sorted again", in_order=True)

    def by_keys(self, answer: Answer) -> Refreshed:
        gone = find_keys(self.cursor, self.there, answer)
        rows = sum(gone.files.values())
        is_merged = any(rule.name == "merged" for rule in answer.rules)
        if rows > MOST_KEYS * self.there.all_rows > MOST_KEYS * FEW_ROWS and not is_merged:
            raise Refused(f"most of its rows are concerned: {rows:,} of {self.there.all_rows:,}")
        if not gone.files:
            return self.added(answer.plus, words(answer))
        return self.replacing(answer, gone, words(answer))

    def by_rows(self, answer: Answer) -> Refreshed:
        """Take out row by row: all files in which one of the rows stands are written anew."""
        gone = find_rows(self.cursor, self.there, answer)
        if not gone.files:
            return self.added(f"FROM {CAME}", words(answer))
        return self.replacing(answer, gone, words(answer))

    def replacing(self, answer: Answer, gone: Gone, how: str) -> Refreshed:
        """Put rows in the place of others, of which so many stand in these files.

        What comes in the place of many gets files of its own. What changed lately is what changes again: then all rows
        of these files go, and nothing else is written anew.
        """
        touched = self.with_small(gone.files)
        rewritten = self.rewritten(answer, touched, gone)
        went = sum(gone.files.values())
        stay = sum(self.given.files[at].rows for at in touched) - went
        apart = len(touched) == len(gone.files) and min(went, stay) >= MANY_REPLACED and not self.has_wide
        return self.staged_with(rewritten, self.there.others(touched), how, apart=apart)

    def added(self, plus: str, how: str) -> Refreshed:
        """Add rows as a file of their own, or together with small ones, where there are many of these."""
        small = self.with_small([])
        at_end = self.small_at_end()
        if small and len(at_end) >= MOST_SMALL:
            rewritten = self.rewritten(Answer(plus), at_end)
            return self.staged_with(rewritten, self.there.others(at_end), how, in_order=True)
        if small and not self.is_read_in_order:
            return self.staged_with(self.rewritten(Answer(plus), small), self.there.others(small), how)
        # What came is the file that came: nobody has to be told.
        return self.staged_with(Rewritten(plus, ""), self.given.files, how, keeps_order=True)

    def rewritten(self, answer: Answer, files: Sequence[int], gone: Gone | None = None) -> Rewritten:
        """The rows of some files after the answer was put in; `gone` are those that go, where these were looked for."""
        left = files if gone is None else self.there.left_in(files, gone.files)
        if gone is not None and answer.keys is None and answer.minus is not None:
            return self.without_found(left, gone)
        plus = self.once(answer.plus)
        if answer.is_whole:
            return Rewritten(plus, plus, self.there.of(files))
        if answer.keys is None:
            return with_others(self.there.of(files), plus)
        matches = gone.on if gone is not None and gone.on else match(self.cursor, answer)
        on = f"JOIN {answer.keys} AS keys ON {matches}"
        went = f"SELECT old.* FROM ({self.there.of(files)}) AS old SEMI {on}"
        return with_others(f"SELECT old.* FROM ({self.there.of(left)}) AS old ANTI {on}" if left else None, plus, went)

    def once(self, plus: str) -> str:
        """The rows that came, made only once where they are told as well: sums of floats differ between two times."""
        if self.given.tell is None:
            return plus
        make_table(self.cursor, "assetflow_came", plus)
        return "FROM assetflow_came"

    def without_found(self, files: Sequence[int], gone: Gone) -> Rewritten:
        """The rows of some files without those that were found, and with those that came."""
        listed = self.there.listed
        came, went = f"SELECT {listed} FROM {CAME}", f"SELECT {listed} FROM {WENT}"
        stay = staying(self.there, files, gone)
        return with_others(stay, came, went, gone)

    # Files

    @property
    def has_wide(self) -> bool:
        """True where a column is stored by the largest of its numbers: some of the rows would be stored otherwise."""
        return any(column.stored_as != stored_as(column.type) for column in self.given.columns)

    def with_small(self, touched: Collection[int]) -> list[int]:
        """The files to write anew, and the small ones with them where there are too many files."""
        small = {at for at, file in enumerate(self.given.files) if file.rows < SMALL}.difference(touched)
        return sorted(small.union(touched) if len(small) >= MOST_SMALL else touched)

    def small_at_end(self) -> range:
        """The small files behind all others: put together, their rows stay in their order."""
        first = len(self.given.files)
        while first and self.given.files[first - 1].rows < SMALL:
            first -= 1
        return range(first, len(self.given.files))

    @property
    def is_read_in_order(self) -> bool:
        return self.given.read_in_order is not None or any(read.ordered for read in self.reads)

    # What comes out

    def staged_with(
        self, rewritten: Rewritten, stay: Sequence[SnapshotFile], how: str, *, in_order: bool = False,
        keeps_order: bool = False, apart: bool = False,
    ) -> Refreshed:  # fmt: skip
        """Write rows, and put the new files together with those that stay. `apart`: what came into files of its own."""
        queries = (rewritten.stay, rewritten.came) if apart and rewritten.stay else (rewritten.rows,)
        parts = [
            stage_query(self.cursor, sql, self.folder, f"part-{at}.parquet", reads=self.reads, spread=not in_order)
            for at, sql in enumerate(queries)
        ]
        staged = all_of(parts)
        if staged.columns != self.given.columns:
            raise Refused("its rows are stored otherwise than before")
        new = [file for file in staged.files if file.rows]
        made = self.combined(staged, stay, new if new or stay else staged.files)
        told = self.told_in_files(rewritten, parts, stay) or self.told(rewritten)
        return Refreshed(made, how, in_order or keeps_order, told)

    def combined(self, staged: Staged, stay: Sequence[SnapshotFile], new: Sequence[SnapshotFile]) -> Staged:
        return one_table(self.cursor, self.given.root, staged, stay, new, self.reads, self.given.sums)

    def told_in_files(
        self, rewritten: Rewritten, parts: Sequence[Staged], stay: Sequence[SnapshotFile]
    ) -> Delta | None:
        """What came and went, where files tell: whole ones, or those rows of a file that lay between some values."""
        gone = rewritten.gone
        if self.given.tell is None or gone is None:
            return None
        new = sum(part.rows for part in parts)
        went = self.there.all_rows - sum(file.rows for file in stay)
        if rewritten.stay is None:
            return Delta(None, None, new + went, in_files=True, is_replaced=gone.is_replaced)
        if not gone.box or len(parts) == 1:
            return None
        stayed, came = parts
        shown = [file.sha256 for file in (*self.given.files, *stayed.files, *came.files)]
        if len(set(shown)) < len(shown):  # Files that are alike are told apart by nothing.
            return None
        rows = went - stayed.rows + came.rows
        seen = tuple(file.sha256 for file in stayed.files)
        return Delta(None, None, rows, in_files=True, stayed=seen, box=gone.box, is_replaced=gone.is_replaced)

    def told(self, rewritten: Rewritten) -> Delta | None:
        """Write down the rows that came and those that went, for whoever is refreshed by them in the same run."""
        folder = self.given.tell
        if folder is None or not rewritten.came:
            return None
        came, went, gone = rewritten.came, rewritten.went, rewritten.gone
        if went is not None and (gone is None or gone.is_replaced):
            if any(is_inexact_inside(column.type) for column in self.given.columns):
                return None
            told = difference_of(self.cursor, "assetflow_told", self.given.columns, came, went)
        else:
            told = Difference(came, went)
        os.makedirs(folder, exist_ok=True)
        paths, rows = [], 0
        for name, sql in (("came", told.came), ("went", told.went)):
            path = os.path.join(folder, f"{name}.parquet")
            count = 0 if sql is None else write_rows(self.cursor, sql, self.given.columns, path)
            paths.append(path if count else None)
            rows += count
        return Delta(paths[0], paths[1], rows)


def all_of(staged: Sequence[Staged]) -> Staged:
    """The files of several parts of a table; those who ask for digests get them of the whole table."""
    first, *others = staged
    if any(other.columns != first.columns for other in others):
        raise Refused("its rows are stored otherwise than before")
    return replace(
        first, files=tuple(file for one in staged for file in one.files), rows=sum(one.rows for one in staged),
        sums=tuple(each for one in staged for each in one.sums),
        bounds=tuple(each for one in staged for each in one.bounds),
    )  # fmt: skip


def with_others(stay: str | None, came: str, went: str | None = None, gone: Gone | None = None) -> Rewritten:
    """Rows that came, with those that stay."""
    return Rewritten(came if stay is None else f"({stay}) UNION ALL ({came})", came, went, stay, gone)


def words(answer: Answer) -> str:
    """What was done, as a person says it."""
    if answer.keeps:
        return ", ".join(dict.fromkeys(str(rule) for rule in answer.rules if rule.name in ("kept", "whole")))
    for rule in reversed(answer.rules):
        if rule.name != "unchanged":
            return {"append": "added", "linear": "added and taken out"}.get(rule.name, str(rule))
    return "unchanged"
