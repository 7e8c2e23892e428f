"""A selection means what the contract's grammar says, and what it cannot mean is pointed at."""

from __future__ import annotations

from pathlib import Path

import pytest

from assetflow.errors import SelectionError
from assetflow.lineage.graph import Graph
from assetflow.planning.grammar import DEEPEST, METHODS, parse
from assetflow.planning.selection import Candidate, needs_states, select

HERE = Path(__file__).parent

SHOP = [
    Candidate("transactions", "source", "sources", path="pyproject.toml", columns=("sales_value",)),
    Candidate("products", "source", "sources", path="pyproject.toml"),
    Candidate("households", "source", "sources", path="pyproject.toml"),
    Candidate("data/*.csv", "source", path="assets/basket/baskets.sql"),
    Candidate("data/x y+1.csv", "source", path="assets/basket/baskets.sql"),
    Candidate("s3://shop/a.parquet", "source"),
    Candidate(
        "sales", "sql", "sales", ("nightly",), "ada@example.com", "assets/sales/sales.sql", ("week", "revenue")
    ),
    Candidate(
        "sales_by_week", "sql", "sales/weekly", path="assets/sales/weekly/sales_by_week.sql", columns=("Revenue",)
    ),
    Candidate("sales_trend", "sql", "sales/weekly", path="assets/sales/weekly/sales_trend.sql"),
    Candidate("basket", "sql", "basket", path="assets/basket/basket.sql"),
    Candidate("baskets", "sql", "basket", path="assets/basket/baskets.sql"),
    Candidate(
        "rfm", "sql", "customers", ("Nightly",), "crm@example.com", "assets/customers/rfm.sql",
        ("score",), frozenset({"stale", "changed"}),
    ),
    Candidate("loyalty", "python", "customers", ("run weekly",), "crm@example.com", "assets/customers/people.py"),
    Candidate("segments", "python", "customers", path="assets/customers/people.py", states=frozenset({"stale", "new"})),
    Candidate(
        "campaign_lift", "sql", "marketing", path="assets/marketing/campaign_lift.sql", states=frozenset({"fresh"})
    ),
]  # fmt: skip
GRAPH = Graph.of(
    {
        "sales": ["transactions", "products"],
        "sales_by_week": ["sales"],
        "sales_trend": ["sales_by_week"],
        "rfm": ["sales", "households"],
        "loyalty": ["sales"],
        "segments": ["rfm"],
        "campaign_lift": ["segments"],
        "baskets": ["data/*.csv", "data/x y+1.csv"],
    }
)
EVERYTHING = {candidate.name for candidate in SHOP}


def chosen(*selections: str, without: tuple[str, ...] = ()) -> set[str]:
    return set(select(selections, without, SHOP, GRAPH))


def mistake(*selections: str, without: tuple[str, ...] = ()) -> str:
    with pytest.raises(SelectionError) as caught:
        chosen(*selections, without=without)
    assert caught.value.exit_code == 2
    return str(caught.value)


def pairs() -> list[tuple[str, str]]:
    lines = (HERE / "selections.txt").read_text(encoding="utf-8").splitlines()
    return [(text.strip(), names.strip()) for text, arrow, names in (line.partition("->") for line in lines) if arrow]


def mistakes() -> list[tuple[str, str]]:
    cases = (HERE / "selection_errors.txt").read_text(encoding="utf-8").split("\n===\n")
    return [(text, said.rstrip("\n")) for text, _, said in (case.partition("\n---\n") for case in cases)]


@pytest.mark.parametrize(("text", "names"), pairs())
def test_a_selection_means(text: str, names: str) -> None:
    assert sorted(chosen(text)) == sorted(names.split(", ") if names else [])


@pytest.mark.parametrize(("text", "said"), mistakes())
def test_a_mistake_is_pointed_at(text: str, said: str) -> None:
    assert mistake(text) == said


