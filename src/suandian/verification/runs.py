"""When, where and how fast each job ran: stretches of running in one gear, from the journal's job events alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.workload import JobTable
from suandian.record.events import JobBlock, JobEventKind

__all__ = ["Runs", "job_runs"]

_BEGINS = (JobEventKind.STARTED, JobEventKind.RESUMED)
_ENDS = (JobEventKind.PAUSED, JobEventKind.FINISHED)


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Stretches as columns, ordered by job and time; times in Unix seconds.

    `run` numbers the runs (start or resume to pause, finish or the end of the journal), `paused` tells for each
    stretch whether its run ended in a pause. `gear` indexes the gears of the job's pace.
    """

    job: NDArray[np.int64]
    site: NDArray[np.int64]
    gear: NDArray[np.int64]
    begin_s: NDArray[np.int64]
    end_s: NDArray[np.int64]
    run: NDArray[np.int64]
    paused: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.job)

    @property
    def duration_s(self) -> NDArray[np.int64]:
        return self.end_s - self.begin_s

    def full_speed_s(self, jobs: JobTable) -> NDArray[np.float64]:
        """Seconds at full speed that each stretch is worth."""
        return self.duration_s * _of_gear(jobs, self, 2)

    def gpus(self, jobs: JobTable) -> NDArray[np.int64]:
        """GPUs held in each stretch: the gear's share of `gpus_max`, rounded up."""
        held = jobs.gpus_max[self.job].astype(np.int64) * np.rint(_of_gear(jobs, self, 0) * 1000).astype(np.int64)
        return -(-held // 1000)

    def power_kw(self, jobs: JobTable) -> NDArray[np.float64]:
        """Power above idle in each stretch, by the job's stated power per GPU and its gear."""
        full_kw = jobs.gpus_max[self.job] * jobs.power_per_gpu_kw[self.job]
        power_kw: NDArray[np.float64] = full_kw * _of_gear(jobs, self, 0) * _of_gear(jobs, self, 1)
        return power_kw

    def lost_s(self, jobs: JobTable) -> NDArray[np.float64]:
        """Seconds at full speed that each job lost by pauses, `(jobs,)`: checkpoints, and what ran since the last."""
        runs = int(self.run[-1]) + 1 if len(self) else 0
        done_s = np.bincount(self.run, weights=self.full_speed_s(jobs), minlength=runs)
        first = np.flatnonzero(np.diff(self.run, prepend=-1))
        job, paused = self.job[first], self.paused[first]
        every_s = jobs.checkpoint_every_h[job] * 3600.0
        since_s = np.where(every_s > 0, np.mod(done_s, np.where(every_s > 0, every_s, 1.0)), 0.0)
        lost_s = np.where(paused, since_s + jobs.checkpoint_h[job] * 3600.0, 0.0)
        total_s: NDArray[np.float64] = np.bincount(job, weights=lost_s, minlength=len(jobs)).astype(np.float64)
        return total_s


def job_runs(events: JobBlock, end_s: int) -> Runs:
    """The stretches that `events` tell of; a job still running is counted up to `end_s`."""
    tells = np.isin(events.kind, (*_BEGINS, *_ENDS)) | (events.kind >= JobEventKind.GEAR_0)
    order = np.flatnonzero(tells)
    order = order[np.argsort(events.job[order], kind="stable")]
    job, kind, at_s = events.job[order], events.kind[order], events.at_s[order]
    same = np.append(job[1:] == job[:-1], False)
    until_s = np.where(same, np.append(at_s[1:], 0), end_s)
    begins, ends = np.isin(kind, _BEGINS), np.isin(kind, _ENDS)
    run = np.cumsum(begins) - 1
    ended_by_pause = np.zeros(int(begins.sum()), dtype=np.bool_)
    ended_by_pause[run[kind == JobEventKind.PAUSED]] = True
    kept = ~ends & (until_s > at_s)
    gear = np.where(begins, 0, kind.astype(np.int64) - JobEventKind.GEAR_0)
    return Runs(
        job=job[kept],
        site=events.site[order].astype(np.int64)[kept],
        gear=gear[kept],
        begin_s=at_s[kept],
        end_s=until_s[kept],
        run=np.unique(run[kept], return_inverse=True)[1].astype(np.int64),
        paused=ended_by_pause[run[kept]],
    )


def _of_gear(jobs: JobTable, runs: Runs, column: int) -> NDArray[np.float64]:
    """Share of GPUs (0), of power per GPU (1) or of speed (2) in the gear of each stretch."""
    most = max(pace.gears for pace in jobs.paces)
    table = np.ones((len(jobs.paces), most))
    for number, pace in enumerate(jobs.paces):
        table[number, : pace.gears] = (pace.gpu_ratio, pace.power_ratio, pace.speed_ratio)[column]
    share_ratio: NDArray[np.float64] = table[jobs.pace[runs.job], runs.gear]
    return share_ratio
