"""What DuckDB's errors about a broken file mean: which file and line, what is wrong, and what to do next."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from msgspec import Struct

from assetflow.errors import SourceError, did_you_mean
from assetflow.source import Source
from assetflow.sources.files.blame import first_bad_json_line, first_ragged_line, likely_delimiter


def explain_read_error(error: BaseException, source: Source, root: str | None = None) -> SourceError:
    """Turn DuckDB's error into ours: `source orders: ...` at the file and line to blame, with the next step.

    A file below `root`, the project's folder, is named as seen from there, like every other one.
    A SourceError keeps its words and gets the source's name, and the declaration as its place if it has none.
    """
    if isinstance(error, SourceError):
        place = (_shown(error.path, root), error.line) if error.path else (source.path, source.line)
        return _error(source, error.message, *place, error.hint)
    text = str(error)
    for recognize in _RECOGNIZERS:
        blame = recognize(text)
        if blame is not None:
            place = (_shown(blame.path, root), blame.line) if blame.path else (source.path, source.line)
            return _error(source, blame.what, *place, blame.hint)
    return _error(source, _first_line(text), source.path, source.line, "Open the file and look, or correct the source.")


def _shown(path: str, root: str | None) -> str:
    relative = os.path.relpath(path, root) if root else ".."
    return path if relative.startswith("..") else relative.replace(os.sep, "/")


def _error(source: Source, what: str, path: str | None, line: int | None, hint: str | None) -> SourceError:
    prefix = f"source {source.name}: "
    message = what if what.startswith(prefix) else prefix + what
    return SourceError(message, path=path, line=line, hint=hint)


class _Blame(Struct, frozen=True):
    what: str
    hint: str
    path: str | None = None
    line: int | None = None


def _csv_cast(text: str) -> _Blame | None:
    match = re.search(r"CSV Error on Line: (\d+).*?Error when converting column \"(.*?)\"\. (.*?)\n", text, re.DOTALL)
    if match is None:
        return None
    line, column, reason = match.groups()
    if f'"{column}"' in reason:
        hint = "The names of the columns seem to stand there: options = { skip = N } leaves out the N lines above."
        return _Blame(f"column {column}: {_lower(reason)}", hint, _csv_file(text), int(line))
    hint = (
        f'Correct that line, or declare another type: columns = {{ "{column}" = "VARCHAR" }}; '
        'values that mean "nothing" go to options = { nullstr = "..." }.'
    )
    return _Blame(f"column {column}: {_lower(reason)}", hint, _csv_file(text), int(line))


def _csv_line(text: str) -> _Blame | None:
    match = re.search(r"CSV Error on Line: (\d+)\n(?:Original Line: .*?\n)?(.*?)\n", text)
    if match is None:
        return None
    line, reason = match.groups()
    columns = re.match(r"Expected Number of Columns: (\d+) Found: (\d+)", reason)
    if columns:
        reason = f"expected {columns[1]} values, found {columns[2]}"
    hint = "Correct that line, or set options = { ignore_errors = true } to leave such lines out."
    if "unicode" in reason:
        hint = 'Save the file as UTF-8, or say what it is: options = { encoding = "latin-1" }.'
    return _Blame(_lower(reason), hint, _csv_file(text), int(line))


def _csv_dialect(text: str) -> _Blame | None:
    match = re.search(r'Error when sniffing file "(.*?)"', text)
    if match is None:
        return None
    line = first_ragged_line(match[1], likely_delimiter(match[1]))
    what = "this line has another number of values than the first" if line else "no separator and quote fit all lines"
    hint = 'Correct the file, or say how it is written: options = { delim = ";", quote = "\'", skip = 2 }.'
    return _Blame(what, hint, match[1], line)


def _json_line(text: str) -> _Blame | None:
    match = re.search(r'Malformed JSON in file "(.*?)", at byte \d+ in [\w/]+ \d+: (.*?)(?:\n|$)', text)
    if match is None:
        return None
    # DuckDB counts lines in some files and values in others, so the place is looked up anew.
    line, reason = first_bad_json_line(match[1]) or (None, match[2].strip(" ."))
    return _Blame(f"invalid JSON: {_lower(reason)}", "Correct that line, or write the file again.", match[1], line)


def _json_cast(text: str) -> _Blame | None:
    match = re.search(r'JSON transform error in file "(.*?)", in (?:line|record/value) (\d+): (.*?)\n', text)
    if match is None:
        return None
    hint = 'Correct the value, or declare a type that holds all of them: columns = { id = "VARCHAR" }.'
    return _Blame(_lower(match[3]), hint, match[1], int(match[2]))


def _parquet(text: str) -> _Blame | None:
    for pattern, what in _BROKEN_PARQUET.items():
        match = re.search(pattern, text)
        if match:
            path = next((group for group in match.groups() if group), None)
            return _Blame(what, "Write the file again; a copy that was cut off looks like this.", path)
    return None


def _compressed(text: str) -> _Blame | None:
    match = re.search(r"Input is not a GZIP stream: (.*?)(?:\n|$)", text)
    if match is None:
        return None
    return _Blame("the file ends in .gz but is not gzipped", "Rename it, or compress it with gzip.", match[1])


def _gone(text: str) -> _Blame | None:
    match = re.search(r'(?:No files found that match the pattern|Cannot open file) "(.*?)"(?:: (.*))?', text)
    if match is None:
        return None
    if match[2] and "ermission" in match[2]:
        return _Blame("no permission to read the file", "Give the user who runs assetflow read access.", match[1])
    return _Blame("the file went away while it was read", "Run again when the files are complete.", match[1])


def _unknown_type(text: str) -> _Blame | None:
    match = re.search(r"Type with name (.*?) does not exist!", text)
    if match is None:
        return None
    # DuckDB's own suggestion for INTGER is JSON.
    hint = did_you_mean(match[1].upper(), COMMON_TYPES) or "Use a DuckDB type: BIGINT, DOUBLE, VARCHAR, DATE, ..."
    return _Blame(f"unknown column type {match[1]}", hint)


def _option_value(text: str) -> _Blame | None:
    match = re.search(r'Could not cast value (.*?) to named parameter "(.*?)" of type (\w+)', text)
    if match is None:
        return None
    return _Blame(f'the option "{match[2]}" takes a {match[3]}, not {match[1]}', "Correct `options` of the source.")


COMMON_TYPES = (
    "BIGINT", "BLOB", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "INTEGER", "INTERVAL", "JSON",
    "SMALLINT", "TEXT", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TINYINT", "UBIGINT", "UINTEGER", "UUID", "VARCHAR",
)  # fmt: skip

_RECOGNIZERS: tuple[Callable[[str], _Blame | None], ...] = (
    _csv_cast,
    _csv_line,
    _csv_dialect,
    _json_line,
    _json_cast,
    _parquet,
    _compressed,
    _gone,
    _unknown_type,
    _option_value,
)

_BROKEN_PARQUET = {
    r"File '(.*?)' too small to be a Parquet file": "the Parquet file is too short to be one",
    r"No magic bytes found at end of file '(.*?)'": "the Parquet file is cut off or no Parquet file at all",
    r"(?:file|File) ['\"](.*?)['\"].*?(?:footer|corrupt)": "the Parquet file is damaged",
    r"don't know what type|TProtocolException|ZSTD Decompression|Snappy decompression": "a Parquet file is damaged",
}


def _csv_file(text: str) -> str | None:
    match = re.search(r"^\s*file = (.*?)$", text, re.MULTILINE)
    return match[1] if match else None


def _first_line(text: str) -> str:
    """DuckDB's message without its kind: `Binder Error: no such thing` -> `no such thing`."""
    return _lower(re.sub(r"^[A-Z]\w+(?: \w+)* Error: ", "", text.strip().split("\n")[0]))


def _lower(sentence: str) -> str:
    """A reason to stand after a colon: small first letter, no full stop."""
    sentence = sentence.strip().rstrip(".")
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence
