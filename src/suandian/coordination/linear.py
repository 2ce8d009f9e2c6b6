"""Foresight: one linear programme over the whole axis, whose fluid optimum no arm can beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.horizon import Horizon
from suandian.coordination.layout import Layout
from suandian.coordination.merge import Merge
from suandian.coordination.network_solve import Solved, solved
from suandian.coordination.problem import Problem, Work, queue_work
from suandian.coordination.program import Program
from suandian.coordination.solvers import Solution, dual_bound_cny, solve_interior
from suandian.coordination.split import plan_of
from suandian.model.plan import Plan, View
from suandian.quantity.errors import Infeasible

__all__ = ["Foresight", "diagnostics_of", "foreseen", "refuse_unserved", "tariff_steps"]

#: Edges between which classes are planned as one where they are many, D (engineering default).
_SLACK_EDGES_H = (4.0, 24.0)
#: A programme of more columns is planned in hours, D (engineering default): a minute or two of solving.
_COLUMNS_MANY = 400_000
#: A jump of the price by this share of its mean begins a new step, D (engineering default).
_PRICE_STEP_RATIO = 0.05

#: Interactive demand that stays unserved below this is the solver's rounding, not a shortage.
_UNSERVED_MAX_MW = 1e-3


class Foresight:
    """Plans once for the whole axis of the View and stands by it; in steps of an hour where quarters would be too many.

    Under perfect forecasts the optimum of its fluid problem (work divisible and preemptible within each class)
    bounds every arm from below. What keeps it a bound, and where it is not one, is in
    docs/explanation/optimisation.md. Diagnostics: `objective_cny` (money at the optimum), `bound_cny` (proved lower
    bound on the money of plans with no more late work, about a ten-thousandth below), `late_mwh`, `violation_mwh`.
    """

    name = "foresight"

    def plan(self, view: View) -> Plan:
        """Raises `Infeasible` where interactive demand cannot be served, with site, interval and MW."""
        found, work = foreseen(view)
        problem, program, solution = found.problem, found.program, found.solution
        refuse_unserved(view, problem, program, solution.x)
        plan = plan_of(
            view, problem, program, solution.x, work, coordinator=self.name, stands_for=view.outlook.axis.periods
        )
        told = {**diagnostics_of(problem, program, solution), **found.diagnostics}
        apart_cny = problem.lateness_cny_per_mwh * told["late_mwh"] + network_violation_cny(
            problem, program, solution.x
        )
        price = found.site_price_cny_per_mwh
        return replace(
            plan,
            diagnostics={**told, "bound_cny": dual_bound_cny(program, solution) - apart_cny},
            congestion_cny_per_mwh=None if price is None else problem.horizon.spread(price),
        )


def foreseen(view: View) -> tuple[Solved, Work]:
    """One programme over the whole axis of `view`, solved on its networks, and the work that it plans."""
    merge = Merge.few(view.fleet, None, _SLACK_EDGES_H)
    horizon = Horizon.uniform(view.outlook.axis, view.fleet.zone)
    problem, work = _problem(view, horizon, merge)
    if Layout.of(problem).columns * horizon.periods > _COLUMNS_MANY:
        # What is convex costs no more on average: a relaxation where price, carbon and cooling keep still within
        # the hour. What they move is averaged; docs/explanation/optimisation.md.
        parts = ((view.outlook.axis.duration_h, 1.0),)
        horizon = Horizon.graded(view.outlook.axis, view.fleet.zone, parts=parts, borders=tariff_steps(view))
        problem, work = _problem(view, horizon, merge)
    return solved(view, problem, solve_interior, exact=True), work


def _problem(view: View, horizon: Horizon, merge: Merge) -> tuple[Problem, Work]:
    work = queue_work(view, horizon, merge)
    return Problem.of(view, horizon, merge, work), work


def tariff_steps(view: View) -> NDArray[np.int64]:
    """Intervals at whose start a site's energy price jumps by more than a step worth seeing."""
    price = view.outlook.price_cny_per_mwh
    jump = np.abs(np.diff(price, axis=1)) > _PRICE_STEP_RATIO * np.abs(price).mean(axis=1, keepdims=True)
    return np.flatnonzero(jump.any(axis=0)) + 1


def diagnostics_of(problem: Problem, program: Program, solution: Solution) -> Mapping[str, float]:
    """What is worth telling about a solution.

    `objective_cny` is money as journals are valued: lateness is apart, and so is what networks are short of, which AC
    flow measures in a journal.
    """
    hours = problem.horizon.step_h
    late_mwh = float(program.block(solution.x, "late").sum())
    violation_mw = np.concatenate(
        [program.block(solution.x, "violation"), program.block(solution.x, "feeder_violation")]
    )
    return {
        "objective_cny": solution.objective_cny
        - problem.lateness_cny_per_mwh * late_mwh
        - network_violation_cny(problem, program, solution.x),
        "late_mwh": late_mwh,
        "violation_mwh": float((violation_mw @ hours).sum()),
        "iterations": float(solution.iterations),
        "breach_mw": solution.breach_mw,
        "columns": float(len(solution.x)),
    }


def network_violation_cny(problem: Problem, program: Program, x: NDArray[np.float64]) -> float:
    """Price of the violations of feeders whose networks have rows: what a limit of theirs is short of."""
    networks = np.unique(problem.network.row_feeder)
    short_mw = program.block(x, "feeder_violation")[networks]
    return float((short_mw @ problem.horizon.step_h).sum() * problem.violation_cny_per_mwh)


def refuse_unserved(view: View, problem: Problem, program: Program, x: NDArray[np.float64]) -> None:
    """Interactive demand cannot wait: if some fits nowhere, say where, when and how much."""
    unserved_mw = program.block(x, "unserved")
    if not (unserved_mw > _UNSERVED_MAX_MW).any():
        return
    group, step = np.unravel_index(int(unserved_mw.argmax()), unserved_mw.shape)
    sites = [site for s, site in enumerate(view.fleet.sites) if problem.merge.allowed[group, s]]
    streams = [name for row, name in enumerate(view.fleet.stream_ids) if problem.merge.stream_to[row] == group]
    when = view.outlook.axis.at(int(problem.horizon.first[step]))
    intervals = int((unserved_mw.sum(axis=0) > _UNSERVED_MAX_MW).sum())
    raise Infeasible(
        f"interactive demand of {', '.join(streams)} does not fit at {when.isoformat()} ({intervals} intervals in all)",
        constraints=tuple(f"sites.{site.id}.{limit}" for site in sites for limit in ("gpus", "it_max")),
        shortfall=f"{float(unserved_mw.max()):.3f} MW of IT power",
    )
