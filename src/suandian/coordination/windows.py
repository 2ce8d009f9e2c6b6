"""Where a single job would like to run: rules on a signal alone, without capacity.

Two classics of carbon-aware scheduling (Wiesner et al., "Let's Wait Awhile", Middleware 2021): one uninterrupted run at
the lowest mean signal, or the cheapest intervals one by one. Ties go to the earliest. Signals are compared in decimal
steps (nine digits of their largest value): equal sums of cents are equal, and the order of summing never decides.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["in_steps", "lowest_slots", "lowest_window_starts", "ranked", "step_digits"]

Ints = NDArray[np.int64]

#: Decimal digits in which the largest magnitude of a signal is written.
DIGITS = 9


def in_steps(signal: NDArray[np.float64], digits: int = DIGITS) -> Ints:
    """A signal as whole decimal steps, `digits` for its largest magnitude, same shape; sums of them are exact.

    Powers of ten, because prices are decimal: in steps of a share of the largest value, 2 + 1 would not be 3.

    Raises `ValueError` for values that are not finite.
    """
    values = np.asarray(signal, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("signal: every value must be finite")
    decimals = step_digits(values, digits)
    scaled = values * 10.0**decimals if decimals >= 0 else values / 10.0**-decimals
    return np.rint(scaled).astype(np.int64)


def step_digits(values: NDArray[np.float64], digits: int = DIGITS) -> int:
    """Decimals of `in_steps`: a step is 10**−digits in the signal's unit; `values` of any shape, finite."""
    largest = float(np.abs(values).max(initial=0.0))
    return digits - 1 - int(np.floor(np.log10(largest))) if largest > 0.0 else 0


def ranked(steps: Ints) -> Ints:
    """Indices from the lowest to the highest value along the last axis, the earlier first where equal."""
    return np.argsort(steps, axis=-1, kind="stable").astype(np.int64)


def lowest_window_starts(signal: NDArray[np.float64], first: Ints, last: Ints, length: Ints) -> Ints:
    """Start of the uninterrupted run of `length` intervals inside `[first, last)` with the lowest mean signal.

    `signal (H,)`; `first`, `last`, `length (jobs,)` with `0 ≤ first ≤ last ≤ H`, `length ≥ 1`. A run that is longer
    than its window starts at `first`. Raises `ValueError` for windows outside the signal.
    """
    _check(signal, first, last, length)
    sums = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(in_steps(signal))])
    return _window_starts(sums, first, last, length)


def lowest_slots(signal: NDArray[np.float64], first: Ints, last: Ints, length: Ints) -> tuple[Ints, Ints]:
    """The `length` intervals with the lowest signal inside `[first, last)`, in order of time.

    Arguments as in `lowest_window_starts`. Returns `chosen` and `offsets (jobs + 1,)`: job j runs in
    `chosen[offsets[j]:offsets[j + 1]]`; a job longer than its window gets all of it.
    """
    _check(signal, first, last, length)
    count = np.minimum(length, last - first)
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(count)])
    return _slots(ranked(in_steps(signal)), first, last, offsets), offsets


def _check(signal: NDArray[np.float64], first: Ints, last: Ints, length: Ints) -> None:
    if signal.ndim != 1 or not first.shape == last.shape == length.shape:
        raise ValueError("one signal (H,) and columns of one length are needed")
    if len(first) and (first.min() < 0 or (last < first).any() or last.max() > len(signal) or length.min() < 1):
        raise ValueError(f"windows must lie inside 0…{len(signal)} and hold at least one interval of work")


@njit(cache=True)
def _window_starts(sums: Ints, first: Ints, last: Ints, length: Ints) -> Ints:
    starts = first.copy()
    for job in range(len(first)):
        best = sums[min(first[job] + length[job], len(sums) - 1)] - sums[first[job]]
        for start in range(first[job] + 1, last[job] - length[job] + 1):
            cost = sums[start + length[job]] - sums[start]
            if cost < best:
                best, starts[job] = cost, start
    return starts


@njit(cache=True)
def _slots(order: Ints, first: Ints, last: Ints, offsets: Ints) -> Ints:
    chosen = np.empty(offsets[-1], dtype=np.int64)
    marked = np.zeros(len(order), dtype=np.bool_)
    for job in range(len(first)):
        missing = offsets[job + 1] - offsets[job]
        for interval in order:
            if missing == 0:
                break
            if first[job] <= interval < last[job]:
                marked[interval] = True
                missing -= 1
        at = offsets[job]
        for interval in range(first[job], last[job]):
            if marked[interval]:
                chosen[at] = interval
                marked[interval] = False
                at += 1
    return chosen
