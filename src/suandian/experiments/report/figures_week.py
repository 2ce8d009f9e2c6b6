"""Figure: a week at the connection in five rows on one clock, one variant per arm."""

from __future__ import annotations

from dataclasses import dataclass
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
    axis,
    base_layout,
    limit_line,
    nice_range,
    note,
    row_title,
    side_labels,
)
from suandian.experiments.report.captions import week_caption, week_sub, week_title
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.reading import Flows, runs, wide_mean
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table
from suandian.model.workload import FLEXIBILITY_LABELS

__all__ = ["surplus_mask", "week_figure"]

Array = NDArray[np.float64]
_DOMAINS = ((0.725, 0.985), (0.405, 0.665), (0.225, 0.355), (0.115, 0.185), (0.0, 0.07))
_HEIGHT = {"wide": 860, "medium": 860, "narrow": 900}
_SIDES = {"wide": (46, 176), "medium": (44, 16), "narrow": (36, 12)}


def surplus_mask(flow: Flows) -> NDArray[np.bool_]:
    """Where available solar exceeds what cannot wait: local load, idle and cooling, interactive computing."""
    urgent = flow.it_mw[[FLEXIBILITY_LABELS.index("F0"), FLEXIBILITY_LABELS.index("F1")]].sum(axis=0)
    mask: NDArray[np.bool_] = (flow.pv_available_mw > flow.load_mw + flow.base_mw + urgent) & (flow.pv_available_mw > 0)
    return mask


@dataclass(frozen=True)
class _Clock:
    """The shown week thinned to quarter hours or the study's own step: column of times, thinning, day borders."""

    x: dict[str, Any]
    factor: int
    span: slice
    borders: list[str]
    labels: list[str]
    noons: list[str]
    narrow_days: tuple[int, int]

    def thin(self, values: Array) -> Array:
        """The week of `values`; the last value is repeated so that the last step is drawn to its end."""
        part = wide_mean(values[..., self.span], self.factor)
        held: Array = np.concatenate([part, part[..., -1:]], axis=-1)
        return held


def week_figure(study: Study, pool: Pool) -> Figure:
    """Uses and sources stacked, flow at the connection with its limits, price and carbon."""
    clock = _clock(study, pool)
    ranges = _ranges(study, clock)
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
        legend=tuple(item for item in _legend(study)),
        legend_forms=("medium", "narrow"),
        days=days if len(days) > 1 else (),
    )


def _clock(study: Study, pool: Pool) -> _Clock:
    window = study.window
    factor = max(1, round(0.25 / study.step_h))
    stamps = study.local[window.first : window.last : factor]
    end = study.local[window.last - 1] + np.timedelta64(study.finding.truth.axis.step_s, "s")
    x = [str(stamp)[:16].replace("T", " ") for stamp in [*stamps, end]]
    borders = [f"{day} 00:00" for day in window.days] + [x[-1]]
    energy = np.add.reduceat(
        study.flows[study.control].pv_available_mw[window.first : window.last],
        [edge - window.first for edge in window.edges[:-1]],
    )
    length = min(3, len(window.days))
    with_cloud = [first for first in range(len(window.days) - length + 1) if first <= window.cloudiest < first + length]
    first = max(with_cloud, key=lambda day: float(energy[day : day + length].max()))
    return _Clock(
        x=pool.put_text(x),
        factor=factor,
        span=slice(window.first, window.last),
        borders=borders,
        labels=[study.day_label(day) for day in window.days],
        noons=[f"{day} 12:00" for day in window.days],
        narrow_days=(first, first + length),
    )


