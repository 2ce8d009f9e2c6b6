"""Load that is raised to be taken away: what a player leaves behind in readings and history, and what it drew.

Each play changes the readings as a player would. The event's own readings are untouched, so that what the baseline of
the same event gains under the same rule is paid for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.verification.event import Event, History, Span, mask
from suandian.verification.frame import frame, offsets_of
from suandian.verification.metering import LoadTable

__all__ = [
    "Played",
    "play_after_notice",
    "play_days",
    "play_frozen",
    "play_raised_then_frozen",
    "pre_event_z",
]

_USUAL_DAYS_MIN = 5  # D


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """The readings and history that a player leaves behind; `raised_mw` `(meters, periods)` was drawn for it."""

    table: LoadTable
    history: History
    raised_mw: NDArray[np.float64]

    @property
    def raised_mwh(self) -> NDArray[np.float64]:
        """Energy drawn for it, `(meters,)`."""
        raised_mwh: NDArray[np.float64] = np.nansum(self.raised_mw, axis=1) * self.table.step_h
        return raised_mwh


def play_after_notice(table: LoadTable, event: Event, history: History, *, raise_ratio: float = 0.2) -> Played:
    """The load is raised from notice to start. Pays only where a window of the rule lies after the notice."""
    placed = frame(table, event)
    told = -(-(event.notified_s - table.axis.start_s) // table.axis.step_s)
    raised = np.zeros(table.axis.periods, dtype=np.bool_)
    raised[max(told, 0) : placed.first] = True
    return _raised(table, history, raised, raise_ratio)


def play_days(
    table: LoadTable, event: Event, history: History, *, raise_ratio: float = 0.2, days: int = 5, back: int = 0
) -> Played:
    """The load is raised at the event's hours on `days` local days (or own generation is cut then).

    They are the days just before the event, or those before the last `back` ones.
    """
    placed = frame(table, event)
    raised = np.zeros(table.axis.periods, dtype=np.bool_)
    for day in range(max(placed.day - back - days, 0), max(placed.day - back, 0)):
        at = day * table.index.slots + placed.offsets
        period = table.index.period.ravel()[at]
        raised[period[(period >= 0) & (period < placed.first)]] = True
    return _raised(table, history, raised, raise_ratio)


def play_frozen(table: LoadTable, event: Event, history: History, *, days: int = 20) -> Played:
    """Events are bid at the same hours of each of the `days` local days before, so that those days never count.

    Nothing is drawn for it. Hours that are events already stay as they are.
    """
    known = history.with_event(event)
    placed = frame(table, event)
    taken = [(span.start_s, span.end_s) for span in known.events]
    bids = []
    for back in range(1, min(days, placed.day) + 1):
        period = int(table.index.period[placed.day - back, placed.offsets[0] % table.index.slots])
        if period < 0:
            continue
        start_s = table.axis.start_s + period * table.axis.step_s
        end_s = start_s + event.end_s - event.start_s
        if all(end_s <= a or start_s >= b for a, b in taken):
            bids.append(Span(start_s, end_s, None, f"bid-{back}"))
    bid = History((*known.events, *bids), known.outages, known.excluded_days)
    return Played(table, bid, np.zeros_like(table.load_mw))


def play_raised_then_frozen(
    table: LoadTable, event: Event, history: History, *, raise_ratio: float = 0.2, days: int = 20, raised_days: int = 7
) -> Played:
    """The load is raised for `raised_days`, then events are bid on each of the `days` before the event.

    What the baseline was raised to lives on; one raise pays for every event of the frozen time.
    """
    raised = play_days(table, event, history, raise_ratio=raise_ratio, days=raised_days, back=days)
    return Played(raised.table, play_frozen(table, event, history, days=days).history, raised.raised_mw)


def pre_event_z(
    table: LoadTable, event: Event, replayed_mw: NDArray[np.float64], history: History | None = None
) -> NDArray[np.float64]:
    """How unusual the load between notice and start was against the replay, in standard deviations, `(meters,)`.

    The mean of meter − replay over those hours is set against the same hours of earlier days without events;
    `replayed_mw` `(meters, periods)`. NaN with fewer than five such days, or where notice and start are one.
    """
    known = (history if history is not None else History()).with_event(event)
    placed = frame(table, event)
    index = table.index
    told = max(-(-(event.notified_s - table.axis.start_s) // table.axis.step_s), 0)
    offsets = offsets_of(table, placed.day, np.arange(told, placed.first))
    z_ratio = np.full(len(table.meters), np.nan)
    if not len(offsets):
        return z_ratio
    residual_mw = table.load_mw - replayed_mw
    events = mask(known.events, table.meters, table.axis)
    if events is not None:
        residual_mw = np.where(events, np.nan, residual_mw)
    earlier = np.arange(placed.day)
    flat = (earlier * index.slots)[:, None] + offsets[None, :]
    period = np.where(flat >= 0, index.period.ravel()[np.clip(flat, 0, None)], -1)
    whole = np.all(period >= 0, axis=1) & ~index.irregular[earlier]
    by_day = np.where(whole, residual_mw[:, period].mean(axis=2), np.nan)
    now_mw = residual_mw[:, told : placed.first].mean(axis=1)
    for row, days in enumerate(by_day):
        usual = days[np.isfinite(days)]
        if len(usual) >= _USUAL_DAYS_MIN and usual.std(ddof=1) > 0:
            z_ratio[row] = (now_mw[row] - usual.mean()) / usual.std(ddof=1)
    return z_ratio


def _raised(table: LoadTable, history: History, raised: NDArray[np.bool_], raise_ratio: float) -> Played:
    if raise_ratio < 0:
        raise DataError(f"raise_ratio {raise_ratio} is negative; a play raises the load")
    changed_mw = np.where(raised[None, :], table.load_mw * (1.0 + raise_ratio), table.load_mw)
    return Played(table.replaced(changed_mw), history, changed_mw - table.load_mw)
