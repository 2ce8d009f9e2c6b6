from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.booking import book, wishes
from suandian.coordination.room import Room
from suandian.quantity.timeaxis import TimeAxis

_SPEC = importlib.util.spec_from_file_location("small_views", Path(__file__).with_name("small_views.py"))
views = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(views)


def booked(jobs, signal, *, gpus=10, it_mw=1.0, interruptible=False, classes=1, step_h=1.0):
    signal = np.asarray(signal, dtype=float)
    axis = TimeAxis(views.START, views.timedelta(hours=step_h), signal.shape[1])
    room = Room(np.broadcast_to(gpus, signal.shape).astype(np.int64), np.full(signal.shape, it_mw))
    return book(wishes(views.queue(*jobs), axis, interruptible=interruptible), room, signal, classes)


def kw(result):
    return np.round(result.it_mw.sum(axis=0) * 1000, 6).tolist()


VALLEY = [[5.0, 4.0, 1.0, 2.0, 1.0, 9.0]]


def test_run_takes_the_lowest_window_and_pieces_the_lowest_slots():
    job = {"remaining_s": 2 * views.H}
    assert kw(booked([job], VALLEY)) == [[0, 0, 1, 1, 0, 0]]
    assert kw(booked([job], VALLEY, interruptible=True)) == [[0, 0, 1, 0, 1, 0]]
    fixed = job | {"preemptible": False}
    assert kw(booked([fixed], VALLEY, interruptible=True)) == [[0, 0, 1, 1, 0, 0]]


def test_deadline_and_release_bound_the_choice():
    early = {"remaining_s": views.H, "due_s": views.START_S + 2 * views.H}
    assert kw(booked([early], VALLEY)) == [[0, 1, 0, 0, 0, 0]]
    late = {"remaining_s": views.H, "released_s": views.START_S + 2 * views.H + 1}
    assert kw(booked([late], VALLEY)) == [[0, 0, 0, 0, 1, 0]]


