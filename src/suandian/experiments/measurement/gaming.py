"""The gaming experiment: what each design pays for load that was raised to be taken away, and for frozen baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.measurement.designs import Design
from suandian.experiments.measurement.scoring import SiteCase
from suandian.verification.baseline import BaselineBatch
from suandian.verification.event import Event, History
from suandian.verification.gaming import Played, play_after_notice, play_days, play_frozen, play_raised_then_frozen
from suandian.verification.metering import LoadTable

__all__ = ["PLAYS", "RAISE_RATIO", "USES", "Gain", "PlayedEvent", "gain_of", "gains_of", "played_events", "worst"]

RAISE_RATIO = 0.2  # D: load that idle GPUs can draw at once at the usual use of a site
WEEK_DAYS, FROZEN_DAYS = 7, 21  # D: one week raised, three weeks of bids


def _after_notice(table: LoadTable, event: Event, history: History) -> Played:
    return play_after_notice(table, event, history, raise_ratio=RAISE_RATIO)


def _days_before(table: LoadTable, event: Event, history: History) -> Played:
    return play_days(table, event, history, raise_ratio=RAISE_RATIO, days=WEEK_DAYS)


def _frozen(table: LoadTable, event: Event, history: History) -> Played:
    return play_frozen(table, event, history, days=FROZEN_DAYS)


def _raised_then_frozen(table: LoadTable, event: Event, history: History) -> Played:
    return play_raised_then_frozen(
        table, event, history, raise_ratio=RAISE_RATIO, days=FROZEN_DAYS, raised_days=WEEK_DAYS
    )


#: Name → how the readings and the history are changed.
PLAYS: Mapping[str, Callable[[LoadTable, Event, History], Played]] = {
    "after_notice": _after_notice,
    "days_before": _days_before,
    "frozen": _frozen,
    "raised_then_frozen": _raised_then_frozen,
}


#: Events that one raise serves, where more than one: a frozen baseline is paid on each of its working days.
USES: Mapping[str, int] = {"raised_then_frozen": 15}


@dataclass(frozen=True, slots=True, eq=False)
class PlayedEvent:
    """One event of one site after one play, and what the raised energy cost."""

    case: SiteCase
    event: Event
    true_mwh: float
    least_mwh: float
    played: Played
    raised_mwh: float
    cost_cny: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What one play earned under one design; energies in MWh, sums over the events.

    events           events that are measurable without the play
    uses             events that one raise serves: every day of a frozen baseline, else one
    gain_mwh         credited with the play less credited without it; an event that is no longer measurable pays nothing
    error_mwh        standard error of that sum over events; NaN with one event
    refused          events that the play made unmeasurable
    raised_mwh       drawn for it, at a cost of `cost_cny`
    gain_ratio       gain over the true reduction of the events
    profit_cny       gain × uses at the reward, less the cost
    breakeven_cny_per_mwh   reward from which the play pays; NaN where it gains nothing
    """

    events: int
    uses: int
    gain_mwh: float
    error_mwh: float
    refused: int
    raised_mwh: float
    cost_cny: float
    gain_ratio: float
    profit_cny: float
    breakeven_cny_per_mwh: float

    @property
    def pays(self) -> bool:
        """It earns more than it costs, more than a hundredth of what was delivered, and not by chance (2 σ)."""
        sure = not self.gain_mwh < _SURE * self.error_mwh
        return self.profit_cny > 0 and self.gain_ratio > _NOTHING_RATIO and sure


_NOTHING_RATIO = 0.01  # D: below it a gain is rounding
_SURE = 2.0  # D: standard errors


