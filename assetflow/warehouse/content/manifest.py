"""Names a snapshot by its manifest: what it is made up of, so that a damaged record gives itself away."""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from assetflow.long_json import compact
from assetflow.materialization import Snapshot


def with_id(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, id=snapshot_id(snapshot))


def snapshot_id(snapshot: Snapshot) -> str:
    """A hash of the asset, its columns, and its files or query. The same rows in other files have another id."""
    manifest = [
        snapshot.asset,
        [[column.name, column.type, column.stored_as] for column in snapshot.columns],
        [file.listed for file in snapshot.files],
        snapshot.sql,
    ]
    return hashlib.sha256(compact(manifest).encode()).hexdigest()[:20]
