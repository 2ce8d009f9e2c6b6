"""Units and names of the answer, and its sums."""

from datetime import UTC, datetime, timedelta

import pytest

import suandian as sd
from suandian.coordination.shift_result import impact_unit

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_units():
    assert impact_unit("kg/MWh") == ("kg", 1.0)
    assert impact_unit("gCO₂eq/kWh") == ("gCO₂eq", 1000.0)
    assert impact_unit("EUR/MWh") == ("EUR", 1.0)
    for wrong in ("kg", "MWh", "kg/h", "/MWh", "kg/MWh/h", "kg/wh"):
        with pytest.raises(sd.DataError, match="unit"):
            impact_unit(wrong)


def test_summary_adds_up_what_takes_part():
    axis = sd.TimeAxis(START, timedelta(hours=1), 6)
    signal = sd.Series(axis, [4.0, 2.0, 2.0, 4.0, 2.0, 8.0], "gCO₂eq/kWh", "test")
    jobs = sd.ShiftJobs.build(
        start=[START, START + timedelta(hours=3), START + timedelta(hours=5)], duration_h=[1, 1, 2], id=["x", "y", "z"]
    ).with_slack(1.0)
    shifted = sd.shift(signal, jobs, beyond="cut")
    assert shifted.unit == "gCO₂eq"
    assert shifted.frame["id"].to_list() == ["x", "y", "z"]
    assert shifted.frame["saving_gco2eq"].to_list() == [pytest.approx(2.0), pytest.approx(2.0), None]
    assert shifted.frame["start"][2] is None
    total = shifted.summary.row(0, named=True)
    assert (total["jobs_count"], total["outside_count"], total["cut_count"], total["late_count"]) == (2, 1, 0, 0)
    assert total["energy_mwh"] == pytest.approx(0.002)
    assert total["saving_gco2eq"] == pytest.approx(4.0)
    assert total["saving_ratio"] == pytest.approx(0.5)
    assert total["wait_mean_h"] == 1.0
