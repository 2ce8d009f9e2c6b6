from __future__ import annotations

import numpy as np
import pytest

from suandian.coordination.windows import in_steps, ranked


def test_equal_sums_of_cents_are_equal():
    """Two and one are three: in steps of a share of the largest value (6) they were not."""
    steps = in_steps(np.array([6.0, 2.0, 1.0, 3.0]))
    assert steps[1] + steps[2] == steps[3]
    assert np.ptp(in_steps(np.full(2000, 0.1) * 3)) == 0


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite"):
        in_steps(np.array([1.0, np.nan]))


def test_steps_keep_order_and_rank_breaks_ties_by_time():
    signal = np.array([[0.3, 0.1, 0.3], [0.0, 0.0, -0.1]])
    steps = in_steps(signal)
    assert (np.sign(np.diff(steps)) == np.sign(np.diff(signal))).all()
    assert ranked(steps).tolist() == [[1, 0, 2], [2, 0, 1]]
    assert not in_steps(np.zeros(3)).any()
