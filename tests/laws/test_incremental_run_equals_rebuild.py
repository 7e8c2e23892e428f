"""The law: after any history of edits, every published table equals what plain DuckDB computes from nothing.

A machine edits a small project (code, data, settings, kinds, names, reverts), runs parts of it, breaks it and mends it.
`ASSETFLOW_HISTORIES=500 pytest tests/laws` looks at more histories than the few of every day.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from assetflow.errors import UsageError
from tests.conftest import Shop

SOURCES = ("east", "west")
PLACES = range(5)
Rows = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Declared:
    """One asset of the model. `reads` are sources (negative) and the places of earlier assets."""

    name: str
    reads: tuple[int, ...]
    kind: str
    keep: int = 0
    factor: int = 1
    is_broken: bool = False


@dataclass(frozen=True)
class World:
    """All that can be edited: the assets by place, the rows of the sources, the factors that the settings give."""

    assets: tuple[Declared | None, ...] = (None,) * len(PLACES)
    rows: tuple[Rows, Rows] = (((1, 10), (2, 20)), ((1, 5), (3, 7)))
    settings: tuple[int | None, ...] = (None,) * len(PLACES)

    def upstreams(self, asset: Declared) -> list[str]:
        """The names that it reads; what was deleted since is read no more, and then the first source is."""
        named = [self.named(read) for read in asset.reads]
        return [name for name in named if name is not None] or [SOURCES[0]]

    def named(self, read: int) -> str | None:
        if read < 0:
            return SOURCES[read]
        asset = self.assets[read]
        return None if asset is None else asset.name

    def declared(self) -> list[tuple[int, Declared]]:
        return [(place, asset) for place, asset in enumerate(self.assets) if asset is not None]

    def factor(self, place: int, asset: Declared) -> int:
        configured = self.settings[place]
        return asset.factor if configured is None or asset.kind not in PYTHON else configured


def query(world: World, place: int, asset: Declared) -> str:
    """What the asset means, as SQL: keys with the sum of the values above `keep`, times a factor."""
    together = " UNION ALL ".join(f"SELECT k, v FROM {name}" for name in world.upstreams(asset))
    factor = world.factor(place, asset)
    return f"SELECT k, CAST(sum(v * {factor}) AS BIGINT) AS v FROM ({together}) AS t WHERE v > {asset.keep} GROUP BY k"


def sql_file(world: World, place: int, asset: Declared) -> str:
    head = '/* @asset\nmaterialized = "view"\n*/\n' if asset.kind == "view" else ""
    if asset.is_broken:
        return f"{head}SELECT error('broken') AS k FROM {world.upstreams(asset)[0]}"
    return head + query(world, place, asset)


def python_file(world: World, place: int, asset: Declared) -> str:
    names = world.upstreams(asset)
    annotation = {"frame": "pl.DataFrame", "lazy": "pl.LazyFrame", "query": "duckdb.DuckDBPyRelation"}[asset.kind]
    parameters = "".join(f"{name}: {annotation}, " for name in dict.fromkeys(names))
    head = f"import duckdb\nimport polars as pl\nfrom assetflow import Query, asset\nfrom law_helper import KEEP_{place}\n"
    if asset.is_broken:
        return f"{head}@asset\ndef {asset.name}({parameters}factor: int = 1):\n    raise ValueError('broken')\n"
    if asset.kind == "query":
        text = query(replace(world, settings=(None,) * len(PLACES)), place, replace(asset, factor=1))
        text = text.replace("v * 1", "v * {factor}").replace(f"v > {asset.keep}", f"v > {{KEEP_{place}}}")
        return f'{head}@asset\ndef {asset.name}(factor: int = {asset.factor}):\n    return Query(f"{text}")\n'
    selected = ", ".join(f"{name}.select('k', 'v')" for name in names)
    return (
        f"{head}@asset\ndef {asset.name}({parameters}factor: int = {asset.factor}):\n"
        f"    rows = pl.concat([{selected}])\n"
        f'    kept = rows.filter(pl.col("v") > KEEP_{place})\n'
        f'    return kept.group_by("k").agg((pl.col("v") * factor).sum())\n'
    )


PYTHON = ("frame", "lazy", "query")
KINDS = ("sql", "view", *PYTHON)


def put(world: World, root: Path) -> None:
    """Write the world to disk: only files whose text differs, and none that it does not have."""
    assets = {}
    for place, asset in world.declared():
        text = python_file(world, place, asset) if asset.kind in PYTHON else sql_file(world, place, asset)
        assets[f"assets/{asset.name}.{'py' if asset.kind in PYTHON else 'sql'}"] = text
    for old in (root / "assets").glob("*.*"):
        if f"assets/{old.name}" not in assets:
            old.unlink()
    lines = [f'[sources.{name}]\nfiles = "data/{name}.csv"\n' for name in SOURCES]
    for place, asset in world.declared():
        if world.settings[place] is not None and asset.kind in PYTHON and not asset.is_broken:
            lines.append(f"[assets.{asset.name}]\nfactor = {world.settings[place]}\n")
    files = {
        **assets,
        "assetflow.toml": "".join(lines),
        "law_helper.py": "".join(f"KEEP_{p} = {a.keep}\n" for p, a in world.declared()),
        **{f"data/{n}.csv": "k,v\n" + "".join(f"{k},{v}\n" for k, v in r) for n, r in zip(SOURCES, world.rows, strict=True)},
    }
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


def from_nothing(world: World) -> dict[str, list[tuple[int, int]]]:
    """What plain DuckDB computes for each asset that neither is broken nor reads one that is."""
    found = {}
    with duckdb.connect() as connection:
        for name, rows in zip(SOURCES, world.rows, strict=True):
            connection.execute(f"CREATE TABLE {name} (k BIGINT, v BIGINT)")
            if rows:
                connection.executemany(f"INSERT INTO {name} VALUES (?, ?)", rows)
        sound = set(SOURCES)
        for place, asset in world.declared():
            if not asset.is_broken and sound.issuperset(world.upstreams(asset)):
                sound.add(asset.name)
                connection.execute(f"CREATE TABLE {asset.name} AS {query(world, place, asset)}")
                found[asset.name] = connection.execute(f"FROM {asset.name} ORDER BY ALL").fetchall()
    return found


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=4).map(tuple)


@st.composite
def declarations(draw: st.DrawFn) -> tuple[int, Declared]:
    place = draw(st.sampled_from(PLACES))
    reads = draw(st.lists(st.sampled_from([-1, -2, *range(place)]), min_size=1, max_size=3, unique=True))
    kind = draw(st.sampled_from(KINDS))
    return place, Declared(f"t{place}", tuple(reads), kind, draw(st.integers(0, 3)), draw(st.integers(1, 3)))


class Histories(RuleBasedStateMachine):
    """Edits and runs in any order; the law is looked at after each run of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.shop = Shop(Path(self.folder))
        self.world = World()
        self.past = [self.world]

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def edit(self, world: World) -> None:
        self.past.append(self.world)
        self.world = world
        put(world, self.shop.root)

    def put_asset(self, place: int, asset: Declared | None) -> None:
        assets = list(self.world.assets)
        assets[place] = asset
        self.edit(replace(self.world, assets=tuple(assets)))

    @initialize(first=st.lists(declarations(), min_size=2, max_size=5))
    def begin(self, first: list[tuple[int, Declared]]) -> None:
        assets = list(self.world.assets)
        for place, asset in first:
            assets[place] = asset
        self.edit(replace(self.world, assets=tuple(assets)))

    @rule(declared=declarations())
    def declare_anew(self, declared: tuple[int, Declared]) -> None:
        self.put_asset(*declared)

    @rule(place=st.sampled_from(PLACES), keep=st.integers(0, 6), factor=st.integers(1, 3))
    def edit_code(self, place: int, keep: int, factor: int) -> None:
        asset = self.world.assets[place]
        if asset is not None:
            self.put_asset(place, replace(asset, keep=keep, factor=factor))

    @rule(place=st.sampled_from(PLACES), kind=st.sampled_from(KINDS))
    def write_it_another_way(self, place: int, kind: str) -> None:
        asset = self.world.assets[place]
        if asset is not None:
            self.put_asset(place, replace(asset, kind=kind))

    @rule(place=st.sampled_from(PLACES), name=st.sampled_from(["t", "u"]))
    def rename(self, place: int, name: str) -> None:
        asset = self.world.assets[place]
        if asset is not None:
            self.put_asset(place, replace(asset, name=f"{name}{place}"))

    @rule(place=st.sampled_from(PLACES))
    def break_or_mend(self, place: int) -> None:
        asset = self.world.assets[place]
        if asset is not None:
            self.put_asset(place, replace(asset, is_broken=not asset.is_broken))

    @rule(place=st.sampled_from(PLACES))
    def delete(self, place: int) -> None:
        self.put_asset(place, None)

    @rule(which=st.sampled_from([0, 1]), rows=ROWS)
    def edit_data(self, which: int, rows: Rows) -> None:
        both = list(self.world.rows)
        both[which] = rows
        self.edit(replace(self.world, rows=(both[0], both[1])))

    @rule(place=st.sampled_from(PLACES), factor=st.none() | st.integers(1, 3))
    def configure(self, place: int, factor: int | None) -> None:
        settings = list(self.world.settings)
        settings[place] = factor
        self.edit(replace(self.world, settings=tuple(settings)))

    @rule(back=st.integers(1, 6))
    def revert(self, back: int) -> None:
        self.edit(self.past[max(0, len(self.past) - back)])

    @precondition(lambda self: self.world.declared())
    @rule(pick=st.integers(0, 4), form=st.sampled_from(["{}", "+{}", "{}+", "@{}"]))
    def run_some(self, pick: int, form: str) -> None:
        declared = self.world.declared()
        name = declared[pick % len(declared)][1].name
        try:
            self.shop.run(form.format(name))
        except UsageError as error:
            assert "was never made and is not selected" in error.message

    @rule()
    def run_everything(self) -> None:
        outcomes = self.shop.run()
        expected = from_nothing(self.world)
        for name, rows in expected.items():
            assert self.shop.rows(f"FROM {name} ORDER BY ALL") == rows, (name, outcomes)
        failed = {name for name, outcome in outcomes.items() if outcome in {"failed", "blocked"}}
        assert failed == {asset.name for _, asset in self.world.declared()} - expected.keys()
        if not failed and self.world.declared():
            published = self.shop.project().ledger.current("prod").keys()
            assert published - set(SOURCES) == expected.keys(), "what is no longer declared is withdrawn"
        again = self.shop.run()
        assert not again.keys() - failed, "a second run makes nothing"

    @rule()
    def rebuild_everything(self) -> None:
        self.shop.run(full_refresh=True)
        for name, rows in from_nothing(self.world).items():
            assert self.shop.rows(f"FROM {name} ORDER BY ALL") == rows


Histories.TestCase.settings = settings(
    max_examples=int(os.environ.get("ASSETFLOW_HISTORIES", "12")),
    stateful_step_count=15,
    deadline=None,
    derandomize="ASSETFLOW_HISTORIES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    # A history is short enough to read as it is; making it shorter would take minutes of runs.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
TestHistories = Histories.TestCase
