"""What came of a run, in words: the errors, then a line for all of it; or what is kept of one that was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assetflow.cli.screen import partitions_text, percent, plural, say, seconds, show_error, show_warning, styled

if TYPE_CHECKING:
    from assetflow.errors import AssetflowError
    from assetflow.planning.plan import Plan
    from assetflow.project.project import Project
    from assetflow.project.run import Running
    from assetflow.running.events import AssetResult, RunResult


def summarize(result: RunResult, plan: Plan, project: Project, *, quiet: bool) -> None:
    """The errors in full, then one line on what came of the run."""
    for error, assets in errors_of(result):
        say()
        show_error(error)
        if len(assets) > 1:
            say(f"  Not made because of it: {', '.join(assets)}")
    for _, warning in warnings_of(result):
        show_warning(warning)
    if quiet:
        return
    if plan.held:
        say(f"held back: {', '.join(plan.held)} (assetflow rollback NAME --release lets go)")
    for name in result.withdrawn:
        say(f"withdrawn: {name} (no longer declared)")
    counts = outcome_counts(result)
    said = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    said += partitions_text((each.asset, each.partition) for each in result.assets)
    fresh = f", {len(plan.fresh)} fresh before" if plan.fresh else ""
    say(f"\n{styled(said, 'bold', err=True)}{fresh} in {seconds(result.seconds)}")
    spared = spared_text(result)
    if spared:
        say(spared)
    if counts["made"] or counts["restored"] or counts["withdrawn"]:
        say(f"published in {project.catalog_shown()}")


def errors_of(result: RunResult) -> Iterator[tuple[AssetflowError, list[str]]]:
    """Each error once, with the assets that failed of it: a source that cannot be read fails all that read it."""
    found: dict[str, tuple[AssetflowError, list[str]]] = {}
    for each in worth_telling(result):
        if each.error is not None:
            _, assets = found.setdefault(str(each.error), (each.error, []))
            if each.asset not in assets:
                assets.append(each.asset)
    yield from found.values()


def worth_telling(result: RunResult) -> Iterator[AssetResult]:
    """What failed; of an asset that is cut into partitions, the first one of each kind of failure."""
    told = set()
    for each in result.assets:
        key = (each.asset, each.partition is not None, each.error.message[:40] if each.error is not None else "")
        if each.outcome == "failed" and key not in told:
            told.add(key)
            yield each


def spared_text(result: RunResult) -> str:
    """`2 of 3 incremental: 1.2 % of the rows read, 41 s instead of about 18 min`: it counts tables, not partitions."""
    made = [each for each in result.assets if each.outcome == "materialized"]
    incremental = {each.asset for each in made if each.mode == "incremental"}
    if not incremental:
        return ""
    found = [(each, each.saved) for each in made if each.saved is not None]
    share = share_text(sum(saved.rows_read for _, saved in found), sum(saved.rows_there for _, saved in found))
    known = [(each.seconds, saved.seconds_in_full) for each, saved in found if saved.seconds_in_full is not None]
    took, full = sum(one for one, _ in known), sum(other for _, other in known)
    is_less = full > took and seconds(full) != seconds(took)
    spent = f"{seconds(took)} instead of about {seconds(full)}" if is_less else ""
    said = f"{len(incremental)} of {len({each.asset for each in made})} incremental"
    return f"{said}: {', '.join(part for part in (share, spent) if part)}".rstrip(": ")


def share_text(read: int, there: int) -> str:
    """`1.2 % of the rows read`: rows that came, and rows that went, which may be more than there are."""
    if not there:
        return ""
    return f"{percent(read, there)} of the rows read" if read < there else "as many rows read as in full"


def outcome_counts(result: RunResult) -> dict[str, int]:
    words = {
        "materialized": "made",
        "restored": "restored",
        "skipped": "skipped",
        "failed": "failed",
        "blocked": "blocked",
    }
    counts = dict.fromkeys(words.values(), 0)
    for outcome, _ in {(each.outcome, each.asset) for each in result.assets}:
        counts[words[outcome]] += 1
    counts["withdrawn"] = len(result.withdrawn)
    return counts


def warnings_of(result: RunResult) -> Iterator[tuple[str | None, str]]:
    """The asset, if it is about one, and the text of each warning."""
    for each in result.assets:
        for check in each.checks:
            if not check.ok and not check.blocks:
                found = check.error or plural(check.failures, "failing row")
                yield each.asset, f"{each.asset}: check {check.name} found {found}"
    for warning in result.warnings:
        yield None, warning


def interruption(running: Running) -> Iterator[str]:
    """What is kept when the user stops a run, line by line."""
    if running.result is not None and running.result.status != "interrupted":
        yield "everything was done and published before."
        return
    published = () if running.result is None else running.result.published
    if published:
        are = "table was" if len(published) == 1 else "tables were"
        yield f"{len(published)} {are} published before, the others of this run were not."
    else:
        yield "nothing of this run was published."
    made = () if running.result is None else running.result.assets
    kept = [each for each in made if each.outcome == "materialized" and each.asset not in published]
    if kept:
        names = {each.asset for each in kept}
        parts = partitions_text((each.asset, each.partition) for each in kept)
        are = "is" if len(names) == 1 else "are"
        yield f"{plural(len(names), 'finished asset')}{parts} {are} kept: the next run restores what is still right."
