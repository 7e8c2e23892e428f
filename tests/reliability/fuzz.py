"""R12: nonsense as selections, names, asset files, settings and command lines ends in a sentence, never in a traceback."""

from __future__ import annotations

import contextlib
import io
import random
import string
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from assetflow.cli.main import COMMANDS, run_explained
from assetflow.errors import AssetflowError
from assetflow.project.project import Project
from tests.reliability.stage import Stage
from tests.reliability.tally import Tally
from tests.reliability.verdict import FAULT

CODES = {0, 1, 2, 3, 4}
SECONDS = 5.0
"""Of processor time: more of it for one input is a hang, however busy the machine is."""

NAMES = st.sampled_from(
    ["first", "second", "seen", "third", "fourth", "editions", "nope", "con", "select", "..", "-1", ""]
)
WORDS = st.sampled_from(["+", "2+", "@", "(", ")", ",", " ", "or", "and", "not", ":", "*", "tag:", "state:", "path:", "column:", "\\", "'", "\x1b[2J", "\u202e"])  # fmt: skip
SELECTIONS = st.one_of(st.lists(NAMES | WORDS, max_size=12).map("".join), st.text(max_size=30))
READING = tuple(
    name for name in COMMANDS if name not in {"init", "materialize", "check", "completion", "env", "gc", "rollback"}
)
FLAGS = st.sampled_from(
    ["--json", "-s", "-x", "--select", "--env", "--limit", "-n", "--at", "--format", "--up", "--down", "--full-refresh",
     "--check", "--dry-run", "-C", "--help", "-h", "--nope", "--", "-", "--rows", "--impact", "--tag", "--partition"]
)  # fmt: skip
LINES = st.tuples(
    st.sampled_from([*READING, "materialize --dry-run", "nope", ""]),
    st.lists(FLAGS | NAMES | SELECTIONS | st.text(max_size=12), max_size=6),
)


def fuzz(tally: Tally, scale: float, *, number: int | None = None) -> None:
    number = number or max(int(10_000 * scale), 20)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        stage = Stage(Path(folder) / "project", python=True)
        stage.go("edition 1", "materialize")
        root = str(stage.root)
        examine(tally, number, SELECTIONS, lambda text: select(root, text), "the selection")
        examine(tally, number, st.text(max_size=20) | NAMES, lambda text: environment(root, text), "the environment")
        examine(tally, max(number // 4, 20), LINES, lambda line: command(root, line), "the command line")
        bent_files(tally, stage, max(number // 4, 20))


def examine(tally: Tally, number: int, inputs: st.SearchStrategy, try_: Callable[[object], object], what: str) -> None:
    """Try many inputs; anything but an error of ours is written down, with the input."""

    @seed(1)
    @settings(
        max_examples=number, deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(inputs)
    def examined(value: object) -> None:
        one(tally, try_, value, what)

    examined()
    tally.tell(f"{what}: {number}")


def one(tally: Tally, try_: Callable[[object], object], value: object, what: str) -> None:
    tally.add("inputs made up")
    began = time.process_time()
    try:
        try_(value)
    except AssetflowError as error:
        if not error.message.strip():
            tally.wrong("tracebacks", f"{what} {value!r}", ["an error without a word"])
    except Exception as error:
        tally.wrong("tracebacks", f"{what} {value!r}", [f"{type(error).__name__}: {error}"])
    if time.process_time() - began > SECONDS:
        tally.wrong("hangs", f"{what} {value!r}", [f"{time.process_time() - began:.1f} s of processor time"])


def select(root: str, text: object) -> None:
    Project.open(root).plan((str(text),))


def environment(root: str, text: object) -> None:
    Project.open(root, environment=str(text) or None).plan()


def command(root: str, line: object) -> None:
    """A command line in this process; it ends with a code of the contract."""
    first, rest = line  # type: ignore[misc]
    # Neither reads from our own standard input nor writes files where it likes.
    words = [word for word in rest if word not in {"-", "-o", "--output"} and not word.startswith(("-o", "--out"))]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run_explained(["-C", root, *first.split(), *words])
    if code not in CODES:
        raise AssertionError(f"it ended with {code}: {said.getvalue()[-300:]}")
    if FAULT.search(said.getvalue()):
        raise AssertionError(said.getvalue()[-800:])


def bent_files(tally: Tally, stage: Stage, number: int) -> None:
    """Asset files and settings with bytes and words changed: read, planned, and never more than a sentence."""
    chance = random.Random(1)
    paths = [stage.root / "assetflow.toml", *sorted((stage.root / "assets").iterdir())]
    for _ in range(number):
        path = chance.choice(paths)
        before = path.read_bytes()
        bent = bend(before, chance)
        path.write_bytes(bent)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                one(tally, lambda _: Project.open(str(stage.root)).plan(), bent, path.name)
        finally:
            path.write_bytes(before)
    tally.tell(f"files: {number}")


SNIPPETS = (
    b"'", b'"', b"/*", b"*/", b"--", b"@asset", b"-- @", b"@min(", b";", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"(", b")", b"[", b"]",
    b"{", b"}", b"=", b"SELECT ", b"FROM ", b"first", b"fourth", b"'''", b"\\", b"\xed\xa0\x80", b"1e999", b"$x", b"?", b"#", b"\t",
    b"def ", b"@", b":", b"None", b"pl.", b"env", b"unique_key", b"checks = [{}]", b"columns = 3", b"\xe2\x80\xae", b"x" * 300,
)  # fmt: skip


def bend(text: bytes, chance: random.Random) -> bytes:
    """A few random changes: bytes flipped, words put in, parts taken out, moved or doubled."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(text) + 1)
        to = min(at + chance.randrange(1, 12), len(text))
        kind = chance.randrange(5)
        if kind == 0 and text:
            place = min(at, len(text) - 1)
            text = text[:place] + bytes([chance.randrange(256)]) + text[place + 1 :]
        elif kind == 1:
            text = text[:at] + chance.choice(SNIPPETS) + text[at:]
        elif kind == 2:
            text = text[:at] + text[to:]
        elif kind == 3:
            text = text[:at] + text[at:to] * 2 + text[to:]
        else:
            text = text[:at] + "".join(chance.choices(string.printable, k=4)).encode() + text[at:]
    return text
