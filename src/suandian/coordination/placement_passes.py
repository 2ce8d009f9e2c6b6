"""Who starts in an interval: urgent jobs wherever there are GPUs, ready ones by deadline under the curves."""

# Compiled with: bits state rules moves ab5bbd40f56b29da

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_bits import following, last
from suandian.coordination.placement_moves import depart, hasten, leave, override, pause, start
from suandian.coordination.placement_rules import (
    ANYWHERE,
    AWAY,
    CLASS_CURVE,
    FREE_GPUS,
    HERE,
    NO,
    NO_CLASS,
    YES,
    choose,
    has_room,
    transfer_s,
)
from suandian.coordination.placement_state import (
    AT_ONCE,
    BY_URGENT,
    BY_VICTIM,
    CAP,
    COMING_GPUS,
    EDF,
    END,
    FIRST,
    FIRST_BUCKET,
    FULL_GPUS,
    GEAR,
    MAY_PAUSE,
    PAUSED_AT,
    PLANNED,
    READY_TABLE,
    TOTAL,
    TRANSFER,
    URGENT_TABLE,
    USED,
    State,
    gear_power,
)

__all__ = ["CURSOR_COLUMNS", "REFUSALS_MAX", "force", "place_class", "place_urgent"]

Ints = NDArray[np.int64]

#: A bucket is closed for the rest of a pass after so many jobs of it did not fit (8 is as good as no limit: in trials
#: of the project the gap between plan and placement did not change with more).
REFUSALS_MAX = 8
#: Columns of the table of cursors, see `_set`.
CURSOR_COLUMNS = 6
#: A counter that begins as a NumPy integer, see LATEST in `placement_state`.
_NONE = np.int64(0)


@njit(cache=True)
def force(st: State, events: Ints, rank: int, at_s: int, preempt: np.bool_) -> bool:
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
    if site < 0 and st.jobs[rank, TRANSFER]:
        site = choose(st, rank, FREE_GPUS, NO, AWAY, at_s)
    if site < 0:
        return False
    if st.jobs[rank, TRANSFER] and transfer_s(st, rank, site):
        depart(st, events, rank, site, at_s)
        return True
    power = gear_power(st.jobs, st.group, rank, st.jobs[rank, GEAR])
    beyond = st.site[site, TOTAL] + power > st.site[site, PLANNED]
    start(st, events, rank, site, at_s)
    if beyond and not st.clock[AT_ONCE]:
        override(st, events, rank, at_s)
    return True


@njit(cache=True)
def _earliest(active: Ints, count: np.int64) -> int:
    """Index of the cursor with the earliest deadline; see `_set`."""
    best = 0
    for index in range(1, count):
        if active[index, 5] < active[best, 5]:
            best = index
    return best


@njit(cache=True)
def _set(st: State, active: Ints, index: np.int64, set_of: int, bucket: int, rank: int, at: int) -> None:
    """A cursor: set, bucket, rank of its job, refusals so far, its place in the order of the set, its deadline."""
    active[index, 0], active[index, 1], active[index, 3] = set_of, bucket, 0
    _move(st, active, index, rank, at)


@njit(cache=True)
def _move(st: State, active: Ints, index: int | np.int64, rank: int, at: int) -> None:
    """Let a cursor stand at another job of its bucket."""
    active[index, 2], active[index, 4], active[index, 5] = rank, at, st.jobs[rank, EDF]


@njit(cache=True)
def _drop(active: Ints, index: int, last_index: np.int64) -> None:
    """Take a cursor out by putting the last one in its place."""
    for field in range(CURSOR_COLUMNS):
        active[index, field] = active[last_index, field]


@njit(cache=True)
def place_urgent(st: State, events: Ints, active: Ints, now_s: int) -> None:
    """All urgent jobs, earliest deadline first, plan ignored."""
    preempt = st.clock[MAY_PAUSE] == 1 and st.clock[AT_ONCE] == 0
    set_of = st.site.shape[0] + 1
    count = _NONE
    for bucket in range(st.tables.shape[1]):
        if st.members[set_of, bucket] and has_room(st, URGENT_TABLE, bucket, NO_CLASS, ANYWHERE, FREE_GPUS, preempt):
            first, end = st.tables[URGENT_TABLE, bucket, FIRST], st.tables[URGENT_TABLE, bucket, END]
            found = following(st.sets, set_of, first, end)
            _set(st, active, count, set_of, bucket, st.orders[BY_URGENT, found], found)
            count += 1
    while count:
        at = _earliest(active, count)
        bucket, rank = active[at, 1], active[at, 2]
        found = following(st.sets, set_of, active[at, 4] + 1, st.tables[URGENT_TABLE, bucket, END])
        leave(st, rank)
        if not force(st, events, rank, now_s, preempt):
            hasten(st, rank)
            active[at, 3] += 1
            closed = active[at, 3] >= REFUSALS_MAX
            if closed or not has_room(st, URGENT_TABLE, bucket, NO_CLASS, ANYWHERE, FREE_GPUS, preempt):
                found = -1
        if found < 0:
            count -= 1
            _drop(active, at, count)
        else:
            _move(st, active, at, st.orders[BY_URGENT, found], found)


@njit(cache=True)
def place_class(st: State, events: Ints, active: Ints, group: int, level: np.int64, now_s: int) -> None:
    """Ready jobs of one class, earliest deadline first, under the curves of `level`."""
    count = _NONE
    for bucket in range(st.group[group, FIRST_BUCKET], st.group[group + 1, FIRST_BUCKET]):
        if not st.members[st.site.shape[0] + 2, bucket]:
            continue
        if not has_room(st, READY_TABLE, bucket, group, ANYWHERE, level, NO):
            continue
        first, end = st.tables[READY_TABLE, bucket, FIRST], st.tables[READY_TABLE, bucket, END]
        for set_of in range(st.site.shape[0] + 1):
            # Under its class's curve a paused job stays where it is.
            only = set_of - 1 if level == CLASS_CURVE else ANYWHERE
            if st.members[set_of, bucket] and (only < 0 or has_room(st, READY_TABLE, bucket, group, only, level, NO)):
                found = following(st.sets, set_of, first, end)
                _set(st, active, count, set_of, bucket, found, found)
                count += 1
    while count:
        at = _earliest(active, count)
        set_of, bucket, rank = active[at, 0], active[at, 1], active[at, 2]
        found = following(st.sets, set_of, rank + 1, st.tables[READY_TABLE, bucket, END])
        site = -1 if st.jobs[rank, PAUSED_AT] == now_s else choose(st, rank, level, NO, AWAY, now_s)
        if site >= 0:
            away = st.jobs[rank, TRANSFER] > 0 and transfer_s(st, rank, site) > 0
            leave(st, rank)
            if away:
                depart(st, events, rank, site, now_s)
            else:
                start(st, events, rank, site, now_s)
        else:
            active[at, 3] += 1
            only = set_of - 1 if level == CLASS_CURVE else ANYWHERE
            if active[at, 3] >= REFUSALS_MAX or not has_room(st, READY_TABLE, bucket, group, only, level, NO):
                found = -1
        if found < 0:
            count -= 1
            _drop(active, at, count)
        else:
            _move(st, active, at, found, found)
