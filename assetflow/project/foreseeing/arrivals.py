"""Tells what changed in the tables that stale assets read: files and rows that came and went, each told apart.

Sources are compared with what was recorded of them, by the bytes of their files: one that grew at its end still begins
with all that it held. Assets are compared by their manifests. Rows are told where a footer or a manifest has them.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from assetflow.errors import SourceError
from assetflow.materialization import Input, Materialization, Snapshot, SnapshotFile
from assetflow.planning.inputs import FileChange, InputChange
from assetflow.planning.step import Step
from assetflow.project.columns.schemas import change_of
from assetflow.running.sources.ingest import source_fingerprint
from assetflow.running.sources.parts import tag_of
from assetflow.running.tasks.changes import difference
from assetflow.source import Observed, SourceFile

if TYPE_CHECKING:
    from assetflow.project.project import Project
    from assetflow.warehouse.ledger.records import Current, Parsed
    from assetflow.warehouse.views import Behind

MOST_BYTES = 1 << 30
"""Files are read once more, up to so many bytes, to tell whether they only grew."""
MOST_FOOTERS = 200


def changed_inputs(project: Project, steps: Sequence[Step]) -> Iterator[InputChange]:
    """How the tables behind these steps differ from what the assets were made from, each table once."""
    names = sorted({name for step in steps for name in step.upstreams if name in project.definitions.sources})
    observed = project.observe(names)
    for name in names:
        now, current = observed[name], project.current.get(name)
        if isinstance(now, Observed) and current is not None and current.digest != now.version:
            yield source_change(project, now, current)
    moved = {step.asset for step in steps if step.restores is None}
    told: set[tuple[str, str]] = set()
    for behind in project.warehouse.views.behind(inputs_of(project, steps)):
        key = (behind.read.upstream, behind.read.snapshot)
        if key not in told and behind.read.upstream not in moved:
            told.add(key)
            change = manifest_change(project, behind, shown_now(project, behind, moved))
            if change is not None:
                yield change


def inputs_of(project: Project, steps: Iterable[Step]) -> Iterator[Input]:
    """What the assets were made from of which something changed."""
    for step in steps:
        current = project.current.get(step.asset)
        if current is not None and any(reason.kind == "input_changed" for reason in step.reasons):
            yield from project.ledger.materialization(current.materialization).inputs


def input_changes(project: Project, made: Materialization, moved: Collection[str]) -> Iterator[InputChange]:
    """How the tables that an asset was made from differ now, also those behind views; not where nobody can tell."""
    told: set[tuple[str, str]] = set()
    for behind in project.warehouse.views.behind(made.inputs):
        key = (behind.read.upstream, behind.read.snapshot)
        if key not in told:
            told.add(key)
            change = input_change(project, behind, shown_now(project, behind, moved))
            if change is not None:
                yield replace(change, through=behind.through)


def shown_now(project: Project, behind: Behind, moved: Collection[str]) -> str | None:
    """The snapshot that is read now where this was: of a view that is not made again, what it shows of the table."""
    current = project.current.get(behind.read.upstream)
    view = project.current.get(behind.through[-1]) if behind.through else None
    if view is None or view.asset in moved:
        return None if current is None else current.snapshot
    inputs = project.ledger.materialization(view.materialization).inputs
    return next((one.snapshot for one in inputs if one.upstream == behind.read.upstream), None)


def input_change(project: Project, behind: Behind, shown: str | None) -> InputChange | None:
    """How one table differs from what an asset was made from; None where it does not, or nobody can tell."""
    name = behind.read.upstream
    current = project.current.get(name)
    if name in project.definitions.sources and current is not None and current.snapshot == shown:
        now = project.observed(name)
        if isinstance(now, SourceError):
            return None
        if now.version != current.digest:
            return source_change(project, now, current)
    return manifest_change(project, behind, shown)


def manifest_change(project: Project, behind: Behind, shown: str | None) -> InputChange | None:
    """The difference of the manifests of what was read of a table and what would be read of it now."""
    before = behind.table
    if before is None or shown is None or shown == before.id:
        return None
    now = project.ledger.snapshots([shown]).get(shown)
    if now is None or now.sql is not None:
        return None
    name = behind.read.upstream
    return between(name, before, now, is_source=name in project.definitions.sources)


def between(name: str, before: Snapshot, now: Snapshot, *, is_source: bool) -> InputChange | None:
    came, went = difference(before.files, now.files)
    if not came and not went:
        return None
    return InputChange(
        name, len(now.files), tuple("" for _ in came), len(went), "source" if is_source else "asset",
        rows_added=sum(file.rows for file in came), rows_removed=sum(file.rows for file in went),
        is_whole=len(came) == len(now.files) and len(went) == len(before.files) and bool(went),
    )  # fmt: skip


# Sources


def source_change(project: Project, now: Observed, current: Current) -> InputChange:
    """How the files of a source differ from those that were recorded."""
    recorded = project.ledger.snapshot(current.snapshot).files
    parsed = project.ledger.parsed(current.asset)
    in_place = any(os.path.isabs(file.path) for file in recorded)
    if in_place or parsed is None:
        then, tags = [file.sha256 for file in recorded], [file.sha256 for file in now.files]
    else:
        then, tags = tags_then(recorded, parsed), [tag_of(file, now) for file in now.files]
    rows = known_rows(recorded if in_place else (), parsed)
    came, went = Counter(tags) - Counter(then), Counter(then) - Counter(tags)
    seen = Seen(project, now, in_place=in_place or parsed is None, recorded=recorded if in_place else ())
    changes = [seen.change(file, tag, went, rows) for file, tag in zip(now.files, tags, strict=True) if take(came, tag)]
    if in_place:
        changes = with_footers(project, changes)
    changes += seen.gone(went, rows)
    removed = [rows.get(tag) for tag in (Counter(then) - Counter(tags)).elements()]
    added = [change.rows for change in changes if change.how != "went"]
    return InputChange(
        current.asset,
        len(now.files),
        tuple(change.path for change in changes if change.how != "went"),
        (Counter(then) - Counter(tags)).total(),
        changes=tuple(changes),
        rows_added=total(added),
        rows_removed=total(removed),
        is_whole=bool(then)
        and not Counter(then) & Counter(tags)
        and not any(change.how in ("grew", "moved") for change in changes),
        columns=change_of(project, current.asset),
        as_of=when_it_was_so(project, now, current),
        is_reordered=then != tags and Counter(then) == Counter(tags),
    )


def tags_then(recorded: Sequence[SnapshotFile], parsed: Parsed) -> list[str]:
    """The tags of the files that are published; what was parsed last may be of a run that was stopped, or elsewhere."""
    held = {file.path: tags for tags, file in parsed.parts}
    if any(file.path not in held for file in recorded):
        return list(parsed.tags)
    return [tag for file in recorded for tag in held[file.path]]


def when_it_was_so(project: Project, now: Observed, current: Current) -> str | None:
    """When a source held what it holds now, if that was before it held what is published."""
    older = project.evidence.find(current.asset, source_fingerprint(now).hash)
    if older is None:
        return None
    then, published = (project.ledger.materialization(id).built_at for id in (older.id, current.materialization))
    return then if then < published else None


def take(counter: Counter[str], tag: str) -> bool:
    """True once for each time that a tag is counted."""
    if counter[tag] <= 0:
        return False
    counter[tag] -= 1
    return True


def total(rows: Iterable[int | None]) -> int | None:
    found = list(rows)
    return None if None in found else sum(one or 0 for one in found)


def known_rows(recorded: Sequence[SnapshotFile], parsed: Parsed | None) -> dict[str, int]:
    """The rows of files by their tags, where they are known: of files in place, and of those parsed by themselves."""
    found = {file.sha256: file.rows for file in recorded}
    if not recorded and parsed is not None:
        found.update({tags[0]: file.rows for tags, file in parsed.parts if len(tags) == 1})
    return found


class Seen:
    """What is remembered of the files of a source: which bytes were at which path."""

    def __init__(self, project: Project, now: Observed, *, in_place: bool, recorded: Sequence[SnapshotFile]) -> None:
        self.project = project
        self.now = now
        self.in_place = in_place
        self.recorded = {file.path: file for file in recorded}
        self.paths = {file.stat.path for file in now.files}

    def tag(self, file: SourceFile) -> str:
        return file.sha256 if self.in_place else tag_of(file, self.now)

    def contents(self, file: SourceFile) -> Iterator[tuple[str, int]]:
        """Hash and size of what was at the path of a file before."""
        if file.stat.path in self.recorded:
            then = self.recorded[file.stat.path]
            yield then.sha256, then.bytes
        yield from self.project.observer.contents(file.stat.path)

    def change(self, file: SourceFile, tag: str, went: Counter[str], rows: Mapping[str, int]) -> FileChange:
        """What became of a file that is there now; what stood in its place is taken off `went`."""
        path = self.shown(file.stat.path)
        for sha256, size in self.contents(file):
            if not take(went, self.tag(file._replace(sha256=sha256))):
                continue
            if file.stat.size > size and begins_with(file.stat.path, size, sha256):
                return FileChange("grew", path, file.stat.size - size, rows.get(tag))
            return FileChange("rewritten", path, file.stat.size, rows.get(tag))
        before = self.moved_from(file, went)
        if before is not None:
            return FileChange("moved", path, file.stat.size, rows.get(tag), self.shown(before))
        return FileChange("came", path, file.stat.size, rows.get(tag))

    def moved_from(self, file: SourceFile, went: Counter[str]) -> str | None:
        """The path that a file had, where its path counts and another one with the same bytes is gone."""
        if self.tag(file) == file.sha256:
            return None
        for path in self.others():
            stood = file._replace(stat=file.stat._replace(path=path))
            is_same = any(sha256 == file.sha256 for sha256, _ in self.project.observer.contents(path))
            if is_same and take(went, self.tag(stood)):
                return path
        return None

    def gone(self, went: Counter[str], rows: Mapping[str, int]) -> list[FileChange]:
        """The files that are no longer there, by name where that is remembered."""
        found = []
        for path in sorted({*self.recorded, *self.others()} - self.paths):
            file = self.now.files[0]
            for sha256, size in self.contents(file._replace(stat=file.stat._replace(path=path))):
                tag = self.tag(SourceFile(file.stat._replace(path=path), sha256))
                if take(went, tag):
                    found.append(FileChange("went", self.shown(path), size, rows.get(tag)))
                    break
        found += [FileChange("went", "", None, rows.get(tag)) for tag in went.elements()]
        return found

    def others(self) -> list[str]:
        """Paths at which files were seen that are no longer among those of the source."""
        return sorted(self.project.observer.known.keys() - self.paths)

    def shown(self, path: str) -> str:
        return os.path.relpath(path, self.project.settings.root)


def begins_with(path: str, size: int, sha256: str) -> bool:
    """True for a file whose first bytes are all that it once held."""
    if size == 0 or size > MOST_BYTES:
        return False
    found = hashlib.sha256()
    with open(path, "rb") as file:
        left = size
        while left > 0 and (read := file.read(min(left, 1 << 20))):
            found.update(read)
            left -= len(read)
    return left == 0 and found.hexdigest() == sha256


def with_footers(project: Project, changes: Sequence[FileChange]) -> list[FileChange]:
    """The same changes with the rows that the footers of Parquet files tell."""
    from assetflow.duck import duckdb
    from assetflow.quoting import quote_literal
    from assetflow.sources.files.read import escape

    root = project.settings.root
    wanted = [change for change in changes if change.rows is None][:MOST_FOOTERS]
    if not wanted:
        return list(changes)
    listed = ", ".join(quote_literal(escape(os.path.join(root, change.path))) for change in wanted)
    try:
        asked = f"SELECT file_name, num_rows FROM parquet_file_metadata([{listed}])"
        found = {os.path.realpath(path): int(rows) for path, rows in project.open_cursor().execute(asked).fetchall()}
    except duckdb.Error:  # whoever reads it is told when it runs, with the file
        return list(changes)
    return [
        FileChange(change.how, change.path, change.bytes, found.get(os.path.realpath(os.path.join(root, change.path))),
                   change.before) if change.rows is None else change
        for change in changes
    ]  # fmt: skip
