"""A function that takes Changes: it is given what came and what went, and its rows are merged with those there are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assetflow.project.foreseeing.modes import with_modes
from tests.conftest import Shop

APPEND = """
import json
from pathlib import Path

import polars as pl

from assetflow import Changes, asset

SEEN = Path(__file__).parent.parent / "seen.json"


def note(changes):
    calls = json.loads(SEEN.read_text()) if SEEN.exists() else []
    SEEN.write_text(json.dumps([*calls, [changes.added.rows(), changes.removed.rows(), changes.why_full]]))


@asset(merge="append", volatile="ignore")
def scores(events: Changes[pl.DataFrame], factor: int = 10) -> pl.DataFrame:
    note(events)
    return events.added.select("id", score=pl.col("x") * factor)
"""

UPSERT = """
import json
from pathlib import Path

import polars as pl

from assetflow import Changes, asset

SEEN = Path(__file__).parent.parent / "seen.json"


def note(changes):
    calls = json.loads(SEEN.read_text()) if SEEN.exists() else []
    SEEN.write_text(json.dumps([*calls, [changes.added.rows(), changes.removed.rows(), changes.why_full]]))


@asset(merge="upsert", unique_key=["id"], volatile="ignore")
def totals(events: Changes[pl.DataFrame]) -> pl.DataFrame:
    note(events)
    return events.added.group_by("id").agg(pl.col("x").sum().alias("total")).filter(pl.col("total") > 0)
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not make anything full for having been slow; only the first refresh is compared."""
    monkeypatch.setattr("assetflow.running.tasks.worth.WORTH_IT", 1e9)
    monkeypatch.setattr("assetflow.running.tasks.worth.ONE_IN", 10**18)


@pytest.fixture
def events(empty_shop: Shop) -> Shop:
    """events: a CSV file a day."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.events]\nfiles = "data/*.csv"\ncolumns = { id = "BIGINT", x = "BIGINT" }\n')
    deliver(shop, "1", (1, 5), (2, 6))
    return shop


def deliver(shop: Shop, day: str, *rows: tuple[object, object]) -> None:
    listed = "".join(f"{'' if id is None else id},{x}\n" for id, x in rows)
    shop.write(f"data/{day}.csv", f"id,x\n{listed}")


def mode(shop: Shop, **options: object) -> tuple[str, str | None, str | None]:
    """Run; how the one asset fared."""
    [result] = shop.materialize(**options).assets  # type: ignore[arg-type]
    return result.outcome, result.mode, result.mode_reason


def foreseen(shop: Shop) -> tuple[str | None, str | None]:
    """What plan says of the one step."""
    project = shop.project()
    [step] = with_modes(project, project.plan([])).steps
    return step.mode, step.mode_reason


def seen(shop: Shop) -> list[Any]:
    """What the function was given since it was asked last: added, removed, why everything."""
    path = shop.root / "seen.json"
    found = json.loads(path.read_text()) if path.exists() else []
    path.unlink(missing_ok=True)
    return list(found)


@pytest.fixture
def scores(events: Shop) -> Shop:
    events.python("scores", APPEND)
    assert mode(events) == ("materialized", "full", "never made")
    deliver(events, "0", (9, 1))
    mode(events)  # the first time it is compared with everything
    seen(events)
    return events


@pytest.fixture
def totals(events: Shop) -> Shop:
    events.python("totals", UPSERT)
    assert mode(events) == ("materialized", "full", "never made")
    deliver(events, "0", (9, 1))
    mode(events)
    seen(events)
    return events


def test_the_first_time_everything_was_added(events: Shop) -> None:
    events.python("scores", APPEND)
    events.made()
    assert seen(events) == [[[[1, 5], [2, 6]], [], "never made"]]


def test_rows_that_came_are_added(scores: Shop) -> None:
    deliver(scores, "2", (3, 7))
    assert mode(scores) == ("materialized", "incremental", "added")
    assert seen(scores) == [[[[3, 7]], [], None]]
    assert scores.rows("FROM scores ORDER BY ALL") == [(1, 50), (2, 60), (3, 70), (9, 10)]
    assert scores.run() == {}


def test_a_file_that_grew_gives_its_new_rows(scores: Shop) -> None:
    deliver(scores, "1", (1, 5), (2, 6), (2, 6))
    assert mode(scores) == ("materialized", "incremental", "added")
    assert seen(scores) == [[[[2, 6]], [], None]]
    assert scores.rows("FROM scores ORDER BY ALL") == [(1, 50), (2, 60), (2, 60), (9, 10)]


def test_a_renamed_or_reordered_file_is_no_change(scores: Shop) -> None:
    deliver(scores, "1", (2, 6), (1, 5))
    assert scores.run() == {"scores": "skipped"}
    (scores.root / "data/1.csv").rename(scores.root / "data/7.csv")
    assert scores.run() == {}
    assert seen(scores) == []


def test_rows_that_went_make_an_append_full(scores: Shop) -> None:
    deliver(scores, "1", (1, 5))
    assert mode(scores) == ("materialized", "full", 'rows went from events, and merge = "append" only adds')
    [[added, removed, why]] = seen(scores)
    assert (added, removed) == ([[9, 1], [1, 5]], [])
    assert "events" in why
    assert scores.rows("FROM scores ORDER BY ALL") == [(1, 50), (9, 10)]


def test_code_config_and_full_refresh_make_it_full_with_the_reason(scores: Shop) -> None:
    scores.replace("assets/scores.py", "factor: int = 10", "factor: int = 20")
    assert mode(scores)[1] == "full"
    assert mode(scores, full_refresh=True) == ("materialized", "full", "--full-refresh was given")
    deliver(scores, "2", (3, 7))
    scores.replace("assets/scores.py", 'pl.col("x") * factor', 'pl.col("x") + factor')
    _, how, why = mode(scores)
    assert how == "full"
    assert why is not None
    assert "scores" in why
    assert scores.rows("FROM scores ORDER BY ALL") == [(1, 25), (2, 26), (3, 27), (9, 21)]


def test_a_key_is_given_with_all_of_its_rows(totals: Shop) -> None:
    deliver(totals, "2", (1, 4), (3, 7))
    assert mode(totals) == ("materialized", "incremental", "keyed by id")
    assert seen(totals) == [[[[1, 5], [1, 4], [3, 7]], [[1, 5]], None]]
    assert totals.rows("FROM totals ORDER BY ALL") == [(1, 9), (2, 6), (3, 7), (9, 1)]


def test_keys_that_are_not_returned_go(totals: Shop) -> None:
    deliver(totals, "2", (1, -5), (3, 7))
    assert mode(totals)[1] == "incremental"
    assert totals.rows("FROM totals ORDER BY ALL") == [(2, 6), (3, 7), (9, 1)]
    totals.remove("data/2.csv")
    deliver(totals, "0", (8, 1))
    assert mode(totals)[1] == "incremental"
    assert totals.rows("FROM totals ORDER BY ALL") == [(1, 5), (2, 6), (8, 1)]


def test_null_is_a_key_like_any_other(totals: Shop) -> None:
    deliver(totals, "2", (None, 3))
    assert mode(totals)[1] == "incremental"
    deliver(totals, "3", (None, 4))
    assert mode(totals)[1] == "incremental"
    assert totals.rows("FROM totals WHERE id IS NULL") == [(None, 7)]


def test_two_rows_of_a_key_are_an_error_and_publish_nothing(totals: Shop) -> None:
    before = totals.rows("FROM totals ORDER BY ALL")
    totals.replace("assets/totals.py", 'group_by("id")', 'group_by("id", "x")')
    deliver(totals, "2", (1, 4), (1, 3))
    result = totals.materialize().assets[0]
    assert result.outcome == "failed"
    assert "it returned 3 rows of the key id = 1" in str(result.error)
    assert totals.rows("FROM totals ORDER BY ALL") == before
    deliver(totals, "2", (None, 4), (None, 3))
    assert "it returned 2 rows of the key id = NULL" in str(totals.materialize().assets[0].error)


def test_a_failing_check_publishes_nothing_and_the_same_changes_come_again(totals: Shop) -> None:
    totals.replace("assets/totals.py", 'unique_key=["id"]', 'unique_key=["id"], checks=[{"max": {"total": 100}}]')
    totals.replace("assets/totals.py", '[{"max": {"total": 100}}]', '["total < 100"]')
    totals.made()
    before = totals.rows("FROM totals ORDER BY ALL")
    seen(totals)
    deliver(totals, "2", (1, 500))
    assert mode(totals)[0] == "failed"
    assert totals.rows("FROM totals ORDER BY ALL") == before
    first = seen(totals)
    assert mode(totals)[0] == "failed"
    assert seen(totals) == first
    deliver(totals, "3", (3, 7))
    deliver(totals, "2", (1, 50))
    assert mode(totals)[1] == "incremental"
    assert totals.rows("FROM totals ORDER BY ALL") == [(1, 55), (2, 6), (3, 7), (9, 1)]


WRONG = """
import polars as pl

from assetflow import Changes, asset


@asset(merge="append")
def counts(events: Changes[pl.DataFrame]) -> pl.DataFrame:
    return events.added.group_by("id").agg(n=pl.len())
"""


def test_a_function_that_is_not_what_it_says_is_found_out_at_once(events: Shop) -> None:
    events.python("counts", WRONG)
    events.made()
    deliver(events, "2", (1, 4))
    [result] = events.materialize().assets
    said = "what it makes of changes, merged, is not what it makes of everything; from now on it is made in full"
    assert (result.mode, result.mode_reason) == ("full", said)
    assert "assert_incremental" in result.warnings[0]
    assert events.rows("FROM counts ORDER BY ALL") == [(1, 2), (2, 1)]
    deliver(events, "3", (1, 4))
    assert mode(events)[1:] == ("full", "an incremental refresh by this code once gave other rows than a full one")
    assert events.rows("FROM counts ORDER BY ALL") == [(1, 3), (2, 1)]


def test_a_function_that_is_not_what_it_says_is_named_on_the_screen(events: Shop) -> None:
    events.python("counts", WRONG)
    events.made()
    deliver(events, "2", (1, 4))
    assert "warning: counts: what it makes of changes, merged, is not" in events.cli("materialize", "-q").err


LOOKED_UP = """
import polars as pl

from assetflow import Changes, asset


@asset(merge="append")
def named(events: Changes[pl.LazyFrame], names: pl.LazyFrame) -> pl.LazyFrame:
    return events.added.join(names, on="id")
"""


def test_what_is_given_whole_makes_it_full_when_it_changes(events: Shop) -> None:
    events.write("assetflow.toml", events.read("assetflow.toml") + '[sources.names]\nfiles = "names.csv"\n')
    events.write("names.csv", "id,name\n1,ann\n2,bob\n3,cy\n")
    events.python("named", LOOKED_UP)
    events.made()
    deliver(events, "2", (3, 7))
    assert mode(events)[1:] == ("incremental", "added")
    events.write("names.csv", "id,name\n1,anna\n2,bob\n3,cy\n")
    assert foreseen(events) == ("full", "names changed, which it is given whole")
    assert mode(events)[1:] == ("full", "names changed, which it is given whole")
    assert events.rows("SELECT name, x FROM named ORDER BY ALL") == [("anna", 5), ("bob", 6), ("cy", 7)]


def test_other_columns_make_it_full_and_say_which(totals: Shop) -> None:
    totals.replace("assets/totals.py", "    note(events)\n", "    if len(events.added) == 1: return events.added\n")
    totals.made()
    deliver(totals, "2", (7, 7))
    assert mode(totals)[1:] == ("full", "it returned other columns than before: x is new")
    assert totals.rows("FROM totals ORDER BY ALL") == [(1, 5), (2, 6), (7, 7), (9, 1)]
    totals.replace("assetflow.toml", 'x = "BIGINT"', 'x = "BIGINT", y = "VARCHAR"')
    deliver(totals, "2", (8, 8))
    assert mode(totals)[1:] == ("full", "events has other columns than before")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('pl.col("x").sum().alias("total"))', 'pl.col("x").sum().alias("total")).drop("id")', "no column id"),
        ('group_by("id")', 'group_by(pl.col("id") / 2)', "column id, a DOUBLE"),
        ("return events", "return None and events", "returned nothing"),
        ("return events", "from assetflow import Query as Q; return Q('FROM events') or events", "returned a Query"),
        ("return events", "raise RuntimeError('sorry') from None; return events", "RuntimeError: sorry"),
    ],
)
def test_what_a_function_must_not_return(totals: Shop, old: str, new: str, said: str) -> None:
    before = totals.rows("FROM totals ORDER BY ALL")
    totals.replace("assets/totals.py", old, new)
    [result] = totals.materialize().assets
    assert result.outcome == "failed"
    assert said in str(result.error)
    assert totals.rows("FROM totals ORDER BY ALL") == before


def test_a_key_that_the_upstream_has_not_makes_it_full(totals: Shop) -> None:
    totals.replace("assets/totals.py", 'unique_key=["id"]', 'unique_key=["total"]')
    totals.made()
    deliver(totals, "2", (3, 7))
    why = "events has no column total, so that the keys concerned are not known"
    assert foreseen(totals) == ("full", why)
    assert mode(totals)[1:] == ("full", why)


def test_a_key_that_is_returned_and_did_not_change_makes_it_full(totals: Shop) -> None:
    totals.replace("assets/totals.py", 'group_by("id")', 'group_by(pl.col("id") % 2)')
    totals.made()
    deliver(totals, "2", (3, 7))
    assert mode(totals)[1:] == ("full", "it returned rows of a key of which nothing changed: id = 1")
    assert totals.rows("FROM totals ORDER BY ALL") == [(0, 6), (1, 13)]


def test_require_makes_a_full_refresh_an_error(scores: Shop) -> None:
    scores.replace("assets/scores.py", 'merge="append"', 'merge="append", incremental="require"')
    scores.made()
    deliver(scores, "1", (1, 5))
    [result] = scores.materialize().assets
    assert result.outcome == "failed"
    assert 'rows went from events, and merge = "append" only adds' in str(result.error)
    assert scores.run(full_refresh=True)["scores"] == "materialized"
    scores.replace("assets/scores.py", '"require"', '"off"')
    deliver(scores, "2", (3, 7))
    assert mode(scores)[1:] == ("full", 'it is declared incremental = "off"')


def test_rolled_back_it_gets_the_difference_to_what_it_is_then(scores: Shop) -> None:
    deliver(scores, "2", (3, 7))
    scores.made()
    assert scores.cli("rollback", "scores", "-1").code == 0
    assert scores.cli("rollback", "scores", "--release").code == 0
    deliver(scores, "3", (4, 8))
    seen(scores)
    assert mode(scores)[1] == "incremental"
    assert seen(scores) == [[[[3, 7], [4, 8]], [], None]]
    assert scores.rows("FROM scores ORDER BY ALL") == [(1, 50), (2, 60), (3, 70), (4, 80), (9, 10)]


def test_another_environment_has_changes_of_its_own(scores: Shop) -> None:
    assert scores.cli("env", "create", "dev").code == 0
    deliver(scores, "2", (3, 7))
    scores.made(env="dev")
    deliver(scores, "3", (4, 8))
    seen(scores)
    assert mode(scores, env="dev")[1] == "incremental"
    assert seen(scores) == [[[[4, 8]], [], None]]
    assert scores.cli("env", "promote", "dev").code == 0
    deliver(scores, "4", (5, 9))
    assert mode(scores)[1] == "incremental"
    assert seen(scores) == [[[[5, 9]], [], None]]


KINDS = """
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from assetflow import Changes, asset


@asset(merge="append")
def as_{name}(events: Changes[{kind}]) -> {kind}:
    assert events.is_full or len(events.removed{pl}) == 0
    return events.added
"""


@pytest.mark.parametrize(
    ("name", "kind", "pl"),
    [
        ("polars", "pl.DataFrame", ""),
        ("lazy", "pl.LazyFrame", ".collect()"),
        ("arrow", "pa.Table", ""),
        ("reader", "pa.RecordBatchReader", ".read_all()"),
        ("pandas", "pd.DataFrame", ""),
        ("relation", "duckdb.DuckDBPyRelation", ""),
    ],
)
def test_every_kind_of_frame(events: Shop, name: str, kind: str, pl: str) -> None:
    events.sql("wide", "SELECT id::HUGEINT AS big, INTERVAL 1 DAY AS i, [x] AS listed, id FROM events")
    code = KINDS.format(name=name, kind=kind, pl=pl).replace("events", "wide")
    events.python("kinds", code)
    events.made()
    for number in (2, 3):
        deliver(events, str(number), (number, number))
        found = {each.asset: (each.mode, each.mode_reason) for each in events.materialize().assets}
        assert found[f"as_{name}"] == ("incremental", "added")
    assert events.rows(f"SELECT id FROM as_{name} ORDER BY ALL") == [(1,), (2,), (2,), (3,)]


def test_nothing_at_all_and_then_something(events: Shop) -> None:
    deliver(events, "1")
    events.python("totals", UPSERT)
    events.python("scores", APPEND)
    events.made()
    assert events.rows("SELECT count(*) FROM totals") == events.rows("SELECT count(*) FROM scores") == [(0,)]
    deliver(events, "2", (1, 2))
    found = {each.asset: each.mode for each in events.materialize().assets}
    assert found == {"totals": "incremental", "scores": "incremental"}
    assert events.rows("FROM totals") == [(1, 2)]
    assert events.rows("FROM scores") == [(1, 20)]
    events.remove("data/2.csv")
    events.run()
    assert events.rows("SELECT count(*) FROM totals") == events.rows("SELECT count(*) FROM scores") == [(0,)]


def test_a_view_cannot_be_compared(events: Shop) -> None:
    events.sql("seen", '/* @asset\nmaterialized = "view"\n*/\nSELECT * FROM events')
    events.python("scores", APPEND.replace("events", "seen"))
    events.made()
    deliver(events, "2", (3, 7))
    found = {each.asset: (each.mode, each.mode_reason) for each in events.materialize().assets}
    assert found["scores"] == ("full", "seen is a view")
    assert events.rows("FROM scores ORDER BY ALL") == [(1, 50), (2, 60), (3, 70)]
