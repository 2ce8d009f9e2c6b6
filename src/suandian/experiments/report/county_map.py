"""A network drawn by its places: lines to scale, marks and labels of constant size, for screens from 320 px up.

Positions are user units of an SVG 1120 wide that shrinks with its container. Marks and labels stand in groups that the
style sheet scales back up (`.mark`), line widths do not scale, so that a phone shows the same strokes as a desk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from suandian.experiments.report import tokens
from suandian.experiments.report.pieces import resource_text
from suandian.model.network import Network

__all__ = ["CIRCLE", "SQUARE", "TRIANGLE", "TRIANGLE_DOWN", "CountyMap", "Label", "Spot", "legend_item", "map_style"]

Array = NDArray[np.float64]
#: left, top, right, bottom
Box = tuple[float, float, float, float]

WIDTH_PX = 1120.0
_HEIGHT_MAX_PX = 640.0
_EDGE_PX, _TOP_PX = 48.0, 26.0
#: how many user units a px of the screen has where the labels of a form are shown
_SCALES = {"wide": 1.0, "medium": 1.5, "narrow": 2.7}
#: outlines of marks, around the origin
CIRCLE = "M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0Z"
SQUARE = "M-6-6H6V6H-6Z"
TRIANGLE = "M0-6.4L5.8 4.2H-5.8Z"
TRIANGLE_DOWN = "M0 6.4L5.8-4.2H-5.8Z"


@dataclass(frozen=True, slots=True)
class Spot:
    """One place on the map and the buses there, those of the lowest voltage first."""

    x_px: float
    y_px: float
    buses: tuple[int, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text of class `style` beside a bus; `attributes` go into its element."""

    bus: int
    text: str
    style: str
    attributes: Markup


@dataclass(frozen=True, slots=True)
class CountyMap:
    """Where everything of a network stands, `(buses,)` in user units."""

    network: Network
    x_px: Array
    y_px: Array
    height_px: float

    @classmethod
    def of(cls, network: Network) -> Self | None:
        """The map, north up and to scale; None where buses have no places or all the same."""
        x_km, y_km = network.buses.x_km, network.buses.y_km
        if not (np.isfinite(x_km).all() and np.isfinite(y_km).all()):
            return None
        wide_km, high_km = float(np.ptp(x_km)), float(np.ptp(y_km))
        if max(wide_km, high_km) == 0.0:
            return None
        inner_px = WIDTH_PX - 2.0 * _EDGE_PX
        px_per_km = min(inner_px / max(wide_km, 1e-9), (_HEIGHT_MAX_PX - 2.0 * _TOP_PX) / max(high_km, 1e-9))
        left_px = (WIDTH_PX - wide_km * px_per_km) / 2.0
        return cls(
            network,
            left_px + (x_km - x_km.min()) * px_per_km,
            _TOP_PX + (y_km.max() - y_km) * px_per_km,
            high_km * px_per_km + 2.0 * _TOP_PX,
        )

    @property
    def spots(self) -> tuple[Spot, ...]:
        """The places with a bus, in the order in which the buses name them."""
        found: dict[tuple[float, float], list[int]] = {}
        for bus, place in enumerate(zip(self.x_px.round(1).tolist(), self.y_px.round(1).tolist(), strict=True)):
            found.setdefault(place, []).append(bus)
        table = self.network.buses
        spots = []
        for (x_px, y_px), buses in found.items():
            ordered = tuple(sorted(buses, key=lambda bus: float(table.nominal_kv[bus])))
            spots.append(Spot(x_px, y_px, ordered, table.groups[ordered[0]] or table.ids[ordered[0]]))
        return tuple(spots)

    @property
    def spread_branches(self) -> tuple[int, ...]:
        """Branches whose ends stand apart: what is drawn as a stroke."""
        first, second = self.network.branch_ends
        apart = np.hypot(self.x_px[first] - self.x_px[second], self.y_px[first] - self.y_px[second]) > 0.05
        return tuple(np.flatnonzero(apart).tolist())

    def line(self, branch: int) -> str:
        """Outline of the branch as a straight stroke."""
        first, second = (int(end[branch]) for end in self.network.branch_ends)
        return f"M{self.x_px[first]:.1f} {self.y_px[first]:.1f}L{self.x_px[second]:.1f} {self.y_px[second]:.1f}"

    def mark(self, x_px: float, y_px: float, inside: Markup) -> Markup:
        """`inside`, drawn around the origin in px of the screen, at a place of the map."""
        return Markup('<g transform="translate({:.1f} {:.1f})"><g class="mark">{}</g></g>').format(x_px, y_px, inside)

    def labels(self, items: Sequence[Label]) -> Markup:
        """The labels once for each form of the page, placed for its size of text; the style sheet shows what fits."""
        return Markup("").join(
            Markup('<g class="{}-labels">{}</g>').format(form, self._placed(items, scale_ratio))
            for form, scale_ratio in _SCALES.items()
        )

    def _placed(self, items: Sequence[Label], scale_ratio: float) -> Markup:
        """Each label near its bus where it covers least; `scale_ratio`: how much larger text is than on a desk."""
        covered, taken, found = self._covered(), list[Box](), list[Markup]()
        for item in items:
            x_px, y_px = float(self.x_px[item.bus]), float(self.y_px[item.bus])
            width_px = scale_ratio * sum(12.0 if ord(letter) > 0x2E80 else 7.0 for letter in item.text)
            options = _candidates(x_px, y_px, width_px, scale_ratio)
            box, anchor, _ = min(options, key=lambda option: self._cost(option[0], covered, taken, option[2]))
            taken.append(box)
            found.append(_leader(x_px, y_px, box, scale_ratio))
            at_px = {"start": box[0], "middle": (box[0] + box[2]) / 2.0, "end": box[2]}[anchor]
            text = Markup('<text class="{}" text-anchor="{}"{}>{}</text>').format(
                item.style, anchor, item.attributes, item.text
            )
            found.append(
                Markup('<g transform="translate({:.1f} {:.1f})"><g class="sized">{}</g></g>').format(
                    at_px, box[3] - 3.5 * scale_ratio, text
                )
            )
        return Markup("").join(found)

    def _covered(self) -> Array:
        """Points that labels should not cover: the places, thrice each, and points along the strokes, `(n, 2)`."""
        places = np.repeat(np.array([[spot.x_px, spot.y_px] for spot in self.spots]), 3, axis=0)
        first, second = self.network.branch_ends
        along = []
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            ends = (self.x_px[a], self.y_px[a]), (self.x_px[b], self.y_px[b])
            along.append(np.linspace(*ends, 2 + int(np.hypot(*np.subtract(*ends)) / 6.0)))
        return np.concatenate([places, *along])

    def _cost(self, box: Box, covered: Array, taken: Sequence[Box], radius_px: float) -> float:
        left, top, right, bottom = box
        hit = (covered[:, 0] > left - 9.0) & (covered[:, 0] < right + 9.0)
        hit &= (covered[:, 1] > top - 9.0) & (covered[:, 1] < bottom + 9.0)
        over = sum(left < b[2] and b[0] < right and top < b[3] and b[1] < bottom for b in taken)
        outside = left < 2.0 or top < 0.0 or right > WIDTH_PX - 2.0 or bottom > self.height_px
        return float(hit.sum()) + 1000.0 * over + 1000.0 * outside + 0.2 * radius_px

    def svg(self, layers: Sequence[Markup], label: str) -> Markup:
        """The drawing with its name for readers that cannot see it."""
        return Markup('<svg class="county-map" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}</svg>').format(
            WIDTH_PX, self.height_px, label, Markup("").join(layers)
        )


