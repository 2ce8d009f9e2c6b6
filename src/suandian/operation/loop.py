"""The loop: look, decide, act, until the axis ends. It ticks at decisions, not at intervals."""

from __future__ import annotations

from collections.abc import Callable

from suandian.coordination.base import Coordinator
from suandian.operation.ports import World
from suandian.record.journal import Journal

__all__ = ["operate"]


def operate(
    world: World, coordinator: Coordinator, *, party: str, progress: Callable[[float], None] | None = None
) -> Journal:
    """Let `party` run `world` with `coordinator` to the end of its axis; returns the world's journal.

    A plan stands for `plan.stands_for` intervals, or until an instruction interrupts it. `progress` is told the
    share of the axis that is done.
    """
    periods = world.axis.periods
    while world.now < periods:
        plan = coordinator.plan(world.view(party))
        until = min(world.now + plan.stands_for, periods)
        interruption = world.next_interruption()
        if world.now < interruption < until:
            until = interruption
        world.enact(plan, until)
        if progress is not None:
            progress(world.now / periods)
    return world.journal
