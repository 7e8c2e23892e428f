"""DuckDB has one thread at first and while small queries come in turn, and all of them for everything else."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from weakref import ref

import duckdb
import pytest

from assetflow.engines import duckdb_threads
from assetflow.engines.duckdb import Cursor, Session
from assetflow.engines.duckdb_threads import IN_TURN


@pytest.fixture
def session() -> Iterator[Session]:
    with Session("/", threads=2) as session:
        yield session


@pytest.fixture
def never_looked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """No query takes long, on whatever machine."""
    monkeypatch.setattr(duckdb_threads, "SECONDS_BETWEEN_LOOKS", 3600)


def threads(cursor: Cursor) -> int:
    return int(cursor.execute("SELECT current_setting('threads')").fetchall()[0][0])


def in_small_ones(session: Session, number: int) -> list[int]:
    found = []
    for _ in range(number):
        with session.small_cursor() as cursor:
            found.append(threads(cursor))
    return found


@pytest.mark.usefixtures("never_looked_after")
def test_nobody_has_more_than_one_before_somebody_needs_them(session: Session) -> None:
    assert in_small_ones(session, 3) == [1, 1, 1]
    with session.small_cursor() as cursor:
        session.use_threads(cursor)
        assert threads(cursor) == 2


@pytest.mark.usefixtures("never_looked_after")
def test_there_are_as_many_as_duckdb_chooses_where_nobody_says_how_many() -> None:
    with Session("/") as session:
        assert in_small_ones(session, 1) == [1]
        assert threads(session.cursor()) == threads(duckdb.connect())


@pytest.mark.usefixtures("never_looked_after")
def test_small_queries_in_turn_have_one_and_others_have_all(session: Session) -> None:
    session.cursor().close()
    for _ in range(2):
        assert in_small_ones(session, IN_TURN + 2) == [2] * IN_TURN + [1, 1]
        assert threads(session.cursor_for_views()) == 1
        assert threads(session.cursor()) == 2


@pytest.mark.usefixtures("never_looked_after")
def test_a_query_of_any_size_keeps_all_while_small_ones_come(session: Session) -> None:
    large = session.cursor()
    assert in_small_ones(session, 2 * IN_TURN) == [2] * 2 * IN_TURN
    del large
    assert in_small_ones(session, 1) == [1]


def test_a_small_query_that_takes_long_has_all(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_threads, "SECONDS_BETWEEN_LOOKS", 0)
    with session.small_cursor() as cursor:
        assert threads(cursor) == 1
        for thread in threading.enumerate():
            if thread.name == duckdb_threads.NAME:
                thread.join()
        assert threads(cursor) == 2
    assert in_small_ones(session, IN_TURN) == [2] * IN_TURN


@pytest.mark.usefixtures("never_looked_after")
def test_nobody_looks_after_threads_of_a_session_that_is_closed() -> None:
    with Session("/", threads=2) as session:
        in_small_ones(session, IN_TURN + 1)
        (watch,) = (thread for thread in threading.enumerate() if thread.name == duckdb_threads.NAME)
    watch.join(60)
    assert not watch.is_alive()


def test_nobody_looks_after_threads_while_nothing_small_is_under_way(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_threads, "SECONDS_BETWEEN_LOOKS", 0)
    looked_after = (ref(session._threads), session._threads._closed)
    watch = threading.Thread(target=duckdb_threads.look_after, args=looked_after, daemon=True)
    watch.start()
    watch.join(30)
    assert not watch.is_alive(), "a session that is dropped without being closed would stay for ever"


@pytest.mark.usefixtures("never_looked_after")
def test_who_waits_to_look_after_threads_keeps_no_session_that_is_dropped() -> None:
    session = Session("/", threads=2)
    in_small_ones(session, 1)
    cursor = ref(session._threads._cursor)
    assert duckdb_threads.NAME in [thread.name for thread in threading.enumerate()]
    del session
    gc.collect()
    assert cursor() is None, "DuckDB complains at the end of a process of connections that somebody holds"
