"""From a case to its hosting capacity: state as it is, rooms by AC power flow, curves and grades."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.hosting.case import Case
from suandian.experiments.hosting.result import Binding, ComputingPoint, Hosting, PvPoint, State, TransformerRow
from suandian.physics.grades import GRADES, Grades, Noon, graded, net_feed_mw, top_transformers
from suandian.physics.hosting import (
    Pattern,
    binding,
    computing_mw,
    pv_nameplate_mw,
    room_mw,
    utilised_pv_mw,
    worst_excess,
)
from suandian.physics.limits import HostingRule, hosting_rule, hosting_rules, violations
from suandian.physics.powerflow import power_flow
from suandian.quantity.errors import DataError
from suandian.signals.load import days_off

__all__ = ["CURTAILED_RATIOS", "FLEXIBLE_RATIOS", "hosting"]

Array = NDArray[np.float64]

#: Tolerated curtailment, share of hours; 0.25 to 5 % are what T. Norris et al., Rethinking Load Growth (Duke, 2025)
#: report for new loads.
CURTAILED_RATIOS = (0.0, 0.0025, 0.005, 0.01, 0.05)
FLEXIBLE_RATIOS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Renewable utilisation that the system level has to meet. D; targets are set by province and year.
UTILISATION_TARGET_RATIO = 0.95
COMPUTING_POWER_FACTOR_RATIO = 0.95  # D; data centres compensate at their own bus
_CANDIDATE_RATIO = 0.25  # of the hours with the highest net load, in which the rooms for load are calculated
_DARK_RATIO = 0.02  # hours with less PV output than this never bind


@dataclass(frozen=True, slots=True)
class _Year:
    """Net loads without PV, `(periods, buses)`, patterns, and the PV that is there."""

    p_mw: Array
    q_mvar: Array
    pv: Pattern
    computing: Pattern
    pv_mw: float
    most_mw: float


def hosting(case: Case, *, rule: str = "") -> Hosting:
    """The hosting capacity of a radial network. `rule`: id of an edition of DL/T 2041, the newest if left out.

    Raises `DataError` for a meshed network, or one without any reference load.
    """
    chosen = hosting_rule(rule) if rule else hosting_rules()[0]
    year = _year(case)
    lit = np.flatnonzero(case.pv_ratio > _DARK_RATIO)
    absorbed_mw, gain_ratio = _absorbed(case, year, lit)
    used_mw = utilised_pv_mw(case.pv_ratio, absorbed_mw, year.pv_mw)
    rooms_mw = _rooms(case, year, used_mw)
    noon, noon_period = _noon(case, year)
    others = [r for r in hosting_rules() if r.id != chosen.id]
    grades = _graded(case, chosen, noon)
    rising_mw = (case.computing_max_mw - case.computing_mw) * case.centre_ratio
    flexible = _graded(case, chosen, replace(noon, flexible_mw=rising_mw))
    system_mw = _system_level_mw(case, absorbed_mw, year)
    top = top_transformers(case.network)
    county_room_mw = min(float(grades.room_mw[top].sum()), max(system_mw - year.pv_mw, 0.0)) if len(top) else 0.0
    pv_binds, computing_binds = _binding(case, year, absorbed_mw, used_mw, rooms_mw)
    return Hosting(
        case=case,
        pv_binding=pv_binds,
        computing_binding=computing_binds,
        rule=chosen,
        pv_existing_mw=year.pv_mw,
        state=_state(case, year),
        noon=str(case.axis.local_starts(case.zone)[noon_period]),
        noon_output_ratio=noon.pv_output_ratio,
        transformers=_rows(case, grades, top),
        others={r.id: _rows(case, _graded(case, r, noon), top) for r in others},
        top=tuple(case.network.transformers.ids[row] for row in top),
        county_room_mw=county_room_mw,
        county_own_mw=float(grades.own_mw[top].sum()),
        county_own_flexible_mw=float(flexible.own_mw[top].sum()),
        county_grade=_county_grade(grades, top, county_room_mw),
        system_level_mw=system_mw,
        utilisation_target_ratio=UTILISATION_TARGET_RATIO,
        pv_utilised_ratio=_utilised_ratio(case, used_mw, year.pv_mw),
        pv_curtailed_hours_ratio=float((used_mw < case.pv_ratio * year.pv_mw - 1e-6).mean()),
        pv=_pv_curve(case, year, absorbed_mw, gain_ratio),
        computing=_computing_curve(rooms_mw),
        pv_limit_mw=year.most_mw,
    )


def _year(case: Case) -> _Year:
    network = case.network
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)
    load_mvar = network.at_buses(network.loads.bus, network.loads.reactive_mvar)
    if load_mw.sum() <= 0.0:
        raise DataError(f"network {network.name!r} has no load; hosting capacity needs one")
    plants = network.pv
    each_mw = np.where(plants.connected, plants.nameplate_mw, 0.0)
    pv_mw = network.at_buses(plants.bus, each_mw)
    shape = pv_mw if pv_mw.sum() > 0.0 else load_mw
    pv_mvar = network.at_buses(plants.bus, each_mw * plants.reactive_ratio) if pv_mw.sum() > 0.0 else 0.0 * load_mw
    tangent = float(np.tan(np.arccos(COMPUTING_POWER_FACTOR_RATIO)))
    centre_mw = case.computing_mw * case.centre_ratio
    top = top_transformers(network)
    rating_mva = network.transformers.rating_mva[top].sum() if len(top) else 2.0 * load_mw.sum()
    return _Year(
        p_mw=case.load_ratio[:, None] * load_mw + centre_mw,
        q_mvar=case.load_ratio[:, None] * load_mvar + tangent * centre_mw,
        pv=Pattern(-shape / shape.sum(), -pv_mvar / shape.sum(), feeds=True),
        computing=Pattern(case.centre_ratio, tangent * case.centre_ratio, feeds=False),
        pv_mw=float(pv_mw.sum()),
        most_mw=4.0 * float(rating_mva),
    )


def _absorbed(case: Case, year: _Year, lit: NDArray[np.intp]) -> tuple[Array, Array]:
    """PV output that the network takes in every interval, and what a MW of extra computing adds to it."""
    absorbed_mw, gain_ratio = np.full(case.axis.periods, np.inf), np.zeros(case.axis.periods)
    p, q = year.p_mw[lit], year.q_mvar[lit]
    absorbed_mw[lit] = room_mw(case.network, case.limits, p, q, year.pv, most_mw=year.most_mw)
    extra_mw = case.computing_max_mw - case.computing_mw
    if extra_mw > 1e-6:
        more_p, more_q = p + extra_mw * year.computing.active_ratio, q + extra_mw * year.computing.reactive_ratio
        more_mw = room_mw(case.network, case.limits, more_p, more_q, year.pv, most_mw=year.most_mw)
        gain_ratio[lit] = np.clip((more_mw - absorbed_mw[lit]) / extra_mw, 0.0, None)
    return absorbed_mw, gain_ratio


def _rooms(case: Case, year: _Year, used_mw: Array) -> Array:
    """Room for new computing in every interval; infinite in intervals that cannot be among the tightest.

    Calculated where net load is highest, then checked: with a load as large as the largest room found, no other
    interval may exceed a limit; those that do are calculated as well.
    """
    p = year.p_mw + used_mw[:, None] * year.pv.active_ratio
    q = year.q_mvar + used_mw[:, None] * year.pv.reactive_ratio
    rooms = np.full(case.axis.periods, np.inf)
    rows = np.argsort(-p.sum(axis=1), kind="stable")[: max(1, int(_CANDIDATE_RATIO * len(p)))]
    while len(rows):
        found = room_mw(case.network, case.limits, p[rows], q[rows], year.computing, most_mw=year.most_mw)
        rooms[rows] = found
        size_mw = computing_mw(rooms, flexible_ratio=1.0, curtailed_ratio=max(CURTAILED_RATIOS))
        rest = np.flatnonzero(np.isinf(rooms))
        tried_p = p[rest] + size_mw * year.computing.active_ratio
        tried_q = q[rest] + size_mw * year.computing.reactive_ratio
        if not len(rest):
            break
        rows = rest[worst_excess(case.network, case.limits, tried_p, tried_q, feeds=False) > 0.0]
    return rooms


def _binding(case: Case, year: _Year, absorbed_mw: Array, used_mw: Array, rooms_mw: Array) -> tuple[Binding, Binding]:
    """What binds in the tightest interval of either curve."""
    starts = case.axis.local_starts(case.zone)
    lit = np.isfinite(absorbed_mw)
    first = int(np.argmin(np.where(lit, absorbed_mw, np.inf) / np.maximum(case.pv_ratio, 1e-9)))
    second = int(np.argmin(rooms_mw))
    found = []
    for period, feeds, pv_mw, new_mw in (
        (first, True, absorbed_mw[first], 0.0),
        (second, False, used_mw[second], rooms_mw[second]),
    ):
        p = year.p_mw[period] + pv_mw * year.pv.active_ratio + new_mw * year.computing.active_ratio
        q = year.q_mvar[period] + pv_mw * year.pv.reactive_ratio + new_mw * year.computing.reactive_ratio
        kind, element = binding(case.network, case.limits, p, q, feeds=feeds)
        found.append(Binding(kind, element, str(starts[period])))
    return found[0], found[1]


def _noon(case: Case, year: _Year) -> tuple[Noon, int]:
    """The rule's typical instant: working day of spring or autumn, 11 to 14 h, with the largest PV output."""
    local = case.axis.local_starts(case.zone)
    days = local.astype("datetime64[D]")
    month = local.astype("datetime64[M]").astype(int) % 12 + 1
    hour = (local - days).astype("timedelta64[h]").astype(int)
    fits = np.isin(month, (3, 4, 5, 9, 10, 11)) & (hour >= 11) & (hour < 14) & ~days_off(days)
    period = int(np.argmax(np.where(fits, case.pv_ratio, -1.0)))
    network = case.network
    pv_mw = np.outer(case.pv_ratio, -year.pv.active_ratio * year.pv_mw)
    batteries = network.batteries
    noon = Noon(
        load_mw=year.p_mw[period],
        pv_output_ratio=float(case.pv_ratio[period]),
        charging_mw=network.at_buses(batteries.bus, batteries.charge_max_mw),
        flexible_mw=np.zeros(len(network.buses.ids)),
        reverse_max_mw=net_feed_mw(network, year.p_mw, pv_mw),
    )
    return noon, period


