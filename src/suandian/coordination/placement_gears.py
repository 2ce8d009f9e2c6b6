"""Slower and faster: running jobs change gear to follow the plan, to free GPUs, and back when there is room.

A job is slowed only while it would be in time even if it stayed slow to its end, so that slowing alone never makes a
job late, and nothing has to be remembered for later.
"""

# Compiled with: bits state rules moves ab5bbd40f56b29da

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.coordination.placement_bits import following, last, preceding
from suandian.coordination.placement_moves import shift, units_left
from suandian.coordination.placement_rules import fastest_gear, in_time, wanted_gear
from suandian.coordination.placement_state import (
    AT_ONCE,
    BY_VICTIM,
    CAP,
    CLASS,
    COMING_GPUS,
    COMING_POWER,
    GEAR,
    GEARS,
    GPUS,
    PLANNED,
    POWER,
    TOTAL,
    USED,
    State,
    gear_gpus,
    gear_power,
)

__all__ = ["follow_gears", "slow_down", "speed_up"]

Ints = NDArray[np.int64]


@njit(cache=True)
def follow_gears(st: State, events: Ints, site: int, now_s: int) -> None:
    """Slow running jobs to the gear that the plan wants of their class, as far as they stay in time."""
    set_of = 3 * st.site.shape[0] + 2 + site
    at = following(st.sets, set_of, 0, len(st.jobs))
    while at >= 0:
        rank = st.orders[BY_VICTIM, at]
        wanted = wanted_gear(st, rank, site)
        if wanted > st.jobs[rank, GEAR]:
            gear = fastest_gear(st, rank, units_left(st, rank, now_s), wanted, now_s)
            if gear > st.jobs[rank, GEAR]:
                shift(st, events, rank, gear, now_s)
        at = following(st.sets, set_of, at + 1, len(st.jobs))


@njit(cache=True)
def slow_down(st: State, events: Ints, site: int, now_s: int) -> None:
    """Slow jobs until GPUs and plan are met, least urgent class and latest deadline first; slowing costs no work."""
    set_of = 3 * st.site.shape[0] + 2 + site
    at = last(st.sets, set_of)
    while at >= 0:
        gpus_over = st.site[site, USED] - st.site[site, CAP]
        power_over = 0 if st.clock[AT_ONCE] else st.site[site, TOTAL] - st.site[site, PLANNED]
        if gpus_over <= 0 and power_over <= 0:
            return
        rank = st.orders[BY_VICTIM, at]
        left = units_left(st, rank, now_s)
        best = st.jobs[rank, GEAR]
        for gear in range(st.jobs[rank, GEAR] + 1, st.group[st.jobs[rank, CLASS], GEARS]):
            if not in_time(st, rank, left, gear, now_s):
                break
            gpus = st.jobs[rank, GPUS] - gear_gpus(st.jobs, st.group, rank, gear)
            power = st.jobs[rank, POWER] - gear_power(st.jobs, st.group, rank, gear)
            if (gpus_over > 0 and gpus > 0) or (power_over > 0 and power > 0):
                best = gear
                if gpus >= gpus_over and power >= power_over:
                    break
        if best > st.jobs[rank, GEAR]:
            shift(st, events, rank, best, now_s)
        at = preceding(st.sets, set_of, at - 1)


@njit(cache=True)
def speed_up(st: State, events: Ints, site: int, now_s: int) -> None:
    """Give slowed jobs what GPUs and plan leave, up to the plan's gear, most urgent class, earliest deadline first."""
    set_of = 3 * st.site.shape[0] + 2 + site
    at = following(st.sets, set_of, 0, len(st.jobs))
    while at >= 0:
        rank = st.orders[BY_VICTIM, at]
        gpus = st.site[site, CAP] - st.site[site, USED] - st.site[site, COMING_GPUS] + st.jobs[rank, GPUS]
        power = st.site[site, PLANNED] - st.site[site, TOTAL] - st.site[site, COMING_POWER] + st.jobs[rank, POWER]
        for gear in range(min(wanted_gear(st, rank, site), st.jobs[rank, GEAR]), st.jobs[rank, GEAR]):
            fits = st.clock[AT_ONCE] == 1 or gear_power(st.jobs, st.group, rank, gear) <= power
            if fits and gear_gpus(st.jobs, st.group, rank, gear) <= gpus:
                shift(st, events, rank, gear, now_s)
                break
        at = following(st.sets, set_of, at + 1, len(st.jobs))
