"""The catalog: a `.duckdb` file of views onto the current snapshots, for any DuckDB client.

It is derived from the ledger and can be thrown away. A new version is made beside it, out of a copy of the last one,
and takes its name at once, so that a client who holds the file open, even for writing, neither waits nor is waited
for. Paths inside are absolute: DuckDB resolves relative ones against the client's own folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from assetflow.duck import WITHOUT_DOWNLOADS
from assetflow.errors import WarehouseError
from assetflow.names import environment
from assetflow.quoting import quote_identifier, quote_literal
from assetflow.warehouse.disk import durable
from assetflow.warehouse.disk.locks import short_lock
from assetflow.warehouse.disk.removal import remove_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

Views = Mapping[str, str | None]
"""Names and their SELECT (None: no longer there), in an order in which a view comes after those that it reads."""

INFO = "assetflow_info"
STORAGE_VERSION = "v1.0.0"
"""The oldest form that DuckDB 2.0 writes, which every 1.x reads."""


FORM = 3
"""How views are written. In the first form they showed what was published behind them, whatever they were made from; in
the second they named files of sources that are read in place by paths at which others may lie by now."""


class Imprint(Struct, frozen=True):
    """What we wrote last: which generation, for which folder, how the file looked then, and in which form."""

    generation: int
    root: str
    size: int
    mtime_ns: int
    missing: tuple[str, ...] = ()
    form: int = 1


def catalog_path(root: str, env: str) -> str:
    return os.path.join(root, f"{environment(env)}.duckdb")


def is_current(root: str, env: str, generation: int) -> bool:
    """True when the catalog is of this generation or a later one, of this folder, and as we left it."""
    imprint = _read_imprint(root, env)
    return imprint is not None and imprint.generation >= generation and _is_ours(root, env, imprint)


def generation_shown(root: str, env: str) -> int | None:
    """The generation that the catalog was written for, if we wrote it."""
    imprint = _read_imprint(root, env)
    return imprint.generation if imprint is not None and os.path.exists(catalog_path(root, env)) else None


def patch(
    root: str,
    env: str,
    generation: int,
    published_at: str,
    views_since: Callable[[int], Views],
    open_cursor: Callable[[], Cursor] | None = None,
) -> None:
    """Bring the catalog to a generation of its environment.

    `views_since(n)` gives the views that changed since generation n; it is asked for all, since 0, when the last
    catalog is missing, incomplete, of another folder, or changed by somebody else. `open_cursor`: on a database
    in memory on which nothing else is at work, which spares opening one. WarehouseError when the catalog cannot be
    written, or lacks a view that DuckDB refused.
    """
    root = os.path.abspath(root)
    path, new = catalog_path(root, env), os.path.join(root, "cache", f"{env}.duckdb.new")
    with durable.writing(path), short_lock(root, f"catalog-{env}"):
        if is_current(root, env, generation):
            return
        os.makedirs(os.path.dirname(new), exist_ok=True)
        for leftover in (new, f"{new}.wal"):
            remove_file(root, leftover)
        imprint = _read_imprint(root, env)
        since = imprint.generation if imprint and not imprint.missing and _is_ours(root, env, imprint) else 0
        if since:
            _copy(path, new)
        refused = _write(new, views_since(since), _info(generation, published_at, root), open_cursor or _alone)
        _put_in_place(root, path, new)
        _write_imprint(root, env, generation, tuple(refused))
    if refused:
        raise _incomplete(path, refused)


def _info(generation: int, published_at: str, root: str) -> str:
    return (
        f"SELECT {generation}::BIGINT AS generation, {quote_literal(published_at)} AS published_at, "
        f"{quote_literal(root)} AS root"
    )


def _copy(path: str, new: str) -> None:
    with open(path, "rb") as source, open(new, "wb") as target:
        target.write(source.read())


def _write(path: str, views: Views, info: str, open_cursor: Callable[[], Cursor]) -> dict[str, str]:
    """Write views into the file; returns those that DuckDB refused, with what it said."""
    from assetflow.duck import duckdb

    try:
        with open_cursor() as connection:
            connection.execute(f"ATTACH {quote_literal(path)} AS {_FILE} (STORAGE_VERSION '{STORAGE_VERSION}')")
            # Inside, so that views name each other without the name of the file, which every client chooses anew.
            connection.execute(f"USE {_FILE}")
            refused = _create(connection, {INFO: info, **views})
            connection.execute("USE memory")
            # Detaching writes the log into the file.
            connection.execute(f"DETACH {_FILE}")
    except duckdb.Error as error:
        if durable.says_out_of_space(str(error)):
            raise durable.out_of_space(path) from error
        raise WarehouseError(f"DuckDB cannot write the catalog: {error}", path=path, hint=_HINT) from error
    return refused


_FILE = "assetflow_catalog"
"""What the file is called while it is written."""


def _alone() -> Cursor:
    from assetflow.duck import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "python_enable_replacements": False,
        **WITHOUT_DOWNLOADS,
        "threads": 1,
    }
    return duckdb.connect(config=config)


_HINT = "The tables are published all the same; the next run writes the catalog again."


def _create(connection: Cursor, views: Views) -> dict[str, str]:
    from assetflow.duck import duckdb

    # One transaction takes half the time. The file is private until it is complete, so nothing else hangs on it.
    connection.begin()
    try:
        # One call for all of them takes less, too. A comment in their SQL may go on to the end of its line.
        connection.execute("\n;\n".join(_statement(name, select) for name, select in views.items()))
    except duckdb.Error:
        connection.rollback()
    else:
        connection.commit()
        return {}
    refused = {}
    for name, select in views.items():
        try:
            connection.execute(_statement(name, select))
        except duckdb.Error as error:
            # Better no table than an old one that looks like today's.
            connection.execute(_statement(name, None))
            refused[name] = str(error).splitlines()[0]
    return refused


def _statement(name: str, select: str | None) -> str:
    if select is None:
        return f"DROP VIEW IF EXISTS {quote_identifier(name)}"
    return f"CREATE OR REPLACE VIEW {quote_identifier(name)} AS {select}"


def _put_in_place(root: str, path: str, new: str) -> None:
    durable.sync_file(new)
    # Somebody who holds the last file open for writing leaves a log beside it, which does not match the new one.
    remove_file(root, f"{path}.wal")
    os.replace(new, path)
    durable.sync_folder(root)


def _incomplete(path: str, refused: Mapping[str, str]) -> WarehouseError:
    name, said = next(iter(refused.items()))
    more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
    return WarehouseError(f"the catalog lacks {name}{more}: {said}", path=path, hint=_HINT)


def _imprint_path(root: str, env: str) -> str:
    return os.path.join(root, "cache", f"{env}.catalog.json")


def _read_imprint(root: str, env: str) -> Imprint | None:
    try:
        with open(_imprint_path(root, env), encoding="utf-8") as file:
            value = json.load(file)
        return Imprint(**{**value, "missing": tuple(value["missing"])})
    except (OSError, ValueError, TypeError, KeyError):
        # It is only a memory of ours: without it, the catalog is written anew.
        return None


def _write_imprint(root: str, env: str, generation: int, missing: tuple[str, ...]) -> None:
    stat = os.stat(catalog_path(root, env))
    imprint = Imprint(generation, root, stat.st_size, stat.st_mtime_ns, missing, FORM)
    durable.write_file(_imprint_path(root, env), json.dumps(asdict(imprint)))


def _is_ours(root: str, env: str, imprint: Imprint) -> bool:
    try:
        stat = os.stat(catalog_path(root, env))
    except OSError:
        return False
    seen = (os.path.abspath(root), stat.st_size, stat.st_mtime_ns, FORM)
    return seen == (imprint.root, imprint.size, imprint.mtime_ns, imprint.form)
