from __future__ import annotations

import numpy as np
import pytest

from suandian.physics import battery as b


def tables(**now_):
    limits = np.zeros((1, b.LIMITS))
    limits[0, [b.CHARGE_MAX, b.DISCHARGE_MAX, b.GAIN_IN, b.DRAIN_OUT]] = 5.0, 4.0, 0.8, 1.25
    limits[0, [b.ENERGY_MIN, b.ENERGY_MAX, b.EXPORT_MAX, b.BAND]] = 1.0, 10.0, 0.5, 1e-13
    now = np.zeros((1, b.NOW))
    for name, value in now_.items():
        now[0, getattr(b, name)] = value
    return limits, now


def test_room_to_charge_ends_when_full():
    assert b.charge_room_mw(*tables(ENERGY=9.0), 0) == 5.0
    assert b.charge_room_mw(*tables(ENERGY=10.0), 0) == 0.0


@pytest.mark.parametrize(
    ("now", "room_mw"),
    [
        ({"ENERGY": 5.0, "LOAD": 9.0}, 4.0),  # its power
        ({"ENERGY": 5.0, "LOAD": 2.0}, 2.5),  # load and export limit
        ({"ENERGY": 5.0, "LOAD": 2.0, "PV": 1.0}, 1.5),  # PV first
        ({"ENERGY": 5.0, "LOAD": 2.0, "PV": 8.0}, 0.0),
        ({"ENERGY": 1.0, "LOAD": 9.0}, 0.0),  # empty
    ],
)
def test_room_to_discharge(now, room_mw):
    assert b.discharge_room_mw(*tables(**now), 0) == room_mw


def test_time_until_full_and_empty_by_hand():
    # 2 MWh of room at 0.8 · 5 MW: half an hour; 4 MWh above the minimum at 1.25 · 4 MW: 0.8 h
    assert b.until_bound_h(*tables(ENERGY=8.0, CHARGE=5.0), 0, 1.0) == pytest.approx(0.5)
    assert b.until_bound_h(*tables(ENERGY=5.0, DISCHARGE=4.0), 0, 1.0) == pytest.approx(0.8)
    assert b.until_bound_h(*tables(ENERGY=5.0, DISCHARGE=4.0), 0, 0.7) == 0.7
    assert b.until_bound_h(*tables(ENERGY=5.0), 0, 0.25) == 0.25


def test_the_store_meets_its_bounds_exactly():
    limits, now = tables(ENERGY=8.1, CHARGE=5.0)
    b.store(limits, now, 0, b.until_bound_h(limits, now, 0, 1.0))
    assert now[0, b.ENERGY] == 10.0
    limits, now = tables(ENERGY=3.7, DISCHARGE=3.3)
    b.store(limits, now, 0, b.until_bound_h(limits, now, 0, 5.0))
    assert now[0, b.ENERGY] == 1.0
    limits, now = tables(ENERGY=5.0, DISCHARGE=2.0)
    b.store(limits, now, 0, 0.5)
    assert now[0, b.ENERGY] == pytest.approx(5.0 - 1.25)
