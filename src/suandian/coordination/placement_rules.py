"""Where a job may start: the limits of a site, the order in which sites are tried, and a quick no for whole buckets."""

# Compiled with: state 31bf87308604c76b

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_state import (
    ALLOWED,
    CAP,
    CLASS,
    CLASS_POWER,
    COMING_GPUS,
    COMING_POWER,
    DUE,
    FULL_GPUS,
    FULL_POWER,
    GEAR,
    GEAR_SPEED,
    GEARS,
    GPUS_LEAST,
    HOME,
    MASK,
    ORDER,
    PAUSABLE_GPUS,
    PAUSED,
    PAUSED_AT,
    PLANNED,
    POWER_LEAST,
    RANKED,
    REMAIN,
    SITE,
    STATUS,
    STEP,
    TOTAL,
    TRANSFER,
    UNITS_PER_S,
    USED,
    State,
    gear_gpus,
    gear_power,
)

__all__ = [
    "ANYWHERE",
    "AWAY",
    "CLASS_CURVE",
    "FREE_GPUS",
    "HERE",
    "MOVE_AFTER_S",
    "NO",
    "NO_CLASS",
    "SITE_CURVE",
    "YES",
    "choose",
    "fastest_gear",
    "has_room",
    "in_time",
    "transfer_s",
    "wanted_gear",
]

Ints = NDArray[np.int64]

#: What a start has to respect beside the GPUs.
FREE_GPUS, SITE_CURVE, CLASS_CURVE = np.int64(0), np.int64(1), np.int64(2)
#: For arguments, see LATEST in `placement_state`.
NO, YES = np.bool_(False), np.bool_(True)
#: Where a job may be put: only where it can start at once, or also where its data have to be sent first.
HERE, AWAY = np.bool_(False), np.bool_(True)
ANYWHERE, NO_CLASS = np.int64(-1), np.int64(0)
#: A job that has been paused for so long may go where the plan has room: a shorter wait is not worth a move. D.
MOVE_AFTER_S = 7200


@njit(cache=True)
def transfer_s(st: State, rank: int, site: int | np.int64) -> int:
    """Seconds until the job could run at the site: its data lie where it is paused, or at its home."""
    at = st.jobs[rank, SITE] if st.jobs[rank, STATUS] == PAUSED else st.jobs[rank, HOME]
    return 0 if site == at else int(st.jobs[rank, TRANSFER])


