"""How much power a queue of deferrable work can give or take, for how long: turn-down and turn-up against duration.

Work is a fluid between two cumulative curves: `due ≤ run ≤ released`, at a rate between what may not stop and the
capacity. For such work the answers below are exact (each equals a linear programme; the tests solve it); real jobs
give less, and `suandian.flexibility.whole_jobs` says how much less.

Notation, all at interval ends and of shape `(periods,)`: W0 cumulative work of the default profile w0, A released, D
due, C cumulative capacity. The curve that must not be undercut if the rest is to be done in time is
`D~(t) = C(t) + max over s ≥ t of (D(s) − C(s))`: the due curve after the capacity that is left to recover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["WorkQueue", "power_held_mw", "turn_down_mw", "turn_up_mw"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WorkQueue:
    """Deferrable work of a site on a uniform axis, all arrays `(periods,)`.

    step_h         length of an interval
    default_mw     mean power in each interval where nothing is shifted
    released_mwh   work that may have run by the end of each interval
    due_mwh        work that must have run by then
    capacity_mw    most that may run in each interval

    Work that the default finishes late is taken as due when the default does it, and capacity is at least the default:
    the default is always feasible, and `late_mwh`, `above_capacity_mwh` say how much had to be granted for that.
    """

    step_h: float
    default_mw: _Array
    released_mwh: _Array
    due_mwh: _Array
    capacity_mw: _Array

    def __post_init__(self) -> None:
        shape = self.default_mw.shape
        for name in ("default_mw", "released_mwh", "due_mwh", "capacity_mw"):
            array: _Array = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            if array.shape != shape or array.ndim != 1 or not len(array):
                raise DataError(f"work queue: {name} has shape {array.shape}, default_mw {shape}; give one value each")
            if not np.isfinite(array).all() or (array < -1e-9).any():
                raise DataError(f"work queue: {name} holds a value that is negative or no number")
            object.__setattr__(self, name, array)

    @property
    def run_mwh(self) -> _Array:
        """Cumulative work of the default profile."""
        return np.cumsum(self.default_mw) * self.step_h

    @property
    def late_mwh(self) -> float:
        """The most work that is overdue at any instant of the default."""
        return float(np.maximum(self.due_mwh - self.run_mwh, 0.0).max())

    @property
    def above_capacity_mwh(self) -> float:
        """Energy of the default above the stated capacity."""
        return float(np.maximum(self.default_mw - self.capacity_mw, 0.0).sum() * self.step_h)

    @property
    def room_mw(self) -> _Array:
        """Capacity that the default leaves free."""
        return np.maximum(self.capacity_mw - self.default_mw, 0.0)

    def due_with_recovery_mwh(self) -> _Array:
        """D~: work that must have run by each interval's end if capacity is to suffice for what is due later."""
        capacity_mwh = np.cumsum(np.maximum(self.capacity_mw, self.default_mw)) * self.step_h
        due_mwh = np.minimum(self.due_mwh, self.run_mwh)
        later: _Array = np.maximum.accumulate((due_mwh - capacity_mwh)[::-1])[::-1] + capacity_mwh
        # Rounding only: the default itself is feasible.
        return np.minimum(later, self.run_mwh)


def power_held_mw(
    axis: TimeAxis,
    start_s: NDArray[np.int64],
    end_s: NDArray[np.int64],
    power_mw: _Array,
    lags: int,
) -> _Array:
    """Power that is bound to go on: `(lags, periods)`, row k, column t: mean power in interval `t + k` of the given
    jobs (those that may not be paused) that have begun before interval t. Zero past the axis. Job columns `(jobs,)`.

    O(Σ min(run, lags)): one difference array per lag, over the jobs long enough to matter there.
    """
    begun = (start_s - axis.start_s) // axis.step_s + 1  # first interval t that the start lies before
    last = (end_s - axis.start_s - 1) // axis.step_s
    part_ratio = (end_s - axis.start_s - last * axis.step_s) / axis.step_s
    found = np.zeros((lags, axis.periods))
    for lag in range(lags):
        first, final = np.maximum(begun, 0), last - lag
        use = (final >= first) & (first < axis.periods)
        if not use.any():
            break
        power, low, high = power_mw[use], first[use], final[use]
        stop = np.minimum(high + 1, axis.periods)
        delta = np.bincount(low, weights=power, minlength=axis.periods + 1)
        delta -= np.bincount(stop, weights=power, minlength=axis.periods + 1)
        row = np.cumsum(delta[: axis.periods])
        inside = high < axis.periods
        row -= np.bincount(
            high[inside], weights=power[inside] * (1.0 - part_ratio[use][inside]), minlength=axis.periods
        )
        row[max(axis.periods - lag, 0) :] = 0.0
        found[lag] = np.maximum(row, 0.0)
    return found


