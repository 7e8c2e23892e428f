"""Tells reading the file that a function is given from reading others: the given one counts by its bytes anyway.

def words(notes: Path):
    notes.read_text()    open(notes)    pl.read_json(str(notes))     the given file
    open("other.txt")    (notes.parent / "other.txt").read_text()    others
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from assetflow.asset import Note
from assetflow.lineage.python.syntax import FunctionNode

READS = " reads a file"
SAME_FILE = ("Path", "str", "fspath", "open")
"""What makes of a path another thing that stands for the same file."""


def other_notes(notes: Iterable[Note], nodes: Iterable[FunctionNode], parameter: str) -> Iterator[Note]:
    """The notes without those of reading the file that a function is given as a path."""
    calls = [each for node in nodes for each in ast.walk(node) if isinstance(each, ast.Call)]
    for note in notes:
        alike = [call for call in calls if note.what.endswith(READS) and is_about(note, call)]
        if not alike or not all(reads_given(call, parameter) for call in alike):
            yield note


def is_about(note: Note, call: ast.Call) -> bool:
    """True for a call on the line of the note, of the name in it: `open() reads a file`."""
    word = note.what.removesuffix(READS).removesuffix("()").rpartition(".")[2]
    return call.lineno == note.line and ast.unparse(call.func).rpartition(".")[2] == word


def reads_given(call: ast.Call, parameter: str) -> bool:
    """True when the parameter itself is what is read: the object of the method, or the first argument."""
    if isinstance(call.func, ast.Attribute) and is_given(call.func.value, parameter):
        return True
    return bool(call.args) and is_given(call.args[0], parameter)


def is_given(expression: ast.expr, parameter: str) -> bool:
    if isinstance(expression, ast.Name):
        return expression.id == parameter
    if isinstance(expression, ast.Call) and ast.unparse(expression.func).rpartition(".")[2] in SAME_FILE:
        return len(expression.args) == 1 and is_given(expression.args[0], parameter)
    return False
