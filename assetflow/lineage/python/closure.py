"""The code version of a function: what it does, with everything of the project that it uses.

    loyalty  ->  helpers.clean  ->  helpers.RATE
             ->  tax.Band       ->  tax.Base

Layout, comments, docstrings and the place where a helper lives do not count.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Collection, Mapping
from types import FunctionType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from assetflow.asset import Note
from assetflow.lineage.python.modules import ModuleTexts, Sources, sources_of
from assetflow.lineage.python.records import record_of
from assetflow.lineage.python.subjects import CALLED_LATER, LOADING, VALUE_KNOWN, Record, Subject, When
from assetflow.lineage.python.syntax import said_by


class CodeVersion(Struct, frozen=True):
    """What a function does, as a SHA-256 in hex.

    `parts` are the objects it is made of with their own hashes (which part changed?), `notes` what no hash can hold,
    `files` the project files it comes from, relative to the project, `packages` those that count, with their versions.
    """

    digest: str
    parts: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]
    files: tuple[str, ...]
    packages: tuple[tuple[str, str], ...] = ()


def code_version(
    function: Callable[..., Any],
    *,
    root: str,
    read: ModuleTexts,
    packages: Mapping[str, str] | None = None,
    config: Collection[str] = (),
) -> CodeVersion:
    """The code version of a loaded function; ask when the whole project is loaded, since modules may register things.

    `root` is the absolute project folder. `packages` maps names to versions: those that the code imports count.
    `config` names the parameters whose default values are counted elsewhere.
    """
    sources = sources_of(root, read)
    roots = _roots(function, tuple(sorted(config)))
    searched = _search(roots, sources)
    records = _closure(roots, sources, _changed(searched))
    used = _used(records, packages or {})
    return CodeVersion(
        _digest(records, [f"{name}=={version}" for name, version in used]),
        _parts(records),
        _notes(searched),
        tuple(sorted({record.path for record, _ in searched if record.path is not None})),
        used,
    )


def _roots(function: Callable[..., Any], config: tuple[str, ...]) -> tuple[Subject, ...]:
    """The function as it is called, and below its decorators the function as it is written."""
    written = inspect.unwrap(function)
    roots = []
    if isinstance(written, FunctionType):
        roots.append(Subject("function", written, annotated=True, config=config))
    if written is not function or not roots:
        roots.append(Subject("function" if isinstance(function, FunctionType) else "callable", function))
    return tuple(roots)


def _changed(searched: list[tuple[Record, When]]) -> frozenset[object]:
    """The keys of the global names that the asset's code changes while it runs."""
    return frozenset(key for record, when in searched if when == CALLED_LATER for key in record.changes)


def _closure(roots: tuple[Subject, ...], sources: Sources, changed: frozenset[object]) -> list[Record]:
    """The records that count, in an order that depends on nothing but the code."""
    queue = list(roots)
    seen = {subject.key for subject in roots}
    records = []
    for subject in queue:
        record = record_of(subject, sources)
        if subject.key in changed:
            record = _as_defined(record)
        records.append(record)
        for linked, when in record.links:
            if when != VALUE_KNOWN and linked.key not in seen:
                seen.add(linked.key)
                queue.append(linked)
    if any(record.asks for record in records):
        return [replace(record, text=record.text + "".join(map(said_by, record.nodes))) for record in records]
    return records


def _as_defined(record: Record) -> Record:
    """The record of a name that running changes: its value says when it was looked at, its definition what it is."""
    if not any(linked.kind == "definition" for linked, _ in record.links):
        return record
    links = tuple((linked, LOADING if linked.kind == "definition" else when) for linked, when in record.links)
    return replace(record, text="as defined", links=links)


def _digest(records: list[Record], versions: list[str]) -> str:
    numbers = {record.subject.key: str(number) for number, record in enumerate(records)}
    digest = hashlib.sha256("\n".join(versions).encode())
    for record in records:
        links = ",".join(numbers[linked.key] for linked, when in record.links if when != VALUE_KNOWN)
        digest.update(f"\n{_hash(record.text)} {links}".encode())
    return digest.hexdigest()


def _used(records: list[Record], packages: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    imported = {name for record in records for name in record.libraries}
    return tuple(each for each in sorted(packages.items()) if {each[0], _import_name(each[0])} & imported)


def _parts(records: list[Record]) -> tuple[tuple[str, str], ...]:
    texts: dict[str, list[str]] = {}
    for record in records:
        texts.setdefault(record.name, []).append(record.text)
    return tuple(sorted((name, _hash("\n".join(each))) for name, each in texts.items()))


def _search(roots: tuple[Subject, ...], sources: Sources) -> list[tuple[Record, When]]:
    """All code that is reached, with the latest moment at which it runs."""
    moments: dict[object, When] = {}
    records: dict[object, Record] = {}
    queue: list[tuple[Subject, When]] = [(subject, CALLED_LATER) for subject in roots]
    for subject, when in queue:
        if moments.get(subject.key, -1) >= when:
            continue
        moments[subject.key] = when
        record = records[subject.key] = record_of(subject, sources)
        queue += [(linked, min(when, moment)) for linked, moment in record.links]
    return [(record, moments[key]) for key, record in records.items()]


def _notes(searched: list[tuple[Record, When]]) -> tuple[Note, ...]:
    found = {note for record, when in searched for weight, note in record.notes if weight <= when}
    return tuple(sorted(found, key=lambda note: (note.path or "", note.line or 0, note.what)))


def _import_name(package: str) -> str:
    return package.replace("-", "_").lower()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
