"""What can happen to one job: enter, become urgent, start, pause, finish; sets, calendars and ledgers stay true."""

# Compiled with: bits state rules d3f4829f2083d7cf

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_bits import discard, insert
from suandian.coordination.placement_rules import transfer_s
from suandian.coordination.placement_state import (
    ALIVE,
    ARRIVES,
    AT_ONCE,
    BUCKET,
    CHECKPOINT,
    CLASS,
    CLASS_POWER,
    COMING_GPUS,
    COMING_POWER,
    DUE,
    EVENTS,
    EVERY,
    FINISH,
    FINISHED,
    FINISHES,
    GEAR,
    GEAR_SPEED,
    GEARS,
    GPUS,
    HAS_RUN,
    INDEX,
    LABEL,
    LABEL_POWER,
    LABEL_SHORT,
    LATEST,
    LIST,
    LISTED,
    MARK,
    MOVING,
    NEXT,
    OVERRIDDEN,
    OVERRIDES,
    OVERRODE,
    PAUSABLE,
    PAUSABLE_GPUS,
    PAUSED,
    PAUSED_AT,
    PAUSES_LEFT,
    PERIODS,
    PINNED,
    POWER,
    PREVIOUS,
    READY,
    REMAIN,
    ROW,
    RUNNING,
    SHORT_GPU_S,
    SINCE,
    SITE,
    SLOT,
    SLOWED,
    START,
    STATUS,
    STEP,
    TOTAL,
    UNITS,
    UNITS_PER_S,
    URGENT,
    URGENT_BUCKET,
    URGENT_RANK,
    USED,
    VICTIM_RANK,
    WORST,
    State,
    gear_gpus,
    gear_power,
)

__all__ = [
    "arrive",
    "depart",
    "enter",
    "finish",
    "hasten",
    "latest_slot",
    "leave",
    "override",
    "pause",
    "record",
    "shift",
    "start",
    "submit",
    "units_left",
]

Ints = NDArray[np.int64]

#: Event kinds, numbered as in `suandian.record.events.JobEventKind`.
SUBMITTED_EVENT, STARTED_EVENT, PAUSED_EVENT = np.int64(0), np.int64(1), np.int64(2)
RESUMED_EVENT, MOVED_EVENT, FINISHED_EVENT, OVERRODE_EVENT = np.int64(3), np.int64(4), np.int64(5), np.int64(6)
ARRIVED_EVENT, FIRST_GEAR_EVENT = np.int64(7), np.int64(8)
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
    st.members[st.site.shape[0] + 2, st.jobs[rank, BUCKET]] += 1
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
    st.members[st.site.shape[0] + 2, st.jobs[rank, BUCKET]] -= 1
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
        _place(st, 2 * sites + 2 + site, rank, sign)
    if st.group[group, GEARS] > 1:
        _place(st, 3 * sites + 2 + site, rank, sign)
        if st.jobs[rank, GEAR]:
            st.site[site, SLOWED] += sign
    if mark & OVERRODE:
        st.site[site, OVERRIDDEN] += sign * power


@njit(cache=True)
def _place(st: State, set_of: int, rank: int, sign: np.int64) -> None:
    """Put a running job into a set in the order of victims, or take it out."""
    if sign > 0:
        insert(st.sets, set_of, st.jobs[rank, VICTIM_RANK])
    else:
        discard(st.sets, set_of, st.jobs[rank, VICTIM_RANK])


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
def units_left(st: State, rank: int, at_s: int | np.int64) -> int:
    """Work of a running job that remains at `at_s`, thousandths of a second at full speed."""
    group = st.jobs[rank, CLASS]
    if st.group[group, GEARS] == 1:
        return int((st.jobs[rank, FINISH] - at_s) * UNITS_PER_S)
    speed = st.group[group, GEAR_SPEED + st.jobs[rank, GEAR]]
    return int(st.jobs[rank, UNITS] - (at_s - st.jobs[rank, SINCE]) * speed)


