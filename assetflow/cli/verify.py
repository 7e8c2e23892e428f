"""`assetflow verify`: is the warehouse what it says it is?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from assetflow.cli.options import environment_option, json_option, open_project, project_option
from assetflow.cli.screen import clean, plural, put, put_json, size, styled
from assetflow.errors import UsageError

if TYPE_CHECKING:
    from assetflow.warehouse.verify import Problem


@click.command("verify")
@click.option("--deep", is_flag=True, help="Read every byte, and compare the rows with their digests.")
@click.option("--budget", metavar="PERCENT", help="With --deep: read only so much, chosen at random, as in 5%.")
@click.option("--skips", type=click.IntRange(min=1), metavar="N", help="Make N fresh assets again, aside, and compare.")
@environment_option
@json_option
@project_option
def command(
    deep: bool, budget: str | None, skips: int | None, env: str | None, as_json: bool, project: str | None
) -> int:
    """Check the soundness of the warehouse itself. Exit code 1 when something is wrong."""
    from assetflow.warehouse.verify import verify

    if budget is not None and not deep:
        raise UsageError("--budget is the share of what --deep reads", hint="Write --deep --budget 5%.")
    opened = open_project(project, env)
    share = share_of(budget) if budget is not None else 1.0
    found = verify(opened.warehouse, deep=deep, budget=share, open_cursor=opened.open_cursor)
    problems, checked, wrong = list(found.problems), 0, 0
    if skips is not None:
        from assetflow.project.inspecting.skips import check_skips

        checked, differing = check_skips(opened, skips)
        wrong = len(differing)
        problems += differing
    if as_json:
        put_json(
            {
                "schema": "assetflow.verify/1",
                "ok": not problems,
                "files": found.files,
                "bytes": found.bytes,
                "problems": [problem._asdict() for problem in problems],
                "skips_checked": checked,
                "skips_wrong": wrong,
            }
        )
    else:
        looked = "read" if deep else "looked at"
        put(f"{plural(found.files, 'file')} ({size(found.bytes)}) {looked}, {plural(len(problems) - wrong, 'problem')}")
        if skips is not None:
            put(f"{plural(checked, 'skip')} checked, {wrong} wrong")
        show_problems(problems)
    return 1 if problems else 0


def show_problems(problems: Sequence[Problem]) -> None:
    """Each of them, and then what to do, once."""
    from assetflow.project.inspecting.doctor import remedy

    for problem in problems:
        where = " ".join(each for each in (problem.asset, problem.path) if each)
        put(f"{styled(problem.kind, 'failed')}  {clean(where)}: {clean(problem.detail)}")
    for step in dict.fromkeys(remedy(problem) for problem in problems):
        put(f"  {clean(step)}")


def share_of(budget: str) -> float:
    """`5%` as 0.05."""
    try:
        share = float(budget.strip().removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(f"--budget {budget} is no share", hint="Write a percentage, as in --budget 5%.")
    return share
