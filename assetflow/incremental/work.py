"""What the rules of a refresh work with: the cursor, what changed, and what has been made and found so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from assetflow.duck import described, duckdb
from assetflow.incremental.answer import VERSIONS, Answer, Change, Rule, Version, version_of
from assetflow.incremental.blocks import Block
from assetflow.incremental.files import Box
from assetflow.incremental.refused import Refused
from assetflow.incremental.tree import first_place, named, select, text, without_alias, written
from assetflow.incremental.versions import Versions
from assetflow.lineage.sql.tree import Tree
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor


OUTSIDE = r'Binder Error: Referenced (table|column) ".*" (was )?not found'
"""What DuckDB says of a name that only the query around knows."""

Lookup = tuple[list[Tree], str]
"""Expressions, and the table or block in which they are looked up."""


class Work(Struct):
    """A refresh at work: what has been found so far, and what the rules are made of. `rule` answers for any block."""

    cursor: Cursor
    rule: Callable[[Work, Block], Answer]
    changes: dict[str, Change]
    shown: str | None
    assume: bool
    kept: Collection[str] | None
    root: Block
    rules: list[Rule] = field(default_factory=list)
    made: int = 0
    lookups: dict[str, list[Lookup]] = field(default_factory=dict)
    columns: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def versions(self) -> Versions:
        return Versions(self.changes, self.look_back)

    def look_back(self, name: str) -> None:
        """Make a view of what a table held, the first time that it is asked for: of many files that takes long."""
        change = self.changes[name]
        if change.old is not None:
            self.changes[name] = replace(change, old=None)
            self.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(version_of(name, 'old'))} AS {change.old}")

    def near(self, table: Tree, version: Version, box: Box) -> Tree | None:
        """A table after FROM, of those of its files alone in which rows may lie in a box; None where that spares none.

        What is in these files is all that a condition like the box leaves of the table.
        """
        change = self.changes.get(table["table_name"])
        if change is None or change.files is None or not box:
            return None
        rows = change.files.near(change.files.before if version == "old" else change.files.now, box)
        if rows is None:
            return None
        self.made += 1
        name = f"{version_of(table['table_name'], version)}{VERSIONS}near_{self.made}"
        self.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(name)} WITH (DEFER_BINDING) AS {rows}")
        return named(table, name)

    def is_changed(self, block: Block) -> bool:
        return any(name in self.changes for name in block.reads)

    def show(self, block: Block, version: Version, *, is_known: bool = False) -> None:
        """Make a view of a block as it is now or was then; `is_known`: DuckDB need not be asked whether it binds."""
        name = quote_identifier(version_of(block.name, version))
        made = text(self.versions.at(block, version))
        where = first_place(block.node)
        how = " WITH (DEFER_BINDING)" if is_known else ""
        self.execute(f"CREATE OR REPLACE TEMP VIEW {name}{how} AS {made}", where, is_inner=block is not self.root)

    def answer(self, block: Block) -> Answer:
        """How the rows of a block change."""
        return self.rule(self, block)

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
        # DuckDB answers with how many rows it has.
        return bool(self.cursor.fetchall()[0][0])

    def kinds(self, expressions: Sequence[Tree], table: Tree) -> list[str]:
        return self.kinds_of(select(expressions, table, None)) if expressions else []

    def kinds_of(self, node: Tree) -> list[str]:
        """The types of the columns of a query."""
        return [kind for _, kind in described(self.cursor, text(node))]

    def names(self, items: Sequence[Tree], table: Tree) -> list[str] | None:
        """What the columns of a SELECT are called; None where it does not stand for itself."""
        try:
            return [name for name, _ in described(self.cursor, text(select(items, table, None)))]
        except duckdb.Error:
            return None

    def kinds_over(self, block: Block) -> Callable[[Sequence[Tree]], list[str]]:
        """Tells the types of expressions over what a block reads."""
        return lambda expressions: self.kinds(expressions, block.node["from_table"])

    def binds_over(self, block: Block) -> Callable[[Tree], bool]:
        """Tells what can be said over what a block reads; DuckDB is asked once for what is written alike."""
        known: dict[str, bool] = {}

        def binds(expression: Tree) -> bool:
            said = written(expression)
            if said not in known:
                known[said] = self.binds(expression, block.node["from_table"])
            return known[said]

        return binds

    def binds(self, expression: Tree, table: Tree) -> bool:
        try:
            described(self.cursor, text(select([without_alias(expression)], table, None)))
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
        """Names and types of the columns of a view or table of ours; one that is made anew has the same."""
        if name not in self.columns:
            self.columns[name] = described(self.cursor, f"FROM {quote_identifier(name)}")
        return self.columns[name]

    def execute(self, sql: str, where: int | None = None, *, is_inner: bool = False) -> None:
        try:
            self.cursor.execute(sql)
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            said = str(error).splitlines()[0]
            if is_inner and re.match(OUTSIDE, said):
                raise Refused("a subquery that reads columns of tables beside it (LATERAL)", where) from error
            what = "a subquery" if is_inner else "a part"
            raise Refused(f"{what} that does not stand for itself ({said})", where) from error
