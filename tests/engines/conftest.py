"""A session, a cursor and a place for the engines' tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assetflow.engines import Where
from assetflow.engines.duckdb import Cursor, Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(str(tmp_path), threads=2) as session:
        yield session


@pytest.fixture
def cursor(session: Session) -> Cursor:
    return session.cursor()


@pytest.fixture
def where(tmp_path: Path) -> Where:
    return Where("sales", "assets/sales.sql", 4, str(tmp_path))
