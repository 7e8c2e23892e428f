"""What people see of a lineage: drawings compared whole, and laws over drawings of anything."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.errors import DefinitionError
from assetflow.lineage.graph import Graph
from assetflow.lineage.pictures import graph as draw

SHOP = Graph.of(
    {
        "sales": ["transactions", "products"],
        "basket_size": ["transactions"],
        "sales_by_week": ["sales"],
        "trend": ["sales_by_week"],
        "segments": ["sales", "households"],
        "board": ["trend", "sales_by_week", "segments"],
        "targets": ["data/t*.csv"],
        "alone": [],
    }
)

WHOLE_SHOP = """
alone
households  read by segments
products  read by sales
data/t*.csv
└── targets
transactions
├── basket_size
└── sales  also reads products
    ├── sales_by_week
    │   └── trend
    │       └── board  also reads sales_by_week, segments
    └── segments  also reads households; read by board
"""

SALES = """
sales
├── reads
│   ├── products
│   └── transactions
└── read by
    ├── sales_by_week
    │   ├── board
    │   └── trend
    │       └── board
    └── segments
        └── board
"""

BOARD_UPWARDS = """
board
├── sales_by_week
│   └── sales
│       ├── products
│       └── transactions
├── segments
│   ├── households
│   └── sales  ↑ above
└── trend
    └── sales_by_week  ↑ above
"""

TREND_AND_SALES_BY_WEEK = """
trend
├── reads
│   └── sales_by_week
│       └── sales
│           ├── products
│           └── transactions
└── read by
    └── board
sales_by_week
├── reads  ↑ above
└── read by
    ├── board
    └── trend  ↑ above
