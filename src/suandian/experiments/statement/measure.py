"""From readings and calls to statements: one event at one meter under the rules that were agreed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.statement.by_hand import ByHand, by_hand
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis, at_unix_s
from suandian.verification.adjustment import adjustment_window
from suandian.verification.aftermath import baseline_after_mw, rebound_after
from suandian.verification.baseline import BaselineBatch, Fallback
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Direction, Event, History
from suandian.verification.frame import frame, window_periods
from suandian.verification.leakage import Rebound
from suandian.verification.metering import LoadTable
from suandian.verification.performance import Performance, TwoBaselines, lesser_baseline, verify
from suandian.verification.rules import Family, Rule
from suandian.verification.validity import Claim, judge, response_figures, validity_rules

__all__ = ["Day", "Measured", "Statement", "measure"]

_DAY_H = 24.0
#: Families whose baselines take the rule's adjustment; the others leave it unread.
_ADJUSTED = (Family.DAY_MATCHING, Family.REGRESSION)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One rule's result with what a statement shows beside it.

    after_mw     the baseline carried on over the 24 hours after the event, `(intervals,)`; empty where not measurable
    by_hand      the arithmetic of the baseline, where days were averaged
    """

    result: Performance
    after_mw: NDArray[np.float64]
    rebound: Rebound | None
    by_hand: ByHand | None


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """What was metered around the event, `(intervals,)` on `axis`: from 12 hours before it to 24 hours after it."""

    axis: TimeAxis
    metered_mw: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One event at one meter.

    results      by rule, in the order asked for
    two          the two-baseline rule, where two rules were given: between the first two, a replay first
    claims       validity of the credited result under each shipped rule; empty without a promise or a result
    notes        what has to be known of the inputs
    """

    event: Event
    meter: str
    zone: str
    calendar: str
    source: str
    results: tuple[Measured, ...]
    two: TwoBaselines | None
    pair: tuple[str, ...]
    claims: tuple[Claim, ...]
    day: Day
    notes: tuple[str, ...] = ()

    @property
    def basis(self) -> Measured:
        """The result that the statement stands on: of the lesser baseline, else the first that is measurable."""
        if self.two is not None and self.two.basis != "none":
            wanted = self.pair[0] if self.two.basis == "replay" else self.pair[1]
            return next(m for m in self.results if m.result.rule.ref == wanted)
        return next((m for m in self.results if m.result.measurable), self.results[0])

    @property
    def measurable(self) -> bool:
        return any(m.result.measurable for m in self.results)

    @property
    def measured_mwh(self) -> float:
        """The measured reduction; NaN where nothing is measurable."""
        if not self.measurable:
            return float("nan")
        return self.two.credited_mwh if self.two is not None else self.basis.result.delivered_mwh

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not measurable, by rule."""
        return tuple(f"{m.result.rule.ref}: {reason}" for m in self.results for reason in m.result.disqualified)


def measure(
    table: LoadTable,
    event: Event,
    meter: str,
    rules: Sequence[Rule],
    history: History,
    evidence: Evidence,
    *,
    source: str,
    level: float = 0.9,
    notes: Sequence[str] = (),
) -> Statement:
    """The statement of one event at one meter of `table`, at interval level `level`.

    Raises `DataError` for inputs that are wrong in themselves, and where no rule is given.
    """
    if not rules:
        raise DataError("no rule to measure by; name at least one with --rule (see `suandian rules`)")
    alone = table.only([table.row(meter)])
    # The table has this meter alone now: what befell others is not its history, and `mask` refuses unknown meters.
    own = History(
        tuple(span for span in history.events if span.meter in (None, meter)),
        tuple(span for span in history.outages if span.meter in (None, meter)),
        history.excluded_days,
    )
    results = tuple(_measured(alone, event, rule, own, evidence, level) for rule in rules)
    two, pair = _two(results)
    told = (*notes, *_after_notice(alone, results))
    made = Statement(
        event, meter, table.zone, table.calendar.id, source, results, two, pair, (), _day(alone, event), told
    )
    return replace(made, claims=_claims(made)) if made.measurable else made


