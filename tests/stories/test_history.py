"""A table that keeps what was: history = "scd2". Edit, deliver, run, see which versions there are."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.conftest import Shop

BY_CONTENT = '/* @asset\nhistory = "scd2"\nunique_key = "id"\n*/\nSELECT * FROM customers'
BY_TIME = (
    '/* @asset\nhistory = { kind = "scd2", updated_at = "changed_at" }\nunique_key = "id"\n*/\nSELECT * FROM customers'
)
VERSIONS = "SELECT * EXCLUDE (valid_from, valid_to), valid_to IS NULL FROM history ORDER BY id, valid_from"
TIMES = "SELECT id, name, valid_from::DATE::VARCHAR, valid_to::DATE::VARCHAR FROM history ORDER BY id, valid_from"
INTERVALS = "SELECT id, valid_from, valid_to FROM history ORDER BY id, valid_from"


@pytest.fixture
def kept(empty_shop: Shop) -> Shop:
    """customers.csv -> history, by content."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.customers]\nfiles = "data/customers.csv"\n')
    deliver(shop, "1,ann,Rome", "2,bob,Oslo")
    shop.sql("history", BY_CONTENT)
    shop.made()
    return shop


@pytest.fixture
def timed(empty_shop: Shop) -> Shop:
    """The same, by a column that says when a row changed."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.customers]\nfiles = "data/customers.csv"\n')
    tell(shop, "1,ann,2024-01-05", "2,bob,2024-01-05")
    shop.sql("history", BY_TIME)
    shop.made()
    return shop


def deliver(shop: Shop, *rows: str, header: str = "id,name,city") -> None:
    shop.write("data/customers.csv", "\n".join((header, *rows)) + "\n")


def tell(shop: Shop, *rows: str) -> None:
    deliver(shop, *rows, header="id,name,changed_at")


def how(shop: Shop, **options: Any) -> tuple[str | None, str | None]:
    (result,) = (each for each in shop.materialize(**options).assets if each.asset == "history")
    return result.mode, result.mode_reason


def failure(shop: Shop) -> str:
    (result,) = (each for each in shop.materialize().assets if each.asset == "history")
    assert result.outcome == "failed"
    return str(result.error)


def test_it_begins_with_what_is_there(kept: Shop) -> None:
    assert kept.rows(VERSIONS) == [(1, "ann", "Rome", True), (2, "bob", "Oslo", True)]
    assert kept.run() == {}


def test_a_row_that_changed_gets_a_new_version_and_the_old_one_ends_when_it_begins(kept: Shop) -> None:
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    assert how(kept) == ("incremental", "history by id: 1 version came, 1 ended")
    assert kept.rows(VERSIONS) == [(1, "ann", "Rome", False), (1, "ann", "Paris", True), (2, "bob", "Oslo", True)]
    (_, began, ended), (_, again, still), _ = kept.rows(INTERVALS)
    assert began < ended == again
    assert still is None
    assert kept.run() == {}


def test_the_same_content_again_is_no_new_version(kept: Shop) -> None:
    before = kept.rows(INTERVALS)
    deliver(kept, "2,bob,Oslo", "1,ann,Rome")
    assert kept.run() == {"history": "skipped"}
    kept.sql("history", BY_CONTENT + " WHERE id > 0")
    assert how(kept) == ("incremental", "history by id: nothing changed")
    assert kept.rows(INTERVALS) == before


def test_a_delivery_as_it_was_before_is_taken_in_and_never_restored(kept: Shop) -> None:
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    kept.made()
    deliver(kept, "1,ann,Rome", "2,bob,Oslo")
    assert kept.run() == {"history": "materialized"}
    assert [city for _, _, city, _ in kept.rows(VERSIONS)] == ["Rome", "Paris", "Rome", "Oslo"]


def test_a_row_that_is_gone_ends_and_one_that_comes_back_begins_again(kept: Shop) -> None:
    deliver(kept, "1,ann,Rome")
    kept.made()
    assert kept.rows(VERSIONS) == [(1, "ann", "Rome", True), (2, "bob", "Oslo", False)]
    deliver(kept, "1,ann,Rome", "2,bob,Oslo")
    kept.made()
    assert kept.rows(VERSIONS) == [(1, "ann", "Rome", True), (2, "bob", "Oslo", False), (2, "bob", "Oslo", True)]
    (_, _, gone), (_, back, _) = kept.rows(f"FROM ({INTERVALS}) WHERE id = 2")
    assert gone < back


def test_rows_that_are_gone_may_be_kept_open(kept: Shop) -> None:
    kept.sql("history", BY_CONTENT.replace('"scd2"', '{ kind = "scd2", deleted = "keep" }'))
    deliver(kept, "1,ann,Rome")
    kept.made()
    assert kept.rows(VERSIONS) == [(1, "ann", "Rome", True), (2, "bob", "Oslo", True)]


def test_a_null_is_a_value_as_any_other(kept: Shop) -> None:
    deliver(kept, "1,ann,", ",nobody,Oslo", "2,bob,Oslo")
    kept.made()
    deliver(kept, "1,ann,", ",nobody,Oslo", "2,bob,Oslo", "3,cy,")
    kept.made()
    assert kept.rows(VERSIONS) == [
        (1, "ann", "Rome", False),
        (1, "ann", None, True),
        (2, "bob", "Oslo", True),
        (3, "cy", None, True),
        (None, "nobody", "Oslo", True),
    ]


def test_a_key_that_is_there_twice_is_refused_by_name_and_nothing_is_published(kept: Shop) -> None:
    before = kept.rows(INTERVALS)
    deliver(kept, "1,ann,Paris", "2,bob,Oslo", "2,bob,Bergen")
    told = failure(kept)
    assert "1 key is there more than once, for example id = 2" in told
    assert "updated_at" in told
    assert kept.rows(INTERVALS) == before


def test_a_column_that_comes_with_nothing_in_it_makes_no_version(kept: Shop) -> None:
    deliver(kept, "1,ann,Rome,", "2,bob,Oslo,b@x", header="id,name,city,email")
    kept.made()
    assert kept.rows("SELECT id, city, email, valid_to IS NULL FROM history ORDER BY id, valid_from") == [
        (1, "Rome", None, True),
        (2, "Oslo", None, False),
        (2, "Oslo", "b@x", True),
    ]


def test_a_column_that_goes_stays_for_the_versions_that_had_it(kept: Shop) -> None:
    kept.sql("readers", "SELECT id, city, valid_from FROM history WHERE valid_to IS NULL")
    kept.made()
    deliver(kept, "1,ann", "2,rob", header="id,name")
    kept.made()
    assert kept.rows("SELECT id, name, city, valid_to IS NULL FROM history ORDER BY id, valid_from") == [
        (1, "ann", "Rome", True),
        (2, "bob", "Oslo", False),
        (2, "rob", None, True),
    ]
    assert kept.rows("SELECT id, city FROM readers ORDER BY id") == [(1, "Rome"), (2, None)]
    deliver(kept, "1,ann,Rome", "2,rob,Oslo")
    kept.made()
    assert kept.rows("SELECT id, name, city FROM history WHERE valid_to IS NULL ORDER BY id") == [
        (1, "ann", "Rome"),
        (2, "rob", "Oslo"),
    ]


def test_a_number_where_text_was_is_text(kept: Shop) -> None:
    kept.sql("history", BY_CONTENT.replace("SELECT *", "SELECT id, name, 5 AS city"))
    (step,) = kept.cli("plan", "--json").json["steps"]
    assert step["columns"] is None
    kept.made()
    assert [city for _, _, city, _ in kept.rows(VERSIONS)] == ["Rome", "5", "Oslo", "5"]


def test_a_type_that_gets_wider_makes_no_version_and_one_that_loses_is_refused(kept: Shop) -> None:
    kept.sql("history", BY_CONTENT.replace("SELECT *", "SELECT id::HUGEINT AS id, name, city"))
    before = kept.rows("SELECT count(*) FROM history")
    kept.made()
    assert kept.rows("SELECT count(*), typeof(any_value(id)) FROM history") == [(before[0][0], "HUGEINT")]
    kept.sql("history", BY_CONTENT.replace("SELECT *", "SELECT id, name, [city] AS city"))
    assert "column city would be VARCHAR[] from now on" in failure(kept)


# By a time


def test_a_late_row_takes_its_place_in_the_history(timed: Shop) -> None:
    tell(timed, "1,anne,2024-01-20", "2,bob,2024-01-05")
    timed.made()
    tell(timed, "1,annie,2024-01-10", "1,anne,2024-01-20", "2,bob,2024-01-05")
    assert how(timed) == ("incremental", "history by id and changed_at: 1 version came, 0 ended")
    assert timed.rows(TIMES) == [
        (1, "ann", "2024-01-05", "2024-01-10"),
        (1, "annie", "2024-01-10", "2024-01-20"),
        (1, "anne", "2024-01-20", None),
        (2, "bob", "2024-01-05", None),
    ]


def test_any_order_of_the_same_deliveries_gives_the_same_history(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.customers]\nfiles = "data/customers.csv"\n')
    deliveries = (("1,a,2024-01-05", "2,x,2024-01-07"), ("1,b,2024-01-06",), ("1,c,2024-01-09", "2,y,2024-01-01"))
    found = []
    for order in itertools.permutations(deliveries):
        name = f"history_{len(found)}"
        shop.sql(name, BY_TIME.replace("}", ', deleted = "keep" }'))
        for rows in (*order, order[0]):
            tell(shop, *rows)
            shop.run(name)
        found.append(shop.rows(TIMES.replace("history", name)))
    assert len(found[0]) == 5
    assert all(each == found[0] for each in found)


def test_a_row_that_goes_by_time_ends_at_the_time_of_the_run_and_comes_back_later(timed: Shop) -> None:
    tell(timed, "1,ann,2024-01-05")
    timed.made()
    tell(timed, "1,ann,2024-01-05", "2,bob,2024-01-05")
    timed.made()
    (_, began, gone), (_, back, still) = timed.rows(f"FROM ({INTERVALS}) WHERE id = 2")
    assert began < gone < back
    assert still is None
    # What is late for the time before it was gone stands there, and the rest stays.
    tell(timed, "1,ann,2024-01-05", "2,bob,2024-01-05", "2,rob,2024-02-01")
    timed.made()
    found = timed.rows("SELECT name, valid_to FROM history WHERE id = 2 ORDER BY valid_from")
    assert [name for name, _ in found] == ["bob", "rob", "rob"]
    assert found[1][1] == gone


def test_the_same_row_delivered_twice_is_one_and_two_rows_of_one_time_are_refused(timed: Shop) -> None:
    tell(timed, "1,ann,2024-01-05", "1,ann,2024-01-05", "2,bob,2024-01-05")
    timed.made()
    assert len(timed.rows(TIMES)) == 2
    tell(timed, "1,ann,2024-01-05", "1,anne,2024-01-05", "2,bob,2024-01-05")
    assert "with one changed_at and different rows, for example id = 1" in failure(timed)
    tell(timed, "1,ann,", "2,bob,2024-01-05")
    assert "has no changed_at, for example id = 1" in failure(timed)


def test_a_row_corrected_without_a_new_time_is_corrected_where_it_stands(timed: Shop) -> None:
    tell(timed, "1,anna,2024-01-05", "2,bob,2024-01-05")
    assert how(timed) == ("incremental", "history by id and changed_at: 1 version corrected")
    assert timed.rows(TIMES)[0] == (1, "anna", "2024-01-05", None)


# It is state


def test_a_full_refresh_keeps_the_history(kept: Shop) -> None:
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    kept.made()
    before = kept.rows(INTERVALS)
    assert how(kept, full_refresh=True) == ("incremental", "history by id: nothing changed")
    assert kept.rows(INTERVALS) == before
    assert kept.cli("materialize", "--full-refresh", "--discard-history").code == 2
    assert kept.cli("materialize", "--select", "history", "--full-refresh", "--discard-history").code == 0
    assert kept.rows(VERSIONS) == [(1, "ann", "Paris", True), (2, "bob", "Oslo", True)]
    assert kept.cli("rollback", "history", "-1").code == 0
    assert kept.rows(INTERVALS) == before


def test_edited_code_keeps_the_history(kept: Shop) -> None:
    kept.sql("history", BY_CONTENT.replace("SELECT *", "SELECT id, upper(name) AS name, city"))
    kept.made()
    assert kept.rows(VERSIONS) == [
        (1, "ann", "Rome", False),
        (1, "ANN", "Rome", True),
        (2, "bob", "Oslo", False),
        (2, "BOB", "Oslo", True),
    ]


def test_a_branch_without_the_table_or_without_its_history_loses_nothing(kept: Shop) -> None:
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    kept.made()
    before = kept.rows(INTERVALS)
    kept.remove("assets/history.sql")
    kept.sql("other", "SELECT 1 AS x")
    kept.run()
    kept.sql("history", BY_CONTENT)
    kept.made()
    assert kept.rows(INTERVALS) == before
    kept.sql("history", "SELECT * FROM customers")
    kept.made()
    assert kept.rows("SELECT count(*) FROM history") == [(2,)]
    kept.sql("readers", "SELECT id, city FROM history")
    kept.made()
    kept.sql("history", BY_CONTENT)
    deliver(kept, "1,ann,Paris", "2,bob,Bergen")
    kept.made()
    assert kept.rows(INTERVALS)[:3] == [*before[:2], (*before[2][:2], kept.rows(INTERVALS)[2][2])]
    assert kept.rows("FROM readers ORDER BY ALL") == [(1, "Paris"), (1, "Rome"), (2, "Bergen"), (2, "Oslo")]


def test_another_key_is_refused_where_the_history_is_not_one_by_it(kept: Shop) -> None:
    deliver(kept, "1,ann,Rome", "2,ann,Rome")
    kept.made()
    kept.sql("history", BY_CONTENT.replace('"id"', '"city"'))
    deliver(kept, "1,ann,Rome")
    assert "has several current versions in its history, for example city = Rome" in failure(kept)


def test_an_environment_goes_on_from_what_it_took_and_promotes_it(kept: Shop) -> None:
    assert kept.cli("env", "create", "dev").code == 0
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    kept.materialize(env="dev")
    assert len(kept.rows(VERSIONS, "dev")) == 3
    assert len(kept.rows(VERSIONS)) == 2
    assert kept.cli("env", "promote", "dev").code == 0
    assert kept.rows(INTERVALS) == kept.rows(INTERVALS, "dev")
    deliver(kept, "1,ann,Rome", "2,bob,Oslo")
    kept.materialize(env="new")
    assert len(kept.rows(VERSIONS, "new")) == 4


def test_after_a_rollback_it_goes_on_from_there(kept: Shop) -> None:
    deliver(kept, "1,ann,Nowhere", "2,bob,Oslo")
    kept.made()
    assert kept.cli("rollback", "history", "-1").code == 0
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    assert kept.run() == {}
    assert kept.cli("rollback", "history", "--release").code == 0
    kept.made()
    assert kept.rows(VERSIONS) == [(1, "ann", "Rome", False), (1, "ann", "Paris", True), (2, "bob", "Oslo", True)]


def test_a_failed_check_leaves_it_as_it_was(kept: Shop) -> None:
    before = kept.rows(INTERVALS)
    kept.sql("history", BY_CONTENT.replace("unique_key", 'checks = [{ accepted_values = { column = "city", '
                                           'values = ["Rome", "Oslo"] } }]\nunique_key'))  # fmt: skip
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    assert kept.run() == {"history": "failed"}
    assert kept.rows(INTERVALS) == before
    deliver(kept, "1,ann,Oslo", "2,bob,Oslo")
    kept.made()
    assert [city for _, _, city, _ in kept.rows(VERSIONS)] == ["Rome", "Oslo", "Oslo"]


def test_a_run_that_stops_before_it_publishes_leaves_it_as_it_was(kept: Shop) -> None:
    before = kept.rows(INTERVALS)
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    project = kept.project()
    running = project.run(project.plan())
    for event in running:
        if event.event == "finished":
            break
    running.close()
    assert kept.rows(INTERVALS) == before
    assert kept.run() == {"history": "materialized"}
    assert kept.rows(VERSIONS) == [(1, "ann", "Rome", False), (1, "ann", "Paris", True), (2, "bob", "Oslo", True)]


def test_gc_keeps_what_is_current_however_old(kept: Shop) -> None:
    for city in ("Paris", "Bonn", "Bern"):
        deliver(kept, f"1,ann,{city}", "2,bob,Oslo")
        kept.made()
    before = kept.rows(INTERVALS)
    kept.write("assetflow.toml", '[sources.customers]\nfiles = "data/customers.csv"\n[retention]\nversions = 1\n'
               "days = 0\ngrace-hours = 0\n")  # fmt: skip
    assert kept.cli("gc").code == 0
    assert kept.rows(INTERVALS) == before
    deliver(kept, "1,ann,Rome", "2,bob,Oslo")
    kept.made()
    assert [city for _, _, city, _ in kept.rows(VERSIONS)] == ["Rome", "Paris", "Bonn", "Bern", "Rome", "Oslo"]


def test_a_function_that_merges_keeps_no_history_besides(kept: Shop) -> None:
    kept.remove("assets/history.sql")
    kept.python(
        "history",
        """
        import polars as pl

        from assetflow import asset


        @asset(history="scd2", unique_key="id", per="row")
        def history(customers: pl.DataFrame) -> pl.DataFrame:
            return customers
        """,
    )
    printed = kept.cli("plan")
    assert printed.code == 2
    assert "contradicts per" in printed.err


def test_lost_files_are_an_error_and_no_new_beginning(kept: Shop) -> None:
    (path,) = (kept.root / "warehouse").glob(f"objects/*/{sha_of(kept)}.parquet")
    path.unlink()
    told = failure(kept)
    assert "files of its history are gone" in told
    assert "--discard-history" in told


def sha_of(shop: Shop) -> str:
    project = shop.project()
    return project.ledger.snapshot(project.current["history"].snapshot).files[0].sha256


def test_a_damaged_file_is_not_carried_on(kept: Shop) -> None:
    (path,) = (kept.root / "warehouse").glob(f"objects/*/{sha_of(kept)}.parquet")
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[:10] + bytes([whole[10] ^ 1]) + whole[11:])
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    assert kept.run() == {"history": "failed"}


def test_verify_does_not_make_a_history_again(kept: Shop) -> None:
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    kept.made()
    printed = kept.cli("verify", "--skips", "5")
    assert printed.code == 0, printed


def test_it_is_told_how_it_is_refreshed(kept: Shop) -> None:
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    (step,) = kept.cli("plan", "--json").json["steps"]
    assert (step["mode"], step["mode_reason"]) == (
        "incremental",
        "history by id: what changed gets a new version, and what was is kept",
    )
    assert "what changed gets a new version" in kept.cli("explain", "history").out


def test_only_files_with_versions_that_changed_are_written(kept: Shop) -> None:
    deliver(kept, "1,ann,Rome", "2,bob,Oslo", "3,cy,Rome")
    kept.made()
    before = sha_of(kept)
    deliver(kept, "1,ann,Rome", "2,bob,Oslo", "3,cy,Paris")
    kept.made()
    project = kept.project()
    assert before in {file.sha256 for file in project.ledger.snapshot(project.current["history"].snapshot).files}


def test_a_function_may_keep_its_history_too(kept: Shop) -> None:
    kept.remove("assets/history.sql")
    kept.python(
        "history",
        """
        import polars as pl

        from assetflow import asset


        @asset(history="scd2", unique_key="id")
        def history(customers: pl.DataFrame) -> pl.DataFrame:
            return customers
        """,
    )
    kept.made()
    deliver(kept, "1,ann,Paris", "2,bob,Oslo")
    kept.made()
    assert kept.rows(VERSIONS) == [(1, "ann", "Rome", False), (1, "ann", "Paris", True), (2, "bob", "Oslo", True)]


def test_readers_of_a_history_are_refreshed_by_its_changes(kept: Shop) -> None:
    kept.sql("current", "SELECT id, name FROM history WHERE valid_to IS NULL")
    kept.made()
    deliver(kept, "1,ann,Rome", "2,bob,Oslo", "3,cy,Rome")
    results = {each.asset: each.mode for each in kept.materialize().assets}
    assert results == {"history": "incremental", "current": "incremental"}
    assert kept.rows("FROM current ORDER BY id") == [(1, "ann"), (2, "bob"), (3, "cy")]


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ('history = "scd2"', "needs `unique_key`"),
        ('history = "scd3"\nunique_key = "id"', "must be one of scd2"),
        ('history = { updatd_at = "x" }\nunique_key = "id"', "Did you mean updated_at?"),
        ('history = "scd2"\nunique_key = "id"\nmaterialized = "view"', "contradicts materialized"),
        ('history = "scd2"\nunique_key = "id"\nincremental = "off"', "contradicts incremental"),
        ('history = { deleted = "maybe" }\nunique_key = "id"', "must be one of close, keep"),
    ],
)
def test_what_cannot_be_kept_is_an_error_of_the_definition(kept: Shop, front: str, said: str) -> None:
    kept.sql("history", f"/* @asset\n{front}\n*/\nSELECT * FROM customers")
    printed = kept.cli("plan")
    assert printed.code == 2
    assert "assets/history.sql" in printed.err
    assert said in printed.err


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT name FROM customers", "no column id"),
        ("SELECT *, 1 AS valid_from FROM customers", "has a column valid_from"),
        ("SELECT * REPLACE (id::DOUBLE AS id) FROM customers", "is a DOUBLE, which is not compared exactly"),
    ],
)
def test_what_a_query_lacks_is_told(kept: Shop, query: str, said: str) -> None:
    kept.sql("history", BY_CONTENT.replace("SELECT * FROM customers", query))
    assert said in failure(kept)
