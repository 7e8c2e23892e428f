"""Files named by a key: `data/sales-{day}.csv` gives its rows a column `day`, which the names of the files tell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from assetflow.errors import DefinitionError, SourceError
from assetflow.quoting import quote_identifier, quote_literal

KEY = r"\{(\w*)\}"
PATH = "__assetflow_path"
"""The column in which DuckDB's reader tells the file of each row."""


def keys_of(patterns: Sequence[str]) -> tuple[str, ...]:
    """The columns that the names of files tell; DefinitionError where patterns do not agree on them."""
    found = [tuple(re.findall(KEY, pattern)) for pattern in patterns]
    for pattern, names in zip(patterns, found, strict=True):
        if "" in names or len(set(names)) < len(names):
            raise DefinitionError(f'"{pattern}" names a key twice, or has one without a name', hint="Write {day}.")
        if set(names) != set(found[0]):
            raise DefinitionError(f'"{pattern}" and "{patterns[0]}" have other keys in their names')
    return found[0] if found else ()


def glob_of(pattern: str) -> str:
    """The pattern that finds the files, whatever their keys."""
    return re.sub(KEY, "*", pattern)


def expression(patterns: Sequence[str], name: str) -> str:
    """The SQL that takes one key, as text, out of `PATH`; NULL where the file has no such key."""
    parts = [f"nullif(regexp_extract({PATH}, {quote_literal(regex(each, name))}, 1), '')" for each in patterns]
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


def regex(pattern: str, name: str) -> str:
    """What matches a path of the pattern and takes one key out of it."""
    pieces = re.split(r"(\{\w+\}|\*\*/|\*|\?)", pattern)
    said = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]", f"{{{name}}}": "([^/]+?)"}
    found = (said.get(piece) or ("[^/]+?" if re.fullmatch(KEY, piece) else literal(piece)) for piece in pieces)
    return f"(?:^|/){''.join(found)}$"


def literal(text: str) -> str:
    """The regular expression that this very text matches, and no other."""
    return re.sub(r"([.^$+?()\[\]{}|\\])", r"\\\1", text)


def type_of(texts: Sequence[str]) -> str:
    """The type of a key by its values: DATE, BIGINT, or text."""
    if texts and all(is_date(text) for text in texts):
        return "DATE"
    if texts and all(re.fullmatch(r"0|[1-9]\d{0,17}", text) for text in texts):
        return "BIGINT"
    return "VARCHAR"


def is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


FORMS = {
    "DATE": (r"\s*[+-]?\d+[-/ \\]\d{1,2}[-/ \\]\d{1,2}.*|infinity|-infinity|epoch", "date like 2024-01-31"),
    "INTEGER": (r"\s*[+-]?[\d_.]+(e[+-]?\d+)?\s*", "number"),
    "BIGINT": (r"\s*[+-]?[\d_.]+(e[+-]?\d+)?\s*", "number"),
}
"""What a key of a declared type must look like, loosely: what does not cannot be one."""


def refuse_other_keys(paths: Iterable[str], patterns: Sequence[str], name: str, kind: str) -> None:
    """SourceError for a file whose name cannot hold a key of the declared type, before anything is read."""
    if kind.upper() not in FORMS:
        return
    form, said = FORMS[kind.upper()]
    for path in paths:
        found = next((match[1] for each in patterns if (match := re.search(regex(each, name), path))), None)
        if found is not None and not re.fullmatch(form, found):
            raise SourceError(
                f'"{found}" in the name of {os.path.basename(path)} is no {said}, and {name} is declared {kind}',
                hint=f'Rename the file, narrow the pattern, or declare columns = {{ {name} = "VARCHAR" }}.',
            )


def with_keys(sql: str, patterns: Sequence[str], types: Mapping[str, str], keys: Sequence[str]) -> str:
    """The rows of `sql`, which tells their file, with the columns of `types`."""
    listed = ", ".join(
        f"CAST({expression(patterns, name)} AS {kind}) AS {quote_identifier(name)}"
        if name in keys
        else quote_identifier(name)
        for name, kind in types.items()
    )
    return f"SELECT {listed} FROM ({sql})"
