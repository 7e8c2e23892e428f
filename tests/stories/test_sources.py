"""Sources of every kind: what they read as, and what makes their readers stale."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ORDERS, Shop

ROWS = [(1, "ann"), (2, "bob")]


def parquet(path: Path, rows: list[tuple[int, str]] = ROWS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = ", ".join(f"({number}, '{name}')" for number, name in rows)
    duckdb.sql(f"COPY (SELECT * FROM (VALUES {values}) AS t(id, name)) TO '{path}' (FORMAT parquet)")


WRITE = {
    "people.csv": lambda path: path.write_text("id,name\n1,ann\n2,bob\n"),
    "people.csv.gz": lambda path: path.write_bytes(gzip.compress(b"id,name\n1,ann\n2,bob\n")),
    "people.json": lambda path: path.write_text('[{"id": 1, "name": "ann"}, {"id": 2, "name": "bob"}]'),
    "people.jsonl": lambda path: path.write_text('{"id": 1, "name": "ann"}\n{"id": 2, "name": "bob"}\n'),
    "people.jsonl.gz": lambda path: path.write_bytes(
        gzip.compress(b'{"id": 1, "name": "ann"}\n{"id": 2, "name": "bob"}\n')
    ),
    "people.parquet": parquet,
}


@pytest.mark.parametrize("name", WRITE)
def test_every_kind_of_file_reads_the_same_and_a_rewrite_with_the_same_bytes_is_no_change(
    empty_shop: Shop, name: str
) -> None:
    shop = empty_shop
    file = shop.root / "data" / name
    file.parent.mkdir()
    WRITE[name](file)
    shop.write("assetflow.toml", f'[sources.people]\nfiles = "data/{name}"\n')
    shop.sql("known", "SELECT id, name FROM people")
    assert shop.made() == ["known"]
    assert shop.rows("FROM known ORDER BY id") == ROWS
    file.write_bytes(file.read_bytes())
    os.utime(file, (1, 1))
    assert shop.plan().steps == ()


@pytest.mark.parametrize("how", ["declared", "in place"])
def test_a_glob_sees_files_that_come_change_and_go(empty_shop: Shop, how: str) -> None:
    shop = empty_shop
    if how == "declared":
        shop.write("assetflow.toml", '[sources.days]\nfiles = "data/*.csv"\n')
    table = "days" if how == "declared" else "'data/*.csv'"
    shop.sql("total", f"SELECT sum(n)::BIGINT AS n FROM {table}")
    shop.write("data/a.csv", "n\n1\n")
    assert (shop.made(), shop.rows("FROM total")) == (["total"], [(1,)])
    shop.write("data/b.csv", "n\n10\n")
    assert (shop.made(), shop.rows("FROM total")) == (["total"], [(11,)])
    shop.write("data/a.csv", "n\n2\n")
    assert (shop.made(), shop.rows("FROM total")) == (["total"], [(12,)])
    shop.remove("data/b.csv")
    assert (shop.made(), shop.rows("FROM total")) == (["total"], [(2,)])


def test_the_folders_of_a_hive_partition_are_columns(empty_shop: Shop) -> None:
    shop = empty_shop
    parquet(shop.root / "data/city=Rome/part.parquet", [(1, "ann")])
    parquet(shop.root / "data/city=Oslo/part.parquet", [(2, "bob")])
    shop.write("assetflow.toml", '[sources.people]\nfiles = "data/**/*.parquet"\n')
    shop.sql("known", "SELECT city, name FROM people")
    shop.made()
    assert shop.rows("FROM known ORDER BY ALL") == [("Oslo", "bob"), ("Rome", "ann")]
    (shop.root / "data/city=Oslo").rename(shop.root / "data/city=Bari")
    assert shop.planned() == {"known": ("input_changed",)}, "the same bytes in another folder are other rows"
    assert shop.made() == ["known"]
    assert shop.rows("FROM known ORDER BY ALL") == [("Bari", "bob"), ("Rome", "ann")]


def test_a_replaced_parquet_file_is_read_anew(empty_shop: Shop) -> None:
    shop = empty_shop
    parquet(shop.root / "data/people.parquet")
    shop.write("assetflow.toml", '[sources.people]\nfiles = "data/people.parquet"\n')
    shop.sql("known", "SELECT count(*) AS n FROM people")
    shop.made()
    parquet(shop.root / "data/people.parquet", [*ROWS, (3, "cy")])
    assert shop.made() == ["known"]
    assert shop.rows("FROM known") == [(3,)]


def test_a_moved_file_that_holds_the_same_makes_nothing(shop: Shop) -> None:
    shop.made()
    (shop.root / "data/orders.csv").rename(shop.root / "data/all_orders.csv")
    shop.replace("assetflow.toml", "data/orders.csv", "data/all_orders.csv")
    assert shop.plan().steps == ()
    shop.replace("assets/sales.sql", "amount > 5", "amount >= 5")
    assert shop.made() == ["big", "by_city", "sales"]


def test_an_edit_that_restores_size_and_time_of_a_file_is_seen(shop: Shop) -> None:
    shop.made()
    file = shop.root / "data/orders.csv"
    before = file.stat()
    shop.replace("data/orders.csv", "ann,Rome,10", "ann,Rome,19")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert shop.planned()["sales"] == ("input_changed",)


def test_declared_types_are_part_of_what_a_source_is(shop: Shop) -> None:
    shop.made()
    shop.write(
        "assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\ncolumns = { amount = "DECIMAL(9, 2)" }\n'
    )
    assert shop.planned()["sales"] == ("input_changed",)
    shop.made()
    assert shop.rows("SELECT DISTINCT typeof(amount) FROM sales") == [("DECIMAL(9,2)",)]


def test_a_source_can_be_declared_in_python(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("data/n.csv", "n\n1\n2\n")
    shop.python("raw", "from assetflow import files, source\n\nsource('numbers', files('data/n.csv'), tags=['raw'])\n")
    shop.sql("total", "SELECT sum(n)::BIGINT AS n FROM numbers")
    assert shop.made() == ["total"]
    shop.write("data/n.csv", "n\n1\n5\n")
    assert shop.made() == ["total"]
    assert shop.rows("FROM total") == [(6,)]
    [listed] = shop.cli("ls", "-s", "tag:raw", "--json").json["assets"]
    assert (listed["name"], listed["kind"], listed["path"]) == ("numbers", "source", "assets/raw.py")


LOST = 'assetflow.toml:1: source orders: no file matches "data/orders.csv"'
FAILING = {"sales": "failed", "big": "blocked", "by_city": "blocked"}


def test_the_loss_of_a_source_fails_its_readers_and_nothing_else(shop: Shop) -> None:
    shop.made()
    shop.remove("data/orders.csv")
    shop.sql("people", "SELECT 2 AS id, 'bob' AS name")
    printed = shop.cli("materialize")
    assert printed.code == 1
    assert f"error: {LOST}" in printed.err
    assert "1 made, 1 failed, 2 blocked" in printed.err
    assert shop.rows("SELECT name FROM people") == [("bob",)], "what does not need it is made"
    assert shop.rows("SELECT count(*) FROM sales") == [(3,)]
    assert shop.cli("show", "orders").code == 0, "parsed rows are kept in the warehouse"
    assert shop.run() == FAILING, "it is asked again"
    shop.write("data/orders.csv", ORDERS)
    assert not shop.plan(), "the same rows are back"


def test_a_plan_names_sources_that_cannot_be_read(shop: Shop) -> None:
    shop.made()
    shop.remove("data/orders.csv")
    for arguments in (["plan"], ["materialize", "--dry-run"]):
        printed = shop.cli(*arguments)
        assert printed.code == 0
        assert "sales    perhaps (incremental)  orders cannot be read now; by rule: append" in printed.out
        assert f"warning: {LOST}" in printed.err
        assert printed.err.endswith("\n  What reads it will fail, and stays as published: sales.\n")
    [unread] = shop.cli("plan", "--json").json["unread"]
    assert unread["source"] == "orders"
    assert unread["error"].startswith(LOST)
    assert shop.cli("plan", "--check").code == 3
    assert (
        "only if what it reads comes out otherwise:\n  - orders cannot be read now" in shop.cli("explain", "sales").out
    )
    assert shop.cli("plan", "-s", "people").err == ""


def test_a_source_that_was_never_there_may_be_declared_wrongly(shop: Shop) -> None:
    shop.remove("data/orders.csv")
    for command in ("plan", "materialize"):
        printed = shop.cli(command)
        assert (printed.code, printed.out) == (2, "")
        assert f"error: {LOST}" in printed.err


def test_views_and_partitions_over_a_lost_source_stay_as_they_were(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.days]\nfiles = "data/days/*.csv"\n')
    shop.write("data/days/1.csv", "day,n\n2024-01-01,1\n2024-01-02,2\n")
    shop.sql("late", '/* @asset\nmaterialized = "view"\n*/\nSELECT * FROM days WHERE n > 1')
    shop.sql("latest", "SELECT max(day) AS day FROM late")
    cut = 'partition = { time = "day", column = "day", start = "2024-01-01", end = "2024-01-02" }'
    shop.sql("by_day", f"/* @asset\n{cut}\n*/\nSELECT day, sum(n) AS n FROM days GROUP BY day")
    shop.made()
    before = shop.tables(["late", "latest", "by_day"])
    (shop.root / "data/days/1.csv").rename(shop.root / "kept.csv")
    assert shop.run() == {"late": "failed", "latest": "blocked", "by_day": "failed"}
    assert shop.run(full_refresh=True) == {"late": "failed", "latest": "blocked", "by_day": "failed"}
    assert shop.tables(["late", "latest", "by_day"]) == before
    (shop.root / "kept.csv").rename(shop.root / "data/days/2.csv")
    shop.run()
    assert not shop.plan()
    assert shop.tables(["late", "latest", "by_day"]) == before


def test_checks_compare_with_a_lost_source_as_it_was_read_before(shop: Shop) -> None:
    shop.write("data/cities.csv", "city\nrome\noslo\nbern\n")
    declared = shop.read("assetflow.toml")
    shop.write("assetflow.toml", f'{declared}[sources.cities]\nfiles = "data/cities.csv"\n')
    shop.sql(
        "known",
        "/* @asset\nchecks = [{ relationships = { column = 'city', to = 'cities.city' }, severity = 'warn' }]\n*/\nFROM sales",
    )
    shop.sql("cities_too", "FROM cities")
    shop.made()
    shop.remove("data/cities.csv")
    shop.replace("data/orders.csv", "ann", "eve")
    printed = shop.cli("materialize", "-s", "+known")
    assert printed.code == 0
    assert "warning: checks compare with cities as it was read before: assetflow.toml:3: source cities" in printed.err


def test_a_file_read_in_place_is_sought_below_the_project_wherever_the_command_runs(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sql("direct", "SELECT count(*) AS n FROM read_csv('data/orders.csv')")
    assert shop.made("direct") == ["direct"]
    monkeypatch.chdir(shop.root / "data")
    assert shop.plan("direct").steps == ()
    assert shop.made("direct", full_refresh=True) == ["direct"]


@pytest.mark.parametrize(
    ("path", "reads"),
    [
        ("data/n.csv", "FROM numbers"),
        ("data/n.parquet", "FROM numbers"),
        ("data/n.csv", "FROM 'data/n.csv'"),
        ("data/n.parquet", "FROM read_parquet('data/*.parquet')"),
    ],
)
def test_a_file_that_changes_between_plan_and_reading_is_not_filed_under_its_old_version(
    empty_shop: Shop, path: str, reads: str
) -> None:
    shop = empty_shop

    def put(n: int) -> None:
        duckdb.sql(f"COPY (SELECT {n} AS n) TO '{shop.root / path}' (FORMAT {path.rpartition('.')[2]})")

    (shop.root / "data").mkdir()
    put(1)
    shop.write("assetflow.toml", f'[sources.numbers]\nfiles = "{path}"\n')
    shop.sql("copied", f"SELECT n {reads}")
    project = shop.project()
    running = project.run(project.plan())
    put(2)
    assert [event.event for event in running] == ["started", "failed"] or reads == "FROM numbers"
    assert running.result is not None
    assert "changed while it was read" in str(running.result.assets[0].error)
    put(1)
    assert shop.made() == ["copied"]
    assert shop.rows("FROM copied") == [(1,)], "the version of 1 stands for the rows of 1"


def test_a_file_that_joins_a_glob_while_it_is_read_in_place_is_noticed(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("data/a.csv", "n\n1\n")
    shop.sql("total", "SELECT sum(n)::BIGINT AS n FROM 'data/*.csv'")
    project = shop.project()
    running = project.run(project.plan())
    shop.write("data/b.csv", "n\n2\n")
    assert [event.event for event in running] == ["started", "failed"]
    assert shop.made() == ["total"]
    assert shop.rows("FROM total") == [(3,)]


def test_files_that_change_places_give_the_columns_in_their_new_order(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("data/1.csv", "id,name\n1,ann\n")
    shop.write("data/2.csv", "city,id\nRome,2\n")
    shop.write("assetflow.toml", '[sources.people]\nfiles = "data/*.csv"\n')
    shop.sql("known", "FROM people")
    shop.made()
    assert [row[0] for row in shop.rows("DESCRIBE known")] == ["id", "name", "city"]
    (shop.root / "data/1.csv").rename(shop.root / "data/3.csv")
    assert shop.made() == ["known"]
    assert [row[0] for row in shop.rows("DESCRIBE known")] == ["city", "id", "name"]


def test_a_file_that_gets_another_suffix_is_read_anew(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("data/people.csv", "id,name\n1,ann\n")
    shop.write("assetflow.toml", '[sources.people]\nfiles = "data/*"\n')
    shop.sql("known", "FROM people")
    shop.made()
    (shop.root / "data/people.csv").rename(shop.root / "data/people.tsv")
    assert shop.planned() == {"known": ("input_changed",)}, "commas do not separate columns there"


def test_a_file_in_the_sql_of_a_function_is_compared_like_any_source(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("data/people.csv", "id\n1\n")
    shop.python(
        "known",
        """
        from assetflow import Query, asset


        @asset
        def known():
            return Query("FROM read_csv('data/people.csv')")


        @asset
        def known_too():
            return Query("FROM 'data/people.csv'")
        """,
    )
    assert shop.made() == ["known", "known_too"]
    assert shop.run() == {}
    shop.write("data/people.csv", "id\n2\n")
    assert shop.made() == ["known", "known_too"]
