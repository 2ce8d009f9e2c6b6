"""A placement state of a few jobs on two sites, opened so that single moves can be tested."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from suandian.coordination import placement_state as ps
from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.timeaxis import TimeAxis

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 24)
T0 = AXIS.start_s
H = 3600


def table(gpus=(1, 2, 4), hours=(2.0, 2.0, 2.0), due_h=(4.0, 9.0, 90.0), preemptible=True, home=0):
    """Jobs of 1 kW a GPU, submitted and released an hour apart from the start on; a checkpoint costs 6 minutes."""
    count = len(gpus)
    released = T0 + H * np.arange(count)
    zero = np.zeros(count)
    return JobTable(
        id=np.arange(count),
        user=zero,
        kind=zero,
        contract=zero,
        submitted_s=released,
        released_s=released,
        due_s=T0 + np.array(due_h) * H,
        work_gpu_h=np.array(gpus) * np.array(hours),
        gpus_min=np.array(gpus),
        gpus_max=np.array(gpus),
        power_per_gpu_kw=np.ones(count),
        preemptible=np.full(count, preemptible),
        checkpoint_h=np.full(count, 0.1),
        home=np.full(count, home),
        sites_allowed=np.full(count, 3, dtype=np.uint64),
        data_gb=zero,
    )


CLASSES = ClassTable(("F3",), np.array([1.0]), np.array([3], dtype=np.uint64), np.array([1.0]))


def state(jobs, gpus=(8, 4)):
    """The state of `jobs` on sites of so many GPUs, all of them free, and an event buffer."""
    built = ps.build_state(jobs, np.zeros(len(jobs), dtype=np.int64), CLASSES, np.array(gpus), AXIS)
    built.site[:, ps.CAP] = gpus
    built.site[:, ps.ORDER] = np.arange(len(gpus))
    built.site[:, ps.PLANNED] = built.site[:, ps.HELD] = 10 * ps.MICROWATTS_PER_MW
    return built, np.zeros((100, 2), dtype=np.int64)


def rank_of(built, row):
    return int(np.flatnonzero(built.jobs[:, ps.ROW] == row)[0])
