"""Kinds of days from a calendar table: holidays, and weekends that were made working days (调休)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from suandian.model.contract import Source

__all__ = ["WEEKDAYS", "Calendar", "DayKind", "mainland_china"]

_SATURDAY, _SUNDAY = 5, 6


class DayKind(IntEnum):
    """What a local calendar day is. A transferred workday is WORKING, whatever its weekday."""

    WORKING = 0
    SATURDAY = 1
    SUNDAY = 2
    HOLIDAY = 3


@dataclass(frozen=True, slots=True)
class Calendar:
    """Public holidays and transferred workdays of one place.

    `years` is the span (first, last) for which the table is published; outside it only weekdays are known, and
    `unknown_years` says so. None: the table holds for every year.
    """

    id: str
    holidays: frozenset[date]
    workdays: frozenset[date]
    source: Source
    years: tuple[int, int] | None = None

    def kinds(self, days: NDArray[np.datetime64]) -> NDArray[np.int8]:
        """`DayKind` of each day, shape of `days` (`datetime64[D]`)."""
        weekday = (days.astype("datetime64[D]").astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        kinds = np.select(
            [weekday == _SATURDAY, weekday == _SUNDAY], [DayKind.SATURDAY, DayKind.SUNDAY], DayKind.WORKING
        ).astype(np.int8)
        kinds[np.isin(days, _days(self.workdays))] = DayKind.WORKING
        kinds[np.isin(days, _days(self.holidays))] = DayKind.HOLIDAY
        return kinds

    def unknown_years(self, days: NDArray[np.datetime64]) -> tuple[int, ...]:
        """Years among `days` whose holidays the table does not know."""
        if self.years is None:
            return ()
        met = {int(year) for year in np.unique(days.astype("datetime64[Y]").astype(np.int64) + 1970)}
        return tuple(sorted(year for year in met if not self.years[0] <= year <= self.years[1]))


#: Saturdays and Sundays only; for places whose holidays are given by hand, replace `holidays`.
WEEKDAYS = Calendar("weekdays", frozenset(), frozenset(), Source("ISO 8601 weekdays, no holidays", "D"))


@cache
def mainland_china() -> Calendar:
    """Mainland China's public holidays and transferred workdays, as published by the State Council each year."""
    import chinese_calendar

    # `workdays` of the package are the weekends that became workdays; weekdays off are its `holidays`.
    holidays, workdays = chinese_calendar.constants.holidays, chinese_calendar.constants.workdays
    return Calendar(
        "mainland_china",
        frozenset(holidays),
        frozenset(workdays),
        Source("State Council notices on public holidays, through chinesecalendar", "B"),
        (min(holidays).year, max(holidays).year),
    )


def _days(table: frozenset[date]) -> NDArray[np.datetime64]:
    return np.array(sorted(table), dtype="datetime64[D]")
