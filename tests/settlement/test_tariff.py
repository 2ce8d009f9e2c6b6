from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from suandian.quantity.timeaxis import TimeAxis
from suandian.settlement.tariff import monthly_bills


def test_two_months_by_hand() -> None:
    # Hourly, the last two hours of April and the first two of May in Shanghai (UTC+8).
    axis = TimeAxis(datetime(2026, 4, 30, 14, tzinfo=UTC), timedelta(hours=1), 4)
    imported = np.array([10.0, 20.0, 5.0, 0.0])
    exported = np.array([0.0, 0.0, 0.0, 4.0])
    price = np.array([500.0, 600.0, 300.0, 300.0])
    april, may = monthly_bills("m", axis, "Asia/Shanghai", imported, exported, price, np.full(4, 100.0), 38_400.0)
    # April: 10·500 + 20·600 = 17,000; peak 20 MW × 38,400 = 768,000. May: 5·300 = 1,500; peak 5 MW; 4·100 credit.
    assert (april.month, april.energy_cny, april.demand_cny) == ("2026-04", Decimal("17000.00"), Decimal("768000.00"))
    assert (april.peak_mw, april.peak_index) == (20.0, 1)
    assert (may.month, may.energy_cny, may.export_credit_cny) == ("2026-05", Decimal("1500.00"), Decimal("400.00"))
    assert may.demand_cny == Decimal("192000.00")


def test_the_demand_is_power_not_energy() -> None:
    axis = TimeAxis(datetime(2026, 4, 10, tzinfo=UTC), timedelta(minutes=15), 2)
    (bill,) = monthly_bills(
        "m", axis, "Asia/Shanghai", np.array([2.5, 1.0]), np.zeros(2), np.zeros(2), np.zeros(2), 1000.0
    )
    assert bill.peak_mw == 10.0
    assert bill.demand_cny == Decimal("10000.00")
