"""Figures of the network: duration curves of the main transformers, and which villages lose their solar."""

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
    row_title,
)
from suandian.experiments.report.captions_network import Held, evenly, held_text, mains_text
from suandian.experiments.report.network import NetworkReading
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.stacks import arm_items
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table
from suandian.experiments.report.words import place_name

__all__ = ["held_back", "held_figure", "mains_figure"]

Array = NDArray[np.float64]
_PANELS = 4
_BARS = 15
_BARS_EVEN = 4  # where all lose the same share, a few say it


def mains_figure(study: Study, pool: Pool, reading: NetworkReading) -> Figure:
    """Signed flow through each main transformer (the four largest), sorted, with rating and reverse limit."""
    shown = np.sort(np.argsort(-reading.import_max_mw, kind="stable")[:_PANELS])
    share = np.linspace(0.0, 1.0, 401)
    curves = {arm: np.quantile(reading.main_mw(arm)[:, shown], 1.0 - share, axis=0) for arm in study.pair}
    ids = [reading.main_ids[row] for row in shown.tolist()]
    title, sub, caption = mains_text(study, reading)
    forms = {form: _mains_drawing(study, pool, reading, (shown, ids), curves, form) for form, _ in tokens.FORMS}
    heads = [study.words("share"), *(f"{name}, {study.words.arm(arm)}, MW" for name in ids for arm in study.pair)]
    points = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
    rows = [
        [f"{p} %", *(fixed(float(curves[arm][p * 4, k]), 2) for k in range(len(ids)) for arm in study.pair)]
        for p in points
    ]
    return Figure(
        id="mains",
        sub=sub,
        numbers=number_table(study.place.name, heads, rows),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=tuple(arm_items(study, study.chosen)),
        legend_forms=("wide", "medium", "narrow"),
    )


def _mains_drawing(
    study: Study,
    pool: Pool,
    reading: NetworkReading,
    shown: tuple[NDArray[np.intp], list[str]],
    curves: dict[str, Array],
    form: str,
) -> Drawing:
    rows, ids = shown
    stacked, count = form == "narrow", len(ids)
    layout = base_layout(form, (210 * count + 60) if stacked else 300, 40, 26, top=28, bottom=44)
    limits = [(float(reading.import_max_mw[k]), -float(reading.reverse_max_mw[k])) for k in rows.tolist()]
    low = min([0.0, *(pair[1] for pair in limits), *(float(c.min()) for c in curves.values())])
    high = max([0.0, *(pair[0] for pair in limits), *(float(c.max()) for c in curves.values())])
    air = 0.12 * (high - low + 1e-3)
    share = pool.put(np.linspace(0.0, 100.0, 401), 2)
    data: list[dict[str, Any]] = []
    for panel, name in enumerate(ids):
        suffix = "" if panel == 0 else str(panel + 1)
        across, up = _domains(panel, count, stacked=stacked)
        data += [_curve(study, pool, arm, share, curve[:, panel], suffix) for arm, curve in curves.items()]
        last = not stacked or panel == count - 1
        layout[f"xaxis{suffix}"] = axis(
            domain=list(across), anchor=f"y{suffix}", range=[0, 100], tickvals=[0, 25, 50, 75, 100],
            ticktext=_share_ticks(last=last, beside=not stacked and panel < count - 1), showgrid=False,
            title={"text": study.words("share_of_time") if last and (stacked or panel == 0) else "", "standoff": 6,
                   "font": {"size": 11 if stacked else 12}},
            unifiedhovertitle={"text": "%{x} %"},
        )  # fmt: skip
        layout[f"yaxis{suffix}"] = axis(
            domain=list(up), anchor=f"x{suffix}", range=[low - air, high + air], nticks=6,
            showticklabels=stacked or panel == 0,
        )  # fmt: skip
        title = row_title(name if form != "wide" else study.words("main_flow", name=name), up[1], form)
        layout["annotations"].append(title | {"x": across[0]})
        zero = limit_line(0.0, f"y{suffix}") | {"line": {"color": tokens.MUTED, "width": 1}, "layer": "below"}
        for shape, value in ((zero, 0.0), *((limit_line(v, f"y{suffix}"), v) for v in limits[panel])):
            layout["shapes"].append(shape | {"x0": across[0], "x1": across[1]})
            if value != 0.0:
                text = _limit_text(study, reading, value, short=not stacked and count > (1 if form == "medium" else 2))
                layout["annotations"].append(_limit_note(text, value, across, f"y{suffix}"))
    return {"data": data, "layout": layout}


def _share_ticks(*, last: bool, beside: bool) -> list[str]:
    """Ticks of a panel; the last one would touch the first of a panel beside."""
    return ["0", "25", "50", "75", "" if beside else "100 %"] if last else [""] * 5


def _curve(study: Study, pool: Pool, arm: str, share: dict[str, Any], values: Array, suffix: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": study.words.arm(arm),
        "x": share,
        "y": pool.put(values),
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "line": {"width": 2, "color": tokens.CONTROL if arm == study.control else tokens.CHOSEN},
        "hovertemplate": "%{y:.1f} MW",
    }


