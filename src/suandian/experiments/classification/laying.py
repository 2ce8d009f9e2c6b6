"""From the clock of records to the clock of a setting: an axis, and by how much the work is put later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from suandian.experiments.classification.columns import WorkColumns
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis, at_unix_s

__all__ = ["Laid", "lay_on_study", "lay_on_year", "work_axis"]

_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S
_QUARTER_S, _HOUR_S = 900, 3600
#: Up to this span quarter hours, above it hours.
_FINE_S = 31 * _DAY_S
#: Spans above this are faults of the clock, not work.
_LONGEST_S = 10 * 366 * _DAY_S


@dataclass(frozen=True, slots=True)
class Laid:
    """The work on its new clock; `clock_en`, `clock_zh` say how it came there."""

    work: WorkColumns
    clock_en: str
    clock_zh: str


def lay_on_year(work: WorkColumns, *, absolute: bool, year: int, zone: str) -> Laid:
    """A relative clock begins with the year; an absolute one is put off by whole years of 52 weeks.

    So hours of the day and weekdays of real times stay what they were, and prices and carbon are those of `year`.
    """
    new_year_s = int(datetime(year, 1, 1, tzinfo=ZoneInfo(zone)).timestamp())
    if not absolute:
        return Laid(
            work.shifted(new_year_s),
            f"the trace has no calendar: its first second is taken as {year}-01-01 00:00 {zone}",
            f"记录没有日历时间：其起点取为{year}-01-01 00:00（{zone}）",
        )
    middle_s = int(work.released_s[0] + work.released_s[-1]) // 2
    weeks = 52 * round((new_year_s + 182 * _DAY_S - middle_s) / (52 * _WEEK_S))
    if weeks == 0:
        return Laid(work, "times as recorded", "按记录时间")
    return Laid(
        work.shifted(weeks * _WEEK_S),
        f"recorded times are put {'later' if weeks > 0 else 'earlier'} by {abs(weeks)} weeks, onto "
        f"{year}: hours of the "
        "day and weekdays stay",
        f"记录时间整体平移{abs(weeks)}周至{year}年，时刻与星期不变",
    )


def lay_on_study(work: WorkColumns, study: TimeAxis, *, absolute: bool) -> Laid:
    """Onto a study's period, which is then repeated: by whole weeks for real times, to its start for relative ones."""
    if not absolute:
        return Laid(
            work.shifted(study.start_s),
            "the trace has no calendar: its first second is laid on the study's start, "
            f"{study.start:%Y-%m-%d %H:%M} UTC",
            f"记录没有日历时间：其起点对齐研究起点（{study.start:%Y-%m-%d %H:%M} UTC）",
        )
    weeks = -((int(work.released_s[0]) - study.start_s) // _WEEK_S)
    return Laid(
        work.shifted(weeks * _WEEK_S),
        f"recorded times are put {'later' if weeks > 0 else 'earlier'} by {abs(weeks)} weeks, onto the study: hours of "
        "the day and weekdays stay",
        f"记录时间整体平移{abs(weeks)}周至研究时段，时刻与星期不变",
    )


def work_axis(first_s: int, last_s: int, *, study: TimeAxis | None = None) -> TimeAxis:
    """An axis from the day of the first release to the end of the last run or deadline.

    With a study, whole steps from the study's start. Raises `DataError` where the work spans more than ten years.
    """
    if last_s - first_s > _LONGEST_S:
        years = (last_s - first_s) / (366 * _DAY_S)
        raise DataError(
            f"the work spans {years:,.0f} years, from {at_unix_s(first_s):%Y-%m-%d} to {at_unix_s(last_s):%Y-%m-%d}: a "
            "time column is read wrongly, or a job never ends; check units and outliers, or shorten --delay"
        )
    step_s = _QUARTER_S if last_s - first_s <= _FINE_S else _HOUR_S
    begin_s = first_s // _HOUR_S * _HOUR_S
    if study is not None:
        begin_s = study.start_s
        if step_s % study.step_s:
            step_s = study.step_s
    periods = int(np.ceil((last_s - begin_s) / step_s))
    return TimeAxis(datetime.fromtimestamp(begin_s, UTC), timedelta(seconds=step_s), max(periods, 3))
