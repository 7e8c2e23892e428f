"""How DuckDB reads the names in a FROM clause: without regard to case, with qualifiers, and some of them as files."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_FILE_ENDING = re.compile(
    r"\.(csv|tsv|txt|parquet|parq|json|jsonl|ndjson|xlsx|avro|arrow|duckdb|db)(\.(gz|zst|bz2))?$", re.IGNORECASE
)
_REMOTE = re.compile(r"^(?!file:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def fold(name: str) -> str:
    """`name` as DuckDB compares it: ASCII letters in lower case, others as they are."""
    return name.translate(_TO_LOWER)


def looks_like_file(name: str) -> bool:
    """True for `data/x`, `x.csv`, `*.parquet`, `s3://...`: what DuckDB reads as a file when there is no such table."""
    return "/" in name or "\\" in name or "*" in name or _FILE_ENDING.search(name) is not None


def is_remote(path: str) -> bool:
    """True for a path on another machine, as `https://...` and `s3://...`."""
    return _REMOTE.match(path) is not None


def asset_name(path: Sequence[str]) -> str:
    """The name of the asset that a table's path means: `main` is where assets are, other qualifiers stay.

    sales -> sales    main.Sales -> sales    prod.main.sales, prod.sales -> prod.sales    x.y.sales -> x.y.sales
    """
    folded = [fold(part) for part in path]
    if len(folded) > 1 and folded[-2] == "main":
        del folded[-2]
    return ".".join(folded)
