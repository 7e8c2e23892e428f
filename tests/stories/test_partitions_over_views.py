"""A table that is cut into partitions and reads views: only those are made whose rows changed behind them."""

from __future__ import annotations

import pytest

from tests.conftest import Shop
from tests.stories.test_partitions import parts

VIEW = '/* @asset\nmaterialized = "view"\n*/\n'
BY_DAY = '/* @asset\npartition = "day(day)"\n*/\n'
FUNCTION = """
import polars as pl

from assetflow import asset


@asset(partition="day(day)")
def firsts({upstream}: pl.LazyFrame) -> pl.LazyFrame:
    return {upstream}.group_by("day", maintain_order=True).first()
"""


@pytest.fixture
def sold(empty_shop: Shop) -> Shop:
    """sold, a table of three days, and regions."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.raw]\nfiles = "data/*.csv"\n[sources.regions]\nfiles = "regions.csv"\n')
    shop.write("data/a.csv", "day,id,region,x\n2024-01-01,1,eu,1\n2024-01-02,2,us,2\n2024-01-03,3,eu,3\n")
    shop.write("regions.csv", "region,name\neu,Europe\nus,States\n")
    shop.sql("sold", "SELECT * FROM raw")
    return shop


def arrives(shop: Shop, *rows: str) -> None:
    shop.write("data/b.csv", "day,id,region,x\n" + "".join(f"{row}\n" for row in rows))


@pytest.mark.parametrize(
    "views",
    [
        {"seen": "SELECT * FROM sold WHERE x > 0"},
        {"seen": "SELECT day, region, sum(x) AS x, count(*) AS n FROM sold GROUP BY day, region"},
        {"seen": "SELECT s.*, r.name FROM sold s LEFT JOIN regions r USING (region)"},
        {"seen": "SELECT day, x FROM raw UNION ALL SELECT day, id FROM sold"},
        {"seen": "SELECT * FROM clean WHERE x < 100", "clean": "SELECT * FROM sold WHERE x > 0"},
        {"seen": "SELECT DISTINCT day, region FROM sold"},
        {"seen": "SELECT * FROM sold QUALIFY row_number() OVER (PARTITION BY day ORDER BY id DESC) = 1"},
    ],
    ids=["rows", "groups", "join", "sources too", "view of a view", "distinct", "windows"],
)
def test_a_late_row_behind_a_view_makes_its_day(sold: Shop, views: dict[str, str]) -> None:
    for name, sql in views.items():
        sold.sql(name, f"{VIEW}{sql}")
    sold.sql("kept", f"{BY_DAY}SELECT * FROM seen")
    parts(sold)
    arrives(sold, "2024-01-02,9,as,5")
    planned = [step["partition"] for step in sold.cli("plan", "--json").json["steps"] if step["asset"] == "kept"]
    assert parts(sold)["kept"] == ["2024-01-02"]
    assert planned in (["2024-01-02"], [None]), "the table before the view is made first"
    assert sold.rows("FROM kept ORDER BY ALL") == sold.rows("FROM seen ORDER BY ALL")
    assert parts(sold) == {}
    (sold.root / "data/b.csv").unlink()
    assert parts(sold).get("kept", []) in ([], ["2024-01-02"]), "made anew, or found again"
    assert sold.rows("FROM kept ORDER BY ALL") == sold.rows("FROM seen ORDER BY ALL")


def test_a_plan_counts_the_partitions_over_a_view_of_a_source(sold: Shop) -> None:
    sold.sql("seen", f"{VIEW}SELECT * FROM raw WHERE x > 0")
    sold.sql("kept", f"{BY_DAY}SELECT * FROM seen")
    parts(sold)
    arrives(sold, "2024-01-02,9,us,5", "2024-01-05,9,us,-5")
    said = sold.cli("plan").out
    assert "2024-01-02 (1 partition): seen holds other rows" in said
    assert parts(sold, "seen", "kept") == {"seen": [None], "kept": ["2024-01-02"]}


def test_a_row_that_a_view_leaves_out_makes_nothing(sold: Shop) -> None:
    sold.sql("seen", f"{VIEW}SELECT * FROM sold WHERE x > 0")
    sold.sql("kept", f"{BY_DAY}SELECT * FROM seen")
    parts(sold)
    arrives(sold, "2024-01-02,9,us,-5")
    assert parts(sold) == {"sold": [None], "seen": [None]}
    assert parts(sold) == {}


def test_a_table_that_is_read_itself_and_through_a_view(sold: Shop) -> None:
    """Of the table itself it reads another column, which does not change."""
    sold.sql("seen", f"{VIEW}SELECT day, sum(x) AS x FROM sold GROUP BY day")
    sold.sql("kept", f"{BY_DAY}SELECT s.day, s.id, v.x FROM sold s JOIN seen v USING (day)")
    parts(sold)
    arrives(sold, "2024-01-03,9,us,5")
    assert parts(sold)["kept"] == ["2024-01-03"]
    sold.write("data/a.csv", sold.read("data/a.csv").replace(",us,2", ",us,7"))
    assert parts(sold)["kept"] == ["2024-01-02"]
    at_once = "SELECT s.day, s.id, sum(x) OVER (PARTITION BY day) FROM sold s"
    assert sold.rows("FROM kept ORDER BY ALL") == sold.rows(f"{at_once} ORDER BY ALL")


def test_sql_that_speaks_of_its_partition_reads_a_view(sold: Shop) -> None:
    sold.sql("seen", f"{VIEW}SELECT day, sum(x) AS x FROM sold GROUP BY day")
    sold.sql("mine", f"{BY_DAY}SELECT * FROM seen WHERE day >= $partition_start AND day < $partition_end")
    parts(sold)
    arrives(sold, "2024-01-03,9,us,5")
    assert parts(sold)["mine"] == ["2024-01-03"]


@pytest.mark.parametrize(
    ("view", "made"),
    [
        ("SELECT * FROM sold WHERE x > 0", ["2024-01-02"]),
        ("SELECT day, x FROM sold WHERE x > 2 UNION ALL SELECT day, x FROM sold WHERE x <= 2", ["2024-01-02"]),
        ("SELECT * FROM sold JOIN regions USING (region)", ["2024-01-01", "2024-01-02", "2024-01-03"]),
    ],
)
def test_a_function_reads_a_view_in_the_order_of_its_rows(sold: Shop, view: str, made: list[str]) -> None:
    sold.sql("seen", f"{VIEW}{view}")
    sold.python("functions", FUNCTION.format(upstream="seen"))
    parts(sold)
    arrives(sold, "2024-01-02,9,us,5")
    assert parts(sold)["firsts"] == made


@pytest.mark.parametrize(
    ("view", "query", "said"),
    [
        ("SELECT day, x FROM sold", "SELECT *, sum(x) OVER (ORDER BY day) AS total FROM seen", "a window"),
        ("SELECT day, x FROM sold ORDER BY x LIMIT 3", "SELECT * FROM seen", "LIMIT, line 4 of the view seen"),
        (
            "SELECT day, region FROM sold JOIN regions USING (region)",
            None,
            "the order of rows, which is read, of the view seen",
        ),
    ],
)
def test_why_all_partitions_are_made_is_told(sold: Shop, view: str, query: str | None, said: str) -> None:
    sold.sql("seen", f"{VIEW}{view}")
    if query is None:
        sold.python("functions", FUNCTION.format(upstream="seen").replace("firsts", "kept"))
    else:
        sold.sql("kept", f"{BY_DAY}{query}")
    parts(sold)
    arrives(sold, "2024-01-02,9,us,5")
    parts(sold, "sold", "seen")
    for shown in (sold.cli("plan").out, sold.cli("explain", "kept").out):
        assert "all partitions (" in shown
        assert said in shown
    (step,) = {step["mode_reason"] for step in sold.cli("plan", "--json").json["steps"]}
    assert said in step
    result = sold.cli("materialize", "--json").json["assets"]
    assert {each["mode_reason"] for each in result} == {step}
    assert len(result) == 3


def test_a_source_is_read_and_not_made(sold: Shop) -> None:
    """The view gets another column for sure, so no source is read for the plan."""
    sold.sql("seen", f"{VIEW}SELECT * FROM raw")
    sold.sql("kept", f"{BY_DAY}SELECT * FROM seen")
    parts(sold)
    sold.write("data/a.csv", "day,id,region,x,more\n2024-01-01,1,eu,1,1\n")
    assert "all partitions (what raw holds is known when it has been read)" in sold.cli("plan").out.replace("\n", " ")


def test_an_edited_view_makes_all_partitions(sold: Shop) -> None:
    sold.sql("seen", f"{VIEW}SELECT * FROM sold WHERE x > 0")
    sold.sql("kept", f"{BY_DAY}SELECT * FROM seen")
    parts(sold)
    sold.sql("seen", f"{VIEW}SELECT * FROM sold WHERE x > 1")
    assert sold.run() == {"seen": "materialized", "kept": "materialized"}
    assert sold.rows("SELECT x FROM kept ORDER BY x") == [(2,), (3,)]


def test_a_view_that_was_not_made_shows_its_readers_what_it_showed(sold: Shop) -> None:
    sold.sql("seen", f"{VIEW}SELECT * FROM sold WHERE x > 0")
    sold.sql("kept", f"{BY_DAY}SELECT * FROM seen")
    parts(sold)
    arrives(sold, "2024-01-02,9,us,5")
    assert parts(sold, "sold", "kept") == {"sold": [None]}
    assert parts(sold) == {"seen": [None], "kept": ["2024-01-02"]}


@pytest.mark.parametrize(
    "view",
    [
        "SELECT day, x FROM raw QUALIFY row_number() OVER (PARTITION BY day ORDER BY region) = 1",
        "SELECT day, arg_max(x, region) AS x FROM raw GROUP BY day",
        "SELECT DISTINCT ON (day) day, x FROM raw ORDER BY day, region",
    ],
    ids=["first row", "arg_max", "distinct on"],
)
def test_rows_that_stand_elsewhere_count_for_a_view_that_takes_the_first_of_several(sold: Shop, view: str) -> None:
    """Whoever reads the view may not care for any order."""
    rows = ["2024-01-02,2,us,2", "2024-01-02,3,us,4"]
    sold.write("data/b.csv", "\n".join(["day,id,region,x", *rows]) + "\n")
    sold.remove("data/a.csv")
    sold.sql("seen", f"{VIEW}{view}")
    sold.sql("over_seen", f"{VIEW}SELECT * FROM seen")
    sold.sql("kept", f"{BY_DAY}SELECT * FROM seen")
    sold.sql("kept_outer", f"{BY_DAY}SELECT * FROM over_seen")
    parts(sold)
    arrives(sold, *reversed(rows))
    parts(sold)
    assert sold.rows("SELECT x FROM seen") == [(4,)]
    assert sold.rows("SELECT x FROM kept UNION ALL SELECT x FROM kept_outer") == [(4,), (4,)]
    assert parts(sold) == {}


@pytest.mark.parametrize("name", ["assetflow_block_1", "seen__assetflow_old"])
def test_a_table_that_is_called_like_one_of_ours(sold: Shop, name: str) -> None:
    """It is never taken for that one: what reads it is made in full."""
    sold.sql("seen", f"{VIEW}SELECT * FROM sold WHERE x > 0")
    sold.sql(name, f"{VIEW}SELECT * FROM sold WHERE x < 9")
    sold.sql("kept", f"{BY_DAY}SELECT * FROM {name}")
    sold.sql("two", f"{BY_DAY}SELECT s.*, o.x AS other FROM seen s LEFT JOIN {name} o USING (id)")
    parts(sold)
    arrives(sold, "2024-01-02,9,us,5")
    result = sold.materialize()
    said = {one.asset: one.mode_reason for one in result.assets if one.asset in ("kept", "two")}
    assert set(said) == {"kept", "two"}
    assert all("called like what assetflow itself names so" in (why or "") for why in said.values()), said
    assert sold.rows("FROM kept ORDER BY ALL") == sold.rows(f"FROM {name} ORDER BY ALL")
    assert parts(sold) == {}


RUNNING = "SELECT day, sum(x) OVER (ORDER BY day)::BIGINT AS so_far FROM sold"
BESIDE = """
import polars as pl

