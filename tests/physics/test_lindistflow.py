"""LinDistFlow against the AC flow: rows, signs, taps, and the size of the error."""

import dataclasses

import numpy as np
import pytest

from suandian.adapters.networks.named import network as named
from suandian.model.network import Buses, Lines, Network, Slack, Transformers
from suandian.physics.lindistflow import linear_network, linearisation_error
from suandian.physics.powerflow import power_flow
from suandian.physics.taps import tapped
from suandian.quantity.errors import DataError
from suandian.signals.county import county_network


def line() -> Network:
    """Slack – A – B, 10 kV, 1 + j2 ohm each; the second line is entered from its far end."""
    a = np.array
    return Network(
        name="line", source="test", slack=Slack(0, 1.03),
        buses=Buses(("S", "A", "B"), np.full(3, 10.0), np.zeros(3), np.zeros(3), ("",) * 3),
        lines=Lines(("SA", "BA"), a([0, 2]), a([1, 1]), np.ones(2), np.ones(2), np.full(2, 2.0), np.zeros(2),
                    np.full(2, 0.3)),
        transformers=Transformers(),
    )  # fmt: skip


def test_the_matrices_are_those_of_the_formula() -> None:
    linear = linear_network(line())
    assert linear.square_per_mw[1] == pytest.approx([0.0, 0.02, 0.02])  # 2 · 0.01 pu on 1 MVA
    assert linear.square_per_mw[2] == pytest.approx([0.0, 0.02, 0.04])
    assert linear.square_per_mvar[2] == pytest.approx([0.0, 0.04, 0.08])
    assert linear.below_ratio.tolist() == [[0, 1, 1], [0, 0, -1]]  # the second line points up
    p_mw, q_mvar = np.array([[0.0, 1.0, 2.0]]), np.array([[0.0, 0.2, 0.1]])
    square = 1.03**2 - 2 * (0.01 * 3 + 0.02 * 0.3) - 2 * (0.01 * 2 + 0.02 * 0.1)
    assert linear.voltage_pu(p_mw, q_mvar)[0, 2] == pytest.approx(np.sqrt(square))
    assert linear.branch_mw(p_mw)[0] == pytest.approx([3.0, -2.0])


def test_without_load_taps_and_charging_agree_with_ac() -> None:
    network = tapped(county_network(seed=3, pv_mw=0.0, load_max_mw=0.0), np.zeros(2))
    nothing = np.zeros((1, len(network.buses.ids)))
    error = linearisation_error(linear_network(network), power_flow(network, nothing, nothing), nothing, nothing)
    assert error.voltage_max_pu < 2e-4
    assert error.branch_max_mw < 0.03  # no-load losses at 1.05 pu instead of 1


def test_a_transformer_walked_from_its_low_side_is_the_same_transformer() -> None:
    """The slack at the low side of a tapped step-up transformer."""
    a = np.array
    network = Network(
        name="up", source="test", slack=Slack(1, 1.0),
        buses=Buses(("H", "L"), a([10.0, 0.4]), np.zeros(2), np.zeros(2), ("", "")),
        lines=Lines(),
        transformers=Transformers(("T",), a([0]), a([1]), a([0.4]), a([10.0]), a([0.4]), a([0.04]), a([4.3]), a([0.0]),
                                  a([0.0]), a([True]), a([2.0]), a([0.0]), a([0.025])),
    )  # fmt: skip
    for p_mw, q_mvar in (([[0.0, 0.0]], [[0.0, 0.0]]), ([[0.1, 0.0]], [[0.05, 0.0]])):
        p, q = np.array(p_mw), np.array(q_mvar)
        flow = power_flow(network, p, q)
        assert linear_network(network).voltage_pu(p, q) == pytest.approx(flow.voltage_pu, abs=3e-4)
        assert linear_network(network).branch_mw(p)[0] == pytest.approx(flow.branch_mw[0], abs=2e-3)


@pytest.mark.parametrize("scale", [0.25, 1.0])
def test_the_error_on_ieee_33_shrinks_with_the_square_of_the_load(scale: float) -> None:
    network = named("ieee33")
    p = scale * network.at_buses(network.loads.bus, network.loads.active_mw)[None]
    q = scale * network.at_buses(network.loads.bus, network.loads.reactive_mvar)[None]
    error = linearisation_error(linear_network(network), power_flow(network, p, q), p, q)
    assert 0.0 < error.voltage_max_pu < 0.006 * scale**2
    assert error.branch_max_mw == pytest.approx(0.2027 * scale**2, rel=0.15)  # the losses that it leaves out


def test_anchored_at_an_ac_state_it_is_exact_there_and_near_it() -> None:
    network = tapped(county_network(seed=1, load_max_mw=50.0, pv_mw=60.0), np.zeros(2))
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)
    load_mvar = network.at_buses(network.loads.bus, network.loads.reactive_mvar)
    pv_mw = network.at_buses(network.pv.bus, network.pv.nameplate_mw)
    p, q = np.array([load_mw, 0.4 * load_mw - 0.8 * pv_mw]), np.array([load_mvar, 0.4 * load_mvar])
    flow = power_flow(network, p, q)
    plain = linear_network(network)
    anchored = plain.anchored(flow, p, q)
    exact = linearisation_error(anchored, flow, p, q)
    assert exact.voltage_max_pu < 1e-12
    assert exact.branch_max_mw < 1e-12
    assert anchored.branch_mvar(q) == pytest.approx(flow.branch_mvar, abs=1e-12)
    near = power_flow(network, 0.9 * p, 0.9 * q)  # a plan that moves a tenth of everything
    error, far = (linearisation_error(x, near, 0.9 * p, 0.9 * q) for x in (anchored, plain))
    assert error.voltage_p95_pu <= error.voltage_max_pu < 0.005
    assert error.voltage_max_pu < 0.3 * far.voltage_max_pu
    assert error.branch_max_mw < 0.3 * far.branch_max_mw


def test_a_loop_is_refused() -> None:
    network = line()
    ring = dataclasses.replace(
        network,
        lines=dataclasses.replace(
            network.lines, ids=("SA", "BA", "SB"), from_bus=np.array([0, 2, 0]), to_bus=np.array([1, 1, 2]),
            length_km=np.ones(3), resistance_ohm=np.ones(3), reactance_ohm=np.ones(3), capacitance_nf=np.zeros(3),
            rating_ka=np.ones(3),
        ),
    )  # fmt: skip
    with pytest.raises(DataError, match="'SB' closes a loop"):
        linear_network(ring)
