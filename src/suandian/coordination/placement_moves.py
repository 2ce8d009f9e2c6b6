"""What can happen to one job: enter, become urgent, start, pause, finish; sets, calendars and ledgers stay true."""

# Compiled with: placement_bits placement_state e429fa87edbb9144

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_bits import discard, insert
from suandian.coordination.placement_state import (
    ALIVE,
    AT_ONCE,
    BUCKET,
    CHECKPOINT,
    CLASS,
    CLASS_POWER,
    DUE,
    EVENTS,
    FINISH,
    FINISHED,
    FINISHES,
    GPUS,
    INDEX,
    LABEL,
    LABEL_POWER,
    LABEL_SHORT,
    LATEST,
    LIST,
    LISTED,
    MARK,
    NEXT,
    OVERRIDDEN,
    OVERRIDES,
    OVERRODE,
    PAUSABLE,
    PAUSABLE_GPUS,
    PAUSED,
    PAUSED_AT,
    PERIODS,
    PINNED,
    POWER,
    PREEMPTIBLE,
    PREVIOUS,
    READY,
    REMAIN,
    ROW,
    RUNNING,
    SHORT_GPU_S,
    SITE,
    SLOT,
    START,
    STATUS,
    STEP,
    TOTAL,
    URGENT,
    URGENT_BUCKET,
    URGENT_RANK,
    USED,
    VICTIM_RANK,
    State,
)

__all__ = ["enter", "finish", "hasten", "latest_slot", "leave", "override", "pause", "record", "start", "submit"]

Ints = NDArray[np.int64]

#: Event kinds, numbered as in `suandian.record.events.JobEventKind`.
SUBMITTED_EVENT, STARTED_EVENT, PAUSED_EVENT = np.int64(0), np.int64(1), np.int64(2)
RESUMED_EVENT, MOVED_EVENT, FINISHED_EVENT, OVERRODE_EVENT = np.int64(3), np.int64(4), np.int64(5), np.int64(6)
#: Events are packed into two integers: the instant, and row·2²⁰ + kind·2¹⁶ + site + 1.
ROW_SHIFT, KIND_SHIFT = 20, 16
#: Signs of a job that enters and leaves the ledgers of running ones.
_IN, _OUT = np.int64(1), np.int64(-1)


@njit(cache=True)
def record(st: State, events: Ints, rank: int, kind: np.int64, at_s: int) -> None:
    """Append an event at the job's site; the driver has made room."""
    count = st.clock[EVENTS]
    events[count, 0] = at_s
    events[count, 1] = (st.jobs[rank, ROW] << ROW_SHIFT) | (kind << KIND_SHIFT) | (st.jobs[rank, SITE] + 1)
    st.clock[EVENTS] = count + 1


@njit(cache=True)
def _link(st: State, calendar: np.int64, rank: int, slot: int) -> None:
    """Put a job on the list of a calendar slot; slots after the axis are not kept."""
    if slot >= st.clock[PERIODS]:
        st.jobs[rank, SLOT] = -1
        return
    head = st.heads[calendar, slot]
    st.jobs[rank, SLOT] = slot
    st.jobs[rank, NEXT] = head
    st.jobs[rank, PREVIOUS] = -1
    if head >= 0:
        st.jobs[head, PREVIOUS] = rank
    st.heads[calendar, slot] = rank


@njit(cache=True)
def _unlink(st: State, calendar: np.int64, rank: int) -> None:
    slot = st.jobs[rank, SLOT]
    if slot < 0:
        return
    after, before = st.jobs[rank, NEXT], st.jobs[rank, PREVIOUS]
    if after >= 0:
        st.jobs[after, PREVIOUS] = before
    if before >= 0:
        st.jobs[before, NEXT] = after
    else:
        st.heads[calendar, slot] = after
    st.jobs[rank, SLOT] = -1


@njit(cache=True)
def submit(st: State, events: Ints, rank: int, at_s: int) -> None:
    """Write the submission down and append the job to the list of jobs."""
    record(st, events, rank, SUBMITTED_EVENT, at_s)
    st.orders[LIST, st.clock[LISTED]] = rank
    st.clock[LISTED] += 1
    st.clock[ALIVE] += 1


