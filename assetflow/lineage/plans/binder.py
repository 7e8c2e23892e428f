"""Asks DuckDB to bind a query against empty tables: its plan, and the names and types of its columns.

The one place of the lineage floor where an engine binds. The plan is not optimized, since statistics of empty tables
would fold predicates away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from threading import RLock
from typing import Any

from msgspec import Struct

from assetflow.duck import duckdb
from assetflow.lineage.plans.plan_columns import Columns, told_columns
from assetflow.lineage.plans.scans import without_scans
from assetflow.lineage.scratch import scratch
from assetflow.lineage.sql.tokens import with_pivot_values
from assetflow.lineage.sql.tree import statement_kinds
from assetflow.quoting import quote_identifier

HASHES = 2
"""Counts the ways in which meanings have been hashed; a new one says nothing about older ones."""

Plan = dict[str, Any]
"""An operator of DuckDB's logical plan, as `json_serialize_plan` writes it."""

Schema = Sequence[tuple[str, str]]
"""Names and DuckDB types of a table's columns."""

Tables = tuple[tuple[str, Columns], ...]
"""The tables that a query may read, in the order of their names."""


class BindError(Exception):
    """A query that does not fit the columns of what it reads.

    `line` counts within the query from 1, where it is known; `missing` is the name that was not found.
    """

    def __init__(
        self, message: str, *, line: int | None = None, hint: str | None = None, missing: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.hint = hint
        self.missing = missing


class NotBound(Exception):
    """DuckDB gives no plan for a query, for a reason that says nothing about its columns.

    `columns` are names and types of the answer, where it could be bound nevertheless.
    """

    def __init__(self, reason: str, columns: Columns | None = None) -> None:
        super().__init__(reason)
        self.columns = columns


class Bound(Struct, frozen=True):
    """A bound query. `tables` maps stub tables of the plan to the names in `schemas`.

    `open_columns`: a PIVOT takes further columns from the data.
    """

    plan: Plan
    columns: Columns
    tables: Mapping[str, str]
    open_columns: bool = False


def bind(text: str, schemas: Mapping[str, Schema]) -> Bound:
    """Bind one query; BindError when it does not fit, NotBound when DuckDB gives no plan."""
    with _one_at_a_time:
        try:
            return _stubs().bind(text, schemas)
        except duckdb.Error as error:
            raise NotBound(_first_line(str(error))) from error


def bind_ahead(queries: Iterable[tuple[str, Mapping[str, Schema]]]) -> None:
    """Have DuckDB bind many queries together, for those who `bind` them next: a call takes longer than what it does.

    What cannot be bound so is left to them.
    """
    with _one_at_a_time:
        _stubs().bind_ahead(queries)


def engine() -> str:
    """`duckdb-2.0/2`: meanings are comparable only where this is equal."""
    return f"duckdb-{'.'.join(duckdb.__version__.split('.')[:2])}/{HASHES}"


class _Stubs:
    """A database of empty tables, which stay for the next query that reads the same."""

    def __init__(self) -> None:
        self.connection = scratch()
        self.schemas: dict[str, Columns] = {}
        self.ahead: dict[tuple[str, Tables], str] = {}
        """What DuckDB said of queries over such tables that nobody has asked for yet."""

    def bind_ahead(self, queries: Iterable[tuple[str, Mapping[str, Schema]]]) -> None:
        self.ahead.clear()
        asked = {}
        for text, schemas in queries:
            # Those that are rewritten first are few.
            if "pivot" not in text.lower() and all(name.isidentifier() for name in schemas):
                with suppress(NotBound):
                    for name, schema in schemas.items():
                        self._make(name, schema)
                    asked[text] = _tables(schemas)
        with suppress(duckdb.Error):  # the binder gives up on one of them: each is asked for alone
            for text, answer in self.connection.execute(_PLANS, [list(asked)]).fetchall():
                # Where two of them read different tables of one name, the later ones stand there.
                if all(self.schemas.get(name) == columns for name, columns in asked[text]):
                    self.ahead[text, asked[text]] = answer

    def bind(self, text: str, schemas: Mapping[str, Schema]) -> Bound:
        rewritten, scans = without_scans(text, schemas)
        read_in_place = set(scans.values())
        tables = {**{name: name for name in schemas if name not in read_in_place}, **scans}
        for stub, name in tables.items():
            self._make(stub, schemas[name])
        open_columns = "pivot" in text.lower() and statement_kinds(rewritten) == ["MULTI"]
        if open_columns:
            rewritten = with_pivot_values(rewritten, "'any'")
        said = self.ahead.pop((text, _tables(schemas)), None) if self.ahead else None
        plan = self._plan(rewritten, said, is_rewritten=rewritten != text)
        return Bound(plan, told_columns(plan) or self._columns(rewritten), tables, open_columns)

    def _columns(self, text: str) -> Columns:
        relation = self.connection.sql(text)
        return tuple((name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True))

    def _make(self, stub: str, schema: Schema) -> None:
        wanted = tuple((name, kind) for name, kind in schema)
        if self.schemas.get(stub) == wanted:
            return
        columns = ", ".join(f"{quote_identifier(name)} {kind}" for name, kind in wanted)
        try:
            self.connection.execute(f"CREATE OR REPLACE TABLE {quote_identifier(stub)} ({columns})")
        except duckdb.Error as error:
            self.schemas.pop(stub, None)
            raise NotBound(f"no table like {stub} can be made: {_first_line(str(error))}") from error
        self.schemas[stub] = wanted

    def _plan(self, text: str, said: str | None, *, is_rewritten: bool) -> Plan:
        try:
            said = said or str(self.connection.execute(_PLAN, [text]).fetchall()[0][0])
        except duckdb.Error as error:  # the binder itself gave up, as on some recursive queries
            raise NotBound(_first_line(str(error)), self._columns_or_none(text)) from error
        if not said:  # DuckDB cannot write down some values: a BIGNUM
            raise NotBound("DuckDB writes down no plan of it", self._columns_or_none(text))
        answer = json.loads(said)
        if answer["error"]:
            self._refuse(answer, text, is_rewritten=is_rewritten)
        if len(answer["plans"]) != 1:
            raise NotBound("it is no single query")
        plan: Plan = answer["plans"][0]
        return plan

    def _refuse(self, answer: dict[str, Any], text: str, *, is_rewritten: bool) -> None:
        message, _, rest = answer["error_message"].partition("\n")
        if answer["error_type"] != "binder" and not _NO_FUNCTION.search(message):
            raise NotBound(message, self._columns_or_none(text))
        try:
            # The plan is bound for writing it down, which refuses some that would run.
            columns = self._columns(text)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            position = answer.get("position")
            line = None if position is None or is_rewritten else text.encode()[: int(position)].count(b"\n") + 1
            candidates = re.search(rf"(Candidate bindings|Candidate tables|{_MEANT})[: ]+(.+)", rest)
            hint = candidates and f"{candidates[1]}{'' if candidates[1] == _MEANT else ':'} {candidates[2]}"
            raise BindError(message, line=line, hint=hint, missing=answer.get("name")) from error
        except duckdb.Error as error:
            raise NotBound(message) from error
        raise NotBound(message, columns)

    def _columns_or_none(self, text: str) -> Columns | None:
        try:
            return self._columns(text)
        except duckdb.Error:
            return None


_MEANT = "Did you mean"
_NO_FUNCTION = re.compile(r"Function with name \S+ does not exist!")
"""Of a function of an extension DuckDB says where it exists; this one is nowhere."""

_OPTIONS = "skip_null := true, skip_empty := true, skip_default := false, optimize := false"
_PLAN = f"SELECT json_serialize_plan(?, {_OPTIONS})"
_PLANS = f"SELECT text, json_serialize_plan(text, {_OPTIONS}) FROM (SELECT unnest(?) AS text)"


def _tables(schemas: Mapping[str, Schema]) -> Tables:
    return tuple((name, tuple((column, kind) for column, kind in schema)) for name, schema in sorted(schemas.items()))


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


_one_at_a_time = RLock()


@cache
def _stubs() -> _Stubs:
    return _Stubs()
