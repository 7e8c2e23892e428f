"""Which columns files have, asked of DuckDB: of all of them jointly, or of one among the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from assetflow.errors import SourceError, did_you_mean
from assetflow.quoting import quote_identifier
from assetflow.sources.files.doubt import refuse_doubtful
from assetflow.sources.files.read import READERS, Reading, described, reader, scan, stray_keys

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def sniff(cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str]) -> dict[str, str]:
    """Column -> DuckDB type over all files jointly, declared columns with their declared types.

    SourceError when there are none, an option is unknown, or DuckDB would read the files wrong without a word.
    """
    check_options(cursor, reading)
    filled = _filled(files)
    found = _found(cursor, reading, filled) if filled else {}
    if not found and not reading.columns:
        raise SourceError(
            "the file is empty: it has no column names" if len(files) == 1 else "all files are empty",
            path=files[0],
            hint='Fill it, or declare columns = { id = "BIGINT", ... } so that no rows are a table, too.',
        )
    if found:
        refuse_doubtful(cursor, reading, filled, found)
    declared = {name.lower(): type for name, type in reading.columns.items()}
    merged = {name: declared.pop(name.lower(), type) for name, type in found.items()}
    return merged | {name: type for name, type in reading.columns.items() if name.lower() in declared}


def scan_some(cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str], types: Mapping[str, str]) -> str:
    """The SELECT that reads some files of a source with the columns of the whole source."""
    filled = _filled(files)
    if not filled:
        nothing = ", ".join(f"CAST(NULL AS {type}) AS {quote_identifier(name)}" for name, type in types.items())
        return f"SELECT {nothing} WHERE false"
    if reading.format != "csv":
        return scan(reading, filled, types)
    found = {name.lower() for name in described(cursor, reading, filled)}
    return scan(reading, filled, types, absent=[name for name in types if name.lower() not in found])


def same_columns(
    cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str], recorded: dict[str, str] | None = None
) -> dict[str, str] | None:
    """What every file has: the same columns in the same order and of the same types; None where they differ.

    `recorded` are those of the first file, from when it was looked at.
    """
    others = [described(cursor, reading, [path]) for path in files[1:]]
    if recorded and are_alike([recorded, *others]):
        return recorded
    first = described(cursor, reading, files[:1])
    return first if are_alike([first, *others]) else None


def are_alike(columns: Sequence[dict[str, str]]) -> bool:
    return all(list(each.items()) == list(columns[0].items()) for each in columns)


def _found(cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str]) -> dict[str, str]:
    found = described(cursor, reading, files)
    if found == {"json": "JSON"} and not cursor.execute(f"FROM {reader(reading, files, {})} LIMIT 1").fetchall():
        # This is what DuckDB makes of `[]`.
        return {}
    return {name: type for name, type in found.items() if name not in stray_keys(reading, files)}


def _filled(files: Iterable[str]) -> list[str]:
    """The files that hold anything; DuckDB would give one without a byte the column `column0`."""
    return [path for path in files if os.path.getsize(path) > 0]


def check_options(cursor: DuckDBPyConnection, reading: Reading) -> None:
    """SourceError when DuckDB's reader of this format has no such option."""
    if not reading.options:
        return
    function = READERS[reading.format]
    query = f"SELECT DISTINCT unnest(parameters) FROM duckdb_functions() WHERE function_name = '{function}'"
    known = {str(row[0]) for row in cursor.execute(query).fetchall()}
    for name in reading.options:
        if name not in known:
            near = did_you_mean(name, known)
            raise SourceError(
                f'unknown option "{name}" for {reading.format} files',
                hint=near or f"DuckDB's {function} knows: {', '.join(sorted(known))}.",
            )
