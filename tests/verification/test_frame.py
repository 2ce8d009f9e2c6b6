from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.event import Event
from suandian.verification.frame import event_range, frame, window_periods
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Window


def made(zone="Asia/Shanghai", start=(2025, 3, 28), hours=96):
    axis = TimeAxis(datetime(*start, tzinfo=ZoneInfo(zone)).astimezone(UTC), timedelta(hours=1), hours)
    return LoadTable(("a",), axis, np.arange(float(hours))[None, :], zone, WEEKDAYS)


def event(table, first, last, notice=0):
    s = table.axis.start_s
    return Event("e", s + (first - notice) * 3600, s + first * 3600, s + last * 3600)


def test_an_event_across_midnight_keeps_the_day_it_starts_on() -> None:
    table = made()
    placed = frame(table, event(table, 46, 50))
    assert (placed.first, placed.last, placed.day, placed.cut) == (46, 50, 1, False)
    assert placed.offsets.tolist() == [22, 23, 24, 25]


def test_an_event_across_a_clock_change_goes_by_wall_clock() -> None:
    spring = made("Europe/Berlin", (2025, 3, 29), 71)
    assert frame(spring, event(spring, 24, 28)).offsets.tolist() == [0, 1, 3, 4]
    autumn = made("Europe/Berlin", (2025, 10, 25), 73)
    assert frame(autumn, event(autumn, 25, 29)).offsets.tolist() == [1, 2, 2, 3]


def test_an_event_beyond_the_data_is_cut_and_one_outside_refused() -> None:
    table = made()
    placed = frame(table, event(table, 94, 99))
    assert (placed.first, placed.last, placed.cut) == (94, 96, True)
    with pytest.raises(DataError, match="lies outside the data"):
        frame(table, event(table, 100, 102))


def test_an_event_off_the_grid_is_refused() -> None:
    table = made()
    s = table.axis.start_s
    with pytest.raises(DataError, match=r"its end .* is not on a boundary of the 60 min intervals"):
        event_range(table.axis, Event("e", s, s, s + 1800))


def test_windows_hold_whole_intervals_only() -> None:
    table = made()
    own = event(table, 10, 12, notice=1)
    assert window_periods(table.axis, own, (Window("start", -4, -1), Window("end", 1, 2)))[0].tolist() == [6, 7, 8, 13]
    # Notice at 9:00 exactly: half an hour before it holds no whole interval.
    found, missing = window_periods(table.axis, own, (Window("notice", -0.5, 0),))
    assert (found.tolist(), missing) == ([], True)
    assert window_periods(table.axis, own, (Window("start", -12, -9),))[1]
