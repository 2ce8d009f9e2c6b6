"""Same-day adjustment: what the meter did shortly before (and after) the event moves the baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.verification.baseline import Why
from suandian.verification.event import Event
from suandian.verification.frame import Frame, window_periods
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Adjustment

__all__ = ["Adjusted", "AdjustmentWindow", "adjust", "adjustment_window"]


@dataclass(frozen=True, slots=True, eq=False)
class AdjustmentWindow:
    """Intervals of the windows; `missing`: part of them lies outside the data; `note`: why none is used."""

    periods: NDArray[np.int64]
    missing: bool
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """Adjusted baselines `(meters, intervals)` with the raw and the applied figure of each meter, `(meters,)`."""

    baseline_mw: NDArray[np.float64]
    raw_ratio: NDArray[np.float64]
    factor_ratio: NDArray[np.float64]
    raw_mw: NDArray[np.float64]
    added_mw: NDArray[np.float64]
    why: NDArray[np.int8]


def adjustment_window(table: LoadTable, placed: Frame, rule: Adjustment) -> AdjustmentWindow:
    """Where the rule's windows lie. A window before the notice counts only on the event's own local day.

    With a notice on the day before, the hours before it would compare days of another kind; the baseline then stays
    as it is, and the note says so.
    """
    none = np.zeros(0, dtype=np.int64)
    if rule.kind == "none":
        return AdjustmentWindow(none, False)
    periods, missing = window_periods(table.axis, placed.event, rule.windows)
    anchored = any(window.anchor == "notice" for window in rule.windows)
    if anchored and (missing or (table.index.day[periods] != placed.day).any()):
        local = _on_event_day(table, placed, placed.event)
        if not local:
            return AdjustmentWindow(none, False, "not adjusted: the hours before the notice are not of the event day")
    return AdjustmentWindow(periods, missing)


def adjust(
    rule: Adjustment,
    window: AdjustmentWindow,
    unadjusted_mw: NDArray[np.float64],
    expected_mw: NDArray[np.float64],
    actual_mw: NDArray[np.float64],
    disturbed: NDArray[np.bool_],
    *,
    floor_zero: bool,
) -> Adjusted:
    """Apply the adjustment. `unadjusted_mw` `(meters, intervals)`; the others `(meters, window intervals)`.

    ratio: r = mean(actual)/mean(expected), held in [low, high], B = r·U. additive: s = mean(actual − expected),
    B = U + s, not below zero where `floor_zero`. A missing or disturbed interval of the window makes the meter not
    measurable: leaving it out would reward the gap.
    """
    count = len(unadjusted_mw)
    ones, zeros = np.ones(count), np.zeros(count)
    why = np.full(count, Why.NOTHING, dtype=np.int8)
    if rule.kind == "none" or window.note:
        return Adjusted(unadjusted_mw, ones, ones, zeros, zeros, why)
    gap = disturbed.any(axis=1) | np.isnan(actual_mw).any(axis=1)
    if window.missing or not len(window.periods):
        gap = np.ones(count, dtype=np.bool_)
        actual_mean_mw = expected_mean_mw = np.full(count, np.nan)
    else:
        actual_mean_mw, expected_mean_mw = actual_mw.mean(axis=1), expected_mw.mean(axis=1)
    why[gap] = Why.ADJUSTMENT_GAP
    if rule.kind == "additive":
        added_mw = np.where(gap, np.nan, actual_mean_mw - expected_mean_mw)
        moved_mw = unadjusted_mw + added_mw[:, None]
        if floor_zero:
            moved_mw = np.maximum(moved_mw, 0.0)
        return Adjusted(moved_mw, ones, ones, added_mw, added_mw, why)
    undefined = ~gap & ~(expected_mean_mw > 0) & ~np.isnan(expected_mean_mw)
    why[undefined] = Why.ADJUSTMENT_UNDEFINED
    usable = ~gap & (expected_mean_mw > 0)
    raw_ratio = np.full(count, np.nan)
    raw_ratio[usable] = actual_mean_mw[usable] / expected_mean_mw[usable]
    low = -np.inf if rule.low_ratio is None else rule.low_ratio
    high = np.inf if rule.high_ratio is None else rule.high_ratio
    ratio = np.clip(raw_ratio, low, high)
    return Adjusted(unadjusted_mw * ratio[:, None], raw_ratio, ratio, zeros, zeros, why)


def _on_event_day(table: LoadTable, placed: Frame, event: Event) -> bool:
    """Whether the notice itself was given on the local day of the event."""
    at = (event.notified_s - 1 - table.axis.start_s) // table.axis.step_s
    return 0 <= at < table.axis.periods and int(table.index.day[at]) == placed.day
