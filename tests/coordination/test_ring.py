import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from suandian.coordination.horizon import Horizon
from suandian.coordination.merge import Merge
from suandian.coordination.problem import Problem, queue_work
from suandian.coordination.program import assemble
from suandian.coordination.ring import Ring
from suandian.coordination.solvers import solve_simplex
from suandian.coordination.warm import WarmSimplex

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


def programme(view, window):
    horizon = Horizon.uniform(view.outlook.axis, view.fleet.zone, window)
    problem = Problem.of(view, horizon, Merge.of(view.fleet), queue_work(view, horizon, Merge.of(view.fleet)))
    return assemble(problem), problem


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("way", ["ring", "warm"])
def test_moving_on_warm_finds_what_a_cold_solve_finds(way: str, seed: int) -> None:
    """Thirty steps of a 12 hour window, two and a half turns of the ring, sometimes two steps at once."""
    view = world.make_view(seed, hours=48, classes=5)
    classes = len(view.fleet.classes)
    merge = Merge.of(view.fleet)
    ring, warm, first, moved, shift = Ring(), WarmSimplex(), 0, np.zeros(len(merge.slack_h)), 0
    done, energy, peak = np.zeros(classes), view.energy_mwh.copy(), np.zeros(3)
    assert len(merge.slack_h) == classes, "the case should hold distinct classes"
    while first < 30:
        program, problem = programme(world.later(view, first, done, energy, peak), 12)
        if way == "ring":
            found = ring.solve(program, shift=shift, done_mwh=moved)
        else:
            found = warm.solve(program, problem.horizon)
        assert found.objective_cny == pytest.approx(solve_simplex(program).objective_cny, rel=1e-9)
        shift = 2 if first % 5 == 3 else 1
        moved = program.block(found.x, "work")[:, shift - 1]
        done = done + moved[merge.class_to]
        energy = energy.copy()
        energy[problem.battery_site] = program.block(found.x, "energy")[:, shift - 1]
        imported = program.block(found.x, "import")[:, :shift] + program.block(found.x, "violation")[:, :shift]
        peak = np.maximum(peak, imported.max(axis=1))
        first += shift
