"""Which line of a broken file is to blame, found with the standard library once DuckDB has refused the file.

Every run that reads files imports this: what reads lines is imported where a file is broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

DELIMITERS = ",;\t|"


def first_ragged_line(path: str, delimiter: str) -> int | None:
    """The first line with another number of values than line 1; None when there is none."""
    import csv

    rows = csv.reader(_lines(path), delimiter=delimiter)
    width = len(next(rows, []))
    for row in rows:
        if row and len(row) != width:
            return rows.line_num
    return None


def likely_delimiter(path: str) -> str:
    """The separator that the first line has most of."""
    line = next(_lines(path), "")
    return max(DELIMITERS, key=line.count)


def first_bad_json_line(path: str) -> tuple[int, str] | None:
    """The first line that is no JSON and why, for a file of one value a line or of one value; None when all is well."""
    lines = list(_lines(path))
    try:
        json.loads("".join(lines))
    except json.JSONDecodeError as error:
        whole = (error.lineno, error.msg)
    else:
        return None
    if lines[0].lstrip().startswith("["):
        return whole
    for number, line in enumerate(lines, start=1):
        try:
            json.loads(line or "null")
        except json.JSONDecodeError as error:
            if line.strip():
                return number, error.msg
    return None


def _lines(path: str) -> Iterator[str]:
    import gzip

    opened = gzip.open if path.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
        yield from file
