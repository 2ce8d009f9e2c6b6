"""The placement kernel: what happens in one interval, in a fixed order, and the loop over intervals.

1 release and arrival of data, 2 latest start reached → urgent, 3 slow and pause down to the plan, 4 urgent jobs,
5 earliest deadline first under the class curves, 6 again under the sites' unused totals (borrowing), 7 slowed jobs
speed up, 8 jobs released inside the interval that cannot wait, 9 finish, 10 the row of means. The reasons are in
docs/explanation/placement.md.
"""

# Compiled with: placement_bits placement_state placement_rules placement_moves placement_gears b6fa1f1a20112d4f

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_bits import following, last
from suandian.coordination.placement_gears import follow_gears, slow_down, speed_up
from suandian.coordination.placement_moves import (
    arrive,
    depart,
    enter,
    finish,
    hasten,
    latest_slot,
    leave,
    override,
    pause,
    start,
    submit,
)
from suandian.coordination.placement_rules import (
    ANYWHERE,
    AWAY,
    CLASS_CURVE,
    FREE_GPUS,
    HERE,
    NO,
    NO_CLASS,
    SITE_CURVE,
    YES,
    choose,
    has_room,
    transfer_s,
)
from suandian.coordination.placement_state import (
    ALIVE,
    ARRIVES,
    AT_ONCE,
    BY_RELEASE,
    BY_SUBMISSION,
    BY_URGENT,
    BY_VICTIM,
    CAP,
    CLASS_POWER,
    COMING_GPUS,
    EDF,
    END,
    EVENTS,
    FINISHES,
    FIRST,
    FIRST_BUCKET,
    FULL_GPUS,
    GEAR,
    HELD,
    INDEX,
    INSTALLED,
    KEPT,
    LABEL_POWER,
    LABEL_SHORT,
    LABELS,
    LATEST,
    MAY_PAUSE,
    MICROWATTS_PER_MW,
    NEXT,
    ORDER,
    OVERRIDDEN,
    PAUSED_AT,
    PLANNED,
    POWER,
    READY,
    READY_TABLE,
    RELEASE_S,
    RELEASED,
    SHORT_GPU_S,
    SLOWED,
    START,
    STATUS,
    STEP,
    SUBMITTED,
    SUBMITTED_S,
    TOTAL,
    URGENT_TABLE,
    USED,
    WAITING,
    State,
    gear_power,
)

__all__ = ["EVENTS_PER_JOB", "REFUSALS_MAX", "TOLERANCE_MICROWATTS", "run", "switch_mode"]

Ints = NDArray[np.int64]

#: A bucket is closed for the rest of a pass after so many jobs of it did not fit (8 is as good as no limit: in trials
#: of the project the gap between plan and placement did not change with more).
REFUSALS_MAX = 8
#: A job fits under a curve that it exceeds by less than 10 W: planners round.
TOLERANCE_MICROWATTS = 10_000_000
#: At most: arrived, slowed twice, paused or (moved, resumed, gear, override), faster, finished, submitted; a job is
#: never resumed where it was just paused.
EVENTS_PER_JOB = 12

#: A counter that begins as a NumPy integer, see LATEST in `placement_state`.
_NONE = np.int64(0)


@njit(cache=True)
def _pause_down(st: State, events: Ints, now_s: int) -> None:
    """Pause until GPUs and plan or hold are met, least urgent class and latest deadline first; count the rest."""
    sites = st.site.shape[0]
    for site in range(sites):
        if st.clock[MAY_PAUSE]:
            if st.clock[AT_ONCE] == 0:
                follow_gears(st, events, site, now_s)
            slow_down(st, events, site, now_s)
            while st.site[site, USED] > st.site[site, CAP] or (
                not st.clock[AT_ONCE] and st.site[site, TOTAL] > st.site[site, HELD]
            ):
                victim = last(st.sets, sites + 2 + site)
                if victim < 0:
                    break
                pause(st, events, st.orders[BY_VICTIM, victim], now_s)
            excess = st.site[site, TOTAL] - st.site[site, HELD] - st.site[site, OVERRIDDEN]
            while not st.clock[AT_ONCE] and excess > 0:
                pinned = last(st.sets, 2 * sites + 2 + site)
                if pinned < 0:
                    break
                override(st, events, st.orders[BY_VICTIM, pinned], now_s)
                excess -= st.jobs[st.orders[BY_VICTIM, pinned], POWER]
        st.site[site, KEPT] = st.site[site, USED]


