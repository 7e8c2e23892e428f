"""Completion of asset names, by the protocol that each shell's script speaks, and in a real bash."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ask
from tests.conftest import Shop

SHELLS = ["bash", "zsh", "fish"]
FIRST_LINES = {
    "bash": "_assetflow_completion() {",
    "zsh": "#compdef assetflow",
    "fish": "function _assetflow_completion;",
}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.sql("people", """\
        /* @asset
        tags = ["nightly", "very early"]
        owner = "data@example.com"
        */
        SELECT 1 AS id, 'ann' AS name -- @pii
        """)  # fmt: skip
    return shop


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
        (["plan", "--select=+sa"], ["--select=+sales"]),
        (["plan", "-s", "big,tag:ni"], ["big,tag:nightly"]),
        (["plan", "-s", "state:f"], ["state:fresh", "state:failed"]),
        (["plan", "-s", "kind:s"], ["kind:sql", "kind:source"]),
        (["plan", "-s", "owner:d"], ["owner:data@example.com"]),
        (["plan", "-s", "group:m"], ["group:main"]),
        (["plan", "-s", "path:assets/b"], ["path:assets/big.py", "path:assets/by_city.sql"]),
        (["plan", "-s", "source:"], ["source:orders"]),
        (["plan", "-s", "gr"], ["group:"]),
        (["plan", "-s", "sales+"], []),
        (["plan", "-s", "sales+,b"], ["sales+,big", "sales+,by_city"]),
        (["explain", "o"], []),
        (["lineage", "--tag", "p"], ["pii"]),
        (["compl"], ["completion"]),
        (["query", "--format", "c"], ["csv"]),
    ],
)
def test_what_tab_offers(shop: Shop, shell: str, line: list[str], expected: list[str], ask: Ask) -> None:
    assert offered(ask, shop, shell, line) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_what_tab_offers_of_what_was_published(shop: Shop, shell: str, ask: Ask) -> None:
    shop.made()
    shop.sql("people", "SELECT 1 AS id, 'ann' AS name, 2 AS age")
    shop.made()
    newest, oldest = (record.id for record in shop.project().ledger.runs())
    history = [version.snapshot[:12] for version in shop.project().ledger.history("prod", "people")]

    def offers(*line: str) -> list[str]:
        return offered(ask, shop, shell, list(line))

    assert offers("lineage", "people.") == ["people.id", "people.name", "people.age"]
    assert offers("lineage", "people.n") == ["people.name"]
    assert offers("plan", "-s", "column:na") == ["column:name"]
    assert offers("plan", "-s", "column:people.a") == ["column:people.age"]
    assert offers("runs", newest[:8])[0] == newest
    assert offers("rollback", "people", history[1][:6]) == [history[1]]
    assert offers("show", "people", "--at", oldest) == [oldest]
    assert offers("show", f"people@{history[0]}") == [f"people@{history[0]}"]
    assert offers("diff", "people", history[0], history[1]) == [history[1]]
    assert offers("env", "create", "dev", "--from", "p") == ["prod"]
    assert offers("env", "diff", "prod", "p") == ["prod"]


def test_while_the_project_is_broken_the_published_is_offered(shop: Shop, ask: Ask) -> None:
    shop.made()
    shop.sql("people", "SELECT FROM WHERE")
    assert offered(ask, shop, "bash", ["show", "b"]) == ["big", "by_city"]


def test_the_project_may_be_named_before_the_command(shop: Shop, tmp_path: Path, ask: Ask) -> None:
    elsewhere = Shop(tmp_path / "elsewhere")
    assert offered(ask, elsewhere, "bash", ["-C", str(shop.root), "explain", "sa"]) == ["sales"]
    assert offered(ask, elsewhere, "bash", ["explain", "-C", str(shop.root), "sa"]) == ["sales"]


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


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("plan -s tag:ni", "nightly"),  # bash replaces what is behind the colon
        ("plan -s @sa", "@sales"),  # ... but an @ along with it
        ("plan -s big,owner:data@ex", "@example.com"),
        ("plan --select=+sa", "+sales"),
        ("plan -s 'tag:\"ve", 'tag:"very early"'),
        ('plan -s "big tag:ni', "big tag:nightly"),
        ("plan -s big\\ tag:ni", "nightly"),
        ("plan -s tag:'ve", '"very early"'),
        ("plan -s tag:\\'ve", r"\'very\ early\'"),
    ],
)
def test_bash_replaces_a_part_of_the_word(shop: Shop, line: str, completed: str, ask: Ask) -> None:
    printed = ask(
        shop,
        _ASSETFLOW_COMPLETE="bash_complete",
        COMP_WORDS=f"assetflow {line}",
        COMP_CWORD="3",
        COMP_BREAKS=" \t\n\"'@><=;|&(:",
    )
    assert printed.out.split() == f"plain,{completed}".split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [("explain sa", "sales"), ("materialize --select +sa", "+sales"), ("materialize --select tag:ni", "nightly")],
)
def test_a_real_bash(shop: Shop, words: str, expected: str) -> None:
    script = shop.write("complete.bash", shop.cli("completion", "bash").out)
    assert "complete -o nosort" in script.read_text()
    listed = words.split()
    lines = [
        f"source {script}",
        f"COMP_WORDS=(assetflow {words}); COMP_CWORD={len(listed)}; COMP_LINE='assetflow {words}'; COMP_POINT=${{#COMP_LINE}}",
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
