"""How sure a measured reduction is: rolling split-conformal intervals from placebo windows on days without events."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.verification.baseline import BaselineBatch
from suandian.verification.calendar import DayKind
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Direction, Event, History, mask
from suandian.verification.frame import frame
from suandian.verification.metering import LoadTable
from suandian.verification.reduction import reduction_mw
from suandian.verification.rules import Family, Rule

__all__ = [
    "Accuracy",
    "Coverage",
    "Interval",
    "Placebo",
    "accuracy",
    "conformal",
    "placebo",
    "portfolio_half_width_ratio",
    "rolling_coverage",
]


@dataclass(frozen=True, slots=True, eq=False)
class Placebo:
    """The rule applied to windows in which nothing was called, newest first.

    days            local days, `(windows,)`
    baseline_mw     `(meters, windows, intervals)`; NaN where the window is no placebo for the meter
    metered_mw      alike
    """

    days: NDArray[np.datetime64]
    baseline_mw: NDArray[np.float64]
    metered_mw: NDArray[np.float64]

    def error_ratio(self, sign_ratio: NDArray[np.float64] | float = 1.0) -> NDArray[np.float64]:
        """mean(sign·(B − A))/mean B of each window, `(meters, windows)`, NaN where there is none.

        `sign_ratio` `(intervals,)` is 1 where a reduction is asked for and −1 where an increase is.
        """
        base_mw = self.baseline_mw.mean(axis=2)
        error_mw = ((self.baseline_mw - self.metered_mw) * sign_ratio).mean(axis=2)
        error_ratio: NDArray[np.float64] = error_mw / np.where(base_mw > 0, base_mw, np.nan)
        return error_ratio


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """Bounds of the mean reduction, `(meters,)` MW; NaN where there were too few placebo windows.

    distinguishable    the interval does not contain 0
    windows            placebo windows that carried it
    """

    level: float
    low_mw: NDArray[np.float64]
    high_mw: NDArray[np.float64]
    distinguishable: NDArray[np.bool_]
    windows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors B − A of one meter on placebo windows.

    bias_ratio, cvrmse_ratio      over all intervals: Σe/ΣA; √mean(e²)/mean(A), n degrees of freedom
    median_ratio, p90_ratio       of the windows' |mean B − mean A|/mean A
    above_20_percent_ratio        share of windows with more than 20 % error
    """

    windows: int
    bias_ratio: float
    cvrmse_ratio: float
    median_ratio: float
    p90_ratio: float
    above_20_percent_ratio: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of placebo windows that an interval made before them held, and its mean half-width over the baseline."""

    windows: int
    covered_ratio: float
    half_width_ratio: float


def placebo(
    table: LoadTable,
    event: Event,
    rule: Rule,
    history: History | None = None,
    evidence: Evidence | None = None,
    *,
    count: int = 60,
) -> Placebo:
    """Apply the rule at the event's wall-clock hours to up to `count` earlier days of the event's type.

    A window is no placebo for a meter that has an event or an outage on that day, misses a reading in it, or finds too
    few days before it. Days of clock changes are left out.
    """
    known = (history if history is not None else History()).with_event(event)
    given = evidence if evidence is not None else Evidence()
    placed = frame(table, event)
    index, axis = table.index, table.axis
    kinds = _alike(rule, int(index.kinds[placed.day]))
    disturbed = _disturbed_days(table, known)
    width = placed.last - placed.first
    days, base, actual = [], [], []
    usable = np.zeros(len(table.meters), dtype=np.int64)
    for day in range(placed.day - 1, -1, -1):
        if index.kinds[day] not in kinds or index.irregular[day] or disturbed[:, day].all():
            continue
        period = int(index.period[day, placed.offsets[0]])
        if (
            period < 0
            or period + width > placed.first
            or index.day[period + width - 1] - day != (placed.offsets[-1] // index.slots)
        ):
            continue
        moved = event.moved(axis.start_s + period * axis.step_s - event.start_s)
        if (moved.notified_s - axis.start_s) < 0:
            break
        batch = baseline(table, moved, rule, _without(known, moved), given)
        off = disturbed[:, day] | np.isnan(batch.metered_mw).any(axis=1) | ~batch.measurable
        off |= usable >= count
        if off.all():
            continue
        usable += ~off
        days.append(index.days[day])
        base.append(np.where(off[:, None], np.nan, batch.baseline_mw))
        actual.append(np.where(off[:, None], np.nan, batch.metered_mw))
        if (usable >= count).all():
            break
    shape = (len(table.meters), 0, width)
    return Placebo(
        np.array(days, dtype="datetime64[D]"),
        np.stack(base, axis=1) if base else np.zeros(shape),
        np.stack(actual, axis=1) if actual else np.zeros(shape),
    )


def conformal(batch: BaselineBatch, tried: Placebo, *, level: float = 0.9, signed: bool = False) -> Interval:
    """Interval of the mean reduction of every meter at `level`.

    Score of a placebo window: s = mean(±(B − A))/mean B in the direction asked for, or |s|. The bound is the
    ⌈level·(n+1)⌉-th smallest |s|; `signed` takes the ⌊(1−level)/2·(n+1)⌋-th and ⌈(1+level)/2·(n+1)⌉-th smallest s, for
    rules that lean to one side.
    With the event exchangeable with its placebos the interval holds the true mean reduction with at least that
    probability (split-conformal prediction; Vovk et al., Lei et al. 2018). A firm level is a contract and has none.
    """
    count, width = batch.baseline_mw.shape
    delivered_mw = reduction_mw(batch.baseline_mw, batch.metered_mw, batch.event).mean(axis=1)
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    windows = np.zeros(count, dtype=np.int64)
    if batch.rule.family is not Family.FIRM_LEVEL:
        for row, errors in enumerate(tried.error_ratio(_sign(batch.event, width))):
            scores = np.sort(errors[np.isfinite(errors)])
            windows[row] = len(scores)
            low[row], high[row] = _bounds(scores, level, signed=signed)
    base_mw = batch.baseline_mw.mean(axis=1)
    least_mw, most_mw = delivered_mw - base_mw * high, delivered_mw - base_mw * low
    return Interval(level, least_mw, most_mw, (least_mw > 0) | (most_mw < 0), windows)


def _sign(event: Event, width: int) -> NDArray[np.float64]:
    """1 for intervals in which less load is asked for, −1 for more, 0 for neither, `(width,)`."""
    if event.direction is Direction.MODULATE:
        return np.sign(event.committed_by_interval_mw(width))
    return np.full(width, 1.0 if event.direction is Direction.SHED else -1.0)


def portfolio_half_width_ratio(tried: Placebo, *, level: float = 0.9) -> float:
    """Half-width of the summed baseline's interval as a share of it; NaN with too few common windows.

    Errors of sites go together, so they are summed window by window before the quantile is taken.
    """
    whole = np.isfinite(tried.baseline_mw).all(axis=(0, 2))
    base_mw = tried.baseline_mw[:, whole].mean(axis=2).sum(axis=0)
    actual_mw = tried.metered_mw[:, whole].mean(axis=2).sum(axis=0)
    if not len(base_mw):
        return float("nan")
    return _bounds(np.sort((base_mw - actual_mw) / base_mw), level, signed=False)[1]


def accuracy(tried: Placebo, row: int) -> Accuracy | None:
    """Accuracy of one meter's placebo windows; None without any."""
    good = np.isfinite(tried.baseline_mw[row]).all(axis=1)
    if not good.any():
        return None
    base_mw, actual_mw = tried.baseline_mw[row, good], tried.metered_mw[row, good]
    error_mw, mean_mw = base_mw - actual_mw, actual_mw.mean(axis=1)
    if not (mean_mw > 0).all():
        return None
    relative = np.abs(error_mw.mean(axis=1)) / mean_mw
    return Accuracy(
        windows=int(good.sum()),
        bias_ratio=float(error_mw.sum() / actual_mw.sum()),
        cvrmse_ratio=float(np.sqrt((error_mw**2).mean()) / actual_mw.mean()),
        median_ratio=float(np.median(relative)),
        p90_ratio=float(np.quantile(relative, 0.9)),
        above_20_percent_ratio=float((relative > 0.2).mean()),
    )


