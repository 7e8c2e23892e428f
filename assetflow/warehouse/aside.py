"""A warehouse to try something in: it begins as another one is now, and goes with its folder.

warehouse/staging/scratch-x/ledger.db             a copy of the ledger
warehouse/staging/scratch-x/objects/ab/ab...      links to the files of what is published, which nobody writes to
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from assetflow.warehouse.ledger.ledger import Ledger
from assetflow.warehouse.sweep import leases
from assetflow.warehouse.sweep.below import is_object
from assetflow.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


class AsideLedger(Ledger):
    """A ledger that need not last."""

    def back_up_daily(self, today: str) -> bool:
        return False

    def let_go(self) -> None:
        """Forget what is held after a rollback: here it may be made again."""
        with self.connection.writing() as connection:
            connection.execute("DELETE FROM pins")


class Aside(Warehouse):
    """The warehouse in folder `root`, for who opened it alone."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.ledger: AsideLedger = AsideLedger(self.root)
        self.lease: leases.Lease | None = None

    def patch_catalog(self, env: str, open_cursor: Callable[[], Cursor] | None = None) -> bool:
        """No other client opens it, so it has no catalog."""
        return False


def aside(original: Warehouse, root: str, env: str, also: Collection[str] = ()) -> Aside:
    """A warehouse in the folder `root` that begins as an environment of another one is now.

    `also` are older snapshots that it holds. What it reads of that one stays as long as it is there, whatever is swept.
    """
    made = Aside(root)
    os.makedirs(os.path.join(made.root, "objects"))
    made.lease = leases.take(original.root)
    original.ledger.copy_to(os.path.join(made.root, "ledger.db"))
    made.ledger.let_go()
    current = made.ledger.current(env).values()
    older = made.ledger.snapshots({*also, *made.views.needed(current)})
    if made.lease is not None:
        made.lease.add([*(each.snapshot for each in current), *older])
    paths = {path for each in current for path in each.files}
    paths.update(file.path for snapshot in older.values() for file in snapshot.files)
    for path in filter(is_object, paths):
        link = os.path.join(made.root, path)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(os.path.join(original.root, path), link)
    return made
