"""States of candidate days, each brought about alone; the loop in test_matching.py checks their combinations."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import DayState
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.candidates import candidates, gather
from suandian.verification.event import Event, History, Span
from suandian.verification.frame import frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import rule

RULE = rule("HIGH_5OF10")
NONE = History()


def table(zone="Asia/Shanghai", begin=(2025, 6, 2), days=12, hours=0):
    axis = TimeAxis(datetime(*begin, tzinfo=ZoneInfo(zone)), timedelta(hours=1), days * 24 + hours)
    return LoadTable(("a",), axis, np.arange(float(axis.periods))[None, :], zone, WEEKDAYS)


def event(made, day=10, first=14, last=16):
    s = made.axis.start_s + day * 86400
    return Event("e", s, s + first * 3600, s + last * 3600)


def states(made, history=NONE, called=None, record=RULE):
    own = called or event(made)
    placed = frame(made, own)
    group = record.group_of(int(made.index.kinds[placed.day]))
    found = candidates(made, placed, record, group, history.with_event(own), placed.offsets)
    days = made.index.days[found.like].astype(str)
    return {d[5:]: DayState(s).name for d, s in zip(days, found.state[0], strict=True)}, found


def test_like_days_newest_first() -> None:
    found = states(table())[0]
    assert list(found) == ["06-11", "06-10", "06-09", "06-06", "06-05", "06-04", "06-03", "06-02"]
    assert set(found.values()) == {"SPARE"}


@pytest.mark.parametrize(("kind", "expected"), [("events", "PRIOR_EVENT"), ("outages", "OUTAGE")])
def test_events_and_outages(kind, expected) -> None:
    made = table()
    s = made.axis.start_s + 8 * 86400
    history = History(**{kind: (Span(s, s + 3600, "a", "x"),)})
    found, whole = states(made, history)
    assert found["06-10"] == expected
    assert whole.event_day[0].tolist().count(True) == (kind == "events")


def test_the_aftermath_of_an_event() -> None:
    made = table()
    s = made.axis.start_s + 8 * 86400 + 22 * 3600
    history = History(events=(Span(s, s + 3600, "a", "x"),))
    assert states(made, history)[0]["06-11"] == "SPARE"
    # GUARDED counts four hours after it: 23:00 to 03:00 of the next day.
    assert states(made, history, record=rule("GUARDED_10OF10"))[0]["06-11"] == "PRIOR_EVENT"


def test_declared_days_and_gaps() -> None:
    made = table()
    load = made.load_mw.copy()
    load[0, 9 * 24 + 3] = np.nan
    found, _ = states(made.replaced(load), History(excluded_days=frozenset({"2025-06-10"})))
    assert (found["06-11"], found["06-10"]) == ("INCOMPLETE", "DECLARED")


def test_days_of_clock_changes_are_left_out_with_their_neighbours_where_needed() -> None:
    # Clocks change on Sunday 30 March 2025 in Berlin; an event from Saturday 23 h to Sunday 2 h needs two days.
    made = table("Europe/Berlin", (2025, 3, 21), 20, -1)
    s = int(datetime(2025, 4, 5, 23, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
    found, _ = states(made, called=Event("e", s, s, s + 3 * 3600))
    assert (found["03-30"], found["03-29"], found["03-23"]) == ("CLOCK_CHANGE", "CLOCK_CHANGE", "SPARE")


def test_a_window_that_reaches_into_the_event() -> None:
    made = table()
    # 20 h on Tuesday to 21 h on Thursday: the day before would need hours of the event itself.
    found, _ = states(made, called=event(made, 8, 20, 69))
    assert found["06-09"] == "OVERLAPS_EVENT"


def test_loads_at_wall_clock_offsets() -> None:
    made = table()
    loads = gather(made, np.array([0, 2]), np.array([-1, 0, 25]))
    np.testing.assert_array_equal(loads[0], [[np.nan, 0.0, 25.0], [47.0, 48.0, 73.0]])
