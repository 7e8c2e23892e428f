"""What kind of disk a folder lies on, and how SQLite can keep a ledger there.

a local disk                       with a write-ahead log, which every process of the machine shares
NFS, SMB, a cluster's file system  with a rollback journal: a log needs memory that machines do not share
sshfs, buckets mounted as folders  not at all: their locks hold nobody off
"""

from __future__ import annotations

import os
import re

from assetflow.errors import WarehouseError

MOUNTS = "/proc/self/mountinfo"
SHARED = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "ceph", "fuse.ceph-fuse", "gpfs", "glusterfs", "fuse.glusterfs",
    "beegfs", "ocfs2", "gfs2", "9p", "drvfs", "afs", "acfs", "vboxsf", "prl_fs",
})  # fmt: skip
WITHOUT_LOCKS = frozenset({
    "fuse.sshfs", "fuse.s3fs", "fuse.goofys", "fuse.gcsfuse", "fuse.rclone", "fuse.blobfuse", "fuse.blobfuse2",
    "fuse.mount-s3", "fuse.davfs", "fuse.davfs2", "davfs", "fuse.curlftpfs", "fuse.gvfsd-fuse",
})  # fmt: skip


def journal_mode(folder: str, mounts: str | None = None) -> str:
    """`WAL` or `DELETE`; WarehouseError where no ledger can be kept. `mounts` is what the system says is mounted."""
    kind = kind_of(folder, read_mounts() if mounts is None else mounts)
    if kind in WITHOUT_LOCKS:
        raise WarehouseError(
            f"this folder is mounted by {kind.removeprefix('fuse.')}, whose locks hold nobody off: two runs could "
            "damage the ledger",
            path=folder,
            hint='Name a folder on a local disk: warehouse = "/path/on/this/machine".',
        )
    return "DELETE" if kind in SHARED else "WAL"


def kind_of(folder: str, mounts: str) -> str:
    """The type of the file system that a folder lies on, `""` where the system does not tell."""
    path = os.path.realpath(folder)
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = unescaped(fields[4])
        # Of two mounts at one place the later one is seen.
        if lies_below(path, point) and len(point) >= len(best):
            best, kind = point, after.split(" ")[0]
    return kind


def lies_below(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def unescaped(text: str) -> str:
    r"""A path as it is, of one in which spaces are written `\040`."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def read_mounts() -> str:
    """What is mounted where; nothing on a system that has no such file."""
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
