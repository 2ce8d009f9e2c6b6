"""What chosen runs are worth on a channel: true signal × time, moves, first and last instant, pauses."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["slot_values", "window_values"]

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Floats = NDArray[np.float64]


@njit(cache=True)
def window_values(values: Floats, region: Ints32, start: Ints, run_s: Ints, step_s: int) -> tuple[Floats, Ints32]:
    """Signal × hours of uninterrupted runs, and how often each changes its region on the way, `(jobs,)` each.

    `values (H,)` is the true signal of the channel, `region (H,)` where the channel runs in each interval.
    Every run is summed by itself, in order of time: equal runs have equal values to the last bit.
    """
    worth, moves = np.empty(len(start), dtype=np.float64), np.zeros(len(start), dtype=np.int32)
    for job in range(len(start)):
        whole = run_s[job] // step_s
        end = start[job] + whole
        total = 0.0
        for t in range(start[job], end):
            total += values[t]
            moves[job] += t > start[job] and region[t] != region[t - 1]
        total *= step_s
        rest_s = run_s[job] - whole * step_s
        if rest_s > 0:
            total += values[end] * rest_s
            moves[job] += whole > 0 and region[end] != region[end - 1]
        worth[job] = total / 3600.0
    return worth, moves


@njit(cache=True)
def slot_values(
    steps: Ints,
    values: Floats,
    region: Ints32,
    rank: Ints32,
    first: Ints,
    last: Ints,
    top: Ints,
    top_s: Ints,
    last_s: Ints32,
    step_s: int,
) -> tuple[Ints, Floats, Ints, Ints, Ints32, Ints32, Ints32]:
    """Of the slots chosen by `shift_kernel.slots`: cost decided by (steps × seconds), signal × hours, begin and end in
    seconds from the signal's start, pauses, moves, and the region of the first interval; `(jobs,)` each.

    A run ends as soon as its last interval's work is done; a piece ends with its interval.
    """
    jobs = len(first)
    cost, worth = np.empty(jobs, dtype=np.int64), np.empty(jobs, dtype=np.float64)
    begin_s, end_s = np.empty(jobs, dtype=np.int64), np.empty(jobs, dtype=np.int64)
    pauses, moves = np.zeros(jobs, dtype=np.int32), np.zeros(jobs, dtype=np.int32)
    origin = np.empty(jobs, dtype=np.int32)
    for job in range(jobs):
        whole, rest, sum_steps, rest_steps = 0.0, 0.0, 0, 0
        before, ended = -1, np.int64(0)
        for t in range(first[job], last[job] + (last_s[job] > 0)):
            is_last = t == last[job]
            if not is_last and rank[t] > top[job]:
                continue
            used_s = np.int64(step_s)
            if is_last:
                used_s = np.int64(last_s[job])
            elif rank[t] == top[job]:
                used_s = top_s[job]
            if used_s == step_s:
                whole += values[t]
                sum_steps += steps[t]
            else:
                rest += values[t] * used_s
                rest_steps += steps[t] * used_s
            if before < 0:
                begin_s[job], origin[job] = t * step_s, region[t]
            else:
                pauses[job] += t > before + 1
                moves[job] += region[t] != region[before]
            before, ended = t, np.int64(t * step_s + used_s)
        cost[job] = sum_steps * step_s + rest_steps
        worth[job] = (whole * step_s + rest) / 3600.0
        end_s[job] = ended
    return cost, worth, begin_s, end_s, pauses, moves, origin
