"""Which steps of a run wait for which others, and which can start."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping

from assetflow.asset import Asset
from assetflow.planning.step import Step


class Waiting:
    """The steps that have not started. `ready` are those that wait for nothing any more, in the plan's order.

    `steps` are to be done, and the sources `under_way` are being read; `assets` tell what checks compare with.
    """

    def __init__(self, steps: Mapping[str, Step], under_way: Collection[str], assets: Mapping[str, Asset]) -> None:
        awaited = {*steps, *under_way}
        self.waits_for = {name: awaited.intersection(step.upstreams) for name, step in steps.items()}
        for name in steps:
            for other in assets[name].check_upstreams:
                # A check may compare with what waits for its own asset: that is read as it was published.
                if other in awaited and not self.is_waiting(other, name):
                    self.waits_for[name].add(other)
        self.waited_for_by: dict[str, list[str]] = {}
        for name, others in self.waits_for.items():
            for upstream in others:
                self.waited_for_by.setdefault(upstream, []).append(name)
        self.ready = deque(name for name, others in self.waits_for.items() if not others)

    def __bool__(self) -> bool:
        return bool(self.waits_for)

    def start(self) -> str:
        """The next step that can start; it waits no more."""
        name = self.ready.popleft()
        del self.waits_for[name]
        return name

    def release(self, name: str) -> None:
        """Note that a step or a source is done: what waited for it alone can start."""
        for waiting in self.waited_for_by.get(name, ()):
            self.waits_for[waiting].discard(name)
            if not self.waits_for[waiting]:
                self.ready.append(waiting)

    def is_waiting(self, name: str, other: str) -> bool:
        """True when a step cannot start before another one is done, however many stand between."""
        seen: set[str] = set()
        ahead = [name]
        while ahead:
            one = ahead.pop()
            if one == other:
                return True
            if one not in seen:
                seen.add(one)
                ahead.extend(self.waits_for.get(one, ()))
        return False
