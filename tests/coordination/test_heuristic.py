from __future__ import annotations

import importlib.util
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.base import Coordinator
from suandian.coordination.control import RunNow
from suandian.coordination.heuristic import GreenestSite, LowestSlots, LowestWindow, Threshold
from suandian.model.workload import Pace

_SPEC = importlib.util.spec_from_file_location("small_views", Path(__file__).with_name("small_views.py"))
views = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(views)

ALL = (RunNow(), Threshold(), LowestWindow(), LowestSlots(), GreenestSite())
DAY = np.array([[9.0] * 6 + [2.0] * 4 + [5.0] * 14])


def kw(plan):
    return np.round(plan.it_mw.sum(axis=0) * 1000, 6)


@pytest.mark.parametrize("coordinator", ALL)
def test_comes_through_the_door_under_its_name(coordinator):
    found = entry_points(group="suandian.coordinators")[coordinator.name].load()
    assert found is type(coordinator)
    assert isinstance(coordinator, Coordinator)


def test_run_now_decides_once_and_offers_no_curve():
    view = views.view([views.site()], [{}], DAY, streams=[(0, {0}, [0.003] * 24)])
    plan = RunNow().plan(view)
    assert plan.start_at_once
    assert plan.stands_for == plan.axis.periods == 24
    assert not plan.it_mw.any()
    assert (plan.stream_mw == 0.003).all()
    assert plan.charge_mw is None
    assert plan.site_rank is None


def test_threshold_offers_all_room_in_low_intervals_only():
    view = views.view([views.site(gpus=10)], [{}], DAY, streams=[(0, {0}, [0.004] * 24)])
    plan = Threshold(percentile=16.0).plan(view)
    assert kw(plan)[0].tolist() == [0.0] * 6 + [6.0] * 4 + [0.0] * 14
    assert plan.stands_for == 1
    assert plan.may_pause
    everything = Threshold(percentile=100.0).plan(view)
    assert kw(everything)[0].tolist() == [6.0] * 24


def test_threshold_slows_in_dear_intervals_as_far_as_the_pace_goes():
    pace = Pace("capped", (1.0, 1.0, 1.0), (1.0, 0.9, 0.8), (1.0, 0.97, 0.93))
    view = views.view([views.site(gpus=10)], [{}], DAY, pace=pace)
    plan = Threshold(percentile=16.0).plan(view)
    assert plan.gear[0, 0].tolist() == [2] * 6 + [0] * 4 + [2] * 14
    assert Threshold(percentile=16.0).plan(views.view([views.site(gpus=10)], [{}], DAY)).gear is None


def test_threshold_looks_at_its_signal_and_horizon():
    carbon = DAY[:, ::-1]
    view = views.view([views.site(gpus=10)], [{}], DAY, carbon=carbon)
    low = kw(Threshold(signal="carbon_average", percentile=16.0).plan(view))[0]
    assert low.tolist() == [0.0] * 14 + [10.0] * 4 + [0.0] * 6
    assert (kw(Threshold(signal="carbon_marginal", percentile=16.0).plan(view)) > 0).argmax() == 6
    near = Threshold(percentile=16.0, horizon_h=6.0).plan(view)
    assert kw(near)[0].tolist() == [10.0] * 6


def test_threshold_keeps_what_may_not_be_paused_and_expects_rigid_work():
    jobs = [
        {"state": 1, "site": 0, "gpus": 3, "remaining_s": 2 * views.H, "preemptible": False},
        {"state": 1, "site": 0, "gpus": 2, "remaining_s": 5 * views.H},
    ]
    due = np.zeros((2, 24))
    due[1] = 0.001 * np.arange(1, 25)
    view = views.view([views.site()], jobs, DAY, slack_h=(4.0, 0.0), labels=("F3", "F2"), due_mwh=due)
    assert kw(Threshold(percentile=16.0).plan(view))[0, :6].tolist() == [4.0, 4.0, 1.0, 1.0, 1.0, 1.0]


def test_threshold_shares_room_by_the_queue_and_only_where_allowed():
    jobs = [{"gpus": 30, "class_index": 0}, {"gpus": 10, "class_index": 1, "sites_allowed": 2, "home": 1}]
    sites = [views.site(gpus=20), views.site("b", gpus=20)]
    view = views.view(sites, jobs, np.ones((2, 4)), slack_h=(4.0, 8.0), labels=("F3", "F4"), class_sites=[3, 2])
    plan = Threshold(percentile=100.0).plan(view)
    assert plan.it_mw[1, 0].sum() == 0.0
    assert plan.it_mw[0, 0] == pytest.approx(0.020)
    assert plan.it_mw[:, 1, 0] == pytest.approx([0.015, 0.005], rel=2e-3)


