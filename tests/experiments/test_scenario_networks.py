"""Networks in scenarios: where they come from, who stands where, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

import suandian as sd
from suandian.experiments.scenario.networks import built_grid, feeder_network, grid_faults
from suandian.quantity.errors import ScenarioError

SHORT = {"time.end": "2026-04-02", "jobs.count": 100}


def grid(**changes):
    return sd.load("county-noon", set={**SHORT, **changes}).truth().fleet.feeders[0].grid


def test_the_county_stands_behind_the_shipped_feeder():
    found = grid()
    assert len(found.network.buses.ids) == 119
    assert found.load_ratio.sum() == pytest.approx(1.0)
    assert found.pv_ratio.sum() == pytest.approx(1.0)
    assert found.site_ratio["county"].sum() == pytest.approx(1.0)
    assert sorted(found.pv_rank.tolist()) == list(range(119))
    assert found.network.transformers.rating_mva[:2].tolist() == [40.0, 40.0]


def test_same_seed_same_county_and_its_own_seed_if_it_has_one():
    assert (grid().pv_rank == grid().pv_rank).all()
    other = grid(**{"feeders.county.network.seed": 7})
    assert not np.array_equal(other.load_ratio, grid().load_ratio)


def test_a_site_may_stand_at_any_bus_of_another_network():
    found = grid(**{"feeders.county.network.source": "ieee33", "sites.county.bus": "18"})
    assert found.network.buses.ids[int(found.site_ratio["county"].argmax())] == "18"
    assert found.site_ratio["county"].max() == 1.0


def test_without_a_network_the_feeder_is_lumped():
    assert grid(**{"feeders.county.network": None}) is None


@pytest.mark.parametrize(("changes", "told"), [
    ({"feeders.county.network.source": "ieee34"}, "no network 'ieee34'; write county, ieee33"),
    ({"feeders.county.network.source": "grid.yaml"}, "needs a data folder"),
    ({"feeders.county.network.curtailment": "fair"}, "proportional"),
    ({"feeders.county.network.units": 0}, "units"),
])  # fmt: skip
def test_faults_are_told_at_the_door(changes, told):
    with pytest.raises(ScenarioError, match=told):
        sd.load("county-noon", set={**SHORT, **changes})


def test_a_bus_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ScenarioError, match=r"sites.county.bus: the network of feeder 'county' has no bus 'B99'"):
        grid(**{"sites.county.bus": "B99"})


def test_a_network_with_a_loop_is_refused_by_name(tmp_path: Path):
    from importlib.resources import files

    text = (files("suandian.adapters.networks") / "data" / "ieee33.yaml").read_text(encoding="utf-8")
    row = "    - [1-2, 1, 2, 1, 0.0922, 0.0470, 400]\n"
    assert row in text
    looped = text.replace("radial: true\n", "").replace(row, row + "    - [18-33, 18, 33, 1, 0.5, 0.5, 200]\n")
    (tmp_path / "ring.yaml").write_text(looped, encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"feeders.county.network.source: .*\n.*closes a loop"):
        sd.load("county-noon", data=tmp_path, set={**SHORT, "feeders.county.network.source": "ring.yaml"})


@pytest.mark.parametrize(("load", "told"), [
    ("{active: -1.0, reactive: 0.0}", "feeds, or draws reactive power alone"),
    ("{active: 0.0, reactive: -0.5}", "feeds, or draws reactive power alone"),
])  # fmt: skip
def test_loads_that_are_no_shares_are_refused(load, told):
    study = sd.load("county-noon", set=SHORT).study
    network = feeder_network("county", study.feeders["county"], study.sites, seed=1, data=None)
    values = yaml.safe_load(load)
    first = {name: getattr(network.loads, name).copy() for name in ("active_mw", "reactive_mvar")}
    first["active_mw"][0], first["reactive_mvar"][0] = values["active"], values["reactive"]
    changed = replace(network, loads=replace(network.loads, **first))
    assert [told in fault.message for fault in grid_faults("county", changed, {})] == [True]


def test_a_site_behind_a_network_delivers_nothing():
    with pytest.raises(ScenarioError, match=r"sites.county.export_max: power that a site delivers"):
        sd.load("county-noon", set={**SHORT, "sites.county.export_max": "5 MW"})


def test_a_county_too_small_for_its_feeders_is_told_at_the_door():
    with pytest.raises(ScenarioError, match=r"feeders.county.network.villages: 8: each of the 10 feeders"):
        sd.load("county-noon", set={**SHORT, "feeders.county.network.villages": 8})


def test_the_file_is_part_of_the_hash(tmp_path: Path):
    from importlib.resources import files

    text = (files("suandian.adapters.networks") / "data" / "ieee33.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    settings = {**SHORT, "feeders.county.network.source": "mine.yaml"}
    first = sd.load("county-noon", data=tmp_path, set=settings)
    assert "mine.yaml" in first.files
    before = first.hash
    (tmp_path / "mine.yaml").write_text(text + "\n# another\n", encoding="utf-8")
    assert sd.load("county-noon", data=tmp_path, set=settings).hash != before


def test_a_lumped_section_has_no_grid():
    study = sd.load("county-noon", set={**SHORT, "feeders.county.network": None}).study
    assert built_grid("county", study.feeders["county"], study.sites, seed=1, data=None) is None
