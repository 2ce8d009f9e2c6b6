"""The one time axis: UTC, uniform, half-open, labelled by interval start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

__all__ = ["TimeAxis", "at_unix_s", "instants", "utc_offsets_s"]


def at_unix_s(seconds_s: int) -> datetime:
    """The UTC instant `seconds_s` seconds after 1970-01-01T00:00Z."""
    return datetime.fromtimestamp(int(seconds_s), tz=UTC)


def instants(seconds_s: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Unix seconds as `datetime64[ms]`, the finest unit that polars and Parquet share with us."""
    stamps: NDArray[np.datetime64] = seconds_s.astype("datetime64[s]").astype("datetime64[ms]")
    return stamps


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """`periods` intervals `[start + i·step, start + (i+1)·step)`.

    Raises `ValueError` for a naive start, a step that is no whole number of seconds, or no period.
    """

    start: datetime
    step: timedelta
    periods: int

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("TimeAxis.start needs a time zone; a naive timestamp is refused")
        if self.step <= timedelta(0) or self.step.total_seconds() % 1:
            raise ValueError("TimeAxis.step must be a positive whole number of seconds")
        if self.periods < 1:
            raise ValueError("TimeAxis.periods must be at least 1")
        if self.start.microsecond:
            raise ValueError("TimeAxis.start must be a whole second")
        object.__setattr__(self, "start", self.start.astimezone(UTC))

    @property
    def step_s(self) -> int:
        return int(self.step.total_seconds())

    @property
    def step_h(self) -> float:
        return self.step_s / 3600.0

    @property
    def start_s(self) -> int:
        """Unix seconds of the start."""
        return int(self.start.timestamp())

    @property
    def end(self) -> datetime:
        return self.start + self.periods * self.step

    @property
    def end_s(self) -> int:
        return self.start_s + self.periods * self.step_s

    @property
    def duration_h(self) -> float:
        return self.periods * self.step_h

    def at(self, index: int) -> datetime:
        """Start of interval `index`; `index == periods` is the end."""
        return self.start + index * self.step

    def index_of(self, when: datetime) -> int:
        """Index of the interval that contains `when`; raises `ValueError` outside the axis."""
        if when.tzinfo is None:
            raise ValueError("a naive timestamp has no place on the axis; give it a time zone")
        index = int((when - self.start) // self.step)
        if not 0 <= index < self.periods:
            raise ValueError(f"{when.isoformat()} is outside {self.start.isoformat()}…{self.end.isoformat()}")
        return index

    def starts_s(self) -> NDArray[np.int64]:
        """Unix seconds of every interval start, shape `(periods,)`."""
        return self.start_s + self.step_s * np.arange(self.periods, dtype=np.int64)

    def starts(self) -> NDArray[np.datetime64]:
        """UTC interval starts as `datetime64[s]`, shape `(periods,)`."""
        return self.starts_s().astype("datetime64[s]")

    def local_starts(self, zone: str) -> NDArray[np.datetime64]:
        """Wall-clock interval starts in `zone` as naive `datetime64[s]` (for tariffs and reports only)."""
        tz = ZoneInfo(zone)
        starts_s = self.starts_s()
        # Clock changes are days apart, so one look at each day's end tells whether there is any; if so, one look per
        # quarter hour (no zone changes on a finer grid) tells where.
        days_s = np.append(np.arange(starts_s[0], starts_s[-1], 86_400), starts_s[-1])
        found_s = {_utc_offset_s(int(day_s), tz) for day_s in days_s}
        if len(found_s) == 1:
            offsets_s = np.full(self.periods, found_s.pop(), dtype=np.int64)
        else:
            offsets_s = utc_offsets_s(starts_s, tz)
        local: NDArray[np.datetime64] = (starts_s + offsets_s).astype("datetime64[s]")
        return local

    def part(self, first: int, last: int) -> TimeAxis:
        """The sub-axis of intervals `[first, last)`."""
        if not 0 <= first < last <= self.periods:
            raise ValueError(f"part [{first}, {last}) does not lie in 0…{self.periods}")
        return TimeAxis(self.at(first), self.step, last - first)


def utc_offsets_s(seconds_s: NDArray[np.int64], tz: ZoneInfo) -> NDArray[np.int64]:
    """Seconds by which the wall clock is ahead of UTC at Unix seconds of any shape `(n,)`."""
    # One look per quarter hour: no zone changes on a finer grid.
    quarters, index = np.unique(seconds_s // 900, return_inverse=True)
    return np.array([_utc_offset_s(int(quarter) * 900, tz) for quarter in quarters], dtype=np.int64)[index]


def _utc_offset_s(seconds_s: int, tz: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(seconds_s, tz).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
