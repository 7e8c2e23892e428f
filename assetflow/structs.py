"""msgspec, of whose Struct all values of assetflow are, imported without what it can do without.

It takes type hints from `typing_extensions` where these are installed, as they mostly are; this Python's `typing` has
them, too. Without that package `--help` takes a third less beyond `import click`.
"""

from __future__ import annotations

import sys
from importlib import import_module


def import_msgspec() -> None:
    """Import it before anybody else does; who wants typing_extensions later gets them as ever."""
    if "msgspec" in sys.modules or "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # for Python: there is none
    try:
        import_module("msgspec")
    finally:
        del sys.modules["typing_extensions"]


import_msgspec()
