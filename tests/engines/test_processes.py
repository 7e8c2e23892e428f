"""What must hold of a whole process: what it imports, how much it holds in memory, and that workers end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import assetflow.engines


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


IMPORTS = """
    import sys
    from assetflow.asset import Query
    from assetflow.engines import Table, Where
    from assetflow.engines.duckdb import Session
    from assetflow.engines.frames import from_result, to_frame
    from assetflow.engines.limit import time_limit
    from assetflow.engines.python import call
    where = Where("x", "x.py", 1, sys.argv[1])
    with Session(sys.argv[1]) as session:
        cursor = session.cursor()
        table = Table("t", "SELECT 1 AS a")
        session.attach([table], cursor)
        {body}
    libraries = "polars pyarrow pandas sqlglot rich".split()
    print(*[name for name in libraries if name in sys.modules])
"""


@pytest.mark.parametrize(
    ("body", "imported"),
    [
        ('result = from_result(Query("FROM t"), cursor, sys.argv[1], where)', []),
        ('result = from_result(to_frame("relation", table, None, cursor, where), cursor, sys.argv[1], where)', []),
        (
            'result = from_result(to_frame("arrow", table, None, cursor, where), cursor, sys.argv[1], where)',
            ["pyarrow"],
        ),
    ],
)
def test_a_library_is_imported_only_by_those_who_use_it(body: str, imported: list[str], tmp_path: Path) -> None:
    assert python(IMPORTS.format(body=body), str(tmp_path)).split() == imported


def test_the_contracts_cost_nothing_to_read() -> None:
    code = """
        import sys
        import assetflow.engines, assetflow.executors
        print([name for name in ("duckdb", "polars", "pyarrow", "concurrent.futures") if name in sys.modules])
    """
    assert python(code) == "[]"


STREAM = """
    import resource, sys
    import pyarrow as pa
    from assetflow.engines import Where
    from assetflow.engines.duckdb import Session
    from assetflow.engines.frames import from_result

    ROWS, BATCH = int(sys.argv[2]), 100_000
    where = Where("x", "x.py", 1, sys.argv[1])

    def batches():
        for start in range(0, ROWS, BATCH):
            numbers = pa.array(range(start, start + BATCH), pa.int64())
            yield pa.record_batch([numbers] * 8, names=list("abcdefgh"))

    schema = pa.schema([(name, pa.int64()) for name in "abcdefgh"])
    with Session(sys.argv[1], threads=1) as session:
        cursor = session.cursor()
        reader = pa.RecordBatchReader.from_batches(schema, batches())
        result = from_result(reader, cursor, sys.argv[1], where)
        result.cursor.execute(f"COPY ({result.sql}) TO '{sys.argv[1]}/x.parquet' (ROW_GROUP_SIZE 100000)").fetchall()
        print(cursor.sql(f"SELECT count(*) FROM '{sys.argv[1]}/x.parquet'").fetchall()[0][0])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_record_batches_are_not_collected(tmp_path: Path) -> None:
    """3.6 million rows of 64 bytes are 230 MB; six times the rows of the small stream take hardly more memory."""
    few, many = (python(STREAM, str(tmp_path), str(rows)).split() for rows in (600_000, 3_600_000))
    assert (few[0], many[0]) == ("600000", "3600000")
    assert int(many[1]) - int(few[1]) < 96_000


WORKERS = """
    import os, time
    from assetflow.executors.processes import open_executor

    if __name__ == "__main__":
        executor = open_executor(1)
        print(executor.submit(os.getpid).result(), flush=True)
        time.sleep(3600)
"""


@pytest.fixture
def coordinator(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with one worker that waits for work, in a group of its own."""
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(WORKERS))
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(assetflow.engines.__path__[0]))},
    ) as process:
        yield process


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_coordinator(how: signal.Signals, coordinator: subprocess.Popen[str]) -> None:
    assert coordinator.stdout is not None
    worker = int(coordinator.stdout.readline())
    coordinator.send_signal(how)
    # The worker holds the other ends of these pipes: they end when it has ended.
    coordinator.communicate(timeout=60)
    assert not is_running(worker)


def test_ctrl_c_ends_the_workers_silently(coordinator: subprocess.Popen[str]) -> None:
    assert coordinator.stdout is not None
    worker = int(coordinator.stdout.readline())
    # A terminal sends the signal to all processes of its foreground group.
    os.killpg(coordinator.pid, signal.SIGINT)
    _, errors = coordinator.communicate(timeout=60)
    assert not is_running(worker)
    assert errors.count("Traceback") == 1, errors
    assert errors.rstrip().endswith("KeyboardInterrupt")


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A process that has ended but that nobody waited for is still listed.
    with open(f"/proc/{process}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
