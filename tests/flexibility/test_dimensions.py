"""The four dimensions by hand arithmetic."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.flexibility.dimensions import (
    Surroundings,
    carbon_numbers,
    grid_numbers,
    interval_share_ratio,
    location_numbers,
    mean_over_runs,
    reach_km,
    urgency_numbers,
)
from suandian.flexibility.rules import load_rules
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.interactive import one_way_fibre_ms

RULES = load_rules()
AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 4)
H = 3600


def around(**changes):
    values = {
        "axis": AXIS,
        "price_cny_per_mwh": np.array([800.0, 800, 200, 200]),
        "carbon_average_kg_per_mwh": np.array([600.0, 600, 400, 400]),
        "carbon_marginal_kg_per_mwh": np.array([850.0, 850, 850, 0]),
        "carbon_official_kg_per_mwh": 500.0,
        "elsewhere_cny_per_mwh": np.array([[500.0] * 4, [700.0] * 4]),
        "tight": np.array([True, False, False, False]),
        "surplus": np.array([False, False, False, True]),
        "site_peak": 0,
        "grid_peak": 1,
        "pue_ratio": 1.3,
    }
    return Surroundings(**(values | changes))


def run(begin_h, end_h):
    return np.array([AXIS.start_s + int(begin_h * H)]), np.array([AXIS.start_s + int(end_h * H)])


def test_reach_is_the_inverse_of_the_fibre_model():
    # (20 − 0.5) ms × 200 km/ms / 1.4
    assert reach_km(np.array([20.0, 0.2, np.nan]))[:2] == pytest.approx([2785.714, 0.0], abs=1e-3)
    assert np.isnan(reach_km(np.array([np.nan]))[0])
    beijing, shanghai = (39.9, 116.4), (31.23, 121.47)
    latency_ms = one_way_fibre_ms(*beijing, *shanghai)
    assert reach_km(np.array([latency_ms]))[0] == pytest.approx(1067, abs=3)  # great circle, km


def test_means_over_runs_are_weighted_by_time():
    values = np.array([1.0, 2.0, 4.0, 8.0])
    assert mean_over_runs(AXIS, values, *run(0.5, 2.0))[0] == pytest.approx((0.5 * 1 + 1 * 2) / 1.5)
    assert mean_over_runs(AXIS, values, *run(3.5, 9.0))[0] == 8.0
    assert mean_over_runs(AXIS, values, *run(-5.0, -2.0))[0] == 1.0
    assert mean_over_runs(AXIS, values, *run(7.0, 9.0))[0] == 8.0


def test_share_of_an_interval():
    assert interval_share_ratio(AXIS, 1, *run(1.25, 1.75))[0] == 0.5
    assert interval_share_ratio(AXIS, 1, *run(0.0, 1.0))[0] == 0.0


def test_urgency_by_slack():
    found = urgency_numbers(np.array([0.5, 1.0, 23.0, 24.0]), np.array([1.0, 2.0, 1.0, 48.0]), RULES)
    assert found["slack_ratio"].tolist() == [0.5, 0.5, 23.0, 0.5]
    assert found["urgency_level"].tolist() == [2, 1, 1, 0]


def located(data_gb, *, hours=(0, 2), latency_ms=np.nan, move=1, energy_mwh=0.1):
    found = location_numbers(
        around(), *run(*hours), energy_mwh=np.array([energy_mwh]), data_gb=np.array([data_gb]),
        latency_max_ms=np.array([latency_ms]), may_move=np.array([move], dtype=np.int8), rules=RULES,
    )  # fmt: skip
    return {name: column[0] for name, column in found.items()}


def test_break_even_of_moving_by_hand():
    # From 800 to the cheaper 500: 300 CNY per MWh at the meter, 390 per IT MWh; 0.14 CNY/GB → 2,786 GB per MWh.
    found = located(100.0)
    assert found["move_saving_cny_per_mwh"] == pytest.approx(390.0)
    assert found["break_even_gb_per_mwh"] == pytest.approx(390.0 / 0.14)
    assert found["break_even_gb"] == pytest.approx(39.0 / 0.14)
    # 1.3 MWh leave the site; a transfer takes 0.01 kWh/GB.
    assert found["break_even_energy_gb_per_mwh"] == pytest.approx(130_000)
    assert found["gravity_gb_per_mwh"] == pytest.approx(1000.0)
    assert found["gravity_ratio"] == pytest.approx(1000 * 0.14 / 390)
    assert found["transfer_h"] == pytest.approx(100 * 8 / 10 / 3600)
    assert (found["location_reason"], found["location_level"]) == ("gravity_near", 1)


@pytest.mark.parametrize(
    ("given", "reason", "level"),
    [
        ({"data_gb": 1.0}, "free", 0),
        ({"data_gb": 300.0}, "gravity", 2),
        ({"data_gb": np.nan}, "data_unknown", 1),
        ({"data_gb": 1.0, "move": -1}, "consent_unknown", 1),
        ({"data_gb": 1.0, "move": 0}, "no_consent", 2),
        ({"data_gb": 1.0, "hours": (2, 4)}, "no_gain", 2),  # 200 here, 500 there
        ({"data_gb": 1.0, "latency_ms": 10.0}, "latency", 2),
        ({"data_gb": 1.0, "latency_ms": 20.0}, "latency_region", 1),
        ({"data_gb": 1.0, "energy_mwh": 0.0}, "gravity", 2),
    ],
)
def test_what_binds_a_job_to_its_place(given, reason, level):
    found = located(**given)
    assert (found["location_reason"], found["location_level"]) == (reason, level)


def test_carbon_per_unit_hour_by_three_methods():
    found = carbon_numbers(around(), *run(1, 3), power_per_unit_kw=np.array([0.4]), rules=RULES)
    # Mean of 600 and 400; 0.4 kW × 1.3 = 0.52 kWh at the meter per GPU-hour.
    assert found["carbon_average_kg_per_unit_h"][0] == pytest.approx(500 * 0.52 / 1000)
    assert found["carbon_marginal_kg_per_unit_h"][0] == pytest.approx(850 * 0.52 / 1000)
    assert found["carbon_official_kg_per_unit_h"][0] == pytest.approx(500 * 0.52 / 1000)
    assert found["carbon_level"][0] == 1
    early = carbon_numbers(around(), *run(0, 1), power_per_unit_kw=np.array([0.4]), rules=RULES)
    assert (early["carbon_ratio"][0], early["carbon_level"][0]) == (1.2, 2)


def test_grid_impact_of_half_an_hour_in_the_constrained_one():
    found = grid_numbers(around(), *run(0.5, 1.25), power_mw=np.array([4.0]), rules=RULES)
    assert found["tight_share_ratio"][0] == pytest.approx(0.5 / 0.75)
    assert found["surplus_share_ratio"][0] == 0.0
    assert found["site_peak_mw"][0] == pytest.approx(2.0)
    assert found["grid_peak_mw"][0] == pytest.approx(1.0)
    assert found["coincidence_ratio"][0] == pytest.approx(0.25)
    # Two thirds of its energy in a quarter of the time.
    assert found["tight_ratio"][0] == pytest.approx((2 / 3) / 0.25)
    assert found["grid_level"][0] == 2


def test_without_constrained_hours_nobody_loads_them():
    found = grid_numbers(around(tight=np.zeros(4, bool)), *run(0, 1), power_mw=np.array([4.0]), rules=RULES)
    assert (found["tight_ratio"][0], found["grid_level"][0]) == (0.0, 0)