@njit(cache=True)
def _force(st: State, events: Ints, rank: int, at_s: int, preempt: np.bool_) -> bool:
    """Start an urgent job wherever there are GPUs, at the cost of jobs with slack if `preempt`."""
    if st.jobs[rank, PAUSED_AT] == at_s:
        return False
    site = choose(st, rank, FREE_GPUS, NO, HERE, at_s)
    if site < 0 and preempt:
        site = choose(st, rank, FREE_GPUS, YES, HERE, at_s)
        room = st.site[site, CAP] - st.site[site, COMING_GPUS] if site >= 0 else 0
        while site >= 0 and st.site[site, USED] + st.jobs[rank, FULL_GPUS] > room:
            victim = last(st.sets, st.site.shape[0] + 2 + site)
            pause(st, events, st.orders[BY_VICTIM, victim], at_s)
    if site < 0:
        site = choose(st, rank, FREE_GPUS, NO, AWAY, at_s)
    if site < 0:
        return False
    if transfer_s(st, rank, site):
        depart(st, events, rank, site, at_s)
        return True
    power = gear_power(st.jobs, st.group, rank, st.jobs[rank, GEAR])
    beyond = st.site[site, TOTAL] + power > st.site[site, PLANNED]
    start(st, events, rank, site, at_s)
    if beyond and not st.clock[AT_ONCE]:
        override(st, events, rank, at_s)
    return True


@njit(cache=True)
def _earliest(st: State, active: Ints, count: np.int64) -> int:
    """Index of the cursor with the earliest deadline; see `_set`."""
    best = 0
    for index in range(1, count):
        if st.jobs[active[index, 2], EDF] < st.jobs[active[best, 2], EDF]:
            best = index
    return best


@njit(cache=True)
def _set(active: Ints, index: np.int64, set_of: int, bucket: int, rank: int, at: int) -> None:
    """A cursor: set, bucket, rank of its job, refusals so far, and where it stands in the order of its set."""
    active[index, 0], active[index, 1], active[index, 2], active[index, 3] = set_of, bucket, rank, 0
    active[index, 4] = at


@njit(cache=True)
def _place_urgent(st: State, events: Ints, active: Ints, now_s: int) -> None:
    """All urgent jobs, earliest deadline first, plan ignored."""
    preempt = st.clock[MAY_PAUSE] == 1 and st.clock[AT_ONCE] == 0
    set_of = st.site.shape[0] + 1
    count = _NONE
    for bucket in range(st.tables.shape[1]):
        table = st.tables[URGENT_TABLE, bucket]
        if st.members[set_of, bucket] and has_room(st, table, NO_CLASS, ANYWHERE, FREE_GPUS, preempt):
            found = following(st.sets, set_of, table[FIRST], table[END])
            _set(active, count, set_of, bucket, st.orders[BY_URGENT, found], found)
            count += 1
    while count:
        at = _earliest(st, active, count)
        table = st.tables[URGENT_TABLE, active[at, 1]]
        rank = active[at, 2]
        found = following(st.sets, set_of, active[at, 4] + 1, table[END])
        leave(st, rank)
        if not _force(st, events, rank, now_s, preempt):
            hasten(st, rank)
            active[at, 3] += 1
            if active[at, 3] >= REFUSALS_MAX or not has_room(st, table, NO_CLASS, ANYWHERE, FREE_GPUS, preempt):
                found = -1
        if found < 0:
            count -= 1
            for field in range(5):
                active[at, field] = active[count, field]
        else:
            active[at, 2], active[at, 4] = st.orders[BY_URGENT, found], found


@njit(cache=True)
def _place_class(st: State, events: Ints, active: Ints, group: int, level: np.int64, now_s: int) -> None:
    """Ready jobs of one class, earliest deadline first, under the curves of `level`."""
    count = _NONE
    for bucket in range(st.group[group, FIRST_BUCKET], st.group[group + 1, FIRST_BUCKET]):
        if not st.members[st.site.shape[0] + 2, bucket]:
            continue
        table = st.tables[READY_TABLE, bucket]
        if not has_room(st, table, group, ANYWHERE, level, NO):
            continue
        for set_of in range(st.site.shape[0] + 1):
            if st.members[set_of, bucket]:
                found = following(st.sets, set_of, table[FIRST], table[END])
                _set(active, count, set_of, bucket, found, found)
                count += 1
    while count:
        at = _earliest(st, active, count)
        set_of, bucket, rank = active[at, 0], active[at, 1], active[at, 2]
        table = st.tables[READY_TABLE, bucket]
        found = following(st.sets, set_of, rank + 1, table[END])
        site = -1 if st.jobs[rank, PAUSED_AT] == now_s else choose(st, rank, level, NO, AWAY, now_s)
        if site >= 0:
            away = transfer_s(st, rank, site) > 0
            leave(st, rank)
            if away:
                depart(st, events, rank, site, now_s)
            else:
                start(st, events, rank, site, now_s)
        else:
            active[at, 3] += 1
            if active[at, 3] >= REFUSALS_MAX or not has_room(st, table, group, ANYWHERE, level, NO):
                found = -1
        if found < 0:
            count -= 1
            for field in range(5):
                active[at, field] = active[count, field]
        else:
            active[at, 2] = found


