"""JSON of many values is what Python's own `json` reads and writes, to the letter: hashes are taken of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetflow.long_json import compact, parse

TEXT = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(["\x7f", "\ud800", "données/é.csv", "\u2028"])
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(TEXT, inner),
)


@given(PLAIN)
def test_compact_is_what_python_writes(value: object) -> None:
    assert compact(value) == json.dumps(value, separators=(",", ":"))


@given(PLAIN | st.floats(allow_nan=False) | st.integers(min_value=10**300))
def test_parse_is_what_python_reads(value: object) -> None:
    text = json.dumps(value)
    assert parse(text) == json.loads(text)


def test_what_is_no_json_is_refused_as_python_refuses_it() -> None:
    with pytest.raises(json.JSONDecodeError):
        parse('{"files": [')
