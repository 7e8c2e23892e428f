"""Where sources lie: one file (or folder) here for each type of place.

A source type is a frozen value that offers what `assetflow.source.Location` says:

    stat_files(root)   its files now, as the file system shows them; cheap, since it runs when nothing is stale
    scan(files)        the DuckDB SELECT that reads some of them
    in_place           True when readers may open the files as they are; else they are ingested once
    to_dict()          the declaration as JSON values, with `type`: the name of its file here
    from_dict(values)  a classmethod: what `to_dict` gave, as a value again

It is named like its file with a capital letter (`files` holds `Files`), and beside it stands the function that people
call to declare one: `files("data/*.csv")`. Importing a source type imports no engine. What goes wrong is a
`SourceError` that says which file, and what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from assetflow.source import Location


def location_from_dict(values: Mapping[str, Any]) -> Location:
    """What `to_dict` of a source type gave, as a location again; its file is imported when it is needed."""
    name: str = values["type"]
    source_type = getattr(import_module(f"assetflow.sources.{name}"), name.capitalize())
    location: Location = source_type.from_dict(values)
    return location
