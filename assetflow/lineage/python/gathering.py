"""Gathers what is known of one object of the project: its text, what it uses, and what no fingerprint can hold."""

from __future__ import annotations

import ast
import functools
import inspect
import os
import re
import sys
import types
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assetflow.asset import Note
from assetflow.lineage.python.effects import modules_at, modules_with_effects
from assetflow.lineage.python.functions import (
    MUTATORS,
    changes_self,
    function_nodes,
    is_project_class,
    is_project_function,
    package_of,
)
from assetflow.lineage.python.grafts import grafts
from assetflow.lineage.python.meaning import (
    CellName,
    Library,
    Meaning,
    Missing,
    Namespace,
    ProjectName,
    WholeModule,
    find_meaning,
    find_path,
    joined,
    namespace_of,
)
from assetflow.lineage.python.modules import Sources
from assetflow.lineage.python.scopes import CALLED, SAID, UNKNOWN, Usage, Use
from assetflow.lineage.python.subjects import CALLED_LATER, LOADING, VALUE_KNOWN, Record, Subject, When
from assetflow.lineage.python.values import ValueText, write_value
from assetflow.lineage.python.volatile import (
    ALWAYS,
    GIVEN,
    NOT_WHILE_LOADING,
    ONLY_WHEN_CALLED,
    Finding,
    LibraryUse,
    Weight,
    find_volatile,
    find_volatile_sql,
    module_by_name,
    value_here,
)

ASKS_FOR_ANNOTATIONS = frozenset({
    "inspect.signature", "inspect.getfullargspec", "inspect.get_annotations", "typing.get_type_hints",
})  # fmt: skip
_READERS_KNOWN = frozenset({"duckdb", "numpy", "pandas", "polars", "pyarrow"})
"""Libraries whose readers are noted by name wherever they are called: other objects of theirs hold no file."""

ASKS = ASKS_FOR_ANNOTATIONS | {"inspect.getdoc"}


