import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from suandian.coordination.horizon import Horizon
from suandian.coordination.merge import Merge
from suandian.coordination.problem import Problem, queue_work
from suandian.coordination.program import assemble
from suandian.coordination.solvers import solve_simplex
from suandian.coordination.warm import WarmSimplex

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


@pytest.mark.parametrize("every_h", [1, 6])
def test_a_shifted_basis_on_uneven_steps_saves_iterations_and_changes_no_optimum(every_h: int) -> None:
    """Each hour, with Devex weights, and every six hours, with steepest-edge ones."""
    view = world.make_view(0, hours=60, step_min=15, classes=4)
    warm, iterations = WarmSimplex(), []
    for first in range(0, {1: 40, 6: 120}[every_h], 4 * every_h):
        look = world.later(view, first, np.zeros(4), view.energy_mwh, np.zeros(3))
        axis = look.outlook.axis
        horizon = Horizon.graded(axis, view.fleet.zone, parts=((6.0, 0.25), (30.0, 1.0)))
        program = assemble(
            Problem.of(look, horizon, Merge.of(view.fleet), queue_work(look, horizon, Merge.of(view.fleet)))
        )
        found, cold = warm.solve(program, horizon), solve_simplex(program)
        assert found.objective_cny == pytest.approx(cold.objective_cny, rel=1e-9)
        iterations.append((found.iterations, cold.iterations))
    assert sum(a for a, _ in iterations[1:]) < (0.5 if every_h == 1 else 0.8) * sum(b for _, b in iterations[1:])
