"""The gaming experiment: what each design pays for load that was raised to be taken away, and for frozen baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from suandian.experiments.measurement.designs import Design
from suandian.experiments.measurement.scoring import SiteCase
from suandian.verification.event import Event, History
from suandian.verification.gaming import Played, play_after_notice, play_days, play_frozen, play_raised_then_frozen
from suandian.verification.metering import LoadTable

__all__ = ["PLAYS", "Gain", "PlayedEvent", "gain_of", "played_events", "won", "worst"]

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


@dataclass(frozen=True, slots=True, eq=False)
class PlayedEvent:
    """One event of one site after one play, and what the raised energy cost."""

    case: SiteCase
    event: Event
    true_mwh: float
    played: Played
    raised_mwh: float
    cost_cny: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What one play earned under one design, over all events; energies in MWh.

    gain_mwh         credited with the play less credited without it; an event that is no longer measurable pays nothing
    refused          events that the play made unmeasurable
    raised_mwh       drawn for it, at a cost of `cost_cny`
    gain_ratio       gain over the true reduction of the events
    profit_cny       gain at the reward, less the cost
    breakeven_cny_per_mwh   reward from which the play pays; NaN where it gains nothing
    """

    events: int
    gain_mwh: float
    refused: int
    raised_mwh: float
    cost_cny: float
    gain_ratio: float
    profit_cny: float
    breakeven_cny_per_mwh: float

    @property
    def pays(self) -> bool:
        """Whether it earns more than it costs, and more than a hundredth of what was really delivered."""
        return self.profit_cny > 0 and self.gain_ratio > _NOTHING_RATIO


_NOTHING_RATIO = 0.01  # D: below it a gain is rounding


def played_events(cases: Sequence[SiteCase], play: str) -> list[PlayedEvent]:
    """Every event of every site after the play. Made once, since it is the same for all designs."""
    found = []
    for case in cases:
        for event, twin in zip(case.events, case.twins, strict=True):
            played = PLAYS[play](case.called, event, case.history)
            raised_mwh = np.nan_to_num(played.raised_mw[0]) * case.called.step_h
            cost_cny = float((raised_mwh * case.energy_cny_per_mwh).sum())
            found.append(PlayedEvent(case, event, twin.true_mwh, played, float(raised_mwh.sum()), cost_cny))
    return found


def won(design: Design, played: Sequence[PlayedEvent], reward_cny_per_mwh: float) -> Gain:
    """What the play earned under `design`. Events that were not measurable without it do not count."""
    gained_mwh = raised_mwh = cost_cny = true_mwh = 0.0
    events = refused = 0
    for one in played:
        case = one.case
        honest = design.measured(case.called, one.event, case.history, case.called_evidence)
        if not honest.measurable[0]:
            continue
        events += 1
        true_mwh += one.true_mwh
        raised_mwh += one.raised_mwh
        cost_cny += one.cost_cny
        after = design.measured(one.played.table, one.event, one.played.history, case.called_evidence)
        step_h = case.called.step_h
        honest_mwh = float((honest.baseline_mw - honest.metered_mw).sum() * step_h)
        if after.measurable[0]:
            gained_mwh += float((after.baseline_mw - after.metered_mw).sum() * step_h) - honest_mwh
        else:
            refused += 1
            gained_mwh -= max(honest_mwh, 0.0)
    return gain_of(events, gained_mwh, refused, raised_mwh, cost_cny, true_mwh, reward_cny_per_mwh)


def gain_of(
    events: int,
    gain_mwh: float,
    refused: int,
    raised_mwh: float,
    cost_cny: float,
    true_mwh: float,
    reward_cny_per_mwh: float,
) -> Gain:
    """The arithmetic: profit = gain·reward − cost, break-even reward = cost/gain."""
    return Gain(
        events=events,
        gain_mwh=gain_mwh,
        refused=refused,
        raised_mwh=raised_mwh,
        cost_cny=cost_cny,
        gain_ratio=gain_mwh / true_mwh if true_mwh > 0 else float("nan"),
        profit_cny=gain_mwh * reward_cny_per_mwh - cost_cny,
        breakeven_cny_per_mwh=cost_cny / gain_mwh if gain_mwh > 0 else float("nan"),
    )


def worst(gains: Mapping[str, Gain]) -> tuple[str, float]:
    """The play that pays most under a design, with its gain over the true reduction; ("", 0) where none pays."""
    paying = {play: gain for play, gain in gains.items() if gain.pays}
    if not paying:
        return "", 0.0
    play = max(paying, key=lambda name: paying[name].gain_ratio)
    return play, paying[play].gain_ratio
