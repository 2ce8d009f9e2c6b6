from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination import placement_state as ps
from suandian.coordination.placement_rules import (
    ANYWHERE,
    CLASS_CURVE,
    FREE_GPUS,
    HERE,
    NO,
    SITE_CURVE,
    YES,
    has_room,
)
from suandian.coordination.placement_rules import choose as rules_choose

_SPEC = importlib.util.spec_from_file_location("small_states", Path(__file__).with_name("small_states.py"))
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)

MW = ps.MICROWATTS_PER_MW


def choose(state, rank, level, preempt, reach=HERE, at_s=small.T0):
    return rules_choose(state, rank, level, preempt, reach, at_s)


def waiting(home=0, **options):
    state, _ = small.state(small.table(home=home, **options))
    state.jobs[:, ps.STATUS] = ps.WAITING
    return state, small.rank_of(state, 2)


def test_home_first_then_by_order_then_nowhere():
    state, rank = waiting(home=1)
    assert choose(state, rank, FREE_GPUS, NO) == 1
    state.clock[ps.RANKED] = 1
    assert choose(state, rank, FREE_GPUS, NO) == 0
    state.site[:, ps.ORDER] = [1, 0]
    assert choose(state, rank, FREE_GPUS, NO) == 1
    state.site[1, ps.USED] = 1
    assert choose(state, rank, FREE_GPUS, NO) == 0
    state.site[0, ps.USED] = 5
    assert choose(state, rank, FREE_GPUS, NO) == -1


def test_curves_count_only_at_their_level():
    state, rank = waiting()
    state.site[:, ps.PLANNED] = 0
    assert choose(state, rank, FREE_GPUS, NO) == 0
    assert choose(state, rank, SITE_CURVE, NO) == -1
    state.site[:, ps.PLANNED] = MW
    assert choose(state, rank, SITE_CURVE, NO) == 0
    assert choose(state, rank, CLASS_CURVE, NO) == -1
    state.group[0, ps.CLASS_POWER + 2 + 1] = MW
    assert choose(state, rank, CLASS_CURVE, NO) == 1


def test_paused_job_stays_until_it_is_urgent():
    state, rank = waiting()
    state.jobs[rank, [ps.STATUS, ps.SITE]] = ps.PAUSED, 1
    assert choose(state, rank, SITE_CURVE, NO) == 1
    state.site[1, ps.USED] = 4
    assert choose(state, rank, SITE_CURVE, NO) == -1
    assert choose(state, rank, FREE_GPUS, NO) == 0


def test_urgent_paused_job_that_cannot_resume_in_place_goes_home_first():
    state, rank = waiting(home=1)
    state.jobs[rank, [ps.STATUS, ps.SITE]] = ps.PAUSED, 0
    state.site[0, ps.USED] = 5
    assert choose(state, rank, FREE_GPUS, NO) == 1
    state, _ = small.state(small.table(home=1), gpus=(8, 8, 8))
    rank = small.rank_of(state, 2)
    state.jobs[rank, [ps.STATUS, ps.SITE, ps.MASK]] = ps.PAUSED, 2, 7
    state.site[2, ps.USED] = 8
    assert choose(state, rank, FREE_GPUS, NO) == 1


def test_preemption_counts_what_may_be_paused():
    state, rank = waiting()
    state.site[0, [ps.USED, ps.PAUSABLE_GPUS]] = 8, 3
    state.site[1, [ps.USED, ps.PAUSABLE_GPUS]] = 4, 4
    assert choose(state, rank, FREE_GPUS, NO) == -1
    assert choose(state, rank, FREE_GPUS, YES) == 1
    state.site[0, ps.PAUSABLE_GPUS] = 4
    assert choose(state, rank, FREE_GPUS, YES) == 0


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_no_room_for_a_bucket_means_no_site_for_any_of_its_jobs(seed):
    rng = np.random.default_rng(seed)
    gpus = tuple(int(g) for g in rng.integers(1, 9, 6))
    state, _ = small.state(small.table(gpus=gpus, hours=(1.0,) * 6, due_h=(30.0,) * 6, home=int(rng.integers(0, 2))))
    state.jobs[:, ps.STATUS] = ps.WAITING
    state.site[:, ps.USED] = rng.integers(0, 9, 2)
    state.site[:, ps.PAUSABLE_GPUS] = rng.integers(0, 3, 2)
    state.site[:, ps.PLANNED] = rng.integers(0, 9, 2) * MW // 1000
    state.group[0, ps.CLASS_POWER + 2 : ps.CLASS_POWER + 4] = rng.integers(0, 9, 2) * MW // 1000
    for level, preempt in ((FREE_GPUS, NO), (FREE_GPUS, YES), (SITE_CURVE, NO), (CLASS_CURVE, NO)):
        for bucket in range(state.group[1, ps.FIRST_BUCKET]):
            row = state.tables[ps.READY_TABLE, bucket]
            sites = [choose(state, rank, level, preempt) for rank in range(row[ps.FIRST], row[ps.END])]
            if not has_room(state, ps.READY_TABLE, bucket, np.int64(0), ANYWHERE, level, preempt):
                assert set(sites) == {-1}