def test_partial_last_interval_may_begin_before_the_deadline():
    job = {"remaining_s": views.H // 2, "due_s": views.START_S + 2 * views.H + views.H // 2}
    assert kw(booked([job], VALLEY)) == [[0, 0, 1, 0, 0, 0]]
    assert kw(booked([job], VALLEY, interruptible=True)) == [[0, 0, 1, 0, 0, 0]]


def test_elsewhere_is_booked_only_once_the_data_can_be_there():
    signal = [[9.0, 9.0, 9.0, 9.0], [1.0, 2.0, 3.0, 4.0]]
    job = {"sites_allowed": 3, "remaining_s": views.H, "due_s": views.START_S + 4 * views.H}
    assert kw(booked([job], signal)) == [[0, 0, 0, 0], [1, 0, 0, 0]]
    # An hour and a second take two intervals.
    far = job | {"transfer_s": views.H + 1}
    assert kw(booked([far], signal)) == [[0, 0, 0, 0], [0, 0, 1, 0]]
    assert kw(booked([far], signal, interruptible=True)) == [[0, 0, 0, 0], [0, 0, 1, 0]]
    # Paused there already, the data need not go anywhere; too far, it stays at home.
    there = far | {"state": 2, "site": 1}
    assert kw(booked([there], signal)) == [[0, 0, 0, 0], [1, 0, 0, 0]]
    assert kw(booked([far | {"transfer_s": 9 * views.H}], signal)) == [[1, 0, 0, 0], [0, 0, 0, 0]]


def test_a_cheap_site_that_the_data_reach_too_late_does_not_make_a_job_late():
    signal = [[9.0] * 6, [1.0] * 6]
    job = {"sites_allowed": 3, "remaining_s": 2 * views.H, "due_s": views.START_S + 4 * views.H}
    far = job | {"transfer_s": 3 * views.H}
    # Away it could run in hours 3 and 4, of which 4 is past the deadline.
    assert kw(booked([far], signal, interruptible=True)) == [[1, 1, 0, 0, 0, 0], [0] * 6]


def test_first_come_first_served_under_gpus_and_power():
    jobs = [{"gpus": 6, "remaining_s": views.H}, {"gpus": 6, "remaining_s": views.H}]
    assert kw(booked(jobs, VALLEY)) == [[0, 0, 6, 0, 6, 0]]
    assert kw(booked(jobs, VALLEY, gpus=100, it_mw=0.011)) == [[0, 0, 6, 0, 6, 0]]
    assert kw(booked(jobs, VALLEY, gpus=100, it_mw=0.012)) == [[0, 0, 12, 0, 0, 0]]


def test_other_site_only_if_strictly_cheaper_and_allowed():
    signal = [[3.0, 3.0], [3.0, 2.0]]
    assert kw(booked([{"sites_allowed": 3}], [[3.0, 3.0], [3.0, 3.0]])) == [[1, 0], [0, 0]]
    assert kw(booked([{"sites_allowed": 3}], signal)) == [[0, 0], [0, 1]]
    assert kw(booked([{"sites_allowed": 1}], signal)) == [[1, 0], [0, 0]]
    assert kw(booked([{"sites_allowed": 2}], signal)) == [[0, 0], [0, 1]]
    paused = {"sites_allowed": 3, "state": 2, "site": 0}
    assert kw(booked([paused], signal, interruptible=True)) == [[1, 0], [0, 0]]


def test_full_home_spills_to_another_site():
    jobs = [{"gpus": 10}, {"gpus": 10, "sites_allowed": 3}]
    due = {"due_s": views.START_S + views.H}
    assert kw(booked([jobs[0] | due, jobs[1] | due], [[1.0, 1.0], [5.0, 5.0]])) == [[10, 0], [10, 0]]


def test_running_jobs_keep_their_place_unless_they_may_be_split():
    running = {"state": 1, "site": 0, "remaining_s": 2 * views.H, "preemptible": False}
    assert kw(booked([running], VALLEY, interruptible=True)) == [[1, 1, 0, 0, 0, 0]]
    assert kw(booked([running | {"preemptible": True}], VALLEY)) == [[1, 1, 0, 0, 0, 0]]
    assert kw(booked([running | {"preemptible": True}], VALLEY, interruptible=True)) == [[0, 0, 1, 0, 1, 0]]


def test_without_room_in_time_the_soonest_is_booked_and_none_is_counted():
    tight = {"gpus": 10, "due_s": views.START_S + views.H}
    result = booked([tight, tight], VALLEY)
    assert kw(result) == [[10, 10, 0, 0, 0, 0]]
    result = booked([tight] * 8, VALLEY)
    assert (result.jobs, result.missed) == (6, 2)
    late = {"remaining_s": 2 * views.H, "due_s": views.START_S - views.H}
    assert kw(booked([late], VALLEY, interruptible=True)) == [[1, 1, 0, 0, 0, 0]]


def test_job_longer_than_the_horizon_is_booked_as_far_as_it_goes():
    long = {"remaining_s": 50 * views.H, "due_s": views.START_S + 100 * views.H}
    assert kw(booked([long], VALLEY)) == [[1] * 6]
    assert kw(booked([long], VALLEY, interruptible=True)) == [[1] * 6]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_never_above_the_room_never_where_not_allowed_and_always_the_same(seed, interruptible):
    rng = np.random.default_rng(seed)
    sites, periods, count = int(rng.integers(1, 4)), int(rng.integers(2, 30)), int(rng.integers(0, 40))
    mask = rng.integers(1, 2**sites, count)
    state = rng.integers(0, 3, count)
    first_site = np.array([next(s for s in range(sites) if m >> s & 1) for m in mask], dtype=int)
    jobs = [
        {
            "gpus": int(rng.integers(1, 12)),
            "power_per_gpu_kw": float(rng.choice([0.3, 0.7])),
            "state": int(state[j]),
            "site": int(first_site[j]) if state[j] else -1,
            "preemptible": bool(rng.random() < 0.5),
            "home": int(rng.integers(0, sites)),
            "sites_allowed": int(mask[j]),
            "class_index": int(mask[j]) - 1,
            "released_s": views.START_S + int(rng.integers(-1, 5)) * 1800,
            "due_s": views.START_S + int(rng.integers(-1, 2 * periods)) * views.H,
            "remaining_s": int(rng.integers(1, 10 * views.H)),
        }
        for j in range(count)
    ]
    signal = rng.integers(0, 9, (sites, periods)).astype(float)
    gpus, it_mw = rng.integers(0, 30, (sites, periods)), rng.random((sites, periods)) * 0.02
    axis = TimeAxis(views.START, views.timedelta(hours=1), periods)
    asked = wishes(views.queue(*jobs), axis, interruptible=interruptible)
    results = [book(asked, Room(gpus.astype(np.int64), it_mw), signal, 2**sites - 1) for _ in range(2)]
    plan_mw = results[0].it_mw
    assert (plan_mw == results[1].it_mw).all()
    assert (plan_mw >= 0).all()
    assert (plan_mw.sum(axis=0) <= it_mw + 1e-12).all()
    for group in range(2**sites - 1):
        for s in range(sites):
            assert (group + 1) >> s & 1 or not plan_mw[group, s].any()
    free = [j for j in range(count) if not asked.keep[j]]
    if len(free) == count:
        # No job here draws less than 0.3 kW a GPU.
        assert (plan_mw.sum(axis=0) <= gpus * 0.7e-3 + 1e-12).all()
