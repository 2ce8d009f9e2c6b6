"""How a statement writes its numbers: one unit and one number of decimals, so that its sums can be redone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.classification.scales import energy_scale, power_scale
from suandian.experiments.report.numbers import MINUS, NBSP, fixed
from suandian.experiments.statement.measure import Statement
from suandian.quantity.timeaxis import at_unix_s

__all__ = ["Figures", "clock", "energies", "powers", "ratio", "span", "zone_text"]

#: Shown maximum below which so many decimals are written.
_DECIMALS = ((1.0, 4), (100.0, 3), (1000.0, 2), (np.inf, 1))


@dataclass(frozen=True, slots=True)
class Figures:
    """Shown value = value · `factor_ratio`, in `unit`, with `decimals_count` decimals everywhere."""

    factor_ratio: float
    unit: str
    decimals_count: int

    def text(self, value: float, *, signed: bool = False) -> str:
        """Without unit; a dash for what is not there."""
        return fixed(value * self.factor_ratio, self.decimals_count, signed=signed) if np.isfinite(value) else "–"

    def with_unit(self, value: float, *, signed: bool = False) -> str:
        """The same with its unit, held together."""
        return f"{self.text(value, signed=signed)}{NBSP}{self.unit}"


def powers(made: Statement) -> Figures:
    """For every power of a statement."""
    found = [made.day.metered_mw, *(m.result.baseline_mw for m in made.results)]
    scale = power_scale(_largest(np.nanmax(np.abs(part)) for part in found if np.isfinite(part).any()))
    return _figures(scale.factor_ratio, scale.unit, found)


def energies(made: Statement) -> Figures:
    """For every energy of a statement."""
    found = [np.array([m.result.baseline_mwh, m.result.metered_mwh]) for m in made.results]
    scale = energy_scale(_largest(np.nanmax(np.abs(part)) for part in found if np.isfinite(part).any()))
    return _figures(scale.factor_ratio, scale.unit, found)


def ratio(value: float) -> str:
    """A factor with four decimals."""
    return fixed(value, 4) if np.isfinite(value) else "–"


def clock(seconds_s: int, zone: str, *, day: bool = True) -> str:
    """Local time; `24:00` is never written, the next day is."""
    local = at_unix_s(seconds_s).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M}" if day else f"{local:%H:%M}"


def span(start_s: int, end_s: int, zone: str, *, day: bool = True) -> str:
    """`2026-04-22 18:00–20:00`; the second day is named where it is another."""
    tz = ZoneInfo(zone)
    first, last = at_unix_s(start_s).astimezone(tz), at_unix_s(end_s).astimezone(tz)
    same = (last - timedelta(seconds=1)).date() == first.date() and last.date() == first.date()
    return (
        f"{clock(start_s, zone, day=day)}–{last:%H:%M}"
        if same or not day
        else f"{clock(start_s, zone)} – {clock(end_s, zone)}"
    )


def zone_text(zone: str) -> str:
    """A zone's name for readers: those of whole hours count the other way round in the tz database."""
    hours = zone.removeprefix("Etc/GMT")
    if hours == zone or not hours:
        return zone
    return f"UTC{'+' if hours[0] == '-' else MINUS}{hours[1:]}"


def _largest(values: Iterable[float]) -> float:
    return max((float(value) for value in values), default=0.0)


def _figures(factor_ratio: float, unit: str, found: Iterable[NDArray[np.float64]]) -> Figures:
    shown = _largest(np.nanmax(np.abs(part)) * factor_ratio for part in found if np.isfinite(part).any())
    return Figures(factor_ratio, unit, next(count for below, count in _DECIMALS if shown < below))
