"""`assetflow lineage`: the same graph as a tree, JSON, Mermaid and DOT."""

from __future__ import annotations

import json

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
    assert document["columns"]["by_city.total"] == [
        {"column": "sales.amount", "kind": "direct", "transformation": "aggregation"},
        {"column": "sales.city", "kind": "indirect", "transformation": "group_by"},
    ]
    everything = ["amount", "city", "customer", "id"]
    assert document["read_sets"] == {
        "big": {"sales": everything}, "by_city": {"sales": ["amount", "city"]}, "people": {},
        "sales": {"orders": everything},
    }  # fmt: skip
    assert document["opaque"] == {}


def test_a_function_that_takes_a_whole_frame_is_opaque(shop: Shop, ask: Ask) -> None:
    shop.replace("assets/big.py", "pl.LazyFrame", "pl.DataFrame")
    document = ask(shop, "lineage", "--json").json
    assert document["read_sets"]["big"] == {"sales": None}
    assert document["opaque"] == {"big": "sales arrives as a whole; name what is read by upstream(columns=[...])"}


def test_a_column_of_a_function_that_takes_a_whole_frame(shop: Shop, ask: Ask) -> None:
    shop.replace("assets/big.py", "pl.LazyFrame", "pl.DataFrame")
    why = "sales arrives as a whole; name what is read by upstream(columns=[...])"
    assert f"the columns of big are not known before it is made: {why}" in ask(shop, "lineage", "big.id").err
    shop.made()
    assert f"what big.id is made from is not known: {why}" in ask(shop, "lineage", "big.id").err
    assert "big has no column ident" in ask(shop, "lineage", "big.ident").err


def test_one_column_up_and_down_to_the_file(shop: Shop, ask: Ask) -> None:
    assert ask(shop, "lineage", "by_city.total").out.splitlines() == [
        "by_city.total",
        "├── sales.amount  aggregation",
        "│   ├── orders.amount  identity",
        "│   └── its rows: orders.amount (filter)",
        "└── its rows: sales.city (group_by)",
        "",
        "read by",
        "by_city.total",
        "└── nothing reads it",
    ]
    assert ask(shop, "lineage", "orders.city", "--down").out.splitlines() == [
        "orders.city",
        "└── sales.city  identity",
        "    ├── big.city  identity",
        "    ├── by_city.city  identity",
        "    └── the rows of by_city  group_by",
    ]


def test_impact_tells_what_a_change_would_reach(shop: Shop, ask: Ask) -> None:
    document = ask(shop, "lineage", "sales.city", "--impact", "--json").json
    assert document["reaches"] == [
        {"asset": "big", "columns": ["city"], "rows": False},
        {"asset": "by_city", "columns": ["city", "total"], "rows": True},
    ]


def test_a_tag_flows_along_as_long_as_values_stay_what_they_are(shop: Shop, ask: Ask) -> None:
    shop.sql("sales", "SELECT id, customer -- @pii\n, city, amount FROM orders WHERE amount > 5")
    shop.sql("shouted", "SELECT upper(customer) AS loud, customer AS who FROM sales")
    listed = ask(shop, "lineage", "--tag", "pii").out.splitlines()
    assert listed == [
        "big.customer  from sales.customer",
        "sales.customer  declared here",
        "shouted.who  from sales.customer",
    ]


def test_the_page_and_the_pictures_of_columns_escape_what_they_show(shop: Shop, ask: Ask) -> None:
    shop.sql("odd", 'SELECT id AS "<b>&""x" FROM sales')
    assert "&lt;b&gt;&amp;&quot;x" in ask(shop, "lineage", "--format", "html").out
    assert "<b>&" not in ask(shop, "lineage", "--format", "html").out
    assert '"&lt;b>&amp;&quot;x"' in ask(shop, "lineage", "sales.id", "--down", "--format", "mermaid").out
    assert '[label="<b>&\\"x"]' in ask(shop, "lineage", "sales.id", "--down", "--format", "dot").out


def test_a_column_that_comes_from_no_other_says_so(shop: Shop, ask: Ask) -> None:
    shop.sql("counted", "SELECT count(*) AS rows FROM sales")
    shop.sql("kept", "SELECT rows FROM counted")
    of_sales = "no column: counted makes it by itself, or by how many rows there are in sales"
    assert ask(shop, "lineage", "counted.rows").out.splitlines() == [
        "counted.rows", f"└── {of_sales}", "", "read by", "counted.rows", "└── kept.rows  identity",
    ]  # fmt: skip
    assert ask(shop, "lineage", "kept.rows", "--up").out.splitlines()[1:] == [
        "└── counted.rows  identity", f"    └── {of_sales}",
    ]  # fmt: skip
    assert ask(shop, "lineage", "people.id").out.splitlines() == [
        "people.id", "└── no column: people makes it by itself", "", "read by", "people.id", "└── nothing reads it",
    ]  # fmt: skip
    assert ask(shop, "lineage", "orders.id", "--up").out.splitlines()[1:] == ["└── what the source orders holds"]


def test_openlineage_keeps_the_edges_of_the_table_apart(shop: Shop, ask: Ask) -> None:
    events = [json.loads(line) for line in ask(shop, "lineage", "--format", "openlineage").out.splitlines()]
    facets = {each["dataset"]["name"]: each["dataset"]["facets"]["columnLineage"] for each in events}
    [amount] = facets["by_city"]["fields"]["total"]["inputFields"]
    assert (amount["name"], amount["field"]) == ("sales", "amount")
    assert [(each["type"], each["subtype"]) for each in amount["transformations"]] == [("DIRECT", "AGGREGATION")]
    [city] = facets["by_city"]["dataset"]
    assert [(each["type"], each["subtype"]) for each in city["transformations"]] == [("INDIRECT", "GROUP_BY")]


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
        (["zzzz"], "`assetflow ls` lists them."),
        (["sales.amuont"], "Did you mean amount?"),
        (["--tag", "pii"], "no column has the tag pii"),
        (["--up"], "--up and --down are about one asset"),
        (["--format", "pdf"], "Invalid value"),
    ],
)
def test_what_cannot_be_drawn(shop: Shop, arguments: list[str], said: str, ask: Ask) -> None:
    printed = ask(shop, "lineage", *arguments)
    assert (printed.code, printed.out) == (2, "")
    assert said in printed.err


def test_the_page_draws_the_graph_and_opens_what_was_asked_for(shop: Shop, ask: Ask) -> None:
    whole = ask(shop, "lineage", "--format", "html").out
    drawn = whole[whole.index("<svg") : whole.index("</svg>")]
    for name in ("orders", "sales", "by_city", "big"):
        assert f'<a href="#{name}">' in drawn
    assert drawn.count("<path ") == 3  # orders -> sales -> by_city, big
    assert '<details id="sales">' in whole
    asked = ask(shop, "lineage", "sales.id", "--format", "html").out
    assert '<details id="sales" open>' in asked
    assert '<tr class="focus"><td>id</td>' in asked
    assert asked.count("open>") == asked.count('class="focus"') == 1
