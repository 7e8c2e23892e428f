"""`assetflow explain`: why an asset is stale or fresh, in words, with the proof."""

from __future__ import annotations

from collections.abc import Iterator

import click

from assetflow.asset import Asset
from assetflow.cli.options import complete_asset, environment_option, json_option, open_project, project_option
from assetflow.cli.screen import age, clean, count, indent, local_time, plural, put, put_json, seconds, styled
from assetflow.project.explain import Compared, Explanation, explain


@click.command("explain")
@click.argument("asset", shell_complete=complete_asset)
@environment_option
@json_option
@project_option
def command(asset: str, env: str | None, as_json: bool, project: str | None) -> None:
    """Tell why an asset is stale or fresh: what was compared, then and now."""
    explanation = explain(open_project(project, env), asset)
    if as_json:
        put_json(explanation.to_dict())
        return
    for line in lines(explanation):
        put(line)


def lines(told: Explanation) -> Iterator[str]:
    asset = told.asset
    yield f"{styled(asset.name, 'bold')} is {styled(told.status, told.status)}  {styled(asset.where, 'dim')}"
    if asset.description:
        yield click.wrap_text(clean(" ".join(asset.description.split())), 100, "  ", "  ")
    yield ""
    yield from verdict(told)
    yield from past(told)
    yield from proof(told)
    yield from outlook(told)


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
    if step is None:
        yield "The next run leaves it alone: it was made from exactly what is there now."
        return
    does = {
        "build": "The next run makes it again" if told.made else "The next run makes it",
        "restore": "The next run points to an older version again, without computing,",
        "maybe": "The next run makes it again, unless its upstreams come out the same,",
    }[step.action]
    yield f"{does} because"
    for reason in step.reasons:
        yield f"  - {clean(reason.detail or reason.kind)}"
    for line in told.code_difference[:20]:
        style = "fresh" if line.startswith("+") else "failed" if line.startswith("-") else "dim"
        yield "      " + styled(clean(line), style)
    for name, reason in told.upstream_reasons:
        yield f"  upstream {name}: {clean(reason.detail or reason.kind)}"
    if step.mode_reason:
        yield f"  {step.mode_reason}"


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
    if told.content_since is not None:
        yield f"Its rows have been the same since {local_time(told.content_since)}."


def proof(told: Explanation) -> Iterator[str]:
    """Each part of the fingerprint, then and now."""
    if not told.compared:
        return
    yield ""
    yield "Compared with what it was made from:"
    for each in told.compared:
        yield f"  {mark(each)} {sentence(each, told)}"


def mark(each: Compared) -> str:
    if each.now is None:
        return styled("?", "stale") if each.then is not None else styled("x", "failed")
    return styled("=", "fresh") if each.same else styled("x", "failed")


def sentence(each: Compared, told: Explanation) -> str:
    if each.what == "code":
        return f"code      {each.name}: {short(each)}"
    if each.what == "config":
        return f"config    {each.now}" if each.same else f"config    {each.then} -> {each.now}"
    since = f", unchanged since {local_time(each.since)}" if each.same and each.since else ""
    if each.then is None:
        return f"input     {each.name}: not read when it was made"
    if each.now is None:
        gone = each.name not in (*told.asset.upstreams, *told.asset.files)
        return f"input     {each.name}: " + ("no longer read" if gone else "known when it has been made")
    return f"input     {each.name}: {short(each)}, all columns{since}"


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
        else:
            yield f'It is declared volatile = "{asset.volatile}".'
    yield ""
    yield stale_when(asset)
    if told.downstream:
        shown = ", ".join(told.downstream[:8])
        more = f" and {count(len(told.downstream) - 8)} more" if len(told.downstream) > 8 else ""
        yield f"Downstream of it: {shown}{more}."


def stale_when(asset: Asset) -> str:
    """What would make it stale, in a sentence."""
    reads = ", ".join([*asset.upstreams, *asset.files])
    code = "its code or its config changes" if asset.config else "its code changes"
    return f"It becomes stale when {code}" + (f", or the rows of: {reads}." if reads else ".")
