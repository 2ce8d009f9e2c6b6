"""Operation of a feeder with a network: invariants on a generated county, spans, volt-var, limits, and pandapower."""

import dataclasses
from typing import get_args

import numpy as np
import pytest
from bench.peers.pandapower_network import to_pandapower
from hypothesis import given, settings
from hypothesis import strategies as st
from pv_feeder import county_feeder, feeder_of, one_line, stiff

from suandian.model.grid import CurtailmentRule, Feeder, ReactiveMode
from suandian.physics.feeder_grid import GridStep, grid_flow, grid_limits, net_loads, operate
from suandian.physics.inverter import volt_var_mvar, volt_watt_mw
from suandian.physics.limits import violations
from suandian.physics.powerflow import power_flow
from suandian.quantity.errors import DataError

CURTAILMENT_RULES, REACTIVE_MODES = get_args(CurtailmentRule), get_args(ReactiveMode)


def broken_by_pv(feeder: Feeder, flow: object) -> bool:
    found = violations(feeder.grid.network, flow, grid_limits(feeder))
    up = flow.branch_mw < -1e-3 * 0.4
    return bool(found["voltage_high"].any() or found["reverse"].any() or (found["loading"] & up).any())


def noons(count: int, pv_mw: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return rng.uniform(5.0, 30.0, count), pv_mw * rng.uniform(0.0, 0.9, count), {"dc": rng.uniform(-2.0, 8.0, count)}


@given(
    st.sampled_from(CURTAILMENT_RULES), st.sampled_from(REACTIVE_MODES), st.floats(2.0, 40.0), st.floats(0.0, 200.0),
    st.floats(-5.0, 10.0),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_invariants(rule: str, reactive: str, load_mw: float, pv_mw: float, site_mw: float) -> None:
    feeder = county_feeder(pv_mw=220.0, curtailment=rule, reactive=reactive)
    step = operate(feeder, np.array([load_mw]), np.array([pv_mw]), {"dc": np.array([site_mw])})
    assert (step.pv_used_mw >= 0.0).all()
    assert (step.pv_used_mw <= step.pv_available_mw).all()
    assert step.pv_available_mw.sum() == pytest.approx(pv_mw)
    assert not broken_by_pv(feeder, step.flow)
    net_mw = load_mw + site_mw - step.pv_used_mw.sum()
    assert step.p_mw.sum() == pytest.approx(net_mw)
    assert step.flow.slack_mw[0] == pytest.approx(net_mw + step.flow.losses_mw[0], abs=1e-4)
    again = power_flow(feeder.grid.network, step.p_mw, step.q_mvar)
    assert again.voltage_pu == pytest.approx(step.flow.voltage_pu, abs=1e-7)


@pytest.mark.parametrize("rule", ["proportional", "last_connected"])
@pytest.mark.parametrize("reactive", REACTIVE_MODES)
def test_wherever_something_is_cut_a_little_more_would_break_a_limit(rule: str, reactive: str) -> None:
    """Taps are held: a tap that moves with the release could hide that the limit was reached."""
    feeder = county_feeder(pv_mw=160.0, regulated=False, curtailment=rule, reactive=reactive)
    load_mw, pv_mw, sites = noons(24, 160.0)
    step = operate(feeder, load_mw, pv_mw, sites)
    cut = step.pv_used_mw < step.pv_available_mw - 1e-9
    assert cut.any(axis=1).sum() >= 5
    for row in np.flatnonzero(cut.any(axis=1)):
        for plant in np.flatnonzero(cut[row]):
            q_mvar, p_mw = step.q_mvar[row], step.p_mw[row].copy()
            p_mw[plant] -= 0.15  # of 1 to 15 MW a plant
            assert broken_by_pv(feeder, power_flow(feeder.grid.network, p_mw, q_mvar)), (row, plant)


@pytest.mark.parametrize("rule", CURTAILMENT_RULES)
@pytest.mark.parametrize("reactive", REACTIVE_MODES)
def test_spans_and_all_at_once_agree(rule: str, reactive: str) -> None:
    feeder = county_feeder(pv_mw=160.0, curtailment=rule, reactive=reactive)
    load_mw, pv_mw, sites = noons(16, 160.0)
    whole = operate(feeder, load_mw, pv_mw, sites)
    for span in (slice(0, 4), slice(4, 5), slice(5, 16)):
        part = operate(feeder, load_mw[span], pv_mw[span], {"dc": sites["dc"][span]})
        for name in ("pv_used_mw", "p_mw", "q_mvar"):
            assert getattr(part, name) == pytest.approx(getattr(whole, name)[span], abs=1e-6)


def test_with_no_pv_and_no_violation_it_is_the_plain_flow() -> None:
    feeder = county_feeder(pv_mw=160.0)
    load_mw, _, sites = noons(3, 0.0)
    step = operate(feeder, load_mw, np.zeros(3), sites)
    plain = grid_flow(feeder.grid, load_mw, np.zeros_like(step.p_mw), sites)
    assert (step.flow.slack_mw == plain.flow.slack_mw).all()
    assert (plain.pv_used_mw == plain.pv_available_mw).all()


def test_net_loads_carry_their_reactive_power() -> None:
    grid = feeder_of(stiff(), [0, 0, 6.0, 6.0], pv_mvar_per_mw=0.1).grid
    pv_mw = np.array([[0.0, 0.0, 2.0, 1.0]])
    p_mw, q_mvar = net_loads(grid, np.array([5.0]), pv_mw, {"dc": np.array([-4.0])})
    assert p_mw[0] == pytest.approx([0.0, 0.0, -2.0, 5.0 - 1.0 - 4.0])
    assert q_mvar[0] == pytest.approx([0.0, 0.0, 0.2, 0.3 * 5.0 + 0.1 - 0.2 * 4.0])
    with pytest.raises(DataError, match="placed are dc"):
        net_loads(grid, np.array([5.0]), pv_mw, {"other": np.array([1.0])})


def test_the_feeders_reverse_limit_stands_in_place_of_the_rule_but_not_of_n_minus_1() -> None:
    feeder = dataclasses.replace(feeder_of(stiff(), [0, 0, 6.0, 6.0]), reverse_limit_ratio=0.6, power_factor_ratio=0.9)
    assert grid_limits(feeder).reverse_max_mw == pytest.approx([10.0 * 0.6 * 0.9])
    assert grid_limits(feeder) is grid_limits(feeder)
    network = stiff()
    table = network.transformers
    two = dataclasses.replace(
        table, ids=("T", "U"),
        **{n: np.repeat(getattr(table, n), 2) for n in table.__slots__[1:] if len(getattr(table, n))},
    )  # fmt: skip
    both = feeder_of(dataclasses.replace(network, transformers=two), [0, 0, 6.0, 6.0])
    assert grid_limits(both).reverse_max_mw == pytest.approx([5.0, 5.0])
    low = dataclasses.replace(both, reverse_limit_ratio=0.3)
    assert grid_limits(low).reverse_max_mw == pytest.approx([3.0, 3.0])
    with pytest.raises(DataError, match="no network"):
        grid_limits(dataclasses.replace(both, grid=None))


def test_volt_var_lowers_the_voltage_and_stands_on_its_curve() -> None:
    """v² = a + √(a² − |z|²s²) with a = ½ + r·p − x·q at the q of the curve."""
    pv_mw = np.array([[0.0, 5.0], [0.0, 0.0]])
    steps: dict[str, GridStep] = {}
    for reactive in REACTIVE_MODES:
        grid = feeder_of(one_line(1.0, 1.0), [0, 6.0], reactive=reactive).grid
        steps[reactive] = grid_flow(grid, np.zeros(2), pv_mw, {}, pv_nameplate_mw=np.array([0.0, 6.0]))
    voltage_pu, q_mvar = steps["volt_var"].flow.voltage_pu[0, 1], steps["volt_var"].q_mvar[0, 1]
    assert voltage_pu < steps["fixed"].flow.voltage_pu[0, 1] - 0.005
    curve_mvar = volt_var_mvar(np.array([voltage_pu]), np.array([5.0]), np.array([6.0]))
    assert q_mvar == pytest.approx(curve_mvar[0], abs=1e-4)
    a = 0.5 + 0.01 * 5.0 - 0.01 * q_mvar
    assert voltage_pu == pytest.approx(np.sqrt(a + np.sqrt(a * a - 2e-4 * (25.0 + q_mvar**2))), abs=1e-6)
    assert steps["volt_var"].q_mvar[1].tolist() == [0.0, 0.0]


def test_volt_var_asks_for_the_nameplates() -> None:
    grid = feeder_of(one_line(), [0, 6.0], reactive="volt_var").grid
    with pytest.raises(DataError, match="nameplate"):
        grid_flow(grid, np.zeros(1), np.array([[0.0, 5.0]]), {})


def test_volt_var_saves_pv_from_a_voltage_limit() -> None:
    feeders = [feeder_of(one_line(1.0, 1.0), [0, 12.0], reactive=reactive) for reactive in REACTIVE_MODES]
    used_mw = [
        operate(dataclasses.replace(feeder, transformer_mva=20.0), np.zeros(1), np.array([12.0]), {}).pv_used_mw.sum()
        for feeder in feeders
    ]
    assert used_mw[1] > used_mw[0] + 1.0


def test_volt_watt_stands_on_its_curves_where_nothing_else_binds() -> None:
    feeder = county_feeder(pv_mw=110.0, regulated=False, curtailment="volt_watt")
    feeder = dataclasses.replace(feeder, reverse_limit_ratio=5.0)
    feeder.grid.network.lines.rating_ka[:] *= 5.0
    step = operate(feeder, np.array([5.0, 20.0]), np.array([70.0, 60.0]), {})
    plants = feeder.grid.pv_buses
    cap_mw = volt_watt_mw(step.flow.voltage_pu[:, plants], feeder.pv_mw * feeder.grid.pv_ratio[plants])
    assert step.pv_used_mw[:, plants] == pytest.approx(np.minimum(step.pv_available_mw[:, plants], cap_mw), abs=2e-3)
    assert (step.pv_used_mw < step.pv_available_mw - 0.01).any()


def test_pandapower_finds_the_same_state_after_curtailment() -> None:
    pp = pytest.importorskip("pandapower")
    feeder = county_feeder(pv_mw=160.0, regulated=False, reactive="volt_var")
    network = feeder.grid.network
    step = operate(feeder, np.array([15.0]), np.array([140.0]), {"dc": np.array([3.0])})
    assert step.pv_used_mw.sum() < 139.0
    net = to_pandapower(network)
    net.load["p_mw"], net.load["q_mvar"] = step.p_mw[0], step.q_mvar[0]
    pp.runpp(net, algorithm="nr", tolerance_mva=1e-9, calculate_voltage_angles=False)
    assert net.res_bus.vm_pu.to_numpy() == pytest.approx(step.flow.voltage_pu[0], abs=1e-6)
    assert float(net.res_ext_grid.p_mw.iloc[0]) == pytest.approx(step.flow.slack_mw[0], abs=1e-4)
