"""The statement's tables: the arithmetic by hand, days with their reasons, validity, sources and provenance."""

from __future__ import annotations

from typing import Any

from suandian.experiments.report.pieces import Table
from suandian.experiments.statement.figures import powers, span
from suandian.experiments.statement.measure import Measured, Statement
from suandian.experiments.statement.reasons import translated
from suandian.experiments.statement.text import hand_lines
from suandian.experiments.statement.views import Word, hours_text, whole_days
from suandian.verification.validity import Validity, ValidityRule, validity_rules

__all__ = ["days_table", "hand_part", "provenance", "sources", "validity"]

#: Intervals of an event up to which each has its column; longer events are shown by their mean.
_COLUMNS_MAX = 12


def hand_part(made: Statement, m: Measured, w: Word) -> dict[str, Any] | None:
    """Table and steps of one rule's arithmetic; None for rules that average no days."""
    hand = m.by_hand
    if hand is None:
        return None
    power, result, zone = powers(made), m.result, made.zone
    each = 1 < len(hand.mean_mw) <= _COLUMNS_MAX
    starts = [int(s) for s in result.axis.starts_s()] if each else []
    heads = [w("t_day"), w("t_weight"), *(span(at, at + result.axis.step_s, zone, day=False) for at in starts)]
    heads.append(span(made.event.start_s, made.event.end_s, zone, day=False))
    windowed = bool(len(hand.window_mw))
    if windowed:
        heads.append(", ".join(span(*one, zone, day=False) for one in hand.window_spans_s))

    def cells(values: Any, window_mw: float) -> list[str]:  # noqa: ANN401
        parts = [power.text(float(v)) for v in values] if each else []
        return [*parts, power.text(float(values.mean())), *([power.text(window_mw)] if windowed else [])]

    rows = [
        [day, f"{weight:.4g}", *cells(row, float(hand.window_mw[at]) if windowed else 0.0)]
        for at, (day, weight, row) in enumerate(zip(hand.days, hand.weight_ratio, hand.event_mw, strict=True))
    ]
    rows.append([w("t_sum"), "1", *cells(hand.mean_mw, hand.window_mean_mw)])
    rows.append([w("t_event_day"), "", *cells(result.metered_mw, hand.window_actual_mw)])
    return {
        "rule": result.rule.ref,
        "table": Table(f"{w('h_hand')}: {result.rule.ref}", heads, rows),
        "steps": steps(made, m, w),
    }


def steps(made: Statement, m: Measured, w: Word) -> list[str]:
    """The steps in the page's language."""
    return [_step(line, w) for line in hand_lines(made, m)]


def _step(line: str, w: Word) -> str:
    if w("t_day") == "Day":
        return line[0].upper() + line[1:]
    for english, chinese in _STEPS:
        line = line.replace(english, chinese)
    return line


_STEPS = (
    ("mean of the days: Σ weight · load", "各日均值：Σ 权重·负荷"),
    ("no adjustment: the baseline is", "无修正：基线为"),
    ("adjustment: ", "修正："),
    (", held in ", "，限于"),
    ("energy over ", "电量（"),
    (" h: baseline ", "小时）：基线"),
    ("baseline: ", "基线："),
    (", metered ", "，计量"),
    ("metered − baseline", "计量 − 基线"),
    ("baseline − metered", "基线 − 计量"),
)


def days_table(m: Measured, w: Word, lang: str) -> Table:
    """Every day looked at, by what became of it."""
    by_reason: dict[str, list[str]] = {}
    if m.result.days_used:
        by_reason[w("l_used")] = [day for day, _ in m.result.days_used]
    for day, reason in m.result.days_rejected:
        by_reason.setdefault(translated(reason, lang), []).append(day)
    rows = [[f"{reason} ({len(days)})", whole_days(", ".join(days))] for reason, days in by_reason.items()]
    return Table(f"{w('h_days')}: {m.result.rule.ref}", [w("t_reason"), w("t_which")], rows)


def validity(made: Statement, w: Word) -> Table | None:
    """Judgements of the result that the statement stands on; None without a promise."""
    if not made.claims:
        return None
    power = powers(made)
    rows = []
    for claim in made.claims:
        found, rule = claim.validity, validity_rules()[claim.validity.rule]
        confidence = max(source.confidence for source in rule.sources)
        rows.append(
            [f"{found.rule}@{rule.version}", w("valid" if found.valid else "invalid"), w(f"state_{claim.state.value}"),
             power.text(found.actual_mw), power.text(found.extreme_mw), hours_text(found.effective_duration_h),
             "; ".join(_because(found, rule, made, w)), confidence]
        )  # fmt: skip
    heads = [
        w("t_validity"), w("t_judged"), w("t_state"), w("t_mean", unit=power.unit), w("t_extreme", unit=power.unit),
        w("t_effective"), w("t_because"), w("t_confidence"),
    ]  # fmt: skip
    return Table(w("h_validity"), heads, rows)


def _because(found: Validity, rule: ValidityRule, made: Statement, w: Word) -> list[str]:
    """Each condition that failed, in the statement's units."""
    power, reply_mw = powers(made), made.event.committed_mw
    told = []
    if not found.qualified:
        told.append(w("why_mean", mean=power.with_unit(found.actual_mw), share=f"{rule.mean_ratio:g}",
                      reply=power.with_unit(reply_mw)))  # fmt: skip
    if not found.beyond:
        told.append(w("why_extreme", extreme=power.with_unit(found.extreme_mw, signed=True)))
    if found.effective_duration_h < rule.duration_min_h * (1 - 1e-9):
        told.append(
            w("why_duration", hours=hours_text(found.effective_duration_h), due=hours_text(rule.duration_min_h))
        )
    return told or [w("all_met")]


def sources(made: Statement, w: Word) -> Table:
    """The documents behind each rule, with their confidence."""
    rows = []
    for m in made.results:
        rule = m.result.rule
        for source in rule.sources:
            note = f" ({source.note})" if source.note else ""
            rows.append([rule.ref, source.document + note, source.confidence])
        rows.append([rule.ref, w("conform" if rule.claims_conformity else "in_manner"), rule.confidence])
    return Table(w("h_sources"), [w("t_rule"), w("t_source"), w("t_confidence")], rows)


def provenance(made: Statement, w: Word) -> Table:
    """What the results were made from, by hash."""
    rows = [[w("p_file"), made.source], [w("p_calendar"), made.calendar]]
    for m in made.results:
        rows.append([w("p_hash", rule=m.result.rule.ref), m.result.input_hash])
        rows.append([w("p_record", rule=m.result.rule.ref), m.result.rule.digest()])
    rows.append([w("p_code"), f"suandian {made.results[0].result.code_version}"])
    return Table(w("h_basis"), [w("t_what"), w("t_value")], rows)
