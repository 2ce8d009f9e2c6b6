"""From eligible days to the weighted ones: pool, unusual use, fallback to event days, ranking, weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.verification.baseline import DayState, Why
from suandian.verification.candidates import Candidates
from suandian.verification.frame import Frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import DayGroup, Rule, Usage

__all__ = ["Chosen", "choose"]

#: Means that agree to this share are equal, and a limit is passed only beyond it: sums of floats differ by less.
_TIE_RATIO = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """state, weight_ratio `(meters, like)`; why, from_events `(meters,)`."""

    state: NDArray[np.int8]
    weight_ratio: NDArray[np.float64]
    why: NDArray[np.int8]
    from_events: NDArray[np.bool_]


def choose(
    table: LoadTable,
    placed: Frame,
    rule: Rule,
    group: DayGroup,
    found: Candidates,
    window_mw: NDArray[np.float64],
    events: NDArray[np.bool_] | None,
    temperature_c: NDArray[np.float64] | None,
) -> Chosen:
    """Pool and select. `window_mw` `(meters, like, intervals)` is the load of each day at the event's hours."""
    state = found.state.copy()
    eligible = state == DayState.SPARE
    mean_mw = window_mw.mean(axis=2)
    rank_mw = mean_mw if rule.rank_by == "event_window" else _day_mean_mw(table, found.like)
    by_day = rule.usage is not None and rule.usage.measure == "day"
    use_mw = _day_mean_mw(table, found.like) if by_day else mean_mw
    pool, odd = _pool(eligible, group, rule.usage, use_mw, window_mw, table.step_h)
    state[odd != 0] = odd[odd != 0]
    short = pool.sum(axis=1) < group.minimum
    added = np.zeros_like(pool)
    if "previous_event_days" in rule.fallback and short.any():
        added = _event_days(found.event_day, rank_mw, np.where(short, group.minimum - pool.sum(axis=1), 0))
        pool = pool | added
    why = np.where(pool.sum(axis=1) < group.minimum, Why.TOO_FEW_DAYS, Why.NOTHING).astype(np.int8)
    selected, lost = _selected(table, placed, rule, group, found, pool, rank_mw, events, temperature_c)
    why[(why == Why.NOTHING) & (lost != Why.NOTHING)] = lost[(why == Why.NOTHING) & (lost != Why.NOTHING)]
    selected = np.logical_and(selected, (why == Why.NOTHING)[:, None])
    weight_ratio = _weights(selected, group)
    state[pool] = DayState.POOLED
    state[selected] = DayState.USED
    state[selected & added] = DayState.EVENT_DAY_USED
    return Chosen(state, weight_ratio, why, added.any(axis=1) & (why == Why.NOTHING))


def _pool(
    eligible: NDArray[np.bool_],
    group: DayGroup,
    usage: Usage | None,
    mean_mw: NDArray[np.float64],
    window_mw: NDArray[np.float64],
    step_h: float,
) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """The newest eligible days, unusual ones replaced by older; and the state of those set aside (0: none)."""
    odd = np.zeros(eligible.shape, dtype=np.int8)
    pool = _newest(eligible, group.pool)
    if usage is None:
        return pool, odd
    if usage.reference == "lookback_peak":
        peak_mw = np.where(eligible, _hourly_peak_mw(window_mw, step_h), -np.inf).max(axis=1, initial=-np.inf)
        odd[eligible & (mean_mw < (usage.low_ratio - _TIE_RATIO) * peak_mw[:, None])] = DayState.LOW_USAGE
        if usage.high_ratio is not None:
            odd[eligible & (mean_mw > (usage.high_ratio + _TIE_RATIO) * peak_mw[:, None])] = DayState.HIGH_USAGE
        return _newest(eligible & (odd == 0), group.pool), odd
    while True:
        count = pool.sum(axis=1)
        sum_mw = np.where(pool, mean_mw, 0.0).sum(axis=1)
        reference_mw = sum_mw / np.maximum(count, 1)
        low = pool & (mean_mw < (usage.low_ratio - _TIE_RATIO) * reference_mw[:, None])
        high = np.zeros_like(low)
        if usage.high_ratio is not None:
            high = pool & (mean_mw > (usage.high_ratio + _TIE_RATIO) * reference_mw[:, None])
        if not (low.any() or high.any()):
            return pool, odd
        odd[low], odd[high] = DayState.LOW_USAGE, DayState.HIGH_USAGE
        pool = _newest(eligible & (odd == 0), group.pool)


