"""Rules of curtailment: on linear rows by hand, and each rule's character where losses do not count."""

import numpy as np
import pytest
from pv_feeder import feeder_of, one_line, stiff

from suandian.physics.curtailment import effects_of, held_back, last_connected, proportional
from suandian.physics.feeder_grid import operate
from suandian.quantity.errors import DataError

RANK = np.array([0, 2, 1])
NONE = np.zeros(1)


def test_proportional_scales_helpers_by_one_factor() -> None:
    output = proportional(np.array([[4.0, 2.0, 3.0]]), np.array([[1.0, 1.0, 0.0]]), np.array([1.5]), RANK)
    assert output[0] == pytest.approx([3.0, 1.5, 3.0])


def test_last_connected_gives_all_before_the_next_begins() -> None:
    output = last_connected(np.array([[4.0, 2.0, 3.0]] * 2), np.ones((2, 3)), np.array([1.5, 4.0]), RANK)
    assert output[0] == pytest.approx([4.0, 0.5, 3.0])
    assert output[1] == pytest.approx([4.0, 0.0, 1.0])


def test_weights_count_what_a_plant_does() -> None:
    output = last_connected(np.array([[4.0, 2.0, 3.0]]), np.array([[1.0, 0.5, 2.0]]), np.array([3.0]), RANK)
    assert output[0] == pytest.approx([4.0, 0.0, 2.0])  # 0.5 · 2 + 2 · 1 = 3


def test_an_excess_beyond_all_helpers_leaves_them_at_zero() -> None:
    for rule in (proportional, last_connected):
        assert rule(np.array([[4.0, 2.0, 3.0]]), np.array([[1.0, 1.0, 0.0]]), np.array([9.0]), RANK)[0].tolist() == [
            0.0, 0.0, 3.0]  # fmt: skip


def test_elements_are_worked_from_leaf_to_root() -> None:
    """B–C may carry 3, the transformer 8; C gives 3 of its 6 first, and then both are scaled by 8/9."""
    grid = feeder_of(stiff(), [0.0, 0.0, 6.0, 6.0]).grid
    assert grid is not None
    effects = effects_of(grid)
    available = np.array([[6.0, 6.0]])
    value = np.concatenate([np.ones((1, 4)), np.array([[12.0, 6.0, 12.0]])], axis=1)
    most = np.concatenate([np.full((1, 4), 2.0), np.array([[50.0, 3.0, 8.0]])], axis=1)
    output = held_back("proportional", effects, available, value, most, np.array([0, 1]))
    assert output[0] == pytest.approx([6.0 * 8.0 / 9.0, 3.0 * 8.0 / 9.0])


def test_voltages_are_helped_by_their_own_feeder_only() -> None:
    from pv_feeder import county_feeder

    grid = county_feeder(pv_mw=60.0).grid
    assert grid is not None
    effects, groups = effects_of(grid), grid.network.buses.groups
    plants = grid.pv_buses
    bus = int(plants[-1])
    feeder = groups[bus].rsplit("-", 1)[0].split(" ")[1]
    helpers = {groups[plant].rsplit("-", 1)[0].split(" ")[1] for plant in plants[effects.helps[bus]]}
    assert helpers == {feeder}
    assert effects.helps[bus].sum() > 1


@pytest.mark.parametrize(
    ("rule", "used_mw"), [("proportional", [4.0, 4.0]), ("last_connected", [6.0, 2.0]), ("volt_watt", [4.0, 4.0])]
)
def test_the_transformers_reverse_limit_of_8_mw(rule: str, used_mw: list[float]) -> None:
    """12 MW of PV below 10 MVA · 0.8; voltages hardly rise, so volt-watt leaves the sharing to the operator."""
    step = operate(feeder_of(stiff(), [0, 0, 6.0, 6.0], curtailment=rule), NONE, np.array([12.0]), {})
    assert step.pv_used_mw[0, 2:] == pytest.approx(used_mw, abs=0.02)
    assert step.flow.reverse_mw(feeder_of(stiff(), [0, 0, 6.0, 6.0]).grid.network)[0, 0] <= 8.0  # type: ignore[union-attr]


