"""`assetflow explain`: why an asset is stale or fresh, in words, with the proof."""

from __future__ import annotations

from collections.abc import Iterator

import click

from assetflow.cli.complete import complete_asset
from assetflow.cli.diff import row_text, sample_text
from assetflow.cli.inputs import input_text, what_changed
from assetflow.cli.options import environment_option, json_option, open_to_read, project_option
from assetflow.cli.plan import ranges_text
from assetflow.cli.screen import (
    age,
    clean,
    count,
    indent,
    local_time,
    plural,
    put_json,
    put_wrapped,
    seconds,
    styled,
    terminal_width,
)
from assetflow.partitions.declared import told as cut_by
from assetflow.planning.step import Step
from assetflow.project.explaining.explain import Compared, Explanation, explain
from assetflow.project.foreseeing.modes import Refreshes
from assetflow.reason import listed
from assetflow.warehouse.content.difference import Difference

MANY = 60
"""Columns that are named; `--json` has all."""
WIDE = 100
"""Descriptions are set in lines of so many characters, or of as many as a terminal has."""


@click.command("explain")
@click.argument("asset", shell_complete=complete_asset)
@click.option("--rows", is_flag=True, help="Look up which rows of its upstreams changed since it was made.")
@click.option("--partition", metavar="KEY", help="Tell it of one partition.")
@environment_option
@json_option
@project_option
def command(asset: str, rows: bool, partition: str | None, env: str | None, as_json: bool, project: str | None) -> None:
    """Tell why an asset is stale or fresh: what was compared, then and now."""
    opened = open_to_read(project, env)
    if partition is not None:
        from assetflow.cli.explain_partition import lines_of_partition
        from assetflow.project.explaining.explain_partition import explain_partition

        of_partition = explain_partition(opened, asset, partition)
        if as_json:
            put_json(of_partition.to_dict())
            return
        for line in lines_of_partition(of_partition):
            put_wrapped(line)
        return
    explanation = explain(opened, asset, samples=3 if rows else 0)
    if as_json:
        put_json(explanation.to_dict())
        return
    for line in lines(explanation):
        put_wrapped(line)


def lines(told: Explanation) -> Iterator[str]:
    asset = told.asset
    wide = min(terminal_width() or WIDE, WIDE)
    yield f"{styled(asset.name, 'bold')} {fares(told)}  {styled(asset.where, 'dim')}"
    if asset.description:
        yield click.wrap_text(clean(" ".join(asset.description.split())), wide, "  ", "  ")
    for column, words in told.words:
        said = clean(" ".join(words.text.split()))
        origin = "" if words.origin.table == asset.name else f" (as {clean(str(words.origin))})"
        yield click.wrap_text(f"{clean(column)}: {said}{origin}", wide, "    ", "      ")
    yield ""
    yield from verdict(told)
    yield from past(told)
    yield from proof(told)
    yield from refreshing(told)
    yield from outlook(told)


def fares(told: Explanation) -> str:
    """`is fresh`, `may be stale`, `failed`, `is held back`."""
    if told.is_held:
        return f"is {styled('held back', 'stale')}"
    if told.status == "failed":
        return styled("failed", "failed")
    is_open = told.step is not None and told.step.action == "maybe"
    return f"{'may be' if is_open else 'is'} {styled(told.status, told.status)}"


def verdict(told: Explanation) -> Iterator[str]:
    """What the next run would do, and why."""
    step = told.step
    if told.failure is not None:
        yield "It failed when it was tried last:"
        yield indent(clean(told.failure, lines=True), "  ")
        yield ""
    if not told.asset.enabled:
        yield "It is not made: the asset says enabled = false."
        return
    if told.is_held:
        yield f"It was rolled back and is held there: no run moves it before `{release_text(told)}`."
        return
    if told.never_there is not None:
        yield f"No run can make it: {told.never_there}, which it is made from, is not enabled and was never made."
        return
    if step is None:
        yield f"The next run leaves it alone: {why_fresh(told)}."
        return
    yield from next_step(told, step)


