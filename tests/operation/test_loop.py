from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from suandian.coordination.base import Coordinator
from suandian.operation.loop import operate
from suandian.operation.ports import World
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.journal import Journal

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 10)


@dataclass
class RecordingWorld:
    """A world that notes how it is driven."""

    interruptions: tuple[int, ...] = ()
    axis: TimeAxis = AXIS
    now: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list)
    journal: Journal = field(default_factory=lambda: Journal(AXIS, (), ()))

    def view(self, party: str) -> Any:
        return SimpleNamespace(party=party, now=self.now)

    def next_interruption(self) -> int:
        return min((i for i in self.interruptions if i > self.now), default=AXIS.periods)

    def enact(self, plan: Any, until: int) -> None:
        assert plan.made_at == self.now
        self.spans.append((self.now, until))
        self.now = until


@dataclass(frozen=True)
class Every:
    stands_for: int
    name: str = "every"

    def plan(self, view: Any) -> Any:
        return SimpleNamespace(stands_for=self.stands_for, made_at=view.now)


def drive(world: RecordingWorld, stands_for: int) -> list[tuple[int, int]]:
    operate(cast("World", world), cast("Coordinator", Every(stands_for)), party="platform")
    return world.spans


def test_it_ticks_at_decisions_not_at_intervals() -> None:
    assert drive(RecordingWorld(), 10) == [(0, 10)]
    assert drive(RecordingWorld(), 4) == [(0, 4), (4, 8), (8, 10)]


def test_an_instruction_ends_the_span() -> None:
    assert drive(RecordingWorld(interruptions=(3,)), 10) == [(0, 3), (3, 10)]
    assert drive(RecordingWorld(interruptions=(4, 5)), 4) == [(0, 4), (4, 5), (5, 9), (9, 10)]


def test_progress_reaches_one() -> None:
    told: list[float] = []
    operate(cast("World", RecordingWorld()), cast("Coordinator", Every(5)), party="p", progress=told.append)
    assert told == [0.5, 1.0]
