"""A process that has loaded everything and waits, so that a command under strace begins at once: half of its time.

    run_under(stage, "materialize", ["strace", ...])     as `stage.run`, with strace attached before the command's first step

Run as a program, it reads a line of JSON for each command, forks, tells the number of the process, which has stopped
itself until somebody lets it go on, and when that has ended its code. Nothing but modules is loaded before the fork,
and no thread is there.
"""

from __future__ import annotations

import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from tests.reliability.stage import STARTED, Done, Stage

LEFT_OUT = ("assetflow.__main__", "assetflow.notebook", "assetflow.testing")
ATTACHED = "attached"
SEEN = "symlink"
"""A call that nothing else makes."""


def run_under(stage: Stage, line: str, tracer: Sequence[str], *, seconds: float = 300) -> Done:
    """Run a command to its end; the tracer is given the number of its process."""
    server = started(stage.variables["PYTHONPATH"])
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        log = tracer[tracer.index("-o") + 1]
        Path(log).unlink(missing_ok=True)
        order = {"words": stage.words(line), "cwd": str(stage.root), "out": str(out), "err": str(err), "log": log}
        process = int(ask(server, json.dumps(order)))
        with subprocess.Popen([*tracer, "-p", str(process)], stderr=subprocess.PIPE, text=True) as tracing:
            assert tracing.stderr is not None
            said = tracing.stderr.readline()
            assert ATTACHED in said, said
            os.kill(process, signal.SIGCONT)
            in_time = bool(select.select([server.stdout], [], [], seconds)[0])
            if not in_time:
                os.kill(process, signal.SIGKILL)
            code = int(ask(server))
            tracing.communicate()
        told = err.read_text(errors="replace") + ("" if in_time else "\n[it did not end]")
        return Done(code, out.read_text(errors="replace"), told)


@cache
def started(path: str) -> subprocess.Popen[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("ASSETFLOW_")}
    variables |= {"PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.ready"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=variables, start_new_session=True,
    )  # fmt: skip
    STARTED.append(server)
    return server


def ask(server: subprocess.Popen[str], order: str = "") -> str:
    assert server.stdin is not None
    assert server.stdout is not None
    if order:
        server.stdin.write(f"{order}\n")
        server.stdin.flush()
    return server.stdout.readline()


def serve() -> None:
    for module in pkgutil.walk_packages(import_module("assetflow").__path__, "assetflow."):
        if not module.name.startswith(LEFT_OUT):
            import_module(module.name)
    assert len(os.listdir("/proc/self/task")) == 1, "a fork takes no thread along"
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            carry_out(json.loads(line))
        os.waitpid(process, os.WUNTRACED)
        tell(process)
        tell(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def carry_out(order: dict[str, object]) -> None:
    from assetflow.cli.main import main

    streams = (
        (0, os.devnull, os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT),
        (2, order["err"], os.O_WRONLY | os.O_CREAT),
    )
    for number, path, how in streams:
        opened = os.open(str(path), how)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(str(order["cwd"]))
    sys.argv = ["assetflow", *order["words"]]
    log = os.open(str(order["log"]), os.O_RDONLY | os.O_CREAT)
    os.kill(os.getpid(), signal.SIGSTOP)
    wait_until_seen(log)
    main()  # which does not return


def wait_until_seen(log: int) -> None:
    """Make a call until it stands in the log: strace says that it has attached before it looks."""
    while SEEN.encode() not in os.pread(log, 10_000, 0):
        with suppress(OSError):
            os.symlink("", "")
    os.close(log)


def tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
