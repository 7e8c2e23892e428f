"""Makes the rows that came to a query's answer, and those that went, out of those of its tables.

Works on a cursor that sees, for every table that changed, what it holds now under its own name, and what it held, what
came and what went under `version_of(name, ...)`. Bag semantics throughout: a row that is there twice counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import duckdb

from assetflow.incremental.answer import Answer, Change, Rule, Version, version_of
from assetflow.incremental.blocks import Block, Parts, distinct_on, is_limited
from assetflow.incremental.first_rows import first_rows
from assetflow.incremental.groups import by_groups
from assetflow.incremental.keyed import by_keys
from assetflow.incremental.limits import limit_place
from assetflow.incremental.linear import linear, union_all
from assetflow.incremental.query_parts import has_groups, refuse_unsteady, said_over_tables, window_keys, windows_of
from assetflow.incremental.refused import Refused
from assetflow.incremental.sets import by_rows
from assetflow.incremental.tree import select, text, without_alias
from assetflow.incremental.versions import Versions
from assetflow.incremental.whole import whole
from assetflow.lineage.sql_tree import Tree
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

    from assetflow.incremental.lookups import Lookup


def refresh(
    cursor: Cursor, parts: Parts, changes: Mapping[str, Change], *, shown: str | None = None,
    kept: Collection[str] | None = None, assume: bool = False,
) -> Answer:  # fmt: skip
    """Make what the last block's answer needs; Refused where no rule knows how.

    `shown` is a table of the rows that are there. `kept` are tables of what was kept beside them; None: nothing can be
    kept. `assume`: tables that are empty stand for some rows, as when only the rules are asked for.
    """
    return Refreshing(cursor, changes, shown, assume, kept).run(parts)


def refuse_at_sight(parts: Parts) -> None:
    """Refuse what can be told without a look at any table, so that nothing is spent on it."""
    for block in parts.blocks:
        refuse_unsteady(block.node)
    limited = [block for block in parts.blocks if block.operation == "SELECT" and is_limited(block.node)]
    if limited and not any(block.operation == "SELECT" and has_groups(block.node) for block in parts.blocks):
        raise Refused("LIMIT", limit_place(limited[0].node))


@dataclass
class Refreshing:
    """A refresh at work: what has been found so far, and what the rules are made of."""

    cursor: Cursor
    given: Mapping[str, Change]
    shown: str | None
    assume: bool
    kept: Collection[str] | None = None
    changes: dict[str, Change] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    made: int = 0
    root: Block | None = None
    found: dict[str, list[Lookup]] = field(default_factory=dict)

    def run(self, parts: Parts) -> Answer:
        self.root = parts.root
        self.changes.update(self.given)
        refuse_at_sight(parts)
        answer = None if self.kept is None else whole(self, parts)
        if answer is not None:
            return replace(answer, rules=tuple(self.rules))
        for block in parts.blocks:
            self.show(block, "new")
            if self.is_changed(block):
                self.show(block, "old")
            answer = self.answer(block)
            if block is parts.root:
                return replace(answer, rules=tuple(self.rules))
            self.settle(block, answer)
        raise AssertionError("the last block is the root")

    @property
    def versions(self) -> Versions:
        return Versions(self.changes)

    def is_changed(self, block: Block) -> bool:
        return any(name in self.changes for name in block.reads)

    def show(self, block: Block, version: Version) -> None:
        """Make a view of a block as it is now or was then."""
        name = quote_identifier(version_of(block.name, version))
        self.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {text(self.versions.at(block, version))}")

    def answer(self, block: Block) -> Answer:
        """How the rows of a block change, by the first rule that knows."""
        if not self.is_changed(block):
            self.rules.append(Rule("unchanged", block.name))
            return Answer(text(self.versions.empty(block)))
        if block.operation == "UNION_ALL":
            return union_all(self, block)
        if block.operation != "SELECT":
            return by_rows(self, block)
        if is_limited(block.node):
            raise Refused("LIMIT", limit_place(block.node))
        if on := distinct_on(block.node):
            return by_keys(self, block, [said_over_tables(each, block.node, self.binds_over(block)) for each in on])
        if has_groups(block.node):
            return by_groups(self, block)
        if windows_of(block.node):
            return first_rows(self, block) or by_keys(self, block, window_keys(block.node, None))
        return linear(self, block)

    def settle(self, block: Block, answer: Answer) -> None:
        """Keep what came to a block and what went, for the blocks that read it."""
        plus = self.keep(version_of(block.name, "plus"), answer.plus)
        minus = False
        if answer.minus is not None:
            minus = self.keep(version_of(block.name, "minus"), answer.minus)
        if self.assume and self.is_changed(block):
            plus, minus = True, answer.minus is not None
        if plus or minus:
            self.changes[block.name] = Change(plus, minus)

    def keep(self, name: str, sql: str) -> bool:
        """Make a temporary table of a query; True when it has rows."""
        self.execute(f"CREATE OR REPLACE TEMP TABLE {quote_identifier(name)} AS {sql}")
        return bool(self.cursor.execute(f"SELECT EXISTS(FROM {quote_identifier(name)})").fetchall()[0][0])

    def kinds(self, expressions: Sequence[Tree], table: Tree) -> list[str]:
        return [str(kind) for kind in self.cursor.sql(text(select(expressions, table, None))).types]

    def binds_over(self, block: Block) -> Callable[[Tree], bool]:
        return lambda expression: self.binds(expression, block.node["from_table"])

    def binds(self, expression: Tree, table: Tree) -> bool:
        try:
            self.cursor.sql(text(select([without_alias(expression)], table, None)))
        except duckdb.Error:
            return False
        return True

    def answered(self, sql: str) -> list[Any] | None:
        """The rows of a query; None where it does not stand for itself."""
        try:
            return self.cursor.execute(sql).fetchall()
        except duckdb.BinderException:
            return None

    def columns_of(self, name: str) -> list[tuple[str, str]]:
        relation = self.cursor.sql(f"FROM {quote_identifier(name)}")
        return [(each, str(kind)) for each, kind in zip(relation.columns, relation.types, strict=True)]

    def execute(self, sql: str) -> None:
        try:
            self.cursor.execute(sql)
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            raise Refused(f"a part that does not stand for itself ({str(error).splitlines()[0]})") from error
