"""Ways through time and regions: ties, and what a way costs when it is added up again. (All ways: test_shifting.)"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.shift_moves import cheapest_paths


def solved(costs, first, last, count, *, may_pause, move_s=0, move_cost=0, home=0, mask=None):
    one = np.array([1])
    mask = 2 ** len(costs) - 1 if mask is None else mask
    _, at, where, total = cheapest_paths(
        np.array(costs), one * first, one * last, one * count, one * home, np.array([mask], dtype=np.uint64),
        np.array([may_pause]), one * move_s, one * move_cost, 1,
    )  # fmt: skip
    return at.tolist(), where.tolist(), int(total[0])


def test_equal_ways_end_early_and_stay_at_home():
    assert solved([[1] * 6] * 3, 1, 6, 2, may_pause=True, home=2) == ([1, 2], [2, 2], 2)
    assert solved([[1] * 6] * 3, 1, 6, 2, may_pause=False, home=2) == ([1, 2], [2, 2], 2)


def test_pauses_are_free_and_moves_are_not():
    costs = [[5, 1, 5, 1], [0, 9, 0, 9]]
    assert solved(costs, 0, 4, 2, may_pause=True, move_cost=3) == ([1, 3], [0, 0], 2)
    assert solved(costs, 0, 4, 2, may_pause=True, move_cost=1) == ([0, 2], [1, 1], 1)
    assert solved(costs, 0, 4, 2, may_pause=False, move_cost=1) == ([1, 2], [0, 1], 2)
    assert solved(costs, 0, 4, 2, may_pause=False, mask=1) == ([0, 1], [0, 0], 6)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_way_costs_what_is_said(seed):
    rng = np.random.default_rng(seed)
    periods, regions = int(rng.integers(4, 40)), int(rng.integers(1, 5))
    costs = rng.integers(0, 9, (regions, periods))
    count = int(rng.integers(1, periods + 1))
    for may_pause in (True, False):
        at, where, total = solved(costs, 0, periods, count, may_pause=may_pause, move_s=2, move_cost=1)
        steps = np.diff(at)
        assert (steps >= 1).all()
        assert may_pause or (steps == 1).all()
        added, before = 0, 0
        for k, (t, r) in enumerate(zip(at, where, strict=True)):
            added += costs[r, t] + (r != before) * (1 + 2 * costs[r, t if k else 0])
            before = r
        assert added == total
