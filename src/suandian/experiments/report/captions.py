"""Titles and captions of the figures: the finding first, in words that follow from the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from suandian.experiments.report.behind import delayed_share_percent
from suandian.experiments.report.numbers import fixed, percent, round_half_up, tagged
from suandian.experiments.report.prose import control_phrase
from suandian.experiments.report.reading import Flows, computing_mwh
from suandian.experiments.report.sentences import sentence
from suandian.experiments.report.study import Study
from suandian.model.workload import FLEXIBILITY_LABELS

__all__ = [
    "balance_sub",
    "balance_text",
    "day_text",
    "delay_text",
    "duration_text",
    "surplus_mask",
    "week_caption",
    "week_sub",
    "week_title",
    "where_text",
]


def say(study: Study, key: str, **gaps: Markup | str) -> Markup:
    """A pattern in the language of the study, filled."""
    return sentence(study.lang, key, **gaps)


def surplus_mask(flow: Flows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Where available solar exceeds what cannot wait: local load, idle and cooling, interactive computing."""
    urgent = flow.it_mw[[FLEXIBILITY_LABELS.index("F0"), FLEXIBILITY_LABELS.index("F1")]].sum(axis=0)
    mask = (flow.pv_available_mw > flow.load_mw + flow.base_mw + urgent) & (flow.pv_available_mw > 0)
    return np.asarray(mask, dtype=np.bool_)


def _inside_outside(study: Study, arm: str) -> tuple[float, float]:
    """Mean computing power of the shown week inside and outside the pale bands; NaN where there is none."""
    span = slice(study.window.first, study.window.last)
    mask = surplus_mask(study.flows[study.control])[span]
    power = study.flows[arm].computing_mw[span]
    inside = float(power[mask].mean()) if mask.any() else float("nan")
    return inside, float(power[~mask].mean()) if (~mask).any() else float("nan")


def week_title(study: Study, arm: str) -> Markup:
    """Did computing follow the sun in the shown week, against the control?"""
    if arm == study.control:
        return (
            say(study, "week_control", control=control_phrase(study))
            if arm == "run_now"
            else say(study, "week_none", arm=study.words.arm(arm))
        )
    inside, _ = _inside_outside(study, arm)
    if np.isnan(inside):
        return say(study, "week_no_sun", arm=study.words.arm(arm))
    before = round_half_up(_inside_outside(study, study.control)[0], 1)
    delta = round_half_up(inside, 1) - before
    if abs(delta) < max(0.02 * float(before), 0.05):
        return say(study, "week_none", arm=study.words.arm(arm))
    number = study.fact(f"sunny_delta_mw.{arm}", float(delta), 1, "MW", signed=True)
    return say(study, "week_in" if delta > 0 else "week_out", arm=study.words.arm(arm), delta=number)


def week_sub(study: Study) -> Markup:
    """Period of the shown week, and how to read the rows."""
    days = study.window.days
    period = tagged("date", "week", "", study.period(days[0], days[-1]))
    said = [say(study, "week_sub", period=period)]
    if len(days) > 3:
        said.append(Markup('<span class="narrow-only">{}</span>').format(say(study, "week_sub_phone")))
    return Markup(" " if study.lang == "en" else "").join(said)


def week_caption(study: Study, arm: str) -> Markup:
    """Why this week, and what computing draws inside and outside the pale bands."""
    inside, outside = _inside_outside(study, arm)
    window = study.window
    if np.isnan(inside):
        return say(study, "week_caption_dark", outside=study.fact(f"outside_mw.{arm}", outside, 1, "MW"))
    return say(
        study,
        "week_caption",
        cloudy=tagged("date", "cloudiest", "", study.day_label(window.days[window.cloudiest])),
        sunny=tagged("date", "sunniest", "", study.day_label(window.days[window.sunniest])),
        inside=study.fact(f"inside_mw.{arm}", inside, 1, "MW"),
        outside=study.fact(f"outside_mw.{arm}", 0.0 if np.isnan(outside) else outside, 1, "MW"),
    )


def day_text(study: Study, peaks: Mapping[str, tuple[str, float]], *, banded: bool) -> tuple[Markup, Markup, Markup]:
    """`peaks` is arm → (time of day, MW) of the highest computing power of the mean day."""
    before, after = peaks[study.control], peaks[study.chosen]
    times = {
        "before": tagged("date", "peak_time", study.control, before[0]),
        "after": tagged("date", "peak_time", study.chosen, after[0]),
    }
    sizes = {
        "before": study.fact(f"day_peak_mw.{study.control}", before[1], 1, "MW"),
        "after": study.fact(f"day_peak_mw.{study.chosen}", after[1], 1, "MW"),
    }
    sub = say(study, "day_sub", place=study.place.name)
    if banded:
        sub += Markup(". " if study.lang == "en" else "。") + say(
            study, "day_band" if study.by_tariff else "day_band_spot"
        )
    if study.alone:
        return say(study, "day_title_alone", **times), sub, say(study, "day_caption_alone")
    title = say(
        study, "day_title_same" if before[0] == after[0] else "day_title", control=control_phrase(study), **times
    )
    return title, sub, say(study, "day_caption", **sizes)


def energy_unit(total_mwh: float) -> tuple[float, int, str]:
    """Divisor, decimals and unit for energies of this size."""
    return (1000.0, 2, "GWh") if total_mwh >= 2000 else (1.0, 1, "MWh")


