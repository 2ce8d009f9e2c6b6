"""Job records of any format laid onto a study: its time, its sites, its occupancy.

Records give arrivals, lengths and relative widths; what a study needs beside them (deadline, permitted sites, power by
kind) comes from its `JobMix` with the study's seed, and widths are scaled to its occupancy as for generated jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.model.records import JobRecords
from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.job_bounds import boundary_counts, fit_to_axis
from suandian.signals.job_mix import JobMix, kind_given_length
from suandian.signals.jobs import dress_jobs

__all__ = ["TraceJobs", "lay"]

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_WEEK_S = 7 * _DAY_S
_YEAR_S = 8760 * _HOUR_S
#: Jobs that arrive this long before the study may still run when it starts.
_WARM_UP_S = 72 * _HOUR_S
#: A relative clock whose arrivals begin and end this near to the ends of a year of 8,760 h tells a synthetic year. D.
_YEAR_ENDS_S = 10 * _DAY_S


@dataclass(frozen=True, slots=True, eq=False)
class TraceJobs:
    """Jobs of a trace on a study's axis; `source` says what the trace is, `note` what was read, dropped and cut."""

    jobs: JobTable
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Which records stand where: `row` of each job taken, in order of `since_s` (from the start of the warm-up)."""

    row: NDArray[np.int64]
    since_s: NDArray[np.float64]
    told: str


def lay(
    records: JobRecords,
    *,
    axis: TimeAxis,
    mix: JobMix,
    site_weights: Sequence[float],
    gpus_per_site: Sequence[int],
    zone: str,
    seed: int,
    cut: bool = True,
) -> TraceJobs:
    """`records` on `axis`, with 72 h of warm-up; `cut` applies `fit_to_axis`.

    A synthetic year (relative clock, 8,760 h) is closed to a ring, and the study takes its own days of it; if they
    hold fewer jobs than `mix.count`, further windows of the year are laid over them. Any other clock is shifted by
    whole weeks of local time (`zone`), so that weekdays and hours agree: to the same days of the year if the record
    has them, else to its beginning; a record shorter than the study is repeated in whole weeks (below a week: days).
    The note says which. Where any job has GPUs, jobs without are left out; where none has, CPUs stand for GPUs.
    Raises `DataError` if nothing falls on the axis.
    """
    width, used = _widths(records)
    submitted_s = records.column("submitted_s")[used].astype(np.int64)
    if not len(submitted_s):
        raise DataError(f"{records.source}: holds no job to lay onto the study")
    span_s = round(axis.duration_h * _HOUR_S) + _WARM_UP_S
    if not records.absolute and _is_year(submitted_s):
        place = _on_year(submitted_s, axis, zone, span_s, mix.count)
    else:
        place = _on_weeks(submitted_s, axis, zone, span_s, absolute=records.absolute)
    length_h = _hours_h(records.column("duration_s")[used][place.row])
    rng = np.random.default_rng([seed, 0x74726163])
    weights = np.asarray(site_weights, dtype=np.float64)
    popularity = 1.0 / np.arange(1, mix.users + 1)
    count = len(place.row)
    jobs = dress_jobs(
        axis,
        mix,
        released_s=axis.start_s + np.rint(place.since_s - _WARM_UP_S).astype(np.int64),
        kind=kind_given_length(mix, length_h, rng),
        home=rng.choice(len(weights), size=count, p=weights / weights.sum()),
        user=rng.choice(mix.users, size=count, p=popularity / popularity.sum()),
        length_h=length_h,
        gang_count=width[place.row],
        gpus_per_site=gpus_per_site,
        rng=rng,
    )
    note = f"{_read_note(records, used)}, {count} taken {place.told}, 72 h of warm-up included; {_ends(jobs, axis)}"
    drawn = "kinds, deadlines, permitted sites and power are drawn from the job mix, widths scaled to its occupancy"
    source = f"{records.source}; {drawn}"
    return TraceJobs(fit_to_axis(jobs, axis) if cut else jobs, source, note)


def _widths(records: JobRecords) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Width of each job that is used, and which are."""
    gpus = records.column("gpus").astype(np.float64)
    used = gpus > 0
    if not used.any():
        cpus = records.column("cpus").astype(np.float64)
        used = cpus > 0
        return cpus[used], used
    return gpus[used], used


def _read_note(records: JobRecords, used: NDArray[np.bool_]) -> str:
    dropped = sum(remark.count for remark in records.dropped)
    told = "".join(f", {remark.count} × {remark.reason}" for remark in (*records.dropped, *records.repaired)[:6])
    left_out = f", {int((~used).sum())} without GPU left out" if not used.all() else ""
    return f"{records.read_count} rows read, {dropped} dropped{told}{left_out}"


def _ends(jobs: JobTable, axis: TimeAxis) -> str:
    bounds = boundary_counts(jobs, axis)
    carried = f"{bounds.carried_in} carried in, {bounds.cut_at_end} cut at the end"
    return f"{bounds.ended_before} over before the start, {carried}"


def _is_year(submitted_s: NDArray[np.int64]) -> bool:
    first_s, last_s = int(submitted_s[0]), int(submitted_s[-1])
    return 0 <= first_s < _YEAR_ENDS_S and _YEAR_S - _YEAR_ENDS_S < last_s <= _YEAR_S


