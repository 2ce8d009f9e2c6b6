"""Day matching: one engine for all rules that average comparable days, over all meters at once.

Days are walked back from the event day; each is kept or set aside with a reason; the newest form the pool; some are
selected; their weighted mean is the baseline, which a same-day adjustment may move. What a rule wants is in its record.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.verification import selection
from suandian.verification.adjustment import adjust, adjustment_window
from suandian.verification.baseline import BaselineBatch, DayLedger, DayState, Fallback, Outcome, Why, plain
from suandian.verification.candidates import Candidates, candidates, gather
from suandian.verification.event import Event, History, mask
from suandian.verification.frame import Frame, frame, offsets_of
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Rule
from suandian.verification.same_day import meter_before

__all__ = ["match_days"]


def match_days(
    table: LoadTable,
    event: Event,
    rule: Rule,
    history: History,
    *,
    temperature_c: NDArray[np.float64] | None = None,
) -> BaselineBatch:
    """Baselines of all meters under a day-matching rule.

    `temperature_c` `(periods,)` is needed by `select: temperature` alone. `history` may or may not hold the event
    itself. Raises `DataError` for an event off the grid or outside the data; all else is an outcome of the batch.
    """
    history = history.with_event(event)
    placed = frame(table, event)
    group = rule.group_of(int(table.index.kinds[placed.day]))
    window = adjustment_window(table, placed, rule.adjustment)
    window_offsets = offsets_of(table, placed.day, window.periods)
    needed = np.concatenate([placed.offsets, window_offsets])
    events = mask(history.events, table.meters, table.axis)
    if group is None:
        return _unmatched(table, placed, rule)
    found = candidates(table, placed, rule, group, history, needed)
    loads_mw = gather(table, found.like, needed)
    width = len(placed.offsets)
    chosen = selection.choose(table, placed, rule, group, found, loads_mw[:, :, :width], events, temperature_c)
    mean_mw = np.einsum("md,mdw->mw", chosen.weight_ratio, np.nan_to_num(loads_mw))
    disturbed = np.zeros((len(table.meters), len(window.periods)), dtype=np.bool_)
    if events is not None:
        disturbed = events[:, window.periods]
    adjusted = adjust(
        rule.adjustment,
        window,
        mean_mw[:, :width],
        mean_mw[:, width:],
        table.load_mw[:, window.periods],
        disturbed,
        floor_zero=rule.floor_zero,
    )
    why = np.where(chosen.why != Why.NOTHING, chosen.why, adjusted.why).astype(np.int8)
    if placed.cut:
        why[:] = Why.EVENT_OUTSIDE_DATA
    lost = why != Why.NOTHING
    fallback = np.where(chosen.from_events, Fallback.PREVIOUS_EVENT_DAYS, Fallback.NONE).astype(np.int8)
    outcome = np.where(chosen.from_events, Outcome.FALLBACK, Outcome.MEASURED)
    batch = BaselineBatch(
        rule=rule,
        event=event,
        meters=table.meters,
        first=placed.first,
        last=placed.last,
        baseline_mw=np.where(lost[:, None], np.nan, adjusted.baseline_mw),
        unadjusted_mw=np.where(lost[:, None], np.nan, mean_mw[:, :width]),
        metered_mw=table.load_mw[:, placed.first : placed.last],
        adjustment_raw_ratio=adjusted.raw_ratio,
        adjustment_ratio=adjusted.factor_ratio,
        adjustment_raw_mw=adjusted.raw_mw,
        adjustment_mw=adjusted.added_mw,
        outcome=np.where(lost, Outcome.NOT_MEASURABLE, outcome).astype(np.int8),
        why=why,
        fallback=fallback,
        ledger=_ledger(table, found, chosen),
        notes=_notes(table, placed, window.note),
    )
    if "meter_before" in rule.fallback and (why == Why.TOO_FEW_DAYS).any():
        return meter_before(table, batch, placed, events)
    return batch


def _ledger(table: LoadTable, found: Candidates, chosen: selection.Chosen) -> DayLedger:
    shape = (len(table.meters), len(found.all_days))
    state = np.broadcast_to(found.all_state, shape).copy()
    weight_ratio = np.zeros(shape)
    columns = np.flatnonzero(found.all_state == DayState.SPARE)
    state[:, columns] = chosen.state
    weight_ratio[:, columns] = chosen.weight_ratio
    return DayLedger(table.index.days[found.all_days], state, weight_ratio)


def _notes(table: LoadTable, placed: Frame, note: str) -> tuple[str, ...]:
    notes = [note] if note else []
    if table.index.irregular[placed.day]:
        notes.append("clocks change on the event day: intervals are compared by wall clock")
    unknown = table.calendar.unknown_years(table.index.days[: placed.day + 1])
    if unknown:
        notes.append(f"holidays of {', '.join(map(str, unknown))} are not in calendar {table.calendar.id}")
    return tuple(notes)


def _unmatched(table: LoadTable, placed: Frame, rule: Rule) -> BaselineBatch:
    shape = (len(table.meters), placed.last - placed.first)
    return plain(table, placed, rule, np.full(shape, np.nan), np.full(shape[0], Why.NO_DAY_TYPE, dtype=np.int8))