def _ranges(study: Study, clock: _Clock) -> list[tuple[float, float]]:
    """The same range for all arms, so that switching shows a difference and not a new scale."""
    goes = comes = leaves = 0.0
    flow_low, flow_high = 0.0, 0.0
    for flow in study.flows.values():
        goes = max(goes, float(clock.thin(flow.load_mw + flow.base_mw + flow.computing_mw).max()))
        comes = max(comes, float(clock.thin(flow.pv_mw + flow.curtailed_mw + flow.discharge_mw + flow.import_mw).max()))
        leaves = max(leaves, float(clock.thin(flow.export_mw + flow.charge_mw).max()))
        net = clock.thin(flow.net_mw)
        flow_low, flow_high = min(flow_low, float(net.min())), max(flow_high, float(net.max()))
    for limit in _limits(study):
        flow_low, flow_high = min(flow_low, limit), max(flow_high, limit)
    price, carbon = _signals(study)
    return [
        nice_range(0.0, goes),
        nice_range(-leaves, comes),
        (flow_low - 0.12 * (flow_high - flow_low + 1e-3), flow_high + 0.12 * (flow_high - flow_low + 1e-3)),
        nice_range(min(0.0, float(clock.thin(price).min())), float(clock.thin(price).max()), 0.12),
        (float(clock.thin(carbon).min()) - 25.0, float(clock.thin(carbon).max()) + 25.0),
    ]


def _limits(study: Study) -> list[float]:
    place = study.place
    both = [place.import_max_mw, -place.export_max_mw]
    return [value for value in both if np.isfinite(value) and value != 0]


def _signals(study: Study) -> tuple[Array, Array]:
    site = study.place.sites[0] if study.place.sites else 0
    truth = study.finding.truth
    return truth.price_cny_per_mwh[site], truth.carbon_average_kg_per_mwh[site]


def _items(study: Study) -> dict[str, LegendItem]:
    words = study.words
    colours = {
        "load": tokens.LOAD,
        "base": tokens.BASE,
        **tokens.CLASSES,
        "pv": tokens.PV,
        "discharge": tokens.BATTERY,
        "import": tokens.IMPORT,
        "charge": tokens.BATTERY,
        "export": tokens.EXPORT,
    }
    items = {key: LegendItem(words(key), colour) for key, colour in colours.items()}
    items["curtailed"] = LegendItem(words("curtailed"), tokens.CURTAILED_HATCH, "hatch")
    items["total_at_once"] = LegendItem(words("total_at_once"), tokens.CONTROL_TEXT, "dots")
    return items


