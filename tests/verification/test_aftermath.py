from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.aftermath import baseline_after_mw, rebound_after
from suandian.verification.baseline import Fallback
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Event, History
from suandian.verification.metering import LoadTable
from suandian.verification.rules import rule

AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 60 * 24)
DAY = 51  # Wednesday 23 July
FIRST = DAY * 24 + 14
START = AXIS.start_s + FIRST * 3600
EVENT = Event("e", START - 7200, START, START + 7200)


def table(extra=None):
    """10 MW by day, 6 by night; `extra` adds MW to single intervals."""
    load = np.where(np.arange(AXIS.periods) % 24 < 8, 6.0, 10.0)
    load[FIRST : FIRST + 2] -= 4.0
    for at, mw in (extra or {}).items():
        load[at] += mw
    return LoadTable(("a",), AXIS, load[None, :], "Asia/Shanghai", WEEKDAYS)


def test_the_same_days_carry_on() -> None:
    made = table()
    after = baseline_after_mw(made, baseline(made, EVENT, rule("HIGH_5OF10")))
    # 16 to 24 h at 10 MW, then 8 h at 6 MW, then 10 again: the day before the event runs into it and is left out there.
    assert after[0] == pytest.approx([10.0] * 8 + [6.0] * 8 + [10.0] * 8)


def test_rebound_from_the_meter_by_hand() -> None:
    # 3 MW more in the two hours after: 6 MWh of the 8 come back; the peak of 13 is 3 above the 10 of the day before.
    made = table({FIRST + 2: 3.0, FIRST + 3: 3.0})
    batch = baseline(made, EVENT, rule("CN_5WD"))
    result = rebound_after(made, batch, 0, 8.0)
    assert (result.rebound_mwh, result.rebound_ratio, result.net_mwh) == pytest.approx((6.0, 0.75, 2.0))
    assert (result.peak_mw, result.above_before_mw, result.window_h) == (13.0, 3.0, 24.0)


def test_the_adjustment_is_kept() -> None:
    # 1 MW more in the hours before: an additive baseline stays 1 above.
    made = table({FIRST - 2: 1.0, FIRST - 1: 1.0})
    after = baseline_after_mw(made, baseline(made, EVENT, rule("ISONE_10OF10")))
    assert after[0, :9] == pytest.approx([11.0] * 8 + [7.0])


@pytest.mark.parametrize("name", ["MBMA_60MIN", "FIRM_LEVEL", "TOW_45_SAA", "NOMINATED"])
def test_every_family_carries_on(name) -> None:
    made = table()
    evidence = Evidence(firm_mw=9.0, nominated_mw=np.full(made.load_mw.shape, 8.0))
    batch = baseline(made, EVENT, rule(name), History(), evidence)
    after = baseline_after_mw(made, batch, History(), evidence, window_h=3.0)
    expected = {"MBMA_60MIN": 10.0, "FIRM_LEVEL": 9.0, "TOW_45_SAA": 10.0, "NOMINATED": 8.0}[name]
    assert after[0] == pytest.approx([expected] * 3)


def test_a_flat_level_that_stood_in_for_missing_days_stays_flat() -> None:
    # Only the two days before are there, of ten that the rule asks for: the hour before the notice, 10 MW, stands.
    short = TimeAxis(AXIS.at((DAY - 2) * 24), AXIS.step, 4 * 24)
    made = LoadTable(("a",), short, table().load_mw[:, (DAY - 2) * 24 : (DAY + 2) * 24], "Asia/Shanghai", WEEKDAYS)
    batch = baseline(made, EVENT, replace(rule("HIGH_5OF10"), fallback=("meter_before",)))
    assert batch.fallback[0] == Fallback.METER_BEFORE
    assert baseline_after_mw(made, batch)[0] == pytest.approx([10.0] * 24)
    # Of the 24 hours after, 8 night hours lie 4 MW below that level: nothing came back, 32 MWh less were taken.
    result = rebound_after(made, batch, 0, 8.0)
    assert (result.rebound_mwh, result.net_mwh) == pytest.approx((0.0, 40.0))


def test_the_window_ends_with_the_data() -> None:
    made = table()
    late = Event("e", AXIS.end_s - 9 * 3600, AXIS.end_s - 7 * 3600, AXIS.end_s - 5 * 3600)
    assert baseline_after_mw(made, baseline(made, late, rule("HIGH_5OF10"))).shape == (1, 5)
    last = Event("e", AXIS.end_s - 9 * 3600, AXIS.end_s - 7 * 3600, AXIS.end_s)
    assert baseline_after_mw(made, baseline(made, last, rule("HIGH_5OF10"))).shape == (1, 0)
    assert np.isnan(rebound_after(made, baseline(made, last, rule("HIGH_5OF10")), 0, 1.0).peak_mw)
