"""Letters that the encoding of a stream lacks: shown in another way to people, refused where they are data."""

from __future__ import annotations

import pytest

from tests.conftest import Shop


@pytest.fixture
def places(empty_shop: Shop) -> Shop:
    empty_shop.sql("places", "/* @asset\ndescription = 'Orte \N{SNOWMAN}'\n*/\nSELECT '\N{SNOWMAN}' AS place")
    empty_shop.made()
    return empty_shop


@pytest.mark.parametrize("command", [("show", "places"), ("query", "FROM places"), ("explain", "places")])
def test_a_letter_that_the_encoding_lacks_is_shown_escaped(places: Shop, command: tuple[str, str]) -> None:
    printed = places.cli(*command, env={"PYTHONIOENCODING": "iso8859-2", "PYTHONUTF8": "0"})
    assert (printed.code, "\\u2603" in printed.out) == (0, True), printed.err


@pytest.mark.parametrize("command", [("show", "places"), ("query", "FROM places"), ("explain", "places"), ("lineage",)])
def test_ascii_means_nothing_by_it(places: Shop, command: tuple[str, ...]) -> None:
    said = places.cli(*command).out
    printed = places.cli(*command, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (printed.code, printed.out) == (0, said), printed.err


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_json_stays_the_same_document(places: Shop, encoding: str) -> None:
    """Whatever reads it takes it for UTF-8, as RFC 8259 has it."""
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    text = "K\xf6ln \N{SNOWMAN}"
    asked = places.cli("query", f"SELECT '{text}' AS place", "--json", env=environment)
    assert asked.json["rows"] == [[text]]
    places.sql("places", f"/* @asset\ntags = ['{text}']\n*/\nSELECT 1 AS n")
    [listed] = places.cli("ls", "--json", env=environment).json["assets"]
    assert listed["tags"] == [text]


def test_rows_for_another_program_are_not_written_otherwise(places: Shop) -> None:
    environment = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    printed = places.cli("query", "FROM places", "--format", "csv", env=environment)
    assert printed.code == 2
    assert "the encoding of this output, " in printed.err
    assert "--output FILE" in printed.err
