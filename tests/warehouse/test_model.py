"""A warehouse against a model of it in a few dictionaries, under hypothesis: whatever is edited, made, rolled back, promoted
and swept in whatever order, every client of every environment reads what the model says.

`ASSETFLOW_TEST_MODELS=500 pytest tests/warehouse/test_model.py` tries 500 histories.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import assetflow
from assetflow.cli.main import run as main
from assetflow.errors import AssetflowError
from tests.conftest import Shop

HISTORIES = int(os.environ.get("ASSETFLOW_TEST_MODELS", "8"))
STEPS = 25

NAMES = ("base", "twice", "other")
"""`twice` reads `base`; `other` reads nothing, and may be taken away."""
numbers = st.integers(0, 3)


class Environment:
    """What a model knows of one: the value of each table, and which are held there after a rollback."""

    def __init__(self, tables: dict[str, int]) -> None:
        self.tables = tables
        self.held: set[str] = set()


class Model(RuleBasedStateMachine):
    """One project with the environments prod and, now and then, dev."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.shop = Shop(self.folder)
        self.code: dict[str, int | None] = {}
        self.environments = {"prod": Environment({})}
        self.versions: dict[str, dict[str, int]] = {name: {} for name in NAMES}
        self.moved = False
        for name in NAMES:
            self.edit(name, 1)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            assert main(["verify", "--deep", "-C", str(self.folder)]) == 0
            shutil.rmtree(self.folder)

    # What people do

    @rule(name=st.sampled_from(NAMES), number=numbers)
    def edit(self, name: str, number: int) -> None:
        self.code[name] = number
        self.shop.sql(name, f"SELECT x * 2 + {number} AS x FROM base" if name == "twice" else f"SELECT {number} AS x")

    @rule(name=st.sampled_from(NAMES))
    def break_(self, name: str) -> None:
        """Its code fails when it runs."""
        self.code[name] = None
        self.shop.sql(name, "SELECT error('broken') AS x" + (" FROM base" if name == "twice" else ""))

    @precondition(lambda self: "other" in self.code)
    @rule()
    def take_away(self) -> None:
        del self.code["other"]
        self.shop.remove("assets/other.sql")

    @rule(env=st.sampled_from(["prod", "dev"]), chosen=st.sampled_from([(), ("+twice",), ("base",)]))
    def materialize(self, env: str, chosen: tuple[str, ...]) -> None:
        if env not in self.environments:
            return
        here = self.environments[env]
        self.shop.materialize(*chosen, env=env)
        before = dict(here.tables)
        wanted = [name for name in self.code if not chosen or name == "base" or (name, *chosen) == ("twice", "+twice")]
        failed = set()
        for name in sorted(wanted):  # which is their order
            number = self.code[name]
            if name in here.held or (name == "twice" and "base" in failed):
                continue
            if number is None:
                failed.add(name)
            else:
                here.tables[name] = here.tables["base"] * 2 + number if name == "twice" else number
        if not chosen and not failed:
            here.tables = {name: value for name, value in here.tables.items() if name in self.code}
        self.moved |= env == "prod" and here.tables != before
        self.learn(env)

    @rule(env=st.sampled_from(["prod", "dev"]), draw=st.data())
    def roll_back(self, env: str, draw: st.DataObject) -> None:
        """To any version that was ever published, of which a sweep may have taken the files."""
        name = draw.draw(st.sampled_from(["base", "twice"]))
        if env not in self.environments or not self.versions[name] or name not in self.environments[env].tables:
            return
        here = self.environments[env]
        version = draw.draw(st.sampled_from(sorted(self.versions[name])))
        code = main(["rollback", name, version, "--only", "--env", env, "-C", str(self.folder)])
        if self.shop.project(environment=env).current[name].snapshot == version and code == 0:
            self.moved |= env == "prod" and here.tables[name] != self.versions[name][version]
            here.tables[name] = self.versions[name][version]
            here.held.add(name)

    @rule(env=st.sampled_from(["prod", "dev"]), name=st.sampled_from(["base", "twice"]))
    def let_go(self, env: str, name: str) -> None:
        if env in self.environments and name in self.environments[env].held:
            assert main(["rollback", name, "--release", "--env", env, "-C", str(self.folder)]) == 0
            self.environments[env].held.remove(name)

    @precondition(lambda self: "dev" not in self.environments and self.is_simple("prod"))
    @rule()
    def create(self) -> None:
        assert main(["env", "create", "dev", "-C", str(self.folder)]) == 0
        self.environments["dev"] = Environment(dict(self.environments["prod"].tables))
        self.moved = False

    @precondition(lambda self: "dev" in self.environments)
    @rule()
    def drop(self) -> None:
        assert main(["env", "drop", "dev", "-C", str(self.folder)]) == 0
        del self.environments["dev"]

    @precondition(lambda self: self.is_simple("prod") and self.is_simple("dev"))
    @rule()
    def promote(self) -> None:
        """All of it, or nothing of it, and nothing only where prod has moved since; what prod alone changed stays."""
        code = main(["env", "promote", "dev", "-C", str(self.folder)])
        assert code == 0 or self.moved
        if code != 0:
            return
        prod, dev = self.environments["prod"], self.environments["dev"]
        promoted = dict(dev.tables)
        for name in NAMES if self.moved else ():
            now = read(lambda name=name: self.shop.rows(f"FROM {name}", "prod"))  # type: ignore[misc]
            assert now in (prod.tables.get(name), dev.tables.get(name))
            promoted = {**promoted, name: now} if now is not None else without(promoted, name)
        self.moved = self.moved and promoted != dev.tables
        prod.tables = promoted

    @rule(keep=st.integers(1, 3))
    def sweep(self, keep: int) -> None:
        assert main(["gc", "--keep", str(keep), "--grace", "0", "-C", str(self.folder)]) == 0

    @rule()
    def lose_the_catalog(self) -> None:
        (self.folder / "warehouse" / "prod.duckdb").unlink(missing_ok=True)
        assert main(["ls", "-C", str(self.folder)]) == 0

    # What must hold

    @invariant()
    def every_client_reads_what_the_model_says(self) -> None:
        for env, here in getattr(self, "environments", {}).items():
            for name in NAMES:
                assert read(lambda name=name, env=env: self.shop.rows(f"FROM {name}", env)) == here.tables.get(name)

    @precondition(lambda self: hasattr(self, "versions"))
    @rule(draw=st.data())
    def look_back(self, draw: st.DataObject) -> None:
        """A version holds what it held when it was published, or is gone; never anything else."""
        name = draw.draw(st.sampled_from(NAMES))
        if not self.versions[name]:
            return
        version = draw.draw(st.sampled_from(sorted(self.versions[name])))
        try:
            rows = assetflow.open(self.folder)[f"{name}@{version}"].rel().fetchall()
        except AssetflowError:
            return
        assert rows == [(self.versions[name][version],)]

    # How it is told

    def is_simple(self, env: str) -> bool:
        """True for an environment that is there and holds nothing back."""
        here = getattr(self, "environments", {}).get(env)
        return here is not None and bool(here.tables) and not here.held

    def learn(self, env: str) -> None:
        """Which value each version has, by the model's word at the moment when it is published."""
        current = self.shop.project(environment=env).current
        for name, value in self.environments[env].tables.items():
            known = self.versions[name].setdefault(current[name].snapshot, value)
            assert known == value


def without(tables: dict[str, int], name: str) -> dict[str, int]:
    return {each: value for each, value in tables.items() if each != name}


def read(rows: Callable[[], list[tuple[int]]]) -> int | None:
    """The only value of a table; None where there is none, or no catalog yet."""
    try:
        ((value,),) = rows()
    except (duckdb.CatalogException, duckdb.IOException):
        return None
    return value


def test_a_warehouse_is_what_its_model_says(capfd: pytest.CaptureFixture[str]) -> None:
    # Making a history smaller takes minutes, and 25 steps can be read.
    run = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Model, settings=run)
