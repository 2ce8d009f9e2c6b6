"""Figure: how much new computing and how much solar fit, by the share of the hours in which they may be curtailed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.grid.room import HostingCurve, hosting_curve
from suandian.experiments.report import tokens
from suandian.experiments.report.canvas import (
    Drawing,
    Figure,
    Pool,
    Variant,
    axis,
    base_layout,
    note,
    row_title,
)
from suandian.experiments.report.captions_hosting import curves_text
from suandian.experiments.report.network import NetworkReading
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.stacks import arm_items
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table

__all__ = ["curves_figure"]

Array = NDArray[np.float64]


def curves_figure(study: Study, pool: Pool, reading: NetworkReading) -> Figure | None:
    """Left new computing, right solar in all with today's nameplate; None with neither site nor solar."""
    truth, feeder = study.finding.truth, reading.feeder
    curves = {arm: hosting_curve(feeder, reading.arms[arm].step, truth) for arm in study.pair}
    panels = tuple(panel for panel in ("compute", "pv") if np.isfinite(_fits_mw(curves[study.control], panel)).all())
    if not panels:
        return None
    title, sub, caption = curves_text(study, curves, feeder.pv_mw, panels)
    forms = {form: _drawing(study, pool, (curves, panels), feeder.pv_mw, form) for form, _ in tokens.FORMS}
    heads = [study.words("tolerated")]
    heads += [f"{study.words(f'hosting_{panel}_short')}: {study.words.arm(arm)}" for panel in panels for arm in curves]
    rows = [
        [label, *(fixed(float(_fits_mw(curve, panel)[k]), 2) for panel in panels for curve in curves.values())]
        for k, label in enumerate(_shares(curves[study.control]))
    ]
    return Figure(
        id="hosting",
        sub=sub,
        numbers=number_table("MW", heads, rows),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=tuple(arm_items(study, study.chosen)),
        legend_forms=("wide", "medium", "narrow"),
    )


def _fits_mw(curve: HostingCurve, panel: str) -> Array:
    return curve.compute_mw if panel == "compute" else curve.pv_mw


def _shares(curve: HostingCurve) -> list[str]:
    """Tolerated shares in percent, without zeros at the end."""
    return [f"{100.0 * float(ratio):.4g} %" for ratio in curve.curtailed_ratio]


def _drawing(
    study: Study,
    pool: Pool,
    content: tuple[dict[str, HostingCurve], tuple[str, ...]],
    pv_today_mw: float,
    form: str,
) -> Drawing:
    curves, panels = content
    stacked = form == "narrow"
    layout = base_layout(form, (235 * len(panels) + 50) if stacked else 330, 40, 26, top=28, bottom=48)
    shares = _shares(curves[study.control])
    ticks = [study.words("never") if share == "0 %" else share for share in shares]
    data: list[dict[str, Any]] = []
    for number, panel in enumerate(panels):
        suffix = "" if number == 0 else str(number + 1)
        across, up = _domains(number, len(panels), stacked=stacked)
        found = {arm: _fits_mw(curve, panel) for arm, curve in curves.items()}
        data += [_curve(study, pool, arm, found, suffix, stacked=stacked) for arm in found]
        last = number == len(panels) - 1
        layout[f"xaxis{suffix}"] = axis(
            domain=list(across), anchor=f"y{suffix}", range=[-0.7 if stacked else -0.55, len(shares) - 0.4],
            tickvals=list(range(len(shares))), ticktext=ticks, showgrid=False,
            title={"text": study.words("tolerated") if last or not stacked else "", "standoff": 4,
                   "font": {"size": 11 if stacked else 12}},
        )  # fmt: skip
        span = _span(list(found.values()), pv_today_mw if panel == "pv" else 0.0)
        layout[f"yaxis{suffix}"] = axis(domain=list(up), anchor=f"x{suffix}", range=list(span), nticks=6)
        title = row_title(study.words(f"hosting_{panel}"), up[1], form)
        layout["annotations"].append(title | {"x": across[0]})
        if panel == "pv":
            layout["shapes"].append(_today(pv_today_mw, across, f"y{suffix}"))
            layout["annotations"].append(_today_note(study, pv_today_mw, across, f"y{suffix}"))
    return {"data": data, "layout": layout}


def _span(values: list[Array], shown_mw: float) -> tuple[float, float]:
    """Range of a panel that holds `shown_mw`, with air for the numbers at the dots."""
    low, high = min(shown_mw, *(float(v.min()) for v in values)), max(shown_mw, *(float(v.max()) for v in values))
    air = 0.16 * max(high - low, 0.02 * abs(high), 1e-3)
    return low - air, high + air


def _domains(number: int, count: int, *, stacked: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    """Horizontal and vertical domain of a panel; side by side, or stacked on phones."""
    gap = (0.18 if stacked else 0.09) if count > 1 else 0.0
    size = (1.0 - gap * (count - 1)) / count
    first = number * (size + gap)
    return ((0.0, 1.0), (1.0 - first - size, 1.0 - first)) if stacked else ((first, first + size), (0.0, 1.0))


def _curve(
    study: Study, pool: Pool, arm: str, found: dict[str, Array], suffix: str, *, stacked: bool
) -> dict[str, Any]:
    """Dots joined by a line; the higher arm's numbers stand above it, the other's below: off lines that only rise."""
    values, colour = found[arm], tokens.CONTROL if arm == study.control else tokens.CHOSEN
    others = [other for name, other in found.items() if name != arm]
    above = not others or float(values.sum() - others[0].sum()) > 0.0
    decimals = 0 if stacked and float(values.max()) >= 100.0 else 1
    places = ["top left"] * len(values) if above else ["bottom right"] * (len(values) - 1) + ["middle right"]
    return {
        "type": "scatter",
        "mode": "lines+markers+text",
        "name": study.words.arm(arm),
        "x": pool.put(list(range(len(values)))),
        "y": pool.put(values),
        "text": pool.put_text([fixed(float(value), decimals) for value in values]),
        "textposition": places,
        "textfont": {"size": 11, "color": tokens.CONTROL_TEXT if arm == study.control else tokens.CHOSEN},
        "cliponaxis": False,
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "line": {"width": 2, "color": colour},
        "marker": {"size": 7, "color": colour},
        "hovertemplate": "%{y:.1f} MW",
    }


def _today(pv_today_mw: float, across: tuple[float, float], yref: str) -> dict[str, Any]:
    """What stands there: a line in the colour of solar, as it is no limit."""
    return {
        "type": "line", "xref": "paper", "x0": across[0], "x1": across[1], "yref": yref, "y0": pv_today_mw,
        "y1": pv_today_mw, "line": {"color": tokens.PV, "width": 2, "dash": "dash"},
    }  # fmt: skip


def _today_note(study: Study, pv_today_mw: float, across: tuple[float, float], yref: str) -> dict[str, Any]:
    text = study.words("pv_today", size=f"{fixed(pv_today_mw, 0)} MW")
    return note(text, across[0], pv_today_mw, yref=yref, yanchor="bottom", xshift=6, yshift=2)
