"""What is wrong with the words of a declaration, found without its files: types and reader options that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetflow.quoting import quote_identifier
from assetflow.secret import is_reference
from assetflow.sources.files.find import FORMATS, suffix_of
from assetflow.sources.files.listing import LISTED
from assetflow.sources.files.read import READERS, Reading, literal
from assetflow.sources.files.sniff import check_options

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from assetflow.sources.files.location import Files


def try_words(location: Files, cursor: DuckDBPyConnection) -> None:
    """Let DuckDB read the words on a connection that opens no files; whatever it or we say against them is raised."""
    from assetflow.duck import duckdb

    for kind in location.columns.values():
        cursor.execute(f"SELECT CAST(NULL AS {kind})")
    format = location.format or next((FORMATS.get(suffix_of(pattern)) for pattern in location.patterns), None)
    if format is None or format == LISTED or not location.options:
        return  # what the files are called tells how they are read
    check_options(cursor, Reading(format, {}, location.options))
    given = {name: value for name, value in location.options.items() if not is_reference(value)}
    written = "".join(f", {quote_identifier(name)} = {literal(value)}" for name, value in given.items())
    try:
        cursor.execute(f"DESCRIBE FROM {READERS[format]}('none'{written})")
    except duckdb.PermissionException:
        return  # all was understood: it would open the file now