@dataclass(slots=True)
class Gathering:
    """A record in the making."""

    subject: Subject
    sources: Sources
    name: str = ""
    path: str | None = None
    line: int | None = None
    lines: list[str] = field(default_factory=list)
    links: list[tuple[Subject, When]] = field(default_factory=list)
    notes: list[tuple[Weight, Note]] = field(default_factory=list)
    libraries: set[str] = field(default_factory=set)
    changes: set[object] = field(default_factory=set)
    while_loading: list[range] = field(default_factory=list)
    """Lines that run while classes are made, though they stand in functions."""
    nodes: list[ast.AST] = field(default_factory=list)
    given: frozenset[str] = frozenset()
    """The parameters of the asset itself."""
    asks: bool = False
    is_opaque: bool = False
    """True when a value of a library is among it that cannot be written, and that may hold what a file said."""

    def finish(self) -> Record:
        """The record of what was gathered."""
        if self.is_opaque:
            self._write_given()
        return Record(
            self.subject,
            self.name,
            "\n".join(self.lines),
            tuple(self.links),
            tuple(self.notes),
            frozenset(self.libraries),
            frozenset(self.changes),
            self.path,
            tuple(self.nodes),
            self.asks,
        )

    def place(self, path: str | None, name: str, line: int) -> None:
        """Names the record by its file, since the name of a module depends on how it was imported."""
        module = (path or "").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.path, self.line = path, line
        self.name = ".".join(word for word in (module, name) if word)

    # Values

    def write_value(self, label: str, value: object, line: int | None) -> None:
        text = self.text(value)
        self.lines.append(f"{label} {text.text}")
        for resource in text.resources:
            self.note(f"{label} is a {resource}", line, NOT_WHILE_LOADING)
        if not text.opaque or text.resources:
            return
        namespace, name = self.subject.namespace, self.subject.name
        if namespace is not None and name in namespace.source.bindings:
            self.lines.append(self.link(Subject("definition", namespace.names, namespace, name), LOADING))
        elif not hasattr(self.subject.value, "__wrapped__"):
            # A decorator's own arguments stand in the decorator list of the function that it wraps.
            self.note(f"{label} is a {text.opaque[0]}, whose value has no fingerprint", line, NOT_WHILE_LOADING)

    def text(self, value: object) -> ValueText:
        text = write_value(
            value,
            self.link_value,
            is_ours=functools.partial(is_project_class, sources=self.sources),
            root=self.sources.root,
        )
        self.is_opaque |= any(package_of(each) not in _READERS_KNOWN for each in text.opaque)
        return text

    def _write_given(self) -> None:
        """The files that were read where such a value was made: `OmegaConf.load("rates.yaml")` holds one of them."""
        paths = {self.path, self.subject.namespace.path if self.subject.namespace is not None else None}
        given = [
            self.sources.texts.given(os.path.join(self.sources.root, path)) for path in sorted(filter(None, paths))
        ]
        self.lines += [f"given {each}" for each in given if each]

    def link_value(self, value: object) -> str:
        """The text that stands for a function, a class or a module."""
        if isinstance(value, types.ModuleType):
            if self.sources.holds(value):
                return self.link(Subject("module", value), CALLED_LATER)
            return self.library(value.__name__)
        if isinstance(value, type):
            return self._link_class(value)
        if not isinstance(value, types.FunctionType):
            return self.text(value).text
        if is_project_function(value, self.sources) or value.__closure__ or hasattr(value, "__wrapped__"):
            context = (self.subject.namespace, self.subject.name) if value.__closure__ else (None, "")
            return self.link(Subject("function", value, *context), CALLED_LATER)
        if value.__code__.co_filename.startswith("<") and namespace_of(value.__globals__, self.sources).path:
            self.note(f"the source of {value.__code__.co_qualname} was not found")
        return self.library(f"{value.__globals__.get('__name__')}.{value.__code__.co_qualname}")

    def _link_class(self, value: type) -> str:
        if not is_project_class(value, self.sources):
            module = self.sources.find(value.__module__)
            if module is None:
                self.note(f"the module of {value.__qualname__} is not loaded")
            elif _at(module, value.__qualname__.split(".")) is not value:
                # Made by a call of a library's function that says it is its own: `make_dataclass("Point", ["x"])`.
                namespace, name = self.subject.namespace, self.subject.name
                if namespace is not None and name in namespace.source.bindings:
                    return self.link(Subject("definition", namespace.names, namespace, name), LOADING)
                if module is types:
                    self.note(f"the definition of {value.__qualname__} was not found")
            return self.library(f"{value.__module__}.{value.__qualname__}")
        if self._has_statement(value):
            return self.link(Subject("class", value), CALLED_LATER)
        # Made by a call (`namedtuple("Point", "x y")`, `Enum("Color", "RED")`): its definition tells.
        namespace = namespace_of(vars(self.sources.find(value.__module__)), self.sources)
        if value.__name__ in namespace.source.bindings:
            return self.link(Subject("definition", namespace.names, namespace, value.__name__), LOADING)
        self.note(f"the definition of {value.__qualname__} was not found")
        return f"class {value.__qualname__}"

    def _has_statement(self, value: type) -> bool:
        module = self.sources.find(value.__module__)
        return module is not None and value.__qualname__ in namespace_of(vars(module), self.sources).source.classes

    def library(self, name: str) -> str:
        self.libraries.add(package_of(name))
        return f"library {name}"

    def link(self, subject: Subject, when: When) -> str:
        self.links.append((subject, when))
        return "#"

    def link_effects(self, imported: Iterable[types.ModuleType]) -> None:
        """What importing these modules sets up beyond their names."""
        found = {id(each): each for module in imported for each in modules_with_effects(module, self.sources)}
        for each in found.values():
            self.link(Subject("import", each), LOADING)

    # Uses

    def write_usage(self, usage: Usage, namespace: Namespace, when: When) -> None:
        """Writes what each used name leads to, and notes what is volatile."""
        written: set[tuple[str, ...]] = set()
        library_uses: list[LibraryUse] = []
        for use in (*usage.uses, *_named_in_strings(usage.strings, namespace)):
            self.asks |= use.chain[0].startswith(UNKNOWN) and not SAID.isdisjoint(use.chain)
            if use.chain[-1] == "__subclasses__":
                self._write_subclasses(use, namespace)
            if use.chain[0].startswith(UNKNOWN):
                root = f"{GIVEN}{use.chain[0][1:]}" if use.chain[0][1:] in self.given else use.chain[0]
                library_uses.append(LibraryUse.of(joined(root, use.chain[1:]), use))
                continue
            meaning = find_meaning(use, namespace, self.sources)
            if use.origin is not None and when == CALLED_LATER:
                self.link_effects(modules_at(use.origin, namespace, self.sources))
            library_uses += self._as_library(self._imported_by_name(meaning, use, namespace), use)
            plain = _plain(use.chain)
            if plain not in written:
                written.add(plain)
                self._write_meaning(plain, meaning, when)
            self._note_changes(meaning, use, when)
            self._write_dynamic(meaning, use, namespace, when)
            self._write_said_of(meaning, use, namespace)
            if isinstance(meaning, Missing) and use.origin is not None:
                self.note(f"{meaning.name} cannot be imported", use.line)
        for graft in grafts([each.name for each in library_uses], self.sources):
            self.lines.append(f"grafted {self.link_value(graft)}")
        self.write_findings(find_volatile(library_uses))
        for text, line in usage.strings:
            self.write_findings(find_volatile_sql(text, line))

    def _write_meaning(self, chain: tuple[str, ...], meaning: Meaning, when: When) -> None:
        target = self._target(meaning, when)
        if when != VALUE_KNOWN:
            self.lines.append(f"{'.'.join(chain)} = {target}")

    def _target(self, meaning: Meaning, when: When) -> str:
        if isinstance(meaning, Library):
            return self.library(re.split(r"\(|\[", meaning.name)[0]) + value_here(meaning.name)
        if isinstance(meaning, WholeModule):
            return self.link(Subject("module", meaning.module), when)
        if isinstance(meaning, ProjectName):
            return self.link(self._subject(meaning), when)
        return f"cell {meaning.name}" if isinstance(meaning, CellName) else f"missing {meaning.name}"

    def _subject(self, meaning: ProjectName) -> Subject:
        value = meaning.value
        if isinstance(value, types.FunctionType) and is_project_function(value, self.sources):
            context = (meaning.namespace, meaning.name) if value.__closure__ else (None, "")
            return Subject("function", value, *context)
        if isinstance(value, type) and is_project_class(value, self.sources) and self._has_statement(value):
            return Subject("class", value)
        return Subject("name", value, meaning.namespace, meaning.name)

    def _as_library(self, meaning: Meaning, use: Use) -> list[LibraryUse]:
        """The use by its full name, when what is used lies outside the project, or is an object of a library."""
        if isinstance(meaning, Library):
            return [LibraryUse.of(meaning.name, use)]
        if not isinstance(meaning, ProjectName | CellName) or not meaning.rest:
            return []
        value, rest = meaning.value, meaning.rest
        while len(rest) > 1 and rest[0] not in (CALLED, "[]"):
            value, rest = inspect.getattr_static(value, rest[0], None), rest[1:]
        name = self._name_of_owner(value, rest, meaning.name)
        return [] if name is None else [LibraryUse.of(joined(name, rest), use)]

    def _imported_by_name(self, meaning: Meaning, use: Use, namespace: Namespace) -> Meaning:
        """What `importlib.import_module("time").time` means, where the module is written there."""
        module = module_by_name(meaning.name, use) if isinstance(meaning, Library) else None
        if module is None:
            return meaning
        found = find_path(module, use.chain[use.chain.index(CALLED) + 1 :], namespace, self.sources)
        return meaning if isinstance(found, Missing) else found

    def _name_of_owner(self, value: object, rest: tuple[str, ...], name: str) -> str | None:
        """Whose these attributes are: a class of a library, an object of one, or what could be anything."""
        kind = type(value)
        if kind.__module__.startswith("pathlib"):
            return "pathlib.Path()"
        if kind.__module__ == "logging":
            return "logging.getLogger()"
        if rest[0] == CALLED and len(rest) == 2 and self._defines(value, rest[1]):
            return None
        if rest[0] in (CALLED, "[]"):
            # What a function of the project returns can be anything, a path among others.
            return f"{UNKNOWN}{name}"
        if isinstance(value, types.ModuleType | types.FunctionType) or self._defines(value, rest[0]):
            return None
        if is_project_class(value, self.sources) or is_project_class(kind, self.sources):
            return f"{UNKNOWN}{name}"
        if isinstance(value, type):
            return f"{value.__module__}.{value.__qualname__}"
        return f"{kind.__module__}.{kind.__qualname__}()"

    def _defines(self, value: object, method: str) -> bool:
        """True when a class of the project, or that of an object, has a method of this name that is written there."""
        kind = value if isinstance(value, type) else type(value)
        function = inspect.getattr_static(kind, method, None)
        return is_project_function(getattr(function, "__func__", function), self.sources)

    def _write_dynamic(self, meaning: Meaning, use: Use, namespace: Namespace, when: When) -> None:
        """Code that finds names while it runs could mean anything in its module."""
        if not isinstance(meaning, Library) or use.call is None:
            return
        arguments = use.call.args
        first = arguments[0] if arguments else None
        module = self.sources.find(namespace.module)
        if meaning.name in ("builtins.eval", "builtins.exec", "builtins.globals") or (
            meaning.name in ("builtins.vars", "builtins.locals") and first is None
        ):
            if module is not None:
                self.lines.append(f"all names {self.link(Subject('module', module), when)}")
        elif meaning.name == "builtins.getattr" and self._is_library(first, namespace):
            # With a constant name it would stand for that attribute.
            self.note(f"getattr() finds something of {ast.unparse(arguments[0])} that is not written here", use.line)
        elif meaning.name == "builtins.vars" and self._is_library(first, namespace):
            self.note(f"vars() finds something of {ast.unparse(arguments[0])} that is not written here", use.line)
        elif meaning.name in ("importlib.import_module", "builtins.__import__") and isinstance(first, ast.Constant):
            found = find_path(str(first.value), (), namespace, self.sources)
            self.lines.append(f"import {self._target(found, when)}")

    def _is_library(self, node: ast.expr | None, namespace: Namespace) -> bool:
        """True for the name of a module that is not of the project: anything in it could be meant."""
        if not isinstance(node, ast.Name):
            return False
        value = namespace.cells.get(node.id, namespace.names.get(node.id))
        return isinstance(value, types.ModuleType) and not self.sources.holds(value)

    def _write_said_of(self, meaning: Meaning, use: Use, namespace: Namespace) -> None:
        """What code says of itself counts where it is asked for: docstrings, annotations, classes below a class."""
        first = use.call.args[0] if use.call is not None and use.call.args else None
        if isinstance(meaning, Library) and meaning.name in ASKS_FOR_ANNOTATIONS and first is not None:
            words = ast.unparse(first).split(".")
            asked_of = find_meaning(Use(tuple(words), use.line), namespace, self.sources)
            value = _at(asked_of.value, asked_of.rest) if isinstance(asked_of, ProjectName) else None
            if isinstance(value, types.FunctionType):
                self.lines.append(f"annotations {self.text(value.__annotations__).text}")
        if isinstance(meaning, ProjectName) and meaning.rest:
            value = meaning.value
            for at, asked in enumerate(meaning.rest):
                if asked in ("__doc__", "__annotations__"):
                    said = getattr(_at(value, meaning.rest[:at]), asked, None)
                    self.lines.append(f"{asked} {self.text(said).text}")
        elif isinstance(meaning, Library) and meaning.name in ASKS:
            self.asks = True
        elif isinstance(meaning, Library) and not SAID.isdisjoint(use.chain):
            what = "a docstring is" if "__doc__" in use.chain else "annotations are"
            self.note(f"{what} used as a value", use.line, ALWAYS)

    def _write_subclasses(self, use: Use, namespace: Namespace) -> None:
        """The classes below the one that is asked; where it is not known which, all that are derived from another."""
        meaning = None if use.chain[0].startswith(UNKNOWN) else find_meaning(use, namespace, self.sources)
        asked = _at(meaning.value, meaning.rest[:-1]) if isinstance(meaning, ProjectName) else None
        found = _subclasses(asked) if isinstance(asked, type) and not issubclass(asked, type) else self._derived()
        self.lines += [f"subclass {self.link_value(each)}" for each in found]

    def _derived(self) -> list[type]:
        modules = [each for each in list(sys.modules.values()) if isinstance(each, types.ModuleType)]
        held = [value for each in modules if self.sources.holds(each) for value in vars(each).values()]
        ours = {each for each in held if isinstance(each, type) and is_project_class(each, self.sources)}
        return sorted((each for each in ours if len(each.__mro__) > 2), key=_full_name)

    def _note_changes(self, meaning: Meaning, use: Use, when: When) -> None:
        if when != CALLED_LATER or self.subject.kind not in ("function", "class"):
            return
        if any(use.line in lines for lines in self.while_loading):
            return
        if isinstance(meaning, WholeModule) and use.changes:
            self.note(f"{use.chain[0]} is changed while running", use.line, ONLY_WHEN_CALLED)
        if not isinstance(meaning, ProjectName | CellName):
            return
        if use.changes or self._is_changed_by(meaning.value, meaning.rest, use):
            if isinstance(meaning, ProjectName):
                self.changes.add(self._subject(meaning).key)
            self.note(f"{meaning.name} is changed while running", use.line, ONLY_WHEN_CALLED)

    def _is_changed_by(self, value: object, rest: tuple[str, ...], use: Use) -> bool:
        if use.call is None or not rest:
            return False
        value = _at(value, rest[:-1])
        if isinstance(value, list | dict | set | bytearray | deque):
            return rest[-1] in MUTATORS
        method = getattr(type(value), rest[-1], None)
        if not is_project_class(type(value), self.sources) or not is_project_function(method, self.sources):
            return False
        assert isinstance(method, types.FunctionType)
        return any(changes_self(node) for node in function_nodes(method, self.sources.texts))

    # Notes

    def write_findings(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self.note(finding.what, finding.line, finding.weight)

    def note(self, what: str, line: int | None = None, weight: Weight = ALWAYS) -> None:
        """Notes what no fingerprint can hold; without a line, at the beginning of the object."""
        self.notes.append((weight, Note(what, self.path, line or self.line)))

    def note_native(self, module: types.ModuleType) -> None:
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not file.endswith(".py"):
            self.note(f"{module.__name__} is compiled code")


def _subclasses(kind: type) -> list[type]:
    """All classes below a class that their modules still hold."""
    direct: list[type] = type.__subclasses__(kind)
    below = [each for one in direct for each in (one, *_subclasses(one))]
    held = {each for each in below if vars(sys.modules.get(each.__module__, sys)).get(each.__name__) is each}
    return sorted(held, key=_full_name)


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _at(value: object, names: Sequence[str]) -> object:
    """What stands behind attributes of a value, without running any code."""
    for name in names:
        value = inspect.getattr_static(value, name, None)
    return value


def _plain(chain: tuple[str, ...]) -> tuple[str, ...]:
    """The names at the beginning of a chain, up to the first call or subscript."""
    for index, link in enumerate(chain):
        if link in (CALLED, "[]"):
            return chain[:index]
    return chain


def _named_in_strings(strings: Sequence[tuple[str, int]], namespace: Namespace) -> list[Use]:
    """Variables that SQL in a string (`FROM rates`) or a pandas expression (`@limit`) names."""
    found = []
    for text, line in strings:
        words = re.findall(r"@(\w+)", text)
        if re.search(r"\b(from|join)\b", text, re.IGNORECASE):
            words += re.findall(r"\b(?:from|join)\s+(\w+)", text, re.IGNORECASE)
        for word in words:
            value = namespace.names.get(word)
            if value is not None and not callable(value) and not isinstance(value, types.ModuleType):
                found.append(Use((word,), line))
    return found
