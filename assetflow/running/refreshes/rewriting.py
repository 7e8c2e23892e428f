"""Puts rows that came into the files of a table, and takes out those that went; files in which nothing changes stay.

    Answer (what came; what went, by keys or row by row)  --Rows-->  Refreshed (new files, and those that stay)

A row that goes is found by its values, and left out by its place: the number of its file and its number in there.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from assetflow.duck import described
from assetflow.incremental.answer import Answer
from assetflow.incremental.blocks import Parts
from assetflow.incremental.exact import is_inexact
from assetflow.incremental.ranges import Range, counted_ranges, is_ordered, ranges
from assetflow.incremental.refused import Lasting, Refused
from assetflow.incremental.tree import select_all, text
from assetflow.materialization import ReadSet, SnapshotFile
from assetflow.quoting import quote_identifier
from assetflow.running.built import Delta
from assetflow.running.refreshes.difference import (
    Difference,
    compared,
    difference_of,
    is_inexact_inside,
    is_replaced,
    refuse_like_ours,
    share_alike,
)
from assetflow.running.tasks.refresh import Refresh
from assetflow.warehouse.content.digest import NO_ROWS, sums, sums_key, tells_order
from assetflow.warehouse.content.file_sums import one_table
from assetflow.warehouse.content.reading import Staged
from assetflow.warehouse.content.scans import scan_files, scan_placed
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
CAME, WENT = "assetflow_net_came", "assetflow_net_went"
"""Views of the rows that come to a table and of those that go, none of them both."""


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

    `is_net`: no row is both among those that came and those that went. `stay` are the rows that were there before,
    where the others are those that came; `box` is a condition that of all rows there were only those fulfil which went.
    """

    rows: str
    came: str
    went: str | None = None
    is_net: bool = False
    stay: str | None = None
    box: str = ""


class Gone(Struct, frozen=True):
    """The rows that go, as they were found: how many stand in which file, and a condition that they alone fulfil.

    `is_net`: none of them comes again.
    """

    files: Mapping[int, int]
    box: str = ""
    is_net: bool = True