def turn_down_mw(queue: WorkQueue, durations: Sequence[int], *, held_mw: NDArray[np.float64] | None = None) -> _Array:
    """Largest constant reduction below the default that keeps every deadline, `(durations, periods)`.

    durations   window lengths in intervals, ascending; column t is the window that begins with interval t; NaN where
                it would pass the end of the axis
    held_mw     `(lags, periods)` power that may not be stopped by a decision at t (`power_held_mw`), or None

    Until the window the default runs; in it `w0 − P`; after it anything feasible. Exact for fluid work, because
    `W0(t) − P·τ ≥ D~(t)` at each end t = t0 + τ inside the window is necessary and, with full capacity afterwards,
    sufficient:  `P = min over the window of  w0 − held_mw  and  (W0 − D~) / τ`.
    """
    spare_mwh = queue.run_mwh - queue.due_with_recovery_mwh()
    periods = len(queue.default_mw)
    best = np.full(periods, np.inf)
    found = np.full((len(durations), periods), np.nan)
    for lag in range(max(durations, default=0)):
        count = periods - lag
        if count <= 0:
            break
        stop_mw = queue.default_mw[lag:]
        if held_mw is not None:
            stop_mw = stop_mw - held_mw[lag, :count]
        best[:count] = np.minimum(best[:count], np.minimum(stop_mw, spare_mwh[lag:] / ((lag + 1) * queue.step_h)))
        for row in (row for row, length in enumerate(durations) if length == lag + 1):
            found[row, :count] = np.maximum(best[:count], 0.0)
    return found


def turn_up_mw(
    queue: WorkQueue, durations: Sequence[int], *, notice: int, held_mw: NDArray[np.float64] | None = None
) -> _Array:
    """Largest constant increase above the default that keeps every deadline, `(durations, periods)`.

    notice   intervals before the window from which the default may be left: work is held back for the window. The
             default runs as early as it can, so without notice only what waits for capacity could be added.
    held_mw  `(lags, periods)` power that may not be stopped by a decision at the start of the notice, or None

    Other arguments and NaN as in `turn_down_mw`; windows whose notice would begin before the axis have the notice that
    is there. Exact for fluid work. With B held back at the window's start, `0 ≤ B ≤ W0 − L` where L is the lowest
    feasible curve, the window asks `P·τ − (A − W0)(t) ≤ B ≤ (W0 − D~)(u) + P·τ_u` for all ends t, u in it, so
    `P = min of capacity − w0, (W0(t0) − L + (A − W0)(t))/τ, and over u < t: ((A − W0)(t) + (W0 − D~)(u))/(t − u)`.
    The last is the same for every window that holds u and t: one recursion over lengths, O(periods × longest).
    """
    periods, step_h = len(queue.default_mw), queue.step_h
    run_mwh = queue.run_mwh
    edge = np.concatenate(([0.0], run_mwh))  # index t: at the start of interval t
    due = np.concatenate(([0.0], queue.due_with_recovery_mwh()))
    spare = edge - due
    ahead = np.concatenate(([0.0], np.maximum(queue.released_mwh - run_mwh, 0.0)))
    back_mwh = edge[:periods] - _lowest_mwh(edge, due, notice, step_h, held_mw)
    best = np.full(periods, np.inf)
    pair = np.full(periods, np.inf)
    found = np.full((len(durations), periods), np.nan)
    for lag in range(max(durations, default=0)):
        count = periods - lag
        if count <= 0:
            break
        tau_h = (lag + 1) * step_h
        at_end = ahead[lag + 1 :]
        # Pairs in [t, t + lag + 1] are those in its two shorter halves and the outer pair itself.
        if lag:
            pair[:count] = np.minimum(pair[:count], pair[1 : count + 1])
        pair[:count] = np.minimum(pair[:count], (at_end + spare[:count]) / tau_h)
        best[:count] = np.minimum(best[:count], queue.room_mw[lag:])
        best[:count] = np.minimum(best[:count], (back_mwh[:count] + at_end) / tau_h)
        for row in (row for row, length in enumerate(durations) if length == lag + 1):
            found[row, :count] = np.maximum(np.minimum(best[:count], pair[:count]), 0.0)
    return found


def _lowest_mwh(
    edge_mwh: _Array, due_mwh: _Array, notice: int, step_h: float, held_mw: NDArray[np.float64] | None
) -> _Array:
    """Lowest feasible cumulative work at the start of every interval after following the default until the notice."""
    periods = len(edge_mwh) - 1
    at = np.arange(periods)
    begin = np.maximum(at - notice, 0)
    lowest = edge_mwh[begin]
    for lag in range(notice):
        on = begin + lag < at
        if not on.any():
            break
        here = begin[on] + lag
        bound = held_mw[lag, begin[on]] * step_h if held_mw is not None else 0.0
        lowest[on] = np.maximum(lowest[on] + bound, due_mwh[here + 1])
    return lowest
