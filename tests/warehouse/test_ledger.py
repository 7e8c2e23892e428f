"""The ledger: what was told is there, and publishing is all or nothing."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading

import pytest
from msgspec.structs import replace

from assetflow.check import CheckResult
from assetflow.errors import WarehouseError
from assetflow.materialization import Column, Fingerprint, Snapshot
from assetflow.reason import Reason
from assetflow.warehouse.content.manifest import with_id
from assetflow.warehouse.ledger.ledger import Ledger
from assetflow.warehouse.ledger.records import Built, Outcome, RunRecord, Since, StepRecord
from assetflow.warehouse.ledger.schema import FORMAT_VERSION
from assetflow.warehouse.warehouse import Warehouse
from tests.stopping import REPOSITORY
from tests.warehouse import told

A_DAY = RunRecord("one", "prod", told.at(0), "running", None, "sales+", "host", 7)


def of(asset: str, content: str) -> Snapshot:
    columns = (Column("a", "HUGEINT", "DECIMAL(38,0)"), Column("b", "VARCHAR"))
    return with_id(Snapshot("", asset, f"digest of {content}", columns, (), None, 0, f"SELECT {content}"))


def test_nothing_is_there_and_nothing_is_written_before_the_first_word(warehouse):
    ledger = warehouse.ledger
    assert ledger.current("prod") == {}
    assert (ledger.generation("prod"), ledger.published_at("prod"), ledger.environments()) == (0, None, ())
    assert (ledger.runs(), ledger.run("one"), ledger.steps("one"), ledger.history("prod")) == ((), None, (), ())
    assert (ledger.since("prod", "sales"), ledger.last_failed("prod"), ledger.check_results("prod", "sales")) == (
        None, frozenset(), ()
    )  # fmt: skip
    assert ledger.find("sales", None, "hash") is None
    assert not os.path.exists(warehouse.root)


def test_what_was_told_is_there_after_reopening(warehouse, tmp_path):
    told.run(warehouse, "one")
    check = CheckResult("not_null(a)", "warn", 3, "a", "samples/x.parquet", None)
    record = told.built(of("sales", "1"), "one", inputs=("items", "orders"), checks=(check,))
    made = replace(
        record.materialization,
        code_text="SELECT 1",
        code_parts=(("sales", "ab"), ("helpers.tax", "cd")),
        reasons=(Reason("input_changed", "orders", ("id",), "3 rows"),),
    )
    told.publish(warehouse, "one", 2, replace(record, materialization=made))
    warehouse.close()
    ledger = Ledger(warehouse.root)
    assert ledger.materialization("one.sales") == made
    assert ledger.snapshot(record.snapshot.id) == record.snapshot
    assert ledger.check_results("prod", "sales") == (check,)
    current = ledger.current("prod")["sales"]
    assert (current.materialization, current.fingerprint_hash) == ("one.sales", made.fingerprint.hash)
    assert (current.digest, current.snapshot, current.published_at) == (made.digest, made.snapshot, told.at(2))
    ledger.close()


def test_files_of_what_is_current_are_known_without_opening_a_snapshot(cursor, warehouse):
    told.run(warehouse, "one")
    snapshot = told.keep(warehouse, cursor, "sales", "SELECT 1 AS a")
    told.publish(warehouse, "one", 1, told.built(snapshot, "one"), told.built(of("view", "1"), "one"))
    current = warehouse.ledger.current("prod")
    assert current["sales"].files == tuple(file.path for file in snapshot.files)
    assert current["view"].files == ()


def test_built_is_not_published(warehouse):
    told.run(warehouse, "one")
    warehouse.ledger.record_built([told.built(of("sales", "1"), "one")])
    assert warehouse.ledger.current("prod") == {}
    assert warehouse.ledger.materialization("one.sales").asset == "sales"


def test_the_newest_of_the_same_fingerprint_is_found(warehouse):
    for run_id, code in (("one", "old"), ("two", "new"), ("three", "old")):
        told.run(warehouse, run_id)
        told.publish(warehouse, run_id, 1, told.built(of("sales", run_id), run_id, code=code))
    found = warehouse.ledger.find("sales", None, Fingerprint("old", "").hash)
    assert found is not None
    assert found.id == "three.sales"
    assert warehouse.ledger.find("sales", None, Fingerprint("newer", "").hash) is None


def test_two_runs_from_the_same_start_cannot_both_publish(warehouse):
    told.run(warehouse, "one")
    told.run(warehouse, "two")
    for run_id in ("one", "two"):
        warehouse.ledger.record_built([told.built(of(name, run_id), run_id) for name in ("sales", "other")])
    warehouse.ledger.publish("prod", "one", {"sales": "one.sales"}, {"sales": None}, told.at(1))
    moves = {"other": "two.other", "sales": "two.sales"}
    with pytest.raises(WarehouseError, match="another run published sales in prod"):
        warehouse.ledger.publish("prod", "two", moves, dict.fromkeys(moves), told.at(2))
    current = warehouse.ledger.current("prod")
    assert {name: one.materialization for name, one in current.items()} == {"sales": "one.sales"}
    assert warehouse.ledger.generation("prod") == 1


def test_an_input_that_moved_meanwhile_stops_what_was_made_from_it(warehouse):
    for run_id in ("one", "two"):
        told.run(warehouse, run_id)
        warehouse.ledger.record_built([told.built(of(name, run_id), run_id) for name in ("sales", "weekly")])
    warehouse.ledger.publish("prod", "one", {"sales": "one.sales"}, {"sales": None}, told.at(1))
    with pytest.raises(WarehouseError, match="sales"):
        warehouse.ledger.publish("prod", "two", {"weekly": "two.weekly"}, {"weekly": None, "sales": None}, told.at(2))
    assert set(warehouse.ledger.current("prod")) == {"sales"}


def test_publishing_again_what_is_published_moves_nothing(warehouse):
    told.run(warehouse, "one")
    warehouse.ledger.record_built([told.built(of("sales", "1"), "one")])
    once = warehouse.ledger.publish("prod", "one", {"sales": "one.sales"}, {"sales": None}, told.at(1))
    again = warehouse.ledger.publish("prod", "one", {"sales": "one.sales"}, {"sales": None}, told.at(2))
    assert (once, again, len(warehouse.ledger.history("prod"))) == (1, 1, 1)


def test_what_was_never_recorded_cannot_be_published(warehouse):
    told.run(warehouse, "one")
    warehouse.ledger.record_built([told.built(of("sales", "1"), "one")])
    for moves in ({"sales": "one.sales", "other": "one.other"}, {"other": "one.sales"}):
        with pytest.raises(WarehouseError, match="no materialization of other"):
            warehouse.ledger.publish("prod", "one", moves, dict.fromkeys(moves), told.at(1))
    assert warehouse.ledger.current("prod") == {}


def test_an_asset_can_be_withdrawn(warehouse):
    told.run(warehouse, "one")
    told.publish(warehouse, "one", 1, told.built(of("sales", "1"), "one"), told.built(of("other", "1"), "one"))
    warehouse.ledger.publish("prod", "one", {"sales": None}, {"sales": "one.sales"}, told.at(2))
    assert set(warehouse.ledger.current("prod")) == {"other"}
    assert [version.is_current for version in warehouse.ledger.history("prod", "sales")] == [False]
    assert warehouse.ledger.since("prod", "sales") is None
    assert warehouse.ledger.published_since("prod", 1) == {"sales": None}


def test_environments_do_not_see_each_other(warehouse):
    told.run(warehouse, "one")
    told.run(warehouse, "two", env="dev")
    told.publish(warehouse, "one", 1, told.built(of("sales", "1"), "one"))
    told.publish(warehouse, "two", 2, told.built(of("sales", "2"), "two"), env="dev")
    ledger = warehouse.ledger
    assert (ledger.current("prod")["sales"].materialization, ledger.current("dev")["sales"].materialization) == (
        "one.sales", "two.sales"
    )  # fmt: skip
    assert ledger.environments() == ("dev", "prod")


def test_history_and_since(warehouse):
    story = [("one", 1, "a", "code"), ("two", 2, "b", "code"), ("three", 3, "b", "newer"), ("four", 4, "b", "newer")]
    for run_id, hour, content, code in story:
        told.run(warehouse, run_id)
        told.publish(warehouse, run_id, hour, told.built(of("sales", content), run_id, code=code))
    versions = warehouse.ledger.history("prod", "sales")
    assert [(version.run_id, version.is_current) for version in versions] == [
        ("four", True), ("three", False), ("two", False), ("one", False)
    ]  # fmt: skip
    assert warehouse.ledger.since("prod", "sales") == Since(content=told.at(2), code=told.at(3))
    assert [version.run_id for version in warehouse.ledger.history("prod", limit=2)] == ["four", "three"]


def test_runs_and_their_steps(warehouse):
    steps = (
        StepRecord("sales", "materialized", None, "full", (Reason("never_made"),), 3, 0.5, "snapshot", None),
        StepRecord("weekly", "failed", error="KeyError: 'x'"),
    )
    warehouse.ledger.start_run(A_DAY)
    warehouse.ledger.finish_run("one", "failed", steps, told.at(3))
    told.run(warehouse, "two")
    assert warehouse.ledger.run("one") == replace(A_DAY, status="failed", finished_at=told.at(3))
    assert set(warehouse.ledger.steps("one")) == set(steps)
    assert [run.id for run in warehouse.ledger.runs()] == ["two", "one"]


def test_last_failed(warehouse):
    def outcome(run_id: str, asset: str, said: Outcome, env: str = "prod") -> frozenset[str]:
        told.run(warehouse, run_id, env)
        warehouse.ledger.finish_run(run_id, "failed", [StepRecord(asset, said)], told.at(3))
        return warehouse.ledger.last_failed("prod")

    assert outcome("one", "sales", "failed") == {"sales"}
    assert outcome("two", "sales", "blocked") == {"sales"}
    assert outcome("three", "sales", "materialized", "dev") == {"sales"}
    assert outcome("four", "sales", "materialized") == frozenset()
    assert outcome("five", "sales", "failed") == {"sales"}
    told.run(warehouse, "six")
    told.publish(warehouse, "six", 6, told.built(of("sales", "6"), "six"))
    assert warehouse.ledger.last_failed("prod") == frozenset()


def test_checks_of_the_last_run_that_had_them(warehouse):
    told.run(warehouse, "one")
    told.publish(warehouse, "one", 1, told.built(of("sales", "1"), "one", checks=(CheckResult("rows", "error", 0),)))
    told.run(warehouse, "two")
    warehouse.ledger.record_checks("two", "sales", [CheckResult("rows", "error", 4, sample="samples/rows.parquet")])
    told.run(warehouse, "three")
    assert warehouse.ledger.check_results("prod", "sales") == (
        CheckResult("rows", "error", 4, sample="samples/rows.parquet"),
    )


def test_a_damaged_record_gives_itself_away(cursor, warehouse):
    told.run(warehouse, "one")
    snapshot = told.keep(warehouse, cursor, "sales", "SELECT 1 AS a")
    told.publish(warehouse, "one", 1, told.built(snapshot, "one"))
    warehouse.close()
    with sqlite3.connect(f"{warehouse.root}/ledger.db") as connection:
        connection.execute("UPDATE snapshots SET files = replace(files, 'objects/', 'objectt/')")
    connection.close()
    with pytest.raises(WarehouseError, match=f"snapshot {snapshot.id} of sales is damaged"):
        warehouse.ledger.snapshot(snapshot.id)


def test_a_ledger_of_a_newer_format_is_refused(warehouse):
    told.run(warehouse, "one")
    warehouse.close()
    connection = sqlite3.connect(f"{warehouse.root}/ledger.db")
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    connection.close()
    for ask in (lambda: warehouse.ledger.current("prod"), lambda: told.run(warehouse, "two")):
        with pytest.raises(
            WarehouseError, match=f"its format is {FORMAT_VERSION + 1}, this one knows {FORMAT_VERSION}"
        ):
            ask()


def test_somebody_else_s_file_is_refused(warehouse):
    os.makedirs(warehouse.root)
    connection = sqlite3.connect(f"{warehouse.root}/ledger.db")
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(WarehouseError, match="not a ledger of assetflow"):
        told.run(warehouse, "one")


def test_a_file_that_is_no_database_is_refused(warehouse):
    os.makedirs(warehouse.root)
    with open(f"{warehouse.root}/ledger.db", "w") as file:
        file.write("no database at all, but long enough to look like one " * 50)
    with pytest.raises(WarehouseError, match="cannot be read") as raised:
        warehouse.ledger.current("prod")
    assert "assetflow doctor --rebuild" in str(raised.value)


def test_a_file_that_was_only_just_created_is_like_none(warehouse):
    os.makedirs(warehouse.root)
    open(f"{warehouse.root}/ledger.db", "w").close()
    assert warehouse.ledger.current("prod") == {}
    told.run(warehouse, "one")
    assert warehouse.ledger.run("one") is not None


def test_eight_threads_with_a_ledger_each_lose_nothing(tmp_path):
    def work(number: int) -> None:
        warehouse = Warehouse(str(tmp_path))
        for turn in range(5):
            run_id = f"{number}-{turn}"
            told.run(warehouse, run_id)
            told.publish(warehouse, run_id, turn, told.built(of(f"asset{number}", run_id), run_id))
        warehouse.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = Ledger(str(tmp_path))
    assert {name: one.materialization for name, one in ledger.current("prod").items()} == {
        f"asset{number}": f"{number}-4.asset{number}" for number in range(8)
    }
    assert ledger.generation("prod") == 40
    ledger.close()


@pytest.fixture
def somebody_else_s():
    """A warehouse that this process may read and not write."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        owner = Warehouse(f"{folder}/warehouse")
        told.run(owner, "one")
        told.publish(owner, "one", 1, told.built(of("sales", "1"), "one"))
        was = os.geteuid()
        if was == 0:
            os.setresuid(65534, 65534, 0)
        else:
            os.chmod(owner.root, 0o555)
            os.chmod(f"{owner.root}/locks", 0o555)
        yield owner
        if was == 0:
            os.setresuid(0, 0, 0)
        else:
            os.chmod(owner.root, 0o755)
            os.chmod(f"{owner.root}/locks", 0o755)
        owner.close()


