"""Curves of inverters at their points, and the step that settles where a plain repetition would swing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suandian.physics.inverter import approach, records, volt_var_mvar, volt_var_step, volt_watt_mw, volt_watt_step

ONE = np.ones(1)


@pytest.mark.parametrize(
    ("voltage_pu", "drawn_mvar"),
    [(0.90, -4.4), (0.92, -4.4), (0.95, -2.2), (0.98, 0), (1.0, 0), (1.02, 0), (1.05, 2.2), (1.08, 4.4), (1.2, 4.4)],
)
def test_volt_var_is_the_default_of_category_b(voltage_pu: float, drawn_mvar: float) -> None:
    assert volt_var_mvar(voltage_pu * ONE, 10.0 * ONE, 10.0 * ONE)[0] == pytest.approx(drawn_mvar, abs=1e-9)


def test_reactive_capability_shrinks_below_a_fifth_of_the_output() -> None:
    drawn_mvar = volt_var_mvar(np.full(4, 1.08), np.array([0.0, 1.0, 2.0, 9.0]), np.full(4, 10.0))
    assert drawn_mvar == pytest.approx([0.0, 2.2, 4.4, 4.4])


def test_volt_watt_ends_at_the_chinese_limit() -> None:
    output_mw = volt_watt_mw(np.array([0.9, 1.05, 1.06, 1.065, 1.07, 1.2]), np.full(6, 4.0))
    assert output_mw == pytest.approx([4.0, 4.0, 2.0, 1.0, 0.0, 0.0])


def test_every_record_says_where_it_is_from() -> None:
    for group in records().values():
        for record in group:
            assert record["document"]
            assert record["clause"]
            assert record["confidence"] in "ABCD"
            assert record["effective_from"]


@given(st.floats(0.5, 10.0), st.floats(0.0, 10.0), st.floats(0.002, 0.05))
def test_volt_watt_settles_on_its_curve(available_mw: float, start_mw: float, rise_pu: float) -> None:
    """One plant whose squared voltage is 1.04 + rise · output: a loop gain up to 12, where repetition would diverge."""
    output_mw = np.array([[min(start_mw, available_mw)]])
    for _ in range(12):
        voltage_pu = np.sqrt(1.04 + rise_pu * output_mw)
        output_mw = volt_watt_step(voltage_pu, output_mw, np.array([[available_mw]]), 10.0 * ONE, np.array([[rise_pu]]))
    cap_mw = volt_watt_mw(np.sqrt(1.04 + rise_pu * output_mw), 10.0 * ONE)
    assert output_mw[0, 0] == pytest.approx(min(available_mw, cap_mw[0, 0]), abs=1e-6)


@given(st.floats(0.9, 1.25), st.floats(0.001, 0.04))
def test_volt_var_settles_on_its_curve(square_pu: float, fall_pu: float) -> None:
    drawn_mvar = np.zeros((1, 1))
    for _ in range(60):
        voltage_pu = np.sqrt(square_pu - fall_pu * drawn_mvar)
        drawn_mvar = volt_var_step(voltage_pu, drawn_mvar, 10.0 * ONE, 10.0 * ONE, np.array([[fall_pu]]))
    curve_mvar = volt_var_mvar(np.sqrt(square_pu - fall_pu * drawn_mvar), 10.0 * ONE, 10.0 * ONE)
    assert drawn_mvar[0, 0] == pytest.approx(curve_mvar[0, 0], abs=1e-4)


def test_the_step_solves_the_linear_case_at_once_and_leaves_still_rows_alone() -> None:
    missing, gain, effect = np.array([[1.0, 2.0], [0.0, 0.0]]), np.full((2, 2), 3.0), np.array([[1.0, 0.5], [0.5, 1.0]])
    step = approach(missing, gain, effect)
    assert step[0] + 3.0 * effect @ step[0] == pytest.approx(missing[0])
    assert step[1].tolist() == [0.0, 0.0]
