"""What keeps a query from being refreshed by its changed rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class Refused(Exception):
    """A construct that no rule knows: `what` it is, and where it stands, counted in bytes.

    The texts of the views that stand in place of their names follow upon that of the query (`starts`).
    """

    def __init__(self, what: str, position: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.position = position

    @property
    def lasts(self) -> bool:
        """True where the same query would meet it again, as far as can be told: a construct has a place in its text."""
        return self.position is not None

    def line(self, sql: str, views: Mapping[str, str]) -> tuple[int, str | None] | None:
        """The line on which it stands, counted from 1, and the view in whose query; None: in the query itself."""
        if self.position is None:
            return None
        texts = [(None, sql), *views.items()]
        start, (name, text) = [
            found for found in zip(starts(each for _, each in texts), texts, strict=True) if found[0] <= self.position
        ][-1]
        return text.encode()[: self.position - start].count(b"\n") + 1, name


def starts(texts: Iterable[str]) -> Iterator[int]:
    """Where each of some texts begins, when one follows upon the other."""
    at = 0
    for text in texts:
        yield at
        at += len(text.encode()) + 1


class Lasting(Refused):
    """What the same query will meet again, wherever it stands."""

    lasts = True


class ThisTime(Refused):
    """What the rows of this time are to blame for, and not the query."""

    lasts = False
