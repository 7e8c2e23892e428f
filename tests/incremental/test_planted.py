"""Wrong rules, planted one at a time: each is caught by the shapes, or these could not tell right from wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import duckdb
import pytest

from assetflow.incremental import query_parts, refresh, tree
from assetflow.incremental.refused import Refused
from tests.incremental.test_rules import KNOWN, difference

SEEDS = 12

PLANTED = {
    "the second factor of a join is taken as it is, not as it was": (
        refresh, '"new" if index < at else version if index == at else "old"',
        '"new" if index != at else version',
    ),
    "the rows that went from a join are forgotten": (
        refresh, 'minus = [self.term(block, at, "minus") for at in changed if self.changes[names[at]].minus]',
        "minus: list[Tree] = []",
    ),
    "only the first table of a join is looked at": (
        refresh, "changed = [at for at, leaf in enumerate(leaves(table)) if leaf.name in self.changes]",
        "changed = [at for at, leaf in enumerate(leaves(table)) if leaf.name in self.changes][:1]",
    ),
    "keys of rows that went are not made again": (
        refresh, 'if change.minus:\n                    found.append(self.keys_over(table, where, keys, at, "minus", "old"))',
        "pass",
    ),
    "keys of rows that came are not made again": (
        refresh, 'if change.plus:\n                    found.append(self.keys_over(table, where, keys, at, "plus", "new"))',
        "pass",
    ),
    "NULL is no key": (
        tree, "ON a IS NOT DISTINCT FROM u.k", "ON a = u.k",
    ),
    "the looked-up side of an outer join is taken for one that adds rows": (
        refresh, "if any(lookups) or members:", "if members:",
    ),
    "a changed list of IN is not looked at": (
        refresh, "members = [(each, name) for each, name in block.members if name in self.changes]", "members = []",
    ),
    "only the rows now are looked up by a key that changed": (
        refresh, 'for version in ("new", "old")\n', 'for version in ("new",)\n',
    ),
    "the first window's PARTITION BY is taken for that of all": (
        query_parts, "for window in windows[1:]:", "for window in windows[:0]:",
    ),
    "DISTINCT adds every row that came": (
        refresh, 'if block.operation == "UNION_ALL":', 'if block.operation in ("UNION_ALL", "DISTINCT"):',
    ),
    "UNION ALL forgets what went": (
        refresh, 'has_minus = any(self.has(name, "minus") for name in block.children)', "has_minus = False",
    ),
    "a group is kept though its rows are gone": (
        refresh, "return Answer(text(new), text(old), found, tuple(name for name in outputs if name is not None))",
        "return Answer(text(new))",
    ),
}  # fmt: skip


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
    for name in vars(refresh):
        if getattr(vars(refresh)[name], "__module__", None) == module.__name__:
            monkeypatch.setattr(refresh, name, getattr(changed, name))
    return refresh.refresh


@pytest.mark.parametrize("what", PLANTED)
def test_a_wrong_rule_is_caught(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = planted(*PLANTED[what], monkeypatch)
    for seed in range(SEEDS):
        for _, sql in KNOWN:
            try:
                found = difference(sql, seed, wrong)  # type: ignore[arg-type]
            except (Refused, duckdb.Error):
                continue
            if found is not None:
                return
    pytest.fail("nobody noticed")
