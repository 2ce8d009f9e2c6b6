"""The page's sentences that depend on the numbers: verdict, headline, lead, cards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from suandian.experiments.report.numbers import NBSP, fixed, percent
from suandian.experiments.statement.figures import clock, energies, powers, ratio, span, zone_text
from suandian.experiments.statement.measure import Statement
from suandian.experiments.statement.reasons import translated
from suandian.verification.event import Direction
from suandian.verification.performance import Performance

__all__ = [
    "Word",
    "bounds_text",
    "cards",
    "headline",
    "hours_text",
    "lead",
    "level_text",
    "pill",
    "rests",
    "whole_days",
]

Word = Callable[..., str]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def level_text(result: Performance) -> str:
    """`90 %`."""
    return percent(result.level * 100, 0)


def bounds_text(result: Performance, made: Statement) -> str:
    """`2.1 … 5.8`, a dash without an interval."""
    energy = energies(made)
    if not np.isfinite(result.low_mwh):
        return "–"
    return f"{energy.text(result.low_mwh)}{NBSP}… {energy.text(result.high_mwh)}"


def pill(made: Statement, w: Word) -> str:
    """Measured or not, and whether the result can be told from zero."""
    if not made.measurable:
        return w("pill_none")
    seen = made.basis.result.distinguishable
    if seen and made.measured_mwh < 0 and made.event.direction is not Direction.MODULATE:
        return w("pill_wrong")
    return w("pill_no_interval" if seen is None else "pill_seen" if seen else "pill_unseen")


def headline(made: Statement, w: Word) -> str:
    """What the meter says; a response the wrong way is told as such."""
    if not made.measurable:
        return w("h1_none")
    direction, energy = made.event.direction.value, made.measured_mwh
    text = energies(made).with_unit(energy if direction == "modulate" else abs(energy))
    missed = energy < 0 and direction != "modulate"
    return w(f"h1_{direction}_not" if missed else f"h1_{direction}", energy=text)


def lead(made: Statement, w: Word) -> str:
    """How sure it is, by which rule, at which meter."""
    if not made.measurable:
        return w("lead_none", meter=made.meter)
    result, energy = made.basis.result, energies(made)
    if not np.isfinite(result.low_mwh):
        return w("lead_plain", rule=result.rule.ref, meter=made.meter)
    text = w(
        "lead_interval", level=level_text(result), low=energy.with_unit(result.low_mwh),
        high=energy.with_unit(result.high_mwh), rule=result.rule.ref, meter=made.meter,
    )  # fmt: skip
    gap = " " if text.isascii() or text[-1] == "." else ""
    return text if result.distinguishable else f"{text}{gap}{w('unseen')}"


def rests(made: Statement, w: Word, lang: str) -> list[str | Markup]:
    """Event, rule, days and interval; the reasons where nothing is measurable."""
    event, result = made.event, made.basis.result
    lines = [
        w(
            "rest_event", direction=w(event.direction.value), event=event.id, zone=zone_text(made.zone),
            span=span(event.start_s, event.end_s, made.zone), told=clock(event.notified_s, made.zone),
        )
    ]  # fmt: skip
    if not made.measurable:
        return [whole_days(line) for line in lines] + [
            f"{m.result.rule.ref}: {translated(reason, lang)}" for m in made.results for reason in m.result.disqualified
        ]
    rule = result.rule
    lines.append(w("rest_rule", rule=rule.ref, name=rule.name, confidence=rule.confidence))
    if result.days_used:
        days = sorted(day for day, _ in result.days_used)
        lines.append(w("rest_days", count=len(days), newest=days[-1], oldest=days[0]))
    if result.placebo_windows:
        lines.append(w("rest_windows", count=result.placebo_windows))
    if made.two is not None:
        lines.append(w("rest_two"))
    return [whole_days(line) for line in lines]


def whole_days(text: str) -> Markup:
    """A text in which days are never broken at their hyphens."""
    return Markup(_DAY.sub(r'<span class="whole">\g<0></span>', str(escape(text))))


def cards(made: Statement, w: Word) -> list[dict[str, Any]]:
    """Delivered, baseline and meter, and what came after."""
    if not made.measurable:
        return []
    return [_delivered(made, w), _baseline(made, w), _after(made, w)]


def _delivered(made: Statement, w: Word) -> dict[str, Any]:
    result, event = made.basis.result, made.event
    power, energy, hours = powers(made), energies(made), f"{made.event.duration_h:g}"
    delivery = result.delivery
    facts = []
    if delivery is not None:
        facts.append((power.with_unit(delivery.mean_mw), w("card_mean", hours=hours)))
        if np.isfinite(delivery.delivered_ratio):
            promised = (
                power.with_unit(event.committed_mw)
                if event.committed_mw > 0
                else energy.with_unit(delivery.committed_mwh)
            )
            facts.append((percent(delivery.delivered_ratio * 100, 0), w("card_promise", promised=promised)))
            facts.append((f"{delivery.effective_duration_h:g}{NBSP}h", w("card_effective")))
    if len(facts) < 3 and np.isfinite(result.low_mwh):
        half = (result.high_mwh - result.low_mwh) / 2
        facts.append((f"±{NBSP}{energy.with_unit(half)}", w("card_interval", level=level_text(result))))
    if event.committed_mw <= 0 and not event.curve_mw:
        facts.append(("–", w("card_no_promise")))
    return {"head": w("card_delivered"), "facts": facts, "target": "event", "link": w("to_figure")}


def _baseline(made: Statement, w: Word) -> dict[str, Any]:
    result, energy = made.basis.result, energies(made)
    facts = [
        (energy.with_unit(result.baseline_mwh), w("card_base")),
        (energy.with_unit(result.metered_mwh), w("card_metered")),
    ]
    if result.adjustment_kind == "ratio":
        facts.append((f"×{NBSP}{ratio(result.adjustment_ratio)}", w("card_adjusted")))
    elif result.adjustment_kind == "additive":
        facts.append((powers(made).with_unit(result.adjustment_mw, signed=True), w("card_adjusted")))
    else:
        facts.append(("–", w("card_unadjusted")))
    return {"head": w("card_baseline"), "facts": facts, "target": "hand", "link": w("to_hand")}


def _after(made: Statement, w: Word) -> dict[str, Any]:
    back, energy = made.basis.rebound, energies(made)
    hours = "24"
    if back is None or not np.isfinite(back.rebound_mwh):
        facts = [("–", w("card_none_after"))]
    else:
        hours = f"{back.window_h:g}"
        above = powers(made).with_unit(back.above_before_mw, signed=True) if np.isfinite(back.above_before_mw) else "–"
        facts = [
            (energy.with_unit(back.rebound_mwh), w("card_rebound")),
            (energy.with_unit(back.net_mwh), w("card_net")),
            (above, w("card_peak")),
        ]
    return {"head": w("card_after", hours=hours), "facts": facts, "target": "event", "link": w("to_after")}


def hours_text(value_h: float) -> str:
    """Hours with up to two decimals."""
    return fixed(value_h, 2).rstrip("0").rstrip(".")
