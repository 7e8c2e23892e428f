"""What a project declares, put together: assets, sources, and who reads whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from assetflow.asset import Asset
from assetflow.check import Check
from assetflow.errors import DefinitionError, did_you_mean
from assetflow.lineage.graph import Graph
from assetflow.source import Source


class FileDefinitions(Struct, frozen=True):
    """What one file declares. `checks` are functions under `@check`, with the asset that each is about.

    `in_place` are the files that its assets read by themselves, each a source under its own text as name.
    """

    path: str
    assets: tuple[Asset, ...] = ()
    sources: tuple[Source, ...] = ()
    checks: tuple[tuple[str, Check], ...] = ()
    in_place: tuple[Source, ...] = ()


class Definitions(Struct, frozen=True):
    """All assets and sources of a project by name, and the lineage between them."""

    assets: Mapping[str, Asset]
    sources: Mapping[str, Source]
    graph: Graph


class Readable(Struct, frozen=True):
    """What is declared, as far as it can be understood: nothing, where there is a `problem`."""

    definitions: Definitions
    problem: DefinitionError | None = None


def link(files: Iterable[FileDefinitions]) -> Definitions:
    """Put the definitions of single files together, or say what does not fit: all of it, not just the first."""
    files = list(files)
    problems: list[DefinitionError] = []
    assets, sources = by_name(files, problems)
    for file in files:
        for name, check in file.checks:
            add_check(name, check, assets, sources, problems)
    for asset in [each for each in assets.values() if not each.enabled]:
        assets[asset.name] = of_what_is_there(asset, assets, sources)
    tell_names(assets, sources, problems)
    read = {name: (*asset.upstreams, *asset.files) for name, asset in assets.items()}
    graph = Graph.of({**dict.fromkeys(sources, ()), **read})  # sources that nobody reads belong to it, too
    problems += unknown_upstreams(assets, sources)
    problems += unknown_in_checks(assets, sources)
    if not problems and (cycle := graph.cycle()) is not None:
        problems.append(cycle_error(cycle, assets))
    if problems:
        raise together(problems)
    return Definitions(assets, sources, graph)


def by_name(
    files: Sequence[FileDefinitions], problems: list[DefinitionError]
) -> tuple[dict[str, Asset], dict[str, Source]]:
    """All assets and sources; files that SQL reads in place are sources unless somebody declares them."""
    assets: dict[str, Asset] = {}
    sources: dict[str, Source] = {}
    for file in files:
        things: tuple[Asset | Source, ...] = (*file.sources, *file.assets)
        for thing in things:
            earlier = assets.get(thing.name) or sources.get(thing.name)
            if earlier is not None:
                problems.append(two_of_a_name(thing, earlier))
            elif isinstance(thing, Asset):
                assets[thing.name] = thing
            else:
                sources[thing.name] = thing
    for file in files:
        for source in file.in_place:
            sources.setdefault(source.name, source)
    return assets, sources


def of_what_is_there(asset: Asset, assets: Mapping[str, Asset], sources: Mapping[str, Source]) -> Asset:
    """An asset that is not enabled, without what it will read once it is: that may have to be declared yet."""
    upstreams = tuple(name for name in asset.upstreams if name in assets or name in sources)
    checks = tuple(
        check for check in asset.checks if all(name in assets or name in sources for name in check.upstreams)
    )
    return asset._replace(upstreams=upstreams, checks=checks)


def tell_names(assets: Mapping[str, Asset], sources: dict[str, Source], problems: list[DefinitionError]) -> None:
    """Note which sources are read by somebody who is told the names of their files."""
    for asset in assets.values():
        told = [opened for opened in asset.files if asset.kind == "sql" and shows_paths(asset.sql or "")]
        if asset.per == "file":
            first = asset.parameters[0].upstream
            if first in assets:
                problems.append(no_files(asset, first))
            elif asset.knows_names:
                told.append(first)
        for name in told:
            if name in sources:
                sources[name] = sources[name]._replace(by_name=True)


def shows_paths(sql: str) -> bool:
    """True for a query that may show where the files lie that it opens by itself."""
    return any(word in sql.lower() for word in ("filename", "file_index", "read_text", "read_blob"))


def no_files(asset: Asset, upstream: str) -> DefinitionError:
    return asset.definition_error(
        f"{asset.name} is called per file of {upstream}, which is an asset and has no files of its own",
        hint='Declare per="row" where each row is made of one row, or take a source.',
    )


def two_of_a_name(thing: Asset | Source, earlier: Asset | Source) -> DefinitionError:
    return DefinitionError(
        f"two definitions are named {thing.name}: the other one is at {earlier.path}:{earlier.line}",
        path=thing.path,
        line=thing.line,
        hint="Names are unique in a project, whatever the folder: rename one of them.",
    )


def add_check(
    name: str,
    check: Check,
    assets: dict[str, Asset],
    sources: Mapping[str, Source],
    problems: list[DefinitionError],
) -> None:
    asset = assets.get(name)
    if asset is None:
        about, hint = "no asset", did_you_mean(name, assets) or "`assetflow ls` lists the assets."
        if name in sources:
            about = "a source: checks on sources are declared with the source"
            hint = 'Write there: checks = [{ not_null = "id" }], or check an asset that reads it.'
        problems.append(
            DefinitionError(
                f"the check {check.name} is about {name}, which is {about}",
                path=check.path,
                line=check.line,
                hint=hint,
            )
        )
        return
    if any(check.name == other.name for other in asset.checks):
        problems.append(DefinitionError(f"{name} has two checks named {check.name}", path=check.path, line=check.line))
        return
    assets[name] = asset._replace(checks=(*asset.checks, check))


def unknown_upstreams(assets: Mapping[str, Asset], sources: Mapping[str, Source]) -> list[DefinitionError]:
    return [
        unknown_upstream(asset, upstream, assets, sources)
        for asset in assets.values()
        for upstream in asset.upstreams
        if upstream not in assets and upstream not in sources
    ]


def unknown_in_checks(assets: Mapping[str, Asset], sources: Mapping[str, Source]) -> list[DefinitionError]:
    things: list[Asset | Source] = [*assets.values(), *sources.values()]
    return [
        DefinitionError(
            f"the check {check.name} of {thing.name} compares with {upstream}, which is no asset and no source",
            path=check.path or thing.path,
            line=check.line or thing.line,
            hint=did_you_mean(upstream, [*assets, *sources]) or f"Add assets/{upstream}.sql, or correct the check.",
        )
        for thing in things
        for check in thing.checks
        for upstream in check.upstreams
        if upstream not in assets and upstream not in sources
    ]


def unknown_upstream(
    asset: Asset, upstream: str, assets: Mapping[str, Asset], sources: Mapping[str, Source]
) -> DefinitionError:
    known = [name for name in (*assets, *sources) if name != asset.name]
    near = did_you_mean(upstream.rpartition(".")[2], known)
    parameter = next((p.name for p in asset.parameters if p.upstream == upstream), None)
    if parameter is not None:
        message = f"the parameter {parameter!r} of {asset.name} is no asset and no source"
        advice = "A parameter without a default is the upstream of that name; give it a default to make it a setting."
        return asset.definition_error(
            message if parameter == upstream else f"{message}: it stands for {upstream!r}",
            hint=f"{near} {advice}" if near else advice,
        )
    return DefinitionError(
        f"{asset.name} reads {upstream}, which is no asset and no source",
        path=asset.path,
        line=line_of_upstream(asset, upstream),
        hint=near or how_to_declare(upstream),
    )


def how_to_declare(name: str) -> str:
    """What brings a table into being that somebody reads."""
    if "." in name:
        return f"Tables are in no schema here: write FROM {name.rpartition('.')[2]}, if that is what is meant."
    table = f"sources.{name}"
    return f"Add assets/{name}.sql, or declare a source: [tool.assetflow.{table}] (in assetflow.toml: [{table}])."


def line_of_upstream(asset: Asset, upstream: str) -> int:
    """Where the SQL of an asset first names an upstream; only looked up to complain."""
    needle = upstream.rpartition(".")[2].lower()
    for offset, line in enumerate((asset.sql or "").splitlines()):
        if needle in line.lower():
            return asset.line + offset
    return asset.line


def cycle_error(cycle: tuple[str, ...], assets: Mapping[str, Asset]) -> DefinitionError:
    first = assets[cycle[0]]
    arrows = " -> ".join(cycle)
    if len(set(cycle)) == 1:
        return DefinitionError(
            f"{first.name} reads itself",
            path=first.path,
            line=line_of_upstream(first, first.name),
            hint="An asset cannot read its own rows; if another table of that name is meant, rename the asset.",
        )
    files = ", ".join(dict.fromkeys(assets[name].path for name in cycle))
    return DefinitionError(
        f"these assets need each other: {arrows}",
        path=first.path,
        line=first.line,
        hint=f"Take one of the upstreams out, in {files}.",
    )


def together(problems: list[DefinitionError]) -> DefinitionError:
    """One error that tells them all, each once: a broken helper breaks every file that imports it."""
    first: dict[tuple[str | None, str], DefinitionError] = {}
    for problem in problems:
        first.setdefault((problem.where, problem.message), problem)
    if len(first) == 1:
        return problems[0]
    lines = "\n".join(f"  {str(problem).replace(chr(10), chr(10) + '    ')}" for problem in first.values())
    return DefinitionError(f"{len(first)} definitions are wrong\n{lines}")
