"""A statement for the terminal: what was measured, by which days, with the arithmetic written out."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np

from suandian.experiments.statement.by_hand import ByHand
from suandian.experiments.statement.document import two_reasons
from suandian.experiments.statement.figures import Figures, clock, energies, powers, ratio, span, zone_text
from suandian.experiments.statement.measure import Measured, Statement
from suandian.verification.baseline import DAY_TEXT, DayState
from suandian.verification.performance import Performance
from suandian.verification.validity import validity_rules

__all__ = ["hand_lines", "headline", "table", "text_of"]

_WIDTH = 110
_WRAP: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def text_of(made: Statement) -> str:
    """The whole statement as plain text."""
    parts = [_head(made), headline(made), _results(made), _two(made)]
    parts += [_hand(made, m) for m in made.results if m.by_hand is not None]
    parts += [_rejected(m) for m in made.results if m.result.days_rejected]
    parts += [_after(made), _validity(made), _notes(made), _provenance(made)]
    return "\n\n".join(part for part in parts if part).replace("\u00a0", " ")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: frozenset[int] = frozenset({0})) -> str:
    """Columns for people; those of `left` are words, the others figures, right-aligned."""
    widths = [max(len(line[at]) for line in [heads, *rows]) for at in range(len(heads))]

    def cells(line: Sequence[str]) -> str:
        sides = ["<" if at in left else ">" for at in range(len(heads))]
        return "  ".join(f"{cell:{side}{wide}}" for cell, side, wide in zip(line, sides, widths, strict=True)).rstrip()

    return "\n".join(cells(line) for line in [heads, ["─" * wide for wide in widths], *rows])


def headline(made: Statement) -> str:
    """One sentence: what was measured, and how sure it is."""
    if not made.measurable:
        lines = [fill(f"- {reason}", _WIDTH, subsequent_indent="  ", **_WRAP) for reason in made.reasons]
        return "\n".join(["NOT MEASURABLE", *lines])
    energy, result = energies(made), made.basis.result
    word = {"shed": "reduction", "fill": "increase"}.get(made.event.direction.value, "response")
    text = f"measured {word}: {energy.with_unit(made.measured_mwh)} by {result.rule.ref}"
    if not np.isfinite(result.low_mwh):
        return text + "; no interval"
    seen = "distinguishable from zero" if result.distinguishable else "NOT distinguishable from zero"
    low, high = energy.text(result.low_mwh), energy.text(result.high_mwh)
    return text + f"; {result.level * 100:.0f} % interval {low} … {high} {energy.unit}: {seen}"


def hand_lines(made: Statement, measured: Measured) -> list[str]:
    """The steps from the listed days to the reduction, each with its numbers."""
    hand, result = measured.by_hand, measured.result
    if hand is None:
        return []
    power, energy = powers(made), energies(made)
    mean_mw, hours = float(hand.mean_mw.mean()), result.axis.duration_h
    lines = [f"mean of the days: Σ weight · load = {power.with_unit(mean_mw)}"]
    base_mw = float(result.baseline_mw.mean())
    if result.adjustment_kind == "ratio" and len(hand.window_mw):
        lines += _ratio_lines(hand, result, power, mean_mw, base_mw)
    elif result.adjustment_kind == "additive" and len(hand.window_mw):
        actual, mean = power.text(hand.window_actual_mw), power.text(hand.window_mean_mw)
        added = power.text(result.adjustment_mw, signed=True)
        lines.append(f"adjustment: {actual} − {mean} = {added} {power.unit}")
        lines.append(f"baseline: {power.text(mean_mw)} {added} = {power.with_unit(base_mw)}")
    else:
        lines.append(f"no adjustment: the baseline is {power.with_unit(base_mw)}")
    metered = power.with_unit(float(result.metered_mw.mean()))
    lines.append(
        f"energy over {hours:g} h: baseline {energy.with_unit(result.baseline_mwh)}, metered {metered} "
        f"× {hours:g} h = {energy.with_unit(result.metered_mwh)}"
    )
    sign = "metered − baseline" if made.event.direction.value == "fill" else "baseline − metered"
    lines.append(f"{sign} = {energy.with_unit(result.delivered_mwh)}")
    return lines


def _ratio_lines(hand: ByHand, result: Performance, power: Figures, mean_mw: float, base_mw: float) -> list[str]:
    rule = result.rule.adjustment
    actual, mean = power.text(hand.window_actual_mw), power.text(hand.window_mean_mw)
    bounds = [f"{'–' if side is None else format(side, 'g')}" for side in (rule.low_ratio, rule.high_ratio)]
    held = f", held in {bounds[0]} … {bounds[1]}: {ratio(result.adjustment_ratio)}" if bounds != ["–", "–"] else ""
    return [
        f"adjustment: {actual} / {mean} = {ratio(result.adjustment_raw_ratio)}{held}",
        f"baseline: {power.text(mean_mw)} × {ratio(result.adjustment_ratio)} = {power.with_unit(base_mw)}",
    ]


def _head(made: Statement) -> str:
    event = made.event
    promised = f", promised {powers(made).with_unit(event.committed_mw)}" if event.committed_mw > 0 else ""
    when = f"{span(event.start_s, event.end_s, made.zone)} {zone_text(made.zone)}"
    return (
        f"statement: event {event.id} at meter {made.meter} ({made.source})\n"
        f"{event.direction.value} {when}, {event.duration_h:g} h, told {clock(event.notified_s, made.zone)}{promised}"
    )


def _results(made: Statement) -> str:
    energy = energies(made)
    rows = []
    for m in made.results:
        r = m.result
        rows.append(
            [
                r.rule.ref, r.rule.confidence, r.outcome.name.lower().replace("_", " "), energy.text(r.baseline_mwh),
                energy.text(r.metered_mwh) if r.measurable else "–", energy.text(r.delivered_mwh),
                f"{energy.text(r.low_mwh)} … {energy.text(r.high_mwh)}" if np.isfinite(r.low_mwh) else "–",
                _adjustment(r, powers(made)), str(len(r.days_used)) if r.days_used else "–",
            ]
        )  # fmt: skip
    heads = ["rule", "conf.", "outcome", f"baseline, {energy.unit}", "metered", "delivered", "90 % interval",
             "adjustment raw → applied", "days"]  # fmt: skip
    return table(heads, rows)


def _adjustment(r: Performance, power: Figures) -> str:
    if r.adjustment_kind == "none" or not r.measurable:
        return "–"
    if r.adjustment_kind == "ratio":
        return f"{ratio(r.adjustment_raw_ratio)} → {ratio(r.adjustment_ratio)}"
    return f"{power.text(r.adjustment_raw_mw, signed=True)} → {power.text(r.adjustment_mw, signed=True)} {power.unit}"


def _two(made: Statement) -> str:
    if made.two is None:
        return ""
    told = f"two baselines: {' and '.join(made.pair)}; "
    if made.two.basis == "none":
        return told + "neither is measurable, nothing is credited"
    told += f"the lesser stands: {energies(made).with_unit(made.two.credited_mwh)} by {made.basis.result.rule.ref}"
    reasons = [f"  look: {reason}" for reason in two_reasons(made)]
    return "\n".join([told, *reasons])


def _hand(made: Statement, m: Measured) -> str:
    hand = m.by_hand
    if hand is None:
        return ""
    power = powers(made)
    event = span(made.event.start_s, made.event.end_s, made.zone, day=False)
    windows = ", ".join(span(*one, made.zone, day=False) for one in hand.window_spans_s)
    heads = ["day", "weight", f"{event}, {power.unit}", *([windows] if windows else [])]
    rows = [
        [
            day,
            f"{weight:.4g}",
            power.text(float(row.mean())),
            *([power.text(float(hand.window_mw[at]))] if windows else []),
        ]
        for at, (day, weight, row) in enumerate(zip(hand.days, hand.weight_ratio, hand.event_mw, strict=True))
    ]
    rows.append(["Σ weight · load", "1", power.text(float(hand.mean_mw.mean())),
                 *([power.text(hand.window_mean_mw)] if windows else [])])  # fmt: skip
    rows.append(["event day, metered", "", power.text(float(m.result.metered_mw.mean())),
                 *([power.text(hand.window_actual_mw)] if windows else [])])  # fmt: skip
    return "\n".join([f"{m.result.rule.ref} by hand", table(heads, rows), *hand_lines(made, m)])


def _rejected(m: Measured) -> str:
    by_reason: dict[str, list[str]] = {}
    for day, reason in m.result.days_rejected:
        by_reason.setdefault(reason, []).append(day)
    lines = [f"{m.result.rule.ref}, days not used"]
    for reason, days in by_reason.items():
        # The days that were not needed are told by their ends; page and JSON list them.
        told = f"{days[0]} … {days[-1]}" if reason == DAY_TEXT[DayState.SPARE] and len(days) > 3 else ", ".join(days)
        lines.append(fill(f"  {reason} ({len(days)}): {told}", _WIDTH, subsequent_indent="    ", **_WRAP))
    return "\n".join(lines)


def _after(made: Statement) -> str:
    back = made.basis.rebound
    if back is None or not made.measurable or not np.isfinite(back.rebound_mwh):
        return ""
    energy = energies(made)
    peak = powers(made).with_unit(back.above_before_mw, signed=True)
    told = (
        f"in the {back.window_h:g} h after: {energy.with_unit(back.rebound_mwh)} above the baseline, net of that "
        f"{energy.with_unit(back.net_mwh)}; highest load against the day before the notice {peak}"
    )
    return fill(told.replace("\u00a0", " "), _WIDTH, subsequent_indent="  ", **_WRAP)


def _validity(made: Statement) -> str:
    if not made.claims:
        return ""
    rows = []
    for claim in made.claims:
        found = claim.validity
        confidence = max(source.confidence for source in validity_rules()[found.rule].sources)
        judged = "valid" if found.valid else "not valid"
        rows.append([found.rule, confidence, claim.state.value, judged, "; ".join(found.reasons)])
    return table(["validity rule", "conf.", "state", "judgement", "because"], rows, left=frozenset({0, 2, 3, 4}))


def _notes(made: Statement) -> str:
    notes = [*made.notes, *(f"{m.result.rule.ref}: {note}" for m in made.results for note in m.result.notes)]
    return "\n".join(fill(f"- {note}", _WIDTH, subsequent_indent="  ", **_WRAP) for note in dict.fromkeys(notes))


def _provenance(made: Statement) -> str:
    lines = [f"{m.result.rule.ref}  input {m.result.input_hash}" for m in made.results]
    return "\n".join([*lines, f"calendar {made.calendar}; suandian {made.results[0].result.code_version}"])
