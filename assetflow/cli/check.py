"""`assetflow check`: run data checks on what is published, or look at the rows that failed."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from assetflow.check import CheckResult
from assetflow.cli.apart import printed_for_people
from assetflow.cli.complete import complete_selection
from assetflow.cli.options import (
    environment_option,
    exclude_option,
    json_option,
    open_project,
    project_option,
    select_option,
)
from assetflow.cli.screen import clean, indent, plural, put, put_json, say, styled
from assetflow.names import flag_of

if TYPE_CHECKING:
    from assetflow.project.inspecting.checking import Checked
    from assetflow.project.project import Project


NAMED = 3
"""Tables that the next step names."""


@click.command("check")
@click.argument("assets", nargs=-1, shell_complete=complete_selection)
@select_option
@exclude_option
@click.option(
    "--show-failures", is_flag=True,
    help="Show the failing rows that were kept, of the last time checks ran and of the last run if that failed.",
)  # fmt: skip
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="At most so many failing rows.",
)
@environment_option
@json_option
@project_option
def command(
    assets: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    show_failures: bool,
    limit: int,
    env: str | None,
    as_json: bool,
    project: str | None,
) -> int:
    """Run data checks on what is published; exit 1 when a blocking one fails."""
    opened = open_project(project, env)
    chosen = opened.select((*assets, *select), exclude)
    if show_failures:
        return show_kept_rows(opened, chosen, limit, as_json=as_json)
    from assetflow.project.inspecting.checking import check_published

    checked = []
    results = check_published(opened, chosen)
    while (each := next_quietly(results)) is not None:
        checked.append(each)
        if not as_json:
            show(each)
    if as_json:
        put_json({"schema": "assetflow.check/1", "ok": not blocked(checked), "checks": documents(checked)})
    else:
        summarize(checked, opened.environment)
    return 1 if blocked(checked) else 0


def next_quietly(results: Iterator[Checked]) -> Checked | None:
    """The next result, with what a user's check prints meanwhile kept from the data."""
    with printed_for_people():
        return next(results, None)


def blocked(checked: list[Checked]) -> bool:
    return any(result.blocks for each in checked for result in each.results)


def documents(checked: list[Checked]) -> list[dict[str, Any]]:
    return [
        {
            "asset": each.asset,
            "check": result.name,
            "column": result.column,
            "severity": result.severity,
            "ok": result.ok,
            "failures": result.failures,
            "error": result.error,
        }
        for each in checked
        for result in each.results
    ]


def show(each: Checked) -> None:
    if each.skipped:
        put(f"{each.asset}: {styled('skipped', 'dim')}, {each.skipped}")
    for result in each.results:
        put(f"{each.asset}: {verdict(result)}  {result.name}{found(result)}")
        if result.details:
            say(indent(clean(result.details, lines=True), "  "))


def verdict(result: CheckResult) -> str:
    if result.ok:
        return styled("ok", "fresh")
    return styled("FAILED", "failed") if result.blocks else styled("warning", "stale")


def found(result: CheckResult) -> str:
    if result.error:
        return f": {result.error}"
    return f": {plural(result.failures, 'failing row')}" if result.failures else ""


def summarize(checked: list[Checked], environment: str) -> None:
    results = [result for each in checked for result in each.results]
    if not results:
        say("No checks to run: nothing selected declares any, or it has not been made yet.")
        return
    failed = sum(result.blocks for result in results)
    warned = sum(not result.ok and not result.blocks for result in results)
    ok = len(results) - failed - warned
    say(f"\n{plural(len(results), 'check')}: {ok} ok, {failed} failed, {plural(warned, 'warning')}")
    if failed or warned:
        worst = [each.asset for each in checked if any(not result.ok for result in each.results)]
        which = " ".join(worst) if len(worst) <= NAMED else "ASSET"
        say(f"`assetflow check {which} --show-failures{flag_of(environment)}` shows the rows.")


def show_kept_rows(project: Project, chosen: frozenset[str], limit: int, *, as_json: bool) -> int:
    """The failing rows of the last time the checks ran, and of what they kept from being published since."""
    kept = list(kept_failures(project, chosen))
    if as_json:
        failures = [failure_document(project, each, limit) for each in kept]
        put_json({"schema": "assetflow.failures/1", "failures": failures})
        return 0
    for name, result, is_refused in kept:
        where = ", not published" if is_refused else ""
        put(f"{styled(f'{name}: {result.name}', 'bold')}{found(result)}{where}")
        for line in kept_lines(project, result, limit):
            put(f"  {line}")
        put()
    if not kept:
        say("No failing rows: every check passed when it ran last.")
    return 0


class Failure(NamedTuple):
    """What a check of an asset found; `is_refused`: in rows that were not published."""

    asset: str
    result: CheckResult
    is_refused: bool


def kept_failures(project: Project, chosen: frozenset[str]) -> Iterator[Failure]:
    """What a failed run refused comes first; checks of what is published that ran afterwards do not hide it."""
    ledger, env = project.ledger, project.environment
    failed = ledger.last_failed(env)
    for name in sorted(chosen):
        if name in project.definitions.sources:
            refused = refused_of_source(project, name, failed)
        else:
            refused = ledger.refused_results(env, name) if name in failed else ()
        last = ledger.check_results(env, name)
        yield from (Failure(name, result, True) for result in refused if not result.ok)
        if last != refused:
            yield from (Failure(name, result, False) for result in last if not result.ok)


def refused_of_source(project: Project, name: str, failed: Container[str]) -> tuple[CheckResult, ...]:
    """What was refused of a source, unless all that reads it was made since."""
    readers = project.definitions.graph.downstreams(name)
    if readers and not any(reader in failed for reader in readers):
        return ()
    return project.ledger.refused_of_source(project.environment, name)


def failure_document(project: Project, failure: Failure, limit: int) -> dict[str, Any]:
    """What a check found, with some of the failing rows as `show --json` gives rows."""
    import json

    from assetflow.formats.json import document

    result = failure.result
    relation = kept_relation(project, result)
    lines = () if relation is None else document("assetflow.rows/1", relation, limit)
    return {
        "asset": failure.asset,
        "check": result.name,
        "published": not failure.is_refused,
        "failures": result.failures,
        "error": result.error,
        "sample": json.loads("".join(lines)) if relation is not None else None,
    }


def kept_lines(project: Project, result: CheckResult, limit: int) -> list[str]:
    """Some failing rows, laid out as a table."""
    from assetflow.formats import table

    relation = kept_relation(project, result)
    if relation is None:
        return []
    return table.layout(table.columns_of(relation), table.texts(relation.limit(limit)).fetchall())


def kept_relation(project: Project, result: CheckResult) -> Any:
    if result.sample is None:
        return None
    from assetflow.quoting import quote_literal

    path = os.path.join(project.settings.warehouse, result.sample)
    if not os.path.exists(path):
        return None
    return project.open_session().cursor().sql(f"SELECT * FROM read_parquet({quote_literal(path)})")
