"""Events as they were called, and the history of a set of meters: earlier events and outages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suandian.model.programme import Instruction
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis, at_unix_s

__all__ = ["Direction", "Event", "History", "Span", "from_instruction", "mask"]


class Direction(Enum):
    """Which way the load was asked to go; MODULATE follows a signed curve (positive: reduce)."""

    SHED = "shed"
    FILL = "fill"
    MODULATE = "modulate"


@dataclass(frozen=True, slots=True)
class Event:
    """A call for flexibility in `[start_s, end_s)` (Unix seconds), told to the resource at `notified_s`.

    committed_mw    what was promised, a positive number for shed and fill; a modulation has its curve instead
    curve_mw        promised change by interval of the event; for MODULATE signed, positive means a reduction

    Raises `DataError` where the event does not end after it starts, or was told after it began.
    """

    id: str
    notified_s: int
    start_s: int
    end_s: int
    direction: Direction = Direction.SHED
    committed_mw: float = 0.0
    curve_mw: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.end_s <= self.start_s:
            raise DataError(f"event {self.id!r} ends at {at_unix_s(self.end_s)}, not after its start; check both times")
        if self.notified_s > self.start_s:
            raise DataError(f"event {self.id!r} was notified after its start; give the instant of notice")
        if self.committed_mw < 0:
            raise DataError(f"event {self.id!r}: committed_mw is negative; the direction is told by `direction`")
        if self.direction is Direction.MODULATE and not self.curve_mw:
            raise DataError(f"event {self.id!r} modulates and has no curve; give curve_mw, one value per interval")

    @property
    def duration_h(self) -> float:
        return (self.end_s - self.start_s) / 3600.0

    def committed_by_interval_mw(self, periods: int) -> NDArray[np.float64]:
        """The promise by interval, `(periods,)`; raises `DataError` where the curve has another length."""
        if not self.curve_mw:
            return np.full(periods, self.committed_mw)
        if len(self.curve_mw) != periods:
            raise DataError(f"event {self.id!r}: curve_mw has {len(self.curve_mw)} values for {periods} intervals")
        return np.array(self.curve_mw)

    def moved(self, by_s: int) -> Event:
        """The same event `by_s` seconds later, for placebo windows."""
        return Event(
            f"{self.id}{by_s:+d}s", self.notified_s + by_s, self.start_s + by_s, self.end_s + by_s,
            self.direction, self.committed_mw, self.curve_mw,
        )  # fmt: skip


def from_instruction(instruction: Instruction, committed_mw: float = 0.0) -> Event:
    """The shed event that a binding limit on a site's import makes; its limit is the site's firm level then."""
    return Event(
        instruction.id, instruction.issued_at_s, instruction.start_s, instruction.end_s, Direction.SHED, committed_mw
    )


@dataclass(frozen=True, slots=True)
class Span:
    """`[start_s, end_s)` of one meter, or of all where `meter` is None."""

    start_s: int
    end_s: int
    meter: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What is known to have disturbed the meters: called events, unplanned outages, days declared unusable.

    `excluded_days` are local days (ISO text) that the parties agreed to leave out. Raises `DataError` for two events
    of one meter that overlap: their reductions could not be told apart.
    """

    events: tuple[Span, ...] = ()
    outages: tuple[Span, ...] = ()
    excluded_days: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        everywhere = [span for span in self.events if span.meter is None]
        by_meter: dict[str | None, list[Span]] = {None: everywhere}
        for span in self.events:
            if span.meter is not None:
                # An event of all meters meets those of every single one.
                by_meter.setdefault(span.meter, list(everywhere)).append(span)
        for meter, own in by_meter.items():
            for earlier, later in pairwise(sorted(own, key=lambda s: (s.start_s, s.end_s))):
                if later.start_s < earlier.end_s:
                    raise DataError(
                        f"events {earlier.id!r} and {later.id!r} of meter {meter or 'all'} overlap at "
                        f"{at_unix_s(later.start_s)}; merge them or correct their times"
                    )

    def with_event(self, event: Event, meters: Sequence[str | None] = (None,)) -> History:
        """This history with `event` among its events, unless it is there already.

        Raises `DataError` where another event has its id, or overlaps it.
        """
        same = [span for span in self.events if span.id == event.id]
        if any((span.start_s, span.end_s) != (event.start_s, event.end_s) for span in same):
            raise DataError(
                f"the history has another event {event.id!r} at {at_unix_s(same[0].start_s)}; ids are unique"
            )
        if same:
            return self
        own = tuple(Span(event.start_s, event.end_s, meter, event.id) for meter in meters)
        return History((*self.events, *own), self.outages, self.excluded_days)


def mask(
    spans: Iterable[Span], meters: Sequence[str], axis: TimeAxis, *, longer_by_s: int = 0
) -> NDArray[np.bool_] | None:
    """True for the intervals that any span touches, `(meters, periods)`; None where there is no span.

    `longer_by_s` lengthens each span at its end. Raises `DataError` for a span of an unknown meter.
    """
    spans = tuple(spans)
    if not spans:
        return None
    row_of = {meter: row for row, meter in enumerate(meters)}
    unknown = sorted({s.meter for s in spans if s.meter is not None and s.meter not in row_of})
    if unknown:
        raise DataError(f"the history names meters without data: {', '.join(unknown[:5])}")
    touched = np.zeros((len(meters), axis.periods), dtype=np.bool_)
    start_s, step_s = axis.start_s, axis.step_s
    for span in spans:
        first = max((span.start_s - start_s) // step_s, 0)
        last = max(-(-(span.end_s + longer_by_s - start_s) // step_s), 0)
        touched[slice(None) if span.meter is None else row_of[span.meter], first:last] = True
    return touched
