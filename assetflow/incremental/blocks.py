"""Takes a query apart into blocks: one SELECT or one set operation each, over named tables.

WITH a AS (SELECT ...) SELECT ... FROM a JOIN (SELECT ...) b      three blocks, of which the last reads the other two
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from assetflow.incremental.answer import VERSIONS
from assetflow.incremental.query_parts import has_groups, windows_of
from assetflow.incremental.refused import Refused, starts
from assetflow.incremental.tree import (
    all_of,
    conjuncts,
    expressions,
    first_place,
    leaves,
    moved,
    named,
    select_all,
    table_named,
    without_alias,
    without_places,
)
from assetflow.lineage.sql.tree import Tree, parse, place
from assetflow.quoting import folded

PREFIX = "assetflow_block_"
GENERATORS = frozenset({"unnest", "generate_series", "range"})
"""Table functions that make the same rows of the same arguments."""
SET_OPERATIONS = ("UNION", "UNION_ALL", "EXCEPT", "EXCEPT_ALL", "INTERSECT", "INTERSECT_ALL")


class Member(Struct, frozen=True):
    """A condition IN or NOT IN: the expression that is looked for, and the block in which it is looked for."""

    expression: Tree
    name: str
    is_negated: bool


class Block(Struct, frozen=True):
    """One part of a query. `children` are the tables and blocks that it combines, for a set operation.

    `inner` are the tables and blocks that its subqueries read. `members` are the conditions IN (SELECT ...) whose
    subquery is a block of its own.
    """

    name: str
    node: Tree
    operation: str = "SELECT"
    children: tuple[str, ...] = ()
    inner: frozenset[str] = frozenset()
    members: tuple[Member, ...] = ()

    @property
    def reads(self) -> frozenset[str]:
        """All tables and blocks that it depends on."""
        if self.operation != "SELECT":
            return frozenset(self.children)
        table = self.node["from_table"]
        return frozenset(leaf.name for leaf in leaves(table)) | self.inner | {member.name for member in self.members}


class Parts(Struct, frozen=True):
    """The blocks of a query, each after those that it reads; the last one gives its rows.

    `tables` are the tables it reads, as they are called in it. `orders` is ORDER BY at its end, which says nothing
    about which rows there are.
    """

    blocks: tuple[Block, ...]
    tables: frozenset[str]
    orders: tuple[Tree, ...] = ()

    @property
    def root(self) -> Block:
        return self.blocks[-1]


def take_apart(sql: str, tables: frozenset[str], views: Mapping[str, str] | None = None) -> Parts:
    """The blocks of a query over these tables; Refused for what no rule knows.

    `views` are queries by name, over the tables and each other, that stand for blocks like those of WITH.
    """
    views = views or {}
    texts = [sql, *views.values()]
    own, *others = (Text(text, at) for text, at in zip(texts, starts(texts), strict=True))
    of_views = {folded(name): text for name, text in zip(views, others, strict=True)}
    taker = _Taker({folded(name): name for name in tables}, of_views, own)
    node, orders = _without_order(own.node())
    taker.take(node, {})
    blocks = without_mere_names(taker.blocks)
    read = frozenset(name for block in blocks for name in block.reads if not name.startswith(PREFIX))
    return Parts(tuple(blocks), read, orders)


def keeps_order(parts: Parts) -> bool:
    """True for a query whose rows come as those do that it reads: of one table, or of some one after the other."""
    return not parts.orders and all(block.operation == "UNION_ALL" or is_row_by_row(block) for block in parts.blocks)


def is_row_by_row(block: Block) -> bool:
    """True where each row is made of one row of one table."""
    node = block.node
    if block.operation != "SELECT" or block.inner or block.members or node["modifiers"]:
        return False
    return node["from_table"]["type"] == "BASE_TABLE" and not has_groups(node) and not windows_of(node)


def without_mere_names(blocks: list[Block]) -> list[Block]:
    """The blocks up to the one that makes the rows: `WITH a AS (...) SELECT * FROM a` only says so."""
    of = shown_as_it_is(blocks[-1])
    while of is not None:
        blocks = blocks[: next(at for at, block in enumerate(blocks, 1) if block.name == of)]
        of = shown_as_it_is(blocks[-1])
    return blocks


def shown_as_it_is(block: Block) -> str | None:
    """The block of which a block is all rows and columns."""
    if block.operation != "SELECT" or not str(block.node["from_table"].get("table_name")).startswith(PREFIX):
        return None
    of = str(block.node["from_table"]["table_name"])
    plain = select_all(of)
    here = {**block.node, "from_table": plain["from_table"]}
    has_names = bool(block.node["from_table"]["column_name_alias"])
    return of if not has_names and without_places(here) == without_places(plain) else None


class Text(Struct, frozen=True):
    """The text of a query, and where it begins among all texts that are told apart by their places."""

    sql: str
    start: int

    def node(self) -> Tree:
        parsed = parse(self.sql)
        if len(parsed.statements) != 1:
            where = self.place_of("PIVOT", "PIVOT_WIDER")
            raise Refused("a query that DuckDB does not write down (PIVOT over unknown values)", where)
        node: Tree = moved(parsed.statements[0]["node"], self.start)
        return node

    def place_of(self, *words: str) -> int | None:
        """Where the first of these words stands, for what has no place in the tree."""
        from assetflow.lineage.sql.tokens import code_tokens

        token = next((each for each in code_tokens(self.sql) if each.is_word(*words)), None)
        return None if token is None else self.start + len(self.sql[: token.start].encode())


Scope = Mapping[str, str]
"""What WITH has named so far, in lower case, and the blocks that these names stand for."""


class _Taker(Struct):
    tables: Mapping[str, str]
    views: Mapping[str, Text]
    text: Text
    """Of what is taken apart just now."""
    blocks: list[Block] = field(default_factory=list)
    viewed: dict[str, str] = field(default_factory=dict)
    """The blocks that the views stand for, as far as they were met."""

    def add(self, block: Block) -> str:
        name = f"{PREFIX}{len(self.blocks) + 1}"
        self.blocks.append(replace(block, name=name))
        return name

    def take(self, node: Tree, scope: Scope) -> str:
        """Add the blocks of a query node; returns the name of the last one."""
        if node["type"] == "SET_OPERATION_NODE":
            return self.set_operation(node, scope)
        if node["type"] != "SELECT_NODE":
            is_recursive = node["type"] == "RECURSIVE_CTE_NODE"
            raise Refused("WITH RECURSIVE" if is_recursive else str(node["type"]), first_place(node))
        scope = self.with_(node, scope)
        modifiers, distinct = self.modifiers(node)
        node = {**node, "cte_map": {"map": []}, "modifiers": modifiers}
        if node["sample"]:
            raise Refused("a sample of rows", self.text.place_of("SAMPLE", "TABLESAMPLE"))
        node["from_table"] = self.from_(node["from_table"], scope)
        node, members = self.members(node, scope)
        node, inner = self.subqueries(node, scope)
        name = self.add(Block("", node, inner=inner, members=members))
        return self.add(Block("", _distinct(name, node), "DISTINCT", (name,))) if distinct else name

    def modifiers(self, node: Tree) -> tuple[list[Tree], bool]:
        """What follows a SELECT: ORDER BY says nothing inside of a query, DISTINCT is a block of its own."""
        if is_limited(node):
            refuse_unlimited(node)
            return node["modifiers"], False
        distinct = False
        for modifier in node["modifiers"]:
            if modifier["type"] == "DISTINCT_MODIFIER":
                if modifier.get("distinct_on_targets"):
                    refuse_unordered(node, modifier)
                    return node["modifiers"], False
                distinct = True
            elif modifier["type"] != "ORDER_MODIFIER":
                raise Refused(modifier["type"], first_place(node))
        return [], distinct

    def with_(self, node: Tree, scope: Scope) -> Scope:
        known = dict(scope)
        for entry in node["cte_map"]["map"]:
            value = entry["value"]
            if value["key_targets"] or value["payload_aggregates"]:
                raise Refused("WITH RECURSIVE ... USING KEY", first_place(value))
            name = self.take(value["query_node"], known)
            if value["aliases"]:
                node_of_aliases = {**select_all(name), "from_table": table_named(name, "a", value["aliases"])}
                name = self.add(Block("", node_of_aliases))
            known[folded(entry["key"])] = name
        return known

    def from_(self, table: Tree, scope: Scope) -> Tree:
        """The FROM clause with every subquery and every name of WITH made a block."""
        if table.get("sample"):
            raise Refused("a sample of rows", place(table))
        kind = table["type"]
        if kind == "JOIN":
            return self.join(table, scope)
        if kind == "BASE_TABLE":
            return self.base_table(table, scope)
        if kind == "SUBQUERY":
            name = self.take(table["subquery"]["node"], scope)
            return table_named(name, table["alias"] or "unnamed_subquery", table["column_name_alias"])
        if kind == "TABLE_FUNCTION" and table["function"]["function_name"] in GENERATORS:
            if any(each["class"] == "SUBQUERY" for each in expressions(table["function"])):
                raise Refused("a subquery in a table function", place(table))
            return table
        if kind in ("EMPTY", "EMPTY_FROM"):
            return table
        if kind == "EXPRESSION_LIST" and not any(each["class"] == "SUBQUERY" for each in expressions(table)):
            return table  # VALUES (1, 'a'), (2, 'b')
        if kind == "PIVOT":
            words = ("UNPIVOT", "PIVOT_LONGER") if table["unpivot_names"] else ("PIVOT", "PIVOT_WIDER")
            where = place(table)
            raise Refused(words[0], self.text.place_of(*words) if where is None else where)
        said = {"TABLE_FUNCTION": "a table function", "SHOW_REF": "DESCRIBE or SUMMARIZE"}
        where = self.text.place_of("DESCRIBE", "DESC", "SHOW", "SUMMARIZE") if kind == "SHOW_REF" else place(table)
        raise Refused(said.get(kind, str(kind)), where)

    def join(self, table: Tree, scope: Scope) -> Tree:
        if table["ref_type"] in ("ASOF", "POSITIONAL"):
            raise Refused(f"a {table['ref_type']} JOIN", place(table))
        if table["ref_type"] == "DEPENDENT":
            raise Refused("a LATERAL join", place(table))
        if table["join_type"] not in ("INNER", "LEFT", "RIGHT", "SEMI", "ANTI", "FULL", "OUTER"):
            raise Refused(f"a {table['join_type']} JOIN", place(table))
        if any(each["class"] == "SUBQUERY" for each in expressions(table["condition"])):
            raise Refused("a subquery in the condition of a JOIN", place(table))
        left, right = self.from_(table["left"], scope), self.from_(table["right"], scope)
        return {**table, "left": left, "right": right}

    def base_table(self, table: Tree, scope: Scope) -> Tree:
        if table["schema_name"] or table["catalog_name"] or table.get("at_clause"):
            raise Refused("a table of another database", place(table))
        name = folded(table["table_name"])
        if name in scope:
            return named(table, scope[name])
        if name in self.views:
            return named(table, self.view(name))
        if name.startswith(PREFIX) or VERSIONS in name:
            raise Refused(f"{table['table_name']}, which is called like what assetflow itself names so", place(table))
        if name not in self.tables:
            raise Refused(f"{table['table_name']}, which is no table of the project", place(table))
        return named(table, self.tables[name])

    def view(self, name: str) -> str:
        """The block of a view, which knows nothing of the names that the query gives."""
        if name not in self.viewed:
            outer, self.text = self.text, self.views[name]
            self.viewed[name] = self.take(self.text.node(), {})
            self.text = outer
        return self.viewed[name]

    def members(self, node: Tree, scope: Scope) -> tuple[Tree, tuple[Member, ...]]:
        """The conditions `x IN (SELECT ...)` of WHERE, whose subquery becomes a block."""
        condition, found = node["where_clause"], []
        changed = []
        for each in conjuncts(condition):
            is_negated = each["type"] == "OPERATOR_NOT"
            test = each["children"][0] if is_negated else each
            if not is_in(test) or not is_closed(test["subquery"]["node"]):
                changed.append(each)
            else:
                name = self.take(test["subquery"]["node"], scope)
                found.append(Member(without_alias(test["child"]), name, is_negated))
                test = {**test, "subquery": {**test["subquery"], "node": select_all(name)}}
                changed.append({**each, "children": [test]} if is_negated else test)
        if not found:
            return node, ()
        return {**node, "where_clause": all_of(changed)}, tuple(found)

    def subqueries(self, node: Tree, scope: Scope) -> tuple[Tree, frozenset[str]]:
        """All other subqueries of the expressions: they stay where they are, with the names of WITH put in."""
        inner: set[str] = set()

        def put_in(value: Any, known: Scope) -> Any:
            if isinstance(value, list):
                return [put_in(each, known) for each in value]
            if not isinstance(value, dict):
                return value
            if value.get("type") == "SELECT_NODE" and value["cte_map"]["map"]:
                raise Refused("WITH inside of a subquery", first_place(value))
            if value.get("type") == "TABLE_FUNCTION" and value["function"]["function_name"] not in GENERATORS:
                raise Refused("a table function", place(value))
            if value.get("type") == "BASE_TABLE":
                table = self.base_table(value, known)
                inner.add(table["table_name"])
                return table
            return {key: put_in(each, known) for key, each in value.items()}

        own = {key: value for key, value in node.items() if key != "from_table"}
        members = {id(each) for each in conjuncts(own["where_clause"]) if is_member(each)}
        where = own["where_clause"]
        if members and where is not None:
            parts = [each if id(each) in members else put_in(each, scope) for each in conjuncts(where)]
            own = {**put_in({**own, "where_clause": None}, scope), "where_clause": all_of(parts)}
        else:
            own = put_in(own, scope)
        return {**own, "from_table": node["from_table"]}, frozenset(inner)

    def set_operation(self, node: Tree, scope: Scope) -> str:
        scope = self.with_(node, scope)
        modifiers, distinct = self.modifiers(node)
        kind = node["setop_type"]
        operation = f"{kind}_ALL" if node.get("setop_all") else kind
        if kind == "UNION_BY_NAME":
            # The same rows as by place, once DuckDB has put the columns beside each other.
            operation, distinct = "UNION_ALL", distinct or not node.get("setop_all")
            node = {**node, "setop_all": True}
        if operation not in SET_OPERATIONS:
            raise Refused(operation, first_place(node))
        children = [self.take(child, scope) for child in set_children(node)]
        name = self.add(Block("", {**node, "cte_map": {"map": []}, "modifiers": modifiers}, operation, tuple(children)))
        return self.add(Block("", _distinct(name, node), "DISTINCT", (name,))) if distinct else name


def distinct_on(node: Tree) -> list[Tree]:
    """The expressions of DISTINCT ON."""
    return [each for modifier in node["modifiers"] for each in modifier.get("distinct_on_targets") or ()]


def refuse_unordered(node: Tree, modifier: Tree) -> None:
    where = place(modifier["distinct_on_targets"][0])
    if not any(each["type"] == "ORDER_MODIFIER" for each in node["modifiers"]):
        raise Refused("DISTINCT ON without ORDER BY, which depends on the order of rows", where)
    if node["type"] != "SELECT_NODE" or node["qualify"] or windows_of(node) or has_groups(node):
        raise Refused("DISTINCT ON of groups or windows", where)


def is_limited(node: Tree) -> bool:
    return any(modifier["type"].startswith("LIMIT") for modifier in node["modifiers"])


def refuse_unlimited(node: Tree) -> None:
    """Refuse a LIMIT that is not one of so many rows in an order."""
    where = limit_place(node)
    kinds = {modifier["type"] for modifier in node["modifiers"]}
    if "ORDER_MODIFIER" not in kinds:
        raise Refused("LIMIT without ORDER BY, which depends on the order of rows", where)
    is_of_rows = all(modifier.get("limit_type", "ROW_COUNT") == "ROW_COUNT" for modifier in node["modifiers"])
    if kinds != {"ORDER_MODIFIER", "LIMIT_MODIFIER"} or node["type"] != "SELECT_NODE" or not is_of_rows:
        raise Refused("LIMIT", where)


def limit_place(node: Tree) -> int | None:
    limit = next(each for each in node["modifiers"] if each["type"].startswith("LIMIT"))
    return first_place([limit.get("limit"), limit.get("offset")]) or first_place(node["modifiers"])


def set_children(node: Tree) -> list[Tree]:
    return list(node["children"]) if "children" in node else [node["left"], node["right"]]


def with_children(node: Tree, names: tuple[str, ...]) -> Tree:
    """A set operation over other tables."""
    children = [select_all(name) for name in names]
    if "children" in node:
        return {**node, "children": children}
    return {**node, "left": children[0], "right": children[1]}


def is_member(condition: Tree) -> bool:
    """True for an IN or NOT IN whose subquery has been made a block."""
    if condition["type"] == "OPERATOR_NOT":
        condition = condition["children"][0]
    if condition["class"] != "SUBQUERY" or condition["subquery_type"] != "ANY":
        return False
    table = condition["subquery"]["node"].get("from_table") or {}
    return str(table.get("table_name", "")).startswith(PREFIX)


def is_in(condition: Tree) -> bool:
    return bool(condition["class"] == "SUBQUERY" and condition["subquery_type"] == "ANY" and is_equality(condition))


def is_equality(condition: Tree) -> bool:
    return str(condition["comparison_type"]) == "COMPARE_EQUAL"


def is_closed(node: Tree) -> bool:
    """False for a subquery that could speak of a table outside of it: with a name that is none of its own."""
    own = {folded(str(value["alias"] or value["table_name"])) for value in _tables(node)}
    qualified = [each["column_names"] for each in expressions(node) if each["class"] == "COLUMN_REF"]
    return all(len(names) == 1 or folded(names[0]) in own for names in qualified)


def _tables(value: Any) -> list[Tree]:
    if isinstance(value, list):
        return [table for each in value for table in _tables(each)]
    if not isinstance(value, dict):
        return []
    here = [value] if value.get("type") == "BASE_TABLE" else []
    return here + [table for each in value.values() for table in _tables(each)]


def _distinct(name: str, of: Tree) -> Tree:
    node = select_all(name)
    where = first_place(of)
    if where is not None:
        node["from_table"]["query_location"] = where
    return {**node, "modifiers": [{"type": "DISTINCT_MODIFIER", "distinct_on_targets": []}]}


def _without_order(node: Tree) -> tuple[Tree, tuple[Tree, ...]]:
    orders = [modifier for modifier in node["modifiers"] if modifier["type"] == "ORDER_MODIFIER"]
    if any(modifier["type"].startswith("LIMIT") for modifier in node["modifiers"]):
        return node, ()
    if node["type"] == "SELECT_NODE" and distinct_on(node):
        return node, tuple(order for modifier in orders for order in modifier["orders"])
    kept = [modifier for modifier in node["modifiers"] if modifier["type"] != "ORDER_MODIFIER"]
    return {**node, "modifiers": kept}, tuple(order for modifier in orders for order in modifier["orders"])
