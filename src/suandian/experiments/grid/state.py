"""The AC state of a feeder's network in every metered interval, recomputed from what the meters read.

With `reactive: volt_var` the meters alone do not tell at which taps the network rests: the operator's step runs again
from the available PV, and the meters at the buses and at the connection check what it finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import Feeder, FeederGrid
from suandian.physics.feeder_grid import GridStep, grid_flow, grid_limits, operate
from suandian.physics.limits import Limits, violations
from suandian.quantity.errors import InvariantBroken
from suandian.record.journal import Journal
from suandian.simulation.truth import Truth

__all__ = ["Exceeded", "exceeded", "grid_of", "grid_state", "grid_states", "used_ratios"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: PV is held back until the limits are met by iteration: what is above by less than this share of a limit (of a half
#: band for voltages) stands at the limit.
TOLERANCE_RATIO = 1e-3
#: Of the feeder's rating: what meters and AC flow may differ by.
_METER_ERROR_RATIO = 1e-4


@dataclass(frozen=True, slots=True)
class Exceeded:
    """Where a limit is exceeded: `voltage_low`, `voltage_high` `(n, buses)`, `loading` `(n, branches)`, lines first,
    and `reverse` `(n, transformers)`."""

    voltage_low: Flags
    voltage_high: Flags
    loading: Flags
    reverse: Flags

    @property
    def voltage(self) -> Flags:
        """Outside either voltage limit, `(n, buses)`."""
        outside: Flags = self.voltage_low | self.voltage_high
        return outside

    def branch(self, lines: int) -> Flags:
        """Branches above their rating, or transformers above their reverse limit, `(n, branches)`."""
        above = self.loading.copy()
        above[:, lines:] |= self.reverse
        return above


def grid_of(feeder: Feeder) -> FeederGrid:
    """The network behind the feeder. Raises `InvariantBroken` where there is none."""
    if feeder.grid is None:
        raise InvariantBroken(f"feeder {feeder.id!r} has no network")
    return feeder.grid


def grid_state(journal: Journal, truth: Truth, feeder: Feeder) -> GridStep:
    """The state in all metered intervals, from the meters of load, PV at the buses, and sites (import − export).

    With `volt_var` it is the operator's step from the available PV, which those of the buses check.
    An interval without a solution raises (`DataError` of the power flow): no figure is ever made of it. A state that is
    not what the feeder's own meter read raises `InvariantBroken`.
    """
    grid, step_h = grid_of(feeder), journal.axis.step_h
    ids, root = grid.network.buses.ids, f"feeder/{feeder.id}"
    load_mw = journal.metered(f"{root}/load")[0] / step_h
    pv_mw = np.zeros((len(load_mw), len(ids)))
    for bus in grid.pv_buses.tolist():
        pv_mw[:, bus] = journal.metered(f"{root}/pv/{ids[bus]}")[1] / step_h
    net_mw = {}
    for site in truth.fleet.sites:
        if site.feeder == feeder.id:
            imported, exported = journal.metered(f"site/{site.id}/grid")
            net_mw[site.id] = (imported - exported) / step_h
    available_mw = journal.metered(f"{root}/pv_available")[1] / step_h
    if grid.reactive == "volt_var":
        # Reactive power that follows voltage leaves taps several positions to rest at: only the operator's own way
        # from all PV down leads to the state that was.
        step = operate(feeder, load_mw, available_mw, net_mw)
    else:
        step = grid_flow(grid, load_mw, pv_mw, net_mw)
    _check(journal, feeder, step, pv_mw)
    return replace(step, pv_available_mw=available_mw[:, None] * grid.pv_ratio)


def _check(journal: Journal, feeder: Feeder, step: GridStep, pv_mw: Array) -> None:
    """Flow from the grid above and PV at the buses, against their meters."""
    imported, exported = journal.metered(f"feeder/{feeder.id}/grid")
    error_mw = np.abs((imported - exported) / journal.axis.step_h - step.flow.slack_mw)
    error_mw += np.abs(step.pv_used_mw - pv_mw).sum(axis=1)
    if not (error_mw <= _METER_ERROR_RATIO * feeder.transformer_mva).all():
        index = int(np.argmax(error_mw))
        raise InvariantBroken(
            f"feeder {feeder.id!r}: meters and AC flow differ by {error_mw[index]:.3g} MW in interval {index}"
        )


def grid_states(journal: Journal, truth: Truth) -> dict[str, GridStep]:
    """States by feeder, of the feeders with a network."""
    return {feeder.id: grid_state(journal, truth, feeder) for feeder in truth.fleet.feeders if feeder.grid is not None}


def exceeded(feeder: Feeder, step: GridStep) -> Exceeded:
    """Where the state exceeds the limits, as in `suandian hosting`; what stands at a limit does not exceed it."""
    limits = grid_limits(feeder)
    air_pu = TOLERANCE_RATIO * (limits.voltage_high_pu - limits.voltage_low_pu) / 2.0
    wider = Limits(
        voltage_low_pu=limits.voltage_low_pu - air_pu,
        voltage_high_pu=limits.voltage_high_pu + air_pu,
        loading_max_ratio=limits.loading_max_ratio * (1.0 + TOLERANCE_RATIO),
        reverse_max_mw=limits.reverse_max_mw * (1.0 + TOLERANCE_RATIO),
    )
    return Exceeded(**violations(grid_of(feeder).network, step.flow, wider))


def used_ratios(feeder: Feeder, step: GridStep) -> Array:
    """How much of its limit every branch uses, `(n, branches)`; transformers that feed back also by that limit."""
    grid, limits = grid_of(feeder), grid_limits(feeder)
    used: Array = step.flow.loading_ratio / limits.loading_max_ratio
    lines = len(grid.network.lines.ids)
    used[:, lines:] = np.maximum(used[:, lines:], step.flow.reverse_mw(grid.network) / limits.reverse_max_mw)
    return used


def by_feeder(states: Mapping[str, GridStep], truth: Truth) -> list[tuple[Feeder, GridStep]]:
    """The feeders with a network, each with its state, in the fleet's order."""
    return [(feeder, states[feeder.id]) for feeder in truth.fleet.feeders if feeder.id in states]
