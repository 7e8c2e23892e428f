"""Wrong rules, planted one at a time: each is caught by the shapes, or these could not tell right from wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from assetflow.incremental import query_parts, refresh, tree
from assetflow.incremental.refused import Refused
from assetflow.incremental.rules import (
    first_rows,
    joins,
    keyed,
    limits,
    linear,
    lookups,
    merged,
    merging,
    new_rows,
    outputs,
    same_value,
    split,
    states,
    top,
    whole,
)  # fmt: skip
from tests.incremental.test_rules import KNOWN, difference

SEEDS = 12
RULES = "assetflow.incremental."
"""The modules that use each other."""

PLANTED = {
    "the second factor of a join is taken as it is, not as it was": (
        linear, '"new" if index < at else version if index == at else "old"',
        '"new" if index != at else version',
    ),
    "the rows that went from a join are forgotten": (
        linear, 'minus = [term(work, block, at, "minus") for at in changed if work.changes[found[at].name].minus]',
        "minus: list[Tree] = []",
    ),
    "only the first table of a join is looked at": (
        linear, "changed = [at for at, leaf in enumerate(found) if leaf.name in work.changes]",
        "changed = [at for at, leaf in enumerate(found) if leaf.name in work.changes][:1]",
    ),
    "keys of rows that went are not made again": (
        keyed, 'if change.minus:\n                found.append(keys_over(work, table, where, keys, at, "minus", "old"))',
        "pass",
    ),
    "keys of rows that came are not made again": (
        keyed, 'if change.plus:\n                found.append(keys_over(work, table, where, keys, at, "plus", "new"))',
        "pass",
    ),
    "NULL is no key": (
        tree, "ON a IS NOT DISTINCT FROM u.k", "ON a = u.k",
    ),
    "the looked-up side of an outer join is taken for one that adds rows": (
        linear, "if any(looked_up(found[at]) for at in changed) or lookups(work, block):", "if lookups(work, block):",
    ),
    "a changed list of IN is not looked at": (
        lookups, "members = [each for each in block.members if each.name in work.changes]", "members: list[Member] = []",
    ),
    "only the rows now are looked up by a key that changed": (
        keyed, 'for version in ("new", "old")\n', 'for version in ("new",)\n',
    ),
    "the first window's PARTITION BY is taken for that of all": (
        query_parts, "for other in partitions[1:]:", "for other in partitions[:0]:",
    ),
    "DISTINCT adds every row that came": (
        refresh, 'if block.operation == "UNION_ALL":', 'if block.operation in ("UNION_ALL", "DISTINCT"):',
    ),
    "UNION ALL forgets what went": (
        linear, 'has_minus = any(versions.has(name, "minus") for name in block.children)', "has_minus = False",
    ),
    "a group is kept though its rows are gone": (
        keyed, "return Answer(text(new), text(old), found, tuple(name for name in outputs if name is not None))",
        "return Answer(text(new))",
    ),
    "a count of different values is added up": (
        merged, 'if call["distinct"] and name not in ("min", "max"):', "if False:",
    ),
    "the least is kept when it went": (
        merged, '"{gone} IS NULL OR {gone} > {kept}"', '"{gone} IS NULL OR {gone} >= {kept}"',
    ),
    "nobody asks whether the least went": (
        merging, "WHERE NOT {merge.stays}", "WHERE false",
    ),
    "a sum of nothing is zero": (
        merged, 'total = f"CASE WHEN sum({counting.sql}) > 0 THEN {total} END"', "pass",
    ),
    "a sum is taken off without a look at what is left": (
        merged, "return never_null([", "return True or never_null([",
    ),
    "a group stays when all of its rows went": (
        merged, 'grouped += f" HAVING sum({self.count.sql}) > 0"', "pass",
    ),
    "a count of some rows is taken for that of all": (
        merged, 'return bool((cell.call or {})["filter"] is None)', "return True",
    ),
    "a group that HAVING left out is taken for a new one": (
        merging, "if merge.having is not None:", "if False:",
    ),
    "groups of rows that went are not made anew": (
        merging, 'again.append(f"SELECT {columns} FROM {MINUS}")', "pass  # nothing to make anew",
    ),
    "HAVING is asked of what came alone": (
        merging, "{**node, 'having': None}", "node",
    ),
    "rows that came are counted, and what was there is forgotten": (
        merging, 'parts = [self.merge.of_table(shown), f"FROM {PLUS}"]', 'parts = [f"FROM {PLUS}"]',
    ),
    "a subquery that changed is not looked at": (
        lookups, "inner = [correlated(work, block, each, changed) for each in subqueries_over(block.node, changed)]",
        "inner: list[Lookup | None] = []",
    ),
    "NOT IN of a list without values is taken for any other": (
        lookups, "if member.is_negated and", "if False and",
    ),
    "rows of a FULL JOIN are found by one side alone": (
        joins, 'here.append(either(one, two) if join["join_type"] in FULL else one)', "here.append(one)",
    ),
    "what a condition compares by < is taken for a key": (
        tree, 'if each["type"] in ("COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM"):', 'if each["class"] == "COMPARISON":',
    ),
    "DISTINCT ON keeps what it kept, and adds what is first among the rows that came": (
        refresh, "if on := distinct_on(block.node):", "if False:",
    ),
    "the first rows are chosen among those that came alone": (
        first_rows, "{kept} UNION ALL FROM {PLUS}", "FROM {PLUS}",
    ),
    "the first rows are added to, though rows went": (
        first_rows, "parts is None or parts[1] or", "parts is None or",
    ),
    "the second row is taken for one of the first": (
        first_rows, 'or (qualify["type"] == "COMPARE_EQUAL" and value != "1")', "",
    ),
    "every row that came is new": (
        new_rows, "ANTI JOIN {work.shown} AS shown ON {match}", "",
    ),
    "rows of a DISTINCT stay, though all that were alike went": (
        new_rows, "if any(work.changes[name].minus for name in changed):", "if False:",
    ),
    "EXCEPT is taken for UNION": (
        new_rows, 'if block.operation not in ("DISTINCT", "UNION")', "if False",
    ),
    "a sum that was rounded is added to": (
        merged, "if own != kind and not {own, kind}.issubset(INTEGERS):", "if False:",
    ),
    "a key is looked for in a column that got its name": (
        outputs, '("replace_list", "rename_list", "columns")', '("replace_list", "columns")',
    ),
    "a key of one table is looked for in a column of another": (
        outputs, "return not is_merged and (len(tables) == 1 or not is_narrowed(star))", "return True",
    ),
    "what is kept of a group is replaced by what came": (
        merged, 'return f"{STATE}({cell.sql}) AS {cell.sql}"', 'return f"any_value({cell.sql}) AS {cell.sql}"',
    ),
    "averages are averaged": (
        states, 'f"CAST(sum({{0}}) AS DOUBLE) / nullif({count}, 0)"', '"avg({0} / {1})"',
    ),
    "groups that are kept stay as they were": (
        whole, "work.keep(name, refreshed(work, part))",
        'refreshed(work, part)\n            work.keep(name, f"FROM {part.name}")',
    ),
    "groups that lost rows stay among those that are kept": (
        whole, 'return f"({others}) UNION ALL ({answer.plus})"', 'return f"(FROM {part.name}) UNION ALL ({answer.plus})"',
    ),
    "the state of an average of different values is kept": (
        states, 'return not call["distinct"] and', "return",
    ),
    "ROLLUP counts groups, not rows": (
        states, 'return State((call,), "CAST(coalesce(sum({0}), 0) AS BIGINT)")', 'return State((call,), "count({0})")',
    ),
    "a subquery that is looked up by nothing always gives what it gave": (
        same_value, "if repr(then) != repr(now):", "if False:",
    ),
    "a sum that has a default inside is never NULL": (
        merged, 'return bool(around["type"] == "OPERATOR_COALESCE")',
        'return any(each["type"] == "OPERATOR_COALESCE" for each in expressions(around))',
    ),
    "ties at the end of LIMIT are anybody's choice": (
        limits, "if count > cut:", "if False:",
    ),
    "the first rows of all are those that came": (
        top, "AS FROM {quote_identifier(work.shown)} UNION ALL ({came})", "AS ({came})",
    ),
    "the first rows of all stay, though one of them went": (
        top, "if not work.assume and work.cursor.execute(asked).fetchall()[0][0]:", "if False:",
    ),
    "a row that went from the last place was none of the first": (
        top, "{RANK} <= {top.number})", "{RANK} < {top.number})",
    ),
    "rows that tie with the last of the first rows are not there": (
        top, "if there != places and not (is_exact and kinds == 1):", "if False:",
    ),
    "the finest groups are taken for all of them": (
        split, '"group_sets": sets,\n        "having": having', '"group_sets": sets[-1:],\n        "having": having',
    ),
}  # fmt: skip
TOLD_BY = {
    "a count of different values is added up": "(DISTINCT",
    "the least is kept when it went": "min(x) AS lo",
    "nobody asks whether the least went": "min(x) AS lo",
    "a sum of nothing is zero": "sum(x)",
    "a sum is taken off without a look at what is left": "sum(y)",
    "a group stays when all of its rows went": "count(*)",
    "a count of some rows is taken for that of all": "FILTER",
    "a group that HAVING left out is taken for a new one": "HAVING",
    "HAVING is asked of what came alone": "HAVING",
    "a key is looked for in a column that got its name": "RENAME",
    "a key of one table is looked for in a column of another": "PARTITION BY u.k",
    "a sum that was rounded is added to": "/ 8)::",
    "the first rows are chosen among those that came alone": "QUALIFY",
    "the first rows are added to, though rows went": "QUALIFY",
    "the second row is taken for one of the first": ") = 2",
    "every row that came is new": "DISTINCT",
    "rows of a DISTINCT stay, though all that were alike went": "DISTINCT",
    "EXCEPT is taken for UNION": "EXCEPT",
    "NOT IN of a list without values is taken for any other": "NOT IN",
    "a subquery that changed is not looked at": "(SELECT",
    "rows of a FULL JOIN are found by one side alone": "FULL JOIN",
    "what a condition compares by < is taken for a key": "t.x > u.w",
    "DISTINCT ON keeps what it kept, and adds what is first among the rows that came": "DISTINCT ON",
    "the first window's PARTITION BY is taken for that of all": "AS r, sum(x)",
    "groups of rows that went are not made anew": "min(",
    "DISTINCT adds every row that came": "DISTINCT",
    "only the rows now are looked up by a key that changed": "JOIN",
    "what is kept of a group is replaced by what came": "avg(",
    "averages are averaged": "avg(x)",
    "counts of different values are kept and added up": "(DISTINCT",
    "groups that are kept stay as they were": "avg(",
    "groups that lost rows stay among those that are kept": "ROLLUP",
    "the state of an average of different values is kept": "avg(DISTINCT",
    "ROLLUP counts groups, not rows": "ROLLUP",
    "ties at the end of LIMIT are anybody's choice": "GROUP BY s ORDER BY n LIMIT",
    "the first rows of all are those that came": "LIMIT",
    "the first rows of all stay, though one of them went": "LIMIT",
    "a row that went from the last place was none of the first": "LIMIT",
    "rows that tie with the last of the first rows are not there": "ORDER BY t.x LIMIT",
    "the finest groups are taken for all of them": "GROUPING SETS",
    "a subquery that is looked up by nothing always gives what it gave": "(SELECT max(x)",
}
"""Words of the shapes that notice what few do."""


def planted(module: ModuleType, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    """The `refresh` of modules in one of which a line is another."""
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert text.count(right) == 1, "the line to change is not there any more"
    changed = ModuleType(module.__name__)
    changed.__file__ = module.__file__
    monkeypatch.setitem(sys.modules, module.__name__, changed)
    exec(compile(text.replace(right, wrong), str(module.__file__), "exec"), changed.__dict__)
    if module is refresh:
        return changed.refresh  # type: ignore[no-any-return]
    for other in [sys.modules[name] for name in sys.modules if name.startswith(RULES)]:
        for name in vars(other):
            if getattr(vars(other)[name], "__module__", None) == module.__name__ and other is not changed:
                monkeypatch.setattr(other, name, getattr(changed, name))
    return refresh.refresh


def telling(what: str) -> Iterator[tuple[int, str]]:
    """Seeds and shapes that can tell whether a rule is right: all of them, or at more length those with some words."""
    words = TOLD_BY.get(what, "")
    shapes = [sql for _, sql in KNOWN if words in sql]
    return ((seed, sql) for seed in range(SEEDS if not words else 10 * SEEDS) for sql in shapes)


@pytest.mark.parametrize("what", PLANTED)
def test_a_wrong_rule_is_caught(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = planted(*PLANTED[what], monkeypatch)
    for seed, sql in telling(what):
        try:
            found = difference(sql, seed, wrong)  # type: ignore[arg-type]
        except (Refused, duckdb.Error):
            continue
        if found is not None:
            return
    pytest.fail("nobody noticed")
