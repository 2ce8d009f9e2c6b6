"""AC power flow: by hand on two buses, by OpenDSS on a feeder with transformers, and where there is no solution."""

import dataclasses

import numpy as np
import pytest
from county_feeder import county_feeder
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.model.network import Buses, Lines, Network, Slack, Transformers
from suandian.physics.powerflow import power_flow
from suandian.quantity.errors import DataError
from suandian.signals.county import county_network


def two_buses(resistance_ohm: float = 1.0, reactance_ohm: float = 2.0) -> Network:
    return Network(
        name="two",
        source="test",
        slack=Slack(0, 1.0),
        buses=Buses(("A", "B"), np.full(2, 10.0), np.zeros(2), np.zeros(2), ("", "")),
        lines=Lines(("AB",), np.array([0]), np.array([1]), np.ones(1), np.array([resistance_ohm]),
                    np.array([reactance_ohm]), np.zeros(1), np.array([0.2])),
        transformers=Transformers(),
    )  # fmt: skip


def receiving_pu(p_mw: float, q_mvar: float, resistance_ohm: float = 1.0, reactance_ohm: float = 2.0) -> float:
    """The closed solution of two buses: v² = a + √(a² − |z|²s²) with a = ½ − (r·p + x·q), all per unit on 1 MVA."""
    r, x = resistance_ohm / 100.0, reactance_ohm / 100.0
    a = 0.5 - (r * p_mw + x * q_mvar)
    return float(np.sqrt(a + np.sqrt(a * a - (r * r + x * x) * (p_mw**2 + q_mvar**2))))


@given(st.floats(-6.0, 6.0), st.floats(-3.0, 3.0))
@settings(max_examples=30, deadline=None)
def test_two_buses_meet_the_closed_solution_and_the_balance(p_mw: float, q_mvar: float) -> None:
    flow = power_flow(two_buses(), np.array([0.0, p_mw]), np.array([0.0, q_mvar]))
    voltage_pu = receiving_pu(p_mw, q_mvar)
    assert flow.voltage_pu[0, 1] == pytest.approx(voltage_pu, abs=3e-8)
    current_ka = np.hypot(p_mw, q_mvar) / (np.sqrt(3.0) * 10.0 * voltage_pu)
    assert flow.losses_mw[0] == pytest.approx(3.0 * current_ka**2 * 1.0, abs=1e-7)
    assert flow.loading_ratio[0, 0] == pytest.approx(current_ka / 0.2, abs=1e-7)
    assert flow.slack_mw[0] == pytest.approx(p_mw + flow.losses_mw[0], abs=1e-6)


def test_reverse_flow_is_what_goes_up_through_a_transformer() -> None:
    network = county_feeder()
    p_mw = np.zeros((2, 4))
    p_mw[:, 3] = [0.2, -0.3]
    flow = power_flow(network, p_mw, np.zeros((2, 4)))
    down_mw = flow.transformer_mw(network)
    assert down_mw[0, 1] > 0.2
    assert down_mw[1, 1] == pytest.approx(-0.3, abs=0.01)
    assert flow.reverse_mw(network)[:, 1] == pytest.approx([0.0, -down_mw[1, 1]])
    assert flow.losses_mw.min() > 0.0


def test_an_interval_without_a_solution_is_told_and_never_a_result() -> None:
    # The limit of two buses at unity power factor: a = |z|·p with a = ½ − r·p, so p = ½/(|z| + r) = 15.45 MW.
    limit_mw = 0.5 / (np.hypot(0.01, 0.02) + 0.01)
    p_mw = np.zeros((3, 2))
    p_mw[:, 1] = [1.0, 20.0, 2.0]
    with pytest.raises(DataError, match=r"1 of 3 intervals .* interval 1 .* bus 'B' is lowest") as caught:
        power_flow(two_buses(), p_mw, np.zeros((3, 2)))
    share = float(str(caught.value).split("up to ")[1].split("%")[0]) / 100.0
    assert share == pytest.approx(limit_mw / 20.0, abs=0.002)
    flow = power_flow(two_buses(), p_mw, np.zeros((3, 2)), allow_divergence=True)
    assert flow.converged.tolist() == [True, False, True]
    assert np.isnan(flow.voltage_pu[1]).all()
    assert np.isnan(flow.slack_mw[1])
    assert np.isfinite(flow.voltage_pu[[0, 2]]).all()


def test_the_slack_voltage_may_follow_a_series() -> None:
    p_mw = np.zeros((2, 2))
    flow = power_flow(two_buses(), p_mw, p_mw, slack_voltage_pu=np.array([1.0, 1.05]))
    assert flow.voltage_pu[:, 1] == pytest.approx([1.0, 1.05], abs=1e-9)


