"""What the loop needs of a world, simulated or live."""

from __future__ import annotations

from typing import Protocol

from suandian.model.plan import Plan, View
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.journal import Journal

__all__ = ["World"]


class World(Protocol):
    """A world that can be looked at and acted upon. Only a world and its journal have state."""

    @property
    def axis(self) -> TimeAxis: ...

    @property
    def now(self) -> int:
        """Index of the next interval; `axis.periods` when the study is over."""
        ...

    @property
    def journal(self) -> Journal: ...

    def view(self, party: str) -> View:
        """What `party` may know at `now`."""
        ...

    def next_interruption(self) -> int:
        """Index of the interval at which the next instruction becomes known; `axis.periods` if none is due."""
        ...

    def enact(self, plan: Plan, until: int) -> None:
        """Advance to interval `until` under `plan` and append what happened to the journal."""
        ...
