from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.quantity.errors import ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.interactive import (
    DAILY_PROFILE_RATIO,
    WEEKEND_RATIO,
    TokenModel,
    day_shape_ratio,
    one_way_fibre_ms,
    stream_demand_mw,
    tokens_to_power_mw,
)

APRIL = TimeAxis(datetime(2026, 4, 1, tzinfo=ZoneInfo("Asia/Shanghai")), timedelta(minutes=15), 2880)


def test_a_stream_has_its_daily_and_weekly_cycle_under_its_peak():
    demand = stream_demand_mw(APRIL, peak_mw=4.0, zone="Asia/Shanghai", seed=1)
    assert demand.shape == (2880,)
    assert 0 < demand.min() < 1.2
    assert 3.7 < demand.max() <= 4.0
    assert (demand == 4.0).mean() < 0.02
    by_day = demand.reshape(30, 24, 4).mean(axis=2)
    weekend = np.array([(2 + day) % 7 >= 5 for day in range(30)])  # 1 April 2026 was a Wednesday
    assert by_day[weekend].mean() / by_day[~weekend].mean() == pytest.approx(WEEKEND_RATIO, rel=0.05)
    assert by_day[~weekend].mean(axis=0).argmin() == int(np.argmin(DAILY_PROFILE_RATIO))


def test_the_same_seed_gives_the_same_stream():
    first, again, other = (stream_demand_mw(APRIL, peak_mw=4.0, zone="UTC", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_short_term_noise_has_the_dispersion_of_the_trace():
    # A small stream at minute steps; drift and cycle removed by comparing with the expected level in one hour.
    axis = TimeAxis(APRIL.start + timedelta(hours=10), timedelta(minutes=1), 60)
    model_mw = float(tokens_to_power_mw(np.array([1155.0]), np.array([211.0]), 60.0)[0])
    requests = []
    for seed in range(200):
        demand = stream_demand_mw(axis, peak_mw=1000 * model_mw, zone="Asia/Shanghai", seed=seed, drift_sd_ratio=1e-9)
        requests.append(demand[:30] / model_mw / day_shape_ratio(axis, "Asia/Shanghai")[:30])
    counts = np.array(requests)
    below_cap = counts[counts < 900]
    assert below_cap.size > 100
    # The cap bites above 1,000 requests: compare the lower half only, symmetric to the mean of 1,000.
    lower = 1000 - counts[counts < 1000 * 0.999]
    assert (lower**2).mean() == pytest.approx(16 * 1000, rel=0.15)


def test_no_peak_no_demand_and_negative_peaks_are_refused():
    assert not stream_demand_mw(APRIL, peak_mw=0.0, zone="UTC", seed=1).any()
    with pytest.raises(ScenarioError, match="-1"):
        stream_demand_mw(APRIL, peak_mw=-1.0, zone="UTC", seed=1)


def test_tokens_become_power_in_proportion():
    model = TokenModel(prefill_tokens_per_gpu_s=1000, decode_tokens_per_gpu_s=100, power_per_gpu_kw=0.5)
    power = tokens_to_power_mw(np.array([6000.0, 0.0]), np.array([600.0, 0.0]), 60.0, model)
    assert power == pytest.approx([12 / 60 * 0.5 / 1000, 0.0])


def test_latency_between_places():
    # Oracle: Beijing–Shanghai is 1,067 km on the great circle.
    assert one_way_fibre_ms(39.90, 116.40, 31.23, 121.47) == pytest.approx(1.4 * 1067 / 200 + 0.5, rel=0.005)
    assert one_way_fibre_ms(30.0, 110.0, 30.0, 110.0) == 0.5


_lat, _lon = st.floats(-89, 89), st.floats(-180, 180)


@settings(max_examples=50, deadline=None)
@given(_lat, _lon, _lat, _lon)
def test_latency_is_symmetric_and_bounded_by_half_the_globe(lat_1, lon_1, lat_2, lon_2):
    there, back = one_way_fibre_ms(lat_1, lon_1, lat_2, lon_2), one_way_fibre_ms(lat_2, lon_2, lat_1, lon_1)
    assert there == pytest.approx(back)
    assert 0.5 <= there <= 0.5 + 1.4 * np.pi * 6371 / 200 + 1e-9
