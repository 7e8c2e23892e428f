"""Finds the names that a piece of code uses without binding them itself, and what it does to them.

def sales_by_week(sales):            ("helpers", "rates", "vat")    a use, with its attributes
    import calendar as c             ("c", "monthrange")            a use whose origin is "calendar"
    rate = helpers.rates.vat(...)
    CACHE["x"] = rate                ("CACHE",)                     a use that changes what it names
    rate = 3                         rate is local: no use
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct

from assetflow.lineage.python.syntax import FunctionNode, children, is_idle, reads_annotations, unquoted

CALLED = "()"
"""Stands in a chain for a call: `Path("x").open` is ("Path", "()", "open")."""

SAID = frozenset({"__doc__", "__annotations__"})
"""What code says of itself, which counts for who asks for it."""

UNKNOWN = "?"
"""Begins a chain whose root is local and could be anything: `frame.sample` is ("?frame", "sample")."""


class Use(Struct, frozen=True):
    """One use of a name with the attributes that follow it.

    `origin` is the dotted module path when the code itself imports the name, `call` the call when the chain is called,
    `changes` is True when the code assigns to an item or attribute of it, or to the global name itself. `said` is the
    text that the first call of the chain is given (`__import__("time").time`), `in_hash` is True in a `__hash__`.
    """

    chain: tuple[str, ...]
    line: int
    origin: str | None = None
    call: ast.Call | None = None
    changes: bool = False
    said: str | None = None
    in_hash: bool = False


class Usage(Struct, frozen=True):
    """Everything that a piece of code uses: names, and constant strings with their lines (SQL can name variables)."""

    uses: tuple[Use, ...]
    strings: tuple[tuple[str, int], ...]


def read_function(node: FunctionNode, *, with_annotations: bool = False) -> Usage:
    """What the body of a function uses when it is called; decorators and defaults are evaluated before that."""
    reader = _Reader()
    reader.read_parameters(node, with_annotations or reads_annotations(node))
    reader.read_body(node)
    return reader.usage()


def read_statements(statements: Iterable[ast.stmt]) -> Usage:
    """What statements at the top of a module use; names that they bind there are uses too."""
    reader = _Reader()
    reader.read_all(statements)
    return reader.usage()


def read_expressions(expressions: Iterable[ast.expr]) -> Usage:
    """What expressions at the top of a module use: decorators, default values."""
    reader = _Reader()
    for expression in expressions:
        reader.visit(expression)
    return reader.usage()


def imported_names(node: ast.Import | ast.ImportFrom) -> list[tuple[str, str]]:
    """The names that an import binds, each with the dotted path it stands for (leading dots when relative)."""
    if isinstance(node, ast.Import):
        return [(each.asname or each.name.split(".")[0], each.name if each.asname else each.name.split(".")[0])
                for each in node.names]  # fmt: skip
    prefix = "." * node.level + (node.module or "")
    join = "" if prefix.endswith(".") or not prefix else "."
    return [(each.asname or each.name, f"{prefix}{join}{each.name}") for each in node.names]


def all_imports(tree: ast.AST) -> dict[str, str]:
    """Every import in the code, also those that only a type checker sees."""
    imports = (each for each in ast.walk(tree) if isinstance(each, ast.Import | ast.ImportFrom))
    return {name: origin for each in imports for name, origin in imported_names(each)}


@dataclass(slots=True)
class _Scope:
    """What one function, class or comprehension binds; `values` are the locals that are assigned exactly once."""

    is_class: bool = False
    bound: set[str] = field(default_factory=set)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    values: dict[str, ast.expr | None] = field(default_factory=dict)

    def bind(self, name: str, value: ast.expr | None = None) -> None:
        self.values[name] = None if name in self.bound else value
        self.bound.add(name)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _collect(node: ast.AST, scope: _Scope) -> None:
    """Adds what a node binds in the scope that it stands in."""
    if isinstance(node, ast.Constant):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope.bind(node.name)
        inside: Iterable[ast.AST] = node.decorator_list
    elif isinstance(node, ast.Lambda):
        return
    elif isinstance(node, _COMPREHENSIONS):
        for each in ast.walk(node):
            if isinstance(each, ast.NamedExpr):
                scope.bind(each.target.id)
        return
    else:
        _collect_own(node, scope)
        inside = children(node)
    for child in inside:
        _collect(child, scope)


def _collect_own(node: ast.AST, scope: _Scope) -> None:
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            scope.bind(node.id, scope.values.pop(node.id, None) if node.id not in scope.bound else None)
    elif isinstance(node, ast.Assign):
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) and node.targets[0].id not in scope.bound:
            scope.values[node.targets[0].id] = node.value
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        if isinstance(node.target, ast.Name) and node.target.id not in scope.bound:
            scope.values[node.target.id] = node.value
    elif isinstance(node, ast.withitem):
        if isinstance(node.optional_vars, ast.Name) and node.optional_vars.id not in scope.bound:
            scope.values[node.optional_vars.id] = node.context_expr
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for name, origin in imported_names(node):
            if name in scope.bound:
                scope.imports.pop(name, None)
            else:
                scope.imports[name] = origin
            scope.bind(name)
    elif isinstance(node, ast.Global):
        scope.global_names.update(node.names)
    elif isinstance(node, ast.Nonlocal):
        scope.nonlocal_names.update(node.names)
    else:
        _collect_captures(node, scope)


def _collect_captures(node: ast.AST, scope: _Scope) -> None:
    name = None
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        name = node.name
    elif isinstance(node, ast.MatchMapping):
        name = node.rest
    if name is not None:
        scope.bind(name)


class _Chain(NamedTuple):
    """The links of a chain, the origin of its root, what its first call is given, and whether it is a plain local."""

    links: tuple[str, ...]
    origin: str | None = None
    is_bound_above: bool = False
    said: str | None = None


class _Reader:
    """Walks code with a stack of scopes and writes down what no scope binds."""

    def __init__(self) -> None:
        self._scopes: list[_Scope] = []
        self._uses: list[Use] = []
        self._strings: list[tuple[str, int]] = []
        self._in_hash = False

    def usage(self) -> Usage:
        return Usage(tuple(self._uses), tuple(self._strings))

    # Scopes

    def read_body(self, node: FunctionNode) -> None:
        scope = _Scope()
        arguments = node.args
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if each is not None:
                scope.bind(each.arg)
        if isinstance(node, ast.Lambda):
            self._in_scope(scope, [node.body])
            return
        before, self._in_hash = self._in_hash, node.name == "__hash__"
        self._in_scope(scope, list(node.body))
        self._in_hash = before

    def read_parameters(self, node: FunctionNode, with_annotations: bool) -> None:
        if not with_annotations:
            return
        arguments = node.args
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if each is not None and each.annotation is not None:
                self.visit(unquoted(each.annotation))

    def _in_scope(self, scope: _Scope, body: list[ast.AST]) -> None:
        for each in body:
            _collect(each, scope)
        scope.bound -= scope.global_names | scope.nonlocal_names
        self._scopes.append(scope)
        self.read_all(body)
        unused = set(scope.imports) - {each.chain[0] for each in self._uses if each.origin is not None}
        for name in sorted(unused):
            # An import that nobody uses by name is there for what it does.
            self._uses.append(Use((name,), 0, scope.imports[name]))
        self._scopes.pop()

    def read_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            if not (isinstance(node, ast.stmt) and is_idle(node)):
                self.visit(node)

    # Nodes

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            self._visit_chain(node)
        elif isinstance(node, _FUNCTIONS):
            self._visit_function(node)
        elif isinstance(node, ast.ClassDef):
            self.visit_class(node)
        elif isinstance(node, _COMPREHENSIONS):
            self._visit_comprehension(node)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                self._strings.append((node.value, node.lineno))
        elif isinstance(node, ast.AnnAssign):
            self._visit_annotated(node)
        else:
            self.read_all(children(node))

    def _visit_function(self, node: FunctionNode) -> None:
        if not isinstance(node, ast.Lambda):
            self.read_all(node.decorator_list)
        self.read_all([*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)])
        self.read_parameters(node, reads_annotations(node))
        self.read_body(node)

    def visit_class(self, node: ast.ClassDef) -> None:
        self.read_all([*node.decorator_list, *node.bases, *(each.value for each in node.keywords)])
        self._in_scope(_Scope(is_class=True), list(node.body))

    def _visit_comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        scope = _Scope()
        for generator in node.generators:
            _collect(generator.target, scope)
        self._scopes.append(scope)
        for index, generator in enumerate(node.generators):
            parts: list[ast.AST] = [generator.target, *generator.ifs]
            self.read_all(parts if index == 0 else [generator.iter, *parts])
        self.read_all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self._scopes.pop()

    def _visit_annotated(self, node: ast.AnnAssign) -> None:
        if self._scopes and self._scopes[-1].is_class:
            self.visit(unquoted(node.annotation))
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    # Chains of attributes

    def _visit_chain(self, node: ast.Name | ast.Attribute | ast.Call | ast.Subscript) -> None:
        if isinstance(node, ast.Call):
            named = _constant_attribute(node)
            self._emit(node.func, call=node)
            self._visit_inside(node.func)
            self.read_all([named or each for each in node.args[:1]])
            self.read_all([*node.args[1:], *(each.value for each in node.keywords)])
        elif isinstance(node, ast.Name):
            self._emit(node, changes=not isinstance(node.ctx, ast.Load))
        elif isinstance(node.ctx, ast.Load):
            self._emit(node if isinstance(node, ast.Attribute) else node.value)
            self._visit_inside(node)
        else:
            self._emit(node.value, changes=True)
            self._visit_inside(node)

    def _visit_inside(self, node: ast.expr) -> None:
        """Visits what stands inside a chain but is no link of it: arguments of calls, subscripts."""
        if isinstance(node, ast.Name):
            return
        if isinstance(node, ast.Attribute):
            self._visit_inside(node.value)
        elif isinstance(node, ast.Subscript):
            self._visit_inside(node.value)
            self.visit(node.slice)
        else:
            self.visit(node)

    def _emit(self, node: ast.expr, *, call: ast.Call | None = None, changes: bool = False) -> None:
        found = self._chain(node, 0)
        if found is None:
            return
        chain = found.links
        if found.is_bound_above:
            return
        if chain[0].startswith(UNKNOWN) and (call is None or len(chain) < 2) and SAID.isdisjoint(chain):
            return
        self._uses.append(Use(chain, node.lineno, found.origin, call, changes, found.said, self._in_hash))

    def _chain(self, node: ast.expr, depth: int) -> _Chain | None:
        if isinstance(node, ast.Name):
            return self._root(node.id, depth)
        if isinstance(node, ast.Attribute):
            return _extended(self._chain(node.value, depth), node.attr)
        if isinstance(node, ast.Call):
            return _called(self._chain(node.func, depth), node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return self._chain(node.left, depth)
        if isinstance(node, ast.Subscript):
            return _extended(self._chain(node.value, depth), "[]")
        return None

    def _root(self, name: str, depth: int) -> _Chain:
        for index in range(len(self._scopes) - 1, -1, -1):
            scope = self._scopes[index]
            is_innermost = index == len(self._scopes) - 1
            if scope.is_class and not is_innermost:
                continue
            if name in scope.global_names:
                break
            if name not in scope.bound:
                continue
            if name in scope.imports:
                return _Chain((name,), scope.imports[name])
            if scope.is_class:
                # A class body may read a global of the same name before it binds its own.
                continue
            value = scope.values.get(name)
            known = self._chain(value, depth + 1) if value is not None and depth < 4 else None
            if known is not None and not known.links[0].startswith(UNKNOWN):
                return known._replace(is_bound_above=True)
            return _Chain((UNKNOWN + name,), is_bound_above=True)
        return _Chain((name,))


def _constant_attribute(call: ast.Call) -> ast.Attribute | None:
    """`getattr(helpers, "vat")` as `helpers.vat`, so that no more than that attribute counts as used."""
    if not (isinstance(call.func, ast.Name) and call.func.id == "getattr" and len(call.args) >= 2):
        return None
    name = call.args[1]
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return None
    return ast.copy_location(ast.Attribute(call.args[0], name.value, ast.Load()), call)


def _extended(found: _Chain | None, link: str) -> _Chain | None:
    return None if found is None else found._replace(links=(*found.links, link), is_bound_above=False)


def _called(found: _Chain | None, call: ast.Call) -> _Chain | None:
    if found is None:
        return None
    first = call.args[0] if call.args and CALLED not in found.links else None
    said = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else found.said
    if said and found.links == ("__import__",) and len(call.args) + len(call.keywords) == 1:
        said = said.partition(".")[0]  # `__import__("os.path")` is `os`, unless it is told what to import from there
    return found._replace(links=(*found.links, CALLED), is_bound_above=False, said=said)
