"""Finds the rows of a table that go, by the values that tell them; what becomes of their files is not decided here.

    keys  -----------------------------------------------  their rows        --+
    rows that went  --without those that came as well--+-  whole files         +--  Gone: how many, in which file
                                                       +-  a range of values   |
                                                       +-  row by row        --+

What costs least is tried first: sums tell whole files, and bounds tell which files to open. The rows that stay are all
others: those outside of the range, or those in other places (the number of a file and that of a row in there).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from assetflow.duck import described
from assetflow.incremental.answer import Answer
from assetflow.incremental.exact import is_inexact
from assetflow.incremental.ranges import counted_ranges, ranges
from assetflow.incremental.refused import Lasting, Refused
from assetflow.materialization import ReadSet
from assetflow.quoting import quote_identifier
from assetflow.running.refreshes.difference import (
    Difference,
    compared,
    difference_of,
    is_inexact_inside,
    is_replaced,
    refuse_like_ours,
    share_alike,
)
from assetflow.running.refreshes.table_files import TableFiles
from assetflow.running.refreshes.temporary import counted, make_table, make_view, numbers
from assetflow.warehouse.content.bounds import Between, is_ordered
from assetflow.warehouse.content.digest import NO_ROWS, sums, sums_key

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

MANY_GONE = 10_000
"""Rows from which on a range of values is looked for that tells them."""
CAME, WENT = "assetflow_net_came", "assetflow_net_went"
"""Views of the rows that come to a table and of those that go, none of them both."""
MINUS = "assetflow_minus"
"""The rows that are looked for, with a number each, and how often each goes."""
GONE = "assetflow_gone"
"""The places of those that were found row by row."""

NOT_THERE = "rows to take out are not there"


class Gone(Struct, frozen=True):
    """The rows that go, as they were found: how many stand in which file, and a condition that they alone fulfil.

    `is_replaced`: hardly one of them comes again, and nobody looked which. `on`: that a row of `old` has one of `keys`.
    """

    files: Mapping[int, int]
    box: str = ""
    is_replaced: bool = False
    on: str = ""


def find_keys(cursor: Cursor, table: TableFiles, answer: Answer) -> Gone:
    """Find the rows of the keys."""
    columns = described(cursor, f"FROM {answer.keys}")
    old = rows_near(cursor, table, answer.keys or "", answer.key_columns, columns)
    if old is None:
        return Gone({})
    on = matching(answer.key_columns, columns)
    among = f"({old}) AS old SEMI JOIN {answer.keys} AS keys ON {on}"
    return Gone(counted(cursor, f"assetflow_file, count(*) FROM {among} GROUP BY ALL"), on=on)


def find_rows(cursor: Cursor, table: TableFiles, answer: Answer) -> Gone:
    """Find the rows that went, each as often as it went; then CAME and WENT show what comes and goes."""
    refuse_unmatchable(table, answer)
    if answer.is_replaced:
        make_view(cursor, CAME, answer.plus)
        make_view(cursor, WENT, answer.minus or table.of(()))
        # What replaced the rows of a table may have left those columns as they were that are shown of it.
        is_shown = answer.is_shown or is_replaced(share_alike(cursor, table.columns, f"FROM {CAME}", f"FROM {WENT}"))
        found = boxed(cursor, table) if is_shown else None
        if found is not None:
            return replace(found, is_replaced=True)
    return find_net(cursor, table, answer)


def staying(table: TableFiles, files: Sequence[int], gone: Gone) -> str | None:
    """The rows of some files without those that `find_rows` found; None where there are no files."""
    if not files:
        return None
    if gone.box:
        return f"SELECT * FROM ({table.of(files)}) AS old WHERE ({gone.box}) IS NOT TRUE"
    places = "assetflow_file, assetflow_row"
    return f"SELECT {table.listed} FROM ({table.placed(files)}) AS old ANTI JOIN {GONE} AS gone USING ({places})"


# By all their values


def find_net(cursor: Cursor, table: TableFiles, answer: Answer) -> Gone:
    """Find the rows that went and did not come."""
    columns, listed = table.columns, table.listed
    if answer.is_of_single_rows:
        net = Difference(answer.plus, answer.minus)
        gone = f"SELECT {listed}, 1 AS assetflow_times FROM ({answer.minus})"
    else:
        net = difference_of(cursor, "assetflow_net", columns, answer.plus, answer.minus or "")
        gone = f"SELECT {listed}, -assetflow_times AS assetflow_times FROM assetflow_net WHERE assetflow_times < 0"
    make_view(cursor, CAME, net.came or table.of(()))
    make_view(cursor, WENT, net.went or table.of(()))
    make_table(cursor, MINUS, f"SELECT *, row_number() OVER () AS assetflow_id FROM ({gone})")
    times, rows = numbers(cursor, f"coalesce(sum(assetflow_times), 0), count(*) FROM {MINUS}")
    whole = whole_files(cursor, table, rows) if times == rows else None
    if whole is not None:
        make_table(cursor, GONE, "SELECT 0 AS assetflow_file, 0 AS assetflow_row WHERE false")
        return Gone({at: table.files[at].rows for at in whole})
    found = boxed(cursor, table) if times >= MANY_GONE else None
    return found or one_by_one(cursor, table, times, rows)


def whole_files(cursor: Cursor, table: TableFiles, rows: int) -> range | None:
    """Files side by side that hold the rows of MINUS and no others, as came in together; None: there are none.

    The sums of the hashes of their rows tell, by which all content is told apart.
    """
    # Where files hold a column in another type than the table has, their sums are not those of its rows.
    if any(column.stored_as for column in table.columns):
        return None
    fitting = list(runs_of([file.rows for file in table.files], rows))
    if not fitting:
        return None
    key = sums_key(table.columns, ReadSet())
    (total,) = sums(cursor, MINUS, table.columns, [ReadSet()])[1]
    for run in fitting:
        known = [table.sums.get((table.files[at].sha256, key)) for at in run]
        if sum((one for one in known if one is not None), NO_ROWS) == total:
            return run
    return None


def boxed(cursor: Cursor, table: TableFiles) -> Gone | None:
    """The rows that went, where they are all the rows between some values: so a day is, or a range of numbers.

    Each of them is there, so that none but them lies between these values where as many do. None: more do.
    """
    kinds = {each.name: each.type for each in table.columns if is_ordered(each.type)}
    # By what files stand apart, their rows mostly go: most columns then need no look.
    for names in (table.apart_by(kinds), list(kinds)):
        found = boxed_by(cursor, table, [(name, kinds[name]) for name in names]) if names else None
        if found is not None:
            return found
    return None


def boxed_by(cursor: Cursor, table: TableFiles, columns: Sequence[tuple[str, str]]) -> Gone | None:
    """The same by the values of some columns."""
    went, found = counted_ranges(cursor, WENT, columns)
    # What is the same in all of them, as the day is, mostly tells, and is read in less time.
    same = [each if each and each.least == each.greatest else None for each in found]
    for some in (same, found) if same != found else (found,):
        box = list(zip([name for name, _ in columns], some, strict=True))
        close, near = between(box), table.near(box)
        if not close or not near:
            continue
        files = rows_within(cursor, table, box, near)
        if sum(files.values()) == went:
            return Gone(files, close)
    return None


def rows_within(
    cursor: Cursor, table: TableFiles, box: Sequence[tuple[str, Between | None]], near: Sequence[int]
) -> Mapping[int, int]:
    """How many rows of each of these files lie between some values: all, where the bounds of the files say so."""
    if table.are_within(near, box):
        return {at: table.files[at].rows for at in near}
    among = f"({table.placed(near)}) AS old WHERE {between(box)}"
    return counted(cursor, f"assetflow_file, count(*) FROM {among} GROUP BY ALL")


def one_by_one(cursor: Cursor, table: TableFiles, times: int, rows: int) -> Gone:
    """The rows of MINUS, by their places: so many kinds of rows, which go so many times in all."""
    columns = [(column.name, column.type) for column in table.columns]
    old = rows_near(cursor, table, MINUS, [name for name, _ in columns], columns)
    if old is None:
        raise Refused(NOT_THERE)
    pairs = zip(compared(table.columns, "old."), compared(table.columns, "gone."), strict=True)
    same = " AND ".join(f"{old} IS NOT DISTINCT FROM {gone}" for old, gone in pairs)
    joined = f"({old}) AS old JOIN {MINUS} AS gone ON {same}"
    make_table(cursor, GONE, f"SELECT assetflow_file, assetflow_row, assetflow_id FROM {joined}")
    if numbers(cursor, f"count(*), count(DISTINCT assetflow_id) FROM {GONE}") != (times, rows):
        drop_surplus(cursor)
    return Gone(counted(cursor, f"assetflow_file, count(*) FROM {GONE} GROUP BY ALL"))


def drop_surplus(cursor: Cursor) -> None:
    """Of rows that are alike, take out only as many as went; Refused when there are fewer."""
    make_table(
        cursor,
        GONE,
        f"SELECT assetflow_file, assetflow_row FROM {GONE} JOIN {MINUS} USING (assetflow_id) "
        "QUALIFY row_number() OVER (PARTITION BY assetflow_id ORDER BY assetflow_file, assetflow_row) "
        "<= assetflow_times",
    )
    if numbers(cursor, f"count(*) FROM {GONE}") < numbers(cursor, f"sum(assetflow_times) FROM {MINUS}"):
        raise Refused(NOT_THERE)


def refuse_unmatchable(table: TableFiles, answer: Answer) -> None:
    """Refuse to look for rows by values that are not made the same twice, or are equal and not the same."""
    refuse_like_ours(table.columns)
    computed = any(rule.name in ("keyed", "rows") for rule in answer.rules)
    for column in table.columns:
        if is_inexact(column.type) if computed else is_inexact_inside(column.type):
            raise Lasting(f"rows would have to be found by column {column.name}, a {column.type}")


# Conditions


def match(cursor: Cursor, answer: Answer) -> str:
    """The condition that a row of `old` has a key of `keys`."""
    return matching(answer.key_columns, described(cursor, f"FROM {answer.keys}"))


def matching(names: Sequence[str], columns: Sequence[tuple[str, str]]) -> str:
    """The same; `columns` are those of `keys`, of which the first stand for these names."""
    return " AND ".join(
        f"old.{quote_identifier(name)} IS NOT DISTINCT FROM keys.{quote_identifier(key)}"
        for name, (key, _) in zip(names, columns, strict=False)
    )


def rows_near(
    cursor: Cursor, table: TableFiles, keys: str, names: Sequence[str], columns: Sequence[tuple[str, str]]
) -> str | None:
    """The rows that may match one of `keys`, and the place of each; None where there are none.

    `names` are the columns of the table that stand for the first of the `columns` of `keys`.
    """
    box = list(zip(names, ranges(cursor, keys, columns[: len(names)]), strict=True))
    near = table.near(box)
    return f"SELECT * FROM ({table.placed(near)}) AS old WHERE {between(box) or 'true'}" if near else None


def ranges_of(cursor: Cursor, keys: str, names: Sequence[str]) -> list[tuple[str, Between | None]]:
    """Between which values rows that match a row of `keys` have these columns, which stand for its first ones."""
    columns = described(cursor, f"FROM {keys}")[: len(names)]
    return list(zip(names, ranges(cursor, keys, columns), strict=True))


def between(box: Iterable[tuple[str, Between | None]]) -> str:
    """A condition on columns of `old`, by which DuckDB passes over row groups: they lie between these values."""
    known = [(quote_identifier(name), each) for name, each in box if each]
    return " AND ".join(f"old.{name} BETWEEN {each.low} AND {each.high}" for name, each in known)


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
