"""The result of one event for one meter: everything a statement needs, and what makes it repeatable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.timeaxis import TimeAxis, at_unix_s
from suandian.verification.baseline import (
    DAY_TEXT,
    WHY_TEXT,
    BaselineBatch,
    DayState,
    Fallback,
    Outcome,
    Why,
)
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Event, History
from suandian.verification.interval import Interval, conformal, placebo
from suandian.verification.metering import LoadTable
from suandian.verification.reduction import Delivery, deliver, reduction_mw
from suandian.verification.rules import Family, Rule

__all__ = ["Performance", "TwoBaselines", "as_json", "lesser_baseline", "verify"]


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """What one meter delivered in one event under one rule; powers by interval are `(intervals,)` MW.

    delivered_mwh                 Σ q·Δt, positive in the direction asked for; NaN where not measurable
    low_mwh, high_mwh             interval of it at `level`; NaN with too few placebo windows
    distinguishable               the interval excludes 0; None where there is no interval
    days_used                     (local day, weight); days_rejected: (local day, reason)
    adjustment_…                  factor and added power, before (raw) and after the cap; 1 and 0 where there is none
    disqualified                  reasons why it is not measurable; empty where it is
    input_hash                    over readings, event, rule record, history and evidence
    """

    event: Event
    meter: str
    rule: Rule
    axis: TimeAxis
    baseline_mw: NDArray[np.float64]
    unadjusted_mw: NDArray[np.float64]
    metered_mw: NDArray[np.float64]
    reduction_mw: NDArray[np.float64]
    baseline_mwh: float
    metered_mwh: float
    delivered_mwh: float
    delivery: Delivery | None
    level: float
    low_mwh: float
    high_mwh: float
    placebo_windows: int
    distinguishable: bool | None
    days_used: tuple[tuple[str, float], ...]
    days_rejected: tuple[tuple[str, str], ...]
    adjustment_kind: str
    adjustment_raw_ratio: float
    adjustment_ratio: float
    adjustment_raw_mw: float
    adjustment_mw: float
    outcome: Outcome
    fallback: Fallback
    disqualified: tuple[str, ...]
    notes: tuple[str, ...]
    input_hash: str
    code_version: str

    @property
    def measurable(self) -> bool:
        return self.outcome is not Outcome.NOT_MEASURABLE


@dataclass(frozen=True, slots=True)
class TwoBaselines:
    """What two baselines of one event lead to: the lesser one, and whether somebody has to look.

    basis   `replay`, `meter`, or `none` where neither is measurable
    """

    credited_mwh: float
    basis: str
    flagged: bool
    reasons: tuple[str, ...]


def verify(
    table: LoadTable,
    event: Event,
    rule: Rule,
    history: History | None = None,
    evidence: Evidence | None = None,
    *,
    level: float = 0.9,
    placebo_windows: int = 60,
    signed: bool = False,
    share_ratio: float = 0.8,
) -> tuple[Performance, ...]:
    """Measure one event for every meter of the table under one rule.

    `placebo_windows=0` leaves the interval out. What cannot be measured is a `Performance` with its reasons; inputs
    that are wrong in themselves raise `DataError` (see `baseline`).
    """
    known = history if history is not None else History()
    given = evidence if evidence is not None else Evidence()
    batch = baseline(table, event, rule, known, given)
    interval = None
    if placebo_windows > 0 and batch.measurable.any() and rule.family is not Family.FIRM_LEVEL:
        tried = placebo(table, event, rule, known, given, count=placebo_windows)
        interval = conformal(batch, tried, level=level, signed=signed)
    shared = _shared_hash(event, rule, known, given, batch)
    return tuple(
        _performance(table, batch, row, interval, shared, level=level, share_ratio=share_ratio)
        for row in range(len(table.meters))
    )


def lesser_baseline(replayed: Performance, metered: Performance, *, sigma_count: float = 0.0) -> TwoBaselines:
    """Pay min(replay, meter baseline + n·σ); flag where the two differ by more than 2σ.

    σ is half the meter baseline's interval over its normal quantile (1.645 at 90 %), because the interval is what is
    known of its error. Where one is not measurable the other stands, flagged; where none is, nothing is credited.
    """
    if not metered.measurable and not replayed.measurable:
        return TwoBaselines(0.0, "none", flagged=True, reasons=(*replayed.disqualified, *metered.disqualified))
    if not replayed.measurable:
        return TwoBaselines(metered.delivered_mwh, "meter", flagged=True, reasons=replayed.disqualified)
    if not metered.measurable:
        return TwoBaselines(replayed.delivered_mwh, "replay", flagged=True, reasons=metered.disqualified)
    sigma_mwh = (metered.high_mwh - metered.low_mwh) / (2.0 * _NORMAL_90) if metered.level == _LEVEL_90 else np.nan
    reasons = []
    if not np.isfinite(sigma_mwh):
        reasons.append("the meter baseline has no 90 % interval to compare with")
    gap_mwh = abs(replayed.delivered_mwh - metered.delivered_mwh)
    if np.isfinite(sigma_mwh) and gap_mwh > 2.0 * sigma_mwh:
        reasons.append(f"replay and meter baseline differ by {gap_mwh:.3g} MWh, more than 2σ = {2 * sigma_mwh:.3g} MWh")
    allowed_mwh = metered.delivered_mwh + (sigma_count * sigma_mwh if np.isfinite(sigma_mwh) else 0.0)
    basis = "replay" if replayed.delivered_mwh <= allowed_mwh else "meter"
    credited_mwh = float(min(replayed.delivered_mwh, allowed_mwh))
    return TwoBaselines(credited_mwh, basis, flagged=bool(reasons), reasons=tuple(reasons))


def as_json(result: Performance) -> Mapping[str, Any]:
    """The result as plain values for JSON; NaN becomes null, times are ISO text in UTC."""
    event = result.event
    delivery = result.delivery
    return {
        "event": event.id,
        "meter": result.meter,
        "direction": event.direction.value,
        "notified": at_unix_s(event.notified_s).isoformat(),
        "start": at_unix_s(event.start_s).isoformat(),
        "end": at_unix_s(event.end_s).isoformat(),
        "rule": result.rule.ref,
        "rule_confidence": result.rule.confidence,
        "claims_conformity": result.rule.claims_conformity,
        "outcome": result.outcome.name.lower(),
        "fallback": result.fallback.name.lower(),
        "disqualified": list(result.disqualified),
        "baseline_mwh": _plain(result.baseline_mwh),
        "metered_mwh": _plain(result.metered_mwh),
        "delivered_mwh": _plain(result.delivered_mwh),
        "mean_mw": _plain(delivery.mean_mw) if delivery else None,
        "effective_duration_h": _plain(delivery.effective_duration_h) if delivery else None,
        "level": result.level,
        "low_mwh": _plain(result.low_mwh),
        "high_mwh": _plain(result.high_mwh),
        "placebo_windows": result.placebo_windows,
        "distinguishable_from_zero": result.distinguishable,
        "adjustment": {
            "kind": result.adjustment_kind,
            "raw_ratio": _plain(result.adjustment_raw_ratio),
            "ratio": _plain(result.adjustment_ratio),
            "raw_mw": _plain(result.adjustment_raw_mw),
            "added_mw": _plain(result.adjustment_mw),
        },
        "days_used": [{"day": day, "weight": weight} for day, weight in result.days_used],
        "days_rejected": [{"day": day, "reason": reason} for day, reason in result.days_rejected],
        "intervals": {
            "start": [int(s) for s in result.axis.starts_s()],
            "baseline_mw": [_plain(v) for v in result.baseline_mw],
            "unadjusted_mw": [_plain(v) for v in result.unadjusted_mw],
            "metered_mw": [_plain(v) for v in result.metered_mw],
            "reduction_mw": [_plain(v) for v in result.reduction_mw],
        },
        "notes": list(result.notes),
        "input_hash": result.input_hash,
        "code_version": result.code_version,
    }


_NORMAL_90, _LEVEL_90 = 1.6448536269514722, 0.9


def _performance(
    table: LoadTable,
    batch: BaselineBatch,
    row: int,
    interval: Interval | None,
    shared: str,
    *,
    level: float,
    share_ratio: float,
) -> Performance:
    event, step_h = batch.event, table.step_h
    base_mw, actual_mw = batch.baseline_mw[row], batch.metered_mw[row]
    outcome, why = Outcome(int(batch.outcome[row])), Why(int(batch.why[row]))
    disqualified = [WHY_TEXT[why]] if why is not Why.NOTHING else []
    unread = int(np.isnan(actual_mw).sum())
    if unread:
        disqualified.append(f"{unread} of {len(actual_mw)} intervals of the event were not read")
        outcome = Outcome.NOT_MEASURABLE
    measured = outcome is not Outcome.NOT_MEASURABLE
    delivery = deliver(base_mw, actual_mw, event, step_h, share_ratio=share_ratio) if measured else None
    low_mwh = high_mwh = float("nan")
    if measured and interval is not None:
        low_mwh, high_mwh = (float(v[row]) * len(base_mw) * step_h for v in (interval.low_mw, interval.high_mw))
    bounded = bool(np.isfinite(low_mwh) and np.isfinite(high_mwh))
    used, rejected = _days(batch, row)
    kind = batch.rule.adjustment.kind
    digest = hashlib.sha256(f"{shared}|{table.digest(row)}".encode()).hexdigest()
    result = Performance(
        event=event,
        meter=table.meters[row],
        rule=batch.rule,
        axis=TimeAxis(table.axis.at(batch.first), timedelta(seconds=table.axis.step_s), batch.last - batch.first),
        baseline_mw=base_mw,
        unadjusted_mw=batch.unadjusted_mw[row],
        metered_mw=actual_mw,
        reduction_mw=reduction_mw(base_mw, actual_mw, event) if measured else np.full(len(base_mw), np.nan),
        baseline_mwh=float(base_mw.sum() * step_h),
        metered_mwh=float(actual_mw.sum() * step_h),
        delivered_mwh=delivery.energy_mwh if delivery is not None else float("nan"),
        delivery=delivery,
        level=level,
        low_mwh=low_mwh,
        high_mwh=high_mwh,
        placebo_windows=int(interval.windows[row]) if interval is not None else 0,
        distinguishable=bool(low_mwh > 0 or high_mwh < 0) if bounded else None,
        days_used=used,
        days_rejected=rejected,
        adjustment_kind=kind,
        adjustment_raw_ratio=float(batch.adjustment_raw_ratio[row]),
        adjustment_ratio=float(batch.adjustment_ratio[row]),
        adjustment_raw_mw=float(batch.adjustment_raw_mw[row]),
        adjustment_mw=float(batch.adjustment_mw[row]),
        outcome=outcome,
        fallback=Fallback(int(batch.fallback[row])),
        disqualified=tuple(disqualified),
        notes=(*batch.notes, *_out_of_force(batch.rule, table, event), *_estimates(table, batch, row, used)),
        input_hash=digest,
        code_version=_code_version(),
    )
    return result if bounded or not measured else replace(result, notes=(*result.notes, _no_interval(batch.rule)))


@cache
def _code_version() -> str:
    return version("suandian")


def _out_of_force(rule: Rule, table: LoadTable, event: Event) -> tuple[str, ...]:
    """A note where the record did not hold on the event's local day."""
    day = at_unix_s(event.start_s).astimezone(ZoneInfo(table.zone)).date()
    if rule.in_force(day):
        return ()
    span = f"{rule.effective_from or '…'} to {rule.effective_to or '…'}"
    return (f"rule {rule.ref} holds from {span}, the event is of {day}",)


