"""Rolling: plan a window from forecasts, act, look again. A coarse plan says what the window cannot see."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.horizon import Horizon
from suandian.coordination.linear import diagnostics_of, tariff_steps
from suandian.coordination.merge import Merge
from suandian.coordination.network import at_price, site_price_cny_per_mwh, without_network
from suandian.coordination.network_solve import Solved, solved
from suandian.coordination.problem import Problem, queue_work
from suandian.coordination.program import assemble
from suandian.coordination.solvers import solve_interior
from suandian.coordination.split import plan_of
from suandian.coordination.warm import WarmSimplex
from suandian.model.plan import Fleet, Outlook, Plan, View

__all__ = ["NETWORKS", "Network", "Outset", "Rolling"]

Floats = NDArray[np.float64]

#: What a coordinator knows of the networks that its sites share.
Network = Literal["rows", "price", "none"]
NETWORKS: tuple[Network, ...] = get_args(Network)

#: Shortest step of the window, D (engineering default): quarter hours, the demand charge's metering interval.
_NEAR_STEP_H = 0.25
_FAR_STEP_H = 1.0
#: Beyond `fine_h` two hours are enough: forecasts say no more, and the plan is made anew long before, D.
_FAREST_STEP_H = 2.0
#: The coarse plan sees this much more than the last window that relies on it: at its own end nothing is worth much, D.
_COARSE_TAIL_H = 96.0
_MONTH_MAX_H = 31 * 24.0
_SERIES = tuple(field.name for field in fields(Outlook) if field.name not in ("axis", "issued_at"))


@dataclass(frozen=True, slots=True, eq=False)
class Outset:
    """What the coarse plan says about any instant of it.

    starts_s                       (P + 1,) Unix seconds of its steps
    first_month, peak_mw           (S, months) planned peak import of each calendar month
    work_cny_per_mwh               (K, P) worth of a MWh of work done before the step begins
    storage_cny_per_mwh            (N, P) worth of a MWh stored when the step begins
    """

    starts_s: NDArray[np.int64]
    first_month: int
    peak_mw: Floats
    work_cny_per_mwh: Floats
    storage_cny_per_mwh: Floats

    def step_at(self, instant_s: int) -> int:
        """The step that contains the instant."""
        return int(np.clip(np.searchsorted(self.starts_s, instant_s, side="right") - 1, 0, len(self.starts_s) - 2))


class Rolling:
    """Decides every `decide_every_h` from the newest forecasts.

    A window of `horizon_h` (quarter hours for `near_h`, hours for `fine_h`, two hours after) is optimised under two
    things it cannot see itself: monthly peaks worth paying for, and the worth of work done and energy stored at its
    end. Both come from a coarse plan in steps of `coarse_step_h`, made anew every `coarse_every_h`. It reaches four
    days beyond the last window that relies on it and on to the end of that calendar month: demand charges couple a
    month, and nothing couples more.

    Fluid work fits anywhere and finishes at the last moment; jobs of many GPUs do not. So everything with slack is
    planned `margin_h` before it is due, and `reserve_ratio` of the GPUs is left for surprises (D, engineering
    defaults; 0 and 0 give the optimum of the fluid problem).

    Deciding is pure in value: a kept basis only makes the next optimum come faster, and a holding reward for early
    work makes the optimum unique but for ties between sites. What a Rolling keeps besides is the coarse plan, for
    `coarse_every_h` from the first View that it sees in them; one that joins later makes its own then.
    With `coarse_every_h=0` the coarse plan is made at each decision, and nothing is kept that could matter.

    `network` is what it knows of the shared connections: `rows` plans within their limits; `price` knows no network
    and pays the price of congestion that the operator publishes (the duals of those rows, at the optimum that the
    operator would like); `none` sees the tariff alone.
    """

    name = "rolling"

    def __init__(
        self,
        *,
        horizon_h: float = 48.0,
        decide_every_h: float = 1.0,
        near_h: float = 6.0,
        fine_h: float = 24.0,
        coarse_step_h: float = 3.0,
        coarse_every_h: float = 96.0,
        slack_edges_h: tuple[float, ...] = (4.0, 24.0),
        margin_h: float = 6.0,
        reserve_ratio: float = 0.1,
        network: Network = "rows",
    ) -> None:
        if not 0 < decide_every_h <= horizon_h or near_h < 0 or coarse_step_h <= 0 or coarse_every_h < 0:
            raise ValueError(
                "rolling needs 0 < decide_every_h <= horizon_h, near_h >= 0, coarse_step_h > 0 and coarse_every_h >= 0"
            )
        self._horizon_h, self._near_h, self._decide_every_h = horizon_h, near_h, decide_every_h
        self._fine_h = fine_h
        self._coarse_step_h, self._coarse_every_h = coarse_step_h, coarse_every_h
        self._slack_edges_h = tuple(slack_edges_h)
        if margin_h < 0 or not 0 <= reserve_ratio < 1:
            raise ValueError("rolling needs margin_h >= 0 and 0 <= reserve_ratio < 1")
        self._margin_h, self._reserve_ratio = margin_h, reserve_ratio
        if network not in NETWORKS:
            raise ValueError(f"rolling knows no network {network!r}; write one of {', '.join(NETWORKS)}")
        self._network = network
        self._simplex, self._operator = WarmSimplex(), WarmSimplex()
        self._merged: tuple[Fleet, Merge] | None = None
        self._outset: tuple[object, Outset] | None = None

    def plan(self, view: View) -> Plan:
        axis, zone = view.outlook.axis, view.fleet.zone
        horizon = Horizon.graded(axis, zone, parts=self._parts())
        last = int(horizon.first[-1])
        merge = self._merge(view.fleet)
        near = _until(view, last + round(self._margin_h / axis.step_h))
        work = queue_work(near, horizon, merge, margin_h=self._margin_h)
        problem = Problem.of(near, horizon, merge, work, reserve_ratio=self._reserve_ratio)
        if last < axis.periods:
            problem = _with_outset(problem, self._coarse(view, merge))
        found = self._solved(near, problem, horizon)
        problem, program, solution = found.problem, found.program, found.solution
        stands_for = max(1, min(round(self._decide_every_h / axis.step_h), int(horizon.first[-1])))
        plan = plan_of(near, problem, program, solution.x, work, coordinator=self.name, stands_for=stands_for)
        price = found.site_price_cny_per_mwh
        return replace(
            plan,
            diagnostics={**diagnostics_of(problem, program, solution), **found.diagnostics},
            congestion_cny_per_mwh=None if price is None else horizon.spread(price),
        )

    def _solved(self, view: View, problem: Problem, horizon: Horizon) -> Solved:
        """What this party knows of the network: its rows, their price as the operator publishes it, or nothing."""
        operator = None
        if self._network == "none":
            problem = without_network(problem)
        elif self._network == "price":
            operator = solved(view, problem, lambda program: self._operator.solve(program, horizon))
            problem = at_price(problem, operator.site_price_cny_per_mwh)
        else:
            return solved(view, problem, lambda program: self._simplex.solve(program, horizon))
        program = assemble(problem)
        found = Solved(problem, program, self._simplex.solve(program, horizon))
        if operator is None:
            return found
        price = operator.site_price_cny_per_mwh
        return replace(found, published_cny_per_mwh=price, diagnostics=operator.diagnostics)

    def _parts(self) -> tuple[tuple[float, float], ...]:
        """Steps of the window: (until, length), hours."""
        fine_h = min(max(self._fine_h, self._near_h), self._horizon_h)
        parts = ((self._near_h, _NEAR_STEP_H), (fine_h, _FAR_STEP_H), (self._horizon_h, _FAREST_STEP_H))
        return tuple(part for part, before in zip(parts, ((0.0, 0.0), *parts), strict=False) if part[0] > before[0])

    def _merge(self, fleet: Fleet) -> Merge:
        if self._merged is None or self._merged[0] is not fleet:
            self._merged = (fleet, Merge.few(fleet, self._slack_edges_h))
        return self._merged[1]

    def _coarse(self, view: View, merge: Merge) -> Outset:
        """The coarse plan of this local day (or of the last `coarse_every_h`)."""
        axis = view.outlook.axis
        local_h = int(axis.part(0, 1).local_starts(view.fleet.zone).astype(np.int64)[0]) / 3600.0
        key = (axis.end_s, local_h // self._coarse_every_h) if self._coarse_every_h > 0 else None
        if self._outset is None or key is None or self._outset[0] != key:
            self._outset = (key, self._coarse_plan(_until(view, self._coarse_reach(view)), merge))
        return self._outset[1]

    def _coarse_reach(self, view: View) -> int:
        """Intervals that the coarse plan has to see: whole months, since a part of one would pay for all of it."""
        axis, zone = view.outlook.axis, view.fleet.zone
        least_h = self._coarse_every_h + self._horizon_h + _FAREST_STEP_H + _COARSE_TAIL_H
        least = min(int(least_h / axis.step_h), axis.periods - 1)
        near = axis.part(0, min(least + int(_MONTH_MAX_H / axis.step_h) + 1, axis.periods))
        month = near.local_starts(zone).astype("datetime64[M]")
        later = np.flatnonzero(month > month[least])
        return int(later[0]) if len(later) else axis.periods

    def _coarse_plan(self, view: View, merge: Merge) -> Outset:
        return coarse_plan(
            view,
            merge,
            self._coarse_step_h,
            margin_h=self._margin_h,
            reserve_ratio=self._reserve_ratio,
            network=self._network,
        )


def coarse_plan(
    view: View,
    merge: Merge,
    step_h: float,
    *,
    margin_h: float = 0.0,
    reserve_ratio: float = 0.0,
    network: Network = "rows",
) -> Outset:
    """Plan to the end of the axis in long steps and keep peaks and prices of the optimum; networks count as lumped."""
    axis = view.outlook.axis
    horizon = Horizon.graded(axis, view.fleet.zone, parts=((axis.duration_h, step_h),), borders=tariff_steps(view))
    work = queue_work(view, horizon, merge, margin_h=margin_h)
    problem = Problem.of(view, horizon, merge, work, reserve_ratio=reserve_ratio)
    if network == "price":
        lumped = assemble(problem)
        row_price = solve_interior(lumped, rough=True).row_price
        problem = at_price(problem, site_price_cny_per_mwh(problem, lumped, row_price))
    elif network == "none":
        problem = without_network(problem)
    program = assemble(problem)
    solution = solve_interior(program, rough=True)
    return Outset(
        horizon.starts_s,
        int(horizon.month[0]),
        program.peaks(solution.x),
        np.maximum(-program.row_block(solution.row_price, "work"), 0.0),
        np.maximum(-program.row_block(solution.row_price, "storage"), 0.0),
    )


def _until(view: View, periods: int) -> View:
    """The view as far as `periods` intervals ahead: nobody works out what lies beyond."""
    outlook = view.outlook
    if periods >= outlook.axis.periods:
        return view
    series = {name: getattr(outlook, name)[:, :periods] for name in _SERIES}
    return replace(view, outlook=replace(outlook, axis=outlook.axis.part(0, periods), **series))


def _with_outset(problem: Problem, outset: Outset) -> Problem:
    """The window's problem with targets for the months' peaks and values at its end."""
    horizon = problem.horizon
    months = np.arange(horizon.month[0], horizon.month[-1] + 1) - outset.first_month
    step = outset.step_at(int(horizon.starts_s[-1]))
    return replace(
        problem,
        peak_mw=np.maximum(problem.peak_mw, outset.peak_mw[:, months]),
        energy_end_mwh=problem.energy_min_mwh,
        work_value_cny_per_mwh=outset.work_cny_per_mwh[:, step],
        storage_value_cny_per_mwh=outset.storage_cny_per_mwh[:, step],
    )
