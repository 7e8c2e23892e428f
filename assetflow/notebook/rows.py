"""The rows of one table in a notebook as whatever frame is wanted, wherever they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from assetflow.asset import Arrival
from assetflow.engines import Table, Where
from assetflow.errors import AssetError, UsageError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from duckdb import DuckDBPyConnection as Cursor


class Rows:
    """A table whose rows are read when asked for. UsageError where a frame has no type for one of its columns."""

    name: str
    other_ways: ClassVar[str] = ".arrow() or .pl()"

    def pl(self) -> polars.DataFrame:
        """A Polars DataFrame of the rows."""
        return cast("polars.DataFrame", self._frame("polars"))

    def arrow(self) -> pyarrow.Table:
        """A pyarrow Table of the rows."""
        return cast("pyarrow.Table", self._frame("arrow"))

    def df(self) -> pandas.DataFrame:
        """A pandas DataFrame of the rows."""
        return cast("pandas.DataFrame", self._frame("pandas"))

    def _place(self) -> tuple[Table, Cursor]:
        """Where the rows lie, and what reads them."""
        raise TypeError(f"{type(self).__name__} does not say where its rows lie")

    def _frame(self, arrives: Arrival) -> object:
        from assetflow.engines.frames import to_frame

        table, cursor = self._place()
        try:
            return to_frame(arrives, table, None, cursor, Where(self.name, "", 1, ""))
        except AssetError as error:
            hint = f"Try {self.other_ways}: one of them has a type for each of its columns."
            raise UsageError(f"{self.name} cannot be handed over like this: {error.message}", hint=hint) from None
