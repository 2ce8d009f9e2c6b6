"""Shared parts of the figures: the pool of number columns, the forms, axes, side labels and limit lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from suandian.experiments.report import tokens

__all__ = ["Drawing", "Figure", "LegendItem", "Pool", "Variant", "axis", "base_layout", "note", "row_title", "spread"]

Drawing = dict[str, Any]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LegendItem:
    """A swatch and its label; `kind` is fill, hatch, line or dots; in HTML also sent, go, fall and tick."""

    label: str
    colour: str
    kind: str = "fill"


@dataclass(frozen=True, slots=True)
class Variant:
    """A figure for one arm: what it finds, what it says below, and its drawing in every form."""

    label: str
    title: Markup
    caption: Markup
    forms: Mapping[str, Drawing]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the page. `default` names the variant that is shown first and printed.

    `legend_forms` are the forms in which the HTML legend is shown (where side labels do not fit).
    `days` are (start, end, label) of local days that the reader may zoom to; `whole_on_phone` tells that the narrow
    form shows all of them.
    """

    id: str
    sub: Markup
    numbers: Markup
    variants: Mapping[str, Variant]
    default: str
    legend: tuple[LegendItem, ...] = ()
    legend_forms: tuple[str, ...] = ("narrow",)
    days: tuple[tuple[str, str, str], ...] = ()
    max_width_px: int = 0
    whole_on_phone: bool = False

    @property
    def shown(self) -> Variant:
        """The variant shown first."""
        return self.variants[self.default]


@dataclass
class Pool:
    """Number and text columns shared by all drawings: each distinct column is kept once and referred to."""

    columns: list[list[float] | list[str]] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def put(self, values: NDArray[np.float64] | Sequence[float], decimals: int = 2) -> Json:
        """A reference to `values` rounded to `decimals`."""
        rounded = np.round(np.asarray(values, dtype=np.float64), decimals) + 0.0
        return self._refer(rounded.tobytes(), [int(v) if v == int(v) else float(v) for v in rounded])

    def put_text(self, values: Sequence[str]) -> Json:
        """A reference to a column of texts."""
        return self._refer("\n".join(values).encode(), list(values))

    def _refer(self, content: bytes, column: list[float] | list[str]) -> Json:
        key = hashlib.sha256(content).hexdigest()
        if key not in self._seen:
            self._seen[key] = len(self.columns)
            self.columns.append(column)
        return {"$": self._seen[key]}


def base_layout(form: str, height: int, left: int, right: int, *, top: int = 16, bottom: int = 28) -> Json:
    """Layout without axes. Charts never catch scrolling: dragging is off and ranges are fixed."""
    return {
        "height": height,
        "margin": {"l": left, "r": right, "t": top, "b": bottom, "pad": 0},
        "font": {"family": tokens.FONT, "size": text_px(form), "color": tokens.MUTED},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "showlegend": False,
        "dragmode": False,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#FFFFFF", "bordercolor": tokens.RULE, "font": {"size": 12, "color": tokens.INK}},
        "shapes": [],
        "annotations": [],
    }


def text_px(form: str) -> int:
    """Size of chart text."""
    return 11 if form == "narrow" else 12


def axis(**settings: object) -> Json:
    """A quiet axis: fixed range, light grid, no zero line."""
    return {
        "fixedrange": True,
        "showgrid": True,
        "gridcolor": tokens.GRID,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "automargin": False,
    } | settings


def note(text: str, x: float, y: float, **settings: object) -> Json:
    """A text without arrow; positions are in paper units unless `xref`/`yref` say otherwise."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "middle",
        "showarrow": False,
        "align": "left",
        "font": {"color": tokens.INK},
    } | settings


def row_title(text: str, y: float, form: str) -> Json:
    """Bold title at the top left of a row of a figure."""
    return note(f"<b>{text}</b>", 0, y, yanchor="bottom", yshift=3, font={"color": tokens.INK, "size": text_px(form)})


def limit_line(value: float, yref: str) -> Json:
    """A red line across the figure; red is used for nothing else."""
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": yref,
        "y0": value,
        "y1": value,
        "line": {"color": tokens.LIMIT, "width": 1.5},
    }


def swatch(item: LegendItem) -> str:
    """Label in ink behind a swatch in the colour of the series (light series never colour their text)."""
    sign = {"fill": "■", "hatch": "▨", "line": "━", "dots": "┅"}[item.kind]
    return f'<span style="color:{item.colour}">{sign}</span> {item.label}'


def spread(wanted_px: Sequence[float], gap_px: float, low_px: float, high_px: float) -> list[float]:
    """Positions near `wanted_px`, in the same order of height, at least `gap_px` apart and within the range.

    Texts outside the range of an axis vanish without a word, so the range is kept before the distance.
    """
    order = sorted(range(len(wanted_px)), key=lambda i: wanted_px[i])
    placed: list[float] = []
    for rank, i in enumerate(order):
        floor = placed[-1] + gap_px if placed else low_px
        ceiling = high_px - gap_px * (len(order) - 1 - rank)
        placed.append(max(min(max(wanted_px[i], floor), ceiling), low_px))
    result = [0.0] * len(order)
    for position, i in zip(placed, order, strict=True):
        result[i] = position
    return result


def side_labels(
    items: Iterable[tuple[LegendItem, float]], domain: tuple[float, float], span: tuple[float, float], plot_px: float
) -> list[Json]:
    """Labels right of a row, each as near as possible to `y` (in units of the row's range `span`)."""
    pairs = list(items)
    low_px, high_px = domain[0] * plot_px + 6, domain[1] * plot_px - 4
    scale = (domain[1] - domain[0]) * plot_px / (span[1] - span[0])
    wanted = [domain[0] * plot_px + (y - span[0]) * scale for _, y in pairs]
    places = spread(wanted, 17, low_px, high_px)
    return [
        note(swatch(item), 1, place / plot_px, xshift=10, font={"color": tokens.INK, "size": 12})
        for (item, _), place in zip(pairs, places, strict=True)
    ]


def nice_range(low: float, high: float, air_ratio: float = 0.06) -> tuple[float, float]:
    """A range with some air; never empty."""
    span = max(high - low, 1e-3)
    return (low - air_ratio * span if low < 0 else low, high + air_ratio * span)
