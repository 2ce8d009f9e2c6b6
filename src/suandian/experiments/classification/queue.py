"""The site's queue: which jobs fit, when they run by default, and what the site can take and give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.classification.columns import WorkColumns, peak_units
from suandian.experiments.classification.setting import Setting
from suandian.flexibility.envelope import cumulative_work_mwh
from suandian.flexibility.reserve import WorkQueue, power_held_mw
from suandian.flexibility.runs import JobRuns, first_come_start_s, profile_mw
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["DefaultRuns", "SiteQueue", "default_runs", "site_queue"]


@dataclass(frozen=True, slots=True, eq=False)
class DefaultRuns:
    """When every job runs by default: at its release, or first come, first served where the site is too small for that.

    fits       (jobs,) False for jobs larger than the site
    start_s, end_s   (jobs,) the default run; of a job that does not fit, its run at release
    room_count GPUs (cores) of the site; `sized` is True where it was taken from the work's own peak
    peak_count units that the work would take at its peak if everything ran at release
    """

    fits: NDArray[np.bool_]
    start_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    room_count: float
    sized: bool
    peak_count: float

    @property
    def waits(self) -> bool:
        """Is the site too small for everything to run at its release?"""
        return self.peak_count > self.room_count


@dataclass(frozen=True, slots=True, eq=False)
class SiteQueue:
    """The fluid queue of a site and the runs behind it; `held_mw` is `power_held_mw` of jobs that may not be paused."""

    axis: TimeAxis
    queue: WorkQueue
    runs: JobRuns
    held_mw: NDArray[np.float64]
    late_count: int


def default_runs(work: WorkColumns, gpus: float | None) -> DefaultRuns:
    """Raises `DataError` if no job fits a site of `gpus`."""
    sized = gpus is None
    room = peak_units(work.released_s, work.duration_s, work.unit_count.tolist()) if gpus is None else float(gpus)
    fits = work.unit_count <= room + 1e-9
    if not fits.any():
        raise DataError(
            f"no job fits the site: the smallest needs {work.unit_count.min():g} {work.unit}s and there are {room:g}; "
            "give a larger site with --gpus"
        )
    peak = peak_units(work.released_s[fits], work.duration_s[fits], work.unit_count[fits].tolist())
    start_s = work.released_s.copy()
    if peak > room:
        start_s[fits] = first_come_start_s(
            work.released_s[fits], work.duration_s[fits], work.unit_count[fits].astype(np.float64), room
        )
    return DefaultRuns(fits, start_s, start_s + work.duration_s, room, sized, peak)


def site_queue(
    work: WorkColumns, slack_h: NDArray[np.float64], default: DefaultRuns, setting: Setting, lags: int
) -> SiteQueue:
    """The queue of all jobs that fit, each with `slack_h` after its release."""
    axis, fits = setting.axis, default.fits
    released_s, duration_s = work.released_s[fits], work.duration_s[fits]
    start_s, power_mw = default.start_s[fits], work.power_mw[fits]
    latest_s = released_s + np.rint(slack_h[fits] * 3600.0).astype(np.int64)
    slack_s = np.maximum(latest_s - start_s, 0)
    runs = JobRuns(
        released_s=released_s,
        start_s=start_s,
        end_s=start_s + duration_s,
        slack_s=slack_s,
        pausable=work.preemptible[fits],
        lost_s=np.rint(np.minimum(work.checkpoint_h[fits], work.run_h[fits]) * 3600.0).astype(np.int64),
        power_mw=power_mw,
    )
    one = np.zeros(len(runs), dtype=np.int64)
    _, due = cumulative_work_mwh(axis, one, 1, start_s, start_s + slack_s, duration_s, power_mw)
    released, _ = cumulative_work_mwh(axis, one, 1, released_s, released_s, duration_s, power_mw)
    default_mw = np.maximum(profile_mw(axis, start_s, start_s + duration_s, power_mw), 0.0)
    fixed = runs.take(~runs.pausable)
    return SiteQueue(
        axis=axis,
        queue=WorkQueue(axis.step_h, default_mw, released[0], due[0], _capacity_mw(work, default, setting)),
        runs=runs,
        held_mw=power_held_mw(axis, fixed.start_s, fixed.end_s, fixed.power_mw, lags),
        late_count=int((latest_s < start_s).sum()),
    )


def _capacity_mw(work: WorkColumns, default: DefaultRuns, setting: Setting) -> NDArray[np.float64]:
    """IT power above idle that jobs may take: as stated, else GPUs × mean power, else the work's own peak."""
    if setting.capacity_mw is not None:
        return setting.capacity_mw
    if default.sized:
        most = peak_units(work.released_s, work.duration_s, work.power_mw.tolist())
    else:
        most = default.room_count * float(work.energy_mwh.sum() / work.work_unit_h.sum())
    return np.full(setting.axis.periods, most)
