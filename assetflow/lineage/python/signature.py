"""Reads an asset's upstreams and config values from the signature of its function.

def loyalty(sales: pl.LazyFrame, households: Annotated[pa.Table, upstream("people")], min_spend: float = 100.0)
            sales arrives as a LazyFrame   people arrives as an Arrow table             a config value
"""

from __future__ import annotations

import ast
import datetime
import decimal
import inspect
import json
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ForwardRef, get_args, get_origin

from msgspec import Struct

from assetflow.asset import Arrival, Parameter, Query, upstream
from assetflow.engines.changes import Changes
from assetflow.errors import DefinitionError
from assetflow.lineage.python.functions import function_nodes
from assetflow.lineage.python.modules import ModuleTexts
from assetflow.lineage.python.syntax import FunctionNode, unquoted
from assetflow.secret import Secret

CONTEXT = "context"
"""The parameter that receives the context of the run in place of an upstream."""


class Signature(Struct, frozen=True):
    """What a function asks for: upstreams, config values (as JSON values), and the context of the run.

    `kinds` are types of defaults that JSON has not got: dates, tuples and the like.
    """

    parameters: tuple[Parameter, ...]
    config: Mapping[str, Any]
    takes_context: bool
    returns_query: bool
    kinds: str = ""


def read_signature(function: Callable[..., Any], path: str, texts: ModuleTexts | None = None) -> Signature:
    """The signature of an asset's function below its decorators; `path` is named in errors.

    With `texts`, names that only a type checker imports are understood, and errors tell the parameter's own line.
    Raises DefinitionError for what cannot receive an upstream: `*args`, positional-only parameters, an annotation
    that is no table, a default that is no plain value.
    """
    return _Reader(_written(function, path), path, texts).read()


ARRIVALS: Mapping[str, Arrival] = {
    "polars.DataFrame": "polars",
    "polars.LazyFrame": "polars_lazy",
    "pyarrow.Table": "arrow",
    "pyarrow.RecordBatchReader": "arrow_reader",
    "duckdb.DuckDBPyRelation": "relation",
    "pandas.DataFrame": "pandas",
}

_ALLOWED = "Write pl.LazyFrame, pl.DataFrame, pa.Table, pa.RecordBatchReader, duckdb.DuckDBPyRelation or pd.DataFrame."


def _written(function: Callable[..., Any], path: str) -> types.FunctionType:
    written = inspect.unwrap(function)
    if not isinstance(written, types.FunctionType):
        raise DefinitionError(
            f"@asset stands on a {type(written).__name__}, which is no function",
            path=path,
            hint="Put @asset on a function, or let the decorators below it use functools.wraps.",
        )
    if inspect.iscoroutinefunction(written) or inspect.isasyncgenfunction(written):
        raise DefinitionError(
            f"{written.__name__} is async, and an asset is a plain function",
            path=path,
            line=written.__code__.co_firstlineno,
            hint="Write `def`, and asyncio.run(...) in it for what must be awaited.",
        )
    return written


