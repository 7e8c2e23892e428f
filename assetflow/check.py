"""A check: a query that returns the rows which fail."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warn"]

TABLE = "{table}"
"""Where a check's SQL names the table under check; replaced by a scan of the staged snapshot."""


NOTHING: Mapping[str, Any] = {}
"""An empty table, for whoever was told nothing; nobody writes to it."""


class Check(NamedTuple):
    """A named query over `{table}` that returns failing rows; an `error` blocks publication.

    `upstreams` are the other tables that the query reads by name (`relationships`, hand-written SQL).
    A check in Python has `function` (`"assets/checks.py:big_orders"`) in place of `sql`.
    """

    name: str
    sql: str | None = None
    severity: Severity = "error"
    upstreams: tuple[str, ...] = ()
    function: str | None = None
    column: str | None = None
    path: str | None = None
    line: int | None = None
    options: Mapping[str, Any] = NOTHING


def version_of(checks: Sequence[Check]) -> str:
    """A hash of what checks ask, empty for none: rows that passed others have to pass these."""
    if not checks:
        return ""
    said = [[check.name, check.sql, check.severity, check.function, sorted(check.options.items())] for check in checks]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


ROWS_WHERE = f"SELECT * FROM {TABLE} WHERE "
BEYOND = "select|from|now|today|current_\\w+|random|qualify|over|having|group|limit|offset|order|union|except|intersect"
"""Words of conditions that may ask for more than the row at hand."""


def looks_at_rows_alone(check: Check) -> bool:
    """True for a check that asks each row by itself, so that one which passed once passes for ever."""
    if check.sql is None or not check.sql.startswith(ROWS_WHERE) or check.upstreams:
        return False
    return not re.search(rf"\b({BEYOND})\b|{{", condition_of(check), re.IGNORECASE)


def condition_of(check: Check) -> str:
    """What holds of a row that fails, for a check that `looks_at_rows_alone`."""
    return (check.sql or "").removeprefix(ROWS_WHERE)


class CheckResult(NamedTuple):
    """What one check found: `failures` is the number of failing rows, `sample` the file that keeps some of them.

    `error` says why it could not run; `details` are the frames of the user's code then, which no ledger keeps.
    """

    name: str
    severity: Severity
    failures: int
    column: str | None = None
    sample: str | None = None
    error: str | None = None
    details: str | None = None

    @property
    def ok(self) -> bool:
        return self.failures == 0 and self.error is None

    @property
    def blocks(self) -> bool:
        return not self.ok and self.severity == "error"
