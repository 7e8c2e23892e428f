"""Derived files, kept between commands: used when they are what was written, and made anew otherwise.

seal of the rest, by BLAKE2
the text
"""

from __future__ import annotations

import os
import time
from hashlib import blake2b


def keep_derived(path: str, text: str) -> None:
    """Write a file whole or not at all; a folder that cannot be written keeps what it had."""
    temporary = f"{path}.{os.getpid()}.{time.time_ns():x}"
    content = text.encode()
    try:
        with open(temporary, "xb") as file:
            file.write(seal(named(path, content)) + b"\n" + content)
    except OSError:
        return
    os.replace(temporary, path)


def derived(path: str) -> str | None:
    """What was kept in a file; None where it is missing, of an older form, or damaged by so much as a bit."""
    try:
        with open(path, "rb") as file:
            sealed, _, content = file.read().partition(b"\n")
    except OSError:
        return None
    return content.decode() if sealed == seal(named(path, content)) else None


def named(path: str, content: bytes) -> bytes:
    """With its name, so that one file in the place of another is not taken for it."""
    return os.path.basename(path).encode() + b"\n" + content


def seal(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).hexdigest().encode()
