"""Whether a query gives its rows an order, and whether its answer depends on the order of the rows it reads.

Both are asked of the canonical text, and answered yes when in doubt: that costs a cutoff, never a wrong skip.
"""

from __future__ import annotations

import re

SETS = '"orders":['
READS = (
    '"type":"LIMIT_MODIFIER"',
    '"type":"LIMIT_PERCENT_MODIFIER"',
    '"distinct_on_targets":[',
    '"class":"WINDOW"',
    '"ref_type":"POSITIONAL"',
    '"ref_type":"ASOF"',
    '"sample":{',
    '"rowid"',
    '"class":"COLLATE"',
    '"show_type":"SUMMARY"',
    '"key_targets":[',
)
FUNCTIONS = (
    "first", "last", "any_value", "arbitrary", "list", "array_agg", "string_agg", "group_concat", "listagg", "mode",
    "arg_min", "arg_max", "argmin", "argmax", "min_by", "max_by", "arg_min_null", "arg_max_null", "arg_min_nulls_last",
    "arg_max_nulls_last", "reservoir_quantile", "approx_quantile", "approx_top_k", "json_group_array",
    "json_group_object", "json_group_structure", "variant_group_array", "variant_group_object", "lttb", "query",
)  # fmt: skip
"""Aggregates whose answer depends on which row comes first."""
_CALLED = re.compile(f'"function_name":"(?:{"|".join(FUNCTIONS)})"')


def sets_order(canonical: str) -> bool:
    """True for a query with ORDER BY: the order of its rows is part of what it says."""
    return SETS in canonical


def reads_order(canonical: str) -> bool:
    """True when the same rows in another order could give another answer."""
    return any(mark in canonical for mark in READS) or _CALLED.search(canonical) is not None
