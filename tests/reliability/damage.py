"""R11: whatever happens to a file of the warehouse, what it destroyed is found, and what can be restored is restored.

One bit flipped, the end cut off, a page of zeros, a file gone, doubled, overwritten by another one, two swapped, or only
touched: at random, in files of every kind. What counts as damage is told without assetflow: bytes that differ, rows
that plain SQLite reads otherwise or not at all, tables that a client of the catalog reads otherwise or not at all.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import duckdb

from assetflow.errors import AssetflowError
from assetflow.project.project import Project
from assetflow.warehouse.ledger.backups import SEAL
from assetflow.warehouse.ledger.journal import OWN
from assetflow.warehouse.ledger.rebuild import mend
from assetflow.warehouse.ledger.schema import FORMAT_VERSION
from assetflow.warehouse.verify import Problem, verify
from tests.conftest import ORDERS, Shop
from tests.reliability.tally import Tally

NOW = "2026-11-21T02:00:00.000000Z"
PAGE = 4096
SHOWN = ("sales", "by_city", "people", "seen")

Rows = dict[str, set[tuple[object, ...]]]
Draw = random.Random


class Kind(NamedTuple):
    """Files of one kind, those that they are swapped with, and the judge: what is wrong after one of them was hit.

    What `is_derived` can be made again: not `verify` finds it, but the next command heals it.
    """

    name: str
    pattern: str
    judge: Callable[[Place, Path], Verdict]
    strangers: str = ""
    is_derived: bool = False


class Verdict(NamedTuple):
    """Whether a mutation destroyed something, whether that was found, and what else is not as it should be."""

    is_damaging: bool
    is_found: bool
    is_restored: bool = True


def damage(tally: Tally, scale: float, *, seed: int = 11, number: int | None = None) -> None:
    number = number or max(int(2000 * scale), len(KINDS) * len(WAYS))
    draw = Draw(seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Shop(Path(folder)))
        for count in range(number):
            # Each way is tried on each kind, also in a small sample.
            kind = KINDS[count % len(KINDS)]
            way = WAYS[count // len(KINDS) % len(WAYS)]
            place.undo()
            mutate(tally, place, kind, way, draw, f"mutation {count} (seed {seed})")
            if count % 100 == 99:
                tally.tell(f"{count + 1} of {number} mutations")


def mutate(
    tally: Tally, place: Place, kind: Kind, way: Callable[[Path, Draw, list[Path]], None], draw: Draw, which: str
) -> None:
    files = place.files(kind.pattern)
    path = draw.choice(files)
    others = [each for each in files + place.files(kind.strangers) if each != path]
    for each in (path, *others):
        each.chmod(0o644)
    way(path, draw, others or [path])
    where = f"{which}: {way.__name__} {path.relative_to(place.root)}"
    tally.add("mutations of files")
    try:
        verdict = kind.judge(place, path)
    except AssetflowError as error:
        tally.wrong("damage not undone", where, [f"refused: {error}"])
        return
    tally.add("damaged caches and catalogs" if kind.is_derived else "damaging ones", verdict.is_damaging)
    tally.add("made again" if kind.is_derived else "mutations found", verdict.is_damaging and verdict.is_found)
    tally.wrong("damage missed", where, ["not found"] if verdict.is_damaging and not verdict.is_found else [])
    is_false = verdict.is_found and way in HARMLESS
    tally.wrong("false alarms", where, ["found, and harmless"] if is_false else [])
    tally.wrong("damage not undone", where, [] if verdict.is_restored else ["not as it was"])


class Place:
    """A project with a past, and a copy of its warehouse from which every damage is undone."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.root = shop.root / "warehouse"
        self.pristine = shop.root / "pristine"
        shop.write("assetflow.toml", '[sources.orders]\nfiles = "data/orders.csv"\n')
        shop.write("data/orders.csv", ORDERS)
        shop.sql("sales", "SELECT id, customer, city, amount FROM orders WHERE amount > 5")
        shop.sql("by_city", "SELECT city, sum(amount) AS total FROM sales GROUP BY city")
        shop.sql("people", "SELECT i AS id, hash(i) AS noise FROM range(2000) t(i)")
        shop.write("assets/seen.sql", '/* @asset\nmaterialized = "view"\n*/\nSELECT * FROM sales')
        checked = "/* @asset\nchecks = [{ unique = ['city'], severity = 'warn' }]\n*/\nSELECT city FROM orders"
        shop.sql("cities", checked)
        for number in range(5, 9):
            shop.made()
            shop.write("data/orders.csv", shop.read("data/orders.csv") + f"{number},dan,Oslo,{number}0\n")
        self.become_older(FORMAT_VERSION - 1)
        shop.made()
        with closing(sqlite3.connect(self.root / "ledger.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copytree(self.root, self.pristine)
        self.rows = self.read_rows()
        self.shown = self.show()
        assert self.rows is not None
        assert self.shown is not None
        assert self.found(deep=True) == ()

    def become_older(self, version: int) -> None:
        """Have a ledger that the next run brings to today's format, after copying it."""
        with closing(sqlite3.connect(self.root / "ledger.db")) as connection:
            connection.execute(f"PRAGMA user_version = {version}")

    def undo(self) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self.pristine, self.root)

    def files(self, pattern: str) -> list[Path]:
        return sorted(path for path in self.root.glob(pattern) if path.is_file()) if pattern else []

    def was(self, path: Path) -> bytes:
        return (self.pristine / path.relative_to(self.root)).read_bytes()

    def differs(self, path: Path) -> bool:
        return not path.exists() or path.read_bytes() != self.was(path)

    def found(self, *, deep: bool) -> tuple[Problem, ...]:
        project = Project.open(str(self.shop.root))
        try:
            return verify(project.warehouse, deep=deep, open_cursor=project.open_cursor).problems
        finally:
            project.ledger.close()

    def read_rows(self) -> Rows | None:
        """What plain SQLite reads of all that the ledger knows; None when it cannot."""
        path = self.root / "ledger.db"
        if not path.exists():
            return None
        try:
            with closing(sqlite3.connect(path)) as connection:
                names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                return {name: set(connection.execute(f"SELECT * FROM {name}")) for name in names if name not in OWN}
        except sqlite3.Error:
            return None

    def show(self) -> list[list[tuple[object, ...]]] | None:
        """What any client reads through the catalog."""
        try:
            return [sorted(self.shop.rows(f"FROM {name}"), key=repr) for name in SHOWN]
        except (duckdb.Error, OSError):
            return None

    def mend(self) -> bool:
        """Restore, and tell whether everything is as it was."""
        mend(str(self.root), NOW)
        return self.read_rows() == self.rows and self.found(deep=True) == ()


# What can happen to a file


def flip(path: Path, draw: Draw, others: list[Path]) -> None:
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def cut(path: Path, draw: Draw, others: list[Path]) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: draw.randrange(len(content))])


