"""`lineage --format openlineage` against the structure that OpenLineage publishes, as our own schema words it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import Ask
from tests.conftest import Shop

SCHEMA = json.loads((Path(__file__).parent / "openlineage.schema.json").read_text(encoding="utf-8"))
VALID = Draft202012Validator(SCHEMA)

QUERIES = {
    "joined": "SELECT s.id, o.city AS town, s.amount + 1 AS more FROM sales s LEFT JOIN orders o USING (id)",
    "windows": "SELECT *, sum(amount) OVER (PARTITION BY city ORDER BY id) AS so_far FROM sales QUALIFY so_far > 1",
    "cases": "SELECT CASE WHEN city = 'Rome' THEN amount END AS roman FROM sales ORDER BY id LIMIT 3",
    "spread": "SELECT unnest([id, amount]) AS one FROM sales UNION SELECT amount FROM orders",
    "fields": "SELECT who.name AS who FROM (SELECT {'name': customer} AS who FROM sales)",
    "nothing": "SELECT 1 AS one",
    "odd": 'SELECT id AS "a.b c", \'x\' AS "é" FROM sales',
}


@pytest.fixture
def events(shop: Shop, ask: Ask) -> dict[str, Any]:
    for name, query in QUERIES.items():
        shop.sql(name, query)
    shop.python(
        "whole",
        """
        import polars as pl

        from assetflow import asset


        @asset
        def whole(sales: pl.DataFrame) -> pl.DataFrame:
            return sales
        """,
    )
    lines = ask(shop, "lineage", "--format", "openlineage").out.splitlines()
    found = [json.loads(line) for line in lines]
    return {each["dataset"]["name"]: each for each in found}


def test_every_event_has_the_published_structure(events: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert events.keys() == {"sales", "by_city", "big", "people", "whole", *QUERIES}
    for event in events.values():
        VALID.validate(event)
    kinds = {
        (each["type"], each.get("subtype"))
        for event in events.values()
        for facet in [event["dataset"]["facets"]["columnLineage"]]
        for inputs in [facet["dataset"], *(field["inputFields"] for field in facet["fields"].values())]
        for one in inputs
        for each in one["transformations"]
    }
    direct = {("DIRECT", each) for each in ("IDENTITY", "TRANSFORMATION", "AGGREGATION")}
    indirect = {("INDIRECT", each) for each in ("JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL", None)}
    assert kinds == direct | indirect


def test_what_is_read_nobody_knows_how_is_told_column_by_column(events: dict[str, Any]) -> None:
    dataset = events["whole"]["dataset"]["facets"]["columnLineage"]["dataset"]
    assert [(each["name"], each["field"]) for each in dataset] == [
        ("sales", "id"), ("sales", "customer"), ("sales", "city"), ("sales", "amount"),
    ]  # fmt: skip
    assert "arrives as a whole" in dataset[0]["transformations"][0]["description"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda event: event.pop("producer"),
        lambda event: event.update(eventTime="yesterday"),
        lambda event: event["dataset"].update(job={}),
        lambda event: event["dataset"]["facets"]["columnLineage"].pop("fields"),
        lambda event: event["dataset"]["facets"]["columnLineage"]["dataset"][0].pop("field"),
        lambda event: event["dataset"]["facets"]["columnLineage"]["dataset"][0]["transformations"][0].update(type="?"),
        lambda event: event["dataset"]["facets"]["columnLineage"]["dataset"][0]["transformations"][0].update(
            subtype="IDENTITY"
        ),
    ],
)
def test_the_schema_sees_what_is_wrong(events: dict[str, Any], spoil: Any) -> None:
    event = json.loads(json.dumps(events["by_city"]))
    spoil(event)
    assert list(VALID.iter_errors(event))
