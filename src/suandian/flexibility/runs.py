"""The default runs of jobs: when each would run if nothing were shifted, and what load they make together."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.flexibility.envelope import cumulative_work_mwh
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["JobRuns", "add_run", "first_come_start_s", "profile_mw"]


@dataclass(frozen=True, slots=True, eq=False)
class JobRuns:
    """Default runs as columns `(jobs,)`.

    released_s     earliest start; start_s, end_s: the default run
    slack_s        by how much the default run may still be put off
    pausable       may a running job be stopped and resumed?
    lost_s         run time lost by a pause (work since the last checkpoint)
    power_mw       IT power above idle while it runs, the whole gang
    """

    released_s: NDArray[np.int64]
    start_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    slack_s: NDArray[np.int64]
    pausable: NDArray[np.bool_]
    lost_s: NDArray[np.int64]
    power_mw: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.start_s)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> JobRuns:
        """The runs at `rows`."""
        return JobRuns(
            self.released_s[rows],
            self.start_s[rows],
            self.end_s[rows],
            self.slack_s[rows],
            self.pausable[rows],
            self.lost_s[rows],
            self.power_mw[rows],
        )


def profile_mw(
    axis: TimeAxis, start_s: NDArray[np.int64], end_s: NDArray[np.int64], power_mw: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean power in each interval of jobs that run from start to end, `(periods,)`; parts outside the axis are cut."""
    begin_s = np.clip(start_s, axis.start_s, axis.end_s)
    length_s = np.maximum(np.minimum(end_s, axis.end_s) - begin_s, 0)
    one = np.zeros(len(start_s), dtype=np.int64)
    run_mwh, _ = cumulative_work_mwh(axis, one, 1, begin_s, begin_s, length_s, power_mw)
    mean_mw: NDArray[np.float64] = np.diff(run_mwh[0], prepend=0.0) / axis.step_h
    return mean_mw


def add_run(load_mw: NDArray[np.float64], base_s: int, step_s: int, start_s: int, end_s: int, power_mw: float) -> None:
    """Add one run to mean powers `(intervals,)` that begin at `base_s`, in place; parts outside are cut."""
    low_s = max(start_s - base_s, 0)
    high_s = min(end_s - base_s, len(load_mw) * step_s)
    if high_s <= low_s:
        return
    first, last = low_s // step_s, (high_s - 1) // step_s
    if first == last:
        load_mw[first] += power_mw * (high_s - low_s) / step_s
        return
    load_mw[first] += power_mw * ((first + 1) * step_s - low_s) / step_s
    load_mw[first + 1 : last] += power_mw
    load_mw[last] += power_mw * (high_s - last * step_s) / step_s


def first_come_start_s(
    released_s: NDArray[np.int64], duration_s: NDArray[np.int64], width: NDArray[np.float64], room_count: float
) -> NDArray[np.int64]:
    """Starts of jobs served first come, first served with `room_count` units (GPUs or cores), no overtaking, `(jobs,)`.

    Jobs are ordered by release; each takes `width` units from its start for `duration_s`. Raises `DataError` for a job
    wider than the room: it could never start.
    """
    if len(width) and float(width.max()) > room_count:
        raise DataError(f"a job needs {float(width.max()):g} units and there are {room_count:g}; leave it out first")
    starts = released_s.copy()
    used, now = 0.0, -(2**62)
    running: list[tuple[int, float]] = []
    rows = zip(released_s.tolist(), duration_s.tolist(), width.tolist(), strict=True)
    for row, (released, duration, units) in enumerate(rows):
        now = max(now, released)
        while running and (running[0][0] <= now or used + units > room_count + 1e-9):
            end, freed = heapq.heappop(running)
            used -= freed
            now = max(now, end)
        starts[row] = now
        used += units
        heapq.heappush(running, (now + duration, units))
    return starts