def zero(path: Path, draw: Draw, others: list[Path]) -> None:
    content = path.read_bytes()
    at = draw.randrange(0, len(content), PAGE)
    path.write_bytes(content[:at] + bytes(len(content[at : at + PAGE])) + content[at + PAGE :])


def delete(path: Path, draw: Draw, others: list[Path]) -> None:
    path.unlink()


def swap(path: Path, draw: Draw, others: list[Path]) -> None:
    other = draw.choice(others)
    one, two = path.read_bytes(), other.read_bytes()
    path.write_bytes(two)
    other.write_bytes(one)


def overwrite(path: Path, draw: Draw, others: list[Path]) -> None:
    path.write_bytes(draw.choice(others).read_bytes())


def double(path: Path, draw: Draw, others: list[Path]) -> None:
    """The same bytes again, under a name like those of its kind."""
    stem = "".join("0123456789abcdef"[(int(each, 16) + 1) % 16] if each in "0123456789abcdef" else each for each in path.stem)  # fmt: skip
    shutil.copyfile(path, path.with_name(stem + path.suffix))


def touch(path: Path, draw: Draw, others: list[Path]) -> None:
    os.utime(path, (draw.randrange(10**9), draw.randrange(10**9)))


WAYS = (flip, cut, delete, swap, zero, flip, overwrite, double, touch, flip)
HARMLESS = (touch,)