def _measured(
    table: LoadTable, event: Event, rule: Rule, history: History, evidence: Evidence, level: float
) -> Measured:
    result = verify(table, event, rule, history, evidence, level=level)[0]
    if not result.measurable:
        return Measured(result, np.zeros(0), None, None)
    batch = baseline(table, event, rule, history, evidence)
    after_mw = baseline_after_mw(table, batch, history, evidence)[0]
    back = rebound_after(table, batch, 0, result.delivered_mwh, history, evidence) if len(after_mw) else None
    return Measured(result, after_mw, back, _hand(table, batch))


def _hand(table: LoadTable, batch: BaselineBatch) -> ByHand | None:
    return by_hand(table, batch) if batch.ledger is not None and batch.rule.family is Family.DAY_MATCHING else None


def _after_notice(table: LoadTable, results: Sequence[Measured]) -> list[str]:
    """A warning for each rule whose baseline looks at hours in which the site knew that it was called."""
    notes = []
    step_s = table.axis.step_s
    for m in results:
        start_s = table.axis.start_s + _same_day_periods(table, m.result) * step_s
        late_s = start_s[start_s + step_s > m.result.event.notified_s]
        if len(late_s):
            rule = m.result.rule
            hours = f"{at_unix_s(int(late_s[0])).astimezone(ZoneInfo(table.zone)):%H:%M}"
            whose = "hours of the baseline" if rule.family is Family.SAME_DAY else "adjustment hours"
            notes.append(
                f"{rule.ref}: the {whose} from {hours} lie after the notice; load raised or lowered then moves the "
                "baseline"
            )
    return notes


def _same_day_periods(table: LoadTable, result: Performance) -> NDArray[np.int64]:
    """Intervals of the event's own time that moved the baseline; none where it is not measurable or not adjusted."""
    rule, none = result.rule, np.zeros(0, dtype=np.int64)
    # A baseline that fell back to the hour before the notice is not adjusted, whatever the rule says.
    if not result.measurable or result.fallback is Fallback.METER_BEFORE:
        return none
    if rule.family is Family.SAME_DAY:
        return window_periods(table.axis, result.event, rule.windows)[0]
    if rule.family in _ADJUSTED:
        return adjustment_window(table, frame(table, result.event), rule.adjustment).periods
    return none


def _two(results: Sequence[Measured]) -> tuple[TwoBaselines | None, tuple[str, ...]]:
    """The two-baseline rule between the first two rules; a replay comes first, whatever the order."""
    if len(results) < 2:
        return None, ()
    ordered = sorted(results, key=lambda m: m.result.rule.family is not Family.REPLAY)[:2]
    first, second = (m.result for m in ordered)
    return lesser_baseline(first, second), (first.rule.ref, second.rule.ref)


def _day(table: LoadTable, event: Event) -> Day:
    axis = table.axis
    span = round(_DAY_H / table.step_h)
    first = max((event.start_s - axis.start_s) // axis.step_s - span // 2, 0)
    last = min(-(-(event.end_s - axis.start_s) // axis.step_s) + span, axis.periods)
    return Day(axis.part(first, last), table.load_mw[0, first:last])


def _claims(made: Statement) -> tuple[Claim, ...]:
    """Validity of the result that the statement stands on, under every shipped rule."""
    result, event = made.basis.result, made.event
    if event.committed_mw <= 0 or event.direction is Direction.MODULATE:
        return ()
    claims = []
    for rule in validity_rules().values():
        figures = response_figures(
            result.baseline_mw, result.metered_mw, event.direction, event.committed_mw, rule.mean_ratio,
            result.axis.step_h,
        )  # fmt: skip
        claims.append(Claim(event.id, made.meter, judge(rule, *figures, event.committed_mw)))
    return tuple(claims)
