"""Remembers definitions between commands, keyed by everything that they were read from.

A definition is used again only when its file, and for Python also every project module that it imported, every file
that it opened, listed or asked about, and every environment variable that it read while loading, are what they were;
and when the interpreter and the installed packages are. Whatever cannot be compared is not remembered.
"""

from __future__ import annotations

import hashlib
import json
import locale
import os
import sys
import time
from collections.abc import Iterable, Mapping
from stat import S_ISDIR
from typing import Any

from assetflow.asset import Asset, History, Note, Parameter
from assetflow.check import Check
from assetflow.long_json import parse
from assetflow.project.loading.definitions import FileDefinitions
from assetflow.project.observing.derived import derived, keep_derived
from assetflow.project.observing.stat import Stamp, settled, stamp_of, unchanged
from assetflow.running.python.record import EVERY_VARIABLE, Record, hash_of_value, import_path
from assetflow.source import Source
from assetflow.warehouse.disk.sha256 import hash_of_file

FORMAT = 5


class DefinitionsCache:
    """The file `cache/definitions.json` of a warehouse. Without a path nothing is remembered."""

    def __init__(self, path: str | None, surroundings: str, python: str) -> None:
        self.path = path
        self.surroundings = surroundings
        self.python = python
        self.entries: dict[str, dict[str, Any]] = {}
        self.changed = False
        self._known: dict[tuple[str, str | None], bool] = {}
        self._read_again: dict[tuple[str, str], Stamp] = {}
        """The stamps of files that had to be read to find that they hold what they held."""
        self._listings: dict[str, str | None] = {}
        self._places: dict[str, str | list[Any] | None] = {}
        self._read()

    def get(self, path: str, absolute: str, stamp: Stamp) -> FileDefinitions | None:
        """What the file declared when it was last read, if nothing that it was read from has changed."""
        entry = self.entries.get(path)
        if entry is None or not unchanged(absolute, entry["stamp"], entry["sha256"], stamp):
            return None
        depends = entry.get("depends")
        if depends is not None:
            if not self._same_surroundings(depends):
                return None
            if self._read_again:
                self._trust_stamps(depends["files"])
        if entry["stamp"] != stamp and settled(stamp) is not None:
            entry["stamp"] = stamp
            self.changed = True
        return definitions_from_json(path, entry)

    def get_settings(self, path: str, sha256: str) -> FileDefinitions | None:
        """What the settings file declared, when its table had this hash."""
        entry = self.entries.get(path)
        return definitions_from_json(path, entry) if entry is not None and entry["sha256"] == sha256 else None

    def put(
        self,
        file: FileDefinitions,
        stamp: Stamp | None,
        sha256: str,
        records: Iterable[Record] | None = None,
        together: bool = False,
    ) -> None:
        """Remember what a file declares; `records` say what else it was read from, `together` with all the others."""
        self.changed = True
        self.entries.pop(file.path, None)
        records = None if records is None else list(records)
        if records is not None and any(record.uncacheable for record in records):
            return
        try:
            entry = {"stamp": stamp and settled(stamp), "sha256": sha256, **definitions_to_json(file)}
            if records is not None:
                entry["depends"] = {"python": self.python, "together": together, **depends_on(records)}
            self.entries[file.path] = json.loads(json.dumps(entry))
        except TypeError:  # something in it has no JSON form: it is read anew each time
            return

    def are_together(self) -> bool:
        """True when the Python files of the project are read as one, because some of them set up what others read."""
        return any(entry.get("depends", {}).get("together") for entry in self.entries.values())

    def keep_only(self, paths: Iterable[str]) -> None:
        """Forget files that are gone."""
        gone = self.entries.keys() - set(paths)
        for path in gone:
            del self.entries[path]
        self.changed = self.changed or bool(gone)

    def save(self) -> None:
        if self.changed and self.path is not None and os.path.isdir(os.path.dirname(self.path)):
            value = {"surroundings": self.surroundings, "files": self.entries}
            keep_derived(self.path, json.dumps(value, separators=(",", ":")))
            self.changed = False

    def _read(self) -> None:
        if self.path is None:
            return
        kept = derived(self.path)
        value = {} if kept is None else parse(kept)
        if value.get("surroundings") == self.surroundings:
            self.entries = value["files"]

    def _same_surroundings(self, depends: Mapping[str, Any]) -> bool:
        return (
            depends["python"] == self.python
            and depends.get("cwd") in {None, os.getcwd()}
            and all(self._same_file(path, *then) for path, then in depends["files"].items())
            and all(stat_only(path) == then for path, then in depends["stats"].items())
            and all(listing(path) == then for path, then in depends["listings"].items())
            and all(self._module_listing(path) == then for path, then in depends["folders"].items())
            and all(self._importable(path) == then for path, then in depends["importable"].items())
            and all(variable_hash(name) == then for name, then in depends["variables"].items())
        )

    def _module_listing(self, path: str) -> str | None:
        if path not in self._listings:
            self._listings[path] = module_listing(path)
        return self._listings[path]

    def _importable(self, path: str) -> str | list[Any] | None:
        if path not in self._places:
            self._places[path] = importable(path)
        return self._places[path]

    def _same_file(self, path: str, then: Stamp | None, sha256: str | None) -> bool:
        known = self._known.get((path, sha256))
        if known is None:
            try:
                known = not os.path.isfile(path) if sha256 is None else self._unchanged(path, then, sha256)
            except OSError:
                known = False
            self._known[path, sha256] = known
        return known

    def _unchanged(self, path: str, then: Stamp | None, sha256: str) -> bool:
        now = stamp_of(path)
        if not unchanged(path, then, sha256, now):
            return False
        if then != now and settled(now) is not None:
            self._read_again[path, sha256] = now
        return True

    def _trust_stamps(self, files: Mapping[str, list[Any]]) -> None:
        """Remember the stamps of files that were read again, so that they need not be each time."""
        for path, remembered in files.items():
            stamp = self._read_again.get((path, remembered[1]))
            if stamp is not None and remembered[0] != stamp:
                remembered[0] = stamp
                self.changed = True


