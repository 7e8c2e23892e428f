"""`assetflow diff`: how two versions of a table differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from assetflow.cli.complete import complete_table, complete_version
from assetflow.cli.options import (
    environment_option,
    json_option,
    open_project,
    project_option,
    warn_of_broken,
)
from assetflow.cli.screen import clean, local_time, plural, put, put_json, say, styled
from assetflow.project.versions.versions import (
    compare_snapshots,
    compare_versions,
    ends_meant,
    find_version,
    readable,
)

if TYPE_CHECKING:
    from assetflow.project.explaining.attribution import Attribution, Part
    from assetflow.project.project import Project
    from assetflow.warehouse.content.difference import Difference
    from assetflow.warehouse.ledger.records import Version


@click.command("diff", context_settings={"ignore_unknown_options": True})
@click.argument("asset", shell_complete=complete_table)
@click.argument("versions", nargs=-1, metavar="[A] [B]", shell_complete=complete_version)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    metavar="N",
    help="How many rows to show.",
)
@click.option("--why", is_flag=True, help="Split the change between the code and each input: makes it again, aside.")
@click.option("--draft", is_flag=True, help="Compare what is published with what its files say now.")
@environment_option
@json_option
@project_option
def command(
    asset: str,
    versions: tuple[str, ...],
    limit: int,
    why: bool,
    draft: bool,
    env: str | None,
    as_json: bool,
    project: str | None,
) -> None:
    """Show how two versions of an asset differ: by default the one before and the current one.

    A version is a snapshot (`assetflow history`), a run, -1 for the one before, an environment, or a time: "2 days
    ago". It can also stand behind the name: sales@-2 sales@dev. With --draft, one version (by default the current one)
    is compared with the rows that the asset would have as its files say now; nothing is published.
    """
    if draft:
        diff_draft(asset, versions, limit, open_project(project, env), why=why, as_json=as_json)
        return
    asset, before, after = ends_meant(asset, versions)
    opened = open_project(project, env)
    warn_of_broken(opened)
    one, other = find_version(opened, asset, before), find_version(opened, asset, after)
    found = compare_versions(opened, asset, one, other, limit)
    split = None
    if why:
        from assetflow.project.explaining.attribution import attribute

        split = attribute(opened, one, other, found)
    if as_json:
        ends = {"asset": asset, "before": one.snapshot, "after": other.snapshot}
        told = {} if split is None else {"why": split.to_dict()}
        put_json({"schema": "assetflow.diff/1", **ends, "same": found.same, **found.to_dict(), **told})
        return
    for line in lines(asset, one, version(other), found):
        put(line)
    if split is not None and not found.same:
        for line in why_lines(split, found):
            put(line)


def diff_draft(
    asset: str, versions: tuple[str, ...], limit: int, project: Project, *, why: bool, as_json: bool
) -> None:
    """Show how what is published, or an older version, differs from what the files say now."""
    from assetflow.cli.drafts import document, made_aside
    from assetflow.errors import UsageError
    from assetflow.project.drafting.draft import outline

    if why or len(versions) + ("@" in asset) > 1:
        hint = "Leave out --why, and all versions but one: `assetflow diff ASSET [A] --draft`."
        raise UsageError("--draft compares one version with what the files say now", hint=hint)
    name, before, _ = ends_meant(asset, versions if versions or "@" in asset else ("current",))
    found = outline(project, name)
    one = find_version(project, name, before)
    then = readable(project, name, project.ledger.snapshot(one.snapshot))
    if found.is_fresh:
        say(styled(f"{name} is fresh: its draft is what is published", "dim", err=True))
    with made_aside(project, found, None, None) as draft:
        differs = compare_snapshots(project, name, then, draft.snapshot, limit)
        if as_json:
            ends = {"asset": name, "before": one.snapshot, "after": None, "draft": document(found, draft)}
            put_json({"schema": "assetflow.diff/1", **ends, "same": differs.same, **differs.to_dict()})
            return
    for line in lines(name, one, "draft", differs):
        put(line)


def lines(asset: str, one: Version, other: str, found: Difference) -> Iterator[str]:
    yield f"{styled(asset, 'bold')}  {version(one)} -> {other}"
    if found.same:
        yield f"  the same {plural(found.rows_after, 'row')}"
        return
    yield from schema_lines(found)
    yield from row_lines(found)


def version(one: Version) -> str:
    return f"{one.snapshot[:12]} ({local_time(one.published_at)})"


def schema_lines(found: Difference) -> Iterator[str]:
    for column in found.columns_added:
        yield styled(f"  + column {clean(column.name)} {column.type}", "fresh")
    for column in found.columns_removed:
        yield styled(f"  - column {clean(column.name)} {column.type}", "failed")
    for name, before, after in found.columns_retyped:
        yield styled(f"  ~ column {clean(name)} {before} -> {after}", "stale")


def row_lines(found: Difference) -> Iterator[str]:
    """What became of the rows, in numbers, and some of them."""
    parts = [f"{found.added:,} added", f"{found.removed:,} removed"]
    if found.key:
        parts.append(f"{found.changed:,} changed")
    key = f", told apart by {', '.join(map(clean, found.key))}" if found.key else ", no key to tell them apart"
    yield f"  {plural(found.rows_before, 'row')} -> {plural(found.rows_after, 'row')}: {', '.join(parts)}{key}"
    for name, count in found.changed_by_column:
        yield f"    {clean(name)}: {plural(count, 'change')}"
    for sample in found.samples:
        yield styled(f"  ~ {sample_text(found.key, sample.key, sample.changes)}", "stale")
    for row in found.added_rows:
        yield styled(f"  + {row_text(found.columns, row)}", "fresh")
    for row in found.removed_rows:
        yield styled(f"  - {row_text(found.columns, row)}", "failed")


def why_lines(split: Attribution, found: Difference) -> Iterator[str]:
    """How many of the changed rows each cause accounts for, and what it does by itself."""
    if split.refused is not None:
        yield f"  why: there is no telling: {clean(split.refused)}"
        return
    total = found.added + found.removed + found.changed
    yield f"  why, of {plural(total, 'row')}:"
    width = max((len(named(part)) for part in split.parts), default=0)
    for part in split.parts:
        yield f"    {named(part):<{width}}  {share(part.rows, total)}  {alone(part)}"
    for rows, words in (
        (split.several, "more than one of these does, each by itself"),
        (split.together, "only several of these together"),
        (split.last_digits, "differ in the last digits of floating-point numbers alone"),
    ):
        if rows:
            yield f"    {'':<{width}}  {share(rows, total)}  {words}"
    made = f"made {plural(split.builds, 'time')} again to tell"
    yield styled(f"    {made}; {split.note}" if split.note else f"    {made}", "dim")


def named(part: Part) -> str:
    return clean(part.name if part.kind == "input" else f"{part.kind} {part.name}")


def share(rows: int, total: int) -> str:
    return f"{rows:>{len(f'{total:,}')},}" + (f" ({rows / total:4.0%})" if total else "")


def alone(part: Part) -> str:
    """What a cause does by itself, in words."""
    if part.alone is None:
        return f"cannot be made with this alone: {clean(part.error or '')}"
    does = part.alone
    counts = ((does.added, "added"), (does.removed, "removed"), (does.changed, "changed"))
    words = [f"{number:,} {word}" for number, word in counts if number]
    words += [f"+ column {clean(column.name)}" for column in does.columns_added]
    words += [f"- column {clean(column.name)}" for column in does.columns_removed]
    words += [f"~ column {clean(name)}" for name, _, _ in does.columns_retyped]
    return f"alone: {', '.join(words) or 'changes nothing'}"


def sample_text(key: tuple[str, ...], values: tuple[str, ...], changes: tuple[tuple[str, str, str], ...]) -> str:
    """`id 17: email a@x -> b@x`."""
    told = ", ".join(f"{clean(name)} {clean(value)}" for name, value in zip(key, values, strict=True))
    return f"{told}: " + ", ".join(f"{clean(name)} {clean(one)} -> {clean(other)}" for name, one, other in changes)


def row_text(columns: tuple[str, ...], row: tuple[str, ...]) -> str:
    shown = [f"{clean(name)} {clean(value)}" for name, value in zip(columns, row, strict=True)]
    return ", ".join(shown[:6]) + (" ..." if len(shown) > 6 else "")
