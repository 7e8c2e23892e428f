"""Reads Python into its syntax tree, one text at a time.

CPython up to 3.12 counts the depth of all trees that are being built in one place, so that two threads which parse at
the same time can fail with "SystemError: AST constructor recursion depth mismatch" (python/cpython#106905).
"""

from __future__ import annotations

import ast
import threading

_parsing = threading.Lock()


def python_tree(text: str | bytes) -> ast.Module:
    """The tree of a module; SyntaxError or ValueError for what is none."""
    with _parsing:
        return ast.parse(text)
