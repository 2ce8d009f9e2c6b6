"""What is compared: shipped rules, changes of one rule that close a gap, and the lesser of two baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from suandian.verification.baseline import BaselineBatch
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Event, History
from suandian.verification.interval import Placebo, placebo
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Family, Rule, Window, rule, rules

__all__ = ["LEFT_OUT", "Design", "closing_designs", "shipped_designs"]

#: Families that the league cannot rank, and why.
LEFT_OUT: Mapping[Family, str] = {
    Family.FIRM_LEVEL: "a contracted level, not an estimate of the load; nothing to compare with a truth",
    Family.NOMINATED: "needs a schedule that the site nominated before the event; the study has none",
}


@dataclass(frozen=True, slots=True)
class Design:
    """A way to measure: one rule, or the lesser of it and `other` in every window.

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
        """Baselines for one event; of two the one with less energy, meter by meter."""
        first = baseline(table, event, self.rule, history, evidence)
        if self.other is None:
            return first
        second = baseline(table, event, self.other, history, evidence)
        return _lesser(first, second)

    def tried(self, table: LoadTable, event: Event, history: History, evidence: Evidence, count: int) -> Placebo:
        """The same on up to `count` earlier days without events, newest first."""
        first = placebo(table, event, self.rule, history, evidence, count=count)
        if self.other is None:
            return first
        second = placebo(table, event, self.other, history, evidence, count=count)
        _, a, b = np.intersect1d(first.days, second.days, return_indices=True)
        a, b = a[::-1], b[::-1]  # newest first again
        both = np.stack([first.baseline_mw[:, a], second.baseline_mw[:, b]])
        less = np.where(both.mean(axis=3)[0] <= both.mean(axis=3)[1], 0, 1)
        chosen = np.where((less == 0)[:, :, None], both[0], both[1])
        # A window that one of the two cannot measure is no window of the pair.
        chosen[~np.isfinite(both).all(axis=(0, 3))] = np.nan
        return Placebo(first.days[a], chosen, first.metered_mw[:, a])


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
    """Row by row the batch with less baseline energy; not measurable where one of the two is not."""
    use = second.baseline_mw.sum(axis=1) < first.baseline_mw.sum(axis=1)
    whole = first.measurable & second.measurable
    baseline_mw = np.where(use[:, None], second.baseline_mw, first.baseline_mw)
    baseline_mw[~whole] = np.nan
    outcome = np.where(first.measurable, second.outcome, first.outcome)
    why = np.where(first.measurable, second.why, first.why)
    return replace(first, baseline_mw=baseline_mw, outcome=outcome, why=why, ledger=None)