def played_events(cases: Sequence[SiteCase], play: str) -> list[PlayedEvent]:
    """Every event of every site after the play. Made once, since it is the same for all designs."""
    found = []
    for case in cases:
        for event, twin in zip(case.events, case.twins, strict=True):
            played = PLAYS[play](case.called, event, case.history)
            raised_mwh = np.nan_to_num(played.raised_mw[0]) * case.called.step_h
            cost_cny = float((raised_mwh * case.energy_cny_per_mwh).sum())
            found.append(
                PlayedEvent(case, event, twin.true_mwh, twin.least_mwh, played, float(raised_mwh.sum()), cost_cny)
            )
    return found


def gains_of(design: Design, played: Mapping[str, Sequence[PlayedEvent]], reward_cny_per_mwh: float) -> dict[str, Gain]:
    """What each play earned under `design`."""
    honest_mwh: dict[int, float] = {}
    found = {}
    for play, events in played.items():
        for one in events:
            if id(one.event) not in honest_mwh:
                case = one.case
                batch = design.measured(case.called, one.event, case.history, case.called_evidence(design))
                honest_mwh[id(one.event)] = _credited_mwh(batch, case)
        after = [
            _credited_mwh(
                design.measured(one.played.table, one.event, one.played.history, one.case.called_evidence(design)),
                one.case,
            )
            for one in events
        ]
        found[play] = gain_of(
            honest_mwh=np.array([honest_mwh[id(one.event)] for one in events]),
            played_mwh=np.array(after),
            true_mwh=np.array([one.true_mwh for one in events]),
            least_mwh=np.array([one.least_mwh for one in events]),
            raised_mwh=np.array([one.raised_mwh for one in events]),
            cost_cny=np.array([one.cost_cny for one in events]),
            uses=USES.get(play, 1),
            reward_cny_per_mwh=reward_cny_per_mwh,
        )
    return found


def gain_of(
    *,
    honest_mwh: NDArray[np.float64],
    played_mwh: NDArray[np.float64],
    true_mwh: NDArray[np.float64],
    least_mwh: NDArray[np.float64],
    raised_mwh: NDArray[np.float64],
    cost_cny: NDArray[np.float64],
    uses: int,
    reward_cny_per_mwh: float,
) -> Gain:
    """The arithmetic, arrays `(events,)`: profit = gain·uses·reward − cost, break-even reward = cost/(gain·uses).

    NaN: not measurable. Events that are not measurable without the play do not count; with it they pay nothing. No
    ratio is taken where no more than `least_mwh` was delivered.
    """
    seen = np.isfinite(honest_mwh)
    refused = seen & ~np.isfinite(played_mwh)
    by_event = np.where(refused, -np.maximum(honest_mwh, 0.0), played_mwh - honest_mwh)[seen]
    gain_mwh, cost = float(by_event.sum()), float(cost_cny[seen].sum())
    true = float(true_mwh[seen].sum())
    count = len(by_event)
    return Gain(
        events=count,
        uses=uses,
        gain_mwh=gain_mwh,
        error_mwh=float(by_event.std(ddof=1) * np.sqrt(count)) if count > 1 else float("nan"),
        refused=int(refused.sum()),
        raised_mwh=float(raised_mwh[seen].sum()),
        cost_cny=cost,
        gain_ratio=gain_mwh / true if true > least_mwh[seen].sum() else float("nan"),
        profit_cny=gain_mwh * uses * reward_cny_per_mwh - cost,
        breakeven_cny_per_mwh=cost / (gain_mwh * uses) if gain_mwh > 0 else float("nan"),
    )


def worst(gains: Mapping[str, Gain]) -> tuple[str, float]:
    """The play that pays most under a design, with its gain over the true reduction; ("", 0) where none pays."""
    paying = {play: gain for play, gain in gains.items() if gain.pays}
    if not paying:
        return "", 0.0
    play = max(paying, key=lambda name: paying[name].gain_ratio)
    return play, paying[play].gain_ratio


def _credited_mwh(batch: BaselineBatch, case: SiteCase) -> float:
    """Credit of the one meter; NaN where it is not measurable."""
    return float((batch.baseline_mw[0] - batch.metered_mw[0]).sum() * case.called.step_h)
