"""Time-of-week and temperature regression (TOWT) in the form of LBNL.

Source: Mathieu, Price, Kiliccote, Piette, "Quantifying Changes in Building Electricity Use, with Application to Demand
Response", LBNL-4944E (2011), and the loadshape code published with it. Temperatures are °C here and °F inside, because
the published knots and occupancy limits are °F.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suandian.verification.adjustment import adjust, adjustment_window
from suandian.verification.baseline import BaselineBatch, Outcome, Why, plain
from suandian.verification.event import Event, History, mask
from suandian.verification.frame import Frame, frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Rule, Towt

__all__ = ["TowtFit", "fit_towt", "knots_c", "occupied_times", "regression", "temperature_matrix"]

_OUTER_POINTS_MIN = 20
_OCCUPIED_SHARE = 0.65
_HEATING_F, _COOLING_F = 50.0, 65.0
_TIME_OF_WEEK_MIN = 3  # readings of every time of week that is predicted (OpenDSM event guideline)
_SHARE_READ = 0.9  # of a day's intervals, for the day to count (OpenDSM event guideline)


@dataclass(frozen=True, slots=True, eq=False)
class TowtFit:
    """A fitted model.

    knots_f         temperature knots, °F
    occupied        occupancy of each time of week, `(times of week,)`
    coefficients    of the occupied and the unoccupied model: times of week, then temperature columns; None where no
                    training interval fell in that mode
    """

    knots_f: tuple[float, ...]
    occupied: NDArray[np.bool_]
    coefficients: tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]

    def predict(self, week: NDArray[np.int64], temperature_c: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """Load in MW at times of week `(n,)` and temperatures `(n,)`; negative predictions become 0."""
        design = _design(week, temperature_c, self.knots_f, len(self.occupied))
        load_mw = np.full(len(week), np.nan)
        for mode, coefficients in zip((True, False), self.coefficients, strict=True):
            rows = self.occupied[week] == mode
            other = coefficients if coefficients is not None else self.coefficients[int(mode)]
            if rows.any() and other is not None:
                load_mw[rows] = design[rows] @ other
        floored_mw: NDArray[np.float64] = np.maximum(load_mw, 0.0)
        return floored_mw


def knots_c(temperature_c: NDArray[np.float64], segments: int = 6) -> tuple[float, ...]:
    """Knots between equal-count segments, °C.

    Order statistics (from 1) at floor(n·j/segments + 0.001), j = 1 … segments − 1; then outer knots with fewer than 20
    points beyond them are dropped.
    """
    ordered = np.sort(np.asarray(temperature_c, dtype=np.float64))
    count = len(ordered)
    ranks = np.floor(np.sort(count - (count / segments) * np.arange(1, segments + 1)) + 0.001).astype(np.int64)
    found = [float(ordered[rank - 1]) for rank in ranks if rank > 0]
    while found and (ordered < found[0]).sum() < _OUTER_POINTS_MIN:
        found.pop(0)
    while found and (ordered > found[-1]).sum() < _OUTER_POINTS_MIN:
        found.pop()
    return tuple(found)


def temperature_matrix(values: NDArray[np.float64], knots: tuple[float, ...]) -> NDArray[np.float64]:
    """Piecewise-linear columns of a temperature `(n,)`: `(n, knots + 1)`; one column where there is no knot.

    Column 0 = min(T, K1); column i = clip(T − Ki, 0, Ki+1 − Ki); the last = max(T − Kn, 0). Unit of T and K alike.
    """
    if not knots:
        return np.asarray(values, dtype=np.float64)[:, None]
    columns = [np.minimum(values, knots[0])]
    columns += [np.clip(values - low, 0.0, high - low) for low, high in pairwise(knots)]
    columns.append(np.maximum(values - knots[-1], 0.0))
    return np.stack(columns, axis=1)


def occupied_times(
    week: NDArray[np.int64], load_mw: NDArray[np.float64], temperature_c: NDArray[np.float64], times: int
) -> NDArray[np.bool_]:
    """Times of week `(times,)` whose load lies above a weather line in more than 65 % of their points.

    The line: load ~ 1 + min(T − 50, 0) + max(T − 65, 0), T in °F, by least squares.
    """
    temperature_f = _fahrenheit(temperature_c)
    design = np.stack(
        [
            np.ones(len(week)),
            np.minimum(temperature_f - _HEATING_F, 0.0),
            np.maximum(temperature_f - _COOLING_F, 0.0),
        ],
        axis=1,
    )
    residual_mw = load_mw - design @ np.linalg.lstsq(design, load_mw, rcond=None)[0]
    points = np.bincount(week, minlength=times)
    above = np.bincount(week[residual_mw > 0], minlength=times)
    occupied: NDArray[np.bool_] = above > _OCCUPIED_SHARE * points
    return occupied


def fit_towt(
    week: NDArray[np.int64],
    load_mw: NDArray[np.float64],
    temperature_c: NDArray[np.float64] | None,
    *,
    times: int,
    segments: int = 6,
    weights: NDArray[np.float64] | None = None,
) -> TowtFit:
    """Fit occupied and unoccupied models apart; all arrays `(n,)`, `times` times of week in all.

    Least squares of least norm, so that a time of week or a segment without points does no harm. Without a
    temperature the model is the mean by time of week.
    """
    if temperature_c is None:
        occupied = np.ones(times, dtype=np.bool_)
        knots_f: tuple[float, ...] = ()
    else:
        occupied = occupied_times(week, load_mw, temperature_c, times)
        knots_f = tuple(float(k) for k in _fahrenheit(np.array(knots_c(temperature_c, segments))))
    columns = np.zeros((len(week), 0))
    if temperature_c is not None:
        columns = temperature_matrix(_fahrenheit(temperature_c), knots_f)
    given = np.ones(len(week)) if weights is None else weights
    fitted: list[NDArray[np.float64] | None] = []
    for mode in (True, False):
        rows = occupied[week] == mode
        fit = _least_norm(week[rows], columns[rows], load_mw[rows], given[rows], times) if rows.any() else None
        fitted.append(fit)
    return TowtFit(knots_f, occupied, (fitted[0], fitted[1]))


def regression(
    table: LoadTable,
    event: Event,
    rule: Rule,
    history: History,
    *,
    temperature_c: NDArray[np.float64] | None = None,
) -> BaselineBatch:
    """Baselines of a regression rule; `temperature_c` `(periods,)`.

    Training: the days before the event's day that hold at least 90 % of their readings, without earlier events,
    outages and declared days. Fewer days than the rule's minimum, or fewer than three readings of a time of week that
    is predicted: not measurable.
    """
    history = history.with_event(event)
    placed = frame(table, event)
    towt = rule.towt if rule.towt is not None else Towt()
    shape = (len(table.meters), placed.last - placed.first)
    if towt.temperature and (temperature_c is None or not np.isfinite(temperature_c).all()):
        return plain(table, placed, rule, np.full(shape, np.nan), np.full(shape[0], Why.NO_TEMPERATURE, dtype=np.int8))
    used_c = temperature_c if towt.temperature else None
    events = mask(history.events, table.meters, table.axis)
    window = adjustment_window(table, placed, rule.adjustment)
    wanted = np.concatenate([np.arange(placed.first, placed.last), window.periods])
    usable = _training(table, placed, towt, history, events)
    predicted_mw, why = _predicted(table, placed, towt, usable, wanted, used_c)
    disturbed = np.zeros((shape[0], len(window.periods)), dtype=np.bool_)
    if events is not None:
        disturbed = events[:, window.periods]
    adjusted = adjust(
        rule.adjustment,
        window,
        predicted_mw[:, : shape[1]],
        predicted_mw[:, shape[1] :],
        table.load_mw[:, window.periods],
        disturbed,
        floor_zero=rule.floor_zero,
    )
    why = np.where(why != Why.NOTHING, why, adjusted.why).astype(np.int8)
    batch = plain(table, placed, rule, adjusted.baseline_mw, why, notes=(window.note,) if window.note else ())
    lost = batch.outcome == Outcome.NOT_MEASURABLE
    return replace(
        batch,
        unadjusted_mw=np.where(lost[:, None], np.nan, predicted_mw[:, : shape[1]]),
        adjustment_raw_ratio=adjusted.raw_ratio,
        adjustment_ratio=adjusted.factor_ratio,
        adjustment_raw_mw=adjusted.raw_mw,
        adjustment_mw=adjusted.added_mw,
    )


def _predicted(
    table: LoadTable,
    placed: Frame,
    towt: Towt,
    usable: NDArray[np.bool_],
    wanted: NDArray[np.int64],
    temperature_c: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Fit every meter on its `usable` intervals and predict the `wanted` ones, `(meters, wanted)`; and why not."""
    week, times = _times_of_week(table)
    predicted_mw = np.full((len(table.meters), len(wanted)), np.nan)
    why = np.full(len(table.meters), Why.TOO_FEW_DAYS, dtype=np.int8)
    for row in range(len(table.meters)):
        rows = np.flatnonzero(usable[row])
        seen = np.bincount(week[rows], minlength=times)[week[wanted]]
        if len(np.unique(table.index.day[rows])) < towt.train_days_min or seen.min() < _TIME_OF_WEEK_MIN:
            continue
        fit = fit_towt(
            week[rows],
            table.load_mw[row, rows],
            None if temperature_c is None else temperature_c[rows],
            times=times,
            segments=towt.segments,
            weights=_weights(table, placed, towt, rows),
        )
        predicted_mw[row] = fit.predict(week[wanted], None if temperature_c is None else temperature_c[wanted])
        why[row] = Why.NOTHING
    return predicted_mw, why


