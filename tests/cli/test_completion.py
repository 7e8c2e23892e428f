"""Completion of asset names, by the protocol that each shell's script speaks, and in a real bash."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.cli.conftest import Ask
from tests.conftest import Shop

SHELLS = ["bash", "zsh", "fish"]
FIRST_LINES = {
    "bash": "_assetflow_completion() {",
    "zsh": "#compdef assetflow",
    "fish": "function _assetflow_completion;",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script(shop: Shop, shell: str, ask: Ask) -> None:
    named = ask(shop, "completion", shell)
    assert named.out.lstrip().startswith(FIRST_LINES[shell])
    assert f"{shell}_complete" in named.out
    assert ask(shop, "completion", SHELL=f"/usr/bin/{shell}").out == named.out


def test_a_shell_that_is_not_known(shop: Shop, ask: Ask) -> None:
    printed = ask(shop, "completion", SHELL="/bin/tcsh")
    assert (printed.code, printed.out) == (2, "")
    assert "$SHELL is tcsh" in printed.err


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (["explain", "sa"], ["sales"]),
        (["show", "b"], ["big", "by_city"]),
        (["lineage", "o"], ["orders"]),
        (["materialize", "--select", "+sa"], ["+sales"]),
        (["plan", "-s", "big,2+by"], ["big,2+by_city"]),
        (["materialize", "-x", "@p"], ["@people"]),
        (["plan", "-s", "mai"], ["main"]),
        (["compl"], ["completion"]),
        (["query", "--format", "c"], ["csv"]),
    ],
)
def test_what_tab_offers(shop: Shop, shell: str, line: list[str], expected: list[str], ask: Ask) -> None:
    assert offered(ask, shop, shell, line) == expected


def offered(ask: Ask, shop: Shop, shell: str, line: list[str]) -> list[str]:
    """Speak the protocol as the script of this shell does."""
    words = ["assetflow", *line]
    printed = ask(
        shop,
        _ASSETFLOW_COMPLETE=f"{shell}_complete",
        COMP_WORDS=" ".join(words),
        COMP_CWORD=line[-1] if shell == "fish" else str(len(words) - 1),
    )
    assert printed.err == ""
    if shell == "zsh":
        return printed.out.splitlines()[1::3]
    # bash: plain,NAME; fish: plain,NAME and the help behind a tab.
    return [each.split(",", 1)[1].split("\t")[0] for each in printed.out.splitlines() if each]


def test_outside_of_a_project_nothing_is_offered(shop: Shop, ask: Ask) -> None:
    shop.remove("assetflow.toml")
    assert offered(ask, shop, "bash", ["explain", "sa"]) == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [("explain sa", "sales"), ("materialize --select +sa", "+sales"), ("materialize --select by", "by_city")],
)
def test_a_real_bash(shop: Shop, words: str, expected: str) -> None:
    script = shop.write("complete.bash", shop.cli("completion", "bash").out)
    assert "complete -o nosort" in script.read_text()
    listed = words.split()
    lines = [
        f"source {script}",
        f"COMP_WORDS=(assetflow {words}); COMP_CWORD={len(listed)}",
        "_assetflow_completion assetflow",
        'printf "%s\\n" "${COMPREPLY[@]}"',
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=shop.root, env=with_assetflow_on_path(shop), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == [expected], done.stderr


def with_assetflow_on_path(shop: Shop) -> dict[str, str]:
    """The environment of someone who has installed the program."""
    program = shop.write("bin/assetflow", f"""\
        #!/bin/sh
        exec {shlex.quote(sys.executable)} -m assetflow "$@"
        """)  # fmt: skip
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def test_tab_offers_environments(shop: Shop, ask: Ask) -> None:
    assert offered(ask, shop, "bash", ["show", "big", "--env", "p"]) == []
    assert not (shop.root / "warehouse").exists(), "who presses Tab makes nothing"
    shop.made()
    assert offered(ask, shop, "bash", ["show", "big", "--env", "p"]) == ["prod"]
