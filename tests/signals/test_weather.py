from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.weather import climate, outdoor_c

YEAR = TimeAxis(datetime(2025, 12, 31, 16, tzinfo=UTC), timedelta(hours=1), 8760)
JINAN = {"latitude_deg": 36.7, "longitude_deg": 117.0}


def test_same_seed_and_name_same_bits_and_another_name_another_path():
    first = outdoor_c(YEAR, **JINAN, seed=1, name="a")
    assert np.array_equal(first, outdoor_c(YEAR, **JINAN, seed=1, name="a"))
    assert not np.array_equal(first, outdoor_c(YEAR, **JINAN, seed=1, name="b"))
    assert not np.array_equal(first, outdoor_c(YEAR, **JINAN, seed=2, name="a"))


def test_monthly_means_follow_the_normals():
    years = np.mean([outdoor_c(YEAR, **JINAN, seed=s, name="a") for s in range(20)], axis=0).reshape(365, 24)
    assert years[:31].mean() == pytest.approx(0.0, abs=1.5)  # Jinan: January 0.0, July 27.8
    assert years[181:212].mean() == pytest.approx(27.8, abs=1.5)
    assert 1.5 < years.mean(axis=0).max() - years.mean() < 6.0


def test_warmest_in_the_local_afternoon_wherever_that_is():
    for longitude_deg, hour in ((117.0, 15), (87.6, 17)):  # Beijing clock in Jinan and Urumqi
        latitude_deg = 36.7 if longitude_deg > 100 else 43.8
        year = outdoor_c(YEAR, latitude_deg=latitude_deg, longitude_deg=longitude_deg, seed=1, name="a")
        assert int(year.reshape(365, 24).mean(axis=0).argmax()) in {hour - 1, hour}


def test_the_anomaly_keeps_its_memory_at_any_step():
    quarter = TimeAxis(YEAR.start, timedelta(minutes=15), 35040)
    drawn = {s: outdoor_c(YEAR if s == 24 else quarter, **JINAN, seed=1, name="a") for s in (24, 96)}
    for per_day, path in drawn.items():
        days = path.reshape(365, per_day).mean(axis=1)
        change = np.diff(days).std()
        assert 1.0 < change < 3.0  # daily means change by 2 K or so from day to day


def test_climate_says_where_it_comes_from():
    assert "Shaoguan" in climate(24.8, 113.6)[3]
    coldest_c, hottest_c, _, source = climate(31.0, 75.0)
    assert "rule" in source
    assert coldest_c < 12.0 < 25.0 < hottest_c
    assert climate(70.0, 25.0) == climate(50.0, 25.0)


def test_the_south_has_its_summer_in_january():
    year = outdoor_c(YEAR, latitude_deg=-33.0, longitude_deg=150.0, seed=1, name="a").reshape(365, 24)
    assert year[:31].mean() > year[181:212].mean() + 10.0
