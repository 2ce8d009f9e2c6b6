"""The placement kernel: what happens in one interval, in a fixed order, and the loop over intervals.

1 release and arrival of data, 2 latest start reached → urgent, 3 slow and pause down to the plan, 4 urgent jobs,
5 earliest deadline first under the class curves, 6 again under the sites' unused totals (borrowing), 7 slowed jobs
speed up, 8 jobs released inside the interval that cannot wait, 9 finish, 10 the row of means. The reasons are in
docs/explanation/placement.md.
"""

# Compiled with: bits state rules moves gears passes 0c1f740c815b9d88

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_bits import following, last
from suandian.coordination.placement_gears import follow_gears, slow_down, speed_up
from suandian.coordination.placement_moves import (
    arrive,
    enter,
    finish,
    hasten,
    latest_slot,
    leave,
    override,
    pause,
    submit,
)
from suandian.coordination.placement_passes import CURSOR_COLUMNS, force, place_class, place_urgent
from suandian.coordination.placement_rules import CLASS_CURVE, NO, SITE_CURVE
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
    END,
    EVENTS,
    FINISHES,
    FIRST,
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
    PLANNED,
    POWER,
    READY,
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
)

__all__ = ["EVENTS_PER_JOB", "TOLERANCE_MICROWATTS", "run", "switch_mode"]

Ints = NDArray[np.int64]

#: A job fits under a curve that it exceeds by less than 10 W: planners round.
TOLERANCE_MICROWATTS = 10_000_000
#: At most: arrived, slowed twice, paused or (moved, resumed, gear, override), faster, finished, submitted; a job is
#: never resumed where it was just paused.
EVENTS_PER_JOB = 12


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
        if not (cannot_wait and force(st, events, rank, at_s, NO)):
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
    hold_mw: NDArray[np.float64],
    gpus_free: Ints,
    order: Ints,
    column: int,
) -> None:
    """Read the interval's limits: GPUs, site order, and in µW the curves of the classes, their sums, what is held."""
    for site in range(st.site.shape[0]):
        st.site[site, CAP] = gpus_free[site, column]
        st.site[site, ORDER] = order[site, column % order.shape[1]]
        planned = TOLERANCE_MICROWATTS
        if not st.clock[AT_ONCE]:
            for group in range(len(st.group) - 1):
                curve = int(it_mw[group, site, column] * MICROWATTS_PER_MW)
                st.group[group, CLASS_POWER + st.site.shape[0] + site] = curve + TOLERANCE_MICROWATTS
                planned += curve
        st.site[site, PLANNED] = planned
        held = int(hold_mw[site, column % hold_mw.shape[1]] * MICROWATTS_PER_MW) + TOLERANCE_MICROWATTS
        st.site[site, HELD] = max(planned, held)


@njit(cache=True)
def _want_gears(st: State, gear: Ints, column: int) -> None:
    """Note the gear that the plan wants of each class at each site."""
    first = CLASS_POWER + 2 * st.site.shape[0]
    for group in range(len(st.group) - 1):
        for site in range(st.site.shape[0]):
            st.group[group, first + site] = gear[group % len(gear), site % gear.shape[1], column % gear.shape[2]]


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
    active = np.empty((st.tables.shape[1] * (st.site.shape[0] + 1), CURSOR_COLUMNS), dtype=np.int64)
    for column in range(gpus_free.shape[1]):
        now_s = st.clock[START] + st.clock[INDEX] * st.clock[STEP]
        events = _room_for_events(st, events, now_s + st.clock[STEP])
        _look_up(st, it_mw, hold_mw, gpus_free, order, column)
        if column == 0 or gear.size > 1:
            _want_gears(st, gear, column)
        _admit(st, events, now_s, now_s + st.clock[STEP])
        _pause_down(st, events, now_s)
        place_urgent(st, events, active, now_s)
        if st.clock[AT_ONCE] == 0:
            for level in (CLASS_CURVE, SITE_CURVE):
                for group in range(len(st.group) - 1):
                    if st.group[group, READY]:
                        place_class(st, events, active, group, level, now_s)
        for site in range(st.site.shape[0]):
            if st.site[site, SLOWED]:
                speed_up(st, events, site, now_s)
        _admit_inside(st, events, now_s + st.clock[STEP])
        if not _close(st, events, label_mw, gpus, column):
            return events, st.clock[INDEX]
        st.clock[INDEX] += 1
    return events, -1
