"""Sources as people declare them, in the settings, from Python, or by a path in their SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from assetflow.asset import SourceDeclaration
from assetflow.errors import AssetflowError, SourceError, did_you_mean
from assetflow.project.loading.definitions import FileDefinitions
from assetflow.project.loading.options import (
    SOURCE_OPTIONS,
    Place,
    WrongValueError,
    check_name,
    column_words,
    read_options,
)
from assetflow.project.settings import Settings, line_of, lines_by_table
from assetflow.source import Location, Source
from assetflow.sources.files import Files, files

LOCATION_KEYS = ("files", "package", "format", "columns", "options")


def declared_sources(settings: Settings) -> FileDefinitions:
    """The sources of `[tool.assetflow.sources.NAME]`."""
    root, file = settings.root, settings.file
    lines = lines_by_table(root, file) if settings.sources else {}
    found = []
    for name, table in settings.sources.items():
        line = lines.get("sources", {}).get(name) or line_of(root, file, name) or 1
        found.append(settings_source(name, table, Place(file, line, lines.get(f"sources.{name}", {}))))
    return FileDefinitions(file, sources=tuple(found))


def settings_source(name: str, table: Mapping[str, Any], place: Place) -> Source:
    check_name(name, what="a source", place=place)
    if not isinstance(table, Mapping):
        raise place.error(f'source {name} must be a table, as in [tool.assetflow.sources.{name}] files = "data/*.csv"')
    for key in table:
        if key not in LOCATION_KEYS and key not in SOURCE_OPTIONS:
            known = {*LOCATION_KEYS, *SOURCE_OPTIONS}
            raise place.error(
                f"unknown key {key!r} for the source {name}",
                key=key,
                hint=did_you_mean(key, known) or f"Known keys: {', '.join(sorted(known))}.",
            )
    if "files" not in table:
        raise place.error(f"source {name} does not say where it lies", hint='Add files = "data/*.csv".')
    if not all_texts(table["files"]):
        said = f"files of the source {name} must be text or a list of texts, not {table['files']!r}"
        raise place.error(said, key="files", hint='Write files = "data/*.csv".')
    where = {key: table[key] for key in LOCATION_KEYS if key in table}
    rest = {key: value for key, value in table.items() if key not in LOCATION_KEYS}
    if "columns" in table:
        where["columns"], rest["columns"] = types_and_words(name, table["columns"], place)
    pattern = where.pop("files")
    try:
        location = files(pattern, **where)
    except AssetflowError as error:
        key = refused_word(pattern, where)
        raise place.error(f"source {name}: {error.message}", key=key, hint=error.hint) from error
    except TypeError as error:
        raise place.error(f"source {name}: {error}", key=refused_word(pattern, where)) from error
    return make_source(name, location, rest, place)


def refused_word(pattern: str | list[str], words: Mapping[str, Any]) -> str:
    """The first of the words that `files` refuses beside those before it; `files` where it is the pattern itself."""
    keys = ("files", *words)
    for count, key in enumerate(keys):
        try:
            files(pattern, **{word: words[word] for word in keys[1 : count + 1]})
        except (AssetflowError, TypeError):
            return key
    return "files"


def types_and_words(name: str, columns: Any, place: Place) -> tuple[dict[str, str], dict[str, Any]]:
    """What `columns` tells the reader of the files, and what it tells people."""
    try:
        words = column_words(columns)
    except WrongValueError as error:
        raise place.error(f"columns of {name} {error}", key="columns") from None
    types = {column: each.type for column, each in words.items() if each.type}
    others = {
        column: {"description": each.description, "tags": each.tags}
        for column, each in words.items()
        if each.description or each.tags
    }
    return types, others


def all_texts(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value))


def python_source(declaration: SourceDeclaration, place: Place) -> Source:
    """The source of `source("NAME", files(...))` in a Python file."""
    check_name(declaration.name, what="a source", place=place)
    if not isinstance(declaration.source, Location):
        raise place.error(
            f"source {declaration.name} is given {declaration.source!r}, which is no place where data lies",
            hint='Write source("NAME", files("data/*.csv")).',
        )
    return make_source(declaration.name, declaration.source, declaration.options, place)


def in_place_source(text: str, function: str | None, place: Place) -> Source:
    """The source that a path in someone's SQL is, under its own text as name."""
    return Source(text, files(text, format=format_of(function)), place.path, place.line)


def format_of(function: str | None) -> str | None:
    """What a DuckDB reader function reads; None leaves it to the file's suffix."""
    if function is not None and function.lower() in {"read_text", "read_blob"}:
        return "file"
    for name in ("csv", "parquet", "json"):
        if function is not None and name in function.lower():
            return name
    return None


def make_source(name: str, location: Location, options: Mapping[str, Any], place: Place) -> Source:
    values = read_options(options, asset=name, place=place, kind="source")
    source = Source(name, location, place.path, place.line, **values)
    if isinstance(location, Files) and (location.columns or location.options):
        refuse_unknown_words(source, location, place)
    return source


def refuse_unknown_words(source: Source, location: Files, place: Place) -> None:
    """A type or an option that DuckDB does not know is an error of the declaration, before any file is opened."""
    from assetflow.duck import duckdb
    from assetflow.lineage.scratch import scratch
    from assetflow.sources.files.explain import explain_read_error
    from assetflow.sources.files.words import try_words

    with scratch() as cursor:
        for key, words in (("columns", replace(location, options={})), ("options", location)):
            try:
                try_words(words, cursor)
            except (SourceError, duckdb.Error) as error:
                told = explain_read_error(error, source)
                raise place.error(told.message, key=key, hint=told.hint) from error