class Rows(Struct, frozen=True):
    """The rows that are there, and how an answer is put into their files, which go by their numbers."""

    given: Refresh
    cursor: Cursor
    folder: str
    reads: tuple[ReadSet, ...]

    @property
    def all_rows(self) -> int:
        return sum(file.rows for file in self.given.files)

    @property
    def all_files(self) -> range:
        return range(len(self.given.files))

    @property
    def names(self) -> list[str]:
        return [quote_identifier(column.name) for column in self.given.columns]

    def applied(self, answer: Answer) -> Refreshed:
        """Put in what came and take out what went; files in which nothing changes stay."""
        if answer.is_whole and answer.is_sorted:
            return self.staged_with(self.rewritten(answer, self.all_files), (), words(answer), in_order=True)
        if answer.is_whole:
            return self.staged_with(self.rewritten(answer, self.all_files), (), words(answer))
        if answer.keys is not None:
            return self.by_keys(answer)
        if answer.minus is not None:
            return self.by_rows(answer)
        return self.added(answer.plus, "added")

    def ordered(self, answer: Answer, parts: Parts) -> Refreshed:
        """A table with an order is written anew out of its rows: only their making is spared."""
        gone = self.find_rows(answer) if answer.keys is None and answer.minus is not None else Gone({})
        rewritten = self.rewritten(answer, self.all_files, gone)
        view(self.cursor, "assetflow_all_rows", rewritten.rows)
        node = select_all("assetflow_all_rows")
        node = {**node, "modifiers": [{"type": "ORDER_MODIFIER", "orders": list(parts.orders)}]}
        sorted_ = replace(rewritten, rows=text(node))
        return self.staged_with(sorted_, (), f"{words(answer)}, and sorted again", in_order=True)

    def by_keys(self, answer: Answer) -> Refreshed:
        gone = self.rows_of_keys(answer)
        rows = sum(gone.files.values())
        is_merged = any(rule.name == "merged" for rule in answer.rules)
        if rows > MOST_KEYS * self.all_rows > MOST_KEYS * FEW_ROWS and not is_merged:
            raise Refused(f"most of its rows are concerned: {rows:,} of {self.all_rows:,}")
        if not gone.files:
            return self.added(answer.plus, words(answer))
        return self.replacing(answer, gone, words(answer))

    def by_rows(self, answer: Answer) -> Refreshed:
        """Take out row by row: all files in which one of the rows stands are written anew."""
        gone = self.find_rows(answer)
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
        return self.staged_with(rewritten, self.others(touched), how, apart=apart)

    def added(self, plus: str, how: str) -> Refreshed:
        """Add rows as a file of their own, or together with small ones, where there are many of these."""
        small = self.with_small([])
        at_end = self.small_at_end()
        if small and len(at_end) >= MOST_SMALL:
            rewritten = self.rewritten(Answer(plus), at_end)
            return self.staged_with(rewritten, self.others(at_end), how, in_order=True)
        if small and not self.is_read_in_order:
            return self.staged_with(self.rewritten(Answer(plus), small), self.others(small), how)
        # What came is the file that came: nobody has to be told.
        return self.staged_with(Rewritten(plus, ""), self.given.files, how, keeps_order=True)

    def left_in(self, files: Sequence[int], gone: Mapping[int, int]) -> list[int]:
        """Those of the files of which not every row goes."""
        return [at for at in files if at not in gone or gone[at] < self.given.files[at].rows]

    def rewritten(self, answer: Answer, files: Sequence[int], gone: Gone | None = None) -> Rewritten:
        """The rows of some files after the answer was put in; `gone` are those that go, where these were looked for."""
        left = files if gone is None else self.left_in(files, gone.files)
        if gone is not None and answer.keys is None and answer.minus is not None:
            return self.without_found(left, gone)
        plus = self.once(answer.plus)
        if answer.is_whole:
            return Rewritten(plus, plus, self.of(files))
        if answer.keys is None:
            return with_others(self.of(files), plus)
        on = f"JOIN {answer.keys} AS keys ON {self.match(answer)}"
        went = f"SELECT old.* FROM ({self.of(files)}) AS old SEMI {on}"
        return with_others(f"SELECT old.* FROM ({self.of(left)}) AS old ANTI {on}" if left else None, plus, went)

    def of(self, files: Sequence[int]) -> str:
        """The rows of some files, with the types that the table has."""
        if files:
            return scan_files(self.given.columns, self.paths_at(files))
        typed = ", ".join(f"NULL::{column.type} AS {quote_identifier(column.name)}" for column in self.given.columns)
        return f"SELECT {typed} WHERE false"

    def once(self, plus: str) -> str:
        """The rows that came, made only once where they are told as well: sums of floats differ between two times."""
        if self.given.tell is None:
            return plus
        self.make("assetflow_came", plus)
        return "FROM assetflow_came"

    # Rows by their values

    def find_rows(self, answer: Answer) -> Gone:
        """Find the rows that went, each as often as it went."""
        self.refuse_unmatchable(answer)
        if answer.is_replaced:
            view(self.cursor, CAME, answer.plus)
            view(self.cursor, WENT, answer.minus or self.of(()))
            # What replaced the rows of a table may have left those columns as they were that are shown of it.
            alike = share_alike(self.cursor, self.given.columns, f"FROM {CAME}", f"FROM {WENT}")
            found = self.boxed() if is_replaced(alike) else None
            if found is not None:
                return replace(found, is_net=False)
        return self.find_net(answer)

    def find_net(self, answer: Answer) -> Gone:
        """Find the rows that went and did not come."""
        columns = self.given.columns
        listed = ", ".join(self.names)
        if answer.is_net:
            net, gone = (
                Difference(answer.plus, answer.minus),
                f"SELECT {listed}, 1 AS assetflow_times FROM ({answer.minus})",
            )
        else:
            net = difference_of(self.cursor, "assetflow_net", columns, answer.plus, answer.minus or "")
            gone = f"SELECT {listed}, -assetflow_times AS assetflow_times FROM assetflow_net WHERE assetflow_times < 0"
        view(self.cursor, CAME, net.came or self.of(()))
        view(self.cursor, WENT, net.went or self.of(()))
        self.make("assetflow_minus", f"SELECT *, row_number() OVER () AS assetflow_id FROM ({gone})")
        times, rows = self.ask("coalesce(sum(assetflow_times), 0), count(*) FROM assetflow_minus")
        whole = self.files_of("assetflow_minus", rows) if times == rows else None
        if whole is not None:
            self.make("assetflow_gone", "SELECT 0 AS assetflow_file, 0 AS assetflow_row WHERE false")
            return Gone({at: self.given.files[at].rows for at in whole})
        found = self.boxed() if times >= MANY_REPLACED else None
        if found is not None:
            return found
        near = self.near("assetflow_minus", [column.name for column in columns])
        pairs = zip(compared(columns, "old."), compared(columns, "gone."), strict=True)
        match = " AND ".join(f"{old} IS NOT DISTINCT FROM {gone}" for old, gone in pairs)
        old = f"SELECT * FROM ({self.placed(self.all_files)}) AS old WHERE {near}"
        joined = f"({old}) AS old JOIN assetflow_minus AS gone ON {match}"
        self.make("assetflow_gone", f"SELECT assetflow_file, assetflow_row, assetflow_id FROM {joined}")
        if self.ask("count(*), count(DISTINCT assetflow_id) FROM assetflow_gone") != (times, rows):
            self.drop_surplus()
        return Gone(self.counted("assetflow_file, count(*) FROM assetflow_gone GROUP BY ALL"))

    def boxed(self) -> Gone | None:
        """The rows that went, where they are all the rows between some values: so a day is, or a range of numbers.

        Each of them is there, so that none but them lies between these values where as many do. None: more do.
        """
        columns = [(each.name, each.type) for each in self.given.columns if is_ordered(each.type)]
        if not columns:
            return None
        went, found = counted_ranges(self.cursor, WENT, columns)
        # What is the same in all of them, as the day is, mostly tells, and is read in less time.
        same = [each if each and each[0] == each[1] else None for each in found]
        for box in dict.fromkeys(between([name for name, _ in columns], each) for each in (same, found)):
            among = f"({self.placed(self.all_files)}) AS old WHERE {box}"
            files = self.counted(f"assetflow_file, count(*) FROM {among} GROUP BY ALL") if box else {}
            if files and sum(files.values()) == went:
                return Gone(files, box)
        return None

    def files_of(self, table: str, rows: int) -> range | None:
        """Files side by side that hold the rows of a table and no others, as came in together; None: there are none.

        The sums of the hashes of their rows tell, by which all content is told apart.
        """
        fitting = [] if self.has_stored_otherwise else list(runs_of([file.rows for file in self.given.files], rows))
        if not fitting:
            return None
        key = sums_key(self.given.columns, ReadSet())
        (total,) = sums(self.cursor, table, self.given.columns, [ReadSet()])[1]
        for run in fitting:
            known = [self.given.sums.get((self.given.files[at].sha256, key)) for at in run]
            if sum((one for one in known if one is not None), NO_ROWS) == total:
                return run
        return None

    def drop_surplus(self) -> None:
        """Of rows that are alike, take out only as many as went; Refused when there are fewer."""
        self.make(
            "assetflow_gone",
            "SELECT assetflow_file, assetflow_row FROM assetflow_gone JOIN assetflow_minus USING (assetflow_id) "
            "QUALIFY row_number() OVER (PARTITION BY assetflow_id ORDER BY assetflow_file, assetflow_row) "
            "<= assetflow_times",
        )
        if self.ask("count(*) FROM assetflow_gone") < self.ask("sum(assetflow_times) FROM assetflow_minus"):
            raise Refused("rows to take out are not there")

    def without_found(self, files: Sequence[int], gone: Gone) -> Rewritten:
        """The rows of some files without those that were found, and with those that came."""
        listed = ", ".join(self.names)
        at = f"list_position({list(files)}, assetflow_file) - 1"
        came, went = f"SELECT {listed} FROM {CAME}", f"SELECT {listed} FROM {WENT}"
        if not files:
            return replace(with_others(None, came, went, is_net=gone.is_net), box=gone.box)
        if gone.box:
            stay = f"SELECT * FROM ({self.of(files)}) AS old WHERE ({gone.box}) IS NOT TRUE"
            return replace(with_others(stay, came, went, is_net=gone.is_net), box=gone.box)
        found = f"SELECT {at} AS assetflow_file, assetflow_row FROM assetflow_gone"
        others = (
            f"SELECT {listed} FROM ({self.placed(files)}) AS old ANTI JOIN ({found}) AS gone "
            "USING (assetflow_file, assetflow_row)"
        )
        return with_others(others, came, went, is_net=True)

    def refuse_unmatchable(self, answer: Answer) -> None:
        """Refuse to look for rows by values that are not made the same twice, or are equal and not the same."""
        refuse_like_ours(self.given.columns)
        computed = any(rule.name in ("keyed", "rows") for rule in answer.rules)
        for column in self.given.columns:
            if is_inexact(column.type) if computed else is_inexact_inside(column.type):
                raise Lasting(f"rows would have to be found by column {column.name}, a {column.type}")

    # Files

    def others(self, files: Sequence[int]) -> list[SnapshotFile]:
        return [file for at, file in enumerate(self.given.files) if at not in files]

    @property
    def has_stored_otherwise(self) -> bool:
        """True where files hold a column in another type than the table has."""
        return any(column.stored_as for column in self.given.columns)

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

    def rows_of_keys(self, answer: Answer) -> Gone:
        """How many rows of the keys stand in which file."""
        if not self.given.files:
            return Gone({})
        near = self.near(answer.keys or "", answer.key_columns)
        old = f"SELECT * FROM ({self.placed(self.all_files)}) AS old WHERE {near}"
        among = f"({old}) AS old SEMI JOIN {answer.keys} AS keys ON {self.match(answer)}"
        return Gone(self.counted(f"assetflow_file, count(*) FROM {among} GROUP BY ALL"))

    def near(self, keys: str, names: Sequence[str]) -> str:
        """A condition that rows which match a row of `keys` fulfil, and by which DuckDB passes over row groups.

        `names` are the columns of the table that stand for the first ones of `keys`.
        """
        columns = described(self.cursor, f"FROM {keys}")[: len(names)]
        return between(names, ranges(self.cursor, keys, columns)) or "true"

    def match(self, answer: Answer) -> str:
        keys = [name for name, _ in described(self.cursor, f"FROM {answer.keys}")][: len(answer.key_columns)]
        return " AND ".join(
            f"old.{quote_identifier(name)} IS NOT DISTINCT FROM keys.{quote_identifier(key)}"
            for name, key in zip(answer.key_columns, keys, strict=True)
        )

    def placed(self, files: Sequence[int]) -> str:
        """The rows of some files with the place of each: `assetflow_file`, counted from 0, and `assetflow_row`."""
        if not tells_order(self.given.columns):
            raise Refused("a column of its own has the name by which DuckDB tells where a row stands")
        return scan_placed(self.given.columns, self.paths_at(files))

    def paths_at(self, files: Sequence[int]) -> list[str]:
        return [os.path.join(self.given.root, self.given.files[at].path) for at in files]

    def make(self, name: str, sql: str) -> None:
        self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")

    def ask(self, asked: str) -> tuple[int, ...]:
        """The numbers that a SELECT gives."""
        return tuple(map(int, self.cursor.execute(f"SELECT {asked}").fetchall()[0]))

    def counted(self, asked: str) -> dict[int, int]:
        return {int(at): int(count) for at, count in self.cursor.execute(f"SELECT {asked}").fetchall()}

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
        if self.given.tell is None:
            return None
        new = sum(part.rows for part in parts)
        went = self.all_rows - sum(file.rows for file in stay)
        if rewritten.stay is None:
            is_known = rewritten.is_net or rewritten.box
            return Delta(None, None, new + went, in_files=True, is_net=rewritten.is_net) if is_known else None
        if not rewritten.box or len(parts) == 1:
            return None
        stayed, came = parts
        shown = [file.sha256 for file in (*self.given.files, *stayed.files, *came.files)]
        if len(set(shown)) < len(shown):  # Files that are alike are told apart by nothing.
            return None
        rows = went - stayed.rows + came.rows
        seen = tuple(file.sha256 for file in stayed.files)
        return Delta(None, None, rows, in_files=True, stayed=seen, box=rewritten.box, is_net=rewritten.is_net)

    def told(self, rewritten: Rewritten) -> Delta | None:
        """Write down the rows that came and those that went, for whoever is refreshed by them in the same run."""
        folder = self.given.tell
        if folder is None or not rewritten.came:
            return None
        came, went = rewritten.came, rewritten.went
        if went is not None and not rewritten.is_net:
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


