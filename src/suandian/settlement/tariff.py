"""The monthly electricity bill of one meter under a two-part tariff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.money import money
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["MonthlyBill", "month_of_interval", "monthly_bills"]


@dataclass(frozen=True, slots=True)
class MonthlyBill:
    """What one meter owes for one calendar month (local time); money rounded to hundredths.

    peak_mw is the highest interval mean of the import in the month, `peak_index` the interval where it occurred.
    """

    meter: str
    month: str
    import_mwh: float
    export_mwh: float
    peak_mw: float
    peak_index: int
    energy_cny: Decimal
    export_credit_cny: Decimal
    demand_cny: Decimal


def month_of_interval(axis: TimeAxis, zone: str) -> NDArray[np.datetime64]:
    """Local calendar month of every interval, shape `(periods,)`, `datetime64[M]`."""
    months: NDArray[np.datetime64] = axis.local_starts(zone).astype("datetime64[M]")
    return months


def monthly_bills(
    meter: str,
    axis: TimeAxis,
    zone: str,
    import_mwh: NDArray[np.float64],
    export_mwh: NDArray[np.float64],
    price_cny_per_mwh: NDArray[np.float64],
    export_price_cny_per_mwh: NDArray[np.float64],
    demand_cny_per_mw_month: float,
    rounded: Callable[[float], Decimal] = money,
) -> list[MonthlyBill]:
    """One bill per local calendar month that the reads touch.

    energy = Σ_t price(t)·import(t), credit = Σ_t export price(t)·export(t),
    demand = demand price · max_t import(t)/Δ. All arrays `(periods,)`, MWh per interval and CNY/MWh.
    A month that is only partly covered is charged its whole demand price: that is what the contract says, and
    a study of part of a month has to know it.
    """
    months = month_of_interval(axis, zone)[: len(import_mwh)]
    bills = []
    for month in np.unique(months):
        rows = np.flatnonzero(months == month)
        peak_index = int(rows[np.argmax(import_mwh[rows])])
        peak_mw = float(import_mwh[peak_index] / axis.step_h)
        bills.append(
            MonthlyBill(
                meter=meter,
                month=str(month),
                import_mwh=float(import_mwh[rows].sum()),
                export_mwh=float(export_mwh[rows].sum()),
                peak_mw=peak_mw,
                peak_index=peak_index,
                energy_cny=rounded(float(import_mwh[rows] @ price_cny_per_mwh[rows])),
                export_credit_cny=rounded(float(export_mwh[rows] @ export_price_cny_per_mwh[rows])),
                demand_cny=rounded(peak_mw * demand_cny_per_mw_month),
            )
        )
    return bills
