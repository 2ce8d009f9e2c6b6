import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.quantity.errors import ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import tables
from suandian.signals.renewable import province_points, pv_capacity_factor, pv_upper_ratio, wind_capacity_factor

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "china_provinces"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/china_provinces is absent")

PROVINCES = tables.load("pv").keys
# The file's labels are hour-ending Beijing time: its first row covers 23:00–24:00 of 31 December.
YEAR_2020 = TimeAxis(datetime(2019, 12, 31, 15, tzinfo=UTC), timedelta(hours=1), 8784)
APRIL = TimeAxis(datetime(2026, 3, 31, 16, tzinfo=UTC), timedelta(minutes=15), 2880)
APRIL_HOURLY = TimeAxis(APRIL.start, timedelta(hours=1), 720)
SEEDS = range(4)
POOR_WIND = {"Fujian", "Qinghai", "Tibet"}


def _real(kind):
    with gzip.open(DATA / f"cn_{kind}_capacity_factor_hourly_2020.csv.gz", "rt") as file:
        names = file.readline().strip().split(",")[1:]
        values = np.loadtxt(file, delimiter=",", usecols=range(1, 32))
    return np.stack([values[:, names.index(name)] for name in PROVINCES])


@pytest.fixture(scope="module")
def pv():
    return _real("solar"), np.stack([pv_capacity_factor(YEAR_2020, PROVINCES, seed=seed) for seed in SEEDS])


@pytest.fixture(scope="module")
def wind():
    return _real("onwind"), np.stack([wind_capacity_factor(YEAR_2020, PROVINCES, seed=seed) for seed in SEEDS])


def _ramp_p95(paths, *, daylight):
    change = np.abs(np.diff(paths, axis=-1))
    if not daylight:
        return np.quantile(change, 0.95, axis=-1)
    lit = (paths[..., 1:] > 0) | (paths[..., :-1] > 0)
    return np.nanquantile(np.where(lit, change, np.nan), 0.95, axis=-1)


def _acf(paths, lag):
    centred = paths - paths.mean(axis=-1, keepdims=True)
    return (centred[..., lag:] * centred[..., :-lag]).mean(axis=-1) / centred.var(axis=-1)


@needs_data
def test_pv_annual_capacity_factor_within_8_percent(pv):
    real, drawn = pv
    ratio = drawn.mean(axis=(0, 2)) / real.mean(axis=1)
    assert ratio == pytest.approx(np.ones(31), abs=0.08)  # 3 standard errors of four cloudy years
    assert ratio.mean() == pytest.approx(1.0, abs=0.03)


@needs_data
def test_pv_ramps_within_15_percent(pv):
    real, drawn = pv
    ratio = _ramp_p95(drawn, daylight=True).mean(axis=0) / _ramp_p95(real, daylight=True)
    assert ratio == pytest.approx(np.ones(31), abs=0.15)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.05)


@needs_data
def test_pv_autocorrelation_within_001_and_003(pv):
    real, drawn = pv
    assert _acf(drawn, 1).mean(axis=0) == pytest.approx(_acf(real, 1), abs=0.01)
    assert _acf(drawn, 24).mean(axis=0) == pytest.approx(_acf(real, 24), abs=0.03)


@needs_data
def test_pv_cross_province_correlation_within_005_rms(pv):
    real, drawn = pv
    pairs = np.triu_indices(31, 1)
    simulated = np.mean([np.corrcoef(path)[pairs] for path in drawn], axis=0)
    assert np.sqrt(np.mean((simulated - np.corrcoef(real)[pairs]) ** 2)) < 0.05


@needs_data
def test_wind_annual_capacity_factor_within_12_percent(wind):
    real, drawn = wind
    ratio = drawn.mean(axis=(0, 2)) / real.mean(axis=1)
    assert ratio == pytest.approx(np.ones(31), abs=0.12)
    assert ratio.mean() == pytest.approx(1.0, abs=0.03)


@needs_data
def test_wind_ramps_within_40_percent_where_the_fit_is_good(wind):
    real, drawn = wind
    ratio = _ramp_p95(drawn, daylight=False).mean(axis=0) / _ramp_p95(real, daylight=False)
    good = np.array([name not in POOR_WIND for name in PROVINCES])
    assert ratio[good] == pytest.approx(np.ones(good.sum()), abs=0.40)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.15)


@needs_data
def test_wind_autocorrelation(wind):
    real, drawn = wind
    good = np.array([name not in POOR_WIND for name in PROVINCES])
    lag1 = _acf(drawn, 1).mean(axis=0) - _acf(real, 1)
    lag24 = _acf(drawn, 24).mean(axis=0) - _acf(real, 24)
    assert np.abs(lag1[good]).max() < 0.04
    assert np.abs(np.median(lag24)) < 0.10
    assert np.abs(lag24[good]).max() < 0.30


