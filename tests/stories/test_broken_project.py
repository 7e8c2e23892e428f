"""Stories of a project that is broken by an edit: what was published stays readable, and every reader is told."""

from __future__ import annotations

import pytest

import assetflow
from assetflow.errors import DefinitionError
from tests.conftest import Shop


@pytest.fixture
def broken(shop: Shop) -> Shop:
    """A shop whose by_city was made twice, and does not parse any more."""
    shop.run()
    shop.replace("data/orders.csv", "1,ann,Rome,10", "1,ann,Rome,11")
    shop.run()
    shop.sql("by_city", "SELECT city,, FROM sales")
    return shop


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["show", "by_city"], "Rome"),
        (["query", "SELECT sum(total) FROM by_city", "--format", "csv"], "61"),
        (["query", "SELECT sum(total) FROM by_city@-1", "--format", "csv"], "60"),
        (["show", "by_city", "--at", "-1"], "Rome"),
        (["diff", "by_city"], "2 rows -> 2"),
    ],
)
def test_what_was_published_is_shown(broken: Shop, command: list[str], shown: str) -> None:
    printed = broken.cli(*command)
    assert (printed.code, shown in printed.out) == (0, True), printed
    assert "assets/by_city.sql:1" in printed.err
    assert "What was published is shown all the same." in printed.err


def test_what_was_never_published_is_told_to_be_broken_perhaps(broken: Shop) -> None:
    printed = broken.cli("show", "unheard_of")
    assert printed.code == 2
    assert "assets/by_city.sql:1" in printed.err


def test_a_query_of_it_is_not_blamed_for_the_definition(broken: Shop) -> None:
    printed = broken.cli("query", "FROM unheard_of")
    assert printed.code == 2
    error = printed.err[printed.err.index("error: ") :]
    assert error.startswith(
        "error: no table unheard_of is published here, and the definitions are too broken to tell more\n"
    )
    assert "Mend them first:\n  assets/by_city.sql:1: the SQL does not parse" in error


def test_a_query_of_what_is_not_made_tells_where_that_is_said(shop: Shop) -> None:
    shop.sql("by_city", "/* @asset\nenabled = false\n*/\nSELECT city FROM sales")
    printed = shop.cli("query", "FROM by_city")
    assert "error: assets/by_city.sql:4: by_city is not made: it says enabled = false" in printed.err


def test_a_notebook_reads_it_and_makes_nothing(broken: Shop) -> None:
    with pytest.warns(UserWarning, match=r"(?s)assets/by_city\.sql:1.*What was published is read all the same"):
        warehouse = assetflow.open(str(broken.root))
    assert warehouse["by_city"].rows == 2
    assert warehouse.sql("SELECT sum(total) FROM by_city").fetchall() == [(61,)]
    assert "by_city" in repr(warehouse)
    assert "by_city" in repr(warehouse["by_city"])
    with pytest.raises(DefinitionError):
        warehouse.materialize(quiet=True)
