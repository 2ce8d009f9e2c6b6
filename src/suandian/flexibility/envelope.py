"""Cumulative envelopes of deferrable work: how much may have run, and how much must have run, by each instant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.timeaxis import TimeAxis

__all__ = ["cumulative_work_mwh"]


def cumulative_work_mwh(
    axis: TimeAxis,
    class_index: NDArray[np.int64],
    classes: int,
    released_s: NDArray[np.int64],
    latest_start_s: NDArray[np.int64],
    duration_s: NDArray[np.int64],
    power_mw: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(released_mwh, due_mwh)`, each `(classes, periods)`, at the *end* of every interval.

    Released: every job runs from its release; due: every job runs from its latest start; the energy is spread over
    the run, so both are exact inside partial intervals (stepping at release and due instead doubles the gap between
    plan and placement). All job columns have shape `(jobs,)`; `duration_s` is the run time still needed and
    `power_mw` the job's dynamic power. What was released, or overdue, before the axis counts from the axis start;
    what would run past the end is not counted beyond it. A latest start before the release is taken as the release.

    Sums of clipped ramps by second differences: O(jobs + classes × periods). Guaranteed: both rise, due ≤ released.
    """
    begin_s = np.maximum(released_s, axis.start_s)
    last_s = np.maximum(latest_start_s, begin_s)
    released_mwh = _ramps_mwh(axis, class_index, classes, begin_s, duration_s, power_mw)
    due_mwh = _ramps_mwh(axis, class_index, classes, last_s, duration_s, power_mw)
    return released_mwh, np.minimum(due_mwh, released_mwh)


def _ramps_mwh(
    axis: TimeAxis,
    class_index: NDArray[np.int64],
    classes: int,
    start_s: NDArray[np.int64],
    duration_s: NDArray[np.int64],
    power_mw: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Σ power·clip(t − start, 0, duration) at the interval ends t, MWh, shape `(classes, periods)`."""
    offset = np.zeros(classes * (axis.periods + 1))
    slope = np.zeros(classes * (axis.periods + 1))
    since_s = start_s - axis.start_s
    for event_s, power in ((since_s, power_mw), (since_s + duration_s, -power_mw)):
        # First interval end at or after the event; events past the axis share one spare column.
        first = np.clip((event_s - 1) // axis.step_s, 0, axis.periods)
        rest_s = (first + 1) * axis.step_s - event_s
        cell = class_index * (axis.periods + 1) + first
        offset += np.bincount(cell, weights=power * rest_s, minlength=len(offset))
        slope += np.bincount(cell, weights=power, minlength=len(slope))
    offset_2d = offset.reshape(classes, axis.periods + 1)[:, : axis.periods]
    slope_2d = slope.reshape(classes, axis.periods + 1)[:, : axis.periods]
    running = np.cumsum(slope_2d, axis=1) * axis.step_s
    total = np.cumsum(offset_2d, axis=1)
    total[:, 1:] += np.cumsum(running, axis=1)[:, :-1]
    # Rounding in the differences may leave ±1e-13 of the total; a cumulative curve never falls.
    rising_mwh: NDArray[np.float64] = np.maximum.accumulate(np.maximum(total, 0.0), axis=1) / 3600.0
    return rising_mwh
