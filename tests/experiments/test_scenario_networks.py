"""Networks in scenarios: where they come from, who stands where, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

import suandian as sd
from suandian.experiments.scenario.networks import grid_of
from suandian.quantity.errors import DataError, ScenarioError

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
    scenario = sd.load("county-noon", data=tmp_path, set={**SHORT, "feeders.county.network.source": "ring.yaml"})
    with pytest.raises(DataError, match="closes a loop"):
        scenario.truth()


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
    assert grid_of("county", study.feeders["county"], study.sites, seed=1, data=None) is None
