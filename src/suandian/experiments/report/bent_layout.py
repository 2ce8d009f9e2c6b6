"""Layout of the figure of runs that bent: a group of rows per run, and the signals of their sites beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from suandian.experiments.report import tokens
from suandian.experiments.report.bending import Shown, Story
from suandian.experiments.report.canvas import axis, base_layout, nice_range, note, row_title
from suandian.experiments.report.captions import surplus_mask
from suandian.experiments.report.numbers import NBSP, fixed
from suandian.experiments.report.reading import runs
from suandian.experiments.report.study import Study

__all__ = ["Rows", "bent_layout", "make_rows", "stamp"]

#: Pixels of the parts of a run's group: head, control's bar, gap, bar at full power, labels of sites, air. (D)
HEAD_PX, CONTROL_PX, GAP_PX, BAR_PX, LABEL_PX, AIR_PX = 22, 8, 3, 24, 17, 12
_STRIP_PX, _SIGNAL_PX, _TITLE_PX = 10, 36, 26
_LEFT = {"wide": 44, "medium": 42, "narrow": 36}
_RIGHT_PX, _PUSH_PX = 16, 90


@dataclass(frozen=True, slots=True)
class Rows:
    """Where things stand, in pixels above the bottom of the plot.

    `runs` holds for each run the base of its control bar and of its own bar, and the top of its head; `strip` and
    `signals` are (low, high) of the row of the limit (None where there is none) and of price and carbon by site.
    """

    height_px: float
    runs: tuple[tuple[float, float, float], ...]
    strip: tuple[float, float] | None
    signals: tuple[tuple[float, float], ...]

    def domain(self, span: tuple[float, float]) -> list[float]:
        return [span[0] / self.height_px, span[1] / self.height_px]


def make_rows(labelled: Sequence[bool], sites: int, *, limited: bool) -> Rows:
    """Heights from below: carbon and price of each site, the limit, then the runs; `labelled` runs name their sites."""
    signals: list[tuple[float, float]] = []
    at = 0.0
    for _ in range(2 * sites):
        signals.append((at, at + _SIGNAL_PX))
        at += _SIGNAL_PX + _TITLE_PX
    strip = None
    if limited:
        strip = (at, at + _STRIP_PX)
        at += _STRIP_PX + _TITLE_PX
    at += AIR_PX
    found = []
    for has_labels in reversed(labelled):
        at += LABEL_PX if has_labels else 0
        bar, control = at, at + BAR_PX + GAP_PX
        at = control + CONTROL_PX + HEAD_PX
        found.append((control, bar, at))
        at += AIR_PX
    return Rows(at - AIR_PX, tuple(reversed(found)), strip, tuple(reversed(signals)))


def stamp(study: Study, at_s: int) -> str:
    """Local wall-clock time as the figure library reads it."""
    return str(study.clock(at_s)).replace("T", " ")


def bent_layout(
    study: Study,
    shown: Shown,
    stories: Sequence[Story],
    sites: Sequence[int],
    rows: Rows,
    form: str,
    *,
    limited: bool,
) -> dict[str, Any]:
    """The layout of one form; the days of the window are named at noon. `limited`: is the limit met in the window?"""
    layout = base_layout(form, round(rows.height_px + 4 + 30), _LEFT[form], _RIGHT_PX, top=4, bottom=30)
    layout["hovermode"] = "closest"
    layout["barmode"] = "overlay"
    borders, noons, labels = days(study, shown)
    every = int(np.ceil(len(labels) / ((tokens.FORM_WIDTH[form] - 60) / (62 if form == "narrow" else 70))))
    last = f"{len(rows.signals) + 1 + (rows.strip is not None)}"
    layout["xaxis"] = axis(
        type="date",
        range=[borders[0], borders[-1]],
        tickvals=noons[::every],
        ticktext=labels[::every],
        showgrid=False,
        anchor=f"y{last}",
        hoverformat="%m-%d %H:%M",
    )
    base = min(base for _, base, _ in rows.runs) - LABEL_PX
    layout["yaxis"] = axis(
        domain=rows.domain((base, rows.height_px)),
        range=[base, rows.height_px],
        showticklabels=False,
        showgrid=False,
        anchor="x",
    )
    layout["shapes"] = _shapes(study, shown, borders)
    for job, told, (_, bar, top) in zip(shown.jobs, stories, rows.runs, strict=True):
        layout["annotations"].append(_head(study, job, told, top, form))
        layout["annotations"] += site_notes(study, job, told, bar, (borders[0], borders[-1]), form)
    _signal_axes(study, layout, shown, sites, rows, form, limited=limited)
    return layout


def days(study: Study, shown: Shown) -> tuple[list[str], list[str], list[str]]:
    """Borders, noons and names of the local days of the window."""
    local = study.local[shown.first : shown.last].astype("datetime64[D]")
    dates = np.unique(local)
    end = study.clock(int(study.finding.truth.axis.starts_s()[shown.last - 1]) + study.finding.truth.axis.step_s)
    borders = [f"{day} 00:00" for day in dates] + [str(end)[:16].replace("T", " ")]
    return borders, [f"{day} 12:00" for day in dates], [study.day_label(day) for day in dates]


def _shapes(study: Study, shown: Shown, borders: Sequence[str]) -> list[dict[str, Any]]:
    """Pale bands of surplus, and the borders of the days."""
    mask = surplus_mask(study.flows[study.control])[shown.first : shown.last]
    bridge = max(1, round(1.0 / study.step_h))
    starts_s = study.finding.truth.axis.starts_s()[shown.first : shown.last]
    behind = {"layer": "below", "xref": "x", "yref": "paper", "y0": 0, "y1": 1}
    bands = [
        behind
        | {
            "type": "rect",
            "x0": stamp(study, int(starts_s[first])),
            "x1": stamp(study, int(starts_s[last - 1]) + study.finding.truth.axis.step_s),
            "line": {"width": 0},
            "fillcolor": tokens.SURPLUS,
        }
        for first, last in runs(mask, bridge=bridge, least=max(1, bridge // 2))
    ]
    lines = [behind | {"type": "line", "x0": b, "x1": b, "line": {"color": tokens.RULE, "width": 1}} for b in borders]
    return bands + lines


def _head(study: Study, job: int, told: Story, top_px: float, form: str) -> dict[str, Any]:
    """`Run 19038 · 560 GPUs · 24.8 MWh · checkpoint every 0.5 h · Qingyang → County`, shortened to what fits."""
    jobs = study.finding.truth.jobs
    home = int(jobs.home[job])
    sites = [site for _, site in visits(told)] or [home]
    chain = " → ".join(short_name(study, site) for site in (sites if sites[0] == home else [home, *sites]))
    name = study.words("run_number", number=str(int(jobs.id[job])))
    gpus = f"{fixed(int(jobs.gpus_max[job]), 0)}{NBSP}GPU" + ("s" if study.lang == "en" else "")
    energy = f"{fixed(float(jobs.energy_mwh[job]), 1)}{NBSP}MWh"
    every_h = float(jobs.checkpoint_every_h[job])
    saves = study.words("checkpoint_every", hours=fixed(every_h, 1)).replace(" ", NBSP) if every_h > 0 else ""
    size = 11 if form == "narrow" else 12
    room_px = (tokens.FORM_WIDTH[form] - _LEFT[form] - 4) * 11 / size
    options = [[gpus, energy, saves, chain], [gpus, energy, chain], [gpus, chain], [gpus, short_name(study, home)]]
    texts = [" · ".join(filter(None, [name, *parts])) for parts in options]
    text = next((text for text in texts if text_width_px(text) <= room_px), name)
    marked = f"<b>{name}</b>{text.removeprefix(name)}"
    return note(marked, 0, top_px, yref="y", yanchor="top", font={"size": size, "color": tokens.INK})


def visits(told: Story) -> list[tuple[int, int]]:
    """(when, site) of each change of site, the first start among them."""
    found: list[tuple[int, int]] = []
    for begin_s, site in zip(told.stretches.begin_s.tolist(), told.stretches.site.tolist(), strict=True):
        if not found or found[-1][1] != site:
            found.append((begin_s, site))
    return found


def short_name(study: Study, site: int) -> str:
    """The site's name without what stands in brackets, escaped: the figure library reads markup."""
    return escape(study.site_name(site).split("（")[0].split(" (")[0], quote=False)