def surroundings(version: str) -> str:
    """What every definition depends on: this program, and the packages it reads definitions with."""
    return hash_of([FORMAT, version, {path: found for path in sys.path if (found := installed(path))}])


def installed(path: str) -> list[Any]:
    """Which packages of which versions a folder holds from which modules are imported.

    Names tell it of packages that an installer put there. Other folders, from PYTHONPATH say, may hold what writes its
    version anew into the same file; and those of an image may all have one time.
    """
    try:
        told = sorted(name for name in os.listdir(path or os.curdir) if name.endswith((".dist-info", ".egg-info")))
    except OSError:
        return []
    if path.endswith(("site-packages", "dist-packages")):
        return [os.stat(path).st_mtime_ns, told]
    inside = [name + file for name in told for file in ("", "/METADATA", "/PKG-INFO")]
    return [[name, stat_only(os.path.join(path, name))] for name in inside]


def python_surroundings(root: str, skip: Iterable[str], settings: Any, python_files: Iterable[str]) -> str:
    """What every Python definition depends on besides: interpreter, settings, and which modules could be imported."""
    skip = {os.path.basename(folder) for folder in skip}
    python_files = sorted(python_files)
    beside = [name for name in os.listdir(root) if name not in skip and is_importable(root, name)]
    folders = {root, *(os.path.join(root, os.path.dirname(file)) for file in python_files)}
    return hash_of([machine(), import_path(folders), root, settings, python_files, sorted(beside)])


def machine() -> list[Any]:
    """The interpreter and how it was started, the machine, its time zone and its encoding.

    Not the name of the machine, which is another one in each container, nor its language: a file that asks for these
    while it loads is not remembered.
    """
    return [
        sys.version,
        sys.flags,
        sys.platform,
        os.uname().machine,
        os.cpu_count(),
        *time.tzname,
        locale.getencoding(),
        sorted((name, value) for name, value in os.environ.items() if name.startswith(("PYTHON", "TZ"))),
    ]


def is_importable(root: str, name: str) -> bool:
    return name.endswith(".py") or (
        name.isidentifier() and name != "__pycache__" and os.path.isdir(os.path.join(root, name))
    )


def hash_of(value: Any) -> str:
    """A hash of a JSON value; the order of keys counts, as functions see it in values that they are given."""
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()


def depends_on(records: Iterable[Record]) -> dict[str, Any]:
    """What the records name, as it is now."""
    records = list(records)
    executed = {record.path: record.sha256 for record in records}
    paths = {path for record in records for path in (record.path, *record.modules, *record.files)}
    files: dict[str, Any] = {}
    for path in sorted(paths):
        try:
            stamp = settled(stamp_of(path))
            sha256 = hash_of_file(path)
            # A file that was saved after it was executed is not what the definitions were read from.
            files[path] = [stamp, sha256] if executed.get(path) in {None, sha256} else [None, executed[path]]
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            files[path] = [None, None]
    stats = {path for record in records for path in record.stats} - paths
    listings = {path for record in records for path in record.listings}
    folders = {path for record in records for path in record.folders}
    folders |= {os.path.dirname(path) for path, (_, sha256) in files.items() if sha256 is not None}
    places = {path for record in records for path in record.importable} - folders
    variables = {name: value for record in records for name, value in record.variables.items()}
    return {
        "files": files,
        "stats": {path: stat_only(path) for path in sorted(stats)},
        "listings": {path: listing(path) for path in sorted(listings)},
        "folders": {path: module_listing(path) for path in sorted(folders)},
        "importable": {path: importable(path) for path in sorted(places)},
        "variables": dict(sorted(variables.items())),
        "cwd": next((record.cwd for record in records if record.cwd is not None), None),
    }


