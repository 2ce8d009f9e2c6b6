"""How much was delivered: reductions by interval, energy, mean power and effective duration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.verification.event import Direction, Event

__all__ = ["Delivery", "cumulative_mwh", "deliver", "effective_duration_h", "reduction_mw"]

#: A target counts as met when missed by less than this share: 0.8 · 100 is no exact binary fraction.
_EQUAL_RATIO = 1e-9


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one event delivered, measured against its baseline; positive in the direction that was asked for.

    energy_mwh               Σ q·Δt over the event
    mean_mw                  energy over the hours of the event (Jiangsu: (∫B − ∫A)/h)
    least_mw                 smallest reduction of any interval
    committed_mwh            what was promised
    delivered_ratio          energy over promise; NaN without a promise
    effective_duration_h     longest unbroken time at or above the asked share of the promise
    """

    energy_mwh: float
    mean_mw: float
    least_mw: float
    committed_mwh: float
    delivered_ratio: float
    effective_duration_h: float


def reduction_mw(
    baseline_mw: NDArray[np.float64], metered_mw: NDArray[np.float64], event: Event
) -> NDArray[np.float64]:
    """q by interval, arrays `(…, intervals)`: B − A for shed, A − B for fill, towards the curve for modulate.

    For a modulation q = sign(c)·(B − A), and −|B − A| where the curve asks for no change: leaving the baseline then
    is a fault whichever way it goes.
    """
    difference_mw: NDArray[np.float64] = baseline_mw - metered_mw
    if event.direction is Direction.SHED:
        return difference_mw
    if event.direction is Direction.FILL:
        return -difference_mw
    sign = np.sign(event.committed_by_interval_mw(baseline_mw.shape[-1]))
    return np.where(sign == 0, -np.abs(difference_mw), sign * difference_mw)


def deliver(
    baseline_mw: NDArray[np.float64],
    metered_mw: NDArray[np.float64],
    event: Event,
    step_h: float,
    *,
    share_ratio: float = 0.8,
) -> Delivery:
    """Delivery of one meter, arrays `(intervals,)`; `share_ratio` of the promise makes an interval effective.

    Missing readings are NaN and make every figure NaN: a sum over part of an event is not its delivery.
    """
    q_mw = reduction_mw(baseline_mw, metered_mw, event)
    promised_mw = np.abs(event.committed_by_interval_mw(len(q_mw)))
    energy_mwh = float(q_mw.sum() * step_h)
    committed_mwh = float(promised_mw.sum() * step_h)
    return Delivery(
        energy_mwh=energy_mwh,
        mean_mw=energy_mwh / (len(q_mw) * step_h),
        least_mw=float(q_mw.min()),
        committed_mwh=committed_mwh,
        delivered_ratio=energy_mwh / committed_mwh if committed_mwh > 0 else float("nan"),
        effective_duration_h=effective_duration_h(q_mw, promised_mw * share_ratio, step_h),
    )


def effective_duration_h(
    reduction_mw: NDArray[np.float64], target_mw: NDArray[np.float64] | float, step_h: float
) -> float:
    """Longest run of intervals with reduction ≥ target, in hours; the first interval counts like every other."""
    target = np.broadcast_to(np.asarray(target_mw, dtype=np.float64), reduction_mw.shape)
    met = reduction_mw >= target - _EQUAL_RATIO * np.abs(target)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], met, [False]]).astype(np.int8)))
    longest = int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
    return longest * step_h


def cumulative_mwh(power_mw: NDArray[np.float64], step_h: float) -> NDArray[np.float64]:
    """Energy up to every boundary of `(intervals,)` mean powers, `(intervals + 1,)`, beginning with 0."""
    energy_mwh: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(power_mw) * step_h])
    return energy_mwh
