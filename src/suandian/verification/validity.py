"""Chinese validity rules for a response, and what follows: appeal, recalculation, confirmation (核定)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from functools import cache
from importlib.resources import files

import numpy as np
import yaml
from numpy.typing import NDArray

from suandian.model.contract import Source
from suandian.quantity.errors import DataError
from suandian.verification.event import Direction
from suandian.verification.reduction import effective_duration_h
from suandian.verification.rules import record

__all__ = [
    "Claim",
    "ClaimState",
    "Validity",
    "ValidityRule",
    "judge",
    "response_figures",
    "validity_rules",
]

#: A limit counts as met when missed by less than this share of the promise: powers are differences of floats.
_EQUAL_RATIO = 1e-9


@dataclass(frozen=True, slots=True)
class ValidityRule:
    """When a response counts; a record of `validity.yaml`.

    mean_ratio        mean reduction ≥ this share of the reply
    extreme           `reply`: the extreme falls by the whole reply; `beyond`: it lies beyond the baseline's
    duration_min_h    effective duration at least this
    """

    id: str
    version: int
    mean_ratio: float
    extreme: str
    duration_min_h: float
    sources: tuple[Source, ...]
    effective_from: date | None = None
    effective_to: date | None = None


@cache
def validity_rules() -> Mapping[str, ValidityRule]:
    """The shipped records by id. Raises `DataError` naming record and field where the file is wrong."""
    table = yaml.safe_load((files(__package__) / "validity.yaml").read_text(encoding="utf-8"))
    made = {}
    for name, row in table.items():
        where = f"validity.yaml: {name}"
        sources = tuple(record(Source, source, f"{where}.sources") for source in row["sources"])
        made[name] = record(ValidityRule, row | {"id": name, "sources": sources}, where)
        if made[name].extreme not in ("reply", "beyond"):
            raise DataError(f"{where}.extreme: reply or beyond")
    return made


@dataclass(frozen=True, slots=True)
class Validity:
    """Judgement of one response. `reasons` names each condition that failed; powers are positive reductions.

    actual_mw     mean reduction (actualCap)
    extreme_mw    reduction of the extreme: of the maximum when shedding, of the minimum when filling
    qualified     the mean meets its share; beyond: the extreme meets its condition
    """

    rule: str
    valid: bool
    reasons: tuple[str, ...]
    actual_mw: float
    extreme_mw: float
    effective_duration_h: float
    qualified: bool
    beyond: bool


def response_figures(
    baseline_mw: NDArray[np.float64],
    metered_mw: NDArray[np.float64],
    direction: Direction,
    reply_mw: float,
    mean_ratio: float,
    step_h: float,
) -> tuple[float, float, float]:
    """Mean and extreme reduction and effective duration of arrays `(intervals,)` over the event."""
    if direction is Direction.MODULATE:
        raise DataError("the validity rules are for shed and fill; judge a modulation by its interval deliveries")
    sign = 1.0 if direction is Direction.SHED else -1.0
    q_mw = sign * (baseline_mw - metered_mw)
    extreme_mw = float((sign * baseline_mw).max() - (sign * metered_mw).max())
    return float(q_mw.mean()), extreme_mw, effective_duration_h(q_mw, mean_ratio * reply_mw, step_h)


def judge(
    rule: ValidityRule, mean_reduction_mw: float, extreme_reduction_mw: float, effective_h: float, reply_mw: float
) -> Validity:
    """Apply a rule to a response's figures (`response_figures`); `reply_mw` is what the resource promised."""
    slack_mw = _EQUAL_RATIO * abs(reply_mw)
    qualified = mean_reduction_mw >= rule.mean_ratio * reply_mw - slack_mw
    if rule.extreme == "reply":
        beyond = extreme_reduction_mw >= reply_mw - slack_mw
    else:
        beyond = extreme_reduction_mw > slack_mw and mean_reduction_mw > slack_mw
    lasted = effective_h >= rule.duration_min_h * (1.0 - _EQUAL_RATIO)
    reasons = [
        (qualified, f"mean reduction {mean_reduction_mw:g} MW is below {rule.mean_ratio:g} × {reply_mw:g} MW"),
        (beyond, f"the extreme moved by {extreme_reduction_mw:g} MW"),
        (lasted, f"effective for {effective_h:g} h, {rule.duration_min_h:g} h are due"),
    ]
    failed = tuple(text for kept, text in reasons if not kept)
    return Validity(
        rule.id, not failed, failed, mean_reduction_mw, extreme_reduction_mw, effective_h, qualified, beyond
    )


class ClaimState(Enum):
    """Where a result stands between the meter and the money."""

    ASSESSED = "assessed"
    APPEALED = "appealed"
    RECALCULATED = "recalculated"
    UPHELD = "upheld"
    CONFIRMED = "confirmed"


_NEXT = {
    ClaimState.ASSESSED: {ClaimState.APPEALED, ClaimState.CONFIRMED},
    ClaimState.APPEALED: {ClaimState.RECALCULATED, ClaimState.UPHELD},
    ClaimState.RECALCULATED: {ClaimState.APPEALED, ClaimState.CONFIRMED},
    ClaimState.UPHELD: {ClaimState.CONFIRMED},
    ClaimState.CONFIRMED: set(),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """One resource's result of one event through its states; nothing is edited, each step is a new claim.

    validity     the judgement now in force
    version      counts recalculations, from 1
    trail        (state, Unix seconds, words) of every step
    """

    event: str
    resource: str
    validity: Validity
    state: ClaimState = ClaimState.ASSESSED
    version: int = 1
    trail: tuple[tuple[str, int, str], ...] = ()

    @property
    def confirmed_mw(self) -> float | None:
        """The capacity that may be paid (confirmCap): none before confirmation, 0 where the response is not valid."""
        if self.state is not ClaimState.CONFIRMED:
            return None
        return max(self.validity.actual_mw, 0.0) if self.validity.valid else 0.0

    def appeal(self, at_s: int, reason: str) -> Claim:
        """The resource contests the result."""
        return self._to(ClaimState.APPEALED, at_s, reason)

    def recalculate(self, at_s: int, reason: str, validity: Validity) -> Claim:
        """The appeal (or a meter correction found by it) led to a new judgement."""
        return replace(self._to(ClaimState.RECALCULATED, at_s, reason), validity=validity, version=self.version + 1)

    def uphold(self, at_s: int, reason: str) -> Claim:
        """The appeal changed nothing; it cannot be repeated."""
        return self._to(ClaimState.UPHELD, at_s, reason)

    def confirm(self, at_s: int, reason: str = "") -> Claim:
        """Final; what follows is a new settlement version, never an edit."""
        return self._to(ClaimState.CONFIRMED, at_s, reason)

    def _to(self, state: ClaimState, at_s: int, reason: str) -> Claim:
        if state not in _NEXT[self.state]:
            after = ", ".join(sorted(s.value for s in _NEXT[self.state])) or "nothing else"
            raise DataError(
                f"event {self.event!r}, {self.resource!r}: a claim that is {self.state.value} cannot become "
                f"{state.value}; it may become {after}"
            )
        if self.trail and at_s < self.trail[-1][1]:
            raise DataError(f"event {self.event!r}: step {state.value} is earlier than the step before it")
        return replace(self, state=state, trail=(*self.trail, (state.value, at_s, reason)))
