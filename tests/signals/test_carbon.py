import csv
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
from suandian.signals.carbon import hourly_intensity, province_intensity
from suandian.signals.load import province_load_ratio
from suandian.signals.renewable import pv_capacity_factor, wind_capacity_factor

ZONE = "Asia/Shanghai"
EIA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "us_eia930"
YEAR = TimeAxis(datetime(2025, 12, 31, 16, tzinfo=UTC), timedelta(hours=1), 8760)
DAY = TimeAxis(YEAR.start, timedelta(hours=1), 24)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), official=st.floats(50.0, 900.0), solar=st.floats(0.0, 90.0))
def test_the_load_weighted_mean_is_the_official_factor(seed, official, solar):
    load_mw, wind_mw = np.random.default_rng(seed).uniform([[60.0], [0.0]], [[100.0], [40.0]], (2, 24))
    average, marginal = hourly_intensity(
        DAY,
        load_mw=load_mw,
        wind_mw=wind_mw,
        pv_mw=np.linspace(0.0, solar, 24),
        hydro_nuclear_mw=5.0,
        official_kg_per_mwh=official,
    )
    assert average @ load_mw / load_mw.sum() == pytest.approx(official)
    assert (average >= 0.0).all()
    assert ((marginal >= 0.0) & (marginal <= 850.0)).all()


def test_the_margin_falls_to_nothing_as_surplus_nears():
    sun = np.linspace(0.0, 100.0, 24)
    _, marginal = hourly_intensity(
        DAY, load_mw=np.full(24, 100.0), wind_mw=0.0 * sun, pv_mw=sun, hydro_nuclear_mw=0.0, official_kg_per_mwh=600.0
    )
    assert (np.diff(marginal) <= 0.0).all()
    assert marginal[sun <= 70.0] == pytest.approx(850.0)  # fossil output above 30 % of the peak
    assert marginal[sun >= 85.0] == pytest.approx(0.0)
    halfway = hourly_intensity(
        DAY,
        load_mw=np.full(24, 100.0),
        wind_mw=0.0 * sun,
        pv_mw=np.full(24, 77.5),
        hydro_nuclear_mw=0.0,
        official_kg_per_mwh=600.0,
    )[1]
    assert halfway == pytest.approx(425.0)


def test_units_that_must_run_keep_the_noon_from_falling_to_nothing():
    """Load 100 MW, 95 MW of PV, 15 MW must run: 15 % of 850 kg/MWh before scaling, against 5 % without."""
    pv = np.where(np.arange(24) == 12, 95.0, 0.0)
    flat = np.full(24, 100.0)
    options = {"load_mw": flat, "wind_mw": 0.0 * flat, "pv_mw": pv, "hydro_nuclear_mw": 0.0}
    free, _ = hourly_intensity(DAY, **options, official_kg_per_mwh=850.0)
    held, _ = hourly_intensity(DAY, **options, official_kg_per_mwh=850.0, must_run_ratio=0.15)
    assert free[12] / free[0] == pytest.approx(0.05)
    assert held[12] / held[0] == pytest.approx(0.15)


def test_nothing_fossil_is_refused():
    flat = np.full(24, 10.0)
    with pytest.raises(ScenarioError, match="cover the load"):
        hourly_intensity(DAY, load_mw=flat, wind_mw=flat, pv_mw=flat, hydro_nuclear_mw=0.0, official_kg_per_mwh=500.0)
    with pytest.raises(ScenarioError, match="24 positive"):
        hourly_intensity(
            DAY, load_mw=0.0 * flat, wind_mw=flat, pv_mw=flat, hydro_nuclear_mw=0.0, official_kg_per_mwh=500.0
        )


@pytest.mark.parametrize(("province", "official"), [("shandong", 619.1), ("Gansu", 447.1), ("guangdong", 441.9)])
def test_default_mixes_come_within_15_percent_of_the_official_factor_of_2023_unscaled(province, official):
    mix = tables.load("mix").row(province)
    load = province_load_ratio(YEAR, province, zone=ZONE, seed=1)
    wind = mix["wind"] * wind_capacity_factor(YEAR, [province], seed=1, mean_ratio={province: mix["wind_mean"]})[0]
    pv = mix["pv"] * pv_capacity_factor(YEAR, [province], seed=1)[0]
    fossil = np.maximum(load - wind - pv - mix["hydro_nuclear"], 0.0)
    assert 850.0 * fossil.sum() / load.sum() == pytest.approx(official, rel=0.15)
    average, marginal = province_intensity(YEAR, province, seed=1, zone=ZONE, official_kg_per_mwh=official)
    running = np.maximum(fossil, 0.15)  # of the annual peak load: what must run anyway
    assert average == pytest.approx(official * load.sum() / running.sum() * running / load)
    assert average.min() > 0
    hours = average.reshape(365, 24).mean(axis=0)
    assert int(hours.argmin()) in {11, 12, 13, 14}
    assert hours.min() < 0.85 * hours.max()
    assert 300.0 < marginal.mean() <= 850.0


def test_more_pv_lowers_the_noon():
    def noon(ratio):
        average, _ = province_intensity(
            YEAR, "Shandong", seed=1, zone=ZONE, official_kg_per_mwh=600.0, pv_capacity_ratio=ratio
        )
        return average.reshape(365, 24).mean(axis=0)[12]

    assert noon(0.9) < noon(0.4) < noon(0.0)


def test_a_province_without_its_own_mix_takes_the_default_row():
    average, marginal = province_intensity(DAY, "Hubei", seed=1, zone=ZONE, official_kg_per_mwh=404.4)
    assert average.shape == marginal.shape == (24,)
    assert np.isfinite(average).all()


@pytest.mark.skipif(not EIA.is_dir(), reason="../shared/data/us_eia930 is absent")
def test_the_shape_explains_real_intensity_in_us_areas():
    """k × fossil share against the published hourly average of 2022: R² at least 0.80 in the best four areas."""
    rows: dict[str, list[list[float]]] = {}
    fuels = ("WND", "SUN", "WAT", "NUC", "OIL", "NG", "COL", "OTH", "avg_CI")
    with gzip.open(EIA / "us_8ba_generation_mix_hourly_2022.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["ba"], []).append([float(row[fuel] or "nan") for fuel in fuels])
    explained = []
    for area in rows.values():
        table = np.array(area)
        table = np.maximum(table[np.isfinite(table).all(axis=1)], 0.0)
        table = table[table[:, :8].sum(axis=1) > 0.0]
        real = table[:, 8]
        load_mw = table[:, :8].sum(axis=1)
        average, _ = hourly_intensity(
            TimeAxis(YEAR.start, YEAR.step, len(table)),
            load_mw=load_mw,
            wind_mw=table[:, 0],
            pv_mw=table[:, 1],
            hydro_nuclear_mw=table[:, 2] + table[:, 3],
            official_kg_per_mwh=float(real @ load_mw / load_mw.sum()),
        )
        explained.append(1.0 - ((real - average) ** 2).mean() / real.var())
    assert sorted(explained)[-4] > 0.80
