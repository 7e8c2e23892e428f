"""Where the rows stand that a query reads: tables, also behind the views that it reads, and what each held then.

A view keeps no rows. What came to it follows from the tables behind it, as if its query stood in place of its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.incremental.refused import Refused
from assetflow.lineage.columns import same_meaning
from assetflow.materialization import Materialization, ReadSet
from assetflow.planning.staleness import reads_of
from assetflow.running.contents import Contents


class View(Struct, frozen=True):
    """A view whose rows changed: its query, the tables and views that this reads, and on which line it begins."""

    name: str
    sql: str
    upstreams: tuple[str, ...]
    line: int


class Reading(Struct, frozen=True):
    """How a table is read: `then` records what it held. `by_columns`: columns that are not read may come and go."""

    then: Materialization
    read: ReadSet
    by_columns: bool


class Readings(Struct):
    """What an asset reads, by the name of the table; and the views through which it reads that, inner ones first."""

    contents: Contents
    tables: dict[str, Reading] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    made_as: dict[str, str] = field(default_factory=dict)
    """The records of these views, by name."""

    def look(self, asset: Asset, then: Materialization) -> None:
        """Find what an asset read when it was made; Refused where that cannot be told of a view."""
        lineage = self.contents.lineage(asset)
        reads = reads_of(asset, lineage, then)
        # A query that means what it meant is made of the columns that it reads, whatever others came or went.
        is_same = asset.kind == "sql" and lineage is not None and same_meaning(lineage.meaning, then.meaning)
        for name in asset.upstreams:
            behind = None if asset.kind != "sql" else changed_view(name, then, self.contents)
            if behind is None:
                here = Reading(then, reads[name], is_same)
                self.tables[name] = here if name not in self.tables else together(name, self.tables[name], here)
            elif self.made_as.setdefault(name, behind.id) != behind.id:
                raise Refused(f"{name} is read in two states")
            elif name not in self.views:
                view = self.contents.order.assets[name]
                self.look(view, behind)
                self.views[name] = View(name, view.sql or "", view.upstreams, view.line)
        twice = self.tables.keys() & self.views.keys()
        if twice:
            raise Refused(f"{min(twice)} is read in two states")


def changed_view(name: str, then: Materialization, contents: Contents) -> Materialization | None:
    """What a view that an asset reads was made from then; None for a table, and a view that shows the same rows."""
    now = contents.snapshot_of(name)
    input_ = next((one for one in then.inputs if one.upstream == name), None)
    content = contents.held.get(name)
    if now.sql is None or input_ is None or not input_.snapshot:
        return None
    if content is not None and input_.digest in (content.digest, content.exact):
        return None
    before = contents.snapshot(input_.snapshot)
    if (before.sql, before.columns) != (now.sql, now.columns):
        raise Refused(f"{name} is a view, whose query or columns changed")
    made = contents.order.warehouse.ledger.made_into(input_.snapshot, input_.digest)
    view = contents.order.assets.get(name)
    if made is None or view is None or view.sql != now.sql:
        raise Refused(f"what the view {name} showed is not known")
    refuse_view(view)
    if name not in contents.moves and contents.shown(name).is_older:
        raise Refused(f"the view {name} shows older rows than those that stand behind it now")
    return made


def refuse_view(view: Asset) -> None:
    """Refuse a view whose rows do not follow from those of its tables."""
    if view.kind != "sql":
        raise Refused(f"{view.name} is a view that a function writes")
    if view.rebuilds_always or view.notes:
        raise Refused(f"{view.name} is a view whose answer is not the same twice")
    if view.files:
        raise Refused(f"{view.name} is a view that reads {view.files[0]} in place")


def together(name: str, one: Reading, other: Reading) -> Reading:
    """How a table is read by two readers, of whom each needs the state that the other one saw."""
    states = {held_by(each.then, name) for each in (one, other)}
    if len(states) != 1:
        raise Refused(f"{name} is read in two states")
    named = (one.read.columns, other.read.columns)
    columns = None if None in named else tuple(sorted({each for read in named for each in read or ()}))
    read = ReadSet(columns, one.read.ordered or other.read.ordered)
    return replace(one, read=read, by_columns=one.by_columns and other.by_columns)


def held_by(then: Materialization, name: str) -> str | None:
    """The snapshot of an upstream from which this was made."""
    return next((one.snapshot for one in then.inputs if one.upstream == name), None)


def said(refused: Refused, asset: Asset, views: Sequence[View]) -> str:
    """Why a query is made in full, with the line of its file, or of the file of a view, where there is one."""
    found = refused.line(asset.sql or "", {view.name: view.sql for view in views})
    if found is None:
        return refused.what
    line, name = found
    if name is None:
        return f"{refused.what}, line {asset.line + line - 1}"
    first = next(view.line for view in views if view.name == name)
    return f"{refused.what}, line {first + line - 1} of {name}"


def tables_behind(upstreams: Iterable[str], views: Sequence[View]) -> Collection[str]:
    """The tables that a query reads when the queries of these views stand in place of their names."""
    named = {*upstreams, *(name for view in views for name in view.upstreams)}
    return named - {view.name for view in views}
