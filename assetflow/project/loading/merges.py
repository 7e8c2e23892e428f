"""Refuses declarations of functions that take changes and cannot be made so: before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.asset import Merge, Parameter, Per
from assetflow.project.loading.options import Place

EXAMPLE = '@asset(merge="append") or @asset(merge="upsert", unique_key=["id"])'


def refuse_no_pieces(
    name: str, per: Per | None, parameters: Sequence[Parameter], place: Place, *, is_query: bool
) -> None:
    """DefinitionError where there is nothing that could be taken apart, and for paths in any other place."""
    for number, parameter in enumerate(parameters):
        if parameter.is_path and (number > 0 or per != "file" or parameter.changes):
            raise place.error(
                f'{parameter.name} of {name} arrives as a Path, as only the first parameter does under per = "file"',
                hint='Write @asset(per="file"), or take the rows of the files, as in a pl.DataFrame.',
            )
    if per is None:
        return
    said = f'{name} declares per = "{per}"'
    if not parameters:
        raise place.error(
            f"{said} and takes no upstream", hint="Its first parameter is the upstream that is taken apart."
        )
    if any(parameter.changes for parameter in parameters):
        raise place.error(
            f"{said} and takes Changes", hint="Take the rows as they are: it is called with new ones only."
        )
    if is_query:
        raise place.error(
            f"{said} and returns a Query, which reads whole tables",
            hint="Return rows; or write the query as a SQL asset, which is refreshed by its changes by itself.",
        )


def refuse_unmergeable(
    name: str,
    merge: Merge | None,
    unique_key: Sequence[str],
    parameters: Sequence[Parameter],
    place: Place,
    *,
    is_query: bool,
) -> None:
    """DefinitionError where `merge`, its key and the parameters do not go together."""
    changes = [parameter for parameter in parameters if parameter.changes]
    if merge is None:
        if changes:
            raise place.error(
                f"{changes[0].name} of {name} takes Changes, and nothing says how the rows made of them are put to the "
                "others",
                hint=f"Write {EXAMPLE}.",
            )
        return
    if not changes:
        raise place.error(
            f'{name} declares merge = "{merge}" and takes no Changes',
            hint="Annotate the upstream whose changes it is to be given, as in events: Changes[pl.DataFrame].",
        )
    if is_query:
        raise place.error(
            f"{name} takes Changes and returns a Query, which reads whole tables",
            hint="Return rows; or write the query as a SQL asset, which is refreshed by its changes by itself.",
        )
    if merge == "upsert" and not unique_key:
        raise place.error(
            f'{name} declares merge = "upsert" without the key by which rows replace others',
            hint='Write unique_key=["id"].',
        )
    if merge == "append" and len(changes) > 1:
        raise place.error(
            f"{name} appends what it makes of the changes of {' and '.join(each.name for each in changes)}: rows that "
            "came to one of them would never meet the older rows of the other",
            hint='Take Changes of one and the others whole, or declare merge="upsert" with a key that both have.',
        )
