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
from suandian.signals.load import calendar_source, days_off, local_load_mw, province_load_ratio

ZONE = "Asia/Shanghai"
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "china_provinces"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/china_provinces is absent")
YEAR_2018 = TimeAxis(datetime(2017, 12, 31, 16, tzinfo=UTC), timedelta(hours=1), 8760)
APRIL = TimeAxis(datetime(2026, 3, 31, 16, tzinfo=UTC), timedelta(minutes=15), 2880)
COUNTY = {"province": "shandong", "zone": ZONE, "minimum_mw": 20.0, "maximum_mw": 50.0}
CODES = {"Shandong": "SD", "Jiangsu": "JS", "Guangdong": "GD", "Gansu": "GS"}


def _real(province):
    with gzip.open(DATA / "cn_province_load_mw_hourly_2018.csv.gz", "rt") as file:
        names = file.readline().strip().split(",")
        return np.loadtxt(file, delimiter=",", usecols=names.index(CODES[province]))


def _years(province, seeds=4):
    return np.stack([province_load_ratio(YEAR_2018, province, zone=ZONE, seed=seed) for seed in range(seeds)])


def _shape(load):
    return (load / load.mean()).reshape(-1, 24).mean(axis=0)


@needs_data
@pytest.mark.parametrize("province", CODES)
def test_the_mean_day_is_that_of_2018_within_8_percent(province):
    assert _shape(_years(province).ravel()) == pytest.approx(_shape(_real(province)), abs=0.08)


@needs_data
@pytest.mark.parametrize("province", CODES)
def test_load_factor_and_ramps_are_near_those_of_2018(province):
    real, drawn = _real(province), _years(province)
    assert drawn.mean() == pytest.approx(real.mean() / real.max(), abs=0.10)
    ramps = [np.quantile(np.abs(np.diff(np.log(path))), 0.95) for path in drawn]
    assert np.mean(ramps) == pytest.approx(np.quantile(np.abs(np.diff(np.log(real))), 0.95), rel=0.30)


@needs_data
@pytest.mark.parametrize("province", CODES)
def test_the_first_days_of_the_lunar_year_dip_as_in_2018(province):
    def dip(load):
        days = load.reshape(365, 24).mean(axis=1)
        return days[46:49].mean() / days[[*range(30, 38), *range(64, 72)]].mean()  # 16–18 February 2018

    drawn = np.mean([dip(path) for path in _years(province, 12)])
    assert drawn == pytest.approx(dip(_real(province)), abs=0.16)  # Guangdong is too shallow: 0.59 against 0.45


@pytest.mark.parametrize("province", tables.load("load").keys)
def test_every_province_stays_within_its_peak(province):
    year = province_load_ratio(YEAR_2018, province, zone=ZONE, seed=1)
    assert 0.1 < year.min() < year.max() <= 1.0
    assert year.max() > 0.85


def test_slow_deviation_has_the_fitted_memory():
    many = np.log(_years("Xinjiang", 20)[:, 5000:6000])  # little season, no festival there
    deviation = many - many.mean(axis=0)
    lag = (deviation[:, 64:] * deviation[:, :-64]).mean() / deviation.var()
    assert deviation.std() == pytest.approx(0.10, abs=0.02)
    assert lag == pytest.approx(np.exp(-1.0), abs=0.12)


def test_days_off_follow_the_state_councils_calendar():
    days = np.array(["2026-02-17", "2026-02-14", "2026-04-04", "2026-04-07", "2026-05-01"], dtype="datetime64[D]")
    # Spring Festival, a Saturday worked in return, Qingming on a Saturday, a Tuesday, Labour Day
    assert days_off(days).tolist() == [True, False, True, False, True]


def test_days_off_outside_the_calendar_are_weekends_and_that_is_said():
    days = np.array(["2035-10-01", "2035-10-06"], dtype="datetime64[D]")  # Monday (National Day), Saturday
    assert days_off(days).tolist() == [False, True]
    far = TimeAxis(datetime(2035, 1, 1, tzinfo=UTC), timedelta(hours=1), 24)
    assert "not published" in calendar_source(far, ZONE)
    assert "dip: yes" in calendar_source(far, ZONE)
    assert "not in the table" in calendar_source(TimeAxis(datetime(2055, 1, 1, tzinfo=UTC), far.step, 24), ZONE)
    assert "public holidays" in calendar_source(APRIL, ZONE)


@settings(max_examples=15, deadline=None)
@given(low_mw=st.floats(0.0, 100.0), span_mw=st.floats(0.1, 500.0), seed=st.integers(0, 2**31), solar=st.booleans())
def test_a_countys_load_stays_in_its_range(low_mw, span_mw, seed, solar):
    load = local_load_mw(
        APRIL, **COUNTY | {"minimum_mw": low_mw, "maximum_mw": low_mw + span_mw}, seed=seed, solar_county=solar
    )
    assert (load >= low_mw).all()
    assert (load <= low_mw + span_mw + 1e-9).all()
    assert np.ptp(load) > 0.6 * span_mw


def test_a_solar_county_has_two_humps_and_peaks_in_the_evening():
    months = np.mean([local_load_mw(APRIL, **COUNTY, seed=s) for s in range(10)], axis=0)
    hours = months.reshape(30, 24, 4).mean(axis=(0, 2))
    assert int(hours.argmax()) in {18, 19, 20}
    assert int(hours[5:13].argmax()) + 5 in {8, 9, 10}
    assert hours[13] < hours[9] < hours[19]
    assert int(hours.argmin()) in {1, 2, 3}
    industry = np.mean([local_load_mw(APRIL, **COUNTY, seed=s, solar_county=False) for s in range(10)], axis=0)
    assert industry.reshape(30, 24, 4).mean(axis=(0, 2))[13] > hours[13] + 3.0


def test_days_off_are_lower():
    months = np.mean([local_load_mw(APRIL, **COUNTY, seed=s) for s in range(10)], axis=0).reshape(30, 96).mean(axis=1)
    off = days_off(np.arange("2026-04-01", "2026-05-01", dtype="datetime64[D]"))
    assert months[off].mean() < months[~off].mean() - 1.0


def test_series_are_reproducible_and_seeds_differ():
    one = local_load_mw(APRIL, **COUNTY, seed=1)
    assert np.array_equal(one, local_load_mw(APRIL, **COUNTY, seed=1))
    assert not np.array_equal(one, local_load_mw(APRIL, **COUNTY, seed=2))
    assert np.array_equal(_years("Gansu", 2), _years("Gansu", 2))


def test_bad_input_is_told():
    with pytest.raises(ScenarioError, match="minimum < maximum"):
        local_load_mw(APRIL, **COUNTY | {"maximum_mw": 10.0}, seed=1)
    with pytest.raises(ScenarioError, match="Atlantis"):
        province_load_ratio(APRIL, "Atlantis", zone=ZONE, seed=1)
