"""Files that are no tables (PDF, images, mail): the source is a list of them, with their names and hashes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assetflow.quoting import quote_literal

LISTED = "file"
"""What `format` says of such files."""


def listing(files: Sequence[str]) -> str:
    """The SELECT of one row a file: its name as seen from the project, how many bytes, their SHA-256."""
    paths = ", ".join(quote_literal(re.sub(r"[*?\[{]", lambda match: f"[{match[0]}]", path)) for path in files)
    root = "current_setting('file_search_path') || '/'"
    name = f"CASE WHEN starts_with(filename, {root}) THEN filename[length({root}) + 1:] ELSE filename END"
    return f"SELECT {name} AS name, size::BIGINT AS bytes, sha256(content) AS sha256 FROM read_blob([{paths}])"
