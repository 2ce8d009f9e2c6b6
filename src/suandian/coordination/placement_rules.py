"""Where a job may start: the limits of a site, the order in which sites are tried, and a quick no for whole buckets."""

# Compiled with: placement_state 9c28df63abeb9c63

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_state import (
    ALLOWED,
    CAP,
    CLASS,
    CLASS_POWER,
    GPUS,
    GPUS_LEAST,
    HOME,
    MASK,
    ORDER,
    PAUSABLE_GPUS,
    PAUSED,
    PLANNED,
    POWER,
    POWER_LEAST,
    RANKED,
    SITE,
    STATUS,
    TOTAL,
    USED,
    State,
)

__all__ = ["ANYWHERE", "CLASS_CURVE", "FREE_GPUS", "NO", "NO_CLASS", "SITE_CURVE", "YES", "choose", "has_room"]

Ints = NDArray[np.int64]

#: What a start has to respect beside the GPUs.
FREE_GPUS, SITE_CURVE, CLASS_CURVE = np.int64(0), np.int64(1), np.int64(2)
#: For arguments, see LATEST in `placement_state`.
NO, YES = np.bool_(False), np.bool_(True)
ANYWHERE, NO_CLASS = np.int64(-1), np.int64(0)


@njit(cache=True)
def _class_headroom(st: State, group: int | np.int64, site: int) -> int:
    """Power that the class's curve still offers at the site, µW."""
    running, planned = CLASS_POWER + site, CLASS_POWER + st.site.shape[0] + site
    return int(st.group[group, planned] - st.group[group, running])


@njit(cache=True)
def _fits(st: State, rank: int, site: int, level: np.int64) -> bool:
    """May the job start at the site, under its GPUs and the curves of `level`?"""
    if site < 0 or not (st.jobs[rank, MASK] >> site) & 1:
        return False
    if st.site[site, USED] + st.jobs[rank, GPUS] > st.site[site, CAP]:
        return False
    power = st.jobs[rank, POWER]
    if level >= SITE_CURVE and st.site[site, TOTAL] + power > st.site[site, PLANNED]:
        return False
    return bool(level < CLASS_CURVE or power <= _class_headroom(st, st.jobs[rank, CLASS], site))


@njit(cache=True)
def choose(st: State, rank: int, level: np.int64, preempt: np.bool_) -> int:
    """The first site that fits: where the job is paused, home unless an order is given, then in order; −1 for none."""
    paused = st.jobs[rank, STATUS] == PAUSED
    for index in range(-2, st.site.shape[0]):
        site = -1
        if index >= 0:
            site = st.site[index, ORDER]
        elif index == -2 and paused:
            site = st.jobs[rank, SITE]
        elif index == -1 and not st.clock[RANKED]:
            site = st.jobs[rank, HOME]
        if preempt and site >= 0 and (st.jobs[rank, MASK] >> site) & 1:
            room = st.site[site, CAP] - st.site[site, USED] + st.site[site, PAUSABLE_GPUS]
            if room >= st.jobs[rank, GPUS]:
                return site
        elif not preempt and _fits(st, rank, site, level):
            return site
        if paused and level > FREE_GPUS:
            return -1
    return -1


@njit(cache=True)
def has_room(
    st: State, bucket: Ints, group: int | np.int64, only: int | np.int64, level: np.int64, preempt: np.bool_
) -> bool:
    """Could the least demanding job of a bucket fit anywhere (or at site `only`)? If not, none of it does."""
    for site in range(max(only, 0), st.site.shape[0] if only < 0 else only + 1):
        if not (bucket[ALLOWED] >> site) & 1:
            continue
        gpus = st.site[site, CAP] - st.site[site, USED]
        if preempt:
            gpus += st.site[site, PAUSABLE_GPUS]
        if gpus < bucket[GPUS_LEAST]:
            continue
        if level >= SITE_CURVE and st.site[site, PLANNED] - st.site[site, TOTAL] < bucket[POWER_LEAST]:
            continue
        if level < CLASS_CURVE or _class_headroom(st, group, site) >= bucket[POWER_LEAST]:
            return True
    return False
