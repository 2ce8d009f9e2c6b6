"""The statement as one HTML file, English and Chinese, that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from suandian.experiments.classification.drawings import both_forms
from suandian.experiments.report import tokens
from suandian.experiments.report.pieces import Picture, Table, environment, resource_text, style
from suandian.experiments.statement import views
from suandian.experiments.statement.document import two_reasons
from suandian.experiments.statement.drawings import (
    BAND,
    DAY_FILL,
    EVENT,
    Curve,
    DayView,
    Result,
    day_picture,
    days_picture,
    rules_picture,
)
from suandian.experiments.statement.figures import clock, energies, powers, ratio, span, zone_text
from suandian.experiments.statement.measure import Measured, Statement
from suandian.experiments.statement.reasons import translated
from suandian.experiments.statement.tables import days_table, hand_part, provenance, sources, validity
from suandian.experiments.statement.words import word
from suandian.verification.baseline import DAY_TEXT, DayState
from suandian.verification.event import Direction

__all__ = ["html"]

_LANGUAGES = ("en", "zh")
_SECOND = (tokens.CLASSES["F4"], tokens.CONTROL, tokens.CONTROL)
_SPARE = {DAY_TEXT[state] for state in (DayState.SPARE, DayState.POOLED)}
_OTHER = {DAY_TEXT[state] for state in (DayState.OTHER_TYPE, DayState.SKIPPED)}


def html(made: Statement, lang: str = "en") -> str:
    """The whole page; `lang` (`en` or `zh`) is the language in which it opens. Raises `ValueError` for another."""
    if lang not in _LANGUAGES:
        raise ValueError(f"the page speaks 'en' and 'zh', not {lang!r}")
    template = environment().from_string(resource_text(__package__, "template.html"))
    return template.render(
        lang=lang,
        title=f"{made.event.id} · {word(lang, 'eyebrow')}",
        lost=tokens.CONTROL,
        bodies=[_body(made, language) for language in _LANGUAGES],
        style=style("suandian verify", "suandian.experiments.classification", __package__),
    )


def _body(made: Statement, lang: str) -> dict[str, Any]:
    """What the template needs in one language."""
    w = partial(word, lang)
    hands = [part for m in made.results if (part := hand_part(made, m, w)) is not None]
    looked = made.basis.result
    return {
        "lang": lang,
        "w": w,
        "event": made.event.id,
        "pill": views.pill(made, w),
        "headline": views.headline(made, w),
        "lead": views.lead(made, w),
        "rests": views.rests(made, w, lang),
        "cards": views.cards(made, w),
        "day": _day(made, w),
        "rules_picture": _rules_picture(made, w) if made.measurable else None,
        "rules": _rules(made, w),
        "two": _two(made, w, lang),
        "hands": hands,
        "unit": powers(made).unit,
        "how": w(f"how_{looked.rule.family.value}"),
        "calendar": _calendar(made, w) if looked.days_used or looked.days_rejected else None,
        "rejected": [days_table(m, w, lang) for m in made.results if m.result.days_used or m.result.days_rejected],
        "validity": validity(made, w),
        "notes": _notes(made, lang),
        "sources": sources(made, w),
        "provenance": provenance(made, w),
    }


def _day(made: Statement, w: views.Word) -> Picture:
    power, basis, event = powers(made), made.basis, made.event
    result = basis.result
    ordered = [basis, *(m for m in made.results if m is not basis and m.result.measurable)] if made.measurable else []
    colours = [tokens.CHOSEN, *_SECOND][: len(ordered)]
    curves = [
        _baseline_curve(m, colour, "" if m is basis else "5 3") for m, colour in zip(ordered, colours, strict=False)
    ]
    # Drawn last, over the baselines: it is what was read.
    metered = Curve(made.day.axis.start_s, made.day.metered_mw, tokens.IMPORT, 2.0)
    windows = basis.by_hand.window_spans_s if basis.by_hand is not None else ()
    band = _band(made) if made.measurable and np.isfinite(result.low_mwh) else None
    view = DayView(made.day.axis, made.zone, (event.start_s, event.end_s), windows, [*reversed(curves), metered], band)
    if made.measurable:
        mean_mw = float(result.baseline_mw.mean() - result.metered_mw.mean())
        side = w("below" if mean_mw >= 0 else "over")
        start, end = (clock(at, made.zone, day=False) for at in (event.start_s, event.end_s))
        title = w("f_event", start=start, end=end, power=power.with_unit(abs(mean_mw)), side=side)
    else:
        title = w("f_event_none")
    legend = [("line", tokens.IMPORT, w("l_metered"))]
    legend += [("line", c, w("l_baseline", rule=m.result.rule.ref)) for m, c in zip(ordered, colours, strict=False)]
    legend += [("fill", BAND, w("l_band", level=views.level_text(result)))] if band is not None else []
    legend += [("fill", EVENT, w("l_event"))]
    legend += [("line", tokens.CONTROL, w("l_window"))] if windows else []
    caption = w("c_event", level=views.level_text(result)) if band is not None else w("c_event_plain")
    words = {"l_event": w("l_event")}
    return Picture(
        "day", title, w("s_event", unit=power.unit, zone=zone_text(made.zone)),
        both_forms(title, lambda form: day_picture(view, power, words, form)), caption, legend,
        _interval_table(made, title, w),
    )  # fmt: skip


def _baseline_curve(m: Measured, colour: str, dash: str) -> Curve:
    """The baseline over the event and carried on after it."""
    result = m.result
    return Curve(
        result.axis.start_s, np.concatenate([result.baseline_mw, m.after_mw]), colour, 2.5 if not dash else 1.5, dash
    )


def _band(made: Statement) -> tuple[Curve, Curve]:
    """The baseline less and plus what its interval allows, over the event."""
    result = made.basis.result
    hours = result.axis.duration_h
    sides = [(bound - result.delivered_mwh) / hours for bound in (result.low_mwh, result.high_mwh)]
    if made.event.direction is Direction.FILL:
        sides = [-side for side in reversed(sides)]
    # A meter that never exports has no load below zero: the band ends there, the figures in the text do not.
    floor_mw = 0.0 if np.nanmin(made.day.metered_mw) >= 0 else -np.inf
    low, high = (
        Curve(result.axis.start_s, np.maximum(result.baseline_mw + side, floor_mw), "none", 0.0) for side in sides
    )
    return low, high


def _interval_table(made: Statement, title: str, w: views.Word) -> Table | None:
    if not made.measurable:
        return None
    power, result = powers(made), made.basis.result
    step_s = result.axis.step_s
    starts = [int(s) for s in result.axis.starts_s()]
    rows = [
        [span(at, at + step_s, made.zone), power.text(base), power.text(read), power.text(q, signed=True)]
        for at, base, read, q in zip(starts, result.baseline_mw, result.metered_mw, result.reduction_mw, strict=True)
    ]
    heads = [w("t_interval"), w("t_baseline", unit=power.unit), w("t_metered", unit=power.unit),
             w("t_difference", unit=power.unit)]  # fmt: skip
    return Table(title, heads, rows)


def _rules_picture(made: Statement, w: views.Word) -> Picture:
    energy = energies(made)
    results = []
    for m in made.results:
        r = m.result
        told = w("not_measurable")
        if r.measurable:
            bounds = f"  [{views.bounds_text(r, made)}]" if np.isfinite(r.low_mwh) else ""
            told = energy.with_unit(r.delivered_mwh) + bounds
        results.append(
            Result(r.rule.ref, r.delivered_mwh, r.low_mwh, r.high_mwh, told, made.measurable and m is made.basis)
        )
    delivery = made.basis.result.delivery
    promised_mwh = delivery.committed_mwh if delivery is not None and made.event.committed_mw > 0 else 0.0
    promised = w("promised", energy=energy.with_unit(promised_mwh))
    title = _rules_title(made, w)
    return Picture(
        "rules", title, w("s_rules", level=views.level_text(made.basis.result), unit=energy.unit),
        both_forms(title, lambda form: rules_picture(results, promised_mwh, promised, form)), w("c_rules"),
    )  # fmt: skip


def _rules_title(made: Statement, w: views.Word) -> str:
    energy = energies(made)
    found = [m.result for m in made.results if m.result.measurable]
    if len(found) == 1:
        return w("f_rules", rule=found[0].rule.ref, energy=energy.with_unit(found[0].delivered_mwh))
    one, other = found[0], found[1]
    return w("f_rules_two", first=one.rule.ref, one=energy.with_unit(one.delivered_mwh), second=other.rule.ref,
             other=energy.with_unit(other.delivered_mwh))  # fmt: skip


def _rules(made: Statement, w: views.Word) -> Table:
    energy, power = energies(made), powers(made)
    rows = []
    for m in made.results:
        r = m.result
        raw = applied = "–"
        if r.measurable and r.adjustment_kind == "ratio":
            raw, applied = f"× {ratio(r.adjustment_raw_ratio)}", f"× {ratio(r.adjustment_ratio)}"
        elif r.measurable and r.adjustment_kind == "additive":
            raw, applied = (power.with_unit(v, signed=True) for v in (r.adjustment_raw_mw, r.adjustment_mw))
        metered = energy.text(r.metered_mwh) if r.measurable else "–"
        rows.append(
            [r.rule.ref, w(r.outcome.name.lower()), energy.text(r.baseline_mwh), metered,
             energy.text(r.delivered_mwh), views.bounds_text(r, made), raw, applied,
             str(len(r.days_used)) if r.days_used else "–", r.rule.confidence]
        )  # fmt: skip
    heads = [
        w("t_rule"), w("t_outcome"), w("t_baseline", unit=energy.unit), w("t_metered", unit=energy.unit),
        w("t_delivered", unit=energy.unit), w("t_bounds", level=views.level_text(made.basis.result)), w("t_raw"),
        w("t_applied"), w("t_days"), w("t_confidence"),
    ]  # fmt: skip
    return Table(w("h_rules"), heads, rows)


def _two(made: Statement, w: views.Word, lang: str) -> list[str]:
    if made.two is None:
        return []
    if made.two.basis == "none":
        return [w("two_none")]
    lines = [w("two_lesser", energy=energies(made).with_unit(made.two.credited_mwh), rule=made.basis.result.rule.ref)]
    looked = [w("two_look", reason=translated(reason, lang)) for reason in two_reasons(made)]
    return lines + (looked or [w("two_agree")])


def _calendar(made: Statement, w: views.Word) -> Picture:
    result = made.basis.result
    states = {day: "used" for day, _ in result.days_used}
    for day, reason in result.days_rejected:
        states[day] = "spare" if reason in _SPARE else "other" if reason in _OTHER else "lost"
    event_day = clock(made.event.start_s, made.zone)[:10]
    title = w("f_days" if made.measurable else "f_days_found", used=len(result.days_used), looked=len(states))
    weekdays: Sequence[str] = w("weekdays").split()
    keys = [key for key in ("used", "spare", "other", "lost") if key in states.values()]
    swatches = {key: ("fill", DAY_FILL[key][0]) for key in keys} | {"lost": ("hatch", tokens.CONTROL)}
    legend = [(*swatches[key], w(f"l_{key}")) for key in keys]
    return Picture(
        "days", title, w("s_days", rule=result.rule.ref),
        both_forms(title, lambda form: days_picture(states, event_day, weekdays, form)), w("c_days"),
        [*legend, ("outline", tokens.INK, w("l_event_day"))],
    )  # fmt: skip


def _notes(made: Statement, lang: str) -> list[str]:
    notes = [translated(note, lang) for note in made.notes]
    notes += [f"{m.result.rule.ref}: {translated(note, lang)}" for m in made.results for note in m.result.notes]
    return list(dict.fromkeys(notes))
