"""Networks of pandapower: equal to its own power flow, and what it may hold that we do not."""

from copy import deepcopy

import numpy as np
import pytest
import simbench

from suandian.adapters.networks.pandapower import from_pandapower, import_extra, read_pandapower
from suandian.adapters.networks.simbench import simbench_network
from suandian.model.network import Network
from suandian.physics.powerflow import Flow, power_flow
from suandian.quantity.errors import AdapterError, DataError

pp = pytest.importorskip("pandapower", reason="the extra [networks] is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")
TOLERANCE_PU = 1e-6


def reference_flow(network: Network) -> Flow:
    """State at the reference values of loads and plants."""
    load, pv = network.loads, network.pv
    p_mw = network.at_buses(load.bus, load.active_mw) - network.at_buses(pv.bus, pv.nameplate_mw)
    q_mvar = network.at_buses(load.bus, load.reactive_mvar)
    q_mvar -= network.at_buses(pv.bus, pv.nameplate_mw * pv.reactive_ratio)
    return power_flow(network, p_mw, q_mvar)


def assert_equal(net: "pp.pandapowerNet") -> Network:
    """Voltages, loadings, flows and losses of both programs agree."""
    for table in (net.storage,):
        table["p_mw"] = 0.0
    pp.runpp(net, tolerance_mva=1e-11, max_iteration=30)
    network = from_pandapower(net, name="case", source="test")
    flow = reference_flow(network)
    by_id = {int(name.split(":")[0]): row for row, name in enumerate(network.buses.ids) if name[0].isdigit()}
    theirs = net.res_bus.vm_pu.loc[list(by_id)].to_numpy()
    assert np.abs(flow.voltage_pu[0, list(by_id.values())] - theirs).max() < TOLERANCE_PU
    rows = [int(name.split(":")[0]) for name in network.lines.ids]
    assert flow.loading_ratio[0, : len(rows)] == pytest.approx(net.res_line.loading_percent.loc[rows] / 100, abs=1e-6)
    assert flow.branch_mw[0, : len(rows)] == pytest.approx(net.res_line.p_from_mw.loc[rows], abs=1e-6)
    rows = [int(name.split(":")[0]) for name in network.transformers.ids]
    ours = flow.loading_ratio[0, len(network.lines.ids) :]
    assert ours == pytest.approx(net.res_trafo.loading_percent.loc[rows] / 100, abs=1e-6)
    assert flow.transformer_mw(network)[0] == pytest.approx(net.res_trafo.p_hv_mw.loc[rows], abs=1e-6)
    assert flow.losses_mw[0] == pytest.approx(net.res_line.pl_mw.sum() + net.res_trafo.pl_mw.sum(), abs=1e-6)
    assert flow.slack_mw[0] == pytest.approx(net.res_ext_grid.p_mw.sum(), abs=1e-6)
    return network


def small_net() -> "pp.pandapowerNet":
    """Two voltage levels, both kinds of taps, parallel elements, a hanging line and a bus-bus switch."""
    net = pp.create_empty_network()
    b = [pp.create_bus(net, vn_kv=kv) for kv in (110, 10, 10, 10, 0.4)]
    pp.create_ext_grid(net, b[0], vm_pu=1.01)
    pp.create_transformer_from_parameters(
        net, b[0], b[1], sn_mva=40, vn_hv_kv=110, vn_lv_kv=10.5, vk_percent=10.5, vkr_percent=0.4, pfe_kw=30,
        i0_percent=0.3, tap_side="hv", tap_neutral=0, tap_pos=-3, tap_step_percent=1.25, tap_changer_type="Ratio",
        shift_degree=30,
    )  # fmt: skip
    pp.create_transformer_from_parameters(
        net, b[3], b[4], sn_mva=0.4, vn_hv_kv=10, vn_lv_kv=0.4, vk_percent=4, vkr_percent=1.1, pfe_kw=0.6,
        i0_percent=0.8, tap_side="lv", tap_neutral=0, tap_pos=1, tap_step_percent=2.5, tap_changer_type="Ratio",
        parallel=2,
    )  # fmt: skip
    line = {"r_ohm_per_km": 0.27, "x_ohm_per_km": 0.34, "c_nf_per_km": 12, "max_i_ka": 0.3}
    pp.create_line_from_parameters(net, b[1], b[2], 4, parallel=2, df=0.9, **line)
    hanging = pp.create_line_from_parameters(net, b[2], b[1], 6, **(line | {"c_nf_per_km": 300}))
    pp.create_switch(net, b[1], hanging, et="l", closed=False)
    pp.create_switch(net, b[2], b[3], et="b", closed=True)
    pp.create_load(net, b[2], 3.0, 1.0, scaling=1.1)
    pp.create_load(net, b[4], 0.5, 0.2)
    pp.create_sgen(net, b[4], 0.9, -0.1, type="PV")
    pp.create_storage(net, b[4], 0.0, max_e_mwh=1.0, max_p_mw=0.2, min_p_mw=-0.3)
    return net


