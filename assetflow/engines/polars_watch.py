"""Watches what Polars asks of a frame: the columns that it loads or filters by, each time that it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class Watched:
    """The columns that were asked for of one upstream, over all times that it was read.

    `needed` are those of them whose values must count: where only the number of rows is wanted, Polars asks for the
    first column.
    `takes_filters`: conditions are handed down to where rows are read, which skips most of a file. Polars pickles them
    for that, and a Python function in one of them cannot be; without it, conditions stay above.
    """

    def __init__(self, frame: pl.LazyFrame, *, takes_filters: bool) -> None:
        self.frame = frame
        self.takes_filters = takes_filters
        self.columns: set[str] = set()
        self.needed: set[str] = set()

    def lazy(self) -> pl.LazyFrame:
        """The same rows, as a frame that notes what is asked of it; its batches are streamed."""
        from polars.io.plugins import register_io_source

        from assetflow.engines.polars_scan import without_filters

        frame = register_io_source(self._read, schema=self.frame.collect_schema(), is_pure=True)
        if self.takes_filters:
            return frame
        return without_filters(frame)

    def _read(
        self, columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, batch_rows: int | None
    ) -> Iterator[pl.DataFrame]:
        import polars

        wanted = self.frame.collect_schema().names() if columns is None else columns
        self.columns.update(wanted)
        if wanted != self.frame.collect_schema().names()[:1]:
            self.needed.update(wanted)
        # Of these many rows, those that fulfil the condition: a condition above `head` is handed down past it.
        read = self.frame if rows is None else self.frame.head(rows)
        if predicate is not None:
            self.columns.update(predicate.meta.root_names())
            self.needed.update(predicate.meta.root_names())
            read = read.filter(predicate)
        if wanted:
            yield from read.select(wanted).collect_batches(chunk_size=batch_rows)
        else:
            # Only how many rows there are is asked, and a frame without columns would forget it on its way.
            yield polars.DataFrame(height=read.select(polars.len()).collect().item())
