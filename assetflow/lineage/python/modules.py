"""The project's own Python files, parsed once, with an index of what stands where."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from types import ModuleType

from assetflow.lineage.python.python_tree import python_tree
from assetflow.lineage.python.scopes import all_imports, imported_names
from assetflow.lineage.python.syntax import FunctionNode, children

_OURS = "assetflow"
_INSTALLED = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class ParsedModule:
    """A project file as a syntax tree: what it imports and which statements bind or change each of its names.

    `functions` are found by the line of their code object,
    `classes` by qualified name. `packages` are named first by imports anywhere in it, also in functions.
    """

    tree: ast.Module
    imports: Mapping[str, str]
    stars: tuple[str, ...]
    bindings: Mapping[str, tuple[ast.stmt, ...]]
    functions: Mapping[int, tuple[FunctionNode, ...]]
    classes: Mapping[str, tuple[ast.ClassDef, ...]]
    packages: frozenset[str]


@dataclass(frozen=True, slots=True)
class ModuleTexts:
    """The texts of project files as they were when they were loaded, by absolute path.

    What was parsed and fingerprinted is kept, so one `ModuleTexts` serves one load of one project, and no more. Several
    may share what was `parsed` and found to be `set_up`, as long as no module is imported a second time.
    """

    read: Callable[[str], str]
    given: Callable[[str], str] = lambda path: ""
    """What stands for the files that a module read while it was loaded, by the path of the module."""
    parsed: dict[str, ParsedModule] = field(default_factory=dict, compare=False, repr=False)
    set_up: dict[tuple[str | None, int], list[ast.stmt]] = field(default_factory=dict, compare=False, repr=False)
    records: dict[object, object] = field(default_factory=dict, compare=False, repr=False)

    def parse(self, path: str) -> ParsedModule:
        """The parsed file; its text is read once. What was given to `exec` as text has no file, and holds nothing."""
        known = self.parsed.get(path)
        if known is None:
            known = self.parsed[path] = _index("" if path.startswith("<") else self.read(path))
        return known


@dataclass(frozen=True, slots=True)
class Sources:
    """What belongs to the project: all below `root` that is not installed there."""

    root: str
    texts: ModuleTexts
    load: Callable[[str], ModuleType] = importlib.import_module
    places: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)

    def relative(self, path: str) -> str | None:
        """The path below the project, or None when it is no project code."""
        if path not in self.places:
            self.places[path] = self._relative(path)
        return self.places[path]

    def _relative(self, path: str) -> str | None:
        full = os.path.normpath(os.path.join(self.root, path))
        # The interpreter may know a file by the folder that a link points to.
        root = next((each for each in (self.root, os.path.realpath(self.root)) if _is_inside(full, each)), None)
        if root is None:
            return None
        relative = full[len(os.path.join(root, "")) :].replace(os.sep, "/")
        folders = relative.split("/")[:-1]
        is_packed = any(each.endswith((".zip", ".whl", ".egg")) for each in folders)
        return None if is_packed or _INSTALLED.intersection(folders) else relative

    def holds(self, module: ModuleType) -> bool:
        """True for modules and packages of the project, compiled ones among them."""
        if module.__name__.split(".")[0] == _OURS:
            return False
        return any(self.relative(path) is not None for path in _places(module))

    def find(self, name: str) -> ModuleType | None:
        """A module by its dotted name; a project module that only a function imports is imported here."""
        known = sys.modules.get(name)
        if known is not None and not hasattr(known, "__name__"):
            return None  # an object that a module put in its own place
        package = name.partition(".")[0]
        if known is not None or package in sys.stdlib_module_names or package == _OURS:
            return known
        parent, _, _ = name.rpartition(".")
        above = self.find(parent) if parent else None
        if parent and (above is None or "__path__" not in vars(above)):
            return None
        return self.load(name) if self._is_project_file(name) else None

    def is_installed(self, name: str) -> bool:
        """True for what could be imported, though it has not been: the name without dots."""
        return name in sys.builtin_module_names or name in sys.stdlib_module_names or _spec(name) is not None

    def _is_project_file(self, name: str) -> bool:
        spec = _spec(name)
        if spec is None:
            return False
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
        return any(self.relative(os.path.join(place, "x") if os.path.isdir(place) else place) for place in places)


def _spec(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        # So it answers for a module below something that is no package.
        return None


def sources_of(root: str, texts: ModuleTexts) -> Sources:
    """The one `Sources` of these texts and this project folder."""
    known = texts.records.get(root)
    if not isinstance(known, Sources):
        known = texts.records[root] = Sources(root, texts)
    return known


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _places(module: ModuleType) -> Iterator[str]:
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        yield file
        return
    for folder in getattr(module, "__path__", ()):
        yield os.path.join(str(folder), "__init__.py")


def _index(text: str) -> ParsedModule:
    tree = python_tree(text)
    imports: dict[str, str] = {}
    stars: list[str] = []
    bindings: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        _index_statement(statement, statement, imports, stars, bindings)
    functions: dict[int, list[FunctionNode]] = {}
    classes: dict[str, list[ast.ClassDef]] = {}
    _index_code(tree, "", functions, classes)
    return ParsedModule(
        tree,
        {name: origin for name, origin in imports.items() if name not in bindings},
        tuple(stars),
        {name: tuple(each) for name, each in bindings.items()},
        {line: tuple(each) for line, each in functions.items()},
        {name: tuple(each) for name, each in classes.items()},
        frozenset(origin.partition(".")[0] for origin in all_imports(tree).values()) - {""},
    )


def _index_statement(
    node: ast.AST,
    statement: ast.stmt,
    imports: dict[str, str],
    stars: list[str],
    bindings: dict[str, list[ast.stmt]],
) -> None:
    """Notes which names a statement at the top of a module binds or may change; nested blocks count as a whole."""
    for name in _bound_names(node):
        statements = bindings.setdefault(name, [])
        if statement not in statements:
            statements.append(statement)
    if isinstance(node, ast.Import | ast.ImportFrom):
        for name, origin in imported_names(node):
            if name == "*":
                stars.append(origin.rstrip("*").rstrip(".") or origin.rstrip("*"))
            else:
                imports[name] = origin
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return
    for child in children(node):
        _index_statement(child, statement, imports, stars, bindings)


def _bound_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Name):
        return [node.id] if not isinstance(node.ctx, ast.Load) else []
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return _root_name(node)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        # A call that stands alone (`TABLE.update(...)`, `register(TABLE)`) is there to change something.
        roots = [name for each in (node.value.func, *node.value.args) for name in _root_name(each)]
        return roots if isinstance(node.value.func, ast.Attribute) else roots[1:]
    return []


def _root_name(node: ast.expr) -> list[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return [node.id] if isinstance(node, ast.Name) else []


def _index_code(
    node: ast.AST, prefix: str, functions: dict[int, list[FunctionNode]], classes: dict[str, list[ast.ClassDef]]
) -> None:
    for child in children(node):
        if isinstance(child, ast.Name | ast.Constant):
            continue
        inner = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.setdefault(_first_line(child), []).append(child)
            inner = f"{prefix}{child.name}.<locals>."
        elif isinstance(child, ast.Lambda):
            functions.setdefault(child.lineno, []).append(child)
            inner = f"{prefix}<lambda>.<locals>."
        elif isinstance(child, ast.ClassDef):
            classes.setdefault(prefix + child.name, []).append(child)
            inner = f"{prefix}{child.name}."
        _index_code(child, inner, functions, classes)


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])
