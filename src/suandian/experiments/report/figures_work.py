"""Figures of the work: the mean day, where it ran, and how long it waited."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.report import tokens
from suandian.experiments.report.canvas import Drawing, Figure, LegendItem, Pool, Variant, axis, base_layout, note
from suandian.experiments.report.captions import day_text, delay_text, energy_unit, signed_percent, where_text
from suandian.experiments.report.numbers import fixed, round_half_up
from suandian.experiments.report.reading import by_hour_of_day, computing_mwh, low_hours
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table
from suandian.model.workload import FLEXIBILITY_LABELS

__all__ = ["day_figure", "delay_figure", "where_figure"]

Array = NDArray[np.float64]
_ON_DARK = ("F0", "F1", "F2")


def class_legend(study: Study, energy: Array) -> tuple[LegendItem, ...]:
    """Swatches of the labels that have any energy, urgent first; `energy` has shape `(labels,)`."""
    return tuple(
        LegendItem(study.words(label), tokens.CLASSES[label])
        for row, label in enumerate(FLEXIBILITY_LABELS)
        if energy[row] > 1e-6
    )


def arm_colour(study: Study, arm: str) -> str:
    """Colour of an arm's name in text."""
    return tokens.CONTROL_TEXT if arm == study.control else tokens.CHOSEN


