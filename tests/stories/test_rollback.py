"""Rolling back: an older version is published again, with what was made from it, and no run undoes that in silence."""

from __future__ import annotations

import pytest

from assetflow.errors import WarehouseError
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
    assert "sales    sql     main     held " in twice.cli("ls").out, "it is not what its files say"
    assert [each["held"] for each in twice.cli("ls", "-s", "sales big", "--json").json["assets"]] == [True, False]
    assert twice.cli("explain", "sales").out.startswith("sales is held back  assets/sales.sql:")
    assert twice.run() == {}
    assert twice.run("sales", full_refresh=True) == {}
    assert twice.rows("SELECT count(*) FROM sales") == [(3,)]
    assert twice.cli("rollback", "sales", "--release").code == 0
    assert twice.run() == {"sales": "restored", "by_city": "restored", "big": "restored"}
    assert twice.rows("SELECT count(*) FROM sales") == [(4,)]


CAME = "what it reads of orders changed (amount, city, customer, id)"


def test_the_history_says_why_each_version_was_published(twice: Shop) -> None:
    twice.cli("rollback", "sales", "-1")
    versions = twice.cli("history", "sales", "--json").json["versions"]
    assert [each["why"] for each in versions] == [
        f"rollback sales {versions[0]['snapshot'][:12]}", CAME, "never made"
    ]  # fmt: skip
    assert "never made" in twice.cli("history", "sales").out


def test_promoting_does_not_undo_it_either(twice: Shop) -> None:
    twice.run(env="dev")
    twice.cli("rollback", "sales", "-1")
    twice.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    twice.replace("assets/sales.sql", "amount > 5", "amount > 15")
    twice.run(env="dev")
    printed = twice.cli("env", "promote", "dev")
    assert printed.code == 1
    assert "sales: rolled back in prod and held there; nothing was promoted" in printed.err
    assert "assetflow rollback sales --release --env prod" in printed.err
    assert twice.rows("SELECT count(*) FROM sales") == [(3,)]


def test_an_environment_made_from_it_holds_it_too(twice: Shop) -> None:
    twice.cli("rollback", "sales", "-1")
    printed = twice.cli("env", "create", "dev")
    assert "rolled back there and held here, too: sales" in printed.err
    assert twice.run(env="dev") == {}
    assert twice.cli("rollback", "sales", "--release", "--env", "dev").code == 0
    assert twice.run(env="dev")["sales"] == "restored"
    assert twice.cli("env", "promote", "dev").code == 1, "prod holds it still"
    twice.cli("rollback", "sales", "--release")
    assert twice.cli("env", "promote", "dev").code == 0
    assert twice.rows("SELECT count(*) FROM sales") == [(4,)]


def test_what_was_rolled_back_by_itself_stays_when_its_upstream_goes_back(twice: Shop) -> None:
    twice.write("data/orders.csv", twice.read("data/orders.csv") + "6,eve,Oslo,100\n")
    twice.made()
    twice.cli("rollback", "by_city", "-2")
    printed = twice.cli("rollback", "sales", "-1", "--json")
    assert (printed.json["moved"], printed.json["held"]) == (["big", "sales"], ["by_city"])
    assert twice.rows("SELECT total FROM by_city WHERE city = 'Oslo'") == [(20,)]


def test_the_ledger_moves_nothing_that_is_held(twice: Shop) -> None:
    ledger = twice.project().ledger
    newest = ledger.current("prod")["sales"].materialization
    twice.cli("rollback", "sales", "-1")
    now = ledger.current("prod")["sales"].materialization
    with pytest.raises(WarehouseError, match="sales: rolled back in prod and held there"):
        ledger.publish("prod", "a run", {"sales": newest}, {"sales": now}, "2026-11-21T02:00:00.000000Z")
    assert ledger.current("prod")["sales"].materialization == now


def test_it_is_held_also_when_the_catalog_cannot_follow(twice: Shop) -> None:
    catalog = twice.root / "warehouse" / "prod.duckdb"
    catalog.unlink()
    (catalog / "in the way").mkdir(parents=True)
    printed = twice.cli("rollback", "sales", "-1")
    assert (printed.code, "the catalog could not be written, which the next run repairs: " in printed.err) == (
        0,
        True,
    ), printed.err
    assert twice.project().held == {"sales"}
    assert twice.project().ledger.current("prod")["sales"].rows == 3


def test_explain_tells_of_it_and_how_to_let_go(twice: Shop) -> None:
    twice.cli("rollback", "sales", "-1")
    told = twice.cli("explain", "sales").out
    assert "It was rolled back and is held there" in told
    assert "assetflow rollback sales --release --env prod" in told
    assert twice.cli("explain", "sales", "--json").json["held"] is True


def test_what_nothing_declares_any_more_is_withdrawn_with_its_hold(twice: Shop) -> None:
    twice.cli("rollback", "big", "-1")
    kept = twice.read("assets/big.py")
    twice.remove("assets/big.py")
    twice.run()
    assert "big" not in twice.project().ledger.current("prod")
    (twice.root / "assets/big.py").write_text(kept, encoding="utf-8")
    assert twice.run() == {"big": "restored"}


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
    assert len(wh["sales@-1"].history()) == 2


def test_what_was_made_from_a_view_goes_back_with_the_table_behind_it(shop: Shop) -> None:
    shop.sql("seen", '/* @asset\nmaterialized = "view"\n*/\nSELECT city, amount FROM sales')
    shop.sql("paid", "SELECT sum(amount) AS paid FROM seen")
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Oslo,50\n")
    shop.made()
    assert "with it: big, by_city, paid, seen" in shop.cli("rollback", "sales", "-1").err
    assert shop.rows("SELECT sum(amount) FROM seen") == shop.rows("FROM paid") == [(60,)]
    assert shop.run() == {}


def test_what_reads_a_view_that_is_held_is_made_of_the_rows_that_it_shows(shop: Shop) -> None:
    shop.sql("seen", '/* @asset\nmaterialized = "view"\n*/\nSELECT city, amount FROM sales')
    shop.sql("paid", "SELECT sum(amount) AS paid FROM seen")
    shop.made()
    shop.write("data/orders.csv", shop.read("data/orders.csv") + "5,dan,Oslo,50\n")
    shop.made()
    assert shop.cli("query", "SELECT sum(amount) FROM seen@-1", "--json").json["rows"] == [[60]]
    shop.cli("rollback", "seen", "-1")
    assert shop.rows("SELECT sum(amount) FROM seen") == [(60,)]
    assert shop.rows("SELECT paid FROM paid") == [(60,)]
    assert shop.run() == {}
    shop.cli("rollback", "seen", "--release")
    assert shop.run() == {"seen": "restored", "paid": "restored"}
    assert shop.rows("SELECT paid FROM paid") == shop.rows("SELECT sum(amount) FROM seen") == [(110,)]
    assert shop.run() == {}
