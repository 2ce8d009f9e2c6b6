from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import Fallback, Outcome, Why
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.event import Event, History, Span
from suandian.verification.matching import match_days
from suandian.verification.metering import LoadTable
from suandian.verification.rules import rule, rules
from suandian.verification.same_day import same_day

AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(minutes=15), 96 * 2)


def table(load=None):
    values = np.arange(192.0) if load is None else load
    return LoadTable(("a",), AXIS, values[None, :], "Asia/Shanghai", WEEKDAYS)


def event(first_h, last_h, notice_h):
    s = AXIS.start_s
    return Event("e", s + int(notice_h * 3600), s + int(first_h * 3600), s + int(last_h * 3600))


def test_three_hours_before_and_two_after_by_hand() -> None:
    # Event 12–17 h. Before: 8–11 h, quarter hours 32 … 43, mean 37.5; after: 18–20 h, 72 … 79, mean 75.5.
    # Mean of the twenty: (12·37.5 + 8·75.5)/20 = (450 + 604)/20 = 52.7.
    batch = same_day(table(), event(12, 17, 10), rule("PJM_SAMEDAY_3P2"), History())
    assert batch.baseline_mw[0].tolist() == pytest.approx([52.7] * 20)


def test_the_quarter_hour_before_notice() -> None:
    # Notice at 10:00: the reading 9:45–10:00 is number 39.
    batch = same_day(table(), event(12, 13, 10), rule("MBMA_15MIN_JIANGSU"), History())
    assert batch.baseline_mw[0].tolist() == [39.0] * 4


def test_windows_that_are_missing_or_disturbed_are_not_measurable() -> None:
    gap = np.arange(192.0)
    gap[39] = np.nan
    assert same_day(table(gap), event(12, 13, 10), rule("MBMA_15MIN_JIANGSU"), History()).why[0] == Why.WINDOW_GAP
    s = AXIS.start_s
    earlier = History((Span(s + 9 * 3600, s + 10 * 3600, "a", "x"),))
    assert same_day(table(), event(12, 13, 10), rule("MBMA_60MIN"), earlier).why[0] == Why.WINDOW_GAP
    # The two hours after the event are not metered yet.
    late = same_day(table(), event(44, 47, 40), rule("PJM_SAMEDAY_3P2"), History())
    assert late.outcome[0] == Outcome.NOT_MEASURABLE


def test_the_hour_before_notice_as_a_fallback() -> None:
    from dataclasses import replace

    record = replace(rules()["HIGH_5OF10"], fallback=("meter_before",))
    # Notice at 34:00 (10:00 of the second day): readings 132 … 135, mean 133.5.
    batch = match_days(table(), event(36, 37, 34), record, History())
    assert (batch.outcome[0], batch.fallback[0]) == (Outcome.FALLBACK, Fallback.METER_BEFORE)
    assert batch.baseline_mw[0].tolist() == [133.5] * 4
    gap = np.arange(192.0)
    gap[133] = np.nan
    assert match_days(table(gap), event(36, 37, 34), record, History()).why[0] == Why.TOO_FEW_DAYS
