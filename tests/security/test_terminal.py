"""Data, names and errors are shown without what a terminal would obey."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from assetflow.text import clean, clean_json, clean_screen
from tests.conftest import Shop

ATTACKS = {
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;b3duZWQ=\x07",
    "clear": "\x1b[2J\x1b[H",
    "c1": "\x9b2J\x9d0;owned\x9c",
    "hidden": "\x1b[8mhidden\x1b[28m",
    "link": "\x1b]8;;https://example.com\x1b\\here\x1b]8;;\x1b\\",
    "return": "safe\rowned",
    "backspace": "rm\b\bls",
    "bidi": "\u202egpj.exe\u2066",
    "zero width": "a\u200bb\ufeff",
    "bell": "\a",
    "answerback": "\x05\x1b[c",
}
UNLIKE_OURS = set(ATTACKS) - {"return", "backspace", "bell"}
"""What no display of ours writes."""
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\x1b(?!\\[[0-9;]*m)|\x1b\\[8m"
)


@pytest.mark.parametrize("name", ATTACKS)
def test_what_a_terminal_obeys_is_replaced(name: str) -> None:
    attack = ATTACKS[name]
    for cleaned in (clean(attack), clean(attack, lines=True), clean_screen(attack)):
        assert OBEYED.search(cleaned) is None
    assert OBEYED.search(clean_json(json.dumps(attack, ensure_ascii=False))) is None
    assert json.loads(clean_json(json.dumps(attack + "\U000e0041", ensure_ascii=False))) == attack + "\U000e0041"


def test_our_own_colours_stay() -> None:
    assert clean_screen("\x1b[31m\x1b[1merror:\x1b[0m x") == "\x1b[31m\x1b[1merror:\x1b[0m x"


@pytest.fixture
def hostile(empty_shop: Shop) -> Shop:
    shop = empty_shop
    everything = "".join(ATTACKS.values())
    shop.write(
        "data/orders.csv", "id,text\n" + "".join(f'{n},"{attack}"\n' for n, attack in enumerate(ATTACKS.values()))
    )
    shop.write(
        "assetflow.toml", f'[sources.orders]\nfiles = "data/orders.csv"\ndescription = {json.dumps(everything)}\n'
    )
    shop.sql(
        "kept",
        f'/* @asset\ndescription = {json.dumps(everything)}\ntags = [{json.dumps(everything)}]\n*/\nSELECT id, text AS "{everything}" FROM orders',
    )
    shop.python("bad", f"from assetflow import asset\n\n\n@asset\ndef bad():\n    raise ValueError({everything!r})\n")
    shop.python(
        "log",
        "from assetflow import asset, check\n\n\n@check('kept', severity='warn')\ndef odd(kept):\n    return kept.query('k', 'SELECT * FROM k')\n",
    )
    return shop


COMMANDS = [
    "materialize", "plan", "ls", "ls --json", "show kept", "show kept --json", "query|FROM kept",
    "query|FROM kept|--json", "query|FROM kept|--format|csv", "explain kept", "explain bad", "lineage", "lineage --json",
    "lineage --format mermaid", "runs", "history", "check", "check --show-failures", "diff kept -1", "show|\x1b]0;x\x07", "\x1b[2J",
    "query|SELECT '\u202e\x1b[2J' FROM nope", "plan|-s|\x9b2J", "materialize|--env|\x1b[2J", "-C|\x1b[2J|ls",
]  # fmt: skip


def test_no_command_shows_them(hostile: Shop) -> None:
    hostile.cli("materialize")
    for command in COMMANDS:
        words = command.split("|") if "|" in command else command.split()
        shown = on_a_terminal(hostile, words)
        assert shown, command
        assert [name for name in UNLIKE_OURS if ATTACKS[name] in shown] == [], command
        if words == ["materialize"]:
            continue  # it moves the cursor and colours bars itself
        found = OBEYED.search(shown.replace("\r\n", "\n"))
        assert found is None, (command, shown[max(found.start() - 60, 0) : found.end() + 20])


def test_a_file_gets_the_data_as_it_is(hostile: Shop) -> None:
    hostile.cli("materialize", "-s", "kept")
    printed = hostile.cli("query", "SELECT #2 AS t FROM kept WHERE id = 1", "--format", "csv")
    assert ATTACKS["clipboard"] in printed.out


def on_a_terminal(shop: Shop, arguments: list[str]) -> str:
    """What a command writes to a terminal of 100 columns, on both streams."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "assetflow", *arguments]
    with subprocess.Popen(
        command, cwd=shop.root, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        written = b""
        try:
            while part := os.read(ours, 65536):
                written += part
        except OSError:  # the last one to hold the other end has closed it
            pass
        process.wait()
    os.close(ours)
    return written.decode("utf-8", "replace")
