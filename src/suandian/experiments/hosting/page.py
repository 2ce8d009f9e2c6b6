"""One HTML page in English and Chinese that opens offline: map by grade, both curves, transformers, assumptions."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from suandian.experiments.hosting.result import Hosting, TransformerRow
from suandian.experiments.report import numbers, tokens
from suandian.experiments.report.county_map import CIRCLE, SQUARE, TRIANGLE, CountyMap, Label, map_style
from suandian.experiments.report.pieces import environment, resource_text
from suandian.experiments.report.words import place_name

__all__ = ["html"]

#: Red is for what violates a limit; letter and shape tell the grades apart without colour.
_LETTERS = {"green": "G", "yellow": "Y", "red": "R"}
_SHAPES = {"green": CIRCLE, "yellow": TRIANGLE, "red": "M-4.6-4.6H4.6V4.6H-4.6Z"}
_BLUES = ("#0b2a5b", "#1f4e9c", "#3f7ac9", "#7ba6de", "#b3cdee")
_TEXT_PX = 13.0
_WIDTH_PX, _HEIGHT_PX, _LEFT_PX, _BOTTOM_PX, _TOP_PX, _RIGHT_PX = 560.0, 300.0, 56.0, 44.0, 18.0, 96.0


def html(found: Hosting, lang: str) -> str:
    """The page as text; `lang` (`en` or `zh`) is the language in which it opens."""
    template = environment().from_string(resource_text(__package__, "template.html"))
    pv = [(p.flexible_ratio, p.curtailed_hours_ratio, p.hosting_pv_total_mw) for p in found.pv]
    computing = [(p.flexible_ratio, p.curtailed_hours_ratio, p.hosting_compute_mw) for p in found.computing]
    return template.render(
        found=found,
        lang=lang,
        tokens=tokens,
        letters=_LETTERS,
        key={grade: _key(grade) for grade in _LETTERS},
        map_style=map_style(),
        rows=sorted(found.transformers, key=lambda row: (not row.main, row.own_mw)),
        map=_map(found, lang),
        fixed=numbers.fixed,
        zh_place=lambda name: place_name(name, "zh"),
        zh_source=_source_zh(found.case.network.source),
        minute=lambda at: at.replace("T", " ")[:16],
        pv=_curves(pv, found.pv_existing_mw),
        computing=_curves(computing, found.firm_mw),
        best_mw=max(point.hosting_compute_mw for point in found.computing),
        grid=(_WIDTH_PX, _HEIGHT_PX, _LEFT_PX, _BOTTOM_PX, _TOP_PX, _RIGHT_PX),
    )


def _source_zh(source: str) -> str:
    """Where a generated county comes from, in Chinese; other sources are names and stay."""
    return re.sub(r"^generated county, parameters (.+), seed (\d+)$", r"生成的县域电网，参数 \1，随机种子 \2", source)


def _curves(points: Sequence[tuple[float, float, float]], line_mw: float) -> dict[str, object]:
    """Polylines by flexible share over the tolerated hours (equally spaced), an axis, and a reference line."""
    columns = sorted({point[1] for point in points})
    top = _round_up(max([line_mw, *(point[2] for point in points)]))
    inner = _WIDTH_PX - _LEFT_PX - _RIGHT_PX
    xs = [_LEFT_PX + inner * k / (len(columns) - 1) for k in range(len(columns))]

    def y(level_mw: float) -> float:
        return _HEIGHT_PX - _BOTTOM_PX - (_HEIGHT_PX - _BOTTOM_PX - _TOP_PX) * level_mw / top

    lines, ends = [], list[tuple[float, float]]()
    for colour, flexible in zip(_BLUES, sorted({point[0] for point in points}), strict=False):
        values = [point[2] for point in points if point[0] == flexible]
        path = " ".join(f"{x:.1f},{y(value):.1f}" for x, value in zip(xs, values, strict=True))
        ends.append((flexible, y(values[-1])))
        lines.append({"colour": colour, "path": path})
    return {
        "lines": lines,
        "labels": _end_labels(ends),
        "xs": list(zip(xs, [f"{column:.2%}" for column in columns], strict=True)),
        "ys": [(y(top * k / 4), f"{top * k / 4:g}") for k in range(5)],
        "line_y": y(line_mw),
    }


def _end_labels(ends: Sequence[tuple[float, float]]) -> list[tuple[str, float]]:
    """Names of the lines at their right ends; lines that end together share one, as in `25–100 %`."""
    groups: list[list[tuple[float, float]]] = []
    for flexible, at in ends:
        if groups and abs(groups[-1][-1][1] - at) < _TEXT_PX:
            groups[-1].append((flexible, at))
        else:
            groups.append([(flexible, at)])
    named = []
    for group in groups:
        first, last = group[0][0], group[-1][0]
        text = f"{last:.0%}" if first == last else f"{100 * first:.0f}–{last:.0%}"
        named.append((text, sum(at for _, at in group) / len(group)))
    return named


def _round_up(value: float) -> float:
    """The next round number at or above, so that quarters of it are readable."""
    if value <= 0.0:
        return 1.0
    scale = 10.0 ** np.floor(np.log10(value))
    return float(next(step * scale for step in (1, 2, 4, 6, 8, 10) if step * scale >= value))


def _map(found: Hosting, lang: str) -> dict[str, object] | None:
    """The transformers by grade at their places, named in `lang`; None where the network has no coordinates."""
    chart = CountyMap.of(found.case.network)
    if chart is None:
        return None
    network, rows = found.case.network, found.transformers
    strokes = [Markup('<path class="line b1" d="{}"/>').format(chart.line(b)) for b in chart.spread_branches]
    marks = [
        chart.mark(float(chart.x_px[bus]), float(chart.y_px[bus]), _grade_mark(row, lang))
        for bus, row in sorted(
            zip(network.transformers.lv_bus.tolist(), rows, strict=True), key=lambda pair: pair[1].main
        )
    ]
    marks += [
        chart.mark(
            float(chart.x_px[bus]), float(chart.y_px[bus]), Markup('<path class="centre" d="{}"/>').format(SQUARE)
        )
        for bus in network.data_centres.bus.tolist()
    ]
    mains = [
        Label(bus, f"{row.id} {_LETTERS[row.grade]}", "name", Markup(""))
        for bus, row in zip(network.transformers.lv_bus.tolist(), rows, strict=True)
        if row.main
    ]
    counts = {grade: sum(row.grade == grade for row in rows) for grade in _LETTERS}
    name = ", ".join(f"{_LETTERS[grade]}: {count}" for grade, count in counts.items())
    return {
        "svg": chart.svg([*strokes, *marks, chart.labels(mains)], name),
        "counts": counts,
    }


def _grade_mark(row: TransformerRow, lang: str) -> Markup:
    """The mark of a grade has its own shape; main transformers are twice as large."""
    return Markup(
        '<path class="grade {}" d="{}" transform="scale({})"><title>{} · {} · S_d {} MW</title></path>'
    ).format(
        row.grade, _SHAPES[row.grade], 2.0 if row.main else 1.0, place_name(row.id, lang), _LETTERS[row.grade],
        numbers.fixed(row.own_mw, 2),
    )  # fmt: skip


def _key(grade: str) -> Markup:
    return Markup(
        '<svg class="key" viewBox="-10 -8 20 16" width="20" height="16" aria-hidden="true">'
        '<path class="grade {}" d="{}"/></svg>'
    ).format(grade, _SHAPES[grade])
