"""`assetflow explain ASSET --partition KEY`, in words."""

from __future__ import annotations

from collections.abc import Iterator

from assetflow.cli.screen import age, clean, indent, local_time, plural, styled
from assetflow.project.explaining.explain_partition import PartitionExplained

VERDICTS = {
    "fresh": "The next run leaves it alone: nothing that it reads has changed.",
    "stale": "The next run makes it again because",
    "new": "It was never made. The next run makes it because",
    "absent": "There are no rows for it, so there is no such partition.",
    "waiting": "Whether it is stale is known when its upstreams are made:",
}
STYLES = {"new": "stale", "waiting": "stale", "absent": "dim"}


def lines_of_partition(told: PartitionExplained) -> Iterator[str]:
    name = clean(f"{told.asset} {told.partition}")
    yield f"{styled(name, 'bold')} is {styled(told.status, STYLES.get(told.status, told.status))}"
    yield ""
    if told.is_held:
        yield "Its table was rolled back and is held there: no run moves it before"
        yield f"`assetflow rollback {told.asset} --release --env {told.environment}`."
    else:
        yield VERDICTS[told.status]
    for reason in told.reasons:
        yield f"  - {clean(reason.detail or reason.kind)}"
    yield from past(told)
    if told.inputs:
        yield ""
        yield "Last compared with:"
        same = told.code == told.code_now
        yield f"  {mark(same=same)} code      {(told.code or '')[:12]}{'' if same else f' -> {told.code_now[:12]}'}"
        for each in told.inputs:
            reads = "all columns" if each.columns is None else clean(", ".join(each.columns)) or "how many rows"
            which = "its current version" if each.is_current else "an older version than the current one"
            yield f"  {mark(same=each.is_current)} input     {each.upstream}@{each.snapshot[:12]}: {reads}; {which}"


def past(told: PartitionExplained) -> Iterator[str]:
    """What became of it last."""
    last = told.last
    if last is None:
        return
    yield ""
    when = f"{local_time(last.started_at)} ({age(last.started_at)})"
    if last.outcome == "failed":
        yield f"It failed in run {last.run_id}, {when}:"
        yield indent(clean(last.error or "", lines=True), "  ")
        return
    word = "Made" if last.outcome == "materialized" else "Found again"
    rows = "" if last.rows is None else f", {plural(last.rows, 'row')}"
    yield f"{word} by run {last.run_id}, {when}{rows},"
    for reason in last.reasons:
        yield f"  because {clean(reason.detail or reason.kind)}"


def mark(*, same: bool) -> str:
    return styled("=", "fresh") if same else styled("x", "failed")
