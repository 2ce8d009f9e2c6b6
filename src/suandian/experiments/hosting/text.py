"""The answer for people at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from suandian.experiments.hosting.result import Binding, ComputingPoint, Hosting, PvPoint, State

__all__ = ["text_of"]

Point = TypeVar("Point", PvPoint, ComputingPoint)


def text_of(found: Hosting) -> str:
    """State, grade, both curves and the tightest transformers as plain text."""
    network, state = found.case.network, found.state
    parts = [
        f"{found.case.name}: {len(network.buses.ids)} buses, {len(network.lines.ids)} lines, "
        f"{len(network.transformers.ids)} transformers ({network.source})",
        "\n".join(f"- {en}" for en, _ in found.case.assumptions),
        f"Grade of the county: {found.county_grade} ({found.rule.document}, confidence {found.rule.confidence}); room "
        f"for {found.county_room_mw:.1f} MW more PV at {_minute(found.noon)}, output "
        f"{found.noon_output_ratio:.0%} of nameplate.\n"
        f"S_d of the main transformers: {found.county_own_mw:.1f} MW; {found.county_own_flexible_mw:.1f} MW if "
        f"computing's rise at that noon counted like charging storage, for which the standard has no line.\n"
        f"System level: {found.system_level_mw:.1f} MW of PV keep {found.utilisation_target_ratio:.0%} utilisation; "
        f"{found.pv_existing_mw:.1f} MW are connected, utilised {found.pv_utilised_ratio:.2%}, curtailed in "
        f"{found.pv_curtailed_hours_ratio:.2%} of hours.",
        f"As it is, nothing curtailed: voltage {state.voltage_min_pu:.3f} to {state.voltage_max_pu:.3f} pu, "
        f"{state.voltage_violation_bus_h:,.0f} bus-hours outside the limits, {state.overload_h:,.0f} h with an "
        f"overload, {state.reverse_violation_h:,.0f} h above the reverse limit, losses {state.losses_mwh:,.0f} MWh."
        + _unsolved(state),
        "Rooftop PV that fits, MW of nameplate in all (columns: share of hours in which it may be curtailed)\n"
        + _grid(found.pv, lambda point: point.hosting_pv_total_mw, "flexible computing")
        + _binds(found.pv_binding),
        f"New computing that fits, MW (firm connection: {found.firm_mw:.1f} MW)\n"
        + _grid(found.computing, lambda point: point.hosting_compute_mw, "flexible part of it")
        + _binds(found.computing_binding),
        _transformers(found),
    ]
    return "\n\n".join(part for part in parts if part)


def _unsolved(state: State) -> str:
    """The hours without a power-flow solution, and how the other figures take them; nothing where there are none."""
    if not state.unsolved_h > 0.0:
        return ""
    return (
        f"\nFor {state.unsolved_h:,.1f} h the power flow has no solution: they count as outside every limit (at every "
        "bus), and are left out of voltages and losses."
    )


def _grid(points: Sequence[Point], value: Callable[[Point], float], corner: str) -> str:
    columns = sorted({point.curtailed_hours_ratio for point in points})
    head = f"{corner:<20}" + "".join(f"{column:>9.2%}" for column in columns)
    rows = [head]
    for flexible in sorted({point.flexible_ratio for point in points}):
        cells = [value(point) for point in points if point.flexible_ratio == flexible]
        rows.append(f"{flexible:<20.0%}" + "".join(f"{cell:>9.1f}" for cell in cells))
    return "\n".join(rows)


def _minute(at: str) -> str:
    """Local time to the minute."""
    return at.replace("T", " ")[:16]


def _binds(limit: Binding) -> str:
    return f"\nfirst to bind: {limit.kind} of {limit.element}, {_minute(limit.at)}"


def _transformers(found: Hosting) -> str:
    """All main transformers and the five with the least room below them."""
    main = [row for row in found.transformers if row.main]
    rest = sorted((row for row in found.transformers if not row.main), key=lambda row: row.own_mw)[:5]
    if not main:
        return ""
    lines = [f"{'transformer':<28}{'MVA':>7}{'S_d, MW':>9}{'room, MW':>10}  grade"]
    for row in (*main, *rest):
        grade = row.grade + (" (from above)" if row.inherited else "")
        lines.append(f"{row.id:<28}{row.rating_mva:>7.1f}{row.own_mw:>9.2f}{row.room_mw:>10.2f}  {grade}")
    return "\n".join(lines)
