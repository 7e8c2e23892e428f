"""What a change of data or code in some columns makes stale, and what it does not: the table of SQLMesh's RFC 6062.

users(id, email, username)  ->  a(id, email)  ->  b(id)
                                              ->  c(id, email)
"""

from __future__ import annotations

import pytest

from tests.conftest import Shop

ROWS = ["1,a@x,anna", "2,b@x,bert", "3,c@x,cleo"]


def write_people(shop: Shop, rows: list[str], head: str = "id,email,username") -> None:
    shop.write("data/people.csv", "\n".join([head, *rows]) + "\n")


@pytest.fixture
def users(empty_shop: Shop) -> Shop:
    shop = empty_shop
    write_people(shop, ROWS)
    shop.write("assetflow.toml", '[sources.people]\nfiles = "data/people.csv"\n')
    shop.sql("users", "SELECT id, email, username FROM people")
    shop.sql("a", "SELECT id, email FROM users")
    shop.sql("b", "SELECT id FROM a")
    shop.sql("c", "SELECT id, email FROM a WHERE id > 0")
    assert sorted(shop.made()) == ["a", "b", "c", "users"]
    return shop


def made(shop: Shop) -> list[str]:
    outcomes = shop.run()
    assert set(outcomes.values()) <= {"materialized", "skipped"}
    again = shop.run()
    assert again == {}
    return sorted(name for name, outcome in outcomes.items() if outcome == "materialized")


def test_code_a_column_is_added(users: Shop) -> None:
    users.sql("users", "SELECT id, email, username, id * 2 AS twice FROM people")
    assert made(users) == ["users"]


def test_code_a_column_is_changed(users: Shop) -> None:
    users.sql("users", "SELECT id, upper(email) AS email, username FROM people")
    assert made(users) == ["a", "c", "users"]


def test_code_a_column_is_dropped(users: Shop) -> None:
    users.sql("users", "SELECT id, email FROM people")
    assert made(users) == ["users"]


def test_code_the_filter_is_changed(users: Shop) -> None:
    users.sql("users", "SELECT id, email, username FROM people WHERE id < 3")
    assert made(users) == ["a", "b", "c", "users"]


def test_code_that_means_the_same_makes_nothing(users: Shop) -> None:
    users.sql("users", "WITH p AS (SELECT * FROM people) SELECT id, p.email, username FROM p")
    assert made(users) == []


def test_data_a_column_is_added(users: Shop) -> None:
    write_people(users, [f"{row},x" for row in ROWS], "id,email,username,extra")
    assert made(users) == []


def test_data_a_column_is_changed(users: Shop) -> None:
    write_people(users, ["1,a@x,anna", "2,new@x,bert", "3,c@x,cleo"])
    assert made(users) == ["a", "c", "users"]


def test_data_an_unread_column_is_changed(users: Shop) -> None:
    users.sql("users", "SELECT id, email FROM people")
    users.made()
    write_people(users, ["1,a@x,ada", "2,b@x,ben", "3,c@x,cid"])
    assert made(users) == []


def test_data_rows_in_another_order(users: Shop) -> None:
    write_people(users, ROWS[::-1])
    assert made(users) == []


def test_data_values_are_paired_otherwise(users: Shop) -> None:
    write_people(users, ["1,b@x,anna", "2,a@x,bert", "3,c@x,cleo"])
    assert made(users) == ["a", "c", "users"]


def test_data_a_row_is_there_twice(users: Shop) -> None:
    write_people(users, [*ROWS, ROWS[0]])
    assert made(users) == ["a", "b", "c", "users"]


def test_the_plan_says_beforehand_what_an_edit_cannot_affect(users: Shop) -> None:
    users.sql("users", "SELECT id, email, upper(username) AS username FROM people")
    told = users.cli("plan", "--json").json
    assert [step["asset"] for step in told["steps"]] == ["users"]
    assert {each["asset"] for each in told["unaffected"]} == {"a", "b", "c"}
    assert "reads email, id of users" in told["unaffected"][0]["detail"]


def test_the_plan_says_that_a_dropped_column_affects_nobody_who_does_not_read_it(users: Shop) -> None:
    users.sql("users", "SELECT id, email FROM people")
    told = users.cli("plan", "--json").json
    assert [reason["kind"] for step in told["steps"] for reason in step["reasons"]] == ["code_changed"]
    assert {each["asset"] for each in told["unaffected"]} == {"a", "b", "c"}


def test_an_edit_and_a_change_of_what_it_reads_now_are_both_told(users: Shop) -> None:
    write_people(users, ["1,a@x,ada", "2,new@x,bert", "3,c@x,cleo"])
    users.sql("users", "SELECT id, email FROM people")
    (step,) = [step for step in users.cli("plan", "--json").json["steps"] if step["asset"] == "users"]
    assert [reason["kind"] for reason in step["reasons"]] == ["code_changed"]  # the file was not read yet
    assert made(users) == ["a", "c", "users"]


def test_a_star_takes_in_a_column_that_its_upstream_gets(users: Shop) -> None:
    users.sql("c", "SELECT * FROM a")
    users.made()
    users.sql("a", "SELECT id, email, 1 AS one FROM users")
    assert made(users) == ["a", "c"]


def test_who_counts_rows_reads_no_column(users: Shop) -> None:
    users.sql("b", "SELECT count(*) AS n FROM a")
    users.made()
    write_people(users, ["1,z@x,anna", "2,b@x,bert", "3,c@x,cleo"])
    assert made(users) == ["a", "c", "users"]


def test_who_reads_the_order_still_skips_what_it_does_not_read(users: Shop) -> None:
    users.sql("users", "SELECT id, email, username FROM people ORDER BY id")
    users.sql("b", "SELECT id FROM users LIMIT 2")
    users.made()
    write_people(users, ["1,z@x,anna", "2,b@x,bert", "3,c@x,cleo"])
    assert made(users) == ["a", "c", "users"]
    users.sql("users", "SELECT id, email, username FROM people ORDER BY id DESC")
    assert made(users) == ["b", "users"]


def test_going_back_to_an_older_text_restores_although_an_unread_column_changed_meanwhile(users: Shop) -> None:
    old = users.read("assets/b.sql")
    users.sql("b", "SELECT id + 1 AS id FROM a")
    users.made()
    write_people(users, ["1,z@x,anna", "2,b@x,bert", "3,c@x,cleo"])
    users.made()
    users.write("assets/b.sql", old)
    assert users.run() == {"b": "restored"}
    assert users.run() == {}
