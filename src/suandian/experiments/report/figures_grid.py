"""Figures of the grid: the duration curve of the connection, and the energy balance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.report import tokens
from suandian.experiments.report.canvas import (
    Drawing,
    Figure,
    LegendItem,
    Pool,
    Variant,
    axis,
    base_layout,
    limit_line,
    note,
)
from suandian.experiments.report.captions import balance_sub, balance_text, duration_text, energy_unit
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table
from suandian.model.workload import FLEXIBILITY_LABELS

__all__ = ["balance_figure", "duration_figure"]

Array = NDArray[np.float64]
_ON_DARK = ("F0", "F1", "F2", "import", "discharge", "charge", "tie_in", "tie_out", "grid_losses")


def duration_figure(study: Study, pool: Pool) -> Figure:
    """Flow at the connection sorted from the highest import to the highest export, with both limits."""
    share = np.linspace(0.0, 1.0, 401)
    curves = {arm: np.quantile(study.flows[arm].net_mw, 1.0 - share) for arm in study.pair}
    title, sub, caption = duration_text(study)
    forms = {form: _duration_drawing(study, pool, share * 100.0, curves, form) for form, _ in tokens.FORMS}
    heads = [study.words("share"), *(f"{study.words.arm(arm)}, MW" for arm in study.pair)]
    points = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
    rows = [[f"{p} %", *(fixed(float(curves[arm][p * 4]), 2) for arm in study.pair)] for p in points]
    legend = [LegendItem(study.words.arm(study.control), tokens.CONTROL, "line")]
    if not study.alone:
        legend.append(LegendItem(study.words.arm(study.chosen), tokens.CHOSEN, "line"))
    return Figure(
        id="duration",
        sub=sub,
        numbers=number_table(study.place.name, heads, rows),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=tuple(legend),
        legend_forms=("wide", "medium", "narrow"),
    )


def _duration_drawing(study: Study, pool: Pool, share: Array, curves: dict[str, Array], form: str) -> Drawing:
    layout = base_layout(form, 250 if form == "narrow" else 280, 40, 26, top=10, bottom=44)
    place = study.place
    limits = [v for v in (place.import_max_mw, -place.export_max_mw) if np.isfinite(v) and v != 0]
    low = min([0.0, *limits, *(float(curve.min()) for curve in curves.values())])
    high = max([0.0, *limits, *(float(curve.max()) for curve in curves.values())])
    air = 0.1 * (high - low + 1e-3)
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": study.words.arm(arm),
            "x": pool.put(share, 2),
            "y": pool.put(curve),
            "line": {"width": 2, "color": tokens.CONTROL if arm == study.control else tokens.CHOSEN},
            "hovertemplate": "%{y:.1f} MW",
        }
        for arm, curve in curves.items()
    ]
    layout["xaxis"] = axis(
        range=[0, 100],
        tickvals=[0, 25, 50, 75, 100],
        ticktext=["0", "25", "50", "75", "100 %"],
        showgrid=False,
        title={"text": study.words("share_of_time"), "font": {"size": 11 if form == "narrow" else 12}, "standoff": 6},
        unifiedhovertitle={"text": "%{x} %"},
    )
    layout["yaxis"] = axis(range=[low - air, high + air], nticks=6)
    zero = limit_line(0.0, "y") | {"line": {"color": tokens.MUTED, "width": 1}, "layer": "below"}
    layout["shapes"] = [zero, *(limit_line(value, "y") for value in limits)]
    layout["annotations"] = [_limit_note(study, value) for value in limits]
    return {"data": data, "layout": layout}


def _limit_note(study: Study, value: float) -> dict[str, Any]:
    """The import limit is named at the right, where the curve is low; the reverse limit at the left."""
    above = value > 0
    text = study.words("limit_import" if above else "limit_export", limit=f"{fixed(abs(value), 0)} MW")
    return note(
        text,
        1 if above else 0,
        value,
        yref="y",
        xanchor="right" if above else "left",
        yanchor="top" if above else "bottom",
        xshift=0 if above else 6,
        font={"color": tokens.LIMIT},
    )


def balance_figure(study: Study, pool: Pool) -> Figure:
    """Energy into and out of the connection's area in the chosen arm: two bars of equal length."""
    flow = study.flows[study.chosen]
    step_h = study.step_h
    into = {"pv": flow.pv_mw, "wind": flow.wind_mw, "discharge": flow.discharge_mw, "import": flow.import_mw}
    into["tie_in"] = flow.tie_in_mw
    out: dict[str, Array] = {"load": flow.load_mw, "grid_losses": flow.losses_mw, "base": flow.base_mw}
    out |= {label: flow.it_mw[row] for row, label in enumerate(FLEXIBILITY_LABELS)}
    out |= {"charge": flow.charge_mw, "export": flow.export_mw, "tie_out": flow.tie_out_mw}
    sums = [
        {key: float(values.sum()) * step_h for key, values in side.items() if np.abs(values).max() > 1e-9}
        for side in (into, out)
    ]
    totals = [sum(side.values()) for side in sums]
    title, caption = balance_text(study, abs(totals[0] - totals[1]), totals[0])
    divisor, _, unit = energy_unit(totals[0])
    scaled = [{key: value / divisor for key, value in side.items()} for side in sums]
    forms = {form: _balance_drawing(study, pool, scaled, unit, form) for form, _ in tokens.FORMS}
    rows = [
        [study.words(key), study.words(side), fixed(value, 3)]
        for side, parts in zip(("in", "out"), scaled, strict=True)
        for key, value in parts.items()
    ]
    rows += [
        [study.words("total"), study.words(side), fixed(total / divisor, 3)]
        for side, total in zip(("in", "out"), totals, strict=True)
    ]
    heads = [study.words("item"), study.words("direction"), unit]
    legend = {key: LegendItem(study.words(key), _colour(key)) for side in scaled for key in side}
    return Figure(
        id="balance",
        sub=balance_sub(study, unit),
        numbers=number_table(unit, heads, rows),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=tuple(legend.values()),
        legend_forms=("wide", "medium", "narrow"),
    )


