"""The same year through the public API: `python suandian_study.py series.npz` prints figures as JSON.

A study of one site without deferrable jobs, checked, run, journalled, billed and reduced to KPIs.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

import suandian as sd


def study(path: Path) -> dict[str, float]:
    """Figures of the year stored at `path`."""
    with np.load(path) as file:
        data = {name: file[name] for name in file.files}
    periods = len(data["load_mw"])
    axis = sd.TimeAxis(datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=int(data["step_s"])), periods)
    scenario = sd.Scenario.build(
        name="year",
        axis=axis,
        zone="UTC",
        parties={"operator": {"roles": ["data_centre_operator", "computing_platform"]}},
        sites={
            "site": {
                "operator": "operator",
                "region": "shandong",
                "latitude_deg": 36.0,
                "longitude_deg": 117.0,
                "gpus": 1_000_000,
                "idle_it_mw": 0.0,
                "it_max_mw": 1000.0,
                "import_max_mw": 1000.0,
                "export_max_mw": 1000.0,
                "pv_mw": 100.0,
                "cooling": {"model": "constant", "pue_ratio": 1.0},
                "battery": {
                    "energy_mwh": float(data["energy_max_mwh"]),
                    "charge_max_mw": float(data["power_max_mw"]),
                    "discharge_max_mw": float(data["power_max_mw"]),
                    "charge_efficiency_ratio": 1.0,
                    "discharge_efficiency_ratio": 1.0,
                    "energy_initial_mwh": float(data["energy_start_mwh"]),
                },
            }
        },
        jobs={"count": 0},
        streams={"load": {"origin": "beijing", "home": "site", "peak_mw": 100.0, "latency_max_ms": 100.0}},
        signals={
            "price": {"site": data["price_cny_per_mwh"]},
            "carbon_average": {"site": data["carbon_kg_per_mwh"]},
            "carbon_marginal": {"site": data["carbon_kg_per_mwh"]},
            "outdoor": {"site": np.full(periods, 20.0)},
            "site_pv": {"site": data["pv_mw"]},
            "stream": {"load": data["load_mw"]},
        },
        forecasts={"mode": "perfect"},
        coordinators=["run_now"],
    )
    arm = sd.run(scenario, workers=1).arms["run_now"]
    kpis = arm.kpis
    return {
        "import_mwh": kpis["import_mwh"],
        "export_mwh": kpis["export_mwh"],
        "peak_import_mw": kpis["peak_import_mw"],
        "cost_cny": kpis["energy_cost_cny"],
        "carbon_kg": kpis["carbon_average_kg"],
        "energy_end_mwh": float(arm.journal.stored_mwh()[0, -1]),
    }


if __name__ == "__main__":
    print(json.dumps(study(Path(sys.argv[1]))))
