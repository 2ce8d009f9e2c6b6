"""One HTML page in English and Chinese that opens offline: map by grade, both curves, transformers, assumptions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suandian.experiments.hosting.result import Hosting
from suandian.experiments.report.pieces import environment, resource_text

__all__ = ["html"]

#: Red is for what violates a limit; the letter tells the grades apart without colour.
_COLOURS = {"green": "#2a9d8f", "yellow": "#e9a13b", "red": "#c8102e"}
_LETTERS = {"green": "G", "yellow": "Y", "red": "R"}
_BLUES = ("#0b2a5b", "#1f4e9c", "#3f7ac9", "#7ba6de", "#b3cdee")
_WIDTH_PX, _HEIGHT_PX, _LEFT_PX, _BOTTOM_PX, _TOP_PX, _RIGHT_PX = 560.0, 300.0, 56.0, 44.0, 18.0, 96.0


def html(found: Hosting, lang: str) -> str:
    """The page as text; `lang` (`en` or `zh`) is the language in which it opens."""
    template = environment().from_string(resource_text(__package__, "template.html"))
    pv = [(p.flexible_ratio, p.curtailed_hours_ratio, p.hosting_pv_total_mw) for p in found.pv]
    computing = [(p.flexible_ratio, p.curtailed_hours_ratio, p.hosting_compute_mw) for p in found.computing]
    return template.render(
        found=found,
        lang=lang,
        colours=_COLOURS,
        letters=_LETTERS,
        rows=sorted(found.transformers, key=lambda row: (not row.main, row.own_mw)),
        map=_map(found),
        pv=_curves(pv, found.pv_existing_mw),
        computing=_curves(computing, found.firm_mw),
        best_mw=max(point.hosting_compute_mw for point in found.computing),
        grid=(_WIDTH_PX, _HEIGHT_PX, _LEFT_PX, _BOTTOM_PX, _TOP_PX, _RIGHT_PX),
    )


def _curves(points: Sequence[tuple[float, float, float]], line_mw: float) -> dict[str, object]:
    """Polylines by flexible share over the tolerated hours (equally spaced), an axis, and a reference line."""
    columns = sorted({point[1] for point in points})
    top = _round_up(max([line_mw, *(point[2] for point in points)]))
    inner = _WIDTH_PX - _LEFT_PX - _RIGHT_PX
    xs = [_LEFT_PX + inner * k / (len(columns) - 1) for k in range(len(columns))]

    def y(level_mw: float) -> float:
        return _HEIGHT_PX - _BOTTOM_PX - (_HEIGHT_PX - _BOTTOM_PX - _TOP_PX) * level_mw / top

    lines, labelled = [], list[float]()
    for colour, flexible in zip(_BLUES, sorted({point[0] for point in points}), strict=False):
        values = [point[2] for point in points if point[0] == flexible]
        path = " ".join(f"{x:.1f},{y(value):.1f}" for x, value in zip(xs, values, strict=True))
        at = y(values[-1])
        clear = all(abs(at - other) > 11.0 for other in labelled)
        labelled += [at] if clear else []
        lines.append({"colour": colour, "path": path, "label": f"{flexible:.0%}" if clear else "", "y": at})
    return {
        "lines": lines,
        "xs": list(zip(xs, [f"{column:.2%}" for column in columns], strict=True)),
        "ys": [(y(top * k / 4), f"{top * k / 4:g}") for k in range(5)],
        "line_y": y(line_mw),
    }


def _round_up(value: float) -> float:
    """The next round number at or above, so that quarters of it are readable."""
    if value <= 0.0:
        return 1.0
    scale = 10.0 ** np.floor(np.log10(value))
    return float(next(step * scale for step in (1, 2, 4, 6, 8, 10) if step * scale >= value))


def _map(found: Hosting) -> dict[str, object] | None:
    """Lines and transformers by their places; None where the network has no coordinates."""
    network = found.case.network
    x_km, y_km = network.buses.x_km, network.buses.y_km
    if np.isnan(x_km).any() or np.ptp(x_km) + np.ptp(y_km) == 0.0:
        return None
    scale = min(640.0 / max(float(np.ptp(x_km)), 1e-9), 420.0 / max(float(np.ptp(y_km)), 1e-9))
    x, y = 20.0 + (x_km - x_km.min()) * scale, 20.0 + (y_km.max() - y_km) * scale
    table, lines = network.transformers, network.lines
    return {
        "width": float(x.max()) + 20.0,
        "height": float(y.max()) + 20.0,
        "lines": [
            (float(x[a]), float(y[a]), float(x[b]), float(y[b]))
            for a, b in zip(lines.from_bus, lines.to_bus, strict=True)
        ],
        "marks": [
            {"x": float(x[bus]), "y": float(y[bus]), "size": 9.0 if row.main else 5.0, "row": row}
            for bus, row in zip(table.lv_bus, found.transformers, strict=True)
        ],
        "centres": [(float(x[bus]), float(y[bus])) for bus in network.data_centres.bus],
    }
