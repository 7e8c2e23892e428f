"""Imports go down only, and what is pure touches nothing. The tuple below is the house; ARCHITECTURE.md says why."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Container, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "assetflow"

FLOORS = (
    ("testing",),
    ("cli", "notebook"),
    ("project",),
    ("running",),
    ("planning",),
    ("incremental",),
    ("lineage", "warehouse"),
    ("sources", "checks", "engines", "executors", "formats"),
    (
        "asset",
        "check",
        "source",
        "reason",
        "materialization",
        "secret",
        "partitions",
    ),
    ("errors",),
    ("quoting", "version", "names", "text", "scrub", "duck", "long_json", "structs"),
)
INSIDE = {
    "project": (
        ("project",),
        ("drafting", "explaining", "inspecting"),
        ("foreseeing",),
        ("columns", "versions"),
        ("loading", "run"),
        ("settings",),
        ("observing",),
    ),
    "warehouse": (
        ("verify", "aside"),
        ("warehouse",),
        ("sweep",),
        ("views",),
        ("catalog", "cache", "ledger"),
        ("content",),
        ("disk",),
    ),
    "running": (
        ("run",),
        ("partitions",),
        ("computing", "keeping"),
        ("history",),
        ("refreshes",),
        ("bodies",),
        ("tasks",),
        ("sources",),
        ("contents", "workers", "account", "checking"),
        ("order", "waiting"),
        ("workshop", "projections"),
        ("python", "meter"),
        ("events", "failures", "built", "clock", "signals", "at_once"),
    ),
}
"""Floors of their own: who explains a plan knows how it is made, who makes one knows what is declared; who removes knows
the ledger, who writes the ledger knows the disk; who carries out a plan knows how an asset is made, who makes one knows
its task."""
FACES = {"__init__", "__main__"}
"""The public names and the command: they lead to every floor, and no floor imports them."""

DOOR = "assetflow.project.project"
NOUNS = FLOORS[-3]

ENGINES = {"duckdb", "polars", "pyarrow", "pandas", "sqlglot"}
ENGINES_ALLOWED = {
    "lineage/scratch.py": {"duckdb"},
    "lineage/sql/tree.py": {"duckdb"},
    "lineage/plans/binder.py": {"duckdb"},
    "incremental/foresee.py": {"duckdb"},
    "incremental/ranges.py": {"duckdb"},
    "incremental/refresh.py": {"duckdb"},
    "incremental/work.py": {"duckdb"},
    "lineage/sql/query.py": {"sqlglot"},
    "lineage/sqlglot_columns.py": {"sqlglot"},
    "lineage/plans/frames.py": {"polars"},
}
"""DuckDB's parser and binder read SQL, on a database of their own without access to files; sqlglot translates other
dialects, and finds columns where DuckDB tells no plan."""

WORLD = {
    "asyncio", "glob", "http", "io", "logging", "multiprocessing", "platform", "random", "shutil", "signal", "socket",
    "sqlite3", "subprocess", "tempfile", "time", "urllib", "uuid",
}  # fmt: skip
WORLD_CALLS = {
    "open", "print", "input", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.date.today", "Path",
}  # fmt: skip
PATH_ARITHMETIC = {"PathLike", "basename", "dirname", "fspath", "isabs", "join", "normpath", "sep"}
OS_ALLOWED = {"lineage/python/modules.py": {"realpath", "isdir"}}
"""Whether a module belongs to the project depends on where the interpreter found it."""

MODULES = sorted(ROOT.rglob("*.py"))


def test_every_module_stands_on_a_floor() -> None:
    standing = {name for floor in FLOORS for name in floor} | FACES
    assert {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in MODULES} == standing


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    """Inside of functions and under TYPE_CHECKING as well."""
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if own in FACES:
        return
    wrong = [
        f"{path.name}:{line} imports {name}"
        for line, name in imports_of_ours(path)
        if name != own and not may_import(own, name)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", INSIDE)
def test_imports_go_down_inside_of_a_floor(name: str) -> None:
    """But for the door to a project, which all of it serves and takes as a type: the test of circles holds that."""
    floors = {own: number for number, floor in enumerate(INSIDE[name]) for own in floor}
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in MODULES
        if path.is_relative_to(ROOT / name) and path != ROOT / name / "__init__.py"
        for line, module in imports_of(ast.parse(path.read_text(encoding="utf-8")))
        if module.startswith(f"assetflow.{name}.")
        and module != DOOR
        and (own := path.relative_to(ROOT).parts[1].removesuffix(".py")) != (other := module.split(".")[2])
        and floors[other] <= floors[own]
    ]
    assert wrong == []


def test_no_module_imports_itself_in_a_circle() -> None:
    """Under TYPE_CHECKING as well, but for who serves the one door: `def explain(project: Project, ...)`."""
    names = {
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in MODULES
    }
    imports = {name: {*modules_read(path, names)} - {name} for name, path in names.items() if name != "assetflow"}
    graphlib.TopologicalSorter(imports).prepare()


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.relative_to(ROOT).parts[0] in {"lineage", "planning", "incremental"}],
    ids=lambda path: path.name,
)
def test_what_is_pure_touches_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = str(path.relative_to(ROOT))
    used = {"duckdb" if module == "assetflow.duck" else module.split(".")[0] for _, module in imports_of(tree)}
    assert used & WORLD == set()
    assert used & ENGINES <= ENGINES_ALLOWED.get(name, set())
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert calls & WORLD_CALLS == set()
    asked = {text for node in ast.walk(tree) if (text := of_os(node)) is not None}
    assert asked <= PATH_ARITHMETIC | OS_ALLOWED.get(name, set())


@pytest.mark.parametrize("name", ["errors", *FLOORS[-1], *NOUNS])
def test_the_nouns_import_no_engine(name: str) -> None:
    files = [path for path in MODULES if path.relative_to(ROOT).parts[0].removesuffix(".py") == name]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    at_run_time = [node for tree in trees for node in tree.body if not is_type_checking(node)]
    used = {module.split(".")[0] for node in at_run_time for _, module in imports_of(node)}
    assert used & (ENGINES | WORLD) == set()


def may_import(own: str, other: str) -> bool:
    """True when `other` stands on a lower floor; the nouns, on one floor, may know each other."""
    return floor_of(other) > floor_of(own) or (own in NOUNS and other in NOUNS)


def floor_of(name: str) -> int:
    """How far below the top a name stands; the public names themselves stand above it."""
    return next((number for number, floor in enumerate(FLOORS) if name in floor), -1)


def imports_of_ours(path: Path) -> Iterator[tuple[int, str]]:
    """The parts of assetflow that a module imports, by `import`, `from` or `import_module`, with the line."""
    for line, module in imports_of(ast.parse(path.read_text(encoding="utf-8"))):
        package, _, rest = module.partition(".")
        if package == "assetflow":
            yield line, rest.split(".")[0] or "__init__"


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            names = [f"assetflow.{alias.name}" for alias in node.names] if node.module == "assetflow" else [node.module]
            yield from ((node.lineno, name or "") for name in names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from ((node.lineno, text) for text in texts_in(node.args[0]) if text.startswith("assetflow."))


def modules_read(path: Path, names: Container[str]) -> Iterator[str]:
    """The modules of ours, among these names, that a module imports; the door to a project does not count as a type."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for part in tree.body:
        as_types = is_type_checking(part) and path.is_relative_to(ROOT / "project")
        for node in ast.walk(part):
            if isinstance(node, ast.ImportFrom):
                found = {f"{node.module}.{alias.name}" for alias in node.names}
                named = {each if each in names else str(node.module) for each in found}
                yield from (each for each in named if each in names and not (as_types and each == DOOR))


def texts_in(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def of_os(node: ast.AST) -> str | None:
    """`join` of `os.path.join`, `environ` of `os.environ`."""
    if not isinstance(node, ast.Attribute):
        return None
    owner = ast.unparse(node.value)
    return node.attr if owner in {"os", "os.path"} and node.attr != "path" else None


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
