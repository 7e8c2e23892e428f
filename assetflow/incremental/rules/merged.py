"""Adds what came to the groups that are there, where a group's new values can be told from its old ones.

city  revenue  sales        city  revenue  sales        city  revenue  sales
Rome       70      3    +   Rome       10      1    =   Rome       80      4

Nothing is kept for that but the table itself. Rows that went are taken off sums and counts where the table also says
how many rows there are left; the least and the greatest cannot tell what they are without a row that went.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from assetflow.incremental.query_parts import is_aggregate, windows_of
from assetflow.incremental.tree import alike, column, expressions, spoken, without_alias, written
from assetflow.lineage.sql.tree import Tree
from assetflow.quoting import folded, quote_identifier

COMBINED = {
    "count": "sum", "count_star": "sum", "count_if": "sum", "countif": "sum", "sum": "sum", "min": "min", "max": "max",
    "bool_and": "bool_and", "bool_or": "bool_or", "bit_and": "bit_and", "bit_or": "bit_or", "bit_xor": "bit_xor",
}  # fmt: skip
"""Aggregates of which the value for all rows follows from the values for parts of them, and by which aggregate."""
HARMLESS = {
    "min": "{gone} IS NULL OR {gone} > {kept}", "max": "{gone} IS NULL OR {gone} < {kept}",
    "bool_and": "{gone} IS NULL OR ({gone} AND NOT {kept})", "bool_or": "{gone} IS NULL OR (NOT {gone} AND {kept})",
}  # fmt: skip
"""When rows can go and leave the value that there was: `gone` is the value of theirs, `kept` that of the table, which
has to come from a row that stays: where the last row goes that has a value at all, there is none.
"""
STATE = "combine_aggr"
"""By which aggregate states of aggregates are put together."""
COUNTS = frozenset({"count", "count_star"})
"""Aggregates that are 0 where there is nothing to count; `count_if` is NULL there, as a sum is."""
SUMMED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UHUGEINT", "DECIMAL")
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
FLOATS = ("FLOAT", "DOUBLE")
LOOSE = ("INTERVAL", "TIME WITH TIME ZONE", "VARIANT", "GEOMETRY")
"""Types of which one of several equal values may come out as the least."""
CELL = "assetflow_cell_"

Binds = Callable[[Tree], bool]
KindsOf = Callable[[Sequence[Tree]], list[str]]
Known = Mapping[str, Tree]
"""Expressions as they are `written`, and what stands for each."""


class Cell(Struct, frozen=True):
    """A column of the table that holds a key, or what an aggregate gives. `at` is its place, counted from 1.

    `call` is the aggregate in `coalesce(sum(x), 0)::BIGINT`.
    """

    at: int
    name: str
    kind: str
    expression: Tree
    call: Tree | None = None

    @property
    def is_key(self) -> bool:
        return self.call is None

    @property
    def is_never_null(self) -> bool:
        """True for `coalesce(sum(x), 0)`; not for `sum(coalesce(x, y))`."""
        around = self.expression
        while around["class"] == "CAST":
            around = around["child"]
        return bool(around["type"] == "OPERATOR_COALESCE")

    @property
    def sql(self) -> str:
        return f"{CELL}{self.at}"

    @property
    def function(self) -> str:
        return str((self.call or {})["function_name"])

    @property
    def is_state(self) -> bool:
        """True for the state of an aggregate in place of its value."""
        return bool((self.call or {}).get("export_state"))


class Merge(Struct, frozen=True, dict=True):
    """A SELECT with groups, as a sum of its parts: its columns (`values`) and its HAVING, said over the cells."""

    cells: tuple[Cell, ...]
    values: tuple[tuple[str, str], ...]
    having: str | None

    @property
    def keys(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.is_key)

    @property
    def aggregates(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if not cell.is_key)

    @property
    def ordered(self) -> tuple[Cell, ...]:
        """The cells as parts have them: keys first."""
        return (*self.keys, *self.aggregates)

    @cached_property
    def count(self) -> Cell | None:
        """The column that says how many rows a group has."""
        return next((cell for cell in self.aggregates if counts_rows(cell)), None)

    @cached_property
    def counts(self) -> dict[str, Cell]:
        """The columns that say how many values there are, by what they count."""
        return {counted(cell): cell for cell in reversed(self.aggregates) if cell.function == "count"}

    def counting(self, cell: Cell) -> Cell | None:
        """The column that says of how many values a sum is the sum."""
        return self.counts.get(counted(cell))

    def takes_off(self, never_null: Callable[[Sequence[Tree]], bool]) -> bool:
        """True where rows that went can be taken off: it is known when nothing is left, and of each value what becomes
        of it, or when it stays as it is (`stays`).
        """
        if self.keys and self.count is None:
            return False
        taken = [cell for cell in self.aggregates if cell.function not in HARMLESS]
        if not all(map(self.can_take_off, taken)):
            return False
        return never_null([argument(cell) for cell in taken if cell.function == "sum" and not self.tells_none(cell)])

    @property
    def checked(self) -> tuple[Cell, ...]:
        """The values that stay as they are or have to be made anew when rows went."""
        return tuple(cell for cell in self.aggregates if cell.function in HARMLESS)

    @property
    def stays(self) -> str:
        """A condition over cells of rows that went (`gone`) and rows of the table (`shown`)."""
        said = [
            HARMLESS[cell.function].format(gone=f"gone.{cell.sql}", kept=f"shown.{quote_identifier(cell.name)}")
            for cell in self.checked
        ]
        return f"coalesce({' AND '.join(f'({each})' for each in said)}, false)"

    def gone(self, name: str, keys: Sequence[str]) -> str:
        """The values of all rows that went, by key."""
        values = [f"{COMBINED[cell.function]}({cell.sql}) AS {cell.sql}" for cell in self.checked]
        return f"SELECT {', '.join([*keys, *values])} FROM {name}" + (" GROUP BY ALL" if keys else "")

    def can_take_off(self, cell: Cell) -> bool:
        if cell.is_state:
            return False
        if cell.function in COUNTS:
            return True
        if cell.function != "sum" or cell.kind in FLOATS:
            return False
        return self.tells_none(cell) or (self.count is not None and is_whole(cell))

    def tells_none(self, cell: Cell) -> bool:
        """True for a sum of which it is known what it is when no value is left; else that shows with the last row."""
        return cell.is_never_null or self.counting(cell) is not None

    def of_rows(self, sql: str) -> str:
        """The cells of rows with all columns of the table in their order."""
        columns = ", ".join(f"{CELL}{at}" for at in range(1, len(self.values) + 1))
        return f"SELECT {', '.join(cell.sql for cell in self.ordered)} FROM ({sql}) AS part({columns})"

    def of_table(self, name: str) -> str:
        """The cells of the rows that are there."""
        listed = ", ".join(f"{quote_identifier(cell.name)} AS {cell.sql}" for cell in self.ordered)
        return f"SELECT {listed} FROM {name}"

    def taken_off(self, name: str) -> str:
        """Cells of which sums and counts take off what they add."""
        values = [
            f"{'NULL' if cell.function in HARMLESS else f'-{cell.sql}'} AS {cell.sql}" for cell in self.aggregates
        ]
        return f"SELECT {', '.join([*(cell.sql for cell in self.keys), *values])} FROM {name}"

    def combined(self, parts: Sequence[str]) -> str:
        """The rows of the table, out of the cells of all parts."""
        keys = ", ".join(cell.sql for cell in self.keys)
        listed = [cell.sql if cell.is_key else self.summed_up(cell) for cell in self.cells]
        grouped = f" GROUP BY {keys}" if keys else ""
        if keys and self.count is not None:
            grouped += f" HAVING sum({self.count.sql}) > 0"
        sums = f"SELECT {', '.join(listed)} FROM ({' UNION ALL '.join(parts)}){grouped}"
        values = ", ".join(f"{value} AS {quote_identifier(name)}" for name, value in self.values)
        return f"SELECT {values} FROM ({sums})" + (f" WHERE {self.having}" if self.having else "")

    def summed_up(self, cell: Cell) -> str:
        if cell.is_state:
            return f"{STATE}({cell.sql}) AS {cell.sql}"
        total = f"{COMBINED[cell.function]}({cell.sql})"
        counting = self.counting(cell) or (self.count if is_whole(cell) else None)
        if counting is not None and cell.function == "sum" and not cell.is_never_null:
            total = f"CASE WHEN sum({counting.sql}) > 0 THEN {total} END"
        return f"CAST({total} AS {cell.kind}) AS {cell.sql}"


def merge_of(
    node: Tree, keys: Sequence[Tree], columns: Sequence[tuple[str, str]], binds: Binds, kinds_of: KindsOf
) -> Merge | None:
    """How the groups of a SELECT are added up; None where its columns do not tell, or it is not of that kind.

    `columns` are the names and types of its answer. `binds` tells what can be said over its FROM clause,
    `kinds_of` of what types that is.
    """
    items = node["select_list"]
    if len(items) != len(columns) or node["qualify"] is not None or windows_of(node) or len(node["group_sets"]) > 1:
        return None
    if any(each["class"] in ("SUBQUERY", "LAMBDA", "STAR") for each in expressions([items, node["having"]])):
        return None
    wanted = frozenset(map(written, keys))
    calls = [call for item in items if is_aggregate(call := inside(item)) and call is not item]
    own = dict(zip(map(written, calls), kinds_of(calls), strict=True))
    cells = tuple(
        cell
        for at, (item, (name, kind)) in enumerate(zip(items, columns, strict=True), 1)
        if (cell := cell_of(at, item, name, kind, wanted, own)) is not None
    )
    if not wanted <= {written(cell.expression) for cell in cells if cell.is_key}:
        return None
    names = {folded(str(item["alias"])): item for item in items if item["alias"]}
    known = {written(cell.expression): column(cell.sql) for cell in reversed(cells)}
    said = [over(item, known, names, binds) for item in items]
    having = None if node["having"] is None else over(node["having"], known, names, binds)
    if None in said or (node["having"] is not None and having is None):
        return None
    values = tuple((name, spoken(each)) for (name, _), each in zip(columns, said, strict=True) if each is not None)
    return Merge(one_cell_each(cells), values, None if having is None else spoken(having))


def one_cell_each(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells without those that hold what another holds already."""
    return tuple({written(cell.expression): cell for cell in reversed(cells)}.values())[::-1]