def next_step(told: Explanation, step: Step) -> Iterator[str]:
    """How the next run gets at its rows, and why."""
    does = {
        "build": "The next run makes it again because" if told.made else "The next run makes it because",
        "restore": "The next run points to an older version again, without computing, because",
        "maybe": "The next run makes it again only if what it reads comes out otherwise:",
    }[step.action]
    yield does
    for reason in step.reasons:
        yield f"  - {clean(reason.detail or reason.kind)}"
    if step.listed:
        yield f"  Its partitions {clean(ranges_text(step.listed))} are made."
    for line in told.code_difference[:20]:
        style = "fresh" if line.startswith("+") else "failed" if line.startswith("-") else "dim"
        yield "      " + styled(clean(line), style)
    for name, reason in told.upstream_reasons:
        yield f"  upstream {name}: {clean(reason.detail or reason.kind)}"
    if step.columns is not None:
        yield f"  Its columns change: {clean(str(step.columns))}."
    if step.mode_reason:
        yield f"  {clean(refresh_text(step))}"


def why_fresh(told: Explanation) -> str:
    """`users changed, but not in what it reads`."""
    moved = [each for each in told.compared if each.what == "input" and each.snapshot_then != each.snapshot_now]
    if not moved and not told.same_code:
        return "it was made from exactly what is there now"
    is_read = bool(told.asset.partition) and any(each.then != each.now for each in moved)
    where = "in no row that one of its partitions is made of" if is_read else "not in what it reads"
    why = [f"{clean(', '.join(each.name for each in moved))} changed, but {where}"] if moved else []
    return " and ".join([*why, *["its code changed, but not in what it does"] * bool(told.same_code)])


def release_text(told: Explanation) -> str:
    return f"assetflow rollback {told.asset.name} --release --env {told.environment}"


def refresh_text(step: Step) -> str:
    """How it will be made, and by which rule, or why not incrementally."""
    if step.restores is not None:
        return step.mode_reason or ""
    if step.mode == "incremental":
        return f"It is refreshed by the rows that changed: {step.mode_reason}."
    return f"It is made in full: {step.mode_reason}."


def past(told: Explanation) -> Iterator[str]:
    """When and why it was made last."""
    if told.made is None:
        return
    made = told.made
    rows = "" if made.rows is None else f", {plural(made.rows, 'row')}"
    yield ""
    when = f"{local_time(made.built_at)} ({age(made.built_at)})"
    yield f"Made {when} in {seconds(made.seconds)}{rows}, by run {made.run_id},"
    for reason in made.reasons:
        yield f"  because {clean(reason.detail or reason.kind)}"
    if told.older_inputs:
        yield f"Until it is made again, it shows {clean(listed(told.older_inputs))} as it was then."
    elif told.content_since is not None:
        yield f"Its rows have been the same since {local_time(told.content_since)}."


def proof(told: Explanation) -> Iterator[str]:
    """Each part of the fingerprint, then and now."""
    if not told.compared:
        return
    yield ""
    yield "Compared with what it was made from:"
    for each in told.compared:
        yield f"  {mark(each)} {sentence(each, told)}"
        if each.what == "input":
            yield from changes_of(each.name, told)
    yield from row_changes(told)
    if not told.differences and any(each.snapshot_now not in ("", each.snapshot_then) for each in told.compared):
        yield f"      `assetflow explain {told.asset.name} --rows` shows the rows that changed."
    for why in told.reads_why:
        yield f"  {clean(why)}"


def changes_of(upstream: str, told: Explanation) -> Iterator[str]:
    """What changed in an upstream; where that is a view, which holds no rows, in the tables behind it."""
    for change in told.inputs:
        if change.source == upstream and not change.through:
            yield f"      {clean(what_changed(change))}"
        elif change.through[:1] == (upstream,):
            yield f"      behind it, {input_text(change)}"


def refreshing(told: Explanation) -> Iterator[str]:
    """What a change of each upstream will cost: the rule, and its keys, or why everything is made again."""
    if told.asset.partition:
        yield ""
        yield f"It is cut into partitions, by {clean(cut_by(told.asset.partition))}: only those are made to which rows"
        yield "that changed belong, or, where that cannot be told, all of them."
        return
    if not told.refreshes:
        return
    yield ""
    ways = {(each.mode, each.rule) for each in told.refreshes}
    if len(ways) == 1:
        (each, *_) = told.refreshes
        yield f"When its upstreams change, it is {in_words(each)}."
        return
    yield "When rows come to an upstream:"
    width = max(len(each.upstream) for each in told.refreshes)
    for each in told.refreshes:
        yield f"  {each.upstream:<{width}}  it is {in_words(each)}"


def in_words(each: Refreshes) -> str:
    if each.mode == "incremental":
        return f"refreshed by the rows that changed: {clean(each.rule)}"
    return f"made in full: {clean(each.rule)}"


def mark(each: Compared) -> str:
    if each.now is None:
        return styled("?", "stale") if each.then is not None else styled("x", "failed")
    return styled("=", "fresh") if each.same else styled("x", "failed")