class _Reader:
    def __init__(self, function: types.FunctionType, path: str, texts: ModuleTexts | None) -> None:
        self._function = function
        self._path = path
        self._names = function.__globals__
        nodes = function_nodes(function, texts) if texts is not None else []
        self._node: FunctionNode | None = nodes[0] if nodes else None
        self._imports = texts.parse(function.__code__.co_filename).imports if texts is not None else {}

    def read(self) -> Signature:
        parameters: list[Parameter] = []
        config: dict[str, Any] = {}
        kinds: list[str] = []
        takes_context = False
        for parameter in self._parameters():
            self._refuse_unnamed(parameter)
            if parameter.name == CONTEXT:
                takes_context = True
            elif parameter.default is inspect.Parameter.empty:
                parameters.append(self._upstream(parameter))
            else:
                config[parameter.name] = self._config_value(parameter)
                kind = kind_beside_json(parameter.default)
                kinds += [f"{parameter.name} {kind}"] * bool(kind)
        return Signature(tuple(parameters), config, takes_context, self._returns_query(), ", ".join(sorted(kinds)))

    def _parameters(self) -> list[inspect.Parameter]:
        # The code object tells names, kinds and defaults; annotations may name what only a type checker imports.
        function = types.FunctionType(
            self._function.__code__,
            {},
            self._function.__name__,
            self._function.__defaults__,
            self._function.__closure__,
        )
        function.__kwdefaults__ = self._function.__kwdefaults__
        return list(inspect.signature(function).parameters.values())

    def _refuse_unnamed(self, parameter: inspect.Parameter) -> None:
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            raise self._error(
                parameter.name,
                f"{parameter} names no upstream",
                "Write one parameter for each upstream; decorators below @asset need functools.wraps.",
            )
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise self._error(
                parameter.name,
                f"{parameter.name} is positional-only, but assets are called by name",
                "Remove the / from the parameters.",
            )

    # Upstreams

    def _upstream(self, parameter: inspect.Parameter) -> Parameter:
        kind, mark = self._kind_and_mark(parameter.name)
        kind, changes = self._without_changes(kind)
        name, columns = mark.name or parameter.name, None if mark.columns is None else tuple(mark.columns)
        if kind is None:
            return Parameter(parameter.name, name, columns=columns, changes=changes, partitions=mark.partitions)
        if "pathlib.Path" in self._names_of(kind):
            return Parameter(parameter.name, name, columns=columns, is_path=True)
        if columns is not None and not all(isinstance(column, str) for column in columns):
            message = f"The columns of {parameter.name} are no names"
            raise self._error(parameter.name, message, 'Write columns=["a", "b"].')
        arrives = self._arrival(kind, parameter.name)
        return Parameter(parameter.name, name, arrives, columns, changes, partitions=mark.partitions)

    def _without_changes(self, kind: object) -> tuple[object, bool]:
        """The type in `Changes[type]`, and whether it stood there; None for `Changes` alone."""
        if isinstance(kind, ast.Subscript) and self._is_changes(kind.value):
            return unquoted(kind.slice), True
        live = self._value(kind) if isinstance(kind, ast.expr) else kind
        if live is Changes or (isinstance(kind, ast.expr) and self._is_changes(kind)):
            return None, True
        if get_origin(live) is Changes:
            return get_args(live)[0], True
        return kind, False

    def _is_changes(self, expression: ast.expr) -> bool:
        names = ("assetflow.Changes", "assetflow.engines.changes.Changes")
        return self._value(expression) is Changes or self._full_name(expression) in names

    def _kind_and_mark(self, name: str) -> tuple[object, upstream]:
        """The type that a parameter is annotated with, as syntax or as a live object, and its `upstream(...)`."""
        expression = self._expression(name)
        if expression is not None:
            kind, marks = self._parts(expression, name)
        else:
            kind, marks = _live_parts(self._function.__annotations__.get(name) if self._node is None else None)
        return kind, marks[0] if marks else upstream()

    def _expression(self, name: str) -> ast.expr | None:
        if self._node is None:
            text = self._function.__annotations__.get(name)
            return unquoted(ast.Constant(text)) if isinstance(text, str) else None
        for each in _arguments(self._node):
            if each.arg == name and each.annotation is not None:
                return unquoted(each.annotation)
        return None

    def _parts(self, annotation: ast.expr, name: str) -> tuple[object, list[upstream]]:
        """The type in `Annotated[type, upstream(...)]`, and what `upstream(...)` says."""
        if not isinstance(annotation, ast.Subscript):
            alias = self._value(annotation)
            return _live_parts(alias) if get_origin(alias) is Annotated else (annotation, [])
        if self._full_name(annotation.value).rpartition(".")[2] != "Annotated":
            return annotation, []
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        marks = [mark for mark in (self._mark(each, name) for each in parts[1:]) if mark is not None]
        return unquoted(parts[0]), marks

    def _mark(self, expression: ast.expr, name: str) -> upstream | None:
        """`upstream("other", columns=[...])` as a value; its arguments may be constants of the module."""
        if isinstance(expression, ast.Name):
            value = self._value(expression)
            return value if isinstance(value, upstream) else None
        if not (isinstance(expression, ast.Call) and self._full_name(expression.func).rpartition(".")[2] == "upstream"):
            return None
        try:
            arguments = [self._constant(each) for each in expression.args]
            options = {str(each.arg): self._constant(each.value) for each in expression.keywords}
            return upstream(*arguments, **options)
        except (ValueError, TypeError):
            raise self._error(
                name,
                f"{ast.unparse(expression)} cannot be read",
                'Write upstream("name"), upstream(columns=["a", "b"]) or both, with constants.',
            ) from None

    def _constant(self, expression: ast.expr) -> Any:
        if isinstance(expression, ast.Name | ast.Attribute):
            value = self._value(expression)
            if value is None:
                raise ValueError(ast.unparse(expression))
            return value
        return ast.literal_eval(expression)

    def _arrival(self, kind: object, name: str) -> Arrival:
        names = self._names_of(kind)
        for each in names:
            if each in ARRIVALS:
                return ARRIVALS[each]
        written = ast.unparse(kind) if isinstance(kind, ast.expr) else names[0]
        raise self._error(name, f"{name} cannot arrive as {written}", _ALLOWED)

    def _names_of(self, kind: object) -> list[str]:
        """What a type is called: as the module writes it, and as the class that it is."""
        if isinstance(kind, ast.expr):
            return [self._full_name(kind), _name_of(self._value(kind))]
        return [_name_of(kind)]

    def _full_name(self, expression: ast.expr) -> str:
        """`pl.LazyFrame` as `polars.LazyFrame`, by what the module imports; the library is not imported for it."""
        words: list[str] = []
        while isinstance(expression, ast.Attribute):
            words.insert(0, expression.attr)
            expression = expression.value
        if not isinstance(expression, ast.Name):
            return ""
        origin = self._imports.get(expression.id) or _CUSTOMARY.get(expression.id, expression.id)
        return ".".join([origin, *words])

    def _value(self, expression: ast.expr) -> Any:
        """The live value of a name or a chain of attributes, None when there is none."""
        if isinstance(expression, ast.Name):
            return self._names.get(expression.id)
        if isinstance(expression, ast.Attribute):
            return getattr(self._value(expression.value), expression.attr, None)
        return None

    # Config values

    def _config_value(self, parameter: inspect.Parameter) -> Any:
        kind, mark = self._kind_and_mark(parameter.name)
        if mark != upstream() or self._without_changes(kind)[1]:
            raise self._error(
                parameter.name,
                f"{parameter.name} is an upstream and has a default",
                "Remove the default: a parameter with a default is a config value.",
            )
        try:
            return json_value(parameter.default)
        except TypeError as error:
            raise self._error(
                parameter.name,
                f"The default of {parameter.name} is {error}, which a config value cannot be",
                "Write a text, number, True, False, None, date, list or dict; build other things inside the function.",
            ) from None

    def _returns_query(self) -> bool:
        if self._node is None:
            return any(self._names.get(name) is Query for name in self._function.__code__.co_names)
        if isinstance(self._node, ast.Lambda):
            return False
        if self._node.returns is not None and self._is_query(unquoted(self._node.returns)):
            return True
        return any(isinstance(each, ast.Call) and self._is_query(each.func) for each in ast.walk(self._node))

    def _is_query(self, expression: ast.expr) -> bool:
        name = self._full_name(expression)
        return self._value(expression) is Query or name in ("assetflow.Query", "assetflow.asset.Query")

    # Errors

    def _error(self, name: str, message: str, hint: str) -> DefinitionError:
        line = self._function.__code__.co_firstlineno
        for each in _arguments(self._node) if self._node is not None else ():
            if each.arg == name:
                line = each.lineno
        return DefinitionError(message, path=self._path, line=line, hint=hint)


