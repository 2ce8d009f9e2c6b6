"""Repetition of AC flow and rule: states without a solution, what load alone breaks, and what is left alone."""

from dataclasses import replace

import numpy as np
import pytest
from pv_feeder import feeder_of, one_line, stiff

from suandian.physics import feeder_case
from suandian.physics.feeder_grid import operate
from suandian.quantity.errors import DataError


def closed_pu(resistance_pu: float, reactance_pu: float, fed_mw: float) -> float:
    """Two buses: v² = a + √(a² − |z|²p²) with a = ½ + r·p."""
    a = 0.5 + resistance_pu * fed_mw
    return float(np.sqrt(a + np.sqrt(a * a - (resistance_pu**2 + reactance_pu**2) * fed_mw**2)))


@pytest.mark.parametrize("rule", ["proportional", "last_connected", "volt_watt"])
def test_pv_without_a_solution_comes_down_to_its_limit(rule: str) -> None:
    """r = 0.01, x = 0.04: no solution above 0.5/(|z| − r) = 16 MW; the line's 10 MVA bind before the voltage does."""
    network = one_line(1.0, 4.0)
    network.lines.rating_ka[0] = 10.0 / np.sqrt(3.0) / 10.0
    feeder = replace(feeder_of(network, [0, 60.0], curtailment=rule), transformer_mva=200.0)
    step = operate(feeder, np.zeros(3), np.array([60.0, 5.0, 30.0]), {})
    assert step.flow.converged.all()
    assert step.pv_used_mw[1, 1] == 5.0
    # |S| at the slack or the current at B, whichever is larger, meets the rating.
    assert step.flow.loading_ratio[[0, 2], 0] == pytest.approx([1.0, 1.0], abs=2e-3)
    assert step.flow.loading_ratio.max() <= 1.0
    for row in range(3):
        assert step.flow.voltage_pu[row, 1] == pytest.approx(closed_pu(0.01, 0.04, step.pv_used_mw[row, 1]), abs=1e-6)


def test_without_a_solution_even_without_pv_it_is_told() -> None:
    with pytest.raises(DataError, match="interval 1 "):
        operate(feeder_of(one_line(1.0, 4.0), [0, 5.0]), np.array([1.0, 40.0]), np.array([5.0, 1.0]), {})


def test_what_load_breaks_is_not_held_against_pv() -> None:
    network = stiff()
    step = operate(feeder_of(network, [0, 0, 1.0, 1.0]), np.array([25.0]), np.array([2.0]), {})
    assert step.flow.loading_ratio[0, 2] > 1.0
    assert step.pv_used_mw[0].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_a_voltage_that_pv_cannot_mend_is_left_with_all_helpful_pv_at_zero() -> None:
    step = operate(feeder_of(one_line(slack_pu=1.08), [0, 5.0]), np.zeros(1), np.array([5.0]), {})
    assert step.pv_used_mw[0, 1] == 0.0
    assert step.flow.voltage_pu[0, 1] == pytest.approx(1.08, abs=1e-6)


def test_without_violations_there_is_one_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = feeder_case.power_flow
    monkeypatch.setattr(feeder_case, "power_flow", lambda *a, **k: calls.append(1) or real(*a, **k))
    for rule in ("proportional", "last_connected", "volt_watt"):
        operate(feeder_of(one_line(), [0, 12.0], curtailment=rule), np.ones(4), np.full(4, 3.0), {})
    assert len(calls) == 3
