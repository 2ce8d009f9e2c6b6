from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.load import province_load_ratio
from suandian.signals.price import day_ahead_price_cny_per_mwh, spot_price_cny_per_mwh
from suandian.signals.renewable import pv_capacity_factor, wind_capacity_factor

WINTER = TimeAxis(datetime(2025, 11, 30, 16, tzinfo=UTC), timedelta(hours=1), 24 * 90)
PV_PER_PEAK, WIND_PER_PEAK = 0.74, 0.23  # Shandong about 2025, data/mix.csv


def _winter(seed):
    return day_ahead_price_cny_per_mwh(
        WINTER,
        load_ratio=province_load_ratio(WINTER, "Shandong", zone="Asia/Shanghai", seed=seed),
        pv_ratio=PV_PER_PEAK * pv_capacity_factor(WINTER, ["Shandong"], seed=seed)[0],
        wind_ratio=WIND_PER_PEAK
        * wind_capacity_factor(WINTER, ["Shandong"], seed=seed, mean_ratio={"Shandong": 0.2})[0],
        seed=seed,
    )


@pytest.fixture(scope="module")
def winters():
    return np.stack([_winter(seed) for seed in range(6)])


def _acf(paths, lag):
    return float(np.mean([np.corrcoef(path[lag:], path[:-lag])[0, 1] for path in paths]))


# The real figures: Shandong day-ahead, winter 2025–26.
def test_share_of_negative_prices(winters):
    assert (winters < 0.0).mean() == pytest.approx(0.14, abs=0.02)


def test_floor_and_ceiling(winters):
    assert winters.min() == pytest.approx(-100.0, abs=1.0)
    assert winters.max() == pytest.approx(767.0, abs=15.0)
    assert np.median(winters) == pytest.approx(323.0, abs=5.0)


def test_autocorrelation(winters):
    assert _acf(winters, 1) == pytest.approx(0.90, abs=0.03)
    assert _acf(winters, 24) == pytest.approx(0.56, abs=0.12)


def test_prices_at_noon_and_in_the_evening(winters):
    hours = winters.reshape(-1, 24).mean(axis=0)
    assert hours[13] == pytest.approx(64.0, abs=65.0)
    assert hours[18] == pytest.approx(383.0, abs=40.0)
    assert int(hours.argmin()) in {11, 12, 13}


def test_spread_of_daily_means_is_known_to_be_too_wide(winters):
    spread = winters.reshape(-1, 90, 24).mean(axis=2).std(axis=1).mean()
    assert 93.0 < spread < 150.0  # real 93: a poor fit, said so in the documentation


def test_more_sun_is_never_dearer_in_rank():
    calm = np.full(WINTER.periods, 0.5)
    sun = np.linspace(0.0, 0.5, WINTER.periods)
    price = day_ahead_price_cny_per_mwh(WINTER, load_ratio=calm, pv_ratio=sun, wind_ratio=calm * 0.0, seed=1)
    assert price[:500].mean() > price[-500:].mean() + 300.0


def test_reproducible_and_named():
    zero = np.zeros(WINTER.periods)
    arguments = {"load_ratio": zero + 0.5, "pv_ratio": zero, "wind_ratio": zero}
    one = day_ahead_price_cny_per_mwh(WINTER, **arguments, seed=1)
    assert np.array_equal(one, day_ahead_price_cny_per_mwh(WINTER, **arguments, seed=1))
    assert not np.array_equal(one, day_ahead_price_cny_per_mwh(WINTER, **arguments, seed=1, name="other"))


def _spot(surplus, **changes):
    rng = np.random.default_rng(3)
    load, pv, wind = (rng.uniform(0.2, 1.0, WINTER.periods) for _ in range(3))
    given = {"floor_cny_per_mwh": 40.0, "cap_cny_per_mwh": 650.0, "reference_cny_per_mwh": 300.0} | changes
    return spot_price_cny_per_mwh(
        WINTER, load_ratio=load, pv_ratio=pv, wind_ratio=wind, surplus=surplus, seed=1, name="gansu", **given
    )


def test_a_spot_price_is_at_the_floor_in_surplus_alone_and_between_its_bounds() -> None:
    surplus = np.arange(WINTER.periods) % 24 == 12
    price = _spot(surplus)
    assert (price[surplus] == 40.0).all()
    assert price[~surplus].min() > 40.0
    assert price.max() <= 650.0
    assert _spot(surplus, cap_cny_per_mwh=350.0).max() == 350.0
    assert (_spot(surplus, floor_cny_per_mwh=-80.0)[surplus] == -80.0).all()


def test_a_spot_price_has_the_mean_of_its_reference_or_of_the_shape() -> None:
    none = np.zeros(WINTER.periods, dtype=bool)
    wide = {"floor_cny_per_mwh": -500.0, "cap_cny_per_mwh": np.inf}
    assert _spot(none, **wide).mean() == pytest.approx(300.0, abs=1e-6)
    assert _spot(none, **wide, reference_cny_per_mwh=None).min() == pytest.approx(152.0)