def _on_year(submitted_s: NDArray[np.int64], axis: TimeAxis, zone: str, span_s: int, wanted_count: int) -> _Place:
    """The study's days of a closed year; further windows, evenly spread, until `wanted_count` is reached.

    As the time base is synthetic anyway, every job of the year stands in one window at most.
    """
    year_h, warm_up_h, span_h = _YEAR_S / _HOUR_S, _WARM_UP_S / _HOUR_S, span_s / _HOUR_S
    if span_h > year_h:
        raise DataError("the trace holds one year, the study with its warm-up of 72 h is longer; shorten it")
    start_h = (_local_start_s(axis, zone) - _new_year_s(axis, zone)) / _HOUR_S
    offset_h = _hours_h(submitted_s) - (start_h - warm_up_h)
    inside = int((offset_h % year_h < span_h).sum())
    wanted = wanted_count * span_h / (span_h - warm_up_h)
    layers = int(np.clip(np.rint(wanted / inside), 1, year_h // span_h)) if inside else 1
    since_h = offset_h % (year_h / layers)
    order = np.argsort(since_h, kind="stable")
    order = order[since_h[order] < span_h]
    told = f"from {layers} part(s) of the trace year laid over one another"
    return _Place(order, since_h[order] * _HOUR_S, told)


def _hours_h(seconds_s: NDArray[np.int64]) -> NDArray[np.float64]:
    """Hours with four decimals, finer than a second: a file in hours gives the hours that stand in it."""
    hours_h: NDArray[np.float64] = np.round(seconds_s / _HOUR_S, 4)
    return hours_h


def _on_weeks(submitted_s: NDArray[np.int64], axis: TimeAxis, zone: str, span_s: int, *, absolute: bool) -> _Place:
    """The record shifted by whole weeks of local time, or repeated where it is too short."""
    local_s = _local_s(submitted_s, zone) if absolute else submitted_s
    begin_s = _local_start_s(axis, zone) - _WARM_UP_S
    first_s, last_s = int(local_s[0]), int(local_s[-1])
    weeks = _same_days(begin_s, first_s, last_s, span_s) if absolute else None
    told = "from the same days of the year, shifted by"
    if weeks is None:
        weeks = (begin_s - first_s) // _WEEK_S
        told = "from the record's beginning, shifted by"
    since_s = (local_s - (begin_s - weeks * _WEEK_S)).astype(np.float64)
    if begin_s - weeks * _WEEK_S + span_s <= last_s + _DAY_S:
        row = np.flatnonzero((since_s >= 0) & (since_s < span_s))
        return _Place(row, since_s[row], f"{told} {weeks} whole weeks, weekdays agree")
    return _repeated(local_s, begin_s, span_s)


def _repeated(local_s: NDArray[np.int64], begin_s: int, span_s: int) -> _Place:
    length_s = int(local_s[-1] - local_s[0]) + 1
    unit_s, unit = (_WEEK_S, "week") if length_s >= _WEEK_S else (_DAY_S, "day")
    turns = max(1, length_s // unit_s)
    ring_s = turns * unit_s
    kept = np.flatnonzero(local_s < local_s[0] + ring_s)
    place_s = (local_s[kept] - begin_s) % ring_s
    copies = -(-span_s // ring_s)
    since_s = (place_s[None, :] + ring_s * np.arange(copies)[:, None]).ravel().astype(np.float64)
    row = np.tile(kept, copies)
    order = np.argsort(since_s, kind="stable")
    order = order[since_s[order] < span_s]
    agree = "weekdays agree" if unit == "week" else "weekdays do not agree"
    return _Place(row[order], since_s[order], f"from {turns} {unit}(s) of the record repeated end to end, {agree}")


def _same_days(begin_s: int, first_s: int, last_s: int, span_s: int) -> int | None:
    """Whole weeks between the study and the nearest same days of a year that the record covers."""
    begin = datetime.fromtimestamp(begin_s, UTC)
    for year in range(datetime.fromtimestamp(last_s, UTC).year, datetime.fromtimestamp(first_s, UTC).year - 1, -1):
        day = min(begin.day, 28) if begin.month == 2 else begin.day
        same = begin.replace(year=year, day=day)
        weeks = round((begin - same) / timedelta(weeks=1))
        from_s = begin_s - weeks * _WEEK_S
        if first_s <= from_s and from_s + span_s <= last_s:
            return weeks
    return None


def _local_s(seconds_s: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Seconds of the clock on the wall in `zone`, counted as if it were UTC."""
    utc = pl.Series(seconds_s * 1000).cast(pl.Datetime("ms", "UTC"))
    local: NDArray[np.int64] = utc.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.epoch("s").to_numpy()
    return local


def _local_start_s(axis: TimeAxis, zone: str) -> int:
    return int(_local_s(np.array([axis.start_s]), zone)[0])


def _new_year_s(axis: TimeAxis, zone: str) -> int:
    local = axis.start.astimezone(ZoneInfo(zone))
    return int(datetime(local.year, 1, 1, tzinfo=UTC).timestamp())
