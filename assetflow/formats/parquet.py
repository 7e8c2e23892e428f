"""Parquet, compressed with zstd, for any engine that reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assetflow.formats import distinct
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

SUFFIX = ".parquet"


def write(relation: DuckDBPyRelation, path: str) -> None:
    columns = [_exact(position, str(type_)) for position, type_ in enumerate(relation.types, 1)]
    names = map(quote_identifier, distinct(relation.columns))
    named = [f"{column} AS {name}" for column, name in zip(columns, names, strict=True)]
    relation.project(", ".join(named)).write_parquet(path, compression="zstd")


def _exact(position: int, type_: str) -> str:
    """The column, cast where DuckDB would write integers of 128 bits as doubles, which loses digits."""
    written = _QUOTED_OR_HUGE.sub(lambda found: "DECIMAL(38,0)" if found[1] else found[0], type_)
    return f"#{position}" if written == type_ else f"CAST(#{position} AS {written})"


_QUOTED_OR_HUGE = re.compile(r"""(?:"[^"]*"|'[^']*')|\b(U?HUGEINT)\b""")
