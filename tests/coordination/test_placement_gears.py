"""Gears one move at a time: three running jobs, 1 kW a GPU, with a capped gear (0.6 power, 0.8 speed) and a narrow."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from suandian.coordination import placement_state as ps
from suandian.coordination.placement_gears import follow_gears, slow_down, speed_up
from suandian.coordination.placement_moves import start, units_left
from suandian.model.workload import FULL_PACE, ClassTable, Pace

_SPEC = importlib.util.spec_from_file_location("small_states", Path(__file__).with_name("small_states.py"))
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)

PACE = Pace("both", (1.0, 1.0, 0.5), (1.0, 0.6, 0.6), (1.0, 0.8, 0.45))
KW = ps.MICROWATTS_PER_MW // 1000


@pytest.fixture
def running():
    """Jobs of 1, 2 and 4 GPUs with 2 h of work at site 0, due after 4, 9 and 90 h; the last is the least urgent."""
    table = small.table()
    classes = ClassTable(
        ("F3",), np.array([1.0]), np.array([3], np.uint64), np.ones(1), pace=np.array([1]), paces=(FULL_PACE, PACE)
    )
    built = ps.build_state(table, np.zeros(3, dtype=np.int64), classes, np.array([8, 4]), small.AXIS)
    built.site[:, ps.CAP], built.site[:, ps.PLANNED] = [8, 4], 7 * KW
    events = np.zeros((100, 2), dtype=np.int64)
    for row in range(3):
        rank = small.rank_of(built, row)
        start(built, events, rank, 0, small.T0)
    built.clock[ps.INDEX] = 1
    return built, events


def gears(built):
    return [int(built.jobs[small.rank_of(built, row), ps.GEAR]) for row in range(3)]


NOW = small.T0 + small.H


def test_the_least_urgent_is_slowed_first_and_no_further_than_needed(running):
    built, events = running
    built.site[0, ps.PLANNED] = int(5.5 * KW)
    slow_down(built, events, 0, NOW)
    assert gears(built) == [0, 0, 1]
    assert built.site[0, ps.TOTAL] == pytest.approx(3 * KW + 2.4 * KW, rel=1e-9)
    built.site[0, ps.PLANNED] = int(4.5 * KW)
    slow_down(built, events, 0, NOW)
    assert gears(built) == [0, 0, 2]
    # Half of four GPUs at 0.6 of their power.
    assert built.site[0, [ps.USED, ps.SLOWED]].tolist() == [5, 1]
    assert built.site[0, ps.TOTAL] == pytest.approx(3 * KW + 1.2 * KW, rel=1e-9)


def test_missing_gpus_are_won_by_fewer_gpus_not_by_caps(running):
    built, events = running
    built.site[0, ps.CAP] = 5
    slow_down(built, events, 0, NOW)
    assert gears(built) == [0, 0, 2]
    assert built.site[0, ps.USED] == 5


def test_who_would_be_late_keeps_its_speed(running):
    built, events = running
    built.site[0, ps.PLANNED] = 0
    slow_down(built, events, 0, NOW)
    # One hour is left: at 0.45 of the speed 2 h 13 min, so the first (due in 3 h) may; a deadline in 1 h forbids it.
    assert gears(built) == [2, 2, 2]
    built, events = running
    rank = small.rank_of(built, 0)
    built.jobs[rank, ps.DUE] = NOW + small.H
    speed_up(built, events, 0, NOW)
    built.site[0, ps.PLANNED] = 7 * KW
    speed_up(built, events, 0, NOW)
    built.site[0, ps.PLANNED] = 0
    slow_down(built, events, 0, NOW)
    assert gears(built) == [0, 2, 2]


def test_the_plans_gear_is_followed_and_given_up_for_the_most_urgent_first(running):
    built, events = running
    target = ps.CLASS_POWER + 2 * 2
    built.group[0, target] = 1
    follow_gears(built, events, 0, NOW)
    assert gears(built) == [1, 1, 1]
    built.group[0, target] = 0
    # Room for 0.4 kW and 0.8 kW, not for the 1.6 kW of the third.
    built.site[0, ps.PLANNED] = int((4.2 + 1.3) * KW)
    speed_up(built, events, 0, NOW)
    assert gears(built) == [0, 0, 1]


def test_a_change_of_gear_keeps_the_work_done(running):
    built, events = running
    rank = small.rank_of(built, 2)
    assert units_left(built, rank, NOW) == small.H * ps.UNITS_PER_S
    built.site[0, ps.PLANNED] = int(5.5 * KW)
    slow_down(built, events, 0, NOW)
    assert built.jobs[rank, ps.FINISH] == NOW + int(small.H / 0.8)
    assert units_left(built, rank, NOW + 900) == (small.H - 720) * ps.UNITS_PER_S
