"""Whole jobs against the fluid bound: never above it, by hand where one can count."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.flexibility.envelope import cumulative_work_mwh
from suandian.flexibility.reserve import WorkQueue, power_held_mw, turn_down_mw, turn_up_mw
from suandian.flexibility.runs import JobRuns, profile_mw
from suandian.flexibility.whole_jobs import turn_down_by_jobs, turn_up_by_jobs
from suandian.quantity.timeaxis import TimeAxis

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 24)
H = 3600


def runs_of(*jobs):
    """(start h, run h, slack h, power MW, pausable, lost h)"""
    start, run, slack, power, pausable, lost = (np.array(x) for x in zip(*jobs, strict=True))
    start_s = AXIS.start_s + np.rint(start * H).astype(np.int64)
    return JobRuns(
        start_s,
        start_s,
        start_s + np.rint(run * H).astype(np.int64),
        np.rint(slack * H).astype(np.int64),
        pausable.astype(bool),
        np.rint(lost * H).astype(np.int64),
        power.astype(float),
    )


def down(runs, capacity, first, length):
    default = profile_mw(AXIS, runs.start_s, runs.end_s, runs.power_mw)
    return turn_down_by_jobs(
        AXIS, runs, default, np.maximum(np.full(24, capacity), default), first=first, length=length
    )


def test_a_pause_by_hand():
    # Two jobs of 3 and 2 MW run 0–6 h. The first may pause, loses half an hour each time, has five hours of slack.
    runs = runs_of((0, 6, 5, 3.0, True, 0.5), (0, 6, 5, 2.0, False, 0.0))
    shift = down(runs, 5.0, 2, 2)
    assert shift.achieved_mw == 3.0
    assert shift.shifted_mwh == 6.0
    assert shift.lost_mwh == 1.5
    assert (shift.paused_count, shift.postponed_count, shift.refused_count) == (1, 0, 0)
    # It resumes at once at 4 h and runs 4.5 h: in hours 6–8 nothing else runs, so 3 MW more than the default.
    assert shift.rebound_mw == 3.0
    # Five hours of slack do not cover a pause of five hours and the half hour lost.
    assert down(runs, 5.0, 0, 5).achieved_mw == 5.0  # both begin with the window: they only wait
    assert down(runs, 5.0, 1, 5).achieved_mw == 0.0


def test_recovery_needs_room_for_the_whole_job():
    # A waits from 0 to 1 h; B, unmovable, fills the hall from 1 to 5 h; A has four hours of slack: at 5 h it is too
    # late.
    a, b = (0, 1, 4, 3.0, True, 0.0), (1, 4, 0, 3.0, False, 0.0)
    assert down(runs_of(a, b), 3.0, 0, 1).refused_count == 1
    assert down(runs_of((0, 1, 5, 3.0, True, 0.0), b), 3.0, 0, 1).achieved_mw == 3.0
    assert down(runs_of(a, b), 6.0, 0, 1).achieved_mw == 3.0


def test_work_held_back_for_the_window_by_hand():
    # One job of 4 MW for two hours begins at 3 h and may wait six hours: on two hours' notice the window 5–7 h gets it.
    runs = runs_of((3, 2, 6, 4.0, False, 0.0))
    default = profile_mw(AXIS, runs.start_s, runs.end_s, runs.power_mw)
    capacity = np.full(24, 10.0)
    shift = turn_up_by_jobs(AXIS, runs, default, capacity, first=5, length=2, notice=2)
    assert (shift.achieved_mw, shift.shifted_mwh, shift.rebound_mw) == (4.0, 8.0, 4.0)
    assert turn_up_by_jobs(AXIS, runs, default, capacity, first=5, length=3, notice=2).achieved_mw == 0.0
    assert turn_up_by_jobs(AXIS, runs, default, capacity, first=5, length=2, notice=1).achieved_mw == 0.0
    assert turn_up_by_jobs(AXIS, runs, default, np.full(24, 3.9), first=5, length=2, notice=2).refused_count == 1


_job = st.tuples(
    st.floats(0, 10),
    st.floats(0.05, 5),
    st.floats(0, 8),
    st.floats(0.1, 4),
    st.booleans(),
    st.sampled_from([0.0, 0.1]),
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(_job, min_size=1, max_size=14),
    st.floats(1.0, 2.0),
    st.integers(0, 8),
    st.integers(1, 5),
    st.integers(0, 5),
)
def test_never_above_the_fluid_bound(jobs, spare_ratio, first, length, notice):
    runs = runs_of(*jobs)
    default = profile_mw(AXIS, runs.start_s, runs.end_s, runs.power_mw)
    capacity = np.full(24, default.max() * spare_ratio)
    one = np.zeros(len(runs), dtype=np.int64)
    released, due = cumulative_work_mwh(
        AXIS, one, 1, runs.start_s, runs.start_s + runs.slack_s, runs.end_s - runs.start_s, runs.power_mw
    )
    queue = WorkQueue(1.0, default, released[0], due[0], capacity)
    fixed = runs.take(~runs.pausable)
    held = power_held_mw(AXIS, fixed.start_s, fixed.end_s, fixed.power_mw, 24)
    fluid = turn_down_mw(queue, [length], held_mw=held)[0, first]
    shift = turn_down_by_jobs(AXIS, runs, default, capacity, first=first, length=length)
    assert -1e-9 <= shift.achieved_mw <= fluid + 1e-6
    assert shift.shifted_mwh >= shift.achieved_mw * length - 1e-9
    up = turn_up_by_jobs(AXIS, runs, default, capacity, first=first, length=length, notice=notice)
    everything = power_held_mw(AXIS, runs.start_s, runs.end_s, runs.power_mw, 24)
    assert 0 <= up.achieved_mw <= turn_up_mw(queue, [length], notice=notice, held_mw=everything)[0, first] + 1e-6
