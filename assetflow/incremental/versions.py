"""Blocks with what they read as it is now, as it was, as it came or went: other tables are put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from assetflow.incremental.answer import Change, Version, version_of
from assetflow.incremental.blocks import Block, with_children
from assetflow.incremental.tree import NESTED, named, replaced, select_all
from assetflow.lineage.sql.tree import Tree, parse


class Versions(Struct, frozen=True):
    """What to read for a version of a table; `changes` are the tables and blocks of which more than one is known.

    `look_back` is told of every table of which the old version is asked for.
    """

    changes: Mapping[str, Change]
    look_back: Callable[[str], None]

    def version(self, name: str, version: Version) -> str:
        """What to read for a version of a table: one that did not change has always been what it is now."""
        if version == "none" or name in self.changes:
            if version == "old":
                self.look_back(name)
            return version_of(name, version)
        return name

    def tables_at(self, table: Tree, version: Callable[[int], Version]) -> Tree:
        """A FROM clause with each table, counted from the left, in a version."""
        count = -1

        def change(one: Tree) -> Tree:
            nonlocal count
            if one["type"] != "BASE_TABLE":
                return one
            count += 1
            return named(one, self.version(one["table_name"], version(count)))

        return replaced(table, change)

    def expression_at(self, part: Any, version: Version) -> Any:
        """A part of a query with the tables of its subqueries in a version; itself where it has none."""
        if isinstance(part, list):
            made = [self.expression_at(each, version) for each in part]
            return made if any(one is not other for one, other in zip(made, part, strict=True)) else part
        if not isinstance(part, dict):
            return part
        if part.get("type") == "BASE_TABLE":
            return named(part, self.version(part["table_name"], version))
        changed = {
            key: other
            for key, each in part.items()
            if isinstance(each, NESTED) and (other := self.expression_at(each, version)) is not each
        }
        return {**part, **changed} if changed else part

    def versioned(self, node: Tree, version: Callable[[int], Version]) -> Tree:
        rest = self.expression_at({key: part for key, part in node.items() if key != "from_table"}, "new")
        return {**rest, "from_table": self.tables_at(node["from_table"], version)}

    def at(self, block: Block, version: Version) -> Tree:
        """A block with everything that it reads in one version."""
        if block.operation == "SELECT":
            rest = self.expression_at({key: part for key, part in block.node.items() if key != "from_table"}, version)
            return {**rest, "from_table": self.tables_at(block.node["from_table"], lambda _: version)}
        return self.operation_over(block, tuple(self.version(name, version) for name in block.children))

    def operation_over(self, block: Block, names: tuple[str, ...]) -> Tree:
        if block.operation == "DISTINCT":
            return {**block.node, "from_table": select_all(names[0])["from_table"]}
        return with_children(block.node, names)

    def has(self, name: str, version: Literal["plus", "minus"]) -> bool:
        change = self.changes.get(name)
        return change is not None and (change.plus if version == "plus" else change.minus)

    def came_and_went(self, name: str) -> list[Tree]:
        """SELECTs of the rows that came to a table, and of those that went."""
        change = self.changes[name]
        versions: list[Version] = ["plus"] * change.plus + ["minus"] * change.minus  # type: ignore[assignment]
        return [select_all(version_of(name, version)) for version in versions]

    def empty(self, block: Block) -> Tree:
        node = select_all(block.name)
        return {**node, "where_clause": select_false()}


def select_false() -> Tree:
    where: Tree = parse("SELECT 1 WHERE false").statements[0]["node"]["where_clause"]
    return where
