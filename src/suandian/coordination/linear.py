"""Foresight: one linear programme over the whole axis, the bound that no other arm can beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.horizon import Horizon
from suandian.coordination.problem import Merge, Problem, queue_work
from suandian.coordination.program import Program, assemble
from suandian.coordination.solvers import Solution, dual_bound_cny, solve_interior
from suandian.coordination.split import plan_of
from suandian.model.plan import Fleet, Plan, View
from suandian.quantity.errors import Infeasible

__all__ = ["Foresight", "diagnostics_of", "refuse_unserved"]

#: With more merged classes than this, classes whose slack lies between the same edges are planned as one, by coarser
#: edges until they are few, D (engineering default): their summed envelope is a relaxation, so a bound stays a bound,
#: and a month of quarter hours stays a matter of seconds (the time grows with the cube of the classes).
_CLASSES_MANY = 24
_SLACK_EDGES_H: tuple[tuple[float, ...] | None, ...] = (None, (4.0, 24.0), (24.0,), ())

#: Interactive demand that stays unserved below this is the solver's rounding, not a shortage.
_UNSERVED_MAX_MW = 1e-3


class Foresight:
    """Plans once for the whole axis of the View and stands by it.

    Under perfect forecasts the optimum of its fluid problem (work divisible and preemptible within each class)
    bounds every arm from below. What keeps it a bound, and where it is not one, is in
    docs/explanation/optimisation.md. Diagnostics: `objective_cny` (money at the optimum), `bound_cny` (proved lower
    bound on the money of plans with no more late work, about a ten-thousandth below), `late_mwh`, `violation_mwh`.
    """

    name = "foresight"

    def plan(self, view: View) -> Plan:
        """Raises `Infeasible` where interactive demand cannot be served, with site, interval and MW."""
        horizon = Horizon.uniform(view.outlook.axis, view.fleet.zone)
        merge = _few(view.fleet)
        work = queue_work(view, horizon, merge)
        problem = Problem.of(view, horizon, merge, work)
        program = assemble(problem)
        solution = solve_interior(program)
        refuse_unserved(view, problem, program, solution.x)
        plan = plan_of(
            view, problem, program, solution.x, work, coordinator=self.name, stands_for=view.outlook.axis.periods
        )
        found = diagnostics_of(problem, program, solution)
        lateness_cny = problem.lateness_cny_per_mwh * found["late_mwh"]
        return replace(plan, diagnostics={**found, "bound_cny": dual_bound_cny(program, solution) - lateness_cny})


def _few(fleet: Fleet) -> Merge:
    """Classes merged by the finest edges that leave few of them."""
    for edges_h in _SLACK_EDGES_H:
        merge = Merge.of(fleet, edges_h)
        if len(merge.slack_h) <= _CLASSES_MANY:
            break
    return merge


def diagnostics_of(problem: Problem, program: Program, solution: Solution) -> Mapping[str, float]:
    """What is worth telling about a solution. `objective_cny` is money as journals are valued: lateness is apart."""
    hours = problem.horizon.step_h
    late_mwh = float(program.block(solution.x, "late").sum())
    violation_mw = np.concatenate(
        [program.block(solution.x, "violation"), program.block(solution.x, "feeder_violation")]
    )
    return {
        "objective_cny": solution.objective_cny - problem.lateness_cny_per_mwh * late_mwh,
        "late_mwh": late_mwh,
        "violation_mwh": float((violation_mw @ hours).sum()),
        "iterations": float(solution.iterations),
        "breach_mw": solution.breach_mw,
        "columns": float(len(solution.x)),
    }


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
