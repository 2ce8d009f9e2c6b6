"""Placement without jobs, and what running jobs may keep although the plan dips."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from suandian.coordination.placed import PAUSE_WORTH_H, NoWork, worth_holding_mw
from suandian.coordination.placement import Placement
from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.timeaxis import TimeAxis

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 6)


def test_no_work_is_what_the_placement_does_with_an_empty_table() -> None:
    jobs = JobTable(**{name: np.zeros(0) for name in JobTable.column_names()})
    classes = ClassTable(("F3",), np.array([4.0]), np.array([3], np.uint64), np.array([0.5]))
    real = Placement(jobs, np.zeros(0, np.int64), classes, np.array([10, 20]), AXIS)
    free = np.full((2, 4), 10, np.int64)
    plan_mw = np.zeros((1, 2, 4))
    placed = real.advance(0, 4, plan_mw, free, start_at_once=False, may_pause=True, site_rank=None)
    nothing = NoWork(2).advance(0, 4, plan_mw, free, start_at_once=False, may_pause=True, site_rank=None)
    for name in ("label_mw", "gpus_used"):
        assert getattr(nothing, name).tolist() == getattr(placed, name).tolist()
    assert nothing.overrides == placed.overrides == 0
    for one, other in ((nothing.events, placed.events), (NoWork(2).queue(), real.queue())):
        for name in type(one).__slots__:
            assert getattr(one, name).dtype == getattr(other, name).dtype, name
            assert len(getattr(one, name)) == len(getattr(other, name)) == 0


@settings(max_examples=40, deadline=None)
@given(
    it_mw=arrays(np.float64, (2, 2, 12), elements=st.integers(0, 9).map(float)),
    step_h=st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0]),
    periods=st.integers(1, 12),
)
def test_what_is_held_is_the_most_the_plan_offers_before_a_pause_pays(
    it_mw: np.ndarray, step_h: float, periods: int
) -> None:
    held_mw = worth_holding_mw(it_mw, step_h, periods)
    offered_mw = it_mw.sum(axis=0)
    ahead = max(1, round(PAUSE_WORTH_H / step_h))
    assert held_mw.shape == (2, periods)
    for t in range(periods):
        assert held_mw[:, t].tolist() == offered_mw[:, t : t + ahead].max(axis=1).tolist()
