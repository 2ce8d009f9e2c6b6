"""The worlds of a measurement: one in which nothing is called, and for every set of calls one that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.measurement.called import Answering, policy_bytes
from suandian.experiments.scenario import Scenario
from suandian.experiments.scenario.plugins import coordinator
from suandian.experiments.scenario.scenario import Arm
from suandian.model.programme import Instruction
from suandian.operation.loop import operate
from suandian.quantity.errors import Fault, ScenarioError
from suandian.record.journal import Journal
from suandian.simulation.desk import ForecastSchedule
from suandian.simulation.engine import SimulatedWorld
from suandian.simulation.truth import Truth
from suandian.verification.calendar import WEEKDAYS, Calendar, mainland_china
from suandian.verification.metering import LoadTable, from_journal, net_load_mw

__all__ = ["Policy", "arm_of", "calendar_of", "journal_of", "load_of", "table_of"]

_CHINA = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who runs the jobs, how, and with which forecasts; `content` is what is hashed before the first event."""

    arm: str
    coordinator: str
    options: Mapping[str, object]
    party: str
    schedule: ForecastSchedule

    @property
    def content(self) -> bytes:
        return policy_bytes(self.coordinator, self.options)


def arm_of(scenario: Scenario, name: str = "") -> Policy:
    """The policy of one arm, the control's if no name is given. Raises `ScenarioError` for an unknown one."""
    known: dict[str, Arm] = {arm.name: arm for arm in scenario.coordinators}
    wanted = name or scenario.control
    if wanted not in known:
        fault = Fault("--policy", f"{wanted!r} is no arm of {scenario.name}; write one of {', '.join(known)}")
        raise ScenarioError([fault], source="command line")
    arm = known[wanted]
    forecasts = scenario.forecasts_for(arm)
    schedule = (
        ForecastSchedule.perfect()
        if arm.forecasts == "perfect"
        else ForecastSchedule(forecasts.issue_every_h, forecasts.models, scenario.seed)
    )
    return Policy(arm.name, arm.coordinator, arm.options, scenario.deciding_party, schedule)


def journal_of(truth: Truth, policy: Policy, instructions: Sequence[Instruction] = ()) -> Journal:
    """Run the world to its end under `policy` with these calls and no others: same seeds, weather, jobs and demand."""
    world = SimulatedWorld(replace(truth, instructions=tuple(instructions)), policy.schedule)
    return operate(world, Answering(coordinator(policy.coordinator, dict(policy.options))), party=policy.party)


def load_of(journal: Journal, site: str) -> NDArray[np.float64]:
    """Load behind battery and generation of one site, `(periods,)` MW, from its billing meter and sub-meters."""
    hours = journal.axis.step_h
    imported, exported = journal.metered(f"site/{site}/grid")
    channels = {"import": imported / hours, "export": exported / hours}
    if journal.has_meter(f"site/{site}/battery"):
        charged, discharged = journal.metered(f"site/{site}/battery")
        channels |= {"charge": charged / hours, "discharge": discharged / hours}
    if journal.has_meter(f"site/{site}/pv"):
        channels["pv"] = journal.metered(f"site/{site}/pv")[1] / hours
    return np.maximum(net_load_mw(channels), 0.0)


def table_of(journal: Journal, site: str, zone: str) -> LoadTable:
    """The same as a table of one meter, for the rules."""
    calendar = calendar_of(zone)
    metered = from_journal(journal, [f"site/{site}/grid"], zone=zone, calendar=calendar)
    return LoadTable((site,), metered.axis, load_of(journal, site)[None, :], zone, calendar)


def calendar_of(zone: str) -> Calendar:
    """Public holidays and transferred workdays in mainland China, plain weekdays elsewhere."""
    return mainland_china() if zone == _CHINA else WEEKDAYS