def _graded(case: Case, rule: HostingRule, noon: Noon) -> Grades:
    return graded(case.network, rule, noon, power_factor_ratio=case.power_factor_ratio)


def _rows(case: Case, grades: Grades, top: NDArray[np.intp]) -> tuple[TransformerRow, ...]:
    table = case.network.transformers
    return tuple(
        TransformerRow(
            id=name,
            rating_mva=float(table.rating_mva[row]),
            main=bool(row in top),
            own_mw=float(grades.own_mw[row]),
            room_mw=float(grades.room_mw[row]),
            registered_mw=float(grades.registered_mw[row]),
            grade=GRADES[grades.grade[row]],
            inherited=bool(grades.inherited[row]),
        )
        for row, name in enumerate(table.ids)
    )


def _county_grade(grades: Grades, top: NDArray[np.intp], county_room_mw: float) -> str:
    """Red without room, yellow where registered projects use it up, else green."""
    if county_room_mw <= 0.0:
        return GRADES[2]
    return GRADES[0] if county_room_mw > float(grades.registered_mw[top].sum()) else GRADES[1]


def _system_level_mw(case: Case, absorbed_mw: Array, year: _Year) -> float:
    """Largest nameplate whose yearly utilisation meets the target, by bisection."""
    low_mw, high_mw = 0.0, year.most_mw
    while high_mw - low_mw > 1e-3:
        middle_mw = 0.5 * (low_mw + high_mw)
        used = utilised_pv_mw(case.pv_ratio, absorbed_mw, middle_mw)
        if _utilised_ratio(case, used, middle_mw) >= UTILISATION_TARGET_RATIO:
            low_mw = middle_mw
        else:
            high_mw = middle_mw
    return low_mw