def cell_of(
    at: int, item: Tree, name: str, kind: str, keys: frozenset[str], own_kinds: Mapping[str, str]
) -> Cell | None:
    """What a column of the table holds, if that is a key or an aggregate by itself.

    `own_kinds` are the types of aggregates that stand inside of an expression, as they are `written`.
    """
    if written(item) in keys:
        return Cell(at, name, kind, without_alias(item))
    call = inside(item)
    if not is_aggregate(call):
        return None
    own = kind if call is item else own_kinds[written(call)]
    if own != kind and not {own, kind}.issubset(INTEGERS):
        return None
    return Cell(at, name, kind, without_alias(item), call) if is_combined(call, kind) else None


def inside(item: Tree) -> Tree:
    """The aggregate in `coalesce(sum(x), 0)` and `sum(x)::BIGINT`, which can be done to parts of a sum as well."""
    if item["class"] == "CAST" and not item["try_cast"]:
        return inside(item["child"])
    if item["type"] == "OPERATOR_COALESCE" and len(item["children"]) == 2:
        value, other = item["children"]
        is_sum = inside(value).get("function_name") == "sum"
        return inside(value) if is_sum and is_some_constant(other) and other["literal"]["text"] == "0" else item
    return item


def is_combined(call: Tree, kind: str) -> bool:
    """True for a call whose value for all rows follows from its values for parts of them."""
    name = call["function_name"]
    if call.get("export_state"):
        return True
    if name not in COMBINED:
        return False
    if len(call["arguments"]) != (0 if name == "count_star" else 1):
        return False
    if call["distinct"] and name not in ("min", "max"):
        return False
    if name == "sum":
        return kind.startswith((*SUMMED, *FLOATS))
    return not any(loose in kind for loose in LOOSE)


