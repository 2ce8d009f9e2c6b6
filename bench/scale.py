"""One million jobs, one year, ten sites, quarter hours: from a Parquet table to a kept study, in a process of its own.

Seconds are processor seconds of that process (user and system), so that other work on the machine does not count.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import suandian as sd
from suandian.signals.job_mix import JobMix
from suandian.signals.jobs import generate_jobs

__all__ = ["run", "scenario", "write_jobs"]

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2025, 12, 31, 16, tzinfo=UTC)  # 2026-01-01 in China
ZONE = "Asia/Shanghai"
YEAR_PERIODS = 35_040
STEP = timedelta(minutes=15)
#: GPUs of a site for a million jobs, and per GPU: megawatts of the hall, of which a part is drawn when idle.
GPUS_PER_MILLION = 24_000
HALL_KW, IDLE_KW = 0.625, 0.173
#: Regions of the ten sites with their tariffs: three pairs of price shapes, so that moving and waiting both pay.
PLACES = (
    *(("shandong", "shandong_2025", 36.5, 116.2), ("gansu", "gansu", 36.0, 107.6)),
    *(("guangdong", "guangdong_2021", 24.8, 113.6), ("shandong", "shandong_2025", 36.1, 120.3)),
    *(("gansu", "gansu", 39.7, 98.5), ("guangdong", "guangdong_2021", 22.5, 114.1)),
    *(("shandong", "shandong_2025", 37.5, 121.4), ("gansu", "gansu", 36.1, 103.8)),
    *(("guangdong", "guangdong_2021", 23.1, 113.3), ("shandong", "shandong_2025", 35.4, 116.6)),
)
SITES = tuple(f"site{number}" for number in range(len(PLACES)))


def gpus_for(count: int) -> int:
    """GPUs of each site: in proportion to the jobs from a million on; fewer jobs leave the same sites emptier."""
    return GPUS_PER_MILLION * max(round(count / 1_000_000), 1)


def sites(gpus: int) -> dict[str, dict[str, Any]]:
    """Ten halls (15 MW for a million jobs); every third has PV and a battery behind its meter."""
    hall_mw = gpus * HALL_KW / 1000.0
    found: dict[str, dict[str, Any]] = {}
    for number, (name, (region, tariff, latitude_deg, longitude_deg)) in enumerate(zip(SITES, PLACES, strict=True)):
        found[name] = {
            "operator": "operator",
            "region": region,
            "latitude_deg": latitude_deg,
            "longitude_deg": longitude_deg,
            "gpus": gpus,
            "idle_it_mw": gpus * IDLE_KW / 1000.0,
            "it_max_mw": hall_mw,
            "import_max_mw": 2.0 * hall_mw,
            "tariff": tariff,
        }
        if number % 3 == 0:
            found[name] |= {"pv_mw": 0.5 * hall_mw, "export_max_mw": 0.25 * hall_mw, "battery": battery(hall_mw)}
    return found


def battery(hall_mw: float) -> dict[str, float]:
    """Two thirds of an hour of the hall's power, at half of it in an hour."""
    return {
        "energy_mwh": hall_mw * 2.0 / 3.0,
        "charge_max_mw": hall_mw / 3.0,
        "discharge_max_mw": hall_mw / 3.0,
        "energy_min_mwh": hall_mw / 30.0,
        "energy_initial_mwh": hall_mw / 3.0,
        "wear_cny_per_mwh": 100.0,
    }


def scenario(
    folder: Path,
    table: str,
    periods: int,
    gpus: int,
    coordinators: list[str | Mapping[str, object]],
    mode: str = "issued",
) -> sd.Scenario:
    """The study of the jobs in `folder/table` over `periods` quarter hours from the start of 2026."""
    return sd.Scenario.build(
        name="scale",
        seed=1,
        axis=sd.TimeAxis(START, STEP, periods),
        zone=ZONE,
        parties={"operator": {"roles": ["data_centre_operator", "computing_platform"]}},
        sites=sites(gpus),
        jobs={"table": {"file": table}},
        streams={
            name: {"origin": name, "home": home, "peak_mw": gpus * 1.2e-4, "latency_max_ms": 30.0}
            for name, home in (("beijing", "site0"), ("lanzhou", "site1"), ("shenzhen", "site2"))
        },
        forecasts={"mode": mode, "every": "6 h"},
        objective={"carbon_cny_per_t": 80.0},
        coordinators=coordinators,
        data=folder,
    )


