from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.series import Forecast, Series
from suandian.quantity.timeaxis import TimeAxis

AXIS = TimeAxis(datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1), 3)


def test_values_are_read_only() -> None:
    series = Series(AXIS, np.arange(3.0), "MW", "test")
    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 1.0


def test_a_wrong_length_names_both() -> None:
    with pytest.raises(ValueError, match=r"\(2,\).*3 periods"):
        Series(AXIS, np.zeros(2), "MW", "test")


def test_nan_is_refused_with_its_instant() -> None:
    with pytest.raises(ValueError, match="nan at 2026-01-01T01:00"):
        Series(AXIS, np.array([0.0, np.nan, 0.0]), "MW", "test")


def test_a_forecast_knows_when_it_was_issued() -> None:
    forecast = Forecast(AXIS.start, Series(AXIS, np.zeros(3), "MW", "test"))
    assert forecast.issued_at <= forecast.series.axis.start