def _selected(
    table: LoadTable,
    placed: Frame,
    rule: Rule,
    group: DayGroup,
    found: Candidates,
    pool: NDArray[np.bool_],
    rank_mw: NDArray[np.float64],
    events: NDArray[np.bool_] | None,
    temperature_c: NDArray[np.float64] | None,
) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """Days of the pool that count, and why a meter has none."""
    lost = np.full(len(pool), Why.NOTHING, dtype=np.int8)
    if group.select == "all":
        return pool, lost
    if group.select == "high":
        return _ranked(pool, rank_mw) < group.keep, lost
    if group.select == "mid":
        place, count = _ranked(pool, rank_mw), pool.sum(axis=1, keepdims=True)
        return pool & (place >= group.drop_high) & (place < count - group.drop_low), lost
    if group.select == "match":
        distance = _distance(table, placed, rule, found.like, events)
        lost[np.isnan(distance).any(axis=1, where=pool)] = Why.EVENT_DAY_GAP
    else:
        distance = _temperature_distance(table, placed, found.like, temperature_c)
        lost[np.isnan(distance).any(axis=1, where=pool)] = Why.NO_TEMPERATURE
    return _ranked(pool, -np.nan_to_num(distance, nan=np.inf)) < group.keep, lost


def _weights(selected: NDArray[np.bool_], group: DayGroup) -> NDArray[np.float64]:
    """Weights of the selected days, newest first; rows without days are zero."""
    age = np.cumsum(selected, axis=1) - 1
    count = selected.sum(axis=1, keepdims=True)
    if group.decay_ratio is not None:
        oldest = age == count - 1
        weight = np.where(oldest, 1.0, 1.0 - group.decay_ratio) * group.decay_ratio ** np.maximum(age, 0)
    elif group.weights:
        table = np.array([*group.weights, 0.0])
        weight = table[np.clip(age, 0, len(group.weights))]
    else:
        weight = np.ones(selected.shape)
    weight = np.where(selected, weight, 0.0)
    total = weight.sum(axis=1, keepdims=True)
    weight_ratio: NDArray[np.float64] = weight / np.where(total > 0, total, 1.0)
    return weight_ratio


def _newest(eligible: NDArray[np.bool_], count: int | None) -> NDArray[np.bool_]:
    return eligible if count is None else eligible & (np.cumsum(eligible, axis=1) <= count)


def _ranked(pool: NDArray[np.bool_], value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place of each day by falling value, 0 the highest; ties go to the newer day; days outside the pool come last."""
    finite = np.where(pool & np.isfinite(value), np.abs(value), 0.0)
    grid = finite.max(axis=1, keepdims=True, initial=0.0) * _TIE_RATIO
    rounded = np.where(pool, np.round(value / np.where(grid > 0, grid, 1.0)), -np.inf)
    order = np.argsort(-rounded, axis=1, kind="stable")
    place = np.empty(order.shape, dtype=np.int64)
    np.put_along_axis(place, order, np.arange(order.shape[1])[None, :].repeat(len(order), axis=0), axis=1)
    place[~pool] = np.iinfo(np.int64).max
    return place


def _event_days(
    event_day: NDArray[np.bool_], rank_mw: NDArray[np.float64], wanted: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """The earlier event days with the highest load, as many as each meter lacks."""
    return event_day & (_ranked(event_day, rank_mw) < wanted[:, None])


def _hourly_peak_mw(window_mw: NDArray[np.float64], step_h: float) -> NDArray[np.float64]:
    """Highest hourly mean of the event's hours by day; hours count from the start, the last may be shorter."""
    per_hour = max(round(1.0 / step_h), 1)
    starts = np.arange(0, window_mw.shape[2], per_hour)
    widths = np.diff([*starts, window_mw.shape[2]])
    peak_mw: NDArray[np.float64] = (np.add.reduceat(window_mw, starts, axis=2) / widths).max(axis=2)
    return peak_mw


def _day_mean_mw(table: LoadTable, like: NDArray[np.int64]) -> NDArray[np.float64]:
    by_day = table.by_slot_mw.reshape(len(table.meters), -1, table.index.slots)
    mean_mw: NDArray[np.float64] = by_day[:, like].mean(axis=2)
    return mean_mw


def _distance(
    table: LoadTable, placed: Frame, rule: Rule, like: NDArray[np.int64], events: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Σ(ΔL)² between the event day and each day outside the event and its margins, `(meters, like)`."""
    slots = table.index.slots
    margin = round(rule.match_margin_h / table.step_h)
    slot = np.arange(slots)
    free = (slot < placed.offsets.min() - margin) | (slot > placed.offsets.max() + margin)
    by_day = table.by_slot_mw.reshape(len(table.meters), -1, slots)
    difference = by_day[:, like][:, :, free] - by_day[:, placed.day][:, None, free]
    if events is not None:
        period = table.index.period[placed.day, free]
        difference = np.where((events[:, period] & (period >= 0))[:, None, :], 0.0, difference)
    values: NDArray[np.float64] = (difference**2).sum(axis=2)
    return values


def _temperature_distance(
    table: LoadTable, placed: Frame, like: NDArray[np.int64], temperature_c: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """|difference of daily maxima|, the same for all meters, `(meters, like)`; NaN without a temperature."""
    if temperature_c is None:
        return np.full((len(table.meters), len(like)), np.nan)
    period = table.index.period
    by_day_c = np.where(period >= 0, np.asarray(temperature_c)[period], -np.inf)
    highest_c = by_day_c.max(axis=1)
    return np.broadcast_to(np.abs(highest_c[like] - highest_c[placed.day]), (len(table.meters), len(like)))
