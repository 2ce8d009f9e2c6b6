"""First come, first served booking of jobs into the room that sites have, by the lowest signal.

Jobs are booked in the order given. Each takes the intervals that suit it best among those still free, at its home
unless another permitted site is strictly cheaper, and lowers what is left for those after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.room import Room
from suandian.coordination.windows import in_steps, ranked
from suandian.model.plan import Queue
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["Booked", "Wishes", "book", "wishes"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: Power rounding that does not refuse a job, in MW.
ROUNDING_MW = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Wishes:
    """What jobs ask for, as columns; times are intervals from now.

    first      earliest interval; `last` the end of the window by the deadline (may lie after the horizon)
    length     intervals of run time, rounded up
    site       where the job is bound to be, −1 where it may choose
    lead       intervals that its data take to a site other than its home
    keep       running and not to be moved in time: booked from now on, before all others
    split      may run in pieces
    """

    gpus: Ints
    power_mw: Floats
    class_index: Ints
    home: Ints
    sites_allowed: NDArray[np.uint64]
    first: Ints
    last: Ints
    length: Ints
    site: Ints
    lead: Ints
    keep: NDArray[np.bool_]
    split: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Booked:
    """`it_mw (classes, S, H)` booked, never above the room; `jobs` with any booking, `missed` without."""

    it_mw: Floats
    jobs: int
    missed: int


def wishes(queue: Queue, axis: TimeAxis, *, interruptible: bool) -> Wishes:
    """Wishes of the queue at the start of `axis`; with `interruptible`, preemptible jobs may run in pieces."""
    step_s, now_s = axis.step_s, axis.start_s
    running = queue.state == 1
    split = queue.preemptible & interruptible
    return Wishes(
        gpus=queue.gpus,
        power_mw=queue.gpus * queue.power_per_gpu_kw / 1000.0,
        class_index=queue.class_index,
        home=queue.home,
        sites_allowed=queue.sites_allowed,
        first=np.maximum(-(-(queue.released_s - now_s) // step_s), 0),
        # The last step may be a partial one: a run may start as late as due − remaining.
        last=np.floor_divide(queue.due_s - queue.remaining_s - now_s, step_s) + -(-queue.remaining_s // step_s),
        length=np.maximum(-(-queue.remaining_s // step_s), 1),
        site=queue.site,
        lead=-(-queue.transfer_s // step_s),
        keep=running & ~split,
        split=split,
    )


def book(jobs: Wishes, room: Room, signal: Floats, classes: int) -> Booked:
    """Book `jobs` into `room` by `signal (S, H)`.

    A job that cannot end by its deadline, or finds no room before it, takes the earliest room there is.
    """
    steps = in_steps(signal)
    sums = np.concatenate([np.zeros((len(steps), 1), dtype=np.int64), np.cumsum(steps, axis=1)], axis=1)
    it_mw = np.zeros((classes, *signal.shape))
    gpus, left_mw = room.gpus.copy(), room.it_mw.copy()
    booked = _book(_columns(jobs), jobs.power_mw, jobs.sites_allowed, steps, sums, ranked(steps), gpus, left_mw, it_mw)
    return Booked(it_mw, int(booked), len(jobs.gpus) - int(booked))


GPUS, CLASS, HOME, FIRST, LAST, LENGTH, SITE, LEAD, KEEP, SPLIT = range(10)


def _columns(jobs: Wishes) -> Ints:
    columns = (jobs.gpus, jobs.class_index, jobs.home, jobs.first, jobs.last, jobs.length, jobs.site, jobs.lead)
    return np.column_stack([*columns, jobs.keep, jobs.split]).astype(np.int64)


@njit(cache=True)
def _take(job: Ints, power_mw: float, site: int, t: int, gpus: Ints, left_mw: Floats, it_mw: Floats) -> None:
    """Book one interval; a job that runs beyond the room gets what is left of it, so plans stay within."""
    it_mw[job[CLASS], site, t] += max(min(power_mw, left_mw[site, t]), 0.0)
    left_mw[site, t] -= power_mw
    gpus[site, t] -= job[GPUS]


@njit(cache=True)
def _free(job: Ints, power_mw: float, site: int, t: int, gpus: Ints, left_mw: Floats) -> bool:
    return bool(gpus[site, t] >= job[GPUS] and left_mw[site, t] + ROUNDING_MW >= power_mw)


@njit(cache=True)
def _first(job: Ints, site: int) -> int:
    """Earliest interval at a site: a job that is bound to a site has its data there, else they are at its home."""
    away = job[SITE] < 0 and site != job[HOME]
    return int(job[FIRST] + job[LEAD]) if away else int(job[FIRST])


@njit(cache=True)
def _run_at(
    job: Ints, power_mw: float, site: int, end: int, soonest: bool, gpus: Ints, left_mw: Floats, sums: Ints
) -> tuple[int, int]:
    """Start and cost of the best uninterrupted run before `end` (of the first one if `soonest`); −1 for none."""
    horizon = sums.shape[1] - 1
    length = min(job[LENGTH], horizon - job[FIRST])
    best, cost, blocked = -1, 0, -1
    first = _first(job, site)
    for t in range(first, min(end, horizon)):
        if not _free(job, power_mw, site, t, gpus, left_mw):
            blocked = t
        start = t - length + 1
        if start >= first and start > blocked:
            price = sums[site, t + 1] - sums[site, start]
            if best < 0 or price < cost:
                best, cost = start, price
            if soonest:
                break
    return best, cost


@njit(cache=True)
def _book_run(
    job: Ints, power_mw: float, allowed: np.uint64, gpus: Ints, left_mw: Floats, it_mw: Floats, sums: Ints
) -> bool:
    """Book one uninterrupted run: the cheapest before the deadline, else the soonest."""
    sites, horizon = sums.shape[0], sums.shape[1] - 1
    length = min(job[LENGTH], horizon - job[FIRST])
    for soonest in (False, True):
        where, best, cost = -1, -1, 0
        # A job longer than the horizon, or due after it, is judged by what of it lies inside.
        end = horizon if soonest or job[LENGTH] > horizon - job[FIRST] else job[LAST]
        for index in range(-1, sites):
            site = job[HOME] if index < 0 else index
            if job[SITE] >= 0:
                site = job[SITE]
            if (allowed >> np.uint64(site)) & np.uint64(1) == np.uint64(0):
                continue
            start, price = _run_at(job, power_mw, site, end, soonest, gpus, left_mw, sums)
            better = price < cost if not soonest else start < best
            if start >= 0 and (best < 0 or better):
                where, best, cost = site, start, price
            if job[SITE] >= 0:
                break
        if best >= 0:
            for t in range(best, best + length):
                _take(job, power_mw, where, t, gpus, left_mw, it_mw)
            return True
    return False


@njit(cache=True)
def _slots_at(
    job: Ints, power_mw: float, site: int, order: Ints, gpus: Ints, left_mw: Floats, steps: Ints, chosen: Ints
) -> tuple[int, int]:
    """Fill `chosen` with the first free intervals of `order` inside the window; their number and cost."""
    horizon = steps.shape[1]
    count, cost = 0, 0
    # No choice is left where the window is not longer than the work: then as soon as there is room.
    first = _first(job, site)
    # A site that the data reach too late is not late itself: it offers fewer intervals, and home wins.
    late = job[LAST] - job[FIRST] <= job[LENGTH]
    for index in range(horizon):
        t = index if late else order[site, index]
        inside = first <= t and (late or t < job[LAST])
        if inside and _free(job, power_mw, site, t, gpus, left_mw):
            chosen[count] = t
            count += 1
            cost += steps[site, t]
            if count == job[LENGTH]:
                break
    return count, cost


@njit(cache=True)
def _book_slots(
    job: Ints,
    power_mw: float,
    allowed: np.uint64,
    gpus: Ints,
    left_mw: Floats,
    it_mw: Floats,
    steps: Ints,
    order: Ints,
    chosen: Ints,
) -> bool:
    """Book the cheapest free intervals, at the site with the most of them and then the least cost, home first."""
    where, most, cost = -1, 0, 0
    for index in range(-1, len(steps)):
        site = job[HOME] if index < 0 else index
        if job[SITE] >= 0:
            site = job[SITE]
        if (allowed >> np.uint64(site)) & np.uint64(1) == np.uint64(0):
            continue
        count, price = _slots_at(job, power_mw, site, order, gpus, left_mw, steps, chosen)
        if count > most or (count == most and count > 0 and price < cost):
            where, most, cost = site, count, price
        if job[SITE] >= 0:
            break
    if where < 0:
        return False
    count, _ = _slots_at(job, power_mw, where, order, gpus, left_mw, steps, chosen)
    for index in range(count):
        _take(job, power_mw, where, chosen[index], gpus, left_mw, it_mw)
    return True


@njit(cache=True)
def _book(
    jobs: Ints,
    power_mw: Floats,
    allowed: NDArray[np.uint64],
    steps: Ints,
    sums: Ints,
    order: Ints,
    gpus: Ints,
    left_mw: Floats,
    it_mw: Floats,
) -> int:
    """Running jobs first, then the others in the order given; returns how many were booked."""
    booked, horizon = 0, steps.shape[1]
    chosen = np.empty(horizon, dtype=np.int64)
    for row in range(len(jobs)):
        if jobs[row, KEEP]:
            booked += 1
            for t in range(min(jobs[row, LENGTH], horizon)):
                _take(jobs[row], power_mw[row], jobs[row, SITE], t, gpus, left_mw, it_mw)
    for row in range(len(jobs)):
        job = jobs[row]
        if job[KEEP] or job[FIRST] >= horizon:
            continue
        if job[SPLIT]:
            done = _book_slots(job, power_mw[row], allowed[row], gpus, left_mw, it_mw, steps, order, chosen)
        else:
            done = _book_run(job, power_mw[row], allowed[row], gpus, left_mw, it_mw, sums)
        booked += 1 if done else 0
    return booked
