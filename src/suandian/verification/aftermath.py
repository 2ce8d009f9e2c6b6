"""The baseline carried on beyond the event, for rebound: by the same days, the same model and the same adjustment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suandian.verification.baseline import BaselineBatch, Fallback
from suandian.verification.candidates import gather
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Direction, History, mask
from suandian.verification.frame import offsets_of
from suandian.verification.leakage import Rebound, rebound
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Family

__all__ = ["baseline_after_mw", "rebound_after"]


def baseline_after_mw(
    table: LoadTable,
    batch: BaselineBatch,
    history: History | None = None,
    evidence: Evidence | None = None,
    *,
    window_h: float = 24.0,
) -> NDArray[np.float64]:
    """Baselines of the `window_h` hours after the event as far as the data go, `(meters, intervals)` MW.

    Day matching takes the event's own days and weights; a day that at some hour runs into the event, or into another
    event or a gap, is left out there and the weights of the rest are scaled up. Flat baselines stay flat. The others
    are evaluated on the longer span. NaN where nothing tells.
    """
    known = (history if history is not None else History()).with_event(batch.event)
    periods = np.arange(batch.last, min(batch.last + round(window_h / table.step_h), table.axis.periods))
    if batch.rule.family in (Family.SAME_DAY, Family.FIRM_LEVEL):
        return np.repeat(batch.baseline_mw[:, -1:], len(periods), axis=1)
    if batch.ledger is not None:
        return _by_days(table, batch, known, periods)
    until_s = table.axis.start_s + (int(periods[-1]) + 1) * table.axis.step_s if len(periods) else batch.event.end_s
    longer = replace(batch.event, end_s=until_s, direction=Direction.SHED, curve_mw=())
    others = tuple(span for span in known.events if span.id != batch.event.id)
    # Further events inside the window belong to what is looked at; they do not touch what is learnt before it.
    before = History(tuple(s for s in others if s.end_s <= longer.start_s), known.outages, known.excluded_days)
    whole = baseline(table, longer, batch.rule, before, evidence if evidence is not None else Evidence())
    return whole.baseline_mw[:, batch.last - batch.first :]


def rebound_after(
    table: LoadTable,
    batch: BaselineBatch,
    row: int,
    delivered_mwh: float,
    history: History | None = None,
    evidence: Evidence | None = None,
    *,
    window_h: float = 24.0,
) -> Rebound:
    """Rebound of one meter, against the baseline carried on and the peak of the day before the notice."""
    after_mw = baseline_after_mw(table, batch, history, evidence, window_h=window_h)[row]
    metered_mw = table.load_mw[row, batch.last : batch.last + len(after_mw)]
    told = max((batch.event.notified_s - table.axis.start_s) // table.axis.step_s, 0)
    before_mw = table.load_mw[row, max(told - round(24.0 / table.step_h), 0) : told]
    return rebound(
        after_mw,
        metered_mw,
        before_mw,
        delivered_mwh,
        table.step_h,
        fill=batch.event.direction is Direction.FILL,
        window_h=window_h,
    )


def _by_days(table: LoadTable, batch: BaselineBatch, known: History, periods: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weighted mean of the batch's days at the hours after the event, adjusted as the event's baseline was."""
    ledger = batch.ledger
    if ledger is None or not len(periods):
        return np.full((len(table.meters), len(periods)), np.nan)
    index = table.index
    days = (ledger.days - index.days[0]).astype(np.int64)
    offsets = offsets_of(table, int(index.day[batch.first]), periods)
    loads_mw = gather(table, days, offsets)
    flat = (days * index.slots)[:, None] + offsets[None, :]
    period = index.period.ravel()[np.clip(flat, 0, index.period.size - 1)]
    events = mask(known.events, table.meters, table.axis)
    spoiled = np.isnan(loads_mw) | (period < 0)[None, :, :] | (period >= batch.first)[None, :, :]
    if events is not None:
        spoiled |= events[:, period]
    weight = np.where(spoiled, 0.0, ledger.weight_ratio[:, :, None])
    total = weight.sum(axis=1)
    mean_mw = (weight * np.nan_to_num(loads_mw)).sum(axis=1) / np.where(total > 0, total, np.nan)
    moved_mw: NDArray[np.float64] = mean_mw * batch.adjustment_ratio[:, None] + batch.adjustment_mw[:, None]
    if batch.rule.floor_zero:
        np.maximum(moved_mw, 0.0, out=moved_mw)
    # A meter that fell back to the hour before the notice has no days to carry on, but a flat level.
    flat = batch.fallback == Fallback.METER_BEFORE
    return np.where(flat[:, None], batch.baseline_mw[:, -1:], moved_mw)
