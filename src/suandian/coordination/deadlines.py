"""Deadlines of office work, from when a job would end if it ran at once: the next workday, fixed days of the week.

Both are those of Wiesner et al., "Let's Wait Awhile" (Middleware 2021, scenario II), as functions from Unix seconds to
Unix seconds; hours are wall-clock hours in a named zone, changes of clocks included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import utc_offsets_s
from suandian.signals.load import days_off

__all__ = ["CALENDARS", "Calendar", "next_workday_s", "weekly_s"]

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]
Calendar = Literal["weekdays", "china"]

#: `weekdays`: Monday to Friday. `china`: mainland China's public holidays are off and the weekend days that make up for
#: them are worked, where the State Council has published the year; Monday to Friday in other years.
CALENDARS: tuple[str, ...] = ("weekdays", "china")

#: Days looked ahead for a workday; the longest holiday so far had 8 days, with weekends around it (D).
_AHEAD = 31
_DAY_S = 86_400


def next_workday_s(
    end_s: Ints,
    zone: str,
    *,
    opens_h: float = 9.0,
    closes_h: float = 17.0,
    calendar: Calendar = "weekdays",
    as_released: bool = False,
) -> Ints:
    """When work that would end at `end_s` is due if nobody looks at it outside office hours, `(jobs,)` Unix seconds.

    Inside office hours (`opens_h` ≤ local time ≤ `closes_h` on a workday) it is due when it would end: it cannot be
    shifted. Else it is due at `opens_h` of the next workday, that of the same morning included.
    `as_released`: as the authors' published script has it, what ends on the evening of a workday is due the next
    *day* at `opens_h`, on Friday evenings thus on Saturday.

    Raises `ScenarioError` for an unknown zone or calendar, or hours that do not satisfy 0 ≤ opens < closes ≤ 24.
    """
    if not 0.0 <= opens_h < closes_h <= 24.0:
        raise _fault("opens_h", f"{opens_h} … {closes_h} are no office hours; write 0 ≤ opens_h < closes_h ≤ 24")
    if calendar not in CALENDARS:
        raise _fault("calendar", f"{calendar!r} is unknown; write one of {', '.join(CALENDARS)}")
    ends = np.asarray(end_s, dtype=np.int64)
    if not ends.size:
        return ends.copy()
    days, clock_s = _local(ends, zone)
    workdays = _workdays(days.min(), days.max(), calendar)
    this = workdays[np.searchsorted(workdays, days, side="left")]
    following = workdays[np.searchsorted(workdays, days, side="right")]
    works = this == days
    evening = works & (clock_s > closes_h * 3600.0)
    next_day = days + np.timedelta64(1, "D") if as_released else following
    target = np.where(evening, next_day, this)
    due_s = _instants(target, opens_h, zone)
    in_office = works & (clock_s >= opens_h * 3600.0) & ~evening
    return np.where(in_office, ends, due_s)


def weekly_s(end_s: Ints, zone: str, *, days: Sequence[int] = (0, 3), at_h: float = 9.0) -> Ints:
    """The first of the weekly instants at or after `end_s`, `(jobs,)` Unix seconds.

    `days` are days of the week, Monday is 0; the defaults are the semi-weekly meetings of the paper, Monday and
    Thursday at 9:00. Raises `ScenarioError` for an unknown zone, no day, or a day or hour that does not exist.
    """
    wanted = sorted({int(day) for day in days})
    if not wanted or wanted[0] < 0 or wanted[-1] > 6:
        raise _fault("days", f"{tuple(days)} are no days of the week; write numbers from 0 (Monday) to 6 (Sunday)")
    if not 0.0 <= at_h < 24.0:
        raise _fault("at_h", f"{at_h} is no hour of the day; write 0 ≤ at_h < 24")
    ends = np.asarray(end_s, dtype=np.int64)
    if not ends.size:
        return ends.copy()
    local_days, clock_s = _local(ends, zone)
    candidates = np.arange(local_days.min(), local_days.max() + np.timedelta64(9, "D"))
    meetings = candidates[np.isin(_weekday(candidates), wanted)]
    passed = clock_s > at_h * 3600.0
    place = np.where(
        passed, np.searchsorted(meetings, local_days, side="right"), np.searchsorted(meetings, local_days, side="left")
    )
    return _instants(meetings[place], at_h, zone)


def _workdays(first: np.datetime64, last: np.datetime64, calendar: str) -> Days:
    days = np.arange(first, last + np.timedelta64(_AHEAD, "D"))
    off = days_off(days) if calendar == "china" else _weekday(days) >= 5
    workdays: Days = days[~off]
    return workdays


def _weekday(days: Days) -> Ints:
    """Monday is 0; 1970-01-01 was a Thursday."""
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def _local(seconds_s: Ints, zone: str) -> tuple[Days, Ints]:
    """Local day and seconds of the wall clock since its midnight."""
    wall_s = seconds_s + utc_offsets_s(seconds_s, _zone(zone))
    days: Days = (wall_s // _DAY_S).astype("datetime64[D]")
    return days, wall_s % _DAY_S


def _instants(days: Days, hour_h: float, zone: str) -> Ints:
    """Unix seconds of a wall-clock hour on each day; an hour that occurs twice is taken the first time."""
    tz = _zone(zone)
    unique, index = np.unique(days, return_inverse=True)
    clock = timedelta(hours=hour_h)

    def at(day: int) -> int:
        midnight = datetime.combine(date(1970, 1, 1) + timedelta(days=day), time(0))
        return int((midnight + clock).replace(tzinfo=tz).timestamp())

    return _each(unique.astype(np.int64), at)[index]


def _each(values: Ints, function: Callable[[int], int]) -> Ints:
    return np.array([function(int(value)) for value in values], dtype=np.int64)


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _fault("zone", f"unknown time zone {zone!r}; write e.g. Europe/Berlin, Asia/Shanghai or UTC") from error


def _fault(path: str, message: str) -> ScenarioError:
    return ScenarioError([Fault(path, message)], source="deadlines")
