"""What is believed: the noise of the paper by its statistics, streams of their own, given forecasts."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.coordination.shift_forecast import WhiteNoise, believed, given
from suandian.quantity.errors import DataError, ScenarioError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.forecast import PERSISTENCE, ErrorModel

AXIS = TimeAxis(datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1), 8760)
TRUTH = np.stack([np.linspace(100.0, 300.0, 8760), np.linspace(-20.0, -60.0, 8760)])


def test_white_noise_is_white_and_relative_to_the_mean_of_the_year():
    noise = believed(WhiteNoise(0.05), TRUTH, ("a", "b"), AXIS, 0, 1) - TRUTH
    # Means are 200 and −40: sd 10 and 2. Of 8760 values, the sd is known to 1/√(2·8760) = 0.76 %, 5σ is 3.8 %.
    assert noise.std(axis=1) == pytest.approx([10.0, 2.0], rel=0.038)
    assert np.abs(noise.mean(axis=1) / [10.0, 2.0]).max() < 5 / np.sqrt(8760)
    assert abs(np.corrcoef(noise[0, 1:], noise[0, :-1])[0, 1]) < 5 / np.sqrt(8760)
    assert abs(np.corrcoef(noise)[0, 1]) < 5 / np.sqrt(8760)
    z = np.sort(noise[0] / 10.0)
    assert z[[1402, 4380, 7358]] == pytest.approx([-0.994, 0.0, 0.994], abs=0.06)  # quantiles 16, 50, 84 %


def test_streams_depend_on_seed_region_and_issue_alone():
    both = believed(WhiteNoise(0.1), TRUTH, ("a", "b"), AXIS, 0, 1)
    assert (believed(WhiteNoise(0.1), TRUTH[1:], ("b",), AXIS, 0, 1)[0] == both[1]).all()
    later = believed(WhiteNoise(0.1), TRUTH, ("a", "b"), AXIS, 100, 1)
    assert later.shape == (2, 8660)
    assert not np.allclose(later, both[:, 100:])


def test_correlated_errors_come_from_the_error_model():
    model = ErrorModel(sd_initial_ratio=10.0, correlation_h=20.0, relative_to="unit", bounded_below=False)
    error = believed(model, TRUTH, ("a", "b"), AXIS, 0, 1) - TRUTH
    assert np.corrcoef(error[0, 1:], error[0, :-1])[0, 1] == pytest.approx(np.exp(-1 / 20), abs=0.02)
    with pytest.raises(DataError, match="persistence"):
        believed(PERSISTENCE, TRUTH, ("a", "b"), AXIS, 0, 1)


def test_given_forecasts_and_the_truth():
    assert (believed(None, TRUTH, ("a", "b"), AXIS, 5, 0) == TRUTH[:, 5:]).all()
    series = {name: Series(AXIS, row + 1.0, "kg/MWh", "t") for name, row in zip("ab", TRUTH, strict=True)}
    assert (believed(series, TRUTH, ("a", "b"), AXIS, 5, 0) == TRUTH[:, 5:] + 1.0).all()
    with pytest.raises(DataError, match="signals are for a, b; regions are a, c"):
        given(series, ("a", "c"), AXIS)
    with pytest.raises(ScenarioError, match="no standard deviation"):
        WhiteNoise(-0.1)
