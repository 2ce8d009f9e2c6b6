from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.flexibility.runs import JobRuns, add_run, first_come_start_s, profile_mw
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 4)


def test_profile_cuts_what_lies_outside():
    start = AXIS.start_s + np.array([-1800, 5400, 3 * 3600])
    end = AXIS.start_s + np.array([1800, 9000, 9 * 3600])
    assert profile_mw(AXIS, start, end, np.array([2.0, 4.0, 8.0])) == pytest.approx([1, 2, 2, 8])


@settings(max_examples=80, deadline=None)
@given(st.integers(-9000, 15000), st.integers(0, 12000), st.floats(-3, 3))
def test_one_run_is_the_profile_of_one(begin, length, power):
    load = np.zeros(AXIS.periods)
    start = AXIS.start_s + begin
    add_run(load, AXIS.start_s, AXIS.step_s, start, start + length, power)
    sign = -1.0 if power < 0 else 1.0
    wanted = sign * profile_mw(AXIS, np.array([start]), np.array([start + length]), np.array([abs(power)]))
    assert load == pytest.approx(wanted, abs=1e-9)


def test_first_come_first_served_by_hand():
    # Ten units. The second waits for the first; the third would fit beside the first but does not overtake.
    starts = first_come_start_s(np.array([0, 10, 20]), np.array([100, 50, 5]), np.array([6.0, 5.0, 1.0]), 10)
    assert starts.tolist() == [0, 100, 100]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 40), st.integers(1, 5)), min_size=1, max_size=15),
    st.integers(5, 9),
)
def test_never_above_the_room_and_never_idle_for_the_first_in_line(jobs, room):
    released, duration, width = (np.array(x) for x in zip(*sorted(jobs), strict=True))
    starts = first_come_start_s(released, duration, width.astype(float), room)
    assert (starts >= released).all()
    assert (np.diff(starts) >= 0).all()
    for t in range(int((starts + duration).max())):
        assert width[(starts <= t) & (t < starts + duration)].sum() <= room
    for row, begin in enumerate(starts):
        before = max(released[row], starts[row - 1] if row else released[row])
        if begin > before:  # one instant earlier there was no room
            on = (starts[:row] <= begin - 1) & (begin - 1 < starts[:row] + duration[:row])
            assert width[:row][on].sum() + width[row] > room


def test_a_job_wider_than_the_room_is_refused():
    with pytest.raises(DataError, match="needs 9 units and there are 8"):
        first_come_start_s(np.array([0]), np.array([1]), np.array([9.0]), 8)


def test_take_keeps_columns_together():
    column = np.arange(3)
    runs = JobRuns(column, column, column + 1, column, column > 0, column, column / 1.0)
    part = runs.take(np.array([2]))
    assert (len(part), part.start_s[0], part.end_s[0], part.power_mw[0]) == (1, 2, 3, 2.0)
