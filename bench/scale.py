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
from bench.figures import log_log
from suandian.experiments.scenario import plugins
from suandian.model.workload import JobTable
from suandian.signals.job_mix import JobMix
from suandian.signals.jobs import generate_jobs
from suandian.simulation.desk import ForecastSchedule
from suandian.simulation.engine import SimulatedWorld

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
    *,
    jobs: JobTable | None = None,
) -> sd.Scenario:
    """The study of the jobs in `folder/table` over `periods` quarter hours from the start of 2026."""
    return sd.Scenario.build(
        name="scale",
        seed=1,
        axis=sd.TimeAxis(START, STEP, periods),
        zone=ZONE,
        parties={"operator": {"roles": ["data_centre_operator", "computing_platform"]}},
        sites=sites(gpus),
        jobs={"table": {"file": table}} if jobs is None else jobs,
        streams={
            name: {"origin": name, "home": home, "peak_mw": gpus * 1.2e-4, "latency_max_ms": 30.0}
            for name, home in (("beijing", "site0"), ("lanzhou", "site1"), ("shenzhen", "site2"))
        },
        forecasts={"every": "6 h"},
        objective={"carbon_cny_per_t": 80.0},
        coordinators=coordinators,
        data=folder if jobs is None else None,
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
    "rolling": {"name": "rolling", "options": {"decide_every_h": 6.0, "near_h": 0.0, "coarse_every_h": 240.0}},
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
        **{name: kpis[name] for name in ("objective_cny", "jobs_completed", "deadline_misses", "work_gpu_h")},
        "blocks": len(next(iter(finding.arms.values())).journal.blocks),
    }


def waiting_jobs(count: int, seed: int = 1) -> JobTable:
    """`count` jobs, all released at the start and due within a week: far more than can run at once."""
    rng = np.random.default_rng(seed)
    start_s = int(START.timestamp())
    gang = rng.choice([1, 2, 4, 8, 16, 32, 64], count, p=[0.35, 0.15, 0.12, 0.2, 0.1, 0.05, 0.03])
    duration_s = np.clip(rng.lognormal(9.5, 1.0, count), 600, 2 * 86_400).astype(np.int64)
    home = rng.integers(0, len(SITES), count)
    everywhere = np.uint64((1 << len(SITES)) - 1)
    return JobTable(
        id=np.arange(count),
        user=np.zeros(count, dtype=np.int32),
        kind=np.zeros(count, dtype=np.int16),
        contract=np.zeros(count, dtype=np.int16),
        submitted_s=np.full(count, start_s),
        released_s=np.full(count, start_s),
        due_s=start_s + duration_s + (rng.uniform(12.0, 160.0, count) * 3600.0).astype(np.int64),
        work_gpu_h=gang * duration_s / 3600.0,
        gpus_min=gang,
        gpus_max=gang,
        power_per_gpu_kw=rng.choice([0.3, 0.4, 0.5], count),
        preemptible=rng.random(count) < 0.6,
        checkpoint_h=np.full(count, 0.05),
        home=home.astype(np.int16),
        sites_allowed=np.where(rng.random(count) < 0.4, everywhere, np.uint64(1) << home.astype(np.uint64)),
        data_gb=np.zeros(count),
    )


