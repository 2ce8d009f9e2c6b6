"""A Scenario from a file, a name or Python: frozen, hashed, written back, and turned into a Truth."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

import suandian as sd
from suandian.experiments.scenario import load, scenarios
from suandian.experiments.scenario.layers import shipped
from suandian.experiments.scenario.reference import json_schema, markdown
from suandian.model.site import Battery, Cooling, Site
from suandian.quantity.errors import DataError, Infeasible, ScenarioError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

SMALL: dict[str, Any] = {
    "name": "small",
    "seed": 7,
    "time": {"start": "2026-04-01", "duration": "2 d", "step": "1 h", "zone": "Asia/Shanghai"},
    "parties": {"owner": {"roles": ["data_centre_operator", "computing_platform"]}},
    "sites": {
        "hall": {
            "operator": "owner",
            "region": "shandong",
            "latitude": "36.5 °",
            "longitude": "116 °",
            "it_max": "2 MW",
            "gpus": 2000,
            "idle_it": "0.4 MW",
            "import_max": "8 MW",
            "pv": "1 MW",
            "tariff": "shandong_2025",
        },
        "west": {
            "operator": "owner",
            "region": "gansu",
            "hub": "qingyang",
            "it_max": "1000 kW",
            "gpus": 1000,
            "idle_it": "0.2 MW",
            "import_max": "4 MW",
            "tariff": "gansu",
        },
    },
    "jobs": {"count": 1500, "occupancy": "10 %"},
    "streams": {"city": {"origin": "beijing", "home": "hall", "peak": "0.1 MW", "latency_max": "4 ms"}},
    "coordinators": ["run_now", {"name": "foresight", "forecasts": "perfect"}],
}
AXIS = TimeAxis(datetime(2026, 3, 31, 16, tzinfo=UTC), timedelta(hours=1), 48)


def write(folder: Path, values: dict[str, Any]) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def changed(path: str, value: object) -> dict[str, Any]:
    values = copy.deepcopy(SMALL)
    here = values
    *way, last = path.split("/")
    for part in way:
        here = here.setdefault(part, {})
    here[last] = value
    return values


# ------------------------------------------------------------------ shipped scenarios


def test_county_noon_is_the_study_of_the_brief() -> None:
    scenario = load("county-noon")
    assert scenario.axis == TimeAxis(datetime(2026, 3, 31, 16, tzinfo=UTC), timedelta(minutes=15), 30 * 96)
    assert {key: site.it_max_mw for key, site in scenario.study.sites.items()} == {
        "county": 20.0,
        "qingyang": 30.0,
        "shaoguan": 15.0,
    }
    roles = {role for party in scenario.study.parties.values() for role in party.roles}
    assert len(scenario.study.parties) == len(roles) == 6
    assert [arm.name for arm in scenario.coordinators] == [
        "run_now",
        "threshold",
        "lowest_window",
        "lowest_slots",
        "greenest_site",
        "rolling",
        "foresight",
    ]
    assert [arm.forecasts for arm in scenario.coordinators] == ["issued"] * 6 + ["perfect"]
    assert (scenario.control, scenario.chosen, scenario.deciding_party) == ("run_now", "rolling", "platform")
    assert all(scenario.title.values())
    assert scenario.title["en"] != scenario.title["zh"]
    assert all(scenario.question.values())


def test_every_shipped_scenario_is_listed_with_titles_in_both_languages() -> None:
    assert {"county-noon", "county-noon-real"} <= scenarios().keys()
    assert all({"en", "zh"} <= title.keys() for title in scenarios().values())


def test_county_noon_makes_a_world_in_which_the_numbers_are_plausible() -> None:
    truth = load("county-noon").truth()
    assert len(truth.jobs) == pytest.approx(20_000, rel=0.1)
    gpus = sum(site.gpus for site in truth.fleet.sites)
    streams = sum(s.demand_mw.mean() * 1000 / s.power_per_gpu_kw for s in truth.streams)
    assert truth.jobs.work_gpu_h.sum() / 720 / gpus + streams / gpus == pytest.approx(0.63, abs=0.02)
    assert truth.feeder_load_mw.min() >= 20
    assert truth.feeder_load_mw.max() <= 50
    assert 0.10 < truth.feeder_pv_mw.mean() / 160 < 0.25
    demand = truth.fleet.carbon_official_kg_per_mwh
    assert np.allclose(demand, [619.1, 447.1, 441.9])
    assert set(truth.sources) >= {"jobs", "price_cny_per_mwh/county", "feeder_pv_mw/county"}
    assert all(text.endswith("]") or text.startswith("no PV") for text in truth.sources.values())


@pytest.mark.skipif(not DATA.is_dir(), reason="the public series are not here (../shared/data)")
def test_county_noon_real_reads_the_public_series() -> None:
    scenario = load("county-noon-real", data=DATA)
    truth = scenario.truth()
    assert "Alibaba PAI" in truth.sources["jobs"]
    assert "2020" in truth.sources["feeder_pv_mw/county"]
    assert all("Azure" in truth.sources[f"stream_mw/{key}"] for key in scenario.study.streams)
    assert scenario.hash != load("county-noon").hash
    assert scenario.command == f"suandian run county-noon-real --data {DATA}"


# ------------------------------------------------------------------ hash and text


def test_the_resolved_text_reads_back_as_the_same_study(tmp_path: Path) -> None:
    scenario = load("county-noon")
    path = tmp_path / "resolved.yaml"
    path.write_text(scenario.to_yaml(), encoding="utf-8")
    again = load(path)
    assert again.study == scenario.study
    assert again.hash == scenario.hash


def test_the_hash_follows_the_values_and_nothing_else(tmp_path: Path) -> None:
    base = load(write(tmp_path, SMALL)).hash
    same = changed("sites/hall/it_max", "2000 kW")
    same["sites"]["hall"]["latitude"] = "36.50 deg"
    assert load(write(tmp_path, same)).hash == base
    assert load(write(tmp_path, changed("seed", 8))).hash != base
    assert load(write(tmp_path, changed("sites/hall/it_max", "2.001 MW"))).hash != base


def test_the_hash_is_the_same_in_another_process() -> None:
    code = "import suandian as sd; print(sd.load('county-noon').hash)"
    env = os.environ | {"PYTHONHASHSEED": "12345"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == load("county-noon").hash


def test_the_hash_follows_the_content_of_data_files(tmp_path: Path) -> None:
    table = tmp_path / "price.csv"
    path = write(tmp_path, changed("signals", {"price": {"hall": {"file": "price.csv", "zone": "UTC"}}}))
    rows = [f"{AXIS.at(i):%Y-%m-%dT%H:%M:%S},{300 + i}" for i in range(48)]
    table.write_text("time,price [CNY/MWh]\n" + "\n".join(rows) + "\n", encoding="utf-8")
    first, prices = load(path).hash, load(path).truth().price_cny_per_mwh[0]
    assert prices.tolist() == [300.0 + i for i in range(48)]
    table.write_text(table.read_text(encoding="utf-8").replace(",300", ",301"), encoding="utf-8")
    assert load(path).hash != first


def test_a_scenario_is_frozen_and_its_world_is_made_once(tmp_path: Path) -> None:
    scenario = load(write(tmp_path, SMALL))
    with pytest.raises(FrozenInstanceError):
        scenario.source = "other"  # type: ignore[misc]
    assert scenario.truth() is scenario.truth()


def test_the_same_seed_gives_the_same_world_and_another_does_not(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    one, two, other = load(path).truth(), load(path).truth(), load(path, set={"seed": 8}).truth()
    for name in ("site_pv_mw", "outdoor_c", "carbon_average_kg_per_mwh", "arrivals_mw"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    assert np.array_equal(one.jobs.work_gpu_h, two.jobs.work_gpu_h)
    assert not np.array_equal(one.site_pv_mw, other.site_pv_mw)


# ------------------------------------------------------------------ what becomes of the parts


def test_places_reach_and_tariffs_are_resolved(tmp_path: Path) -> None:
    truth = load(write(tmp_path, SMALL)).truth()
    hall, west = truth.fleet.sites
    assert (west.latitude_deg, west.it_max_mw) == (pytest.approx(35.73), 1.0)
    assert hall.pv_mw == 1.0
    assert truth.fleet.stream_allowed.tolist() == [[True, False]]
    assert truth.fleet.demand_cny_per_mw_month[0] == 38_400
    assert truth.site_pv_mw[1].max() == 0.0 < truth.site_pv_mw[0].max() <= 1.0
    assert truth.arrivals_mw.shape == (len(truth.fleet.classes), 168)


def test_an_interactive_service_that_may_not_move_stays_at_home(tmp_path: Path) -> None:
    values = changed("streams/city/latency_max", "50 ms")
    assert load(write(tmp_path, values)).truth().fleet.stream_allowed.all()
    values["streams"]["city"]["label"] = "F0"
    assert load(write(tmp_path, values)).truth().fleet.stream_allowed.tolist() == [[True, False]]


def test_a_tariff_of_ones_own_is_priced_by_its_bands(tmp_path: Path) -> None:
    tariff = {
        "templates": [{"months": list(range(1, 13)), "half_hours": "V" * 16 + "F" * 32}],
        "ratio": {"V": 0.5, "F": 1.0},
        "floating": "0.4 CNY/kWh",
        "fixed": "0.1 CNY/kWh",
        "demand": "40 CNY/kW/month",
        "export": "0.2 CNY/kWh",
        "source": "test",
    }
    values = changed("tariffs", {"mine": tariff})
    values["sites"]["hall"]["tariff"] = "mine"
    truth = load(write(tmp_path, values)).truth()
    assert truth.price_cny_per_mwh[0, :9] == pytest.approx([300.0] * 8 + [500.0])
    assert truth.export_price_cny_per_mwh[0, 0] == pytest.approx(200.0)
    assert truth.fleet.demand_cny_per_mw_month[0] == 40_000
    for broken, words in (
        ({"ratio": {"V": 0.5}}, "band F is used"),
        ({"templates": [{"months": [1, 13], "half_hours": "F" * 48}]}, "months [13]"),
        ({"templates": [{"months": [1], "half_hours": "F" * 47}]}, "pattern"),
    ):
        with pytest.raises(ScenarioError) as caught:
            load(write(tmp_path, changed("tariffs", {"mine": tariff | broken})))
        assert words in str(caught.value)


def test_forecasts_come_with_models_and_known_prices_have_no_error(tmp_path: Path) -> None:
    values = changed("forecasts", {"every": "3 h", "errors": {"pv": {"sd_growth": "30 %"}}})
    forecasts = load(write(tmp_path, values)).forecasts
    assert forecasts.issue_every_h == 3.0
    assert forecasts.models["price"].kind == "perfect"
    assert forecasts.models["pv"].sd_growth_ratio == 0.3
    assert forecasts.models["load"].kind == "noisy"
    values["forecasts"] = {"mode": "perfect"}
    assert {model.kind for model in load(write(tmp_path, values)).forecasts.models.values()} == {"perfect"}


def test_a_kind_of_job_can_be_changed(tmp_path: Path) -> None:
    values = changed("jobs/kinds", {"training": {"movable": "100 %", "work_share": "60 %", "slack_min": "30 h"}})
    truth = load(write(tmp_path, values)).truth()
    jobs = truth.jobs
    training = jobs.kind == jobs.kind_names.index("training")
    assert training.any()
    assert (jobs.sites_allowed[training] == 3).all()


def test_more_work_than_hours_and_jobs_too_wide_are_infeasible() -> None:
    with pytest.raises(Infeasible, match="more GPU-hours than the sites have"):
        build(jobs=frame(gpus=[1000], hours=[48.0], rows=4)).truth()
    with pytest.raises(Infeasible, match="needs 2100 GPUs at a site"):
        build(jobs=frame(gpus=[2100], hours=[1.0])).truth()


# ------------------------------------------------------------------ Python


def frame(gpus: list[int], hours: list[float], rows: int = 1) -> pl.DataFrame:
    released = [AXIS.at(1)] * rows * len(gpus)
    return pl.DataFrame(
        {
            "released": released,
            "gpus [GPU]": gpus * rows,
            "duration [h]": hours * rows,
            "slack [h]": [5.0] * rows * len(gpus),
            "power_per_gpu [W]": [400.0] * rows * len(gpus),
            "preemptible": [True] * rows * len(gpus),
        }
    )


HALL = Site(
    id="hall",
    operator="owner",
    region="shandong",
    latitude_deg=36.5,
    longitude_deg=116.0,
    gpus=2000,
    idle_it_mw=0.4,
    it_max_mw=2.0,
    import_max_mw=8.0,
    battery=Battery(2.0, 1.0, 1.0),
    cooling=Cooling("constant", 1.25),
)


def build(**changes: Any) -> sd.Scenario:
    arguments: dict[str, Any] = {
        "axis": AXIS,
        "zone": "Asia/Shanghai",
        "sites": [HALL],
        "jobs": frame([8], [2.0], rows=3),
        "signals": {"price": {"hall": np.linspace(100, 500, 48)}},
        "coordinators": ["run_now"],
    }
    return sd.Scenario.build(**(arguments | changes))


def test_a_study_is_built_from_arrays_frames_and_objects() -> None:
    scenario = build()
    truth = scenario.truth()
    assert truth.price_cny_per_mwh[0].tolist() == np.linspace(100, 500, 48).tolist()
    assert len(truth.jobs) == 3
    assert truth.jobs.power_per_gpu_kw.tolist() == [0.4] * 3
    assert truth.fleet.sites[0].battery == HALL.battery
    assert truth.fleet.sites[0].cooling == HALL.cooling
    assert scenario.deciding_party == "owner"
    assert scenario.forecasts.models["price"].kind == "noisy"
    assert "Python" in scenario.to_yaml().splitlines()[0]


def test_units_may_be_text_or_part_of_the_name() -> None:
    numbers = {
        "hall": {
            "region": "shandong",
            "latitude_deg": np.float64(36.5),
            "longitude_deg": 116,
            "gpus": 2000,
            "idle_it_mw": 0.4,
            "it_max_mw": 2.0,
            "import_max": "8000 kW",
            "tariff": "shandong_2025",
            "battery": {"energy_mwh": 2.0, "charge_max": "1 MW", "discharge_max_mw": 1},
        }
    }
    texts = {
        "hall": numbers["hall"]
        | {"it_max": "2 MW", "idle_it": "400 kW", "latitude": "36.5 °", "longitude": "116 °", "import_max": "8 MW"}
    }
    for name in ("it_max_mw", "idle_it_mw", "latitude_deg", "longitude_deg"):
        texts["hall"].pop(name)
    one = build(sites=numbers, signals={}, jobs={"count": 20})
    two = build(sites=texts, signals={}, jobs={"count": 20})
    assert one.hash == two.hash
    assert one.study.sites["hall"].it_max_mw == 2.0


def test_the_same_study_from_yaml_and_from_python_is_the_same(tmp_path: Path) -> None:
    values = copy.deepcopy(SMALL)
    assert sd.Scenario.build(**values).hash == load(write(tmp_path, SMALL)).hash


def test_arrays_are_part_of_the_hash() -> None:
    other = np.linspace(100, 500, 48)
    other[3] += 1e-9
    assert build().hash == build().hash
    assert build(signals={"price": {"hall": other}}).hash != build().hash
    assert build(jobs=frame([8], [2.5], rows=3)).hash != build().hash


def test_a_series_brings_its_unit_and_its_axis() -> None:
    series = Series(AXIS, np.full(48, 0.4), "CNY/kWh", "test")
    assert build(signals={"price": {"hall": series}}).truth().price_cny_per_mwh[0, 0] == pytest.approx(400.0)


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"signals": {"price": {"hall": np.zeros(47)}}}, "signals.price.hall", "48 periods"),
        ({"signals": {"price": {"hall": np.full(48, np.nan)}}}, "signals.price.hall", "is nan at 2026-03-31"),
        ({"signals": {"price": {"hall": "cheap"}}}, "signals.price.hall", "no array of numbers"),
        ({"signals": {"price": np.zeros(48)}}, "signals.price", "not a mapping"),
        (
            {"signals": {"price": {"hall": Series(AXIS, np.zeros(48), "MW", "t")}}},
            "signals.price.hall",
            "a price of energy is due",
        ),
        (
            {"signals": {"price": {"hall": Series(AXIS.part(0, 5), np.zeros(5), "CNY/MWh", "t")}}},
            "signals.price.hall",
            "another axis",
        ),
        ({"signals": {"price": {"hal": np.zeros(48), "hall": np.zeros(48)}}}, "signals.price.hal", "mean hall"),
        ({"signals": {"prize": {"hall": {"file": "x.csv"}}}}, "signals.prize", "did you mean price"),
        ({"zone": ""}, "time.zone", "is missing"),
        ({"axis": None}, "signals.price.hall", "give axis"),
        ({"jobs": 5}, "jobs", "int is no table of jobs"),
        ({"coordinators": ["run_nw"]}, "coordinators[0]", "did you mean run_now"),
        ({"sites": {"hall": {"it_max_mw": float("nan")}}}, "sites.hall.it_max", "not a finite number"),
        ({"sites": {"hall": {"it_max_mw": "twenty"}}}, "sites.hall.it_max", "a number and a unit are due"),
    ],
)
def test_bad_arguments_are_refused_like_bad_files(changes: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        build(**changes)
    told = " ".join(fault.message for fault in caught.value.faults if fault.path == path)
    assert words in told, str(caught.value)


def test_a_naive_column_of_times_needs_a_zone() -> None:
    naive = frame([8], [2.0]).with_columns(pl.col("released").dt.replace_time_zone(None))
    with pytest.raises(DataError, match="naive"):
        build(jobs=naive)


def test_negative_series_are_refused_where_they_cannot_be() -> None:
    with pytest.raises(ScenarioError, match=r"signals\.carbon_average\.hall: is -1 kg/MWh"):
        build(signals={"price": {"hall": np.zeros(48)}, "carbon_average": {"hall": np.full(48, -1.0)}}).truth()
    assert build(signals={"price": {"hall": np.full(48, -80.0)}}).truth().price_cny_per_mwh.min() == -80.0


# ------------------------------------------------------------------ documentation


def test_the_reference_page_is_made_from_the_types() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "scenario.md"
    assert page.read_text(encoding="utf-8") == markdown()


def test_every_key_of_the_shipped_scenarios_is_in_the_schema() -> None:
    schema = json_schema()
    for name, path in shipped().items():
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert list(_strangers(values, schema, schema["$defs"], name)) == []


def _strangers(value: object, schema: dict[str, Any], definitions: dict[str, Any], path: str) -> Iterator[str]:
    """Keys in `value` that `schema` does not know, and values of the wrong kind."""
    options = list(_options(schema, definitions))
    kinds = {"string": str, "number": int | float, "integer": int, "object": dict, "array": list, "null": type(None)}
    fitting = [option for option in options if isinstance(value, kinds[option.get("type", "object")])]
    # YAML 1.1 reads `2026-04-01` as a date where our own reader keeps the text.
    if not fitting and not isinstance(value, date):
        yield f"{path}: {value!r}"
    for option in fitting[:1]:
        if isinstance(value, dict):
            for key, entry in value.items():
                below = option.get("properties", {}).get(key, option.get("additionalProperties"))
                if not below:
                    yield f"{path}.{key}"
                elif isinstance(below, dict):
                    yield from _strangers(entry, _resolved(below, definitions), definitions, f"{path}.{key}")
        if isinstance(value, list) and "items" in option:
            for index, entry in enumerate(value):
                below = _resolved(option["items"], definitions)
                yield from _strangers(entry, below, definitions, f"{path}[{index}]")


def _options(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a value may be: a quantity that may be left out is one of several itself."""
    for option in schema.get("anyOf", [schema]):
        found = _resolved(option, definitions)
        yield from _options(found, definitions) if "anyOf" in found else (found,)


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return definitions[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