@njit(cache=True)
def _admit(st: State, events: Ints, now_s: int, next_s: int) -> None:
    """Note submissions of the interval, let in what is released at its start, turn the late into urgent ones."""
    clock = st.clock
    while clock[SUBMITTED] < len(st.jobs) and st.orders[SUBMITTED_S, clock[SUBMITTED]] < next_s:
        submit(st, events, st.orders[BY_SUBMISSION, clock[SUBMITTED]], st.orders[SUBMITTED_S, clock[SUBMITTED]])
        clock[SUBMITTED] += 1
    while clock[RELEASED] < len(st.jobs) and st.orders[RELEASE_S, clock[RELEASED]] <= now_s:
        rank = st.orders[BY_RELEASE, clock[RELEASED]]
        st.jobs[rank, STATUS] = WAITING
        enter(st, rank, clock[INDEX])
        clock[RELEASED] += 1
    rank = st.heads[ARRIVES, clock[INDEX]]
    while rank >= 0:
        after = st.jobs[rank, NEXT]
        arrive(st, events, rank)
        rank = after
    rank = st.heads[LATEST, clock[INDEX]]
    while rank >= 0:
        after = st.jobs[rank, NEXT]
        leave(st, rank)
        hasten(st, rank)
        rank = after


@njit(cache=True)
def _admit_inside(st: State, events: Ints, next_s: int) -> None:
    """Jobs released inside the interval: those that cannot wait for its end start at once where there are GPUs."""
    clock = st.clock
    while clock[RELEASED] < len(st.jobs) and st.orders[RELEASE_S, clock[RELEASED]] < next_s:
        rank = st.orders[BY_RELEASE, clock[RELEASED]]
        at_s = st.orders[RELEASE_S, clock[RELEASED]]
        clock[RELEASED] += 1
        st.jobs[rank, STATUS] = WAITING
        cannot_wait = clock[AT_ONCE] == 1 or latest_slot(st, rank) <= clock[INDEX]
        if not (cannot_wait and _force(st, events, rank, at_s, NO)):
            enter(st, rank, clock[INDEX] + 1)


@njit(cache=True)
def _close(st: State, events: Ints, label_mw: NDArray[np.float64], gpus: NDArray[np.float64], column: int) -> bool:
    """Finish what ends inside the interval and write its means; False if the GPU invariant does not hold."""
    holds = True
    step_s = st.clock[STEP]
    for site in range(st.site.shape[0]):
        used, cap = st.site[site, USED], st.site[site, CAP]
        if used > st.site[site, INSTALLED] or used > max(cap, st.site[site, KEPT]):
            holds = False
    rank = st.heads[FINISHES, st.clock[INDEX]]
    while rank >= 0:
        after = st.jobs[rank, NEXT]
        finish(st, events, rank)
        rank = after
    for site in range(st.site.shape[0]):
        gpus[site, column] = st.site[site, USED] - st.site[site, SHORT_GPU_S] / step_s
        st.site[site, SHORT_GPU_S] = 0
        for label in range(LABELS):
            microwatts = st.site[site, LABEL_POWER + label] - st.site[site, LABEL_SHORT + label] / step_s
            label_mw[label, site, column] = microwatts / MICROWATTS_PER_MW
            st.site[site, LABEL_SHORT + label] = 0
    return holds


