"""`assetflow plan`: what would be made, how, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click
from msgspec.structs import replace

from assetflow.cli.inputs import input_text
from assetflow.cli.options import (
    environment_option,
    exclude_option,
    json_option,
    no_asset,
    open_to_read,
    project_option,
    select_option,
)
from assetflow.cli.screen import clean, plural, put, put_json, put_wrapped, seconds, show_warning, styled, table
from assetflow.planning.plan import Plan
from assetflow.planning.step import Listed, Step
from assetflow.reason import in_short, listed

WORTH_SAYING = 1.0
"""Seconds of a full refresh from which on it is said how long it takes."""
READERS = 5
"""Assets that a warning names."""
RANGES = 3
"""Ranges of partitions that a line names."""
STALE = 3
"""The exit code of `--check` when something is stale."""


@click.command("plan")
@select_option
@exclude_option
@environment_option
@click.option("--full-refresh", is_flag=True, help="Plan as if everything selected were stale.")
@click.option("--partition", metavar="A..B", help="Only these partitions of partitioned assets.")
@click.option("--check", is_flag=True, help="Exit 3 when anything is stale.")
@json_option
@project_option
def command(
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    env: str | None,
    full_refresh: bool,
    partition: str | None,
    check: bool,
    as_json: bool,
    project: str | None,
) -> int:
    """Show what would be made, in order, how, and why. Makes nothing."""
    opened = open_to_read(project, env)
    plan = opened.plan(select, exclude, full_refresh=full_refresh, partition=partition)
    plan = opened.foresee(plan)
    if as_json:
        put_json(plan_document(plan))
    elif not plan and not opened.definitions.assets:
        put(f"Nothing to do: {no_asset(opened)}")
    else:
        for line in plan_lines(plan):
            put_wrapped(line)
        warn_of_stale_upstreams(plan, select)
        warn_of_unread(plan)
    return STALE if check and plan else 0


def plan_document(plan: Plan) -> dict[str, Any]:
    return {
        "schema": "assetflow.plan/1",
        "steps": [each for step in plan.to_make for each in step.to_dicts()],
        "fresh": sorted([*plan.fresh, *(step.asset for step in plan.spared)]),
        "unaffected": [{"asset": step.asset, "detail": step.spared} for step in plan.spared],
        "proofs": [proof.to_dict() for proof in plan.proofs],
        "stale_upstreams": list(plan.stale_upstreams),
        "held": list(plan.held),
        "inputs": [change.to_dict() for change in plan.inputs],
        "withdrawn": list(plan.withdrawn),
        "unread": [{"source": name, "error": str(error)} for name, error in plan.unread.items()],
    }


def plan_lines(plan: Plan) -> list[str]:
    """The plan as a table, one line a step, the first reason of each."""
    if not plan:
        return [f"Nothing is stale: {plural(len(plan.fresh), 'asset')} fresh{held_text(plan)}."]
    rows = [row for step in plan.to_make for row in step_rows(step)]
    rows += [[step.asset, "unaffected", step.spared] for step in plan.spared]
    rows += [[name, "withdraw", "no longer declared"] for name in plan.withdrawn]
    sure = sum(step.action != "maybe" for step in plan.to_make)
    perhaps = len(plan.to_make) - sure
    summary = f"{sure} to make" + (f", {perhaps} perhaps" if perhaps else "")
    summary += f", {len(plan.spared)} unaffected" if plan.spared else ""
    summary += f", {len(plan.fresh)} fresh"
    summary += f", {len(plan.withdrawn)} to withdraw" if plan.withdrawn else ""
    summary += held_text(plan)
    changed = [input_text(change) for change in plan.inputs]
    return [*table(["asset", "how", "why"], rows), *([""] * bool(changed)), *changed, "", styled(summary, "bold")]


def step_rows(step: Step) -> list[list[str]]:
    """One line for a step; for one of partitions, one for each range of them that has the same reason."""
    if not step.listed:
        none = "" if step.listed is None else "none for which there are rows (0 partitions): "
        return [[step.asset, how(step), f"{none}{why(step)}"]]
    by_reason: dict[str, list[Listed]] = {}
    for each in step.listed:
        by_reason.setdefault(why(replace(step, reasons=each.reasons or step.reasons)), []).append(each)
    return [[step.asset, how(step), f"{ranges_text(each)}: {reason}"] for reason, each in by_reason.items()]


def ranges_text(listed: Sequence[Listed]) -> str:
    """`2024-01-01..2024-01-31, 2024-02-05 (32 partitions)`"""
    shown = ", ".join(each.range for each in listed[:RANGES])
    more = f" and {len(listed) - RANGES} more" if len(listed) > RANGES else ""
    known = [each.number for each in listed if each.number is not None]
    count = plural(sum(known), "partition") if len(known) == len(listed) else "as many as there are"
    published = " by what is published" if any(each.is_published for each in listed) else ""
    return f"{shown}{more} ({count}{published})"


def held_text(plan: Plan) -> str:
    """Which assets stay what they were rolled back to, and how to let them go."""
    if not plan.held:
        return ""
    return f"; held back: {', '.join(plan.held)} (assetflow rollback NAME --release lets go)"


def how(step: Step) -> str:
    if step.action == "restore":
        return "restore"
    word = "perhaps" if step.action == "maybe" else "build"
    if step.action == "maybe" and step.mode == "full":
        return word
    if step.listed is not None and step.mode == "full":
        return f"{word} (partitions)"  # each of these in full, and no other
    return f"{word} ({step.mode})"


def why(step: Step) -> str:
    said = in_short(step.reasons)
    if step.columns is not None:
        said += f"; columns: {step.columns}"
    if step.restores is not None or step.mode_reason is None:
        return clean(said)
    how_said = "full" if step.mode == "full" else "by rule"
    return clean(f"{said}; {how_said}: {step.mode_reason}{rows_text(step)}{estimate(step)}")


def rows_text(step: Step) -> str:
    """`, 3,616 of 1,205,132 rows`: in files that changed, where a step is made by these.

    Nothing where these are more than there are rows: of a file that is written anew, rows came and rows went.
    """
    about = step.estimate
    if step.mode == "full" or about.changed is None or not about.there or about.changed > about.there:
        return ""
    return f", {about.changed:,} of {about.there:,} rows"


def estimate(step: Step) -> str:
    """`, about 0.40 s instead of 12 s`, by what it took the last time; nothing for what takes next to no time."""
    if step.seconds_in_full is None or step.seconds_in_full < WORTH_SAYING:
        return ""
    if step.mode == "full" or step.seconds is None:
        return f", {seconds(step.seconds_in_full)} in full"
    return f", about {seconds(step.seconds)} instead of {seconds(step.seconds_in_full)}"


def warn_of_unread(plan: Plan) -> None:
    """Say which sources cannot be read, so that steps will fail."""
    for name, error in plan.unread.items():
        readers = listed([step.asset for step in plan.to_make if name in step.upstreams], READERS)
        said = f"{error}\nWhat reads it will fail, and stays as published: {readers}."
        show_warning(said.replace("\n", "\n  "))


def warn_of_stale_upstreams(plan: Plan, select: Sequence[str]) -> None:
    """Say which upstreams are stale but not selected, and the selection that includes them."""
    if not plan.stale_upstreams:
        return
    names = ", ".join(plan.stale_upstreams[:5])
    more = f" and {len(plan.stale_upstreams) - 5} more" if len(plan.stale_upstreams) > 5 else ""
    are, count = ("is", "counts") if len(plan.stale_upstreams) == 1 else ("are", "count")
    wanted = " ".join(f"+{text}" if re.fullmatch(r"[\w:*./-]+", text) else f"+({text})" for text in select)
    include = f" To include: --select '{wanted}'" if wanted else ""
    show_warning(f"{names}{more} {are} stale but not selected, and {count} as last published.{include}")