@njit(cache=True)
def latest_slot(st: State, rank: int) -> int:
    """Interval at whose start the job has to be started, lest it start after `due − remaining`."""
    return int((st.jobs[rank, DUE] - st.jobs[rank, REMAIN] - st.clock[START]) // st.clock[STEP])


@njit(cache=True)
def enter(st: State, rank: int, decision: int) -> None:
    """Put a waiting or paused job among the ready, or among the urgent if it must start by interval `decision`."""
    slot = latest_slot(st, rank)
    if st.clock[AT_ONCE] == 1 or slot <= decision:
        hasten(st, rank)
        return
    set_of = 0 if st.jobs[rank, STATUS] != PAUSED else 1 + st.jobs[rank, SITE]
    insert(st.sets, set_of, rank)
    st.members[set_of, st.jobs[rank, BUCKET]] += 1
    st.group[st.jobs[rank, CLASS], READY] += 1
    _link(st, LATEST, rank, slot)


@njit(cache=True)
def hasten(st: State, rank: int) -> None:
    """Put a job that is in no ready set among the urgent."""
    insert(st.sets, st.site.shape[0] + 1, st.jobs[rank, URGENT_RANK])
    st.members[st.site.shape[0] + 1, st.jobs[rank, URGENT_BUCKET]] += 1
    st.jobs[rank, MARK] |= URGENT


@njit(cache=True)
def leave(st: State, rank: int) -> None:
    """Take a waiting or paused job out of the ready or the urgent."""
    if st.jobs[rank, MARK] & URGENT:
        discard(st.sets, st.site.shape[0] + 1, st.jobs[rank, URGENT_RANK])
        st.members[st.site.shape[0] + 1, st.jobs[rank, URGENT_BUCKET]] -= 1
        st.jobs[rank, MARK] &= ~URGENT
        return
    set_of = 0 if st.jobs[rank, STATUS] != PAUSED else 1 + st.jobs[rank, SITE]
    discard(st.sets, set_of, rank)
    st.members[set_of, st.jobs[rank, BUCKET]] -= 1
    st.group[st.jobs[rank, CLASS], READY] -= 1
    _unlink(st, LATEST, rank)


@njit(cache=True)
def _count(st: State, rank: int, sign: np.int64) -> None:
    """Add a running job to the ledgers of its site, or take it out."""
    site, power, gpus, group = st.jobs[rank, SITE], st.jobs[rank, POWER], st.jobs[rank, GPUS], st.jobs[rank, CLASS]
    st.site[site, USED] += sign * gpus
    st.site[site, TOTAL] += sign * power
    st.group[group, CLASS_POWER + site] += sign * power
    st.site[site, LABEL_POWER + st.group[group, LABEL]] += sign * power
    mark = st.jobs[rank, MARK]
    sites = st.site.shape[0]
    if mark & PAUSABLE:
        st.site[site, PAUSABLE_GPUS] += sign * gpus
        if sign > 0:
            insert(st.sets, sites + 2 + site, st.jobs[rank, VICTIM_RANK])
        else:
            discard(st.sets, sites + 2 + site, st.jobs[rank, VICTIM_RANK])
    if mark & PINNED:
        if sign > 0:
            insert(st.sets, 2 * sites + 2 + site, st.jobs[rank, VICTIM_RANK])
        else:
            discard(st.sets, 2 * sites + 2 + site, st.jobs[rank, VICTIM_RANK])
    if mark & OVERRODE and sign < 0:
        st.site[site, OVERRIDDEN] -= power


@njit(cache=True)
def override(st: State, events: Ints, rank: int, at_s: int) -> None:
    """Count a running job as forced beyond the plan, once until it is paused or finished."""
    site = st.jobs[rank, SITE]
    if st.jobs[rank, MARK] & PINNED:
        discard(st.sets, 2 * st.site.shape[0] + 2 + site, st.jobs[rank, VICTIM_RANK])
    st.jobs[rank, MARK] = (st.jobs[rank, MARK] & ~PINNED) | OVERRODE
    st.site[site, OVERRIDDEN] += st.jobs[rank, POWER]
    st.clock[OVERRIDES] += 1
    record(st, events, rank, OVERRODE_EVENT, at_s)


@njit(cache=True)
def _fall_short(st: State, rank: int, missing_s: int) -> None:
    """Note that a job counted as running in this interval runs `missing_s` seconds less than all of it."""
    site = st.jobs[rank, SITE]
    st.site[site, LABEL_SHORT + st.group[st.jobs[rank, CLASS], LABEL]] += st.jobs[rank, POWER] * missing_s
    st.site[site, SHORT_GPU_S] += st.jobs[rank, GPUS] * missing_s


@njit(cache=True)
def start(st: State, events: Ints, rank: int, site: int, at_s: int) -> None:
    """Start or resume a job that is in no ready set, at the boundary or at its release inside the interval."""
    paused_site = st.jobs[rank, SITE]
    st.jobs[rank, SITE] = site
    kind = STARTED_EVENT
    if st.jobs[rank, STATUS] == PAUSED:
        kind = RESUMED_EVENT
        if paused_site != site:
            record(st, events, rank, MOVED_EVENT, at_s)
    record(st, events, rank, kind, at_s)
    end = at_s + st.jobs[rank, REMAIN]
    st.jobs[rank, STATUS] = RUNNING
    st.jobs[rank, FINISH] = end
    mark = 0
    if st.jobs[rank, PREEMPTIBLE]:
        # A pause lasts one interval at least; whether there is slack for it does not change while the job runs.
        mark = PAUSABLE if end + st.jobs[rank, CHECKPOINT] + st.clock[STEP] <= st.jobs[rank, DUE] else PINNED
    st.jobs[rank, MARK] = mark
    _count(st, rank, _IN)
    _link(st, FINISHES, rank, (end - 1 - st.clock[START]) // st.clock[STEP])
    begun = st.clock[START] + st.clock[INDEX] * st.clock[STEP]
    if at_s > begun:
        _fall_short(st, rank, at_s - begun)


@njit(cache=True)
def pause(st: State, events: Ints, rank: int, at_s: int) -> None:
    """Pause a running job at the boundary; the checkpoint's seconds are added to what remains."""
    _unlink(st, FINISHES, rank)
    _count(st, rank, _OUT)
    st.jobs[rank, STATUS] = PAUSED
    st.jobs[rank, MARK] = 0
    st.jobs[rank, REMAIN] = st.jobs[rank, FINISH] - at_s + st.jobs[rank, CHECKPOINT]
    st.jobs[rank, PAUSED_AT] = at_s
    record(st, events, rank, PAUSED_EVENT, at_s)
    enter(st, rank, st.clock[INDEX])


@njit(cache=True)
def finish(st: State, events: Ints, rank: int) -> None:
    """End a job whose finish lies in the current interval; its GPUs are free from the next boundary on."""
    end = st.jobs[rank, FINISH]
    # The job leaves the sums of this interval, so what it ran of it is a negative shortfall.
    _fall_short(st, rank, st.clock[START] + st.clock[INDEX] * st.clock[STEP] - end)
    _count(st, rank, _OUT)
    _unlink(st, FINISHES, rank)
    record(st, events, rank, FINISHED_EVENT, end)
    st.jobs[rank, STATUS] = FINISHED
    st.clock[ALIVE] -= 1
