"""Which disks a ledger can be kept on, by what the system says is mounted."""

from __future__ import annotations

import pytest

from assetflow.errors import WarehouseError
from assetflow.warehouse.disk.filesystem import journal_mode, kind_of

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/share rw - nfs4 host:/share rw
31 22 0:41 / /mnt/share/local rw - xfs /dev/sdb1 rw
32 22 0:42 / /mnt/my\\040files rw - fuse.sshfs me@host:/ rw
"""


@pytest.mark.parametrize(
    ("folder", "kind", "mode"),
    [
        ("/srv/shop/warehouse", "ext4", "WAL"),
        ("/mnt/share/warehouse", "nfs4", "DELETE"),
        ("/mnt/share/local/warehouse", "xfs", "WAL"),
        ("/mnt/shared", "ext4", "WAL"),
    ],
)
def test_a_disk_that_machines_share_does_without_a_write_ahead_log(folder: str, kind: str, mode: str) -> None:
    assert kind_of(folder, MOUNTS) == kind
    assert journal_mode(folder, MOUNTS) == mode


def test_a_disk_without_locks_is_refused_with_the_reason() -> None:
    with pytest.raises(WarehouseError, match="mounted by sshfs, whose locks hold nobody off"):
        journal_mode("/mnt/my files/warehouse", MOUNTS)


def test_a_system_that_does_not_tell_has_a_local_disk() -> None:
    assert journal_mode("/srv/shop", "") == "WAL"