# What is wrong then, by kind


def judge_object(place: Place, path: Path) -> Verdict:
    """Each file has its own bytes; one that is gone, or of another size than the ledger says, is found at a glance."""
    is_damaging = place.differs(path)
    deep = {str(problem.path) for problem in place.found(deep=True)}
    if not is_damaging:
        return Verdict(False, bool(deep))
    shown = str(path.relative_to(place.root))
    is_found = shown in deep
    has_size = shown.startswith("objects/")
    if not path.exists() or (has_size and path.stat().st_size != len(place.was(path))):
        is_found &= shown in {str(problem.path) for problem in place.found(deep=False)}
    return Verdict(True, is_found)


def judge_manifest(place: Place, path: Path) -> Verdict:
    is_damaging = place.differs(path)
    found = place.found(deep=True)
    return Verdict(is_damaging, bool(found) and bool(place.found(deep=False)), place.mend())


def judge_backup(place: Place, path: Path) -> Verdict:
    """A copy that is gone is found at a glance. One that lost its seal is as good as before.

    A swap can put a ledger of last week, or no ledger at all, in the place of today's: that is found before any copy.
    """
    copy = path.with_name(path.name.removesuffix(SEAL))
    is_found = bool(place.found(deep=True))
    if not copy.exists():
        is_found &= bool(place.found(deep=False))
    return Verdict(place.differs(path) and (path == copy or path.exists()), is_found)


def judge_ledger(place: Place, path: Path) -> Verdict:
    is_damaging = place.read_rows() != place.rows
    found = place.found(deep=True)
    return Verdict(is_damaging, bool(found), place.mend())


def judge_journal(place: Place, path: Path) -> Verdict:
    """The last line waits in the ledger. The ledger comes back from the mended journal, too."""
    lines = place.was(path).splitlines()
    left = path.read_bytes().splitlines() if path.exists() else []
    is_damaging = left[: len(lines) - 1] != lines[:-1]
    found = place.found(deep=True) and place.found(deep=False)
    is_restored = place.mend()
    (place.root / "ledger.db").unlink()
    return Verdict(is_damaging, bool(found), is_restored and place.mend())


def judge_catalog(place: Place, path: Path) -> Verdict:
    """The catalog follows from the ledger: the next command finds it damaged and makes it again."""
    was_wrong = place.show() != place.shown
    project = Project.open(str(place.shop.root))
    is_made_again = project.repair_catalog() == []
    project.ledger.close()
    is_right = is_made_again and place.show() == place.shown
    return Verdict(was_wrong, was_wrong and is_right, is_right)


def judge_cache(place: Place, path: Path) -> Verdict:
    """What is derived is made again: nothing is stale because of it, and nothing is shown otherwise."""
    is_damaging = place.differs(path)
    is_right = place.shop.run() == {} and place.show() == place.shown
    return Verdict(is_damaging, is_damaging and is_right, is_right and place.found(deep=False) == ())


KINDS = (
    Kind("data", "objects/*/*.parquet", judge_object),
    Kind("failing rows", "samples/**/*.parquet", judge_object),
    Kind("the ledger", "ledger.db", judge_ledger, "*.duckdb"),
    Kind("its journal", "journal/*.jsonl", judge_journal, "cache/*"),
    Kind("manifests", "manifests/*.json", judge_manifest),
    Kind("copies of the ledger", "**/ledger[-.][0-9f]*", judge_backup, "ledger.db"),
    Kind("the catalog", "*.duckdb", judge_catalog, "cache/*", is_derived=True),
    Kind("the cache", "cache/*", judge_cache, "locks/*", is_derived=True),
)
