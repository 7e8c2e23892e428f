"""The SQL that reads files with DuckDB, and the columns that it finds by itself."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from assetflow.errors import SourceError
from assetflow.quoting import quote_identifier, quote_literal
from assetflow.secret import is_reference, variable_of
from assetflow.sources.files.find import suffix_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

READERS = {"csv": "read_csv", "json": "read_json", "parquet": "read_parquet"}
DELIMITER_OPTIONS = {"delim", "sep", "delimiter", "separator"}
_KEY_FOLDER = r"([^=]+)=(.*)"


class Reading(Struct, frozen=True):
    """How files are read: their format, declared column types and reader options."""

    format: str
    columns: Mapping[str, str]
    options: Mapping[str, Any]


def scan(reading: Reading, files: Sequence[str], types: Mapping[str, str] | None, absent: Collection[str] = ()) -> str:
    """The SELECT over these files; with `types` exactly those columns in that order, `absent` ones as NULL."""
    if types is None:
        return _scan_declared(reading, files)
    present = {name: type for name, type in types.items() if name not in absent}
    if reading.format == "parquet":
        return _scan_cast(reading, files, types, keep_others=False)
    # Named anew, since a file may write `ID` where another one says `id`.
    names = ", ".join(
        f"{f'CAST(NULL AS {type})' if name in absent else quote_identifier(name)} AS {quote_identifier(name)}"
        for name, type in types.items()
    )
    return f"SELECT {names} FROM {reader(reading, files, present)}"


def reader(reading: Reading, files: Sequence[str], types: Mapping[str, str]) -> str:
    """`read_csv(['/abs/a.csv'], types = {'id': 'BIGINT'}, delim = ';')`."""
    keys = {key.lower() for key in partition_keys(reading, files)}
    own = keys | {name.lower() for name in _generated(reading)}
    arguments = _defaults(reading, files) | {"hive_partitioning": bool(keys)} | dict(reading.options)
    in_files = {name: type for name, type in types.items() if name.lower() not in own}
    in_paths = {name: type for name, type in types.items() if name.lower() in keys}
    if in_files and reading.format != "parquet":
        arguments["types" if reading.format == "csv" else "columns"] = in_files
    if in_paths:
        arguments["hive_types"] = in_paths
    paths = literal([escape(path) for path in files])
    written = "".join(f", {quote_identifier(name)} = {literal(value)}" for name, value in arguments.items())
    return f"{READERS[reading.format]}({paths}{written})"


def described(cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str]) -> dict[str, str]:
    """Column -> type, as DuckDB alone finds them in these files."""
    rows = cursor.execute(f"DESCRIBE FROM {reader(reading, files, {})}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def partition_keys(reading: Reading, files: Sequence[str]) -> tuple[str, ...]:
    """The keys of the key=value folders right above every file, outermost first; () when files differ in them."""
    first = _keys_above(files[0])
    if not reading.options.get("hive_partitioning", True) or any(_keys_above(path) != first for path in files[1:]):
        return ()
    return first


def stray_keys(reading: Reading, files: Sequence[str]) -> tuple[str, ...]:
    """Keys that DuckDB sees in key=value folders further up, `/home/run=3/shop/dt=1/x.csv`: not part of the source."""
    keys = partition_keys(reading, files)
    if not keys:
        return ()
    above = [folder for path in files for folder in path.split(os.sep)[: -len(keys) - 1]]
    matches = [re.fullmatch(_KEY_FOLDER, folder) for folder in dict.fromkeys(above)]
    return tuple(dict.fromkeys(match[1] for match in matches if match))


def escape(path: str) -> str:
    """DuckDB reads a path as a glob; a star in a name is written as the set of one star."""
    return re.sub(r"[*?\[{]", lambda match: f"[{match[0]}]", path)


def literal(value: object) -> str:
    """A reader option's value as SQL, a secret by the name of its variable; SourceError when it has no such form."""
    if isinstance(value, Mapping) and is_reference(value):
        return f"getvariable({quote_literal(variable_of(value))})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return quote_literal(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quote_literal(str(key))}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    raise SourceError(f"a reader option cannot be {value!r}", hint="Use a text, a number, true or false, or a list.")


def _scan_declared(reading: Reading, files: Sequence[str]) -> str:
    if reading.columns and reading.format != "csv":
        return _scan_cast(reading, files, reading.columns, keep_others=True)
    stray = stray_keys(reading, files)
    columns = f"* EXCLUDE ({', '.join(map(quote_identifier, stray))})" if stray else "*"
    return f"SELECT {columns} FROM {reader(reading, files, reading.columns)}"


def _scan_cast(reading: Reading, files: Sequence[str], types: Mapping[str, str], *, keep_others: bool) -> str:
    """Read, then cast: for files that carry types of their own, and for JSON whose other columns are inferred."""
    # The empty second half gives every declared column a place, so that a file that lacks one reads as NULL.
    nulls = ", ".join(f"NULL AS {quote_identifier(name)}" for name in types)
    casts = ", ".join(
        f"CAST({quote_identifier(name)} AS {type}) AS {quote_identifier(name)}" for name, type in types.items()
    )
    columns = f"* REPLACE ({casts})" if keep_others else casts
    return f"SELECT {columns} FROM (FROM {reader(reading, files, {})} UNION ALL BY NAME SELECT {nulls} WHERE false)"


def _defaults(reading: Reading, files: Sequence[str]) -> dict[str, Any]:
    arguments: dict[str, Any] = {"union_by_name": True} if len(files) > 1 else {}
    if reading.format == "parquet":
        return arguments
    # A sample would let a later 2.5 be rounded into a BIGINT column, or a later JSON key be dropped, in silence.
    arguments["sample_size"] = -1
    if reading.format == "json":
        return arguments | {"maximum_sample_files": len(files)}
    arguments |= {"files_to_sniff": -1, "skip": 0}
    if all(suffix_of(path) == ".tsv" for path in files) and not DELIMITER_OPTIONS & set(reading.options):
        arguments["delim"] = "\t"
    return arguments


def _generated(reading: Reading) -> list[str]:
    """Columns that the reader adds by itself: `filename` and `file_row_number`."""
    names = []
    for option in ("filename", "file_row_number"):
        value = reading.options.get(option, False)
        if value:
            names.append(value if isinstance(value, str) else option)
    return names


def _keys_above(path: str) -> tuple[str, ...]:
    keys: list[str] = []
    for folder in reversed(path.split(os.sep)[:-1]):
        match = re.fullmatch(_KEY_FOLDER, folder)
        if match is None:
            break
        keys.insert(0, match[1])
    return tuple(keys)
