"""Figure: which kind of flexibility did the work, control beside chosen arm, with what was paid for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from suandian.experiments.report import tokens
from suandian.experiments.report.canvas import Drawing, Figure, LegendItem, Pool, Variant, axis, base_layout, note
from suandian.experiments.report.captions import say
from suandian.experiments.report.kinds import KINDS, Touched, offered, repeated_mwh, touched
from suandian.experiments.report.numbers import NBSP, fixed
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import number_table

__all__ = ["kinds_figure", "kinds_text"]

Found = Mapping[str, Mapping[str, Touched]]
#: Energy below which a kind counts as unused: half of the last figure shown.
_LEAST_MWH = 0.05


def kinds_figure(study: Study, pool: Pool) -> Figure:
    """MWh touched by each kind as bars, jobs and cost in words behind them; numbers of all arms in the table."""
    found = {arm: touched(study, arm) for arm in study.finding.arms}
    title, caption = kinds_text(study, found)
    forms = {form: _drawing(study, pool, found, form) for form, _ in tokens.FORMS}
    legend = [LegendItem(study.words.arm(study.control), tokens.CONTROL)]
    if not study.alone:
        legend.append(LegendItem(study.words.arm(study.chosen), tokens.CHOSEN))
    return Figure(
        id="kinds",
        sub=say(study, "kinds_sub"),
        numbers=_table(study, found),
        variants={study.chosen: Variant(study.words.arm(study.chosen), title, caption, forms)},
        default=study.chosen,
        legend=tuple(legend),
        legend_forms=("wide", "medium", "narrow"),
    )


def kinds_text(study: Study, found: Found) -> tuple[Markup, Markup]:
    """Which kind touched most computing in the chosen arm; saved energy of batches is told apart, it is no such sum."""
    mine = found[study.chosen]
    ranked = sorted((kind for kind in KINDS if kind != "batched"), key=lambda kind: -mine[kind].energy_mwh)
    used = [kind for kind in ranked if mine[kind].energy_mwh >= _LEAST_MWH]

    def energy(kind: str) -> Markup:
        return study.fact(f"kinds_{kind}_mwh", mine[kind].energy_mwh, 1, "MWh")

    def name(kind: str) -> Markup:
        return say(study, f"kind_{kind}")

    if len(used) > 1:
        gaps = {"first": name(used[0]), "energy": energy(used[0]), "second": name(used[1]), "less": energy(used[1])}
        title = say(study, "kinds_most", **gaps)
    elif used:
        title = say(study, "kinds_one", first=name(used[0]), energy=energy(used[0]))
    elif mine["batched"].energy_mwh >= _LEAST_MWH:
        title = say(study, "kinds_batched", energy=energy("batched"))
    else:
        title = say(study, "kinds_none")
    cost = sum(kind.cost_cny for kind in mine.values())
    caption = say(
        study,
        "kinds_caption",
        cost=study.fact("kinds_cost", cost, 0, study.words("money_unit")),
        repeated=study.fact("kinds_repeated_mwh", repeated_mwh(study, study.chosen), 1, "MWh"),
    )
    return title, caption


def _drawing(study: Study, pool: Pool, found: Found, form: str) -> Drawing:
    """Name of the kind above its bars; what it touched, how many jobs and what it cost behind each."""
    bar_px, head_px, air_px = 20, 22, 10
    pitch_px = head_px + bar_px * len(study.pair) + air_px
    height_px = pitch_px * len(KINDS)
    layout = base_layout(form, height_px + 34, 4, 8, top=4, bottom=30)
    layout["hovermode"] = "closest"
    layout["barmode"] = "overlay"
    held = offered(study)
    most_mwh = max([kind.energy_mwh for arm in study.pair for kind in found[arm].values()] + [1e-6])
    # The longest bar leaves room for its words, which are as long in every form.
    plot_px = tokens.FORM_WIDTH[form] - 12
    room_px = {"wide": 320, "medium": 320, "narrow": 236}[form]
    layout["xaxis"] = axis(
        range=[0, most_mwh * plot_px / (plot_px - room_px)], nticks=3 if form == "narrow" else 7, separatethousands=True
    )
    layout["yaxis"] = axis(range=[0, height_px], showticklabels=False, showgrid=False)
    size = 11 if form == "narrow" else 12
    data: list[dict[str, Any]] = []
    for order, kind in enumerate(KINDS):
        top = height_px - order * pitch_px
        head = f"<b>{study.words(f'kind_{kind}')}</b>"
        layout["annotations"].append(
            note(head, 0, top, xref="x", yref="y", yanchor="top", font={"size": size, "color": tokens.INK})
        )
    for position, arm in enumerate(study.pair):
        places = [height_px - order * pitch_px - head_px - bar_px * (position + 0.5) for order in range(len(KINDS))]
        values = [found[arm][kind].energy_mwh for kind in KINDS]
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": study.words.arm(arm),
                "x": pool.put(values, 3),
                "y": pool.put(places, 1),
                "width": pool.put(np.full(len(KINDS), bar_px - 4.0), 1),
                "marker": {"color": tokens.CONTROL if arm == study.control else tokens.CHOSEN},
                "hovertemplate": "%{x:,.1f} MWh<extra>" + study.words.arm(arm) + "</extra>",
            }
        )
        for kind, place, value in zip(KINDS, places, values, strict=True):
            text = _told(study, found[arm][kind], kind, form, held=kind in held)
            # On white, so that no grid line runs through the words.
            where: dict[str, Any] = {"xref": "x", "yref": "y", "xshift": 6, "bgcolor": "rgba(255,255,255,.85)"}
            where["font"] = {"size": size, "color": tokens.INK}
            layout["annotations"].append(note(text, value, place, **where))
    return {"data": data, "layout": layout}


def _told(study: Study, kind: Touched, name: str, form: str, *, held: bool) -> str:
    """`412.0 MWh · 1,204 jobs · 38,885 CNY`, `none`, or that the study has no such kind."""
    words = study.words
    if kind.energy_mwh < _LEAST_MWH and not kind.cost_cny >= 0.5:
        return words("kind_none" if held else "kind_absent")
    parts = [f"<b>{fixed(kind.energy_mwh, 1)}{NBSP}MWh</b>" + (words("kind_saved") if name == "batched" else "")]
    if name != "batched":
        parts.append(f"{fixed(kind.jobs, 0)}{NBSP}{words('unit_jobs')}")
    if kind.cost_cny >= 0.5:
        parts.append(f"{fixed(kind.cost_cny, 0)}{NBSP}{words('money_unit')}")
    return (", " if form == "narrow" else " · ").join(parts)


def _table(study: Study, found: Found) -> Markup:
    """Every kind in every arm."""
    words = study.words
    held = offered(study)
    rows = []
    for kind in KINDS:
        for arm in study.finding.arms:
            one = found[arm][kind]
            jobs = ["–", "–"] if kind == "batched" else [fixed(one.jobs, 0), fixed(one.work_gpu_h, 0)]
            cells = [*jobs, fixed(one.energy_mwh, 3), fixed(one.cost_cny, 0)]
            rows.append([f"{words(f'kind_{kind}')} · {words.arm(arm)}", *(cells if kind in held else ["–"] * 4)])
    heads = [words(key) for key in ("kind", "n_jobs", "work_done", "mwh_drawn", "paid_for")]
    return number_table(words("kinds_numbers"), heads, rows)
