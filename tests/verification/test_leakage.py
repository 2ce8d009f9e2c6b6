import numpy as np
import pytest

from suandian.quantity.errors import DataError
from suandian.verification.event import Event
from suandian.verification.leakage import (
    SiteChange,
    outage_free_mw,
    rebound,
    spatial_balance,
    work_balance,
)

EVENT = Event("e", 0, 0, 3600)


def test_rebound_by_hand() -> None:
    # After a shed of 20 MWh: A − B = 5, 3, −1, 0 in four hours: (5 + 3) = 8 come back, net return 7; peak 105 MW
    # against 104 the day before.
    base = np.full(4, 100.0)
    result = rebound(base, base + np.array([5, 3, -1, 0]), np.array([90.0, 104.0]), 20.0, 1.0)
    assert (result.rebound_mwh, result.rebound_ratio, result.net_mwh) == (8.0, 0.4, 13.0)
    assert (result.peak_mw, result.above_before_mw, result.window_h) == (105.0, 1.0, 4.0)
    # Only the first two hours count in a window of two, and a missing reading shortens it.
    assert rebound(base, base + np.array([5, 3, -1, 9]), np.ones(1), 20.0, 1.0, window_h=2.0).rebound_mwh == 8.0
    assert rebound(base, base + np.array([5, np.nan, -1, 0]), np.ones(1), 20.0, 1.0).window_h == 3.0
    # After a fill of 20 the load stays 5 below for an hour.
    assert rebound(base, base - np.array([5, 0, 0, 0]), np.ones(1), 20.0, 1.0, fill=True).rebound_mwh == 5.0
    assert np.isnan(rebound(base, base, np.ones(1), 0.0, 1.0).rebound_ratio)


@pytest.mark.parametrize(("base", "actual"), [([100.0, np.nan], [np.nan, 100.0]), ([], [])])
def test_where_no_interval_after_tells_nothing_is_claimed(base, actual) -> None:
    result = rebound(np.array(base), np.array(actual), np.ones(1), 20.0, 1.0)
    energies = (result.rebound_mwh, result.rebound_ratio, result.net_mwh, result.peak_mw, result.above_before_mw)
    assert np.isnan(energies).all()
    assert result.window_h == 0.0


def test_a_shift_between_sites_by_hand() -> None:
    # a −10 MW for 2 h (half-hours), b +9: energy −20 + 18 = −2, + 1 MWh migration = −1.
    # Cost: −20·500 + 18·300 + 1·300 = −4,300; carbon: −20·700 + 18·800 + 1·800 = 1,200.
    a = SiteChange("a", (-10.0,) * 4, (500.0,) * 4, (700.0,) * 4)
    b = SiteChange("b", (9.0,) * 4, (300.0,) * 4, (800.0,) * 4)
    result = spatial_balance(["a"], [a, b], 0.5, migration_mwh=1.0)
    assert (result.called_mwh, result.received_mwh, result.leakage_ratio) == (20.0, 18.0, 0.9)
    assert (result.energy_mwh, result.cost_cny, result.carbon_kg) == (-1.0, -4300.0, 1200.0)
    with pytest.raises(DataError, match="no change of load is given for c"):
        spatial_balance(["c"], [a, b], 0.5)
    with pytest.raises(DataError, match="different numbers of intervals"):
        spatial_balance(["a"], [a, SiteChange("b", (1.0,), (1.0,), (1.0,))], 0.5)


def test_dropped_work_does_not_count() -> None:
    # 100 GPU-h displaced, 60 later, 30 elsewhere, 10 never: 90 % of 5 MWh.
    result = work_balance(100.0, 60.0, 30.0, 5.0, deadline_misses=2)
    assert (result.dropped_gpu_h, result.neutral_ratio, result.credited_mwh) == (10.0, 0.9, 4.5)
    assert work_balance(100.0, 60.0, 30.0, 5.0, dropping_paid=True).credited_mwh == 5.0
    assert work_balance(0.0, 0.0, 0.0, 5.0).credited_mwh == 5.0
    with pytest.raises(DataError, match="check the job log"):
        work_balance(10.0, 8.0, 8.0, 5.0)


def test_outages_are_no_service() -> None:
    # 10 − 4 = 6; 3 − 5 leaves nothing; a shortfall of 2 stays.
    left = outage_free_mw(np.array([10.0, 3.0, -2.0]), np.array([4.0, 5.0, 1.0]), EVENT)
    assert left.tolist() == [6.0, 0.0, -2.0]
    with pytest.raises(DataError, match="outage power is negative"):
        outage_free_mw(np.ones(1), -np.ones(1), EVENT)
