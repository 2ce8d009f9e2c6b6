"""The events that are measured: a study's own instructions, or test calls where it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.programme import Instruction
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.simulation.truth import Truth
from suandian.verification.calendar import Calendar, DayKind
from suandian.verification.event import Event, History, Span, from_instruction

__all__ = ["TestCalls", "events_of", "history_of", "own_calls", "test_calls"]

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class TestCalls:
    """How test calls are laid: from `from_h` to `to_h` local time, told `notice_h` before, asking for `depth_ratio`.

    `weekdays` 0 is Monday; only working days are called, on the last `days` local days less the `clear_days` at the
    end: the world cuts work at its end, so that nothing could be put off there. Hours, notice, depth and days are D
    (engineering defaults): an evening peak, intraday notice, a fifth of the load, twice a week.
    """

    __test__ = False

    from_h: float = 17.0
    to_h: float = 20.0
    notice_h: float = 4.0
    depth_ratio: float = 0.2
    weekdays: tuple[int, ...] = (1, 3)
    days: int = 30
    clear_days: int = 3

    def __post_init__(self) -> None:
        faults = []
        if not 0.0 <= self.from_h < self.to_h <= 24.0:
            faults.append(
                Fault("--hours", f"{self.from_h:g}-{self.to_h:g}: the event ends after it starts, within a day")
            )
        if self.notice_h < 0.0:
            faults.append(Fault("--notice", "notice is given before the event, not after it"))
        if not 0.0 < self.depth_ratio < 1.0:
            faults.append(
                Fault("--depth", f"{self.depth_ratio:g}: write a share of the load above 0 % and below 100 %")
            )
        if faults:
            raise ScenarioError(faults, source="test calls")


def own_calls(truth: Truth) -> tuple[Instruction, ...]:
    """The study's instructions that lie wholly on its axis."""
    axis = truth.axis
    first_s, last_s = axis.start_s, axis.start_s + axis.periods * axis.step_s
    return tuple(i for i in truth.instructions if first_s <= i.issued_at_s and i.end_s <= last_s)


def test_calls(
    axis: TimeAxis, zone: str, calendar: Calendar, site: str, load_mw: NDArray[np.float64], laid: TestCalls
) -> tuple[Instruction, ...]:
    """Calls of one site; each limits the import to (1 − depth) × mean of `load_mw (periods,)` in its own hours.

    `load_mw` is the load of the world without calls, so that every call asks for the same share. Raises
    `ScenarioError` where no call fits on the axis.
    """
    local_s = axis.local_starts(zone).astype("datetime64[s]").astype(np.int64)
    midnight = np.flatnonzero(local_s % _DAY_S == 0)
    days = (local_s[midnight] // _DAY_S).astype("datetime64[D]")
    kinds = calendar.kinds(days)
    weekday = (days.astype(np.int64) + 3) % 7
    start, width = round(laid.from_h / axis.step_h), round((laid.to_h - laid.from_h) / axis.step_h)
    notice_s = round(laid.notice_h * 3600.0)
    found = []
    for row in range(max(len(days) - laid.days, 0), len(days) - laid.clear_days):
        first = int(midnight[row]) + start
        start_s = axis.start_s + first * axis.step_s
        if first + width > axis.periods or start_s - notice_s < axis.start_s:
            continue
        if kinds[row] != DayKind.WORKING or weekday[row] not in laid.weekdays:
            continue
        limit_mw = (1.0 - laid.depth_ratio) * float(load_mw[first : first + width].mean())
        end_s = start_s + width * axis.step_s
        found.append(Instruction(f"test-{days[row]}", "", "", site, start_s - notice_s, start_s, end_s, limit_mw))
    if not found:
        told = "no test call fits on the period; measure more days or give the scenario instructions of its own"
        raise ScenarioError([Fault("--days", told)], source="test calls")
    return tuple(found)


def events_of(calls: Sequence[Instruction], committed_mw: Mapping[str, float] | None = None) -> tuple[Event, ...]:
    """The calls as events; `committed_mw` by id is what was promised, where something was."""
    promised = committed_mw or {}
    return tuple(from_instruction(call, max(promised.get(call.id, 0.0), 0.0)) for call in calls)


def history_of(events: Sequence[Event]) -> History:
    """All events of one meter as its history."""
    return History(tuple(Span(event.start_s, event.end_s, None, event.id) for event in events))
