"""Ranking, weights and peaks by hand; whole selections are checked by the loop in test_matching.py."""

import numpy as np
import pytest

from suandian.verification.rules import DayGroup, Usage
from suandian.verification.selection import _hourly_peak_mw, _pool, _ranked, _weights

EVERY = ("working",)


def test_places_by_falling_value_ties_to_the_newer() -> None:
    pool = np.array([[True, True, False, True, True]])
    place = _ranked(pool, np.array([[3.0, 5.0, 9.0, 5.0, 4.0]]))
    assert place[0, [0, 1, 3, 4]].tolist() == [3, 0, 1, 2]
    assert place[0, 2] > 10
    # A difference in the sixteenth digit is no difference.
    assert _ranked(np.ones((1, 2), bool), np.array([[0.3, 0.1 + 0.2]])).tolist() == [[0, 1]]


def test_weights_by_hand() -> None:
    selected = np.array([[True, False, True, True]])
    assert _weights(selected, DayGroup(EVERY, 45, 3, 3))[0].tolist() == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3])
    table = _weights(selected, DayGroup(EVERY, 45, 3, 3, "high", 3, weights=(0.5, 0.3, 0.2)))
    assert table[0].tolist() == pytest.approx([0.5, 0.0, 0.3, 0.2])
    # 0.9 decay: newest 0.1, then 0.09, the oldest 0.81.
    decay = _weights(selected, DayGroup(EVERY, 45, None, 3, decay_ratio=0.9))
    assert decay[0].tolist() == pytest.approx([0.1, 0.0, 0.09, 0.81])
    assert _weights(np.zeros((1, 2), bool), DayGroup(EVERY, 45, 3, 3)).tolist() == [[0.0, 0.0]]


def test_the_hourly_peak_by_hand() -> None:
    # Six quarter hours: (1 + 2 + 3 + 4)/4 = 2.5, then a half hour (8 + 4)/2 = 6.
    assert _hourly_peak_mw(np.array([[[1.0, 2, 3, 4, 8, 4]]]), 0.25).tolist() == [[6.0]]
    assert _hourly_peak_mw(np.array([[[1.0, 2.0]]]), 2.0).tolist() == [[2.0]]


def test_a_limit_is_passed_only_beyond_it() -> None:
    # Mean of 1 and 3 is 2: half of it is 1, the limit itself, and stays.
    eligible, mean = np.ones((1, 2), bool), np.array([[1.0, 3.0]])
    group = DayGroup(EVERY, 45, 2, 2)
    assert _pool(eligible, group, Usage("pool_mean", 0.5), mean, mean[:, :, None], 1.0)[0].all()
    assert not _pool(eligible, group, Usage("pool_mean", 0.51), mean, mean[:, :, None], 1.0)[0].all()