def test_lowest_window_and_slots_wait_for_the_valley():
    jobs = [{"remaining_s": 5 * views.H, "due_s": views.START_S + 20 * views.H}]
    price = np.array([[9.0, 1.0, 9.0, 9.0, 9.0, 9.0, 2.0, 2.0, 2.0, 2.0, 5.0, 5.0] + [9.0] * 12])
    view = views.view([views.site()], jobs, price)
    window, slots = LowestWindow().plan(view), LowestSlots().plan(view)
    assert np.flatnonzero(kw(window)[0]).tolist() == [6, 7, 8, 9, 10]
    assert np.flatnonzero(kw(slots)[0]).tolist() == [1, 6, 7, 8, 9]
    assert not window.may_pause
    assert slots.may_pause
    assert window.diagnostics["booked_count"] == 1.0


def test_quarter_hours_and_a_long_axis_are_cut_to_the_horizon():
    view = views.view([views.site()], [{}], np.ones((1, 1000)), step_h=0.25)
    plan = LowestWindow(horizon_h=24.0, decide_every_h=2.0).plan(view)
    assert plan.axis.periods == plan.it_mw.shape[2] == plan.curtail_mw.shape[1] == 96
    assert plan.stands_for == 8


def test_greenest_site_ranks_every_interval_and_moves_streams():
    carbon = np.array([[3.0, 1.0, 2.0], [2.0, 2.0, 2.0], [1.0, 3.0, 2.0]])
    sites = [views.site(name, gpus=10) for name in "abc"]
    view = views.view(sites, [{}], np.ones((3, 3)), carbon=carbon, streams=[(1, {0, 1}, [0.002] * 3)])
    plan = GreenestSite(decide_every_h=3.0).plan(view)
    assert plan.site_rank.tolist() == [[2, 0, 0], [1, 1, 1], [0, 2, 2]]
    assert plan.start_at_once
    assert (plan.stream_mw[0].argmax(axis=0) == [1, 0, 0]).all()
    held = {"state": 1, "site": 0, "gpus": 10, "remaining_s": 2 * views.H, "sites_allowed": 7}
    busy = GreenestSite(decide_every_h=3.0).plan(replace(view, queue=views.queue(held)))
    assert (busy.stream_mw[0].argmax(axis=0) == [1, 1, 0]).all()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Threshold(signal="prize"), "unknown; write one of price"),
        (lambda: Threshold(percentile=101.0), r"0…100"),
        (lambda: LowestWindow(decide_every_h=0.0), "above 0 h"),
        (lambda: LowestSlots(horizon_h=-1.0), "above 0 h"),
        (lambda: GreenestSite(signal=""), "unknown"),
    ],
)
def test_wrong_options_are_refused(make, match):
    with pytest.raises(ValueError, match=match):
        make()


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(ALL))
def test_same_view_same_plan_within_room_and_only_where_allowed(seed, coordinator):
    rng = np.random.default_rng(seed)
    sites, periods, count = int(rng.integers(1, 4)), int(rng.integers(2, 30)), int(rng.integers(0, 30))
    group = rng.integers(0, 3, count)
    class_sites = [2**sites - 1, 1, 1 << (sites - 1)]
    state = rng.integers(0, 3, count)
    jobs = [
        {
            "class_index": int(c),
            "gpus": int(rng.integers(1, 9)),
            "state": int(state[j]),
            "site": (0, 0, sites - 1)[c] if state[j] else -1,
            "home": (0, 0, sites - 1)[c],
            "preemptible": bool(rng.random() < 0.5),
            "sites_allowed": class_sites[c],
            "due_s": views.START_S + int(rng.integers(0, 40)) * views.H,
            "remaining_s": int(rng.integers(1, 10 * views.H)),
        }
        for j, c in enumerate(group)
    ]
    fleet = [views.site(str(s), gpus=int(rng.integers(5, 40)), import_max_mw=rng.random() * 0.05) for s in range(sites)]
    stream = [(0, set(range(sites)), rng.random(periods) * 0.004)]
    view = views.view(
        fleet,
        jobs,
        rng.random((sites, periods)),
        slack_h=(0.0, 4.0, 8.0),
        labels=("F2", "F3", "F5"),
        class_sites=class_sites,
        streams=stream,
    )
    plan, again = coordinator.plan(view), coordinator.plan(view)
    assert (plan.it_mw == again.it_mw).all()
    assert (plan.stream_mw == again.stream_mw).all()
    assert (plan.it_mw >= 0).all()
    assert (plan.stream_mw >= 0).all()
    n = plan.axis.periods
    for s, place in enumerate(fleet):
        assert (plan.it_mw[:, s].sum(axis=0) + plan.stream_mw[:, s].sum(axis=0)).max() <= max(
            place.import_max_mw, plan.stream_mw[:, s].sum(axis=0).max()
        ) + 1e-12
    assert plan.stream_mw.sum(axis=1) == pytest.approx(view.outlook.stream_mw[:, :n])
    assert not plan.it_mw[~view.fleet.classes.allowed(sites)].any()
    assert 1 <= plan.stands_for <= n