def _estimates(
    table: LoadTable, batch: BaselineBatch, row: int, used: tuple[tuple[str, float], ...]
) -> tuple[str, ...]:
    """Notes on estimated readings in the event and on the days used."""
    if table.estimated is None or not table.estimated[row].any():
        return ()
    notes = []
    count = int(table.estimated[row, batch.first : batch.last].sum())
    if count:
        notes.append(f"{count} of {batch.last - batch.first} intervals of the event are estimated readings")
    marked = set(table.index.days[np.unique(table.index.day[table.estimated[row]])].astype(str).tolist())
    days = [day for day, _ in used if day in marked]
    if days:
        notes.append(f"days used with estimated readings: {', '.join(days)}")
    return tuple(notes)


def _no_interval(rule: Rule) -> str:
    if rule.family is Family.FIRM_LEVEL:
        return "no interval: the level is a contract, not an estimate"
    return "no interval: too few windows without events to try the rule on"


def _days(batch: BaselineBatch, row: int) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, str], ...]]:
    if batch.ledger is None:
        return (), ()
    used, rejected = [], []
    for day, code, weight in zip(
        batch.ledger.days.astype(str), batch.ledger.state[row], batch.ledger.weight_ratio[row], strict=True
    ):
        state = DayState(int(code))
        if state in (DayState.USED, DayState.EVENT_DAY_USED):
            used.append((str(day), float(weight)))
        else:
            rejected.append((str(day), DAY_TEXT[state]))
    return tuple(used), tuple(rejected)


def _shared_hash(event: Event, rule: Rule, history: History, evidence: Evidence, batch: BaselineBatch) -> str:
    made = hashlib.sha256()
    for part in (repr(event), rule.digest(), repr((history.events, history.outages, sorted(history.excluded_days)))):
        made.update(part.encode())
    for array in (evidence.temperature_c, evidence.firm_mw, evidence.nominated_mw):
        made.update(b"|" if array is None else np.asarray(array, dtype="<f8").tobytes())
    if evidence.controls is not None:
        controls = evidence.controls
        digests = [controls.table.digest(row) for row in range(len(controls.table.meters))]
        made.update(json.dumps([digests, controls.neighbours, controls.reuse]).encode())
    if evidence.replayed is not None:
        made.update(batch.evidence_hash.encode())
        made.update(evidence.replayed.load_mw.astype("<f8").tobytes())
        made.update(repr((evidence.replayed.record, evidence.replayed.in_force)).encode())
    return made.hexdigest()


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