def day_figure(study: Study, pool: Pool) -> Figure:
    """Computing by class on the mean day, control beside chosen (stacked on phones), same scale."""
    slots = int(min(96, 86400 // study.finding.truth.axis.step_s))
    means = {arm: by_hour_of_day(study.finding, study.flows[arm].it_mw, slots) for arm in study.pair}
    peaks = {}
    for arm, values in means.items():
        total = values.sum(axis=0)
        top = int(np.argmax(total))
        peaks[arm] = (_clock_time(top / slots * 24.0), float(total[top]))
    price = study.finding.truth.price_cny_per_mwh[study.place.sites[0] if study.place.sites else 0]
    bands = low_hours(by_hour_of_day(study.finding, price, slots))
    title, sub, caption = day_text(study, peaks, banded=bool(bands))
    forms = {form: _day_drawing(study, pool, means, bands, form) for form, _ in tokens.FORMS}
    hourly = {arm: by_hour_of_day(study.finding, study.flows[arm].it_mw, 24) for arm in study.pair}
    labels = [row for row in range(len(FLEXIBILITY_LABELS)) if any(m[row].max() > 1e-6 for m in means.values())]
    heads = [study.words("time")]
    heads += [f"{study.words.arm(arm)}: {study.words(FLEXIBILITY_LABELS[row])}" for arm in study.pair for row in labels]
    rows = [
        [_clock_time(hour), *(fixed(hourly[arm][row, hour], 2) for arm in study.pair for row in labels)]
        for hour in range(24)
    ]
    energy = np.max([m.max(axis=1) for m in means.values()], axis=0)
    return Figure(
        id="day",
        sub=sub,
        numbers=number_table("MW", heads, rows),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=class_legend(study, energy),
        legend_forms=("wide", "medium", "narrow"),
    )


def _clock_time(time_h: float) -> str:
    return f"{int(time_h)}:{round(time_h % 1 * 60):02d}"


def _day_drawing(study: Study, pool: Pool, means: dict[str, Array], bands: list[tuple[int, int]], form: str) -> Drawing:
    slots = next(iter(means.values())).shape[-1]
    stacked = form == "narrow"
    height = {"wide": 300, "medium": 270, "narrow": 470 if len(means) > 1 else 260}[form]
    layout = base_layout(form, height, 40 if form != "narrow" else 32, 24, top=26, bottom=32)
    top = max(float(values.sum(axis=0).max()) for values in means.values()) * 1.12 + 1e-3
    x = pool.put(np.append(np.arange(slots), slots) * 24.0 / slots, 4)
    data: list[dict[str, Any]] = []
    for panel, (arm, values) in enumerate(means.items()):
        suffix = "" if panel == 0 else "2"
        data += [
            _day_area(study, pool, label, values[row], x, suffix)
            for row, label in enumerate(FLEXIBILITY_LABELS)
            if values[row].max() > 1e-6
        ]
        across, up = _panel(panel, len(means), stacked)
        layout[f"xaxis{suffix}"] = axis(
            domain=list(across),
            anchor=f"y{suffix}",
            range=[0, 24],
            tickvals=[0, 6, 12, 18, 24],
            # The last hour would touch the first of the panel beside.
            ticktext=["0:00", "6:00", "12:00", "18:00", "" if across[1] < 1.0 else "24:00"],
            showgrid=False,
            ticks="outside",
            ticklen=7,
            tickcolor="#FFFFFF",
            unifiedhovertitle={"text": "%{x:.2f} h"},
        )
        layout[f"yaxis{suffix}"] = axis(domain=list(up), anchor=f"x{suffix}", range=[0, top], nticks=5)
        name = f'<b><span style="color:{arm_colour(study, arm)}">{study.words.arm(arm)}</span></b>, MW'
        layout["annotations"].append(note(name, across[0], up[1], yanchor="bottom", yshift=6))
        for first, last in bands:
            _low_band(study, layout, suffix, (first / slots * 24, last / slots * 24), (across, up), form)
    return {"data": data, "layout": layout}


def _panel(panel: int, panels: int, stacked: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    """Horizontal and vertical domain of a panel."""
    if panels == 1:
        return (0.0, 1.0), (0.0, 1.0)
    if stacked:
        return (0.0, 1.0), ((0.56, 1.0), (0.0, 0.44))[panel]
    return ((0.0, 0.475), (0.525, 1.0))[panel], (0.0, 1.0)


def _low_band(
    study: Study,
    layout: dict[str, Any],
    suffix: str,
    hours: tuple[float, float],
    domain: tuple[tuple[float, float], tuple[float, float]],
    form: str,
) -> None:
    across, up = domain
    layout["shapes"].append(
        {
            "type": "rect",
            "layer": "below",
            "xref": f"x{suffix}",
            "x0": hours[0],
            "x1": hours[1],
            "yref": "paper",
            "y0": up[0],
            "y1": up[1],
            "line": {"width": 0},
            "fillcolor": tokens.PANEL,
        }
    )
    width_px = (hours[1] - hours[0]) / 24 * (across[1] - across[0]) * (tokens.FORM_WIDTH[form] - 64)
    if width_px >= 60:
        layout["annotations"].append(
            note(
                study.words("low_tariff" if study.by_tariff else "low_price"),
                sum(hours) / 2,
                up[1],
                xref=f"x{suffix}",
                xanchor="center",
                yanchor="top",
                font={"size": 11, "color": tokens.MUTED},
            )
        )


def _day_area(study: Study, pool: Pool, label: str, values: Array, x: dict[str, Any], suffix: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": study.words(label),
        "x": x,
        "y": pool.put(np.append(values, values[-1])),
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "stackgroup": f"day{suffix}",
        "line": {"width": 0, "shape": "hv", "color": tokens.CLASSES[label]},
        "fillcolor": tokens.CLASSES[label],
        "hovertemplate": "%{y:.1f} MW",
    }


def where_figure(study: Study, pool: Pool) -> Figure:
    """Per site two bars (control, plan) stacked by class, total and change at the end."""
    sites = range(len(study.finding.truth.fleet.sites))
    energy = np.array([[computing_mwh(study.finding, arm, row) for row in sites] for arm in study.pair])
    divisor, decimals, unit = energy_unit(float(energy.sum(axis=(1, 2)).max()))
    title, sub, caption = where_text(study)
    forms = {form: _where_drawing(study, pool, energy / divisor, decimals, unit, form) for form, _ in tokens.FORMS}
    labels = [row for row in range(len(FLEXIBILITY_LABELS)) if energy[..., row].max() > 1e-6]
    heads = [study.words("site"), *(study.words(FLEXIBILITY_LABELS[row]) for row in labels), study.words("total")]
    rows = [
        [
            f"{study.site_name(site)} · {study.words.arm(arm)}",
            *(fixed(energy[a, site, row] / divisor, 3) for row in labels),
            fixed(energy[a, site].sum() / divisor, 3),
        ]
        for site in sites
        for a, arm in enumerate(study.pair)
    ]
    return Figure(
        id="where",
        sub=sub,
        numbers=number_table(unit, heads, rows),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=class_legend(study, energy.max(axis=(0, 1))),
        legend_forms=("wide", "medium", "narrow"),
    )


def _where_drawing(study: Study, pool: Pool, energy: Array, decimals: int, unit: str, form: str) -> Drawing:
    arms, sites, _ = energy.shape
    height = 46 + sites * (24 + 32 * arms)
    layout = base_layout(form, height, {"wide": 92, "medium": 92, "narrow": 76}[form], 100, top=4, bottom=30)
    right = {"wide": 100, "medium": 92, "narrow": 82}[form]
    layout["margin"]["r"] = right
    layout["hovermode"] = "closest"
    pitch = arms + 0.8
    places = [[-(site * pitch + 0.9 + arm) for site in range(sites)] for arm in range(arms)]
    totals = energy.sum(axis=2)
    span = max(float(totals.max()), 1e-6)
    data: list[dict[str, Any]] = []
    for row, label in enumerate(FLEXIBILITY_LABELS):
        if energy[..., row].max() <= 1e-6:
            continue
        values = energy[..., row].ravel()
        plot_px = tokens.FORM_WIDTH[form] - layout["margin"]["l"] - right
        shown = [
            study.words(label) if form == "wide" and v / span * plot_px > 7.2 * len(study.words(label)) + 30 else ""
            for v in values
        ]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": study.words(label),
                "y": pool.put(np.ravel(places), 3),
                "x": pool.put(values, 4),
                "width": 0.78,
                "text": shown,
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"size": 11, "color": "#FFFFFF" if label in _ON_DARK else tokens.INK},
                "marker": {"color": tokens.CLASSES[label], "line": {"color": "#FFFFFF", "width": 1}},
                "hovertemplate": f"%{{x:.3f}} {unit}<extra>{study.words(label)}</extra>",
            }
        )
    layout["barmode"] = "stack"
    layout["xaxis"] = axis(range=[0, span], ticksuffix="", nticks=5 if form == "narrow" else 7, title=None)
    layout["yaxis"] = axis(range=[-(sites * pitch - 0.2), 0.35], showticklabels=False, showgrid=False)
    for site in range(sites):
        head = f"<b>{escape(study.site_name(site), quote=False)}</b>"
        layout["annotations"].append(note(head, 0, -(site * pitch) - 0.1, yref="y", xref="x", yanchor="middle"))
        for arm, name in enumerate(study.pair):
            layout["annotations"] += _where_notes(study, name, totals[:, site], arm, places[arm][site], decimals, form)
    return {"data": data, "layout": layout}


