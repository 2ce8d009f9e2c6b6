"""The cheapest way through time and regions where every move costs: dynamic programming, compiled, exact.

State: intervals done × region of the last of them. A job that may not pause has to be carried on in every interval from
its start; one that may can stand still at no cost. Work per job: window × run × regions².
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["cheapest_paths"]

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Floats = NDArray[np.float64]

_NEVER = 2**62
_SKIPPED, _STARTED = -1, -2


@njit(cache=True)
def _best_before(state: Ints, regions: int, k: int, r: int, entry: Ints, entry_start: Ints) -> tuple[np.int64, int]:
    """Cheapest cost before running the k-th interval in region r, and the region before (or `_STARTED`)."""
    if k == 1:
        return entry_start[r], _STARTED
    best, origin = state[(k - 1) * regions + r], r
    for other in range(regions):
        cost = state[(k - 1) * regions + other]
        if other != r and cost < _NEVER and cost + entry[r] < best:
            best, origin = cost + entry[r], other
    return best, origin


@njit(cache=True)
def _forward(
    costs: Ints,
    first: int,
    last: int,
    needed: int,
    home: int,
    mask: np.int64,
    may_pause: bool,
    move_s: int,
    move_cost: int,
    step_s: int,
    back: NDArray[np.int8],
) -> tuple[int, int, int]:
    """Fill the table of ways back of one job; returns its least cost, and the interval and region that it ends in."""
    regions = len(costs)
    width = (needed + 1) * regions
    # `done` keeps the best so far of each state, `carried` only what ran in the interval just before.
    done, carried = np.full(width, _NEVER, dtype=np.int64), np.full(width, _NEVER, dtype=np.int64)
    state = done if may_pause else carried
    entry, entry_start = np.empty(regions, dtype=np.int64), np.empty(regions, dtype=np.int64)
    for r in range(regions):
        entry_start[r] = 0 if r == home else costs[r, first] * move_s + move_cost
    best, best_at, best_r = _NEVER, first, home
    for t in range(first, last):
        place = (t - first) * width
        for r in range(regions):
            entry[r] = costs[r, t] * move_s + move_cost
        for k in range(min(needed, t - first + 1), 0, -1):
            for r in range(regions):
                at = k * regions + r
                back[place + at] = _SKIPPED
                if not may_pause:
                    carried[at] = _NEVER
                if not mask >> r & 1:
                    continue
                before, origin = _best_before(state, regions, k, r, entry, entry_start)
                cost = before + costs[r, t] * step_s
                if before < _NEVER and cost < state[at]:
                    state[at], back[place + at] = cost, origin
        for offset in range(regions):
            r = (home + offset) % regions
            if state[needed * regions + r] < best:
                best, best_at, best_r = state[needed * regions + r], t, r
    return best, best_at, best_r


@njit(cache=True)
def cheapest_paths(
    costs: Ints,
    first: Ints,
    last: Ints,
    count: Ints,
    home: Ints,
    allowed: NDArray[np.uint64],
    may_pause: NDArray[np.bool_],
    move_s: Ints,
    move_cost: Ints,
    step_s: int,
) -> tuple[Ints, Ints32, Ints32, Ints]:
    """Intervals and regions of each job: `(offsets, interval, region, cost)`, the earliest end if equal.

    `costs (R, H)` in steps; the job runs `count` whole intervals of `[first, last)` in regions of its mask. A move
    costs `move_cost` (steps × seconds) plus `move_s` seconds at the signal of the region that it leads to: at `first`
    for the move that the job starts with (out of `home`), in the interval of arrival for later ones. Between regions
    that cost the same, a job stays.
    """
    regions, jobs = len(costs), len(first)
    offsets = np.zeros(jobs + 1, dtype=np.int64)
    largest = 0
    for job in range(jobs):
        offsets[job + 1] = offsets[job] + count[job]
        largest = max(largest, (last[job] - first[job]) * (count[job] + 1) * regions)
    interval = np.empty(offsets[jobs], dtype=np.int32)
    region = np.empty(offsets[jobs], dtype=np.int32)
    total = np.empty(jobs, dtype=np.int64)
    back = np.empty(largest, dtype=np.int8)
    for job in range(jobs):
        total[job], t, r = _forward(
            costs,
            first[job],
            last[job],
            count[job],
            home[job],
            np.int64(allowed[job]),
            may_pause[job],
            move_s[job],
            move_cost[job],
            step_s,
            back,
        )
        k, width = count[job], (count[job] + 1) * regions
        while k > 0:
            origin = back[(t - first[job]) * width + k * regions + r]
            if origin != _SKIPPED:
                k -= 1
                interval[offsets[job] + k], region[offsets[job] + k] = t, r
                r = origin if origin >= 0 else r
            t -= 1
    return offsets, interval, region, total
