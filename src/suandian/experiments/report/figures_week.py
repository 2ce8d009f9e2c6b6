"""Figure: a week at the connection in five rows on one clock, one variant per arm."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from suandian.experiments.report import tokens
from suandian.experiments.report.canvas import (
    Drawing,
    Figure,
    LegendItem,
    Pool,
    Variant,
)
from suandian.experiments.report.captions import week_caption, week_sub, week_title
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.stacks import series_items, stacks, week_legend
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table
from suandian.experiments.report.week_clock import Clock, make_clock, row_ranges, signals
from suandian.experiments.report.week_layout import week_layout

__all__ = ["week_figure"]

Array = NDArray[np.float64]


def week_figure(study: Study, pool: Pool) -> Figure:
    """Uses and sources stacked, flow at the connection with its limits, price and carbon."""
    clock = make_clock(study, pool)
    ranges = row_ranges(study, clock)
    variants = {
        name: Variant(
            label=study.words.arm(name),
            title=week_title(study, name),
            caption=week_caption(study, name),
            forms={form: _drawing(study, pool, clock, ranges, name, form) for form, _ in tokens.FORMS},
        )
        for name in study.finding.arms
    }
    days = tuple(
        (first, last, label) for first, last, label in zip(clock.borders, clock.borders[1:], clock.labels, strict=False)
    )
    return Figure(
        id="week",
        sub=week_sub(study),
        numbers=_table(study),
        variants=variants,
        default=study.chosen,
        legend=week_legend(study),
        legend_forms=("medium", "narrow"),
        days=days if len(days) > 1 else (),
    )


def _drawing(study: Study, pool: Pool, clock: Clock, ranges: list[tuple[float, float]], arm: str, form: str) -> Drawing:
    flow, control = study.flows[arm], study.flows[study.control]
    items = series_items(study)
    data: list[dict[str, Any]] = []
    uses, sources, leaving = stacks(flow)
    for row, group, stack in (("y", "uses", uses), ("y2", "sources", sources), ("y2", "leaving", leaving)):
        data += [_area(clock, pool, items[key], key, values, row, group) for key, values in stack.items()]
    if arm != study.control:
        total = control.load_mw + control.losses_mw + control.base_mw + control.computing_mw
        data.append(_line(clock, pool, total, items["total_at_once"].label, tokens.CONTROL_TEXT, "y", dash="dot"))
    net = [(study.control, tokens.CONTROL)] + ([(arm, tokens.CHOSEN)] if arm != study.control else [])
    data += [_line(clock, pool, study.flows[name].net_mw, study.words.arm(name), colour, "y3") for name, colour in net]
    price, carbon = signals(study)
    data.append(_line(clock, pool, price, study.words("price"), tokens.PRICE, "y4", decimals=0))
    data.append(_line(clock, pool, carbon, study.words("carbon_row"), tokens.CARBON, "y5", decimals=0, shape="linear"))
    return {"data": data, "layout": week_layout(study, clock, ranges, arm, form, (uses, sources, leaving))}


def _area(
    clock: Clock, pool: Pool, item: LegendItem, key: str, values: Array, yaxis: str, group: str
) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "name": item.label,
        "x": clock.x,
        "y": pool.put(clock.thin(values)),
        "yaxis": yaxis,
        "stackgroup": group,
        "line": {"width": 0, "shape": "hv", "color": item.colour},
        "fillcolor": item.colour,
        "hovertemplate": "%{y:.1f} MW",
    }
    if key == "curtailed":
        trace["fillpattern"] = {
            "shape": "/",
            "size": 6,
            "solidity": 0.35,
            "fgcolor": tokens.CURTAILED_HATCH,
            "bgcolor": tokens.CURTAILED,
        }
    return trace


def _line(
    clock: Clock,
    pool: Pool,
    values: Array,
    name: str,
    colour: str,
    yaxis: str,
    *,
    dash: str = "solid",
    decimals: int = 2,
    shape: str = "hv",
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": clock.x,
        "y": pool.put(clock.thin(values), decimals),
        "yaxis": yaxis,
        "line": {"width": 1.6, "color": colour, "dash": dash, "shape": shape},
        "hovertemplate": "%{y:,.0f}" if decimals == 0 else "%{y:.1f} MW",
    }


def _table(study: Study) -> Markup:
    """Energy of each shown day in the chosen arm, MWh."""
    flow, window = study.flows[study.chosen], study.window
    items = series_items(study)
    columns = {key: values for stack in stacks(flow) for key, values in stack.items()}
    rows = []
    for day, first, last in zip(window.days, window.edges, window.edges[1:], strict=False):
        energy = [abs(float(values[first:last].sum())) * study.step_h for values in columns.values()]
        rows.append([study.day_label(day), *(fixed(value, 1) for value in energy)])
    heads = [study.words("day"), *(items[key].label for key in columns)]
    return number_table(f"{study.words.arm(study.chosen)}, MWh", heads, rows)
