from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from suandian.coordination import placement_state as ps
from suandian.coordination.placement_bits import last
from suandian.coordination.placement_moves import enter, finish, hasten, latest_slot, leave, override, pause, start

_SPEC = importlib.util.spec_from_file_location("small_states", Path(__file__).with_name("small_states.py"))
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)


def listed(state, calendar, slot):
    found, rank = [], int(state.heads[calendar, slot])
    while rank >= 0:
        found.append(int(state.jobs[rank, ps.ROW]))
        rank = int(state.jobs[rank, ps.NEXT])
    return sorted(found)


def entered(row, **options):
    state, events = small.state(small.table(**options))
    rank = small.rank_of(state, row)
    state.jobs[rank, ps.STATUS] = ps.WAITING
    enter(state, rank, 0)
    return state, events, rank


def test_latest_slot_is_the_interval_that_holds_due_less_remaining():
    state, _ = small.state(small.table(due_h=(4.0, 9.99, 90.0)))
    assert [latest_slot(state, small.rank_of(state, row)) for row in range(3)] == [2, 7, 88]


def test_who_can_wait_is_ready_and_in_the_calendar_who_cannot_is_urgent():
    state, _, rank = entered(1)
    assert state.members[0].sum() == state.group[0, ps.READY] == 1
    assert listed(state, ps.LATEST, 7) == [1]
    leave(state, rank)
    assert not state.members.any()
    assert not state.group[0, ps.READY]
    assert listed(state, ps.LATEST, 7) == []
    state, _, rank = entered(0, due_h=(2.5, 9.0, 90.0))
    assert state.jobs[rank, ps.MARK] == ps.URGENT
    assert state.members[3].sum() == 1
    leave(state, rank)
    assert not state.members.any()


def test_latest_start_after_the_axis_is_in_no_calendar():
    state, _, rank = entered(2)
    assert state.jobs[rank, ps.SLOT] == -1
    assert (state.heads == -1).all()
    leave(state, rank)
    assert not state.members.any()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_calendar_lists_lose_any_member(order):
    state, _ = small.state(small.table(due_h=(9.0, 9.1, 9.2)))
    for row in range(3):
        rank = small.rank_of(state, row)
        state.jobs[rank, ps.STATUS] = ps.WAITING
        enter(state, rank, 0)
    left = [0, 1, 2]
    for row in order:
        leave(state, small.rank_of(state, row))
        left.remove(row)
        assert listed(state, ps.LATEST, 7) == left


def test_start_pause_and_finish_keep_the_ledgers():
    state, events, rank = entered(1)
    leave(state, rank)
    start(state, events, rank, 1, small.T0)
    assert state.site[1, [ps.USED, ps.TOTAL, ps.PAUSABLE_GPUS]].tolist() == [2, 2_000_000_000, 2]
    assert state.site[1, ps.LABEL_POWER + 3] == state.group[0, ps.CLASS_POWER + 1] == 2_000_000_000
    assert listed(state, ps.FINISHES, 1) == [1]
    assert last(state.sets, 2 + 2 + 1) >= 0
    state.clock[ps.INDEX] = 1
    pause(state, events, rank, small.T0 + small.H)
    assert state.jobs[rank, ps.REMAIN] == small.H + 360
    assert not state.site[:, [ps.USED, ps.TOTAL, ps.PAUSABLE_GPUS]].any()
    assert state.members[2].sum() == 1
    assert listed(state, ps.FINISHES, 1) == []
    leave(state, rank)
    state.clock[ps.INDEX] = 3
    start(state, events, rank, 1, small.T0 + 3 * small.H)
    assert listed(state, ps.FINISHES, 4) == [1]
    state.clock[ps.INDEX] = 4
    finish(state, events, rank)
    assert not state.site[:, [ps.USED, ps.TOTAL, ps.PAUSABLE_GPUS]].any()
    # It ran 360 s of the interval: a negative shortfall, since it has left the sums.
    assert state.site[1, ps.SHORT_GPU_S] == -720
    assert state.jobs[rank, ps.STATUS] == ps.FINISHED


def test_job_without_slack_for_a_pause_is_pinned_until_it_is_counted():
    state, events, rank = entered(0, due_h=(3.05, 9.0, 90.0))
    leave(state, rank)
    start(state, events, rank, 0, small.T0)
    assert state.jobs[rank, ps.MARK] == ps.PINNED | ps.HAS_RUN
    assert not state.site[0, ps.PAUSABLE_GPUS]
    override(state, events, rank, small.T0)
    assert state.jobs[rank, ps.MARK] == ps.OVERRODE | ps.HAS_RUN
    assert last(state.sets, 2 + 2 + 2) == -1
    assert state.site[0, ps.OVERRIDDEN] == state.jobs[rank, ps.POWER]
    assert state.clock[ps.OVERRIDES] == 1
    finish(state, events, rank)
    assert not state.site[0, ps.OVERRIDDEN]


def test_hastened_job_is_urgent_and_events_are_packed_in_order():
    state, events, rank = entered(1)
    leave(state, rank)
    hasten(state, rank)
    assert state.members[3].sum() == 1
    leave(state, rank)
    start(state, events, rank, 0, small.T0 + 5)
    assert state.clock[ps.EVENTS] == 1
    assert events[0].tolist() == [small.T0 + 5, (1 << 20) | (1 << 16) | 1]
    assert state.site[0, ps.SHORT_GPU_S] == 10
    assert isinstance(events, np.ndarray)
