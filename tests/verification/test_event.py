from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.model.programme import Instruction
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.event import Direction, Event, History, Span, from_instruction, mask

AXIS = TimeAxis(datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=100), 6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 100, 100), "not after its start"),
        ((150, 100, 200), "notified after its start"),
        ((0, 100, 200, Direction.SHED, -1.0), "committed_mw is negative"),
        ((0, 100, 200, Direction.MODULATE), "has no curve"),
    ],
)
def test_events_that_cannot_be_are_refused(arguments, message) -> None:
    with pytest.raises(DataError, match=message):
        Event("e", *arguments)


def test_a_promise_by_interval() -> None:
    assert Event("e", 0, 0, 200, committed_mw=3.0).committed_by_interval_mw(2).tolist() == [3.0, 3.0]
    moved = Event("e", 0, 100, 300, Direction.MODULATE, 0.0, (1.0, -1.0)).moved(-50)
    assert (moved.notified_s, moved.start_s, moved.end_s) == (-50, 50, 250)
    assert moved.committed_by_interval_mw(2).tolist() == [1.0, -1.0]


def test_overlapping_events_are_refused() -> None:
    with pytest.raises(DataError, match="'x' and 'y' of meter a overlap"):
        History((Span(0, 200, "a", "x"), Span(100, 300, "a", "y")))
    with pytest.raises(DataError, match="overlap"):
        History((Span(0, 200, None, "x"),)).with_event(Event("y", 0, 100, 300))
    # Half-open: the end of one may be the start of the next; other meters do not matter.
    assert History((Span(0, 200, "a", "x"), Span(200, 300, "a", "y"), Span(0, 300, "b", "z"))).events


def test_the_event_is_added_once() -> None:
    event = Event("e", 0, 100, 300)
    once = History().with_event(event)
    assert once.with_event(event) is once
    with pytest.raises(DataError, match="another event 'e'"):
        once.with_event(Event("e", 0, 400, 500))


def test_the_mask_touches_whole_intervals() -> None:
    spans = (Span(150, 250, "a"), Span(400, 500), Span(-900, 50, "b"), Span(550, 900, "b"))
    found = mask(spans, ("a", "b"), AXIS)
    assert found.astype(int).tolist() == [[0, 1, 1, 0, 1, 0], [1, 0, 0, 0, 1, 1]]
    assert mask((), ("a",), AXIS) is None
    longer = mask((Span(0, 100, "a"),), ("a",), AXIS, longer_by_s=150)
    assert longer.astype(int).tolist() == [[1, 1, 1, 0, 0, 0]]
    with pytest.raises(DataError, match="without data: q"):
        mask((Span(0, 1, "q"),), ("a",), AXIS)
    assert np.array_equal(mask((Span(0, 100),), ("a", "b"), AXIS)[0], mask((Span(0, 100),), ("a", "b"), AXIS)[1])


def test_an_instruction_is_an_event() -> None:
    event = from_instruction(Instruction("i1", "grid", "dc", "site-a", 100, 200, 300, 20.0), 5.0)
    assert (event.id, event.notified_s, event.start_s, event.end_s, event.committed_mw) == ("i1", 100, 200, 300, 5.0)
