"""How the assets of a run fared so far, and what else is told of it in the end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from assetflow.errors import AssetflowError
from assetflow.materialization import Proof
from assetflow.planning.step import Step
from assetflow.running.events import AssetResult, RunResult, Status
from assetflow.running.order import Order
from assetflow.warehouse.ledger import records


class Account:
    """`results` by asset; `source_errors` of the sources that could not be read; `proofs` of what was skipped."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.results: dict[str, AssetResult] = {}
        self.source_errors: dict[str, AssetflowError] = {}
        self.proofs: list[Proof] = list(order.plan.proofs)
        self.warnings: list[str] = []
        self.withdrawn: tuple[str, ...] = ()
        self.status: Status = "interrupted"
        self._began = time.perf_counter()
        self._since: dict[str, float] = {}

    @property
    def has_failures(self) -> bool:
        return any(result.outcome in {"failed", "blocked"} for result in self.results.values())

    def begin(self, name: str) -> None:
        """Note when making an asset began, for those that fail and cannot tell how long they took."""
        self._since[name] = time.perf_counter()

    def add(self, result: AssetResult) -> AssetResult:
        """Note how an asset fared; the result as it is told, with the time that was lost where it failed."""
        if result.outcome == "failed" and not result.seconds and result.asset in self._since:
            result = replace(result, seconds=seconds_since(self._since[result.asset]))
        older = self.compared_with_older(result)
        if older and result.error is not None:
            result = replace(result, error=with_older(result.error, older))
        self.results[result.asset] = result
        self.warnings += result.warnings
        return result

    def compared_with_older(self, result: AssetResult) -> list[str]:
        """Tables that failed in this run, so that the checks which an asset failed compared with older rows of them."""
        failed = {check.name for check in result.checks if check.blocks}
        if not failed:
            return []
        compared = [
            name for check in self.order.assets[result.asset].checks if check.name in failed for name in check.upstreams
        ]
        return [
            name
            for name in dict.fromkeys(compared)
            if name in self.source_errors
            or ((other := self.results.get(name)) is not None and other.outcome in {"failed", "blocked"})
        ]

    def source_failed(self, name: str, error: AssetflowError) -> None:
        """Note that a source cannot be read. Who reads it will say so; where only checks do, nobody else would."""
        self.source_errors[name] = error
        if not any(name in step.upstreams for step in self.order.plan.steps):
            self.warnings.append(f"checks compare with {name} as it was read before: {error}")

    def hindrance(self, step: Step) -> AssetResult | None:
        """Why a step cannot run: an upstream failed, a source cannot be read, or the run is to stop at a failure."""
        for upstream in step.upstreams:
            if upstream in self.source_errors:
                error = self.source_errors[upstream]
                return AssetResult(step.asset, "failed", mode="full", reasons=step.reasons, error=error)
            result = self.results.get(upstream)
            if result is not None and result.outcome in {"failed", "blocked"}:
                became = "failed" if result.outcome == "failed" else "was blocked"
                return blocked(step, f"its upstream {upstream} {became}")
        if self.order.fail_fast and any(result.outcome == "failed" for result in self.results.values()):
            return blocked(step, "not started: another asset failed, and --fail-fast was given")
        return None

    def closed(self, results: Iterable[AssetResult], published: Iterable[str]) -> RunResult:
        """What came of the run. `results` name partitions, too; `published` may be sources as well as assets."""
        return RunResult(
            self.order.run_id,
            self.status,
            seconds_since(self._began),
            tuple(results),
            tuple(self.warnings),
            self.withdrawn,
            tuple(name for name in published if name in self.results),
        )


def seconds_since(began: float) -> float:
    return round(time.perf_counter() - began, 6)


def blocked(step: Step, why: str) -> AssetResult:
    return AssetResult(step.asset, "blocked", reasons=step.reasons, error=AssetflowError(why))


def step_record(result: AssetResult) -> records.StepRecord:
    """How an asset or a partition fared, as the ledger keeps it."""
    return records.StepRecord(
        result.asset,
        result.outcome,
        result.partition,
        result.mode,
        result.reasons,
        result.rows,
        result.seconds,
        result.snapshot,
        None if result.error is None else str(result.error),
        result.mode_reason,
    )


def with_older(error: AssetflowError, older: Sequence[str]) -> AssetflowError:
    """The same error, with tables that its checks compared with as they were before this run."""
    said = f"Compared with {', '.join(older)} as published before, which this run failed to make: correct that first."
    return type(error)(error.message, path=error.path, line=error.line, hint=f"{said}\n{error.hint or ''}".rstrip())
