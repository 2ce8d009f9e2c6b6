from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.channels import channel_loads_mw, check_channels, hold_channels
from suandian.verification.event import Event
from suandian.verification.metering import LoadTable
from suandian.verification.performance import verify
from suandian.verification.rules import rule


def test_a_battery_and_a_job_shift_behind_one_meter_by_hand() -> None:
    # IT fell by 6, the battery gave 5, the grid meter shows 8 of the 11: 8 are credited, 6/11 and 5/11 of it.
    check = hold_channels(8.0, {"it": 6.0, "battery": 5.0})
    assert (check.claimed_mwh, check.credited_mwh, check.within_tolerance) == (11.0, 8.0, False)
    assert check.shares_mwh == pytest.approx({"it": 8 * 6 / 11, "battery": 8 * 5 / 11})
    # The battery charged 2 meanwhile: 6 − 2 = 4 at the grid; the whole 4 is computing's, the battery earns nothing.
    check = hold_channels(4.0, {"it": 6.0, "battery": -2.0})
    assert check.within_tolerance
    assert check.shares_mwh == {"it": 4.0, "battery": 0.0}


@given(grid=st.floats(-50, 50), channels=st.lists(st.floats(-50, 50), min_size=1, max_size=5))
def test_never_more_is_paid_than_the_meter_shows(grid, channels) -> None:
    check = hold_channels(grid, {f"c{i}": v for i, v in enumerate(channels)})
    assert sum(check.shares_mwh.values()) == pytest.approx(check.credited_mwh, abs=1e-9)
    assert check.credited_mwh <= max(grid, 0.0) + 1e-9
    assert check.credited_mwh <= max(sum(channels), 0.0) + 1e-9
    assert min(check.shares_mwh.values()) >= 0.0


AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 20 * 24)
FIRST = 16 * 24 + 14
EVENT = Event("e", AXIS.start_s, AXIS.start_s + FIRST * 3600, AXIS.start_s + (FIRST + 2) * 3600)


def measured(load, event=EVENT):
    table = LoadTable(("m",), AXIS, load[None, :], "Asia/Shanghai", WEEKDAYS, exports=True)
    return verify(table, event, rule("HIGH_5OF10"), placebo_windows=0)[0]


def test_measured_channels_are_held_against_the_grid_meter() -> None:
    # IT falls by 3 MW, the battery discharges 2 MW more, PV makes as always: the grid meter shows 5 MW for 2 h.
    it, discharge, pv = np.full(480, 20.0), np.zeros(480), np.full(480, 4.0)
    it[FIRST : FIRST + 2] -= 3.0
    discharge[FIRST : FIRST + 2] = 2.0
    loads = channel_loads_mw(it_mw=it, discharge_mw=discharge, pv_mw=pv)
    grid = measured(sum(loads.values()))
    check = check_channels(grid, {name: measured(load) for name, load in loads.items()})
    assert (check.grid_mwh, check.claimed_mwh, check.within_tolerance) == (10.0, 10.0, True)
    assert check.shares_mwh == pytest.approx({"it": 6.0, "battery": 4.0, "pv": 0.0})


def test_what_cannot_be_held_is_refused() -> None:
    load = np.full(480, 20.0)
    other = Event("x", AXIS.start_s, EVENT.start_s, EVENT.end_s + 3600)
    with pytest.raises(DataError, match="is not event 'e'"):
        check_channels(measured(load), {"it": measured(load, other)})
    gap = load.copy()
    gap[FIRST] = np.nan
    with pytest.raises(DataError, match="channel it is not measurable: 1 of 2 intervals"):
        check_channels(measured(load), {"it": measured(gap)})
    with pytest.raises(DataError, match="non-negative"):
        channel_loads_mw(charge_mw=-np.ones(3))


def test_loads_as_the_grid_meter_feels_them() -> None:
    one = np.ones(1)
    loads = channel_loads_mw(it_mw=8 * one, cooling_mw=2 * one, charge_mw=one, discharge_mw=3 * one, pv_mw=4 * one)
    assert {name: float(v[0]) for name, v in loads.items()} == {"it": 8.0, "cooling": 2.0, "battery": -2.0, "pv": -4.0}
