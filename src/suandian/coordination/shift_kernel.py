"""Compiled choices for jobs without capacity: lowest window, lowest start, most saved per time, lowest slots.

All of them work on one *channel*: a signal to decide by, in whole steps (`windows.in_steps`), so that equal costs are
equal and ties go to the earliest. Costs are steps × seconds, exact in int64 up to signals of centuries.

The cost of a job does not grow with its window where that pays: windows of one length share a sparse table of range
minima, slots are selected with a wavelet matrix (Claude, Navarro and Ordóñez, Information Systems 47, 2015), which
finds the k-th smallest of any range in log₂(periods) looks.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["carbon_time_starts", "lowest_starts", "slots", "wavelet", "window_costs", "window_starts"]

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]

#: A sparse table costs about this many looks per interval; below it, trying all starts is cheaper (measured).
_TABLE_LOOKS = 40


@njit(cache=True)
def _range_minima(values: Ints) -> Ints32:
    """Sparse table `(levels, n)`: index of the first minimum of `values[i : i + 2**level]`."""
    count = len(values)
    levels = 1
    while (1 << levels) <= count:
        levels += 1
    table = np.empty((levels, count), dtype=np.int32)
    for i in range(count):
        table[0, i] = i
    for level in range(1, levels):
        half = 1 << (level - 1)
        for i in range(count - (1 << level) + 1):
            left, right = table[level - 1, i], table[level - 1, i + half]
            table[level, i] = right if values[right] < values[left] else left
    return table


@njit(cache=True)
def _first_minimum(table: Ints32, values: Ints, low: int, high: int) -> np.int32:
    """Index of the first minimum of `values[low:high]`, `low < high`."""
    level = 0
    while (2 << level) <= high - low:
        level += 1
    left: np.int32 = table[level, low]
    right: np.int32 = table[level, high - (1 << level)]
    return right if values[right] < values[left] else left


@njit(cache=True)
def _cost(steps: Ints, sums: Ints, start: int, whole: int, rest_s: int, step_s: int) -> np.int64:
    """Steps × seconds of `whole` intervals from `start` and `rest_s` seconds of the next."""
    cost: np.int64 = (sums[start + whole] - sums[start]) * step_s
    return cost + steps[start + whole] * rest_s if rest_s > 0 else cost


@njit(cache=True)
def _tried(steps: Ints, sums: Ints, low: int, high: int, whole: int, rest_s: int, step_s: int) -> int:
    """Place of the first cheapest start among low…high−1, counted from `low`; all are tried, in vector instructions."""
    before, after = sums[low:high], sums[low + whole : high + whole]
    best, at = after[0] - before[0], 0
    if rest_s == 0:
        for i in range(len(before)):
            best = min(best, after[i] - before[i])
        while after[at] - before[at] != best:
            at += 1
        return at
    rest = steps[low + whole : high + whole]
    best = best * step_s + rest[0] * rest_s
    for i in range(len(before)):
        best = min(best, (after[i] - before[i]) * step_s + rest[i] * rest_s)
    while (after[at] - before[at]) * step_s + rest[at] * rest_s != best:
        at += 1
    return at


@njit(cache=True)
def window_costs(steps: Ints, sums: Ints, start: Ints, run_s: Ints, step_s: int) -> Ints:
    """Steps × seconds of uninterrupted runs from `start`, `(jobs,)`; `sums (H + 1,)` are the prefix sums of `steps`."""
    cost = np.empty(len(start), dtype=np.int64)
    for job in range(len(start)):
        cost[job] = _cost(steps, sums, start[job], run_s[job] // step_s, run_s[job] % step_s, step_s)
    return cost


@njit(cache=True)
def window_starts(steps: Ints, sums: Ints, first: Ints, latest: Ints, run_s: Ints, step_s: int) -> Ints:
    """The start within `first…latest` (both included) of the cheapest uninterrupted run of `run_s`, `(jobs,)`.

    Every run has to end inside the signal. Jobs of one length are answered together.
    """
    starts = first.copy()
    order = np.argsort(run_s, kind="mergesort")
    begin = 0
    while begin < len(order):
        length_s = run_s[order[begin]]
        end, looks = begin, 0
        while end < len(order) and run_s[order[end]] == length_s:
            looks += latest[order[end]] - first[order[end]] + 1
            end += 1
        whole, rest_s = length_s // step_s, length_s % step_s
        possible = len(steps) - whole - (rest_s > 0) + 1
        if looks > _TABLE_LOOKS * possible:
            costs = np.empty(possible, dtype=np.int64)
            for start in range(possible):
                costs[start] = _cost(steps, sums, start, whole, rest_s, step_s)
            table = _range_minima(costs)
            for place in range(begin, end):
                job = order[place]
                starts[job] = _first_minimum(table, costs, first[job], latest[job] + 1)
        else:
            for place in range(begin, end):
                job = order[place]
                starts[job] += _tried(steps, sums, first[job], latest[job] + 1, whole, rest_s, step_s)
        begin = end
    return starts


@njit(cache=True)
def lowest_starts(steps: Ints, first: Ints, latest: Ints) -> Ints:
    """The lowest interval within `first…latest`, the length of the job unknown (GAIA's Lowest-Slot), `(jobs,)`."""
    starts = np.empty(len(first), dtype=np.int64)
    table = _range_minima(steps)
    for job in range(len(first)):
        starts[job] = _first_minimum(table, steps, first[job], latest[job] + 1)
    return starts


@njit(cache=True)
def carbon_time_starts(
    steps: Ints, sums: Ints, first: Ints, latest: Ints, run_s: Ints, step_s: int, now: Ints
) -> tuple[Ints, NDArray[np.float64]]:
    """The start that saves most per time until completion, and that score (steps), `(jobs,)` each.

    Score of start s: (`now` − cost(s)) / (wait + run time), `now (jobs,)` being the cost of running at once and the
    wait counted from `first`. Ties go to the earliest.
    """
    starts = first.copy()
    scores = np.empty(len(first), dtype=np.float64)
    for job in range(len(first)):
        best = -np.inf
        whole, rest_s = run_s[job] // step_s, run_s[job] % step_s
        for start in range(first[job], latest[job] + 1):
            saved = now[job] - _cost(steps, sums, start, whole, rest_s, step_s)
            score = saved / ((start - first[job]) * step_s + run_s[job])
            if score > best:
                best, starts[job] = score, start
        scores[job] = best
    return starts, scores


@njit(cache=True)
def wavelet(rank: Ints32) -> tuple[Ints32, Ints32]:
    """Wavelet matrix of a permutation of 0…n−1: zeros before each place, per bit `(bits, n + 1)`, and in all."""
    count = len(rank)
    bits = 1
    while (1 << bits) < count:
        bits += 1
    before = np.zeros((bits, count + 1), dtype=np.int32)
    zeros = np.zeros(bits, dtype=np.int32)
    current = rank.copy()
    following = np.empty_like(rank)
    for level in range(bits):
        shift = bits - 1 - level
        for i in range(count):
            before[level, i + 1] = before[level, i] + (1 - ((current[i] >> shift) & 1))
        zeros[level] = before[level, count]
        low, high = 0, zeros[level]
        for i in range(count):
            if (current[i] >> shift) & 1:
                following[high] = current[i]
                high += 1
            else:
                following[low] = current[i]
                low += 1
        current, following = following, current
    return before, zeros


@njit(cache=True)
def _kth(before: Ints32, zeros: Ints32, low: int, high: int, k: int) -> int:
    """The k-th smallest (from 0) of places low…high−1."""
    value = 0
    for level in range(len(zeros)):
        left, right = before[level, low], before[level, high]
        value <<= 1
        if k < right - left:
            low, high = left, right
        else:
            k -= right - left
            value |= 1
            low, high = zeros[level] + low - left, zeros[level] + high - right
    return value


@njit(cache=True)
def slots(
    rank: Ints32,
    before: Ints32,
    zeros: Ints32,
    first: Ints,
    last: Ints,
    tail_s: Ints,
    run_s: Ints,
    step_s: int,
    chosen: tuple[Ints, Ints32, Ints32],
) -> tuple[Ints, Ints, Ints32, Ints32]:
    """The cheapest intervals of each job: all of `[first, last)` may be used, of interval `last` only `tail_s` seconds.

    `rank` is the place of each interval in the order of signal, then time. The cheapest are used whole; what is left of
    the run goes into the next. Returns per job the highest rank used, the seconds used of it, and the seconds used of
    interval `last`; and the number of intervals. With `chosen = (offsets, interval, seconds)` of the right size the
    choice itself is written there, in order of time; with empty arrays it is not.
    """
    jobs = len(first)
    top, top_s = np.empty(jobs, dtype=np.int64), np.empty(jobs, dtype=np.int64)
    last_s, used = np.zeros(jobs, dtype=np.int32), np.empty(jobs, dtype=np.int32)
    offsets, interval, seconds = chosen
    for job in range(jobs):
        low, high, needed_s = first[job], last[job], run_s[job]
        if tail_s[job] > 0:
            cheaper = (rank[low:high] < rank[high]).sum()
            last_s[job] = max(0, min(tail_s[job], needed_s - cheaper * step_s))
            needed_s -= last_s[job]
        if needed_s > 0:
            count = (needed_s + step_s - 1) // step_s
            top[job] = _kth(before, zeros, low, high, count - 1)
            top_s[job] = needed_s - (count - 1) * step_s
        else:
            count, top[job], top_s[job] = 0, -1, 0
        used[job] = count + (last_s[job] > 0)
        if len(interval):
            at = offsets[job]
            for t in range(low, high):
                if rank[t] <= top[job]:
                    interval[at], seconds[at] = t, top_s[job] if rank[t] == top[job] else step_s
                    at += 1
            if last_s[job] > 0:
                interval[at], seconds[at] = high, last_s[job]
    return top, top_s, last_s, used
