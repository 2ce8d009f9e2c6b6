import importlib.util
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from suandian.coordination.base import Coordinator
from suandian.coordination.linear import Foresight
from suandian.coordination.rolling import Rolling

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


def rolled(view, coordinator):
    fluid = world.FluidWorld(view)
    while fluid.now < view.axis.periods:
        plan = coordinator.plan(fluid.look())
        fluid.enact(plan, min(plan.stands_for, view.axis.periods - fluid.now))
    return fluid


def gap_with_perfect_forecasts(seed: int) -> float:
    """Twelve days across the end of a month, demand charges of both included: cost above foresight's, as a share."""
    view = world.make_view(seed, hours=288, classes=6, start=datetime(2026, 3, 25, 16, tzinfo=UTC))
    best = Foresight().plan(view).diagnostics["objective_cny"]
    edges_h = (0.5, 1, 4, 8, 16, 24, 48)
    exact = Rolling(slack_edges_h=edges_h, fine_h=48, coarse_every_h=24, margin_h=0, reserve_ratio=0)
    fluid = rolled(view, exact)
    assert fluid.late_mwh < 1e-3
    return fluid.cost_cny() / best - 1


def test_with_perfect_forecasts_it_is_within_a_thousandth_of_foresight() -> None:
    """Measured: 0.103 %, 0.008 % and 0.004 %; the first world keeps 0.09 % with a longer window as well."""
    gaps = [gap_with_perfect_forecasts(seed) for seed in (1, 2, 3)]
    assert min(gaps) >= -1e-6
    assert sum(gaps) / len(gaps) <= 0.001
    assert max(gaps) <= 0.0012


def test_peak_targets_are_what_a_window_alone_lacks() -> None:
    view = world.make_view(2, hours=144, classes=5)
    with_targets = rolled(view, Rolling(decide_every_h=3, horizon_h=24)).cost_cny()

    class Blind(Rolling):
        def _coarse(self, view, merge):
            seen = super()._coarse(view, merge)
            return replace(
                seen,
                peak_mw=0 * seen.peak_mw,
                work_cny_per_mwh=0 * seen.work_cny_per_mwh,
                storage_cny_per_mwh=0 * seen.storage_cny_per_mwh,
            )

    assert with_targets < 0.995 * rolled(view, Blind(decide_every_h=3, horizon_h=24)).cost_cny()


def test_the_same_view_gives_a_plan_of_the_same_value_warm_or_cold() -> None:
    view = world.make_view(3, hours=96, classes=5)
    warm, fluid = Rolling(coarse_every_h=0), world.FluidWorld(view)
    for _ in range(6):
        look = fluid.look()
        plan, cold = warm.plan(look), Rolling(coarse_every_h=0).plan(look)
        assert plan.diagnostics["objective_cny"] == pytest.approx(cold.diagnostics["objective_cny"], rel=1e-9)
        assert np.abs(plan.it_mw.sum(axis=(0, 1)) - cold.it_mw.sum(axis=(0, 1))).mean() < 0.05
        fluid.enact(plan, 1)


def test_near_steps_are_quarter_hours_and_the_guard_is_the_planned_peak() -> None:
    view = world.make_view(4, hours=72, step_min=15, classes=5)
    view = replace(view, peak_mw=np.array([3.0, 30.0, 0.0]))
    coordinator = Rolling()
    assert isinstance(coordinator, Coordinator)
    plan = coordinator.plan(view)
    assert plan.stands_for == 4
    assert plan.axis.periods == 48 * 4
    assert plan.import_guard_mw[1] == pytest.approx(30.0)
    assert (plan.import_guard_mw >= view.peak_mw).all()
    far = plan.it_mw.sum(axis=0)[:, 24:].reshape(3, -1, 4)
    assert np.ptp(far, axis=2).max() == pytest.approx(0.0, abs=1e-9)


def test_what_lies_beyond_the_months_it_touches_changes_nothing() -> None:
    """From 1 April, a day's window and a coarse plan of a day: April is seen to its end, May not at all."""
    view = world.make_view(6, hours=960, classes=4, start=datetime(2026, 3, 31, 16, tzinfo=UTC))

    def dearer(first: int) -> np.ndarray:
        later = np.arange(view.axis.periods) >= first
        changed = replace(view, outlook=replace(view.outlook, price_cny_per_mwh=np.where(later, 2.0, 1.0) * price))
        return Rolling(horizon_h=24, coarse_every_h=24).plan(changed).it_mw

    price = view.outlook.price_cny_per_mwh
    plain = dearer(view.axis.periods)
    assert np.array_equal(dearer(720), plain)
    assert not np.array_equal(dearer(480), plain)


def test_running_work_that_cannot_pause_stays_where_it_is() -> None:
    view = world.make_view(5, hours=24, step_min=15, classes=3)
    now_s, end_s = view.axis.start_s, view.axis.end_s
    queue = world.queue_of(
        job=[0, 1], class_index=[0, 1], state=[1, 0], site=[2, -1], gpus=[1000, 500], power_per_gpu_kw=[0.5, 0.5],
        preemptible=[False, True], home=[2, 0], sites_allowed=[4, 7], submitted_s=[now_s, now_s],
        released_s=[now_s, now_s], due_s=[end_s, end_s], remaining_s=[5400, 3600],
    )  # fmt: skip
    plan = Rolling().plan(replace(view, queue=queue))
    assert (plan.it_mw[0, 2, :6] >= 0.5 - 1e-9).all()
    more = plan.it_mw.sum() * 0.25 - Rolling().plan(view).it_mw.sum() * 0.25
    assert more == pytest.approx(0.5 * 1.5 + 0.25, abs=1e-3)


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="decide_every_h"):
        Rolling(decide_every_h=0)
