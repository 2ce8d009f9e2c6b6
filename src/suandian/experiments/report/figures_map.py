"""Figure: the network on a map, control and chosen arm through the telling day, with a slider over its instants."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from suandian.experiments.report import tokens
from suandian.experiments.report.captions import say
from suandian.experiments.report.county_map import (
    CIRCLE,
    SQUARE,
    TRIANGLE,
    TRIANGLE_DOWN,
    CountyMap,
    Label,
    legend_item,
)
from suandian.experiments.report.network import NetworkReading, villages
from suandian.experiments.report.network_frames import HIGH, LOW, OVER, ArmFrames, arm_frames, site_nets_mw
from suandian.experiments.report.numbers import fixed, tagged
from suandian.experiments.report.prose import control_phrase
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table
from suandian.experiments.report.words import place_name

__all__ = ["MapFigure", "Panel", "map_figure"]

#: outline of a dot by its class
OUTLINES = [CIRCLE] * HIGH + [TRIANGLE, TRIANGLE_DOWN]
_RING_PX, _MAIN_RING_PX = 6.2, 10.0
_BESIDE_PX = 26.0


@dataclass(frozen=True, slots=True)
class Panel:
    """One arm's map at the tightest instant, and its state there in words."""

    arm: str
    name: str
    colour: str
    words: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class MapFigure:
    """What the template needs; `data` is JSON for the slider."""

    id: str
    title: Markup
    sub: Markup
    caption: Markup
    numbers: Markup
    legends: tuple[tuple[str, Markup], ...]
    panels: tuple[Panel, ...]
    times: tuple[str, ...]
    start: int
    data: Markup


def map_figure(study: Study) -> MapFigure | None:
    """The map, or None where the network has no places."""
    reading = study.network
    chart = CountyMap.of(reading.network) if reading is not None else None
    if reading is None or chart is None:
        return None
    day = study.telling_day
    times = tuple(str(study.local[row])[11:16] for row in day.intervals)
    frames = {arm: arm_frames(study, chart, arm) for arm in study.pair}
    data = {
        "times": times,
        "start": day.tightest,
        "outlines": OUTLINES,
        "arms": {arm: [found.branches, found.places, found.labels, found.words] for arm, found in frames.items()},
    }
    title, sub = _title(study, reading, times[day.tightest])
    return MapFigure(
        id="map",
        title=title,
        sub=sub,
        caption=_caption(study),
        numbers=_table(study, reading),
        legends=_legends(study),
        panels=tuple(_panel(study, chart, arm, found, day.tightest) for arm, found in frames.items()),
        times=times,
        start=day.tightest,
        # A closing tag inside a name would end the element that holds the data.
        data=Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")),
    )


def _title(study: Study, reading: NetworkReading, time: str) -> tuple[Markup, Markup]:
    day = study.telling_day
    row = day.intervals[day.tightest]
    held = {arm: float(found.held_mw[row].sum()) for arm, found in reading.arms.items()}
    free = float(reading.arms[study.control].held_mw.sum()) * study.step_h <= 1e-3
    if free:
        facts = [
            study.fact(f"fullest_percent.{arm}", 100.0 * float(found.used_ratio[row].max()), 0, "%")
            for arm, found in reading.arms.items()
        ]
    else:
        facts = [study.fact(f"held_at_mw.{arm}", held[arm], 1, "MW") for arm in study.pair]
    key = "map_title" + ("_free" if free else "") + ("_alone" if study.alone else "")
    title = say(
        study,
        key,
        time=tagged("date", "map_time", "", time),
        date=tagged("date", "map_day", "", study.period(day.date, day.date)),
        before=facts[0],
        after=facts[-1],
        control=control_phrase(study),
        arm=study.words.arm(study.chosen),
    )
    return title, say(study, "map_sub_free" if free else "map_sub_held")


def _caption(study: Study) -> Markup:
    """What dots, rings and strokes are, and where there is one what the blue squares are."""
    said = [say(study, "map_caption")]
    if site_nets_mw(study, study.control):
        said.append(say(study, "map_caption_centre"))
    return Markup(" " if study.lang == "en" else "").join(said)


def _panel(study: Study, chart: CountyMap, arm: str, frames: ArmFrames, start: int) -> Panel:
    words = study.words
    name = words("control_mark", arm=words.arm(arm)) if arm == study.control else words.arm(arm)
    return Panel(
        arm=arm,
        name=name,
        colour=tokens.CONTROL_TEXT if arm == study.control else tokens.CHOSEN,
        words=frames.words[start],
        drawing=_drawing(study, chart, frames, start, name),
    )


