"""Writes a syntax tree as text in which layout, comments, docstrings and idle annotations leave no trace.

Equal text means equal behaviour, on every Python version: empty fields are left out, because versions differ in them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_IGNORED_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_ignores", "str"})
_IMPORTS = (ast.Import, ast.ImportFrom)


def dump(node: ast.AST) -> str:
    """The normal text of a statement, an expression or a module."""
    return _dump(node, False)


def dump_function(node: FunctionNode, *, with_annotations: bool = False) -> str:
    """The normal text of a function without its decorators and default values, which are judged as live objects."""
    keep = with_annotations or reads_annotations(node)
    parameters = _dump_parameters(node.args, keep)
    if isinstance(node, ast.Lambda):
        return f"Lambda({parameters} body={dump(node.body)})"
    kind = type(node).__name__
    return f"{kind}({node.name} {parameters} body={_dump_body(node.body, in_class=False)})"


def dump_statements(statements: Iterable[ast.stmt]) -> str:
    """The normal text of statements in their order."""
    return _dump_body(statements, in_class=False)


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node, without the markers of loading and storing."""
    found: list[ast.AST] = []
    for name in node._fields:
        if name == "ctx":
            continue
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found += [each for each in value if isinstance(each, ast.AST)]
    return found


def reads_annotations(node: FunctionNode) -> bool:
    """True when a decorator could look at the annotations (`@area.register`, `@validate_call`)."""
    return not isinstance(node, ast.Lambda) and bool(node.decorator_list)


def is_idle(statement: ast.stmt) -> bool:
    """True for docstrings, other constants that stand alone, and `pass`."""
    if isinstance(statement, ast.Pass):
        return True
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def said_by(node: ast.AST) -> str:
    """What functions and classes say of themselves: docstrings, annotations."""
    said: list[str] = []
    for each in ast.walk(node):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            said.append(ascii(ast.get_docstring(each, clean=False)))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            said.append(_dump_parameters(each.args, True) + (dump(each.returns) if each.returns else ""))
    return "\n".join(said)


def _dump(value: object, in_class: bool) -> str:
    if isinstance(value, list):
        return f"[{' '.join(_dump(item, in_class) for item in value)}]"
    if not isinstance(value, ast.AST):
        return ascii(value)
    special = _SPECIAL.get(type(value))
    return special(value) if special else _dump_fields(value)


def _dump_fields(node: ast.AST) -> str:
    parts = []
    for name in node._fields:
        if name in _IGNORED_FIELDS:
            continue
        value = getattr(node, name, None)
        if value is None or value == []:
            continue
        if name in ("body", "orelse", "finalbody") and isinstance(value, list):
            parts.append(f"{name}={_dump_body(value, in_class=isinstance(node, ast.ClassDef))}")
        else:
            parts.append(f"{name}={_dump(value, False)}")
    return f"{type(node).__name__}({' '.join(parts)})"


def _dump_body(statements: Iterable[ast.stmt], *, in_class: bool) -> str:
    # Imports leave no trace: what the names that they bind lead to is followed and counted by itself.
    counted = (each for each in statements if not is_idle(each) and not isinstance(each, _IMPORTS))
    texts = (_dump_annotated(each, in_class) if isinstance(each, ast.AnnAssign) else dump(each) for each in counted)
    return f"[{' '.join(text for text in texts if text)}]"


def _dump_annotated(node: ast.AnnAssign, in_class: bool) -> str:
    # In a class an annotation declares a field; elsewhere it is a remark.
    if in_class:
        return _dump_fields(node)
    if node.value is None:
        return ""
    return f"Assign(targets=[{dump(node.target)}] value={dump(node.value)})"


def _dump_constant(node: ast.AST) -> str:
    assert isinstance(node, ast.Constant)
    return f"{type(node.value).__name__}:{node.value!a}"


def _dump_nested_function(node: ast.AST) -> str:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    keep = reads_annotations(node)
    defaults = _dump([*node.args.defaults, *node.args.kw_defaults], False)
    decorators = _dump(node.decorator_list, False)
    parameters = _dump_parameters(node.args, keep)
    returns = f" returns={dump(node.returns)}" if keep and node.returns else ""
    body = _dump_body(node.body, in_class=False)
    return f"{type(node).__name__}({node.name} {parameters}{returns} {defaults} {decorators} body={body})"


def _dump_nested_lambda(node: ast.AST) -> str:
    assert isinstance(node, ast.Lambda)
    defaults = _dump([*node.args.defaults, *node.args.kw_defaults], False)
    return f"Lambda({_dump_parameters(node.args, False)} {defaults} body={dump(node.body)})"


def _dump_parameters(arguments: ast.arguments, with_annotations: bool) -> str:
    groups = (
        ("/", arguments.posonlyargs),
        ("", arguments.args),
        ("*", [arguments.vararg] if arguments.vararg else []),
        ("kw", arguments.kwonlyargs),
        ("**", [arguments.kwarg] if arguments.kwarg else []),
    )
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    optional = [each is not None for each in arguments.kw_defaults]
    texts = [f"{mark}{_dump_parameter(each, with_annotations)}" for mark, group in groups for each in group]
    return f"({' '.join(texts)} required={required} optional={optional})"


def _dump_parameter(parameter: ast.arg, with_annotations: bool) -> str:
    if not with_annotations or parameter.annotation is None:
        return parameter.arg
    return f"{parameter.arg}:{dump(unquoted(parameter.annotation))}"


def unquoted(annotation: ast.expr) -> ast.expr:
    """The expression inside of a quoted annotation; the annotation itself when it is not quoted or does not parse."""
    if not (isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)):
        return annotation
    try:
        return ast.parse(annotation.value.strip(), mode="eval").body
    except SyntaxError:
        return annotation


def _dump_joined(node: ast.AST) -> str:
    # Python versions cut the constant text between two fields of an f-string differently.
    assert isinstance(node, ast.JoinedStr)
    parts: list[str] = []
    text = ""
    for value in node.values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            text += value.value
            continue
        parts += [ascii(text)] if text else []
        parts.append(dump(value))
        text = ""
    parts += [ascii(text)] if text else []
    return f"JoinedStr({' '.join(parts)})"


def _dump_names(node: ast.AST) -> str:
    assert isinstance(node, ast.Global | ast.Nonlocal)
    return f"{type(node).__name__}({' '.join(sorted(node.names))})"


_SPECIAL = {
    ast.Constant: _dump_constant,
    ast.FunctionDef: _dump_nested_function,
    ast.AsyncFunctionDef: _dump_nested_function,
    ast.Lambda: _dump_nested_lambda,
    ast.JoinedStr: _dump_joined,
    ast.Global: _dump_names,
    ast.Nonlocal: _dump_names,
}