def text_width_px(text: str) -> float:
    """Width of a label in 11 px, on the safe side: 6.4 px a letter, 11.5 px a Chinese character."""
    return sum(11.5 if ord(letter) > 0x2E00 else 6.4 for letter in text)


def site_notes(
    study: Study, job: int, told: Story, bar_px: float, ends: tuple[str, str], form: str
) -> list[dict[str, Any]]:
    """`→ site` below the bar at each change of site, pushed to the right of the one before where they would meet.

    A label that would be pushed farther than `_PUSH_PX`, or out of the figure, is left out.
    """
    stops, home = visits(told), int(study.finding.truth.jobs.home[job])
    if len(stops) <= 1:
        return []
    first, last = (np.datetime64(end.replace(" ", "T"), "s") for end in ends)
    plot_px = tokens.FORM_WIDTH[form] - _LEFT[form] - _RIGHT_PX
    per_s = plot_px / float((last - first).astype(np.int64))
    free_px = 0.0
    notes = []
    for number, (at_s, site) in enumerate(stops):
        if number == 0 and site == home:
            continue
        text = f"→ {short_name(study, site)}"
        at_px = float((study.clock(at_s) - first).astype(np.int64)) * per_s
        width_px = text_width_px(text)
        left_px = max(min(at_px, plot_px + _RIGHT_PX - 2 - width_px), free_px)
        if left_px - at_px > _PUSH_PX or left_px + width_px > plot_px + _RIGHT_PX:
            continue
        free_px = left_px + width_px + 6
        font = {"size": 11, "color": tokens.INK}
        place = {"xref": "x", "yref": "y", "yanchor": "top", "xshift": left_px - at_px, "font": font}
        notes.append(note(text, 0, bar_px - 1, **place) | {"x": stamp(study, at_s)})
    return notes


