"""`assets/**/*.py`: every function under `@asset`, every `source(...)` and every `@check`."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from assetflow.asset import (
    PACKAGE_PART,
    Asset,
    AssetDeclaration,
    CheckDeclaration,
    Merge,
    Note,
    Parameter,
    Per,
    Query,
    SourceDeclaration,
)
from assetflow.check import Check
from assetflow.errors import DefinitionError
from assetflow.lineage.python.closure import CodeVersion, code_version
from assetflow.lineage.python.functions import function_nodes
from assetflow.lineage.python.given_file import other_notes
from assetflow.lineage.python.modules import ModuleTexts
from assetflow.lineage.python.query_texts import query_texts
from assetflow.lineage.python.signature import Signature, read_signature
from assetflow.lineage.python.volatile import FILE_IN_SQL
from assetflow.lineage.sql.query import SqlQuery, read_query
from assetflow.partitions.declaration import link_declared
from assetflow.partitions.declared import UPSTREAMS
from assetflow.partitions.partitioning import WrongPartitionError
from assetflow.project.loading.configured import config_of, plain
from assetflow.project.loading.declared import in_place_source, python_source
from assetflow.project.loading.definitions import FileDefinitions
from assetflow.project.loading.importing import import_definitions, import_error
from assetflow.project.loading.merges import refuse_no_pieces, refuse_unmergeable
from assetflow.project.loading.options import (
    Place,
    check_name,
    history_parts,
    history_said,
    read_options,
    refuse_other_links,
)
from assetflow.project.loading.sqlfile import group_of, refuse_twins
from assetflow.project.settings import Settings
from assetflow.running.python.imports import Imports
from assetflow.secret import with_secrets
from assetflow.source import Source


def read_python_definitions(
    path: str, absolute: str, settings: Settings, imports: Imports
) -> tuple[FileDefinitions, tuple[str, ...]]:
    """What a Python file declares, and the other project files (absolute) that its code versions were read from."""
    declarations = import_definitions(path, absolute, imports)
    reader = Reader(path, absolute, settings, imports)
    assets: list[Asset] = []
    sources: list[Source] = []
    checks: list[tuple[str, Check]] = []
    for declaration in declarations:
        if isinstance(declaration, SourceDeclaration):
            sources.append(python_source(declaration, Place(path, declaration.line)))
        elif isinstance(declaration, AssetDeclaration):
            assets.append(reader.asset(declaration))
        else:
            checks.append(reader.check(declaration))
    definitions = FileDefinitions(path, tuple(assets), tuple(sources), tuple(checks), tuple(reader.in_place.values()))
    return definitions, tuple(sorted(reader.used))


def with_links(name: str, values: dict[str, Any], parameters: Sequence[Parameter], place: Place) -> None:
    """Put what `upstream(partitions=...)` says into the declaration of partitions."""
    for parameter in parameters:
        if parameter.partitions is None:
            continue
        if "partition" not in values:
            raise place.error(
                f"the parameter {parameter.name!r} of {name} names partitions, and {name} has none",
                hint='Declare how it is cut, as in @asset(partition="day(ts)").',
            )
        links = values["partition"].get(UPSTREAMS, {})
        try:
            link = {**link_declared(parameter.upstream, parameter.partitions), **links.get(parameter.upstream, {})}
        except WrongPartitionError as error:
            raise place.error(f"partition of {name} {error}") from None
        values["partition"] = {**values["partition"], UPSTREAMS: {**links, parameter.upstream: link}}


class Reader:
    """Turns the declarations of one Python file into values."""

    def __init__(self, path: str, absolute: str, settings: Settings, imports: Imports) -> None:
        self.path = path
        self.absolute = os.path.realpath(absolute)
        self.settings = settings
        self.imports = imports
        self.texts = module_texts(imports)
        self.in_place: dict[str, Source] = {}
        self.used: set[str] = set()

    def refuse_name_of_wrapper(self, declaration: AssetDeclaration, place: Place) -> None:
        """`@asset` above a decorator without functools.wraps sees a function called `wrapper`."""
        function = declaration.function
        code = getattr(function, "__code__", None)
        if "name" in declaration.options or code is None or code.co_name != function.__name__:
            return  # named on purpose
        nodes = ast.walk(self.texts.parse(os.path.realpath(declaration.path)).tree)
        decorated = [each for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        for node in decorated:
            is_it = any(each.lineno <= declaration.line <= (each.end_lineno or 0) for each in node.decorator_list)
            if is_it and node.name != function.__name__ and "<locals>" in function.__qualname__:
                named = f"a function called {function.__name__}, which would name the table"
                raise place.error(
                    f"a decorator of {node.name} returns {named}",
                    hint=f'Let it use functools.wraps(function), or say @asset(name="{node.name}").',
                )

    def asset(self, declaration: AssetDeclaration) -> Asset:
        function = declaration.function
        place = Place(self.path, declaration.line)
        values = self.options(declaration, place)
        name = declaration.asset_name
        signature = read_signature(function, self.path, self.texts)
        config = config_of(name, signature.config, self.settings, place)
        queries = self.queries(name, function, signature, config, place)
        merge, unique_key, per = values.get("merge"), values.get("unique_key", ()), values.get("per")
        parameters, is_query = signature.parameters, signature.returns_query
        refuse_no_pieces(name, per, parameters, place, is_query=is_query)
        refuse_unmergeable(name, merge, unique_key, parameters, place, is_query=is_query)
        code = self.code(function, place, tracked_versions(self.settings.tracked_packages), signature.config)
        files = self.files_in_place(queries, place)
        upstreams = [each.upstream for each in parameters]
        upstreams += [table.name for query in queries for table in query.tables]
        with_links(name, values, parameters, place)
        refuse_other_links(name, values.get("partition", {}), upstreams, place)
        checks = tuple(values.pop("checks", ()))
        refuse_twins(name, [check.name for check in checks], place)
        history = history_said(values)
        return Asset(
            name=name,
            kind="python",
            path=self.path,
            line=declaration.line,
            group=values.pop("group", group_of(self.path, self.settings)),
            code_version=declared_version(versioned(code.digest, signature.kinds), merge, unique_key, per, history),
            code_parts=(
                *code.parts,
                *((f"{PACKAGE_PART}{package}", version) for package, version in code.packages),
                *history_parts(history),
            ),
            upstreams=tuple(dict.fromkeys(upstreams)),
            function=function.__name__,
            parameters=parameters,
            takes_context=signature.takes_context,
            config=config,
            overrides={key: plain(value) for key, value in self.settings.assets.get(name, {}).items()},
            files=files,
            reads_order=reads_order(merge, per, parameters),
            sets_order=not history,
            notes=(
                *untracked(self.notes(code, function, signature), queries),
                *(note for query in queries for note in query.notes),
            ),
            checks=checks,
            **values,
        )

    def options(self, declaration: AssetDeclaration, place: Place) -> dict[str, Any]:
        """What the decorator says, as attributes of `Asset`."""
        refuse_other_than_function(declaration.function, place)
        self.refuse_name_of_wrapper(declaration, place)
        name = declaration.asset_name
        check_name(name, what="an asset", place=place)
        values = read_options(declaration.options, asset=name, place=place)
        values.pop("name", None)
        refuse_for_queries(name, values, place)
        return values

    def files_in_place(self, queries: Sequence[SqlQuery], place: Place) -> tuple[str, ...]:
        """The files that queries name, each noted as a source."""
        files = [file for query in queries for file in query.files]
        for file in files:
            self.in_place.setdefault(file.text, in_place_source(file.text, file.function, place))
        return tuple(dict.fromkeys(file.text for file in files))

    def code(
        self, function: Any, place: Place, packages: Mapping[str, str] | None = None, config: Collection[str] = ()
    ) -> CodeVersion:
        """The version of a function's code; the files of the project that it was read from are noted."""
        known, root = packages or {}, self.imports.root
        found = code_version(function, root=root, read=self.texts, packages=known, config=config)
        files = [os.path.join(root, file) for file in found.files]
        if beside := self.beside(files):
            found = code_version(function, root=root, read=self.texts, packages={**known, **beside}, config=config)
        self.used.update(files)
        try:
            self.refuse_twins_of({name for file in files for name in self.texts.parse(file).packages})
        except DefinitionError as error:
            raise place.error(error.message, hint=error.hint) from None
        return found

    def beside(self, files: Iterable[str]) -> dict[str, str]:
        """The packages that files of the project import from elsewhere, where no version tells of an edit of them."""
        own = self.imports.records[self.absolute]
        versions = {}
        for name in sorted({name for file in files for name in self.texts.parse(file).packages}):
            found = self.imports.beside(name)
            if found is not None:
                own.files.update(found.files)
                versions[name] = found.sha256
        return versions

    def refuse_twins_of(self, names: Iterable[str]) -> None:
        """Refuse modules that mean something else here; those that functions import are known only now."""
        for name in names:
            module = sys.modules.get(name)
            if module is not None and self.imports.owns(getattr(module, "__file__", None) or ""):
                self.imports.refuse_twin(module)

    def notes(self, code: CodeVersion, function: Any, signature: Signature) -> tuple[Note, ...]:
        """What the code version cannot see; a file that the function is called with can be seen."""
        if not signature.parameters or not signature.parameters[0].is_path:
            return code.notes
        nodes = function_nodes(inspect.unwrap(function), self.texts)
        here = [note for note in code.notes if note.path == self.path]
        kept = set(other_notes(here, nodes, signature.parameters[0].name))
        return tuple(note for note in code.notes if note not in here or note in kept)

    def queries(
        self, name: str, function: Any, signature: Signature, config: Mapping[str, Any], place: Place
    ) -> list[SqlQuery]:
        """The SQL that the function returns, as far as it can be known without its upstreams."""
        texts = query_texts(function, config, self.texts)
        if texts is None:
            texts = self.asked(name, function, signature, config, place)
        return [read_query(text, self.path, first_line=place.line) for text in texts]

    def asked(
        self, name: str, function: Any, signature: Signature, config: Mapping[str, Any], place: Place
    ) -> tuple[str, ...]:
        """The SQL of a function that builds it: known by calling it, where it needs no rows for that."""
        if signature.parameters or signature.takes_context:
            return ()  # what it reads must then be among its parameters; the run holds it to that
        with self.imports.active(), self.imports.recording(self.absolute):
            try:
                made = function(**with_secrets(config))
            except DefinitionError as error:  # of what it imports
                raise place.error(error.message, hint=error.hint) from None
            except (Exception, SystemExit) as error:
                raise import_error(error, self.path, self.imports) from error
        if not isinstance(made, Query):
            raise place.error(
                f"{name} returned {type(made).__name__} in place of Query(...) when it was asked for its SQL"
            )
        return (made.sql,)

    def check(self, declaration: CheckDeclaration) -> tuple[str, Check]:
        function = declaration.function
        place = Place(self.path, declaration.line)
        about = declaration.about
        signature = read_signature(function, self.path, self.texts)
        upstreams = tuple(parameter.upstream for parameter in signature.parameters)
        if any(parameter.changes or parameter.is_path for parameter in signature.parameters):
            raise place.error("a check is given whole tables, and takes no Changes and no Path")
        if declaration.severity not in {"error", "warn"}:
            raise place.error(f"severity must be error or warn, not {declaration.severity!r}")
        code = self.code(function, place)
        return about, Check(
            name=declaration.check_name,
            severity=declaration.severity,
            upstreams=tuple(name for name in upstreams if name != about),
            function=function.__name__,
            path=self.path,
            line=declaration.line,
            options={"code": code.digest},
        )


