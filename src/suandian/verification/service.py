"""What became of every job, read from the journal's job events and the terms under which jobs were accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.model.workload import FLEXIBILITY_LABELS, JobTable
from suandian.quantity.timeaxis import instants
from suandian.record.events import JobBlock, JobEventKind
from suandian.record.journal import Journal
from suandian.verification.runs import Runs, job_runs

__all__ = ["ServiceAccount", "job_outcomes", "service_account"]

_BEGINS = (JobEventKind.STARTED, JobEventKind.RESUMED)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Service of a period. A job unfinished at the end counts as late as it already is.

    delay        finish minus the earliest possible finish (release + uninterrupted run), hours
    """

    jobs_completed: int
    deadline_misses: int
    delay_mean_h: float
    delay_p95_h: float
    work_gpu_h: float


def job_outcomes(journal: Journal, jobs: JobTable, label_index: NDArray[np.int64]) -> pl.DataFrame:
    """One row per job, in the order of `jobs`; times are UTC, null where they did not happen in the period.

    `label_index` `(jobs,)` indexes `FLEXIBILITY_LABELS`. `work_gpu_h` is the useful work done, in GPU-hours at full
    speed, less what pauses lost. `energy_mwh` is IT energy above idle that the job's gears drew by its stated power,
    `gpu_h` the GPU-hours it held, `slowed_h` hours below full speed, `moved_gb` data sent for it. `delay_h` of an
    unfinished job is what it is already late by.
    """
    events = journal.job_events()
    count = len(jobs)
    end_s = journal.axis.end_s
    started = _first(events, JobEventKind.STARTED, count)
    finished = _first(events, JobEventKind.FINISHED, count)
    site = np.full(count, -1, dtype=np.int64)
    begins = np.isin(events.kind, _BEGINS)
    site[events.job[begins]] = events.site[begins]
    pauses = np.bincount(events.job[events.kind == JobEventKind.PAUSED], minlength=count)
    moved = np.bincount(events.job[events.kind == JobEventKind.MOVED], minlength=count)
    runs = job_runs(events, end_s)
    done_s = _per_job(runs, runs.full_speed_s(jobs), count) - runs.lost_s(jobs)
    work_gpu_h = np.minimum(np.maximum(done_s / 3600.0, 0.0) * jobs.gpus_max, jobs.work_gpu_h)
    # Seconds are whole where a run ends: what is finished is all of the work.
    work_gpu_h = np.where(finished >= 0, jobs.work_gpu_h, work_gpu_h)
    run_h = runs.duration_s / 3600.0
    earliest_s = jobs.released_s + jobs.duration_s
    until_s = np.where(finished >= 0, finished, end_s)
    missed = (until_s > jobs.due_s) | (finished < 0)
    site_names = (*journal.sites, "")
    return (
        pl.DataFrame(
            {
                "job": jobs.id,
                "kind": _named(jobs.kind_names, jobs.kind),
                "label": _named(FLEXIBILITY_LABELS, label_index),
                "home": _named(site_names, jobs.home),
                "site": _named(site_names, site),
                "submitted": instants(jobs.submitted_s),
                "released": instants(jobs.released_s),
                "due": instants(jobs.due_s),
                "started": instants(np.where(started >= 0, started, 0)),
                "finished": instants(np.where(finished >= 0, finished, 0)),
                "delay_h": np.maximum(until_s - earliest_s, 0) / 3600.0,
                "work_gpu_h": work_gpu_h,
                "energy_mwh": _per_job(runs, run_h * runs.power_kw(jobs), count) / 1000.0,
                "gpu_h": _per_job(runs, run_h * runs.gpus(jobs), count),
                "slowed_h": _per_job(runs, run_h * (runs.gear > 0), count),
                "pauses": pauses,
                "moved": moved > 0,
                "moved_gb": moved * jobs.data_gb,
                "missed": missed,
            }
        )
        .with_columns(
            pl.when(pl.Series(started >= 0)).then(pl.col("started")).alias("started"),
            pl.when(pl.Series(finished >= 0)).then(pl.col("finished")).alias("finished"),
        )
        .with_columns(pl.col("submitted", "released", "due", "started", "finished").dt.replace_time_zone("UTC"))
    )


def service_account(outcomes: pl.DataFrame) -> ServiceAccount:
    """The service KPIs of a frame made by `job_outcomes`."""
    delay_h = outcomes["delay_h"].to_numpy()
    return ServiceAccount(
        jobs_completed=int(outcomes["finished"].is_not_null().sum()),
        deadline_misses=int(outcomes["missed"].sum()),
        delay_mean_h=float(delay_h.mean()) if len(delay_h) else 0.0,
        delay_p95_h=float(np.quantile(delay_h, 0.95)) if len(delay_h) else 0.0,
        work_gpu_h=float(outcomes["work_gpu_h"].sum()),
    )


def _named(names: Sequence[str], index: NDArray[np.integer[Any]]) -> pl.Series:
    """The name of each index (−1 for the last), without a Python text per job."""
    return pl.Series(names, dtype=pl.String).gather(pl.Series(index.astype(np.int64)))


def _first(events: JobBlock, kind: JobEventKind, count: int) -> NDArray[np.int64]:
    """Instant of each job's first event of `kind`, −1 where there is none."""
    at_s = np.full(count, -1, dtype=np.int64)
    rows = np.flatnonzero(events.kind == kind)[::-1]
    at_s[events.job[rows]] = events.at_s[rows]
    return at_s


def _per_job(runs: Runs, amount: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Sum over the stretches of each job."""
    return np.bincount(runs.job, weights=amount, minlength=count).astype(np.float64)
