"""Writes a live value as text: equal text, equal value. 3, True and 3.0 differ; sets have no order.

What cannot be written (an open connection, an object of a library) is named in `opaque`; the caller then counts how
the value is defined. Functions, classes and modules are handed to `link`, which answers with the text that stands
for them.
"""

from __future__ import annotations

import enum
import functools
import os
import re
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from msgspec import Struct

Link = Callable[[object], str]


class ValueText(Struct, frozen=True):
    """The text of a value, the types in it that could not be written, and the live resources among them."""

    text: str
    opaque: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


def write_value(value: object, link: Link, *, is_ours: Callable[[type], bool], root: str) -> ValueText:
    """The text of a value; paths below `root` are written relative to it, so that a project may move."""
    writer = _Writer(link, is_ours, root)
    text = writer.write(value)
    return ValueText(text, tuple(writer.opaque), tuple(writer.resources))


_PLAIN = frozenset({"bool", "int", "float", "complex", "bytes", "bytearray", "NoneType", "ellipsis", "range"})
_BY_REPR = frozenset({"datetime", "decimal", "fractions", "uuid", "zoneinfo", "ipaddress"})
_BY_PARTS = frozenset({"itemgetter", "attrgetter", "methodcaller"})
_IDLE = frozenset({"Logger", "RootLogger", "LoggerAdapter", "lock", "RLock", "object"})
_RESOURCE = re.compile(r"(Connection|Cursor|Session|Client|Engine|[Ss]ocket)$")


