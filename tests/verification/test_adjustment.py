from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.adjustment import AdjustmentWindow, adjust, adjustment_window
from suandian.verification.baseline import Why
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.event import Event
from suandian.verification.frame import frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Adjustment, Window

BEFORE = (Window("start", -2, 0),)
WINDOW = AdjustmentWindow(np.array([0, 1]), False)
CLEAR = np.zeros((1, 2), dtype=bool)


def applied(rule, expected, actual, disturbed=CLEAR, window=WINDOW, floor=True):
    base = np.array([[10.0, 20.0]])
    return adjust(rule, window, base, np.array([expected]), np.array([actual]), disturbed, floor_zero=floor)


def test_ratio_by_hand() -> None:
    # mean(6, 12)/mean(10, 20) = 9/15 = 0.6; held at 0.8: 8, 16.
    rule = Adjustment("ratio", BEFORE, 0.8, 1.2)
    result = applied(rule, [10.0, 20.0], [6.0, 12.0])
    assert (result.raw_ratio[0], result.factor_ratio[0]) == (0.6, 0.8)
    assert result.baseline_mw[0].tolist() == [8.0, 16.0]
    uncapped = applied(Adjustment("ratio", BEFORE), [10.0, 20.0], [6.0, 12.0])
    assert uncapped.baseline_mw[0].tolist() == [6.0, 12.0]


def test_additive_by_hand() -> None:
    # mean(1 − 15, 3 − 15) = −13: −3 → 0 and 7.
    rule = Adjustment("additive", BEFORE)
    result = applied(rule, [15.0, 15.0], [1.0, 3.0])
    assert result.added_mw[0] == -13.0
    assert result.baseline_mw[0].tolist() == [0.0, 7.0]
    assert applied(rule, [15.0, 15.0], [1.0, 3.0], floor=False).baseline_mw[0].tolist() == [-3.0, 7.0]


@pytest.mark.parametrize("kind", ["ratio", "additive"])
def test_a_gap_in_the_window_is_not_measurable(kind) -> None:
    rule = Adjustment(kind, BEFORE)
    assert applied(rule, [1.0, 1.0], [1.0, np.nan]).why[0] == Why.ADJUSTMENT_GAP
    assert applied(rule, [1.0, 1.0], [1.0, 1.0], np.array([[False, True]])).why[0] == Why.ADJUSTMENT_GAP
    missing = AdjustmentWindow(np.array([0, 1]), True)
    assert applied(rule, [1.0, 1.0], [1.0, 1.0], window=missing).why[0] == Why.ADJUSTMENT_GAP


def test_a_ratio_to_nothing_is_undefined() -> None:
    assert applied(Adjustment("ratio", BEFORE), [0.0, 0.0], [1.0, 1.0]).why[0] == Why.ADJUSTMENT_UNDEFINED
    assert applied(Adjustment("additive", BEFORE), [0.0, 0.0], [1.0, 1.0]).why[0] == Why.NOTHING


def test_without_adjustment_nothing_moves() -> None:
    result = applied(Adjustment(), [1.0, 1.0], [9.0, 9.0])
    assert result.baseline_mw[0].tolist() == [10.0, 20.0]
    assert (result.raw_ratio[0], result.raw_mw[0]) == (1.0, 0.0)


def test_windows_before_the_notice_stay_on_the_event_day() -> None:
    axis = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 96)
    table = LoadTable(("a",), axis, np.ones((1, 96)), "Asia/Shanghai", WEEKDAYS)
    rule = Adjustment("additive", (Window("notice", -4, -1),))
    s = axis.start_s

    def window(notice_h):
        return adjustment_window(
            table, frame(table, Event("e", s + notice_h * 3600, s + 38 * 3600, s + 40 * 3600)), rule
        )

    assert window(34).periods.tolist() == [30, 31, 32]
    assert window(14).note.startswith("not adjusted")
    # Told at 02:00 of the event day: the window begins before midnight and still counts.
    assert window(26).periods.tolist() == [22, 23, 24]
