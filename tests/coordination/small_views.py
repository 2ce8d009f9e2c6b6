"""Small Views, built by hand, for the tests of the heuristics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from suandian.model.plan import Fleet, Objective, Outlook, Queue, View
from suandian.model.site import Cooling, Site
from suandian.model.workload import FULL_PACE, ClassTable
from suandian.quantity.timeaxis import TimeAxis

START = datetime(2026, 4, 1, tzinfo=UTC)
START_S = int(START.timestamp())
H = 3600


def site(name="a", gpus=100, *, import_max_mw=1.0, it_max_mw=1.0, idle_it_mw=0.0, feeder="", pue_ratio=1.0):
    return Site(
        id=name,
        operator="op",
        region="r",
        latitude_deg=36.0,
        longitude_deg=117.0,
        gpus=gpus,
        idle_it_mw=idle_it_mw,
        it_max_mw=it_max_mw,
        import_max_mw=import_max_mw,
        cooling=Cooling(model="constant", pue_ratio=pue_ratio),
        feeder=feeder,
    )


def queue(*jobs):
    """Jobs as dicts; what is not told: 1 GPU of 1 kW, an hour of work, released now, due in a day, waiting, home 0."""
    usual = {
        "class_index": 0,
        "state": 0,
        "site": -1,
        "gpus": 1,
        "power_per_gpu_kw": 1.0,
        "preemptible": True,
        "home": 0,
        "sites_allowed": 1,
        "submitted_s": START_S,
        "released_s": START_S,
        "due_s": START_S + 24 * H,
        "remaining_s": H,
        "transfer_s": 0,
    }
    rows = [usual | {"job": number} | job for number, job in enumerate(jobs)]
    types = {"state": np.int8, "power_per_gpu_kw": float, "preemptible": bool, "sites_allowed": np.uint64}
    names = ("job", *usual)
    return Queue(**{name: np.array([row[name] for row in rows], dtype=types.get(name, np.int64)) for name in names})


def view(
    sites,
    jobs,
    price,
    *,
    carbon=None,
    step_h=1.0,
    slack_h=(4.0,),
    labels=("F3",),
    class_sites=None,
    streams=(),
    feeders=(),
    instructions=(),
    due_mwh=None,
    pace=FULL_PACE,
    **outlook,
):
    """`price` and `carbon` are (S, H); `streams` are (home, allowed sites, demand MW per interval) at 1 kW a GPU."""
    price = np.asarray(price, dtype=float)
    count, periods = price.shape
    axis = TimeAxis(START, timedelta(hours=step_h), periods)
    everywhere = [2**count - 1] * len(slack_h) if class_sites is None else class_sites
    classes = ClassTable(
        tuple(labels),
        np.array(slack_h),
        np.array(everywhere, dtype=np.uint64),
        np.full(len(slack_h), 1.0),
        pace=np.ones(len(slack_h), dtype=np.int64),
        paces=(FULL_PACE, pace),
    )
    fleet = Fleet(
        sites=tuple(sites),
        feeders=tuple(feeders),
        classes=classes,
        stream_ids=tuple(f"stream{k}" for k in range(len(streams))),
        stream_label=("F0",) * len(streams),
        stream_allowed=np.array(
            [[s in allowed for s in range(count)] for _, allowed, _ in streams], dtype=bool
        ).reshape(-1, count),
        stream_home=np.array([home for home, _, _ in streams], dtype=np.int64),
        stream_power_per_gpu_kw=np.ones(len(streams)),
        demand_cny_per_mw_month=np.zeros(count),
        carbon_official_kg_per_mwh=np.full(count, 500.0),
        zone="Asia/Shanghai",
    )
    carbon = price if carbon is None else np.asarray(carbon, dtype=float)
    nothing = np.zeros((len(slack_h), periods))
    fields = {
        "export_price_cny_per_mwh": np.zeros_like(price),
        "carbon_average_kg_per_mwh": carbon,
        "carbon_marginal_kg_per_mwh": carbon[:, ::-1],
        "outdoor_c": np.full_like(price, 15.0),
        "site_pv_mw": np.zeros_like(price),
        "feeder_pv_mw": np.zeros((len(feeders), periods)),
        "feeder_wind_mw": np.zeros((len(feeders), periods)),
        "feeder_load_mw": np.zeros((len(feeders), periods)),
        "stream_mw": np.array([demand for _, _, demand in streams]).reshape(-1, periods),
        "released_mwh": nothing,
        "due_mwh": nothing if due_mwh is None else np.asarray(due_mwh, dtype=float),
    } | outlook
    return View(
        axis=axis,
        party="platform",
        fleet=fleet,
        objective=Objective(),
        outlook=Outlook(axis=axis, price_cny_per_mwh=price, issued_at={}, **fields),
        queue=queue(*jobs),
        energy_mwh=np.zeros(count),
        peak_mw=np.zeros(count),
        instructions=tuple(instructions),
    )