def test_a_long_batch_equals_its_intervals_one_by_one() -> None:
    network = county_feeder()
    rng = np.random.default_rng(1)
    p_mw = rng.uniform(-0.2, 0.2, (4100, 4)) * np.array([0, 0, 1, 1])
    flow = power_flow(network, p_mw, 0.3 * p_mw)
    for index in (0, 4095, 4096, 4099):
        one = power_flow(network, p_mw[index], 0.3 * p_mw[index])
        assert flow.voltage_pu[index] == pytest.approx(one.voltage_pu[0], abs=3e-8)


def test_shapes_and_numbers_are_checked() -> None:
    with pytest.raises(DataError, match="net_load_mw has shape"):
        power_flow(two_buses(), np.zeros((2, 3)), np.zeros((2, 2)))
    with pytest.raises(DataError, match="interval 1, bus 'B'"):
        power_flow(two_buses(), np.array([[0, 0], [0, np.nan]]), np.zeros((2, 2)))
    with pytest.raises(DataError, match="slack_voltage_pu"):
        power_flow(two_buses(), np.zeros((2, 2)), np.zeros((2, 2)), slack_voltage_pu=np.ones(3))


def test_opendss_finds_the_same_balanced_state() -> None:
    """An oracle of another kind: a three-phase nodal solver with its own transformer model."""
    dss = pytest.importorskip("opendssdirect")
    network = county_feeder()
    p_mw, q_mvar = np.array([0.0, 0.0, 4.0, 0.25]), np.array([0.0, 0.0, 1.5, 0.08])
    # OpenDSS puts the whole magnetising branch at one winding; here it is left out on both sides.
    bare = dataclasses.replace(network.transformers, no_load_loss_kw=np.zeros(2), no_load_current_ratio=np.zeros(2))
    flow = power_flow(dataclasses.replace(network, transformers=bare), p_mw, q_mvar)
    commands = [
        "clear",
        "set defaultbasefrequency=50",
        "new circuit.c basekv=110 pu=1.02 bus1=hv mvasc3=1e9 mvasc1=1e9",
        *(_dss_transformer(bare, row, *buses) for row, buses in enumerate((("hv", "mv"), ("end", "lv")))),
        "new line.l bus1=mv bus2=end length=1 units=none r1=2.16 x1=2.72 r0=2.16 x0=2.72 c1=80 c0=80",
        "new load.a bus1=end phases=3 kv=10 kw=4000 kvar=1500 model=1 vminpu=0.5 vmaxpu=1.5",
        "new load.b bus1=lv phases=3 kv=0.4 kw=250 kvar=80 model=1 vminpu=0.5 vmaxpu=1.5",
        "set voltagebases=[110 10 0.4]",
        "calcvoltagebases",
        "set tolerance=1e-10 maxiterations=200",
        "solve",
    ]
    for command in commands:
        dss.Text.Command(command)
    assert dss.Solution.Converged()
    for row, bus in enumerate(("hv", "mv", "end", "lv")):
        dss.Circuit.SetActiveBus(bus)
        assert dss.Bus.puVmagAngle()[0] == pytest.approx(flow.voltage_pu[0, row], abs=1e-6)
    assert dss.Circuit.Losses()[0] / 1e6 == pytest.approx(flow.losses_mw[0], abs=1e-5)


def _dss_transformer(table: Transformers, row: int, high: str, low: str) -> str:
    resistance_percent = 100.0 * table.load_loss_kw[row] / 1e3 / table.rating_mva[row]
    reactance_percent = np.sqrt((100.0 * table.short_circuit_ratio[row]) ** 2 - resistance_percent**2)
    tap = 1.0 + table.tap_position[row] * table.tap_step_ratio[row]
    kva = table.rating_mva[row] * 1e3
    # OpenDSS keeps impedances at the tapped winding's own base, so the tap is written into its rated voltage.
    return (
        f"new transformer.t{row} phases=3 windings=2 buses=({high} {low}) conns=(wye wye) "
        f"kvs=({table.hv_kv[row] * tap} {table.lv_kv[row]}) kvas=({kva} {kva}) xhl={reactance_percent} "
        f"%rs=({resistance_percent / 2} {resistance_percent / 2}) %noloadloss=0 %imag=0 ppm_antifloat=0"
    )


def test_no_interval_is_no_fault() -> None:
    county = county_network(seed=1)
    none = np.zeros((0, len(county.buses.ids)))
    assert power_flow(county, none, none).voltage_pu.shape == none.shape
