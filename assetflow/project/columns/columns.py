"""The columns of every table of a project, and where each comes from, as they will be once everything declared is made.

columns = project.columns_of
columns.schema("sales")            (("week", "BIGINT"), ("revenue", "DOUBLE"))
columns.lineage("sales_by_week")   Lineage(...)
columns.problem("sales_by_week")   BindError(...) where its query does not fit the columns of its upstreams
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from assetflow.asset import Asset
from assetflow.lineage.columns import Lineage, opaque
from assetflow.materialization import Column, Materialization, ReadSet
from assetflow.planning.staleness import reads_of
from assetflow.project.columns.cache import ColumnsCache
from assetflow.project.columns.sources import Schema, SourceColumns, schema_of

if TYPE_CHECKING:
    from assetflow.lineage.plans.binder import BindError
    from assetflow.project.project import Project

MOST_AHEAD = 100
"""Queries that are bound together."""


class ProjectColumns:
    """Answers from the cache or by binding, each asset once.

    `published` are assets that are taken as they were published last, since they are not to be made.
    """

    def __init__(self, project: Project, cache: ColumnsCache, published: Collection[str] = ()) -> None:
        self.project = project
        self.cache = cache
        self.sources = SourceColumns(project, cache)
        self.published = frozenset(published)
        self._lineages: dict[str, Lineage] = {}
        self._found: dict[str, Lineage] = {}
        self._schemas: dict[str, Schema | None] = {}
        self._problems: dict[str, BindError] = {}
        self._over: dict[str, Mapping[str, Schema | None]] = {}
        """The columns of its upstreams over which each lineage was found."""
        self._reads: dict[str, Mapping[str, ReadSet]] = {}
        self.uncertain: set[str] = set()

    def lineage(self, name: str) -> Lineage:
        """The column lineage of an asset, over its upstreams as they will be. KeyError when there is no such asset."""
        self._look_into(name)
        return self._lineages[name]

    def schema(self, name: str) -> Schema | None:
        """The columns of an asset or a source; None where they are not known before it is made."""
        self._look_into(name)
        return self._schemas[name]

    def problem(self, name: str) -> BindError | None:
        """Why the query of an asset cannot run over the columns that its upstreams will have."""
        self._look_into(name)
        return self._problems.get(name)

    def is_certain(self, asset: Asset) -> bool:
        """True when the columns of all that an asset is made from are beyond doubt: no Python stands between."""
        return not self.uncertain.intersection((*asset.upstreams, *asset.files))

    def published_schema(self, name: str) -> Schema | None:
        """The columns of a table as it was published last."""
        current = self.project.current.get(name)
        return None if current is None else schema_of(self.project.ledger.snapshot(current.snapshot).columns)

    def all(self) -> Mapping[str, Lineage]:
        """The lineage of every asset."""
        return {name: self.lineage(name) for name in self.project.definitions.assets}

    def over(self, asset: Asset, columns: Mapping[str, tuple[Column, ...]]) -> Lineage | None:
        """The lineage of an asset over upstreams that are there, with these columns."""
        schemas: dict[str, Schema | None] = {name: schema_of(each) for name, each in columns.items()}
        schemas.update({name: self._file_schema(asset, name) for name in asset.files})
        if self._over.get(asset.name) == schemas and self.project.definitions.assets.get(asset.name) is asset:
            return self._lineages[asset.name]  # as a run mostly finds them
        return self._as_made(asset, self._find(asset, schemas)[0], schemas)

    def look_ahead(self, names: Collection[str]) -> None:
        """Answer for many tables that will be asked for one by one: their queries are bound a layer at a time."""
        definitions = self.project.definitions
        graph = definitions.graph
        unknown = (graph.ancestors(names) | set(names)) - self._schemas.keys()
        layers: defaultdict[int, list[str]] = defaultdict(list)
        depths: dict[str, int] = {}
        for name in graph.order:
            if name in unknown:
                depths[name] = 1 + max((depths.get(up, 0) for up in graph.upstreams(name)), default=0)
                layers[depths[name]].append(name)
        for depth in sorted(layers):
            for start in range(0, len(layers[depth]), MOST_AHEAD):
                some = layers[depth][start : start + MOST_AHEAD]
                self._bind_ahead([definitions.assets[name] for name in some if name in definitions.assets])
                for name in some:
                    self._look_into(name)

    def _bind_ahead(self, assets: Sequence[Asset]) -> None:
        """Have the queries bound that nothing is known of yet, over upstreams that are."""
        queries = []
        for asset in assets:
            schemas = {up: self._schemas[up] for up in asset.upstreams}
            known = {name: schema for name, schema in schemas.items() if schema is not None}
            if asset.kind == "sql" and not asset.files and len(known) == len(schemas):
                key = lineage_key(asset, known)
                if key not in self._found and self.cache.get(key) is None:
                    queries.append((bound_sql(asset), known))
        if len(queries) > 1:
            from assetflow.lineage.plans.binder import bind_ahead

            bind_ahead(queries)

    def read_sets(self, name: str) -> tuple[ReadSet, ...]:
        """What is known to be read of a table by the assets downstream of it."""
        definitions = self.project.definitions
        found = []
        for reader in definitions.graph.downstreams(name):
            asset = definitions.assets[reader]
            if name in asset.upstreams:
                if reader not in self._reads:
                    self._reads[reader] = reads_of(asset, self.lineage(reader), self._made(asset))
                found.append(self._reads[reader][name])
        return tuple(dict.fromkeys(read for read in found if read.columns is not None))

    def _made(self, asset: Asset) -> Materialization | None:
        """What a function was made from last: it may have been seen to read what its code does not tell."""
        current = self.project.current.get(asset.name) if asset.kind == "python" else None
        return None if current is None else self.project.ledger.materialization(current.materialization)

    def _look_into(self, name: str) -> None:
        """Answer for a table and all that it is made from, upstreams first."""
        graph = self.project.definitions.graph
        ahead = [name]
        while ahead:
            one = ahead[-1]
            missing = [up for up in graph.upstreams(one) if up not in self._schemas] if one in graph else []
            if one in self._schemas or not missing:
                ahead.pop()
                if one not in self._schemas:
                    self._answer(one)
            else:
                ahead += missing

    def _answer(self, name: str) -> None:
        asset = self.project.definitions.assets.get(name)
        if asset is None:
            self._schemas[name] = self.sources.schema(name)
            return
        schemas = {up: self._schemas[up] for up in asset.upstreams}
        schemas.update({file: self._file_schema(asset, file) for file in asset.files})
        lineage, problem = self._find(asset, schemas)
        lineage = self._as_made(asset, lineage, schemas)
        self._lineages[name] = lineage
        self._over[name] = schemas
        if problem is not None:
            self._problems[name] = problem
        self._schemas[name] = self._asset_schema(asset, lineage)
        is_sure = name in self.published or (asset.kind == "sql" and not lineage.open_columns)
        if not is_sure or (name not in self.published and not self.is_certain(asset)):
            self.uncertain.add(name)

    def _as_made(self, asset: Asset, lineage: Lineage, schemas: Mapping[str, Schema | None]) -> Lineage:
        """The lineage of the table from that of the code, which may not tell all that is done with it."""
        if asset.partition and asset.kind == "python":
            from assetflow.project.columns.given import with_keys

            return with_keys(lineage, asset, schemas)
        if asset.history is None:
            return lineage
        from assetflow.lineage.history import with_history

        published = self.published_schema(asset.name) or ()
        return with_history(lineage, asset, published, self._wider)

    def _wider(self, now: str, then: str) -> str | None:
        """The type that holds the values of two; None where there is none."""
        from assetflow.running.history.columns import wider

        return wider(self.project.open_cursor(), now, then)

    def _asset_schema(self, asset: Asset, lineage: Lineage) -> Schema | None:
        if asset.name in self.published or (lineage.open_columns and self._is_as_published(asset)):
            return self.published_schema(asset.name)
        if lineage.open_columns:
            return None
        from assetflow.warehouse.content.types import logical_type

        return tuple((column.name, logical_type(column.type)) for column in lineage.columns)

    def _is_as_published(self, asset: Asset) -> bool:
        """True when what is published was made by the code as it is now."""
        current = self.project.current.get(asset.name)
        if current is None:
            return False
        return self.project.ledger.materialization(current.materialization).fingerprint.code == asset.code_version

    def _file_schema(self, asset: Asset, file: str) -> Schema | None:
        """The columns of a file as an asset opens it."""
        return self.sources.schema_in_place(asset, file) if asset.kind == "sql" else self.schema(file)

    def _find(self, asset: Asset, schemas: Mapping[str, Schema | None]) -> tuple[Lineage, BindError | None]:
        unknown = sorted(name for name, schema in schemas.items() if schema is None)
        inputs = (*asset.upstreams, *asset.files)
        if unknown:
            return opaque(inputs, f"the columns of {', '.join(unknown)} are not known before it is made"), None
        known = {name: schema for name, schema in schemas.items() if schema is not None}
        key = lineage_key(asset, known)
        if key not in self._found:
            lineage, problem = self._find_once(asset, known, key)
            if problem is not None:
                return lineage, problem
            self._found[key] = lineage
        return self._found[key], None

    def _find_once(self, asset: Asset, known: Mapping[str, Schema], key: str) -> tuple[Lineage, BindError | None]:
        kept = self.cache.get(key)
        if kept is not None:
            return Lineage.from_dict(json.loads(kept)), None
        if asset.kind == "python":
            lineage = self._python_lineage(asset, known)
        else:
            from assetflow.lineage.plans.binder import BindError
            from assetflow.lineage.sql_columns import sql_lineage

            try:
                lineage = sql_lineage(bound_sql(asset), known)
            except BindError as problem:
                why = f"its query does not fit its upstreams: {problem}"
                return opaque((*asset.upstreams, *asset.files), why), problem
        self.cache.put(key, json.dumps(lineage.to_dict()))
        return lineage, None

    def _python_lineage(self, asset: Asset, schemas: Mapping[str, Schema]) -> Lineage:
        from assetflow.running.python.stubs import python_lineage
        from assetflow.running.workshop import Workshop

        project = self.project
        shop = Workshop(project.workplace, project.open_imports)
        try:
            return python_lineage(asset, lambda: shop.function(asset), schemas)
        finally:
            shop.close()


def bound_sql(asset: Asset) -> str:
    """The SQL of an asset as it can be bound: with one of its partitions in the place of `$partition` and the like."""
    if not asset.partition or "$" not in (asset.sql or ""):
        return asset.sql or ""
    from assetflow.lineage.sql.tokens import with_values
    from assetflow.partitions.declared import partitioning
    from assetflow.partitions.parameters import example_key, variables

    cut = partitioning(asset.partition)
    return with_values(asset.sql or "", variables(cut, example_key(cut)))


def lineage_key(asset: Asset, schemas: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """A hash of all that the lineage of an asset follows from, beside the programs that find it."""
    said = [
        asset.kind,
        bound_sql(asset)
        if asset.kind == "sql"
        else [asset.code_version, sorted(asset.config.items()), asset.parameters],
        sorted((name, list(schema)) for name, schema in schemas.items()),
    ]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()
