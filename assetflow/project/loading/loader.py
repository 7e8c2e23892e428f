"""Reads the definitions of a project: its settings, its SQL files, its Python files.

Whatever is unchanged since the last command comes from the cache, and then no engine, no parser and no user module is
imported.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from assetflow.errors import DefinitionError
from assetflow.project.loading.cache import DefinitionsCache, hash_of, python_surroundings, surroundings
from assetflow.project.loading.definitions import Definitions, FileDefinitions, link, together
from assetflow.project.observing.stat import Stamp, stamp
from assetflow.project.settings import Settings
from assetflow.running.python.record import Record

if TYPE_CHECKING:
    from assetflow.running.python.imports import Imports


MOST_AHEAD = 100
"""Files that are read together."""


class DefinitionFile(Struct, frozen=True):
    """A file that may declare something: its path below the root, and its stamp."""

    path: str
    absolute: str
    stamp: Stamp


def load(settings: Settings, open_imports: Callable[[], Imports], version: str) -> Definitions:
    """All definitions of a project, or one error that names everything that is wrong with them.

    `open_imports` gives the Python side of the project; it is not asked while no Python file has to be read.
    """
    files = sorted(definition_files(settings.root, settings.assets_folder), key=lambda file: file.path)
    cache = open_cache(settings, files, version)
    found = [settings_definitions(settings, cache)]
    problems: list[DefinitionError] = []
    missing: list[DefinitionFile] = []
    for file in files:
        remembered = cache.get(file.path, file.absolute, file.stamp)
        if remembered is None:
            missing.append(file)
        else:
            found.append(remembered)
    as_one = import_missing([file.absolute for file in missing if is_python(file)], open_imports, cache)
    if as_one:  # files that set up what others read are loaded with these, else these would not be what they are
        missing += [file for file in files if is_python(file) and file not in missing]
        found = [one for one in found if not one.path.endswith(".py")]
        import_all([file.absolute for file in missing if is_python(file)], open_imports())
    for start in range(0, len(missing), MOST_AHEAD):
        some = [(file, content_of(file)) for file in missing[start : start + MOST_AHEAD]]
        look_ahead(some)
        for file, content in some:
            try:
                found.append(read(file, content, settings, open_imports, cache, as_one))
            except DefinitionError as problem:
                problems.append(problem)
    if problems:
        raise together(problems)
    cache.keep_only([settings.file, *(file.path for file in files)])
    definitions = link(found)
    cache.save()
    return definitions


def is_python(file: DefinitionFile) -> bool:
    return file.path.endswith(".py")


def import_missing(paths: list[str], open_imports: Callable[[], Imports], cache: DefinitionsCache) -> bool:
    """Import files that are not remembered; True when they are to be read together with all the others."""
    if not paths:
        return False
    if cache.are_together():
        return True
    import_all(paths, open_imports())
    return any(open_imports().sets_up_others(path) for path in paths)


def import_all(paths: list[str], imports: Imports) -> None:
    """Import files before any of them is fingerprinted, since one may register what another one uses."""
    imports.forget()  # a helper may have changed: what is loaded now is loaded from today's files
    for path in sorted(paths):
        with suppress(Exception, SystemExit):  # the file is read next, and then told of
            imports.load(path)


def open_cache(settings: Settings, files: list[DefinitionFile], version: str) -> DefinitionsCache:
    python = python_surroundings(
        settings.root,
        [settings.warehouse],
        [settings.assets, settings.tracked_packages],
        [file.path for file in files if file.path.endswith(".py")],
    )
    return DefinitionsCache(
        os.path.join(settings.warehouse, "cache", "definitions.json"), surroundings(version), python
    )


def definition_files(root: str, folder: str) -> Iterator[DefinitionFile]:
    """Every .sql and .py file below the assets folder; what starts with a dot or underscore declares nothing."""
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_symlink():
                refuse_lost(root, entry.path)
            if entry.name.endswith((".sql", ".py")) and entry.is_file():
                path = os.path.relpath(entry.path, root) if os.sep == "\\" else entry.path[len(root) + 1 :]
                yield DefinitionFile(path.replace(os.sep, "/"), entry.path, stamp(entry.stat()))
            elif entry.is_dir():
                yield from definition_files(root, entry.path)


def refuse_lost(root: str, path: str) -> None:
    """Refuse a link that leads nowhere, or around: a run would take what it declared for declared no more."""
    shown, to = os.path.relpath(path, root), os.readlink(path)
    if not os.path.exists(path):
        hint = "Bring back what it leads to, or remove the link: the next run then withdraws what it declared."
        raise DefinitionError(f"this link leads to {to}, which is not there", path=shown, hint=hint)
    if f"{os.path.realpath(os.path.dirname(path))}/".startswith(os.path.join(os.path.realpath(path), "")):
        hint = "Remove the link: all below it would be declared again and again."
        raise DefinitionError(f"this link leads to {to}, in which it stands itself", path=shown, hint=hint)


def settings_definitions(settings: Settings, cache: DefinitionsCache) -> FileDefinitions:
    """The sources that the settings declare."""
    sha256 = hash_of(settings.sources)
    remembered = cache.get_settings(settings.file, sha256)
    if remembered is not None:
        return remembered
    from assetflow.project.loading.declared import declared_sources

    file = declared_sources(settings)
    cache.put(file, None, sha256)
    return file


def content_of(file: DefinitionFile) -> bytes:
    with open(file.absolute, "rb") as opened:
        return opened.read()


def look_ahead(files: Iterable[tuple[DefinitionFile, bytes]]) -> None:
    """Have the queries of SQL files parsed together."""
    sql = [(content, file.path) for file, content in files if file.path.endswith(".sql")]
    if len(sql) > 1:
        from assetflow.lineage.sql.query import look_ahead

        look_ahead((content.decode("utf-8-sig", errors="replace"), path) for content, path in sql)


def read(
    file: DefinitionFile,
    content: bytes,
    settings: Settings,
    open_imports: Callable[[], Imports],
    cache: DefinitionsCache,
    together: bool,
) -> FileDefinitions:
    """Read one file anew, and remember what it declares: it depends on all that were loaded `together` with it."""
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DefinitionError("is not valid UTF-8", path=file.path, line=line, hint="Save the file as UTF-8.") from None
    if file.path.endswith(".sql"):
        from assetflow.project.loading.sqlfile import read_sql_definition

        definitions = read_sql_definition(file.path, text, settings)
        cache.put(definitions, file.stamp, sha256)
        return definitions
    from assetflow.project.loading.pythonfile import read_python_definitions

    imports = open_imports()
    with imports.active([os.path.dirname(file.absolute)]):
        definitions, used = read_python_definitions(file.path, file.absolute, settings, imports)
    own = imports.records[os.path.realpath(file.absolute)]
    for path in used:
        imports.records.setdefault(path, Record(path))
        own.modules.add(path)
    own.uncacheable = own.uncacheable or imports.unseen_by(file.absolute)
    needed = list(imports.records.values()) if together else imports.needed_by(file.absolute)
    cache.put(definitions, file.stamp, sha256, needed, together)
    return definitions
