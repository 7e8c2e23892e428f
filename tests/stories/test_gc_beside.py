"""Sweeping beside readers and runs, after kills, and on a full disk."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import assetflow
from assetflow.warehouse.disk.scratch import scratch_folder
from tests.conftest import Shop
from tests.small_disk import on_small_disk

NIGHTS = int(os.environ.get("ASSETFLOW_NIGHTS", "6"))
SLOW = """
import pathlib, time
from assetflow import asset

@asset(volatile="ignore")
def slow(orders) -> "pl.DataFrame":
    pathlib.Path("{root}/begun").touch()
    while not pathlib.Path("{root}/go on").exists():
        time.sleep(0.01)
    return orders.pl()
"""


def objects(shop: Shop) -> set[str]:
    return {path.name for path in (shop.root / "warehouse/objects").rglob("*.parquet")}


def add(shop: Shop, number: int) -> None:
    shop.write("data/orders.csv", shop.read("data/orders.csv") + f"{number},dan,Oslo,{number}0\n")


def swept(shop: Shop) -> int:
    printed = shop.cli("gc", "--grace", "0", "--keep", "1", "--json")
    assert printed.code == 0, printed.err
    return int(printed.json["removed"]["files"])


def test_what_an_open_notebook_reads_stays_until_it_is_closed_or_refreshed(shop: Shop) -> None:
    shop.made()
    warehouse = assetflow.open(str(shop.root))
    for number in (5, 6):
        add(shop, number)
        shop.made()
    assert swept(shop) > 0, "the version between is nobody's"
    assert warehouse.sql("SELECT count(*) FROM sales").fetchall() == [(3,)]
    warehouse.refresh()
    gc.collect()  # tables that were taken before may be read as long as somebody has them
    assert swept(shop) > 0
    assert warehouse.sql("SELECT count(*) FROM sales").fetchall() == [(5,)]


def test_a_version_that_is_being_read_stays(shop: Shop) -> None:
    shop.made()
    add(shop, 5)
    shop.made()
    warehouse = assetflow.open(str(shop.root))
    old = warehouse["sales@-1"]
    swept(shop)
    assert old.pl().height == 3


def test_a_reader_that_was_killed_keeps_nothing(shop: Shop) -> None:
    shop.made()
    code = "import assetflow; wh = assetflow.open(); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=shop.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"open\n"
        add(shop, 5)
        shop.made()
        assert swept(shop) == 0
        reader.kill()
    assert swept(shop) > 0
    assert list((shop.root / "warehouse/leases").iterdir()) == []


def test_what_a_run_that_was_killed_left_goes_and_what_one_at_work_uses_stays(shop: Shop) -> None:
    shop.python("slow", SLOW.format(root=shop.root).lstrip())
    run = [sys.executable, "-m", "assetflow", "materialize", "--quiet"]
    staging = shop.root / "warehouse/staging"
    for how in ("killed", "let go on"):
        for sign in ("begun", "go on"):
            (shop.root / sign).unlink(missing_ok=True)
        with subprocess.Popen(run, cwd=shop.root) as process:
            while not (shop.root / "begun").exists() and process.poll() is None:
                pass
            printed = shop.cli("gc", "--grace", "0", "--keep", "1", "--json")
            left = list(staging.iterdir())
            if how == "killed":
                process.send_signal(signal.SIGKILL)
            (shop.root / "go on").touch()
        assert (printed.json["staging"], len(printed.json["at_work"])) == ([], 1), how
        assert left
        assert process.returncode == (-9 if how == "killed" else 0)
        assert len(shop.cli("gc", "--grace", "0", "--json").json["staging"]) == (how == "killed")
        assert list(staging.iterdir()) == []
    assert shop.cli("verify", "--deep").code == 0
    assert shop.run() == {}


def test_a_scratch_folder_in_use_is_not_swept(shop: Shop) -> None:
    shop.made()
    with scratch_folder(str(shop.root / "warehouse")) as folder:
        Path(folder, "half").write_text("made")
        assert "that died" not in shop.cli("gc", "--dry-run").out
        swept(shop)
        assert os.listdir(folder) == ["half"]
    assert not os.path.exists(folder)


def test_nothing_that_is_published_goes_while_runs_sweeps_and_readers_meet(shop: Shop) -> None:
    shop.made()
    sweep = [sys.executable, "-m", "assetflow", "gc", "--grace", "0", "--keep", "1"]
    with ExitStack() as stack:
        for number in range(5, 5 + NIGHTS):
            stack.enter_context(subprocess.Popen(sweep, cwd=shop.root, stdout=subprocess.DEVNULL))
            add(shop, number)
            if number % 2:  # there and back: an older version is to be restored that is about to go
                shop.replace("assets/sales.sql", "> 5", "> 6")
            else:
                shop.replace("assets/sales.sql", "> 6", "> 5")
            stack.enter_context(subprocess.Popen(sweep, cwd=shop.root, stdout=subprocess.DEVNULL))
            warehouse = assetflow.open(str(shop.root))
            shop.made()
            assert warehouse.sql("SELECT count(*) FROM sales").fetchall() == [(number - 2,)]
    assert shop.rows("SELECT count(*) FROM sales") == [(NIGHTS + 3,)]
    printed = shop.cli("verify", "--deep", "--json")
    assert printed.json["problems"] == []


def test_a_file_that_is_needed_again_is_not_condemned_any_more(shop: Shop) -> None:
    shop.made()
    text = shop.read("data/orders.csv")
    add(shop, 5)
    shop.made()
    assert shop.cli("gc", "--keep", "1", "--json").json["waiting"]["files"] > 0
    shop.write("data/orders.csv", text)
    assert set(shop.run().values()) == {"restored"}
    before = objects(shop)
    shop.cli("gc", "--keep", "1", "--json")
    assert objects(shop) == before
    assert shop.cli("verify", "--deep").code == 0


def test_on_a_full_disk(empty_shop: Shop) -> None:
    """On a real one, filled to the last byte, by somebody who has never called `gc` before: who reads reads on."""
    for number in range(4):
        empty_shop.write(f"numbers{number}.sql", f"SELECT i AS id, hash(i + {number}) AS noise FROM range(60_000) t(i)")
    assetflow_ = f"{sys.executable} -m assetflow"
    made = "\n".join(
        f"cp numbers{number}.sql assets/numbers.sql && {assetflow_} materialize --quiet || exit 1"
        for number in range(4)
    )
    script = f"""
        mkdir assets
        {made}
        cat /dev/zero > warehouse/filler
        cp numbers0.sql assets/numbers.sql
        df --output=avail warehouse | tail -1
        {assetflow_} query 'SELECT count(*) + 1 AS n FROM numbers' --format csv
        {assetflow_} gc --grace 0 --keep 1
        echo "exit $?"
        test "$(df --output=avail warehouse | tail -1)" -gt 500 && echo "there is space"
        {assetflow_} query 'SELECT count(*) AS n FROM numbers' --format csv
        {assetflow_} verify --deep
        rm warehouse/filler
        {assetflow_} materialize --quiet && echo made
    """
    done = on_small_disk(empty_shop, "64m", script)
    lines = [line.strip() for line in done.stdout.splitlines()]
    at = lines.index("0")
    assert "exit 0" in lines[at:], done.stdout + done.stderr
    assert {"60001", "there is space", "60000", "made"} <= set(lines[at:]), done.stdout + done.stderr
    assert "0 problems" in done.stdout
