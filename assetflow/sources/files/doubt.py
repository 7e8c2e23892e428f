"""Files that DuckDB would read wrong without a word: refused here, with the line and the option that settles it.

1,a / 2,b,c          ragged CSV: becomes one wide column `id,name`
lines on top         left out when they have another shape, be they a header with too few names
id,t                 a header that could be values (`t` is true), and no row below: becomes a row
03/04/2024           days and months: guessed for each file by itself, so that two files may disagree
2.5 as BIGINT        a declared whole number: rounded
{"Id": 1, "id": 2}   JSON keys that differ in case: one of them is lost
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assetflow.errors import SourceError
from assetflow.quoting import quote_identifier
from assetflow.sources.files.blame import DELIMITERS, first_ragged_line
from assetflow.sources.files.read import DELIMITER_OPTIONS, Reading, described, escape, literal, partition_keys, reader

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WHOLE = r"(?i)U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|INT\d+|U?INTEGER|LONG|SHORT|SIGNED"
_FRACTION = r"DOUBLE|FLOAT|DECIMAL.*"
_MADE_UP = r"column\d+"
_DIALECT = {*DELIMITER_OPTIONS, "quote", "escape", "header", "skip", "comment", "encoding", "nullstr", "null"}


def refuse_doubtful(
    cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str], found: Mapping[str, str]
) -> None:
    """SourceError when what DuckDB found in the files (column -> type) is not what they say."""
    if reading.format == "csv":
        _refuse_ragged(cursor, reading, files, found)
        _refuse_skipped(cursor, reading, files)
        _refuse_lost_header(cursor, reading, files, found)
        _refuse_mixed_days(cursor, reading, files, found)
    if reading.format == "json":
        _refuse_twin_keys(cursor, reading, files, found)
    _refuse_rounding(cursor, reading, files, found)


def _refuse_ragged(
    cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str], found: Mapping[str, str]
) -> None:
    wide = {name: sign for name in found for sign in DELIMITERS if sign in name}
    if not wide or DELIMITER_OPTIONS & set(reading.options):
        return
    for path in files:
        names = [name for name in described(cursor, reading, [path]) if name not in partition_keys(reading, files)]
        if len(names) == 1 and names[0] in wide:
            raise SourceError(
                f'the header "{names[0]}" and the lines below it have different numbers of values',
                path=path,
                line=first_ragged_line(path, wide[names[0]]),
                hint="Correct the file, or set options: { skip = 2 } for lines above the header, "
                '{ null_padding = true } for lines that end early, { delim = ";" } for another separator.',
            )


def _refuse_skipped(cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str]) -> None:
    if "skip" in reading.options:
        return
    for path in files:
        (lines,) = _sniffed(cursor, reading, path, "SkipRows")
        if lines:
            first = "the first line has" if lines == 1 else f"the first {lines} lines have"
            raise SourceError(
                f"{first} not the shape of the lines below",
                path=path,
                line=1,
                hint=f"Not part of the table: options = {{ skip = {lines} }}. A header with too few names: correct it.",
            )


def _refuse_lost_header(
    cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str], found: Mapping[str, str]
) -> None:
    if "header" in reading.options or len(files) == 1 or not any(re.fullmatch(_MADE_UP, name) for name in found):
        return
    keys = partition_keys(reading, files)
    without: dict[str, bool] = {}
    for path in files:
        names = [name for name in described(cursor, reading, [path]) if name not in keys]
        without[path] = all(re.fullmatch(_MADE_UP, name) for name in names)
    lost = [path for path in files if without[path]]
    if lost and len(lost) < len(files):
        with_header = next(path for path in files if not without[path])
        raise SourceError(
            f'the first line is taken for values, while "{with_header}" has a header',
            path=lost[0],
            line=1,
            hint="It is a header: options = { header = true }. It is not: write one above it, as the others have.",
        )


def _refuse_mixed_days(
    cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str], found: Mapping[str, str]
) -> None:
    has_days = any(type.startswith(("DATE", "TIMESTAMP")) for type in found.values())
    if not has_days or len(files) == 1 or {"dateformat", "date_format"} & set(reading.options):
        return
    first_with: dict[str, str] = {}
    for path in files:
        for format in _sniffed(cursor, reading, path, "DateFormat, TimestampFormat"):
            if isinstance(format, str) and not format.startswith("%Y"):
                first_with.setdefault(format.partition(" ")[0], path)
    if len(first_with) > 1:
        (one, one_path), (other, other_path) = list(first_with.items())[:2]
        raise SourceError(
            f'days are written {one} in "{one_path}" and seem to be {other} here',
            path=other_path,
            hint=f'Say which it is: options = {{ dateformat = "{one}" }}; or declare the column VARCHAR.',
        )


def _sniffed(cursor: DuckDBPyConnection, reading: Reading, path: str, columns: str) -> tuple[object, ...]:
    """What DuckDB takes one CSV file for, judged by its first rows."""
    dialect = "".join(f", {name} = {literal(value)}" for name, value in reading.options.items() if name in _DIALECT)
    (row,) = cursor.execute(f"SELECT {columns} FROM sniff_csv({literal(escape(path))}{dialect})").fetchall()
    return row


def _refuse_rounding(
    cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str], found: Mapping[str, str]
) -> None:
    declared = {name.lower(): type for name, type in reading.columns.items()}
    for name, type in found.items():
        whole = declared.get(name.lower(), "").strip()
        if not re.fullmatch(_WHOLE, whole) or not re.fullmatch(_FRACTION, type):
            continue
        column = quote_identifier(name)
        query = f"SELECT {column} FROM {reader(reading, files, {})} WHERE {column} <> trunc({column}) LIMIT 1"
        rows = cursor.execute(query).fetchall()
        if rows:
            raise SourceError(
                f"column {name} is declared {whole} but holds {rows[0][0]}, which would be rounded",
                hint=f'Declare what it holds: columns = {{ "{name}" = "{type}" }}.',
            )


def _refuse_twin_keys(
    cursor: DuckDBPyConnection, reading: Reading, files: Sequence[str], found: Mapping[str, str]
) -> None:
    names = {name.lower() for name in found}
    for name in found:
        match = re.fullmatch(r"(.+)_\d+", name)
        if match is None or match[1].lower() not in names:
            continue
        # DuckDB renames the second of two such keys; when it is asked for by that name, nothing is there.
        column = quote_identifier(name)
        values = [
            cursor.execute(f"FROM {reader(reading, files, types)} WHERE {column} IS NOT NULL LIMIT 1").fetchall()
            for types in ({}, {name: "JSON"})
        ]
        if values[0] and not values[1]:
            raise SourceError(
                f'two keys of the JSON are "{match[1]}" when capitals do not count, as in column names',
                path=files[0] if len(files) == 1 else None,
                hint="Rename one of the two where the files are made.",
            )
