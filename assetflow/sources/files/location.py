"""The files of a source: which they are, of what format, and how they are read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from assetflow.errors import DefinitionError, SourceError, did_you_mean
from assetflow.quoting import quote_identifier
from assetflow.secret import as_references, lend
from assetflow.source import FileStat
from assetflow.sources.files.find import FORMATS, find_files, is_pattern, package_folder, suffix_of
from assetflow.sources.files.listing import LISTED, listing
from assetflow.sources.files.named import PATH, expression, glob_of, keys_of, refuse_other_keys, type_of, with_keys
from assetflow.sources.files.read import READERS, Reading, partition_keys, scan

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OURS = {
    "path": "the pattern of the source",
    "columns": "`columns` of the source",
    "types": "`columns` of the source",
    "dtypes": "`columns` of the source",
    "column_types": "`columns` of the source",
    "schema": "`columns` of the source",
}
"""Reader options that the declaration has its own word for."""


def files(
    pattern: str | Sequence[str],
    *,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    package: str | None = None,
) -> Files:
    """Files as a source: `source("orders", files("data/*.csv"))`.

    `pattern` is a file, a folder or a glob (or several), relative to the project or to the folder of the installed
    `package`; `sales-{day}.csv` gives a column `day` out of the names of the files. `format` is csv, json or parquet;
    without it the suffix tells. "file" is for files that are no tables (PDF, images): one row a file. `columns`
    declares types by column: these are pinned and there even when a file lacks them (NULL); columns not declared are
    kept, with the type that DuckDB infers over all files. `options` go to DuckDB's reader: `{"delim": ";"}`;
    `hive_partitioning` = False leaves key=value folders alone; a value may be a `Secret("NAME")`. DefinitionError when
    a word is unknown.
    """
    patterns = (pattern,) if isinstance(pattern, str) else tuple(pattern)
    if not patterns or not all(isinstance(pattern, str) and pattern.strip() for pattern in patterns):
        raise DefinitionError("a source needs the files it is made of", hint='Write: files("data/*.csv")')
    columns, options = columns or {}, options or {}
    refuse_unknown_format(format)
    if format == LISTED and (columns or options):
        said = "columns" if columns else "options"
        raise DefinitionError(f'{said} say how files are read, and format = "{LISTED}" reads none of them')
    keys_of(patterns)
    refuse_unfit_words(columns, options)
    read = {name.lower(): as_references(value) for name, value in options.items()}
    return Files(patterns, format, dict(columns), read, package)


def refuse_unknown_format(format: str | None) -> None:
    known = sorted([*READERS, LISTED])
    if format is not None and format not in known:
        near = did_you_mean(str(format), known)
        raise DefinitionError(f'unknown format "{format}"', hint=near or f"Known: {', '.join(known)}.")


def refuse_unfit_words(columns: Mapping[str, str], options: Mapping[str, Any]) -> None:
    """Refuse options that have a word of their own, and types that are no text."""
    for name in options:
        if name.lower() in _OURS:
            raise DefinitionError(
                f'the reader option "{name}" is not for `options`', hint=f"Use {_OURS[name.lower()]}."
            )
    for name, column_type in columns.items():
        if not isinstance(column_type, str) or not column_type.strip():
            raise DefinitionError(f'the type of column "{name}" is no text', hint='Write: columns = { id = "BIGINT" }')


class Files(Struct, frozen=True):
    """Files on disk, by patterns that are looked up anew each time; see `files` for the words."""

    patterns: tuple[str, ...]
    format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    package: str | None = None

    def stat_files(self, root: str) -> tuple[FileStat, ...]:
        """The files now, in the order of their absolute paths; SourceError when a pattern matches none."""
        base = package_folder(self.package) if self.package else os.path.abspath(root)
        found: dict[str, FileStat] = {}
        for pattern in self.patterns:
            found.update(find_files(glob_of(pattern), base, any_suffix=self.format is not None))
        self.format_of(found)
        for name in self.keys:
            refuse_other_keys(found, self.patterns, name, self.columns.get(name, ""))
        return tuple(found[path] for path in sorted(found))

    def scan(self, files: tuple[str, ...], types: Mapping[str, str] | None = None) -> str:
        """The SELECT that reads these files jointly; `types` (from `sniff`) pins columns, their types and their order.

        For CSV the files must between them have every column of `types`; `read` has no such condition.
        """
        if self.format == LISTED:
            return listing(files)
        if not self.keys:
            return scan(self._reading(files), files, types)
        if types is None:
            keys = ", ".join(f"{expression(self.patterns, name)} AS {quote_identifier(name)}" for name in self.keys)
            return f"SELECT * EXCLUDE ({PATH}), {keys} FROM ({scan(self._reading(files), files, None)})"
        inner = scan(self._reading(files), files, self._in_files(types))
        return with_keys(inner, self.patterns, types, self.keys)

    def sniff(self, cursor: DuckDBPyConnection, files: tuple[str, ...]) -> dict[str, str]:
        """The columns of these files jointly, with their DuckDB types; every row is looked at, so that none surprises.

        SourceError when a file has no columns or is ragged; DuckDB's own errors are for `explain_read_error`.
        """
        if self.format == LISTED:
            return {"name": "VARCHAR", "bytes": "BIGINT", "sha256": "VARCHAR"}
        # Only a run that reads files pays for this import, not a command that finds nothing to do.
        from assetflow.sources.files.sniff import sniff

        lend(cursor, self.options)
        found = sniff(cursor, self._reading(files), files)
        if not self.keys:
            return found
        del found[PATH]
        return {**found, **{name: self._type_of_key(name, cursor, files) for name in self.keys}}

    def _type_of_key(self, name: str, cursor: DuckDBPyConnection, files: tuple[str, ...]) -> str:
        if name in self.columns:
            return self.columns[name]
        asked = f"SELECT DISTINCT {expression(self.patterns, name)} FROM (SELECT unnest(?::VARCHAR[]) AS {PATH})"
        return type_of([str(text) for (text,) in cursor.execute(asked, [list(files)]).fetchall()])

    def _in_files(self, types: Mapping[str, str]) -> dict[str, str]:
        """The columns that the reader gives: those of the files, and their paths."""
        return {**{name: kind for name, kind in types.items() if name not in self.keys}, PATH: "VARCHAR"}

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that the names of the files tell."""
        return keys_of(self.patterns) if any("{" in pattern for pattern in self.patterns) else ()

    def read(self, cursor: DuckDBPyConnection, files: tuple[str, ...], types: Mapping[str, str]) -> str:
        """The SELECT that reads some files with the columns `types` of the whole source; what they lack is NULL."""
        if self.format == LISTED:
            return listing(files)
        from assetflow.sources.files.sniff import scan_some

        lend(cursor, self.options)
        if not self.keys:
            return scan_some(cursor, self._reading(files), files, types)
        inner = scan_some(cursor, self._reading(files), files, self._in_files(types))
        return with_keys(inner, self.patterns, types, self.keys)

    @property
    def in_place(self) -> bool:
        """True for Parquet to which the declaration adds nothing: no columns, no options, no key=value folders."""
        return not self.columns and not self.options and all(map(self._is_plain_parquet, self.patterns))

    def columns_in_place(
        self, cursor: DuckDBPyConnection, files: tuple[str, ...], recorded: dict[str, str] | None = None
    ) -> dict[str, str] | None:
        """`in_place`, answered for these files: None when their columns differ, or some come from their paths.

        `recorded` are the columns that the first of them was found to have.
        """
        if self.format == LISTED:
            return None
        from assetflow.sources.files.sniff import same_columns

        lend(cursor, self.options)
        reading = self._reading(files)
        is_plain = reading.format == "parquet" and not self.columns and not self.options and not self.keys
        if not is_plain or partition_keys(reading, files):
            return None
        return same_columns(cursor, reading, files, recorded)

    def to_dict(self) -> dict[str, Any]:
        return {
            "type": "files",
            "files": list(self.patterns),
            "format": self.format,
            "columns": dict(self.columns),
            "options": dict(self.options),
            "package": self.package,
            **({"keys": list(self.keys)} if self.keys else {}),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Files:
        """What `to_dict` gave, as `Files` again."""
        return cls(tuple(values["files"]), values["format"], values["columns"], values["options"], values["package"])

    def format_of(self, files: Mapping[str, object] | Sequence[str]) -> str:
        """csv, json or parquet: as declared, else by suffix; SourceError when suffixes are unknown or mixed."""
        if self.format is not None:
            return self.format
        by_format: dict[str | None, str] = {}
        for path in files:
            by_format.setdefault(FORMATS.get(suffix_of(path)), path)
        if None in by_format:
            raise SourceError(
                f'"{by_format[None]}" has no suffix that tells its format',
                hint=f'Say format = "csv", "json" or "parquet" ("{LISTED}" if it is no table), '
                f"or name it {', '.join(FORMATS)}.",
            )
        if len(by_format) > 1:
            examples = " and ".join(sorted(f'"{path}"' for path in by_format.values()))
            raise SourceError(
                f"files of one source have different formats: {examples}",
                hint="Narrow the pattern (data/*.csv), or declare one source for each format.",
            )
        return next(str(format) for format in by_format)

    def _reading(self, files: tuple[str, ...]) -> Reading:
        if not self.keys:
            return Reading(self.format_of(files), self.columns, self.options)
        columns = {name: kind for name, kind in self.columns.items() if name not in self.keys}
        return Reading(self.format_of(files), columns, {**self.options, "filename": PATH})

    def _is_plain_parquet(self, pattern: str) -> bool:
        # Below a folder or a wildcard folder there may be key=value folders, whose columns are not in the files.
        if "{" in pattern:
            return False
        folders = pattern.replace(os.sep, "/").split("/")[:-1]
        is_parquet = suffix_of(pattern) == ".parquet" and self.format in (None, "parquet")
        return is_parquet and not any("=" in folder or is_pattern(folder) for folder in folders)
