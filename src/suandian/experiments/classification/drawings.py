"""The page's pictures as inline SVG: classes side by side, the envelope, what limits take away, levels, the mean day.

Each picture is drawn for a wide and for a narrow container; the style sheet shows one of them. Colours are those of the
report. No script is needed, so the pictures print and open anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from suandian.experiments.classification.scales import Scale
from suandian.experiments.report import tokens

__all__ = [
    "WIDTHS",
    "Band",
    "Canvas",
    "both_forms",
    "envelope_picture",
    "levels_picture",
    "shares_picture",
    "stages_picture",
]

#: Drawing width by form, px.
WIDTHS: dict[str, int] = {"wide": 1120, "narrow": 358}

#: Ink that is legible on each class's colour.
CLASS_INK = {"F0": "#FFFFFF", "F1": "#FFFFFF", "F2": "#FFFFFF", "F3": "#FFFFFF", "F4": tokens.INK, "F5": tokens.INK}
LEVEL_FILL = {"low": "#E6EAEE", "medium": "#A9B5C2", "high": "#44546A"}
LEVEL_INK = {"low": tokens.INK, "medium": tokens.INK, "high": "#FFFFFF"}
_BOUND_FILL = "#CDE1F2"
_CHAR_PX = 6.6  # mean advance of a 12 px Latin letter; Chinese letters take 12


@dataclass
class Canvas:
    """Marks of one drawing."""

    width: int
    height: int
    parts: list[Markup] = field(default_factory=list)

    def rect(self, x: float, y: float, width: float, height: float, fill: str, *, stroke: str = "none") -> None:
        self.parts.append(
            Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" stroke="{}"/>').format(
                x, y, max(width, 0.0), height, fill, stroke
            )
        )

    def line(
        self, x1_px: float, y1_px: float, x2_px: float, y2_px: float, colour: str, *, width: float = 1.0, dash: str = ""
    ) -> None:
        self.parts.append(
            Markup(
                '<path d="M{:.1f} {:.1f}L{:.1f} {:.1f}" stroke="{}" stroke-width="{}" stroke-dasharray="{}"/>'
            ).format(x1_px, y1_px, x2_px, y2_px, colour, width, dash or "none")
        )

    def path(
        self, points: Sequence[tuple[float, float]], colour: str, *, width: float = 2.0, fill: str = "none"
    ) -> None:
        steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        closed = "Z" if fill != "none" else ""
        self.parts.append(
            Markup('<path d="M{}{}" stroke="{}" stroke-width="{}" fill="{}" stroke-linejoin="round"/>').format(
                steps, closed, colour, width, fill
            )
        )

    def dot(self, x: float, y: float, colour: str, radius_px: float = 4.0) -> None:
        self.parts.append(
            Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="{}" stroke="#fff"/>').format(x, y, radius_px, colour)
        )

    def text(
        self, x: float, y: float, text: str, *, anchor: str = "start", colour: str = tokens.INK, bold: bool = False
    ) -> None:
        self.parts.append(
            Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}"{}>{}</text>').format(
                x, y, anchor, colour, Markup(' font-weight="600"') if bold else "", escape(text)
            )
        )

    def svg(self, form: str, label: str) -> Markup:
        """The drawing with an accessible name."""
        return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
            form, self.width, self.height, label, Markup("").join(self.parts)
        )


def text_px(text: str) -> float:
    """About how wide a 12 px text is."""
    return sum(12.0 if ord(letter) > 0x2E80 else _CHAR_PX for letter in text)


def both_forms(label: str, draw: Callable[[str], Canvas]) -> Markup:
    """The picture in both forms."""
    return Markup("").join(draw(form).svg(form, label) for form in WIDTHS)


def shares_picture(rows: Sequence[tuple[str, Sequence[tuple[str, float, str]]]], form: str) -> Canvas:
    """One bar of full length per row: (name, [(class, share, text)]); narrow: the name stands above its bar."""
    width, narrow = WIDTHS[form], form == "narrow"
    left, bar, gap = (0, 34, 30) if narrow else (150, 44, 18)
    canvas = Canvas(width, len(rows) * (bar + gap) + (0 if narrow else 6))
    for row, (name, parts) in enumerate(rows):
        top = row * (bar + gap) + (20 if narrow else 6)
        canvas.text(0, top - 6 if narrow else top + bar / 2 + 4, name, bold=True)
        x = float(left)
        for label, share, text in parts:
            part = share * (width - left)
            canvas.rect(x, top, part, bar, tokens.CLASSES[label], stroke="#FFFFFF")
            inside = f"{label} {text}"
            if text_px(inside) + 8 < part:
                canvas.text(x + part / 2, top + bar / 2 + 4, inside, anchor="middle", colour=CLASS_INK[label])
            elif text_px(label) + 4 < part:
                canvas.text(x + part / 2, top + bar / 2 + 4, label, anchor="middle", colour=CLASS_INK[label])
            x += part
    return canvas


@dataclass(frozen=True, slots=True)
class Band:
    """One panel of the envelope: durations and, for each, bound (p10, p50, p90) and whole jobs (p10, p50, p90), MW."""

    title: str
    durations_h: tuple[float, ...]
    bound_mw: tuple[tuple[float, float, float], ...]
    jobs_mw: tuple[tuple[float, float, float], ...]


def envelope_picture(bands: Sequence[Band], scale: Scale, mean_mw: float, words: dict[str, str], form: str) -> Canvas:
    """Panels side by side (narrow: one below the other), one y axis for each, durations in even steps."""
    narrow = form == "narrow"
    width = WIDTHS[form]
    panel = width if narrow else (width - 40) / 2
    height = 290 if narrow else 320
    canvas = Canvas(width, height * (len(bands) if narrow else 1) + 4)
    for index, band in enumerate(bands):
        x0 = 0.0 if narrow else index * (panel + 40)
        _panel(canvas, band, scale, mean_mw, words, x0, index * height if narrow else 0.0, panel, height)
    return canvas


def _panel(
    canvas: Canvas,
    band: Band,
    scale: Scale,
    mean_mw: float,
    words: dict[str, str],
    x_px: float,
    y_px: float,
    width: float,
    height: float,
) -> None:
    left, right, top, bottom = x_px + 44, x_px + width - 10, y_px + 44, y_px + height - 40
    most = max([high for _, _, high in (*band.bound_mw, *band.jobs_mw)] + [mean_mw, 1e-9]) * 1.08
    step = nice_step(most * scale.factor_ratio, 4)
    most = max(most, step / scale.factor_ratio)

    def y_of(value: float) -> float:
        return bottom - (bottom - top) * value / most

    count = len(band.durations_h)
    xs = [left + (right - left) * (at + 0.5) / count for at in range(count)]
    canvas.text(x_px, y_px + 16, band.title, bold=True)
    canvas.text(x_px, y_px + 34, words["axis_y"].format(unit=scale.unit), colour=tokens.MUTED)
    tick = 0.0
    while tick <= most * scale.factor_ratio + 1e-9:
        y = y_of(tick / scale.factor_ratio)
        canvas.line(left, y, right, y, tokens.GRID)
        canvas.text(left - 6, y + 4, f"{tick:g}", anchor="end", colour=tokens.MUTED)
        tick = round(tick + step, 10)
    ribbon = [(x, y_of(high)) for x, (_, _, high) in zip(xs, band.bound_mw, strict=True)]
    ribbon += [(x, y_of(low)) for x, (low, _, _) in zip(reversed(xs), reversed(band.bound_mw), strict=True)]
    canvas.path(ribbon, "none", fill=_BOUND_FILL)
    canvas.path([(x, y_of(mid)) for x, (_, mid, _) in zip(xs, band.bound_mw, strict=True)], "#7FA9D1", width=2)
    canvas.line(left, y_of(mean_mw), right, y_of(mean_mw), tokens.CONTROL, dash="5 4")
    canvas.text(right, y_of(mean_mw) - 5, words["mean_load"], anchor="end", colour=tokens.CONTROL_TEXT)
    for x, (low, _, high) in zip(xs, band.jobs_mw, strict=True):
        canvas.line(x, y_of(low), x, y_of(high), tokens.CHOSEN, width=1.5)
    canvas.path([(x, y_of(mid)) for x, (_, mid, _) in zip(xs, band.jobs_mw, strict=True)], tokens.CHOSEN, width=2.5)
    for x, (_, mid, _) in zip(xs, band.jobs_mw, strict=True):
        canvas.dot(x, y_of(mid), tokens.CHOSEN)
    canvas.line(left, bottom, right, bottom, tokens.RULE)
    for x, hours in zip(xs, band.durations_h, strict=True):
        canvas.text(x, bottom + 17, f"{hours:g}", anchor="middle", colour=tokens.MUTED)
    canvas.text((left + right) / 2, bottom + 34, words["axis_x"], anchor="middle", colour=tokens.MUTED)


def stages_picture(groups: Sequence[tuple[str, Sequence[tuple[str, float]]]], scale: Scale, form: str) -> Canvas:
    """Bars per group: (title, [(stage, MW)]): what is left in blue, what the stage took away hatched."""
    narrow = form == "narrow"
    width, row, head = WIDTHS[form], 46 if narrow else 32, 30
    name_px = 0 if narrow else 250
    height = sum(head + row * len(stages) + 12 for _, stages in groups)
    canvas = Canvas(width, height)
    y = 0.0
    for title, stages in groups:
        canvas.text(0, y + 18, title, bold=True)
        y += head
        most = max([value for _, value in stages] + [1e-12])
        room = width - name_px - 150
        before = stages[0][1]
        for name, value in stages:
            top = y + (18 if narrow else 4)
            canvas.text(0, y + (13 if narrow else 20), name)
            reach = room * value / most
            canvas.rect(name_px, top, reach, 20, tokens.CHOSEN)
            lost = max(before - value, 0.0)
            canvas.rect(name_px + reach, top, room * lost / most, 20, "url(#lost)")
            told = scale.with_unit(value)
            if lost > 0 and scale.text(lost) != "0" and float(scale.text(lost).replace(",", "")) > 0:
                told += f"  (−{scale.text(lost)})"
            canvas.text(name_px + room * max(value, before) / most + 8, top + 14, told)
            before, y = value, y + row
        y += 12
    return canvas


def levels_picture(rows: Sequence[tuple[str, Sequence[tuple[str, str, float, str]]]], form: str) -> Canvas:
    """One bar per dimension: (name, [(level, word, share, text)])."""
    narrow = form == "narrow"
    width = WIDTHS[form]
    left, bar, gap = (0, 28, 32) if narrow else (190, 34, 14)
    canvas = Canvas(width, len(rows) * (bar + gap))
    for row, (name, parts) in enumerate(rows):
        top = row * (bar + gap) + (22 if narrow else 4)
        canvas.text(0, top - 7 if narrow else top + bar / 2 + 4, name, bold=True)
        x = float(left)
        for level, word, share, text in parts:
            part = share * (width - left)
            canvas.rect(x, top, part, bar, LEVEL_FILL[level], stroke="#FFFFFF")
            for inside in (f"{word} {text}", text):
                if text_px(inside) + 8 < part:
                    canvas.text(x + part / 2, top + bar / 2 + 4, inside, anchor="middle", colour=LEVEL_INK[level])
                    break
            x += part
    return canvas


def day_picture(hours: Sequence[dict[str, float]], scale: Scale, words: dict[str, str], form: str) -> Canvas:
    """The mean local day: one stacked column per hour, urgent work at the bottom."""
    narrow = form == "narrow"
    width, height = WIDTHS[form], 230 if narrow else 240
    left, right, top, bottom = 44.0, width - 4.0, 26.0, height - 40.0
    canvas = Canvas(width, height)
    most = max([sum(hour.values()) for hour in hours] + [1e-12]) * 1.05
    step = nice_step(most * scale.factor_ratio, 4)
    canvas.text(0, 14, words["axis_y"].format(unit=scale.unit), colour=tokens.MUTED)
    tick = 0.0
    while tick <= most * scale.factor_ratio + 1e-9:
        y = bottom - (bottom - top) * tick / scale.factor_ratio / most
        canvas.line(left, y, right, y, tokens.GRID)
        canvas.text(left - 6, y + 4, f"{tick:g}", anchor="end", colour=tokens.MUTED)
        tick = round(tick + step, 10)
    slot = (right - left) / 24
    for at, hour in enumerate(hours):
        y = bottom
        for label, value in hour.items():
            tall = (bottom - top) * value / most
            y -= tall
            if tall > 0:
                canvas.rect(left + at * slot + 1, y, slot - 2, tall, tokens.CLASSES[label])
    for at in range(0, 24, 6 if narrow else 3):
        canvas.text(left + at * slot, bottom + 17, f"{at}:00", anchor="start", colour=tokens.MUTED)
    canvas.text((left + right) / 2, bottom + 34, words["axis_day"], anchor="middle", colour=tokens.MUTED)
    return canvas


def nice_step(maximum: float, ticks: int) -> float:
    """A round step, 1, 2 or 5 times a power of ten, that gives about `ticks` ticks up to `maximum`."""
    from math import floor, log10

    raw = maximum / ticks
    power = 10.0 ** floor(log10(raw)) if raw > 0 else 1.0
    return float(next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= raw))
