"""The year in Vessim, run by a Python that has it: `python vessim_year.py series.npz` prints figures as JSON."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
import vessim as vs

with np.load(sys.argv[1]) as file:
    data = {name: file[name] for name in file.files}
step_s = int(data["step_s"])
periods = len(data["load_mw"])
offsets_s = np.arange(periods) * step_s


def trace(name: str, scale: float) -> vs.Trace:
    return vs.Trace(pd.Series(data[name] * scale, index=offsets_s, name=name))


environment = vs.Environment(sim_start="2026-01-01", step_size=step_s)
battery = vs.SimpleBattery(
    "battery",
    capacity=float(data["energy_max_mwh"]) * 1e6,
    initial_soc=float(data["energy_start_mwh"] / data["energy_max_mwh"]),
    c_rate=float(data["power_max_mw"] / data["energy_max_mwh"]),
)
environment.add_microgrid(
    name="site",
    actors=[vs.Consumer("load", trace("load_mw", 1e6)), vs.Producer("pv", trace("pv_mw", 1e6))],
    dispatchables=[battery, vs.GridConnection()],
    grid_signals={"price": trace("price_cny_per_mwh", 1e-3), "carbon": trace("carbon_kg_per_mwh", 1e-3)},
)
recorder = vs.Recorder(
    timeseries=False,
    custom_metrics={
        "cost": vs.ElectricityImportCost("site", "price", currency="CNY"),
        "carbon": vs.GridImportEmissions("site", "carbon"),
    },
)
environment.add_controller(recorder)
started = time.perf_counter()
environment.run(until=periods * step_s)
wall_s = time.perf_counter() - started
metrics = recorder.metrics["microgrids"]["site"]
print(
    json.dumps(
        {
            "wall_s": wall_s,
            "import_mwh": metrics["grid_import"] / 1e6,
            "export_mwh": metrics["grid_export"] / 1e6,
            "peak_import_mw": metrics["peak_grid_import"] / 1e6,
            "cost_cny": metrics["cost"],
            "carbon_kg": metrics["carbon"],
            "energy_end_mwh": battery.charge_level / 1e6,
        }
    )
)
