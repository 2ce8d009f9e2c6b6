import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from suandian.coordination.horizon import Horizon
from suandian.coordination.merge import Merge
from suandian.coordination.problem import Problem, queue_work
from suandian.coordination.program import assemble
from suandian.coordination.solvers import solve_simplex

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


def solved(view, **changes):
    horizon = Horizon.uniform(view.outlook.axis, view.fleet.zone)
    problem = Problem.of(view, horizon, Merge.of(view.fleet), queue_work(view, horizon, Merge.of(view.fleet)))
    problem = replace(problem, **changes)
    program = assemble(problem)
    return problem, program, solve_simplex(program).x


def test_the_optimum_keeps_every_physical_balance() -> None:
    problem, program, x = solved(world.make_view(0, hours=36, classes=5))

    def block(name):
        return program.block(x, name)

    pairs = np.array(program.layout.pairs)
    it_mw = np.zeros((3, 36))
    np.add.at(it_mw, pairs[:, 1], block("it"))
    net = block("import") + block("violation") - problem.fixed_facility_mw - problem.per_it_ratio * it_mw
    net[list(program.layout.export_sites)] -= block("export")
    net[problem.pv_site] += block("pv")
    net[problem.battery_site] += block("discharge") - block("charge")
    assert np.abs(net).max() < 1e-6
    stored = problem.energy_mwh[:, None] + np.cumsum(
        block("charge") * problem.charge_ratio[:, None] - block("discharge") / problem.discharge_ratio[:, None], axis=1
    )
    assert np.allclose(stored, block("energy"), atol=1e-6)
    assert (program.peaks(x)[:, :1] >= block("import") - 1e-6).all()
    assert np.allclose(np.cumsum(block("power") + block("late"), axis=1), block("work"), atol=1e-6)


def test_gpus_are_counted_between_the_lightest_and_the_heaviest_mixture() -> None:
    problem, program, x = solved(world.make_view(2, hours=24, classes=6, use_ratio=0.9))
    pairs = np.array(program.layout.pairs)
    counted = list(program.layout.counted)
    gpus, power = program.block(x, "kgpus"), program.block(x, "it")[counted]
    group = pairs[counted, 0]
    many = problem.merge.allowed[group].sum(axis=1) > 1
    assert counted
    assert (power <= problem.merge.most_kw[group][:, None] * gpus + 1e-6)[many].all()
    assert (power >= problem.merge.least_kw[group][:, None] * gpus - 1e-6)[many].all()
    used = np.zeros((3, 24))
    np.add.at(used, pairs[counted, 1], gpus)
    assert (used <= problem.kgpus + 1e-6).all()


def test_breaking_a_limit_does_not_dodge_the_demand_charge() -> None:
    view = world.make_view(0, hours=24, classes=4)
    free = solved(view)[1:]
    low = np.full((3, 24), 0.5 * free[0].block(free[1], "import").min())
    _, program, x = solved(view, import_max_mw=low, violation_cny_per_mwh=10.0)
    drawn = program.block(x, "import") + program.block(x, "violation")
    assert program.block(x, "violation").max() > 1.0
    assert np.allclose(program.peaks(x)[:, 0], drawn.max(axis=1), atol=1e-6)
