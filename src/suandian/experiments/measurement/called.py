"""The policy that is measured: a coordinator, its answer to a call, and the bytes that are hashed before the event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version

from suandian.coordination.base import Coordinator
from suandian.coordination.heuristic import Threshold
from suandian.model.plan import Plan, View
from suandian.model.programme import Instruction

__all__ = ["Answering", "policy_bytes"]

#: Under a limit every job may still run at once, in the room that the limit leaves: a threshold that always holds.
_IN_ROOM = Threshold(signal="price", percentile=100.0)


@dataclass(frozen=True, slots=True)
class Answering:
    """`policy`, except that a plan which follows no curve gives way to one that does while an instruction binds.

    `run_now` and its kin start every job at once and so cannot keep to a limit. While one binds, jobs run under the
    room that it leaves (the least urgent are paused, what cannot wait goes on); before and after it `policy` decides.
    Coordinators whose plans are curves answer for themselves and are left alone. Without instructions, `policy` runs.
    """

    policy: Coordinator

    @property
    def name(self) -> str:
        return self.policy.name

    def plan(self, view: View) -> Plan:
        """The policy's plan, cut where a known instruction begins; under one, a plan within its limit until its end."""
        plan = self.policy.plan(view)
        if not plan.start_at_once:
            return plan
        start_s, step_s = view.axis.start_s, view.axis.step_s
        now = [i for i in view.instructions if i.start_s < start_s + step_s and start_s < i.end_s]
        if now:
            last_s = min(i.end_s for i in now)
            until = max(-(-(last_s - start_s) // step_s), 1)
            plan = _up_to(_IN_ROOM.plan(view), until)
        later = [i for i in view.instructions if i.start_s >= start_s + step_s]
        until = min([_before(i, start_s, step_s) for i in later], default=plan.stands_for)
        return replace(plan, coordinator=self.name, stands_for=min(plan.stands_for, max(until, 1)))


def _up_to(plan: Plan, until: int) -> Plan:
    """The plan without what it offers after `until`, so that the hours after the limit do not keep jobs running."""
    if until >= plan.axis.periods:
        return plan
    cut = slice(0, until)
    return replace(
        plan,
        axis=plan.axis.part(0, until),
        stands_for=min(plan.stands_for, until),
        it_mw=plan.it_mw[:, :, cut],
        stream_mw=plan.stream_mw[:, :, cut],
        curtail_mw=plan.curtail_mw[:, cut],
        gear=None if plan.gear is None else plan.gear[:, :, cut],
    )


def _before(instruction: Instruction, start_s: int, step_s: int) -> int:
    """Whole intervals until the one in which the instruction begins to bind."""
    return (instruction.start_s - start_s) // step_s


def policy_bytes(coordinator: str, options: Mapping[str, object]) -> bytes:
    """The policy in its canonical bytes: registered name, options, how it answers, and the version of the code."""
    told = {
        "coordinator": coordinator,
        "options": dict(options),
        "under_instruction": "jobs in the room of the limit where the policy follows no curve",
        "suandian": version("suandian"),
    }
    return json.dumps(told, sort_keys=True, ensure_ascii=False, default=str).encode()
