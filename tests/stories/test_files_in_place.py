"""Files that SQL opens by itself: the columns that are read of them count, as the query opens them."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.conftest import ORDERS, Shop


@pytest.fixture
def mine(empty_shop: Shop) -> Shop:
    empty_shop.write("data/orders.csv", ORDERS)
    empty_shop.sql("paid", "SELECT id, amount FROM 'data/orders.csv'")
    return empty_shop


def edit(shop: Shop, old: str, new: str) -> None:
    shop.replace("data/orders.csv", old, new)


def test_what_is_not_read_of_a_file_restales_nothing(mine: Shop) -> None:
    assert mine.made() == ["paid"]
    edit(mine, "Oslo", "Bergen")
    assert mine.run() == {}
    edit(mine, "2,bob,Bergen,20", "2,bob,Bergen,21")
    assert mine.planned() == {"paid": ("input_changed",)}
    assert mine.made() == ["paid"]
    assert mine.rows("SELECT amount FROM paid WHERE id = 2") == [(21,)]
    assert mine.run() == {}


def test_the_reason_names_what_changed_and_the_proof_what_was_compared(mine: Shop) -> None:
    mine.made()
    edit(mine, "Oslo", "Bergen")
    told = mine.cli("explain", "paid").out
    assert "paid is fresh" in told
    assert "data/orders.csv: it reads amount, id" in told
    [proof] = json.loads(mine.cli("plan", "--json").out)["proofs"]
    assert [(each["upstream"], each["columns"]) for each in proof["compared"]] == [
        ("data/orders.csv", ["amount", "id"])
    ]
    edit(mine, ",20", ",21")
    [reason] = mine.plan().steps[0].reasons
    assert reason.detail == "what it reads of data/orders.csv changed (amount, id)"
    assert json.loads(mine.cli("lineage", "--json").out)["read_sets"] == {"paid": {"data/orders.csv": ["amount", "id"]}}


def test_rows_in_another_order_and_a_new_column_restale_nothing(mine: Shop) -> None:
    mine.made()
    header, *rows = ORDERS.splitlines()
    mine.write("data/orders.csv", "\n".join([header, *reversed(rows)]) + "\n")
    assert mine.run() == {}
    mine.write("data/orders.csv", "\n".join([f"{header},more", *(f"{row},x" for row in rows)]) + "\n")
    assert mine.run() == {}
    mine.write("data/orders.csv", "\n".join([header, *rows, rows[0]]) + "\n")
    assert mine.made() == ["paid"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM 'data/orders.csv'",
        "SELECT id, amount FROM 'data/orders.csv' LIMIT 2",
        "SELECT a.id FROM 'data/orders.csv' a JOIN read_csv('data/orders.csv', all_varchar = true) b ON a.city = b.city",
        "SELECT id, amount FROM read_csv('data/orders.csv', ignore_errors = true)",
    ],
)
def test_where_more_than_its_columns_counts_any_change_counts(mine: Shop, query: str) -> None:
    mine.sql("paid", query)
    mine.made()
    edit(mine, "Oslo", "Bergen")
    assert mine.made() == ["paid"]
    assert mine.run() == {}


def test_the_options_of_the_query_say_how_the_file_is_read(mine: Shop) -> None:
    mine.write("data/odd.txt", "1;x;10\n2;y;20\n")
    opened = "read_csv('data/odd.txt', delim = ';', header = false, names = ['id', 'note', 'amount'])"
    mine.sql("paid", f"SELECT id, amount FROM {opened} WHERE amount > 5")
    assert mine.cli("plan").code == 0
    mine.made()
    mine.replace("data/odd.txt", "x", "z")
    assert mine.run() == {}
    mine.replace("data/odd.txt", "20", "2")
    assert mine.made() == ["paid"]
    assert mine.rows("FROM paid") == [(1, 10)]
    mine.sql("paid", f"SELECT id, amount FROM {opened.replace('note', 'amount2').replace('header', 'HEADER')}")
    assert mine.made() == ["paid"]


def test_going_back_to_what_was_read_restores_what_was_made_of_it(mine: Shop) -> None:
    mine.made()
    edit(mine, ",20", ",21")
    assert mine.made() == ["paid"]
    edit(mine, "2,bob,Oslo,21", "2,bob,Bergen,20")
    assert mine.run() == {"paid": "restored"}
    assert mine.run() == {}


def test_parquet_json_and_globs(mine: Shop) -> None:
    for part, city in (("a", "Rome"), ("b", "Oslo")):
        duckdb.sql(f"SELECT 1 AS id, '{city}' AS city").write_parquet(str(mine.root / f"data/part_{part}.parquet"))
    mine.write("data/more.json", '{"id": 1, "deep": {"x": 1, "y": 2}, "note": "a"}\n')
    mine.sql("paid", "SELECT id FROM 'data/part_*.parquet'")
    mine.sql("deep", "SELECT deep.x FROM read_json('data/more.json') WHERE id > 0")
    assert mine.made() == ["deep", "paid"]
    duckdb.sql("SELECT 1 AS id, 'Bergen' AS city").write_parquet(str(mine.root / "data/part_b.parquet"))
    mine.replace("data/more.json", '"a"', '"b"')
    assert mine.run() == {}
    duckdb.sql("SELECT 2 AS id, 'Bergen' AS city").write_parquet(str(mine.root / "data/part_b.parquet"))
    assert mine.made() == ["paid"]


def test_what_duckdb_tells_of_each_row_of_a_file_is_no_missing_column(mine: Shop) -> None:
    mine.sql("paid", "SELECT id, filename FROM 'data/orders.csv'")
    assert mine.cli("plan").code == 0
    mine.sql("paid", "SELECT id, amuont FROM 'data/orders.csv'")
    printed = mine.cli("plan")
    assert printed.code == 2
    assert "amuont" in printed.err


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, filename FROM read_csv('data/*.csv', filename = true)",
        "SELECT id, place FROM read_csv('data/*.csv', filename = 'place')",
        "SELECT id, filename FROM read_csv('data/*.csv')",
        "SELECT filename, length(content) AS n FROM read_text('data/*.csv')",
    ],
)
def test_a_file_under_another_name_counts_for_a_query_that_shows_it(empty_shop: Shop, query: str) -> None:
    empty_shop.write("data/orders.csv", ORDERS)
    empty_shop.sql("named", query)
    empty_shop.sql("unnamed", "SELECT id FROM read_csv('data/*.csv')")
    assert empty_shop.made() == ["named", "unnamed"]
    (empty_shop.root / "data/orders.csv").rename(empty_shop.root / "data/sales.csv")
    assert empty_shop.made() == ["named"]
    assert empty_shop.rows("SELECT DISTINCT parse_filename(COLUMNS('filename|place')) FROM named") == [("sales.csv",)]
    assert empty_shop.run() == {}


def test_when_a_file_was_written_is_no_part_of_what_it_holds(empty_shop: Shop) -> None:
    empty_shop.write("data/orders.csv", ORDERS)
    empty_shop.sql("dated", "SELECT last_modified FROM read_text('data/orders.csv')")
    assert [empty_shop.made(), empty_shop.made()] == [["dated"], ["dated"]]


def test_a_file_that_is_gone_is_told_and_what_is_downstream_is_left_alone(mine: Shop) -> None:
    mine.sql("twice", "SELECT id FROM paid")
    mine.made()
    mine.remove("data/orders.csv")
    assert mine.cli("plan").code != 0
    mine.write("data/orders.csv", ORDERS)
    assert mine.run() == {}


def test_a_text_that_is_read_whole_needs_no_suffix_of_a_table(empty_shop: Shop) -> None:
    empty_shop.write("data/notes.txt", "abc")
    empty_shop.sql("notes", "SELECT content FROM read_text('data/notes.txt')")
    empty_shop.sql("bytes", "SELECT octet_length(content) AS n FROM read_blob('data/*.txt')")
    assert empty_shop.made() == ["bytes", "notes"]
    assert empty_shop.made() == []
    empty_shop.write("data/notes.txt", "abcd")
    assert empty_shop.made() == ["bytes", "notes"]
    assert empty_shop.rows("FROM notes, bytes") == [("abcd", 4)]
