"""`assetflow lineage`: the same graph as a tree, JSON, Mermaid and DOT."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Ask
from tests.conftest import Shop


def test_the_tree_of_everything(shop: Shop) -> None:
    assert shop.cli("lineage").out.splitlines() == [
        "people",
        "orders (source)",
        "└── sales",
        "    ├── big",
        "    └── by_city",
    ]


def test_the_tree_around_an_asset(shop: Shop, ask: Ask) -> None:
    assert ask(shop, "lineage", "sales").out.splitlines() == [
        "sales",
        "├── reads",
        "│   └── orders (source)",
        "└── read by",
        "    ├── big",
        "    └── by_city",
    ]
    assert ask(shop, "lineage", "sales", "--up").out.splitlines() == ["sales", "└── orders (source)"]
    assert ask(shop, "lineage", "sales", "--down").out.splitlines() == ["sales", "├── big", "└── by_city"]
    assert ask(shop, "lineage", "orders", "--up", "--down").out.splitlines()[:2] == ["orders (source)", "└── read by"]


def test_json(shop: Shop, ask: Ask) -> None:
    shop.write(
        "assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n[sources.unread]\nfiles = "data/orders.csv"\n'
    )
    document = ask(shop, "lineage", "--json").json
    assert document == ask(shop, "lineage", "--format", "json").json
    assert document["schema"] == "assetflow.lineage/1"
    assert document["nodes"] == ["big", "by_city", "orders", "people", "sales", "unread"]
    assert sorted(document["edges"]) == [["orders", "sales"], ["sales", "big"], ["sales", "by_city"]]
    assert document["columns"] == {}
    assert document["read_sets"] == {
        "big": {"sales": None}, "by_city": {"sales": None}, "people": {}, "sales": {"orders": None},
    }  # fmt: skip
    assert document["opaque"].keys() == {"big", "by_city", "people", "sales"}


@pytest.mark.parametrize(
    ("direction", "nodes"),
    [([], ["big", "orders", "sales"]), (["--up"], ["big", "orders", "sales"]), (["--down"], ["big"])],
)
def test_json_around_an_asset(shop: Shop, direction: list[str], nodes: list[str], ask: Ask) -> None:
    assert ask(shop, "lineage", "big", "--json", *direction).json["nodes"] == nodes


def test_mermaid_and_dot(shop: Shop, ask: Ask) -> None:
    mermaid = ask(shop, "lineage", "--format", "mermaid").out
    assert mermaid.startswith("flowchart LR\n")
    assert "t_sales --> t_by_city" in mermaid
    dot = ask(shop, "lineage", "by_city", "--up", "--format", "dot").out
    assert dot.startswith("digraph assetflow {\n")
    assert '"orders" -> "sales";' in dot
    assert "big" not in dot


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sale"], "Did you mean sales?"),
        (["sales.amount"], "the lineage of a single column (amount of sales) is not known yet"),
        (["--up"], "--up and --down are about one asset"),
        (["--format", "html"], "Invalid value"),
    ],
)
def test_what_cannot_be_drawn(shop: Shop, arguments: list[str], said: str, ask: Ask) -> None:
    printed = ask(shop, "lineage", *arguments)
    assert (printed.code, printed.out) == (2, "")
    assert said in printed.err
