"""The page of a classification: one HTML file with both languages that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from suandian.experiments.classification import drawings, views
from suandian.experiments.classification.result import Classification
from suandian.experiments.classification.scales import energy_scale, largest, power_scale, share_text
from suandian.experiments.classification.statements import LOCATION_WORDS, statements
from suandian.experiments.classification.words import word
from suandian.experiments.report import tokens
from suandian.experiments.report.numbers import fixed
from suandian.experiments.report.pieces import Picture, Table, environment, resource_text, style

__all__ = ["html"]

_LANGUAGES = ("en", "zh")


def html(found: Classification, lang: str = "en") -> str:
    """The whole page; `lang` (`en` or `zh`) is the language in which it opens. Raises `ValueError` for another."""
    if lang not in _LANGUAGES:
        raise ValueError(f"the page speaks 'en' and 'zh', not {lang!r}")
    template = environment().from_string(resource_text(__package__, "template.html"))
    return template.render(
        lang=lang,
        title=word(lang, "eyebrow"),
        version=found.table.version,
        lost=tokens.CONTROL,
        sensitivity_h=float(found.sensitivity["duration_h"][0]),
        bodies=[_body(found, language) for language in _LANGUAGES],
        style=style("suandian classify", __package__),
    )


def _body(found: Classification, lang: str) -> dict[str, Any]:
    """What the template needs in one language."""
    w = partial(word, lang)
    column = _LANGUAGES.index(lang)
    told = statements(found)
    return {
        "lang": lang,
        "w": w,
        "source": found.facts.source,
        "pill": views.pill(found, w),
        "headline": views.headline(found, w),
        "lead": views.lead(found, w),
        "rests": [statement[column] for statement in told[:4]],
        "cards": views.cards(found, w),
        "shares": _shares(found, w),
        "day": _day(found, w),
        "classes": _class_table(found, w),
        "envelope": _envelope(found, w),
        "stages": _stages(found, w),
        "instants": _instants(found, w),
        "levels": _levels(found, w),
        "location": _location(found, w, column),
        "streams": _streams(found, w),
        "rules": _rules(found, w, column),
        "sensitivity": _sensitivity(found, w),
        "limits": [statement[column] for statement in told],
        "records": _records(found, w),
        "sources": Table(w("h_sources"), [w("t_what"), w("t_source")], [list(row) for row in found.setting.sources]),
    }


def _class_legend(w: views.Word, labels: Sequence[str]) -> list[tuple[str, str, str]]:
    return [("fill", tokens.CLASSES[label], f"{label} {w(label)}") for label in labels]


def _shares(found: Classification, w: views.Word) -> Picture:
    frame = found.classes
    names = {
        "energy_share_ratio": w("row_energy"),
        "work_share_ratio": w("row_work", unit=found.facts.unit),
        "count_share_ratio": w("row_count"),
    }
    rows = [
        (
            name,
            [
                (label, share, share_text(share))
                for label, share in frame.select("label", column).iter_rows()
                if share > 0
            ],
        )
        for column, name in names.items()
    ]
    used = [row["label"] for row in frame.iter_rows(named=True) if row["energy_mwh"] > 0 or row["count"]]
    title = views.shares_title(found, w)
    return Picture(
        "shares",
        title,
        w("s_shares"),
        drawings.both_forms(title, lambda form: drawings.shares_picture(rows, form)),
        w("c_shares"),
        _class_legend(w, used),
    )


def _day(found: Classification, w: views.Word) -> Picture:
    labels = [f"F{index}" for index in range(6)]
    hours = [
        {label: float(row[f"{label}_mw"]) for label in labels if row[f"{label}_mw"] > 0}
        for row in found.profile.iter_rows(named=True)
    ]
    scale, title = power_scale(views.largest_mw(found)), views.day_title(found, w)
    words = {"axis_y": w("axis_y"), "axis_day": w("axis_day")}
    used = [label for label in labels if any(label in hour for hour in hours)]
    table = Table(
        title,
        [w("axis_day"), *(f"{label}, {scale.unit}" for label in used)],
        [[f"{at}:00", *(scale.text(hour.get(label, 0.0)) for label in used)] for at, hour in enumerate(hours)],
    )
    return Picture(
        "day",
        title,
        w("s_day"),
        drawings.both_forms(title, lambda form: drawings.day_picture(hours, scale, words, form)),
        "",
        _class_legend(w, used),
        table,
    )


def _class_table(found: Classification, w: views.Word) -> Table:
    frame = found.classes.filter((pl.col("energy_mwh") > 0) | (pl.col("count") > 0))
    energy = energy_scale(largest(frame, "energy_mwh"))
    power = power_scale(largest(frame, "site_peak_mw", "grid_peak_mw"))
    unit = found.facts.unit
    heads = [
        w("t_class"), w("t_energy", unit=energy.unit), w("t_of_energy"), w("t_of_work", unit=unit), w("t_of_jobs"),
        w("t_jobs"), w("t_slack"), w("t_site_peak", unit=power.unit), w("t_grid_peak", unit=power.unit), w("t_tight"),
        w("t_carbon", unit=unit), w("t_marginal"), w("t_official"),
    ]  # fmt: skip
    grams = ("carbon_average_kg_per_unit_h", "carbon_marginal_kg_per_unit_h", "carbon_official_kg_per_unit_h")
    rows = [
        [
            f"{row['label']} {w(row['label'])}", energy.text(row["energy_mwh"]), share_text(row["energy_share_ratio"]),
            share_text(row["work_share_ratio"]), share_text(row["count_share_ratio"]), fixed(row["count"], 0),
            views.hours(row["slack_h"]), power.text(row["site_peak_mw"]), power.text(row["grid_peak_mw"]),
            share_text(row["tight_share_ratio"]), *(views.grams(row[name]) for name in grams),
        ]
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    return Table(w("h_classes"), heads, rows)


def _envelope(found: Classification, w: views.Word) -> Picture:
    frame = found.envelope.quantiles
    mean_mw = found.mean_load_mw
    scale = power_scale(views.largest_mw(found))
    words = {key: w(key) for key in ("axis_y", "axis_x", "mean_load")}
    bands = [
        drawings.Band(
            w(f"panel_{direction}"),
            tuple(part["duration_h"]),
            tuple(part.select("fluid_p10_mw", "fluid_p50_mw", "fluid_p90_mw").iter_rows()),
            tuple(part.select("jobs_p10_mw", "jobs_p50_mw", "jobs_p90_mw").iter_rows()),
        )
        for direction in ("down", "up")
        for part in [frame.filter(pl.col("direction") == direction)]
    ]
    title = views.envelope_title(found, scale, w)
    names = [f"{kind}_{name}_mw" for kind in ("fluid", "jobs") for name in ("p10", "p50", "p90")]
    bound, jobs = w("i_bound", unit=scale.unit), w("i_jobs", unit=scale.unit)
    table = Table(
        title,
        ["", *(f"{head} {name}" for head in (bound, jobs) for name in ("p10", "p50", "p90"))],
        [
            [
                f"{w(row['direction'])} {row['duration_h']:g} {w('hours_unit')}",
                *(scale.text(row[name]) for name in names),
            ]
            for row in frame.iter_rows(named=True)
        ],
    )
    return Picture(
        "envelope",
        title,
        w("s_envelope"),
        drawings.both_forms(title, lambda form: drawings.envelope_picture(bands, scale, mean_mw, words, form)),
        w("c_envelope", notice=found.envelope.notice_h),
        [("fill", "#CDE1F2", w("legend_bound")), ("line", tokens.CHOSEN, w("legend_jobs"))],
        table,
    )


def _stages(found: Classification, w: views.Word) -> Picture:
    hours = views.card_hours(found)
    frame = found.envelope.stages.filter(pl.col("duration_h") == hours)
    groups = [
        (
            w(f"group_{direction}", hours=hours),
            [
                (w(f"stage_{stage}"), float(value))
                for stage, value in frame.filter(pl.col("direction") == direction)
                .select("stage", "mean_mw")
                .iter_rows()
            ],
        )
        for direction in ("down", "up")
    ]
    scale = power_scale(views.largest_mw(found))
    first, last = groups[0][1][0][1], groups[0][1][-1][1]
    title = w("f_stages", share=share_text(last / first if first > 0 else 0.0), hours=hours)
    return Picture(
        "stages",
        title,
        w("s_stages"),
        drawings.both_forms(title, lambda form: drawings.stages_picture(groups, scale, form)),
        w("c_stages"),
    )


def _instants(found: Classification, w: views.Word) -> Table:
    frame = found.envelope.instants
    wanted = [hours for hours in (1.0, 4.0, 12.0, 24.0) if (frame["duration_h"] == hours).any()]
    frame = frame.filter(pl.col("duration_h").is_in(wanted)) if wanted else frame
    power, energy = power_scale(views.largest_mw(found)), energy_scale(largest(frame, "shifted_mwh"))
    zone = ZoneInfo(found.setting.zone)
    rows = []
    for row in frame.iter_rows(named=True):
        name = row["instant"]
        known = name in ("site_peak", "grid_peak", "surplus")
        at = row["start"].astimezone(zone)
        rows.append(
            [
                f"{w(name)} · {at:%Y-%m-%d %H:%M}" if known else name, w(row["direction"]), f"{row['duration_h']:g}",
                power.text(row["default_mw"]), power.text(row["no_pause_mw"]), power.text(row["whole_jobs_mw"]),
                energy.text(row["shifted_mwh"]), energy.text(row["lost_mwh"]), power.text(row["rebound_mw"]),
                fixed(row["paused"] + row["postponed"], 0), fixed(row["refused"], 0),
            ]
        )  # fmt: skip
    heads = [
        w("i_instant"), "", w("i_hours"), w("i_load", unit=power.unit), w("i_bound", unit=power.unit),
        w("i_jobs", unit=power.unit), w("i_returns", unit=energy.unit), w("i_lost", unit=energy.unit),
        w("i_rebound", unit=power.unit), w("i_count"), w("i_refused"),
    ]  # fmt: skip
    return Table(w("h_instants"), heads, rows)


def _levels(found: Classification, w: views.Word) -> Picture:
    rows = [
        (
            w(dimension),
            [
                (level, w(level), share, share_text(share))
                for level, share in part.select("level", "energy_share_ratio").iter_rows()
                if share > 0
            ],
        )
        for (dimension,), part in found.dimensions.group_by("dimension", maintain_order=True)
    ]
    title = views.levels_title(found, w)
    legend = [("fill", drawings.LEVEL_FILL[level], w(level)) for level in ("low", "medium", "high")]
    return Picture(
        "levels",
        title,
        w("s_levels"),
        drawings.both_forms(title, lambda form: drawings.levels_picture(rows, form)),
        w("c_levels"),
        legend,
    )


def _location(found: Classification, w: views.Word, column: int) -> Table:
    rows = [
        [
            LOCATION_WORDS[row["location_reason"]][column],
            w(("low", "medium", "high")[row["location_level"]]),
            share_text(row["energy_share_ratio"]),
            *(views.volume(row[name]) for name in ("gravity_gb_per_mwh", "break_even_gb_per_mwh", "break_even_gb")),
        ]
        for row in found.location.iter_rows(named=True)
    ]
    return Table(
        w("location"), [w("t_bound"), "", w("t_of_energy"), w("t_gravity"), w("t_even"), w("t_even_job")], rows
    )


def _streams(found: Classification, w: views.Word) -> Table | None:
    if not len(found.streams):
        return None
    energy = energy_scale(largest(found.streams, "energy_mwh"))
    power = power_scale(largest(found.streams, "site_peak_mw"))
    rows = [
        [
            row["id"], row["label"], fixed(row["latency_max_ms"], 0), fixed(row["reach_km"], 0),
            str(row["sites_in_reach_count"]), energy.text(row["energy_mwh"]), power.text(row["site_peak_mw"]),
            power.text(row["grid_peak_mw"]), share_text(row["tight_share_ratio"]),
        ]
        for row in found.streams.iter_rows(named=True)
    ]  # fmt: skip
    heads = [
        w("t_stream"), w("t_class"), w("t_latency"), w("t_reach"), w("t_places"), w("t_energy", unit=energy.unit),
        w("t_site_peak", unit=power.unit), w("t_grid_peak", unit=power.unit), w("t_tight"),
    ]  # fmt: skip
    return Table(w("h_streams"), heads, rows)


def _rules(found: Classification, w: views.Word, column: int) -> Table:
    rules = {rule.id: rule for rule in found.table.rules}
    rows = []
    for row in found.rules.iter_rows(named=True):
        rule = rules.get(row["rule"])
        said = w("stated_by_study") if rule is None else (rule.says_en, rule.says_zh)[column]
        rows.append(
            [said, row["label"], share_text(row["energy_share_ratio"]), fixed(row["count"], 0),
             rule.confidence if rule is not None else "–"]
        )  # fmt: skip
    heads = [w("t_rule"), w("t_class"), w("t_of_energy"), w("t_jobs"), w("t_confidence")]
    return Table(w("h_rules"), heads, rows)


def _sensitivity(found: Classification, w: views.Word) -> Table | None:
    if found.facts.slack_share["stated"] >= 1.0:
        return None
    frame = found.sensitivity
    scale = power_scale(largest(frame, "turn_down_fluid_mw", "turn_down_jobs_mw"))
    labels = [f"F{i}" for i in range(6) if (frame[f"F{i}_share_ratio"] > 0).any()]
    rows = [
        [
            f"× {row['factor_ratio']:g}",
            *(share_text(row[f"{label}_share_ratio"]) for label in labels),
            scale.text(row["turn_down_fluid_mw"]),
            scale.text(row["turn_down_jobs_mw"]),
        ]
        for row in frame.iter_rows(named=True)
    ]
    heads = [w("t_factor"), *labels, w("t_down_bound", unit=scale.unit), w("t_down_jobs", unit=scale.unit)]
    return Table(w("h_sensitivity"), heads, rows)


def _records(found: Classification, w: views.Word) -> dict[str, Any] | None:
    records = found.facts.records
    if not records:
        return None
    counts = [(w("read"), fixed(records["read"], 0)), (w("kept"), fixed(records["kept"], 0))]
    remarks = []
    for name in ("repaired", "dropped"):
        counts.append((w(name), fixed(sum(remark["count"] for remark in records[name]), 0)))
        remarks += [[f"{w(name)}: {r['reason']}", fixed(r["count"], 0), str(r["line"])] for r in records[name]]
    table = Table(w("h_read"), [w("reason"), w("rows"), w("first_line")], remarks) if remarks else None
    return {"counts": counts, "table": table}
