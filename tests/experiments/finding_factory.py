"""Small plausible findings for tests of the report: a sunny county in numpy, without the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from bent_factory import bend
from grid_factory import grid_reads, with_county
from numpy.typing import NDArray

from suandian.experiments.finding import Arm, Finding, Provenance
from suandian.experiments.grid import branches_frame, buses_frame, grid_record, grid_states
from suandian.model.grid import Feeder
from suandian.model.plan import Fleet, Objective
from suandian.model.site import Battery, Site
from suandian.model.workload import ClassTable, JobTable
from suandian.physics.feeder_grid import operate
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import Meter, MeterBlock
from suandian.record.journal import Journal
from suandian.settlement.ledger import Ledger
from suandian.simulation.truth import Truth

Array = NDArray[np.float64]
LABELS = ("F1", "F2", "F3", "F4", "F5")
_SHARE = np.array([0.3, 0.15, 0.2, 0.3, 0.05])
#: how far each arm leans towards the sun, and the share of computing it keeps in the first site
_LEAN = {
    "run_now": (0.0, 1.0),
    "threshold": (0.35, 1.0),
    "lowest_window": (0.45, 1.0),
    "lowest_slots": (0.55, 0.98),
    "greenest_site": (0.1, 0.85),
    "rolling": (0.85, 0.9),
    "foresight": (1.0, 0.88),
}


@dataclass(frozen=True)
class Options:
    """What the invented county has."""

    arms: tuple[str, ...] = tuple(_LEAN)
    chosen: str = "rolling"
    days: int = 14
    step_minutes: int = 15
    feeders: int = 1
    sites: int = 3
    battery: bool = True
    pv: bool = True
    late_jobs: int = 0
    late_control: int = 0
    late_foresight: int = 0
    bound_ratio: float = 0.995
    reverse_lean: bool = False
    demand_cny_per_mw_month: float = 12_000.0
    zone: str = "Asia/Shanghai"
    flexible: bool = False
    grid: bool = False
    windy: int = 0
    spot: bool = False


def make_finding(options: Options | None = None) -> Finding:
    """An invented finding; every number in it follows from `options`, none from chance."""
    options = options or Options()
    axis = TimeAxis(
        datetime(2026, 3, 31, 16, tzinfo=UTC),
        timedelta(minutes=options.step_minutes),
        options.days * 24 * 60 // options.step_minutes,
    )
    truth = _truth(options, axis)
    jobs = _job_columns(options, axis)
    arms = {name: _arm(options, truth, name, jobs) for name in options.arms}
    provenance = Provenance(
        scenario="county-noon",
        scenario_hash="3f9c1e7a52d0",
        seed=11,
        versions={"suandian": "0.1.0", "python": "3.11", "highspy": "1.9", "plotly": "6.0"},
        sources=(
            ("price_cny_per_mwh", "Shandong time-of-use periods 2025, 鲁发改价格〔2023〕914号", "A"),
            ("carbon_official_kg_per_mwh", "MEE/NBS announcement 2025 No. 47", "A"),
            ("carbon_average_kg_per_mwh", "modelled, scaled to the official factor", "D"),
        ),
        command="suandian run county-noon",
    )
    finding = Finding(
        name="county-noon",
        title={"en": "A county at noon", "zh": "县域正午"},
        question={
            "en": "Can a data centre use the county's noon sun, and who would notice?",
            "zh": "数据中心能否用上县里的正午阳光？谁会受影响？",
        },
        truth=truth,
        arms=arms,
        control=options.arms[0],
        chosen=options.chosen if options.chosen in options.arms else options.arms[-1],
        bound_cny=min(arm.kpis["objective_cny"] for arm in arms.values()) * options.bound_ratio,
        provenance=provenance,
        folder=None,
    )
    return bend(finding) if options.flexible else finding


def _hours(axis: TimeAxis) -> Array:
    return (np.arange(axis.periods) * axis.step_h) % 24.0


def _sun(axis: TimeAxis) -> Array:
    clear = np.clip(np.sin((_hours(axis) - 6.0) / 12.0 * np.pi), 0.0, None) ** 1.2
    day = (np.arange(axis.periods) * axis.step_h // 24).astype(int)
    cloud = np.array([0.95, 0.9, 0.8, 1.0, 0.25, 0.9, 0.7])[day % 7]
    return clear * cloud * (1 - 0.06 * np.sin(np.arange(axis.periods) * 1.7) ** 2)


def _truth(options: Options, axis: TimeAxis) -> Truth:
    hours, sun = _hours(axis), _sun(axis)
    names = [
        ("county", "shandong", 20.0, 5.0, "County, Shandong", "山东县域"),
        ("qingyang", "gansu", 30.0, 7.0, "Qingyang, Gansu", "甘肃庆阳"),
        ("shaoguan", "guangdong", 15.0, 4.0, "Shaoguan, Guangdong", "广东韶关"),
    ][: options.sites]
    battery = Battery(20.0, 10.0, 10.0, wear_cny_per_mwh=40.0) if options.battery else None
    sites = tuple(
        Site(
            id=name,
            operator="operator",
            region=region,
            latitude_deg=36.0,
            longitude_deg=117.0,
            gpus=1000,
            idle_it_mw=idle,
            it_max_mw=it_max,
            import_max_mw=it_max * 1.5,
            battery=battery if row == 0 else None,
            feeder=f"feeder{row}" if row < options.feeders else "",
            name=en,
            name_zh=zh,
        )
        for row, (name, region, it_max, idle, en, zh) in enumerate(names)
    )
    feeders = tuple(
        Feeder(
            f"feeder{row}",
            "grid",
            "shandong",
            36.0,
            117.0,
            80.0,
            0.9,
            0.8,
            150.0,
            "County connection",
            "县域并网点",
            wind_mw=60.0 * (row < options.windy),
        )
        for row in range(options.feeders)
    )
    if options.grid:
        feeders = (with_county(feeders[0], sites[0].id), *feeders[1:])
    price = np.select([(hours >= 10) & (hours < 15), (hours >= 16) & (hours < 22)], [230.0, 1010.0], 620.0)
    carbon = 640.0 - 300.0 * sun + 60.0 * np.sin((hours - 14) / 24 * 2 * np.pi)
    count, periods = len(sites), axis.periods
    none = np.zeros(0)
    fleet = Fleet(
        sites,
        feeders,
        ClassTable(("F3",), np.array([4.0]), np.array([7], np.uint64), np.array([0.6])),
        (),
        (),
        np.zeros((0, count), bool),
        np.zeros(0, np.int64),
        none,
        np.full(count, options.demand_cny_per_mw_month),
        np.array([641.0, 466.0, 431.0])[:count],
        options.zone,
    )
    pv = sun * 150.0 * (1.0 if options.pv else 0.0)
    load = 26.0 + 14.0 * np.exp(-(((hours - 19.5) / 2.2) ** 2)) + 6.0 * np.exp(-(((hours - 11.0) / 3.0) ** 2))
    return Truth(
        axis=axis,
        fleet=fleet,
        parties=(),
        objective=Objective(),
        jobs=_no_jobs(),
        class_index=np.zeros(0, np.int64),
        streams=(),
        price_cny_per_mwh=np.array([price, price * 0.7, price * 0.95])[:count],
        export_price_cny_per_mwh=np.zeros((count, periods)),
        carbon_average_kg_per_mwh=np.array([carbon, carbon * 0.75, carbon * 0.7])[:count],
        carbon_marginal_kg_per_mwh=np.array([carbon + 150, carbon + 60, carbon + 90])[:count],
        outdoor_c=np.full((count, periods), 15.0),
        site_pv_mw=np.zeros((count, periods)) if options.feeders else np.array([pv * 0.1] * count),
        feeder_pv_mw=np.array([pv] * options.feeders).reshape(options.feeders, periods),
        feeder_load_mw=np.array([load] * options.feeders).reshape(options.feeders, periods),
        site_pv_upper_mw=np.full((count, periods), 15.0),
        feeder_pv_upper_mw=np.full((options.feeders, periods), 150.0),
        arrivals_mw=np.zeros((1, 168)),
        arrival_run_h=np.zeros(1),
        instructions=(),
        sources={f"price_cny_per_mwh/{site.id}": "spot price" if options.spot else "tariff t" for site in sites},
        feeder_wind_mw=np.array([(20.0 + pv * 0.1) * (row < options.windy) for row in range(options.feeders)]).reshape(
            options.feeders, periods
        ),
    )


def _no_jobs() -> JobTable:
    return JobTable.ordered({name: np.zeros(0) for name in JobTable.column_names()})


def _computing_mw(options: Options, truth: Truth, arm: str) -> Array:
    """(sites, labels, periods) dynamic IT power; the same energy in every arm."""
    lean, keep = _LEAN[arm]
    lean = -lean if options.reverse_lean else lean
    axis = truth.axis
    hours, sun = _hours(axis), _sun(axis)
    usual = 1.0 + 0.35 * np.sin((hours - 9) / 24 * 2 * np.pi) + 0.05 * np.sin(np.arange(axis.periods) * 0.9)
    sunny = np.clip(0.12 + (sun if lean >= 0 else sun.max() - sun), 0.05, None)
    out = np.zeros((len(truth.fleet.sites), len(LABELS), axis.periods))
    for row, site in enumerate(truth.fleet.sites):
        room_mw = (site.it_max_mw - site.idle_it_mw) * 0.5
        share = keep if row == 0 else 1.0 + (1.0 - keep) * 0.4
        for label in range(len(LABELS)):
            move = abs(lean) if label >= 2 else 0.15 * abs(lean) * (label == 1)
            shape = (1 - move) * usual / usual.mean() + move * sunny / sunny.mean()
            moved = share if label >= 2 else 1.0
            out[row, label] = room_mw * _SHARE[label] * shape * moved
    return out


def _arm(options: Options, truth: Truth, name: str, jobs: Mapping[str, object]) -> Arm:
    axis, fleet = truth.axis, truth.fleet
    computing = _computing_mw(options, truth, name)
    reads: dict[str, tuple[Array, Array]] = {}
    zero = np.zeros(axis.periods)
    site_net = []
    curtailed_mwh = wind_curtailed_mwh = 0.0
    throughput_mwh = 0.0
    for row, site in enumerate(fleet.sites):
        it = site.idle_it_mw + computing[row].sum(axis=0)
        facility = 0.6 + 1.18 * it
        charge, discharge = zero, zero
        if site.battery is not None:
            hours = _hours(axis)
            charge = np.where((hours >= 11) & (hours < 13), 5.0, 0.0)
            discharge = np.where((hours >= 18) & (hours < 20), 4.5, 0.0)
            throughput_mwh += float(discharge.sum() * axis.step_h)
        available = truth.site_pv_mw[row]
        used = np.minimum(available, facility + charge)
        net = facility + charge - discharge - used
        curtailed_mwh += float((available - used).sum() * axis.step_h)
        site_net.append(net)
        for label, values in zip(LABELS, computing[row], strict=True):
            reads[f"site/{site.id}/it/{label}"] = (values, zero)
        reads[f"site/{site.id}/it"] = (it, zero)
        reads[f"site/{site.id}/facility"] = (facility, zero)
        reads[f"site/{site.id}/battery"] = (charge, discharge)
        reads[f"site/{site.id}/pv"] = (zero, used)
        reads[f"site/{site.id}/pv_available"] = (zero, available)
        reads[f"site/{site.id}/grid"] = (np.maximum(net, 0), np.maximum(-net, 0))
    nets = {site.id: net for site, net in zip(fleet.sites, site_net, strict=True) if not site.feeder}
    at_limit_h = 0.0
    for row, feeder in enumerate(fleet.feeders):
        behind = sum((net for site, net in zip(fleet.sites, site_net, strict=True) if site.feeder == feeder.id), zero)
        load, available = truth.feeder_load_mw[row], truth.feeder_pv_mw[row]
        wind = truth.feeder_wind_mw[row]
        room = np.clip((load + behind + feeder.export_max_mw) / np.maximum(available + wind, 1e-9), 0.0, 1.0)
        used, wind_used = room * available, room * wind
        flow = load + behind - used - wind_used
        wind_curtailed_mwh += float((wind - wind_used).sum() * axis.step_h)
        net = {s.id: net for s, net in zip(fleet.sites, site_net, strict=True) if s.feeder == feeder.id}
        own = grid_reads(feeder, operate(feeder, load, available, net)) if feeder.grid is not None else {}
        if own:
            used, flow = own[f"feeder/{feeder.id}/pv"][1], np.subtract(*own[f"feeder/{feeder.id}/grid"])
        at_limit_h += float((flow <= -feeder.export_max_mw + 1e-9).sum() * axis.step_h)
        curtailed_mwh += float((available - used).sum() * axis.step_h)
        nets[feeder.id] = flow
        reads[f"feeder/{feeder.id}/load"] = (load, zero)
        reads[f"feeder/{feeder.id}/pv"] = (zero, used)
        reads[f"feeder/{feeder.id}/pv_available"] = (zero, available)
        reads[f"feeder/{feeder.id}/grid"] = (np.maximum(flow, 0), np.maximum(-flow, 0))
        if feeder.wind_mw:
            reads[f"feeder/{feeder.id}/wind"] = (zero, wind_used)
            reads[f"feeder/{feeder.id}/wind_available"] = (zero, wind)
        reads |= own
    journal = Journal(axis, tuple(Meter(meter) for meter in reads), tuple(site.id for site in fleet.sites))
    imported = np.array([pair[0] for pair in reads.values()]) * axis.step_h
    exported = np.array([pair[1] for pair in reads.values()]) * axis.step_h
    half = axis.periods // 2
    for first, last in ((0, half), (half, axis.periods)):
        part = slice(first, last)
        journal.append(
            MeterBlock(first, imported[:, part], exported[:, part], np.zeros(imported[:, part].shape, np.int8))
        )
    frame, delay = _jobs_of(name, jobs, options)
    kpis = _kpis(truth, np.array(site_net), nets, _late_jobs(options, name), delay)
    kpis |= {
        "pv_curtailed_mwh": curtailed_mwh,
        "wind_curtailed_mwh": wind_curtailed_mwh,
        "reverse_limit_h": at_limit_h,
        "battery_throughput_mwh": throughput_mwh,
        "work_gpu_h": float(np.asarray(jobs["work_gpu_h"]).sum()),
    }
    states = grid_states(journal, truth)
    kpis |= grid_record(journal, truth, states)
    sites = pl.DataFrame(
        {
            "connection": list(nets),
            "import_mwh": [float(np.maximum(net, 0).sum() * axis.step_h) for net in nets.values()],
            "peak_import_mw": [float(np.maximum(net, 0).max()) for net in nets.values()],
        }
    )
    networks = buses_frame(states, truth), branches_frame(states, truth)
    return Arm(name, journal, kpis, sites, frame, Ledger("CNY"), *networks)


def _late_jobs(options: Options, name: str) -> int:
    if name == options.chosen:
        return options.late_jobs
    return {options.arms[0]: options.late_control, "foresight": options.late_foresight}.get(name, 0)


def _kpis(truth: Truth, net: Array, nets: Mapping[str, Array], late_jobs: int, delay: Array) -> dict[str, float]:
    step_h = truth.axis.step_h
    imported = np.maximum(net, 0) * step_h
    energy = float((imported * truth.price_cny_per_mwh).sum())
    demand = float((np.maximum(net, 0).max(axis=1) * truth.fleet.demand_cny_per_mw_month).sum())
    flows = np.array(list(nets.values()))
    limit_mw = truth.fleet.feeders[0].import_max_mw if truth.fleet.feeders else 1e9
    over = np.maximum(flows - limit_mw, 0).sum() * step_h
    return {
        "objective_cny": energy + demand,
        "energy_cost_cny": energy,
        "demand_charge_cny": demand,
        "total_cost_cny": energy + demand,
        "import_mwh": float(np.maximum(flows, 0).sum() * step_h),
        "export_mwh": float(np.maximum(-flows, 0).sum() * step_h),
        "peak_import_mw": float(flows[-1 if truth.fleet.feeders else 0].max()),
        "pv_curtailed_mwh": 0.0,
        "reverse_flow_mwh": float(np.maximum(-flows, 0).sum() * step_h),
        "reverse_limit_h": 0.0,
        "carbon_average_kg": float((imported * truth.carbon_average_kg_per_mwh).sum()),
        "carbon_marginal_kg": float((imported * truth.carbon_marginal_kg_per_mwh).sum()),
        "carbon_official_kg": float((imported * truth.fleet.carbon_official_kg_per_mwh[:, None]).sum()),
        "renewable_share_ratio": float(1 - imported.sum() / (imported.sum() + 900.0)),
        "battery_throughput_mwh": 0.0,
        "jobs_completed": float(len(delay)),
        "deadline_misses": float(late_jobs),
        "delay_mean_h": float(delay.mean()),
        "delay_p95_h": float(np.quantile(delay, 0.95)),
        "work_gpu_h": 0.0,
        "plan_placement_gap_mwh": 12.5,
        "energy_balance_error_mwh": 3.2e-10,
        "wall_s": 1.25,
        "import_violation_mwh": float(over),
        "interactive_unserved_mwh": 0.0,
        "interactive_batched_mwh": 0.0,
        "slowed_work_gpu_h": 0.0,
        "moved_gb": 0.0,
        "transfer_cost_cny": 0.0,
        "transfer_mwh": 0.0,
        "deadline_overrides": 4.0,
    }


def _job_columns(options: Options, axis: TimeAxis) -> dict[str, object]:
    count = 60 * options.days
    rows = np.arange(count)
    return {
        "label": np.array(["F2", "F3", "F4", "F5"])[rows % 4],
        "released_s": axis.start_s + rows * (axis.end_s - axis.start_s) // (count + 20),
        "work_gpu_h": 5.0 + 40.0 * ((rows * 7919) % 101) / 101,
    }


def _jobs_of(name: str, jobs: Mapping[str, object], options: Options) -> tuple[pl.DataFrame, Array]:
    lean, _ = _LEAN[name]
    rows = np.arange(len(np.asarray(jobs["work_gpu_h"])))
    spread = ((rows * 104729) % 997) / 997
    waits = (np.asarray(jobs["label"]) != "F2") & (spread > 0.45)
    delay = np.where(waits, 26.0 * lean * np.clip(spread - 0.45, 0.0, None) ** 1.3 * 2.0, 0.0) + 0.02 * (rows % 3)
    released = np.asarray(jobs["released_s"])
    frame = pl.DataFrame(
        {
            "job": rows,
            "label": jobs["label"],
            "released": released.astype("datetime64[s]").astype("datetime64[ms]"),
            "delay_h": delay,
            "work_gpu_h": jobs["work_gpu_h"],
            "pauses": (waits & (rows % 5 == 0)).astype(np.int64),
            "missed": rows < _late_jobs(options, name),
        }
    )
    return frame, delay
