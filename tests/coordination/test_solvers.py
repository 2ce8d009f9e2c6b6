import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from suandian.coordination import solvers
from suandian.coordination.horizon import Horizon
from suandian.coordination.merge import Merge
from suandian.coordination.problem import Problem, queue_work
from suandian.coordination.program import assemble
from suandian.coordination.solvers import dual_bound_cny, solve_interior, solve_simplex
from suandian.quantity.errors import Infeasible

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


def problem_of(view) -> Problem:
    horizon = Horizon.uniform(view.outlook.axis, view.fleet.zone)
    return Problem.of(view, horizon, Merge.of(view.fleet), queue_work(view, horizon, Merge.of(view.fleet)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("use_ratio", [0.5, 1.4])
def test_both_solvers_agree_also_where_work_is_late(seed: int, use_ratio: float) -> None:
    program = assemble(problem_of(world.make_view(seed, hours=30, classes=4, use_ratio=use_ratio)))
    inner, corner = solve_interior(program), solve_simplex(program)
    assert inner.objective_cny == pytest.approx(corner.objective_cny, rel=1e-6)
    for solution in (inner, corner):
        bound = dual_bound_cny(program, solution)
        assert corner.objective_cny * (1 - 1e-3) < bound <= corner.objective_cny * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_rough_solution_is_the_same_to_a_hundred_thousandth(seed: int) -> None:
    program = assemble(problem_of(world.make_view(seed, hours=72, classes=5)))
    rough, careful = solve_interior(program, rough=True), solve_interior(program)
    assert rough.objective_cny == pytest.approx(careful.objective_cny, rel=1e-5)
    assert program.peaks(rough.x) == pytest.approx(program.peaks(careful.x), rel=1e-3, abs=1e-3)
    assert rough.iterations <= careful.iterations


def test_a_rough_solution_that_fails_is_made_with_care(monkeypatch: pytest.MonkeyPatch) -> None:
    program = assemble(problem_of(world.make_view(0, hours=24, classes=3)))
    tried, once = [], solvers._clarabel

    def failing(*arguments: object, rough: bool) -> solvers.Solution:
        tried.append(rough)
        if rough:
            raise Infeasible("no plan", constraints=())
        return once(*arguments, rough=rough)

    monkeypatch.setattr(solvers, "_clarabel", failing)
    assert solve_interior(program, rough=True).objective_cny == solve_interior(program).objective_cny
    assert tried == [True, False, False]


def test_prices_have_the_sign_of_what_a_unit_more_would_save() -> None:
    problem = problem_of(world.make_view(0, hours=36, classes=4))
    program = assemble(problem)
    solution = solve_interior(program)
    work = -program.row_block(solution.row_price, "work")
    assert (work >= -1e-6).all()
    assert (work.max(axis=1) > 50.0).all(), "a MWh done is worth about its energy"
    more = assemble(replace(problem, energy_mwh=problem.energy_mwh + 0.1))
    saved = solution.objective_cny - solve_simplex(more).objective_cny
    assert saved / 0.1 == pytest.approx(-program.row_block(solution.row_price, "storage")[0, 0], rel=0.05)


def test_limits_that_contradict_each_other_are_refused() -> None:
    program = assemble(problem_of(world.make_view(1, hours=12, classes=3)))
    row_lower, row_upper = program.row_lower.copy(), program.row_upper.copy()
    row_lower[0] = row_upper[0] = 1e5
    upper = np.where(np.isfinite(program.upper), program.upper, 50.0)
    broken = replace(program, row_lower=row_lower, row_upper=row_upper, upper=upper)
    for solve in (solve_interior, solve_simplex):
        with pytest.raises(Infeasible, match="found no plan"):
            solve(broken)
