"""From the optimum of merged classes and groups to a Plan: which class runs where, and what serves which stream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.merge import Merge
from suandian.coordination.problem import Problem, Work
from suandian.coordination.program import Program
from suandian.model.plan import Fleet, Plan, View

__all__ = ["plan_of", "split_classes", "split_sites"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


#: Below this a group's gear is the solver's rounding and nobody's plan.
_WORK_LEAST_MW = 1e-6


def split_classes(power_mw: Floats, merge: Merge, work: Work, slack_h: Floats, step_h: Floats) -> Floats:
    """Power of merged classes `(K, P)` shared among their members, `(C, P)`; sums are kept exactly.

    Members of equal slack are served first come, first served: if the merged class has done what was released by
    some instant, so has every member, which keeps each within its own envelope. Among members of unequal slack each
    first gets what is due, then those with the least slack what is released; where that would take back work
    already done, shares are scaled, and a member may run up to its merged class's room ahead of or behind its own.
    """
    share_mw = np.zeros((len(merge.class_to), len(step_h)))
    done_mwh = np.cumsum(power_mw * step_h, axis=1)
    for merged in range(len(power_mw)):
        members = np.flatnonzero(merge.class_to == merged)
        if len(members) == 1:
            share_mw[members[0]] = power_mw[merged]
            continue
        members = members[np.argsort(slack_h[members], kind="stable")]
        released_mwh, due_mwh = work.released_mwh[members], work.due_mwh[members]
        if slack_h[members[0]] == slack_h[members[-1]]:
            member_mwh = _first_come(done_mwh[merged], released_mwh)
        else:
            member_mwh = _most_urgent(done_mwh[merged], released_mwh, due_mwh)
        member_mw = np.diff(member_mwh, axis=1, prepend=0.0)
        total = member_mw.sum(axis=0)
        weight = np.where(total > 1e-9, member_mw, np.maximum(released_mwh[:, -1:], 1e-9))
        share_mw[members] = weight / weight.sum(axis=0) * power_mw[merged]
    return share_mw


def _first_come(done_mwh: Floats, released_mwh: Floats) -> Floats:
    """Work of each member `(n, P)` when the merged class serves releases in their order."""
    total = np.concatenate([[0.0], released_mwh.sum(axis=0)])
    instant = np.arange(len(total), dtype=np.float64)
    # The total stands still while nothing is released; interpolation wants it to rise.
    served = np.interp(done_mwh, total + 1e-9 * instant, instant)
    return np.array([np.interp(served, instant, np.concatenate([[0.0], row])) for row in released_mwh])


def _most_urgent(done_mwh: Floats, released_mwh: Floats, due_mwh: Floats) -> Floats:
    """Work of each member `(n, P)`, rows ordered by slack: what is due, then what is released, least slack first."""
    room = released_mwh - due_mwh
    spare = done_mwh - due_mwh.sum(axis=0)
    before = np.cumsum(room, axis=0) - room
    member_mwh: Floats = np.maximum.accumulate(due_mwh + np.clip(spare - before, 0.0, room), axis=1)
    return member_mwh


def split_sites(demand_mw: Floats, supply_mw: Floats, staying_mw: Floats) -> Floats:
    """Match `demand_mw (n, P)` to `supply_mw (S, P)` of equal sums, `(n, S, P)`.

    Work that runs stays where it is as far as both sides allow (`staying_mw`, (n, S, P)). The rest is laid side by
    side along one line, demand above, supply below (the north-west corner rule): at most n + S − 1 pairs, so that
    classes keep to few sites and neighbouring steps look alike.
    """
    wanted = np.minimum(1.0, _ratio(demand_mw, staying_mw.sum(axis=1)))[:, None]
    stay = staying_mw * wanted
    stay *= np.minimum(1.0, _ratio(supply_mw, stay.sum(axis=0)))[None]
    demand, supply = demand_mw - stay.sum(axis=1), supply_mw - stay.sum(axis=0)
    above, below = np.cumsum(demand, axis=0), np.cumsum(supply, axis=0)
    lower = np.maximum((above - demand)[:, None], (below - supply)[None])
    upper = np.minimum(above[:, None], below[None])
    rest: Floats = np.maximum(upper - lower, 0.0)
    return stay + rest


def _ratio(part: Floats, whole: Floats) -> Floats:
    ratio: Floats = np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 1.0)
    return ratio


def _serve_streams(fleet: Fleet, merge: Merge, stream_mw: Floats, it_mw: Floats) -> tuple[Floats, Floats]:
    """Streams at home as far as the group's power there goes, the rest in proportion to what is left elsewhere.

    `stream_mw (streams, P)`, `it_mw (M, S, P)` → served `(streams, S, P)` and the power left for classes.
    """
    left = it_mw.copy()
    served = np.zeros((len(stream_mw), *it_mw.shape[1:]))
    for row, group in enumerate(merge.stream_to):
        home = int(fleet.stream_home[row])
        at_home = np.minimum(stream_mw[row], left[group, home])
        served[row, home] += at_home
        left[group, home] -= at_home
        away = stream_mw[row] - at_home
        share = np.minimum(1.0, _ratio(away, left[group].sum(axis=0)))
        served[row] += left[group] * share
        left[group] *= 1.0 - share
    return served, left


def plan_of(
    view: View, problem: Problem, program: Program, x: Floats, work: Work, *, coordinator: str, stands_for: int
) -> Plan:
    """The Plan that a solution `x` stands for, on the intervals that the horizon covers."""
    horizon, merge, fleet = problem.horizon, problem.merge, view.fleet
    sites = len(fleet.sites)
    work_mw, draw_ratio, gear = _by_group(program, x, problem)
    power_mw = np.maximum(program.block(x, "power"), 0.0)
    class_mw = split_classes(power_mw, merge, work, fleet.classes.slack_h, horizon.step_h)
    demand_mw = horizon.mean(view.outlook.stream_mw)
    stream_power_ratio = _batched_ratio(fleet, problem, program, x, demand_mw)
    stream_mw, left_mw = _serve_streams(fleet, merge, demand_mw * stream_power_ratio, work_mw)
    placed_mw = work.fixed_mw.copy()
    class_gear = np.zeros(placed_mw.shape, dtype=np.int64)
    order = np.argsort(fleet.classes.slack_h, kind="stable")
    for group in range(len(merge.allowed)):
        rows = order[merge.group_of_class[merge.class_to[order]] == group]
        placed_mw[rows] += split_sites(class_mw[rows], left_mw[group], work.staying_mw[rows]) * draw_ratio[group]
        class_gear[rows] = gear[group]
    charge_mw, discharge_mw = _battery(problem, program, x, sites)
    curtail_mw = np.zeros((sites, horizon.periods))
    curtail_mw[problem.pv_site] = problem.pv_mw[problem.pv_site] - program.block(x, "pv")
    return Plan(
        axis=view.outlook.axis.part(0, int(horizon.first[-1])),
        coordinator=coordinator,
        stands_for=stands_for,
        it_mw=horizon.spread(placed_mw),
        stream_mw=horizon.spread(stream_mw),
        charge_mw=horizon.spread(charge_mw),
        discharge_mw=horizon.spread(discharge_mw),
        curtail_mw=horizon.spread(np.maximum(curtail_mw, 0.0)),
        import_guard_mw=np.maximum(program.peaks(x)[:, 0], view.peak_mw),
        gear=horizon.spread(class_gear) if class_gear.any() else None,
        stream_power_ratio=horizon.spread(stream_power_ratio) if len(program.layout.batched) else None,
    )


def _by_group(program: Program, x: Floats, problem: Problem) -> tuple[Floats, Floats, Ints]:
    """Of each group, site and step: work done (MW at full speed), power drawn per work, and the nearest whole gear.

    A linear programme mixes gears; a class runs in one. The gear is the mean of the work's gears, rounded; what that
    leaves too much of in power, placement takes back by slower gears and pauses. Shapes `(M, S, P)`.
    """
    layout = program.layout
    pairs = np.array(layout.pairs, dtype=np.int64).reshape(-1, 2)
    full_mw = np.maximum(program.block(x, "it"), 0.0)
    slow_mw = np.maximum(program.block(x, "slow"), 0.0)
    work_mw, power_mw, weighted = full_mw.copy(), full_mw.copy(), np.zeros_like(full_mw)
    for row, (pair, number, work, _) in enumerate(layout.slow):
        work_mw[pair] += work * slow_mw[row]
        power_mw[pair] += slow_mw[row]
        weighted[pair] += number * work * slow_mw[row]
    shape = (len(problem.merge.allowed), len(problem.export_max_mw), problem.horizon.periods)
    of_group, drawn, gear = np.zeros(shape), np.ones(shape), np.zeros(shape, dtype=np.int64)
    of_group[pairs[:, 0], pairs[:, 1]] = work_mw
    drawn[pairs[:, 0], pairs[:, 1]] = _ratio(power_mw, work_mw)
    gear[pairs[:, 0], pairs[:, 1]] = np.rint(np.where(work_mw > _WORK_LEAST_MW, _ratio(weighted, work_mw), 0.0))
    return of_group, drawn, gear


def _batched_ratio(fleet: Fleet, problem: Problem, program: Program, x: Floats, demand_mw: Floats) -> Floats:
    """Power of each stream relative to usual batches, `(streams, P)`: a group saves in proportion to what each can."""
    ratio = np.ones_like(demand_mw)
    batched_mw = np.maximum(program.block(x, "batched"), 0.0)
    for row, group in enumerate(program.layout.batched):
        used = np.minimum(1.0, _ratio(batched_mw[row], problem.batch_mw[group]))
        for stream in np.flatnonzero(problem.merge.stream_to == group):
            ratio[stream] = 1.0 - used * (1.0 - fleet.stream_batch_power_ratio[stream])
    return ratio


def _battery(problem: Problem, program: Program, x: Floats, sites: int) -> tuple[Floats, Floats]:
    """Charge and discharge `(S, P)`; where a solution does both at once, the one that moves the same energy."""
    inside_mw = (
        program.block(x, "charge") * problem.charge_ratio[:, None]
        - program.block(x, "discharge") / problem.discharge_ratio[:, None]
    )
    charge_mw = np.zeros((sites, problem.horizon.periods))
    discharge_mw = np.zeros_like(charge_mw)
    charge_mw[problem.battery_site] = np.maximum(inside_mw, 0.0) / problem.charge_ratio[:, None]
    discharge_mw[problem.battery_site] = np.maximum(-inside_mw, 0.0) * problem.discharge_ratio[:, None]
    return charge_mw, discharge_mw
