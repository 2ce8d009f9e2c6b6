"""Small pictures of benchmarks, drawn as SVG without a library: they are kept in the repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

__all__ = ["log_log"]

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 360, 64, 48, 16, 150
#: Grey for the control, blue for the others, as in the reports.
COLOURS = ("#6b7280", "#2563eb", "#1e3a8a")


def log_log(curves: Mapping[str, Sequence[tuple[float, float]]], x_title: str, y_title: str) -> str:
    """Curves of (x, y) on logarithmic axes, with a dashed line of cost in proportion to x through the last point."""
    points = [point for curve in curves.values() for point in curve]
    x_decades = floor(log10(min(x for x, _ in points))), ceil(log10(max(x for x, _ in points)))
    y_decades = floor(log10(min(y for _, y in points))), ceil(log10(max(y for _, y in points)))

    def at(x: float, y: float) -> tuple[float, float]:
        right = (log10(x) - x_decades[0]) / (x_decades[1] - x_decades[0])
        up = (log10(y) - y_decades[0]) / (y_decades[1] - y_decades[0])
        return LEFT + right * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for decade in range(x_decades[0], x_decades[1] + 1):
        (x, bottom), (_, top) = at(10.0**decade, 10.0 ** y_decades[0]), at(10.0**decade, 10.0 ** y_decades[1])
        parts.append(_line([(x, bottom), (x, top)], "#e5e7eb"))
        parts.append(_text(x, bottom + 18, f"{10**decade:,}" if decade >= 0 else f"{10.0**decade:g}", "middle"))
    for decade in range(y_decades[0], y_decades[1] + 1):
        (left, y), (right, _) = at(10.0 ** x_decades[0], 10.0**decade), at(10.0 ** x_decades[1], 10.0**decade)
        parts.append(_line([(left, y), (right, y)], "#e5e7eb"))
        parts.append(_text(left - 8, y + 4, f"{10.0**decade:g}", "end"))
    last_x, last_y = max(points)
    first_x = max(10.0 ** x_decades[0], last_x * 10.0 ** y_decades[0] / last_y)
    parts.append(_line([at(first_x, last_y * first_x / last_x), at(last_x, last_y)], "#9ca3af", dashed=True))
    for colour, (name, curve) in zip(COLOURS, curves.items(), strict=False):
        places = [at(x, y) for x, y in sorted(curve)]
        parts.append(_line(places, colour))
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        parts.append(_text(places[-1][0] + 10, places[-1][1] + 4, name, "start", colour))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, f"{x_title} (dashed: in proportion)", "middle"))
    parts.append(f'<g transform="translate(14 {HEIGHT / 2:.0f}) rotate(-90)">{_text(0, 0, y_title, "middle")}</g>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(places: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#374151") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'
