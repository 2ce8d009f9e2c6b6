"""Hosting capacity: how much a network still takes in a direction, by AC power flow, and what follows from it.

`room_mw` finds, in every interval, the largest addition along a pattern of buses that keeps all limits. From the rooms
of a year follow in closed form how much new computing and how much PV fit when a share of hours may be curtailed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.network import Network
from suandian.physics.limits import Limits
from suandian.physics.powerflow import Flow, power_flow

__all__ = ["Pattern", "binding", "computing_mw", "pv_nameplate_mw", "room_mw", "utilised_pv_mw", "worst_excess"]

Array = NDArray[np.float64]

_STEPS_MAX = 12
_EXCESS_TOLERANCE = 5e-4  # of a limit: 0.05 %, far below what ratings and profiles are known to
_NO_SOLUTION = 1.0  # excess of a state that has none: as if a limit were exceeded twofold


@dataclass(frozen=True, slots=True)
class Pattern:
    """Net load that one MW of the addition brings to each bus; `feeds`: the addition is generation.

    active_ratio    MW per MW, `(buses,)`; sums to 1 for load, to −1 for generation
    reactive_ratio  Mvar per MW, `(buses,)`
    """

    active_ratio: Array
    reactive_ratio: Array
    feeds: bool


def worst_excess(
    network: Network,
    limits: Limits,
    p_mw: Array,
    q_mvar: Array,
    *,
    feeds: bool,
    before: Flow | None = None,
) -> Array:
    """Largest excess over the limits that the addition can break, as a share of each limit, `(periods,)`.

    0 or less: all hold. Generation breaks upper voltages, ratings and reverse flow; load breaks lower voltages and
    ratings. A voltage's excess is taken over the width of its band's half. `before` is the flow
    without the addition: a branch that it overloads may stay as it is, as long as its flow does not turn round.
    """
    flow = power_flow(network, p_mw, q_mvar, allow_divergence=True)
    parts = _excesses(network, limits, flow, feeds=feeds, before=before)
    excess: Array = np.max([part.max(axis=1, initial=-1.0) for part in parts.values()], axis=0)
    excess[~flow.converged] = _NO_SOLUTION
    return excess


def binding(network: Network, limits: Limits, p_mw: Array, q_mvar: Array, *, feeds: bool) -> tuple[str, str]:
    """The nearest limit of one state `(buses,)`: its kind (`voltage`, `loading`, `reverse`) and the element's id."""
    flow = power_flow(network, p_mw, q_mvar, allow_divergence=True)
    if not flow.converged[0]:
        return "no solution", network.name
    parts = _excesses(network, limits, flow, feeds=feeds, before=None)
    kind = max(parts, key=lambda name: float(parts[name].max(initial=-np.inf)))
    ids = {"voltage": network.buses.ids, "loading": network.branch_ids, "reverse": network.transformers.ids}[kind]
    return kind, ids[int(np.argmax(parts[kind][0]))]


def _excesses(network: Network, limits: Limits, flow: Flow, *, feeds: bool, before: Flow | None) -> dict[str, Array]:
    """Excess of every element that the addition can push over its limit, `(periods, elements)`."""
    bound_pu = limits.voltage_high_pu if feeds else limits.voltage_low_pu
    half_band_pu = (limits.voltage_high_pu - limits.voltage_low_pu) / 2.0
    beyond = (flow.voltage_pu - bound_pu) / half_band_pu * (1.0 if feeds else -1.0)
    beyond[:, network.slack.bus] = -1.0  # held by the grid above
    rated_ratio = limits.loading_max_ratio
    if before is not None:
        same_way = np.sign(flow.branch_mw) == np.sign(before.branch_mw)
        rated_ratio = np.where(same_way, np.maximum(rated_ratio, 1.001 * before.loading_ratio), rated_ratio)
    parts = {"voltage": beyond, "loading": flow.loading_ratio / rated_ratio - 1.0}
    if feeds:
        parts["reverse"] = -flow.transformer_mw(network) / limits.reverse_max_mw - 1.0
    return parts


