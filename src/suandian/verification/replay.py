"""Job-log replay: what the load would have been had the recorded reference policy run the jobs that really arrived.

The engine that replays is not here: it comes through a port, so that verification sees arrivals, a policy's hash and a
load, and never a planner. What makes the result worth trusting is checked here: the hash was recorded before notice,
the policy was in force when nothing was called, and the replay meets the meter on those days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import BaselineBatch, Why, plain
from suandian.verification.event import Event, History, mask
from suandian.verification.frame import Frame, frame
from suandian.verification.metering import LoadTable
from suandian.verification.rules import Rule

__all__ = [
    "InForce",
    "PolicyRecord",
    "ReplayEngine",
    "ReplayValidation",
    "Replayed",
    "arrivals_hash",
    "policy_hash",
    "replay",
    "replay_baseline",
    "validate",
]

#: Our own limits (D) for a replay on non-event days.
BIAS_MAX_RATIO, CVRMSE_MAX_RATIO = 0.02, 0.05
VALIDATION_DAYS, VALIDATION_DAYS_MIN = 30, 5


class ReplayEngine(Protocol):
    """The port: runs frozen arrivals under a policy and a power model."""

    def __call__(self, arrivals: JobTable, policy: bytes, axis: TimeAxis) -> NDArray[np.float64]:
        """Load of each meter in MW, `(meters, periods)` on `axis`; NaN where the replay cannot tell (start-up)."""


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """The reference policy's hash, as written down at `recorded_s` (Unix seconds) by `recorded_by`."""

    policy_hash: str
    recorded_s: int
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy with this hash really ran the jobs in `[start_s, end_s)`; from the journal or from audits."""

    policy_hash: str
    start_s: int
    end_s: int


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """A counterfactual load with its provenance: made by `replay`, or delivered by another party.

    load_mw         `(meters, periods)` on the table's axis, NaN where not replayed
    policy_hash     of the policy that was replayed
    record          what was written down before the event
    in_force        when which policy ran in reality
    """

    load_mw: NDArray[np.float64]
    policy_hash: str
    arrivals_hash: str
    record: PolicyRecord
    in_force: tuple[InForce, ...]
    power_model: str = ""


@dataclass(frozen=True, slots=True)
class ReplayValidation:
    """Replay against meter on non-event days: bias ΣE/ΣA and CV(RMSE), over `days` days."""

    days: int
    bias_ratio: float
    cvrmse_ratio: float
    faults: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        return not self.faults


def policy_hash(policy: bytes) -> str:
    """SHA-256 of a policy in its canonical bytes (its configuration and the version of its code)."""
    return hashlib.sha256(policy).hexdigest()


def arrivals_hash(arrivals: JobTable) -> str:
    """SHA-256 over every column of the frozen arrivals."""
    made = hashlib.sha256()
    for name in JobTable.column_names():
        column = np.ascontiguousarray(getattr(arrivals, name))
        made.update(name.encode())
        made.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
    return made.hexdigest()


def replay(
    engine: ReplayEngine,
    arrivals: JobTable,
    policy: bytes,
    table: LoadTable,
    record: PolicyRecord,
    in_force: Sequence[InForce],
    *,
    power_model: str = "",
) -> Replayed:
    """Run the port and keep what it was run on. Raises `DataError` where its answer does not fit the meters."""
    load_mw = np.asarray(engine(arrivals, policy, table.axis), dtype=np.float64)
    if load_mw.shape != table.load_mw.shape:
        raise DataError(f"the replay returned {load_mw.shape}, the meters are {table.load_mw.shape}")
    return Replayed(load_mw, policy_hash(policy), arrivals_hash(arrivals), record, tuple(in_force), power_model)


def replay_baseline(
    table: LoadTable, event: Event, rule: Rule, history: History, replayed: Replayed | None
) -> BaselineBatch:
    """The replayed load as baseline; not measurable where policy or validation do not hold, with the figures noted."""
    placed = frame(table, event)
    shape = (len(table.meters), placed.last - placed.first)
    if replayed is None:
        return plain(table, placed, rule, np.full(shape, np.nan), np.full(shape[0], Why.NO_EVIDENCE, dtype=np.int8))
    if replayed.load_mw.shape != table.load_mw.shape:
        raise DataError(f"the replay is {replayed.load_mw.shape}, the meters are {table.load_mw.shape}")
    evidence = f"{replayed.policy_hash}|{replayed.arrivals_hash}|{replayed.power_model}"
    refused = policy_faults(replayed, table, placed)
    if refused:
        why = np.full(shape[0], Why.POLICY_NOT_IN_FORCE, dtype=np.int8)
        return plain(table, placed, rule, np.full(shape, np.nan), why, notes=refused, evidence_hash=evidence)
    baseline_mw = replayed.load_mw[:, placed.first : placed.last]
    why = np.where(np.isfinite(baseline_mw).all(axis=1), Why.NOTHING, Why.NO_EVIDENCE).astype(np.int8)
    notes = []
    for row, (meter, validation) in enumerate(
        zip(table.meters, validate(table, event, history, replayed), strict=True)
    ):
        notes.append(
            f"{meter}: replay against meter on {validation.days} non-event days: bias {validation.bias_ratio:+.2%}, "
            f"CV(RMSE) {validation.cvrmse_ratio:.2%}" + "".join(f"; {fault}" for fault in validation.faults)
        )
        if not validation.holds and why[row] == Why.NOTHING:
            why[row] = Why.NOT_VALIDATED
    return plain(table, placed, rule, baseline_mw, why, notes=tuple(notes), evidence_hash=evidence)


def policy_faults(replayed: Replayed, table: LoadTable, placed: Frame) -> tuple[str, ...]:
    """Why the replayed policy may not stand for the reference: empty where it may.

    It has to be the recorded one, recorded before notice, and in force up to the notice on the days of validation.
    """
    record, event = replayed.record, placed.event
    faults = []
    if replayed.policy_hash != record.policy_hash:
        faults.append(
            f"the replayed policy {replayed.policy_hash[:12]} is not the recorded one {record.policy_hash[:12]}"
        )
    if record.recorded_s > event.notified_s:
        faults.append("the reference policy was recorded after the notice")
    first_s, last_s = _validation_span(table, placed)
    covered_s = first_s
    for span in sorted(replayed.in_force, key=lambda s: s.start_s):
        if span.end_s <= first_s or span.start_s >= last_s:
            continue
        if span.policy_hash != record.policy_hash:
            faults.append(f"policy {span.policy_hash[:12]} was in force on days that validate the reference")
            break
        if span.start_s > covered_s:
            break
        covered_s = max(covered_s, span.end_s)
    if covered_s < last_s and len(faults) == 0:
        faults.append("it is not shown which policy was in force on all days before the event")
    return tuple(faults)


def validate(table: LoadTable, event: Event, history: History, replayed: Replayed) -> tuple[ReplayValidation, ...]:
    """Replay against meter on up to 30 local days before the event without events and outages, by meter."""
    placed = frame(table, event)
    index = table.index
    days = (index.day >= placed.day - VALIDATION_DAYS) & (index.day < placed.day)
    usable = np.isfinite(table.load_mw) & np.isfinite(replayed.load_mw) & days[None, :]
    for spans in (history.with_event(event).events, history.outages):
        touched = mask(spans, table.meters, table.axis)
        if touched is not None:
            hit = np.stack([np.bincount(index.day[row], minlength=len(index.days)) > 0 for row in touched])
            usable &= ~hit[:, index.day]
    return tuple(
        _validation(table.load_mw[row, good], replayed.load_mw[row, good], len(np.unique(index.day[good])))
        for row, good in enumerate(usable)
    )


def _validation(metered_mw: NDArray[np.float64], replayed_mw: NDArray[np.float64], days: int) -> ReplayValidation:
    if days < VALIDATION_DAYS_MIN or metered_mw.sum() <= 0:
        return ReplayValidation(
            days, float("nan"), float("nan"), (f"{days} days to validate on, {VALIDATION_DAYS_MIN} are due",)
        )
    error_mw = replayed_mw - metered_mw
    bias_ratio = float(error_mw.sum() / metered_mw.sum())
    cvrmse_ratio = float(np.sqrt((error_mw**2).mean()) / metered_mw.mean())
    faults = []
    if abs(bias_ratio) > BIAS_MAX_RATIO:
        faults.append(f"the bias exceeds {BIAS_MAX_RATIO:.0%}")
    if cvrmse_ratio > CVRMSE_MAX_RATIO:
        faults.append(f"CV(RMSE) exceeds {CVRMSE_MAX_RATIO:.0%}")
    return ReplayValidation(days, bias_ratio, cvrmse_ratio, tuple(faults))


def _validation_span(table: LoadTable, placed: Frame) -> tuple[int, int]:
    """Unix seconds of the days of validation."""
    day = table.index.day
    rows = np.flatnonzero((day >= placed.day - VALIDATION_DAYS) & (day < placed.day))
    if not len(rows):
        return placed.event.notified_s, placed.event.notified_s
    return table.axis.start_s + int(rows[0]) * table.axis.step_s, table.axis.start_s + (int(rows[-1]) + 1) * (
        table.axis.step_s
    )
