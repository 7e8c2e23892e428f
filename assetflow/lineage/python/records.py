"""Fingerprints one object of the project at a time: its own text, and links to the objects that it uses.

A function, class, module, global name or definition (the statements that bind a global name) is a `Subject`; what is
known of it is a `Record`, made once per load of the project.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Sequence

from msgspec.structs import replace

from assetflow.asset import OPTIONS, asset, check
from assetflow.lineage.python.functions import (
    cells_of,
    default_expressions,
    defaults_of,
    function_nodes,
    is_project_class,
    is_project_function,
    package_of,
)
from assetflow.lineage.python.gathering import Gathering
from assetflow.lineage.python.meaning import Namespace, namespace_of
from assetflow.lineage.python.modules import Sources
from assetflow.lineage.python.scopes import Usage, read_expressions, read_function, read_statements
from assetflow.lineage.python.setups import set_ups
from assetflow.lineage.python.subjects import CALLED_LATER, LOADING, VALUE_KNOWN, Record, Subject
from assetflow.lineage.python.syntax import FunctionNode, dump, dump_function, dump_statements
from assetflow.lineage.python.volatile import NOT_WHILE_LOADING, find_volatile_sql


def record_of(subject: Subject, sources: Sources) -> Record:
    """The record of a subject; made once."""
    known = sources.texts.records.get(subject.key)
    if isinstance(known, Record):
        return known
    gathering = Gathering(subject, sources)
    _WRITE[subject.kind](gathering)
    record = sources.texts.records[subject.key] = gathering.finish()
    return record


def _write_callable(gathering: Gathering) -> None:
    """An object that is called like a function: a partial, a cached function, an instance with `__call__`."""
    gathering.name = type(gathering.subject.value).__name__
    gathering.write_value("called", gathering.subject.value, None)


def _write_function(gathering: Gathering) -> None:
    function = gathering.subject.value
    assert isinstance(function, types.FunctionType)
    code = function.__code__
    gathering.name = f"{function.__globals__.get('__name__')}.{code.co_qualname}"
    if not is_project_function(function, gathering.sources):
        _write_foreign_function(gathering, function)
        return
    gathering.place(gathering.sources.relative(code.co_filename), code.co_qualname, code.co_firstlineno)
    cells = cells_of(function)
    namespace = namespace_of(function.__globals__, gathering.sources)
    namespace = replace(namespace, cells=cells)
    nodes = function_nodes(function, gathering.sources.texts)
    if not nodes:
        gathering.note(f"the source of {code.co_qualname} was not found", code.co_firstlineno)
    for node in nodes:
        gathering.nodes.append(node)
        gathering.lines.append(dump_function(node, with_annotations=gathering.subject.annotated))
        if gathering.subject.annotated:
            gathering.given = frozenset(
                each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            )
        usage = read_function(node, with_annotations=gathering.subject.annotated)
        gathering.write_usage(usage, namespace, CALLED_LATER)
        _write_decorators(gathering, node, namespace)
        _write_defaults(gathering, function, node, namespace)
    for name in sorted(cells):
        gathering.write_value(f"cell {name}", cells[name], code.co_firstlineno)
    _write_attributes(gathering, function)
    if gathering.subject.annotated:
        module = gathering.sources.find(str(function.__globals__.get("__name__")))
        gathering.link_effects([] if module is None else [module])


def _write_import(gathering: Gathering) -> None:
    """What importing a module sets up beyond its names."""
    module = gathering.subject.value
    assert isinstance(module, types.ModuleType)
    namespace = namespace_of(vars(module), gathering.sources)
    statements = set_ups(namespace, gathering.sources)
    gathering.place(namespace.path, "import", statements[0].lineno)
    gathering.lines.append(dump_statements(statements))
    gathering.write_usage(read_statements(statements), namespace, LOADING)


def _write_foreign_function(gathering: Gathering, function: types.FunctionType) -> None:
    """A function of a library, such as a decorator returned, leads to the project's functions inside of it."""
    gathering.lines.append(f"library {gathering.name}")
    gathering.libraries.add(package_of(gathering.name))
    if gathering.subject.annotated:
        code = function.__code__
        name = code.co_qualname if code.co_filename.startswith("<") else gathering.name
        gathering.note(f"{name} is not written in a file of the project")
    inner = [getattr(function, "__wrapped__", None), *cells_of(function).values()]
    if function.__code__.co_qualname == "singledispatch.<locals>.wrapper":
        registry: dict[type, object] = dict(getattr(function, "registry", {}))
        for kind in sorted(registry, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}"):
            gathering.write_value("registered", (kind, registry[kind]), None)
        return
    for value in inner:
        if is_project_function(value, gathering.sources) or is_project_class(value, gathering.sources):
            gathering.lines.append(f"inside {gathering.link_value(value)}")


