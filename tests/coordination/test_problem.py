import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from suandian.coordination.horizon import Horizon
from suandian.coordination.merge import Merge
from suandian.coordination.problem import Problem, queue_work
from suandian.model.programme import Instruction

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


def view_with_queue():
    view = world.make_view(0, hours=24, step_min=15, classes=3)
    now_s, end_s = view.axis.start_s, view.axis.end_s
    queue = world.queue_of(
        job=[0, 1, 2], class_index=[0, 1, 2], state=[1, 1, 0], site=[1, 0, -1], gpus=[100, 200, 300],
        power_per_gpu_kw=[0.5, 0.5, 0.5], preemptible=[False, True, True], home=[0, 0, 0], sites_allowed=[7, 7, 7],
        submitted_s=[now_s] * 3, released_s=[now_s] * 3, due_s=[end_s, end_s, now_s + 3600],
        remaining_s=[1350, 3600, 3600],
    )  # fmt: skip
    return replace(view, queue=queue)


def test_the_queue_is_split_into_what_is_fixed_and_what_may_be_planned() -> None:
    view = view_with_queue()
    horizon = Horizon.uniform(view.axis, view.fleet.zone)
    work = queue_work(view, horizon, Merge.of(view.fleet))
    assert np.allclose(work.fixed_mw[0, 1, :3], [0.05, 0.025, 0.0]), "22.5 minutes of 0.05 MW"
    assert np.allclose(work.fixed_gpus[1, :3], [100.0, 50.0, 0.0])
    assert work.fixed_mw.sum() * 0.25 == 0.05 * 0.375
    assert np.allclose(work.staying_mw[1, 0, :5], [0.1, 0.1, 0.1, 0.1, 0.0])
    released, due = work.released_mwh - view.outlook.released_mwh, work.due_mwh - view.outlook.due_mwh
    assert np.allclose(released[:, -1], [0.0, 0.1, 0.15])
    assert np.allclose(due[2, :4], [0.0375, 0.075, 0.1125, 0.15]), "no slack is left: it must run now"


def test_room_is_what_fixed_work_leaves() -> None:
    view = view_with_queue()
    horizon = Horizon.uniform(view.axis, view.fleet.zone)
    problem = Problem.of(view, horizon, Merge.of(view.fleet), queue_work(view, horizon, Merge.of(view.fleet)))
    site = view.fleet.sites[1]
    assert np.isclose(problem.kgpus[1, 0], (site.gpus - 100) / 1000)
    assert np.isclose(problem.hall_mw[1, 0], site.it_max_mw - site.idle_it_mw - 0.05)


def test_instructions_lower_the_limit_in_every_interval_that_they_touch() -> None:
    view = view_with_queue()
    start_s = view.axis.start_s
    order = Instruction("i", "g", "o", "site1", start_s, start_s + 1000, start_s + 2000, 7.0)
    view = replace(view, instructions=(order,))
    horizon = Horizon.uniform(view.axis, view.fleet.zone)
    limit = Problem.of(
        view, horizon, Merge.of(view.fleet), queue_work(view, horizon, Merge.of(view.fleet))
    ).import_max_mw[1]
    assert limit[0] > 7.0
    assert limit[1] == limit[2] == 7.0
    assert limit[3] > 7.0


def test_merging_keeps_masks_apart_and_sums_work() -> None:
    view = world.make_view(1, hours=24, classes=12)
    horizon = Horizon.uniform(view.axis, view.fleet.zone)
    merge = Merge.of(view.fleet, (4.0, 24.0))
    problem = Problem.of(view, horizon, merge, queue_work(view, horizon, Merge.of(view.fleet)))
    assert np.allclose(problem.released_mwh.sum(axis=0), view.outlook.released_mwh.sum(axis=0))
    allowed = view.fleet.classes.allowed(3)
    assert (merge.allowed[merge.group_of_class[merge.class_to]] == allowed).all()
    low, high = view.fleet.classes.power_per_gpu_kw.min(), view.fleet.classes.power_per_gpu_kw.max()
    assert ((problem.class_kw >= low - 1e-9) & (problem.class_kw <= high + 1e-9)).all()