def sentence(each: Compared, told: Explanation) -> str:
    if each.what == "code":
        why = f", {told.same_code}" if told.same_code else ""
        return f"code      {each.name}: {short(each)}{why}"
    if each.what == "config":
        return f"config    {each.now}" if each.same else f"config    {each.then} -> {each.now}"
    if each.then is None:
        return f"input     {each.name}: not read when it was made"
    if each.now is None:
        gone = each.name not in (*told.asset.upstreams, *told.asset.files)
        return f"input     {each.name}: " + (
            "no longer read" if gone else f"{reads(each)}; known when a run has made or read it"
        )
    if not each.same:
        return f"input     {each.name}: {reads(each)}, and that changed ({short(each)})"
    if each.snapshot_then != each.snapshot_now:
        return f"input     {each.name}: {reads(each)}, and that is the same in its new version ({short(each)})"
    since = f", unchanged since {local_time(each.since)}" if each.since else ""
    return f"input     {each.name}: {reads(each)}{since} ({short(each)})"


def reads(each: Compared) -> str:
    """What is read of an upstream, in words."""
    order = ", in the order of its rows" if each.ordered else ""
    if each.columns is None:
        return f"it reads all columns{order}"
    if not each.columns:
        return "it reads only how many rows there are"
    return f"it reads {clean(listed(each.columns, MANY))}{order}"


def row_changes(told: Explanation) -> Iterator[str]:
    """The rows of upstreams that changed since: what was asked for, with what of it is read."""
    for name, found in told.differences:
        yield f"      {name}: {rows_sentence(found)}"
        for sample in found.samples[:2]:
            yield f"        e.g. {sample_text(found.key, sample.key, sample.changes)}"
        for row in found.added_rows[:1]:
            yield f"        e.g. + {row_text(found.columns, row)}"
        for row in found.removed_rows[:1]:
            yield f"        e.g. - {row_text(found.columns, row)}"


def rows_sentence(found: Difference) -> str:
    """`3 rows changed, only in email`."""
    parts = [f"{plural(count, 'row')} {word}" for count, word in
             ((found.changed, "changed"), (found.added, "added"), (found.removed, "removed")) if count]  # fmt: skip
    where = [name for name, _ in found.changed_by_column]
    only = f", only in {clean(', '.join(where))}" if where and not found.added and not found.removed else ""
    new = [clean(column.name) for column in found.columns_added]
    gone = [clean(column.name) for column in found.columns_removed]
    columns = [f"column {', '.join(new)} is new"] * bool(new) + [f"column {', '.join(gone)} is gone"] * bool(gone)
    return "; ".join([(", ".join(parts) or "the same rows in what both have") + only, *columns])


def short(each: Compared) -> str:
    """A digest by its last characters, which is enough to tell two apart."""
    then, now = (each.then or "")[-12:], (each.now or "")[-12:]
    return now if each.same else f"{then} -> {now}"


def outlook(told: Explanation) -> Iterator[str]:
    """What the code version cannot see, what would make it stale, what depends on it."""
    asset = told.asset
    if asset.notes or asset.volatile:
        yield ""
        treated = "ignored, as declared" if asset.volatile == "ignore" else "so it is made in every run that selects it"
        if asset.notes:
            yield f"Its code reads what cannot be compared ({treated}):"
            for note in asset.notes:
                yield f"  - {clean(str(note))}"
            if asset.volatile is None:
                yield 'Where that does no harm, volatile = "ignore" says so.'
        else:
            yield f'It is declared volatile = "{asset.volatile}".'
    yield ""
    yield stale_when(told)
    if told.downstream:
        shown = ", ".join(told.downstream[:8])
        more = f" and {count(len(told.downstream) - 8)} more" if len(told.downstream) > 8 else ""
        yield f"Downstream of it: {shown}{more}."


def stale_when(told: Explanation) -> str:
    """What would make it stale, in a sentence."""
    asset = told.asset
    narrow = {each.name: each.columns for each in told.compared if each.what == "input"}
    reads = [read_of(name, narrow.get(name)) for name in (*asset.upstreams, *asset.files)]
    code = "its code or its config changes" if asset.config else "its code changes"
    return f"It becomes stale when {code}" + (f", or what it reads: {'; '.join(reads)}." if reads else ".")


def read_of(name: str, columns: tuple[str, ...] | None) -> str:
    if columns is None:
        return f"the rows of {name}"
    return f"{clean(listed(columns, MANY))} of {name}" if columns else f"the number of rows of {name}"
