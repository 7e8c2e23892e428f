"""What commands say of a draft, which is an asset as its files say now: `show --draft`, `diff --draft`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from assetflow.cli.apart import printed_for_people
from assetflow.cli.materialize import terminated_like_interrupted
from assetflow.cli.screen import age, plural, say, show_warning, styled
from assetflow.project.drafting.draft import Draft, Outline, Read, drafted
from assetflow.reason import in_short

if TYPE_CHECKING:
    from assetflow.planning.step import Step
    from assetflow.project.project import Project


@contextmanager
def made_aside(project: Project, found: Outline, rows: int | None, partition: str | None) -> Iterator[Draft]:
    """Make a draft, and say of what; it is gone with the block, also where a signal ends it."""
    name = found.asset.name
    keys = None if partition is None else project.partitions_named(partition, [name])[name]
    for step in found.anew:
        aside(f"{step.asset} is{' perhaps' * (step.action == 'maybe')} computed anew for it: {reason_of(step)}")
    with ExitStack() as stack:
        stack.enter_context(terminated_like_interrupted())
        with printed_for_people():
            draft = stack.enter_context(drafted(project, found, rows, keys))
        for warning in (*draft.warnings, *failures(draft)):
            show_warning(warning)
        aside(headline(draft))
        yield draft


def aside(text: str) -> None:
    say(styled(text, "dim", err=True))


def reason_of(step: Step) -> str:
    """Why a step is made, in a few words."""
    return in_short(step.reasons) or step.spared


def headline(draft: Draft) -> str:
    """`sales_by_week as its files say now, not published; over sales as published 2 h ago`"""
    which = f"partition {draft.partition} of " if draft.partition else ""
    over = f"; over {', '.join(map(read_text, draft.reads))}" if draft.reads else ""
    others = "; --partition A..B shows others" if draft.partition else ""
    return f"{which}{draft.asset.name} as its files say now, not published{over}{others}"


def read_text(read: Read) -> str:
    if read.published_at is not None:
        return f"{read.name} as {'read' if read.is_source else 'published'} {age(read.published_at)}"
    return f"{read.name} as its files are now" if read.is_source else f"{read.name} computed anew"


def failures(draft: Draft) -> Iterator[str]:
    """What checks have against the rows."""
    for check in draft.checks:
        if not check.ok:
            found = check.error or plural(check.failures, "failing row")
            yield f"{check.name}: {found}" + (": a run would not publish it" if check.blocks else "")


def footer(found: int, limit: int) -> str:
    shown = plural(found, "row") if found <= limit else f"the first {plural(limit, 'row')}"
    return f"{shown} · draft"


def document(found: Outline, draft: Draft) -> dict[str, Any]:
    """What scripts learn of a draft beside its rows."""
    reads = [
        {"name": read.name, "published_at": read.published_at, "kind": "source" if read.is_source else "asset"}
        for read in draft.reads
    ]
    anew = [{"asset": step.asset, "reasons": [reason.to_dict() for reason in step.reasons]} for step in found.anew]
    failed = [
        {"check": check.name, "severity": check.severity, "failures": check.failures, "error": check.error}
        for check in draft.checks
        if not check.ok
    ]
    return {"partition": draft.partition, "reads": reads, "anew": anew, "failed_checks": failed}
