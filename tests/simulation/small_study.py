"""A study small enough for a test: two sites, a feeder, a battery, one stream, two days over a month's end."""

from __future__ import annotations

from functools import cache
from typing import Any

from suandian.experiments.scenario import Scenario

ARMS = ("run_now", "threshold", "lowest_slots", "greenest_site")

SECTIONS: dict[str, Any] = {
    "name": "small",
    "seed": 7,
    "time": {"start": "2026-04-30", "duration": "2 d", "step": "1 h", "zone": "Asia/Shanghai"},
    "parties": {
        "grid": {"roles": ["grid_operator"]},
        "owner": {"roles": ["data_centre_operator", "computing_platform"]},
    },
    "feeders": {
        "county": {
            "operator": "grid",
            "region": "shandong",
            "latitude": "36.5 °",
            "longitude": "116 °",
            "transformer": "6 MVA",
            "power_factor": 0.85,
            "reverse_limit": "60 %",
            "pv": "9 MW",
            "load_min": "1 MW",
            "load_max": "3 MW",
        },
    },
    "sites": {
        "hall": {
            "operator": "owner",
            "region": "shandong",
            "latitude": "36.5 °",
            "longitude": "116 °",
            "feeder": "county",
            "it_max": "2 MW",
            "gpus": 2000,
            "idle_it": "0.4 MW",
            "import_max": "5 MW",
            "pv": "1 MW",
            "battery": {
                "energy": "2 MWh",
                "charge_max": "1 MW",
                "discharge_max": "1 MW",
                "energy_min": "0.2 MWh",
                "energy_initial": "1 MWh",
                "wear": "0.1 CNY/kWh",
            },
            "tariff": "shandong_2025",
        },
        "west": {
            "operator": "owner",
            "region": "gansu",
            "hub": "qingyang",
            "it_max": "1000 kW",
            "gpus": 1000,
            "idle_it": "0.2 MW",
            "import_max": "4 MW",
            "tariff": "gansu",
        },
    },
    "jobs": {"count": 250, "occupancy": "10 %", "gang_max": "15 %"},
    "streams": {"city": {"origin": "beijing", "home": "hall", "peak": "0.1 MW", "latency_max": "20 ms"}},
    "objective": {"carbon": "80 CNY/t", "curtailment": "0.2 CNY/kWh"},
    "coordinators": list(ARMS),
}


@cache
def small_study(step: str = "1 h", coordinators: tuple[str, ...] = ARMS) -> Scenario:
    """The study at one step; made once, since nothing of a Scenario changes."""
    sections = SECTIONS | {"time": SECTIONS["time"] | {"step": step}, "coordinators": list(coordinators)}
    return Scenario.build(**sections)