def _colour(key: str) -> str:
    fixed_colours = {
        "pv": tokens.PV,
        "wind": tokens.WIND,
        "tie_in": tokens.TIE,
        "tie_out": tokens.TIE,
        "discharge": tokens.BATTERY,
        "charge": tokens.BATTERY,
        "import": tokens.IMPORT,
        "export": tokens.EXPORT,
        "load": tokens.LOAD,
        "grid_losses": tokens.LOSSES,
        "base": tokens.BASE,
    }
    return fixed_colours.get(key) or tokens.CLASSES[key]


def _balance_drawing(study: Study, pool: Pool, sides: list[dict[str, float]], unit: str, form: str) -> Drawing:
    left = 64 if study.lang == "en" else 56
    layout = base_layout(form, 180 if form == "narrow" else 170, 40 if form == "narrow" else left, 24, top=6, bottom=30)
    layout["hovermode"] = "closest"
    layout["barmode"] = "stack"
    span = max(sum(side.values()) for side in sides) or 1.0
    plot_px = tokens.FORM_WIDTH[form] - layout["margin"]["l"] - 24
    data = []
    for place, side in zip((1, 0), sides, strict=True):
        for key, value in side.items():
            width_px = value / span * plot_px
            label, number = study.words(key), fixed(value, 1)
            long = width_px > 7.4 * len(label) * (1.7 if study.lang == "zh" else 1.0) + 12
            text = f"{label}<br>{number}" if long and form != "narrow" else number if width_px > 34 else ""
            data.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": label,
                    "y": [place],
                    "x": pool.put([value], 4),
                    "width": 0.62,
                    "text": text,
                    "textposition": "inside",
                    "insidetextanchor": "middle",
                    "textangle": 0,
                    "constraintext": "none",
                    "textfont": {"size": 11, "color": "#FFFFFF" if key in _ON_DARK else tokens.INK},
                    "marker": {"color": _colour(key), "line": {"color": "#FFFFFF", "width": 1}},
                    "hovertemplate": f"%{{x:.3f}} {unit}<extra>{label}</extra>",
                }
            )
    layout["xaxis"] = axis(range=[0, span * 1.001], nticks=5 if form == "narrow" else 8)
    layout["yaxis"] = axis(
        range=[-0.5, 1.5],
        tickvals=[1, 0],
        ticktext=[study.words("in"), study.words("out")],
        showgrid=False,
        tickfont={"color": tokens.INK, "size": 13},
    )
    return {"data": data, "layout": layout}
