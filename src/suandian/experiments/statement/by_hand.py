"""The arithmetic of a day-matching baseline, so that a reader can redo it from the listed days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.verification.adjustment import adjustment_window
from suandian.verification.baseline import BaselineBatch
from suandian.verification.candidates import gather
from suandian.verification.frame import frame, offsets_of
from suandian.verification.metering import LoadTable

__all__ = ["ByHand", "by_hand"]


@dataclass(frozen=True, slots=True, eq=False)
class ByHand:
    """Loads of the days used at the hours of the event and of the adjustment, newest day first.

    event_mw            `(days, intervals)`; Σ weight · event_mw = mean_mw, `(intervals,)`
    window_mw           mean of each day in the adjustment window, `(days,)`; empty without one
    window_mean_mw      Σ weight · window_mw, window_actual_mw the event day's mean there; NaN without a window
    window_first_s …    Unix seconds of the window's first start and last end on the event day
    """

    days: tuple[str, ...]
    weight_ratio: NDArray[np.float64]
    event_mw: NDArray[np.float64]
    mean_mw: NDArray[np.float64]
    window_mw: NDArray[np.float64]
    window_mean_mw: float
    window_actual_mw: float
    window_spans_s: tuple[tuple[int, int], ...]


def by_hand(table: LoadTable, batch: BaselineBatch) -> ByHand | None:
    """The arithmetic for the one meter of `table`; None where no day was averaged."""
    ledger = batch.ledger
    if ledger is None or not (ledger.weight_ratio[0] > 0).any():
        return None
    placed = frame(table, batch.event)
    used = np.flatnonzero(ledger.weight_ratio[0] > 0)
    weight = ledger.weight_ratio[0, used]
    days = (ledger.days[used] - table.index.days[0]).astype(np.int64)
    event_mw = gather(table, days, placed.offsets)[0]
    window = adjustment_window(table, placed, batch.rule.adjustment)
    window_mw, mean_mw, actual_mw = np.zeros(0), float("nan"), float("nan")
    if len(window.periods) and not window.note:
        window_mw = gather(table, days, offsets_of(table, placed.day, window.periods))[0].mean(axis=1)
        mean_mw = float(weight @ window_mw)
        actual_mw = float(table.load_mw[0, window.periods].mean())
    return ByHand(
        tuple(ledger.days[used].astype(str).tolist()), weight, event_mw, weight @ event_mw, window_mw, mean_mw,
        actual_mw, _spans(table, window.periods) if len(window_mw) else (),
    )  # fmt: skip


def _spans(table: LoadTable, periods: NDArray[np.int64]) -> tuple[tuple[int, int], ...]:
    """Unbroken stretches of intervals as (start, end) in Unix seconds."""
    breaks = np.flatnonzero(np.diff(periods) > 1) + 1
    start_s, step_s = table.axis.start_s, table.axis.step_s
    return tuple(
        (start_s + int(part[0]) * step_s, start_s + (int(part[-1]) + 1) * step_s) for part in np.split(periods, breaks)
    )