def room_mw(network: Network, limits: Limits, p_mw: Array, q_mvar: Array, pattern: Pattern, *, most_mw: float) -> Array:
    """Largest addition along `pattern` on top of net loads `(periods, buses)` that keeps the limits, `(periods,)`.

    Within 0…`most_mw`; 0 where a limit is exceeded without any addition (for generation, apart from branches that the
    load overloads: they may stay as they are). Regula falsi (Illinois) on the worst excess,
    all intervals in one batch; the answer is the last state that was calculated and held.
    """

    before = power_flow(network, p_mw, q_mvar, allow_divergence=True) if pattern.feeds else None

    def excess_at(rows: NDArray[np.intp], added_mw: Array) -> Array:
        p = p_mw[rows] + added_mw[:, None] * pattern.active_ratio
        q = q_mvar[rows] + added_mw[:, None] * pattern.reactive_ratio
        return worst_excess(
            network, limits, p, q, feeds=pattern.feeds, before=None if before is None else before.at(rows)
        )

    every = np.arange(len(p_mw))
    low_mw, high_mw = np.zeros(len(p_mw)), np.full(len(p_mw), most_mw)
    low, high = excess_at(every, low_mw), excess_at(every, high_mw)
    low_mw[high <= 0.0] = most_mw
    active = np.flatnonzero((low < -_EXCESS_TOLERANCE) & (high > 0.0))
    held = low.copy()  # what the bracket's lower end truly has; `low` and `high` are halved by the rule
    last = np.zeros(len(p_mw), dtype=np.int8)
    for _ in range(_STEPS_MAX):
        if not len(active):
            break
        width_mw = high_mw[active] - low_mw[active]
        share = np.clip(-low[active] / (high[active] - low[active]), 0.02, 0.98)
        tried_mw = low_mw[active] + share * width_mw
        found = excess_at(active, tried_mw)
        for rows, side, end_mw, end, other in (
            (found <= 0.0, 1, low_mw, low, high),
            (found > 0.0, 2, high_mw, high, low),
        ):
            moved = active[rows]
            end_mw[moved], end[moved] = tried_mw[rows], found[rows]
            again = moved[last[moved] == side]
            other[again] /= 2.0
            last[moved] = side
        held[active[found <= 0.0]] = found[found <= 0.0]
        done = (held[active] > -_EXCESS_TOLERANCE) | (high_mw[active] - low_mw[active] < 1e-3)
        active = active[~done]
    return low_mw


def computing_mw(rooms_mw: Array, *, flexible_ratio: float, curtailed_ratio: float) -> float:
    """Largest constant new load of which `flexible_ratio` may be curtailed in `curtailed_ratio` of the intervals.

    The load N exceeds the room in as many intervals as tolerated at most, and its firm part never:
    `N = min(min(room)/(1 − f), k-th smallest room)`, k = ⌊curtailed · periods⌋ + 1. Firm connection: either is 0.
    """
    ordered = np.sort(rooms_mw)
    allowed = min(int(curtailed_ratio * len(ordered) + 1e-9), len(ordered) - 1)
    firm_mw = float(ordered[0])
    if flexible_ratio <= 0.0 or allowed == 0:
        return firm_mw
    by_depth_mw = np.inf if flexible_ratio >= 1.0 else firm_mw / (1.0 - flexible_ratio)
    return float(min(by_depth_mw, ordered[allowed]))


def utilised_pv_mw(available_ratio: Array, absorbed_mw: Array, nameplate_mw: float) -> Array:
    """Output of `nameplate_mw` of PV that the network takes, `(periods,)`."""
    used_mw: Array = np.minimum(nameplate_mw * available_ratio, absorbed_mw)
    return used_mw


def pv_nameplate_mw(
    available_ratio: Array,
    absorbed_mw: Array,
    gain_ratio: Array,
    day: NDArray[np.intp],
    *,
    extra_max_mw: float,
    energy_day_mwh: float,
    step_h: float,
    curtailed_ratio: float,
    most_mw: float,
) -> float:
    """Largest PV nameplate that is curtailed in `curtailed_ratio` of all intervals at most, with flexible load.

    available_ratio  output per nameplate, `(periods,)`
    absorbed_mw      PV output that the network takes as it is, `(periods,)`
    gain_ratio       MW of PV output that one MW of extra flexible load makes room for, `(periods,)`
    day              day of every interval; flexible work is moved within a day, `energy_day_mwh` of it at most
    extra_max_mw     how far the flexible load may rise above its mean
    Within a day the smallest surpluses are served first, which clears the most intervals. Bisection; the number of
    curtailed intervals grows with the nameplate.
    """
    allowed = int(curtailed_ratio * len(available_ratio) + 1e-9)

    def curtailed(nameplate_mw: float) -> int:
        surplus_mw = nameplate_mw * available_ratio - absorbed_mw
        rows = np.flatnonzero(surplus_mw > 1e-9)
        if extra_max_mw <= 0.0 or energy_day_mwh <= 0.0 or not len(rows):
            return len(rows)
        with np.errstate(divide="ignore"):
            extra_mw = np.where(gain_ratio[rows] > 1e-6, surplus_mw[rows] / gain_ratio[rows], np.inf)
        rows, extra_mw = rows[extra_mw <= extra_max_mw], extra_mw[extra_mw <= extra_max_mw]
        order = np.lexsort((extra_mw, day[rows]))
        days, energy_mwh = day[rows][order], extra_mw[order] * step_h
        total_mwh = np.cumsum(energy_mwh)
        first = np.searchsorted(days, days, side="left")
        before_mwh = np.concatenate([[0.0], total_mwh])[first]
        served = int(((total_mwh - before_mwh) <= energy_day_mwh).sum())
        return int((surplus_mw > 1e-9).sum()) - served

    if curtailed(most_mw) <= allowed:
        return most_mw
    low_mw, high_mw = 0.0, most_mw
    while high_mw - low_mw > 1e-3:
        middle_mw = 0.5 * (low_mw + high_mw)
        if curtailed(middle_mw) <= allowed:
            low_mw = middle_mw
        else:
            high_mw = middle_mw
    return low_mw