from assetflow import asset


@asset(partition="day(day)")
def beside(seen: pl.LazyFrame, sold: pl.LazyFrame) -> pl.LazyFrame:
    return sold.join(seen, on="day").select("day", "x", "so_far")
"""


@pytest.mark.parametrize("views", [{"seen": RUNNING}, {"seen": "SELECT * FROM inner_one", "inner_one": RUNNING}])
def test_a_function_that_reads_a_view_and_the_table_behind_it_is_given_the_rows_of_the_view(
    sold: Shop, views: dict[str, str]
) -> None:
    """Of the table it is given those of one day; the view shows what it shows of all days."""
    for name, sql in views.items():
        sold.sql(name, f"{VIEW}{sql}")
    sold.python("functions", BESIDE)
    parts(sold)
    assert sold.rows("SELECT x, so_far FROM beside ORDER BY day") == [(1, 1), (2, 3), (3, 6)]


def test_a_partition_over_a_view_is_made_where_nothing_was_read_before(sold: Shop) -> None:
    """Nobody looked there for the days that there are: `verify --skips`, or another process."""
    sold.sql("seen", f"{VIEW}SELECT * FROM sold")
    sold.python("functions", FUNCTION.format(upstream="seen"))
    parts(sold)
    printed = sold.cli("verify", "--skips", "9", "--json")
    assert (printed.code, printed.json["skips_checked"], printed.json["problems"]) == (0, 2, [])
