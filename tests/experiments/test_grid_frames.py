"""Frames of buses and branches, every column by hand or from the flow."""

import numpy as np
import polars as pl
import pytest
from small_grid import small_feeder, small_journal, small_truth

from suandian.experiments.grid import branches_frame, buses_frame, grid_states
from suandian.physics.feeder_grid import GridStep
from suandian.simulation.truth import Truth


@pytest.fixture
def study() -> tuple[dict[str, GridStep], Truth]:
    truth = small_truth(small_feeder())
    return grid_states(small_journal(truth), truth), truth


def test_one_row_per_bus(study: tuple[dict[str, GridStep], Truth]) -> None:
    frame = buses_frame(*study)
    assert frame["bus"].to_list() == ["grid", "busbar", "village", "homes"]
    assert frame["group"].to_list() == ["", "", "east", "east"]
    assert frame["feeder"].unique().to_list() == ["c"]
    homes = frame.row(3, named=True)
    assert (homes["nominal_kv"], homes["x_km"], homes["y_km"]) == (0.4, 3.0, 1.0)
    assert homes["pv_available_mwh"] == pytest.approx(0.7)
    assert homes["pv_curtailed_mwh"] == pytest.approx(0.2)
    voltage_pu = study[0]["c"].flow.voltage_pu[:, 3]
    assert (homes["voltage_min_pu"], homes["voltage_max_pu"]) == (voltage_pu.min(), voltage_pu.max())
    # 220 V −10 %: the evening is within
    assert homes["voltage_violation_h"] == float(((voltage_pu < 0.9) | (voltage_pu > 1.07)).sum())


def test_one_row_per_line_and_transformer(study: tuple[dict[str, GridStep], Truth]) -> None:
    frame = branches_frame(*study)
    flow = study[0]["c"].flow
    assert frame["branch"].to_list() == ["trunk", "T", "Tv"]
    assert frame.select("from", "to").rows() == [("busbar", "village"), ("grid", "busbar"), ("village", "homes")]
    assert frame["kind"].to_list() == ["line", "transformer", "transformer"]
    assert frame["overload_h"].to_list() == [0.0, 0.0, 1.0]
    np.testing.assert_allclose(frame["loading_max_ratio"], flow.loading_ratio.max(axis=0))
    # |1.3| + |1.45| + |1.8| + |−0.4| MW at the village, and losses above it
    assert frame["energy_mwh"][0] == pytest.approx(4.95, abs=0.1)
    reverse = frame["reverse_energy_mwh"].to_list()
    assert reverse[0] is None
    # Fourth hour: 0.5 from the site less 0.1 of the homes; third: 0.2 from the homes
    assert reverse[1] == pytest.approx(0.4, abs=0.02)
    assert reverse[2] == pytest.approx(0.2, abs=0.01)


def test_without_a_network_the_columns_are_there_and_the_rows_are_not() -> None:
    truth = small_truth()
    for frame in (buses_frame({}, truth), branches_frame({}, truth)):
        assert frame.height == 0
        assert frame.width in (10, 11)
        assert isinstance(frame, pl.DataFrame)