@njit(cache=True)
def in_time(st: State, rank: int, units: int | np.int64, gear: int | np.int64, at_s: int | np.int64) -> bool:
    """Would the job meet its deadline if it ran `units` in this gear from `at_s` to its end?"""
    speed = st.group[st.jobs[rank, CLASS], GEAR_SPEED + gear]
    return bool(at_s - (-units // speed) <= st.jobs[rank, DUE])


@njit(cache=True)
def wanted_gear(st: State, rank: int, site: int | np.int64) -> int:
    """The gear in which the plan wants the job's class at the site."""
    group = st.jobs[rank, CLASS]
    target = st.group[group, CLASS_POWER + 2 * st.site.shape[0] + site]
    return int(min(target, st.group[group, GEARS] - 1))


@njit(cache=True)
def fastest_gear(st: State, rank: int, units: int | np.int64, gear: int | np.int64, at_s: int | np.int64) -> int:
    """The slowest gear down to `gear` in which the job is in time; 0 if none is."""
    for number in range(gear, 0, -1):
        if in_time(st, rank, units, number, at_s):
            return int(number)
    return 0


@njit(cache=True)
def _class_headroom(st: State, group: int | np.int64, site: int) -> int:
    """Power that the class's curve still offers at the site, µW."""
    running, planned = CLASS_POWER + site, CLASS_POWER + st.site.shape[0] + site
    return int(st.group[group, planned] - st.group[group, running])


@njit(cache=True)
def _fits(st: State, rank: int, site: int, gear: int | np.int64, level: np.int64) -> bool:
    """May the job start at the site in this gear, under its GPUs and the curves of `level`?"""
    gpus = gear_gpus(st.jobs, st.group, rank, gear)
    if st.site[site, USED] + st.site[site, COMING_GPUS] + gpus > st.site[site, CAP]:
        return False
    if level == FREE_GPUS:
        return True
    power = gear_power(st.jobs, st.group, rank, gear)
    if st.site[site, TOTAL] + st.site[site, COMING_POWER] + power > st.site[site, PLANNED]:
        return False
    return bool(level == SITE_CURVE or power <= _class_headroom(st, st.jobs[rank, CLASS], site))


@njit(cache=True)
def _gear_that_fits(st: State, rank: int, site: int, level: np.int64, at_s: int | np.int64) -> int:
    """The plan's gear, or a slower one that fits while the job stays in time; −1 for none."""
    gears = st.group[st.jobs[rank, CLASS], GEARS]
    if gears == 1:
        return 0 if _fits(st, rank, site, 0, level) else -1
    units = st.jobs[rank, REMAIN] * UNITS_PER_S
    first = fastest_gear(st, rank, units, wanted_gear(st, rank, site), at_s)
    for gear in range(first, gears):
        if gear > first and not in_time(st, rank, units, gear, at_s):
            return -1
        if _fits(st, rank, site, gear, level):
            return int(gear)
    return -1


@njit(cache=True)
def _room_for(
    st: State, rank: int, site: int, level: np.int64, preempt: np.bool_, reach: np.bool_, at_s: int | np.int64
) -> int:
    """The gear in which the job could be put at the site; −1 for none."""
    lead_s = transfer_s(st, rank, site)
    if lead_s > 0:
        late = at_s + lead_s + st.jobs[rank, REMAIN] + st.clock[STEP] > st.jobs[rank, DUE]
        if preempt or not reach or (level > FREE_GPUS and late):
            return -1
    if preempt:
        room = st.site[site, CAP] - st.site[site, COMING_GPUS] - st.site[site, USED] + st.site[site, PAUSABLE_GPUS]
        return 0 if room >= st.jobs[rank, FULL_GPUS] else -1
    return _gear_that_fits(st, rank, site, level, at_s + lead_s)


@njit(cache=True)
def choose(st: State, rank: int, level: np.int64, preempt: np.bool_, reach: np.bool_, at_s: int | np.int64) -> int:
    """The first site that fits: where the job is paused, home unless an order is given, then in order; −1 for none.

    The gear in which it fits is left in the job's column GEAR. A paused job that is not urgent stays where it is until
    it has waited for `MOVE_AFTER_S`, then it may go where it borrows unused power; a job goes where its data are not
    only with `reach`, and not in vain: under a curve it must still be in time there.
    """
    if st.jobs[rank, TRANSFER] == 0 and st.group[st.jobs[rank, CLASS], GEARS] == 1 and not preempt:
        return _choose_plain(st, rank, level, at_s)
    paused = st.jobs[rank, STATUS] == PAUSED
    st.jobs[rank, GEAR] = 0
    for index in range(-2, st.site.shape[0]):
        site = -1
        if index >= 0:
            site = st.site[index, ORDER]
        elif index == -2 and paused:
            site = st.jobs[rank, SITE]
        elif index == -1 and not st.clock[RANKED]:
            site = st.jobs[rank, HOME]
        if site >= 0 and (st.jobs[rank, MASK] >> site) & 1:
            gear = _room_for(st, rank, site, level, preempt, reach, at_s)
            if gear >= 0:
                st.jobs[rank, GEAR] = gear
                return int(site)
        if index == -2 and paused and _stays(st, rank, level, at_s):
            return -1
    return -1


@njit(cache=True)
def _stays(st: State, rank: int, level: np.int64, at_s: int | np.int64) -> bool:
    """Has a paused job to wait where it is?"""
    if level == FREE_GPUS:
        return False
    return bool(level == CLASS_CURVE or at_s - st.jobs[rank, PAUSED_AT] < MOVE_AFTER_S)


@njit(cache=True)
def _choose_plain(st: State, rank: int, level: np.int64, at_s: int | np.int64) -> int:
    """`choose` for a job without gears whose data take no time: most jobs; sites are looked at without a call each."""
    paused, group = st.jobs[rank, STATUS] == PAUSED, st.jobs[rank, CLASS]
    mask, gpus, power = st.jobs[rank, MASK], st.jobs[rank, FULL_GPUS], st.jobs[rank, FULL_POWER]
    sites = st.site.shape[0]
    for index in range(-2, sites):
        site = -1
        if index >= 0:
            site = st.site[index, ORDER]
        elif index == -2 and paused:
            site = st.jobs[rank, SITE]
        elif index == -1 and not st.clock[RANKED]:
            site = st.jobs[rank, HOME]
        permitted = site >= 0 and (mask >> site) & 1
        if permitted and st.site[site, USED] + st.site[site, COMING_GPUS] + gpus <= st.site[site, CAP]:
            spare = st.site[site, PLANNED] - st.site[site, TOTAL] - st.site[site, COMING_POWER]
            own = st.group[group, CLASS_POWER + sites + site] - st.group[group, CLASS_POWER + site]
            if level == FREE_GPUS or (power <= spare and (level == SITE_CURVE or power <= own)):
                return int(site)
        if index == -2 and paused and _stays(st, rank, level, at_s):
            return -1
    return -1


@njit(cache=True)
def has_room(
    st: State,
    table: np.int64,
    bucket: int,
    group: int | np.int64,
    only: int | np.int64,
    level: np.int64,
    preempt: np.bool_,
) -> bool:
    """Could the least demanding job of a bucket fit anywhere (or at site `only`)? If not, none of it does."""
    allowed, least = st.tables[table, bucket, ALLOWED], st.tables[table, bucket, GPUS_LEAST]
    least_power = st.tables[table, bucket, POWER_LEAST]
    for site in range(max(only, 0), st.site.shape[0] if only < 0 else only + 1):
        if not (allowed >> site) & 1:
            continue
        gpus = st.site[site, CAP] - st.site[site, USED] - st.site[site, COMING_GPUS]
        if preempt:
            gpus += st.site[site, PAUSABLE_GPUS]
        if gpus < least:
            continue
        power = st.site[site, PLANNED] - st.site[site, TOTAL] - st.site[site, COMING_POWER]
        if level >= SITE_CURVE and power < least_power:
            continue
        if level < CLASS_CURVE or _class_headroom(st, group, site) >= least_power:
            return True
    return False
