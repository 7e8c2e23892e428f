"""What every DuckDB connection of ours is opened with, whatever else it is given."""

from __future__ import annotations

WITHOUT_DOWNLOADS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""DuckDB would fetch an extension that a query happens to need, and run it."""
