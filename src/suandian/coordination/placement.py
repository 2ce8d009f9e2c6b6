"""Placement: jobs start, pause, resume and move under the capacity plan, earliest deadline first.

The rules and their reasons are in docs/explanation/placement.md; the kernel is `placement_kernel`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.coordination import placement_state as columns
from suandian.coordination.placed import Placed
from suandian.coordination.placement_kernel import run, switch_mode
from suandian.coordination.placement_queue import living
from suandian.coordination.placement_state import build_state
from suandian.model.plan import Queue
from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.errors import InvariantBroken
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import JobBlock

__all__ = ["Placed", "Placement"]

#: Job sites are kept in a signed 64-bit mask.
SITES_MAX = 63


class Placement:
    """Places jobs on sites, interval by interval; the only state of a simulated world beside meters and batteries.

    `class_index (jobs,)` is the row of `classes` for every job, `site_gpus (S,)` the GPUs installed, and
    `transfer_s (jobs,)` how long the data of each job take to another site (no time if left out). A job runs at
    `gpus_max` GPUs at full speed, or in a slower gear of its class's pace where the plan, the GPUs and its deadline
    ask for and allow it. Raises `DataError` for a job larger than every site it may use, `ValueError`
    for arguments that do not match.
    """

    def __init__(
        self,
        jobs: JobTable,
        class_index: NDArray[np.int64],
        classes: ClassTable,
        site_gpus: NDArray[np.int64],
        axis: TimeAxis,
        transfer_s: NDArray[np.int64] | None = None,
    ) -> None:
        index = np.asarray(class_index, dtype=np.int64)
        self._site_gpus = np.asarray(site_gpus, dtype=np.int64)
        if index.shape != (len(jobs),) or (len(jobs) and not 0 <= index.min() <= index.max() < len(classes)):
            raise ValueError(f"class_index: one row of {len(classes)} classes is needed for each of {len(jobs)} jobs")
        if not 1 <= len(self._site_gpus) <= SITES_MAX:
            raise ValueError(f"site_gpus: 1 to {SITES_MAX} sites can be placed on, not {len(self._site_gpus)}")
        self._jobs = jobs
        self._transfer_s = np.zeros(len(jobs), dtype=np.int64) if transfer_s is None else transfer_s
        self._class_index = index
        self._axis = axis
        self._class_order = columns.class_order(classes)
        self._state = build_state(jobs, index, classes, self._site_gpus, axis, transfer_s)
        self._buffer = np.empty((4096, 2), dtype=np.int64)

    @property
    def now(self) -> int:
        """Index of the next interval."""
        return int(self._state.clock[columns.INDEX])

    def advance(
        self,
        first: int,
        last: int,
        it_mw: NDArray[np.float64],
        gpus_free: NDArray[np.int64],
        *,
        start_at_once: bool,
        may_pause: bool,
        site_rank: NDArray[np.int64] | None,
        hold_mw: NDArray[np.float64] | None = None,
        gear: NDArray[np.int64] | None = None,
    ) -> Placed:
        """Place jobs in intervals `[first, last)`.

        it_mw       (classes, S, n) MW above idle offered to each class; ignored with `start_at_once`
        gpus_free   (S, n) GPUs not taken by streams. Where they fall below what runs, jobs with slack are paused; the
                    rest keeps running on what is installed, and the streams get less
        site_rank   (S, n) order in which sites are tried (0 first); None: a job's home, then by index
        hold_mw     (S, n) power up to which running jobs are left alone even where the plan lies below it, because a
                    pause would not pay (`placed.worth_holding_mw`); None: the plan alone counts
        gear        (classes, S, n) gear in which the plan wants each class to run; None: full speed. Deeper gears are
                    used where GPUs or the plan's power fall short; any gear only while a job stays in time
        may_pause   False: nothing that runs is paused or slowed, and nothing is counted as kept running

        Raises `ValueError` for intervals out of turn or wrong shapes, `InvariantBroken` if GPUs were overbooked.
        """
        sites, n = len(self._site_gpus), last - first
        self._check(first, last, it_mw, gpus_free)
        hold_mw = np.zeros((sites, 1)) if hold_mw is None else np.ascontiguousarray(hold_mw, dtype=np.float64)
        if hold_mw.shape not in ((sites, 1), (sites, n)):
            raise ValueError(f"hold_mw {hold_mw.shape}: ({sites}, {n}) is needed")
        if start_at_once:
            it_mw = np.zeros((len(self._class_order), sites, 1))
        elif not np.isfinite(it_mw).all() or it_mw.min(initial=0.0) < 0.0:
            raise ValueError("it_mw: power offered to a class must be finite and not negative")
        state = self._state
        clock = state.clock
        clock[columns.MAY_PAUSE] = may_pause
        clock[columns.RANKED] = site_rank is not None
        clock[columns.EVENTS] = clock[columns.OVERRIDES] = 0
        switch_mode(state, int(start_at_once))
        order = _order(site_rank, sites, n)
        label_mw, gpus_used = np.zeros((columns.LABELS, sites, n)), np.zeros((sites, n))
        # One interval after the other is read in the kernel, so classes and sites have to be neighbours in memory.
        planned_mw = np.ascontiguousarray(it_mw[self._class_order].transpose(2, 0, 1)).transpose(1, 2, 0)
        free = np.ascontiguousarray(gpus_free, dtype=np.int64)
        gears = np.zeros((1, 1, 1), dtype=np.int64)
        if gear is not None and not start_at_once:
            if gear.shape != it_mw.shape or gear.min(initial=0) < 0:
                raise ValueError(f"gear {gear.shape}: gears from 0 up, shape {it_mw.shape}, are needed")
            gears = np.ascontiguousarray(gear[self._class_order], dtype=np.int64)
        self._buffer, bad = run(state, self._buffer, planned_mw, gears, hold_mw, free, order, label_mw, gpus_used)
        if bad >= 0:
            raise InvariantBroken(f"GPUs were overbooked in interval {bad} ({self._axis.at(int(bad)).isoformat()})")
        events = _unpack(self._buffer[: int(clock[columns.EVENTS])])
        return Placed(label_mw, gpus_used, events, int(clock[columns.OVERRIDES]))

    def queue(self) -> Queue:
        """Jobs submitted by now and unfinished, in order of submission; what remains is told as of now."""
        row, status, site, remaining_s, ready_s = living(self._state, self._axis.start_s + self.now * self._axis.step_s)
        jobs = self._jobs
        return Queue(
            job=row,
            class_index=self._class_index[row],
            state=status,
            site=site,
            gpus=jobs.gpus_max[row].astype(np.int64),
            power_per_gpu_kw=jobs.power_per_gpu_kw[row],
            preemptible=jobs.preemptible[row],
            home=jobs.home[row].astype(np.int64),
            sites_allowed=jobs.sites_allowed[row],
            submitted_s=jobs.submitted_s[row],
            released_s=np.maximum(jobs.released_s[row], ready_s),
            due_s=jobs.due_s[row],
            remaining_s=remaining_s,
            transfer_s=self._transfer_s[row],
        )

    def _check(self, first: int, last: int, it_mw: NDArray[np.float64], gpus_free: NDArray[np.int64]) -> None:
        sites, n = len(self._site_gpus), last - first
        if first != self.now or not first < last <= self._axis.periods:
            raise ValueError(f"intervals {first}…{last}: the next one is {self.now} of {self._axis.periods}")
        if it_mw.shape != (len(self._class_order), sites, n) or gpus_free.shape != (sites, n):
            raise ValueError(
                f"it_mw {it_mw.shape} and gpus_free {gpus_free.shape}: "
                f"({len(self._class_order)}, {sites}, {n}) and ({sites}, {n}) are needed"
            )
        if gpus_free.min() < 0 or (gpus_free > self._site_gpus[:, None]).any():
            raise ValueError("gpus_free: must lie between 0 and the GPUs installed")


def _order(site_rank: NDArray[np.int64] | None, sites: int, n: int) -> NDArray[np.int64]:
    if site_rank is None:
        return np.arange(sites, dtype=np.int64)[:, None]
    if site_rank.shape != (sites, n):
        raise ValueError(f"site_rank {site_rank.shape}: ({sites}, {n}) is needed")
    return np.argsort(site_rank, axis=0, kind="stable").astype(np.int64)


def _unpack(packed: NDArray[np.int64]) -> JobBlock:
    return JobBlock(
        job=packed[:, 1] >> 20,
        kind=((packed[:, 1] >> 16) & 0xF).astype(np.int8),
        at_s=packed[:, 0].copy(),
        site=((packed[:, 1] & 0xFFFF) - 1).astype(np.int16),
    )
