"""For the tests of a project: is a function that is refreshed by changes what it would be if it made everything?

    def test_scores():
        assert_incremental(scores, events=pl.DataFrame({"user_id": [1, 1, 2], "points": [5, 4, 3]}))

Tables are made up out of the values of the given rows, before and after a change. What the function makes of the
change, merged with what it made before, is compared with what it makes of everything; the smallest example that
differs is shown. `examples` makes changes up, `law` merges and compares, `subject` calls the function.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from typing import Any

__all__ = ["assert_incremental"]


def assert_incremental(
    function: Callable[..., Any] | str,
    /,
    *,
    examples: int = 50,
    seed: int = 0,
    project: str | None = None,
    **tables: Any,
) -> None:
    """AssertionError, with the smallest example, where a function is not what its `merge` or `per` says of it.

    `tables` are frames of any kind with some rows for each of its upstreams. In place of the function its name can be
    given, with the folder of the `project`: the tables are then those that are published.
    """
    from assetflow.testing.examples import drawn, shrunk
    from assetflow.testing.law import wrong
    from assetflow.testing.subject import opened
    from assetflow.testing.words import message

    with tempfile.TemporaryDirectory() as folder, opened(function, project, tables, folder) as subject:
        for number in range(examples):
            example = drawn(subject, random.Random(f"{seed} {number}"))  # noqa: S311 - the same examples each time
            if wrong(subject, example) is None:
                continue
            smallest = shrunk(example, lambda each: wrong(subject, each) is not None)
            raise AssertionError(message(subject, smallest))
