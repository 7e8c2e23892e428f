"""assetflow: tables declared as SQL files and Python functions; only what is stale is made again.

import assetflow
wh = assetflow.open()
wh["sales"].pl()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

# Before all that imports msgspec; the others are imported at once, since the modules that hold them bear the same names
# and would hide them.
from assetflow import structs as _structs  # noqa: F401
from assetflow.asset import Query, asset, check, upstream
from assetflow.errors import AssetflowError
from assetflow.source import source
from assetflow.version import VERSION as __version__

if TYPE_CHECKING:
    from assetflow.engines import Context
    from assetflow.engines.changes import Changes
    from assetflow.notebook.warehouse import open  # noqa: A004 - assetflow.open() reads well
    from assetflow.secret import Secret
    from assetflow.sources.files import files

__all__ = [
    "AssetflowError",
    "Changes",
    "Context",
    "Query",
    "Secret",
    "__version__",
    "asset",
    "check",
    "files",
    "open",
    "source",
    "upstream",
]

_LATER = {
    "Changes": "assetflow.engines.changes",
    "Context": "assetflow.engines",
    "Secret": "assetflow.secret",
    "files": "assetflow.sources.files",
    "open": "assetflow.notebook.warehouse",
}


def __getattr__(name: str) -> object:
    """Import the other public names when they are first asked for: importing assetflow imports no engine."""
    if name not in _LATER:
        raise AttributeError(f"module 'assetflow' has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
