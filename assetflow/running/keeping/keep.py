"""Keeps what was made: moves staged files to their place, records what they were made from, points to older ones again.

Everything here happens on the coordinator, one at a time. Nothing is published by it.
"""

from __future__ import annotations

import os

from msgspec.structs import replace

from assetflow.asset import Asset
from assetflow.check import CheckResult, version_of
from assetflow.materialization import Fingerprint, Materialization, Snapshot
from assetflow.planning.decide import view_digest
from assetflow.planning.staleness import Content, Made, fingerprint, reads_of, seen_by
from assetflow.planning.step import Step
from assetflow.running.built import Built
from assetflow.running.clock import now
from assetflow.running.contents import Contents
from assetflow.running.events import AssetResult
from assetflow.running.failures import failed_checks, refused_source
from assetflow.running.keeping.costs import cost_of, saved
from assetflow.running.keeping.made import are_others, made_into, parsed_of, parts_of, projections_of, with_seen
from assetflow.running.keeping.recording import Recording
from assetflow.running.order import Order
from assetflow.running.sources.checking import asked_in_runs
from assetflow.running.sources.ingest import source_fingerprint
from assetflow.running.sources.steady import linked, refuse_changed, refuse_other_files
from assetflow.running.workshop import Workshop
from assetflow.warehouse.cache.costs import Costs
from assetflow.warehouse.cache.kept_groups import keep_groups, made_from
from assetflow.warehouse.content.links import keep_links
from assetflow.warehouse.ledger import records


