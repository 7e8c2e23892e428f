"""A function that is called file by file may be called with several at once: as many as assets are made side by side."""

from __future__ import annotations

import pytest

from tests.conftest import Shop

PAIRS = """
import threading
from pathlib import Path

import polars as pl

from assetflow import asset

BOTH = threading.Barrier(2)


@asset(per="file", volatile="ignore", timeout=TIMEOUT)
def words(notes: Path, names: pl.DataFrame) -> pl.DataFrame:
    BOTH.wait(60)  # nobody gets past it alone
    text = notes.read_text()
    while "endless" in text:
        BOTH.n_waiting
    if "broken" in text:
        raise ValueError("cannot read that")
    return pl.DataFrame({"file": [notes.name], "words": [len(text.split()) + names.height]})
"""


@pytest.fixture
def notes(empty_shop: Shop) -> Shop:
    shop = empty_shop
    shop.write("assetflow.toml", '[sources.notes]\nfiles = "notes/*.txt"\nformat = "file"\n')
    shop.sql("names", "SELECT 'x' AS name")
    for number in range(6):
        shop.write(f"notes/{number}.txt", "word " * number)
    shop.python("words", PAIRS.replace("TIMEOUT", "600"))
    return shop


def test_two_files_are_made_at_once_and_stand_in_their_order(notes: Shop) -> None:
    assert notes.made(jobs=2) == ["names", "words"]
    assert notes.rows("FROM words") == [(f"{number}.txt", number + 1) for number in range(6)]
    assert notes.run(jobs=2) == {}
    notes.write("notes/a.txt", "one two")
    notes.write("notes/b.txt", "one")
    [result] = notes.materialize(jobs=2).assets
    assert result.mode_reason == "2 of 8 files made"
    assert notes.rows("FROM words OFFSET 6") == [("a.txt", 3), ("b.txt", 2)]


def test_one_that_fails_keeps_none_of_the_others_from_being_made(notes: Shop) -> None:
    notes.write("notes/2.txt", "broken")
    [_, result] = notes.materialize(jobs=2).assets
    assert "notes/2.txt: ValueError: cannot read that" in str(result.error)
    notes.write("notes/2.txt", "mended")
    notes.write("notes/6.txt", "")
    [result] = notes.materialize(jobs=2).assets
    assert result.mode_reason == "2 of 7 files made", "what was made of the others was kept"
    assert notes.rows("SELECT count(*) FROM words") == [(7,)]


def test_all_that_run_are_stopped_when_it_takes_too_long(notes: Shop) -> None:
    for number in range(6):
        notes.write(f"notes/{number}.txt", "endless")
    notes.python("words", PAIRS.replace("TIMEOUT", "2"))
    [_, result] = notes.materialize(jobs=2).assets
    assert "took longer than 2 s" in str(result.error)
