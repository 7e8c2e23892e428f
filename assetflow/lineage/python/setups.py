"""Tells which statements at the top of a module set up something beyond the names of that module.

    decimal.getcontext().prec = 5        pd.set_option("display.precision", 3)        Shape.register(int)

Functions and classes of the project that such a statement calls are looked into, however deep. When in doubt it does.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType

from msgspec.structs import replace

from assetflow.lineage.python.functions import cells_of, function_nodes, is_project_class, is_project_function
from assetflow.lineage.python.meaning import (
    CellName,
    Library,
    Meaning,
    Namespace,
    ProjectName,
    find_meaning,
    namespace_of,
)
from assetflow.lineage.python.modules import Sources
from assetflow.lineage.python.scopes import CALLED, UNKNOWN, Use, read_expressions, read_function, read_statements
from assetflow.lineage.python.syntax import FunctionNode, children

NO_EFFECT = (
    "assetflow",
    "builtins.exec",
    "builtins.eval",
    "builtins.print",
    "logging",
    "os.makedirs",
    "os.mkdir",
    "sys.path",
    "sys.stderr",
    "sys.stdout",
    "time.sleep",
    "typing",
    "warnings",
)
"""What is called for people, or read by the loader, which knows of it."""

_SETTERS = re.compile(r"(?:^|\.)(?:set(?!tings)_?\w+|(?:use|enable|disable|register|install|patch|configure)\w*|seed)$")
"""How functions are named that are called for what they do, though a name is given to the result."""

_NEW_OBJECT = re.compile(r"\.[A-Z]\w*\(\)\.|^builtins\.\w+\(\)\.")
"""What is done with an object that was just made stays with it: `argparse.ArgumentParser().add_argument`."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)
_WHEN_MADE = ("__new__", "__init__", "__post_init__", "__set_name__")
_WHEN_ENTERED = (*_WHEN_MADE, "__enter__", "__exit__")
_WHEN_DECORATING = (*_WHEN_MADE, "__call__")
_WHEN_CLASS_IS_MADE = ("__init_subclass__", "__prepare__", "__new__", "__init__")


def set_ups(namespace: Namespace, sources: Sources) -> list[ast.stmt]:
    """The statements at the top of a module that set up something, of classes without their methods."""
    key = (namespace.path, id(namespace.names))
    found = sources.texts.set_up.get(key)
    if found is None:
        known: dict[int, bool] = {}
        shown = [_without_methods(each) for each in namespace.source.tree.body]
        found = [each for each in shown if _Code(each, namespace, sources, known).does(each)]
        sources.texts.set_up[key] = found
    return found


def _without_methods(statement: ast.stmt) -> ast.stmt:
    if not isinstance(statement, ast.ClassDef):
        return statement
    body = [each for each in statement.body if not isinstance(each, _FUNCTIONS)]
    shown = ast.ClassDef(statement.name, statement.bases, statement.keywords, body, statement.decorator_list)
    return ast.copy_location(shown, statement)