@njit(cache=True)
def _in_gear(st: State, rank: int, units: int | np.int64, at_s: int | np.int64) -> int:
    """Fill in GPUs, power and instants of a job that runs `units` in its GEAR from `at_s` on; its end."""
    gear = st.jobs[rank, GEAR]
    st.jobs[rank, GPUS] = gear_gpus(st.jobs, st.group, rank, gear)
    st.jobs[rank, POWER] = gear_power(st.jobs, st.group, rank, gear)
    st.jobs[rank, UNITS], st.jobs[rank, SINCE] = units, at_s
    return int(at_s - (-units // st.group[st.jobs[rank, CLASS], GEAR_SPEED + gear]))


@njit(cache=True)
def _run_until(st: State, rank: int, end: int | np.int64) -> None:
    """Enter a job that runs to `end` into marks, ledgers and calendar."""
    st.jobs[rank, FINISH] = end
    mark = st.jobs[rank, MARK] & (OVERRODE | HAS_RUN)
    if st.jobs[rank, PAUSES_LEFT] > 0:
        # A pause lasts one interval at least; whether there is slack for it does not change while the gear stays.
        if end + st.jobs[rank, WORST] + st.clock[STEP] <= st.jobs[rank, DUE]:
            mark |= PAUSABLE
        elif not mark & OVERRODE:
            mark |= PINNED
    st.jobs[rank, MARK] = mark
    _count(st, rank, _IN)
    _link(st, FINISHES, rank, (end - 1 - st.clock[START]) // st.clock[STEP])


@njit(cache=True)
def start(st: State, events: Ints, rank: int, site: int, at_s: int) -> None:
    """Start or resume a job in its GEAR that is in no ready set, at the boundary or at its release inside it."""
    if st.jobs[rank, STATUS] == PAUSED and st.jobs[rank, SITE] != site:
        st.jobs[rank, SITE] = site
        record(st, events, rank, MOVED_EVENT, at_s)
    st.jobs[rank, SITE] = site
    record(st, events, rank, RESUMED_EVENT if st.jobs[rank, MARK] & HAS_RUN else STARTED_EVENT, at_s)
    if st.jobs[rank, GEAR]:
        record(st, events, rank, FIRST_GEAR_EVENT + st.jobs[rank, GEAR], at_s)
    st.jobs[rank, STATUS], st.jobs[rank, MARK] = RUNNING, HAS_RUN
    end = at_s + st.jobs[rank, REMAIN]
    if st.group[st.jobs[rank, CLASS], GEARS] > 1:
        end = _in_gear(st, rank, st.jobs[rank, REMAIN] * UNITS_PER_S, at_s)
    _run_until(st, rank, end)
    begun = st.clock[START] + st.clock[INDEX] * st.clock[STEP]
    if at_s > begun:
        _fall_short(st, rank, at_s - begun)


@njit(cache=True)
def shift(st: State, events: Ints, rank: int, gear: int | np.int64, at_s: int) -> None:
    """Let a running job go on in another gear from the boundary `at_s`."""
    left = units_left(st, rank, at_s)
    _unlink(st, FINISHES, rank)
    _count(st, rank, _OUT)
    st.jobs[rank, GEAR] = gear
    _run_until(st, rank, _in_gear(st, rank, left, at_s))
    record(st, events, rank, FIRST_GEAR_EVENT + gear, at_s)


@njit(cache=True)
def pause(st: State, events: Ints, rank: int, at_s: int) -> None:
    """Pause a running job at the boundary; work since its last checkpoint is lost, and the checkpoint's time."""
    left = units_left(st, rank, at_s)
    if st.jobs[rank, EVERY]:
        left += (st.jobs[rank, REMAIN] * UNITS_PER_S - left) % (st.jobs[rank, EVERY] * UNITS_PER_S)
    _unlink(st, FINISHES, rank)
    _count(st, rank, _OUT)
    st.jobs[rank, STATUS] = PAUSED
    st.jobs[rank, MARK] = HAS_RUN
    if st.jobs[rank, GEAR]:
        st.jobs[rank, GEAR] = 0
    st.jobs[rank, REMAIN] = -(-left // UNITS_PER_S) + st.jobs[rank, CHECKPOINT]
    st.jobs[rank, PAUSED_AT] = at_s
    st.jobs[rank, PAUSES_LEFT] -= 1
    record(st, events, rank, PAUSED_EVENT, at_s)
    enter(st, rank, st.clock[INDEX])


@njit(cache=True)
def depart(st: State, events: Ints, rank: int, site: int, at_s: int) -> None:
    """Send the data of a job that is in no ready set to another site, and keep room there for it."""
    lead_s = transfer_s(st, rank, site)
    st.jobs[rank, STATUS], st.jobs[rank, SITE] = MOVING, site
    record(st, events, rank, MOVED_EVENT, at_s)
    st.jobs[rank, GPUS] = gear_gpus(st.jobs, st.group, rank, st.jobs[rank, GEAR])
    st.jobs[rank, POWER] = gear_power(st.jobs, st.group, rank, st.jobs[rank, GEAR])
    st.site[site, COMING_GPUS] += st.jobs[rank, GPUS]
    st.site[site, COMING_POWER] += st.jobs[rank, POWER]
    st.jobs[rank, FINISH] = at_s + lead_s
    _link(st, ARRIVES, rank, -((st.clock[START] - st.jobs[rank, FINISH]) // st.clock[STEP]))


@njit(cache=True)
def arrive(st: State, events: Ints, rank: int) -> None:
    """The data of a job have come: it waits where they are."""
    _unlink(st, ARRIVES, rank)
    site = st.jobs[rank, SITE]
    st.site[site, COMING_GPUS] -= st.jobs[rank, GPUS]
    st.site[site, COMING_POWER] -= st.jobs[rank, POWER]
    st.jobs[rank, STATUS], st.jobs[rank, GEAR] = PAUSED, 0
    # It stays for a while, but may start at this very boundary: a pause at it would forbid that.
    st.jobs[rank, PAUSED_AT] = st.jobs[rank, FINISH] - 1
    record(st, events, rank, ARRIVED_EVENT, st.jobs[rank, FINISH])
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
