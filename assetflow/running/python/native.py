"""Finds calls that may read files where Python does not see it: readers in Rust and C++ open files by themselves.

What such a call read while a file was loading cannot be compared later, so the file's definitions are not remembered.
"""

from __future__ import annotations

import ast

from assetflow.lineage.python.python_tree import python_tree

READERS = ("read_", "scan_", "from_csv", "from_parquet")
"""How readers are called anywhere in a file: a function of it may be called while it loads."""
AT_LOAD = frozenset({"sql", "execute", "query", "connect", "dataset", "ParquetFile", "ParquetDataset", "open_dataset"})
"""Calls that count only where they run while the file loads: in a function they mostly read what they are given."""
PLAIN = frozenset({"read_text", "read_bytes"})
"""Readers that Python does see, or that read no file."""


def native_read(text: bytes | str) -> str | None:
    """The first call that may read a file unseen, as `line 3: pl.read_csv(...)`; None when there is none."""
    tree = python_tree(text)
    at_load = {id(call) for call in calls_at_load(tree)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            name = call.func.attr
            reads = name.startswith(READERS) and name not in PLAIN
            if reads or (name in AT_LOAD and id(call) in at_load):
                return f"line {call.lineno}: {ast.unparse(call.func)}(...)"
    return None


def calls_at_load(tree: ast.Module) -> list[ast.Call]:
    """Calls outside of functions: they run while the file loads."""
    found: list[ast.Call] = []
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
        elif not isinstance(node, ast.Lambda):
            waiting.extend(node.decorator_list)
    return found
