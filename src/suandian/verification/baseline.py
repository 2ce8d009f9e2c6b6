"""What every baseline returns: series, days, adjustment and outcome, as columns over meters."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from suandian.verification.event import Event
from suandian.verification.frame import Frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Rule

__all__ = ["BaselineBatch", "DayLedger", "DayState", "Fallback", "Outcome", "Why"]


class Outcome(IntEnum):
    """Whether a baseline was made, and how."""

    MEASURED = 0
    FALLBACK = 1
    NOT_MEASURABLE = 2


class Fallback(IntEnum):
    """Which step of the fallback chain was needed."""

    NONE = 0
    PREVIOUS_EVENT_DAYS = 1
    METER_BEFORE = 2


class Why(IntEnum):
    """Why a baseline is not measurable."""

    NOTHING = 0
    NO_DAY_TYPE = 1
    TOO_FEW_DAYS = 2
    ADJUSTMENT_GAP = 3
    ADJUSTMENT_UNDEFINED = 4
    EVENT_OUTSIDE_DATA = 5
    WINDOW_GAP = 6
    EVENT_DAY_GAP = 7
    NO_TEMPERATURE = 8
    NO_EVIDENCE = 9
    POLICY_NOT_IN_FORCE = 10
    NOT_VALIDATED = 11
    CONTROLS_NOT_ALIKE = 12


WHY_TEXT = {
    Why.NO_DAY_TYPE: "the rule has no day type for the event day",
    Why.TOO_FEW_DAYS: "fewer comparable days than the rule's minimum, and no fallback holds",
    Why.ADJUSTMENT_GAP: "readings of the adjustment window are missing or disturbed by another event",
    Why.ADJUSTMENT_UNDEFINED: "the baseline's mean in the adjustment window is not positive, a ratio has no meaning",
    Why.EVENT_OUTSIDE_DATA: "part of the event lies outside the data",
    Why.WINDOW_GAP: "readings of the window before or after the event are missing or disturbed by another event",
    Why.EVENT_DAY_GAP: "the event day has gaps where days are compared",
    Why.NO_TEMPERATURE: "the rule needs a temperature for every interval",
    Why.NO_EVIDENCE: "the level, schedule, control group or replay that the rule needs was not given",
    Why.POLICY_NOT_IN_FORCE: "the replayed policy is not the one recorded before the event, or was not in force",
    Why.NOT_VALIDATED: "the replay misses the meter on non-event days by more than the limits",
    Why.CONTROLS_NOT_ALIKE: "the control group differs from the meter on placebo days",
}


class DayState(IntEnum):
    """What became of a candidate day."""

    USED = 0
    POOLED = 1
    SPARE = 2
    OTHER_TYPE = 3
    SKIPPED = 4
    CLOCK_CHANGE = 5
    DECLARED = 6
    OVERLAPS_EVENT = 7
    PRIOR_EVENT = 8
    OUTAGE = 9
    INCOMPLETE = 10
    LOW_USAGE = 11
    HIGH_USAGE = 12
    EVENT_DAY_USED = 13


DAY_TEXT = {
    DayState.USED: "used",
    DayState.POOLED: "in the pool, not selected",
    DayState.SPARE: "comparable, the pool was full of newer days",
    DayState.OTHER_TYPE: "another type of day",
    DayState.SKIPPED: "too recent under the rule",
    DayState.CLOCK_CHANGE: "clocks change",
    DayState.DECLARED: "declared unusable",
    DayState.OVERLAPS_EVENT: "its window reaches into the event",
    DayState.PRIOR_EVENT: "another event or its aftermath",
    DayState.OUTAGE: "unplanned outage",
    DayState.INCOMPLETE: "readings missing",
    DayState.LOW_USAGE: "unusually low use",
    DayState.HIGH_USAGE: "unusually high use",
    DayState.EVENT_DAY_USED: "an earlier event day, used as fallback",
}


@dataclass(frozen=True, slots=True, eq=False)
class DayLedger:
    """Every candidate day, newest first.

    days `(days,)`; state `(meters, days)` of `DayState`; weight_ratio `(meters, days)`, rows sum to 1 where used.
    """

    days: NDArray[np.datetime64]
    state: NDArray[np.int8]
    weight_ratio: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BaselineBatch:
    """Baselines of all meters of a table for one event under one rule; arrays by meter `(meters, …)`.

    baseline_mw, unadjusted_mw, metered_mw   by interval of the event, `(meters, intervals)`; NaN: not measurable
    adjustment_raw_ratio, adjustment_ratio   factor before and after the cap; 1 where the rule has none
    adjustment_raw_mw, adjustment_mw         difference before and after; 0 where the rule has none
    outcome, why, fallback                   codes, `(meters,)`
    ledger                                   None for families that choose no days
    notes                                    what a reader has to know, in words
    """

    rule: Rule
    event: Event
    meters: tuple[str, ...]
    first: int
    last: int
    baseline_mw: NDArray[np.float64]
    unadjusted_mw: NDArray[np.float64]
    metered_mw: NDArray[np.float64]
    adjustment_raw_ratio: NDArray[np.float64]
    adjustment_ratio: NDArray[np.float64]
    adjustment_raw_mw: NDArray[np.float64]
    adjustment_mw: NDArray[np.float64]
    outcome: NDArray[np.int8]
    why: NDArray[np.int8]
    fallback: NDArray[np.int8]
    ledger: DayLedger | None = None
    notes: tuple[str, ...] = ()
    evidence_hash: str = field(default="")

    @property
    def measurable(self) -> NDArray[np.bool_]:
        """`(meters,)`."""
        ok: NDArray[np.bool_] = self.outcome != Outcome.NOT_MEASURABLE
        return ok


def plain(
    table: LoadTable,
    placed: Frame,
    rule: Rule,
    baseline_mw: NDArray[np.float64],
    why: NDArray[np.int8],
    *,
    notes: tuple[str, ...] = (),
    evidence_hash: str = "",
) -> BaselineBatch:
    """A batch without days and adjustment; rows with a `why` become NaN."""
    count = len(table.meters)
    why = np.where(placed.cut & (why == Why.NOTHING), Why.EVENT_OUTSIDE_DATA, why).astype(np.int8)
    lost = why != Why.NOTHING
    baseline_mw = np.where(lost[:, None], np.nan, baseline_mw)
    return BaselineBatch(
        rule=rule,
        event=placed.event,
        meters=table.meters,
        first=placed.first,
        last=placed.last,
        baseline_mw=baseline_mw,
        unadjusted_mw=baseline_mw,
        metered_mw=table.load_mw[:, placed.first : placed.last],
        adjustment_raw_ratio=np.ones(count),
        adjustment_ratio=np.ones(count),
        adjustment_raw_mw=np.zeros(count),
        adjustment_mw=np.zeros(count),
        outcome=np.where(lost, Outcome.NOT_MEASURABLE, Outcome.MEASURED).astype(np.int8),
        why=why,
        fallback=np.zeros(count, dtype=np.int8),
        notes=notes,
        evidence_hash=evidence_hash,
    )
