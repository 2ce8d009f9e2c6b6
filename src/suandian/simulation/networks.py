"""Feeders with a network in the simulated world: what AC power flow and the operator's rule make of a span."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import Feeder
from suandian.model.plan import Fleet
from suandian.physics.balance import BALANCE_RATIO, StepResult
from suandian.quantity.errors import DataError, InvariantBroken
from suandian.record.events import Meter

if TYPE_CHECKING:
    from suandian.physics.feeder_grid import GridStep

__all__ = ["grid_meters", "grid_reads", "on_networks"]

Floats = NDArray[np.float64]
#: Net load and losses add up within what a power flow leaves open, MW.
_FLOW_TOLERANCE_MW = 1e-4


def on_networks(
    fleet: Fleet, step: StepResult, load_mw: Floats, pv_available_mw: Floats, *, start: str = ""
) -> tuple[StepResult, dict[int, GridStep]]:
    """The span with AC flow behind every feeder that has a network, and the states by row of the feeder.

    Sites keep what they did; the neighbours' PV is held back by the operator's rule, and the feeder's import and export
    are those of the AC flow, losses included. Arrays `(B, n)`. Raises `DataError` for an interval without a solution;
    `start` is when the span begins, for that message.
    """
    networks = [b for b, feeder in enumerate(fleet.feeders) if feeder.grid is not None]
    if not networks:
        return step, {}
    from suandian.physics.feeder_grid import operate

    columns = {
        name: getattr(step, name).copy()
        for name in ("feeder_import_mw", "feeder_export_mw", "feeder_pv_used_mw", "feeder_violation_mw")
    }
    found: dict[int, GridStep] = {}
    for b in networks:
        feeder = fleet.feeders[b]
        net_mw = {
            site.id: step.import_mw[s] - step.export_mw[s]
            for s, site in enumerate(fleet.sites)
            if site.feeder == feeder.id
        }
        try:
            state = operate(feeder, load_mw[b], pv_available_mw[b], net_mw)
        except DataError as error:
            raise DataError(
                f"network of feeder {feeder.id!r}, intervals from {start or 'the first'}: {error}"
            ) from error
        used_mw = state.pv_used_mw.sum(axis=1)
        # Losses as what enters and does not come out: the balance then holds to the last digit.
        losses_mw = state.flow.losses_mw
        drawn_mw = load_mw[b] + sum(net_mw.values(), np.zeros(load_mw.shape[1])) - used_mw + losses_mw
        _check(feeder, drawn_mw, state)
        columns["feeder_import_mw"][b] = np.maximum(drawn_mw, 0.0)
        columns["feeder_export_mw"][b] = np.maximum(-drawn_mw, 0.0)
        columns["feeder_pv_used_mw"][b] = used_mw
        columns["feeder_violation_mw"][b] = np.maximum(drawn_mw - feeder.import_max_mw, 0.0)
        found[b] = state
    return replace(step, **columns), found


def grid_meters(feeder: Feeder) -> list[Meter]:
    """Meters of a feeder's network: its losses, and the PV of every bus that has some."""
    if feeder.grid is None:
        return []
    ids = feeder.grid.network.buses.ids
    root = f"feeder/{feeder.id}"
    return [Meter(f"{root}/losses"), *(Meter(f"{root}/pv/{ids[bus]}") for bus in feeder.grid.pv_buses)]


def grid_reads(feeder: Feeder, state: GridStep | None) -> list[tuple[Floats, Floats]]:
    """What they read over a span, MW, in the order of `grid_meters`."""
    if feeder.grid is None or state is None:
        return []
    losses_mw = state.flow.losses_mw
    zero = np.zeros_like(losses_mw)
    return [(losses_mw, zero), *((zero, state.pv_used_mw[:, bus]) for bus in feeder.grid.pv_buses)]


def _check(feeder: Feeder, drawn_mw: Floats, state: GridStep) -> None:
    """Draw of the AC flow against the sum of what stands at the buses."""
    error_mw = np.abs(drawn_mw - state.flow.slack_mw)
    tolerance_mw = max(_FLOW_TOLERANCE_MW, BALANCE_RATIO * float(np.abs(drawn_mw).max(initial=1.0)))
    if not (error_mw <= tolerance_mw).all():
        index = int(np.argmax(np.nan_to_num(error_mw, nan=np.inf)))
        raise InvariantBroken(f"feeder {feeder.id}: AC balance off by {error_mw[index]:.3g} MW in interval {index}")
