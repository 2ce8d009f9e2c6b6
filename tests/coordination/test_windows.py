from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.windows import in_steps, lowest_slots, lowest_window_starts, ranked


@st.composite
def problems(draw):
    horizon = draw(st.integers(1, 40))
    # Whole cents, and few of them, so that ties are common and plain sums are exact.
    signal = np.array(draw(st.lists(st.integers(-3, 6), min_size=horizon, max_size=horizon)), dtype=float)
    jobs = draw(st.lists(st.tuples(st.integers(0, horizon), st.integers(0, horizon), st.integers(1, 45)), max_size=8))
    first = np.array([min(a, b) for a, b, _ in jobs], dtype=np.int64)
    last = np.array([max(a, b) for a, b, _ in jobs], dtype=np.int64)
    return signal, first, last, np.array([n for _, _, n in jobs], dtype=np.int64)


@settings(max_examples=200, deadline=None)
@given(problems())
def test_lowest_window_is_that_of_trying_all_starts(problem):
    signal, first, last, length = problem
    starts = lowest_window_starts(signal, first, last, length)
    for job in range(len(first)):
        tries = range(first[job], last[job] - length[job] + 1)
        means = {start: sum(signal[start : start + length[job]]) for start in tries}
        expected = min(means, key=lambda start: (means[start], start)) if means else first[job]
        assert starts[job] == expected


def test_equal_sums_of_cents_are_equal():
    """Two and one are three: with steps of a share of the largest value (6) the window at 13 came out cheaper."""
    signal = np.array([0.0] * 12 + [6.0, 0.0, -1.0, -1.0, 2.0])
    assert lowest_window_starts(signal, np.array([0]), np.array([17]), np.array([4])).tolist() == [0]


@settings(max_examples=200, deadline=None)
@given(problems())
def test_lowest_slots_are_those_of_sorting(problem):
    signal, first, last, length = problem
    chosen, offsets = lowest_slots(signal, first, last, length)
    assert offsets[0] == 0
    for job in range(len(first)):
        cheapest = sorted(range(first[job], last[job]), key=lambda t: (signal[t], t))[: length[job]]
        assert chosen[offsets[job] : offsets[job + 1]].tolist() == sorted(cheapest)


def test_constant_signal_means_as_soon_as_possible_in_spite_of_rounding():
    signal = np.full(2000, 0.1) * 3
    jobs = np.array([5, 700], dtype=np.int64)
    assert lowest_window_starts(signal, jobs, np.array([2000, 2000]), np.array([37, 111])).tolist() == [5, 700]


def test_a_textbook_case():
    signal = np.array([9.0, 1.0, 8.0, 2.0, 2.0, 3.0])
    one = np.array([0])
    assert lowest_window_starts(signal, one, np.array([6]), np.array([2])).tolist() == [3]
    chosen, _ = lowest_slots(signal, one, np.array([6]), np.array([3]))
    assert chosen.tolist() == [1, 3, 4]


def test_faults_are_told():
    one = np.array([0])
    with pytest.raises(ValueError, match="windows must lie inside"):
        lowest_window_starts(np.ones(4), one, np.array([5]), np.array([1]))
    with pytest.raises(ValueError, match="at least one interval"):
        lowest_slots(np.ones(4), one, np.array([4]), np.array([0]))
    with pytest.raises(ValueError, match="finite"):
        lowest_slots(np.array([1.0, np.nan]), one, np.array([2]), np.array([1]))
    with pytest.raises(ValueError, match="one signal"):
        lowest_slots(np.ones((2, 4)), one, one, one)


def test_steps_keep_order_and_rank_breaks_ties_by_time():
    signal = np.array([[0.3, 0.1, 0.3], [0.0, 0.0, -0.1]])
    steps = in_steps(signal)
    assert (np.sign(np.diff(steps)) == np.sign(np.diff(signal))).all()
    assert ranked(steps).tolist() == [[1, 0, 2], [2, 0, 1]]
    assert not in_steps(np.zeros(3)).any()
