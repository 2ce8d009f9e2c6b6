"""Wind, ties and spot prices of a scenario, and the shipped study of four provinces from end to end."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from test_scenario_faults import SMALL

from suandian.apps import cli
from suandian.experiments import presets
from suandian.experiments.scenario import load
from suandian.experiments.scenario.regions import surplus_hours
from suandian.model.grid import Feeder, Tie
from suandian.quantity.errors import ScenarioError
from suandian.simulation.desk import Desk, ForecastSchedule


def two_regions() -> dict[str, Any]:
    values = copy.deepcopy(SMALL)
    values["feeders"]["base"] = values["feeders"]["county"] | {
        "region": "gansu",
        "latitude": "36 °",
        "longitude": "107 °",
        "wind": "90 MW",
        "reverse_limit": "20 %",
    }
    values["ties"] = {"line": {"from": "base", "to": "county", "limit": "4 MW", "limit_back": "1 MW", "loss": "6 %"}}
    values["sites"]["west"] = values["sites"]["hall"] | {
        "region": "gansu",
        "feeder": "base",
        "tariff": "gansu",
        "price": "spot",
        "spot_floor": "-20 CNY/MWh",
    }
    return values


def written(folder: Path, values: dict[str, Any]) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def test_a_tie_and_wind_become_what_they_say(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, two_regions()))
    fleet = scenario.truth().fleet
    assert fleet.ties == (Tie("line", "base", "county", 4.0, 1.0, 0.06),)
    assert [feeder.wind_mw for feeder in fleet.feeders] == [0.0, 90.0]
    wind = scenario.truth().feeder_wind_mw
    assert not wind[0].any()
    assert 0 < wind[1].mean() < 90
    assert "wind of gansu" in scenario.truth().sources["feeder_wind_mw/base"]
    assert "feeder_wind_mw/county" not in scenario.truth().sources


def test_the_back_limit_is_the_limit_unless_told(tmp_path: Path) -> None:
    values = two_regions()
    del values["ties"]["line"]["limit_back"]
    assert load(written(tmp_path, values)).truth().fleet.ties[0].back_max_mw == 4.0


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"ties.line.to": "conty"}, "ties.line.to", "did you mean county"),
    ({"ties.line.from": "nowhere"}, "ties.line.from", "unknown feeder"),
    ({"ties.line.to": "base"}, "ties.line.to", "where the tie begins"),
    ({"ties.line.limit": "-4 MW"}, "ties.line.limit", "negative"),
    ({"ties.line.loss": "60 %"}, "ties.line.loss", "too large"),
    ({"ties.line.limit": 4}, "ties.line.limit", "bare number"),
    ({"feeders.base.wind": "-1 MW"}, "feeders.base.wind", "negative"),
    ({"feeders.base.network": {}}, "feeders.base.wind", "leave one of them out"),
    ({"feeders.base.network": {}}, "ties.line.from", "without one"),
    ({"sites.west.tariff": None}, "sites.west.tariff", "network part"),
    ({"sites.west.price": "tariff"}, "sites.west.spot_floor", "without `price: spot`"),
    ({"signals.price.west.file": "p.csv"}, "sites.west.price", "keep one of them"),
    ({"signals.feeder_wind.county.file": "w.csv"}, "feeders.county.wind", "300 MW"),
]


@pytest.mark.parametrize(("change", "path", "words"), BAD, ids=[row[1] for row in BAD])
def test_faults_of_regions_are_told_with_place_and_remedy(
    tmp_path: Path, change: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(written(tmp_path, two_regions()), set=change)
    told = [fault.message for fault in caught.value.faults if fault.path == path]
    assert any(words in message for message in told), str(caught.value)


def test_surplus_is_what_exceeds_every_way_out() -> None:
    feeders = (
        Feeder("base", "g", "gansu", 36.0, 107.0, 100.0, 1.0, 0.3, 0.0, wind_mw=90.0),
        Feeder("city", "g", "guangdong", 24.0, 113.0, 100.0, 1.0, 0.1, 0.0),
    )
    tie = Tie("t", "base", "city", 20.0, 5.0)
    made, load_mw = np.array([[60.0, 61.0], [30.0, 10.0]]), np.array([[10.0, 10.0], [14.0, 0.0]])
    assert surplus_hours(feeders, (tie,), made, load_mw).tolist() == [[False, True], [True, False]]


def test_a_spot_price_falls_to_the_floor_in_surplus_and_is_forecast_with_errors(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, two_regions()))
    truth = scenario.truth()
    made = truth.feeder_pv_mw + truth.feeder_wind_mw
    surplus = surplus_hours(truth.fleet.feeders, truth.fleet.ties, made, truth.feeder_load_mw)[1]
    assert 0.05 < surplus.mean() < 0.95
    price = truth.price_cny_per_mwh[1]
    assert np.ptp(price[surplus]) == 0.0
    assert price[surplus].max() < price[~surplus].min()
    assert "floor -20" in truth.sources["price_cny_per_mwh/west"]
    assert truth.sources["price_cny_per_mwh/west"].endswith("[D]")
    # The tariff of the other site is known to everybody; the spot price is not.
    desk = Desk(truth, ForecastSchedule(6.0, scenario.forecasts.models, 1))
    told = np.asarray(desk.outlook(0).price_cny_per_mwh)
    assert (told[0] == truth.price_cny_per_mwh[0]).all()
    assert np.abs(told[1] - price).mean() > 5.0


def test_every_province_has_bounds_with_a_source() -> None:
    assert presets.spot("gansu").floor_cny_per_mwh == 40.0
    assert presets.spot("guangdong").reference_cny_per_mwh == 463.0
    assert presets.spot("inner_mongolia").source.confidence == "D"
    assert presets.spot("zhejiang").cap_cny_per_mwh == float("inf")
    with pytest.raises(ScenarioError, match="did you mean 'gansu'"):
        presets.spot("gansuu")


def test_east_west_keeps_energy_and_avoids_curtailment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(
            [
                *("run", "east-west", "--coordinators", "run_now,foresight", "--out", str(tmp_path), "--json"),
                *("--set", "time.end=2026-04-13", "--set", "jobs.count=2500"),
            ]
        )
    assert caught.value.code == 0
    document = json.loads(capsys.readouterr().out)
    control, best = document["runs"]["run_now"], document["runs"]["foresight"]
    thrown = [run["pv_curtailed_mwh"] + run["wind_curtailed_mwh"] for run in (control, best)]
    assert 0 < thrown[1] < thrown[0]
    assert best["tie_mwh"] > 0
    assert all(run["energy_balance_error_mwh"] < 1e-6 for run in (control, best))
    # A week's bound holds for punctual plans of fluid work; the real plan lies above it.
    assert document["bound_cny"] < min(control["objective_cny"], best["objective_cny"])
    report = next(tmp_path.glob("*/report.en.html")).read_text(encoding="utf-8")
    assert 'id="regions"' in report
