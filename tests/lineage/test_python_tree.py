"""Workers of one run read the functions of their assets at the same time."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from assetflow.lineage.python.python_tree import python_tree

TEXT = "\n".join(f"def f{number}(a, b): return [x for x in (a + b * {number}) if x]" for number in range(300))


@pytest.fixture
def others_go_on_while_garbage_is_collected() -> Iterator[None]:
    """Anything that runs then may let another thread go on in the middle of a tree; a file that is asked about does."""

    def look(_phase: str, _told: dict[str, int]) -> None:
        os.stat(os.curdir)

    gc.callbacks.append(look)
    yield
    gc.callbacks.remove(look)


@pytest.mark.usefixtures("others_go_on_while_garbage_is_collected")
def test_several_threads_can_parse_at_once() -> None:
    with ThreadPoolExecutor(4) as threads:
        trees = list(threads.map(python_tree, [TEXT] * 24))
    assert {len(tree.body) for tree in trees} == {300}
