"""Values of chosen runs by hand."""

import numpy as np

from suandian.coordination.shift_choice import ranks
from suandian.coordination.shift_kernel import slots, wavelet
from suandian.coordination.shift_values import slot_values, window_values


def test_a_window_over_regions():
    """2.5 h from hour 1 at 4 5 6: 4 + 5 + 3 = 12; the region changes once."""
    values, region = np.array([9, 4, 5, 6]), np.array([0, 1, 1, 0], dtype=np.int32)
    worth, moves = window_values(values, region, np.array([1, 3]), np.array([9000, 1800]), 3600)
    assert (worth / 3600).tolist() == [12.0, 3.0]
    assert moves.tolist() == [1, 0]


def test_slots_decided_by_one_signal_and_valued_by_another():
    believed, truth = np.array([5, 1, 7, 2, 9]), np.array([1, 10, 1, 100, 1])
    rank, region = ranks(believed), np.array([0, 0, 0, 2, 0], dtype=np.int32)
    one = np.array([0])
    nothing = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))
    top, top_s, last_s, _ = slots(rank, *wavelet(rank), one, one + 5, one, one + 9000, 3600, nothing)
    cost, worth, begin, end, pauses, moves, origin = slot_values(
        believed, truth, region, rank, one, one + 5, top, top_s, last_s, 3600, True
    )
    # intervals 1 and 3 whole, half of interval 0
    assert cost[0] == (1 + 2) * 3600 + 5 * 1800
    assert worth[0] / 3600 == 110.5
    assert (begin[0], end[0], pauses[0], moves[0], origin[0]) == (0, 4 * 3600, 1, 1, 0)
