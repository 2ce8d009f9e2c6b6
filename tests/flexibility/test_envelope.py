from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.flexibility.envelope import cumulative_work_mwh
from suandian.quantity.timeaxis import TimeAxis

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(minutes=15), 20)


def slow(axis, class_index, classes, start_s, duration_s, power_mw):
    """The definition, job by job."""
    total = np.zeros((classes, axis.periods))
    for row, begin, length, power in zip(class_index, start_s, duration_s, power_mw, strict=True):
        for t in range(axis.periods):
            end_s = axis.start_s + (t + 1) * axis.step_s
            total[row, t] += power * min(max(end_s - begin, 0), length) / 3600
    return total


def columns(rows):
    class_index, since, wait, length, power = (np.array(column) for column in zip(*rows, strict=True))
    released_s = AXIS.start_s + since
    return class_index, released_s, released_s + wait, length, power.astype(float)


_job = st.tuples(
    st.integers(0, 2),
    st.integers(-30_000, 30_000),
    st.integers(-5_000, 20_000),
    st.integers(1, 40_000),
    st.floats(0.01, 50),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(_job, min_size=1, max_size=25))
def test_equal_to_the_definition_job_by_job(rows):
    index, released_s, latest_s, duration_s, power_mw = columns(rows)
    released, due = cumulative_work_mwh(AXIS, index, 3, released_s, latest_s, duration_s, power_mw)
    begin_s = np.maximum(released_s, AXIS.start_s)
    assert released == pytest.approx(slow(AXIS, index, 3, begin_s, duration_s, power_mw), abs=1e-8)
    last_s = np.maximum(latest_s, begin_s)
    assert due == pytest.approx(slow(AXIS, index, 3, last_s, duration_s, power_mw), abs=1e-8)


@settings(max_examples=80, deadline=None)
@given(st.lists(_job, min_size=1, max_size=25))
def test_due_never_exceeds_released_and_both_rise(rows):
    index, released_s, latest_s, duration_s, power_mw = columns(rows)
    released, due = cumulative_work_mwh(AXIS, index, 3, released_s, latest_s, duration_s, power_mw)
    assert (due <= released).all()
    assert (np.diff(released, axis=1) >= 0).all()
    assert (np.diff(due, axis=1) >= -1e-12).all()
    assert (due >= 0).all()
    energy_mwh = np.bincount(index, weights=power_mw * duration_s / 3600, minlength=3)
    assert (released[:, -1] <= energy_mwh + 1e-8).all()


def test_jobs_inside_the_axis_end_with_all_their_energy():
    index = np.array([0, 1, 1])
    released_s = AXIS.start_s + np.array([0, 100, 5000])
    duration_s = np.array([3600, 450, 1800])
    power_mw = np.array([2.0, 8.0, 1.0])
    released, due = cumulative_work_mwh(AXIS, index, 2, released_s, released_s + 900, duration_s, power_mw)
    assert released[:, -1] == pytest.approx([2.0, 1.5])
    assert due[:, -1] == pytest.approx([2.0, 1.5])
    assert released[0, :5] == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0])
    assert due[0, :5] == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])
    assert released[1, 0] == pytest.approx(8.0 * 450 / 3600)


def test_a_class_without_jobs_is_zero_and_no_job_at_all_is_fine():
    none = np.zeros(0, dtype=np.int64)
    released, due = cumulative_work_mwh(AXIS, none, 2, none, none, none, np.zeros(0))
    assert released.shape == due.shape == (2, 20)
    assert not released.any()