def _least_norm(
    week: NDArray[np.int64],
    x: NDArray[np.float64],
    load_mw: NDArray[np.float64],
    weights: NDArray[np.float64],
    times: int,
) -> NDArray[np.float64]:
    """Weighted least squares of least norm on indicators of `week` and on `x` `(n, p)`, `(times + p,)`.

    The same as an SVD of the whole design, at its size of p: the indicators are eliminated by taking out the mean of
    each time of week (Frisch–Waugh), and of the solutions that fit equally well, those along the null space of what is
    left, the shortest is taken. Times of week without points get 0.
    """
    total = np.bincount(week, weights, times)
    share = np.where(total > 0, total, 1.0)
    mean_load = np.bincount(week, weights * load_mw, times) / share
    width = x.shape[1]
    if not width:
        return mean_load
    mean_column = np.stack([np.bincount(week, weights * column, times) / share for column in x.T], axis=1)
    root = np.sqrt(weights)[:, None]
    within = (x - mean_column[week]) * root
    padded = np.concatenate([within, np.zeros((max(width - len(within), 0), width))])
    rest = np.concatenate([(load_mw - mean_load[week]) * root[:, 0], np.zeros(len(padded) - len(within))])
    u, singular, vt = np.linalg.svd(padded, full_matrices=False)
    limit = np.finfo(np.float64).eps * max(len(week), times + width) * np.linalg.norm(x * root, 2)
    kept = singular > limit
    slope = vt[kept].T @ ((u[:, kept].T @ rest) / singular[kept])
    level = mean_load - mean_column @ slope
    free = vt[~kept].T
    if free.shape[1]:
        moved = mean_column @ free
        along = np.linalg.lstsq(np.concatenate([-moved, free]), -np.concatenate([level, slope]), rcond=None)[0]
        level, slope = level - moved @ along, slope + free @ along
    values: NDArray[np.float64] = np.concatenate([level, slope])
    return values