def _utilised_ratio(case: Case, used_mw: Array, nameplate_mw: float) -> float:
    available_mw = float(case.pv_ratio.sum()) * nameplate_mw
    return float(used_mw.sum()) / available_mw if available_mw > 0.0 else 1.0


def _pv_curve(case: Case, year: _Year, absorbed_mw: Array, gain_ratio: Array) -> tuple[PvPoint, ...]:
    local = case.axis.local_starts(case.zone).astype("datetime64[D]").astype(np.int64)
    day = (local - local[0]).astype(np.intp)
    points = []
    for flexible_ratio in FLEXIBLE_RATIOS:
        for curtailed_ratio in CURTAILED_RATIOS:
            total_mw = pv_nameplate_mw(
                case.pv_ratio, absorbed_mw, gain_ratio, day,
                extra_max_mw=(case.computing_max_mw - case.computing_mw) if flexible_ratio > 0.0 else 0.0,
                energy_day_mwh=flexible_ratio * case.computing_mw * 24.0,
                step_h=case.axis.step_h, curtailed_ratio=curtailed_ratio, most_mw=year.most_mw,
            )  # fmt: skip
            points.append(PvPoint(flexible_ratio, curtailed_ratio, total_mw, total_mw - year.pv_mw))
    return tuple(points)


