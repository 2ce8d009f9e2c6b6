"""What whole jobs achieve of the fluid bound: gangs stay together, some may not pause, recovery has to find room.

Every schedule built here is one that the fluid bound allows too, so `achieved_mw` never exceeds it (a test holds it).
The choice of jobs is greedy: a lower bound of what a perfect scheduler of whole jobs could do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.flexibility.runs import JobRuns, add_run, profile_mw
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["JobShift", "turn_down_by_jobs", "turn_up_by_jobs"]

_Array = NDArray[np.float64]
_TINY_MW = 1e-9


@dataclass(frozen=True, slots=True)
class JobShift:
    """One call answered with whole jobs.

    achieved_mw    constant change over the whole window
    shifted_mwh    energy that left the window (or was brought into it); more than achieved × duration, since jobs are
                   lumps
    lost_mwh       work run twice, because a pause loses what was done since the last checkpoint
    rebound_mw     most by which the load exceeds the default afterwards (turn-down) or falls below it before (turn-up)
    paused_count, postponed_count, refused_count   jobs stopped, started later, and left alone for want of room or time
    """

    achieved_mw: float
    shifted_mwh: float
    lost_mwh: float
    rebound_mw: float
    paused_count: int
    postponed_count: int
    refused_count: int


def turn_down_by_jobs(
    axis: TimeAxis, runs: JobRuns, default_mw: _Array, capacity_mw: _Array, *, first: int, length: int
) -> JobShift:
    """Stop or hold back every whole job that can make up for it, for `length` intervals from `first`.

    `default_mw`, `capacity_mw`: `(periods,)`, the first not above the second. A running job is paused if it may be and
    its slack covers the window and the work lost; a job not yet begun waits if its slack lasts to the window's end. In
    order of their latest resumption they then go on as early as there is room for the whole job; who finds none is
    left alone.
    """
    window = axis.part(first, first + length)
    low_s, high_s = window.start_s, window.end_s
    running = (runs.start_s < low_s) & (runs.end_s > low_s) & runs.pausable
    running &= runs.slack_s >= high_s - low_s + runs.lost_s
    coming = (runs.start_s >= low_s) & (runs.start_s < high_s) & (runs.slack_s >= high_s - runs.start_s)
    rows = np.flatnonzero((running | coming) & (runs.power_mw > 0))
    jobs, paused = runs.take(rows), running[rows]
    # A paused job finishes what is left and repeats what is lost; a waiting one runs whole.
    left_s = jobs.end_s - np.where(paused, low_s, jobs.start_s) + np.where(paused, jobs.lost_s, 0)
    latest_s = np.where(paused, low_s - jobs.lost_s, jobs.start_s) + jobs.slack_s
    resumed_s = _resumptions(axis, jobs, default_mw, capacity_mw, high_s, left_s, latest_s)
    kept = resumed_s >= 0
    taken_mw = profile_mw(window, jobs.start_s[kept], jobs.end_s[kept], jobs.power_mw[kept])
    after = axis.part(first + length, axis.periods) if first + length < axis.periods else None
    rebound_mw = 0.0
    if after is not None and kept.any():
        moved = profile_mw(after, resumed_s[kept], (resumed_s + left_s)[kept], jobs.power_mw[kept])
        rebound_mw = float((moved - profile_mw(after, jobs.start_s[kept], jobs.end_s[kept], jobs.power_mw[kept])).max())
    lost_mwh = float((jobs.power_mw * jobs.lost_s)[kept & paused].sum() / 3600.0)
    return JobShift(
        achieved_mw=float(taken_mw.min()),
        shifted_mwh=float(taken_mw.sum() * axis.step_h),
        lost_mwh=lost_mwh,
        rebound_mw=max(rebound_mw, 0.0),
        paused_count=int((kept & paused).sum()),
        postponed_count=int((kept & ~paused).sum()),
        refused_count=int((~kept).sum()),
    )


def _resumptions(
    axis: TimeAxis,
    jobs: JobRuns,
    default_mw: _Array,
    capacity_mw: _Array,
    from_s: int,
    left_s: NDArray[np.int64],
    latest_s: NDArray[np.int64],
) -> NDArray[np.int64]:
    """When each job goes on, `(jobs,)`; −1 where it finds no room in time. What lies past the axis has room."""
    resumed_s = np.full(len(jobs), from_s, dtype=np.int64)
    first = (from_s - axis.start_s) // axis.step_s
    if first >= axis.periods or not len(jobs):
        return resumed_s
    after = _until(axis, first, int(max((latest_s + left_s).max(), jobs.end_s.max())))
    free_mw = (capacity_mw - default_mw)[first : first + after.periods]
    freed = profile_mw(after, jobs.start_s, jobs.end_s, jobs.power_mw)
    if (profile_mw(after, resumed_s, resumed_s + left_s, jobs.power_mw) <= free_mw + freed + _TINY_MW).all():
        return resumed_s  # the common case: all at once
    free_mw = np.maximum(free_mw, 0.0)
    step_s = axis.step_s
    columns = (latest_s, left_s, jobs.start_s, jobs.end_s)
    plain = list(zip(*(column.tolist() for column in columns), jobs.power_mw.tolist(), strict=True))
    for row in np.argsort(latest_s, kind="stable").tolist():
        latest, left, start, end, power_mw = plain[row]
        add_run(free_mw, from_s, step_s, start, end, power_mw)
        place = _earliest(free_mw, power_mw, left / step_s, (latest - from_s) // step_s + 1)
        if place < 0:
            resumed_s[row] = -1
            add_run(free_mw, from_s, step_s, start, end, -power_mw)
            continue
        again_s = from_s + place * step_s
        resumed_s[row] = again_s
        add_run(free_mw, from_s, step_s, again_s, again_s + left, -power_mw)
    return resumed_s


def _until(axis: TimeAxis, first: int, end_s: int) -> TimeAxis:
    """The axis from interval `first` to the one that holds `end_s`, at most to its own end."""
    last = (end_s - axis.start_s - 1) // axis.step_s + 1
    return axis.part(first, int(min(max(last, first + 1), axis.periods)))


def _earliest(free_mw: _Array, power_mw: float, run_ratio: float, choices: int) -> int:
    """First of the first `choices` intervals from which `power_mw` fits for `run_ratio` intervals; −1 if none."""
    fits = _fitting(free_mw, power_mw, run_ratio, choices)
    return int(np.argmax(fits)) if fits.any() else -1


def _fitting(free_mw: _Array, power_mw: float, run_ratio: float, choices: int) -> NDArray[np.bool_]:
    """From which of the first `choices` intervals does a block fit? The last interval may be taken in part."""
    whole = int(run_ratio)
    padded = np.append(free_mw[: choices + whole + 1], np.full(max(choices + whole + 1 - len(free_mw), 0), np.inf))
    tight = np.concatenate(([0], np.cumsum(padded < power_mw - _TINY_MW)))
    at = np.arange(choices)
    fits: NDArray[np.bool_] = (tight[at + whole] == tight[at]) & (
        padded[at + whole] >= power_mw * (run_ratio - whole) - _TINY_MW
    )
    return fits


def turn_up_by_jobs(
    axis: TimeAxis,
    runs: JobRuns,
    default_mw: _Array,
    capacity_mw: _Array,
    *,
    first: int,
    length: int,
    notice: int,
) -> JobShift:
    """Bring whole jobs into the window that would have begun in the `notice` intervals before it.

    Jobs are held back whole, the longest first, each to where the load added so far is lowest and the whole run fits.
    Running jobs are not paused for it.
    """
    low_s = axis.start_s + first * axis.step_s
    begin_s = axis.start_s + max(first - notice, 0) * axis.step_s
    ready = (runs.start_s >= begin_s) & (runs.start_s < low_s) & (runs.slack_s >= low_s - runs.start_s)
    rows = np.flatnonzero(ready & (runs.power_mw > 0))
    rows = rows[np.argsort(runs.start_s[rows] - runs.end_s[rows], kind="stable")]
    furthest_s = int((runs.end_s + runs.slack_s)[rows].max(initial=low_s))
    after = _until(axis, first, max(furthest_s, low_s + length * axis.step_s))
    free_mw = np.maximum(capacity_mw - default_mw, 0.0)[first : first + after.periods]
    added, moved = np.zeros(length), np.zeros(len(rows), dtype=np.bool_)
    step_s, high_s = axis.step_s, low_s + length * axis.step_s
    for place, row in enumerate(rows.tolist()):
        start, end, power_mw = int(runs.start_s[row]), int(runs.end_s[row]), float(runs.power_mw[row])
        latest = start + int(runs.slack_s[row])
        add_run(free_mw, low_s, step_s, start, end, power_mw)
        best = _emptiest(free_mw, added, power_mw, (end - start) / step_s, (latest - low_s) // step_s + 1)
        begin = low_s + max(best, 0) * step_s
        gained_s = min(begin + end - start, high_s) - begin - max(min(end, high_s) - low_s, 0)
        if best < 0 or gained_s <= 0:
            add_run(free_mw, low_s, step_s, start, end, -power_mw)
            continue
        add_run(free_mw, low_s, step_s, begin, begin + end - start, -power_mw)
        add_run(added, low_s, step_s, start, end, -power_mw)
        add_run(added, low_s, step_s, begin, begin + end - start, power_mw)
        moved[place] = True
    achieved_mw = max(float(added.min()), 0.0)
    gap_mw = _gap_before(axis, runs.take(rows[moved]), first, notice)
    return JobShift(
        achieved_mw=achieved_mw,
        shifted_mwh=float(added.sum() * axis.step_h),
        lost_mwh=0.0,
        rebound_mw=gap_mw,
        paused_count=0,
        postponed_count=int(moved.sum()),
        refused_count=int((~moved).sum()),
    )


def _emptiest(free_mw: _Array, added_mw: _Array, power_mw: float, run_ratio: float, choices: int) -> int:
    """Interval of the window from which a job fits and meets the least that was added so far; −1 if it fits nowhere."""
    fits = np.flatnonzero(_fitting(free_mw, power_mw, run_ratio, min(len(added_mw), choices)))
    if not len(fits):
        return -1
    total = np.concatenate(([0.0], np.cumsum(added_mw)))
    stop = np.minimum(fits + max(int(np.ceil(run_ratio)), 1), len(added_mw))
    return int(fits[np.argmin((total[stop] - total[fits]) / (stop - fits))])


def _gap_before(axis: TimeAxis, moved: JobRuns, first: int, notice: int) -> float:
    """Largest power missing in the notice."""
    begin = max(first - notice, 0)
    if begin >= first or not len(moved):
        return 0.0
    return float(profile_mw(axis.part(begin, first), moved.start_s, moved.end_s, moved.power_mw).max())
