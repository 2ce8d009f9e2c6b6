"""Matched control group with difference in differences: what alike resources that were not called did meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from suandian.quantity.errors import DataError
from suandian.verification.baseline import BaselineBatch, DayState, Why, plain
from suandian.verification.candidates import candidates, gather
from suandian.verification.event import Event, History
from suandian.verification.frame import Frame, frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import DayGroup, Rule

__all__ = ["ControlGroup", "Matched", "control_group", "match_controls"]

#: Our own tests (D): bias on placebo days within ±2 %, mean error not different from 0 at 5 %, on up to 20 days.
_BIAS_MAX_RATIO, _SIGNIFICANCE, _PLACEBO_DAYS, _PLACEBO_DAYS_MIN = 0.02, 0.05, 20, 5
_SHAPE_DAYS = 10


@dataclass(frozen=True, slots=True, eq=False)
class ControlGroup:
    """Resources that were not called, on the axis of the measured table; `neighbours` of them per meter.

    With few sites, the controls are within the site: racks or partitions that are not enrolled. `reuse` lets one
    control serve several meters.
    """

    table: LoadTable
    neighbours: int = 5
    reuse: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Controls of each meter: rows `(meters, neighbours)`, −1 where there were too few; distance_ratio alike, NaN."""

    rows: NDArray[np.int64]
    distance_ratio: NDArray[np.float64]


def match_controls(
    shape_mw: NDArray[np.float64], control_shape_mw: NDArray[np.float64], neighbours: int, *, reuse: bool
) -> Matched:
    """Nearest controls by Σ(Δ shape)²; loads `(meters, n)` and `(controls, n)`, each row divided by its mean.

    Without reuse the nearest pair of all is taken first, then the next, until every meter has its number.
    """
    distance = ((_scaled(shape_mw)[:, None, :] - _scaled(control_shape_mw)[None, :, :]) ** 2).sum(axis=2)
    rows = np.full((len(shape_mw), neighbours), -1, dtype=np.int64)
    found = np.full((len(shape_mw), neighbours), np.nan)
    taken = np.zeros(len(control_shape_mw), dtype=np.bool_)
    have = np.zeros(len(shape_mw), dtype=np.int64)
    for flat in np.argsort(distance, axis=None, kind="stable"):
        meter, control = divmod(int(flat), len(control_shape_mw))
        if have[meter] == neighbours or (taken[control] and not reuse) or np.isnan(distance[meter, control]):
            continue
        rows[meter, have[meter]], found[meter, have[meter]] = control, distance[meter, control]
        have[meter] += 1
        taken[control] = True
    return Matched(rows, found)