def _computing_curve(rooms_mw: Array) -> tuple[ComputingPoint, ...]:
    firm_mw = computing_mw(rooms_mw, flexible_ratio=0.0, curtailed_ratio=0.0)
    points = []
    for flexible_ratio in FLEXIBLE_RATIOS:
        for curtailed_ratio in CURTAILED_RATIOS:
            size_mw = computing_mw(rooms_mw, flexible_ratio=flexible_ratio, curtailed_ratio=curtailed_ratio)
            short_mw = np.maximum(size_mw - rooms_mw, 0.0)
            share = float(short_mw.mean()) / size_mw if size_mw > 0.0 else 0.0
            points.append(ComputingPoint(flexible_ratio, curtailed_ratio, size_mw, firm_mw, share,
                                         _longest_spell(short_mw > 1e-9)))  # fmt: skip
    return tuple(points)


def _longest_spell(curtailed: NDArray[np.bool_]) -> int:
    """Intervals of the longest uninterrupted curtailment."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], curtailed, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _state(case: Case, year: _Year) -> State:
    """The year as it is, with all connected PV and nothing curtailed."""
    output_mw = case.pv_ratio * year.pv_mw
    p = year.p_mw + output_mw[:, None] * year.pv.active_ratio
    q = year.q_mvar + output_mw[:, None] * year.pv.reactive_ratio
    flow = power_flow(case.network, p, q, allow_divergence=True)
    found = violations(case.network, flow, case.limits)
    step_h, solved = case.axis.step_h, flow.converged
    top = top_transformers(case.network)
    transformer_loading = flow.loading_ratio[:, len(case.network.lines.ids) :]
    return State(
        unsolved_h=float((~solved).sum()) * step_h,
        voltage_violation_bus_h=float((found["voltage_low"] | found["voltage_high"]).sum()) * step_h,
        overload_h=float(found["loading"].any(axis=1).sum()) * step_h,
        reverse_violation_h=float(found["reverse"].any(axis=1).sum()) * step_h,
        voltage_min_pu=float(np.nanmin(flow.voltage_pu)),
        voltage_max_pu=float(np.nanmax(flow.voltage_pu)),
        transformer_loading_max_ratio=float(np.nanmax(transformer_loading)) if transformer_loading.size else 0.0,
        losses_mwh=float(np.nansum(flow.losses_mw)) * step_h,
        reverse_energy_mwh=float(np.nansum(flow.reverse_mw(case.network)[:, top])) * step_h,
    )
