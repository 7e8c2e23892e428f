"""`assetflow materialize`: plan, then run."""

from __future__ import annotations

import gc
import json
import math
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from assetflow.cli.apart import Printed, printed_for_people
from assetflow.cli.options import (
    environment_option,
    exclude_option,
    json_option,
    no_asset,
    open_project,
    project_option,
    select_option,
)
from assetflow.cli.screen import plural, put_json, put_wrapped, say, show_warning, styled
from assetflow.errors import AssetflowError, BusyError, Interrupted
from assetflow.warehouse.disk.locks import wait_for

if TYPE_CHECKING:
    from assetflow.planning.plan import Plan
    from assetflow.project.project import Project
    from assetflow.project.run import Running
    from assetflow.running.events import RunResult


@click.command("materialize")
@select_option
@exclude_option
@environment_option
@click.option("--full-refresh", is_flag=True, help="Make everything that is selected, stale or not.")
@click.option("--discard-history", is_flag=True, help="Let the history tables named by --select begin anew.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="How many assets are made side by side.")
@click.option("--fail-fast", is_flag=True, help="Start nothing more after the first failure.")
@click.option(
    "--publish", type=click.Choice(["all", "each"]), default="all", show_default=True,
    help="Publish all tables together at the end, or each one as soon as it is made and checked.",
)  # fmt: skip
@click.option("--partition", metavar="A..B", help="Only these partitions of partitioned assets.")
@click.option("--executor", metavar="NAME", help="Where assets are made: threads, processes or inline.")
@click.option(
    "--wait", type=click.FloatRange(min=0), is_flag=False, flag_value=math.inf, default=None, metavar="[SECONDS]",
    help="Wait for a run that makes or reads the same assets, so long at most, instead of ending with 4.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and warnings.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", help="json: one event per line on stderr."
)
@json_option
@project_option
def command(
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    env: str | None,
    full_refresh: bool,
    discard_history: bool,
    dry_run: bool,
    jobs: int | None,
    fail_fast: bool,
    publish: str,
    partition: str | None,
    executor: str | None,
    wait: float | None,
    quiet: bool,
    log_format: str,
    as_json: bool,
    project: str | None,
) -> int:
    """Make what is stale, in order, check it, and publish it all at once."""
    as_lines = log_format == "json"

    def once() -> int:
        opened = open_project(project, env, executor=executor)
        plan = opened.plan(select, exclude, full_refresh=full_refresh, partition=partition)
        if discard_history:
            plan = discarding(plan, select)
        if plan.stale_upstreams and not as_lines:
            from assetflow.cli.plan import warn_of_stale_upstreams

            warn_of_stale_upstreams(plan, select)
        if dry_run:
            return show_plan(opened.foresee(plan), as_json)
        if not plan:
            return nothing_to_do(plan, opened, quiet=quiet, as_lines=as_lines, as_json=as_json)
        selection = " ".join(select) + (f" (without {' '.join(exclude)})" if exclude else "")
        running = opened.run(plan, jobs=jobs, fail_fast=fail_fast, selection=selection, publish_each=publish == "each")
        return carry_out(running, opened, quiet=quiet, as_json=as_json, as_lines=as_lines)

    return told_in_lines(once, wait) if as_lines else patiently(once, wait, quiet=quiet, as_lines=False)


def told_in_lines(once: Callable[[], int], wait: float | None) -> int:
    """Do it, and tell in a line of the log why it could not be begun."""
    try:
        return patiently(once, wait, quiet=True, as_lines=True)
    except AssetflowError as error:
        where = f"{error.where}: " if error.where else ""
        log({**line_of("error", where + error.message), "hint": error.hint})
        return error.exit_code
    except KeyboardInterrupt:
        log(line_of("interrupted", "nothing was begun."))
        return Interrupted.exit_code


def carry_out(running: Running, project: Project, *, quiet: bool, as_json: bool, as_lines: bool) -> int:
    """Run, show what happens and what came of it; the exit code."""
    with terminated_like_interrupted():
        try:
            with printed_for_people() as printed:
                follow(running, printed, quiet=quiet, as_lines=as_lines)
        except (KeyboardInterrupt, Interrupted):
            running.close()
            show_interruption(running, as_lines=as_lines)
            if as_json and running.result is not None:
                put_json(running.result.to_dict())
            return 130
    result = running.result
    assert result is not None, "a run that ends has a result"
    if as_json:
        put_json(result.to_dict())
    if as_lines:
        log_warnings(result)
    else:
        from assetflow.cli.summary import summarize

        summarize(result, running.plan, project, quiet=quiet)
    return 1 if result.status == "failed" else 0


def patiently(once: Callable[[], int], seconds: float | None, *, quiet: bool, as_lines: bool) -> int:
    """Do it, after waiting for whoever is at the same, and plan anew then. BusyError when that takes longer."""
    until: float | None = None
    while True:
        try:
            return once()
        except BusyError as error:
            if until is None:
                until = time.monotonic() + (seconds or 0.0)
            left = until - time.monotonic()
            if left <= 0:
                raise
            if error.lock is None:
                continue
            if as_lines:
                log(line_of("waiting", error.message))
            elif not quiet:
                say(f"{error.message}; waiting for it")
            if not wait_for(error.lock, left):
                raise


def discarding(plan: Plan, select: tuple[str, ...]) -> Plan:
    """The plan that lets histories begin anew; UsageError unless it is said which."""
    from msgspec.structs import replace

    from assetflow.errors import UsageError

    if not select or not plan.forced:
        raise UsageError(
            "--discard-history drops what cannot be made again, so it needs --select and --full-refresh",
            hint="For example: assetflow materialize --select NAME --full-refresh --discard-history",
        )
    return replace(plan, discard_history=True)


def show_plan(plan: Plan, as_json: bool) -> int:
    from assetflow.cli.plan import plan_document, plan_lines, warn_of_unread

    if as_json:
        put_json(plan_document(plan))
        return 0
    for line in plan_lines(plan):
        put_wrapped(line)
    warn_of_unread(plan)
    return 0


def nothing_to_do(plan: Plan, project: Project, *, quiet: bool, as_lines: bool, as_json: bool) -> int:
    """Say so; and repair the catalog where it is missing or out of date."""
    for warning in project.settle(plan):
        log(line_of("warning", warning)) if as_lines else show_warning(warning)
    if as_json:
        from assetflow.running.events import RunResult

        put_json(RunResult(None, "nothing_to_do", 0.0).to_dict())
    elif not quiet and not as_lines:
        say(why_nothing(plan, project))
    return 0


def why_nothing(plan: Plan, project: Project) -> str:
    from assetflow.cli.plan import held_text

    if plan.fresh:
        return f"Nothing is stale: {plural(len(plan.fresh), 'asset')} fresh{held_text(plan)}."
    if plan.held:
        return f"Nothing to do{held_text(plan)}."
    if project.definitions.assets:
        return "Nothing to do: what is selected is a source or not enabled. See `assetflow ls`."
    return f"Nothing to do: {no_asset(project)}"


SELDOM = 20_000
"""Objects after which garbage is looked for, in place of 700."""


def follow(running: Running, printed: Printed, *, quiet: bool, as_lines: bool) -> None:
    """Show what happens, as it happens, in the way that fits the stream."""
    # All that was read of the project stays to the end: it need not be looked through for garbage again and again.
    gc.freeze()
    gc.set_threshold(SELDOM)
    if as_lines:
        for event in running:
            if event.parts is None:  # each of its partitions has had a line of its own
                printed.end_line()
                log(event.to_dict())
    elif quiet:
        for _ in running:
            continue
    elif printed.isatty():
        from assetflow.cli.live import follow_live

        follow_live(running, printed.stream)
    else:
        from assetflow.cli.progress import lines

        total = len(running.plan.steps)
        for number, line in enumerate(lines(running), 1):
            printed.end_line()
            say(f"{number:>{len(str(total))}}/{total} {line}")


def log(line: dict[str, Any]) -> None:
    """One line of the log, there at once for whoever follows it."""
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def line_of(event: str, error: str, running: Running | None = None) -> dict[str, Any]:
    """What is told of a whole run, with the keys of an event of one asset."""
    run_id = None if running is None or running.result is None else running.result.run_id
    nothing = dict.fromkeys(("asset", "partition", "snapshot", "seconds", "rows"))
    return {"event": event, "run_id": run_id, **nothing, "error": error}


def log_warnings(result: RunResult) -> None:
    """What did not hinder the run, as lines of the log; failures are among its events already."""
    from assetflow.cli.summary import warnings_of

    for asset, text in warnings_of(result):
        log({**line_of("warning", text), "run_id": result.run_id, "asset": asset})


def show_interruption(running: Running, *, as_lines: bool) -> None:
    from assetflow.cli.summary import interruption

    first, *more = interruption(running)
    if as_lines:
        log(line_of("interrupted", " ".join([first, *more]), running))
    else:
        say("\n".join([f"\n{styled('interrupted:', 'warning', err=True)} {first}", *more]))


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP (cron, systemd, a closed terminal) as Ctrl-C: stop cleanly, keep what is finished."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    def is_ignored(name: str) -> bool:
        """As `nohup` has it: who gave the command wants it to go on."""
        return signal.getsignal(getattr(signal, name)) is signal.SIG_IGN

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name) and not is_ignored(name)]
    try:
        before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    except ValueError:  # not the main thread: whoever runs us there handles signals
        yield
        return
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
