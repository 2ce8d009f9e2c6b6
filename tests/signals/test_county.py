"""The generated county: its size, its sums, its determinism, and its state as pandapower finds it."""

import numpy as np
import pytest
from bench.peers.pandapower_network import to_pandapower

from suandian.physics.powerflow import power_flow
from suandian.physics.taps import tapped
from suandian.quantity.errors import ScenarioError
from suandian.signals.county import county_network, parameters


def test_a_county_has_about_120_buses_and_the_sums_that_were_asked_for() -> None:
    network = county_network(seed=5, load_max_mw=48.0, pv_mw=90.0, data_centre_max_mw=36.0)
    assert len(network.buses.ids) == 119
    assert network.loads.active_mw.sum() == pytest.approx(48.0)
    assert network.pv.nameplate_mw.sum() == pytest.approx(90.0)
    assert network.data_centres.import_max_mw.sum() == pytest.approx(36.0)
    assert set(network.pv.kinds) == {"rural", "public", "government", "industrial"}
    assert network.transformers.rating_mva[:2].tolist() == [40.0, 40.0]


def test_the_same_seed_is_the_same_county_and_another_is_not() -> None:
    first, again, other = (county_network(seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.lines.length_km, again.lines.length_km)
    assert np.array_equal(first.pv.nameplate_mw, again.pv.nameplate_mw)
    assert not np.array_equal(first.lines.length_km, other.lines.length_km)


def test_village_transformers_bear_their_load_and_the_pv_that_was_let_on() -> None:
    network = county_network(seed=2, pv_mw=120.0)
    table = network.transformers
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)[table.lv_bus[2:]]
    pv_mw = network.at_buses(network.pv.bus, network.pv.nameplate_mw)[table.lv_bus[2:]]
    assert (load_mw / 0.95 <= 0.75 * table.rating_mva[2:] + 1e-9).all()
    assert (0.85 * pv_mw <= 0.8 * table.rating_mva[2:] + 1e-9).all()


def test_sizes_that_cannot_be_built_are_refused_together() -> None:
    with pytest.raises(ScenarioError) as caught:
        county_network(seed=1, villages=3, pv_mw=-1.0, transformers_mva=())
    assert len(caught.value.faults) == 2  # without a substation there is no feeder that a village could lack
    with pytest.raises(ScenarioError, match="each of the 10 feeders"):
        county_network(seed=1, villages=9)


def test_every_group_of_parameters_names_its_source() -> None:
    for name, group in parameters().items():
        if name != "version":
            assert group["source"], name
            assert group["confidence"] in "ABCD", name


@pytest.mark.filterwarnings("ignore")
def test_pandapower_finds_the_same_state_at_peak_and_at_noon() -> None:
    pp = pytest.importorskip("pandapower", reason="the extra [networks] is not installed")
    network = tapped(
        county_network(seed=1, load_max_mw=50.0, pv_mw=120.0, data_centre_max_mw=30.0), np.array([1.0, -2.0])
    )
    load_mw = network.at_buses(network.loads.bus, network.loads.active_mw)
    load_mvar = network.at_buses(network.loads.bus, network.loads.reactive_mvar)
    centre_mw = network.at_buses(network.data_centres.bus, network.data_centres.import_max_mw)
    pv_mw = network.at_buses(network.pv.bus, network.pv.nameplate_mw)
    p = np.array([load_mw + 0.5 * centre_mw, 0.4 * load_mw + 0.5 * centre_mw - 0.8 * pv_mw])
    q = np.array([load_mvar + 0.2 * centre_mw, 0.4 * load_mvar])
    flow = power_flow(network, p, q)
    net = to_pandapower(network)
    for interval in range(2):
        net.load["p_mw"], net.load["q_mvar"] = p[interval], q[interval]
        pp.runpp(net, tolerance_mva=1e-10)
        assert np.abs(net.res_bus.vm_pu.to_numpy() - flow.voltage_pu[interval]).max() < 1e-6
        lines = len(network.lines.ids)
        assert net.res_line.loading_percent.to_numpy() / 100 == pytest.approx(
            flow.loading_ratio[interval, :lines], abs=1e-6
        )
        assert net.res_trafo.loading_percent.to_numpy() / 100 == pytest.approx(
            flow.loading_ratio[interval, lines:], abs=1e-6
        )
        assert net.res_trafo.p_hv_mw.to_numpy() == pytest.approx(flow.transformer_mw(network)[interval], abs=1e-6)
        assert net.res_line.pl_mw.sum() + net.res_trafo.pl_mw.sum() == pytest.approx(flow.losses_mw[interval], abs=1e-6)