def test_no_selection_is_everything() -> None:
    assert chosen() == EVERYTHING
    assert select([], [], [], Graph.of({})) == frozenset()


def test_several_selections_are_a_union_and_excludes_come_off_last() -> None:
    assert chosen("rfm", "loyalty") == {"rfm", "loyalty"}
    assert chosen("customers", "sales", without=("rfm", "tag:nightly")) == {"loyalty", "segments"}
    assert chosen(without=("kind:source", "sales+")) == {"basket", "baskets"}


def test_a_mistake_in_an_exclude_is_pointed_at_too() -> None:
    assert mistake("sales+", without=("tag:slow",)) == (
        "nothing has the tag slow\n  exclude: tag:slow\n           ^^^^^^^^\nKnown: nightly, run weekly."
    )


def test_nothing_left_says_why() -> None:
    assert mistake("sales", without=("sales+",)) == (
        "nothing is selected\n  selection: sales\n  exclude: sales+\nAll that is selected is excluded again."
    )
    assert mistake("sales,rfm") == (
        "nothing is selected\n  selection: sales,rfm\n"
        "Each part matches something, but nothing is in all parts that have to hold at once."
    )


def test_nothing_stale_is_nothing_to_do() -> None:
    assert chosen("state:failed") == set()
    assert chosen("sales,state:stale") == set()
    assert chosen("rfm", without=("state:stale",)) == set()


def test_a_kind_that_nothing_has_is_no_typo() -> None:
    assets = [Candidate("sales", "sql")]
    assert select(["sales kind:python"], [], assets, Graph.of({})) == {"sales"}


def test_what_cannot_be_selected_does_not_come_in_through_the_graph() -> None:
    sales, rfm = (candidate for candidate in SHOP if candidate.name in ("sales", "rfm"))
    assert select(["+sales+", "@rfm"], [], [sales, rfm], GRAPH) == {"sales", "rfm"}


def test_what_nothing_links_to_need_not_be_in_the_graph() -> None:
    assert chosen("+basket+") == {"basket"}


def test_a_name_that_differs_in_capitals_only_is_not_mixed_up() -> None:
    files = [Candidate("data/A.csv", "source"), Candidate("data/a.csv", "source")]
    assert select(["data/a.csv"], [], files, Graph.of({})) == {"data/a.csv"}
    assert select(["DATA/a.csv"], [], files, Graph.of({})) == {"data/A.csv", "data/a.csv"}


def test_states_are_only_needed_when_asked_for() -> None:
    assert needs_states(["sales+", "tag:nightly,(not 2+State:stale+)"])
    assert not needs_states(["sales+", '"state:stale"', "tag:state"])
    assert not needs_states([])


def test_every_method_of_the_grammar_selects() -> None:
    for method in METHODS:
        assert chosen(f"{method}:*")


@pytest.mark.parametrize("deep", ["(" * 1_000 + "sales" + ")" * 1_000, "not " * 1_000 + "sales", "(" * 1_000])
def test_deep_nesting_is_an_error_of_ours(deep: str) -> None:
    assert mistake(deep).startswith(f"this is nested more than {DEEPEST} deep")


def test_as_deep_as_allowed_works() -> None:
    assert chosen("(" * DEEPEST + "sales" + ")" * DEEPEST) == {"sales"}
    assert chosen("not " * DEEPEST + "sales") == {"sales"}
    assert str(parse("not " * DEEPEST + "sales")) == "not " * DEEPEST + "sales"


def test_more_steps_than_python_reads_is_all_the_way() -> None:
    assert chosen("9" * 5_000 + "+sales+" + "9" * 5_000) == chosen("+sales+")


def test_of_a_long_selection_the_surroundings_are_shown() -> None:
    said = mistake(" ".join(["sales"] * 500) + " slaes " + " ".join(["rfm"] * 500))
    _, shown, carets, hint = said.splitlines()
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "slaes"
    assert max(len(shown), len(carets)) < 150
    assert hint == "Did you mean sales?"
