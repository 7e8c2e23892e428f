"""The law: after any history of edits, every published table equals what plain DuckDB computes from nothing.

Hypothesis edits a small project (code, data, settings, kinds, names, reverts), runs parts of it, breaks it and mends it.
`ASSETFLOW_TEST_HISTORIES=500 pytest tests/laws` looks at more histories than the few of every day.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

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
        # Rows of a view are computed by whoever reads it: what can fail when it is declared are its names.
        broken = "no_such_column" if asset.kind == "view" else "error('broken')"
        return f"{head}SELECT {broken} AS k FROM {world.upstreams(asset)[0]}"
    return head + query(world, place, asset)


def python_file(world: World, place: int, asset: Declared) -> str:
    names = world.upstreams(asset)
    annotation = {"frame": "pl.DataFrame", "lazy": "pl.LazyFrame", "query": "duckdb.DuckDBPyRelation"}[asset.kind]
    parameters = "".join(f"{name}: {annotation}, " for name in dict.fromkeys(names))
    head = (
        f"import duckdb\nimport polars as pl\nfrom assetflow import Query, asset\nfrom law_helper import KEEP_{place}\n"
    )
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
        **{
            f"data/{n}.csv": "k,v\n" + "".join(f"{k},{v}\n" for k, v in r)
            for n, r in zip(SOURCES, world.rows, strict=True)
        },
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


@dataclass(frozen=True)
class Edit:
    """One edit, of the asset that `pick` means among those that there are."""

    what: str
    pick: int
    number: int
    kind: str
    rows: Rows
    declared: tuple[int, Declared]


@dataclass(frozen=True)
class Step:
    """Edits, perhaps a run of something, then a run of everything."""

    edits: tuple[Edit, ...]
    some: str | None
    anew: bool


WHAT = (
    "declare",
    "code",
    "default",
    "kind",
    "name",
    "broken",
    "delete",
    "data",
    "data",
    "setting",
    "setting",
    "revert",
)
EDITS = st.builds(
    Edit,
    what=st.sampled_from(WHAT),
    pick=st.integers(0, 4),
    number=st.integers(0, 6),
    kind=st.sampled_from(KINDS),
    rows=ROWS,
    declared=declarations(),
)
STEPS = st.builds(
    Step,
    edits=st.lists(EDITS, min_size=1, max_size=2).map(tuple),
    some=st.none() | st.sampled_from(["{}", "+{}", "{}+", "@{}"]),
    anew=st.sampled_from([False] * 7 + [True]),
)
FIRST = st.lists(declarations(), min_size=3, max_size=5, unique_by=lambda each: each[0])


def edited(world: World, past: list[World], edit: Edit) -> World:
    """The world after an edit."""
    if edit.what == "revert":
        return past[max(0, len(past) - 1 - edit.number)]
    if edit.what == "data":
        left, right = world.rows
        return replace(world, rows=(edit.rows, right) if edit.pick % 2 else (left, edit.rows))
    if edit.what == "declare":
        return with_asset(world, *edit.declared)
    if not world.declared():
        return world
    place, asset = world.declared()[edit.pick % len(world.declared())]
    if edit.what == "setting":
        factor = edit.number + 3 if edit.number else None
        return replace(world, settings=(*world.settings[:place], factor, *world.settings[place + 1 :]))
    if edit.what == "delete":
        return with_asset(world, place, None)
    changed = {
        "code": replace(asset, keep=edit.number),
        "default": replace(asset, factor=edit.number % 3 + 1),
        "kind": replace(asset, kind=edit.kind),
        "name": replace(asset, name=f"{'tu'[edit.number % 2]}{place}"),
        "broken": replace(asset, is_broken=True),
    }
    return with_asset(world, place, changed[edit.what])


def with_asset(world: World, place: int, asset: Declared | None) -> World:
    return replace(world, assets=(*world.assets[:place], asset, *world.assets[place + 1 :]))


def mended(world: World) -> World:
    """What was broken stays so for one step: a project in which little works would show little."""
    return replace(world, assets=tuple(asset and replace(asset, is_broken=False) for asset in world.assets))


@settings(
    max_examples=int(os.environ.get("ASSETFLOW_TEST_HISTORIES", "12")),
    deadline=None,
    derandomize="ASSETFLOW_TEST_HISTORIES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    # A history is short enough to read as it is; making it shorter would take minutes of runs.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(first=FIRST, steps=st.lists(STEPS, min_size=4, max_size=7))
def test_after_any_history_every_table_equals_a_rebuild_from_nothing(
    first: list[tuple[int, Declared]], steps: list[Step]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        world = World(tuple(dict(first).get(place) for place in PLACES))
        put(world, shop.root)
        run_everything(shop, world)
        past = [world]
        for step in steps:
            world = mended(world)
            for edit in step.edits:
                world = edited(world, past, edit)
            past.append(world)
            put(world, shop.root)
            if step.some is not None:
                run_some(shop, world, step)
            run_everything(shop, world, anew=step.anew)


def run_some(shop: Shop, world: World, step: Step) -> None:
    for _, asset in world.declared()[step.edits[0].pick :][:1]:
        try:
            shop.run(str(step.some).format(asset.name))
        except UsageError as error:
            assert "was never made and is not selected" in error.message


def run_everything(shop: Shop, world: World, *, anew: bool = False) -> None:
    """Run, and hold the project to the law."""
    outcomes = shop.run(full_refresh=anew)
    expected = from_nothing(world)
    for name, rows in expected.items():
        assert shop.rows(f"FROM {name} ORDER BY ALL") == rows, (name, outcomes)
    failed = {name for name, outcome in outcomes.items() if outcome in {"failed", "blocked"}}
    assert failed == {asset.name for _, asset in world.declared()} - expected.keys()
    if not failed and world.declared():
        published = shop.project().ledger.current("prod").keys()
        assert published - set(SOURCES) == expected.keys(), "what is no longer declared is withdrawn"
    again = shop.run()
    assert not again.keys() - failed, "a second run makes nothing"