def between(names: Sequence[str], found: Sequence[Range]) -> str:
    """A condition on columns of `old`: they lie between these values, as far as these are known."""
    said = zip(names, found, strict=True)
    return " AND ".join(f"old.{quote_identifier(name)} BETWEEN {each[0]} AND {each[1]}" for name, each in said if each)


def runs_of(sizes: Sequence[int], total: int) -> Iterator[range]:
    """Where numbers that stand side by side add up to a total."""
    first = held = 0
    for at, size in enumerate(sizes):
        held += size
        while held > total:
            held -= sizes[first]
            first += 1
        if held == total:
            yield range(first, at + 1)


def all_of(staged: Sequence[Staged]) -> Staged:
    """The files of several parts of a table; those who ask for digests get them of the whole table."""
    first, *others = staged
    if any(other.columns != first.columns for other in others):
        raise Refused("its rows are stored otherwise than before")
    return replace(
        first, files=tuple(file for one in staged for file in one.files), rows=sum(one.rows for one in staged),
        sums=tuple(each for one in staged for each in one.sums),
    )  # fmt: skip


def with_others(stay: str | None, came: str, went: str | None = None, *, is_net: bool = False) -> Rewritten:
    """Rows that came, with those that stay."""
    return Rewritten(came if stay is None else f"({stay}) UNION ALL ({came})", came, went, is_net, stay)


def words(answer: Answer) -> str:
    """What was done, as a person says it."""
    if answer.keeps:
        return ", ".join(dict.fromkeys(str(rule) for rule in answer.rules if rule.name in ("kept", "whole")))
    for rule in reversed(answer.rules):
        if rule.name != "unchanged":
            return {"append": "added", "linear": "added and taken out"}.get(rule.name, str(rule))
    return "unchanged"


def view(cursor: Cursor, name: str, sql: str, *, looks: bool = False) -> None:
    """Make rows readable under a name; `looks`: at their files, too, which otherwise the first query does."""
    how = "" if looks else " WITH (DEFER_BINDING)"
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(name)}{how} AS {sql}")
