from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.horizon import Horizon
from suandian.quantity.timeaxis import TimeAxis

ZONE = "Asia/Shanghai"


def quarter_hours(start: datetime, hours: int) -> TimeAxis:
    return TimeAxis(start, timedelta(minutes=15), hours * 4)


def test_steps_grow_and_end_on_local_hours() -> None:
    axis = quarter_hours(datetime(2026, 4, 1, 0, 30, tzinfo=UTC), 72)
    horizon = Horizon.graded(axis, ZONE, parts=((6.0, 0.25), (48.0, 1.0), (72.0, 3.0)))
    assert horizon.first[-1] == axis.periods
    assert (horizon.step_h[:24] == 0.25).all()
    local_h = (horizon.starts_s / 3600 + 8) % 24
    assert (local_h[27:] % 1 == 0)[: np.flatnonzero(horizon.step_h == 1.0)[-1] - 27].all()
    three = np.flatnonzero(horizon.step_h == 3.0)
    assert three.size > 5
    assert (local_h[three] % 3 == 0).all()


def test_a_tariff_change_begins_a_step() -> None:
    axis = quarter_hours(datetime(2026, 3, 31, 16, tzinfo=UTC), 48)
    horizon = Horizon.graded(axis, ZONE, parts=((48.0, 3.0),), borders=np.array([5, 50]))
    assert {5, 50} <= set(horizon.first.tolist())


def test_months_are_local() -> None:
    axis = quarter_hours(datetime(2026, 3, 31, 12, tzinfo=UTC), 8)
    month = Horizon.uniform(axis, ZONE).month
    assert (np.diff(month) != 0).argmax() + 1 == 16, "April begins at 16:00 UTC in Shanghai"


@settings(max_examples=40, deadline=None)
@given(
    offset=st.integers(0, 95),
    hours=st.integers(1, 90),
    near=st.floats(0.25, 12),
    far=st.floats(12, 80),
    seed=st.integers(0, 9),
)
def test_energy_is_kept_and_cumulative_values_stay(offset: int, hours: int, near: float, far: float, seed: int) -> None:
    axis = quarter_hours(datetime(2026, 3, 30, tzinfo=UTC) + offset * timedelta(minutes=15), hours)
    horizon = Horizon.graded(axis, ZONE, parts=((near, 0.25), (far, 1.0), (hours, 3.0)))
    values = np.random.default_rng(seed).random((2, axis.periods))
    reach = int(horizon.first[-1])
    assert (np.diff(horizon.first) > 0).all()
    assert reach == axis.periods
    assert np.allclose(horizon.mean(values) @ horizon.step_h, values[:, :reach].sum(axis=1) * 0.25)
    assert np.allclose(horizon.mean(horizon.spread(horizon.mean(values))), horizon.mean(values))
    total = np.cumsum(values, axis=1)
    assert np.array_equal(horizon.at_end(total)[:, -1], total[:, reach - 1])
