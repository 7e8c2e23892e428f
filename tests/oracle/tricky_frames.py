"""Plans of LazyFrames that are easily misread, and pairs of plans that differ in a single thing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import polars as pl

c = pl.col
Make = Callable[[pl.LazyFrame, pl.LazyFrame], pl.LazyFrame]

LONG = list(range(100))
OTHER = [*LONG[:50], 777, *LONG[51:]]
TEXTS = ["x" * length for length in range(100)]
OTHER_TEXTS = [*TEXTS[:50], "q", *TEXTS[51:]]

TRICKY: dict[str, Make] = {
    "explode over": lambda s, h: s.select("id", x=c("amount").over("city", mapping_strategy="explode")),
    "explode filter over": lambda s, h: s.select(
        x=c("amount").filter(c("id") > 1).over("city", mapping_strategy="explode"), y=pl.lit(1)
    ),
    "join over": lambda s, h: s.select("id", x=c("amount").over("city", mapping_strategy="join")),
    "over filter": lambda s, h: s.select("id", x=c("amount").filter(c("id") > 1).max().over("city")),
    "over expr": lambda s, h: s.select("id", x=c("amount").sum().over(c("id") % 2, c("city"))),
    "over order": lambda s, h: s.select("id", x=c("amount").first().over("city", order_by=["amount", "id"])),
    "str join": lambda s, h: s.select(c("city").str.join("-")),
    "str join group": lambda s, h: s.group_by("id").agg(c("city").str.join("-")),
    "two filters": lambda s, h: s.select(c("id").filter(c("amount") > 1), x=c("amount").filter(c("amount") > 1)),
    "two filters b": lambda s, h: s.select(
        c("id").filter(c("amount") > 1), x=c("amount").filter(c("amount") > 1).sort()
    ),
    "two drop": lambda s, h: s.select(a=c("id").drop_nulls().head(1), b=c("amount").drop_nulls().head(1)),
    "filter beside": lambda s, h: s.select(
        a=c("id").filter(c("id").is_not_null()).sum(), b=c("city").drop_nulls().max()
    ),
    "filter predicate": lambda s, h: s.filter(c("amount").is_in(c("id").filter(c("city") == "a").implode())).select(
        "city"
    ),
    "agg filter list": lambda s, h: s.group_by("city").agg(c("id").filter(c("amount") > 1)),
    "agg expr list": lambda s, h: s.group_by("city").agg(c("id") + 1),
    "agg drop nulls list": lambda s, h: s.group_by("city").agg(c("id").drop_nulls()),
    "agg when list": lambda s, h: s.group_by("city").agg(pl.when(c("amount") > 1).then(c("id")).alias("x")),
    "agg list mean": lambda s, h: s.group_by("city").agg((c("id") * c("amount")).sum()),
    "agg struct list": lambda s, h: s.group_by("city").agg(pl.struct("id", "amount")),
    "agg str list": lambda s, h: s.group_by("city").agg(c("city").str.to_uppercase().alias("u")),
    "agg lit": lambda s, h: s.group_by("city").agg(pl.lit(1).alias("u")),
    "agg cast": lambda s, h: s.group_by("city").agg(c("id").cast(pl.String)),
    "agg null count": lambda s, h: s.group_by("city").agg(c("id").null_count()),
    "agg fill": lambda s, h: s.group_by("city").agg(c("id").fill_null(0)),
    "agg unnest": lambda s, h: (
        s.group_by("city").agg(c("id"), c("amount")).explode("id", "amount").select("id", "amount")
    ),
    "agg map": lambda s, h: s.group_by("city").agg(
        c("id").map_batches(lambda x: x.sum(), return_dtype=pl.Int64, returns_scalar=True)
    ),
    "fill strategy": lambda s, h: s.select(c("amount").fill_null(strategy="forward")),
    "fill min": lambda s, h: s.select(c("amount").fill_null(strategy="min"), "id"),
    "fill agg": lambda s, h: s.select(c("amount").fill_null(c("id").max()), "city"),
    "strptime": lambda s, h: s.select(c("city").str.to_datetime(strict=False)),
    "to integer": lambda s, h: s.select(c("city").str.to_integer(strict=False)),
    "implode": lambda s, h: s.select(c("amount").implode()),
    "concat_list": lambda s, h: s.select(pl.concat_list("id", "amount")),
    "concat_str": lambda s, h: s.select(pl.concat_str("id", "city", ignore_nulls=True)),
    "cum_fold": lambda s, h: s.select(pl.fold(pl.lit(0), lambda a, b: a + b, [c("id"), c("amount")])),
    "reduce": lambda s, h: s.select(pl.reduce(lambda a, b: a + b, [c("id"), c("amount")])),
    "max_by": lambda s, h: s.select(c("id").sort_by("amount").last()),
    "selectors": lambda s, h: s.select(
        pl.selectors.by_dtype(pl.Int64) - pl.selectors.starts_with("c").str.len_chars().first()
    ),
    "exclude": lambda s, h: s.select(pl.exclude("tags", "city") + 1),
    "regex": lambda s, h: s.select(c("^(id|am).*$")),
    "name": lambda s, h: s.select(c("id", "amount").name.suffix("_x")),
    "name map": lambda s, h: s.select(c("id", "amount").name.map(lambda n: n[::-1])),
    "with_columns_seq": lambda s, h: s.with_columns_seq(amount=c("id"), id=c("amount")).select("id"),
    "swap": lambda s, h: s.with_columns(amount=c("id"), id=c("amount")).select("id"),
    "swap rename": lambda s, h: s.rename({"id": "amount", "amount": "id"}).select("id"),
    "pivot": lambda s, h: s.pivot(
        on="city", on_columns=["a", "b"], index="id", values="amount", aggregate_function="sum"
    ),
    "pivot first": lambda s, h: s.pivot(
        on="city", on_columns=["a", "b"], index="id", values="amount", aggregate_function="first"
    ),
    "unpivot all": lambda s, h: s.select("id", "amount", "city").unpivot(index="city").select("value"),
    "unpivot var": lambda s, h: s.unpivot(on=["id", "amount"]).select("variable"),
    "group dynamic": lambda s, h: (
        s.drop_nulls("id").sort("id").group_by_dynamic("id", every="2i").agg(c("amount").sum())
    ),
    "rolling": lambda s, h: s.drop_nulls("id").sort("id").rolling("id", period="2i").agg(c("amount").sum()),
    "rolling group": lambda s, h: (
        s.drop_nulls("id")
        .sort("id")
        .rolling("id", period="2i", group_by="city")
        .agg(c("amount").sum())
        .select("amount")
    ),
    "rolling expr": lambda s, h: s.drop_nulls("id").sort("id").select(c("amount").sum().rolling("id", period="2i")),
    "rolling by": lambda s, h: s.drop_nulls().sort("id").select(c("amount").rolling_sum_by("id", "2i")),
    "asof by": lambda s, h: (
        s.drop_nulls("amount")
        .sort("amount")
        .join_asof(h.drop_nulls("size").sort("size"), left_on="amount", right_on="size", by="city")
        .select("id")
    ),
    "asof tol": lambda s, h: (
        s.drop_nulls("amount")
        .sort("amount")
        .join_asof(h.drop_nulls("size").sort("size"), left_on="amount", right_on="size", tolerance=1)
        .select("size")
    ),
    "join nulls": lambda s, h: s.join(h, on="city", nulls_equal=True).select("id"),
    "join right": lambda s, h: s.join(h, on="city", how="right").select("size", "city"),
    "join right nocoal": lambda s, h: s.join(h, on="city", how="right", coalesce=False).select("city", "city_right"),
    "join suffix": lambda s, h: s.join(s, on="city", suffix="_r").select("id_r", "amount"),
    "join left nocoal": lambda s, h: s.join(h, on="city", how="left", coalesce=False).select("city_right"),
    "join ops": lambda s, h: s.join(
        h, left_on=[c("city").str.to_uppercase()], right_on=[c("city").str.to_uppercase()]
    ).select("city", "size"),
    "join where2": lambda s, h: s.join_where(h, c("amount") >= c("size"), c("city") != c("city_right")).select("id"),
    "cross suffix": lambda s, h: s.join(h, how="cross").select("city_right"),
    "join full lit": lambda s, h: s.join(h, on="city", how="full", coalesce=True).select("city"),
    "join full suffix": lambda s, h: s.join(h, on="city", how="full").select("city"),
    "semi twice": lambda s, h: (
        s.join(h, on="city", how="semi").join(h, left_on="id", right_on="size", how="anti").select("amount")
    ),
    "update": lambda s, h: s.update(h.select("city", amount="size"), on="city").select("amount"),
    "update left": lambda s, h: s.update(h.select(amount="size")).select("amount"),
    "merge_sorted": lambda s, h: s.select("city").sort("city").merge_sorted(h.select("city").sort("city"), key="city"),
    "concat rel": lambda s, h: pl.concat(
        [s.select("city", x="id"), h.select("city", x="size")], how="vertical_relaxed"
    ).select("x"),
    "concat align": lambda s, h: pl.concat(
        [s.select("city", "id"), h.unique("city", keep="first", maintain_order=True)], how="align"
    ).select("id", "size"),
    "concat hor": lambda s, h: pl.concat([s.select("id").head(3), h.select("size").head(3)], how="horizontal").select(
        "id"
    ),
    "unique none": lambda s, h: s.unique(subset=["city"], keep="none").select("id"),
    "unique any": lambda s, h: s.unique(subset=["city"]).select("city"),
    "is_unique": lambda s, h: s.select("id", c("city").is_unique()),
    "is_dup filter": lambda s, h: s.filter(c("city").is_duplicated()).select("id"),
    "is_first": lambda s, h: s.select("id", c("city").is_first_distinct()),
    "struct field": lambda s, h: s.select(pl.struct("id", "amount").struct.field("^a.*$")),
    "struct with": lambda s, h: s.select(
        pl.struct("id", "amount").struct.with_fields(pl.field("id") * 2).struct.field("id")
    ),
    "struct unnest expr": lambda s, h: s.select(pl.struct("id", "amount").struct.unnest()),
    "struct rename": lambda s, h: s.select(
        pl.struct("id", "amount").struct.rename_fields(["b", "a"]).struct.field("a")
    ),
    "struct count": lambda s, h: s.select(pl.struct("id", "city").value_counts(sort=True)),
    "list sort": lambda s, h: s.select(c("tags").list.sort().list.join("-")),
    "list set": lambda s, h: s.select(c("tags").list.set_intersection(pl.concat_list("city"))),
    "list gather": lambda s, h: s.select(c("tags").list.gather([0], null_on_oob=True), "id"),
    "list agg": lambda s, h: s.select(c("tags").list.agg(pl.element().max())),
    "list filter": lambda s, h: s.select(c("tags").list.eval(pl.element().filter(pl.element() != "a"))),
    "list explode": lambda s, h: s.select(c("tags").explode()),
    "list explode2": lambda s, h: s.select(c("tags").list.explode().drop_nulls().len()),
    "explode filter": lambda s, h: s.explode("tags").filter(c("tags") == "a").select("city"),
    "explode cross": lambda s, h: s.explode("tags").group_by("tags").agg(c("amount").sum()),
    "top k by": lambda s, h: s.select(c("id").top_k_by(["amount", "id"], 2)),
    "bottom k": lambda s, h: s.select(c("id").bottom_k(2)),
    "arg sort": lambda s, h: s.select(c("id").gather(c("amount").arg_sort())),
    "arg where": lambda s, h: s.select(pl.arg_where(c("amount") > 2)),
    "arg_sort_by": lambda s, h: s.select(c("city").gather(pl.arg_sort_by("amount", "id"))),
    "get": lambda s, h: s.select(c("id").get(0)),
    "item": lambda s, h: s.select("id", x=c("amount").max() - c("amount").min()),
    "search": lambda s, h: s.select(c("amount").sort().search_sorted(c("id").max())),
    "diff": lambda s, h: s.select(c("id").diff()),
    "pct": lambda s, h: s.select(c("id").pct_change()),
    "ewm": lambda s, h: s.select(c("id").fill_null(0).ewm_mean(alpha=0.5)),
    "rle": lambda s, h: s.select(c("city").rle_id()),
    "rank": lambda s, h: s.select("id", c("amount").rank("ordinal")),
    "rank avg": lambda s, h: s.select("id", c("amount").rank("average")),
    "entropy": lambda s, h: s.select(c("amount").fill_null(1).entropy()),
    "corr": lambda s, h: s.select(pl.corr("id", "amount")),
    "cov": lambda s, h: s.select(pl.cov("id", "amount")),
    "dot": lambda s, h: s.select(c("id").dot("amount")),
    "skew": lambda s, h: s.select(c("amount").skew()),
    "mode": lambda s, h: s.select(c("city").mode().sort()),
    "unique counts": lambda s, h: s.select(c("city").unique_counts().sort()),
    "unique stable": lambda s, h: s.select(c("city").unique(maintain_order=True)),
    "hist": lambda s, h: s.select(c("amount").hist(bins=[0, 2, 4])),
    "cut": lambda s, h: s.select(c("amount").bin_intervals([2], labels=["x", "y"]).cast(pl.String)),
    "replace strict": lambda s, h: s.select(c("amount").replace_strict({1: "a", 2: "b"}, default=c("city"))),
    "repeat by": lambda s, h: s.select(c("city").repeat_by(c("amount").fill_null(0))),
    "extend": lambda s, h: s.select(c("id").append(c("amount"))),
    "extend const": lambda s, h: s.select(c("id").extend_constant(1, 2)),
    "reshape": lambda s, h: s.select(c("id").reshape((-1, 1))),
    "int range": lambda s, h: s.select(pl.int_range(pl.len()), "city"),
    "int ranges": lambda s, h: s.select(pl.int_ranges(0, c("amount").fill_null(0))),
    "lit series": lambda s, h: s.select("city").head(0).select(pl.lit(1)),
    "len over": lambda s, h: s.select("id", pl.len().over("city")),
    "count": lambda s, h: s.select(c("id").count()),
    "lf count": lambda s, h: s.count(),
    "lf max": lambda s, h: s.select("id", "amount").max(),
    "lf quantile": lambda s, h: s.select("id", "amount").quantile(0.5),
    "gather every": lambda s, h: s.gather_every(2).select("id"),
    "limit": lambda s, h: s.limit(1).select("city"),
    "last": lambda s, h: s.last().select("city"),
    "slice expr": lambda s, h: s.select(c("city").slice(1, 2)),
    "slice dyn": lambda s, h: s.select(c("city").head(c("id").max())),
    "interpolate lf": lambda s, h: s.select("id").interpolate(),
    "shift lf": lambda s, h: s.shift(c("amount").max().cast(pl.Int64)).select("id"),
    "reverse": lambda s, h: s.select("id", "city").reverse(),
    "set_sorted": lambda s, h: s.sort("id").set_sorted("id").select("id"),
    "cache": lambda s, h: s.cache().select("id"),
    "remove": lambda s, h: s.remove(c("amount") > 2).select("id"),
    "sql window": lambda s, h: s.sql("select id, sum(amount) over (partition by city) as x from self"),
    "sql distinct": lambda s, h: s.sql("select distinct on (city) city, id from self order by city, id"),
    "coalesce": lambda s, h: s.select(pl.coalesce("id", "amount", pl.lit(0))),
    "is_close": lambda s, h: s.select(c("id").is_close(c("amount"))),
    "is_between agg": lambda s, h: s.filter(c("id").is_between(c("amount").min(), c("amount").max())).select("city"),
    "filter len": lambda s, h: s.filter(pl.len().over("city") > 1).select("id"),
    "sum hor all": lambda s, h: s.select(pl.sum_horizontal(pl.selectors.numeric())),
    "null propag": lambda s, h: s.select(c("id").eq_missing(c("amount"))),
    "literal alone": lambda s, h: s.select(pl.lit(1), x=c("id").max()),
    "with lit frame": lambda s, h: s.join(pl.LazyFrame({"city": ["a", "b"], "w": [1, 2]}), on="city").select("id", "w"),
    "bitwise agg": lambda s, h: s.select(c("id").bitwise_and(), c("amount").bitwise_xor()),
    "all any": lambda s, h: s.select((c("id") > 1).all(), (c("amount") > 1).any()),
    "has nulls": lambda s, h: s.select(c("id").has_nulls()),
    "first nonnull": lambda s, h: s.select(c("id").drop_nulls().first()),
    "approx": lambda s, h: s.select(c("id").approx_n_unique()),
    "nan max": lambda s, h: s.select(c("id").cast(pl.Float64).nan_max()),
    "lower upper": lambda s, h: s.select(c("id").lower_bound()),
    "index_of": lambda s, h: s.select(c("id").index_of(2)),
    "min by": lambda s, h: s.select(c("id").min_by("amount")),
    "group having": lambda s, h: (
        s.group_by("city").agg(c("id").sum(), m=c("amount").max()).filter(c("m") > 1).select("id")
    ),
    "group head": lambda s, h: s.group_by("city", maintain_order=True).head(1).select("id"),
    "group all": lambda s, h: s.group_by("city").all().select(c("id").list.len()),
    "group n_unique": lambda s, h: s.group_by(c("city").is_null()).n_unique().select("amount"),
    "group struct key": lambda s, h: s.group_by(pl.struct("city", "id")).agg(c("amount").sum()).select("amount"),
    "group len": lambda s, h: s.group_by("city").len().select("len"),
    "group nested over": lambda s, h: s.group_by("city").agg((c("id") - c("id").min()).max()),
    "group mixed": lambda s, h: s.group_by("city").agg(c("id").max() + c("amount")),
    "group sort": lambda s, h: s.group_by("city").agg(c("id").sort()),
    "group rank": lambda s, h: s.group_by("city").agg(c("id").rank("dense")),
    "group filter in": lambda s, h: s.group_by("city").agg(c("id").is_in([1, 2])),
    "select agg list": lambda s, h: s.select(c("amount").implode().list.sort()),
    "match_to": lambda s, h: s.select("id", "city").match_to_schema({"id": pl.Int64, "city": pl.String}).select("id"),
    "map rows struct": lambda s, h: s.select(
        pl.struct("id", "amount").map_elements(lambda r: r["id"], return_dtype=pl.Int64)
    ),
    "pipe schema": lambda s, h: s.pipe_with_schema(
        lambda frame, sch: frame.select([n for n in sch if n.startswith("a")])
    ),
    "collect schema": lambda s, h: s.select([n for n, t in s.collect_schema().items() if t == pl.Int64]),
    "explain": lambda s, h: s.select("id" if "x" in s.explain() else "city"),
    "drop_nulls all": lambda s, h: s.drop_nulls().select("id"),
    "drop nans": lambda s, h: s.drop_nans().select("id"),
    "fill_null lf": lambda s, h: s.fill_null(strategy="max").select("id"),
    "with_row_index filter": lambda s, h: s.with_row_index().filter(c("index") % 2 == 0).select("city"),
    "select nothing": lambda s, h: s.select(pl.lit(1).repeat_by(pl.len()).explode()),
    "repeat": lambda s, h: s.select(pl.repeat(1, pl.len())),
    "str dynamic": lambda s, h: s.select(c("city").str.replace(c("city").max(), "z")),
    "str strip": lambda s, h: s.select(c("city").str.strip_chars(c("city").first())),
    "str len agg": lambda s, h: s.select("id", c("city").str.len_chars().max()),
    "clip agg": lambda s, h: s.select(c("id").clip(c("amount").min(), c("amount").max())),
    "dt": lambda s, h: s.select(pl.datetime(2024, c("amount").fill_null(1), 1).dt.month()),
    "duration": lambda s, h: s.select(pl.duration(days=c("amount")).dt.total_days()),
    "date range": lambda s, h: s.select(pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, c("amount").max()))),
    "pow": lambda s, h: s.select(c("id").pow(c("amount").fill_null(0).max())),
    "round": lambda s, h: s.select(c("id").truediv(c("amount").max()).round(1)),
    "nested when": lambda s, h: s.select(
        pl.when(c("id") > c("amount").mean()).then(pl.when(c("city") == "a").then(1)).otherwise(c("tags").list.len())
    ),
    "when agg": lambda s, h: s.select(pl.when(c("id").max() > 3).then(c("amount").sum()).otherwise(0)),
    "when multi": lambda s, h: s.select(pl.when(city="a").then(c("id"))),
}

PAIRS: dict[str, tuple[Make, Make]] = {
    "is_in": (
        lambda s, h: s.filter(c("id").is_in(LONG)).select("id"),
        lambda s, h: s.filter(c("id").is_in(OTHER)).select("id"),
    ),
    "is_in str": (
        lambda s, h: s.filter(c("city").is_in(TEXTS)).select("id"),
        lambda s, h: s.filter(c("city").is_in(OTHER_TEXTS)).select("id"),
    ),
    "is_in series": (
        lambda s, h: s.filter(c("id").is_in(pl.Series(LONG))).select("id"),
        lambda s, h: s.filter(c("id").is_in(pl.Series(OTHER))).select("id"),
    ),
    "lit series": (
        lambda s, h: s.select(pl.lit(pl.Series(LONG)).sum()),
        lambda s, h: s.select(pl.lit(pl.Series(OTHER)).sum()),
    ),
    "lit list": (lambda s, h: s.select(c("id"), x=pl.lit(LONG)), lambda s, h: s.select(c("id"), x=pl.lit(OTHER))),
    "lit longstr": (
        lambda s, h: s.select(c("id"), x=pl.lit("a" * 5000)),
        lambda s, h: s.select(c("id"), x=pl.lit("a" * 2500 + "b" + "a" * 2499)),
    ),
    "lit series str": (
        lambda s, h: s.select(pl.lit(pl.Series(["a" * 100])).first()),
        lambda s, h: s.select(pl.lit(pl.Series(["a" * 99 + "b"])).first()),
    ),
    "lit series short str": (
        lambda s, h: s.filter(c("city").is_in(["a" * 100])).select("id"),
        lambda s, h: s.filter(c("city").is_in(["a" * 99 + "b"])).select("id"),
    ),
    "replace": (
        lambda s, h: s.select(c("id").replace(dict(zip(LONG, LONG[::-1], strict=True)))),
        lambda s, h: s.select(c("id").replace(dict(zip(LONG, OTHER[::-1], strict=True)))),
    ),
    "replace_strict": (
        lambda s, h: s.select(c("id").replace_strict(dict(zip(LONG, LONG[::-1], strict=True)), default=None)),
        lambda s, h: s.select(c("id").replace_strict(dict(zip(LONG, OTHER[::-1], strict=True)), default=None)),
    ),
    "explode empty": (
        lambda s, h: s.explode("tags", empty_as_null=True),
        lambda s, h: s.explode("tags", empty_as_null=False),
    ),
    "explode nulls": (
        lambda s, h: s.explode("tags", keep_nulls=True),
        lambda s, h: s.explode("tags", keep_nulls=False),
    ),
    "frame": (
        lambda s, h: s.join(pl.LazyFrame({"city": ["a"], "w": [1]}), on="city"),
        lambda s, h: s.join(pl.LazyFrame({"city": ["a"], "w": [2]}), on="city"),
    ),
    "round": (lambda s, h: s.select((c("id") / 3).round(1)), lambda s, h: s.select((c("id") / 3).round(2))),
    "round mode": (
        lambda s, h: s.select((c("id") / 2).round(0, mode="half_to_even")),
        lambda s, h: s.select((c("id") / 2).round(0, mode="half_away_from_zero")),
    ),
    "std": (lambda s, h: s.select(c("id").std(0)), lambda s, h: s.select(c("id").std(1))),
    "quantile": (
        lambda s, h: s.select(c("id").quantile(0.5, "nearest")),
        lambda s, h: s.select(c("id").quantile(0.5, "linear")),
    ),
    "quantile2": (lambda s, h: s.select(c("id").quantile(0.5)), lambda s, h: s.select(c("id").quantile(0.9))),
    "cast": (
        lambda s, h: s.select(c("city").cast(pl.Int64, strict=False)),
        lambda s, h: s.select(c("city").cast(pl.Int64)),
    ),
    "cast wrap": (
        lambda s, h: s.select(c("id").cast(pl.Int8, wrap_numerical=True)),
        lambda s, h: s.select(c("id").cast(pl.Int8, strict=False)),
    ),
    "sort": (lambda s, h: s.sort("id").head(1), lambda s, h: s.sort("id", descending=True).head(1)),
    "sort nulls": (lambda s, h: s.sort("id", nulls_last=True).head(1), lambda s, h: s.sort("id").head(1)),
    "over strategy": (
        lambda s, h: s.select(c("id").over("city")),
        lambda s, h: s.select(c("id").over("city", mapping_strategy="explode")),
    ),
    "join nulls": (lambda s, h: s.join(h, on="city", nulls_equal=True), lambda s, h: s.join(h, on="city")),
    "join full": (
        lambda s, h: s.join(h, on="city", how="full", coalesce=True).select("city"),
        lambda s, h: s.join(h, on="city", how="left").select("city"),
    ),
    "join suf": (
        lambda s, h: s.join(h, on="city", how="left", coalesce=False).select(x="city"),
        lambda s, h: s.join(h, on="city", how="left", coalesce=False).select(x="city_right"),
    ),
    "unique keep": (
        lambda s, h: s.unique(subset="city", keep="first", maintain_order=True),
        lambda s, h: s.unique(subset="city", keep="last", maintain_order=True),
    ),
    "unique sub": (
        lambda s, h: s.unique(subset="city", keep="first"),
        lambda s, h: s.unique(subset="id", keep="first"),
    ),
    "rank": (lambda s, h: s.select(c("id").rank("min")), lambda s, h: s.select(c("id").rank("max"))),
    "rank d": (lambda s, h: s.select(c("id").rank("min")), lambda s, h: s.select(c("id").rank("min", descending=True))),
    "contains": (
        lambda s, h: s.select(c("city").str.contains("a.", literal=True)),
        lambda s, h: s.select(c("city").str.contains("a.")),
    ),
    "replace n": (
        lambda s, h: s.select(c("city").str.replace("a", "b")),
        lambda s, h: s.select(c("city").str.replace_all("a", "b")),
    ),
    "slice": (lambda s, h: s.select(c("city").str.slice(0, 1)), lambda s, h: s.select(c("city").str.slice(1, 1))),
    "split": (
        lambda s, h: s.select(c("city").str.split("a")),
        lambda s, h: s.select(c("city").str.split("a", inclusive=True)),
    ),
    "strptime": (
        lambda s, h: s.select(c("city").str.to_date("%Y-%m-%d", strict=False)),
        lambda s, h: s.select(c("city").str.to_date("%Y-%d-%m", strict=False)),
    ),
    "strptime exact": (
        lambda s, h: s.select(c("city").str.to_date("%Y-%m-%d", strict=False, exact=False)),
        lambda s, h: s.select(c("city").str.to_date("%Y-%m-%d", strict=False)),
    ),
    "struct": (
        lambda s, h: s.select(pl.struct(a="id", b="amount")),
        lambda s, h: s.select(pl.struct(b="id", a="amount").alias("a")),
    ),
    "struct field": (
        lambda s, h: s.select(pl.struct("id", "amount").struct.field("id").alias("x")),
        lambda s, h: s.select(pl.struct("id", "amount").struct.field("amount").alias("x")),
    ),
    "json": (
        lambda s, h: s.select(pl.struct(a="id").struct.json_encode().alias("x")),
        lambda s, h: s.select(pl.struct(b="id").struct.json_encode().alias("x")),
    ),
    "sum vs": (lambda s, h: s.select(c("id").sum()), lambda s, h: s.select(c("id").min())),
    "count": (lambda s, h: s.select(c("id").count()), lambda s, h: s.select(c("id").len())),
    "min nan": (
        lambda s, h: s.select(c("id").cast(pl.Float64).nan_min()),
        lambda s, h: s.select(c("id").cast(pl.Float64).min()),
    ),
    "lit": (lambda s, h: s.select(x=pl.lit("1") + c("city")), lambda s, h: s.select(x=pl.lit("2") + c("city"))),
    "lit date": (
        lambda s, h: s.select(x=pl.lit(date(2024, 1, 1)), y=c("id")),
        lambda s, h: s.select(x=pl.lit(date(2024, 1, 2)), y="id"),
    ),
    "lit dt": (
        lambda s, h: s.select(x=pl.lit(datetime(2024, 1, 1, 0, 0, 0, 1)), y=c("id")),
        lambda s, h: s.select(x=pl.lit(datetime(2024, 1, 1, 0, 0, 0, 2)), y="id"),
    ),
    "lit bytes": (
        lambda s, h: s.select(x=pl.lit(b"a" * 200), y=c("id")),
        lambda s, h: s.select(x=pl.lit(b"a" * 199 + b"b"), y="id"),
    ),
    "lit dec": (
        lambda s, h: s.select(x=pl.lit(Decimal("1.10")), y=c("id")),
        lambda s, h: s.select(x=pl.lit(Decimal("1.11")), y="id"),
    ),
    "lit float": (
        lambda s, h: s.select(x=pl.lit(0.1), y=c("id")),
        lambda s, h: s.select(x=pl.lit(0.1000000000000001), y="id"),
    ),
    "lit negz": (lambda s, h: s.select(x=pl.lit(0.0), y=c("id")), lambda s, h: s.select(x=pl.lit(-0.0), y="id")),
    "lit struct": (
        lambda s, h: s.select(x=pl.lit({"a": 1}), y=c("id")),
        lambda s, h: s.select(x=pl.lit({"a": 2}), y="id"),
    ),
    "coalesce": (
        lambda s, h: s.select(x=pl.coalesce("id", "amount")),
        lambda s, h: s.select(x=pl.coalesce("amount", "id")),
    ),
    "concat_str": (
        lambda s, h: s.select(x=pl.concat_str("city", "city", separator="-")),
        lambda s, h: s.select(x=pl.concat_str("city", "city", separator="+")),
    ),
    "concat_str n": (
        lambda s, h: s.select(x=pl.concat_str("city", "city", ignore_nulls=True)),
        lambda s, h: s.select(x=pl.concat_str("city", "city")),
    ),
    "concat": (
        lambda s, h: pl.concat([s.select("city"), h.select("city")]),
        lambda s, h: pl.concat([h.select("city"), s.select("city")]),
    ),
    "sum_h": (
        lambda s, h: s.select(x=pl.sum_horizontal("id", "amount", ignore_nulls=False)),
        lambda s, h: s.select(x=pl.sum_horizontal("id", "amount")),
    ),
    "clip": (lambda s, h: s.select(c("id").clip(1, None)), lambda s, h: s.select(c("id").clip(None, 1))),
    "between": (
        lambda s, h: s.select(c("id").is_between(1, 3, closed="left")),
        lambda s, h: s.select(c("id").is_between(1, 3)),
    ),
    "fill": (
        lambda s, h: s.select(c("id").fill_null(strategy="min")),
        lambda s, h: s.select(c("id").fill_null(strategy="max")),
    ),
    "map": (
        lambda s, h: s.select(c("id").map_elements(lambda v: v + len(str(v)), return_dtype=pl.Int64)),
        lambda s, h: s.select(c("id").map_elements(lambda v: v - len(str(v)), return_dtype=pl.Int64)),
    ),
    "map b": (
        lambda s, h: s.select(c("id").map_batches(lambda v: v + 1, return_dtype=pl.Int64)),
        lambda s, h: s.select(c("id").map_batches(lambda v: v + 2, return_dtype=pl.Int64)),
    ),
    "map lf": (lambda s, h: s.map_batches(lambda d: d.head(1)), lambda s, h: s.map_batches(lambda d: d.head(2))),
    "list eval": (
        lambda s, h: s.select(c("tags").list.eval(pl.element() + "a")),
        lambda s, h: s.select(c("tags").list.eval(pl.element() + "b")),
    ),
    "list sort": (
        lambda s, h: s.select(c("tags").list.sort()),
        lambda s, h: s.select(c("tags").list.sort(descending=True)),
    ),
    "list get": (
        lambda s, h: s.select(c("tags").list.get(0, null_on_oob=True)),
        lambda s, h: s.select(c("tags").list.get(0)),
    ),
    "dt": (
        lambda s, h: s.select(pl.from_epoch("id").dt.offset_by("1d")),
        lambda s, h: s.select(pl.from_epoch("id").dt.offset_by("2d")),
    ),
    "epoch": (lambda s, h: s.select(pl.from_epoch("id", "s")), lambda s, h: s.select(pl.from_epoch("id", "ms"))),
    "dt format": (
        lambda s, h: s.select(pl.from_epoch("id").dt.strftime("%Y")),
        lambda s, h: s.select(pl.from_epoch("id").dt.strftime("%m")),
    ),
    "holidays": (
        lambda s, h: s.select(
            pl.business_day_count(pl.from_epoch("id").dt.date(), pl.date(2024, 1, 1), holidays=[date(1970, 1, 1)])
        ),
        lambda s, h: s.select(
            pl.business_day_count(pl.from_epoch("id").dt.date(), pl.date(2024, 1, 1), holidays=[date(1970, 1, 2)])
        ),
    ),
    "tz": (
        lambda s, h: s.select(pl.from_epoch("id").dt.replace_time_zone("Europe/Rome")),
        lambda s, h: s.select(
            pl.from_epoch("id").dt.replace_time_zone("Europe/Moscow").dt.replace_time_zone("Europe/Rome")
        ),
    ),
    "group filter": (
        lambda s, h: s.group_by("city").agg(c("id").filter(c("amount") > 1).sum()),
        lambda s, h: s.group_by("city").agg(c("id").filter(c("amount") > 2).sum()),
    ),
    "group maintain": (
        lambda s, h: s.group_by("city", maintain_order=True).agg(c("id").sum()).head(1),
        lambda s, h: s.group_by("city").agg(c("id").sum()).head(1),
    ),
    "hash seed": (lambda s, h: s.select(c("id").hash(1)), lambda s, h: s.select(c("id").hash(2))),
    "pow": (lambda s, h: s.select(c("id") ** 2), lambda s, h: s.select(c("id") ** 3)),
    "log": (lambda s, h: s.select(c("id").log(2)), lambda s, h: s.select(c("id").log(10))),
    "shift": (lambda s, h: s.select(c("id").shift(1)), lambda s, h: s.select(c("id").shift(2))),
    "shift fill": (
        lambda s, h: s.select(c("id").shift(1, fill_value=0)),
        lambda s, h: s.select(c("id").shift(1, fill_value=9)),
    ),
    "sample": (lambda s, h: s.select(c("id").sample(2, seed=1)), lambda s, h: s.select(c("id").sample(2, seed=2))),
    "unpivot": (
        lambda s, h: s.unpivot(on=["id", "amount"], index="city"),
        lambda s, h: s.unpivot(on=["amount", "id"], index="city"),
    ),
    "row index": (lambda s, h: s.with_row_index("n"), lambda s, h: s.with_row_index("n", offset=5)),
    "top k": (lambda s, h: s.top_k(1, by="id"), lambda s, h: s.bottom_k(1, by="id")),
    "sort by": (
        lambda s, h: s.select(c("city").sort_by("id", "amount")),
        lambda s, h: s.select(c("city").sort_by("amount", "id")),
    ),
    "asof": (
        lambda s, h: s.sort("amount").join_asof(h.sort("size"), left_on="amount", right_on="size"),
        lambda s, h: s.sort("amount").join_asof(h.sort("size"), left_on="amount", right_on="size", strategy="forward"),
    ),
    "cut labels": (
        lambda s, h: s.select(c("id").bin_intervals([1], labels=["a", "b"]).cast(pl.String)),
        lambda s, h: s.select(c("id").bin_intervals([1], labels=["a", "c"]).cast(pl.String)),
    ),
    "enum": (
        lambda s, h: s.select(c("city").cast(pl.Enum([str(i) for i in range(50)]), strict=False)),
        lambda s, h: s.select(c("city").cast(pl.Enum([str(i) for i in range(49)] + ["x"]), strict=False)),
    ),
    "extract many": (
        lambda s, h: s.select(c("city").str.extract_many(TEXTS[1:])),
        lambda s, h: s.select(c("city").str.extract_many(OTHER_TEXTS[1:])),
    ),
    "replace many": (
        lambda s, h: s.select(c("city").str.replace_many(TEXTS[1:], TEXTS[1:])),
        lambda s, h: s.select(c("city").str.replace_many(TEXTS[1:], OTHER_TEXTS[1:])),
    ),
    "json decode": (
        lambda s, h: s.select(
            c("city").str.json_decode(pl.Struct({f"f{i}": pl.Int64 for i in range(40)})).struct.field("f0").alias("x")
        ),
        lambda s, h: s.select(
            c("city")
            .str.json_decode(pl.Struct({"f0": pl.Float64, **{f"f{i}": pl.Int64 for i in range(1, 40)}}))
            .struct.field("f0")
            .cast(pl.Int64)
            .alias("x")
        ),
    ),
    "interp": (
        lambda s, h: s.select(c("id").interpolate("nearest")),
        lambda s, h: s.select(c("id").interpolate("linear").cast(pl.Int64)),
    ),
    "ewm": (lambda s, h: s.select(c("id").ewm_mean(alpha=0.5)), lambda s, h: s.select(c("id").ewm_mean(alpha=0.6))),
    "rolling": (lambda s, h: s.select(c("id").rolling_sum(2)), lambda s, h: s.select(c("id").rolling_sum(3))),
    "rolling w": (
        lambda s, h: s.select(c("id").rolling_mean(2, weights=[0.5, 1])),
        lambda s, h: s.select(c("id").rolling_mean(2, weights=[1, 0.5])),
    ),
    "search": (
        lambda s, h: s.select(c("id").search_sorted(1, "left")),
        lambda s, h: s.select(c("id").search_sorted(1, "right")),
    ),
    "gather": (lambda s, h: s.select(c("id").gather([0, 1])), lambda s, h: s.select(c("id").gather([1, 0]))),
    "gather long": (
        lambda s, h: s.select(c("id").gather(LONG)),
        lambda s, h: s.select(c("id").gather([*LONG[:50], 3, *LONG[51:]])),
    ),
    "when": (
        lambda s, h: s.select(x=pl.when(c("id") > 1).then("amount").otherwise("id")),
        lambda s, h: s.select(x=pl.when(c("id") > 1).then("id").otherwise("amount")),
    ),
    "sub": (lambda s, h: s.select(x=c("id") - c("amount")), lambda s, h: s.select(x=c("amount") - c("id"))),
    "filter lit": (
        lambda s, h: s.filter(pl.Series([True] * 4)).select("id"),
        lambda s, h: s.filter(pl.Series([False] * 4)).select("id"),
    ),
    "json dec": (
        lambda s, h: s.select(c("city").str.json_decode(pl.Int8).cast(pl.Int64)),
        lambda s, h: s.select(c("city").str.json_decode(pl.Int64).cast(pl.Int64)),
    ),
    "to int": (
        lambda s, h: s.select(c("city").str.to_integer(dtype=pl.Int8, strict=False).cast(pl.Int64)),
        lambda s, h: s.select(c("city").str.to_integer(strict=False).cast(pl.Int64)),
    ),
    "to int base": (
        lambda s, h: s.select(c("city").str.to_integer(base=16)),
        lambda s, h: s.select(c("city").str.to_integer()),
    ),
    "strp unit": (
        lambda s, h: s.select(c("city").str.to_datetime("%Y", time_unit="ms").cast(pl.Int64)),
        lambda s, h: s.select(c("city").str.to_datetime("%Y", time_unit="us").cast(pl.Int64)),
    ),
    "struct swap": (
        lambda s, h: s.select(pl.struct(a="id", b="amount").struct.field("a")),
        lambda s, h: s.select(pl.struct(b="id", a="amount").struct.field("a")),
    ),
    "struct rename": (
        lambda s, h: s.select(pl.struct("id").struct.rename_fields(["a"]).struct.json_encode()),
        lambda s, h: s.select(pl.struct("id").struct.rename_fields(["b"]).struct.json_encode()),
    ),
    "struct with": (
        lambda s, h: s.select(pl.struct("id").struct.with_fields(a=pl.field("id") * 2).struct.json_encode()),
        lambda s, h: s.select(pl.struct("id").struct.with_fields(a=pl.field("id") * 3).struct.json_encode()),
    ),
    "struct name": (
        lambda s, h: s.select(pl.struct("id").name.prefix_fields("x").struct.json_encode()),
        lambda s, h: s.select(pl.struct("id").name.prefix_fields("y").struct.json_encode()),
    ),
    "reinterpret": (
        lambda s, h: s.select(c("id").reinterpret(signed=False).cast(pl.Float64)),
        lambda s, h: s.select(c("id").reinterpret(signed=True).cast(pl.Float64)),
    ),
    "list struct": (
        lambda s, h: s.select(c("tags").list.to_struct(fields=["a", "b"]).struct.json_encode()),
        lambda s, h: s.select(c("tags").list.to_struct(fields=["a", "c"]).struct.json_encode()),
    ),
    "rstrict": (
        lambda s, h: s.select(c("id").replace_strict({1: 2}, default=None, return_dtype=pl.Int8).cast(pl.Int64)),
        lambda s, h: s.select(c("id").replace_strict({1: 2}, default=None, return_dtype=pl.Int64).cast(pl.Int64)),
    ),
    "ts": (
        lambda s, h: s.select(pl.from_epoch("id").dt.timestamp("ms")),
        lambda s, h: s.select(pl.from_epoch("id").dt.timestamp("us")),
    ),
    "trunc": (
        lambda s, h: s.select(pl.from_epoch("id").dt.truncate("1h")),
        lambda s, h: s.select(pl.from_epoch("id").dt.truncate("1d")),
    ),
    "trunc2": (
        lambda s, h: s.select(pl.from_epoch("id").dt.round("1h")),
        lambda s, h: s.select(pl.from_epoch("id").dt.round("1d")),
    ),
    "weekday": (
        lambda s, h: s.select(pl.business_day_count(pl.from_epoch("id").dt.date(), pl.date(2024, 1, 1))),
        lambda s, h: s.select(
            pl.business_day_count(pl.from_epoch("id").dt.date(), pl.date(2024, 1, 1), week_mask=(True,) * 7)
        ),
    ),
    "strip": (
        lambda s, h: s.select(c("city").str.strip_chars("a")),
        lambda s, h: s.select(c("city").str.strip_chars("b")),
    ),
    "pad": (
        lambda s, h: s.select(c("city").str.pad_start(5, "a")),
        lambda s, h: s.select(c("city").str.pad_start(5, "b")),
    ),
    "extract": (
        lambda s, h: s.select(c("city").str.extract("(a)(b)", 1)),
        lambda s, h: s.select(c("city").str.extract("(a)(b)", 2)),
    ),
    "count m": (
        lambda s, h: s.select(c("city").str.count_matches("a.")),
        lambda s, h: s.select(c("city").str.count_matches("a.", literal=True)),
    ),
    "starts": (
        lambda s, h: s.select(c("city").str.starts_with("a")),
        lambda s, h: s.select(c("city").str.ends_with("a")),
    ),
    "contains strict": (
        lambda s, h: s.select(c("city").str.contains_any(["a"])),
        lambda s, h: s.select(c("city").str.contains_any(["a"], ascii_case_insensitive=True)),
    ),
    "normalize": (
        lambda s, h: s.select(c("city").str.normalize("NFC")),
        lambda s, h: s.select(c("city").str.normalize("NFKC")),
    ),
    "splitn": (
        lambda s, h: s.select(c("city").str.splitn("a", 2).struct.field("field_0")),
        lambda s, h: s.select(c("city").str.splitn("a", 3).struct.field("field_0")),
    ),
    "is_close": (
        lambda s, h: s.select(c("id").is_close(c("amount"), abs_tol=1)),
        lambda s, h: s.select(c("id").is_close(c("amount"), abs_tol=0)),
    ),
    "isin nulls": (
        lambda s, h: s.select(c("id").is_in([1, None], nulls_equal=True)),
        lambda s, h: s.select(c("id").is_in([1, None])),
    ),
    "corr": (
        lambda s, h: s.select(pl.corr("id", "amount")),
        lambda s, h: s.select(pl.corr("id", "amount", method="spearman")),
    ),
    "cov ddof": (lambda s, h: s.select(pl.cov("id", "amount")), lambda s, h: s.select(pl.cov("id", "amount", ddof=0))),
    "skew": (lambda s, h: s.select(c("id").skew()), lambda s, h: s.select(c("id").skew(bias=False))),
    "any": (lambda s, h: s.select((c("id") > 1).any()), lambda s, h: s.select((c("id") > 1).any(ignore_nulls=False))),
    "any_h": (
        lambda s, h: s.select(x=pl.any_horizontal(c("id") > 1, c("amount") > 1)),
        lambda s, h: s.select(x=pl.all_horizontal(c("id") > 1, c("amount") > 1)),
    ),
    "mean_h": (
        lambda s, h: s.select(x=pl.mean_horizontal("id", "amount", ignore_nulls=False)),
        lambda s, h: s.select(x=pl.mean_horizontal("id", "amount")),
    ),
    "list join": (
        lambda s, h: s.select(c("tags").list.join("-", ignore_nulls=False)),
        lambda s, h: s.select(c("tags").list.join("-")),
    ),
    "n_unique": (lambda s, h: s.select(c("id").n_unique()), lambda s, h: s.select(c("id").approx_n_unique())),
    "entropy": (lambda s, h: s.select(c("id").entropy(2)), lambda s, h: s.select(c("id").entropy(10))),
    "filter nested": (
        lambda s, h: s.filter(c("id") > 1, c("amount") > 1),
        lambda s, h: s.filter((c("id") > 1) | (c("amount") > 1)),
    ),
    "cross": (lambda s, h: s.join(h, how="cross").select("id"), lambda s, h: s.select("id")),
    "concat dedup": (lambda s, h: pl.concat([s.select("id"), s.select("id")]), lambda s, h: s.select("id")),
}
