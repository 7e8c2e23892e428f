"""What commands say in a project that has nothing in it yet."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Ask
from tests.conftest import Shop


@pytest.mark.parametrize("command", ["ls", "plan", "materialize", "lineage"])
def test_a_project_without_assets(empty_shop: Shop, ask: Ask, command: str) -> None:
    printed = ask(empty_shop, command)
    assert printed.code == 0
    assert "here is no asset yet. Add SQL or Python files to assets/." in printed.out + printed.err


def test_the_history_of_what_was_never_made(shop: Shop, ask: Ask) -> None:
    assert "Nothing was published in prod yet." in ask(shop, "history").err
    shop.made("+sales")
    assert "No version of big was published in prod yet." in ask(shop, "history", "big").err
    assert "Nothing was published in dev yet." in ask(shop, "history", "--env", "dev").err