def _where_notes(
    study: Study, name: str, totals: Array, arm: int, y: float, decimals: int, form: str
) -> list[dict[str, Any]]:
    size = 11 if form == "narrow" else 12
    short = study.words.arm(name)
    shown = [float(round_half_up(float(value), decimals)) for value in totals]
    text = fixed(shown[arm], decimals)
    if arm:
        change = signed_percent(shown)
        text += f"  <b>{change}</b>" if change else ""
    font = {"size": size, "color": arm_colour(study, name)}
    return [
        note(short, 0, y, yref="y", xanchor="right", xshift=-6, font=font),
        note(text, float(totals[arm]), y, xref="x", yref="y", xshift=6, font={"size": size, "color": tokens.INK}),
    ]


def delay_figure(study: Study, pool: Pool) -> Figure:
    """Share of jobs in six bins of delay, control beside chosen, the value on each bar."""
    shares = {arm: delay_shares_percent(study, arm) for arm in study.pair}
    title, sub, caption = delay_text(study)
    forms = {form: _delay_drawing(study, pool, shares, form) for form, _ in tokens.FORMS}
    rows = [[study.words(f"bin_{bin_}"), *(fixed(shares[arm][bin_], 2) for arm in study.pair)] for bin_ in range(6)]
    heads = [study.words("delay"), *(study.words.arm(arm) for arm in study.pair)]
    legend = [LegendItem(study.words.arm(study.control), tokens.CONTROL)]
    if not study.alone:
        legend.append(LegendItem(study.words.arm(study.chosen), tokens.CHOSEN))
    return Figure(
        id="delay",
        sub=sub,
        numbers=number_table("%", heads, rows),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=tuple(legend),
        legend_forms=("wide", "medium", "narrow"),
        max_width_px=820,
    )


def delay_shares_percent(study: Study, arm: str) -> Array:
    """Share of jobs per bin: below a minute, below 1, 4, 12, 24 hours, and above; percent, shape `(6,)`."""
    delay_h = study.finding.arms[arm].jobs["delay_h"].drop_nulls().to_numpy()
    found = np.bincount(np.searchsorted([1 / 60, 1, 4, 12, 24], delay_h, side="right"), minlength=6)
    return np.asarray(found / max(len(delay_h), 1) * 100.0, dtype=np.float64)


def _delay_drawing(study: Study, pool: Pool, shares: dict[str, Array], form: str) -> Drawing:
    layout = base_layout(form, 260 if form == "narrow" else 290, 44 if form != "narrow" else 36, 8, top=22, bottom=30)
    layout["hovermode"] = "closest"
    layout["barmode"] = "group"
    layout["bargap"] = 0.3
    hours = study.words("hours")
    bins = [study.words(f"bin_{bin_}") for bin_ in range(6)]
    if form == "narrow":
        # Six labels share 300 px: the unit moves below them.
        bins = [text.removesuffix(hours).strip() for text in bins]
    data = [
        {
            "type": "bar",
            "name": study.words.arm(arm),
            "x": bins,
            "y": pool.put(values, 3),
            "text": [_bar_text(value, form) for value in values],
            "textposition": "outside",
            "cliponaxis": False,
            "textangle": 0,
            "constraintext": "none",
            "textfont": {
                "size": 10 if form == "narrow" else 12,
                "color": tokens.CONTROL_TEXT if arm == study.control else tokens.CHOSEN,
            },
            "marker": {"color": tokens.CONTROL if arm == study.control else tokens.CHOSEN},
            "hovertemplate": "%{y:.1f} %<extra>" + study.words.arm(arm) + "</extra>",
        }
        for arm, values in shares.items()
    ]
    layout["xaxis"] = axis(type="category", showgrid=False)
    if form == "narrow":
        layout["margin"]["b"] = 46
        layout["xaxis"]["title"] = {"text": hours, "font": {"size": 11}, "standoff": 4}
    layout["yaxis"] = axis(range=[0, max(float(max(v.max() for v in shares.values())) * 1.08, 1.0)], nticks=5)
    return {"data": data, "layout": layout}


def _bar_text(value: float, form: str) -> str:
    if 0 < value < 0.5:
        return "<1" if form == "narrow" else "< 1 %"
    text = fixed(value, 0)
    return text if form == "narrow" else f"{text} %"