class _Writer:
    def __init__(self, link: Link, is_ours: Callable[[type], bool], root: str) -> None:
        self._link = link
        self._is_ours = is_ours
        self._root = root
        self._open: list[int] = []
        self.opaque: list[str] = []
        self.resources: list[str] = []

    def write(self, value: object) -> str:
        kind = type(value)
        if kind.__module__ == "builtins" and kind.__name__ in _PLAIN:
            return f"{kind.__name__}:{value!r}"
        if kind is str:
            return f"str:{self._without_root(str(value))!a}"
        if id(value) in self._open:
            return f"cycle:{len(self._open) - self._open.index(id(value))}"
        self._open.append(id(value))
        text = self._write_container(value) or self._write_callable(value) or self._write_object(value)
        self._open.pop()
        return text

    def _without_root(self, text: str) -> str:
        return text.replace(self._root, "<project>") if self._root and self._root in text else text

    def _each(self, values: Iterable[object]) -> str:
        return " ".join(self.write(each) for each in values)

    def _pairs(self, mapping: Iterable[tuple[object, object]]) -> str:
        return " ".join(f"{self.write(key)}={self.write(value)}" for key, value in mapping)

    def _write_container(self, value: object) -> str | None:
        if type(value) in (list, tuple, deque):
            assert isinstance(value, list | tuple | deque)
            most = f" {value.maxlen}" if isinstance(value, deque) else ""
            return f"{type(value).__name__}[{self._each(value)}{most}]"
        if type(value) in (set, frozenset):
            assert isinstance(value, set | frozenset)
            return f"{type(value).__name__}[{self._each(sorted(value, key=_stable_key))}]"
        if type(value) in (dict, OrderedDict, types.MappingProxyType):
            assert isinstance(value, dict | types.MappingProxyType)
            return f"dict[{self._pairs(value.items())}]"
        if type(value) is slice:
            return f"slice[{self._each((value.start, value.stop, value.step))}]"
        return None

    def _write_callable(self, value: object) -> str | None:
        if isinstance(value, types.FunctionType | type | types.ModuleType):
            return self._link(value)
        if isinstance(value, types.BuiltinFunctionType):
            owner = value.__self__
            if owner is None or isinstance(owner, types.ModuleType):
                return f"builtin:{value.__module__}.{value.__qualname__}"
            return f"method[{self.write(owner)} {value.__name__}]"
        if isinstance(value, types.MethodType):
            return f"method[{self.write(value.__func__)} {self.write(value.__self__)}]"
        if isinstance(value, functools.partial):
            return f"partial[{self.write(value.func)} {self._each(value.args)} {self._pairs(value.keywords.items())}]"
        if isinstance(value, functools._lru_cache_wrapper):
            return f"cached[{self.write(value.__wrapped__)}]"
        if isinstance(value, staticmethod | classmethod):
            return f"{type(value).__name__}[{self.write(value.__func__)}]"
        if isinstance(value, property):
            return f"property[{self._each((value.fget, value.fset, value.fdel))}]"
        if isinstance(value, functools.cached_property):
            return f"cached_property[{self.write(value.func)}]"
        return None

    def _write_object(self, value: object) -> str:
        kind = type(value)
        module = kind.__module__.split(".")[0]
        if isinstance(value, enum.Enum):
            return f"enum[{self._link(kind)} {value.name}]"
        if isinstance(value, re.Pattern):
            return f"pattern[{self.write(value.pattern)} {value.flags}]"
        if isinstance(value, os.PathLike) and module == "pathlib":
            return f"path:{self._without_root(os.fspath(value))!a}"
        if module in _BY_REPR and not isinstance(value, type):
            return f"{module}.{kind.__name__}:{value!r}"
        if module == "operator" and kind.__name__ in _BY_PARTS:
            return f"{kind.__name__}[{self.write(value.__reduce__()[1])}]"
        if module in ("typing", "types") or kind is types.UnionType:
            arguments = getattr(value, "__args__", None)
            if arguments is None:
                return f"type:{value!r}"
            remarks = getattr(value, "__metadata__", ())  # of Annotated
            told = self._each((*arguments, *remarks))
            return f"type:{kind.__name__}[{self.write(getattr(value, '__origin__', None))} {told}]"
        if self._is_ours(kind) or kind is types.SimpleNamespace:
            return f"object[{self._link(kind)} {self._payload(value)} {self._pairs(_state(value))}]"
        if isinstance(value, dict | tuple) and module == "collections":
            return f"{kind.__name__}[{self._payload(value)} {self.write(getattr(value, 'default_factory', None))}]"
        if kind.__name__ in _IDLE:
            return f"{module}.{kind.__name__}"
        return self._write_opaque(value)

    def _payload(self, value: object) -> str:
        """What an object of a class derived from a built-in type holds."""
        if isinstance(value, dict):
            return self._pairs(value.items())
        if isinstance(value, list | tuple):
            return self._each(value)
        if isinstance(value, set | frozenset):
            return self._each(sorted(value, key=_stable_key))
        if isinstance(value, deque):
            return f"{self._each(value)} {value.maxlen}"
        if isinstance(value, BaseException):
            return self._each(value.args)
        if isinstance(value, os.PathLike):
            return self._without_root(os.fspath(value))
        if isinstance(value, str):
            return self.write(str.__str__(value))
        base = next((each for each in type(value).__mro__ if each.__name__ in _PLAIN or _is_by_repr(each)), None)
        if base is not None:
            write: Callable[[object], str] = vars(base)["__repr__"]
            return write(value)
        hidden = next((each for each in type(value).__mro__ if each is not object and _is_compiled(each)), None)
        return "" if hidden is None else self._write_opaque(value)

    def _write_opaque(self, value: object) -> str:
        name = f"{type(value).__module__.split('.')[0]}.{type(value).__name__}"
        self.opaque.append(name)
        if _RESOURCE.search(name) or hasattr(type(value), "__next__"):
            self.resources.append(f"{name}, which is open while the project is loaded")
        elif name in ("random.Random", "numpy.Generator", "numpy.RandomState"):
            self.resources.append(f"{name}, whose state changes with every use")
        return f"opaque:{name}"


def _is_by_repr(kind: type) -> bool:
    return kind.__module__.lstrip("_") in _BY_REPR


def _is_compiled(kind: type) -> bool:
    """True for types whose objects hold what no attribute shows."""
    return not kind.__flags__ & _MADE_IN_PYTHON


_MADE_IN_PYTHON = 1 << 9


def _state(value: object) -> list[tuple[object, object]]:
    state: dict[str, object] = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            # A private name is kept under the name of its class.
            kept = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name
            if name not in ("__dict__", "__weakref__") and hasattr(value, kept):
                state[kept] = getattr(value, kept)
    return sorted(state.items())


def _stable_key(value: object) -> str:
    """Orders the elements of a set by what they are, never by their address."""
    if isinstance(value, types.FunctionType | type):
        line = value.__code__.co_firstlineno if isinstance(value, types.FunctionType) else 0
        return f"{value.__module__}.{value.__qualname__}:{line}"
    if isinstance(value, frozenset):
        return f"frozenset{sorted(_stable_key(each) for each in value)}"
    if isinstance(value, tuple):
        return f"tuple{[_stable_key(each) for each in value]}"
    if isinstance(value, enum.Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if type(value).__repr__ is object.__repr__:
        return f"{type(value).__module__}.{type(value).__qualname__}{_state(value)}"
    return f"{type(value).__qualname__}:{value!r}"