def _drawing(study: Study, chart: CountyMap, frames: ArmFrames, start: int, name: str) -> Markup:
    """Strokes, rings, dots, sites and labels, in this order; what the slider changes carries its number."""
    reading = study.network
    assert reading is not None, "the map is drawn only where there is a network"
    branches, places, texts = frames.branches[start], frames.places[start], frames.labels[start]
    strokes = [
        Markup('<path data-b="{}" data-k="line" class="line b{}" d="{}"/>').format(b, branches[b], chart.line(b))
        for b in chart.spread_branches
    ]
    marks = _rings(chart, reading, branches, study.lang)
    mains = reading.network.transformers
    skipped = {reading.network.slack.bus, *mains.hv_bus[reading.main].tolist()}
    sites = {site: grid_buses(study, site) for site in site_nets_mw(study, study.control)}
    skipped |= {bus for buses in sites.values() for bus in buses}
    for number, spot in enumerate(chart.spots):
        if skipped.isdisjoint(spot.buses):
            digit = int(places[number])
            dot = Markup('<path data-p="{}" class="dot v{}" d="{}"><title>{}</title></path>')
            marks.append(
                chart.mark(
                    spot.x_px, spot.y_px, dot.format(number, digit, OUTLINES[digit], place_name(spot.name, study.lang))
                )
            )
    labels = [Label(reading.network.slack.bus, study.words("grid_above"), "quiet", Markup(""))]
    square = Markup('<path class="grid-above" d="{}"/>').format(SQUARE)
    marks.append(_at(chart, reading.network.slack.bus, square))
    anchors = [*mains.lv_bus[reading.main].tolist()]
    for buses in sites.values():
        marks += [_at(chart, bus, Markup('<path class="centre" d="{}"/>').format(SQUARE)) for bus in buses]
        anchors.append(buses[0])
    for number, (bus, text) in enumerate(zip(anchors, texts, strict=True)):
        labels.append(Label(bus, text, "name", Markup(' data-l="{}"').format(number)))
    return chart.svg([*strokes, *marks, chart.labels(labels)], f"{name}{study.words('colon')}{frames.words[start]}")


def grid_buses(study: Study, site: str) -> list[int]:
    """Rows of the buses at which a site stands."""
    grid = study.network.feeder.grid if study.network is not None else None
    return np.flatnonzero(grid.site_ratio[site] > 0.0).tolist() if grid is not None and site in grid.site_ratio else []


def _at(chart: CountyMap, bus: int, inside: Markup) -> Markup:
    return chart.mark(float(chart.x_px[bus]), float(chart.y_px[bus]), inside)


def _rings(chart: CountyMap, reading: NetworkReading, branches: str, lang: str) -> list[Markup]:
    """A ring for every transformer around its low-voltage bus; main ones are large, parallel ones side by side."""
    table, found = reading.network.transformers, list[Markup]()
    seen: dict[int, int] = {}
    for row, bus in enumerate(table.lv_bus.tolist()):
        main = row in reading.main
        beside = seen.get(bus, 0)
        seen[bus] = beside + 1
        branch = reading.lines + row
        ring = Markup('<circle data-b="{}" data-k="{}" class="{} b{}" cx="{:.0f}" r="{}"><title>{}</title></circle>')
        kind = "ring main" if main else "ring"
        shift_px = beside * (_BESIDE_PX if main else 0.0)
        inside = ring.format(
            branch,
            kind,
            kind,
            branches[branch],
            shift_px,
            _MAIN_RING_PX if main else _RING_PX,
            place_name(table.ids[row], lang),
        )
        found.append(_at(chart, bus, inside))
    return found


def _legends(study: Study) -> tuple[tuple[str, Markup], ...]:
    """Two rows: how full, and voltage."""
    words = study.words
    full = [
        legend_item([("M-8 0H8", f"line b{step}")], text)
        for step, text in enumerate(["< 20 %", "20–40", "40–60", "60–80", "80–100", words("above_limit")])
    ]
    volts = [(6, "< −5 %"), (5, "−5"), (4, "−3"), (0, "±1.5"), (1, "+3"), (2, "+5"), (3, "> +5 %")]
    dots = [legend_item([(CIRCLE, f"dot v{digit}")], text) for digit, text in volts]
    outside = legend_item([(OUTLINES[digit], f"dot v{digit}") for digit in (HIGH, LOW)], words("outside_limits"))
    assert len(full) == OVER + 1
    return (
        (words("used_of_limit"), Markup("").join(full)),
        (words("voltage_off"), Markup("").join([*dots, outside])),
    )


def _table(study: Study, reading: NetworkReading) -> Markup:
    """Every full hour of the day: how full the main transformers are, solar held back, villages outside limits."""
    words, ids = study.words, reading.network.transformers.ids
    rows = list[list[str]]()
    for row in study.telling_day.intervals:
        time = str(study.local[row])[11:16]
        if not time.endswith(":00"):
            continue
        cells = [time]
        for found in reading.arms.values():
            cells += [fixed(100.0 * float(found.used_ratio[row, reading.lines + t]), 0) for t in reading.main.tolist()]
            cells.append(fixed(float(found.held_mw[row].sum()), 2))
            cells.append(str(villages(reading.network, found.exceeded.voltage[row])))
        rows.append(cells)
    heads = [words("time")]
    for arm in reading.arms:
        name = words.arm(arm)
        heads += [f"{name}: {ids[t]}, %" for t in reading.main.tolist()]
        heads += [
            f"{name}: {words('curtailed')}, MW",
            f"{name}: {words('voltage_violation_bus_h')}, {words('village')}",
        ]
    return number_table(words("used_of_limit"), heads, rows)
