"""Names the content of Parquet files, regardless of row order and of how it is cut into files.

A digest is made of the row count and of two sums of row hashes, which every duplicate and every swap of two values
moves. DuckDB's `hash` has no promise over versions, so a digest bears the version that made it, and other versions'
digests count as different. Three things `hash` does not see are put beside it: the shape of nested values (to it
`[]`, `[NULL]` and NULL are the same, and so are `[[1], [2]]` and `[[1, 2]]`), the sign of a floating-point zero, and
the unit of an INTERVAL (1 month, 30 days). The schema is part of a digest, since 1 hashes alike in every type.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assetflow.materialization import Column
from assetflow.quoting import quote_identifier, quote_literal
from assetflow.warehouse.types import Type, parse_type

if TYPE_CHECKING:
    import duckdb

ALGORITHM = "bag1"
FLOATS = ("FLOAT", "DOUBLE")
HALF = 2**32 - 1
FEW = 1000


def content_digest(
    cursor: duckdb.DuckDBPyConnection,
    scan: str,
    columns: Sequence[Column],
    *,
    read: Sequence[str] | None = None,
    about: int | None = None,
) -> tuple[int, str]:
    """Row count and digest of the rows that `scan` gives, over all columns or over those named in `read`.

    `scan` is SQL that can stand after FROM, and shows columns as they are stored. `read=[]` digests the row count.
    `about` is how many rows there should be, where that is known: it only chooses the faster way.
    """
    chosen = [column for column in columns if read is None or column.name in read]
    # A constant stands for the empty tuple of columns, as `hash()` needs an argument.
    arguments = ", ".join(part for column in chosen for part in _hashed(column)) or "0"
    hashes = f"SELECT hash(hash({arguments})) AS h FROM {scan}"
    rows, low, high = _sums_of_few(cursor, hashes) if about is not None and about <= FEW else _sums(cursor, hashes)
    tag = algorithm()
    schema = [[column.name, column.type] for column in chosen]
    content = json.dumps([tag, schema, rows, str(low), str(high)], separators=(",", ":"))
    return rows, f"{tag}:{hashlib.sha256(content.encode()).hexdigest()}"


def _sums(cursor: duckdb.DuckDBPyConnection, hashes: str) -> tuple[int, int, int]:
    """How many hashes, their sum, and the sum of the products of their halves, which is not linear in them."""
    products = f"((h >> 32) * (h & {HALF}))"
    sql = f"SELECT count(*), coalesce(sum(h::HUGEINT), 0), coalesce(sum({products}::HUGEINT), 0) FROM ({hashes})"
    rows, low, high = cursor.execute(sql).fetchall()[0]
    return rows, low, high


def _sums_of_few(cursor: duckdb.DuckDBPyConnection, hashes: str) -> tuple[int, int, int]:
    """The same for some hundred rows, in two thirds of the time, which setting up three aggregates takes."""
    values = [value for (value,) in cursor.execute(hashes).fetchall()]
    return len(values), sum(values), sum((value >> 32) * (value & HALF) for value in values)


def algorithm() -> str:
    """`bag1/duckdb-2.0`: digests are comparable only when this is equal."""
    import duckdb

    return f"{ALGORITHM}/duckdb-{'.'.join(duckdb.__version__.split('.')[:2])}"


def is_comparable(digest: str) -> bool:
    """False when another version made the digest, so that it says nothing about content today."""
    return digest.startswith(f"{algorithm()}:")


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
    if of.name == "VARIANT":
        return [f"{value}::VARCHAR", f"variant_typeof({value})"]
    return []


def _shape_of_elements(values: str, of: Type, depth: int) -> list[str]:
    element = f"e{depth}"
    seen = [f"list_transform({values}, lambda {element}: {part})" for part in _shape(element, of, depth + 1)]
    if of.name in FLOATS:
        # Long lists of numbers are common, zeros in them are not, and looking for one is six times as fast.
        return [f"CASE WHEN list_contains({values}, 0) THEN {part} END" for part in seen]
    return seen


def _bare(label: str) -> str:
    return label[1:-1].replace('""', '"') if label.startswith('"') else label
