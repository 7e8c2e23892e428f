"""An object of the project to fingerprint, and what is known of it by itself."""

from __future__ import annotations

import ast
from typing import Literal

from msgspec import Struct

from assetflow.asset import Note
from assetflow.lineage.python.meaning import Namespace
from assetflow.lineage.python.volatile import Weight

When = Literal[0, 1, 2]

VALUE_KNOWN: When = 0
"""The linked code ran while loading and left a value that is fingerprinted: it is searched for volatile code only."""

LOADING: When = 1
"""The linked code runs while the project is loaded."""

CALLED_LATER: When = 2
"""The linked code runs when the asset is made."""

Kind = Literal["callable", "function", "class", "module", "name", "definition", "import"]


class Subject(Struct, frozen=True, eq=False):
    """An object of the project to fingerprint.

    `namespace` and `name` say under which global name it is known, where that matters. `annotated` functions count
    the annotations of their parameters; the defaults of their `config` parameters are counted elsewhere.
    """

    kind: Kind
    value: object
    namespace: Namespace | None = None
    name: str = ""
    annotated: bool = False
    config: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        names = 0 if self.namespace is None else id(self.namespace.names)
        return (self.kind, id(self.value), names, self.name, self.annotated, self.config)


class Record(Struct, frozen=True, eq=False):
    """What is known of a subject by itself. `subject` is kept so that no other object gets its `id()`.

    `changes` are the keys of the global names that it changes when it is called. `nodes` are its functions and classes,
    `asks` is True for code that looks up what such code says of itself: docstrings, annotations.
    """

    subject: Subject
    name: str
    text: str
    links: tuple[tuple[Subject, When], ...]
    notes: tuple[tuple[Weight, Note], ...]
    libraries: frozenset[str]
    changes: frozenset[object]
    path: str | None
    nodes: tuple[ast.AST, ...]
    asks: bool
