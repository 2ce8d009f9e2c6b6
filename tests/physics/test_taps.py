"""On-load tap changers hold their busbar within a step, by discrete taps that are really those of the flow."""

import dataclasses

import numpy as np
import pytest
from county_feeder import county_feeder

from suandian.model.network import Network
from suandian.physics.powerflow import power_flow
from suandian.physics.taps import tapped


def regulated(on_hv: bool = True, highest: float = 8.0) -> Network:
    network = county_feeder()
    table = dataclasses.replace(
        network.transformers, target_pu=np.array([1.03, np.nan]), tap_lowest_position=np.array([-8.0, 0.0]),
        tap_highest_position=np.array([highest, 0.0]), tap_on_hv=np.array([on_hv, True]),
    )  # fmt: skip
    return dataclasses.replace(network, transformers=table)


def year() -> tuple[np.ndarray, np.ndarray]:
    p_mw = np.zeros((9, 4))
    p_mw[:, 2] = np.linspace(-4.0, 4.0, 9) * 1.2
    p_mw[:, 1] = np.linspace(-25.0, 25.0, 9)
    return p_mw, 0.3 * np.abs(p_mw)


@pytest.mark.parametrize("on_hv", [True, False])
def test_the_busbar_stays_within_a_step_of_its_target(on_hv: bool) -> None:
    network = regulated(on_hv)
    p_mw, q_mvar = year()
    held = power_flow(network, p_mw, q_mvar).voltage_pu[:, 1]
    assert np.abs(held - 1.03).max() <= 0.75 * 0.0125 * 1.03 + 1e-9
    loose = power_flow(tapped(network, np.zeros(1)), p_mw, q_mvar).voltage_pu[:, 1]
    assert np.ptp(loose) > 2 * np.ptp(held)


def test_the_state_is_that_of_one_of_the_discrete_taps() -> None:
    network = regulated()
    p_mw, q_mvar = year()
    flow = power_flow(network, p_mw, q_mvar)
    every = np.array([power_flow(tapped(network, np.array([t])), p_mw, q_mvar).voltage_pu for t in range(-8, 9)])
    nearest = np.abs(every - flow.voltage_pu).max(axis=2)
    assert nearest.min(axis=0).max() < 1e-7
    assert len(set(nearest.argmin(axis=0).tolist())) >= 3  # the tap has moved over the intervals


def test_at_the_end_of_its_range_the_tap_stays() -> None:
    network = regulated(highest=1.0)
    p_mw, q_mvar = year()
    flow = power_flow(network, p_mw[4:5], q_mvar[4:5])  # no load: 1.02 pu · 11.55/11 would need three steps
    end = power_flow(tapped(network, np.array([1.0])), p_mw[4:5], q_mvar[4:5])
    assert flow.voltage_pu == pytest.approx(end.voltage_pu, abs=1e-9)
    assert flow.voltage_pu[0, 1] == pytest.approx(1.02 * 1.05 / 1.0125, abs=1e-3)
