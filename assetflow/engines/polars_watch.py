"""Watches what Polars asks of a frame: the columns that it loads or filters by, each time that it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class Watched:
    """The columns that were asked for of one upstream, over all times that it was read."""

    def __init__(self, frame: pl.LazyFrame) -> None:
        self.frame = frame
        self.columns: set[str] = set()

    def lazy(self) -> pl.LazyFrame:
        """The same rows, as a frame that notes what is asked of it; its batches are streamed."""
        from polars.io.plugins import register_io_source

        return register_io_source(self._read, schema=self.frame.collect_schema())

    def _read(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, batch_rows: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted = self.frame.collect_schema().names() if columns is None else columns
        self.columns.update(wanted)
        read = self.frame
        if predicate is not None:
            self.columns.update(predicate.meta.root_names())
            read = read.filter(predicate)
        read = read.select(wanted)
        yield from (read if rows is None else read.head(rows)).collect_batches(chunk_size=batch_rows)
