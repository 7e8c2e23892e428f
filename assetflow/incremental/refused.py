"""What keeps a query from being refreshed by its changed rows."""

from __future__ import annotations


class Refused(Exception):
    """A construct that no rule knows: `what` it is, and where it stands in the query, counted in bytes."""

    def __init__(self, what: str, position: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.position = position

    def line(self, text: str) -> int | None:
        """The line of the query on which it stands, counted from 1."""
        return None if self.position is None else text.encode()[: self.position].count(b"\n") + 1
