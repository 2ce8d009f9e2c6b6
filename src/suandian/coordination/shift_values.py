"""What chosen runs are worth on a channel: true signal × time, moves, first and last instant, pauses.

Values are whole steps too (`windows.in_steps` with `FINE_DIGITS`): equal runs, and equal sums of cents, have equal
values to the last bit, in whatever order they are summed.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["FINE_DIGITS", "slot_values", "window_values"]

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Floats = NDArray[np.float64]

#: Decimal digits that a true signal is valued in; sums of 9 million intervals fit into int64.
FINE_DIGITS = 12


@njit(cache=True)
def window_values(fine: Ints, region: Ints32, start: Ints, run_s: Ints, step_s: int) -> tuple[Floats, Ints32]:
    """Fine steps × seconds of uninterrupted runs, and how often each changes its region on the way, `(jobs,)` each.

    `fine (H,)` is the true signal of the channel, `region (H,)` where the channel runs in each interval.
    """
    worth, moves = np.empty(len(start), dtype=np.float64), np.empty(len(start), dtype=np.int32)
    sums = np.zeros(len(fine) + 1, dtype=np.int64)
    changes = np.zeros(len(fine) + 1, dtype=np.int32)
    for t in range(len(fine)):
        sums[t + 1] = sums[t] + fine[t]
        changes[t + 1] = changes[t] + (t > 0 and region[t] != region[t - 1])
    for job in range(len(start)):
        whole, rest_s = run_s[job] // step_s, run_s[job] % step_s
        end = start[job] + whole
        worth[job] = float(sums[end] - sums[start[job]]) * step_s
        if rest_s > 0:
            worth[job] += float(fine[end] * rest_s)
            end += 1
        moves[job] = changes[end] - changes[start[job] + 1]
    return worth, moves


@njit(cache=True)
def _moves(region: Ints32, rank: Ints32, start: int, high: int, ceiling: int, to_high: bool) -> int:
    """Changes of region between the intervals used from `start` on, the one at `high` being used if `to_high`."""
    moves, at = 0, region[start]
    for t in range(start, high + to_high):
        if (t == high or rank[t] <= ceiling) and region[t] != at:
            at = region[t]
            moves += 1
    return moves


@njit(cache=True)
def slot_values(
    steps: Ints,
    fine: Ints,
    region: Ints32,
    rank: Ints32,
    first: Ints,
    last: Ints,
    top: Ints,
    top_s: Ints,
    last_s: Ints32,
    step_s: int,
    priced: bool,
) -> tuple[Ints, Floats, Ints, Ints, Ints32, Ints32, Ints32]:
    """Of the slots chosen by `shift_kernel.slots`: cost decided by (steps × seconds), fine steps × seconds, begin and
    end in seconds from the signal's start, pauses, moves, and the region of the first interval; `(jobs,)` each.

    A run ends as soon as its last interval's work is done; a piece ends with its interval. Without `priced` the cost
    is not asked for and means nothing.
    """
    jobs = len(first)
    cost, worth = np.empty(jobs, dtype=np.int64), np.empty(jobs, dtype=np.float64)
    begin_s, end_s = np.empty(jobs, dtype=np.int64), np.empty(jobs, dtype=np.int64)
    pauses, moves = np.zeros(jobs, dtype=np.int32), np.zeros(jobs, dtype=np.int32)
    origin = np.empty(jobs, dtype=np.int32)
    moving = (region != region[0]).any()
    for job in range(jobs):
        low, high, ceiling, part_s = first[job], last[job], np.int32(top[job]), np.int64(last_s[job])
        whole = np.int32(ceiling if top_s[job] == step_s else ceiling - 1)
        # Slices and no branches, so that the loops become vector instructions.
        ranks, steps_of, fine_of = rank[low:high], steps[low:high], fine[low:high]
        total, sum_steps, begins = np.int64(0), np.int64(0), np.int64(low < high and ranks[0] <= ceiling)
        for i in range(len(ranks)):
            total += fine_of[i] if ranks[i] <= whole else 0
        for i in range(len(ranks) if priced else 0):
            sum_steps += steps_of[i] if ranks[i] <= whole else 0
        following = ranks[1:]
        for i in range(len(following)):
            begins += (following[i] <= ceiling) & (ranks[i] > ceiling)
        sum_steps *= step_s
        value = float(total) * step_s
        start, end = low, high - 1
        while start < high and rank[start] > ceiling:
            start += 1
        while end >= low and rank[end] > ceiling:
            end -= 1
        ended = (end + 1) * step_s
        if whole < ceiling:
            partial = start
            while rank[partial] != ceiling:
                partial += 1
            value += float(fine[partial] * top_s[job])
            sum_steps += steps[partial] * top_s[job]
            if partial == end:
                ended = end * step_s + top_s[job]
        if part_s > 0:
            value += float(fine[high] * part_s)
            sum_steps += steps[high] * part_s
            begins += high == low or rank[high - 1] > ceiling
            ended = high * step_s + part_s
        if moving:
            moves[job] = _moves(region, rank, start, high, top[job], bool(part_s > 0))
        cost[job], worth[job], pauses[job] = sum_steps, value, begins - 1
        begin_s[job], end_s[job], origin[job] = start * step_s, ended, region[start]
    return cost, worth, begin_s, end_s, pauses, moves, origin
