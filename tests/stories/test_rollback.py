"""Rolling back: an older version is published again, with what was made from it, and no run undoes that in silence."""

from __future__ import annotations

import pytest

from tests.conftest import Shop


@pytest.fixture
def twice(shop: Shop) -> Shop:
    """Two versions of everything: with the order of dan, and without."""
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Oslo,50\n")
    shop.made()
    return shop


def test_what_was_made_from_it_goes_back_with_it(twice: Shop) -> None:
    printed = twice.cli("rollback", "sales", "-1")
    assert printed.code == 0
    assert "with it: big, by_city" in printed.err
    assert twice.rows("SELECT count(*) FROM sales") == [(3,)]
    assert twice.rows("SELECT total FROM by_city WHERE city = 'Oslo'") == [(20,)]


def test_no_run_undoes_it_until_it_is_let_go(twice: Shop) -> None:
    twice.cli("rollback", "sales", "-1")
    planned = twice.cli("plan")
    assert "held back: sales (assetflow rollback NAME --release lets go)" in planned.out
    assert twice.cli("plan", "--json").json["held"] == ["sales"]
    assert twice.run() == {}
    assert twice.run("sales", full_refresh=True) == {}
    assert twice.rows("SELECT count(*) FROM sales") == [(3,)]
    assert twice.cli("rollback", "sales", "--release").code == 0
    assert twice.run() == {"sales": "restored", "by_city": "restored", "big": "restored"}
    assert twice.rows("SELECT count(*) FROM sales") == [(4,)]


def test_only_it_goes_back_and_the_rest_is_made_from_it(twice: Shop) -> None:
    printed = twice.cli("rollback", "sales", "-1", "--only", "--json")
    assert printed.json["moved"] == ["sales"]
    assert twice.rows("SELECT total FROM by_city WHERE city = 'Oslo'") == [(70,)]
    assert twice.run() == {"by_city": "restored", "big": "restored"}
    assert twice.rows("SELECT total FROM by_city WHERE city = 'Oslo'") == [(20,)]


def test_what_has_no_version_of_then_is_made_again(twice: Shop) -> None:
    twice.sql("count_sales", "SELECT count(*) AS n FROM sales")
    twice.made()
    printed = twice.cli("rollback", "sales", "-1", "--json")
    assert printed.json["stale"] == ["count_sales"]
    assert twice.run() == {"count_sales": "materialized"}
    assert twice.rows("FROM count_sales") == [(3,)]


def test_history_tells_of_it(twice: Shop) -> None:
    twice.cli("rollback", "sales", "-1")
    versions = twice.cli("history", "sales", "--json").json["versions"]
    assert len(versions) == 3
    assert versions[0]["current"]
    assert versions[0]["snapshot"] == versions[2]["snapshot"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sales", "-9"), "sales has no version '-9'"),
        (("sales",), "to which version?"),
        (("nothing", "-1"), "nothing"),
        (("sales", "--release"), "sales is not held in prod"),
        (("orders", "-1"), "orders is no asset"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(twice: Shop, arguments: tuple[str, ...], said: str) -> None:
    printed = twice.cli("rollback", *arguments)
    assert (printed.code, said in printed.err) == (2, True), printed.err


@pytest.mark.parametrize("version", ["sales@-1", '"sales@-1"', 'sales@"-1"', '"sales@1 minute ago"'])
def test_a_version_is_read_by_its_name_in_sql(twice: Shop, version: str) -> None:
    if "ago" in version:
        assert twice.cli("query", f"FROM {version}").code == 2, "there was none then"
        return
    printed = twice.cli("query", f"SELECT count(*) FROM {version} WHERE city <> 'a@b'", "--json")
    assert printed.json["rows"] == [[3]]
    together = f"SELECT count(*) FROM sales JOIN {version} AS before USING (id)"
    assert twice.cli("query", together, "--json").json["rows"] == [[3]]


def test_a_version_is_read_by_its_name_in_a_notebook(twice: Shop) -> None:
    import assetflow

    wh = assetflow.open(str(twice.root))
    assert (wh["sales"].pl().height, wh["sales@-1"].pl().height) == (4, 3)
    assert "sales@-1" not in wh.names
