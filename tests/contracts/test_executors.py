"""Every executor of the wing keeps the promises of `concurrent.futures`."""

from __future__ import annotations

import importlib
import os
import pkgutil
import time
from collections.abc import Callable
from concurrent.futures import Executor, as_completed
from pathlib import Path

import pytest

import assetflow.executors
from assetflow.errors import AssetError

NAMES = sorted(module.name for module in pkgutil.iter_modules(assetflow.executors.__path__))

Open = Callable[[int], Executor]


@pytest.fixture(params=NAMES)
def open_executor(request: pytest.FixtureRequest) -> Open:
    module = importlib.import_module(f"assetflow.executors.{request.param}")
    opened: Open = module.open_executor
    return opened


def square(number: int, *, offset: int = 0) -> int:
    return number * number + offset


def fail(path: str) -> None:
    raise AssetError("it broke", path=path, line=3, hint="mend it", details="  frame")


def wait_for(path: str) -> str:
    """Returns once somebody has made the file."""
    while not os.path.exists(path):
        time.sleep(0.001)
    return path


def test_results_arrive_whatever_their_order(open_executor: Open) -> None:
    with open_executor(2) as executor:
        futures = {executor.submit(square, number, offset=1): number for number in range(20)}
        results = {futures[future]: future.result() for future in as_completed(futures)}
    assert results == {number: number * number + 1 for number in range(20)}


def test_an_error_arrives_whole(open_executor: Open) -> None:
    with open_executor(1) as executor:
        error = executor.submit(fail, "assets/sales.sql").exception()
    assert isinstance(error, AssetError)
    assert (str(error), error.details) == ("assets/sales.sql:3: it broke\n  frame\nmend it", "  frame")


def test_one_failure_does_not_disturb_the_others(open_executor: Open) -> None:
    with open_executor(2) as executor:
        failing = executor.submit(fail, "x")
        working = executor.submit(square, 3)
        assert working.result() == 9
        assert failing.exception() is not None


def test_map_keeps_the_order(open_executor: Open) -> None:
    with open_executor(2) as executor:
        assert list(executor.map(square, range(5))) == [0, 1, 4, 9, 16]


def test_what_waits_can_be_cancelled_and_what_runs_ends(open_executor: Open, tmp_path: Path) -> None:
    signal = tmp_path / "go"
    executor = open_executor(1)
    if type(executor).__name__ == "InlineExecutor":
        signal.touch()
    running = executor.submit(wait_for, str(signal))
    waiting = [executor.submit(square, number) for number in range(10)]
    last_is_cancelled = waiting[-1].cancel()
    signal.touch()
    executor.shutdown(wait=True, cancel_futures=True)
    assert running.result() == str(signal)
    assert all(future.done() for future in waiting)
    assert waiting[-1].cancelled() == last_is_cancelled


def test_after_shutdown_nothing_is_taken(open_executor: Open) -> None:
    executor = open_executor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(square, 1)
