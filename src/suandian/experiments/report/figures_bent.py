"""Figure: training runs against the signals of their sites, in the control and in the arm, on one clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from suandian.experiments.report import tokens
from suandian.experiments.report.bending import Shown, Story, choose, gear_shares, story
from suandian.experiments.report.bent_layout import (
    BAR_PX,
    CONTROL_PX,
    Rows,
    bent_layout,
    days,
    make_rows,
    short_name,
    stamp,
    visits,
)
from suandian.experiments.report.bent_text import account, bent_caption, bent_sub, bent_title
from suandian.experiments.report.canvas import Drawing, Figure, LegendItem, Pool, Variant
from suandian.experiments.report.captions import surplus_mask
from suandian.experiments.report.numbers import fixed, percent
from suandian.experiments.report.reading import runs
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table

__all__ = ["at_limit", "bars", "bent_figure"]

Json = dict[str, Any]


def bent_figure(study: Study, pool: Pool) -> Figure | None:
    """The chosen runs under every arm but the control (under the control where it is alone); None without jobs."""
    shown = choose(study)
    if shown is None:
        return None
    arms = [arm for arm in study.finding.arms if arm != study.control or study.alone]
    variants = {
        arm: Variant(
            label=study.words.arm(arm),
            title=bent_title(study, shown, arm),
            caption=bent_caption(study, shown, arm),
            forms=_forms(study, pool, shown, arm),
        )
        for arm in arms
    }
    borders, _, labels = days(study, shown)
    zooms = tuple((a, b, label) for a, b, label in zip(borders, borders[1:], labels, strict=False))
    return Figure(
        id="bent",
        sub=bent_sub(study, shown),
        numbers=_table(study, shown),
        variants=variants,
        default=study.chosen,
        legend=_legend(study, _drawn(study, shown, variants)),
        legend_forms=("wide", "medium", "narrow"),
        days=zooms if len(zooms) > 1 else (),
        whole_on_phone=True,
    )


def _forms(study: Study, pool: Pool, shown: Shown, arm: str) -> dict[str, Drawing]:
    stories = [story(study, arm, job) for job in shown.jobs]
    befores = [story(study, study.control, job) for job in shown.jobs]
    used = {site for told in (*stories, *befores) for _, site in visits(told)}
    sites = sorted(used or {int(study.finding.truth.jobs.home[shown.leader])})
    strip = bool(study.finding.truth.fleet.feeders)
    rows = make_rows([len(visits(told)) > 1 for told in stories], len(sites), limited=strip)
    data: list[Json] = []
    if arm != study.control:
        for told, (base, _, _) in zip(befores, rows.runs, strict=True):
            data += bars(study, pool, told, base, CONTROL_PX, study.control)
    for told, (_, base, _) in zip(stories, rows.runs, strict=True):
        data += bars(study, pool, told, base, BAR_PX, arm)
    data += _marks(study, pool, shown, stories, rows)
    data += _signals(study, pool, shown, arm, sites, rows)
    limited = bool(at_limit(study, arm)[shown.first : shown.last].any())
    return {
        form: {"data": data, "layout": bent_layout(study, shown, stories, sites, rows, form, limited=limited)}
        for form, _ in tokens.FORMS
    }


def _drawn(study: Study, shown: Shown, variants: Mapping[str, Variant]) -> set[str]:
    """Keys of the legend that occur in some arm."""
    found = {str(trace["meta"]) for v in variants.values() for trace in v.forms["wide"]["data"] if "meta" in trace}
    return found | ({"surplus"} if surplus_mask(study.flows[study.control])[shown.first : shown.last].any() else set())


def bars(study: Study, pool: Pool, told: Story, base_px: float, full_px: float, arm: str) -> list[Json]:
    """One run in one arm: bars as tall as its power, by full speed, capped and fewer GPUs; waits thin; data hatched."""
    own = told.stretches
    gpus, power, speed = gear_shares(study.finding.truth.jobs, own)
    quiet = arm == study.control and not study.alone
    full, capped, narrower = (
        (tokens.CONTROL, tokens.CONTROL_SLOWED, tokens.CONTROL_SLOWED)
        if quiet
        else (tokens.CHOSEN, tokens.CAPPED, tokens.NARROWER)
    )
    slow = own.gear > 0
    found: list[Json] = []
    for key, mask, colour in (
        ("full_speed", ~slow, full),
        ("capped", slow & (gpus >= 1.0), capped),
        ("narrower", slow & (gpus < 1.0), narrower),
    ):
        rows = np.flatnonzero(mask)
        spans = [(int(own.begin_s[row]), int(own.end_s[row])) for row in rows]
        texts = [
            f"{short_name(study, int(own.site[row]))}, {study.words(key)}<br>" + _shares(study, speed[row], power[row])
            for row in rows
        ]
        found += _bar(study, pool, key, spans, base_px, power[rows] * full_px, texts, colour)
    thin_px = 1.5 if quiet else 2.0
    middle, waits = base_px + full_px / 2 - thin_px / 2, [study.words("waits")] * len(told.waits_s)
    found += _bar(study, pool, "waits", told.waits_s, middle, np.full(len(waits), thin_px), waits, full)
    sends = [(leaves, arrives) for leaves, arrives, _ in told.transfers]
    texts = [f"{study.words('sends')} {short_name(study, to)}" for _, _, to in told.transfers]
    height_px = np.full(len(sends), full_px * 0.5)
    sent = _bar(study, pool, "sends", sends, base_px + full_px * 0.25, height_px, texts, "#FFFFFF")
    for bar in sent:
        bar["marker"] |= {
            "pattern": {"shape": "/", "size": 5, "solidity": 0.4, "fgcolor": tokens.INK, "bgcolor": "#FFFFFF"},
            "line": {"color": tokens.INK, "width": 1},
        }
    return found + sent


def _shares(study: Study, speed_ratio: float, power_ratio: float) -> str:
    """`93 % of the speed, 75 % of the power`."""
    return study.words("shares", speed=percent(speed_ratio * 100, 0), power=percent(power_ratio * 100, 0))


def _bar(
    study: Study,
    pool: Pool,
    key: str,
    spans: Sequence[tuple[int, int]],
    base_px: float,
    height_px: NDArray[np.float64],
    texts: Sequence[str],
    colour: str,
) -> list[Json]:
    """Bars from the first to the second instant of each span, `height_px` tall, standing on `base_px`; none without."""
    if not spans:
        return []
    clocks = [(study.clock(begin), study.clock(end)) for begin, end in spans]
    times = [f"{str(a)[5:16].replace('T', ' ')}–{str(b)[11:16]}" for a, b in clocks]
    hover = [f"{text}<br>{time}" for text, time in zip(texts, times, strict=True)]
    bar = {
        "type": "bar",
        "meta": key,
        "orientation": "h",
        "base": pool.put_text([stamp(study, begin) for begin, _ in spans]),
        "x": pool.put([float((b - a).astype(np.int64)) * 1000.0 for a, b in clocks], 0),
        "y": pool.put(base_px + height_px / 2, 2),
        "width": pool.put(height_px, 2),
        "hovertext": pool.put_text(hover),
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {"color": colour, "line": {"width": 0}},
    }
    return [bar]


def _marks(study: Study, pool: Pool, shown: Shown, stories: Sequence[Story], rows: Rows) -> list[Json]:
    """Releases, pauses, due times met, and in red those that were missed."""
    jobs, axis = study.finding.truth.jobs, study.finding.truth.axis
    found: dict[str, list[tuple[int, float]]] = {"released": [], "paused_at": [], "due": [], "due_missed": []}
    for job, told, (control, bar, _) in zip(shown.jobs, stories, rows.runs, strict=True):
        middle = (bar + control + CONTROL_PX) / 2
        due_s = int(jobs.due_s[job])
        found["released"].append((int(jobs.released_s[job]), bar + BAR_PX / 2))
        found["paused_at"] += [(at_s, bar + BAR_PX) for at_s in told.pauses_s]
        late = told.finished_s > due_s or (told.finished_s < 0 and due_s <= axis.end_s)
        if due_s <= axis.end_s:
            found["due_missed" if late else "due"].append((due_s, middle))
    tall = BAR_PX + CONTROL_PX + 8
    looks: dict[str, Json] = {
        "released": {"symbol": "triangle-right", "size": 9, "color": tokens.INK},
        "paused_at": {"symbol": "triangle-down", "size": 7, "color": tokens.INK},
        "due": {"symbol": "line-ns", "size": tall / 2, "line": {"color": tokens.INK, "width": 2.5}},
        "due_missed": {"symbol": "line-ns", "size": tall / 2, "line": {"color": tokens.LIMIT, "width": 2.5}},
    }
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "meta": key,
            "x": pool.put_text([stamp(study, at_s) for at_s, _ in places]),
            "y": pool.put([y for _, y in places]),
            "cliponaxis": False,
            "marker": looks[key] | {"opacity": 1},
            "hovertemplate": study.words(key) + " %{x|%m-%d %H:%M}<extra></extra>",
        }
        for key, places in found.items()
        if places
    ]


def at_limit(study: Study, arm: str) -> NDArray[np.bool_]:
    """Intervals in which the flow at the main connection meets its import or export limit (within 1 kW), `(T,)`."""
    flow, place = study.flows[arm], study.place
    met: NDArray[np.bool_] = (flow.import_mw >= place.import_max_mw - 1e-3) | (
        (flow.export_mw >= place.export_max_mw - 1e-3) & (place.export_max_mw > 0)
    )
    return met


def _signals(study: Study, pool: Pool, shown: Shown, arm: str, sites: Sequence[int], rows: Rows) -> list[Json]:
    """The strip of hours at the limit, then price and carbon of each site."""
    truth, span = study.finding.truth, slice(shown.first, shown.last)
    starts_s = truth.axis.starts_s()[span]
    data: list[Json] = []
    number = 2
    if rows.strip is not None:
        spans = [
            (int(starts_s[a]), int(starts_s[b - 1]) + truth.axis.step_s) for a, b in runs(at_limit(study, arm)[span])
        ]
        texts = [study.words("limit_met")] * len(spans)
        strip = _bar(study, pool, "limit", spans, 0.0, np.ones(len(spans)), texts, tokens.LIMIT)
        data += [bar | {"yaxis": f"y{number}"} for bar in strip]
        number += 1
    factor = max(1, round(0.25 / study.step_h))
    x = [*(stamp(study, int(s)) for s in starts_s[::factor]), stamp(study, int(starts_s[-1]) + truth.axis.step_s)]
    times = pool.put_text(x)
    for site in sites:
        for signal, colour, shape in (
            (truth.price_cny_per_mwh, tokens.PRICE, "hv"),
            (truth.carbon_average_kg_per_mwh, tokens.CARBON, "linear"),
        ):
            values = signal[site, span][::factor]
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": times,
                    "y": pool.put(np.append(values, values[-1]), 0),
                    "yaxis": f"y{number}",
                    "line": {"width": 1.6, "color": colour, "shape": shape},
                    "hovertemplate": "%{x|%m-%d %H:%M} %{y:,.0f}<extra></extra>",
                }
            )
            number += 1
    return data


def _legend(study: Study, drawn: set[str]) -> tuple[LegendItem, ...]:
    """What is drawn in some arm, in a fixed order."""
    full, ink = tokens.CHOSEN, tokens.INK
    items = {
        "full_speed": LegendItem(study.words("full_speed"), full),
        "capped": LegendItem(study.words("capped"), tokens.CAPPED),
        "narrower": LegendItem(study.words("narrower"), tokens.NARROWER),
        "waits": LegendItem(study.words("waits"), full, "line"),
        "sends": LegendItem(study.words("sends_data"), ink, "sent"),
        "released": LegendItem(study.words("released"), ink, "go"),
        "paused_at": LegendItem(study.words("paused_at"), ink, "fall"),
        "due": LegendItem(study.words("due"), ink, "tick"),
        "due_missed": LegendItem(study.words("due_missed"), tokens.LIMIT, "tick"),
    }
    control = [] if study.alone else [LegendItem(study.words.arm(study.control), tokens.CONTROL)]
    surplus = [LegendItem(study.words("surplus"), tokens.SURPLUS)] if "surplus" in drawn else []
    return (*control, *(item for key, item in items.items() if key in drawn), *surplus)


def _table(study: Study, shown: Shown) -> Markup:
    """What each shown run did in the control and in the chosen arm."""
    words, jobs = study.words, study.finding.truth.jobs
    heads = (
        "started",
        "finished",
        "due",
        "h_full",
        "h_slowed",
        "h_waits",
        "n_pauses",
        "h_repeated",
        "gb_sent",
        "mwh_drawn",
    )
    signals = ("price", "carbon_row", "sunny_share")
    rows = []
    for job in shown.jobs:
        for arm in study.pair:
            told, one = account(study, arm, job), story(study, arm, job)
            starts = one.stretches.begin_s
            times = [int(starts[0]) if len(starts) else -1, told.finished_s, int(jobs.due_s[job])]
            sites = " → ".join(short_name(study, site) for _, site in visits(one))
            rows.append(
                [
                    f"{int(jobs.id[job])} · {words.arm(arm)}",
                    *(str(study.clock(s))[5:16].replace("T", " ") if s >= 0 else "–" for s in times),
                    *(fixed(hours, 1) for hours in (told.full_h, told.slowed_h, told.wait_h)),
                    fixed(told.pauses, 0),
                    fixed(told.repeated_h, 1),
                    fixed(told.moved_gb, 0),
                    fixed(told.energy_mwh, 3),
                    fixed(told.price_cny_per_mwh, 1),
                    fixed(told.carbon_kg_per_mwh, 1),
                    fixed(told.sunny_percent, 1),
                    Markup(sites) if sites else "–",
                ]
            )
    columns = [words("run"), *(words(head) for head in heads), *(words(head) for head in signals), words("sites_run")]
    return number_table(words("bent_numbers"), columns, rows)
