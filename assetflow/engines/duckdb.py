"""Evaluates SQL: one in-memory DuckDB a process, one cursor a task."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from assetflow.duck import WITHOUT_DOWNLOADS, WITHOUT_STRAGGLERS, duckdb
from assetflow.engines import Table, Where
from assetflow.engines.duckdb_threads import Threads
from assetflow.errors import AssetError, AssetflowError, Interrupted, WarehouseError
from assetflow.quoting import quote_identifier, quote_literal

if TYPE_CHECKING:
    from duckdb.sqltypes import DuckDBPyType

Cursor = duckdb.DuckDBPyConnection
"""One task's own connection to the session's database."""

RESULT = "__result"
"""The name under which a cursor sees what a body gave, where that is not SQL itself."""


class Result(Struct, frozen=True):
    """What a body gave, ready for staging: a SELECT to run on `cursor`, or a Parquet file that is written already.

    Reading it can be possible only once: a stream of record batches is not there a second time.
    """

    cursor: Cursor
    sql: str | None = None
    file: str | None = None
    raised: list[BaseException] = []
    """What the user's own code raised while its batches were read, of which DuckDB knows no more than a text."""


class Session:
    """An in-memory DuckDB that sees only what it is given.

    Files in SQL are found from `root`. `memory_limit` is as DuckDB writes it (`4GB`).
    """

    def __init__(
        self,
        root: str,
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
        temp_directory: str | None = None,
    ) -> None:
        self._connection = duckdb.connect(config=_settings(memory_limit, temp_directory))
        # The time zone belongs to icu, which is not loaded yet while connecting.
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        self._connection.execute(f"SET GLOBAL file_search_path = {quote_literal(root)}")
        self._lock = threading.Lock()
        self._shared: dict[str, str] = {}
        self._unread: set[str] = set()
        self._cursors: weakref.WeakSet[Cursor] = weakref.WeakSet()
        self._threads = Threads(self._connection.cursor(), threads)

    def cursor(self) -> Cursor:
        """A cursor for one task and one thread; it sees the views that are attached to it, and the shared ones."""
        cursor = self.cursor_for_views()
        self._threads.needed_by(cursor)
        return cursor

    @contextmanager
    def small_cursor(self) -> Iterator[Cursor]:
        """The same for queries over few rows, which may have one thread alone; closed at the end."""
        with self._threads.hardly_needed(), closing(self.cursor_for_views()) as cursor:
            yield cursor

    def use_threads(self, cursor: Cursor) -> None:
        """What runs on a small cursor from now on may read many rows."""
        self._threads.needed_by(cursor)

    def cursor_for_views(self) -> Cursor:
        """The same for who runs no query on it, and needs no more threads than there are at the moment."""
        with self._lock:
            cursor = self._connection.cursor()
            self._cursors.add(cursor)
        return cursor

    def attach(self, tables: Sequence[Table], cursor: Cursor) -> None:
        """Make the names of `tables` readable on `cursor`; a table stands after those that its SQL reads.

        A view is shared by all cursors. Where a name is taken already by another snapshot, the cursor gets a view of
        its own that hides the shared one, also from the queries of other views. WarehouseError names a table that
        cannot be read.
        """
        self._attach(tables, cursor, unread=False)

    @contextmanager
    def attached(self, tables: Sequence[Table], cursor: Cursor) -> Iterator[None]:
        """The same for one query, which looks into the files anyway: they are looked into here only where it fails."""
        self._attach(tables, cursor, unread=True)
        try:
            yield
        except AssetError:
            for table in tables:
                _create_view(cursor, _OWN, table)
            raise

    def _attach(self, tables: Sequence[Table], cursor: Cursor, *, unread: bool) -> None:
        own = [
            _create_view(cursor, _OWN, table, unread=unread)
            for table in tables
            if not self._share(table, unread=unread)
        ]
        if own:
            cursor.execute(f"SET VARIABLE {_OWN_VIEWS} = $views", {"views": _own_views(cursor) + own})

    def _share(self, table: Table, *, unread: bool) -> bool:
        """True when the shared view of that name is this table's, made now or earlier."""
        # DuckDB refuses to create two views side by side (write-write conflict), so one at a time.
        with self._lock:
            name = table.name.lower()
            if name not in self._shared:
                _create_view(self._connection, "CREATE VIEW", table, unread=unread)
                self._shared[name] = table.sql
                if unread:
                    self._unread.add(name)
            elif name in self._unread and not unread and self._shared[name] == table.sql:
                _create_view(self._connection, "CREATE OR REPLACE VIEW", table)
                self._unread.remove(name)
            return self._shared[name] == table.sql

    def interrupt(self) -> None:
        """Stop what runs on any cursor, from any thread."""
        with self._lock:
            cursors = list(self._cursors)
        for cursor in cursors:
            with suppress(duckdb.ConnectionException):  # closed: its task has ended
                cursor.interrupt()

    def close(self) -> None:
        # After Ctrl-C a task may have begun of which nobody knows, and be about to open its cursor.
        self._threads.close()
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def evaluate_sql(cursor: Cursor, sql: str, where: Where, tables: Sequence[Table] = ()) -> Result:
    """The result of one query; nothing runs before it is staged, except a PIVOT that has to look for its columns."""
    with sql_errors(cursor, sql, where):
        statements = cursor.extract_statements(sql)
        if len(statements) != 1:
            found = "no query" if not statements else f"{len(statements)} statements"
            raise where.error(f"{found} where one SELECT is expected", hint="Write one SELECT.")
        kind = statements[0].type
        if kind == duckdb.StatementType.SELECT:
            return Result(cursor, sql=sql)
        if kind == duckdb.StatementType.MULTI:
            # COPY (PIVOT ...) writes nothing when the columns are not listed; a relation has found them.
            cursor.register(RESULT, cursor.sql(sql))
            return Result(cursor, sql=f"FROM {RESULT}")
        raise where.error(
            f"{kind.name} is not a query",
            hint="An asset is what one SELECT returns; assetflow creates the table itself.",
        )


