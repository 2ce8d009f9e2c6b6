"""What is compared: shipped rules, changes of one rule that close a gap, and the lesser of two baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suandian.verification.baseline import BaselineBatch
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Event, History
from suandian.verification.interval import Placebo, placebo
from suandian.verification.metering import LoadTable
from suandian.verification.reduction import reduction_mw
from suandian.verification.rules import Family, Rule, Window, rule, rules

__all__ = ["LEFT_OUT", "Design", "closing_designs", "shipped_designs"]

#: Families that the league cannot rank, and why.
LEFT_OUT: Mapping[Family, str] = {
    Family.FIRM_LEVEL: "a contracted level, not an estimate of the load; nothing to compare with a truth",
    Family.NOMINATED: "needs a schedule that the site nominated before the event; the study has none",
}


@dataclass(frozen=True, slots=True)
class Design:
    """A way to measure: one rule, or the lesser of it and `other` in every window, the one alone where the other fails.

    id      of the rule, or the rule's with what was changed
    name    in words
    by_job  the replay knows the power of each job, not only of its kind
    """

    id: str
    name: str
    rule: Rule
    other: Rule | None = None
    by_job: bool = False

    @property
    def family(self) -> str:
        return "lesser_of_two" if self.other is not None else self.rule.family.value

    def measured(self, table: LoadTable, event: Event, history: History, evidence: Evidence) -> BaselineBatch:
        """Baselines for one event; of two the one that credits less, meter by meter, as `lesser_baseline` pays.

        Where one of the two is not measurable the other stands. Where neither is, nothing is measured.
        """
        first = baseline(table, event, self.rule, history, evidence)
        if self.other is None:
            return first
        return _lesser(first, baseline(table, event, self.other, history, evidence))

    def tried(self, table: LoadTable, event: Event, history: History, evidence: Evidence, count: int) -> Placebo:
        """The same on up to `count` earlier days without events, newest first."""
        first = placebo(table, event, self.rule, history, evidence, count=count)
        if self.other is None:
            return first
        return _lesser_tried(first, placebo(table, event, self.other, history, evidence, count=count), event, count)


def shipped_designs() -> tuple[Design, ...]:
    """Every shipped record that measures a load, in the order of the file."""
    return tuple(Design(r.id, r.name, r) for r in rules().values() if r.family not in LEFT_OUT)


def closing_designs(base_id: str = "CN_5DAY_ADJUSTED") -> tuple[Design, ...]:
    """One rule made safer step by step: cap, window before notice, no frozen days, replay beside it, replay alone."""
    base = rule(base_id)
    same_day = base.adjustment
    widths = [(w.to_h - w.from_h) for w in same_day.windows]
    before = tuple(Window("notice", -width, 0.0) for width in widths)

    def changed(what: str, made: Rule) -> Design:
        return Design(f"{base.id} · {what}", f"{base.name}: {what}", made)

    open_ended = replace(base, adjustment=replace(same_day, low_ratio=None, high_ratio=None))
    tight = replace(base, adjustment=replace(same_day, low_ratio=0.95, high_ratio=1.05))
    early = replace(base, adjustment=replace(same_day, windows=before))
    fresh = replace(early, event_days_max=5)
    return (
        changed("no cap", open_ended),
        changed("as shipped", base),
        changed("cap 5 %", tight),
        changed("window before notice", early),
        changed("window before notice, 5 event days at most", fresh),
        Design(f"{base.id} · lesser of it and replay", f"{base.name}: lesser of it and replay", base, rule("REPLAY")),
        Design("REPLAY", rule("REPLAY").name, rule("REPLAY")),
        Design("REPLAY · replay with the power of each job", f"{rule('REPLAY').name}, power of each job metered",
               rule("REPLAY"), by_job=True),
    )  # fmt: skip


def _lesser(first: BaselineBatch, second: BaselineBatch) -> BaselineBatch:
    """Row by row the batch that credits less; where one is not measurable the other, however much it credits."""
    credits_mw = [reduction_mw(one.baseline_mw, one.metered_mw, one.event).sum(axis=1) for one in (first, second)]
    use = _takes_second(credits_mw[0], credits_mw[1], first.measurable, second.measurable)
    return replace(
        first,
        baseline_mw=np.where(use[:, None], second.baseline_mw, first.baseline_mw),
        unadjusted_mw=np.where(use[:, None], second.unadjusted_mw, first.unadjusted_mw),
        outcome=np.where(use, second.outcome, first.outcome),
        why=np.where(use, second.why, first.why),
        fallback=np.where(use, second.fallback, first.fallback),
        ledger=None,
    )


def _lesser_tried(first: Placebo, second: Placebo, event: Event, count: int) -> Placebo:
    """The same window by window over the days of either, up to `count` windows of each meter, newest first."""
    days = np.union1d(first.days, second.days)[::-1]
    (base_a, metered_a), (base_b, metered_b) = _on_days(first, days), _on_days(second, days)
    seen_a: NDArray[np.bool_] = np.asarray(np.isfinite(base_a).all(axis=2))
    seen_b: NDArray[np.bool_] = np.asarray(np.isfinite(base_b).all(axis=2))
    credits_mw = [
        reduction_mw(base_mw, metered_mw, event).sum(axis=2)
        for base_mw, metered_mw in ((base_a, metered_a), (base_b, metered_b))
    ]
    use = _takes_second(credits_mw[0], credits_mw[1], seen_a, seen_b)[:, :, None]
    base_mw, metered_mw = np.where(use, base_b, base_a), np.where(use, metered_b, metered_a)
    # Each rule stops at its own count; a day beyond it was not tried by that rule, which is not the same as refused.
    beyond = np.cumsum(seen_a | seen_b, axis=1) > count
    base_mw[beyond], metered_mw[beyond] = np.nan, np.nan
    kept = np.isfinite(base_mw).all(axis=2).any(axis=0)
    return Placebo(days[kept], base_mw[:, kept], metered_mw[:, kept])


def _takes_second(
    first_mw: NDArray[np.float64],
    second_mw: NDArray[np.float64],
    first_seen: NDArray[np.bool_],
    second_seen: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Where the second stands: it credits no more than the first, or the first is not measurable."""
    takes: NDArray[np.bool_] = second_seen & (~first_seen | (second_mw <= first_mw))
    return takes


def _on_days(tried: Placebo, days: NDArray[np.datetime64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Baselines and readings of `tried` on `days`, `(meters, days, intervals)`, NaN where it has no window."""
    at = {day: row for row, day in enumerate(days.tolist())}
    rows = [at[day] for day in tried.days.tolist()]
    shape = (tried.baseline_mw.shape[0], len(days), tried.baseline_mw.shape[2])
    base_mw, metered_mw = np.full(shape, np.nan), np.full(shape, np.nan)
    base_mw[:, rows], metered_mw[:, rows] = tried.baseline_mw, tried.metered_mw
    return base_mw, metered_mw
