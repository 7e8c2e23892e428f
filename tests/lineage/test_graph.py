"""The graph answers what an analyst would ask of it, in the same words each time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.errors import DefinitionError
from assetflow.lineage.graph import Graph

SHOP = Graph.of(
    {
        "sales": ["transactions", "products"],
        "sales_by_week": ["sales"],
        "big_customers": ["sales", "households"],
        "campaign_lift": ["big_customers", "sales_by_week"],
    }
)

# A law does not depend on how busy the machine is.
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = "abcdefgh"
ANY_GRAPH = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3)).map(Graph.of)
WITHOUT_CIRCLE = st.permutations(NAMES).flatmap(
    lambda names: st.tuples(
        *(st.lists(st.sampled_from(names[:at]), max_size=3) if at else st.just([]) for at in range(8))
    ).map(lambda reads: Graph.of(dict(zip(names, reads, strict=True))))
)


def test_who_is_only_an_upstream_belongs_to_the_graph_too() -> None:
    assert SHOP.names == (
        "big_customers", "campaign_lift", "households", "products", "sales", "sales_by_week", "transactions",
    )  # fmt: skip
    assert "transactions" in SHOP
    assert "orders" not in SHOP


def test_neighbours_are_sorted_and_counted_once() -> None:
    graph = Graph.of({"a": ["c", "b", "c"], "d": ["b"]})
    assert graph.upstreams("a") == ("b", "c")
    assert graph.downstreams("b") == ("a", "d")
    assert graph.upstreams("b") == ()
    assert graph.edges == (("b", "a"), ("b", "d"), ("c", "a"))


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        SHOP.upstreams("slaes")


def test_ancestors_and_descendants_go_as_far_as_asked() -> None:
    assert SHOP.ancestors(["sales"]) == {"products", "transactions"}
    assert SHOP.ancestors(["campaign_lift"], depth=1) == {"big_customers", "sales_by_week"}
    assert SHOP.descendants(["sales"], depth=1) == {"big_customers", "sales_by_week"}
    assert SHOP.descendants(["sales"], depth=0) == frozenset()
    assert SHOP.descendants(["transactions"]) == {"sales", "sales_by_week", "big_customers", "campaign_lift"}


def test_the_names_themselves_are_left_out_even_where_one_is_above_the_other() -> None:
    assert SHOP.ancestors(["sales_by_week", "sales"]) == {"products", "transactions"}


def test_order_puts_upstreams_first_and_then_goes_by_name() -> None:
    assert Graph.of({"b": ["z"], "a": ["b"], "c": []}).order == ("c", "z", "b", "a")


def test_a_part_of_a_graph_keeps_the_direct_edges_only() -> None:
    part = SHOP.only(["transactions", "sales", "campaign_lift"])
    assert part.names == ("campaign_lift", "sales", "transactions")
    assert part.edges == (("transactions", "sales"),)


@pytest.mark.parametrize(
    ("upstreams", "cycle"),
    [
        ({"a": ["b"], "b": ["c"]}, None),
        ({"a": ["a"]}, ("a", "a")),
        ({"a": ["b"], "b": ["a"]}, ("a", "b", "a")),
        ({"a": ["c"], "b": ["a"], "c": ["b"]}, ("a", "b", "c", "a")),
        ({"far": ["x"], "x": ["y"], "y": ["x"], "above": [], "y2": ["above"]}, ("x", "y", "x")),
        # Of two circles through a, the shorter one.
        ({"a": ["d", "e"], "b": ["a"], "c": ["b"], "d": ["c"], "e": ["a"]}, ("a", "e", "a")),
    ],
)
def test_a_circle_is_shown_in_the_direction_of_the_data(
    upstreams: dict[str, list[str]], cycle: tuple[str, ...] | None
) -> None:
    assert Graph.of(upstreams).cycle() == cycle


def test_the_order_of_a_circle_is_an_error_that_shows_it() -> None:
    with pytest.raises(DefinitionError, match="a -> b -> a"):
        _ = Graph.of({"a": ["b"], "b": ["a"], "c": []}).order


def test_long_chains_are_no_trouble() -> None:
    chain = Graph.of({f"n{at:05d}": [f"n{at - 1:05d}"] for at in range(1, 20_000)})
    assert chain.order == chain.names
    assert len(chain.descendants(["n00000"])) == 19_999
    assert Graph.of({**dict.fromkeys(chain.names, ()), "n00000": ["n00000"]}).cycle() == ("n00000", "n00000")


@given(WITHOUT_CIRCLE)
@LAW
def test_the_order_is_the_first_by_name_of_all_that_put_upstreams_first(graph: Graph) -> None:
    left = set(graph.names)
    for name in graph.order:
        assert name == min(candidate for candidate in left if left.isdisjoint(graph.upstreams(candidate)))
        left.remove(name)
    assert not left


@given(ANY_GRAPH)
@LAW
def test_either_there_is_an_order_or_a_real_circle(graph: Graph) -> None:
    cycle = graph.cycle()
    if cycle is None:
        assert sorted(graph.order) == list(graph.names)
    else:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(pair in graph.edges for pair in pairwise(cycle))


@given(ANY_GRAPH, st.sampled_from(NAMES), st.integers(0, 4))
@LAW
def test_one_more_step_reaches_the_neighbours_of_what_was_reached(graph: Graph, name: str, depth: int) -> None:
    if name not in graph:
        return
    near = graph.ancestors([name], depth) | {name}
    neighbours = {upstream for reached in near for upstream in graph.upstreams(reached)}
    assert graph.ancestors([name], depth + 1) == (near | neighbours) - {name}
    assert graph.ancestors([name]) == graph.ancestors([name], len(NAMES))


@given(ANY_GRAPH)
@LAW
def test_descendants_are_ancestors_seen_from_below(graph: Graph) -> None:
    for name in graph.names:
        assert graph.descendants([name]) == {other for other in graph.names if name in graph.ancestors([other])} - {
            name
        }


@given(ANY_GRAPH)
@LAW
def test_edges_tell_the_whole_graph(graph: Graph) -> None:
    again = Graph.of({name: [read for read, reader in graph.edges if reader == name] for name in graph.names})
    assert again.edges == graph.edges
    assert list(graph.edges) == sorted(set(graph.edges))
    assert graph.only(graph.names).edges == graph.edges
