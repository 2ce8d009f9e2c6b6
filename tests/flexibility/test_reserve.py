"""Turn-down and turn-up against duration: by hand, and against a linear programme for every window of random queues."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from suandian.flexibility.reserve import WorkQueue, power_held_mw, turn_down_mw, turn_up_mw
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

STEP_H = 0.5


def queue_of(default, released, due, capacity, step_h=1.0):
    return WorkQueue(step_h, *(np.array(x, dtype=float) for x in (default, released, due, capacity)))


def optimum(queue, first, length, sign, notice, held):
    """The definition: the largest P with w = w0 ± P in the window, the default before notice, bounds throughout."""
    periods, h = len(queue.default_mw), queue.step_h
    begin = max(first - notice, 0)
    capacity = np.maximum(queue.capacity_mw, queue.default_mw)
    due = np.minimum(queue.due_mwh, queue.run_mwh)
    lower_sum = np.tril(np.full((periods, periods), h))
    upper = np.hstack([lower_sum, np.zeros((periods, 1))])
    rows = [upper, -upper]
    right = [np.maximum(queue.released_mwh, queue.run_mwh), -due]
    fixed, fixed_to = [], []
    for t in range(first, first + length):
        row = np.zeros(periods + 1)
        row[t], row[-1] = 1.0, -sign
        fixed.append(row)
        fixed_to.append(queue.default_mw[t])
    bounds = []
    for t in range(periods):
        low = held[t - begin, begin] if held is not None and begin <= t < first + length else 0.0
        bounds.append((queue.default_mw[t],) * 2 if t < begin else (low, capacity[t]))
    cost = np.zeros(periods + 1)
    cost[-1] = -1.0
    done = linprog(
        cost, np.vstack(rows), np.concatenate(right), np.array(fixed), fixed_to, [*bounds, (0, None)], method="highs"
    )
    assert done.status == 0, done.message
    return done.x[-1]


@st.composite
def queues(draw):
    """Arrivals served first come, first served at a capacity; dues somewhere below; part of the load may not stop."""
    periods = draw(st.integers(2, 8))
    whole = st.integers(0, 8)
    arrivals = np.array(draw(st.lists(whole, min_size=periods, max_size=periods)), dtype=float)
    capacity = np.array(draw(st.lists(st.integers(1, 8), min_size=periods, max_size=periods)), dtype=float)
    waiting, default = 0.0, []
    for new, most in zip(arrivals, capacity, strict=True):
        waiting += new
        default.append(min(waiting, most))
        waiting -= default[-1]
    default = np.array(default)
    lag = draw(st.integers(0, 4))
    released = np.cumsum(arrivals) * STEP_H
    due = np.concatenate((np.zeros(lag), released))[:periods] * draw(st.sampled_from([1.0, 0.7]))
    share = np.array(draw(st.lists(st.sampled_from([0.0, 0.3, 1.0]), min_size=periods, max_size=periods)))
    bound = np.zeros((periods, periods))
    for k in range(periods):
        bound[k, : periods - k] = (share * default)[k:]
    return WorkQueue(STEP_H, default, released, due, capacity), draw(st.sampled_from([None, bound]))


@settings(max_examples=60, deadline=None)
@given(queues(), st.integers(0, 4))
def test_every_window_equals_the_linear_programme(case, notice):
    queue, held = case
    periods = len(queue.default_mw)
    lengths = range(1, periods + 1)
    down = turn_down_mw(queue, lengths, held_mw=held)
    up = turn_up_mw(queue, lengths, notice=notice, held_mw=held)
    for row, length in enumerate(lengths):
        for first in range(periods):
            if first + length > periods:
                assert np.isnan(down[row, first])
                assert np.isnan(up[row, first])
                continue
            assert down[row, first] == pytest.approx(optimum(queue, first, length, -1.0, 0, held), abs=1e-6)
            assert up[row, first] == pytest.approx(optimum(queue, first, length, 1.0, notice, held), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(queues(), st.integers(0, 3))
def test_longer_gives_less_and_more_notice_gives_more(case, notice):
    queue, held = case
    lengths = range(1, len(queue.default_mw) + 1)
    for found in (turn_down_mw(queue, lengths, held_mw=held), turn_up_mw(queue, lengths, notice=notice, held_mw=held)):
        steps = np.diff(found, axis=0)
        assert (steps[np.isfinite(steps)] <= 1e-9).all()
    free, bound = turn_down_mw(queue, lengths), turn_down_mw(queue, lengths, held_mw=held)
    assert (bound <= free + 1e-9)[np.isfinite(free)].all()
    less, more = (turn_up_mw(queue, lengths, notice=n) for n in (notice, notice + 1))
    assert (less <= more + 1e-9)[np.isfinite(less)].all()


def test_by_hand():
    # 4 MW for six hours, each MWh may wait two hours, 6 MW can run: an hour at 0 is recovered in two hours at 6.
    queue = queue_of([4] * 6 + [0] * 2, np.minimum(np.arange(1, 9) * 4, 24), [0, 0, 4, 8, 12, 16, 20, 24], [6] * 8)
    down = turn_down_mw(queue, [1, 2, 3])
    # spare 8 MWh at the start: one hour 4 MW (all of it), two hours 8/2 = 4, three hours 8/3.
    assert down[:, 0] == pytest.approx([4, 4, 8 / 3])
    # Up after an hour of notice: 4 MWh held back in it, but room is 2 MW; for three hours 4/3.
    assert turn_up_mw(queue, [1, 2, 3], notice=1)[:, 1] == pytest.approx([2, 2, 4 / 3])
    assert turn_up_mw(queue, [1], notice=0)[0, 1] == 0.0


def test_no_room_to_recover_leaves_less():
    # The same at a capacity of 4 MW: nothing can be caught up before the end of the arrivals, 8 MWh after it.
    full = queue_of([4] * 6 + [0] * 2, np.minimum(np.arange(1, 9) * 4, 24), [0, 0, 4, 8, 12, 16, 20, 24], [4] * 8)
    assert turn_down_mw(full, [1, 2])[:, 0] == pytest.approx([4, 4])
    tight = queue_of([4] * 6, np.arange(1, 7) * 4, [0, 0, 4, 8, 12, 24], [4] * 6)
    assert turn_down_mw(tight, [1])[0, 0] == 0.0


def test_power_that_may_not_stop_is_that_of_jobs_begun_before():
    axis = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 6)
    start = axis.start_s + np.array([0, 1800, 7200])
    end = axis.start_s + np.array([3 * 3600, 9000, 6 * 3600])
    held = power_held_mw(axis, start, end, np.array([1.0, 10.0, 100.0]), 3)
    # Row 0: going on in interval t. Job 0 begins with interval 0, so a decision at 0 may still put it off.
    assert held[0] == pytest.approx([0, 11, 1 + 5, 100, 100, 100])
    assert held[1] == pytest.approx([0, 1 + 5, 0, 100, 100, 0])
    assert held[2] == pytest.approx([0, 0, 0, 100, 0, 0])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-9000, 20000), st.integers(1, 30000), st.floats(0.1, 9)), min_size=1, max_size=9))
def test_held_power_job_by_job(jobs):
    axis = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 5)
    start, length, power = (np.array(x) for x in zip(*jobs, strict=True))
    found = power_held_mw(axis, axis.start_s + start, axis.start_s + start + length, power.astype(float), 7)
    for lag in range(7):
        for t in range(5):
            low, high = (t + lag) * 3600, (t + lag + 1) * 3600
            inside = np.clip(np.minimum(start + length, high) - np.maximum(start, low), 0, None) / 3600
            wanted = (power * inside * (start < t * 3600)).sum() if t + lag < 5 else 0.0
            assert found[lag, t] == pytest.approx(wanted, abs=1e-9)


def test_late_work_and_load_above_capacity_are_granted_and_told():
    queue = queue_of([1, 1, 1], [3, 3, 3], [2, 3, 3], [1, 0.5, 1])
    assert queue.late_mwh == pytest.approx(1.0)
    assert queue.above_capacity_mwh == pytest.approx(0.5)
    assert turn_down_mw(queue, [1])[0].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("field", "values"), [("due_mwh", [1.0]), ("capacity_mw", [np.nan, 1.0])])
def test_what_is_no_queue_is_refused(field, values):
    arrays = dict.fromkeys(("default_mw", "released_mwh", "due_mwh", "capacity_mw"), np.ones(2))
    with pytest.raises(DataError, match=field):
        WorkQueue(1.0, **(arrays | {field: np.array(values)}))
