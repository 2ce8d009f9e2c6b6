"""Jobs of a shifting study: one run of constant power each, with a nominal start and a window.

No capacity, no facility: what a published study needs, and no more. The windows of the literature are methods that
return a table with other bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.coordination.deadlines import Calendar, next_workday_s, weekly_s
from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError

__all__ = ["ShiftJobs"]

Ints = NDArray[np.int64]
#: Sites that a mask of 64 bits can name.
_REGIONS_MAX = 64


@dataclass(frozen=True, slots=True, eq=False)
class ShiftJobs:
    """Columns of one length, one row per job; build it with `ShiftJobs.build` or `ShiftJobs.of`.

    id               names or numbers, as they are to appear in results
    start_s          nominal start, Unix seconds: where `run_now` runs
    earliest_s       the first instant at which the job may run; also when it is decided upon
    due_s            when it has to have ended
    duration_s       run time without pauses, whole seconds above 0
    expected_s       run time that the choice of a start is made with (GAIA's average length); `duration_s` if known
    power_kw         constant power while running, above 0
    interruptible    may it be paused?
    home             index of its region in `regions`
    regions_allowed  bit mask over `regions`, home included
    regions          names; empty where a study has one signal only

    Raises `DataError` that names the column and the first bad row, counted from 0.
    """

    id: NDArray[Any]
    start_s: Ints
    earliest_s: Ints
    due_s: Ints
    duration_s: Ints
    expected_s: Ints
    power_kw: NDArray[np.float64]
    interruptible: NDArray[np.bool_]
    home: Ints
    regions_allowed: NDArray[np.uint64]
    regions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.id)
        for name, dtype in _DTYPES.items():
            column: NDArray[Any] = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            if column.shape != (count,):
                raise DataError(f"jobs.{name}: {column.shape} values for {count} jobs; give one for each")
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        if len(self.regions) > _REGIONS_MAX or len(set(self.regions)) != len(self.regions):
            raise DataError(f"jobs.regions: at most {_REGIONS_MAX} regions, each once, got {self.regions}")
        self._refuse("duration_s", self.duration_s <= 0, "must be above 0 s")
        self._refuse("expected_s", self.expected_s <= 0, "must be above 0 s")
        self._refuse("power_kw", ~(np.isfinite(self.power_kw) & (self.power_kw > 0)), "must be a number above 0 kW")
        self._refuse("earliest_s", self.earliest_s > self.start_s, "lies after the nominal start")
        self._refuse("due_s", self.due_s < self.start_s, "lies before the nominal start")
        regions = max(len(self.regions), 1)
        self._refuse("home", (self.home < 0) | (self.home >= regions), f"is no region; there are {regions}")
        at_home = (self.regions_allowed >> self.home.astype(np.uint64)) & np.uint64(1)
        self._refuse("regions_allowed", at_home == 0, "leaves out the home region")
        beyond = self.regions_allowed >> np.uint64(regions) if regions < _REGIONS_MAX else np.zeros(count, np.uint64)
        self._refuse("regions_allowed", beyond != 0, f"names a region beyond the {regions} there are")

    def _refuse(self, column: str, bad: NDArray[np.bool_], why: str) -> None:
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            value = getattr(self, column)[row]
            raise DataError(
                f"jobs.{column}: row {row} (id {self.id[row]}, {value}) {why}; {int(bad.sum())} rows in all"
            )

    def __len__(self) -> int:
        return len(self.id)

    @classmethod
    def build(
        cls,
        *,
        start: object,
        duration_h: object,
        power_kw: object = 1.0,
        due: object = None,
        earliest: object = None,
        expected_h: object = None,
        interruptible: object = True,
        home: object = None,
        allowed: Sequence[Sequence[str]] | None = None,
        regions: Sequence[str] = (),
        id: object = None,  # noqa: A002
    ) -> ShiftJobs:
        """Jobs from columns: arrays, lists or polars series; single values hold for all jobs.

        Times are aware datetimes or whole Unix seconds. `duration_h` is kept to the nearest second. Without `due` the
        job has no slack, without `earliest` it may not start before `start`. `home` and `allowed` name regions of
        `regions`; without `allowed` a job may run in all of them, without `home` there must be no more than one.
        Raises `DataError` with the column and row for naive times, missing values, unequal lengths, unknown regions.
        """
        start_s = _unix_s(start, "start")
        count = len(start_s)
        duration_s = _seconds(duration_h, "duration_h", count)
        names = tuple(str(region) for region in regions)
        return cls(
            id=np.arange(count) if id is None else np.asarray(id),
            start_s=start_s,
            earliest_s=start_s if earliest is None else _unix_s(earliest, "earliest"),
            due_s=start_s + duration_s if due is None else _unix_s(due, "due"),
            duration_s=duration_s,
            expected_s=duration_s if expected_h is None else _seconds(expected_h, "expected_h", count),
            power_kw=_numbers(power_kw, "power_kw", count),
            interruptible=_spread(np.asarray(interruptible, dtype=np.bool_), count),
            home=_homes(home, names, count),
            regions_allowed=_masks(allowed, names, count),
            regions=names,
        )

    @classmethod
    def of(cls, table: JobTable, sites: Sequence[str] = ()) -> ShiftJobs:
        """The jobs of a study or trace: released, due, preemptible, sites and power above idle of all their GPUs.

        `sites` names what `home` and `sites_allowed` count; without it every job stays in the one region there is.
        """
        home = table.home.astype(np.int64) if sites else np.zeros(len(table), dtype=np.int64)
        return cls(
            id=table.id,
            start_s=table.released_s,
            earliest_s=table.released_s,
            due_s=table.due_s,
            duration_s=table.duration_s,
            expected_s=table.duration_s,
            power_kw=table.power_per_gpu_kw * table.gpus_max,
            interruptible=table.preemptible,
            home=home,
            regions_allowed=table.sites_allowed if sites else np.ones(len(table), dtype=np.uint64),
            regions=tuple(sites),
        )

    @property
    def end_s(self) -> Ints:
        """When each job would end if it ran at its nominal start, Unix seconds."""
        return self.start_s + self.duration_s

    def take(self, rows: Ints | NDArray[np.bool_]) -> ShiftJobs:
        """The jobs at `rows` (indices or a mask)."""
        return replace(self, **{name: getattr(self, name)[rows] for name in ("id", *_DTYPES)})

    def with_slack(self, slack_h: float | NDArray[np.float64]) -> ShiftJobs:
        """May end up to `slack_h` later than at once (slack of Sukprasert et al. 2024, waiting time of GAIA).

        One slack for all, or one for each job, `(jobs,)`.
        """
        slack_s = _window_s(slack_h, "slack_h", len(self))
        return replace(self, earliest_s=self.start_s, due_s=self.end_s + slack_s)

    def around(self, window_h: float | NDArray[np.float64]) -> ShiftJobs:
        """May start up to `window_h` before or after the nominal start (scheduled jobs of "Let's Wait Awhile")."""
        window_s = _window_s(window_h, "window_h", len(self))
        return replace(self, earliest_s=self.start_s - window_s, due_s=self.end_s + window_s)

    def until_next_workday(
        self,
        zone: str,
        *,
        opens_h: float = 9.0,
        closes_h: float = 17.0,
        calendar: Calendar = "weekdays",
        as_released: bool = False,
    ) -> ShiftJobs:
        """What would end outside office hours may end when the next workday opens; see `deadlines.next_workday_s`."""
        due_s = next_workday_s(
            self.end_s, zone, opens_h=opens_h, closes_h=closes_h, calendar=calendar, as_released=as_released
        )
        return replace(self, earliest_s=self.start_s, due_s=due_s)

    def until_weekly(self, zone: str, *, days: Sequence[int] = (0, 3), at_h: float = 9.0) -> ShiftJobs:
        """Due at the first weekly instant after the nominal end, Monday and Thursday 9:00; see `deadlines.weekly_s`."""
        return replace(self, earliest_s=self.start_s, due_s=weekly_s(self.end_s, zone, days=days, at_h=at_h))


_DTYPES = {
    "start_s": np.int64,
    "earliest_s": np.int64,
    "due_s": np.int64,
    "duration_s": np.int64,
    "expected_s": np.int64,
    "power_kw": np.float64,
    "interruptible": np.bool_,
    "home": np.int64,
    "regions_allowed": np.uint64,
}


def _unix_s(column: object, name: str) -> Ints:
    if isinstance(column, pl.Series):
        return _from_polars(column, name)
    if isinstance(column, datetime) or not isinstance(column, np.ndarray | Sequence):
        raise DataError(f"jobs.{name}: {type(column).__name__} is no column; give one time for each job")
    if isinstance(column, Sequence):
        for row, value in enumerate(column):
            if isinstance(value, datetime) and value.tzinfo is None:
                raise _naive(name, row)
        if any(isinstance(value, datetime) for value in column):
            return np.array([_instant_s(value, name, row) for row, value in enumerate(column)], dtype=np.int64)
    array = np.asarray(column)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind == "M":
        raise _naive(name, 0)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError(f"jobs.{name}: aware datetimes or whole Unix seconds are due, got {array.dtype}")
    return array.astype(np.int64)


def _from_polars(column: pl.Series, name: str) -> Ints:
    if column.null_count():
        raise DataError(f"jobs.{name}: row {int(column.is_null().arg_true()[0])} has no time")
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is None:
            raise _naive(name, 0)
        micros = column.dt.epoch("us").to_numpy()
        broken = np.flatnonzero(micros % 1_000_000)
        if broken.size:
            raise DataError(f"jobs.{name}: row {int(broken[0])} has a fraction of a second; round it")
        return (micros // 1_000_000).astype(np.int64)
    return _unix_s(column.to_numpy(), name)


def _instant_s(value: object, name: str, row: int) -> int:
    if not isinstance(value, datetime):
        raise DataError(f"jobs.{name}: row {row} is {value!r}, an aware datetime is due")
    if value.microsecond:
        raise DataError(f"jobs.{name}: row {row} has a fraction of a second; round it")
    return int(value.timestamp())


def _naive(name: str, row: int) -> DataError:
    return DataError(
        f"jobs.{name}: row {row} is a naive time; give it a zone, e.g. tzinfo=ZoneInfo('Asia/Shanghai') or, in polars, "
        "dt.replace_time_zone('Asia/Shanghai')"
    )


def _numbers(column: object, name: str, count: int) -> NDArray[np.float64]:
    try:
        values = np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"jobs.{name}: {error}; numbers are due") from error
    values = _spread(values, count)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise DataError(f"jobs.{name}: row {int(bad[0])} is not a finite number; {bad.size} rows in all")
    return values


def _seconds(column: object, name: str, count: int) -> Ints:
    return np.rint(_numbers(column, name, count) * 3600.0).astype(np.int64)


def _window_s(hours_h: object, name: str, count: int) -> Ints:
    window_s = _seconds(hours_h, name, count)
    if window_s.shape != (count,):
        raise DataError(f"jobs.{name}: {window_s.shape} values for {count} jobs; give one, or one for each")
    if (window_s < 0).any():
        row = int(np.flatnonzero(window_s < 0)[0])
        raise DataError(f"jobs.{name}: row {row} is negative, which is no window; write 0 or more")
    return window_s


def _spread(values: NDArray[Any], count: int) -> NDArray[Any]:
    return np.full(count, values) if values.ndim == 0 else values


def _homes(home: object, regions: tuple[str, ...], count: int) -> Ints:
    if home is None:
        if len(regions) > 1:
            raise DataError(f"jobs.home: name the home of each job, one of {', '.join(regions)}")
        return np.zeros(count, dtype=np.int64)
    if not isinstance(home, str) and isinstance(home, Sequence | np.ndarray | pl.Series):
        names = [str(name) for name in home]
    else:
        names = [str(home)] * count
    return np.array([_place(name, regions, "home", row) for row, name in enumerate(names)], dtype=np.int64)


def _masks(allowed: Sequence[Sequence[str]] | None, regions: tuple[str, ...], count: int) -> NDArray[np.uint64]:
    everywhere = (1 << max(len(regions), 1)) - 1
    if allowed is None:
        return np.full(count, everywhere, dtype=np.uint64)
    masks = [
        sum(1 << _place(str(name), regions, "allowed", row) for name in set(names)) for row, names in enumerate(allowed)
    ]
    return np.array(masks, dtype=np.uint64)


def _place(name: str, regions: tuple[str, ...], column: str, row: int) -> int:
    if name not in regions:
        raise DataError(f"jobs.{column}: row {row} names {name!r}; regions are {', '.join(regions) or 'not given'}")
    return regions.index(name)
