"""JSON: an array of objects, one line a row; and the document that `--json` prints.

| in DuckDB                     | in JSON                                                                   |
|-------------------------------|---------------------------------------------------------------------------|
| integers, also HUGEINT        | a number, exact to the last digit                                         |
| DECIMAL                       | a number up to 15 digits, which every reader keeps; text beyond           |
| FLOAT, DOUBLE                 | a number; NaN and infinities, which JSON does not know, are null          |
| DATE, TIME, TIMESTAMP         | text as ISO 8601 writes it: `2026-11-20T02:00:00`, `...+00` with a zone   |
| LIST, STRUCT, MAP, JSON       | arrays and objects                                                        |
| everything else               | the text that DuckDB prints                                               |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from assetflow.formats import blocks, distinct, write_lines
from assetflow.quoting import quote_literal
from assetflow.text import clean_json

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

SUFFIX = ".json"
DIGITS_OF_A_DOUBLE = 15


def write(relation: DuckDBPyRelation, path: str) -> None:
    write_lines(lines(relation), path)


def lines(relation: DuckDBPyRelation) -> Iterator[str]:
    """`[`, a line for each row, `]`. Columns of the same name are told apart: `a`, `a_1`."""
    names = map(quote_literal, distinct(relation.columns))
    members = ", ".join(f"{name}, {value}" for name, value in zip(names, _values(relation), strict=True))
    yield "["
    yield from _separated(_texts(relation.project(f"CAST(json_object({members}) AS VARCHAR)")), "  ")
    yield "]"


def document(
    schema: str, relation: DuckDBPyRelation, limit: int | None = None, more: Mapping[str, object] | None = None
) -> Iterator[str]:
    """Lines of `{"schema", "columns": [{"name", "type"}], "rows": [[..]], "truncated"}`, of at most `limit` rows.

    `more` is what else there is to say, before the rows.
    """
    columns = [{"name": name, "type": str(type_)} for name, type_ in zip(relation.columns, relation.types, strict=True)]
    wanted = relation if limit is None else relation.limit(limit + 1)
    rows = _texts(wanted.project(f"CAST(json_array({', '.join(_values(relation))}) AS VARCHAR)"))
    yield "{"
    yield f'  "schema": {json.dumps(schema)},'
    for key, value in (more or {}).items():
        yield f"  {json.dumps(key)}: {clean_json(json.dumps(value, ensure_ascii=False))},"
    yield f'  "columns": {clean_json(json.dumps(columns, ensure_ascii=False))},'
    yield '  "rows": ['
    yield from _separated(islice(rows, limit), "    ")
    yield "  ],"
    yield f'  "truncated": {json.dumps(next(rows, None) is not None)}'
    yield "}"


def _separated(rows: Iterator[str], indent: str) -> Iterator[str]:
    """The rows with a comma behind each but the last."""
    last = next(rows, None)
    for row in rows:
        yield f"{indent}{last},"
        last = row
    if last is not None:
        yield f"{indent}{last}"


def _texts(relation: DuckDBPyRelation) -> Iterator[str]:
    for block in blocks(relation):
        for (text,) in block:
            yield clean_json(_without_nan(str(text)))


def _without_nan(text: str) -> str:
    # DuckDB writes NaN and Infinity, also inside of lists and structs, which strict readers refuse.
    if "NaN" not in text and "Infinity" not in text:
        return text
    return _STRING_OR_NAN.sub(lambda found: found[0] if found[0].startswith('"') else "null", text)


_STRING_OR_NAN = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN')


def _values(relation: DuckDBPyRelation) -> list[str]:
    return [_value(f"#{position}", str(type_)) for position, type_ in enumerate(relation.types, 1)]


def _value(column: str, type_: str) -> str:
    """The SQL that gives a column's value as JSON."""
    if type_.startswith("TIMESTAMP") and not type_.endswith("]"):
        return f"replace(CAST({column} AS VARCHAR), ' ', 'T')"
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", type_)
    if decimal and int(decimal[1]) > DIGITS_OF_A_DOUBLE:
        bound = f"1e{DIGITS_OF_A_DOUBLE - int(decimal[2])}"
        return (
            f"CASE WHEN abs(CAST({column} AS DOUBLE)) < {bound} THEN to_json({column}) "
            f"ELSE to_json(CAST({column} AS VARCHAR)) END"
        )
    return column
