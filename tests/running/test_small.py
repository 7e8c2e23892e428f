"""Small tables are written one by one and read back together: that changes nothing of what a run makes and says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any

import duckdb
import pytest

from assetflow.asset import Asset
from assetflow.engines.duckdb import Session
from assetflow.errors import Interrupted
from assetflow.running import run
from assetflow.running.bodies import body
from assetflow.running.computing import compute, small
from assetflow.running.computing.small import Small
from assetflow.running.tasks.telling import Telling
from assetflow.running.workshop import Workplace, Workshop
from assetflow.warehouse.cache.costs import Cost, Costs, add_costs
from tests.conftest import Shop

NAMES = [f"t{number:02d}" for number in range(20)]


@pytest.fixture
def many(empty_shop: Shop) -> Shop:
    """Twenty small tables, each read by one below it."""
    for number, name in enumerate(NAMES):
        empty_shop.sql(name, f"SELECT range AS n, 'row ' || range AS text FROM range({number})")
        empty_shop.sql(f"below_{name}", f"SELECT count(*) AS n FROM {name}")
    return empty_shop


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tables were read back at once, for each time."""
    counts: list[int] = []
    whole = small.read_small

    def counted(written: Sequence[Small], place: Workplace) -> Any:
        counts.append(len(written))
        return whole(written, place)

    monkeypatch.setattr(run, "read_small", counted)
    return counts


def below(shop: Shop) -> list[int]:
    return [shop.rows(f"SELECT n FROM below_{name}")[0][0] for name in NAMES]


@pytest.mark.parametrize("jobs", [1, 3])
def test_many_are_read_at_once(many: Shop, read: list[int], jobs: int) -> None:
    assert len(many.made(jobs=jobs)) == 40
    assert sum(read) == 40
    assert jobs > 1 or len(read) < 8
    assert below(many) == list(range(20))
    assert many.rows("SELECT * FROM t02 ORDER BY n") == [(0, "row 0"), (1, "row 1")]
    assert many.run() == {}


def test_what_took_long_the_last_time_is_made_by_itself(many: Shop, read: list[int]) -> None:
    many.made()
    read.clear()
    add_costs(str(many.root / "warehouse"), {"t07": Costs(Cost(5.0, 0)), "t08": Costs(Cost(0.5, 0))})
    assert len(many.made(full_refresh=True)) == 40
    assert sum(read) == 39
    assert below(many) == list(range(20))


def test_what_reads_a_table_in_several_files_may_have_all_threads(
    empty_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    whole = Session.cursor

    def counted(session: Session) -> Any:
        opened.append(session)
        return whole(session)

    monkeypatch.setattr(Session, "cursor", counted)
    for name in ("a", "b"):
        path = empty_shop.write(f"data/{name}.parquet", "")
        duckdb.execute(f"COPY (SELECT 1 AS n) TO '{path}' (FORMAT parquet)")
    empty_shop.write(
        "assetflow.toml", '[sources.one]\nfiles = "data/a.parquet"\n[sources.two]\nfiles = "data/*.parquet"\n'
    )
    empty_shop.sql("of_one", "SELECT n + 1 AS n FROM one")
    empty_shop.made()
    assert opened == []
    empty_shop.sql("of_two", "SELECT n + 1 AS n FROM two")
    empty_shop.made()
    assert len(opened) == 1


def test_one_that_fails_harms_no_other(many: Shop) -> None:
    many.sql("t07", "SELECT range AS n, error('no such thing')::VARCHAR AS text FROM range(3)")
    result = many.materialize()
    failed = {each.asset: str(each.error) for each in result.assets if each.outcome != "materialized"}
    assert sorted(failed) == ["below_t07", "t07"]
    assert "no such thing" in failed["t07"]
    assert "its upstream t07 failed" in failed["below_t07"]


def test_one_that_reads_a_damaged_file_says_whose_it_is(many: Shop) -> None:
    many.made()
    project = many.project()
    (file,) = project.ledger.snapshot(project.current["t07"].snapshot).files
    path = many.root / "warehouse" / file.path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    many.sql("below_t07", "SELECT count(*) + 1 AS n FROM t07")
    many.sql("below_t08", "SELECT count(*) + 1 AS n FROM t08")
    result = many.materialize()
    failed = {each.asset: each.error for each in result.assets if each.outcome != "materialized"}
    (error,) = failed.values()
    assert "t07 cannot be read" in str(error)
    assert error is not None
    assert "`assetflow verify --deep`" in (error.hint or "")


def test_one_that_shows_other_columns_than_were_foreseen_is_made_by_itself(
    many: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Telling.columns_of

    def columns_of(self: Telling, asset: Asset) -> tuple[tuple[str, str], ...] | None:
        return (("n", "INTEGER"), ("text", "VARCHAR")) if asset.name == "t07" else right(self, asset)

    monkeypatch.setattr(Telling, "columns_of", columns_of)
    assert len(many.made()) == 40
    assert many.rows("SELECT any_value(typeof(n)), count(*) FROM t07") == [("BIGINT", 7)]
    assert below(many) == list(range(20))


def test_one_that_is_stopped_just_before_its_query_begins_does_not_go_on(
    many: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = body.evaluate

    def stopped(task: Any, shop: Workshop, *given: Any) -> Any:
        shop.interrupt()
        return whole(task, shop, *given)

    monkeypatch.setattr(small, "evaluate", stopped)
    with pytest.raises(Interrupted):
        many.materialize()


def test_those_that_cannot_be_read_back_fail_each(many: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(written: Sequence[Small], place: Workplace) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run, "read_small", refuse)
    result = many.materialize()
    assert result.status == "failed"
    assert {each.outcome for each in result.assets if each.asset in NAMES} == {"failed"}
    assert {each.outcome for each in result.assets if each.asset not in NAMES} == {"blocked"}


def test_those_whose_worker_died_are_made_one_by_one(many: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(written: Sequence[Small], place: Workplace) -> None:
        raise BrokenExecutor("a worker was killed")

    monkeypatch.setattr(run, "read_small", die)
    assert len(many.made()) == 40
    assert below(many) == list(range(20))


def test_what_is_written_is_read_back_before_one_that_may_be_slow(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def noted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def do(*given: Any) -> Any:
            begun.append(name)
            return work(*given)

        return do

    monkeypatch.setattr(run, "read_small", noted("read back", small.read_small))
    monkeypatch.setattr(run, "compute", noted("function", compute.compute))
    assert shop.made("people", "sales", "big") == ["big", "people", "sales"]
    begun.clear()
    shop.sql("a_small_one", "SELECT 1 AS n")
    shop.replace("assets/big.py", ">=", ">")
    assert shop.made() == ["a_small_one", "big", "by_city"]
    assert begun[:2] == ["read back", "function"]
