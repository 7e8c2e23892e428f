"""The lineage of LazyFrames against what running them shows: influences, read-sets, and whether order matters."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from assetflow.lineage.columns import Col, Lineage
from assetflow.lineage.plans.frames import TRAVERSER, lazyframe_lineage
from assetflow.running.python.stubs import duckdb_type, lazy, stub_source, table_of
from tests.oracle.influence import sources
from tests.oracle.made_up_frames import lazy_function, missed
from tests.oracle.made_up_frames import lineage_of as made_up_lineage

MADE_UP = int(os.environ.get("ASSETFLOW_ORACLE_QUERIES", "60"))

SCHEMAS = {
    "sales": (("id", "BIGINT"), ("city", "VARCHAR"), ("amount", "BIGINT"), ("tags", "VARCHAR[]")),
    "shops": (("city", "VARCHAR"), ("size", "BIGINT")),
}
VALUES: dict[str, list[Any]] = {
    "BIGINT": [1, 2, 3, 4, None],
    "VARCHAR": ["a", "b", "c", None],
    "VARCHAR[]": [["a"], ["a", "b"], [], None],
}
c = pl.col
Make = Callable[[pl.LazyFrame, pl.LazyFrame], pl.LazyFrame]

PLANS: dict[str, Make] = {
    "select": lambda s, h: s.select("id", "city"),
    "expression": lambda s, h: s.select(x=c("id") + c("amount"), y=c("city") + "!"),
    "filter": lambda s, h: s.filter(c("amount") > 2).select("id"),
    "with columns": lambda s, h: s.with_columns(twice=c("amount") * 2).select("id", "twice"),
    "when": lambda s, h: s.select(x=pl.when(c("amount") > 2).then(c("city")).otherwise(pl.lit("z"))),
    "group": lambda s, h: s.group_by("city").agg(c("amount").sum(), pl.len().alias("n")),
    "group filter": lambda s, h: s.group_by("city").agg(c("id").filter(c("amount") > 1).max()),
    "group by expression": lambda s, h: s.group_by(c("id") % 2).agg(c("amount").mean()),
    "group first": lambda s, h: s.group_by("city").agg(c("id").first()),
    "group list": lambda s, h: s.group_by("city").agg("id"),
    "aggregate alone": lambda s, h: s.select(c("amount").sum(), m=c("id").max()),
    "aggregate beside": lambda s, h: s.select("id", share=c("amount") / c("amount").sum()),
    "count": lambda s, h: s.select(pl.len()),
    "literal": lambda s, h: s.select(pl.lit(1).alias("one")),
    "over": lambda s, h: s.select("id", m=c("amount").max().over("city")),
    "rank over": lambda s, h: s.select("id", r=c("amount").rank("dense").over("city")),
    "sort": lambda s, h: s.sort("amount", "id").select("city"),
    "sort head": lambda s, h: s.sort("amount", "id", "city").select("id", "city").head(2),
    "head": lambda s, h: s.head(2).select("id"),
    "tail": lambda s, h: s.tail(2).select("id"),
    "unique": lambda s, h: s.select("city", "amount").unique(),
    "unique subset": lambda s, h: s.select("city", "amount").unique(subset=["city"], keep="first", maintain_order=True),
    "join": lambda s, h: s.join(h, on="city").select("id", "size"),
    "left join": lambda s, h: s.join(h, on="city", how="left").select("id", "size"),
    "full join": lambda s, h: s.join(h, on="city", how="full").select("id", "size", "city_right"),
    "full join coalesced": lambda s, h: s.join(h, on="city", how="full", coalesce=True).select("city", "size"),
    "semi join": lambda s, h: s.join(h, on="city", how="semi").select("id"),
    "anti join": lambda s, h: s.join(h, on="city", how="anti").select("id"),
    "cross join": lambda s, h: s.select("id").join(h.select("size"), how="cross"),
    "join by others": lambda s, h: s.join(h, left_on="amount", right_on="size").select("id", "city_right"),
    "join expression": lambda s, h: s.join(h, left_on=c("amount") + 1, right_on="size").select("id"),
    "self join": lambda s, h: s.join(s, left_on="id", right_on="amount").select("city", "city_right"),
    "join where": lambda s, h: s.join_where(h, c("amount") > c("size")).select("id", "size"),
    "join asof": lambda s, h: s.filter(c("amount").is_not_null()).sort("amount").join_asof(
        h.filter(c("size").is_not_null()).sort("size"), left_on="amount", right_on="size").select("id", "size"),
    "concat": lambda s, h: pl.concat([s.select("city"), h.select("city")]),
    "concat diagonal": lambda s, h: pl.concat([s.select("city", "id"), h], how="diagonal"),
    "concat sideways": lambda s, h: pl.concat([s.select("id").head(3), h.select("size").head(3)], how="horizontal"),
    "explode": lambda s, h: s.explode("tags").select("id", "tags"),
    "unpivot": lambda s, h: s.unpivot(on=["id", "amount"], index="city"),
    "rename drop": lambda s, h: s.rename({"id": "key"}).drop("tags", "city"),
    "row index": lambda s, h: s.with_row_index("n").select("n", "city"),
    "shift": lambda s, h: s.select(c("amount").shift(1)),
    "cumulative": lambda s, h: s.select(c("id").cum_sum()),
    "fill": lambda s, h: s.select(c("amount").fill_null(0), f=c("id").forward_fill()),
    "is in": lambda s, h: s.filter(c("amount").is_in([1, 2])).select("city"),
    "drop nulls": lambda s, h: s.drop_nulls("amount").select("id"),
    "strings": lambda s, h: s.select(c("city").str.to_uppercase().str.len_chars()),
    "lists": lambda s, h: s.select(c("tags").list.len(), g=c("tags").list.get(0, null_on_oob=True)),
    "list eval": lambda s, h: s.select(c("tags").list.eval(pl.element() + "x")),
    "struct": lambda s, h: s.select(pl.struct("id", "city").alias("x")).select(c("x").struct.field("city")),
    "unnest": lambda s, h: s.select(pl.struct("id", "city").alias("x")).unnest("x"),
    "horizontal": lambda s, h: s.select(x=pl.sum_horizontal("id", "amount"), y=pl.coalesce("amount", "id")),
    "format": lambda s, h: s.select(pl.format("{}-{}", "id", "city").alias("x")),
    "map elements": lambda s, h: s.select(c("id").map_elements(lambda v: v * len(str(v)), return_dtype=pl.Int64)),
    "map batches": lambda s, h: s.map_batches(lambda frame: frame.with_columns(c("id") + 1)).select("id"),
    "value counts": lambda s, h: s.select(c("city").value_counts(sort=True)).unnest("city"),
    "quantile": lambda s, h: s.group_by("city").agg(c("amount").quantile(0.5), u=c("id").n_unique()),
    "top k": lambda s, h: s.top_k(2, by=["amount", "id"]).select("amount", "id"),
    "selector": lambda s, h: s.select(pl.selectors.integer() * 2),
    "sql": lambda s, h: pl.SQLContext(sales=s, shops=h).execute(
        "SELECT sales.city, count(*) AS n FROM sales JOIN shops ON sales.city = shops.city GROUP BY sales.city"),
    "every column": lambda s, h: s.select(pl.all().is_null()),
    "sort by": lambda s, h: s.select(c("city").sort_by("amount", "id")),
    "filter by aggregate": lambda s, h: s.filter(c("amount") == c("amount").max()).select("id"),
    "filter over": lambda s, h: s.filter(c("amount") == c("amount").max().over("city")).select("id"),
    "two uses": lambda s, h: s.join(s.group_by("city").agg(m=c("amount").max()), on="city").select("id", "m"),
    "gather": lambda s, h: s.select(c("id").gather_every(2)),
    "reverse": lambda s, h: s.reverse().select("id"),
    "rolling": lambda s, h: s.select(c("amount").rolling_sum(2)),
    "interpolate": lambda s, h: s.select(c("amount").cast(pl.Float64).interpolate()),
    "hash": lambda s, h: s.select(c("city").hash()),
    "mode": lambda s, h: s.select(c("city").drop_nulls().unique().sort()),
    "arg max": lambda s, h: s.select(c("amount").arg_max()),
    "null count": lambda s, h: s.null_count().select("amount"),
    "replace": lambda s, h: s.select(c("city").replace({"a": "z"})),
    "cut": lambda s, h: s.select(c("amount").clip(1, 2)),
    "only the other": lambda s, h: h.select("size"),
    "pivot by hand": lambda s, h: s.group_by("id").agg(a=c("amount").filter(c("city") == "a").sum()),
    "cast": lambda s, h: s.select(c("id").cast(pl.String), a=c("amount").cast(pl.Float64)),
}  # fmt: skip


def frames(rows: dict[str, list[tuple[object, ...]]]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    made = []
    for table, schema in SCHEMAS.items():
        types = {"BIGINT": pl.Int64, "VARCHAR": pl.String, "VARCHAR[]": pl.List(pl.String)}
        made.append(pl.DataFrame(rows[table], schema={name: types[kind] for name, kind in schema}, orient="row").lazy())
    return made[0], made[1]


def random_rows(draw: random.Random) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: [tuple(draw.choice(VALUES[kind]) for _, kind in schema) for _ in range(draw.randint(4, 9))]
        for table, schema in SCHEMAS.items()
    }


def lineage_of(make: Make) -> Lineage:
    stubs = [lazy(stub_source(table, schema, None)) for table, schema in SCHEMAS.items()]
    return lazyframe_lineage(make(stubs[0], stubs[1]), table_of, list(SCHEMAS), duckdb_type)


def answer(make: Make, rows: dict[str, list[tuple[object, ...]]]) -> pl.DataFrame:
    return make(*frames(rows)).collect()


def bag(frame: pl.DataFrame, columns: list[str]) -> list[str]:
    return sorted(map(repr, frame.select(columns).rows())) if columns else [str(frame.height)]


@pytest.mark.parametrize("name", PLANS)
def test_no_influence_is_missed(name: str) -> None:
    lineage = lineage_of(PLANS[name])
    read = {Col(table, column) for table, columns in lineage.reads.items() for column in columns or ()}
    draw = random.Random(name)
    for _ in range(6):
        rows = random_rows(draw)
        then = answer(PLANS[name], rows)
        assert then.columns == [column.name for column in lineage.columns]
        for table, schema in SCHEMAS.items():
            for at, (column, kind) in enumerate(schema):
                new = [(*row[:at], draw.choice(VALUES[kind]), *row[at + 1 :]) for row in rows[table]]
                now = answer(PLANS[name], {**rows, table: new})
                source = Col(table, column)
                if source not in read:
                    assert bag(then, then.columns) == bag(now, now.columns), f"{source} is not read"
                elif source not in sources(edge.source for edge in lineage.dataset):
                    free = [
                        out.name for out in lineage.columns if source not in sources(edge.source for edge in out.edges)
                    ]
                    assert bag(then, free) == bag(now, free), f"{source} changes some of {free}"


@pytest.mark.parametrize("name", PLANS)
def test_what_is_said_not_to_depend_on_order_does_not(name: str) -> None:
    lineage = lineage_of(PLANS[name])
    draw = random.Random(name)
    for _ in range(0 if lineage.ordered else 8):
        rows = random_rows(draw)
        shuffled = {table: draw.sample(listed, len(listed)) for table, listed in rows.items()}
        then, now = answer(PLANS[name], rows), answer(PLANS[name], shuffled)
        assert bag(then, then.columns) == bag(now, now.columns)


@pytest.mark.parametrize("seed", range(0, MADE_UP, 20))
def test_made_up_functions_show_no_influence_that_is_not_told(seed: int) -> None:
    for number in range(seed, seed + 20):
        function = lazy_function(number)
        assert not missed(function, made_up_lineage(function), number, rounds=2), function.text


def test_nearly_all_plans_are_understood() -> None:
    exact = [name for name in PLANS if lineage_of(PLANS[name]).exact]
    assert len(exact) / len(PLANS) > 0.7
    assert not any(lineage_of(make).whole for make in PLANS.values())


def test_plans_that_differ_do_not_mean_the_same() -> None:
    meanings = [lineage_of(make).meaning for make in PLANS.values()]
    known = [meaning for meaning in meanings if meaning and '""' not in meaning]
    assert len(known) > 20
    assert len(set(known)) == len(known)


def test_polars_still_writes_its_plans_as_they_are_read_here() -> None:
    frame = lazy(stub_source("sales", SCHEMAS["sales"], None))
    traverser = frame._ldf.with_optimizations(pl.QueryOptFlags.none()._pyoptflags).visit()
    assert traverser.version()[0] == TRAVERSER
    assert lineage_of(PLANS["join"]).method == "polars plan"
