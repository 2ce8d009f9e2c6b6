from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.clearsky import tilted_ratio

JINAN = ((36.7, 117.0),)


def _day(month, step_min, day=15):
    return TimeAxis(datetime(2026, month, day, tzinfo=UTC), timedelta(minutes=step_min), 1440 // step_min)


@pytest.mark.parametrize("month", [1, 4, 7, 10])
def test_agrees_with_pvlib_step_by_step(month):
    from pvlib import irradiance
    from pvlib.location import Location

    place = Location(36.7, 117.0, altitude=0)
    times = pd.date_range(f"2026-{month:02d}-15", periods=144, freq="10min", tz="UTC") + pd.Timedelta("5min")
    sun = place.get_solarposition(times)
    sky = place.get_clearsky(times, linke_turbidity=3.0)
    extra = irradiance.get_extra_radiation(times)
    plane = irradiance.get_total_irradiance(
        36.7, 180.0, sun.apparent_zenith, sun.azimuth, sky.dni, sky.ghi, sky.dhi, dni_extra=extra, albedo=0.2
    ).poa_global.to_numpy()
    expected = np.where(sun.apparent_zenith < 90.0, plane, 0.0) / 1000.0
    ours = tilted_ratio(_day(month, 10), JINAN)
    assert ours == pytest.approx(expected, abs=4e-3)
    assert ours.mean() == pytest.approx(expected.mean(), rel=2e-3)


@pytest.mark.parametrize("step_min", [15, 30, 60])
def test_interval_means_agree_between_steps(step_min):
    fine = tilted_ratio(_day(4, 5), JINAN).reshape(-1, step_min // 5).mean(axis=1)
    assert tilted_ratio(_day(4, step_min), JINAN) == pytest.approx(fine, abs=2e-3)


def test_it_is_dark_at_night_and_highest_at_solar_noon():
    curve = tilted_ratio(_day(4, 60), JINAN)
    local = np.roll(curve, 8)  # Beijing time
    assert (local[:5] == 0.0).all()
    assert (local[20:] == 0.0).all()
    assert int(np.argmax(local)) == 12  # 117° E: noon at 12:12
    assert 0.8 < local.max() < 1.15


def test_the_result_cannot_be_changed_by_a_caller():
    with pytest.raises(ValueError, match="read-only"):
        tilted_ratio(_day(4, 60), JINAN)[0] = 1.0
