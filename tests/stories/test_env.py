"""Environments: made without copying, changed apart, promoted without building, refused when the other one moved."""

from __future__ import annotations

import pytest

from tests.conftest import Shop


@pytest.fixture
def prod(shop: Shop) -> Shop:
    shop.made()
    return shop


def objects(shop: Shop) -> set[str]:
    return {path.name for path in (shop.root / "warehouse" / "objects").rglob("*.parquet")}


def test_an_environment_is_made_without_copying_and_has_a_catalog_of_its_own(prod: Shop) -> None:
    before = objects(prod)
    printed = prod.cli("env", "create", "dev")
    assert printed.code == 0
    assert "dev holds 5 tables of prod; nothing was copied" in printed.err
    assert objects(prod) == before
    assert prod.rows("FROM by_city ORDER BY ALL", env="dev") == prod.rows("FROM by_city ORDER BY ALL")
    assert prod.run(env="dev") == {}
    listed = prod.cli("env", "list", "--json").json["environments"]
    assert [(each["name"], each["tables"], each["base"], each["default"]) for each in listed] == [
        ("dev", 5, "prod", False),
        ("prod", 5, None, True),
    ]


def test_what_changed_in_dev_is_promoted_and_nothing_is_built(prod: Shop) -> None:
    prod.cli("env", "create", "dev")
    prod.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert prod.run(env="dev") == {"by_city": "materialized"}
    found = prod.cli("env", "diff", "dev", "prod", "--json").json
    assert (found["different"], found["only_first"], found["only_second"]) == (["by_city"], [], [])
    before = objects(prod)
    promoted = prod.cli("env", "promote", "dev", "--json")
    assert promoted.json["published"] == ["by_city"]
    assert objects(prod) == before
    assert prod.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(30,)]
    assert prod.run() == {}
    assert prod.cli("env", "promote", "dev").err.strip() == "prod holds all that dev changed"


def test_what_an_environment_never_held_stays_where_it_is_promoted_to(prod: Shop) -> None:
    prod.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert prod.run("+by_city", env="dev") == {"sales": "restored", "by_city": "materialized"}
    promoted = prod.cli("env", "promote", "dev", "--json").json
    assert (promoted["published"], promoted["withdrawn"]) == (["by_city"], [])
    assert prod.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(30,)]
    assert prod.rows("SELECT count(*) FROM big") == [(2,)]


def test_what_was_dropped_in_an_environment_is_dropped_by_promoting_it(prod: Shop) -> None:
    prod.cli("env", "create", "dev")
    prod.remove("assets/by_city.sql")
    prod.run(env="dev")
    assert prod.cli("env", "promote", "dev", "--json").json["withdrawn"] == ["by_city"]


def test_promoting_is_refused_when_prod_moved_underneath(prod: Shop) -> None:
    prod.cli("env", "create", "dev")
    prod.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    prod.run(env="dev")
    prod.write("data/orders.csv", prod.read("data/orders.csv") + "5,dan,Oslo,50\n")
    prod.run()
    before = prod.rows("FROM by_city ORDER BY ALL")
    printed = prod.cli("env", "promote", "dev")
    assert printed.code == 1
    assert "prod moved on since dev was made from it: by_city, sales; nothing was promoted" in printed.err
    assert "assetflow env create dev --from prod --replace" in printed.err
    assert prod.rows("FROM by_city ORDER BY ALL") == before
    assert prod.cli("env", "create", "dev", "--replace").code == 0
    prod.run(env="dev")
    assert prod.cli("env", "promote", "dev").code == 0


def test_promoting_again_leaves_alone_what_prod_alone_changed_meanwhile(prod: Shop) -> None:
    prod.sql("cities", "SELECT DISTINCT city FROM orders")
    prod.made()
    prod.cli("env", "create", "dev")
    began = prod.read("assets/by_city.sql")
    prod.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert prod.run(env="dev") == {"by_city": "materialized"}
    in_dev = prod.read("assets/by_city.sql")
    prod.write("assets/by_city.sql", began)
    prod.sql("cities", "SELECT DISTINCT upper(city) AS city FROM orders")
    assert prod.run() == {"cities": "materialized"}
    assert prod.cli("env", "promote", "dev", "--json").json["published"] == ["by_city"]
    prod.write("assets/by_city.sql", in_dev.replace("max(amount)", "min(amount)"))
    prod.sql("cities", "SELECT DISTINCT city FROM orders")
    assert prod.run(env="dev") == {"by_city": "materialized"}
    assert prod.cli("env", "promote", "dev", "--json").json["published"] == ["by_city"]
    assert ("ROME",) in prod.rows("FROM cities")
    assert prod.rows("SELECT total FROM by_city WHERE city = 'Rome'") == [(10,)]


