"""Passes of one interval, one at a time, on two sites of 8 and 4 GPUs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from suandian.coordination import placement_state as ps
from suandian.coordination.placement_moves import enter, leave
from suandian.coordination.placement_passes import CURSOR_COLUMNS, REFUSALS_MAX, force, place_class, place_urgent
from suandian.coordination.placement_rules import CLASS_CURVE, NO, SITE_CURVE, YES

_SPEC = importlib.util.spec_from_file_location("small_states", Path(__file__).with_name("small_states.py"))
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)

MW = ps.MICROWATTS_PER_MW


def waiting(**options):
    """Everybody is ready at the start; a place for cursors."""
    built, events = small.state(small.table(**options))
    for row in range(len(built.jobs)):
        rank = small.rank_of(built, row)
        built.jobs[rank, ps.STATUS] = ps.WAITING
        enter(built, rank, 0)
    return built, events, np.zeros((built.tables.shape[1] * 3, CURSOR_COLUMNS), dtype=np.int64)


def sites(built):
    return [int(built.jobs[small.rank_of(built, row), ps.SITE]) for row in range(len(built.jobs))]


def test_a_class_starts_by_deadline_under_its_curve_then_borrows():
    built, events, active = waiting(gpus=(1, 2, 4), due_h=(90.0, 9.0, 50.0))
    built.group[0, ps.CLASS_POWER + 2] = 3 * MW // 1000
    place_class(built, events, active, 0, CLASS_CURVE, small.T0)
    # 3 kW at the first site: the job of 2 GPUs (due first), then that of 1; the wide one does not fit under the curve.
    assert sites(built) == [0, 0, -1]
    built.site[0, ps.PLANNED] = 7 * MW // 1000
    place_class(built, events, active, 0, SITE_CURVE, small.T0)
    assert sites(built) == [0, 0, 0]
    assert built.site[0, ps.USED] == 7


def test_so_many_refusals_close_a_bucket():
    count = REFUSALS_MAX + 1
    built, events, active = waiting(
        gpus=(3,) * count + (2,), hours=(1.0,) * (count + 1), due_h=tuple(50.0 + row for row in range(count + 1))
    )
    built.site[:, ps.CAP] = 2
    place_class(built, events, active, 0, SITE_CURVE, small.T0)
    assert sites(built) == [-1] * (count + 1)


def test_urgent_jobs_ignore_the_plan_and_are_counted():
    built, events, active = waiting(due_h=(2.5, 2.9, 9.0))
    built.site[:, ps.PLANNED] = 0
    place_urgent(built, events, active, small.T0)
    assert sites(built) == [0, 0, -1]
    assert built.clock[ps.OVERRIDES] == 2


def test_an_urgent_job_whose_data_are_elsewhere_departs_only_when_nothing_else_helps():
    built, events, _ = waiting(gpus=(4, 8, 1), due_h=(2.5, 90.0, 90.0))
    first = small.rank_of(built, 0)
    built.jobs[:, ps.TRANSFER] = 1800
    built.site[0, ps.CAP] = 3
    leave(built, first)
    assert force(built, events, first, small.T0, NO)
    assert built.jobs[first, ps.STATUS] == ps.MOVING
    assert built.jobs[first, ps.FINISH] == small.T0 + 1800
    assert built.site[1, [ps.COMING_GPUS, ps.USED]].tolist() == [4, 0]


@pytest.mark.parametrize("preempt", [NO, YES])
def test_nobody_is_paused_in_vain(preempt):
    built, events, _ = waiting(gpus=(4, 8, 1), due_h=(2.5, 90.0, 90.0))
    first = small.rank_of(built, 0)
    built.site[:, ps.CAP] = 3
    leave(built, first)
    assert not force(built, events, first, small.T0, preempt)
    assert built.clock[ps.EVENTS] == 0
