"""What came, grew, went, moved or was written anew is told apart before anything is read, and with its rows where known."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.conftest import Shop


@pytest.fixture
def orders(empty_shop: Shop) -> Shop:
    """Three files of orders -> sales -> total."""
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/*.csv"\n')
    for number in (1, 2, 3):
        shop.write(f"data/{number}.csv", f"id,amount\n{number},10\n{number},20\n")
    shop.sql("sales", "SELECT id, amount FROM orders")
    shop.sql("total", "SELECT sum(amount) AS amount FROM sales")
    shop.made()
    return shop


def change(shop: Shop) -> dict[str, Any]:
    [found] = shop.cli("plan", "--json").json["inputs"]
    assert isinstance(found, dict)
    return found


def said(shop: Shop) -> str:
    """The line of `plan` about the orders."""
    return next(line for line in shop.cli("plan").out.splitlines() if line.startswith("orders: "))


def test_a_file_that_grew_is_told_from_one_that_was_edited(orders: Shop) -> None:
    orders.write("data/1.csv", orders.read("data/1.csv") + "1,30\n")
    assert said(orders) == "orders: data/1.csv grew at its end by 5 B; 2 files as before"
    orders.write("data/1.csv", orders.read("data/1.csv").replace("10", "11"))
    assert said(orders) == "orders: data/1.csv was written anew (25 B); 2 files as before"
    orders.made()
    # After it was read, the rows of what comes next are those of the file as it is now.
    orders.write("data/1.csv", orders.read("data/1.csv") + "1,40\n")
    assert [each["how"] for each in change(orders)["changes"]] == ["grew"]


def test_a_new_file_one_that_is_gone_and_one_that_changed(orders: Shop) -> None:
    orders.write("data/4.csv", "id,amount\n4,10\n")
    orders.remove("data/2.csv")
    found = change(orders)
    assert [(each["how"], each["path"]) for each in found["changes"]] == [
        ("came", "data/4.csv"),
        ("went", "data/2.csv"),
    ]
    assert (found["came"], found["went"], found["is_whole"]) == (["data/4.csv"], 1, False)
    assert said(orders).endswith("data/2.csv is gone (20 B); 2 files as before")


def test_everything_replaced_is_told_as_a_whole(orders: Shop) -> None:
    for number in (1, 2, 3):
        orders.write(f"data/{number}.csv", f"id,amount\n{number},99\n")
    assert change(orders)["is_whole"]
    assert said(orders).startswith("orders: replaced, as a whole: data/1.csv was written anew")


def test_a_renamed_file_is_no_change_and_where_its_name_counts_it_has_moved(orders: Shop) -> None:
    (orders.root / "data/3.csv").rename(orders.root / "data/9.csv")
    assert orders.cli("plan", "--json").json["inputs"] == []
    orders.sql("latest", "SELECT first(amount) AS amount FROM orders")
    orders.made()
    (orders.root / "data/9.csv").rename(orders.root / "data/0.csv")
    assert said(orders) == "orders: 3 of 3 files as before, in another order"
    (orders.root / "data/0.csv").rename(orders.root / "data/9.csv")
    orders.write("assetflow.toml", '[sources.orders]\nfiles = "data/*.csv"\noptions = { filename = true }\n')
    orders.made()
    (orders.root / "data/9.csv").rename(orders.root / "data/8.csv")
    assert said(orders) == "orders: data/8.csv was data/9.csv (20 B); 2 files as before"


def test_what_was_taken_back_is_told_with_the_time_at_which_it_was_so(orders: Shop) -> None:
    before = orders.read("data/1.csv")
    orders.write("data/1.csv", "id,amount\n1,5\n")
    orders.made()
    orders.write("data/1.csv", before)
    assert said(orders).startswith("orders: as it was on 20")
    assert change(orders)["as_of"] is not None


def test_a_single_file_is_not_called_replaced_as_a_whole(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n')
    shop.write("data/orders.csv", "id\n1\n2\n")
    shop.sql("sales", "SELECT id FROM orders")
    shop.made()
    shop.write("data/orders.csv", "id\n1\n3\n4\n")
    assert said(shop) == "orders: its only file, data/orders.csv, was written anew (9 B)"
    shop.write("data/orders.csv", "id\n1\n2\n3\n")
    assert said(shop) == "orders: data/orders.csv grew at its end by 2 B"


def test_rows_of_parquet_are_told_from_its_footers(empty_shop: Shop) -> None:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/*.parquet"\n')
    (shop.root / "data").mkdir()
    parquet(shop, 1, 1000)
    parquet(shop, 2, 1000)
    shop.sql("sales", "SELECT x FROM orders")
    shop.made()
    parquet(shop, 3, 500)
    (shop.root / "data/1.parquet").unlink()
    found = change(shop)
    assert (found["rows_added"], found["rows_removed"]) == (500, 1000)
    assert "data/3.parquet came (500 rows, " in said(shop)
    assert "data/1.parquet is gone (1,000 rows, " in said(shop)


def parquet(shop: Shop, number: int, rows: int) -> None:
    path = shop.root / "data" / f"{number}.parquet"
    duckdb.sql(f"COPY (SELECT range + {number} AS x FROM range({rows})) TO '{path}' (FORMAT parquet)")


def test_the_change_of_an_asset_is_told_from_its_manifests(orders: Shop) -> None:
    orders.write("data/4.csv", "id,amount\n4,10\n")
    orders.made("sales")
    [found] = orders.cli("plan", "--json").json["inputs"]
    assert (found["source"], found["kind"], found["rows_added"], found["rows_removed"]) == ("sales", "asset", 1, 0)
    assert "sales: 1 file came (1 row); 1 of 2 files as before" in orders.cli("plan").out
    assert "1 file came (1 row); 1 of 2 files as before" in orders.cli("explain", "total").out
    [told] = orders.cli("explain", "total", "--json").json["inputs"]
    assert told == found


def through_views(orders: Shop) -> None:
    """total reads sales through two views."""
    view = '/* @asset\nmaterialized = "view"\n*/\n'
    orders.sql("seen", view + "SELECT * FROM sales")
    orders.sql("seen_again", view + "SELECT * FROM seen")
    orders.sql("total", "SELECT sum(amount) AS amount FROM seen_again")
    orders.made()


def test_of_a_view_the_change_of_the_tables_behind_it_is_told(orders: Shop) -> None:
    through_views(orders)
    orders.write("data/4.csv", "id,amount\n4,10\n")
    orders.made("sales")
    said = "behind it, sales: 1 file came (1 row); 1 of 2 files as before"
    assert said in orders.cli("explain", "total").out
    assert said in orders.cli("explain", "seen_again").out
    orders.made("seen seen_again")
    assert said in orders.cli("explain", "total").out, "total is behind, the views are not"
    assert "\nsales: 1 file came (1 row); 1 of 2 files as before\n" in orders.cli("plan").out
    [told] = orders.cli("explain", "total", "--json").json["inputs"]
    assert (told["source"], told["through"], told["rows_added"]) == ("sales", ["seen_again", "seen"], 1)
    orders.made()
    assert "behind it" not in orders.cli("explain", "total").out


def test_of_a_view_that_stays_as_it_was_no_change_behind_it_is_told(orders: Shop) -> None:
    through_views(orders)
    orders.write("data/4.csv", "id,amount\n4,10\n")
    orders.made()
    assert orders.cli("rollback", "seen", "-1", "--only").code == 0
    orders.made()
    orders.write("data/5.csv", "id,amount\n5,10\n")
    orders.made("sales")
    orders.sql("total", "SELECT sum(amount) + 1 AS amount FROM seen_again")
    assert "behind it" not in orders.cli("explain", "total").out


def test_explain_tells_the_files_of_a_source_too(orders: Shop) -> None:
    orders.write("data/4.csv", "id,amount\n4,10\n")
    assert "data/4.csv came (15 B); 3 files as before" in orders.cli("explain", "sales").out


def test_without_a_memory_less_is_told_and_nothing_wrong(orders: Shop) -> None:
    orders.remove("warehouse/cache/sources.json")
    orders.write("data/1.csv", orders.read("data/1.csv") + "1,30\n")
    found = change(orders)
    assert [(each["how"], each["path"]) for each in found["changes"]] == [("came", "data/1.csv"), ("went", "")]


def test_what_another_environment_has_read_already_is_told_as_new_to_this_one(orders: Shop) -> None:
    """A run that was stopped leaves the same behind: sources that were read, and are not published."""
    orders.write("data/4.csv", "id,amount\n4,10\n")
    orders.write("data/1.csv", orders.read("data/1.csv") + "1,30\n")
    assert orders.cli("materialize", "--env", "dev").code == 0
    assert said(orders).startswith("orders: data/1.csv grew at its end by 5 B")
    assert "data/4.csv came (15 B)" in said(orders)
    assert said(orders).endswith("; 2 files as before")
    assert change(orders)["as_of"] is None, "it was not so before"
