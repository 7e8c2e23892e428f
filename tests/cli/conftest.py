"""`ask` runs a command in this process, which is ten times quicker than `shop.cli`, which runs the real one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assetflow.cli.main import run
from tests.conftest import Printed, Shop

Ask = Callable[..., Printed]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """`ask(shop, "show", "sales")`; variables of the environment are named arguments."""

    def ask(shop: Shop, *arguments: str, **variables: str) -> Printed:
        monkeypatch.chdir(shop.root)
        with monkeypatch.context() as patched:
            for name, value in variables.items():
                patched.setenv(name, value)
            capsys.readouterr()
            try:
                code = run(list(arguments))
            except SystemExit as ended:  # click ends the process itself after completing a word
                code = int(ended.code or 0)
        printed = capsys.readouterr()
        return Printed(code, printed.out, printed.err)

    return ask
