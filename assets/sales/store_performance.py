"""Revenue, households and baskets of each store."""

import pyarrow as pa
import pyarrow.compute as pc

from assetflow import asset


@asset(
    description="Which stores earn the most, and is it from many visits or from large ones? "
    "Stores are ranked by what they receive; rank 1 is the largest.",
    tags=["nightly", "report"],
    owner="sales@shop.example",
    unique_key=["store_id"],
    checks=[{"unique": ["store_id"]}, {"unique": ["rank"]}, {"not_null": ["revenue", "households"]}, "revenue >= 0"],
)
def store_performance(baskets: pa.Table) -> pa.Table:
    stores = baskets.group_by("store_id").aggregate(
        [("basket_id", "count"), ("household_id", "count_distinct"), ("revenue", "sum"), ("has_fuel", "any")]
    )
    stores = stores.sort_by([("revenue_sum", "descending"), ("store_id", "ascending")])
    revenue = pc.cast(stores["revenue_sum"], pa.float64())
    return pa.table(
        {
            "rank": pa.array(range(1, len(stores) + 1), pa.int64()),
            "store_id": stores["store_id"],
            "baskets": stores["basket_id_count"],
            "households": stores["household_id_count_distinct"],
            "revenue": pc.cast(stores["revenue_sum"], pa.decimal128(12, 2)),
            "revenue_per_basket": pc.divide(revenue, pc.cast(stores["basket_id_count"], pa.float64())),
            "sells_fuel": stores["has_fuel_any"],
        }
    )
