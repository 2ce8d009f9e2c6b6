"""Layout of the week figure: rows, day lines, pale bands, limits, and labels at the side."""

from __future__ import annotations

from typing import Any

import numpy as np

from suandian.experiments.report import tokens
from suandian.experiments.report.canvas import LegendItem, axis, base_layout, limit_line, note, row_title, side_labels
from suandian.experiments.report.captions import surplus_mask
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.reading import runs
from suandian.experiments.report.stacks import Stacks, arm_items, series_items
from suandian.experiments.report.study import Study
from suandian.experiments.report.week_clock import Clock, limits_mw

__all__ = ["week_layout"]

DOMAINS = ((0.725, 0.985), (0.405, 0.665), (0.225, 0.355), (0.115, 0.185), (0.0, 0.07))
_HEIGHT = {"wide": 860, "medium": 860, "narrow": 900}
_SIDES = {"wide": (46, 176), "medium": (44, 16), "narrow": (36, 12)}


def week_layout(
    study: Study,
    clock: Clock,
    ranges: list[tuple[float, float]],
    arm: str,
    form: str,
    stacks: Stacks,
) -> dict[str, Any]:
    """The layout of one form; side labels in the wide one, labels of the limits inside the row elsewhere."""
    left, right = _SIDES[form]
    layout = base_layout(form, _HEIGHT[form], left, right, top=8, bottom=30)
    plot_px = _HEIGHT[form] - 38.0
    first, last = clock.narrow_days if form == "narrow" else (0, len(clock.labels))
    layout["xaxis"] = axis(
        range=[clock.borders[first], clock.borders[last]],
        tickvals=clock.noons,
        ticktext=clock.labels,
        showgrid=False,
        anchor="y5",
        type="date",
        hoverformat="%m-%d %H:%M",
    )
    for row, (domain, span) in enumerate(zip(DOMAINS, ranges, strict=True)):
        layout[f"yaxis{row + 1}" if row else "yaxis"] = axis(
            domain=list(domain), range=list(span), nticks=5 if row < 2 else 4, anchor="x", separatethousands=True
        )
    narrow = "_narrow" if form == "narrow" else ""
    through = f"through{narrow}" if study.place.shared else "through_site"
    for key, domain in zip(("goes", f"comes{narrow}", through, "price", "carbon_row"), DOMAINS, strict=True):
        layout["annotations"].append(row_title(study.words(key), domain[1], form))
    layout["shapes"] = _shapes(study, clock)
    if form == "wide":
        layout["annotations"] += _wide_labels(study, clock, ranges, arm, stacks, plot_px)
    else:
        layout["annotations"] += _limit_notes(study, ranges[2])
    return layout


def _shapes(study: Study, clock: Clock) -> list[dict[str, Any]]:
    mask = surplus_mask(study.flows[study.control])[clock.span]
    bridge = max(1, round(1.0 / study.step_h))
    stamps = study.local[clock.span]
    step = np.timedelta64(study.finding.truth.axis.step_s, "s")
    bands = [
        {
            "type": "rect",
            "layer": "below",
            "xref": "x",
            "yref": "paper",
            "x0": str(stamps[first]).replace("T", " "),
            "x1": str(stamps[last - 1] + step).replace("T", " "),
            "y0": 0,
            "y1": 0.985,
            "line": {"width": 0},
            "fillcolor": tokens.SURPLUS,
        }
        for first, last in runs(mask, bridge=bridge, least=max(1, bridge // 2))
    ]
    borders = [
        {
            "type": "line",
            "layer": "below",
            "xref": "x",
            "yref": "paper",
            "x0": border,
            "x1": border,
            "y0": 0,
            "y1": 0.985,
            "line": {"color": tokens.RULE, "width": 1},
        }
        for border in clock.borders
    ]
    zeros = [
        limit_line(0.0, yref) | {"line": {"color": tokens.MUTED, "width": 1}, "layer": "below"} for yref in ("y2", "y3")
    ]
    return bands + borders + zeros + [limit_line(value, "y3") for value in limits_mw(study)]


def _limit_texts(study: Study) -> list[tuple[float, str]]:
    return [
        (value, study.words("limit_import" if value > 0 else "limit_export", limit=fixed(abs(value), 0)))
        for value in limits_mw(study)
    ]


def _limit_notes(study: Study, span: tuple[float, float]) -> list[dict[str, Any]]:
    """Labels of the limits inside the row, on white, where there is no room beside it."""
    domain = DOMAINS[2]
    notes = []
    for value, text in _limit_texts(study):
        y = domain[0] + (value - span[0]) / (span[1] - span[0]) * (domain[1] - domain[0])
        notes.append(
            note(
                text,
                1,
                y,
                xanchor="right",
                yanchor="top" if value > 0 else "bottom",
                bgcolor="rgba(255,255,255,.85)",
                borderpad=1,
                font={"color": tokens.LIMIT, "size": 11},
            )
        )
    return notes


#: Where labels of sources stand, as shares of the row's height.
_LADDER = (("curtailed", 0.92), ("pv", 0.74), ("wind", 0.56), ("tie_in", 0.42), ("discharge", 0.3), ("import", 0.15))


def _wide_labels(
    study: Study,
    clock: Clock,
    ranges: list[tuple[float, float]],
    arm: str,
    stacks: Stacks,
    plot_px: float,
) -> list[dict[str, Any]]:
    items = series_items(study)
    uses, sources, leaving = stacks
    labels = []
    top: list[tuple[LegendItem, float]] = []
    base = 0.0
    for key, values in uses.items():
        height = float(clock.thin(values)[-1])
        top.append((items[key], base + height / 2))
        base += height
    if arm != study.control:
        top.append((items["total_at_once"], max(base, ranges[0][1] * 0.6) + 1.0))
    labels += side_labels(top, DOMAINS[0], ranges[0], plot_px)
    ladder = [(items[key], ranges[1][1] * share) for key, share in _LADDER if key in sources]
    ladder += [
        (items[key], ranges[1][0] * share)
        for key, share in (("charge", 0.3), ("export", 0.6), ("tie_out", 0.9))
        if key in leaving
    ]
    labels += side_labels(ladder, DOMAINS[1], ranges[1], plot_px)
    flow_items = [
        (item, float(clock.thin(study.flows[name].net_mw)[-1]))
        for item, name in zip(arm_items(study, arm), (study.control, arm), strict=False)
    ]
    flow_items += [
        (LegendItem(f'<span style="color:{tokens.LIMIT}">{text}</span>', tokens.LIMIT, "line"), value)
        for value, text in _limit_texts(study)
    ]
    labels += side_labels(flow_items, DOMAINS[2], ranges[2], plot_px)
    return labels
