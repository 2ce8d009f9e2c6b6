"""Speed of the heuristic coordinators: one plan for a long queue, and a month of hourly plans for a short one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from suandian.coordination.base import Coordinator
from suandian.coordination.heuristic import GreenestSite, LowestSlots, LowestWindow, Threshold
from suandian.model.plan import Fleet, Objective, Outlook, Queue, View
from suandian.model.site import Site
from suandian.model.workload import ClassTable
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["run"]

START = datetime(2026, 4, 1, tzinfo=UTC)


def run(quick: bool = False) -> dict[str, Any]:
    """Horizons of 96 h in quarter hours; quick: a tenth of the queue and of the plans."""
    part = 10 if quick else 1
    coordinators = (
        Threshold(horizon_h=96.0),
        LowestWindow(horizon_h=96.0),
        LowestSlots(horizon_h=96.0),
        GreenestSite(),
    )
    rows = []
    for jobs, sites, classes, plans, most_s in (
        (100_000 // part, 3, 6, 1, 1.0),
        (100_000 // part, 10, 6, 1, None),
        (400, 3, 60, 720 // part, 3.0),
    ):
        view = waiting(jobs, sites, classes)
        for coordinator in coordinators:
            coordinator.plan(view)
            taken_s = min(_seconds(coordinator, view, plans) for _ in range(2))
            rows.append(
                {
                    "what": f"{coordinator.name}: {plans} plans, {jobs:,} jobs waiting, {sites} sites, s",
                    "ours": round(taken_s, 3),
                    "target": "" if quick or most_s is None else f"≤ {most_s:g} s",
                    "met": None if quick or most_s is None else taken_s <= most_s,
                }
            )
    return {"title": "Heuristic coordinators", "rows": rows, "notes": ["Best of two runs."]}


def _seconds(coordinator: Coordinator, view: View, plans: int) -> float:
    begin = time.perf_counter()
    for _ in range(plans):
        coordinator.plan(view)
    return time.perf_counter() - begin


def waiting(jobs: int, sites: int, classes: int, periods: int = 384) -> View:
    """A view with `jobs` waiting, free to run anywhere, on sites with room for about half of them."""
    rng = np.random.default_rng(1)
    axis = TimeAxis(START, timedelta(minutes=15), periods)
    price = rng.random((sites, periods)) * 800.0
    gpus = max(jobs // 5, 400)
    places = tuple(
        Site(f"s{s}", "op", "r", 36.0, 117.0, gpus, 0.1 * gpus / 1e3, gpus / 1e3, gpus / 500) for s in range(sites)
    )
    everywhere = np.uint64(2**sites - 1)
    fleet = Fleet(
        sites=places,
        feeders=(),
        classes=ClassTable(
            ("F3",) * classes, np.full(classes, 4.0), np.full(classes, everywhere), np.full(classes, 0.4)
        ),
        stream_ids=("a", "b", "c"),
        stream_label=("F0",) * 3,
        stream_allowed=np.ones((3, sites), dtype=bool),
        stream_home=np.arange(3),
        stream_power_per_gpu_kw=np.full(3, 0.4),
        demand_cny_per_mw_month=np.zeros(sites),
        carbon_official_kg_per_mwh=np.full(sites, 500.0),
        zone="Asia/Shanghai",
    )
    empty, work = np.zeros((0, periods)), np.zeros((classes, periods))
    outlook = Outlook(
        axis=axis,
        price_cny_per_mwh=price,
        export_price_cny_per_mwh=np.zeros_like(price),
        carbon_average_kg_per_mwh=price,
        carbon_marginal_kg_per_mwh=price,
        outdoor_c=np.full_like(price, 15.0),
        site_pv_mw=np.zeros_like(price),
        feeder_pv_mw=empty,
        feeder_load_mw=empty,
        feeder_wind_mw=empty,
        stream_mw=np.full((3, periods), 0.01),
        released_mwh=work,
        due_mwh=work,
        issued_at={},
    )
    now_s = axis.start_s
    queue = Queue(
        job=np.arange(jobs),
        class_index=rng.integers(0, classes, jobs),
        state=np.zeros(jobs, dtype=np.int8),
        site=np.full(jobs, -1),
        gpus=rng.integers(1, 9, jobs),
        power_per_gpu_kw=np.full(jobs, 0.4),
        preemptible=rng.random(jobs) < 0.6,
        home=rng.integers(0, sites, jobs),
        sites_allowed=np.full(jobs, everywhere),
        submitted_s=np.full(jobs, now_s),
        released_s=np.full(jobs, now_s),
        due_s=now_s + rng.integers(3_600, 400 * 3_600, jobs),
        remaining_s=rng.integers(600, 40_000, jobs),
    )
    return View(
        axis=axis,
        party="platform",
        fleet=fleet,
        objective=Objective(),
        outlook=outlook,
        queue=queue,
        energy_mwh=np.zeros(sites),
        peak_mw=np.zeros(sites),
    )
