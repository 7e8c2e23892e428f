"""What came of a run, as a notebook shows it, and the lines that it prints while it goes on."""

from __future__ import annotations

from typing import Any

from assetflow.errors import AssetflowError
from assetflow.formats.table import Column, Row, layout
from assetflow.notebook import html
from assetflow.running.events import AssetResult, Event, RunResult

COLUMNS = (
    Column("asset"), Column("outcome"), Column("rows", is_number=True), Column("seconds", is_number=True),
    Column("remark"),
)  # fmt: skip
WIDTH = 120


class Run:
    """The outcome of each asset. `ok` is False when something failed; nothing is raised for it."""

    def __init__(self, result: RunResult) -> None:
        self.result = result

    @property
    def ok(self) -> bool:
        return self.result.status in ("succeeded", "nothing_to_do")

    @property
    def status(self) -> str:
        return self.result.status

    @property
    def run_id(self) -> str | None:
        return self.result.run_id

    @property
    def assets(self) -> tuple[AssetResult, ...]:
        return self.result.assets

    @property
    def errors(self) -> dict[str, AssetflowError]:
        """Why assets failed or were blocked."""
        return {each.asset: each.error for each in self.assets if each.error is not None}

    def to_dicts(self) -> list[dict[str, Any]]:
        """The results as `materialize --json` lists them, for a frame: `pl.DataFrame(run.to_dicts())`."""
        return [each.to_dict() for each in self.assets]

    def __repr__(self) -> str:
        lines = layout(COLUMNS, self._cells(), WIDTH) if self.assets else []
        errors = [f"{name}: {error}" for name, error in self._failures().items()]
        return "\n".join([self._summary(), *(line.rstrip() for line in lines), *errors, *self.result.warnings])

    def _repr_html_(self) -> str:
        shown = html.table(COLUMNS, self._cells()) if self.assets else ""
        errors = [
            html.card(name, html.preformatted(str(error).splitlines())) for name, error in self._failures().items()
        ]
        return html.card(self._summary(), shown, *errors, *map(html.paragraph, self.result.warnings))

    def _failures(self) -> dict[str, AssetflowError]:
        return {each.asset: each.error for each in self.assets if each.outcome == "failed" and each.error is not None}

    def _summary(self) -> str:
        if self.status == "nothing_to_do":
            return "Nothing is stale."
        number = len({each.asset for each in self.assets})
        assets = f"{number} asset{'s' * (number != 1)}"
        hint = " refresh() shows what was published." if self.ok else ""
        return f"Run {self.run_id} {self.status}: {assets} in {self.result.seconds:.1f} s.{hint}"

    def _cells(self) -> list[Row]:
        return [
            [
                each.asset if each.partition is None else f"{each.asset} {each.partition}",
                each.outcome,
                "" if each.rows is None else f"{each.rows:,}",
                f"{each.seconds:.1f}",
                remark(each),
            ]
            for each in self.assets
        ]


def remark(result: AssetResult) -> str:
    """The first line of what went wrong, or what the checks warn of."""
    if result.error is not None:
        return result.error.message.splitlines()[0]
    failing = [check for check in result.checks if not check.ok]
    return "; ".join(f"check {check.name}: {check.error or f'{check.failures:,} failing'}" for check in failing)


def progress(event: Event, done: int, total: int) -> str | None:
    """`2/5 sales: made, 1,469,307 rows, 1.2 s`; None for an event that ends no step, such as that of a partition."""
    words = {"finished": "made", "restored": "restored", "skipped": "skipped", "failed": "failed", "blocked": "blocked"}
    if event.event not in words or event.partition is not None:
        return None
    said = [words[event.event]]
    if event.rows is not None:
        said.append(f"{event.rows:,} row{'s' * (event.rows != 1)}")
    if event.event == "finished" and event.seconds is not None:
        said.append(f"{event.seconds:.1f} s")
    error = f": {event.error.splitlines()[0]}" if event.error else ""
    return f"{done}/{total} {event.asset}: {', '.join(said)}{error}"