def test_taps_parallels_hanging_lines_and_switches_are_as_in_pandapower() -> None:
    network = assert_equal(small_net())
    assert network.batteries.discharge_max_mw == pytest.approx([0.3])
    assert len(network.buses.ids) == 5  # five, less one that the switch joins, and one open end


def tapped_net(changer_type: str | None) -> "pp.pandapowerNet":
    """One loaded transformer whose tap stands four steps of 1.25 % off its neutral."""
    net = pp.create_empty_network()
    high, low = pp.create_bus(net, vn_kv=10), pp.create_bus(net, vn_kv=0.4)
    pp.create_ext_grid(net, high)
    pp.create_transformer_from_parameters(
        net, high, low, sn_mva=0.4, vn_hv_kv=10, vn_lv_kv=0.4, vk_percent=4, vkr_percent=1.1, pfe_kw=0.6,
        i0_percent=0.8, tap_side="hv", tap_neutral=0, tap_pos=4, tap_step_percent=1.25,
    )  # fmt: skip
    net.trafo["tap_changer_type"] = changer_type
    pp.create_load(net, low, 0.2, 0.1)
    return net


@pytest.mark.parametrize(
    ("changer_type", "step_ratio"), [(None, 0.0), ("Ratio", 0.0125), ("Symmetrical", 0.0125), ("Ideal", 0.0)]
)
def test_a_tap_counts_for_the_types_of_changer_that_pandapower_applies(
    changer_type: str | None, step_ratio: float
) -> None:
    network = assert_equal(tapped_net(changer_type))
    assert network.transformers.tap_step_ratio == pytest.approx([step_ratio])


def test_a_tap_counts_in_nets_from_before_the_type_of_changer() -> None:
    net = tapped_net(None)
    del net.trafo["tap_changer_type"]
    network = from_pandapower(net, name="case", source="test")
    assert network.transformers.tap_step_ratio == pytest.approx([0.0125])


def test_joined_buses_are_named_by_their_lowest_index_whatever_the_order_of_switches() -> None:
    net = pp.create_empty_network()
    buses = [pp.create_bus(net, vn_kv=10) for _ in range(6)]
    pp.create_ext_grid(net, buses[0])
    for first, second in ((1, 3), (2, 3), (5, 2)):
        pp.create_switch(net, buses[first], buses[second], et="b", closed=True)
    pp.create_switch(net, buses[0], buses[1], et="b", closed=False)
    for far in (4, 5):
        pp.create_line_from_parameters(net, buses[0], buses[far], 1, 0.3, 0.3, 10, 0.3)
    network = from_pandapower(net, name="case", source="test")
    assert network.buses.ids == ("0", "1", "4")
    assert network.lines.to_bus.tolist() == [2, 1]


def test_ieee_33_is_as_in_pandapower() -> None:
    from pandapower.networks import case33bw

    network = assert_equal(case33bw())
    assert len(network.lines.ids) == 32


def test_a_json_file_is_read(tmp_path) -> None:
    pp.to_json(small_net(), str(tmp_path / "small.json"))
    network = read_pandapower(tmp_path / "small.json")
    assert (network.name, len(network.transformers.ids)) == ("small", 2)
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.json"):
        read_pandapower(tmp_path / "bad.json")


def test_what_is_not_modelled_is_refused_by_name() -> None:
    net = small_net()
    pp.create_gen(net, 2, 1.0)
    with pytest.raises(DataError, match="1 gen"):
        from_pandapower(net, name="case", source="test")
    net = small_net()
    pp.create_ext_grid(net, 2)
    with pytest.raises(DataError, match="2 external grids"):
        from_pandapower(net, name="case", source="test")


def test_taps_by_table_and_second_tap_changers_off_neutral_are_refused() -> None:
    net = tapped_net("Ratio")
    net.trafo["tap_dependency_table"] = True
    with pytest.raises(DataError, match="tap_dependency_table"):
        from_pandapower(net, name="case", source="test")
    net = tapped_net("Ratio")
    net.trafo["tap2_neutral"], net.trafo["tap2_pos"], net.trafo["tap2_changer_type"] = 0, 1, "Ratio"
    with pytest.raises(DataError, match="tap2_pos"):
        from_pandapower(net, name="case", source="test")
    for column, value in (("tap2_pos", 0), ("tap2_changer_type", None)):
        harmless = deepcopy(net)
        harmless.trafo[column] = value
        assert len(from_pandapower(harmless, name="case", source="test").transformers.ids) == 1


def test_a_missing_extra_says_what_to_install() -> None:
    with pytest.raises(AdapterError, match=r"suandian\[networks\]"):
        import_extra("no_such_library")


@pytest.mark.slow
@pytest.mark.parametrize("code", ["1-LV-rural1--0-sw", "1-MV-rural--0-sw"])
def test_simbench_rural_networks_are_as_in_pandapower(code: str) -> None:
    assert_equal(simbench.get_simbench_net(code))
    assert simbench_network(code).name == code


def test_an_unknown_simbench_code_names_the_nearest() -> None:
    with pytest.raises(DataError, match="1-MV-rural--0-sw"):
        simbench_network("1-MV-rural-0-sw")
