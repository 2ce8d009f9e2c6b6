"""Which days may stand for the event day, and why the others may not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.verification.baseline import DayState
from suandian.verification.calendar import DayKind
from suandian.verification.event import History, mask
from suandian.verification.frame import Frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import DayGroup, Rule

__all__ = ["Candidates", "candidates", "gather"]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The days that a rule may look at, newest first.

    like         indices of days of the right type that are not skipped, `(like,)`
    state        of those, `(meters, like)`; SPARE means eligible
    event_day    eligible but for an earlier event, `(meters, like)`
    all_days     every day of the look-back; `all_state` of those that are not in `like`
    """

    like: NDArray[np.int64]
    state: NDArray[np.int8]
    event_day: NDArray[np.bool_]
    all_days: NDArray[np.int64]
    all_state: NDArray[np.int8]


def candidates(
    table: LoadTable, placed: Frame, rule: Rule, group: DayGroup, history: History, needed: NDArray[np.int64]
) -> Candidates:
    """Which days of the look-back may be used by each meter, and why the others may not."""
    index = table.index
    every = placed.day - 1 - np.arange(min(group.lookback_days, placed.day), dtype=np.int64)
    skipped = every > placed.day - 1 - rule.skip_recent_days
    wanted = [DayKind[name.upper()] for name in group.days]
    other = ~np.isin(index.kinds[every], wanted)
    all_state = np.select([skipped, other], [DayState.SKIPPED, DayState.OTHER_TYPE], DayState.SPARE).astype(np.int8)
    like = every[all_state == DayState.SPARE]
    beyond = np.unique(needed[(needed < 0) | (needed >= index.slots)])
    touched = like[:, None] + np.concatenate([[0], beyond // index.slots])[None, :]
    inside = (touched >= 0) & (touched < len(index.days))
    irregular = (index.irregular[np.clip(touched, 0, len(index.days) - 1)] & inside).any(axis=1)
    declared = np.isin(index.days[like].astype(str), sorted(history.excluded_days))
    starts = placed.day * index.slots + int(placed.offsets.min())
    overlaps = like * index.slots + int(needed.max()) >= starts
    reaching = np.all(np.isfinite(gather(table, like, beyond)), axis=2)
    complete = np.logical_and(table.day_complete[:, like], reaching)
    longer_s = round(rule.post_event_h * 3600)
    prior = _touched(table, mask(history.events, table.meters, table.axis, longer_by_s=longer_s), like, beyond)
    if rule.event_days_max is not None:
        prior = np.logical_and(prior, np.cumsum(prior, axis=1) <= rule.event_days_max)
    outage = _touched(table, mask(history.outages, table.meters, table.axis), like, beyond)
    fixed = irregular | declared | overlaps
    state = np.full(complete.shape, DayState.SPARE, dtype=np.int8)
    state[~complete] = DayState.INCOMPLETE
    state[outage] = DayState.OUTAGE
    state[prior] = DayState.PRIOR_EVENT
    state[:, overlaps] = DayState.OVERLAPS_EVENT
    state[:, declared] = DayState.DECLARED
    state[:, irregular] = DayState.CLOCK_CHANGE
    return Candidates(like, state, prior & complete & ~outage & ~fixed[None, :], every, all_state)


def gather(table: LoadTable, days: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Loads at wall-clock offsets from the midnights of `days`, `(meters, days, offsets)`, NaN outside the data."""
    flat = (days * table.index.slots)[:, None] + offsets[None, :]
    size = table.by_slot_mw.shape[1]
    loads_mw: NDArray[np.float64] = table.by_slot_mw[:, np.clip(flat, 0, size - 1)]
    loads_mw[:, (flat < 0) | (flat >= size)] = np.nan
    return loads_mw


def _touched(
    table: LoadTable, disturbed: NDArray[np.bool_] | None, like: NDArray[np.int64], beyond: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Days of which any interval, or any further interval they need, is disturbed, `(meters, like)`."""
    if disturbed is None:
        return np.zeros((len(table.meters), len(like)), dtype=np.bool_)
    period = table.index.period
    offsets = np.concatenate([np.arange(table.index.slots), beyond])
    flat = (like * table.index.slots)[:, None] + offsets[None, :]
    inside = (flat >= 0) & (flat < period.size)
    at = np.where(inside, period.ravel()[np.clip(flat, 0, period.size - 1)], -1)
    hit: NDArray[np.bool_] = np.asarray((disturbed[:, at] & (at >= 0)).any(axis=2))
    return hit
