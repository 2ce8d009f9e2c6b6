from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis, at_unix_s

QUARTER = timedelta(minutes=15)


def test_half_open_and_labelled_by_start() -> None:
    axis = TimeAxis(datetime(2026, 4, 1, tzinfo=ZoneInfo("Asia/Shanghai")), QUARTER, 96)
    assert axis.start == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert axis.end - axis.start == timedelta(days=1)
    assert axis.index_of(axis.start) == 0
    assert axis.index_of(axis.end - timedelta(seconds=1)) == 95
    with pytest.raises(ValueError, match="outside"):
        axis.index_of(axis.end)


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        TimeAxis(datetime.fromisoformat("2026-04-01T00:00"), QUARTER, 1)


@pytest.mark.parametrize("step", [timedelta(0), timedelta(seconds=-60), timedelta(milliseconds=1500)])
def test_a_step_is_a_positive_whole_number_of_seconds(step: timedelta) -> None:
    with pytest.raises(ValueError, match="step"):
        TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), step, 1)


def test_local_starts_jump_with_daylight_saving() -> None:
    axis = TimeAxis(datetime(2026, 3, 29, 0, tzinfo=UTC), timedelta(hours=1), 4)
    local = axis.local_starts("Europe/Berlin")
    assert [str(t)[11:16] for t in local] == ["01:00", "03:00", "04:00", "05:00"]


def test_local_starts_match_zoneinfo_over_a_year() -> None:
    axis = TimeAxis(datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=7), 1200)
    local = axis.local_starts("America/New_York")
    tz = ZoneInfo("America/New_York")
    for index in range(0, axis.periods, 37):
        expected = axis.at(index).astimezone(tz).replace(tzinfo=None)
        assert local[index] == np.datetime64(expected)


def test_parts_keep_their_place() -> None:
    axis = TimeAxis(datetime(2026, 1, 1, tzinfo=UTC), QUARTER, 10)
    part = axis.part(3, 7)
    assert (part.start, part.periods) == (axis.at(3), 4)
    assert part.starts_s()[0] == axis.starts_s()[3]
    with pytest.raises(ValueError, match="part"):
        axis.part(5, 5)


def test_unix_seconds_round_trip() -> None:
    axis = TimeAxis(datetime(2026, 1, 1, tzinfo=UTC), QUARTER, 1)
    assert at_unix_s(axis.start_s) == axis.start
