"""Finds what a project puts into libraries, where its own code then finds it: patches, and namespaces of frames.

@pl.api.register_dataframe_namespace("shop")
class Shop: ...                                 frame.shop.margin()    uses Shop
math.round_up = round_up                        math.round_up(x)       uses round_up
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from types import FunctionType

from assetflow.lineage.python.functions import is_project_class, is_project_function
from assetflow.lineage.python.modules import Sources

FRAMES = {"polars": ("DataFrame", "LazyFrame", "Series", "Expr"), "pandas": ("DataFrame", "Series", "Index")}
"""The classes whose methods are called on values that no import tells the type of."""


def grafts(names: Iterable[str], sources: Sources) -> list[object]:
    """Functions and classes of the project that libraries hold under these names: `math.round_up`, `?frame.shop`."""
    found: dict[int, object] = {}
    for name in names:
        words = [word for word in re.split(r"[.]|\(\)|\[\]", name) if word]
        here = [_patched(words, sources), *(on_frames(sources).get(word) for word in words[1:])]
        found |= {id(one): one for one in here if one is not None}
    return list(found.values())


def on_frames(sources: Sources) -> dict[str, object]:
    """The methods and namespaces that the project added to frames, by name; looked for once a load."""
    known = sources.texts.records.get(_FRAMES)
    if not isinstance(known, dict):
        known = sources.texts.records[_FRAMES] = dict(_look_at_frames(sources))
    return known


_FRAMES = "what the project added to frames"


def _look_at_frames(sources: Sources) -> Iterator[tuple[str, object]]:
    for library, kinds in FRAMES.items():
        for kind in kinds:
            for name, value in vars(vars(sys.modules.get(library, sys)).get(kind, object)).items():
                # Thousands of methods are the library's own, and quickly known as such.
                made: tuple[object, ...] = ()
                if isinstance(value, FunctionType | type):
                    made = (value,) if value.__module__.partition(".")[0] != library else ()
                elif not isinstance(value, property | classmethod | staticmethod):
                    # Polars and pandas keep a namespace in an object that makes it when it is asked for.
                    made = (getattr(value, "_ns", None), getattr(value, "_accessor", None))
                yield from ((name, each) for each in made if _is_ours(each, sources))


def _patched(words: list[str], sources: Sources) -> object | None:
    """What the project put at this place in a library, if it did."""
    known = [count for count in range(1, len(words)) if ".".join(words[:count]) in sys.modules]
    if not known:
        return None
    value: object = sys.modules[".".join(words[: known[-1]])]
    for word in words[known[-1] :]:
        value = getattr(value, "__dict__", {}).get(word)
        if value is None or _is_ours(value, sources):
            return value
    return None


def _is_ours(value: object, sources: Sources) -> bool:
    return is_project_function(value, sources) or is_project_class(value, sources)
