"""Job-log replay for a statement: the operator's records, run again under the reference policy that was written down.

The policy that can be stated in an events file is the plain one that most clusters can name: `first_come`, jobs in the
order of submission as soon as GPUs are free, without overtaking. Power is idle power plus that of the jobs that run,
times a constant ratio of facility to IT power.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.classification.reading import read_trace
from suandian.experiments.scenario.clock import instant
from suandian.experiments.statement.calls import Calls
from suandian.flexibility.runs import first_come_start_s, profile_mw
from suandian.model.records import JobRecords
from suandian.quantity.errors import DataError, Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.quantity.units import UnitError, parse_quantity
from suandian.verification.metering import LoadTable
from suandian.verification.replay import InForce, PolicyRecord, Replayed, policy_hash

__all__ = ["Policy", "policy_of", "replayed", "replayed_mw"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A reference policy with its power model, as an events file states it.

    gpus            units that the policy may fill
    idle_mw         IT power without jobs; pue_ratio facility power over IT power
    """

    name: str
    gpus: float
    idle_mw: float
    pue_ratio: float

    def canonical(self) -> bytes:
        """The bytes that are hashed: what is written down before the event."""
        return json.dumps(
            {"gpus": self.gpus, "idle_mw": self.idle_mw, "policy": self.name, "pue_ratio": self.pue_ratio},
            sort_keys=True,
        ).encode()


def policy_of(section: Mapping[str, Any], zone: str, source: str) -> tuple[Policy, PolicyRecord, tuple[InForce, ...]]:
    """The `replay:` section. Raises `ScenarioError` with every fault."""
    faults: list[Fault] = []
    if section.get("policy") != "first_come":
        faults.append(
            Fault("replay.policy", f"{section.get('policy')!r} is unknown; first_come is what can be replayed")
        )
    policy = Policy(
        "first_come",
        _quantity(section, "gpus", "1", faults),
        _quantity(section, "idle", "MW", faults),
        _quantity(section, "pue", "1", faults),
    )
    recorded_s = _instant_s(section.get("recorded"), zone, "replay.recorded", faults)
    written = str(section.get("policy_hash") or "")
    if len(written) != 64:
        faults.append(
            Fault("replay.policy_hash", f"is no SHA-256; of this section it is {policy_hash(policy.canonical())}")
        )
    spans = []
    for index, row in enumerate(section.get("in_force") or ()):
        path = f"replay.in_force[{index}]"
        start_s = _instant_s(row.get("start"), zone, f"{path}.start", faults)
        end_s = _instant_s(row.get("end"), zone, f"{path}.end", faults)
        spans.append(InForce(str(row.get("policy_hash") or written), start_s, end_s))
    if faults:
        raise ScenarioError(faults, source=source)
    return policy, PolicyRecord(written, recorded_s, str(section.get("recorded_by") or "")), tuple(spans)


def replayed_mw(records: JobRecords, policy: Policy, axis: TimeAxis) -> NDArray[np.float64]:
    """Facility load under the policy, `(periods,)` MW; NaN before the first job of the log was submitted."""
    frame = records.frame
    submitted_s, length_s = frame["submitted_s"].to_numpy(), frame["duration_s"].to_numpy()
    width = np.maximum(frame["gpus"].to_numpy().astype(np.float64), 0.0)
    if not width.any():
        width = frame["cpus"].to_numpy()
    start_s = first_come_start_s(submitted_s, length_s, width, policy.gpus)
    it_mw = profile_mw(axis, start_s, start_s + length_s, frame["power_kw"].to_numpy() / 1000.0)
    load_mw: NDArray[np.float64] = (policy.idle_mw + np.maximum(it_mw, 0.0)) * policy.pue_ratio
    load_mw[axis.starts_s() < submitted_s[0]] = np.nan
    return load_mw


def replayed(path: Path, calls: Calls, table: LoadTable) -> Replayed:
    """The log run again, for every meter of `table` alike. Raises `DataError` where log or section do not serve."""
    if not calls.replay:
        raise DataError(
            f"{calls.source}: --job-log needs a `replay:` section with policy, gpus, idle, pue, recorded, policy_hash "
            "and in_force; without the policy that was recorded before the event a replay proves nothing"
        )
    policy, record, in_force = policy_of(calls.replay, calls.zone, calls.source)
    records = read_trace(str(path), format="auto", zone=calls.zone, options={})
    if not records.absolute:
        raise DataError(f"{path.name}: its clock is relative; a replay needs the real instants of submission")
    load_mw = np.repeat(replayed_mw(records, policy, table.axis)[None, :], len(table.meters), axis=0)
    return Replayed(
        load_mw, policy_hash(policy.canonical()), sha256(path.read_bytes()).hexdigest(), record, in_force,
        power_model=f"{records.power_model}; idle {policy.idle_mw:g} MW, facility {policy.pue_ratio:g} × IT",
    )  # fmt: skip


def _quantity(section: Mapping[str, Any], key: str, unit: str, faults: list[Fault]) -> float:
    try:
        found = parse_quantity(section.get(key, ""), unit)
    except UnitError as error:
        faults.append(Fault(f"replay.{key}", str(error)))
        return float("nan")
    return found


def _instant_s(text: object, zone: str, path: str, faults: list[Fault]) -> int:
    moment: datetime | Fault = instant(str(text or ""), zone, path)
    if isinstance(moment, Fault):
        faults.append(moment)
        return 0
    return int(moment.timestamp())
