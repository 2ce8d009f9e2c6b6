"""Figure: how the data centre answers sun and limits on the mean day, and the price of congestion that told it so."""

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
    nice_range,
    note,
    row_title,
)
from suandian.experiments.report.captions_network import PRICE_SHOWN_CNY_PER_MWH, price_text, response_text
from suandian.experiments.report.network import NetworkReading, congestion_cny_per_mwh
from suandian.experiments.report.network_frames import site_nets_mw
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.reading import by_hour_of_day
from suandian.experiments.report.stacks import arm_items
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table

__all__ = ["response_figure"]

Array = NDArray[np.float64]
_DOMAINS = ((0.72, 0.97), (0.37, 0.62), (0.0, 0.27))
_DOMAINS_PRICED = ((0.79, 0.975), (0.535, 0.72), (0.275, 0.475), (0.0, 0.2))


def response_figure(study: Study, pool: Pool, reading: NetworkReading) -> Figure | None:
    """Data centre's import, the county's PV, the main transformers with their limits, and the price of congestion where
    the chosen arm's plans know one that is not zero; None without a site."""
    imports = {arm: sum(site_nets_mw(study, arm).values(), np.zeros(len(study.local))) for arm in study.pair}
    if not site_nets_mw(study, study.control):
        return None
    slots = int(min(96, 86400 // study.finding.truth.axis.step_s))
    chosen = reading.arms[study.chosen]
    rows = {f"import {arm}": net for arm, net in imports.items()}
    rows |= {f"main {arm}": reading.main_mw(arm).sum(axis=1) for arm in study.pair}
    rows |= {"pv": chosen.step.pv_used_mw.sum(axis=1), "curtailed": chosen.held_mw.sum(axis=1)}
    price = congestion_cny_per_mwh(study.finding, reading.feeder, study.chosen)
    if price is not None and float(np.abs(price).max()) >= PRICE_SHOWN_CNY_PER_MWH:
        rows["price"] = price
    means = {key: by_hour_of_day(study.finding, values, slots) for key, values in rows.items()}
    title, sub, caption = response_text(study, reading, imports)
    if "price" in rows:
        caption += " " + price_text(study, rows["price"]) if study.lang == "en" else price_text(study, rows["price"])
    forms = {form: _drawing(study, pool, reading, means, form) for form, _ in tokens.FORMS}
    hourly = {key: by_hour_of_day(study.finding, values, 24) for key, values in rows.items()}
    heads = [study.words("time"), *(f"{study.words('centre_import')}: {study.words.arm(arm)}" for arm in study.pair)]
    heads += [f"{study.words('all_mains_narrow')}: {study.words.arm(arm)}" for arm in study.pair]
    heads += [study.words("pv"), study.words("curtailed")]
    if "price" in rows:
        heads.append(study.words("congestion_price_narrow"))
    table = [[f"{hour}:00", *(fixed(float(values[hour]), 2) for values in hourly.values())] for hour in range(24)]
    legend = [*arm_items(study, study.chosen), LegendItem(study.words("pv"), tokens.PV)]
    if float(means["curtailed"].max()) > 1e-6:
        legend.append(LegendItem(study.words("curtailed"), tokens.CURTAILED_HATCH, "hatch"))
    return Figure(
        id="response",
        sub=sub,
        numbers=number_table("MW", heads, table),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=tuple(legend),
        legend_forms=("wide", "medium", "narrow"),
    )


def _drawing(study: Study, pool: Pool, reading: NetworkReading, means: dict[str, Array], form: str) -> Drawing:
    priced = "price" in means
    height = (520 if form != "narrow" else 500) + (170 if priced else 0)
    layout = base_layout(form, height, 40 if form != "narrow" else 32, 26, top=16, bottom=32)
    slots = len(means["pv"])
    x = pool.put(np.append(np.arange(slots), slots) * 24.0 / slots, 4)
    limits = [float(reading.import_max_mw.sum()), -float(reading.reverse_max_mw.sum())]
    tops = [
        nice_range(0.0, max(float(means[f"import {arm}"].max()) for arm in study.pair), 0.12),
        nice_range(0.0, float((means["pv"] + means["curtailed"]).max()), 0.12),
        nice_range(*_reach(study, means, limits), 0.14),
    ]
    short = "" if form != "narrow" else "_narrow"
    titles = [study.words("centre_import"), study.words("county_solar"), study.words(f"all_mains{short}")]
    if priced:
        tops.append(_price_span(means["price"]))
        titles.append(study.words(f"congestion_price{short}"))
    domains = _DOMAINS_PRICED if priced else _DOMAINS
    for row, (span, domain, text) in enumerate(zip(tops, domains, titles, strict=True)):
        suffix = "" if row == 0 else str(row + 1)
        layout[f"yaxis{suffix}"] = axis(domain=list(domain), range=list(span), nticks=5)
        layout["annotations"].append(row_title(text, domain[1], form))
    layout["xaxis"] = axis(
        anchor="y4" if priced else "y3", range=[0, 24], tickvals=[0, 6, 12, 18, 24],
        ticktext=["0:00", "6:00", "12:00", "18:00", "24:00"], griddash="dot",
        unifiedhovertitle={"text": "%{x:.2f} h"},
    )  # fmt: skip
    data = [_line(study, pool, arm, means[f"import {arm}"], x, "y") for arm in study.pair]
    data += [_area(study, pool, key, means[key], x) for key in ("pv", "curtailed") if float(means[key].max()) > 1e-6]
    data += [_line(study, pool, arm, means[f"main {arm}"], x, "y3") for arm in study.pair]
    layout["shapes"] = [_zero("y3"), *(limit_line(value, "y3") for value in limits)]
    if priced:
        data.append(_price(study, pool, means["price"], x))
        layout["shapes"].append(_zero("y4"))
    layout["annotations"] += [_limit_note(study, reading, value) for value in limits]
    return {"data": data, "layout": layout}


def _reach(study: Study, means: dict[str, Array], limits: list[float]) -> tuple[float, float]:
    flows = [means[f"main {arm}"] for arm in study.pair]
    return min(*limits, *(float(f.min()) for f in flows)), max(*limits, *(float(f.max()) for f in flows))


def _price_span(mean_cny_per_mwh: Array) -> tuple[float, float]:
    """Range with the zero line in it and some air on both sides, CNY/MWh."""
    low, high = min(0.0, float(mean_cny_per_mwh.min())), max(0.0, float(mean_cny_per_mwh.max()))
    air = 0.12 * max(high - low, 1e-3)
    return low - air, high + air


def _zero(yref: str) -> dict[str, Any]:
    return limit_line(0.0, yref) | {"line": {"color": tokens.MUTED, "width": 1}, "layer": "below"}


def _price(study: Study, pool: Pool, mean_cny_per_mwh: Array, x: dict[str, Any]) -> dict[str, Any]:
    """The price in the colour of all prices."""
    line = _line(study, pool, study.chosen, mean_cny_per_mwh, x, "y4")
    colour = {"width": 1.8, "shape": "hv", "color": tokens.PRICE}
    return line | {"name": study.words("congestion_price_name"), "line": colour, "hovertemplate": "%{y:.1f} CNY/MWh"}


def _limit_note(study: Study, reading: NetworkReading, value: float) -> dict[str, Any]:
    text = (
        reading.rating_text(study.words, value)
        if value > 0
        else study.words("limit_export", limit=f"{fixed(-value, 0)} MW")
    )
    return note(
        text, 0, value, yref="y3", xanchor="left", xshift=6, yanchor="top" if value > 0 else "bottom",
        font={"color": tokens.LIMIT},
    )  # fmt: skip


def _line(study: Study, pool: Pool, arm: str, values: Array, x: dict[str, Any], yaxis: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": study.words.arm(arm),
        "x": x,
        "y": pool.put(np.append(values, values[-1])),
        "yaxis": yaxis,
        "line": {"width": 2, "shape": "hv", "color": tokens.CONTROL if arm == study.control else tokens.CHOSEN},
        "hovertemplate": "%{y:.1f} MW",
    }


def _area(study: Study, pool: Pool, key: str, values: Array, x: dict[str, Any]) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "name": study.words(key),
        "x": x,
        "y": pool.put(np.append(values, values[-1])),
        "yaxis": "y2",
        "stackgroup": "sun",
        "line": {"width": 0, "shape": "hv", "color": tokens.PV},
        "fillcolor": tokens.PV,
        "hovertemplate": "%{y:.1f} MW",
    }
    if key == "curtailed":
        trace |= {
            "fillcolor": tokens.CURTAILED,
            "fillpattern": {"shape": "/", "size": 6, "solidity": 0.35, "fgcolor": tokens.CURTAILED_HATCH,
                            "bgcolor": tokens.CURTAILED},
        }  # fmt: skip
    return trace