def _leader(x_px: float, y_px: float, box: Box, scale_ratio: float) -> Markup:
    """A thin line from the place to its label where the two are not next to each other."""
    near_x = min(max(x_px, box[0]), box[2])
    near_y = min(max(y_px, box[1] + 3.0 * scale_ratio), box[3] - 3.0 * scale_ratio)
    if np.hypot(near_x - x_px, near_y - y_px) < 22.0 * scale_ratio:
        return Markup("")
    return Markup('<path class="leader" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>').format(x_px, y_px, near_x, near_y)


def _candidates(x_px: float, y_px: float, width_px: float, scale_ratio: float) -> Iterator[tuple[Box, str, float]]:
    """Boxes around a place, the anchor of their text, and their distance in px of the screen."""
    high_px = 14.0 * scale_ratio
    for radius_px in (14.0, 22.0, 32.0, 44.0, 58.0):
        for angle in np.linspace(-np.pi / 2.0, 1.5 * np.pi, 24, endpoint=False).tolist():
            across, down = float(np.cos(angle)), float(np.sin(angle))
            anchor = "start" if across > 0.35 else "end" if across < -0.35 else "middle"
            at_px, middle_px = x_px + across * radius_px * scale_ratio, y_px + down * radius_px * scale_ratio
            left_px = at_px - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * width_px
            yield (left_px, middle_px - high_px / 2.0, left_px + width_px, middle_px + high_px / 2.0), anchor, radius_px


def legend_item(marks: Sequence[tuple[str, str]], text: str) -> Markup:
    """Marks, each an outline and a class, and what they mean."""
    one = Markup(
        '<svg viewBox="-10 -8 20 16" width="20" height="16" aria-hidden="true"><path class="{}" d="{}"/></svg>'
    )
    drawn = Markup("").join(one.format(style, outline) for outline, style in marks)
    return Markup("<li>{}{}</li>").format(drawn, text)


def map_style() -> Markup:
    """The map's style: classes `line` and `ring` with b0–b5, `dot` with v0–v8, `grade` with its name, `centre`."""
    volts = (tokens.NOMINAL, *tokens.ABOVE, *tokens.BELOW, tokens.LIMIT, tokens.LIMIT)
    rules = [f".b{step}{{stroke:{colour}}}" for step, colour in enumerate((*tokens.LOADING, tokens.LIMIT))]
    rules += [f".dot.v{step}{{fill:{colour}}}" for step, colour in enumerate(volts)]
    rules += [f".grade.{name}{{fill:{colour}}}" for name, colour in tokens.GRADES.items()]
    rules += [f".centre{{fill:{tokens.CLASSES['F2']}}}", f".grid-above{{fill:{tokens.INK}}}"]
    return Markup("\n".join(rules) + "\n" + resource_text("suandian.experiments.report", "county_map.css"))