@njit(cache=True)
def _look_up(
    st: State,
    it_mw: NDArray[np.float64],
    gear: Ints,
    hold_mw: NDArray[np.float64],
    gpus_free: Ints,
    order: Ints,
    column: int,
) -> None:
    """Read the interval's limits: GPUs, site order, gears, and in µW the classes' curves, their sums, what is held."""
    for site in range(st.site.shape[0]):
        st.site[site, CAP] = gpus_free[site, column]
        st.site[site, ORDER] = order[site, column % order.shape[1]]
        planned = TOLERANCE_MICROWATTS
        if not st.clock[AT_ONCE]:
            for group in range(len(st.group) - 1):
                curve = int(it_mw[group, site, column] * MICROWATTS_PER_MW)
                st.group[group, CLASS_POWER + st.site.shape[0] + site] = curve + TOLERANCE_MICROWATTS
                planned += curve
        for group in range(len(st.group) - 1):
            target = gear[group % gear.shape[0], site % gear.shape[1], column % gear.shape[2]]
            st.group[group, CLASS_POWER + 2 * st.site.shape[0] + site] = target
        st.site[site, PLANNED] = planned
        held = int(hold_mw[site, column % hold_mw.shape[1]] * MICROWATTS_PER_MW) + TOLERANCE_MICROWATTS
        st.site[site, HELD] = max(planned, held)


@njit(cache=True)
def switch_mode(st: State, at_once: int) -> None:
    """Make all ready jobs urgent when `start_at_once` begins; let those with slack wait again when it ends."""
    before = st.clock[AT_ONCE]
    st.clock[AT_ONCE] = at_once
    sites = st.site.shape[0]
    if at_once == 1 and before == 0:
        for set_of in range(sites + 1):
            rank = last(st.sets, set_of)
            while rank >= 0:
                leave(st, rank)
                hasten(st, rank)
                rank = last(st.sets, set_of)
    if at_once == 0 and before == 1:
        for bucket in range(st.tables.shape[1]):
            end = st.tables[URGENT_TABLE, bucket, END]
            at = following(st.sets, sites + 1, st.tables[URGENT_TABLE, bucket, FIRST], end)
            while at >= 0:
                rank = st.orders[BY_URGENT, at]
                if latest_slot(st, rank) > st.clock[INDEX]:
                    leave(st, rank)
                    enter(st, rank, st.clock[INDEX])
                at = following(st.sets, sites + 1, at + 1, end)


@njit(cache=True)
def _room_for_events(st: State, events: Ints, next_s: int) -> Ints:
    """The event buffer, grown if this interval might overflow it: every job alive can leave a few events."""
    entering = 0
    at = st.clock[SUBMITTED]
    while at + entering < len(st.jobs) and st.orders[SUBMITTED_S, at + entering] < next_s:
        entering += 1
    need = st.clock[EVENTS] + EVENTS_PER_JOB * (st.clock[ALIVE] + entering)
    if need <= len(events):
        return events
    grown = np.empty((max(need, 2 * len(events)), 2), dtype=np.int64)
    for index in range(st.clock[EVENTS]):
        grown[index, 0], grown[index, 1] = events[index, 0], events[index, 1]
    return grown


@njit(cache=True)
def run(
    st: State,
    events: Ints,
    it_mw: NDArray[np.float64],
    gear: Ints,
    hold_mw: NDArray[np.float64],
    gpus_free: Ints,
    order: Ints,
    label_mw: NDArray[np.float64],
    gpus: NDArray[np.float64],
) -> tuple[Ints, int]:
    """Advance over the columns of `gpus_free`; returns the event buffer and the bad interval, −1 if all is well."""
    active = np.empty((st.tables.shape[1] * (st.site.shape[0] + 1), 5), dtype=np.int64)
    for column in range(gpus_free.shape[1]):
        now_s = st.clock[START] + st.clock[INDEX] * st.clock[STEP]
        events = _room_for_events(st, events, now_s + st.clock[STEP])
        _look_up(st, it_mw, gear, hold_mw, gpus_free, order, column)
        _admit(st, events, now_s, now_s + st.clock[STEP])
        _pause_down(st, events, now_s)
        _place_urgent(st, events, active, now_s)
        if st.clock[AT_ONCE] == 0:
            for level in (CLASS_CURVE, SITE_CURVE):
                for group in range(len(st.group) - 1):
                    if st.group[group, READY]:
                        _place_class(st, events, active, group, level, now_s)
        for site in range(st.site.shape[0]):
            if st.site[site, SLOWED]:
                speed_up(st, events, site, now_s)
        _admit_inside(st, events, now_s + st.clock[STEP])
        if not _close(st, events, label_mw, gpus, column):
            return events, st.clock[INDEX]
        st.clock[INDEX] += 1
    return events, -1