class Keeping:
    """Takes over from workers what they made, for one run."""

    def __init__(self, order: Order, contents: Contents, shop: Workshop) -> None:
        self.order = order
        self.contents = contents
        self.shop = shop
        self.recording = Recording(order.warehouse.ledger)
        self.costs: dict[str, Costs] = {}

    def keep(self, asset: Asset, step: Step, built: Built) -> AssetResult:
        """Move staged files to their place and record the materialization; a blocking check stops it here."""
        self.refuse_changed_sources(asset)
        if built.error is not None:
            self.keep_unfinished(asset, built)
            raise built.error
        checks = self.keep_failing_rows(asset.name, built.checks)
        blocking = [check for check in checks if check.blocks]
        if blocking:
            self.order.warehouse.ledger.record_checks(self.order.run_id, asset.name, checks)
            self.keep_rejected(asset, built)
            mode, why = (None, None) if step.restores is not None else (built.how.mode, built.how.reason)
            return AssetResult(
                asset.name, "failed", mode=mode, mode_reason=why, reasons=step.reasons, rows=built.rows,
                seconds=built.seconds, error=failed_checks(asset, blocking, self.order.environment), checks=checks,
            )  # fmt: skip
        if step.restores is not None:
            return self.restore(asset, step, step.restores, checks)
        refuse_broken_promise(asset, step, built)
        return self.keep_made(asset, step, built, checks)

    def keep_made(self, asset: Asset, step: Step, built: Built, checks: tuple[CheckResult, ...]) -> AssetResult:
        """Keep what passed its checks: it is what the asset holds from now on in this run."""
        if built.how.is_right is not None:
            ledger = self.order.warehouse.ledger
            ledger.record_shadow(asset.name, asset.code_version, self.order.run_id, is_right=built.how.is_right)
        then = self.contents.made.get(asset.name)
        snapshot, same = self.keep_content(asset, built)
        if built.how.delta is not None and then is not None:
            self.contents.deltas[then.snapshot, snapshot.id] = built.how.delta
        materialization = self.materialization(asset, step, built, snapshot)
        if built.how.groups is not None:
            name = made_from(asset.code_version, materialization.inputs)
            keep_groups(self.order.warehouse.root, asset.name, name, built.how.groups)
        projections, parsed = projections_of(built, snapshot), parts_of(built, snapshot)
        self.order.projections.add(snapshot.id, projections)
        self.recording.add(
            records.Built(materialization, snapshot, checks, projections, built.sums, built.bounds, parsed)
        )
        self.contents.told(asset.name, built.sums, built.bounds)
        held = Content(snapshot.digest, snapshot.digest if asset.is_view else snapshot.id, snapshot.id)
        self.contents.note(asset.name, snapshot, materialization.id, held)
        cost = cost_of(asset, built, self.contents)
        if cost is not None:
            self.costs[asset.name] = cost
        return AssetResult(
            asset.name, "materialized", mode=built.how.mode, mode_reason=built.how.reason, reasons=step.reasons,
            rows=snapshot.rows, seconds=built.seconds, snapshot=snapshot.id, checks=checks, same_content=same,
            warnings=built.warnings, saved=saved(asset, built, self.contents),
        )  # fmt: skip

    def keep_unfinished(self, asset: Asset, built: Built) -> None:
        """Keep what was made of some files, for the next run; nothing points to it."""
        parts = parts_of(built, self.keep_files(asset.name, built, ""))
        if parts is not None:
            self.order.warehouse.ledger.record_parts(parts, built.sums)

    def keep_rejected(self, asset: Asset, built: Built) -> None:
        """Keep what a check refused, to be looked at: nothing points to it, and no run takes it up again."""
        if asset.is_view or not built.files:
            return
        snapshot = self.keep_files(asset.name, built, built.digest)
        self.order.warehouse.ledger.record_rejected(self.order.environment, self.order.run_id, snapshot)

    def keep_files(self, name: str, built: Built, digest: str | None) -> Snapshot:
        """What was staged, at the place where it stays; no record speaks of it yet."""
        return self.order.warehouse.keep(name, built.columns, built.files, built.rows or 0, built.bytes, digest or "")

    def materialization(self, asset: Asset, step: Step, built: Built, snapshot: Snapshot) -> Materialization:
        lineage = self.contents.lineage(asset)
        reads = with_seen(reads_of(asset, lineage), built)
        if built.surprises:  # what its code tells is not to be relied on
            reads = {name: replace(read, ordered=asset.reads_order) for name, read in reads.items()}
        made_of = fingerprint(asset, seen_by(asset, self.contents.held))
        return replace(
            made_into(snapshot, self.order.run_id, made_of, built.seconds),
            inputs=self.contents.inputs(asset, reads),
            checks=asset.checks_version,
            code_text=asset.sql or "",
            code_parts=asset.code_parts,
            meaning=lineage.meaning if lineage is not None and not built.surprises else "",
            reasons=step.reasons,
        )

    def keep_content(self, asset: Asset, built: Built) -> tuple[Snapshot, bool]:
        """The snapshot of what was built: the one that is current when the content is the same, else a new one."""
        warehouse = self.order.warehouse
        if asset.is_view:
            digest = view_digest(asset, self.contents.held)
            if asset.rebuilds_always:
                digest = f"{digest} {self.order.run_id}"  # what it shows is not the same twice
            return warehouse.make_view(asset.name, asset.sql or "", built.columns, digest or ""), False
        made, same = self.contents.made.get(asset.name), False
        if made is not None and made.files_present:
            current = warehouse.ledger.snapshot(made.snapshot)
            same = current.sql is None and self.content_digest(current) == built.digest
            mends = self.order.plan.forced and not self.order.warehouse.is_sound(current)
            # Keys that are called the same may stand for other rows than when the table was cut.
            is_cut = any(file.partition is not None for file in (*current.files, *built.files))
            others = (asset.sets_order or is_cut) and are_others(current, built)
            if same and not mends and not others:
                return replace(current, digest=built.digest or ""), True
        return self.keep_files(asset.name, built, built.digest), same

    def restore(self, asset: Asset, step: Step, made: Made, checks: tuple[CheckResult, ...] = ()) -> AssetResult:
        """Point to an older materialization again."""
        made_of = fingerprint(asset, seen_by(asset, self.contents.held))
        if made.fingerprint != made_of.hash:
            made = self.renew(asset, made, made_of)
        snapshot = self.contents.restored(asset.name, made)
        if checks:
            self.order.warehouse.ledger.record_checks(self.order.run_id, asset.name, checks)
        return AssetResult(
            asset.name, "restored", reasons=step.reasons, rows=snapshot.rows, snapshot=snapshot.id, checks=checks
        )

    def renew(self, asset: Asset, made: Made, made_of: Fingerprint) -> Made:
        """Record that the same rows are what is made of upstreams which differ only in what is not read of them."""
        then = self.order.warehouse.ledger.materialization(made.id)
        lineage = self.contents.lineage(asset)
        record = replace(
            then,
            id=f"{self.order.run_id}.{asset.name}",
            run_id=self.order.run_id,
            fingerprint=made_of,
            inputs=self.contents.inputs(asset, reads_of(asset, lineage, then)),
            code_text=asset.sql or "",
            built_at=now(),
        )
        self.recording.add(records.Built(record, self.order.warehouse.ledger.snapshot(made.snapshot)))
        return replace(made, id=record.id, fingerprint=made_of.hash)

    def keep_source(self, name: str, built: Built) -> tuple[CheckResult, ...]:
        """Record what a source holds now; SourceError where a blocking check refuses it. What its checks found."""
        observed = self.order.sources[name]
        warehouse = self.order.warehouse
        checks = self.keep_failing_rows(name, built.checks)
        blocking = [check for check in checks if check.blocks]
        if blocking:
            warehouse.ledger.record_checks(self.order.run_id, name, checks)
            raise refused_source(observed.source, blocking, self.order.environment)
        if built.digest is None:
            self.order.sources[name] = linked(observed, keep_links(warehouse.root, observed.files))
            snapshot = warehouse.make_source(
                name, built.columns, built.files, built.rows, built.bytes, observed.version
            )
        else:
            snapshot = self.keep_files(name, built, observed.version)
        asked = version_of(asked_in_runs(observed.source, self.order.assets))
        materialization = replace(
            made_into(snapshot, self.order.run_id, source_fingerprint(observed), built.seconds), checks=asked
        )
        self.order.projections.add(snapshot.id, built.projections)
        self.recording.add(
            records.Built(
                materialization,
                snapshot,
                checks,
                built.projections,
                built.sums,
                built.bounds,
                parsed_of(built, snapshot, observed),
            )
        )
        self.contents.told(name, built.sums, built.bounds)
        self.contents.source_kept(name, snapshot, materialization)
        return checks

    def restore_source(self, name: str, made: Made) -> None:
        """Note that a source holds what was read before; the links to its files may be gone meanwhile."""
        self.contents.source_restored(name, made)
        if any(os.path.isabs(file.path) for file in self.contents.snapshot_of(name).files):
            keep_links(self.order.warehouse.root, self.order.sources[name].files)

    def refuse_changed_sources(self, asset: Asset) -> None:
        """SourceError when files that were read where they lie are no longer those of the fingerprint."""
        for name in asset.files:
            refuse_other_files(self.order.sources[name], self.order.place.root)
        if asset.per == "file":
            refuse_changed(self.order.sources[asset.parameters[0].upstream])
        for name in asset.upstreams:
            if name in self.order.sources and any(
                os.path.isabs(file.path) for file in self.contents.snapshot_of(name).files
            ):
                refuse_changed(self.order.sources[name])

    def content_digest(self, snapshot: Snapshot) -> str:
        """The digest of a snapshot, computed anew where another engine version made it."""
        from assetflow.warehouse.content.anew import digest_anew
        from assetflow.warehouse.content.digest import is_comparable

        if is_comparable(snapshot.digest):
            return snapshot.digest
        return digest_anew(self.shop.session.cursor(), snapshot, self.order.warehouse.root)

    def keep_failing_rows(self, name: str, checks: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
        """Move the samples of failing rows out of the staging folder."""
        return tuple(
            check
            if check.sample is None
            else check._replace(sample=self.order.warehouse.keep_sample(self.order.run_id, name, check.sample))
            for check in checks
        )


def refuse_broken_promise(asset: Asset, step: Step, built: Built) -> None:
    """Refuse a full refresh of what is declared to be refreshed by the rows that changed."""
    by_data = bool(step.reasons) and all(reason.kind == "input_changed" for reason in step.reasons)
    if asset.incremental == "require" and by_data and built.how.mode == "full":
        raise asset.error(
            f'it is declared incremental = "require", and had to be made in full: {built.how.reason}',
            hint='Make it once with --full-refresh, or declare incremental = "auto".',
        )