"""


@pytest.mark.parametrize(
    ("focus", "up", "down", "drawing"),
    [
        ([], True, True, WHOLE_SHOP),
        (["sales"], True, True, SALES),
        (["board"], True, False, BOARD_UPWARDS),
        (["trend", "sales_by_week", "trend"], True, True, TREND_AND_SALES_BY_WEEK),
        (["trend"], False, True, "\ntrend\n└── board\n"),
        (["transactions"], True, False, "\ntransactions\n"),
        (
            ["alone", "trend"],
            True,
            True,
            "\nalone\n" + TREND_AND_SALES_BY_WEEK.split("sales_by_week\n├── reads  ↑", maxsplit=1)[0][1:],
        ),
        (["sales"], False, False, "\nsales\n"),
    ],
)
def test_a_person_sees(focus: list[str], up: bool, down: bool, drawing: str) -> None:
    assert draw.tree(SHOP, focus, up=up, down=down, label=str) == drawing.splitlines()[1:]


def test_labels_say_what_the_caller_knows() -> None:
    lines = draw.tree(SHOP, ["trend"], up=False, down=True, label=lambda name: f"{name} (fresh)")
    assert lines == ["trend (fresh)", "└── board (fresh)"]


def test_the_drawing_in_the_docstring_is_true() -> None:
    graph = Graph.of(
        {"sales": ["products", "transactions"], "basket_size": ["transactions"], "sales_by_week": ["sales"]}
    )
    pictures = (draw.__doc__ or "").split("\n\n")[2].splitlines()
    left, right = [line[4:49].rstrip() for line in pictures], [line[49:] for line in pictures]
    assert draw.tree(graph, [], up=True, down=True, label=str) == [line for line in left if line]
    assert draw.tree(graph, ["sales"], up=True, down=True, label=str) == [line for line in right if line]


def test_of_many_readers_only_some_are_listed() -> None:
    reads = {f"r{at}": ["main", "side"] for at in range(7)}
    first = draw.tree(Graph.of({**reads, "main": ["source"]}), [], up=True, down=True, label=str)[0]
    assert first == "side  read by r0, r1, r2, r3 and 3 more"


def test_nothing_to_draw() -> None:
    assert draw.tree(Graph.of({}), [], up=True, down=True, label=str) == []


def test_unknown_names_and_circles_are_errors() -> None:
    with pytest.raises(KeyError):
        draw.tree(SHOP, ["slaes"], up=True, down=True, label=str)
    with pytest.raises(DefinitionError):
        draw.tree(Graph.of({"a": ["b"], "b": ["a"]}), [], up=True, down=True, label=str)


def test_a_long_chain_is_drawn() -> None:
    chain = Graph.of({f"n{at:04d}": [f"n{at - 1:04d}"] for at in range(1, 1_500)})
    assert len(draw.tree(chain, [], up=True, down=True, label=str)) == 1_500
    assert len(draw.tree(chain, ["n0000"], up=False, down=True, label=str)) == 1_500


# Laws -----------------------------------------------------------------------------------------------------------------

# A law does not depend on how busy the machine is.
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = "abcdefgh"
GRAPHS = st.lists(st.sets(st.sampled_from(NAMES), max_size=4), min_size=8, max_size=8).map(
    lambda reads: Graph.of(
        {name: read & set(NAMES[:at]) for at, (name, read) in enumerate(zip(NAMES, reads, strict=True))}
    )
)
FILE_NAMES = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6, unique=True)
LINE = re.compile(r"((?:│   |    )*(?:├── |└── )?)(\w)(?:  (.*))?")


@given(GRAPHS)
@LAW
def test_the_whole_project_shows_each_name_once_and_every_edge(graph: Graph) -> None:
    edges: set[tuple[str, str]] = set()
    path: list[str] = []
    drawn: list[str] = []
    for line in draw.tree(graph, [], up=True, down=True, label=str):
        indent, name, also = LINE.fullmatch(line).groups()  # type: ignore[union-attr]
        path = [*path[: len(indent) // 4], name]
        drawn.append(name)
        edges.update(zip(path[-2:-1], path[-1:], strict=False))  # a root has nothing above it
        read = re.search(r"also reads ([\w, ]+)", also or "")
        edges.update((upstream, name) for upstream in (read[1].split(", ") if read else []))
    assert sorted(drawn) == list(graph.names)
    assert sorted(edges) == list(graph.edges)


@given(GRAPHS, st.sampled_from(NAMES), st.booleans())
@LAW
def test_a_tree_shows_all_that_is_reached_and_unfolds_it_once(graph: Graph, name: str, up: bool) -> None:
    lines = draw.tree(graph, [name], up=up, down=not up, label=str)
    shown = [LINE.fullmatch(line).groups() for line in lines]  # type: ignore[union-attr]
    reached = graph.ancestors([name]) if up else graph.descendants([name])
    neighbours = graph.upstreams if up else graph.downstreams
    assert {found[1] for found in shown} == reached | {name}
    unfolded = Counter(found[1] for found in shown if neighbours(found[1]) and found[2] is None)
    assert set(unfolded.values()) <= {1}


def chain_of(names: list[str]) -> Graph:
    return Graph.of({name: names[:at][-1:] for at, name in enumerate(names)})


@given(FILE_NAMES)
@LAW
def test_dot_survives_any_name(names: list[str]) -> None:
    graph = chain_of(names)
    text = draw.dot(graph, dict.fromkeys(names[1:], "sql"))
    string = r'"((?:[^"\\]|\\.)*)"'
    shape, arrow = rf'{string}(?: \[[^"\]]*(?:"#\w+")?\])?;\s*', rf"{string} -> {string};\s*"
    grammar = rf"digraph assetflow \{{\s*rankdir=LR;\s*node \[shape=box\];\s*(?:{shape}|{arrow})*\}}\s*"
    assert re.fullmatch(grammar, text, re.DOTALL)
    arrows = re.findall(rf"^    {string} -> {string};$", text, re.DOTALL | re.MULTILINE)
    assert sorted((dot_name(upstream), dot_name(name)) for upstream, name in arrows) == list(graph.edges)


def dot_name(string: str) -> str:
    return re.sub(r"\\(.)", lambda escaped: {"n": "\n"}.get(escaped[1], escaped[1]), string, flags=re.DOTALL)


@given(FILE_NAMES)
@LAW
def test_mermaid_survives_any_name(names: list[str]) -> None:
    graph = chain_of(names)
    first, *shapes_and_arrows, last = draw.mermaid(graph, dict.fromkeys(names[1:], "python")).splitlines()
    assert (first, last.split()[:2]) == ("flowchart LR", ["classDef", "source"])
    shapes = [
        re.fullmatch(r'    (\w+)\[?\("((?:[\w ./-]|#\d+;)+)"\)(?:\]:::source)?', line) for line in shapes_and_arrows
    ]
    called = {shape[1]: mermaid_name(shape[2]) for shape in shapes if shape}
    arrows = [re.fullmatch(r"    (\w+) --> (\w+)", line) for line in shapes_and_arrows]
    assert sorted(called.values()) == list(graph.names)
    assert sorted((called[arrow[1]], called[arrow[2]]) for arrow in arrows if arrow) == list(graph.edges)
    assert len(graph.names) + len(graph.edges) == len(shapes_and_arrows)


def mermaid_name(label: str) -> str:
    return re.sub(r"#(\d+);", lambda entity: chr(int(entity[1])), label)


def test_sources_look_different() -> None:
    kinds = {"sales": "sql", "rfm": "python"}
    graph = Graph.of({"sales": ["data/*.csv"], "rfm": ["sales"]})
    assert draw.mermaid(graph, kinds) == (
        "flowchart LR\n"
        '    f_data_2f__2a__2e_csv[("data/#42;.csv")]:::source\n'
        '    t_rfm("rfm")\n'
        '    t_sales["sales"]\n'
        "    f_data_2f__2a__2e_csv --> t_sales\n"
        "    t_sales --> t_rfm\n"
        "    classDef source fill:#eceff1,stroke:#607d8b,color:#263238\n"
    )
    assert draw.dot(graph, kinds) == (
        "digraph assetflow {\n"
        "    rankdir=LR;\n"
        "    node [shape=box];\n"
        '    "data/*.csv" [shape=cylinder, style=filled, fillcolor="#eceff1"];\n'
        '    "rfm" [style=rounded];\n'
        '    "sales";\n'
        '    "data/*.csv" -> "sales";\n'
        '    "sales" -> "rfm";\n'
        "}\n"
    )
