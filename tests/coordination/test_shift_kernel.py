"""The fast choices against trying all starts and sorting all intervals, in cases large enough for every path."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination import shift_kernel as kernel
from suandian.coordination.shift_choice import ranks

STEP_S = 900


@pytest.mark.parametrize("lengths", [3, 40])
def test_windows_by_table_and_by_trying_are_those_of_trying_all(lengths):
    """Three lengths for 20,000 jobs are answered from tables, many of them for 500 jobs by trying."""
    rng = np.random.default_rng(1)
    signal = rng.integers(0, 6, 700).astype(np.int64)
    count = 20_000 if lengths == 3 else 500
    length = rng.integers(1, lengths + 1, count)
    first = rng.integers(0, 700 - length - 100)
    latest = first + rng.integers(0, 100, count)
    sums = np.concatenate([[0], np.cumsum(signal)])
    mine = kernel.window_starts(signal, sums, first, latest, length * STEP_S, STEP_S)
    for job, found in enumerate(mine.tolist()):
        starts = np.arange(first[job], latest[job] + 1)
        assert found == starts[np.argmin(sums[starts + length[job]] - sums[starts])]
    assert kernel.window_costs(signal, sums, first, length * STEP_S, STEP_S).tolist() == [
        int(signal[a : a + n].sum()) * STEP_S for a, n in zip(first, length, strict=True)
    ]
    lowest = kernel.lowest_starts(signal, first, latest)
    assert lowest.tolist() == [int(a + np.argmin(signal[a : b + 1])) for a, b in zip(first, latest, strict=True)]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_slots_are_those_of_sorting(seed, periods):
    rng = np.random.default_rng(seed)
    signal = rng.integers(-4, 5, periods).astype(np.int64)
    first = rng.integers(0, periods, 20)
    last = rng.integers(first + 1, periods + 1)
    length = rng.integers(1, last - first + 1)
    rank = ranks(signal)
    offsets = np.cumsum(length) - length
    at, used = np.zeros(length.sum(), dtype=np.int32), np.zeros(length.sum(), dtype=np.int32)
    tail = np.zeros(20, dtype=np.int64)
    kernel.slots(rank, *kernel.wavelet(rank), first, last, tail, length * STEP_S, STEP_S, (offsets, at, used))
    for job in range(20):
        cheapest = sorted(range(first[job], last[job]), key=lambda t: (signal[t], t))[: length[job]]
        assert at[offsets[job] : offsets[job] + length[job]].tolist() == sorted(cheapest)
    assert (used == STEP_S).all()


def test_a_cut_interval_is_used_as_far_as_it_goes():
    """Intervals 3 1 2 and 300 s of a fourth at 0: 1500 s are 300 s of the last, 900 of the second, 300 of the third."""
    signal = np.array([3, 1, 2, 0])
    rank = ranks(signal)
    at, used = np.zeros(3, dtype=np.int32), np.zeros(3, dtype=np.int32)
    one = np.array([0])
    top, top_s, last_s, count = kernel.slots(
        rank, *kernel.wavelet(rank), one, one + 3, one + 300, one + 1500, STEP_S, (one, at, used)
    )
    assert (at.tolist(), used.tolist()) == ([1, 2, 3], [900, 300, 300])
    assert (top[0], top_s[0], last_s[0], count[0]) == (rank[2], 300, 300, 3)


def test_carbon_time_weighs_waiting():
    signal = np.array([6, 5, 2, 0])
    sums = np.concatenate([[0], np.cumsum(signal)])
    zero = np.array([0])
    starts, score = kernel.carbon_time_starts(signal, sums, zero, zero + 3, zero + STEP_S, STEP_S, zero + 6 * STEP_S)
    # saved per interval until completion: 0/1, 1/2, 4/3, 6/4
    assert (starts[0], score[0]) == (3, 1.5)
