"""What the code of a Python file does while the file is loaded, found in its text: what the loader cannot see happen.

    TODAY = datetime.now()                       reads the clock
    ROWS = pl.read_csv("d.csv")                  readers in Rust and C++ open files by themselves
    @register("a") ...  ->  REGISTRY.append(a)   sets up what other files read

Functions count where a name that is met on the way leads to them, whatever module they stand in.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from typing import NamedTuple

from assetflow.lineage.python.functions import MUTATORS
from assetflow.lineage.python.python_tree import python_tree
from assetflow.lineage.python.scopes import UNKNOWN, Usage, Use, all_imports, read_function, read_statements
from assetflow.lineage.python.volatile import ALWAYS, BY_NAME, LibraryUse, find_volatile

READERS = ("read_", "scan_", "from_csv", "from_parquet")
"""How readers are called anywhere in a file: a function of it may be called while it loads."""
AT_LOAD = frozenset({
    "sql", "execute", "query", "connect", "dataset", "ParquetFile", "ParquetDataset", "open_dataset", "get_file_info",
    "open_input_file", "open_input_stream",
})  # fmt: skip
"""Calls that count only where they run while the file loads: in a function they mostly read what they are given."""
WITH_READERS = frozenset({"duckdb", "numpy", "pandas", "polars", "pyarrow"})
PLAIN = frozenset({"read_text", "read_bytes"})
"""Readers that Python does see, or that read no file."""
ASKS = ("platform.node", "platform.uname", "platform.platform", "os.uname", "os.statvfs", "os.getloadavg",
        "os.sched_getaffinity", "shutil.disk_usage", "posix.", "psutil.", "socket.gethostname", "socket.getfqdn",
        "os.environ._data", "locale.")  # fmt: skip
"""Questions about the machine that the cache does not count."""
SEEN = ("builtins.open", "os.environ", "os.environb", "os.getcwd", "os.path", "os.cpu_count", "pathlib",
        "platform", "sys.modules", "importlib", "boto3", "s3fs", "gcsfs", "fsspec", "obstore", "requests", "httpx",
        "sqlalchemy", "urllib", "http", "socket")  # fmt: skip
"""What is watched while it happens, is of the machine that the cache counts, or only makes a handle."""

WATCHED = ("os.stat", "os.lstat", "os.listdir", "os.scandir", "os.walk", "os.access", "os.readlink", "glob.")


class Part(NamedTuple):
    """The top of a module, or one function: the names it meets, what it reads unseen, which modules it changes."""

    names: frozenset[str]
    unseen: str | None
    changes: frozenset[str]


class Names(NamedTuple):
    """What the names of a module mean: its imports, and those that it gives to something of its own."""

    imports: dict[str, str]
    bound: frozenset[str]


class AtLoad(NamedTuple):
    """What one file does when it is loaded (`top`), and what its functions would do, by name."""

    top: Part
    functions: dict[str, tuple[Part, ...]]
    reader: str | None

    @classmethod
    def of(cls, text: bytes | str) -> AtLoad:
        tree = python_tree(text)
        reader = _reader(tree)
        imports = all_imports(tree)
        found: dict[str, list[Usage]] = {}
        _Emptied(found).visit(tree)
        at_top = read_statements(tree.body)
        names = Names(imports, _bound(tree, at_top))
        functions = {name: tuple(_part(each, names, own=True) for each in usages) for name, usages in found.items()}
        return cls(_part(at_top, names, own=False), functions, reader)


def parts_at_load(files: Iterable[AtLoad]) -> list[Part]:
    """The parts that run while these files are loaded."""
    files = list(files)
    parts = [file.top for file in files]
    met: set[str] = set()
    for part in parts:  # grows while it is walked
        new = part.names - met
        met |= new
        parts += [each for file in files for name in new for each in file.functions.get(name, ())]
    return parts


class _Emptied(ast.NodeTransformer):
    """Takes the bodies of functions out of a tree and keeps what each would do."""

    def __init__(self, found: dict[str, list[Usage]]) -> None:
        self.found = found
        self.classes: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        usage = read_function(node)
        self.found.setdefault(node.name, []).append(usage)
        if self.classes and node.name.startswith("__"):  # who names the class may make an object of it
            self.found.setdefault(self.classes[-1], []).append(usage)
        node.body = [ast.copy_location(ast.Pass(), node)]
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - as ast names it

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.classes.append(node.name)
        self.generic_visit(node)
        self.classes.pop()
        return node


def _bound(tree: ast.Module, at_top: Usage) -> frozenset[str]:
    """What a module itself gives a name at its top."""
    written = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return frozenset(written | {use.chain[0] for use in at_top.uses if use.changes and len(use.chain) == 1})


def _part(usage: Usage, known: Names, *, own: bool) -> Part:
    names = {name.removeprefix(UNKNOWN) for use in usage.uses for name in use.chain}
    found = find_volatile([named for use in usage.uses if (named := _library(use, known)) is not None])
    unseen = [f"line {each.line}: {each.what}" for each in found if each.weight == ALWAYS]
    unseen += [f"line {use.line}: {_name(use, known)} asks the machine" for use in usage.uses if _asks(use, known)]
    unseen += [f"line {use.line}: {use.chain[-1]}(...) may read a file" for use in usage.uses if _runs_query(use)]
    changes = {known.imports.get(use.chain[0], "" if own else None) for use in usage.uses if _is_change(use)}
    return Part(
        frozenset(names), unseen[0] if unseen else None, frozenset(each for each in changes if each is not None)
    )


def _name(use: Use, known: Names) -> str:
    """The full name of a use: `dt.now` is `datetime.datetime.now`."""
    first = use.chain[0]
    is_builtin = first not in known.bound and hasattr(builtins, first)
    name = use.origin or known.imports.get(first) or (f"builtins.{first}" if is_builtin else first)
    for link in use.chain[1:]:
        if use.said is not None and name in BY_NAME:
            name = use.said
        name += link if link in {"()", "[]"} else f".{link}"
    return name


def _asks(use: Use, known: Names) -> bool:
    return _name(use, known).startswith(ASKS) or _looks_up_reader(use, known.imports)


def _looks_up_reader(use: Use, imports: dict[str, str]) -> bool:
    """True for `getattr(pl, "read_" + kind)`: which of its functions that is, nobody knows before."""
    if use.call is None or use.chain != ("getattr",) or len(use.call.args) < 2:
        return False
    whose, what = use.call.args[:2]
    is_library = isinstance(whose, ast.Name) and imports.get(whose.id, "").partition(".")[0] in WITH_READERS
    return is_library and not isinstance(what, ast.Constant)


def _library(use: Use, known: Names) -> LibraryUse | None:
    """A use by its full name; None for what is known to be watched."""
    name = _name(use, known)
    is_seen = any(name == each or name.startswith((f"{each}.", f"{each}[", f"{each}(")) for each in SEEN)
    return None if is_seen or _only_asks(name) else LibraryUse.of(name, use)


def _only_asks(name: str) -> bool:
    """True for questions to the file system, which are watched, and for the name of a module by itself."""
    return name.startswith(WATCHED) or "." not in name


def _runs_query(use: Use) -> bool:
    return use.call is not None and use.chain[-1] in AT_LOAD


def _is_change(use: Use) -> bool:
    if use.chain[0].startswith(UNKNOWN):
        return False
    return use.changes or (use.call is not None and len(use.chain) > 1 and use.chain[-1] in MUTATORS)


def _reader(tree: ast.Module) -> str | None:
    """The first call anywhere that may read a file unseen, as `line 3: pl.read_csv(...)`; None when there is none."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute | ast.Name):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
            if name.startswith(READERS) and name not in PLAIN:
                return f"line {call.lineno}: {ast.unparse(call.func)}(...) may read a file"
    return None
