"""The statement's pictures as inline SVG: the day with event and baseline, results by rule, the days looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.classification.drawings import WIDTHS, Canvas, nice_step, text_px
from suandian.experiments.report import tokens
from suandian.experiments.statement.figures import Figures
from suandian.quantity.timeaxis import TimeAxis, at_unix_s

__all__ = ["BAND", "DAY_FILL", "EVENT", "Curve", "DayView", "Result", "day_picture", "days_picture", "rules_picture"]

Place = Callable[[float], float]
EVENT = "#EEF4FB"
BAND = "#B9D5EE"
#: What became of a day → fill and ink.
DAY_FILL: Mapping[str, tuple[str, str]] = {
    "used": (tokens.CHOSEN, "#FFFFFF"),
    "spare": (tokens.CLASSES["F5"], tokens.INK),
    "other": (tokens.PANEL, tokens.MUTED),
    "lost": ("url(#lost)", tokens.INK),
    "event": ("#FFFFFF", tokens.INK),
}


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A stepped line from `first_s` on, `(intervals,)` MW; NaN leaves a gap."""

    first_s: int
    power_mw: NDArray[np.float64]
    colour: str
    width: float
    dash: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DayView:
    """What the day picture shows: the event, the hours of adjustment, the band (low, high) over the event."""

    axis: TimeAxis
    zone: str
    event_s: tuple[int, int]
    windows_s: Sequence[tuple[int, int]]
    curves: Sequence[Curve]
    band: tuple[Curve, Curve] | None


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the picture of rules; NaN where there is none."""

    name: str
    delivered_mwh: float
    low_mwh: float
    high_mwh: float
    told: str
    strong: bool


def day_picture(view: DayView, power: Figures, words: Mapping[str, str], form: str) -> Canvas:
    """Metered and baseline power as steps, the event shaded, its interval as a band, hours on local time."""
    narrow = form == "narrow"
    width, height = WIDTHS[form], 300 if narrow else 400
    left, right, top, bottom = 46.0, width - 12.0, 34.0, height - 44.0
    canvas = Canvas(width, height)
    low, high = _range(view)

    def x_of(at_s: float) -> float:
        return left + (right - left) * (at_s - view.axis.start_s) / (view.axis.end_s - view.axis.start_s)

    def y_of(value: float) -> float:
        return bottom - (bottom - top) * (value - low) / (high - low)

    begin, end = x_of(view.event_s[0]), x_of(min(view.event_s[1], view.axis.end_s))
    canvas.rect(begin, top, end - begin, bottom - top, EVENT)
    _grid(canvas, power, (low, high), (left, right), y_of)
    for one in view.windows_s:
        if one[1] > view.axis.start_s and one[0] < view.axis.end_s:
            canvas.rect(
                x_of(max(one[0], view.axis.start_s)), bottom - 5, x_of(one[1]) - x_of(one[0]), 5, tokens.CONTROL
            )
    if view.band is not None:
        under, over = (_steps(curve, view.axis.step_s, x_of, y_of) for curve in view.band)
        for below, above in zip(under, over, strict=True):
            canvas.path([*below, *reversed(above)], "none", fill=BAND)
    for edge in (begin, end):
        canvas.line(edge, top, edge, bottom, tokens.CHOSEN, width=1, dash="2 3")
    for curve in view.curves:
        for part in _steps(curve, view.axis.step_s, x_of, y_of):
            _line(canvas, part, curve)
    label = words["l_event"]
    half = text_px(label) / 2
    canvas.text(min(max((begin + end) / 2, left + half), right - half), top - 6, label, anchor="middle", bold=True)
    canvas.text(0, 14, power.unit, colour=tokens.MUTED)
    _clock(canvas, view, x_of, (bottom, top), narrow=narrow)
    return canvas


def _line(canvas: Canvas, points: Sequence[tuple[float, float]], curve: Curve) -> None:
    if not curve.dash:
        canvas.path(points, curve.colour, width=curve.width)
        return
    for (x1, y1), (x2, y2) in pairwise(points):
        canvas.line(x1, y1, x2, y2, curve.colour, width=curve.width, dash=curve.dash)


def _range(view: DayView) -> tuple[float, float]:
    """From 0 where the load comes near it, else from a little below the lowest value."""
    curves = [*view.curves, *(view.band or ())]
    values = np.concatenate([curve.power_mw[np.isfinite(curve.power_mw)] for curve in curves])
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1e-6)
    air = 0.08 * max(high - low, 0.02 * abs(high), 1e-9)
    return (0.0 if 0.0 <= low < 0.5 * high else low - air), high + air


def _grid(canvas: Canvas, power: Figures, span: tuple[float, float], sides: tuple[float, float], y_of: Place) -> None:
    factor = power.factor_ratio
    step = nice_step((span[1] - span[0]) * factor, 5)
    tick = np.ceil(span[0] * factor / step - 1e-9) * step
    while tick <= span[1] * factor + 1e-9:
        y = y_of(tick / factor)
        canvas.line(sides[0], y, sides[1], y, tokens.GRID)
        canvas.text(sides[0] - 6, y + 4, f"{tick + 0.0:,.10g}", anchor="end", colour=tokens.MUTED)
        tick = round(tick + step, 10)


def _steps(curve: Curve, step_s: int, x_of: Place, y_of: Place) -> list[list[tuple[float, float]]]:
    """Unbroken stretches of a stepped line."""
    parts: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(curve.power_mw):
        if not np.isfinite(value):
            if parts[-1]:
                parts.append([])
            continue
        begin = curve.first_s + at * step_s
        parts[-1] += [(x_of(begin), y_of(value)), (x_of(begin + step_s), y_of(value))]
    return [part for part in parts if part]


def _clock(canvas: Canvas, view: DayView, x_of: Place, sides: tuple[float, float], *, narrow: bool) -> None:
    """Hours below the picture, days where midnight is."""
    tz, every = ZoneInfo(view.zone), 6 if narrow else 3
    bottom, top = sides
    canvas.line(46, bottom, canvas.width - 12.0, bottom, tokens.RULE)
    moment = -(-view.axis.start_s // 3600) * 3600
    while moment <= view.axis.end_s:
        local = at_unix_s(moment).astimezone(tz)
        x = x_of(moment)
        if local.minute == 0 and local.hour % every == 0 and 46 + 14 <= x <= canvas.width - 28:
            canvas.text(x, bottom + 17, f"{local:%H:%M}", anchor="middle", colour=tokens.MUTED)
        if local.hour == 0 and local.minute == 0:
            canvas.line(x, top, x, bottom, tokens.RULE)
            if x < canvas.width - 90:
                canvas.text(x + 3, bottom + 36, f"{local:%Y-%m-%d}", colour=tokens.INK)
        moment += 3600


def rules_picture(results: Sequence[Result], promised_mwh: float, promised: str, form: str) -> Canvas:
    """A dot with its interval by rule, the zero line, and the promise as a dashed line."""
    narrow = form == "narrow"
    width, row, head = WIDTHS[form], 52 if narrow else 40, 30
    left, right = (10.0, width - 10.0) if narrow else (210.0, width - 320.0)
    canvas = Canvas(width, head + row * len(results) + 10)
    found = [v for r in results for v in (r.delivered_mwh, r.low_mwh, r.high_mwh) if np.isfinite(v)]
    low, high = min([0.0, *found]), max([0.0, promised_mwh, *found])
    air = 0.06 * max(high - low, 1e-12)
    low, high = low - air, high + air

    def x_of(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    bottom = float(canvas.height - 6)
    # On a phone names and figures stand over the rows, so the lines are drawn at the rows alone.
    stretches = [(head + row * at + 24.0, head + row * at + 46.0) for at in range(len(results))]
    for begin, end in stretches if narrow else [(head - 8.0, bottom)]:
        canvas.line(x_of(0), begin, x_of(0), end, tokens.INK)
        if promised_mwh > 0:
            canvas.line(x_of(promised_mwh), begin, x_of(promised_mwh), end, tokens.CONTROL_TEXT, dash="4 3")
    taken = float(width)
    if promised_mwh > 0:
        half = 0.55 * text_px(promised)
        place = min(max(x_of(promised_mwh), x_of(0) + half + 12), width - half - 4)
        canvas.text(place, head - 14, promised, anchor="middle", colour=tokens.CONTROL_TEXT)
        taken = place - half
    if x_of(0) + 6 < taken:
        canvas.text(x_of(0), head - 14, "0", anchor="middle", colour=tokens.MUTED)
    for at, one in enumerate(results):
        y = head + row * at + (34 if narrow else 20)
        colour = tokens.CHOSEN if one.strong else tokens.CONTROL_TEXT
        if narrow:
            canvas.text(0, y - 14, one.name, bold=one.strong)
            canvas.text(width, y - 14, one.told, anchor="end")
        else:
            canvas.text(0, y + 4, one.name, bold=one.strong)
            canvas.text(right + 24, y + 4, one.told)
        if np.isfinite(one.low_mwh):
            canvas.line(x_of(one.low_mwh), y, x_of(one.high_mwh), y, colour, width=3)
            for side in (one.low_mwh, one.high_mwh):
                canvas.line(x_of(side), y - 5, x_of(side), y + 5, colour, width=1.5)
        if np.isfinite(one.delivered_mwh):
            canvas.dot(x_of(one.delivered_mwh), y, colour, 6.0)
    return canvas


def days_picture(days: Mapping[str, str], event_day: str, weekdays: Sequence[str], form: str) -> Canvas:
    """Days looked at as a calendar: weeks as columns, Monday on top; `days` is ISO day → key of `DAY_FILL`."""
    narrow = form == "narrow"
    name_px, cell, most = 34.0, 26.0 if narrow else 30.0, 12 if narrow else 26
    last = date.fromisoformat(event_day)
    first = min([date.fromisoformat(day) for day in days] + [last])
    first = max(first - timedelta(days=first.weekday()), last - timedelta(days=last.weekday() + 7 * (most - 1)))
    weeks = (last - first).days // 7 + 1
    canvas = Canvas(WIDTHS[form], int(24 + 7 * cell + 4))
    for row, weekday in enumerate(weekdays):
        canvas.text(0, 24 + row * cell + cell / 2 + 4, weekday, colour=tokens.MUTED)
    mondays = [first + timedelta(days=7 * week) for week in range(weeks)]
    named = [week for week in range(weeks) if week == 0 or mondays[week].month != mondays[week - 1].month]
    for at, week in enumerate(named):
        # A first month of few weeks gives way to the next, whose name would run into it.
        if at + 1 == len(named) or (named[at + 1] - week) * cell > 60:
            month = f"{mondays[week]:%m}" if narrow else f"{mondays[week]:%Y-%m}"
            canvas.text(name_px + week * cell, 14, month, colour=tokens.MUTED)
    for week, monday in enumerate(mondays):
        x = name_px + week * cell
        for row in range(7):
            day = monday + timedelta(days=row)
            state = "event" if day == last else days.get(day.isoformat(), "")
            if not state:
                continue
            fill, ink = DAY_FILL[state]
            edge = tokens.INK if state == "event" else tokens.RULE
            y = 24 + row * cell
            canvas.rect(x + 1, y + 1, cell - 2, cell - 2, fill, stroke=edge)
            if state == "lost":
                canvas.rect(x + 5, y + 6, cell - 10, cell - 12, "#FFFFFF")
            canvas.text(
                x + cell / 2,
                y + cell / 2 + 4,
                str(day.day),
                anchor="middle",
                colour=ink,
                bold=state in ("used", "event"),
            )
    return canvas