def _write_attributes(gathering: Gathering, function: types.FunctionType) -> None:
    for name, value in sorted(vars(function).items()):
        if name == "__wrapped__":
            gathering.lines.append(f"wraps {gathering.link_value(value)}" if callable(value) else "")
        elif name != OPTIONS:
            text = gathering.text(value)
            gathering.lines.append(f"attribute {name} {text.text}")


def _write_decorators(gathering: Gathering, node: FunctionNode | ast.ClassDef, namespace: Namespace) -> None:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    counted = [each for each in decorators if not _declares(each, namespace)]
    for each in counted:
        gathering.lines.append(f"decorator {dump(each)}")
    gathering.write_usage(read_expressions(counted), namespace, LOADING)


def _write_defaults(
    gathering: Gathering, function: types.FunctionType, node: FunctionNode, namespace: Namespace
) -> None:
    expressions = default_expressions(node)
    for name, value in defaults_of(function):
        if name in gathering.subject.config:
            continue
        text = gathering.text(value)
        gathering.lines.append(f"default {name} {text.text}")
        expression = expressions.get(name)
        if expression is None:
            continue
        if text.opaque:
            gathering.lines.append(dump(expression))
        usage = read_expressions([expression])
        gathering.write_usage(usage, namespace, LOADING if text.opaque else VALUE_KNOWN)


def _write_class(gathering: Gathering) -> None:
    kind = gathering.subject.value
    assert isinstance(kind, type)
    namespace = _class_namespace(gathering, kind)
    statements = namespace.source.classes.get(kind.__qualname__, ())
    gathering.place(namespace.path, kind.__qualname__, statements[0].lineno if statements else 1)
    for node in statements:
        gathering.nodes.append(node)
        gathering.lines.append(dump(_undecorated(node)))
        gathering.while_loading += _makes_classes(node, kind)
        gathering.write_usage(_class_usage(node), namespace, CALLED_LATER)
        _write_decorators(gathering, node, namespace)
    for base in (*kind.__mro__[1:], type(kind)):
        if is_project_class(base, gathering.sources):
            gathering.lines.append(f"base {gathering.link_value(base)}")
    _write_class_state(gathering, kind, namespace)


def _class_namespace(gathering: Gathering, kind: type) -> Namespace:
    module = gathering.sources.find(kind.__module__)
    names = vars(module) if module is not None else {}
    namespace = namespace_of(names, gathering.sources)
    cells: dict[str, object] = {}
    for value in vars(kind).values():
        function = getattr(value, "__func__", value)
        if isinstance(function, types.FunctionType) and is_project_function(function, gathering.sources):
            cells |= {name: cell for name, cell in cells_of(function).items() if name != "__class__"}
    for name in sorted(cells):
        gathering.write_value(f"cell {name}", cells[name], None)
    return replace(namespace, cells=cells)


def _write_class_state(gathering: Gathering, kind: type, namespace: Namespace) -> None:
    """What was put onto the class after its statement, and values that its statement computed."""
    statements = namespace.source.classes.get(kind.__qualname__, ())
    told = _assigned_names(statements)
    for name, value in sorted(vars(kind).items()):
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if isinstance(function, types.FunctionType):
            is_ours = is_project_function(function, gathering.sources)
            if is_ours and not _is_within(function, statements, namespace, gathering.sources):
                gathering.write_value(f"member {name}", function, None)
        elif _is_member(name, value):
            text = gathering.text(value)
            gathering.lines.append(f"member {name} {text.text}")
            if text.opaque and name not in told:
                gathering.note(f"{kind.__qualname__}.{name} is a {text.opaque[0]}, whose value has no fingerprint")
    written = {each.name for node in statements for each in node.body if isinstance(each, _METHODS)}
    gathering.lines += [f"without {name}" for name in sorted(written - vars(kind).keys())]
    for name, field in vars(kind).get("__dataclass_fields__", {}).items():
        gathering.lines.append(f"field {name} {gathering.text((field.default, field.default_factory)).text}")


def _is_within(
    function: types.FunctionType, statements: Sequence[ast.ClassDef], namespace: Namespace, sources: Sources
) -> bool:
    """True for a function that is written inside of one of these class statements."""
    code = function.__code__
    is_same_file = sources.relative(code.co_filename) == namespace.path
    return is_same_file and any(each.lineno <= code.co_firstlineno <= (each.end_lineno or 0) for each in statements)


def _makes_classes(statement: ast.ClassDef, kind: type) -> list[range]:
    """The lines of the methods that run when a class below this one is made."""
    names = {"__init_subclass__", "__set_name__"} | ({"__new__", "__init__"} if issubclass(kind, type) else set())
    methods = [each for each in statement.body if isinstance(each, ast.FunctionDef) and each.name in names]
    return [range(each.lineno, (each.end_lineno or each.lineno) + 1) for each in methods]


def _is_member(name: str, value: object) -> bool:
    """True for what a class holds, but for what Python keeps there for itself."""
    is_pythons = name.startswith(("__", "_abc_")) or (name.startswith("_") and name.endswith("_"))
    return not is_pythons and not isinstance(value, _SLOTS) and type(value).__module__ != "_collections"


_METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType, types.BuiltinFunctionType)


def _assigned_names(statements: Sequence[ast.ClassDef]) -> frozenset[str]:
    """The names in a class to which its statement gives something else than a constant: that tells what they hold."""
    told: set[str] = set()
    for statement in (each for node in statements for each in ast.walk(node)):
        if isinstance(statement, ast.Assign | ast.AnnAssign) and not isinstance(statement.value, ast.Constant | None):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            told.update(each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.For | ast.With):
            told.update([statement.name] if hasattr(statement, "name") else ())
    return frozenset(told)


def _write_module(gathering: Gathering) -> None:
    module = gathering.subject.value
    assert isinstance(module, types.ModuleType)
    namespace = namespace_of(vars(module), gathering.sources)
    gathering.place(namespace.path, "", 1)
    gathering.note_native(module)
    gathering.lines.append(dump_statements(namespace.source.tree.body))
    gathering.write_usage(read_statements(namespace.source.tree.body), namespace, CALLED_LATER)
    for name, value in sorted(vars(module).items()):
        is_ours = isinstance(value, types.ModuleType) and gathering.sources.holds(value)
        if is_ours or is_project_function(value, gathering.sources) or is_project_class(value, gathering.sources):
            gathering.lines.append(f"holds {name} {gathering.link_value(value)}")


def _write_name(gathering: Gathering) -> None:
    namespace, name = _named(gathering)
    bindings = namespace.source.bindings.get(name, ())
    line = bindings[0].lineno if bindings else 1
    gathering.place(namespace.path, name, line)
    text = gathering.text(gathering.subject.value)
    gathering.lines.append(text.text)
    for resource in text.resources:
        gathering.note(f"{name} is a {resource}", line, NOT_WHILE_LOADING)
    if isinstance(gathering.subject.value, str):
        gathering.write_findings(find_volatile_sql(gathering.subject.value, line))
    if bindings:
        definition = Subject("definition", namespace.names, namespace, name)
        gathering.lines.append(gathering.link(definition, LOADING) if text.opaque else "")
        if not text.opaque:
            gathering.link(definition, VALUE_KNOWN)
        elif not any(_tells_what_it_holds(statement, namespace, gathering.sources) for statement in bindings):
            gathering.note(f"{name} holds a {text.opaque[0]}, which another file put there", line, NOT_WHILE_LOADING)
    elif text.opaque and not text.resources:
        gathering.note(f"{name} is a {text.opaque[0]}, whose value has no fingerprint", line, NOT_WHILE_LOADING)


def _tells_what_it_holds(statement: ast.stmt, namespace: Namespace, sources: Sources) -> bool:
    """True for a call, and for another name of what a library has: `c = pl.col`."""
    if any(isinstance(each, ast.Call) for each in ast.walk(statement)):
        return True
    named = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if not isinstance(named, ast.Attribute):
        return False
    while isinstance(named, ast.Attribute):
        named = named.value
    library = namespace.names.get(named.id) if isinstance(named, ast.Name) else None
    return isinstance(library, types.ModuleType) and not sources.holds(library)


def _write_definition(gathering: Gathering) -> None:
    namespace, name = _named(gathering)
    gathering.place(namespace.path, name, namespace.source.bindings[name][0].lineno)
    statements = [each for each in namespace.source.bindings[name] if not _is_code(each)]
    gathering.lines.append(dump_statements(statements))
    gathering.write_usage(read_statements(statements), namespace, LOADING)
    for node in namespace.source.bindings[name]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            gathering.lines.append(dump_function(node))
            gathering.write_usage(read_function(node), namespace, CALLED_LATER)
            _write_decorators(gathering, node, namespace)


def _named(gathering: Gathering) -> tuple[Namespace, str]:
    assert gathering.subject.namespace is not None
    return gathering.subject.namespace, gathering.subject.name


def _declares(decorator: ast.expr, namespace: Namespace) -> bool:
    """True for `@asset` and `@check`: what they are given does not change what the function does."""
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    words: list[str] = []
    while isinstance(function, ast.Attribute):
        words.insert(0, function.attr)
        function = function.value
    value = namespace.names.get(function.id) if isinstance(function, ast.Name) else None
    for word in words:
        value = getattr(value, word, None)
    return value is asset or value is check


def _undecorated(node: ast.ClassDef) -> ast.ClassDef:
    return ast.ClassDef(node.name, node.bases, node.keywords, node.body, [])


def _class_usage(node: ast.ClassDef) -> Usage:
    return read_statements([ast.copy_location(_undecorated(node), node)])


def _is_code(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


_WRITE = {
    "callable": _write_callable,
    "function": _write_function,
    "class": _write_class,
    "module": _write_module,
    "name": _write_name,
    "definition": _write_definition,
    "import": _write_import,
}