_CUSTOMARY = {"pl": "polars", "pa": "pyarrow", "pd": "pandas"}


def json_value(value: object) -> Any:
    """A default as the JSON value that stands for it; TypeError names the type of what has none."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Secret):
        return value.to_dict()
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: json_value(each) for key, each in value.items()}
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    raise TypeError(f"a {type(value).__name__}")


def kind_beside_json(value: object) -> str:
    """Types in a default that the JSON value which stands for it has not got; empty where there are none."""
    if isinstance(value, dict | list | tuple):
        kinds = [kind_beside_json(each) for each in (value.values() if isinstance(value, dict) else value)]
        name = "tuple" if isinstance(value, tuple) else ""
        return f"{name}{json.dumps(kinds) if any(kinds) else ''}"
    return type(value).__name__ if isinstance(value, datetime.date | datetime.time | decimal.Decimal) else ""


def _arguments(node: FunctionNode) -> list[ast.arg]:
    arguments = node.args
    stars = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]


def _live_parts(annotation: object) -> tuple[object, list[upstream]]:
    """The type in a live `Annotated[type, upstream(...)]`, and what `upstream(...)` says."""
    if get_origin(annotation) is not Annotated:
        return annotation, []
    marks = [each for each in getattr(annotation, "__metadata__", ()) if isinstance(each, upstream)]
    return getattr(annotation, "__origin__", None), marks


def _name_of(kind: object) -> str:
    """`polars.LazyFrame` for the class, wherever inside of the library it is defined."""
    if isinstance(kind, ForwardRef):
        words = kind.__forward_arg__.split(".")
        return ".".join([_CUSTOMARY.get(words[0], words[0]), *words[1:]])
    module = str(getattr(kind, "__module__", "")).split(".")[0].lstrip("_")
    return f"{module}.{getattr(kind, '__qualname__', '')}"