def siblings(cursor: Cursor) -> Callable[[], Cursor]:
    """Opens cursors that see the same tables, for what is read while `cursor` is busy; from any thread.

    An open result owns its cursor in DuckDB, so everything that streams needs one of its own.
    """
    views = _own_views(cursor)
    idle = cursor.cursor()

    def open_sibling() -> Cursor:
        other = idle.cursor()
        for view in views:
            other.execute(view)
        return other

    return open_sibling


def nested_types(type_: DuckDBPyType) -> list[DuckDBPyType]:
    """The types inside of a list, an array, a struct, a tuple or a map; none for others."""
    if type_.id not in ("list", "array", "struct", "tuple", "map"):
        return []
    # The children of an array include its size.
    return [child for _, child in type_.children if isinstance(child, type(type_))]


@contextmanager
def sql_errors(cursor: Cursor, sql: str, where: Where) -> Iterator[None]:
    """Turn DuckDB's errors about `sql` into ours, with the line of the user's file, and leave `cursor` usable."""
    try:
        yield
    except AssetflowError:
        raise
    except duckdb.InterruptException as error:
        raise Interrupted(f"{where.asset} was interrupted") from error
    except duckdb.Error as error:
        raise _asset_error(cursor, error, sql, where) from None
    except RuntimeError as error:
        # DuckDB reports Ctrl-C so.
        if "interrupted" in str(error).lower():
            raise Interrupted(f"{where.asset} was interrupted") from error
        raise


_OWN_VIEWS = "assetflow_views"
"""A variable of the cursor: the statements that made its own views. The catalog does not tell them from frames that
somebody registered."""


def _own_views(cursor: Cursor) -> list[str]:
    row = cursor.execute(f"SELECT getvariable('{_OWN_VIEWS}')").fetchall()
    return row[0][0] or []


_OWN = "CREATE OR REPLACE TEMP VIEW"


