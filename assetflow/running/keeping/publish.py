"""Publishes what a run made: all of it moves together, and only on top of what the run began with."""

from __future__ import annotations

from collections.abc import Mapping

from assetflow.errors import WarehouseError
from assetflow.planning.step import Step
from assetflow.running.clock import now
from assetflow.running.contents import Contents
from assetflow.running.order import Order
from assetflow.running.workshop import Workshop


class Publishing:
    """`current` is what this run published itself so far, by name."""

    def __init__(self, order: Order, contents: Contents, shop: Workshop) -> None:
        self.order = order
        self.contents = contents
        self.shop = shop
        self.current: dict[str, str | None] = {}

    def unpublished(self) -> dict[str, str]:
        """What this run made or read anew, and nobody can see yet."""
        made = self.order.state.made
        then = {name: made[name].id if name in made else None for name in self.contents.moves}
        return {name: id for name, id in self.contents.moves.items() if self.current.get(name, then[name]) != id}

    def move(self, moves: Mapping[str, str | None], steps: Mapping[str, Step]) -> str | None:
        """Publish these together: compare-and-swap against what the run began with, and what it published itself.

        The catalog follows; what hindered it is returned, as a warning.
        """
        order, made = self.order, self.order.state.made
        began = {name: made[name].id if name in made else None for name in moves}
        expected = {name: self.current.get(name, began[name]) for name in moves}
        # What they were made from must not have moved either, whoever did it in spite of our lock.
        for step in (steps[name] for name in moves if name in steps):
            for read in step.upstreams:
                expected.setdefault(read, self.current.get(read, made[read].id if read in made else None))
        order.warehouse.ledger.publish(order.environment, order.run_id, moves, expected, now())
        self.current.update(moves)
        return self.show()

    def show(self) -> str | None:
        """Bring the catalog to what is published, by this run or one that was killed before it could."""
        order = self.order
        # Where each step is published, others are at work on the session.
        open_cursor = None if order.publish_each else self.shop.session.cursor_for_views
        try:
            order.warehouse.patch_catalog(order.environment, open_cursor)
        except WarehouseError as error:
            return f"the catalog could not be written, which the next run repairs: {error}"
        return None
