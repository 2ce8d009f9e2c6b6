"""Baselines that were agreed beforehand: a firm service level, or a nominated schedule that is audited at random."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.verification.baseline import BaselineBatch, Why, plain
from suandian.verification.event import Event
from suandian.verification.frame import frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Rule

__all__ = ["Audit", "audit_slots", "firm_level", "inflation_profit_cny", "nominated", "within_firm_level"]


def firm_level(table: LoadTable, event: Event, rule: Rule, firm_mw: NDArray[np.float64] | None) -> BaselineBatch:
    """The contracted level `(meters,)` as a flat baseline: the load must not exceed it, whatever it was before."""
    placed = frame(table, event)
    shape = (len(table.meters), placed.last - placed.first)
    if firm_mw is None:
        return plain(table, placed, rule, np.full(shape, np.nan), np.full(shape[0], Why.NO_EVIDENCE, dtype=np.int8))
    level_mw = np.broadcast_to(np.asarray(firm_mw, dtype=np.float64), (shape[0],))
    why = np.where(np.isfinite(level_mw), Why.NOTHING, Why.NO_EVIDENCE).astype(np.int8)
    return plain(table, placed, rule, np.repeat(level_mw[:, None], shape[1], axis=1), why)


def within_firm_level(metered_mw: NDArray[np.float64], firm_mw: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each meter `(meters, intervals)` kept to its level `(meters,)` in every interval, `(meters,)`."""
    kept: NDArray[np.bool_] = np.asarray((metered_mw <= firm_mw[:, None]).all(axis=1))
    return kept


def nominated(table: LoadTable, event: Event, rule: Rule, nominated_mw: NDArray[np.float64] | None) -> BaselineBatch:
    """The schedule `(meters, periods)` that the resource gave before the event, as its baseline.

    It can be trusted only where `Audit` keeps it honest: see `inflation_profit_cny`.
    """
    placed = frame(table, event)
    shape = (len(table.meters), placed.last - placed.first)
    if nominated_mw is None:
        return plain(table, placed, rule, np.full(shape, np.nan), np.full(shape[0], Why.NO_EVIDENCE, dtype=np.int8))
    if nominated_mw.shape != table.load_mw.shape:
        raise DataError(f"the schedule is {nominated_mw.shape}, the meters are {table.load_mw.shape}")
    schedule_mw = nominated_mw[:, placed.first : placed.last]
    why = np.where(np.isfinite(schedule_mw).all(axis=1), Why.NOTHING, Why.NO_EVIDENCE).astype(np.int8)
    return plain(table, placed, rule, schedule_mw, why)


@dataclass(frozen=True, slots=True)
class Audit:
    """Random audits: with `audit_rate` an event is not called, and |nominated − actual| costs `penalty_cny_per_mwh`.

    `secret` seeds the draw; it is committed to beforehand (`commitment`) and opened afterwards, so that neither side
    can choose which events are audits.
    """

    audit_rate: float
    penalty_cny_per_mwh: float
    secret: str

    def __post_init__(self) -> None:
        if not 0.0 <= self.audit_rate <= 1.0:
            raise DataError(f"audit rate {self.audit_rate} is not in 0…1")

    @property
    def commitment(self) -> str:
        """SHA-256 of the secret, published before the season."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def is_audit(self, event_id: str) -> bool:
        """Whether the event is an audit: a fixed draw from secret and id, the same for whoever repeats it."""
        digest = hashlib.sha256(f"{self.secret}|{event_id}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2.0**64 < self.audit_rate


def audit_slots(audit: Audit, event_ids: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which of the events are audits, `(events,)`."""
    return np.array([audit.is_audit(event_id) for event_id in event_ids], dtype=np.bool_)


def inflation_profit_cny(
    inflation_ratio: NDArray[np.float64], load_mw: float, duration_h: float, price_cny_per_mwh: float, audit: Audit
) -> NDArray[np.float64]:
    """Expected profit of nominating (1 + i)·load instead of the truth, by inflation `(n,)`, for one event or audit.

    Called with probability 1 − p, the phantom i·load·h earns the price; audited with probability p, the distance
    i·load·h costs the penalty. Truth is best when p·penalty ≥ (1 − p)·price.
    """
    phantom_mwh = np.asarray(inflation_ratio, dtype=np.float64) * load_mw * duration_h
    gain = (1.0 - audit.audit_rate) * price_cny_per_mwh * phantom_mwh
    cost = audit.audit_rate * audit.penalty_cny_per_mwh * np.abs(phantom_mwh)
    profit_cny: NDArray[np.float64] = gain - cost
    return profit_cny