def where_text(study: Study) -> tuple[Markup, Markup, Markup]:
    """Which site gained most, as shown; nothing is claimed below half a percent of the total."""
    sites = range(len(study.finding.truth.fleet.sites))
    totals = {arm: [float(computing_mwh(study.finding, arm, row).sum()) for row in sites] for arm in study.pair}
    whole = {arm: sum(values) for arm, values in totals.items()}
    divisor, decimals, unit = energy_unit(max(whole.values()))
    sub = say(study, "where_sub", unit=unit)
    sums = {
        "before": study.fact(f"it_total.{study.control}", whole[study.control] / divisor, decimals, unit),
        "after": study.fact(f"it_total.{study.chosen}", whole[study.chosen] / divisor, decimals, unit),
    }
    if study.alone:
        return say(study, "where_title_alone"), sub, say(study, "where_caption_alone", **sums)
    gains = [
        round_half_up(after / divisor, decimals) - round_half_up(before / divisor, decimals)
        for before, after in zip(totals[study.control], totals[study.chosen], strict=True)
    ]
    caption = say(study, "where_caption", **sums)
    paused = (
        study.finding.arms[study.chosen].jobs["pauses"].sum() > study.finding.arms[study.control].jobs["pauses"].sum()
    )
    if paused and whole[study.chosen] > 1.005 * whole[study.control]:
        caption += Markup(" " if study.lang == "en" else "") + say(study, "where_repeated")
    best = max(sites, key=lambda row: gains[row])
    if float(gains[best]) * divisor < 0.005 * whole[study.control]:
        return say(study, "where_title_same"), sub, caption
    delta = study.fact("site_gain", float(gains[best]), decimals, unit)
    return (
        say(study, "where_title", site=study.site_name(best), delta=delta, control=control_phrase(study)),
        sub,
        caption,
    )


def delay_text(study: Study) -> tuple[Markup, Markup, Markup]:
    """Title, sub-line and caption of the delay figure."""
    shares = {
        name: study.fact(f"delayed_percent.{arm}", delayed_share_percent(study, arm), 1, "%")
        for name, arm in (("before", study.control), ("after", study.chosen))
    }
    title = say(study, "delay_title_alone" if study.alone else "delay_title", control=control_phrase(study), **shares)
    caption = say(
        study,
        "delay_caption",
        p95=study.numbers.value("delay_p95_h", study.chosen),
        misses=study.numbers.value("deadline_misses", study.chosen),
    )
    return title, say(study, "delay_sub"), caption


def duration_text(study: Study) -> tuple[Markup, Markup, Markup]:
    """Title, sub-line and caption of the duration curve."""
    peaks = [study.fact(f"place_peak_mw.{a}", float(study.flows[a].import_mw.max()), 1, "MW") for a in study.pair]
    lows = [study.fact(f"place_export_mw.{a}", float(study.flows[a].export_mw.max()), 1, "MW") for a in study.pair]
    sub = say(study, "duration_sub", place=study.place.name)
    if study.alone:
        return (
            say(study, "duration_title_alone", before=peaks[0], low_before=lows[0]),
            sub,
            say(study, "duration_caption_alone"),
        )
    hours = {
        "hours_before": study.numbers.value("reverse_limit_h", study.control),
        "hours_after": study.numbers.value("reverse_limit_h", study.chosen),
    }
    caption = "duration_caption" if study.finding.truth.fleet.feeders else "duration_caption_alone"
    exports = any(study.flows[arm].export_mw.max() > 0 for arm in study.pair)
    pairs = [("import", peaks), ("export", lows)] if exports else [("import", peaks)]
    changes = [_went(study, what, *pair) for what, pair in pairs]
    return Markup("; " if study.lang == "en" else "；").join(changes), sub, say(study, caption, **hours)


def _went(study: Study, what: str, before: Markup, after: Markup) -> Markup:
    """`Peak import goes from … to …`, or that it stays."""
    if before.striptags() == after.striptags():
        return say(study, f"{what}_stays", value=after)
    return say(study, f"{what}_goes", before=before, after=after)


def balance_text(study: Study, error_mwh: float, total_mwh: float) -> tuple[Markup, Markup]:
    """The bound that holds: a power of ten above the error, or the error itself where the balance is open.

    The error is the larger of the KPI, which covers every interval and meter, and that of the sums drawn.
    """
    error_mwh = max(error_mwh, study.finding.arms[study.chosen].kpis.get("energy_balance_error_mwh", 0.0))
    if error_mwh > 1e-6 * max(total_mwh, 1.0):
        error = study.fact("balance_error_mwh", error_mwh, 3, "MWh")
        return say(study, "balance_title_open", error=error), say(study, "balance_caption")
    exponent = max(-12, int(np.ceil(np.log10(max(error_mwh, 1e-12)))))
    text = Markup("10<sup>{}</sup>\u00a0MWh").format(fixed(exponent, 0))
    error = Markup('<data value="bound|balance_error_mwh|{}">{}</data>').format(exponent, text)
    return say(study, "balance_title", error=error), say(study, "balance_caption")


def balance_sub(study: Study, unit: str) -> Markup:
    """Place, period, arm and unit of the balance."""
    return say(study, "balance_sub", place=study.place.name, arm=study.words.arm(study.chosen), unit=unit)


def signed_percent(values: Sequence[float]) -> str:
    """Change from the first to the second of two shown values, or nothing where the first is zero."""
    first, second = values
    return percent(round_half_up((second - first) / first * 100, 0), 0, signed=True) if first else ""
