"""What a worker has at hand: one DuckDB session and the project's Python files. One for each process and project."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from assetflow.asset import (
    HISTORY_PART,
    PACKAGE_PART,
    Asset,
    AssetDeclaration,
    CheckDeclaration,
    Declaration,
    Parameter,
    SourceDeclaration,
)
from assetflow.check import Check
from assetflow.engines import Where
from assetflow.errors import AssetError
from assetflow.running.meter import Meter

if TYPE_CHECKING:
    from assetflow.engines.duckdb import Session
    from assetflow.engines.limit import Limit
    from assetflow.lineage.python.modules import ModuleTexts
    from assetflow.running.python.imports import Imports


class Workplace(Struct, frozen=True):
    """Where work is done, as a value that can be sent to another process."""

    root: str
    assets_folder: str
    warehouse: str
    threads: int | None = None
    memory_limit: str | None = None

    def open_session(self) -> Session:
        from assetflow.engines.duckdb import Session

        # Else DuckDB writes what does not fit into memory below the folder in which the command was typed.
        spill = os.path.join(self.warehouse, "spill")
        return Session(self.root, threads=self.threads, memory_limit=self.memory_limit, temp_directory=spill)

    def open_imports(self) -> Imports:
        from assetflow.running.python.imports import Imports

        return Imports(self.root, [self.assets_folder, self.root], [self.warehouse])


class Workshop:
    """The session and the imports of one process; made when the first task needs them."""

    def __init__(
        self,
        place: Workplace,
        open_imports: Callable[[], Imports] | None = None,
        open_session: Callable[[], Session] | None = None,
    ) -> None:
        self.place = place
        self.open_imports = open_imports or place.open_imports
        self.open_session = open_session or place.open_session
        self.stopping = threading.Event()
        self.meter = Meter()
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._imports: Imports | None = None
        self._limits: list[Limit] = []
        self._functions: dict[tuple[str, str], Callable[..., Any]] = {}
        self._active = ExitStack()

    @property
    def session(self) -> Session:
        with self._lock:
            if self._session is None:
                self._session = self.open_session()
            return self._session

    @property
    def imports(self) -> Imports:
        """The modules of the project, which are importable from now on; a run of SQL alone does without."""
        with self._lock:
            if self._imports is None:
                self._imports = self.open_imports()
                self._active.enter_context(self._imports.active())
            return self._imports

    def function(self, asset: Asset) -> Callable[..., Any]:
        """The function of a Python asset, as it was when the project was read; AssetError when it was edited since."""
        from assetflow.lineage.python.closure import code_version

        function = self._declared(asset.path, asset.line, asset.name, declares_asset(asset.name))
        code = code_version(function, root=self.imports.root, read=self._texts(), config=asset.config)
        known = tuple(part for part in asset.code_parts if not part[0].startswith((HISTORY_PART, PACKAGE_PART)))
        if known and code.parts != known:
            raise asset.error("it was edited while the run was under way", hint="Run the same command again.")
        return function

    def function_in(self, asset: Asset, run_id: str) -> Callable[..., Any]:
        """The same, looked at once in a run: a function may be called for a thousand partitions."""
        key = (run_id, asset.name)
        if key not in self._functions:
            self._functions = {
                key: self.function(asset),
                **{k: v for k, v in self._functions.items() if k[0] == run_id},
            }
        return self._functions[key]

    def check_function(self, check: Check, about: str) -> Callable[..., Any]:
        """The function of a check of the asset `about`."""
        return self._declared(check.path or "", check.line or 1, check.name, declares_check(check.name, about))

    def parameters(self, function: Callable[..., Any], path: str) -> tuple[Parameter, ...]:
        from assetflow.lineage.python.signature import read_signature

        return read_signature(function, path).parameters

    @contextmanager
    def stoppable(self, limit: Limit) -> Iterator[None]:
        """While inside, `interrupt` stops the body that the limit is about."""
        with self._lock:
            self._limits.append(limit)
        try:
            yield
        finally:
            with self._lock:
                self._limits.remove(limit)

    def interrupt(self) -> None:
        """Stop what runs, from another thread."""
        self.stopping.set()
        with self._lock:
            limits = list(self._limits)
        for limit in limits:
            limit.stop()
        self.interrupt_queries()

    def interrupt_queries(self) -> None:
        """Stop the queries that run, from another thread; whoever waits for them is told by other means."""
        if self._session is not None:
            self._session.interrupt()

    def close(self) -> None:
        self._active.close()
        if self._session is not None:
            self._session.close()

    def _declared(self, path: str, line: int, name: str, is_meant: Callable[[Declaration], bool]) -> Callable[..., Any]:
        """The function under the decorator, whatever the module calls it now: a loop may declare many on a line."""
        absolute = os.path.realpath(os.path.join(self.place.root, path))
        from assetflow.engines.python import user_errors

        imports = self.imports
        # Its definitions were remembered: what it imports may be gone since.
        with self._lock, user_errors(Where(name, path, line, self.place.root)):
            imports.load(absolute)
        for declaration in imports.declarations.get(absolute, ()):
            if not isinstance(declaration, SourceDeclaration) and is_meant(declaration):
                return declaration.function
        raise AssetError(f"{name} is not declared here any more", path=path, line=line, hint="Run it again.")

    def _texts(self) -> ModuleTexts:
        from assetflow.lineage.python.modules import ModuleTexts

        def read(path: str) -> str:
            with open(path, encoding="utf-8-sig") as file:
                return file.read()

        return ModuleTexts(read, self.imports.given_to)


def declares_asset(name: str) -> Callable[[Declaration], bool]:
    return lambda declaration: isinstance(declaration, AssetDeclaration) and declaration.asset_name == name


def declares_check(name: str, about: str) -> Callable[[Declaration], bool]:
    return lambda declaration: (
        isinstance(declaration, CheckDeclaration) and (declaration.check_name, declaration.about) == (name, about)
    )


_open: dict[Workplace, Workshop] = {}
_opening = threading.Lock()


def workshop(place: Workplace) -> Workshop:
    """This process's workshop for a project; a worker process makes its own at its first task."""
    with _opening:
        if place not in _open:
            _open[place] = Workshop(place)
            atexit.register(_leave, _open[place])
        return _open[place]


def _leave(shop: Workshop) -> None:
    """Close it and let go of it at the end of the process: DuckDB's Python prints what of it is left behind."""
    shop.close()
    if _open.get(shop.place) is shop:
        del _open[shop.place]


@contextmanager
def opened(
    place: Workplace, open_imports: Callable[[], Imports], open_session: Callable[[], Session] | None = None
) -> Iterator[Workshop]:
    """The coordinator's own workshop, which shares the modules that are loaded already; closed at the end.

    The session that `open_session` gives, once somebody asks for one, is closed as well.
    """
    with _opening:
        shop = _open[place] = Workshop(place, open_imports, open_session)
    try:
        yield shop
    finally:
        with _opening:
            del _open[place]
        shop.close()
