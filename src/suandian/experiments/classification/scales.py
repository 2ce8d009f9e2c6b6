"""Units that fit the size of the work: a rack is told in kW, a campus in MW."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from suandian.experiments.report.numbers import NBSP, fixed, percent

__all__ = ["Scale", "energy_scale", "largest", "power_scale", "share_text"]


@dataclass(frozen=True, slots=True)
class Scale:
    """Shown value = value · `factor_ratio`, in `unit`."""

    factor_ratio: float
    unit: str

    def text(self, value: float | None) -> str:
        """Three figures at least, without unit; a dash for what is not there."""
        if value is None or value != value:
            return "–"
        shown = value * self.factor_ratio
        size = abs(shown)
        return fixed(shown, 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2)

    def with_unit(self, value: float | None) -> str:
        """The same with its unit."""
        return f"{self.text(value)}{NBSP}{self.unit}"


def largest(frame: pl.DataFrame, *names: str) -> float:
    """Largest value of these columns, in their unit; 0 without rows or values."""
    return float(frame.select(pl.max_horizontal(*names).max()).item() or 0.0)


def power_scale(largest_mw: float) -> Scale:
    """W, kW or MW for figures of which `largest_mw` is the largest."""
    if largest_mw >= 1.0:
        return Scale(1.0, "MW")
    return Scale(1e3, "kW") if largest_mw >= 1e-3 else Scale(1e6, "W")


def energy_scale(largest_mwh: float) -> Scale:
    """kWh or MWh or GWh."""
    if largest_mwh >= 1e4:
        return Scale(1e-3, "GWh")
    return Scale(1.0, "MWh") if largest_mwh >= 1.0 else Scale(1e3, "kWh")


def share_text(share_ratio: float | None) -> str:
    """`43.4 %`, `<0.1 %`, `0 %`."""
    if share_ratio is None or share_ratio != share_ratio:
        return "–"
    if share_ratio == 0:
        return percent(0, 0)
    if share_ratio < 0.0005:
        return f"<{percent(0.1, 1)}"
    return percent(share_ratio * 100, 1)
