"""What would be made, as a notebook shows it."""

from __future__ import annotations

from typing import Any

from assetflow.formats.table import Column, Row, layout
from assetflow.notebook import html
from assetflow.planning import plan as planning
from assetflow.planning.step import Step

COLUMNS = (Column("asset"), Column("action"), Column("why"))
WIDTH = 120


class Plan:
    """The steps in order, with their reasons; `fresh` are the selected assets for which nothing has to be done."""

    def __init__(self, plan: planning.Plan) -> None:
        self._plan = plan

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._plan.steps

    @property
    def fresh(self) -> tuple[str, ...]:
        return self._plan.fresh

    @property
    def stale_upstreams(self) -> tuple[str, ...]:
        """Assets that are stale and read by a step, but not selected."""
        return self._plan.stale_upstreams

    def __bool__(self) -> bool:
        """True when something would be made."""
        return bool(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The steps as `plan --json` lists them, for a frame: `pl.DataFrame(plan.to_dicts())`."""
        return [each for step in self._plan.to_make for each in step.to_dicts()]

    def __repr__(self) -> str:
        lines = layout(COLUMNS, self._cells(), WIDTH) if self.steps else []
        return "\n".join([self._summary(), *(line.rstrip() for line in lines), *self._warning()])

    def _repr_html_(self) -> str:
        shown = html.table(COLUMNS, self._cells()) if self.steps else ""
        return html.card(self._summary(), shown, *map(html.paragraph, self._warning()))

    def _summary(self) -> str:
        fresh = f"{len(self.fresh)} fresh"
        if not self.steps:
            return f"Nothing is stale: {fresh}."
        return f"{len(self.steps)} step{'s' * (len(self.steps) != 1)}, {fresh}"

    def _warning(self) -> list[str]:
        if not self.stale_upstreams:
            return []
        return [f"Stale, but not selected: {', '.join(self.stale_upstreams)}."]

    def _cells(self) -> list[Row]:
        return [
            [step.asset, step.action, "; ".join(reason.detail or reason.kind for reason in step.reasons)]
            for step in self.steps
        ]