def _create_view(cursor: Cursor, create: str, table: Table, *, unread: bool = False) -> str:
    """Run the statement that makes the view, and return it. `unread`: its files are not looked into."""
    # What a view of other views shows depends on who asks: its columns are those that it has for all.
    how = " WITH (DEFER_BINDING)" if unread and table.files else ""
    statement = f"{create} {quote_identifier(table.name)}{how} AS {table.sql}"
    try:
        cursor.execute(statement)
    except duckdb.Error as error:
        message, hint = _message(error)
        if not isinstance(error, duckdb.ProgrammingError) or any(said in message for said in _DAMAGED):
            hint = "`assetflow verify --deep` says what is lost or damaged, and how it is made again."
        raise WarehouseError(f"{table.name} cannot be read: {message}", hint=hint) from None
    return statement


def _settings(memory_limit: str | None, temp_directory: str | None) -> dict[str, str | bool | int | float | list[str]]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        **WITHOUT_DOWNLOADS,
        **WITHOUT_STRAGGLERS,
        # A variable of some Python frame must never stand in for a table.
        "python_enable_replacements": False,
        # A bare NULL is an INTEGER; a Parquet column of type "NULL" cannot be read together with other files.
        "legacy_disable_null_type": True,
        # It holds files of elsewhere alone, and being asked for each small file it takes longer than it spares.
        "enable_external_file_cache": False,
        "threads": 1,
    }
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    if temp_directory is not None:
        settings["temp_directory"] = temp_directory
    return settings


def _asset_error(cursor: Cursor, error: duckdb.Error, sql: str, where: Where) -> AssetError:
    message, candidates = _message(error)
    # Where in a Python file the text of a Query begins is not known; the excerpt shows which line of it is meant.
    line, excerpt = _locate(cursor, error, sql)
    return AssetError(
        message,
        path=where.path,
        line=where.line + line - 1 if line is not None and where.path.endswith(".sql") else where.line,
        hint=candidates or _next_step(error),
        details=excerpt,
    )


def _message(error: duckdb.Error) -> tuple[str, str | None]:
    """The first line of DuckDB's message, and its candidates (`Did you mean "sales"?`)."""
    lines = str(error).split("\n\nLINE ")[0].splitlines()
    candidates = [line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))]
    return lines[0], " ".join(candidates) or None


def _next_step(error: duckdb.Error) -> str | None:
    text = str(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return "Give it more memory (memory-limit), run fewer assets side by side (-j 1), or read less at once."
    if "No space left on device" in text or "max_temp_directory_size" in text:
        return "Free some space on the disk and run again; what is published is not touched."
    if any(said in text for said in _DAMAGED):
        return "A file that it reads is damaged: `assetflow verify --deep` names those of the warehouse."
    return None


_DAMAGED = (
    "TProtocolException", "invalid TType", "don't know what type", "Out of buffer", "Failed to read file",
    "No magic bytes", "Footer length error", "Parquet metadata is corrupt", "Could not read enough bytes",
)  # fmt: skip
"""What DuckDB says of Parquet files with other bytes than were written, often without their names."""


_POSITION = r"(?s)\n\nLINE (\d+): (.*)\n( *\^.*)$"


def _locate(cursor: Cursor, error: duckdb.Error, sql: str) -> tuple[int | None, str | None]:
    """The line of `sql` that the error is about, and that line with a caret below."""
    # A relation's errors bear no position, and those of COPY count the lines of COPY; so ask once more.
    explained = re.search(_POSITION, _explain(cursor, sql))
    position = explained or re.search(_POSITION, str(error))
    if position is None:
        return None, None
    excerpt, caret = position[2], position[3]
    number = int(position[1]) - (explained is not None)
    part = excerpt.strip(".").strip()
    lines = sql.splitlines()
    holding = [index for index, line in enumerate(lines, 1) if part and part in line]
    if not holding:
        return None, None
    shift = len(f"LINE {position[1]}: ")
    return min(holding, key=lambda index: abs(index - number)), f"{excerpt}\n{caret[shift:]}"


def _explain(cursor: Cursor, sql: str) -> str:
    """What DuckDB says when it binds `sql` without running it: an error with its position, or nothing.

    EXPLAIN stands on a line of its own, so that the line in question is quoted as it was written.
    """
    try:
        cursor.execute(f"EXPLAIN\n{sql}").fetchall()
    except duckdb.Error as error:
        return str(error)
    return ""