@needs_data
def test_wind_cross_province_correlation_within_015_rms(wind):
    real, drawn = wind
    pairs = np.triu_indices(31, 1)
    simulated = np.mean([np.corrcoef(path)[pairs] for path in drawn], axis=0)
    assert np.sqrt(np.mean((simulated - np.corrcoef(real)[pairs]) ** 2)) < 0.15


@needs_data
def test_the_tables_means_are_those_of_the_data():
    for table, kind in (("pv", "solar"), ("wind", "onwind")):
        assert tables.load(table).numbers("mean_cf") == pytest.approx(_real(kind).mean(axis=1), abs=1e-4)


def test_wind_level_is_a_parameter():
    wanted = {"shandong": 0.22, "Gansu": 0.2}
    drawn = np.mean(
        [wind_capacity_factor(YEAR_2020, ["Shandong", "gansu"], seed=s, mean_ratio=wanted) for s in range(12)],
        axis=(0, 2),
    )
    assert drawn == pytest.approx([0.22, 0.2], rel=0.05)


@pytest.mark.parametrize("generate", [pv_capacity_factor, wind_capacity_factor])
def test_a_province_is_the_same_bits_whoever_else_is_drawn(generate):
    together = generate(APRIL, ["Gansu", "Shandong", "Guangdong"], seed=5)
    assert np.array_equal(together[1], generate(APRIL, ["shandong"], seed=5)[0])
    assert np.array_equal(together, generate(APRIL, ["Gansu", "Shandong", "Guangdong"], seed=5))
    assert not np.array_equal(together, generate(APRIL, ["Gansu", "Shandong", "Guangdong"], seed=6))


@settings(max_examples=12, deadline=None)
@given(province=st.sampled_from(PROVINCES), seed=st.integers(0, 2**32), weight=st.floats(0.0, 1.0))
def test_output_lies_between_nothing_and_the_upper_edge(province, seed, weight):
    cf = pv_capacity_factor(APRIL_HOURLY, [province], seed=seed, plant_weight_ratio=weight)
    upper = pv_upper_ratio(APRIL_HOURLY, [province])
    assert (cf >= 0.0).all()
    assert (cf <= upper + 1e-12).all()
    assert upper.max() <= 0.95
    wind_cf = wind_capacity_factor(APRIL_HOURLY, [province], seed=seed)
    assert ((wind_cf >= 0.0) & (wind_cf <= 0.98)).all()


def test_a_quarter_hour_series_has_the_same_hours_as_an_hourly_one():
    quarter = np.concatenate([pv_capacity_factor(APRIL, ["Shandong"], seed=s)[0] for s in range(8)])
    hourly = np.concatenate([pv_capacity_factor(APRIL_HOURLY, ["Shandong"], seed=s)[0] for s in range(8)])
    means = quarter.reshape(-1, 4).mean(axis=1)
    assert means.mean() == pytest.approx(hourly.mean(), rel=0.06)
    assert _ramp_p95(means, daylight=True) == pytest.approx(_ramp_p95(hourly, daylight=True), rel=0.10)


def test_a_single_plant_ramps_twice_as_fast_as_its_province():
    province = pv_capacity_factor(APRIL, ["Shandong"], seed=1)[0]
    county = pv_capacity_factor(APRIL, ["Shandong"], seed=1, plant_weight_ratio=0.15)[0]
    plant = pv_capacity_factor(APRIL, ["Shandong"], seed=1, plant_weight_ratio=0.35)[0]
    ramps = [_ramp_p95(path, daylight=True) for path in (province, county, plant)]
    assert ramps[0] < ramps[1] < ramps[2]
    assert 1.6 < ramps[2] / ramps[0] < 2.6


def test_two_plants_share_the_slow_clouds_but_not_the_fast():
    one, two = (pv_capacity_factor(APRIL, ["Gansu"], seed=1, plant_weight_ratio=0.35, name=n)[0] for n in "ab")
    assert not np.array_equal(one, two)
    assert np.corrcoef(one, two)[0, 1] > 0.9


def test_points_move_the_sun():
    east = pv_capacity_factor(APRIL, ["Shandong"], seed=1, points=[(37.0, 122.0)])[0]
    west = pv_capacity_factor(APRIL, ["Shandong"], seed=1, points=[(37.0, 115.0)])[0]
    slot = np.arange(2880) % 96
    assert (east @ slot) / east.sum() < (west @ slot) / west.sum() - 1.0  # 7 degrees are 28 minutes


def test_unknown_provinces_and_impossible_parameters_are_told():
    with pytest.raises(ScenarioError, match="Atlantis"):
        pv_capacity_factor(APRIL, ["Atlantis"], seed=1)
    with pytest.raises(ScenarioError, match="plant_weight_ratio"):
        pv_capacity_factor(APRIL, ["Gansu"], seed=1, plant_weight_ratio=1.5)
    with pytest.raises(ScenarioError, match=r"mean_ratio\.Gansu"):
        wind_capacity_factor(APRIL, ["Gansu"], seed=1, mean_ratio={"Gansu": 0.9})
    with pytest.raises(ScenarioError, match="Atlantis"):
        province_points("Atlantis")
