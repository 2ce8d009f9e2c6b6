"""The same year here: `python suandian_year.py series.npz [calls]` prints figures as JSON.

One call takes the path without numba, as a process does that needs only this. With more calls numba is loaded, as in
any study with jobs, and `wall_s` is the best of the calls after the first, which loads the compiled kernel.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

import numpy as np

from suandian.model.site import Battery, Site
from suandian.physics.facility import StepInputs, advance


def year(path: Path, calls: int) -> dict[str, float]:
    """Figures of the year stored at `path`, and the seconds it took."""
    with np.load(path) as file:
        data = {name: file[name] for name in file.files}
    step_h = float(data["step_s"]) / 3600.0
    energy_mwh, power_mw = float(data["energy_max_mwh"]), float(data["power_max_mw"])
    battery = Battery(energy_mwh, power_mw, power_mw, 1.0, 1.0)
    site = Site(
        "site", "operator", "shandong", 36.0, 117.0, 1, 0.0, 1e3, import_max_mw=1e3, export_max_mw=1e3, battery=battery
    )
    walls_s, figures = [], {}
    for _ in range(calls):
        started = time.perf_counter()
        inputs = StepInputs(
            step_h=step_h,
            facility_mw=data["load_mw"][None],
            site_pv_mw=data["pv_mw"][None],
            curtail_mw=np.zeros((1, len(data["load_mw"]))),
            charge_mw=None,
            discharge_mw=None,
            import_guard_mw=np.array([np.inf]),
            feeder_pv_mw=np.zeros((0, len(data["load_mw"]))),
            feeder_load_mw=np.zeros((0, len(data["load_mw"]))),
            energy_mwh=np.array([float(data["energy_start_mwh"])]),
        )
        result = advance((site,), (), inputs)
        import_mwh = result.import_mw[0] * step_h
        figures = {
            "import_mwh": float(import_mwh.sum()),
            "export_mwh": float(result.export_mw[0].sum() * step_h),
            "peak_import_mw": float(result.import_mw[0].max()),
            "cost_cny": float(import_mwh @ data["price_cny_per_mwh"]),
            "carbon_kg": float(import_mwh @ data["carbon_kg_per_mwh"]),
            "energy_end_mwh": float(result.energy_mwh[0, -1]),
        }
        walls_s.append(time.perf_counter() - started)
    return figures | {"wall_s": min(walls_s[1:] or walls_s)}


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    if count > 1:
        importlib.import_module("numba")
    print(json.dumps(year(Path(sys.argv[1]), count)))