def replanned(count: int, arm: str) -> dict[str, float]:
    """Processor seconds of one decision with `count` jobs waiting: look, plan, place until the next one is due.

    The first decision is left out, and so is everything that happens once: it warms what a running service has warm.
    """
    coordinator = dict(ARMS[arm]) | {"options": REPLANNED.get(arm, {})}
    study = scenario(Path(), "", 14 * 96, GPUS_PER_MILLION // 10, [coordinator], jobs=waiting_jobs(count))
    world = SimulatedWorld(study.truth(), ForecastSchedule(6.0, study.forecasts.models, 1))
    decide = plugins.coordinator(arm, dict(REPLANNED.get(arm, {})))
    took: list[tuple[float, float, float, float]] = []
    for _ in range(4):
        began_s = time.process_time()
        view = world.view("operator")
        seen_s = time.process_time()
        plan = decide.plan(view)
        planned_s = time.process_time()
        world.enact(plan, world.now + min(plan.stands_for, SPAN_PERIODS))
        placed_s = time.process_time()
        took.append((placed_s - began_s, seen_s - began_s, planned_s - seen_s, placed_s - planned_s))
    total_s, view_s, plan_s, place_s = min(took[1:])
    return {"total_s": total_s, "view_s": view_s, "plan_s": plan_s, "place_s": place_s, "queue": len(view.queue)}


#: Options of the arms that re-plan a queue: quarter-hour heuristics two days ahead, the rolling one as it is shipped.
REPLANNED: Mapping[str, Mapping[str, object]] = {
    "threshold": {"horizon_h": 24.0},
    "lowest_slots": {"horizon_h": 48.0},
    "lowest_window": {"horizon_h": 48.0},
    "greenest_site": {},
    "rolling": {},
}
#: One placement span: an hour.
SPAN_PERIODS = 4


#: The case that has to be met: jobs, processor seconds and resident gigabytes of a whole run, of a rolling year.
MILLION, WHOLE_MAX_S, RESIDENT_MAX_GB, ROLLING_MAX_S, REPLAN_MAX_S = 1_000_000, 15.0, 2.0, 180.0, 1.0
FIGURE = ROOT / "docs" / "images" / "scale.svg"


def run(quick: bool = False) -> dict[str, Any]:
    """Whole runs from ten thousand jobs to ten million, a rolling year, a long queue; quick: a month, fewer jobs."""
    counts = (10_000, 100_000) if quick else (10_000, 100_000, MILLION, 10_000_000)
    periods = 31 * 96 if quick else YEAR_PERIODS
    rows: list[dict[str, Any]] = []
    curves: dict[str, list[tuple[float, float]]] = {"run_now": [], "lowest_slots": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in counts:
            table = f"jobs{count}.parquet"
            _process("write", folder / table, count, periods)
            arms = tuple(arm for arm in ARMS if arm != "rolling") if count == MILLION else tuple(curves)
            for arm in arms:
                if count == counts[0]:
                    _process("whole", folder, table, periods, gpus_for(count), arm)  # compiles what is not cached
                found = json.loads(_process("whole", folder, table, periods, gpus_for(count), arm))
                rows += _whole_rows(arm, found, judged=count == MILLION)
                if arm in curves:
                    curves[arm].append((found["jobs"], found["process_s"]))
        table = f"jobs{counts[-1 if quick else 2]}.parquet"
        found = json.loads(_process("whole", folder, table, periods, gpus_for(MILLION), "rolling"))
        rows += _whole_rows("rolling", found, judged=not quick)
    for arm in REPLANNED:
        found = json.loads(_process("replan", 10_000 if quick else 100_000, arm))
        what = f"{arm}: {found['queue']:,} waiting jobs looked at, planned and placed for an hour, s"
        rows.append(_row(what, found["total_s"], None if quick else REPLAN_MAX_S))
    if not quick:
        FIGURE.write_text(log_log(curves, "jobs", "processor seconds of a whole run"), encoding="utf-8")
    return {
        "title": "A million jobs, a year, ten sites, quarter hours",
        "rows": rows,
        "figure": "" if quick else "../images/scale.svg",
        "notes": [
            "Processor seconds (user and system) of a process of its own, start-up included: the Parquet table is read "
            "and checked, series are generated, jobs are planned and placed, bills and KPIs made, and the study is "
            "kept (journal, job outcomes, ledger), without HTML reports.",
            "Heuristics decide once a day, `rolling` every six hours for two days ahead in hours (two hours after the "
            "first day), with a coarse plan every ten days.",
            "At ten million jobs the sites are ten times as large, below a million they are emptier.",
        ],
    }


def _process(*task: object) -> str:
    """What a process of its own answers."""
    command = [sys.executable, "-m", "bench.scale", *map(str, task)]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def _whole_rows(arm: str, found: Mapping[str, float], *, judged: bool) -> list[dict[str, Any]]:
    most_s = ROLLING_MAX_S if arm == "rolling" else WHOLE_MAX_S
    what = f"{arm}: {found['jobs']:,} jobs"
    return [
        _row(f"{what}, the whole run, s", found["process_s"], most_s if judged else None),
        _row(f"{what}, resident memory, GB", found["resident_gb"], RESIDENT_MAX_GB if judged else None),
    ]


def _row(what: str, ours: float, most: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {"what": what, "ours": round(ours, 3)}
    return row if most is None else row | {"target": f"≤ {most:g}", "met": ours <= most}


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    if task == "replan":
        print(json.dumps(replanned(int(arguments[0]), arguments[1])))
    elif task == "write":
        print(write_jobs(Path(arguments[0]), int(arguments[1]), int(arguments[2])))
    else:
        print(json.dumps(whole(Path(arguments[0]), arguments[1], int(arguments[2]), int(arguments[3]), arguments[4])))