def is_whole(cell: Cell) -> bool:
    return bool((cell.call or {})["filter"] is None)


def argument(cell: Cell) -> Tree:
    found: Tree = (cell.call or {})["arguments"][0]["expression"]
    return found


def counts_rows(cell: Cell) -> bool:
    """True for `count(*)` and `count(1)`."""
    if cell.function == "count":
        return is_whole(cell) and is_some_constant(argument(cell))
    return cell.function == "count_star" and is_whole(cell)


def is_some_constant(expression: Tree) -> bool:
    return bool(expression["class"] == "CONSTANT" and (expression.get("literal") or {}).get("kind") == "INTEGER")


def counted(cell: Cell) -> str:
    """What a cell is made of: the same for `count(x) FILTER (WHERE y)` and `sum(x) FILTER (WHERE y)`."""
    return written({**(cell.call or {}), "function_name": "", "qualified_name": None})


def over(expression: Tree, known: Known, names: dict[str, Tree], binds: Binds) -> Tree | None:
    """An expression said over what is known; None where that does not tell it."""
    try:
        said: Tree = without_alias(_over(expression, known, names, binds))
    except LookupError:
        return None
    return said


def is_said_twice(value: Tree, names: dict[str, Tree]) -> bool:
    """True for a name that is also the name of a column of the answer which holds something else."""
    if value["class"] != "COLUMN_REF" or len(value["column_names"]) > 1:
        return False
    item = names.get(folded(value["column_names"][0]))
    return item is not None and item["class"] == "COLUMN_REF" and not alike(item, value)


def _over(value: Any, known: Known, names: dict[str, Tree], binds: Binds) -> Any:
    if isinstance(value, list):
        return [_over(each, known, names, binds) for each in value]
    if not isinstance(value, dict):
        return value
    if "class" in value:
        if is_said_twice(value, names):
            raise LookupError(value["column_names"][0])
        if (stands_for := known.get(written(value))) is not None:
            return stands_for
        if value["class"] == "COLUMN_REF":
            name = folded(value["column_names"][-1])
            if len(value["column_names"]) > 1 or name not in names or binds(value):
                raise LookupError(name)
            return _over(names[name], known, {each: names[each] for each in names if each != name}, binds)
        if is_aggregate(value):
            raise LookupError(value["function_name"])
    return {key: _over(each, known, names, binds) for key, each in value.items()}
