"""Speed of the placement: a year of a million jobs in one call, and a month of short spans with the queue read."""

from __future__ import annotations

import resource
import time
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.placement import Placement
from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["main"]


def fleet(
    jobs: int, sites: int, classes: int, periods: int, seed: int = 1, load_ratio: float = 0.63
) -> tuple[Placement, NDArray[np.float64], NDArray[np.int64]]:
    """Random jobs with heavy-tailed lengths on sites that they fill to `load_ratio`, and a cycling plan above that."""
    rng = np.random.default_rng(seed)
    axis = TimeAxis(datetime(2026, 1, 1, tzinfo=UTC), timedelta(minutes=15), periods)
    released_s = axis.start_s + np.sort(rng.integers(0, periods * 900, jobs))
    gang = rng.choice([1, 2, 4, 8, 16, 32, 64], jobs, p=[0.45, 0.15, 0.12, 0.16, 0.07, 0.03, 0.02])
    duration_s = np.clip(rng.lognormal(8.0, 1.3, jobs), 60, 3 * 86_400).astype(np.int64)
    row = rng.integers(0, classes, jobs)
    slack_h = np.array([0.0, 1.0, 4.0, 8.0, 24.0, 48.0])[np.arange(classes) % 6]
    slack_s = (slack_h[row] * 3600 * rng.uniform(1, 2, jobs)).astype(np.int64)
    everywhere = np.uint64(2**sites - 1)
    table = JobTable(
        id=np.arange(jobs),
        user=np.zeros(jobs),
        kind=np.zeros(jobs),
        contract=np.zeros(jobs),
        submitted_s=released_s,
        released_s=released_s,
        due_s=released_s + duration_s + slack_s,
        work_gpu_h=gang * duration_s / 3600,
        gpus_min=gang,
        gpus_max=gang,
        power_per_gpu_kw=rng.choice([0.3, 0.4, 0.5], jobs),
        preemptible=rng.random(jobs) < 0.6,
        checkpoint_h=np.full(jobs, 0.05),
        home=rng.integers(0, sites, jobs),
        sites_allowed=np.full(jobs, everywhere),
        data_gb=np.zeros(jobs),
    )
    labels = tuple(("F2", "F2", "F3", "F3", "F4", "F5")[c % 6] for c in range(classes))
    class_table = ClassTable(labels, slack_h, np.full(classes, everywhere), np.full(classes, 0.4))
    gpus = int(np.ceil(float(table.work_gpu_h.sum()) / axis.duration_h / sites / load_ratio))
    gpus = max(gpus, 64)
    placement = Placement(table, row, class_table, np.full(sites, gpus), axis)
    mean_mw = float(table.energy_mwh.sum()) / axis.duration_h / sites / classes
    wave = 1.15 + 0.6 * np.sin(2 * np.pi * np.arange(periods) / 96)
    it_mw = np.broadcast_to(mean_mw * wave, (classes, sites, periods)).copy()
    return placement, it_mw, np.full((sites, periods), gpus, dtype=np.int64)


def year(at_once: bool = False) -> dict[str, float]:
    """1 M jobs, 10 sites, 6 classes, 35,040 intervals in one call."""
    begin = time.perf_counter()
    placement, it_mw, free = fleet(1_000_000, 10, 6, 35_040)
    built = time.perf_counter()
    placed = placement.advance(0, 35_040, it_mw, free, start_at_once=at_once, may_pause=True, site_rank=None)
    done = time.perf_counter()
    return {
        "build_s": built - begin,
        "advance_s": done - built,
        "events": float(len(placed.events.job)),
        "overrides": float(placed.overrides),
        "unfinished": float(len(placement.queue())),
        "gap_ratio": float(np.maximum(it_mw.sum(axis=0) - placed.label_mw.sum(axis=0), 0).sum() / it_mw.sum()),
    }


def month(classes: int = 6) -> dict[str, float]:
    """20,000 jobs, 3 sites, 2,976 intervals, 4 at a time, the queue read before every span."""
    placement, it_mw, free = fleet(20_000, 3, classes, 2_976)
    begin = time.perf_counter()
    waiting = 0
    for first in range(0, 2_976, 4):
        waiting += len(placement.queue())
        part = slice(first, first + 4)
        placement.advance(
            first, first + 4, it_mw[:, :, part], free[:, part], start_at_once=False, may_pause=True, site_rank=None
        )
    return {"advance_s": time.perf_counter() - begin, "queue_mean": waiting / 744}


def main() -> dict[str, dict[str, float]]:
    """All cases, after one small case that compiles."""
    begin = time.perf_counter()
    placement, it_mw, free = fleet(100, 2, 2, 96)
    placement.queue()
    placement.advance(0, 96, it_mw, free, start_at_once=False, may_pause=True, site_rank=None)
    first_s = time.perf_counter() - begin
    results = {
        "first_call": {"seconds_s": first_s},
        "month": month(),
        "month_60_classes": month(60),
        "year": year(),
        "year_at_once": year(at_once=True),
    }
    results["memory"] = {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    return results


if __name__ == "__main__":
    for name, figures in main().items():
        print(name, {key: round(value, 4) for key, value in figures.items()})
