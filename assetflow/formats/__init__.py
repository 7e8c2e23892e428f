"""What a result can be written as: one file a format, and its name is the format's name.

    SUFFIX: str                                                what the names of such files end with
    write(relation: DuckDBPyRelation, path: str) -> None       write all rows into the file, block by block

A format that is text also has

    lines(relation: DuckDBPyRelation) -> Iterator[str]         the same, line by line, for a screen or a pipe

Rows are never collected. `query --format NAME` finds a new file here by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

ROWS_IN_A_BLOCK = 4096


class Format(Struct, frozen=True):
    """One file of this folder. `lines` is None for a format that is not text."""

    name: str
    suffix: str
    write: Callable[[DuckDBPyRelation, str], None]
    lines: Callable[[DuckDBPyRelation], Iterator[str]] | None


def format_names() -> list[str]:
    """The names of all formats, without importing any."""
    files = os.listdir(os.path.dirname(__file__))
    return sorted(file[:-3] for file in files if file.endswith(".py") and not file.startswith("_"))


def open_format(name: str) -> Format:
    """The format of that name; ModuleNotFoundError when there is none."""
    module = import_module(f"assetflow.formats.{name}")
    return Format(name, module.SUFFIX, module.write, getattr(module, "lines", None))


def blocks(relation: DuckDBPyRelation) -> Iterator[list[tuple[object, ...]]]:
    """The rows of a relation as Python values, one block after the other; nothing is collected.

    Meant for columns of text, which need no conversion. The relation's cursor is free again when the last block was
    taken, or when the iterator is closed. duckdb.Error when the query fails.
    """
    from assetflow.duck import duckdb

    reader = relation.to_arrow_reader(ROWS_IN_A_BLOCK)
    try:
        for batch in reader:
            yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    except OSError as error:
        # Arrow makes an error of the system of whatever DuckDB says.
        raise duckdb.Error(str(error)) from error
    finally:
        reader.close()


def distinct(names: Iterable[str]) -> list[str]:
    """The names, with those told apart that occur twice: `a`, `a_1`."""
    found: dict[str, None] = {}
    taken = set(names := list(names))
    for name in names:
        number, other = 0, name
        while other in found or (number and other in taken):
            number += 1
            other = f"{name}_{number}"
        found[other] = None
    return list(found)


def write_lines(lines: Iterable[str], path: str) -> None:
    """Write lines into a UTF-8 file."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in lines)
