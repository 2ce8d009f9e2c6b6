"""Where an event and its windows lie on the axis and on the wall clock of their local day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis, at_unix_s
from suandian.verification.event import Event
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Window

__all__ = ["Frame", "event_range", "frame", "window_periods"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """An event on a table.

    first, last       its intervals `[first, last)`, cut to the axis
    cut               True where part of the event lies outside the data
    day               index of the local day on which it starts
    offsets           wall-clock slot of each of its intervals, counted from that day's midnight, `(last − first,)`
    """

    event: Event
    first: int
    last: int
    cut: bool
    day: int
    offsets: NDArray[np.int64]


def event_range(axis: TimeAxis, event: Event) -> tuple[int, int, bool]:
    """Intervals `[first, last)` of the event on the axis and whether it was cut to fit.

    Raises `DataError` where the event does not begin and end on interval boundaries: a part of an interval is not
    metered.
    """
    for name, at_s in (("start", event.start_s), ("end", event.end_s)):
        if (at_s - axis.start_s) % axis.step_s:
            raise DataError(
                f"event {event.id!r}: its {name} {at_unix_s(at_s).isoformat()} is not on a boundary of the "
                f"{axis.step_s // 60} min intervals; agree on metered boundaries or give finer data"
            )
    first, last = ((at_s - axis.start_s) // axis.step_s for at_s in (event.start_s, event.end_s))
    inside = (min(max(first, 0), axis.periods), min(max(last, 0), axis.periods))
    return *inside, inside != (first, last)


def frame(table: LoadTable, event: Event) -> Frame:
    """Place the event; raises `DataError` for one that lies wholly outside the data."""
    first, last, cut = event_range(table.axis, event)
    if first >= last:
        raise DataError(
            f"event {event.id!r} ({at_unix_s(event.start_s).isoformat()}) lies outside the data "
            f"{table.axis.start.isoformat()}…{table.axis.end.isoformat()}"
        )
    day = int(table.index.day[first])
    return Frame(event, first, last, cut, day, offsets_of(table, day, np.arange(first, last)))


def offsets_of(table: LoadTable, day: int, periods: NDArray[np.int64]) -> NDArray[np.int64]:
    """Wall-clock slots of intervals counted from midnight of `day`, `(len(periods),)`."""
    index = table.index
    offsets: NDArray[np.int64] = (index.day[periods] - day) * index.slots + index.slot[periods]
    return offsets


def window_periods(axis: TimeAxis, event: Event, windows: Iterable[Window]) -> tuple[NDArray[np.int64], bool]:
    """Intervals that lie wholly inside the windows, and whether any of them is missing from the axis."""
    anchors_s = {"start": event.start_s, "end": event.end_s, "notice": event.notified_s}
    parts, missing = [], False
    for window in windows:
        begin_s = anchors_s[window.anchor] + round(window.from_h * 3600) - axis.start_s
        end_s = anchors_s[window.anchor] + round(window.to_h * 3600) - axis.start_s
        first, last = -(-begin_s // axis.step_s), end_s // axis.step_s
        missing |= first < 0 or last > axis.periods or last <= first
        parts.append(np.arange(max(first, 0), max(min(last, axis.periods), first, 0)))
    found = np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)
    return found.astype(np.int64), bool(missing)
