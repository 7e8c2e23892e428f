"""What keeps a query from being refreshed by its changed rows."""

from __future__ import annotations


class Refused(Exception):
    """A construct that no rule knows: `what` it is, and where it stands in the query, counted in bytes."""

    def __init__(self, what: str, position: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.position = position

    @property
    def lasts(self) -> bool:
        """True where the same query would meet it again, as far as can be told: a construct has a place in its text."""
        return self.position is not None

    def line(self, text: str) -> int | None:
        """The line of the query on which it stands, counted from 1."""
        return None if self.position is None else text.encode()[: self.position].count(b"\n") + 1


class Lasting(Refused):
    """What the same query will meet again, wherever it stands."""

    lasts = True


class ThisTime(Refused):
    """What the rows of this time are to blame for, and not the query."""

    lasts = False