def write_jobs(path: Path, count: int, periods: int, seed: int = 1) -> int:
    """A table of about `count` jobs as `jobs.table` reads it, from the generator's statistics; returns their number."""
    axis = sd.TimeAxis(START, STEP, periods)
    jobs = generate_jobs(
        axis,
        JobMix(count=count, occupancy_ratio=0.45 * min(count / 1_000_000, 1.0), gang_max_ratio=0.025),
        sites=len(SITES),
        site_weights=[1.0] * len(SITES),
        gpus_per_site=[gpus_for(count)] * len(SITES),
        zone=ZONE,
        seed=seed,
        cut=False,
    )
    names = np.array(SITES)
    single = jobs.sites_allowed == (np.uint64(1) << jobs.home.astype(np.uint64))

    def times(seconds_s: np.ndarray) -> pl.Series:
        return pl.Series(seconds_s * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")

    pl.DataFrame(
        {
            "id": np.arange(len(jobs)),
            "user": pl.Series(jobs.user).cast(pl.String),
            "kind": pl.Series(np.array(jobs.kind_names)[jobs.kind]),
            "submitted": times(jobs.submitted_s),
            "released": times(jobs.released_s),
            "due": times(jobs.due_s),
            "duration [s]": jobs.duration_s,
            "gpus [GPU]": jobs.gpus_max,
            "power_per_gpu [kW]": jobs.power_per_gpu_kw,
            "home": pl.Series(names[jobs.home]),
            "sites_allowed": pl.Series(np.where(single, names[jobs.home], "any")),
            "preemptible": jobs.preemptible,
            "checkpoint [h]": jobs.checkpoint_h,
            "data [GB]": jobs.data_gb,
        }
    ).write_parquet(path)
    return len(jobs)


#: What one process does: arm → coordinator's section. Heuristics decide once a day for two days ahead.
ARMS: Mapping[str, Mapping[str, object]] = {
    "run_now": {"name": "run_now"},
    "threshold": {"name": "threshold", "options": {"decide_every_h": 24.0, "horizon_h": 24.0}},
    "lowest_slots": {"name": "lowest_slots", "options": {"decide_every_h": 24.0, "horizon_h": 48.0}},
    "lowest_window": {"name": "lowest_window", "options": {"decide_every_h": 24.0, "horizon_h": 48.0}},
    "greenest_site": {"name": "greenest_site", "options": {"decide_every_h": 24.0}},
    "rolling": {"name": "rolling", "options": {"decide_every_h": 6.0, "horizon_h": 48.0}},
}


def whole(folder: Path, table: str, periods: int, gpus: int, arm: str) -> dict[str, float]:
    """Read, plan, place, reduce and keep one arm; stage by stage in processor seconds."""
    stages: dict[str, float] = {}
    began_s = time.process_time()
    study = scenario(folder, table, periods, gpus, [dict(ARMS[arm])])
    jobs = len(study.truth().jobs)
    stages["read_s"] = time.process_time() - began_s
    finding = sd.run(study, out=folder / "runs", languages=())
    stages["total_s"] = time.process_time() - began_s
    used = resource.getrusage(resource.RUSAGE_SELF)
    kpis = next(iter(finding.arms.values())).kpis
    return stages | {
        "process_s": used.ru_utime + used.ru_stime,
        "resident_gb": used.ru_maxrss / 1e6,
        "jobs": jobs,
        "classes": len(study.truth().fleet.classes),
        "wall_s": time.process_time(),
        **{name: kpis[name] for name in ("objective_cny", "jobs_completed", "deadline_misses", "work_gpu_h")},
        "blocks": len(next(iter(finding.arms.values())).journal.blocks),
    }


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    if task == "write":
        print(write_jobs(Path(arguments[0]), int(arguments[1]), int(arguments[2])))
    else:
        print(json.dumps(whole(Path(arguments[0]), arguments[1], int(arguments[2]), int(arguments[3]), arguments[4])))