def _signal_axes(
    study: Study,
    layout: dict[str, Any],
    shown: Shown,
    sites: Sequence[int],
    rows: Rows,
    form: str,
    *,
    limited: bool,
) -> None:
    """Axes and titles of the limit's strip and of the signals, price before carbon, site by site."""
    number = 2
    truth, span = study.finding.truth, slice(shown.first, shown.last)
    if rows.strip is not None:
        domain = rows.domain(rows.strip)
        layout[f"yaxis{number}"] = axis(domain=domain, range=[0, 1], showticklabels=False, showgrid=False, anchor="x")
        text = study.words("at_limit" if limited else "never_at_limit", place=escape(study.place.name, quote=False))
        layout["annotations"].append(row_title(text, domain[1], form))
        number += 1
    signals = [(key, site) for site in sites for key in ("price", "carbon_row")]
    for (key, site), row in zip(signals, rows.signals, strict=True):
        values = (truth.price_cny_per_mwh if key == "price" else truth.carbon_average_kg_per_mwh)[site, span]
        low, high = float(values.min()), float(values.max())
        domain = rows.domain(row)
        layout[f"yaxis{number}"] = axis(
            domain=domain,
            range=list(nice_range(min(0.0, low) if key == "price" else low - 25.0, high, 0.12)),
            nticks=2,
            anchor="x",
            separatethousands=True,
        )
        narrow = "_narrow" if form == "narrow" else ""
        title = row_title(study.words(f"{key}{narrow}"), domain[1], form)
        title["text"] += f" · {short_name(study, site)}"
        layout["annotations"].append(title)
        number += 1