def stat_only(path: str) -> list[Any] | None:
    """What can be learnt of a path by asking: size, time, rights, where a link points; a folder is there or not."""
    try:
        stat = os.stat(path)
    except OSError:
        return [os.readlink(path)] if os.path.islink(path) else None
    link = os.readlink(path) if os.path.islink(path) else None
    if S_ISDIR(stat.st_mode):
        return [link, stat.st_mode]
    return [link, stat.st_mode, stat.st_uid, stat.st_gid, stat.st_size, stat.st_mtime_ns]


def listing(path: str) -> str | None:
    """A hash of what can be learnt by listing a folder: names, and of files also what asking would tell."""
    try:
        return hash_of([(name, stat_only(os.path.join(path, name))) for name in sorted(os.listdir(path))])
    except OSError:
        return None


def importable(path: str) -> str | list[Any] | None:
    """What could be imported from a place on the import path: the names in a folder, or a file that holds modules."""
    try:
        return hash_of(sorted(name for name in os.listdir(path) if is_importable(path, name)))
    except OSError:
        return stat_only(path)


def module_listing(path: str) -> str | None:
    """A hash of the names in a folder that could be imported or read; byte code and hidden files come and go."""
    try:
        return hash_of(sorted(name for name in os.listdir(path) if not name.startswith((".", "__pycache__"))))
    except OSError:
        return None


def variable_hash(name: str) -> str | None:
    """What a record holds of a variable, for its value now."""
    if name == EVERY_VARIABLE:
        return hash_of_value(str(sorted(os.environ.items())))
    value = os.environ.get(name)
    return None if value is None else hash_of_value(value)


BESIDE_ASSETS = ("sources", "in_place", "checks")
"""What most files declare nothing of."""


def definitions_to_json(file: FileDefinitions) -> dict[str, Any]:
    value: dict[str, Any] = {"assets": [to_json(asset) for asset in file.assets]}
    if file.sources:
        value["sources"] = [source_to_json(source) for source in file.sources]
    if file.in_place:
        value["in_place"] = [source_to_json(source) for source in file.in_place]
    if file.checks:
        value["checks"] = [[name, to_json(check)] for name, check in file.checks]
    return value


def definitions_from_json(path: str, value: Mapping[str, Any]) -> FileDefinitions:
    assets = tuple([asset_from_json(asset) for asset in value["assets"]])
    if value.keys().isdisjoint(BESIDE_ASSETS):
        return FileDefinitions(path, assets)
    return FileDefinitions(
        path,
        assets,
        tuple([source_from_json(source) for source in value.get("sources", ())]),
        tuple([(name, check_from_json(check)) for name, check in value.get("checks", ())]),
        tuple([source_from_json(source) for source in value.get("in_place", ())]),
    )


def to_json(value: Asset | Source | Check | Parameter | Note) -> dict[str, Any]:
    """A value as a dict without what is at its default; the values inside of it likewise."""
    found: dict[str, Any] = {}
    for name, one in value._asdict().items():
        if name not in value._field_defaults or one != value._field_defaults[name]:
            found[name] = [to_json(each) for each in one] if name in NESTED else one
    return found


NESTED = frozenset({"parameters", "notes", "checks"})
TUPLES = ("upstreams", "files", "tags", "unique_key")
AT_DEFAULT = {name: Asset._field_defaults.get(name) for name in Asset._fields}


def asset_from_json(found: Mapping[str, Any]) -> Asset:
    # Calling it by names takes twice as long, which thousands of assets feel.
    value = {**AT_DEFAULT, **found}
    for key in TUPLES:
        if key in found:
            value[key] = tuple(found[key])
    if "code_parts" in found:
        value["code_parts"] = tuple([(name, digest) for name, digest in found["code_parts"]])
    if "parameters" in found:
        value["parameters"] = tuple([parameter_from_json(each) for each in found["parameters"]])
    if "notes" in found:
        value["notes"] = tuple([Note(**each) for each in found["notes"]])
    if "checks" in found:
        value["checks"] = tuple([check_from_json(each) for each in found["checks"]])
    if "column_tags" in found:
        value["column_tags"] = tags_from_json(found["column_tags"])
    if "history" in found:
        value["history"] = History(*found["history"])
    return Asset._make(value.values())


def tags_from_json(value: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {column: tuple(tags) for column, tags in value.items()}


def parameter_from_json(value: dict[str, Any]) -> Parameter:
    columns = value.get("columns")
    return Parameter(**{**value, "columns": None if columns is None else tuple(columns)})


def check_from_json(value: dict[str, Any]) -> Check:
    return Check(**{**value, "upstreams": tuple(value.get("upstreams", ()))})


def source_to_json(source: Source) -> dict[str, Any]:
    value = to_json(source)
    value["location"] = {"type": type(source.location).__module__.rpartition(".")[2], **source.location.to_dict()}
    return value


def source_from_json(value: dict[str, Any]) -> Source:
    from assetflow.sources import location_from_dict

    value = dict(value)
    value["location"] = location_from_dict(value["location"])
    value["tags"] = tuple(value.get("tags", ()))
    value["checks"] = tuple([check_from_json(each) for each in value.get("checks", ())])
    if "column_tags" in value:
        value["column_tags"] = tags_from_json(value["column_tags"])
    return Source(**value)
