"""Names a file by its bytes."""

from __future__ import annotations

import hashlib


def hash_of_file(path: str) -> str:
    """The SHA-256 of its bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
