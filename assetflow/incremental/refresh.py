"""Makes the rows that came to a query's answer, and those that went, out of those of its tables.

Works on a cursor that sees, for every table that changed, what it holds now under its own name, and what it held, what
came and what went under `version_of(name, ...)`. Bag semantics throughout: a row that is there twice counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import duckdb

from assetflow.incremental.answer import KEY, KEYS, Answer, Change, Rule, Version, version_of
from assetflow.incremental.blocks import PREFIX, Block, Member, Parts, distinct_on, with_children
from assetflow.incremental.first_rows import first_rows
from assetflow.incremental.joins import FULL, looked_up, pairs
from assetflow.incremental.merging import merged
from assetflow.incremental.new_rows import new_rows
from assetflow.incremental.query_parts import (
    group_keys,
    has_groups,
    outside_subqueries,
    refuse_unsteady,
    said_over_tables,
    window_keys,
    windows_of,
)
from assetflow.incremental.ranges import conditions, ranges
from assetflow.incremental.refused import Refused
from assetflow.incremental.subqueries import correlation, subqueries_over
from assetflow.incremental.tree import (
    alike,
    all_of,
    called,
    column,
    conjuncts,
    expressions,
    leaves,
    named,
    only_where,
    replaced,
    select,
    select_all,
    spoken,
    tables_of,
    text,
    without_alias,
    written,
)
from assetflow.lineage.sql_tree import Tree, place
from assetflow.quoting import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Cursor

Columns = Sequence[tuple[str, str]]
"""Names and types."""
Lookup = tuple[list[Tree], str]
INEXACT = ("FLOAT", "DOUBLE", "INTERVAL", "TIME WITH TIME ZONE", "VARIANT", "GEOMETRY")
"""Types of which two values can be equal and still be told apart."""


def refresh(
    cursor: Cursor, parts: Parts, changes: Mapping[str, Change], *, shown: str | None = None, assume: bool = False
) -> Answer:
    """Make what the last block's answer needs; Refused where no rule knows how.

    `shown` is a table of the rows that are there. `assume`: tables that are empty stand for some rows, as when only
    the rules are asked for.
    """
    return Refreshing(cursor, changes, shown, assume).run(parts)


def refuse_at_sight(parts: Parts) -> None:
    """Refuse what can be told without a look at any table, so that nothing is spent on it."""
    for block in parts.blocks:
        refuse_unsteady(block.node)


@dataclass
class Refreshing:
    """A refresh at work: what has been found so far, and what the rules are made of."""

    cursor: Cursor
    given: Mapping[str, Change]
    shown: str | None
    assume: bool
    changes: dict[str, Change] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    made: int = 0
    root: Block | None = None
    found: dict[str, list[Lookup]] = field(default_factory=dict)

    def run(self, parts: Parts) -> Answer:
        self.changes, self.root = dict(self.given), parts.root
        refuse_at_sight(parts)
        for block in parts.blocks:
            self.show(block, "new")
            if self.is_changed(block):
                self.show(block, "old")
            answer = self.answer(block)
            if block is parts.root:
                return replace(answer, rules=tuple(self.rules))
            self.settle(block, answer)
        raise AssertionError("the last block is the root")

    # One block

    def is_changed(self, block: Block) -> bool:
        return any(name in self.changes for name in block.reads)

    def show(self, block: Block, version: Version) -> None:
        """Make a view of a block as it is now or was then."""
        name = quote_identifier(version_of(block.name, version))
        self.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {text(self.at(block, version))}")

    def answer(self, block: Block) -> Answer:
        """How the rows of a block change, by the first rule that knows."""
        if not self.is_changed(block):
            self.rules.append(Rule("unchanged", block.name))
            return Answer(text(self.empty(block)))
        if block.operation == "UNION_ALL":
            return self.union_all(block)
        if block.operation != "SELECT":
            return self.by_rows(block)
        if on := distinct_on(block.node):
            return self.by_keys(block, [said_over_tables(each, block.node, self.binds_over(block)) for each in on])
        if has_groups(block.node):
            return self.by_groups(block)
        if windows_of(block.node):
            return first_rows(self, block) or self.by_keys(block, window_keys(block.node, None))
        return self.linear(block)

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

    # Rules

    def linear(self, block: Block) -> Answer:
        """Filters, projections and joins: the difference of a product is the sum of products of differences."""
        terms = self.terms(block)
        if terms is None:
            return self.by_lookup(block)
        plus, minus = terms
        self.rules.append(Rule("linear" if minus else "append", block.name))
        return Answer(union(plus) or text(self.empty(block)), union(minus) if minus else None)

    def terms(self, block: Block) -> tuple[list[Tree], list[Tree]] | None:
        """What comes to a block and what goes, a term for each table; None where rows are looked up in one of them."""
        found = list(leaves(block.node["from_table"]))
        changed = [at for at, leaf in enumerate(found) if leaf.name in self.changes]
        if any(looked_up(found[at]) for at in changed) or self.lookups(block):
            return None
        plus = [self.term(block, at, "plus") for at in changed if self.changes[found[at].name].plus]
        minus = [self.term(block, at, "minus") for at in changed if self.changes[found[at].name].minus]
        return plus, minus

    def lookups(self, block: Block) -> list[Lookup]:
        """Subqueries that changed: the expressions that are looked up in them, and the block of what is found there."""
        if block.name not in self.found:
            changed = [name for name in block.inner if name in self.changes]
            members = [each for each in block.members if each.name in self.changes]
            for member in members:
                self.refuse_turned(member)
            inner = [self.correlated(block, each, changed) for each in subqueries_over(block.node, changed)]
            found = [([member.expression], member.name) for member in members]
            self.found[block.name] = [*found, *(each for each in inner if each is not None)]
        return self.found[block.name]

    def refuse_turned(self, member: Member) -> None:
        """Refuse a NOT IN whose list came to hold NULL, or any value at all, or ceased to: that concerns all rows."""
        columns = self.columns_of(member.name)
        if len(columns) > 1:
            raise Refused("IN of several columns", place(member.expression))
        name = quote_identifier(columns[0][0])
        asked = [
            f"SELECT count(*) > 0, count(*) > count({name}) FROM {quote_identifier(version_of(member.name, version))}"
            for version in ("old", "new")
        ]
        if member.is_negated and len({self.cursor.execute(each).fetchall()[0] for each in asked}) > 1:
            said = "NOT IN of a list that came to hold NULL, or its first value, or lost it"
            raise Refused(said, place(member.expression))

    def correlated(self, block: Block, subquery: Tree, changed: Sequence[str]) -> Lookup | None:
        """By what a subquery is looked up; None where its answer is what it was, however it is looked up."""
        found = correlation(subquery, block.node["from_table"], changed, self.binds)
        if found is None:
            said = min(tables_of(subquery["subquery"]).intersection(changed))
            said = "an inner query" if said.startswith(PREFIX) else said
            raise Refused(f"a subquery over {said}, which changed", place(subquery))
        self.made += 1
        inside = Block(f"{PREFIX}inside_{self.made}", found.inside)
        self.show(inside, "new")
        self.show(inside, "old")
        self.settle(inside, self.answer(inside))
        return (found.outside, inside.name) if inside.name in self.changes else None

    def term(self, block: Block, at: int, version: Version) -> Tree:
        """One term of the sum: tables before this one as they are now, those after it as they were."""
        return self.versioned(block.node, lambda index: "new" if index < at else version if index == at else "old")

    def by_lookup(self, block: Block) -> Answer:
        """The other side of an outer join changed: make the rows of the keys concerned anew."""
        found: dict[str, Tree] = {}
        for leaf in leaves(block.node["from_table"]):
            lookup = looked_up(leaf)
            if lookup is not None and leaf.name in self.changes:
                for key in self.pairs(*lookup)[0]:
                    found.setdefault(written(key), key)
        for looked_for, _ in self.lookups(block):
            for key in looked_for:
                found.setdefault(written(key), key)
        return self.by_keys(block, list(found.values()))

    def by_groups(self, block: Block) -> Answer:
        """Groups: what came is added to the rows that are there where these tell enough, others are made anew."""
        node = block.node
        keys = group_keys(node, self.binds_over(block))
        answer = merged(self, block, keys)
        if answer is not None:
            return answer
        if not keys:
            aggregate = next((each for each in outside_subqueries(node["select_list"])), None)
            raise Refused("a total over all rows", place(aggregate or {}))
        return self.by_keys(block, window_keys(node, keys) if windows_of(node) else keys)

    def by_keys(self, block: Block, keys: Sequence[Tree]) -> Answer:
        """Find the keys of what came and went, and make the rows of these keys anew, then and now."""
        for key in keys:
            if any(each["class"] in ("SUBQUERY", "WINDOW") for each in expressions(key)):
                raise Refused("a key with a subquery", place(key))
        found = self.find_keys(self.touched(block, block.node["from_table"], keys), len(keys))
        names = self.key_names(found)
        new = self.restricted(block, "new", keys, found, names)
        old = self.restricted(block, "old", keys, found, names)
        outputs = self.outputs_of(block, keys)
        self.rules.append(Rule("keyed", block.name, tuple(map(spoken, keys))))
        if None in outputs:
            return Answer(text(new), text(old))
        return Answer(text(new), text(old), found, tuple(name for name in outputs if name is not None))

    def restricted(self, block: Block, version: Version, keys: Sequence[Tree], found: str, names: list[str]) -> Tree:
        """A block as it is or was, of some keys only."""
        node = self.at(block, version)
        where = self.narrowed(node["from_table"], node["where_clause"], keys, found)
        return {**node, "from_table": only_where(node["from_table"], keys, found, names), "where_clause": where}

    def narrowed(self, table: Tree, where: Tree | None, keys: Sequence[Tree], found: str) -> Tree | None:
        """A condition, and between which values the keys lie, where that can be said of the columns of one table."""
        more = [
            condition
            for key, between in zip(keys, ranges(self.cursor, found, self.columns_of(found)), strict=True)
            for condition in conditions(key, between)
            if self.binds(condition, table)
        ]
        parts = [*conjuncts(where), *more]
        return all_of(parts) if parts else None

    def restricted_table(self, name: str, columns: Sequence[str], found: str) -> str:
        """A SELECT of the rows of a table of some keys only."""
        node = select_all(name)
        keys = [column(name, each) for each in columns]
        return text({**node, "from_table": only_where(node["from_table"], keys, found, self.key_names(found))})

    def touched(self, block: Block, table: Tree, keys: Sequence[Tree], *, inside: bool = False) -> list[Tree]:
        """SELECTs of the keys of all rows over a FROM clause that came or went, and perhaps of some others."""
        node, found = block.node, []
        where = None if inside else node["where_clause"]
        seen: set[tuple[int, str]] = set()
        for at, leaf in enumerate(leaves(table)):
            change = self.changes.get(leaf.name)
            if change is None:
                continue
            lookup = looked_up(leaf)
            if lookup is None:
                if change.plus:
                    found.append(self.keys_over(table, where, keys, at, "plus", "new"))
                if change.minus:
                    found.append(self.keys_over(table, where, keys, at, "minus", "old"))
            elif (id(lookup[0]), lookup[1]) not in seen:
                join, side = lookup
                seen.add((id(join), side))
                here, there = self.pairs(join, side)
                concerned = self.find_keys(self.touched(block, join[side], there, inside=True), len(there))
                found += self.keys_among(table, where, keys, here, concerned)
        if not inside:
            for looked_for, name in self.lookups(block):
                concerned = self.find_keys(self.came_and_went(name), len(looked_for))
                found += self.keys_among(table, where, keys, looked_for, concerned)
        return found

    def keys_over(
        self, table: Tree, where: Tree | None, keys: Sequence[Tree], at: int, version: Version, others: Version
    ) -> Tree:
        versions = self.tables_at(table, lambda index: version if index == at else others)
        return select(as_keys(keys), versions, self.expression_at(where, others), distinct=True)

    def keys_among(
        self, table: Tree, where: Tree | None, keys: Sequence[Tree], here: Sequence[Tree], concerned: str
    ) -> list[Tree]:
        """The keys of all rows, then and now, that are looked up by one of the values concerned."""
        names = self.key_names(concerned)
        return [
            select(
                as_keys(keys),
                only_where(self.tables_at(table, lambda _, v=version: v), here, concerned, names),  # type: ignore[misc]
                self.expression_at(where, version),
                distinct=True,
            )
            for version in ("new", "old")
        ]

    def pairs(self, join: Tree, side: str) -> tuple[list[Tree], list[Tree]]:
        """By what the rows of a join are found when one side changed, and what that is on this side."""
        here, there = pairs(join, side, self.binds)
        if join["join_type"] in FULL:
            other = "right" if side == "left" else "left"
            others = pairs(join, other, self.binds)[1]
            if self.kinds(there, join[side]) != self.kinds(others, join[other]):
                raise Refused("a FULL JOIN of columns of different types", place(join))
        return here, there

    def kinds(self, expressions: Sequence[Tree], table: Tree) -> list[str]:
        return [str(kind) for kind in self.cursor.sql(text(select(expressions, table, None))).types]

    def find_keys(self, selects: Sequence[Tree], count: int) -> str:
        return self.find_keys_in([text(each) for each in selects], count)

    def find_keys_in(self, selects: Sequence[str], count: int) -> str:
        """Make a temporary table of keys; Refused for keys that cannot be compared exactly."""
        self.made += 1
        name = f"{KEYS}{self.made}"
        columns = ", ".join(f"{KEY}{number}" for number in range(1, count + 1))
        renamed = [f"SELECT {columns} FROM ({each}) AS x({columns})" for each in selects]
        self.keep(name, f"SELECT DISTINCT * FROM ({' UNION ALL '.join(renamed)})")
        for _, kind in self.columns_of(name):
            if is_inexact(kind):
                raise Refused(f"keys of type {kind}, which are not compared exactly")
        return name

    def key_names(self, table: str) -> list[str]:
        return [name for name, _ in self.columns_of(table)]

    def by_rows(self, block: Block) -> Answer:
        """DISTINCT, UNION, EXCEPT, INTERSECT: how often a row is there depends on how often it was there before."""
        answer = new_rows(self, block)
        if answer is not None:
            return answer
        columns = [self.columns_of(name) for name in block.children]
        kinds = [[kind for _, kind in one] for one in columns]
        if any(one != kinds[0] for one in kinds):
            raise Refused(f"{block.operation} of columns of different types")
        selects = [each for name in block.children if name in self.changes for each in self.came_and_went(name)]
        found = self.find_keys(selects, len(kinds[0]))
        keys = self.key_names(found)
        new = self.rows_among(block, "new", columns, found, keys)
        old = self.rows_among(block, "old", columns, found, keys)
        self.rules.append(Rule("rows", block.name))
        outputs = tuple(name for name, _ in columns[0])
        return Answer(text(new), text(old), found, outputs)

    def came_and_went(self, name: str) -> list[Tree]:
        """SELECTs of the rows that came to a table, and of those that went."""
        change = self.changes[name]
        versions: list[Version] = ["plus"] * change.plus + ["minus"] * change.minus  # type: ignore[assignment]
        return [select_all(version_of(name, version)) for version in versions]

    def rows_among(
        self,
        block: Block,
        version: Version,
        columns: Sequence[Sequence[tuple[str, str]]],
        found: str,
        keys: Sequence[str],
    ) -> Tree:
        """A set operation of only those rows of its children that are among the rows found."""
        names = []
        for child, own in zip(block.children, columns, strict=True):
            if len({name.lower() for name, _ in own}) < len(own):
                raise Refused("two columns of one name")
            table = select_all(self.version(child, version))["from_table"]
            here = [column(table["alias"], name) for name, _ in own]
            self.made += 1
            view = f"{KEYS}rows_{self.made}"
            among = {**select_all(child), "from_table": only_where(table, here, found, keys)}
            self.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(view)} AS {text(among)}")
            names.append(view)
        return self.operation_over(block, tuple(names))

    def union_all(self, block: Block) -> Answer:
        plus = tuple(self.version(name, "plus" if self.has(name, "plus") else "none") for name in block.children)
        minus = tuple(self.version(name, "minus" if self.has(name, "minus") else "none") for name in block.children)
        has_minus = any(self.has(name, "minus") for name in block.children)
        for name in {*plus, *minus}:
            if name.endswith("__assetflow_none"):
                child = name.removesuffix("__assetflow_none")
                self.execute(
                    f"CREATE OR REPLACE TEMP VIEW {quote_identifier(name)} AS "
                    f"SELECT * FROM {quote_identifier(child)} WHERE false"
                )
        self.rules.append(Rule("linear" if has_minus else "append", block.name))
        return Answer(
            text(self.operation_over(block, plus)), text(self.operation_over(block, minus)) if has_minus else None
        )

    def has(self, name: str, version: Literal["plus", "minus"]) -> bool:
        change = self.changes.get(name)
        return change is not None and (change.plus if version == "plus" else change.minus)

    # Versions of tables

    def version(self, name: str, version: Version) -> str:
        """What to read for a version of a table: one that did not change has always been what it is now."""
        if version == "none" or name in self.changes:
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
        """A part of a query with the tables of its subqueries in a version."""
        if isinstance(part, list):
            return [self.expression_at(each, version) for each in part]
        if not isinstance(part, dict):
            return part
        if part.get("type") == "BASE_TABLE":
            return named(part, self.version(part["table_name"], version))
        return {key: self.expression_at(each, version) for key, each in part.items()}

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

    def empty(self, block: Block) -> Tree:
        node = select_all(block.name)
        return {**node, "where_clause": select_false()}

    # Asking DuckDB

    def outputs_of(self, block: Block, keys: Sequence[Tree]) -> list[str | None]:
        """For each key the column of the block's answer that holds it, if there is one."""
        names = [name for name, _ in self.columns_of(block.name)]
        items = block.node["select_list"]
        stars = [each for each in items if each["class"] == "STAR"]
        if not stars and len(items) == len(names):
            found = [[name for name, item in zip(names, items, strict=True) if alike(item, key)] for key in keys]
            return [each[0] if each else None for each in found]
        return [self.output_behind_star(block.node, key, names) for key in keys]

    def output_behind_star(self, node: Tree, key: Tree, names: Sequence[str]) -> str | None:
        """The one column of that name, where `*` gives all columns of the tables as they are."""
        if key["class"] != "COLUMN_REF":
            return None
        if len(key["column_names"]) > 1 and len(list(leaves(node["from_table"]))) > 1:
            # `u.k` need not be the k that `*` shows.
            return None
        name = key["column_names"][-1].lower()
        plain = [each for each in node["select_list"] if each["class"] == "STAR" and is_plain_star(each)]
        others = {str(each["alias"]).lower() for each in node["select_list"] if each["class"] != "STAR"}
        joins = {join["join_type"] for leaf in leaves(node["from_table"]) for join, _ in leaf.above}
        same = [each for each in names if each.lower() == name]
        if len(plain) != 1 or len(same) != 1 or name in others or joins & {"RIGHT", "FULL", "OUTER"}:
            return None
        return same[0]

    def binds_over(self, block: Block) -> Callable[[Tree], bool]:
        return lambda expression: self.binds(expression, block.node["from_table"])

    def binds(self, expression: Tree, table: Tree) -> bool:
        try:
            self.cursor.sql(text(select([without_alias(expression)], table, None)))
        except duckdb.Error:
            return False
        return True

    def columns_of(self, name: str) -> list[tuple[str, str]]:
        relation = self.cursor.sql(f"FROM {quote_identifier(name)}")
        return [(each, str(kind)) for each, kind in zip(relation.columns, relation.types, strict=True)]

    def execute(self, sql: str) -> None:
        try:
            self.cursor.execute(sql)
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            raise Refused(f"a part that does not stand for itself ({str(error).splitlines()[0]})") from error


def union(nodes: Sequence[Tree]) -> str:
    return " UNION ALL ".join(f"({text(node)})" for node in nodes)


def as_keys(keys: Sequence[Tree]) -> list[Tree]:
    return [called(key, f"{KEY}{number}") for number, key in enumerate(keys, 1)]


def is_plain_star(star: Tree) -> bool:
    return not any(star.get(changed) for changed in ("replace_list", "rename_list", "columns", "relation_name"))


def is_inexact(kind: str) -> bool:
    return any(name in kind for name in INEXACT)


def select_false() -> Tree:
    from assetflow.lineage.sql_tree import parse

    where: Tree = parse("SELECT 1 WHERE false").statements[0]["node"]["where_clause"]
    return where
