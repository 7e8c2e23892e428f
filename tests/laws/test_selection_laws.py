"""Laws of selecting: set algebra, the graph both ways, and an answer or a SelectionError for any text at all."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assetflow.errors import SelectionError
from assetflow.lineage.graph import Graph
from assetflow.planning.grammar import (
    METHODS,
    And,
    Closure,
    Match,
    Not,
    Or,
    Place,
    Reach,
    Selection,
    parse,
    written,
)
from assetflow.planning.selection import Candidate, select

# A law does not depend on how busy the machine is.
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = "abcdefgh"
KINDS = ("sql", "python", "source")
TAGS = ("red", "blue", "green")


@st.composite
def projects(draw: st.DrawFn) -> tuple[list[Candidate], Graph]:
    """Eight assets that read earlier ones; each kind and tag is on somebody, so that each can be asked for."""
    reads = {
        name: draw(st.sets(st.sampled_from(NAMES[:at]), max_size=3)) if at else set() for at, name in enumerate(NAMES)
    }
    tags = {name: draw(st.sets(st.sampled_from(TAGS))) | {TAGS[at % 3]} for at, name in enumerate(NAMES)}
    kinds = {name: KINDS[at % 3] for at, name in enumerate(NAMES)}
    states = {name: draw(st.frozensets(st.sampled_from(["stale", "fresh", "new"]))) for name in NAMES}
    candidates = [
        Candidate(name, kinds[name], group=f"g{at % 2}", tags=tuple(tags[name]), states=states[name])
        for at, name in enumerate(NAMES)
    ]
    return candidates, Graph.of(reads)


ATOMS = st.sampled_from(
    [*NAMES, *(f"tag:{tag}" for tag in TAGS), *(f"kind:{kind}" for kind in KINDS), "g0", "g1", "state:stale"]
)
STEPS = st.none() | st.integers(0, 3)


def selections() -> st.SearchStrategy[str]:
    def larger(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.builds("({})+{}".format, smaller, st.integers(0, 3)),
            st.builds("{}+({})".format, st.integers(0, 3), smaller),
            st.builds("+({})+".format, smaller),
            st.builds("@({})".format, smaller),
            st.builds("not ({})".format, smaller),
            st.builds("({}),({})".format, smaller, smaller),
            st.builds("({}) or ({})".format, smaller, smaller),
            st.builds("{} {}".format, smaller, smaller),
        )

    return st.recursive(ATOMS, larger, max_leaves=6)


def meant(text: str, project: tuple[list[Candidate], Graph], *, without: tuple[str, ...] = ()) -> frozenset[str]:
    """What is selected; nothing is the empty set here, since `state:fresh` in an exclude allows it."""
    candidates, graph = project
    return select([text], [*without, "state:failed"], candidates, graph)


@given(projects(), selections())
@LAW
def test_both_ways_is_up_and_down_and_itself(project: tuple[list[Candidate], Graph], text: str) -> None:
    up, down, itself = (meant(form.format(text), project) for form in ("+({})", "({})+", "{}"))
    assert meant(f"+({text})+", project) == up | down | itself
    assert itself <= up & down


@given(projects(), selections())
@LAW
def test_steps_add_up(project: tuple[list[Candidate], Graph], text: str) -> None:
    assert meant(f"(({text})+1)+2", project) == meant(f"({text})+3", project)
    assert meant(f"2+(1+({text}))", project) == meant(f"3+({text})", project)
    assert meant(f"0+({text})+0", project) == meant(text, project)
    assert meant(f"8+({text})+8", project) == meant(f"+({text})+", project)


@given(projects(), selections())
@LAW
def test_at_is_everything_needed_to_make_all_downstream(project: tuple[list[Candidate], Graph], text: str) -> None:
    assert meant(f"@({text})", project) == meant(f"+(({text})+)", project)


@given(projects(), selections(), selections())
@LAW
def test_selections_are_set_algebra(project: tuple[list[Candidate], Graph], left: str, right: str) -> None:
    everything = frozenset(NAMES)
    a, b = meant(left, project), meant(right, project)
    assert meant(f"({left}) or ({right})", project) == meant(f"({left}) ({right})", project) == a | b
    assert meant(f"({left}),({right})", project) == meant(f"({left}) and ({right})", project) == a & b
    assert meant(f"not ({left})", project) == everything - a
    assert meant(left, project, without=(right,)) == meant(f"({left}) and not ({right})", project) == a - b
    candidates, graph = project
    assert select([left, right], ["state:failed"], candidates, graph) == a | b


@given(projects(), selections(), selections(), selections())
@LAW
def test_not_binds_tighter_than_and_which_binds_tighter_than_or(
    project: tuple[list[Candidate], Graph], a: str, b: str, c: str
) -> None:
    flat = f"({a}) ({b}),not ({c})"
    assert meant(flat, project) == meant(a, project) | (meant(b, project) - meant(c, project))


# Printing -------------------------------------------------------------------------------------------------------------

NOWHERE = Place("", "", 0, 0)
MATCHES = st.builds(Match, st.sampled_from(["", *METHODS]), st.text(min_size=1, max_size=6), st.just(NOWHERE))
TREES: st.SearchStrategy[Selection] = st.recursive(
    MATCHES,
    lambda tree: st.one_of(
        st.builds(Reach, tree, STEPS, STEPS).filter(lambda reach: not reach.up == reach.down == 0),
        st.builds(Closure, tree),
        st.builds(Not, tree),
        st.lists(tree, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(tree, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=12,
)


@given(TREES)
@example(Match("column", "//", NOWHERE))
@settings(LAW, max_examples=300)
def test_what_is_printed_reads_back_the_same(tree: Selection) -> None:
    assert parse(str(tree)) == tree


@given(selections())
@LAW
def test_what_was_read_and_printed_reads_back_the_same(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)


@given(st.text(min_size=1))
@example("not")
@example("2")
@example("it's")
@example('say "hi"')
@example("tag:nightly")
@example("data/x y+1.csv")
@LAW
def test_any_name_can_be_written_and_selected(name: str) -> None:
    assert select([written(name)], [], [Candidate(name, "source"), Candidate("other" + name, "sql")], Graph.of({})) == {
        name
    }


# Any text -------------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *"abc()+@,:*?[]!-\"'./\\ \t\n",
        "not ",
        " and ",
        " or ",
        "2+",
        "+3",
        "tag:",
        "column:a.",
        "state:",
        "path:",
        "g0",
        "a b",
        "ß",
        "\0",
    ]
)
SHOP = [
    Candidate("a", "sql", "g0", ("red",), "o@x.y", "assets/g0/a.sql", ("a", "b")),
    Candidate("b", "python", "g0", path="assets/g0/b.py", states=frozenset({"stale"})),
    Candidate("c", "source"),
]
SHOP_GRAPH = Graph.of({"a": ["c"], "b": ["a"]})


@given(st.text() | st.lists(PIECES, max_size=25).map("".join))
@example('"\n"')
@example('a,"b\n"')
@settings(LAW, max_examples=2_000)
def test_any_text_selects_or_is_a_selection_error(text: str) -> None:
    try:
        names = select([text], [], SHOP, SHOP_GRAPH)
    except SelectionError as error:
        first, shown, *carets = error.message.split("\n")
        assert first
        assert shown.startswith("  selection: ")
        assert all(line.strip(" ^") == "" for line in carets)
    else:
        assert names <= {"a", "b", "c"}


@given(st.lists(st.sampled_from(["(", ")", "not ", "+", "@", "a", ",", " "]), min_size=200, max_size=400).map("".join))
@settings(LAW, max_examples=50)
def test_long_nonsense_ends_well(text: str) -> None:
    try:
        select([text], [], SHOP, SHOP_GRAPH)
    except SelectionError:
        return
