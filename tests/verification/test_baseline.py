from datetime import UTC, datetime, timedelta

import numpy as np

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import DAY_TEXT, WHY_TEXT, DayState, Outcome, Why, plain
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.event import Event
from suandian.verification.frame import frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import rule


def test_every_code_has_words() -> None:
    assert set(WHY_TEXT) == set(Why) - {Why.NOTHING}
    assert set(DAY_TEXT) == set(DayState)


def test_a_plain_batch_hides_what_is_not_measurable() -> None:
    axis = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 24)
    table = LoadTable(("a", "b"), axis, np.ones((2, 24)), "Asia/Shanghai", WEEKDAYS)
    event = Event("e", axis.start_s, axis.start_s + 36000, axis.start_s + 43200)
    why = np.array([Why.NOTHING, Why.NO_EVIDENCE], dtype=np.int8)
    batch = plain(table, frame(table, event), rule("FIRM_LEVEL"), np.full((2, 2), 3.0), why)
    assert batch.outcome.tolist() == [Outcome.MEASURED, Outcome.NOT_MEASURABLE]
    assert batch.baseline_mw[0].tolist() == [3.0, 3.0]
    assert np.isnan(batch.baseline_mw[1]).all()
    assert batch.measurable.tolist() == [True, False]
    # An event that reaches beyond the data has no whole baseline.
    cut = Event("e", axis.start_s, axis.start_s + 23 * 3600, axis.start_s + 26 * 3600)
    late = plain(table, frame(table, cut), rule("FIRM_LEVEL"), np.full((2, 1), 3.0), np.zeros(2, np.int8))
    assert late.why.tolist() == [Why.EVENT_OUTSIDE_DATA] * 2
