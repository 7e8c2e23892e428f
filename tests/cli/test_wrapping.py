"""On a terminal, what is too long goes on below, between words; a file gets every line whole."""

from __future__ import annotations

import pytest

from assetflow.cli.screen import with_last, wrapped
from tests.cli.conftest import Ask
from tests.cli.test_show import on_a_terminal, without_style
from tests.conftest import Shop

DESCRIBED = '/* @asset\ndescription = "What was sold in all of the cities, over all years, to everybody who came"\n*/\n'


@pytest.fixture
def edited(shop: Shop) -> Shop:
    shop.sql("sales", DESCRIBED + shop.read("assets/sales.sql"))
    shop.made()
    shop.replace("assets/sales.sql", "WHERE", "WHERE id IS NOT NULL AND customer IS DISTINCT FROM 'nobody' AND")
    return shop


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize(
    "arguments", [["plan"], ["materialize", "--dry-run"], ["explain", "sales"], ["explain", "big"]]
)
def test_no_word_is_cut_by_the_terminal(edited: Shop, ask: Ask, arguments: list[str], columns: int) -> None:
    lines = [without_style(line) for line in on_a_terminal(edited, *arguments, columns=columns)]
    words = ask(edited, *arguments).out.split()
    assert [line for line in lines if len(line) > columns and len(line.split()) > 1] == []
    assert [word for word in " ".join(lines).split() if word not in words] == []


def test_what_nobody_watches_is_not_cut(edited: Shop, ask: Ask) -> None:
    assert max(map(len, ask(edited, "plan", COLUMNS="40").out.splitlines())) > 60


def test_the_last_column_goes_on_below_itself(edited: Shop) -> None:
    said = [without_style(line) for line in on_a_terminal(edited, "plan", columns=64)]
    (at,) = [number for number, line in enumerate(said) if line.startswith("big ")]
    start = said[0].index("why")
    assert said[at + 1].startswith(" " * start)
    assert said[at + 1][start] != " "


@pytest.mark.parametrize(
    ("room", "lines"),
    [
        (None, ["a  b  one two three four five six seven"]),
        (39, ["a  b  one two three four five six seven"]),
        (32, ["a  b  one two three four five", "      six seven"]),
        (20, ["a  b", "    one two three", "    four five six", "    seven"]),
        (5, ["a  b  one two three four five six seven"]),
    ],
)
def test_only_the_last_cell_of_a_row_is_cut(room: int | None, lines: list[str]) -> None:
    assert with_last("a  b  ", "one two three four five six seven", room).split("\n") == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("  one two three", ["  one two", "    three"]),
        ("\x1b[2mone\x1b[0m  two three", ["\x1b[2mone\x1b[0m  two", "    three"]),
        ("a_very_long_word too", ["a_very_long_word", "    too"]),
        (
            "two wide \N{HIRAGANA LETTER A}\N{HIRAGANA LETTER A}",
            ["two wide", "    \N{HIRAGANA LETTER A}\N{HIRAGANA LETTER A}"],
        ),
        ("", [""]),
    ],
)
def test_a_line_is_cut_between_words(text: str, lines: list[str]) -> None:
    assert wrapped(text, 10, 4).split("\n") == lines
    assert wrapped(text, None, 4) == text