def test_a_reader_needs_no_permission_to_write(somebody_else_s):
    for has_writer in (True, False):
        reader = Warehouse(somebody_else_s.root)
        assert set(reader.ledger.current("prod")) == {"sales"}
        assert reader.at_work("prod") == ()
        reader.close()
        if has_writer:
            close_as_owner(somebody_else_s)


def test_whoever_may_not_write_is_told_so(somebody_else_s, cursor):
    reader = Warehouse(somebody_else_s.root)
    for word in (
        lambda: told.run(reader, "two"),
        lambda: told.keep(reader, cursor, "sales", "SELECT 2 AS a"),
        lambda: reader.patch_catalog("prod"),
        lambda: reader.running("prod", "two", told.at(1)).__enter__(),
    ):
        with pytest.raises(WarehouseError, match="permission"):
            word()
    reader.close()


def close_as_owner(warehouse: Warehouse) -> None:
    was = os.geteuid()
    if was == 65534:
        os.setresuid(0, 0, 0)
    warehouse.close()
    if was == 65534:
        os.setresuid(was, was, 0)


def test_a_step_is_kept_with_what_it_made(warehouse):
    told.run(warehouse, "one")
    record = told.built(of("sales", "1"), "one")
    assert isinstance(record, Built)
    warehouse.ledger.record_built([record])
    warehouse.ledger.record_built([record])
    assert warehouse.ledger.materializations(["one.sales", "nothing"]) == {"one.sales": record.materialization}