def test_what_was_made_from_an_environment_that_is_gone_does_not_overwrite_its_namesake(prod: Shop) -> None:
    prod.cli("env", "create", "dev")
    prod.cli("env", "create", "feature", "--from", "dev")
    prod.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    prod.run(env="feature")
    prod.cli("env", "drop", "dev")
    prod.replace("assets/by_city.sql", "max(amount)", "min(amount)")
    prod.run(env="dev")
    printed = prod.cli("env", "promote", "feature", "--to", "dev")
    assert printed.code == 1
    assert "dev moved on since feature was made from it: by_city" in printed.err
    assert prod.rows("SELECT total FROM by_city WHERE city = 'Rome'", env="dev") == [(10,)]


def test_an_environment_that_a_run_holds_is_neither_dropped_nor_moved(prod: Shop) -> None:
    prod.cli("env", "create", "dev")
    with prod.project().warehouse.running("dev", "another", "2026-11-21T02:00:00.000000Z"):
        for arguments in (("drop", "dev"), ("create", "dev", "--replace"), ("promote", "prod", "--to", "dev")):
            printed = prod.cli("env", *arguments)
            assert (printed.code, "Traceback" in printed.err) == (4, False), printed.err
    assert prod.cli("env", "drop", "dev").code == 0


def test_a_new_environment_reuses_what_others_made_and_has_no_need_to_be_created(prod: Shop) -> None:
    before = objects(prod)
    assert set(prod.run(env="dev").values()) == {"restored"}
    assert objects(prod) == before
    prod.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    assert prod.run(env="dev") == {"by_city": "materialized"}
    assert prod.cli("env", "promote", "dev", "--json").json["published"] == ["by_city"]


def test_dropping_forgets_it_and_removes_its_catalog(prod: Shop) -> None:
    prod.cli("env", "create", "dev")
    assert prod.cli("env", "drop", "dev").code == 0
    assert not (prod.root / "warehouse" / "dev.duckdb").exists()
    assert [each["name"] for each in prod.cli("env", "list", "--json").json["environments"]] == ["prod"]
    assert prod.rows("SELECT count(*) FROM sales") == [(3,)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "Dev"), "'Dev' cannot be the name of an environment"),
        (("create", "../dev"), "'../dev' cannot be the name of an environment"),
        (("create", "prod"), "there is an environment prod already"),
        (("create", "dev", "--from", "prood"), "there is no environment prood"),
        (("drop", "prod"), "prod is the environment of the project, and is not dropped"),
        (("drop", "dev"), "there is no environment dev"),
        (("diff", "prod", "dev"), "there is no environment dev"),
        (("promote", "dev"), "there is no environment dev"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(prod: Shop, arguments: tuple[str, ...], said: str) -> None:
    printed = prod.cli("env", *arguments)
    assert (printed.code, said in printed.err) == (2, True), printed.err


def test_versions_of_environments_are_compared(prod: Shop) -> None:
    prod.cli("env", "create", "dev")
    prod.replace("assets/by_city.sql", "sum(amount)", "max(amount)")
    prod.run(env="dev")
    found = prod.cli("diff", "by_city", "prod", "dev", "--json").json
    assert not found["same"]


def test_the_project_is_named_behind_env_as_well(prod: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = Shop(tmp_path_factory.mktemp("elsewhere"))
    for flag in ("-C", "--project"):
        listed = elsewhere.cli("env", flag, str(prod.root), "list", "--json")
        assert [each["name"] for each in listed.json["environments"]] == ["prod"]
    assert elsewhere.cli("env", "-C", "nowhere", "list", "-C", str(prod.root)).code == 0, "what stands last wins"
