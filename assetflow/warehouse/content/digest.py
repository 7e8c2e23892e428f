"""Names the content of Parquet files, regardless of row order and of how it is cut into files.

A digest is made of the row count, of the sum of the row hashes, which every duplicate and every swap of two values
moves, and of their exclusive or, which is not linear in what is added up and costs nothing beside the sum. The sum
leaves out their last bit: numbers of 64 bits with a sign are added up in half of the time. DuckDB's `hash` has no
promise over versions, so a digest bears the version that made it, and other versions' digests count as different.
Four things `hash` does not see are put beside it: the shape of nested values (to it `[]`, `[NULL]` and NULL are the
same, and so are `[[1], [2]]` and `[[1, 2]]`), the sign of a floating-point zero, the unit of an INTERVAL (1 month, 30
days), and which half of 128 bits is which: to it -1 and 0 are the same number, and so are 1 and 2 ** 64. The schema is
part of a digest, since 1 hashes alike in every type.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import islice
from operator import xor
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.materialization import Column, ReadSet, Sums
from assetflow.quoting import quote_identifier, quote_literal
from assetflow.warehouse.content.types import Type, parse_type

if TYPE_CHECKING:
    import duckdb

ALGORITHM = "bag4"
FLOATS = ("FLOAT", "DOUBLE")
LONG_DIGITS = 18
"""Digits of a DECIMAL beyond which it is kept in 128 bits."""
SOME_BITS = 0x9E3779B97F4A7C15
"""By which one half of 128 bits is made another number."""
FEW = 1000


def content_digest(
    cursor: duckdb.DuckDBPyConnection, scan: str, columns: Sequence[Column], *, about: int | None = None
) -> tuple[int, str]:
    """Row count and digest of the rows that `scan` gives, over all columns.

    `scan` is SQL that can stand after FROM, and shows columns as they are stored.
    `about` is how many rows there should be, where that is known: it only chooses the faster way.
    """
    rows, (digest,) = digests(cursor, scan, columns, [ReadSet()], about=about)
    return rows, digest


def digests(
    cursor: duckdb.DuckDBPyConnection,
    scan: str,
    columns: Sequence[Column],
    reads: Sequence[ReadSet],
    *,
    about: int | None = None,
) -> tuple[int, tuple[str, ...]]:
    """Row count, and the digests of some of the columns each, in one pass.

    A read-set without columns digests the row count. One whose order counts is digested together with the position of
    each row, so that `scan` must be a table function over a single Parquet file then.
    """
    rows, found = sums(cursor, scan, columns, reads, about=about)
    return rows, tuple(digest_of(columns, read, [one]) for read, one in zip(reads, found, strict=True))


NO_ROWS = Sums(0, 0, 0)


def sums(
    cursor: duckdb.DuckDBPyConnection,
    scan: str,
    columns: Sequence[Column],
    reads: Sequence[ReadSet],
    *,
    about: int | None = None,
) -> tuple[int, tuple[Sums, ...]]:
    """Row count, and what digests are made of, for some of the columns each, in one pass."""
    hashes, places = _row_hashes(columns, reads)
    few = about is not None and about <= FEW
    found = (_sums_of_few if few else _sums)(cursor, hashes, scan)
    return (found[0].rows if found else 0), tuple(found[at] for at in places)


def sums_by_file(
    cursor: duckdb.DuckDBPyConnection, scan: str, columns: Sequence[Column], reads: Sequence[ReadSet], files: int
) -> list[tuple[Sums, ...]]:
    """The same for each of the Parquet files that `scan` reads, in one pass."""
    hashes, places = _row_hashes(columns, reads)
    listed = ", ".join(f"{hash_} AS h{at}" for at, hash_ in enumerate(hashes))
    rows_of_files = f"SELECT file_index AS assetflow_file, {listed} FROM {scan}"
    asked = f"SELECT assetflow_file, count(*), {_aggregates(hashes)} FROM ({rows_of_files}) GROUP BY assetflow_file"
    found = dict.fromkeys(range(files), (NO_ROWS,) * len(reads))
    for at, rows, *totals in cursor.execute(asked).fetchall():
        found[at] = tuple(Sums(rows, totals[2 * n], totals[2 * n + 1]) for n in places)
    return [found[at] for at in range(files)]


def sums_key(columns: Sequence[Column], read: ReadSet) -> str:
    """Names what was summed up: these columns, as they are stored, by this version of the algorithm."""
    chosen = [list(column) for column in chosen_columns(columns, read)]
    said = json.dumps([algorithm(), chosen, *([IN_ORDER] if read.ordered else [])])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def chosen_columns(columns: Sequence[Column], read: ReadSet) -> list[Column]:
    """The columns that a read-set names, in the order of the table."""
    return [column for column in columns if read.columns is None or column.name in read.columns]


def digest_of(columns: Sequence[Column], read: ReadSet, files: Iterable[Sums]) -> str:
    """The digest of the rows of files of which these are the sums; where their order counts, in this order."""
    tag = algorithm()
    schema: list[object] = [[column.name, column.type] for column in chosen_columns(columns, read)]
    said: list[object] = [tag, [*schema, IN_ORDER] if read.ordered else schema]
    said += [said_of(file) for file in files if file.rows] if read.ordered else said_of(put_together(files))
    content = json.dumps(said, separators=(",", ":"))
    return f"{tag}:{hashlib.sha256(content.encode()).hexdigest()}"


def said_of(sums: Sums) -> list[object]:
    return [sums.rows, str(sums.total), str(sums.mixed)]


def put_together(sums: Iterable[Sums]) -> Sums:
    """The sums over the rows of all of them, without a value for each step on the way."""
    rows = total = mixed = 0
    for one in sums:
        rows += one.rows
        total += one.total
        mixed ^= one.mixed
    return Sums(rows, total, mixed)


def _row_hashes(columns: Sequence[Column], reads: Sequence[ReadSet]) -> tuple[list[str], list[int]]:
    """SQL for the different hashes of a row, and which of them each read-set is about: many name all columns."""
    hashes, places = _single_hashes(columns, reads)
    return [f"hash({one})" for one in hashes], places


def _single_hashes(columns: Sequence[Column], reads: Sequence[ReadSet]) -> tuple[list[str], list[int]]:
    """What the hashes of a row are the hashes of."""
    wanted = [_single_hash(chosen_columns(columns, read), read) for read in reads]
    hashes = list(dict.fromkeys(wanted))
    return hashes, [hashes.index(one) for one in wanted]


def _single_hash(columns: Sequence[Column], read: ReadSet) -> str:
    parts = [part for column in columns for part in _hashed(column)]
    # A constant stands for the empty tuple of columns, as `hash()` needs an argument.
    values = f"hash({', '.join(parts) or '0'})"
    # DuckDB hashes the values once where they are asked for with and without their position.
    return f"hash({values}, file_row_number)" if read.ordered else values


IN_ORDER = "in order, file by file"
POSITION = ("file_index", "file_row_number")
"""What DuckDB knows of each row that it reads from Parquet files, beside their columns."""


def tells_order(columns: Sequence[Column]) -> bool:
    """False for a table whose own columns hide where a row stands."""
    return not any(column.name.lower() in POSITION for column in columns)


def _sums(cursor: duckdb.DuckDBPyConnection, hashes: Sequence[str], scan: str) -> list[Sums]:
    asked = f"SELECT count(*), {_aggregates(hashes)} FROM ({_select(hashes, scan)})"
    rows, *found = cursor.execute(asked).fetchall()[0]
    return [Sums(rows, found[at], found[at + 1]) for at in range(0, len(found), 2)]


def _aggregates(hashes: Sequence[str]) -> str:
    return ", ".join(f"coalesce(sum((h{i} >> 1)::BIGINT), 0), coalesce(bit_xor(h{i}), 0)" for i in range(len(hashes)))


def sums_of_few(
    cursor: duckdb.DuckDBPyConnection, scan: str, columns: Sequence[Column], reads: Sequence[ReadSet]
) -> tuple[tuple[Sums, ...], tuple[tuple[str, str], ...]]:
    """What digests are made of, as `sums` tells it of some hundred rows, and names and types of what `scan` shows."""
    hashes, places = _row_hashes(columns, reads)
    found = cursor.execute(f"SELECT {', '.join(hashes)}, CASE WHEN false THEN {_ROW} END FROM {scan} AS {_ROW}")
    of_row = found.description[-1][1]
    seen = tuple((name, str(kind)) for name, kind in of_row.children) if of_row.id == "struct" else ()
    totals = _summed_up(found.fetchall(), len(hashes))
    return tuple(totals[at] for at in places), seen


_ROW = "assetflow_row"
"""A whole row, as DuckDB calls it by the name of its table."""


class Scan(Struct, frozen=True):
    """So many files of the same columns, and what is read of them."""

    sql: str
    files: int
    columns: Sequence[Column]
    reads: Sequence[ReadSet]


def sums_together(
    cursor: duckdb.DuckDBPyConnection, scans: Sequence[Scan]
) -> dict[tuple[int, int], tuple[tuple[Sums, ...], tuple[tuple[str, str], ...]]]:
    """The same of several scans at once, by the numbers of scan and file; a file without rows is left out.

    A query takes a millisecond to set up, and nearly as much for each scan: as long as reading some thousand rows.
    """
    if not scans:
        return {}
    hashed = [_single_hashes(scan.columns, scan.reads) for scan in scans]
    most = max(len(hashes) for hashes, _ in hashed)
    selects = []
    for number, (scan, (hashes, _)) in enumerate(zip(scans, hashed, strict=True)):
        padded = [*hashes, *["NULL"] * (most - len(hashes))]
        rows = _select(padded, f"{scan.sql} AS {_ROW}").removeprefix("SELECT ")
        file = "file_index" if scan.files > 1 else "0"
        selects.append(
            f"SELECT {number} AS assetflow_scan, {file} AS assetflow_file, typeof({_ROW}) AS assetflow_type, {rows}"
        )
    # To bind a function takes as long as to hash some thousand rows: the outer one is bound once for all of them.
    hashed_twice = ", ".join(f"hash(h{at}) AS h{at}" for at in range(most))
    asked = (
        f"SELECT assetflow_scan, assetflow_file, any_value(assetflow_type), count(*), {_aggregates(['NULL'] * most)} "
        f"FROM (SELECT assetflow_scan, assetflow_file, assetflow_type, {hashed_twice} "
        f"FROM ({' UNION ALL '.join(selects)})) GROUP BY assetflow_scan, assetflow_file"
    )
    found = {}
    for number, at, of_row, count, *totals in cursor.execute(asked).fetchall():
        shown = tuple((_bare(label), str(of)) for label, of in parse_type(of_row).members)
        places = hashed[number][1]
        found[number, at] = tuple(Sums(count, totals[2 * place], totals[2 * place + 1]) for place in places), shown
    return found


def _sums_of_few(cursor: duckdb.DuckDBPyConnection, hashes: Sequence[str], scan: str) -> list[Sums]:
    """The same for some hundred rows, in half of the time, which setting up three aggregates takes."""
    return _summed_up(cursor.execute(f"SELECT {', '.join(hashes)} FROM {scan}").fetchall(), len(hashes))


def _summed_up(rows: Sequence[tuple[int, ...]], number: int) -> list[Sums]:
    if not rows:
        return [NO_ROWS] * number
    return [
        Sums(len(rows), sum(one >> 1 for one in hashes), reduce(xor, hashes))
        for hashes in islice(zip(*rows, strict=True), number)
    ]


def _select(hashes: Sequence[str], scan: str) -> str:
    return f"SELECT {', '.join(f'{hash_} AS h{i}' for i, hash_ in enumerate(hashes))} FROM {scan}"


def algorithm() -> str:
    """`bag4/duckdb-2.0`: digests are comparable only when this is equal."""
    from assetflow.duck import duckdb

    return f"{ALGORITHM}/duckdb-{'.'.join(duckdb.__version__.split('.')[:2])}"


def is_comparable(digest: str) -> bool:
    """False when another version made the digest, so that it says nothing about content today."""
    return digest.startswith(f"{algorithm()}:")


def leaves_order_out(digest: str) -> bool:
    """True for what is computed of the rows of a table, in whatever order; that of a source is of its bytes."""
    return ":" in digest


def _hashed(column: Column) -> list[str]:
    expression = quote_identifier(column.name)
    return [expression, *_shape(expression, parse_type(column.stored_as or column.type), 0)]


def _shape(value: str, of: Type, depth: int) -> list[str]:
    """SQL for what `hash(value)` does not see in a value of this type."""
    if of.name == "STRUCT":
        fields = [
            part
            for label, field in of.members
            for part in _shape(f"struct_extract({value}, {quote_literal(_bare(label))})", field, depth)
        ]
        return [f"({value} IS NULL)", *fields]
    if of.name in ("LIST", "ARRAY"):
        return [f"len({value})", *_shape_of_elements(value, of.element, depth)]
    if of.name == "MAP":
        (_, key), (_, item) = of.members
        keys = _shape_of_elements(f"map_keys({value})", key, depth)
        return [f"len(map_keys({value}))", *keys, *_shape_of_elements(f"map_values({value})", item, depth)]
    if of.name in FLOATS:
        return [f"({value} = 0 AND signbit({value}))"]
    if of.name == "INTERVAL":
        return [f"{value}::VARCHAR"]
    if of.name == "DECIMAL" and digits_of(of) > LONG_DIGITS:
        return [f"-{value}"]
    if of.name in ("HUGEINT", "UHUGEINT"):
        return [f"xor({value}, {SOME_BITS}::{of.name})"]
    if of.name == "UUID":
        return [f"xor({value}::UHUGEINT, {SOME_BITS}::UHUGEINT)"]
    if of.name == "VARIANT":
        return [f"{value}::VARCHAR", f"variant_typeof({value})"]
    return []


def digits_of(decimal: Type) -> int:
    """18 of `DECIMAL(18,2)`."""
    return int(decimal.text.removeprefix("DECIMAL(").partition(",")[0])


def _shape_of_elements(values: str, of: Type, depth: int) -> list[str]:
    element = f"e{depth}"
    seen = [f"list_transform({values}, lambda {element}: {part})" for part in _shape(element, of, depth + 1)]
    if of.name in FLOATS:
        # Long lists of numbers are common, zeros in them are not, and looking for one is six times as fast.
        return [f"CASE WHEN list_contains({values}, 0) THEN {part} END" for part in seen]
    return seen


def _bare(label: str) -> str:
    return label[1:-1].replace('""', '"') if label.startswith('"') else label
