"""Who starts in an interval: urgent jobs wherever there are GPUs, ready ones by deadline under the curves."""

# Compiled with: bits state rules moves 12531cbe39b6e528

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_bits import following, last
from suandian.coordination.placement_moves import depart, hasten, leave, override, pause, start
from suandian.coordination.placement_rules import (
    ANYWHERE,
    AWAY,
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
    URGENT_TABLE,
    USED,
    State,
    gear_power,
)

__all__ = ["REFUSALS_MAX", "force", "place_class", "place_urgent"]

Ints = NDArray[np.int64]

#: A bucket is closed for the rest of a pass after so many jobs of it did not fit (8 is as good as no limit: in trials
#: of the project the gap between plan and placement did not change with more).
REFUSALS_MAX = 8
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
def _drop(active: Ints, index: int, last_index: np.int64) -> None:
    """Take a cursor out by putting the last one in its place."""
    for field in range(active.shape[1]):
        active[index, field] = active[last_index, field]


@njit(cache=True)
def place_urgent(st: State, events: Ints, active: Ints, now_s: int) -> None:
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
        if not force(st, events, rank, now_s, preempt):
            hasten(st, rank)
            active[at, 3] += 1
            if active[at, 3] >= REFUSALS_MAX or not has_room(st, table, NO_CLASS, ANYWHERE, FREE_GPUS, preempt):
                found = -1
        if found < 0:
            count -= 1
            _drop(active, at, count)
        else:
            active[at, 2], active[at, 4] = st.orders[BY_URGENT, found], found


@njit(cache=True)
def place_class(st: State, events: Ints, active: Ints, group: int, level: np.int64, now_s: int) -> None:
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
            _drop(active, at, count)
        else:
            active[at, 2] = found