@dataclass(slots=True)
class _Code:
    """Statements that run, with what the names mean that they use. `known` keeps what functions do, by identity."""

    code: ast.stmt | FunctionNode
    namespace: Namespace
    sources: Sources
    known: dict[int, bool]
    calls: dict[int, Use] | None = None

    def uses(self) -> tuple[Use, ...]:
        """What runs right away; of a function that is only defined, its decorators."""
        if isinstance(self.code, _FUNCTIONS):
            return read_expressions(self.code.decorator_list).uses
        assert isinstance(self.code, ast.stmt)
        return read_statements([self.code]).uses

    # Statements

    def does(self, node: ast.AST) -> bool:
        """True when running a statement sets up something."""
        if isinstance(node, _FUNCTIONS):
            return any(self._decorates(each, node) for each in node.decorator_list)
        if isinstance(node, ast.ClassDef):
            return self._makes_class(node)
        if isinstance(node, _COMPOUND):
            return not _is_script(node) and any(self.does(each) for each in children(node))
        if isinstance(node, ast.Expr):
            return any(self._call_does(each) for each in _discarded(node.value)) or self._calls(node)
        if isinstance(node, ast.withitem):
            return self._calls(node, _WHEN_ENTERED)
        if any(self._sets_elsewhere(target) for target in _targets(node)) or self._calls(node):
            return True
        return any(self.does(each) for each in children(node) if isinstance(each, ast.stmt))

    def _makes_class(self, node: ast.ClassDef) -> bool:
        if any(map(self.does, node.body)) or any(self._decorates(each, node) for each in node.decorator_list):
            return True
        bases = [self._value(each) for each in (*node.bases, *(each.value for each in node.keywords))]
        return any(self._class_does(each, _WHEN_CLASS_IS_MADE) for each in bases if isinstance(each, type))

    def _decorates(self, decorator: ast.expr, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
        """True for a decorator that sets up something, or calls a function that does."""
        if self._calls(decorator, _WHEN_DECORATING):
            return True
        is_called = isinstance(decorator, ast.Call)
        made = self._value(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if isinstance(made, type):
            return self._class_does(made, _WHEN_MADE)
        if not isinstance(made, FunctionType):
            return False
        if not is_project_function(made, self.sources):
            return True  # `@Shape.register`
        if self.result_does(made) if is_called else self.function_does(made):
            return True
        if isinstance(node, ast.ClassDef) or not any(map(_calls_what_it_is_given, self._nodes(made))):
            return False
        return _Body(node, self.namespace, self.sources, self.known).runs(node)

    # Calls

    def _calls(self, node: ast.AST, methods: Iterable[str] = _WHEN_MADE) -> bool:
        """True when some call within an expression does something, though its result is used."""
        return any(self._used_call_does(each, methods) for each in _calls_in(node))

    def _used_call_does(self, call: ast.Call, methods: Iterable[str]) -> bool:
        meaning = self._meaning(call)
        if not isinstance(meaning, Library):
            return self._project_call_does(call, meaning, methods)
        if meaning.name.startswith(("builtins.", "functools.")):
            return self._is_given_one(call)
        is_setter = bool(_SETTERS.search(meaning.name)) or meaning.name == "polars.Config"
        return is_setter and not _is_below(meaning.name)

    def _call_does(self, call: ast.Call) -> bool:
        """True for a call that stands alone: it is there for what it does."""
        meaning = self._meaning(call)
        if isinstance(meaning, Library):
            return not _is_below(meaning.name)
        if isinstance(meaning, ProjectName) and is_project_class(meaning.value, self.sources) and meaning.rest:
            found = _plain(inspect.getattr_static(meaning.value, meaning.rest[0], None), self.sources)
            if not isinstance(found, FunctionType) or not is_project_function(found, self.sources):
                return True  # `Shape.register(int)`
            return self.function_does(found)
        return self._project_call_does(call, meaning, _WHEN_MADE)

    def _project_call_does(self, call: ast.Call, meaning: Meaning | None, methods: Iterable[str]) -> bool:
        if not isinstance(meaning, ProjectName | CellName):
            return False
        value = meaning.value
        for name in meaning.rest:
            if name not in (CALLED, "[]"):
                value = inspect.getattr_static(value, name, inspect.getattr_static(type(value), name, None))
        value = _plain(value, self.sources)
        if isinstance(value, type):
            return self._class_does(value, methods)
        if not isinstance(value, FunctionType):
            return self._class_does(type(value), ("__call__",))
        if any(map(_calls_what_it_is_given, self._nodes(value))) and self._is_given_one(call):
            return True
        return self.function_does(value)

    def _is_given_one(self, call: ast.Call) -> bool:
        """True when an argument is a function that sets up something."""
        for each in call.args:
            if isinstance(each, ast.Lambda) and any(self._call_does(inner) for inner in _discarded(each.body)):
                return True
            value = _plain(self._value(each), self.sources)
            if isinstance(value, FunctionType) and self.function_does(value):
                return True
        return False

    def _class_does(self, kind: type, methods: Iterable[str]) -> bool:
        """True when one of these methods, also of its bases and of its metaclass, sets up something."""
        for base in (*inspect.getmro(kind), *inspect.getmro(type(kind))):
            for name in methods if is_project_class(base, self.sources) else ():
                function = _plain(vars(base).get(name), self.sources)
                if isinstance(function, FunctionType) and self.function_does(function):
                    return True
        return False

    def function_does(self, function: FunctionType) -> bool:
        """True when calling a function of the project sets up something outside of it."""
        if id(function) not in self.known:
            self.known[id(function)] = False  # while it is looked into, should it call itself
            nodes = self._nodes(function)
            self.known[id(function)] = any(self._body(function, node).runs(node) for node in nodes)
        return self.known[id(function)]

    def result_does(self, function: FunctionType) -> bool:
        """True when calling the function that a function of the project returns sets up something."""
        inner = [each for node in self._nodes(function) for each in ast.walk(node)]
        returned = {_root(each.value) for each in inner if isinstance(each, ast.Return) and each.value is not None}
        made = [each for each in inner if isinstance(each, _FUNCTIONS) and each.name in returned]
        return any(self._body(function, each).runs(each) for each in made)

    def _nodes(self, function: FunctionType) -> list[FunctionNode]:
        return function_nodes(function, self.sources.texts) if is_project_function(function, self.sources) else []

    def _body(self, function: FunctionType, node: FunctionNode) -> _Body:
        namespace = replace(namespace_of(function.__globals__, self.sources), cells=cells_of(function))
        return _Body(node, namespace, self.sources, self.known)

    # Names

    def _meaning(self, call: ast.Call) -> Meaning | None:
        """What is called; None for what is local and could be anything."""
        if self.calls is None:  # most statements call nothing
            self.calls = {id(use.call): use for use in self.uses() if use.call is not None}
        use = self.calls.get(id(call))
        if use is None or use.chain[0].startswith(UNKNOWN):
            return None
        return find_meaning(use, self.namespace, self.sources)

    def _value(self, node: ast.expr) -> object:
        """What a name of the project stands for, `Base` or `helpers.Base`."""
        meaning = _meaning_of(node, self.namespace, self.sources)
        if not isinstance(meaning, ProjectName | CellName):
            return None
        value = meaning.value
        for name in meaning.rest:
            value = inspect.getattr_static(value, name, None)
        return value

    def _sets_elsewhere(self, target: ast.expr) -> bool:
        """True for `pd.options.width = 3`, and for an attribute of an object of a library: `context.prec = 5`."""
        if not isinstance(target, ast.Attribute | ast.Subscript):
            return False
        meaning = _meaning_of(target, self.namespace, self.sources)
        if isinstance(meaning, Library):
            return not _is_below(meaning.name)
        if not isinstance(meaning, ProjectName) or not isinstance(target, ast.Attribute):
            return False
        value = meaning.value
        is_ours = isinstance(value, ModuleType | type | FunctionType) or is_project_class(type(value), self.sources)
        return not is_ours


class _Body(_Code):
    """The body of a function that is called."""

    def uses(self) -> tuple[Use, ...]:
        """What the body uses."""
        assert isinstance(self.code, (*_FUNCTIONS, ast.Lambda))
        return read_function(self.code).uses

    def runs(self, node: FunctionNode) -> bool:
        """True when running it sets up something outside of it."""
        if isinstance(node, ast.Lambda):
            return self.does(ast.copy_location(ast.Expr(node.body), node))
        if any(use.changes and self._is_of_library(use) for use in self.uses()):
            return True
        return any(self.does(each) for each in node.body)

    def _is_of_library(self, use: Use) -> bool:
        meaning = find_meaning(use, self.namespace, self.sources)
        return isinstance(meaning, Library) and not _is_below(meaning.name)

    def _call_does(self, call: ast.Call) -> bool:
        meaning = self._meaning(call)
        if isinstance(meaning, Library) and _NEW_OBJECT.search(meaning.name) and "polars.Config" not in meaning.name:
            return False
        return _Code._call_does(self, call)

    def _sets_elsewhere(self, target: ast.expr) -> bool:
        # What a local name stands for is not known, unless it is the object itself.
        return isinstance(target, ast.Attribute) and _root(target) not in ("self", "cls")


def _calls_in(node: ast.AST) -> Iterator[ast.Call]:
    """The calls within an expression; those within a lambda wait for somebody to call it."""
    if isinstance(node, ast.Call):
        yield node
    for child in children(node):
        if not isinstance(child, ast.Lambda | ast.stmt):
            yield from _calls_in(child)


def _discarded(node: ast.expr) -> Iterator[ast.Call]:
    """The calls of an expression whose results nobody keeps."""
    if isinstance(node, ast.Await | ast.Starred):
        yield from _discarded(node.value)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        yield from _discarded(node.elt)
    elif isinstance(node, ast.BoolOp):
        yield from (each for value in node.values for each in _discarded(value))
    elif isinstance(node, ast.IfExp):
        yield from (*_discarded(node.body), *_discarded(node.orelse))
    elif isinstance(node, ast.Call):
        yield node
        if isinstance(node.func, ast.Lambda):
            yield from _discarded(node.func.body)


def _calls_what_it_is_given(node: ast.AST) -> bool:
    """True when a function, or one within it, calls one of its own parameters right away."""
    assert isinstance(node, (*_FUNCTIONS, ast.Lambda))
    given = {each.arg for each in (*node.args.posonlyargs, *node.args.args)}
    queue: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
    for each in queue:
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in given:
            return True
        if not isinstance(each, (*_FUNCTIONS, ast.Lambda)):
            queue += children(each)
        elif _calls_what_it_is_given(each):
            return True
    return False


def _plain(value: object, sources: Sources) -> object:
    """The function of the project below methods, partials and what libraries wrapped around it."""
    while True:
        if isinstance(value, staticmethod | classmethod | MethodType):
            value = value.__func__
        elif isinstance(value, functools.partial):
            value = value.func
        elif isinstance(value, functools._lru_cache_wrapper):
            value = value.__wrapped__
        elif (
            isinstance(value, FunctionType) and "__wrapped__" in vars(value) and not is_project_function(value, sources)
        ):
            value = vars(value)["__wrapped__"]
        else:
            return value


def _targets(statement: ast.AST) -> list[ast.expr]:
    if isinstance(statement, ast.Assign | ast.Delete):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AugAssign | ast.AnnAssign) else []


def _meaning_of(node: ast.expr, namespace: Namespace, sources: Sources) -> Meaning | None:
    """What the name means at which an expression begins, with the attributes behind it."""
    links: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Attribute):
            links.insert(0, node.attr)
        node = node.func if isinstance(node, ast.Call) else node.value
    return find_meaning(Use((node.id, *links), node.lineno), namespace, sources) if isinstance(node, ast.Name) else None


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_script(node: ast.AST) -> bool:
    """True for `if __name__ == "__main__":`, which never runs here."""
    return isinstance(node, ast.If) and any(
        isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(node.test)
    )


def _is_below(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in NO_EFFECT)
