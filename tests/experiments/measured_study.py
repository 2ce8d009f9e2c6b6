"""A study for measurement: forty days of one hour steps, so that a league takes a second or two."""

from __future__ import annotations

from functools import cache
from typing import Any

from small_study import SECTIONS

from suandian.experiments.measurement import League, TestCalls, league
from suandian.experiments.scenario import Scenario

TIME = {"start": "2026-04-10", "duration": "20 d", "step": "1 h", "zone": "Asia/Shanghai"}
MEASURED: dict[str, Any] = SECTIONS | {
    "time": TIME,
    "jobs": {"count": 2500, "occupancy": "30 %", "gang_max": "15 %"},
    "coordinators": ["run_now", "threshold"],
    "parties": {
        "grid": {"roles": ["grid_operator"], "may_instruct": ["owner"]},
        "owner": {"roles": ["data_centre_operator", "computing_platform"]},
    },
}

INSTRUCTION = {
    "id": "evening",
    "issuer": "grid",
    "receiver": "owner",
    "site": "hall",
    "issued": "2026-04-29T13:00",
    "start": "2026-04-29T17:00",
    "end": "2026-04-29T20:00",
    "import_max": "0.65 MW",
}


@cache
def measured(**changes: Any) -> Scenario:
    return Scenario.build(**MEASURED | changes)


@cache
def called() -> Scenario:
    """The same with one instruction of its own, and a week after it: work is cut at the end of the world."""
    longer = {"time": TIME | {"duration": "26 d"}, "jobs": MEASURED["jobs"] | {"count": 3250}}
    return Scenario.build(**MEASURED | longer | {"instructions": [INSTRUCTION]})


@cache
def small_league() -> League:
    return league(measured(), sites=("hall",), days=40, calls=TestCalls(days=14))