def test_a_ledger_that_is_collected_while_another_one_writes_does_not_wait_for_it(tmp_path):
    Ledger(str(tmp_path)).start_run(RunRecord("one", "prod", "2026-11-20T02:00:00.000000Z"))
    done = threading.Event()

    def work():
        forgotten = Ledger(str(tmp_path))
        assert forgotten.runs()
        ledger = Ledger(str(tmp_path))
        with ledger.connection.writing() as connection:
            del forgotten
            gc.collect()
            connection.execute("UPDATE runs SET status = 'failed'")
        done.set()

    threading.Thread(target=work, daemon=True).start()
    assert done.wait(60)
    assert Ledger(str(tmp_path)).runs()[0].status == "failed"


def test_ctrl_c_at_the_beginning_of_a_transaction_leaves_none_open(tmp_path):
    # In a process of one thread: what is traced beside others can spin for ever under CPython 3.11.
    code = """
import sys
from assetflow.warehouse.warehouse import Warehouse
from tests.warehouse import told

def interrupt(_frame, event, function):
    if event == "c_return" and function.__name__ == "execute" and function.__self__.in_transaction:
        sys.setprofile(None)
        raise KeyboardInterrupt

warehouse = Warehouse(sys.argv[1])
told.run(warehouse, "one")
sys.setprofile(interrupt)
try:
    told.run(warehouse, "two")
except KeyboardInterrupt:
    told.run(warehouse, "three")
print([run.id for run in warehouse.ledger.runs()])
"""
    arguments = [sys.executable, "-c", code, str(tmp_path / "warehouse")]
    done = subprocess.run(arguments, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "['three', 'one']\n", done.stderr