def refuse_other_than_function(function: Any, place: Place) -> None:
    if isinstance(function, type) or not callable(function) or not hasattr(function, "__name__"):
        hint = "Put @asset on a function, or let the decorators below it use functools.wraps."
        what = "class" if isinstance(function, type) else type(function).__name__
        raise place.error(f"@asset stands on a {what}, which is no function", hint=hint)


def refuse_for_queries(name: str, values: Mapping[str, Any], place: Place) -> None:
    """Refuse keys that only mean something of a SQL file."""
    if values.get("materialized") == "view" or "dialect" in values:
        key = "dialect" if "dialect" in values else "materialized"
        raise place.error(f"{key} of {name} is for SQL files: a function's rows are always kept as a table")


def versioned(digest: str, kinds: str) -> str:
    """The version of a function's code, with the types of its defaults where their values do not tell these."""
    return hashlib.sha256(f"{digest} {kinds}".encode()).hexdigest() if kinds else digest


def declared_version(digest: str, merge: Merge | None, unique_key: Sequence[str], per: Per | None, history: str) -> str:
    """The version of a function's code, with how its rows are merged or kept, which is part of what it makes."""
    if history:
        return hashlib.sha256(f"{digest}{history}".encode()).hexdigest()
    if merge is None and per is None:
        return digest
    return hashlib.sha256(json.dumps([digest, merge, list(unique_key) if merge else [], per]).encode()).hexdigest()


def reads_order(merge: Merge | None, per: Per | None, parameters: Sequence[Parameter]) -> bool:
    """True unless a function is given changes, or rows one by one: these can come at any time."""
    if merge is not None and all(each.changes for each in parameters):
        return False
    return per is None or len(parameters) > 1


def untracked(notes: Sequence[Note], queries: Sequence[SqlQuery]) -> Iterator[Note]:
    """The notes without those of files that the asset's SQL names: these are compared like any source."""
    files = [file.text for query in queries for file in query.files]
    for note in notes:
        path = note.what.removeprefix(FILE_IN_SQL)
        if path == note.what or not any(file.startswith(path) for file in files):
            yield note


def module_texts(imports: Imports) -> ModuleTexts:
    """Reads project files as they are now: the imports have just been made from them."""

    def read(path: str) -> str:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()

    return ModuleTexts(read, imports.given_to, imports.parsed, imports.set_up)


def tracked_versions(packages: tuple[str, ...]) -> dict[str, str]:
    """The installed versions of the packages that the settings name; `absent` for one that is not there."""
    if not packages:
        return {}
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "absent"
    return versions
