"""Twins: the same world without one event. Only here may the truth stand beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.measurement.worlds import Policy, journal_of, load_of
from suandian.model.programme import Instruction
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.journal import Journal
from suandian.simulation.truth import Truth

__all__ = ["Twin", "Verdict", "judge", "twin", "twins"]

_REBOUND_H = 24


@dataclass(frozen=True, slots=True)
class Twin:
    """One event and the world without it; energies in MWh, positive where the event lowered the load.

    true_mwh        Σ (load without the event − load with it)·Δt over the event, at the called site
    without_mwh     load of the event's hours without it
    rebound_mwh     what came back at the called site within 24 h after the event (positive: more load)
    elsewhere_mwh   what the other sites drew more during the event
    """

    call: Instruction
    first: int
    last: int
    true_mwh: float
    without_mwh: float
    rebound_mwh: float
    elsewhere_mwh: float

    @property
    def least_mwh(self) -> float:
        """Below it nothing was delivered that a ratio could be taken of: a hundredth of the load (D)."""
        return 0.01 * self.without_mwh


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule credited for several events, against the truth.

    events                 events that the rule could measure, out of `asked`
    true_mwh, credited_mwh sums over them
    bias_ratio             (Σ credited − Σ true)/Σ true
    rmse_ratio             √mean((credited − true)²)/mean true
    median_error_ratio, p90_error_ratio    of |credited − true|/true by event, where something was delivered
    covered, bounded       events whose interval held the truth, out of those that had an interval
    false_payment_mwh      Σ of what was paid and not delivered: max(0, credited) above max(0, true)
    unpaid_mwh             Σ of what was delivered and not paid
    """

    asked: int
    events: int
    true_mwh: float
    credited_mwh: float
    bias_ratio: float
    rmse_ratio: float
    median_error_ratio: float
    p90_error_ratio: float
    covered: int
    bounded: int
    false_payment_mwh: float
    unpaid_mwh: float


def twin(
    axis: TimeAxis, call: Instruction, sites: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> Twin:
    """Truth of one event from the loads of every site, (with it, without it) `(periods,)` MW each."""
    first = (call.start_s - axis.start_s) // axis.step_s
    last = -(-(call.end_s - axis.start_s) // axis.step_s)
    after = min(last + round(_REBOUND_H / axis.step_h), axis.periods)
    with_mw, without_mw = sites[call.site]
    less_mw = without_mw - with_mw
    elsewhere_mw = sum(
        (
            float((other_mw - twin_mw)[first:last].sum())
            for site, (other_mw, twin_mw) in sites.items()
            if site != call.site
        ),
        0.0,
    )
    return Twin(
        call=call,
        first=int(first),
        last=int(last),
        true_mwh=float(less_mw[first:last].sum() * axis.step_h),
        without_mwh=float(without_mw[first:last].sum() * axis.step_h),
        rebound_mwh=float(-less_mw[last:after].sum() * axis.step_h),
        elsewhere_mwh=elsewhere_mw * axis.step_h,
    )


def twins(
    truth: Truth,
    policy: Policy,
    calls: Sequence[Instruction],
    called: Journal,
    told: Callable[[float], None] | None = None,
) -> tuple[Twin, ...]:
    """For every call its twin: the world with all the other calls of the set, and without this one.

    `called` is the world with all of them. Leaving only one out at a time keeps what earlier events set in motion.
    """
    ids = [site.id for site in truth.fleet.sites]
    found = []
    for row, call in enumerate(calls):
        without = journal_of(truth, policy, [other for other in calls if other is not call])
        loads = {site: (load_of(called, site), load_of(without, site)) for site in ids}
        found.append(twin(truth.axis, call, loads))
        if told is not None:
            told((row + 1) / len(calls))
    return tuple(found)


def judge(
    true_mwh: NDArray[np.float64],
    credited_mwh: NDArray[np.float64],
    low_mwh: NDArray[np.float64],
    high_mwh: NDArray[np.float64],
    least_mwh: NDArray[np.float64] | float = 0.0,
) -> Verdict:
    """Credited against true by event, arrays `(events,)`; NaN credited: not measurable, NaN bounds: no interval.

    Ratios are NaN, and single events are left out of median and p90, where no more than `least_mwh` was delivered.
    """
    least = np.broadcast_to(np.asarray(least_mwh, dtype=np.float64), true_mwh.shape)
    seen = np.isfinite(credited_mwh)
    true, credited = true_mwh[seen], credited_mwh[seen]
    none = float("nan")
    error = credited - true
    some = true > least[seen]
    enough_mwh = float(least[seen].sum())
    relative = np.abs(error[some]) / true[some]
    bounded = seen & np.isfinite(low_mwh) & np.isfinite(high_mwh)
    held = bounded & (low_mwh <= true_mwh + 1e-9) & (true_mwh <= high_mwh + 1e-9)
    total_mwh = float(true.sum())
    paid, earned = np.maximum(credited, 0.0), np.maximum(true, 0.0)
    return Verdict(
        asked=len(true_mwh),
        events=int(seen.sum()),
        true_mwh=total_mwh,
        credited_mwh=float(credited.sum()),
        bias_ratio=float(error.sum() / total_mwh) if total_mwh > enough_mwh else none,
        rmse_ratio=float(np.sqrt((error**2).mean()) / true.mean()) if total_mwh > enough_mwh else none,
        median_error_ratio=float(np.median(relative)) if len(relative) else none,
        p90_error_ratio=float(np.quantile(relative, 0.9)) if len(relative) else none,
        covered=int(held.sum()),
        bounded=int(bounded.sum()),
        false_payment_mwh=float(np.maximum(paid - earned, 0.0).sum()),
        unpaid_mwh=float(np.maximum(earned - paid, 0.0).sum()),
    )
