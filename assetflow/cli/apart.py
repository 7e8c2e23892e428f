"""Keeps what users' code prints apart: from the data on stdout, and from the lines that we say ourselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast


class StandIn:
    """Stands for a stream of text; what is not said here is as the stream has it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @contextmanager
    def for_both(self) -> Iterator[None]:
        """In the block, Python's stdout and stderr."""
        stream = cast("TextIO", self)
        with redirect_stdout(stream), redirect_stderr(stream):
            yield


class Printed(StandIn):
    """Knows whether users' code has begun a line and not ended it."""

    is_within_line = False

    def write(self, text: str) -> int:
        if text:
            self.is_within_line = not text.endswith("\n")
        return super().write(text)

    def end_line(self) -> None:
        """What we say begins a line: a progress bar leaves its own open, and a line of the log is a document."""
        if self.is_within_line:
            self.write("\n")


@contextmanager
def printed_for_people() -> Iterator[Printed]:
    """What users' code prints in the block goes to stderr, also what it starts prints: stdout is for data."""
    printed = Printed(sys.stderr)
    with descriptor_aside(), printed.for_both():
        try:
            yield printed
        finally:
            printed.end_line()


@contextmanager
def descriptor_aside() -> Iterator[None]:
    """Programs and libraries in C know nothing of `sys.stdout`: they write to its descriptor."""
    try:
        out, err = sys.stdout.fileno(), sys.stderr.fileno()
    except (AttributeError, OSError):  # a notebook's, a test's
        yield
        return
    sys.stdout.flush()
    kept = os.dup(out)
    os.dup2(err, out)
    try:
        yield
    finally:
        os.dup2(kept, out)
        os.close(kept)