def test_last_connected_follows_the_rank_and_reaches_the_second_only_when_the_first_is_at_zero() -> None:
    feeder = feeder_of(stiff(), [0, 0, 6.0, 6.0], ranks=[0, 1, 3, 2], curtailment="last_connected")
    step = operate(feeder, np.zeros(2), np.array([12.0, 12.0]), {"dc": np.array([0.0, -4.0])})
    assert step.pv_used_mw[0, 2:] == pytest.approx([2.0, 6.0], abs=0.02)
    # The site at C feeds 4 MW, which leaves 4 MW to PV.
    assert step.pv_used_mw[1, 2:] == pytest.approx([0.0, 4.0], abs=0.02)


def test_a_line_whose_power_flows_up_is_kept_at_its_rating() -> None:
    """0.2 kA at 10 kV are 3.464 MVA: C gives to that, then both are scaled to the transformer's 8 MW."""
    step = operate(feeder_of(stiff(line_ka=0.2), [0, 0, 6.0, 6.0]), NONE, np.array([12.0]), {})
    c_mw = np.sqrt(3.0) * 2.0
    assert step.pv_used_mw[0, 2:] == pytest.approx([6.0 * 8.0 / (6.0 + c_mw), c_mw * 8.0 / (6.0 + c_mw)], abs=0.02)
    alone = operate(feeder_of(stiff(line_ka=0.2), [0, 0, 1.0, 6.0]), NONE, np.array([7.0]), {})
    assert alone.pv_used_mw[0, 2:] == pytest.approx([1.0, c_mw], abs=0.02)


def test_a_voltage_limit_by_hand() -> None:
    """r = 0.01 pu, x = 0: v − 1 = r·p/v, so 1.07 pu is reached at p = 1.07 · 0.07 / 0.01 = 7.49 MW."""
    step = operate(feeder_of(one_line(), [0, 12.0]), np.zeros(2), np.array([7.4, 12.0]), {})
    assert step.pv_used_mw[0, 1] == 7.4
    assert 7.47 < step.pv_used_mw[1, 1] <= 7.49
    assert 1.0698 < step.flow.voltage_pu[1, 1] <= 1.07


def test_volt_watt_by_hand() -> None:
    """v(v − 1) = 0.01·p and p = 10·(1.07 − v)/0.02 give v² + 4v − 5.35 = 0: 1.05778 pu and 6.1114 MW."""
    step = operate(feeder_of(one_line(), [0, 10.0], curtailment="volt_watt"), np.zeros(2), np.array([10.0, 3.0]), {})
    voltage_pu = np.sqrt(9.35) - 2.0
    assert step.flow.voltage_pu[0, 1] == pytest.approx(voltage_pu, abs=1e-5)
    assert step.pv_used_mw[0, 1] == pytest.approx(500.0 * (1.07 - voltage_pu), abs=1e-3)
    assert step.pv_used_mw[1, 1] == 3.0


def test_a_loop_is_refused_where_pv_has_to_be_held_back() -> None:
    import dataclasses

    network = stiff()
    lines = network.lines
    twice = dataclasses.replace(
        lines, ids=("MB", "BC", "BC2"),
        **{name: np.append(getattr(lines, name), getattr(lines, name)[1]) for name in lines.__slots__[1:]},
    )  # fmt: skip
    feeder = feeder_of(dataclasses.replace(network, lines=twice), [0, 0, 6.0, 6.0])
    assert operate(feeder, NONE, np.array([7.0]), {}).pv_used_mw.sum() == pytest.approx(7.0)
    with pytest.raises(DataError, match="radial"):
        operate(feeder, NONE, np.array([12.0]), {})