def _stacks(flow: Flows) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Uses, sources and what leaves, in the order of stacking; series that are zero throughout are left out."""
    uses = {"load": flow.load_mw, "base": flow.base_mw}
    uses |= {label: flow.it_mw[row] for row, label in enumerate(FLEXIBILITY_LABELS)}
    sources = {
        "pv": flow.pv_mw,
        "discharge": flow.discharge_mw,
        "import": flow.import_mw,
        "curtailed": flow.curtailed_mw,
    }
    leaving = {"charge": -flow.charge_mw, "export": -flow.export_mw}
    filled = [{key: v for key, v in stack.items() if np.abs(v).max() > 1e-6} for stack in (uses, sources, leaving)]
    return filled[0], filled[1], filled[2]


def _legend(study: Study) -> list[LegendItem]:
    items = _items(study)
    keys = [key for stack in _stacks(study.flows[study.chosen]) for key in stack]
    return [items["total_at_once"], *(items[key] for key in keys), *_arm_items(study, study.chosen)]


def _arm_items(study: Study, arm: str) -> list[LegendItem]:
    found = [LegendItem(study.words.arm(study.control), tokens.CONTROL, "line")]
    if arm != study.control:
        found.append(LegendItem(study.words.arm(arm), tokens.CHOSEN, "line"))
    return found


def _drawing(
    study: Study, pool: Pool, clock: _Clock, ranges: list[tuple[float, float]], arm: str, form: str
) -> Drawing:
    flow, control = study.flows[arm], study.flows[study.control]
    items = _items(study)
    data: list[dict[str, Any]] = []
    uses, sources, leaving = _stacks(flow)
    for row, group, stack in (("y", "uses", uses), ("y2", "sources", sources), ("y2", "leaving", leaving)):
        data += [_area(clock, pool, items[key], key, values, row, group) for key, values in stack.items()]
    if arm != study.control:
        total = control.load_mw + control.base_mw + control.computing_mw
        data.append(_line(clock, pool, total, items["total_at_once"].label, tokens.CONTROL_TEXT, "y", dash="dot"))
    net = [(study.control, tokens.CONTROL)] + ([(arm, tokens.CHOSEN)] if arm != study.control else [])
    data += [_line(clock, pool, study.flows[name].net_mw, study.words.arm(name), colour, "y3") for name, colour in net]
    price, carbon = _signals(study)
    data.append(_line(clock, pool, price, study.words("price"), tokens.PRICE, "y4", decimals=0))
    data.append(_line(clock, pool, carbon, study.words("carbon_row"), tokens.CARBON, "y5", decimals=0, shape="linear"))
    return {"data": data, "layout": _layout(study, clock, ranges, arm, form, (uses, sources, leaving))}


def _area(
    clock: _Clock, pool: Pool, item: LegendItem, key: str, values: Array, yaxis: str, group: str
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
    clock: _Clock,
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


def _layout(
    study: Study,
    clock: _Clock,
    ranges: list[tuple[float, float]],
    arm: str,
    form: str,
    stacks: tuple[dict[str, Array], dict[str, Array], dict[str, Array]],
) -> dict[str, Any]:
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
    for row, (domain, span) in enumerate(zip(_DOMAINS, ranges, strict=True)):
        layout[f"yaxis{row + 1}" if row else "yaxis"] = axis(
            domain=list(domain), range=list(span), nticks=5 if row < 2 else 4, anchor="x", separatethousands=True
        )
    narrow = "_narrow" if form == "narrow" else ""
    through = f"through{narrow}" if study.place.shared else "through_site"
    for key, domain in zip(("goes", f"comes{narrow}", through, "price", "carbon_row"), _DOMAINS, strict=True):
        layout["annotations"].append(row_title(study.words(key), domain[1], form))
    layout["shapes"] = _shapes(study, clock)
    if form == "wide":
        layout["annotations"] += _wide_labels(study, clock, ranges, arm, stacks, plot_px)
    else:
        layout["annotations"] += _limit_notes(study, ranges[2])
    return layout


def _shapes(study: Study, clock: _Clock) -> list[dict[str, Any]]:
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
    return bands + borders + zeros + [limit_line(value, "y3") for value in _limits(study)]


def _limit_texts(study: Study) -> list[tuple[float, str]]:
    return [
        (value, study.words("limit_import" if value > 0 else "limit_export", limit=fixed(abs(value), 0)))
        for value in _limits(study)
    ]


def _limit_notes(study: Study, span: tuple[float, float]) -> list[dict[str, Any]]:
    """Labels of the limits inside the row, on white, where there is no room beside it."""
    domain = _DOMAINS[2]
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


def _wide_labels(
    study: Study,
    clock: _Clock,
    ranges: list[tuple[float, float]],
    arm: str,
    stacks: tuple[dict[str, Array], dict[str, Array], dict[str, Array]],
    plot_px: float,
) -> list[dict[str, Any]]:
    items = _items(study)
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
    labels += side_labels(top, _DOMAINS[0], ranges[0], plot_px)
    ladder = [
        (items[key], ranges[1][1] * share)
        for key, share in (("curtailed", 0.85), ("pv", 0.62), ("discharge", 0.4), ("import", 0.18))
        if key in sources
    ]
    ladder += [
        (items[key], ranges[1][0] * share) for key, share in (("charge", 0.3), ("export", 0.75)) if key in leaving
    ]
    labels += side_labels(ladder, _DOMAINS[1], ranges[1], plot_px)
    flow_items = [
        (item, float(clock.thin(study.flows[name].net_mw)[-1]))
        for item, name in zip(_arm_items(study, arm), (study.control, arm), strict=False)
    ]
    flow_items += [
        (LegendItem(f'<span style="color:{tokens.LIMIT}">{text}</span>', tokens.LIMIT, "line"), value)
        for value, text in _limit_texts(study)
    ]
    labels += side_labels(flow_items, _DOMAINS[2], ranges[2], plot_px)
    return labels


def _table(study: Study) -> Markup:
    """Energy of each shown day in the chosen arm, MWh."""
    flow, window = study.flows[study.chosen], study.window
    items = _items(study)
    columns = {key: values for stack in _stacks(flow) for key, values in stack.items()}
    rows = []
    for day, first, last in zip(window.days, window.edges, window.edges[1:], strict=False):
        energy = [abs(float(values[first:last].sum())) * study.step_h for values in columns.values()]
        rows.append([study.day_label(day), *(fixed(value, 1) for value in energy)])
    heads = [study.words("day"), *(items[key].label for key in columns)]
    return number_table(f"{study.words.arm(study.chosen)}, MWh", heads, rows)
