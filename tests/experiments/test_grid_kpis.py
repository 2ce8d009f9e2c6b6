"""The network's KPIs of four hours on four buses, by hand."""

from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from small_grid import small_feeder, small_journal, small_truth

from suandian.experiments.grid import GRID_KPI_NAMES, grid_record, grid_states
from suandian.experiments.grid.kpis import main_transformers
from suandian.experiments.kpi import KPI_NAMES
from suandian.physics.feeder_grid import GridStep
from suandian.simulation.truth import Truth


def record(
    told: dict[str, float] | None = None, **objective: float
) -> tuple[dict[str, float], dict[str, GridStep], Truth]:
    truth = small_truth(small_feeder(), **objective)
    journal = small_journal(truth, told)
    states = grid_states(journal, truth)
    return grid_record(journal, truth, states), states, truth


def test_the_names_end_the_record() -> None:
    assert KPI_NAMES[-len(GRID_KPI_NAMES) :] == GRID_KPI_NAMES
    assert tuple(record()[0]) == GRID_KPI_NAMES
    assert all(isinstance(value, float) for value in record()[0].values())


def test_every_kpi_by_hand() -> None:
    values, states, _ = record(curtailment_cny_per_mwh=300.0, violation_cny_per_mwh=20_000.0)
    flow = states["c"].flow
    assert values["overload_h"] == 1.0
    outside = (flow.voltage_pu[:, 3] < 0.9) | (flow.voltage_pu[:, 3] > 1.07)
    middle = (flow.voltage_pu[:, 1:3] < 0.93) | (flow.voltage_pu[:, 1:3] > 1.07)
    assert values["voltage_violation_bus_h"] == float(outside.sum() + middle.sum())
    # slack − everything drawn: Σ slack − (1.3 + 1.45 + 1.8 − 0.4)
    assert values["losses_mwh"] == pytest.approx(float(flow.slack_mw.sum()) - 4.15, abs=1e-6)
    assert values["transformer_loading_max_ratio"] == pytest.approx(float(flow.loading_ratio[1, 2]))
    assert values["transformer_loading_max_ratio"] == pytest.approx(0.45 / 0.4, rel=0.03)
    # Only the fourth hour goes back through the main transformer: 0.5 − 0.1 MW less losses.
    assert values["reverse_energy_mwh"] == pytest.approx(-float(flow.branch_mw[3, 1]))
    assert values["reverse_energy_mwh"] == pytest.approx(0.4, abs=0.02)
    above_mwh = (float(flow.loading_ratio[1, 2]) - 1.0) * 0.4
    assert values["congestion_cost_cny"] == pytest.approx(0.2 * 300.0 + above_mwh * 20_000.0)
    assert np.isnan(values["linearisation_error_max_pu"])  # none of its plans knew the network


def test_the_linear_networks_error_is_the_largest_that_plans_told() -> None:
    assert record({"linearisation_error_max_pu": 0.004})[0]["linearisation_error_max_pu"] == 0.004


def test_the_main_transformer_is_the_one_next_to_the_grid() -> None:
    assert main_transformers(small_feeder()).tolist() == [0]


def test_without_a_network_all_are_nan() -> None:
    truth = small_truth(replace(small_feeder(), grid=None))
    values = grid_record(small_journal(truth), truth, {})
    assert tuple(values) == GRID_KPI_NAMES
    assert all(isnan(value) for value in values.values())


def test_two_networks_add_up_and_maxima_stay_maxima() -> None:
    truth = small_truth(small_feeder())
    journal = small_journal(truth)
    states = grid_states(journal, truth)
    twin = replace(truth.fleet.feeders[0], id="d")
    both = replace(truth, fleet=replace(truth.fleet, feeders=(*truth.fleet.feeders, twin)))
    one, two = grid_record(journal, truth, states), grid_record(journal, both, {**states, "d": states["c"]})
    assert two["losses_mwh"] == pytest.approx(2.0 * one["losses_mwh"])
    assert two["overload_h"] == one["overload_h"]
    assert two["transformer_loading_max_ratio"] == one["transformer_loading_max_ratio"]
    assert np.isnan(two["hosting_compute_mw"])  # no site stands behind the twin
