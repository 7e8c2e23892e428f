"""What is said of a table that an environment does not have, with the way to get it there."""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.errors import UsageError, did_you_mean
from assetflow.names import flag_of


def not_there(name: str, env: str, environments: Sequence[str], *, may_draft: bool) -> UsageError:
    """An asset that was never made in `env`; where that is none of the `environments`, its name is what is wrong."""
    if environments and env not in environments:
        hint = did_you_mean(env, environments) or f"There are {', '.join(environments)}."
        return UsageError(f"there is no environment {env}, in which to look for {name}", hint=hint)
    flag = flag_of(env)
    hint = f"Make it: assetflow materialize --select +{name}{flag}"
    if may_draft:
        hint += f"; or look at it: assetflow show {name} --draft{flag}"
    return UsageError(f"{name} has not been made yet in {env}", hint=hint)