def control_group(
    table: LoadTable, event: Event, rule: Rule, history: History, controls: ControlGroup | None
) -> BaselineBatch:
    """B = mean load of the matched controls × ratio of meter to controls at the same hours of the days before.

    Days: those that the rule's group finds usable for the meter and complete for all controls. Placebo days before the
    event test the pairing: relative bias within ±2 % and no significant mean error; otherwise not measurable.
    """
    placed = frame(table, event)
    shape = (len(table.meters), placed.last - placed.first)
    why = np.full(shape[0], Why.NO_EVIDENCE, dtype=np.int8)
    baseline_mw = np.full(shape, np.nan)
    group = rule.group_of(int(table.index.kinds[placed.day]))
    if controls is None or group is None:
        why[:] = Why.NO_EVIDENCE if group is not None else Why.NO_DAY_TYPE
        return plain(table, placed, rule, baseline_mw, why)
    if controls.table.axis != table.axis or controls.table.zone != table.zone:
        raise DataError("the controls lie on another axis or in another zone than the meters; align them first")
    both = set(controls.table.meters) & set(table.meters)
    if both:
        raise DataError(f"{', '.join(sorted(both)[:3])}: measured and a control at once; a control is not called")
    days, usable = _days(table, placed, rule, group, history, controls.table)
    notes = []
    matched = match_controls(
        _profile(table, days, usable), _profile(controls.table, days, usable), controls.neighbours, reuse=controls.reuse
    )
    own_mw = gather(table, days, placed.offsets)
    other_mw = gather(controls.table, days, placed.offsets)
    now_mw = controls.table.load_mw[:, placed.first : placed.last]
    for row in range(shape[0]):
        rows = matched.rows[row]
        good = np.flatnonzero(usable[row])
        if (rows < 0).any() or np.isnan(now_mw[rows]).any():
            continue
        if len(good) < max(group.minimum, 1):
            why[row] = Why.TOO_FEW_DAYS
            continue
        level_mw = other_mw[rows][:, good].mean(axis=0)
        errors = _placebo_errors(own_mw[row, good].mean(axis=1), level_mw.mean(axis=1), group.pool or len(good))
        if len(errors) < _PLACEBO_DAYS_MIN:
            why[row] = Why.TOO_FEW_DAYS
            continue
        bias_ratio, p_value = float(errors.mean()), _p_value(errors)
        notes.append(f"{table.meters[row]}: placebo bias {bias_ratio:+.2%}, p = {p_value:.2f} on {len(errors)} days")
        newest = slice(0, group.pool)
        ratio = float(own_mw[row, good][newest].mean() / level_mw[newest].mean())
        baseline_mw[row] = ratio * now_mw[rows].mean(axis=0)
        alike = abs(bias_ratio) <= _BIAS_MAX_RATIO and p_value > _SIGNIFICANCE
        why[row] = Why.NOTHING if alike else Why.CONTROLS_NOT_ALIKE
    return plain(table, placed, rule, baseline_mw, why, notes=tuple(notes))


def _days(
    table: LoadTable, placed: Frame, rule: Rule, group: DayGroup, history: History, controls: LoadTable
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Like days, newest first, and which each meter may use, `(meters, days)`."""
    found = candidates(table, placed, rule, group, history.with_event(placed.event), placed.offsets)
    complete = np.all(controls.day_complete[:, found.like], axis=0)
    complete &= np.all(np.isfinite(gather(controls, found.like, placed.offsets)), axis=(0, 2))
    return found.like, (found.state == DayState.SPARE) & complete[None, :]


def _profile(table: LoadTable, days: NDArray[np.int64], usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Load over the newest ten days that every measured meter may use, `(meters, days · slots)`."""
    shared = days[np.all(usable, axis=0)][:_SHAPE_DAYS]
    by_day = table.by_slot_mw.reshape(len(table.meters), -1, table.index.slots)[:, shared]
    return by_day.reshape(len(table.meters), -1)


def _scaled(shape_mw: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = shape_mw.mean(axis=1, keepdims=True) if shape_mw.shape[1] else np.ones((len(shape_mw), 1))
    return shape_mw / np.where(mean != 0, mean, 1.0)


def _placebo_errors(own_mw: NDArray[np.float64], other_mw: NDArray[np.float64], pool: int) -> NDArray[np.float64]:
    """Relative errors on up to 20 days, each predicted from the days before it; arrays `(days,)`, newest first."""
    errors = []
    for at in range(min(len(own_mw) - 1, _PLACEBO_DAYS)):
        before = slice(at + 1, at + 1 + pool)
        if own_mw[at] > 0 and other_mw[before].mean() > 0:
            predicted_mw = other_mw[at] * own_mw[before].mean() / other_mw[before].mean()
            errors.append((predicted_mw - own_mw[at]) / own_mw[at])
    return np.array(errors)


def _p_value(error_ratio: NDArray[np.float64]) -> float:
    """Two-sided p of the one-sample t-test of mean 0; errors that are all but equal are judged by their mean alone."""
    spread = float(error_ratio.std(ddof=1))
    if spread < 1e-12:
        return 1.0 if abs(float(error_ratio.mean())) < 1e-9 else 0.0
    return float(stats.ttest_1samp(error_ratio, 0.0).pvalue)