def _domains(panel: int, count: int, *, stacked: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    """Horizontal and vertical domain of a panel; side by side, or stacked on phones."""
    gap = (0.14 if stacked else 0.04) if count > 1 else 0.0
    size = (1.0 - gap * (count - 1)) / count
    first = panel * (size + gap)
    return ((0.0, 1.0), (1.0 - first - size, 1.0 - first)) if stacked else ((first, first + size), (0.0, 1.0))


def _limit_text(study: Study, reading: NetworkReading, value: float, *, short: bool) -> str:
    if value > 0.0:
        return reading.rating_text(study.words, value, short=short)
    return study.words("limit_export", limit=f"{fixed(-value, 0)} MW")


def _limit_note(text: str, value: float, across: tuple[float, float], yref: str) -> dict[str, Any]:
    """What may be carried is named at the right, where the curve is low; the reverse limit at the left."""
    above = value > 0.0
    return note(
        text, across[1] if above else across[0], value, yref=yref, xanchor="right" if above else "left",
        yanchor="top" if above else "bottom", xshift=0 if above else 6, font={"color": tokens.LIMIT},
    )  # fmt: skip


def held_back(study: Study, reading: NetworkReading) -> list[Held]:
    """What every village could have fed and what was held back, most in the control (by share) first."""
    buses = reading.network.buses
    names = [group or name for group, name in zip(buses.groups, buses.ids, strict=True)]
    keys = list(
        dict.fromkeys(
            names[bus] for bus in np.flatnonzero(reading.arms[study.control].step.pv_available_mw.any(axis=0)).tolist()
        )
    )
    found = []
    for key in keys:
        rows = [bus for bus, name in enumerate(names) if name == key]
        available = float(reading.arms[study.control].step.pv_available_mw[:, rows].sum()) * study.step_h
        held = {arm: float(part.held_mw[:, rows].sum()) * study.step_h for arm, part in reading.arms.items()}
        found.append(Held(place_name(key, study.lang), available, held))
    return sorted(found, key=lambda village: -village.percent(study.control))


def held_figure(study: Study, pool: Pool, reading: NetworkReading) -> Figure | None:
    """Bars of the share held back, control and chosen; None where nothing is held back in either arm."""
    villages = held_back(study, reading)
    if not any(sum(village.held_mwh.values()) > 1e-3 for village in villages):
        return None
    bars = _bars(study, villages)
    title, sub, caption = held_text(study, villages)
    forms = {form: _held_drawing(study, pool, bars, form) for form, _ in tokens.FORMS}
    heads = [study.words("village"), study.words("available_energy")]
    for arm in study.pair:
        heads += [f"{study.words.arm(arm)}: {study.words('held_energy')}", f"{study.words.arm(arm)}: %"]
    rows = [
        [village.name, fixed(village.available_mwh, 1)]
        + [cell for arm in study.pair for cell in (fixed(village.held_mwh[arm], 1), fixed(village.percent(arm), 1))]
        for village in villages
    ]
    return Figure(
        id="held",
        sub=sub,
        numbers=number_table(study.words("held_share"), heads, rows),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=tuple(LegendItem(item.label, item.colour) for item in arm_items(study, study.chosen)),
        legend_forms=("wide", "medium", "narrow"),
        max_width_px=820,
    )


def _bars(study: Study, villages: list[Held]) -> list[Held]:
    """The villages drawn: those with a loss, the others of them together, and how many have none."""
    even = evenly(study, villages)
    hit = [
        village for village in villages if even or any(fixed(village.percent(arm), 1) != "0.0" for arm in study.pair)
    ]
    count = _BARS_EVEN if even else _BARS
    bars, parts = (
        hit[:count],
        {"other_villages": hit[count:], "villages_without": [v for v in villages if v not in hit]},
    )
    for key, rest in parts.items():
        if rest:
            together = {arm: sum(village.held_mwh[arm] for village in rest) for arm in study.pair}
            name = study.words(key, count=str(len(rest)))
            bars.append(Held(name, sum(village.available_mwh for village in rest), together))
    return bars


def _held_drawing(study: Study, pool: Pool, bars: list[Held], form: str) -> Drawing:
    left = min(160, 16 + 7 * max(len(bar.name) for bar in bars)) if study.lang == "en" else 120
    layout = base_layout(form, 40 + 27 * len(bars), max(left, 90), 34, top=6, bottom=30)
    layout["hovermode"] = "closest"
    layout["barmode"] = "group"
    layout["bargap"] = 0.3
    most = max(bar.percent(arm) for bar in bars for arm in study.pair)
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": study.words.arm(arm),
            "x": pool.put([bar.percent(arm) for bar in bars], 3),
            "y": pool.put(list(range(len(bars)))),
            "text": pool.put_text([fixed(bar.percent(arm), 1) for bar in bars]),
            "textposition": "outside",
            "textangle": 0,
            "cliponaxis": False,
            "textfont": {"size": 10, "color": tokens.INK},
            "marker": {"color": tokens.CONTROL if arm == study.control else tokens.CHOSEN},
            "hovertemplate": "%{x:.2f} %",
        }
        for arm in study.pair
    ]
    layout["xaxis"] = axis(range=[0, most * 1.06 + 0.01], nticks=5, ticksuffix=" %")
    layout["yaxis"] = axis(
        range=[len(bars) - 0.5, -0.5], tickvals=list(range(len(bars))), ticktext=[bar.name for bar in bars],
        showgrid=False, tickfont={"color": tokens.INK},
    )  # fmt: skip
    return {"data": data, "layout": layout}
