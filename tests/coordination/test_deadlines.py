"""Deadlines of office work: days and hours by the calendar on the wall, with changes of clocks and made-up workdays."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.deadlines import next_workday_s, weekly_s
from suandian.quantity.errors import ScenarioError

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def seconds(*texts, zone=BERLIN):
    return np.array([int(datetime.fromisoformat(t).replace(tzinfo=ZoneInfo(zone)).timestamp()) for t in texts])


def texts(seconds_s, zone=BERLIN):
    return [datetime.fromtimestamp(int(s), ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M") for s in seconds_s]


def test_next_workday_by_the_calendar():
    """June 2020: the 4th is a Thursday."""
    ends = seconds(
        "2020-06-04T08:59", "2020-06-04T09:00", "2020-06-04T13:30", "2020-06-04T17:00", "2020-06-04T17:01",
        "2020-06-05T23:00", "2020-06-06T10:00", "2020-06-07T10:00", "2020-06-08T03:00",
    )  # fmt: skip
    assert texts(next_workday_s(ends, BERLIN)) == [
        "Thu 2020-06-04 09:00", "Thu 2020-06-04 09:00", "Thu 2020-06-04 13:30", "Thu 2020-06-04 17:00",
        "Fri 2020-06-05 09:00", "Mon 2020-06-08 09:00", "Mon 2020-06-08 09:00", "Mon 2020-06-08 09:00",
        "Mon 2020-06-08 09:00",
    ]  # fmt: skip


def test_the_published_script_sends_friday_evenings_to_saturday():
    ends = seconds("2020-06-04T20:00", "2020-06-05T20:00", "2020-06-06T20:00", "2020-06-07T08:00", "2020-06-05T05:00")
    assert texts(next_workday_s(ends, BERLIN, as_released=True)) == [
        "Fri 2020-06-05 09:00", "Sat 2020-06-06 09:00", "Mon 2020-06-08 09:00", "Mon 2020-06-08 09:00",
        "Fri 2020-06-05 09:00",
    ]  # fmt: skip


def test_chinese_holidays_and_the_weekends_that_make_up_for_them():
    """2025: the National Day holiday is 1–8 October; Sunday 28 September and Saturday 11 October are worked."""
    ends = seconds("2025-09-27T12:00", "2025-09-28T12:00", "2025-09-30T20:00", "2025-10-10T20:00", zone=SHANGHAI)
    assert texts(next_workday_s(ends, SHANGHAI, calendar="china"), SHANGHAI) == [
        "Sun 2025-09-28 09:00", "Sun 2025-09-28 12:00", "Thu 2025-10-09 09:00", "Sat 2025-10-11 09:00",
    ]  # fmt: skip
    assert texts(next_workday_s(ends, SHANGHAI), SHANGHAI) == [
        "Mon 2025-09-29 09:00", "Mon 2025-09-29 09:00", "Wed 2025-10-01 09:00", "Mon 2025-10-13 09:00",
    ]  # fmt: skip


def test_semi_weekly_meetings():
    ends = seconds(
        "2020-06-04T08:00", "2020-06-04T09:00", "2020-06-04T09:01", "2020-06-06T00:00", "2020-06-08T09:00",
        "2020-06-08T09:30", "2020-06-10T23:59",
    )  # fmt: skip
    assert texts(weekly_s(ends, BERLIN)) == [
        "Thu 2020-06-04 09:00", "Thu 2020-06-04 09:00", "Mon 2020-06-08 09:00", "Mon 2020-06-08 09:00",
        "Mon 2020-06-08 09:00", "Thu 2020-06-11 09:00", "Thu 2020-06-11 09:00",
    ]  # fmt: skip
    assert texts(weekly_s(ends[:1], BERLIN, days=[6], at_h=17.5)) == ["Sun 2020-06-07 17:30"]


def test_nine_o_clock_stays_nine_o_clock_when_clocks_change():
    """Berlin goes to summer time on Sunday, 29 March 2020: the night before Monday is an hour short."""
    ends = seconds("2020-03-27T18:00", "2020-03-29T01:30")
    due = next_workday_s(ends, BERLIN)
    assert texts(due) == ["Mon 2020-03-30 09:00"] * 2
    assert (due - ends).tolist() == [(63 - 1) * 3600, int(30.5 * 3600)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1_500_000_000, 1_800_000_000), max_size=6), st.sampled_from(["weekdays", "china"]))
def test_due_times_lie_ahead_and_repeat_themselves(ends, calendar):
    ends_s = np.array(ends, dtype=np.int64)
    for due in (next_workday_s(ends_s, SHANGHAI, calendar=calendar), weekly_s(ends_s, SHANGHAI)):
        assert (due >= ends_s).all()
        assert (due - ends_s <= 10 * 86400).all()
    due = next_workday_s(ends_s, SHANGHAI, calendar=calendar)
    assert next_workday_s(due, SHANGHAI, calendar=calendar).tolist() == due.tolist()


def test_faults_are_told():
    one = np.array([1_600_000_000])
    with pytest.raises(ScenarioError, match="unknown time zone"):
        weekly_s(one, "Europe/Atlantis")
    with pytest.raises(ScenarioError, match="no days of the week"):
        weekly_s(one, BERLIN, days=[7])
    with pytest.raises(ScenarioError, match="no office hours"):
        next_workday_s(one, BERLIN, opens_h=18.0)
    with pytest.raises(ScenarioError, match="weekdays, china"):
        next_workday_s(one, BERLIN, calendar="mars")
