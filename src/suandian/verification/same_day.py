"""Baselines of the event day alone: flat at the mean of windows before (and after) the event."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suandian.verification.baseline import BaselineBatch, Fallback, Outcome, Why, plain
from suandian.verification.event import Event, History, mask
from suandian.verification.frame import Frame, frame, window_periods
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Rule, Window

__all__ = ["meter_before", "same_day"]


def same_day(table: LoadTable, event: Event, rule: Rule, history: History) -> BaselineBatch:
    """Meter before / meter after and the same-day average: B = mean load of the rule's windows, all event long.

    A missing or disturbed interval of a window makes the meter not measurable.
    """
    placed = frame(table, event)
    events = mask(history.with_event(event).events, table.meters, table.axis)
    level_mw, gap = _level_mw(table, event, rule.windows, events)
    why = np.where(gap, Why.WINDOW_GAP, Why.NOTHING).astype(np.int8)
    return plain(table, placed, rule, np.repeat(level_mw[:, None], placed.last - placed.first, axis=1), why)


def meter_before(
    table: LoadTable, batch: BaselineBatch, placed: Frame, events: NDArray[np.bool_] | None
) -> BaselineBatch:
    """`batch` with the hour before notice in place of baselines that found too few days."""
    window = Window("notice", -batch.rule.fallback_before_h, 0.0)
    level_mw, gap = _level_mw(table, placed.event, (window,), events)
    taken = (batch.why == Why.TOO_FEW_DAYS) & ~gap
    flat_mw = np.repeat(level_mw[:, None], placed.last - placed.first, axis=1)
    return replace(
        batch,
        baseline_mw=np.where(taken[:, None], flat_mw, batch.baseline_mw),
        unadjusted_mw=np.where(taken[:, None], flat_mw, batch.unadjusted_mw),
        adjustment_raw_ratio=np.where(taken, 1.0, batch.adjustment_raw_ratio),
        adjustment_ratio=np.where(taken, 1.0, batch.adjustment_ratio),
        adjustment_raw_mw=np.where(taken, 0.0, batch.adjustment_raw_mw),
        adjustment_mw=np.where(taken, 0.0, batch.adjustment_mw),
        outcome=np.where(taken, Outcome.FALLBACK, batch.outcome).astype(np.int8),
        why=np.where(taken, Why.NOTHING, batch.why).astype(np.int8),
        fallback=np.where(taken, Fallback.METER_BEFORE, batch.fallback).astype(np.int8),
    )


def _level_mw(
    table: LoadTable, event: Event, windows: tuple[Window, ...], events: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Mean of the windows by meter, and where it cannot be told."""
    periods, missing = window_periods(table.axis, event, windows)
    if missing or not len(periods):
        count = len(table.meters)
        return np.full(count, np.nan), np.ones(count, dtype=np.bool_)
    readings_mw = table.load_mw[:, periods]
    gap: NDArray[np.bool_] = np.any(np.isnan(readings_mw), axis=1)
    if events is not None:
        gap |= events[:, periods].any(axis=1)
    level_mw: NDArray[np.float64] = readings_mw.mean(axis=1)
    return level_mw, gap