def _training(
    table: LoadTable, placed: Frame, towt: Towt, history: History, events: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Intervals that may be fitted, `(meters, periods)`."""
    index = table.index
    read = np.isfinite(table.load_mw)
    for spans in (events, mask(history.outages, table.meters, table.axis)):
        if spans is not None:
            read &= ~spans
    read &= ~np.isin(index.days.astype(str), sorted(history.excluded_days))[index.day]
    first = 0 if towt.train_days is None else placed.day - towt.train_days
    read &= (index.day >= first) & (index.day < placed.day)
    share = np.stack([np.bincount(index.day[row], minlength=len(index.days)) for row in read]) / index.slots
    usable: NDArray[np.bool_] = read & (share >= _SHARE_READ)[:, index.day]
    return usable


def _weights(table: LoadTable, placed: Frame, towt: Towt, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    if towt.scale_days is None:
        return None
    away = placed.day - table.index.day[rows]
    weight_ratio: NDArray[np.float64] = (towt.scale_days / (towt.scale_days + away)).astype(np.float64)
    return weight_ratio


def _times_of_week(table: LoadTable) -> tuple[NDArray[np.int64], int]:
    """Interval of the week by wall clock, `(periods,)`, Monday first, and how many there are."""
    index = table.index
    weekday = (index.days.astype(np.int64) + 3) % 7
    return weekday[index.day] * index.slots + index.slot, 7 * index.slots


def _design(
    week: NDArray[np.int64], temperature_c: NDArray[np.float64] | None, knots_f: tuple[float, ...], times: int
) -> NDArray[np.float64]:
    indicator = np.zeros((len(week), times))
    indicator[np.arange(len(week)), week] = 1.0
    if temperature_c is None:
        return indicator
    return np.concatenate([indicator, temperature_matrix(_fahrenheit(temperature_c), knots_f)], axis=1)


def _fahrenheit(temperature_c: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(temperature_c, dtype=np.float64) * 1.8 + 32.0