def rolling_coverage(tried: Placebo, row: int, *, level: float = 0.9, windows: int = 60) -> Coverage | None:
    """How often intervals from the windows before it held each placebo window, for one meter.

    Every window is bounded by up to `windows` older ones; the first ones, which have too few before them, do not count.
    None where no window has enough.
    """
    errors = tried.error_ratio()[row]
    errors = errors[np.isfinite(errors)]
    held, widths = [], []
    for at in range(len(errors)):
        low, high = _bounds(np.sort(errors[at + 1 : at + 1 + windows]), level, signed=False)
        if np.isnan(high):
            break
        held.append(low - 1e-12 <= errors[at] <= high + 1e-12)
        widths.append(high)
    if not held:
        return None
    return Coverage(len(held), float(np.mean(held)), float(np.mean(widths)))


def _bounds(score_ratio: NDArray[np.float64], level: float, *, signed: bool) -> tuple[float, float]:
    """Lower and upper score bound from sorted signed scores `(n,)`; NaN where n is too small for the level."""
    count = len(score_ratio)
    if not signed:
        rank = math.ceil(level * (count + 1) - 1e-9)
        if rank > count:
            return float("nan"), float("nan")
        bound = float(np.sort(np.abs(score_ratio))[rank - 1])
        return -bound, bound
    lower = math.floor((1.0 - level) / 2.0 * (count + 1) + 1e-9)
    upper = math.ceil((1.0 + level) / 2.0 * (count + 1) - 1e-9)
    if lower < 1 or upper > count:
        return float("nan"), float("nan")
    return float(score_ratio[lower - 1]), float(score_ratio[upper - 1])


def _alike(rule: Rule, kind: int) -> tuple[int, ...]:
    """Kinds of days that are placebos for a day of `kind`: those of the rule's group, else working or not."""
    group = rule.group_of(kind)
    if group is not None:
        return tuple(int(DayKind[name.upper()]) for name in group.days)
    if kind == DayKind.WORKING:
        return (int(DayKind.WORKING),)
    return (int(DayKind.SATURDAY), int(DayKind.SUNDAY), int(DayKind.HOLIDAY))


def _disturbed_days(table: LoadTable, history: History) -> NDArray[np.bool_]:
    """Days with an event, an outage or a declaration, `(meters, days)`."""
    index = table.index
    disturbed = np.zeros((len(table.meters), len(index.days)), dtype=np.bool_)
    for spans in (history.events, history.outages):
        touched = mask(spans, table.meters, table.axis)
        if touched is not None:
            rows, periods = np.nonzero(touched)
            disturbed[rows, index.day[periods]] = True
    disturbed[:, np.isin(index.days.astype(str), sorted(history.excluded_days))] = True
    return disturbed


def _without(history: History, moved: Event) -> History:
    """The history less what overlaps the placebo itself; those meters are set aside anyway."""
    kept = tuple(s for s in history.events if s.end_s <= moved.start_s or s.start_s >= moved.end_s)
    return History(kept, history.outages, history.excluded_days)
