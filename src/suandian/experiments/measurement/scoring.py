"""How good a design is: errors on windows without events, coverage of its intervals, and events against their twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.measurement.designs import Design
from suandian.experiments.measurement.twins import Twin, Verdict, judge
from suandian.verification.baseline import WHY_TEXT, Why
from suandian.verification.calendar import DayKind
from suandian.verification.engine import Evidence
from suandian.verification.event import Event, History
from suandian.verification.interval import Accuracy, Placebo, accuracy, conformal, rolling_coverage
from suandian.verification.metering import LoadTable
from suandian.verification.reduction import reduction_mw

__all__ = [
    "Credit",
    "Knowledge",
    "Scores",
    "SiteCase",
    "after_warm_up",
    "credits_of",
    "pooled",
    "scores",
    "verdict",
    "windows_of",
]

LEVEL, WINDOWS = 0.9, 60


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Evidence beside the meter in both worlds, with a replay by kind of job and with one by single job."""

    honest: Evidence
    honest_by_job: Evidence
    called: Evidence
    called_by_job: Evidence


@dataclass(frozen=True, slots=True, eq=False)
class SiteCase:
    """One site: its meter in the world without calls and in the one with them, and what the rules may know of each.

    probe         an event-like window on the last day, from whose hours and kind of day the placebo windows are taken
    warm_days     local days at the start that only serve as history
    energy_cny_per_mwh   `(periods,)`, paid at the meter
    """

    site: str
    honest: LoadTable
    called: LoadTable
    knowledge: Knowledge
    events: tuple[Event, ...]
    history: History
    twins: tuple[Twin, ...]
    probe: Event
    warm_days: int
    energy_cny_per_mwh: NDArray[np.float64]

    def honest_evidence(self, design: Design) -> Evidence:
        """What `design` may know in the world without calls."""
        return self.knowledge.honest_by_job if design.by_job else self.knowledge.honest

    def called_evidence(self, design: Design) -> Evidence:
        """What `design` may know in the world with them."""
        return self.knowledge.called_by_job if design.by_job else self.knowledge.called


@dataclass(frozen=True, slots=True)
class Scores:
    """Errors of one design on placebo windows, and how often its intervals held.

    accuracy           None where no window could be measured
    covered_ratio      share of windows inside the 90 % interval that older windows gave; NaN without enough of them
    half_width_ratio   mean half-width of those intervals, as a share of the baseline
    """

    accuracy: Accuracy | None
    covered_ratio: float
    half_width_ratio: float
    covered_windows: int


@dataclass(frozen=True, slots=True)
class Credit:
    """What a design credits for one event, MWh; NaN where it does not measure, with the reason."""

    credited_mwh: float
    low_mwh: float
    high_mwh: float
    reason: str


def windows_of(case: SiteCase, design: Design) -> Placebo:
    """Every placebo window of the world without calls, newest first."""
    return design.tried(case.honest, case.probe, History(), case.honest_evidence(design), len(case.honest.index.days))


def after_warm_up(case: SiteCase, tried: Placebo) -> Placebo:
    """Those after the warm-up, on working days where the events are, so that all rules are judged on the same days."""
    index = case.honest.index
    row = ((tried.days - index.days[0]) / np.timedelta64(1, "D")).astype(np.int64)
    axis = case.honest.axis
    working = index.kinds == DayKind.WORKING
    alike = working == working[index.day[(case.probe.start_s - axis.start_s) // axis.step_s]]
    return _where(tried, (row >= case.warm_days) & alike[row])


def scores(tried: Sequence[Placebo]) -> Scores:
    """Scores over the windows of several sites. Loads are divided by each site's mean, so that sites weigh alike."""
    good = [_scaled(one) for one in tried if np.isfinite(one.baseline_mw).all(axis=2).any()]
    if not good:
        return Scores(None, float("nan"), float("nan"), 0)
    held = [found for one in good if (found := rolling_coverage(one, 0, level=LEVEL, windows=WINDOWS)) is not None]
    count = sum(found.windows for found in held)
    return Scores(
        accuracy=accuracy(pooled(good), 0),
        covered_ratio=sum(f.covered_ratio * f.windows for f in held) / count if count else float("nan"),
        half_width_ratio=sum(f.half_width_ratio * f.windows for f in held) / count if count else float("nan"),
        covered_windows=count,
    )


def pooled(tried: Sequence[Placebo]) -> Placebo:
    """Windows of several single-meter placebos behind one another, as one meter's."""
    return Placebo(
        np.concatenate([one.days for one in tried]),
        np.concatenate([one.baseline_mw for one in tried], axis=1),
        np.concatenate([one.metered_mw for one in tried], axis=1),
    )


def _credit(case: SiteCase, design: Design, event: Event, tried: Placebo) -> Credit:
    """Credit and 90 % interval of one event, from the newest 60 windows of `tried` that lie before it."""
    table = case.called
    batch = design.measured(table, event, case.history, case.called_evidence(design))
    step_h = table.step_h
    if not batch.measurable[0]:
        return Credit(float("nan"), float("nan"), float("nan"), WHY_TEXT.get(Why(int(batch.why[0])), "not measurable"))
    day = table.index.days[table.index.day[batch.first]]
    kept = (tried.days < day) & np.isfinite(tried.baseline_mw).all(axis=(0, 2))
    rows = np.flatnonzero(kept)[:WINDOWS]
    older = Placebo(tried.days[rows], tried.baseline_mw[:, rows], tried.metered_mw[:, rows])
    interval = conformal(batch, older, level=LEVEL)
    hours = batch.baseline_mw.shape[1] * step_h
    credited_mwh = float(reduction_mw(batch.baseline_mw, batch.metered_mw, event)[0].sum() * step_h)
    return Credit(credited_mwh, float(interval.low_mw[0]) * hours, float(interval.high_mw[0]) * hours, "")


def credits_of(case: SiteCase, design: Design, honest: Placebo) -> tuple[Credit, ...]:
    """Credits of all events of the site, in order; `honest` are the windows of the world without calls.

    Until the first notice both worlds are one, and rules look back only, so that the windows before it are shared.
    """
    if not case.events:
        return ()
    days, axis, table = case.called.index.days, case.called.axis, case.called
    first = int(table.index.day[(case.events[0].notified_s - axis.start_s) // axis.step_s])
    last = int(table.index.day[(case.events[-1].start_s - axis.start_s) // axis.step_s])
    early = _where(honest, honest.days < days[first])
    tried = early
    if last > first:
        late = design.tried(table, case.events[-1], case.history, case.called_evidence(design), last - first)
        tried = pooled([_where(late, late.days >= days[first]), early])
    return tuple(_credit(case, design, event, tried) for event in case.events)


def _where(tried: Placebo, kept: NDArray[np.bool_]) -> Placebo:
    return Placebo(tried.days[kept], tried.baseline_mw[:, kept], tried.metered_mw[:, kept])


def verdict(twins: Sequence[Twin], found: Sequence[Credit]) -> Verdict:
    """Credits against their twins."""
    return judge(
        np.array([twin.true_mwh for twin in twins]),
        np.array([one.credited_mwh for one in found]),
        np.array([one.low_mwh for one in found]),
        np.array([one.high_mwh for one in found]),
        np.array([twin.least_mwh for twin in twins]),
    )


def _scaled(tried: Placebo) -> Placebo:
    good = np.isfinite(tried.baseline_mw).all(axis=(0, 2))
    mean_mw = float(tried.metered_mw[:, good].mean())
    return Placebo(tried.days[good], tried.baseline_mw[:, good] / mean_mw, tried.metered_mw[:, good] / mean_mw)
