"""The page: everything put together into one HTML file that opens offline."""

from __future__ import annotations

import base64
import gzip
import json
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import plotly
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from suandian.experiments.finding import Finding
from suandian.experiments.report import cards as card_words
from suandian.experiments.report import prose, tokens
from suandian.experiments.report.bending import bends
from suandian.experiments.report.canvas import Figure, Pool
from suandian.experiments.report.captions import say
from suandian.experiments.report.county_map import map_style
from suandian.experiments.report.figures_bent import bent_figure
from suandian.experiments.report.figures_grid import balance_figure, duration_figure
from suandian.experiments.report.figures_kinds import kinds_figure
from suandian.experiments.report.figures_week import week_figure
from suandian.experiments.report.figures_work import day_figure, delay_figure, where_figure
from suandian.experiments.report.network_part import network_part
from suandian.experiments.report.pieces import environment, resource_text, style
from suandian.experiments.report.provenance import provenance_rows
from suandian.experiments.report.regions import regions_part
from suandian.experiments.report.study import Study
from suandian.experiments.report.table import arm_columns, arm_rows, kpi_rows

__all__ = ["html", "write"]


def write(finding: Finding, path: Path, *, lang: str = "en") -> Path:
    """Write the report of `finding` in `lang` (`en` or `zh`) to `path`, which appears whole or not at all.

    Raises `ValueError` for another language and `OSError` where the folder cannot be written.
    """
    text = html(finding, lang)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        # mkstemp makes the file private; a report is to be passed on like any other file.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def html(finding: Finding, lang: str = "en") -> str:
    """The report as one text: markup, style, figures and their script, no reference to anything outside.

    Raises `ValueError` for a language other than `en` and `zh`.
    """
    study = Study(finding, lang)
    pool = Pool()
    # Only studies whose work can do more than wait, pause and move for free have the part on how it bent.
    bending = (
        [figure for figure in (bent_figure(study, pool), kinds_figure(study, pool)) if figure] if bends(study) else []
    )
    network = network_part(study, pool)
    figures = {
        figure.id: figure
        for figure in (
            week_figure(study, pool),
            day_figure(study, pool),
            where_figure(study, pool),
            delay_figure(study, pool),
            *bending,
            duration_figure(study, pool),
            balance_figure(study, pool),
            *(network.drawn if network else ()),
        )
    }
    order = [name for name in figures if network is None or name not in network.figures]
    if network is not None:
        order += [*(("map",) if network.map else ()), *network.figures]
    kpi_head, kpi_sub = prose.kpi_title(study)
    template = environment().from_string(resource_text(__package__, "template.html"))
    return template.render(
        lang="zh-CN" if lang == "zh" else "en",
        w=study.words,
        study=study,
        finding=finding,
        eyebrow=_eyebrow(study),
        title=finding.title.get(lang) or finding.title.get("en") or finding.name,
        question=finding.question.get(lang) or finding.question.get("en") or "",
        verdict=study.words.markup("verdict", what=prose.verdict(study)),
        headline=prose.headline(study),
        lead=prose.lead(study),
        steps=prose.next_steps(study),
        cards=card_words.cards(study),
        limits=card_words.limits(study),
        kpi_title=kpi_head,
        kpi_sub=kpi_sub,
        kpi_groups=[(group, list(rows)) for group, rows in groupby(kpi_rows(study), key=attrgetter("group"))],
        arms_title=prose.arms_title(study),
        arms_sub=prose.arms_sub(study),
        arm_columns=arm_columns(study),
        arm_rows=arm_rows(study),
        section_week=say(study, "section_week", place=study.place.name),
        section_work=say(study, "section_work"),
        section_bent=say(study, "section_bent"),
        section_grid=say(study, "section_grid"),
        section_regions=say(study, "section_regions"),
        regions=regions_part(study),
        section_limits=say(study, "section_limits"),
        figures=figures,
        bending=[figure.id for figure in bending],
        numbers={name: index + 1 for index, name in enumerate(order)},
        network=network,
        section_network=say(study, "section_network"),
        map_script=Markup(resource_text(__package__, "county_map.js")),
        provenance=provenance_rows(study),
        sources=finding.provenance.sources,
        style=style(study.finding.name) + (map_style() if network else Markup("")),
        script=Markup(resource_text(__package__, "report.js")),
        plotly=Markup(_plotly_packed()),
        payload=Markup(_packed(_payload(figures, pool))),
        plotly_version=plotly.__version__,
    )


def _eyebrow(study: Study) -> str:
    local = study.local
    step_s = study.finding.truth.axis.step_s
    last = (local[-1].astype("datetime64[s]") + step_s - 1).astype("datetime64[D]")
    period = study.period(local[0].astype("datetime64[D]"), last)
    return f"{study.words('study_report')} · {period}"


def _payload(figures: Mapping[str, Figure], pool: Pool) -> dict[str, Any]:
    return {
        "columns": pool.columns,
        "forms": [list(form) for form in tokens.FORMS],
        "figures": {
            figure.id: {
                "default": figure.default,
                "days": [list(day) for day in figure.days],
                "legendForms": list(figure.legend_forms),
                "variants": {
                    name: {"title": str(variant.title), "caption": str(variant.caption), "forms": dict(variant.forms)}
                    for name, variant in figure.variants.items()
                },
            }
            for figure in figures.values()
        },
    }


def _packed(content: str | Mapping[str, Any]) -> str:
    """gzip + base64 of a text or of JSON; the same input gives the same output."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")


@cache
def _plotly_packed() -> str:
    """The figure library's script as installed, packed from 4.8 MB to 2 MB."""
    return _packed(str(get_plotlyjs()))
