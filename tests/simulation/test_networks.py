"""The world's step on a network: energy adds up, PV is held back by rule, and every bus has its meter."""

import numpy as np
import pytest
from tests.physics.pv_feeder import feeder_of, one_line, stiff

import suandian as sd
from suandian.experiments.arms import ArmPlan, run_arm
from suandian.model.plan import Fleet
from suandian.physics.balance import StepResult
from suandian.quantity.errors import DataError
from suandian.simulation.desk import ForecastSchedule
from suandian.simulation.networks import grid_meters, grid_reads, on_networks


class _Site:
    id, feeder = "dc", "f"


def fleet_of(feeder) -> Fleet:
    fleet = object.__new__(Fleet)
    object.__setattr__(fleet, "sites", (_Site(),))
    object.__setattr__(fleet, "feeders", (feeder,))
    return fleet


def step_of(import_mw: list[float]) -> StepResult:
    periods = len(import_mw)
    site = np.zeros((7, 1, periods))
    site[0, 0] = import_mw
    return StepResult.of_cubes(site, np.zeros((4, 1, periods)))


def test_what_enters_is_what_is_drawn_and_lost():
    """10 MVA at power factor 1, 80 % back: of 14 MW of PV over 1 MW of load and 2 MW of computing 3 are held back."""
    feeder = feeder_of(stiff(), [0.0, 0.0, 14.0, 0.0], load_bus=2)
    step, states = on_networks(fleet_of(feeder), step_of([2.0, 2.0]), np.array([[1.0, 1.0]]), np.array([[14.0, 0.0]]))
    assert step.feeder_pv_used_mw[0] == pytest.approx([11.0, 0.0], abs=0.02)
    assert step.feeder_export_mw[0, 0] == pytest.approx(8.0, abs=0.02)
    assert step.feeder_import_mw[0, 1] == pytest.approx(3.0 + states[0].flow.losses_mw[1])
    reads = grid_reads(feeder, states[0])
    assert [meter.id for meter in grid_meters(feeder)] == ["feeder/f/losses", "feeder/f/pv/B"]
    assert len(reads) == 2
    assert reads[1][1] == pytest.approx([11.0, 0.0], abs=0.02)


def test_lumped_feeders_are_left_as_they_are():
    from dataclasses import replace

    feeder = replace(feeder_of(stiff(), [0.0, 0.0, 14.0, 0.0]), grid=None)
    step = step_of([2.0])
    same, states = on_networks(fleet_of(feeder), step, np.array([[1.0]]), np.array([[0.0]]))
    assert same is step
    assert states == {}
    assert grid_meters(feeder) == []


@pytest.mark.parametrize("curtailment", ["proportional", "last_connected", "volt_watt"])
def test_a_study_on_the_county_adds_up(curtailment):
    scenario = sd.load(
        "county-noon",
        set={"time.end": "2026-04-03", "jobs.count": 200, "feeders.county.network.curtailment": curtailment},
    )
    truth = scenario.truth()
    arm = ArmPlan("run_now", "run_now", {}, "platform", ForecastSchedule.perfect())
    journal = run_arm(truth, arm).journal
    grid = truth.fleet.feeders[0].grid
    ids = grid.network.buses.ids

    def read(channel):
        imported, exported = journal.metered(f"feeder/county/{channel}")
        return imported - exported

    site = journal.metered("site/county/grid")[0] - journal.metered("site/county/grid")[1]
    assert read("grid") == pytest.approx(read("load") + site + read("losses") + read("pv"), abs=1e-9)
    by_bus = -sum(read(f"pv/{ids[bus]}") for bus in grid.pv_buses)
    assert by_bus == pytest.approx(-read("pv"), abs=1e-9)
    assert (-read("pv") <= -read("pv_available") + 1e-9).all()
    assert 0.0 < read("losses").sum() < 0.05 * read("load").sum()
    assert journal.chain_holds()


def test_a_network_without_the_feeders_transformer_keeps_its_reverse_limit():
    """One line at 10 kV behind 10 MVA: 8 MW may go back, whatever the line could carry."""
    feeder = feeder_of(one_line(resistance_ohm=0.01), [0.0, 14.0])
    step, states = on_networks(fleet_of(feeder), step_of([1.0]), np.array([[2.0]]), np.array([[14.0]]))
    assert step.feeder_pv_used_mw[0, 0] == pytest.approx(11.0)
    assert states[0].pv_available_mw.sum() == pytest.approx(14.0)


def test_an_interval_without_a_solution_says_where_and_when():
    feeder = feeder_of(one_line(resistance_ohm=20.0), [0.0, 1.0])
    with pytest.raises(DataError, match="network of feeder 'f', intervals from noon: power flow"):
        on_networks(fleet_of(feeder), step_of([9.0]), np.array([[9.0]]), np.array([[0.0]]), start="noon")
