"""A View as numbers on a Horizon: what the linear programme needs, and nothing of how it is solved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.horizon import Horizon
from suandian.coordination.merge import POWER_LEAST_KW, Merge
from suandian.coordination.network_rows import NetworkRows
from suandian.coordination.ties import tie_ends, tie_limits_mw
from suandian.flexibility.envelope import cumulative_work_mwh
from suandian.model.plan import Fleet, View
from suandian.physics.cooling import facility_coefficients
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["Problem", "Work", "queue_work"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RUNNING = 1


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """The view's queue and expected arrivals over the horizon, by class of the fleet (C), S sites, P steps.

    released_mwh, due_mwh   (C, P) work from now that may, and must, have run by the end of each step
    fixed_mw                (C, S, P) jobs that run and cannot be paused: they stay where they are
    fixed_gpus              (S, P) their GPUs
    staying_mw              (C, S, P) jobs that run and could be paused, if they went on where they are
    """

    released_mwh: Floats
    due_mwh: Floats
    fixed_mw: Floats
    fixed_gpus: Floats
    staying_mw: Floats


def queue_work(view: View, horizon: Horizon, merge: Merge, *, margin_h: float = 0.0) -> Work:
    """Split the queue into what is fixed and what is free to plan, and add expected arrivals to the latter.

    A job whose data lie away from its home counts in the class whose home is there: it need not be moved again.
    With a margin everything is due that much earlier, where its slack allows: fluid work can be finished at the last
    moment, jobs of many GPUs cannot.
    """
    queue, outlook = view.queue, view.outlook
    axis = outlook.axis.part(0, int(horizon.first[-1]))
    classes, sites = len(view.fleet.classes), len(view.fleet.sites)
    power_mw = queue.gpus * queue.power_per_gpu_kw / 1000.0
    runs = queue.state == _RUNNING
    fixed = runs & ~queue.preemptible
    stays = runs & queue.preemptible
    free = ~fixed
    now_s = axis.start_s
    released_s = np.maximum(queue.released_s[free], now_s)
    latest_s = np.maximum(queue.due_s[free] - queue.remaining_s[free] - round(margin_h * 3600), released_s)
    place = np.maximum(queue.site, 0)
    class_index = np.where(queue.site >= 0, merge.located[queue.class_index, place], queue.class_index)
    released_mwh, due_mwh = cumulative_work_mwh(
        axis, class_index[free], classes, released_s, latest_s, queue.remaining_s[free], power_mw[free]
    )
    bucket = class_index * sites + place
    shape = (classes, sites, -1)
    return Work(
        horizon.at_end(released_mwh + outlook.released_mwh[:, : axis.periods]),
        horizon.at_end(
            due_mwh + _earlier(outlook.due_mwh, outlook.released_mwh, margin_h / axis.step_h)[:, : axis.periods]
        ),
        horizon.mean(_still_running(axis, bucket, queue.remaining_s, power_mw, fixed, classes * sites)).reshape(shape),
        horizon.mean(_still_running(axis, queue.site, queue.remaining_s, queue.gpus.astype(float), fixed, sites)),
        horizon.mean(_still_running(axis, bucket, queue.remaining_s, power_mw, stays, classes * sites)).reshape(shape),
    )


def _earlier(due_mwh: Floats, released_mwh: Floats, periods: float) -> Floats:
    """Due work moved forward by `periods`, as far as it has been released by then."""
    ahead = np.minimum(np.arange(due_mwh.shape[1]) + round(periods), due_mwh.shape[1] - 1)
    return np.minimum(due_mwh[:, ahead], released_mwh)


def _still_running(
    axis: TimeAxis, bucket: Ints, remaining_s: Ints, amount: Floats, mask: NDArray[np.bool_], buckets: int
) -> Floats:
    """Sum of `amount` over jobs that go on from now for `remaining_s`, interval means, `(buckets, periods)`."""
    if not mask.any():
        return np.zeros((buckets, axis.periods))
    length = np.minimum(remaining_s[mask], axis.periods * axis.step_s) / axis.step_s
    whole = length.astype(np.int64)
    part = length - whole
    rows, value = bucket[mask], amount[mask]
    change = np.zeros((buckets, axis.periods + 2))
    np.add.at(change, (rows, np.zeros_like(rows)), value)
    np.add.at(change, (rows, whole), value * (part - 1.0))
    np.add.at(change, (rows, whole + 1), -value * part)
    sums: Floats = np.cumsum(change, axis=1)[:, : axis.periods]
    return np.maximum(sums, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One planning problem. S sites, B feeders, N batteries, K merged classes, M groups, P steps; rows as named.

    released_mwh, due_mwh            (K, P) cumulative from now
    class_kw                         (K,) mean power of a busy GPU, weighted with the GPU-hours ahead
    stream_mw, stream_kgpus          (M, P) interactive demand of each group, and the thousands of GPUs that serve it
    batch_mw                         (M, P) by how much larger batches could lower it
    move_cny_per_mwh                 (M, S) cost of moving the data of work done there
    slowing_cny_per_mwh, batching_cny_per_mwh   given to tenants and users for slower work and answers
    fixed_facility_mw                (S, P) facility power without planned work; `per_it_ratio` (S, P) per MW of it
    hall_mw, kgpus                   (S, P) room left for planned work and streams: MW, thousands of GPUs
    buy_cny_per_mwh                  (S, P) energy price plus priced carbon; `sell_cny_per_mwh` (S, P)
    pv_site                          indices of sites with PV behind their meter
    import_max_mw                    (S, P) the site's own limit and binding instructions
    demand_cny_per_mw, peak_mw       (S,); (S, months) price of a month's peak, and the least that will be paid for
    battery_site … wear_cny_per_mwh  (N,) `energy_mwh` now, `energy_end_mwh` least energy at the end
    work_value_cny_per_mwh, storage_value_cny_per_mwh   (K,), (N,) worth of work done and energy stored at the end
    feeder_wind_mw                   (B, P) available
    tie_ends                         (L, 2) feeders at both ends of each tie; `tie_max_mw` (2L, P) what may leave for
                                     the second (first L rows) and for the first; `tie_kept_ratio` (L,) what arrives
    holding_cny_per_mwh_h            (K,) reward for doing work early; it picks one of many equal optima
    network                          the neighbours' PV by zone, and the rows of the feeders' networks
    """

    horizon: Horizon
    merge: Merge
    released_mwh: Floats
    due_mwh: Floats
    class_kw: Floats
    stream_mw: Floats
    stream_kgpus: Floats
    batch_mw: Floats
    move_cny_per_mwh: Floats
    slowing_cny_per_mwh: float
    batching_cny_per_mwh: float
    fixed_facility_mw: Floats
    per_it_ratio: Floats
    hall_mw: Floats
    kgpus: Floats
    buy_cny_per_mwh: Floats
    sell_cny_per_mwh: Floats
    import_max_mw: Floats
    export_max_mw: Floats
    pv_mw: Floats
    pv_site: Ints
    demand_cny_per_mw: Floats
    peak_mw: Floats
    battery_site: Ints
    energy_mwh: Floats
    energy_min_mwh: Floats
    energy_max_mwh: Floats
    energy_end_mwh: Floats
    charge_max_mw: Floats
    discharge_max_mw: Floats
    charge_ratio: Floats
    discharge_ratio: Floats
    wear_cny_per_mwh: Floats
    feeder_of_site: Ints
    feeder_import_max_mw: Floats
    feeder_export_max_mw: Floats
    feeder_load_mw: Floats
    feeder_pv_mw: Floats
    curtailment_cny_per_mwh: float
    violation_cny_per_mwh: float
    lateness_cny_per_mwh: float
    work_value_cny_per_mwh: Floats
    storage_value_cny_per_mwh: Floats
    holding_cny_per_mwh_h: Floats
    network: NetworkRows
    feeder_wind_mw: Floats
    tie_ends: Ints
    tie_max_mw: Floats
    tie_kept_ratio: Floats

    @classmethod
    def of(cls, view: View, horizon: Horizon, merge: Merge, work: Work, *, reserve_ratio: float = 0.0) -> Problem:
        """The problem of `view` on `horizon`; the battery shall end as full as it was at the study's start.

        `reserve_ratio` of each site's GPUs is left out of the plan, for what arrives unexpected and for gaps between
        jobs of many GPUs.
        """
        fleet, outlook, weights = view.fleet, view.outlook, view.objective
        sites = len(fleet.sites)
        fixed_mw, per_it_ratio = _facility(view, horizon)
        idle_mw = np.array([site.idle_it_mw for site in fleet.sites])[:, None]
        running_mw = work.fixed_mw.sum(axis=0)
        carbon = (
            outlook.carbon_marginal_kg_per_mwh
            if weights.carbon_signal == "marginal"
            else outlook.carbon_average_kg_per_mwh
        )
        merged = np.zeros((2, len(merge.slack_h), horizon.periods))
        np.add.at(merged[0], merge.class_to, work.released_mwh)
        np.add.at(merged[1], merge.class_to, work.due_mwh)
        demand_mw = horizon.mean(outlook.stream_mw)
        stream_mw = np.zeros((3, len(merge.allowed), horizon.periods))
        np.add.at(stream_mw[0], merge.stream_to, demand_mw)
        np.add.at(stream_mw[1], merge.stream_to, demand_mw / fleet.stream_power_per_gpu_kw[:, None])
        np.add.at(stream_mw[2], merge.stream_to, demand_mw * (1.0 - fleet.stream_batch_power_ratio[:, None]))
        limit_mw = np.array([site.import_max_mw for site in fleet.sites])[:, None]
        it_max_mw = np.array([site.it_max_mw for site in fleet.sites])[:, None]
        gpus = np.array([float(site.gpus) for site in fleet.sites])[:, None]
        peak_mw = np.zeros((sites, int(horizon.month[-1] - horizon.month[0]) + 1))
        peak_mw[:, 0] = view.peak_mw
        return cls(
            horizon=horizon,
            merge=merge,
            released_mwh=merged[0],
            due_mwh=np.minimum(merged[1], merged[0]),
            class_kw=_class_kw(fleet, merge, work),
            stream_mw=stream_mw[0],
            stream_kgpus=stream_mw[1],
            batch_mw=stream_mw[2],
            move_cny_per_mwh=merge.moved_gb_per_mwh * fleet.transfer.price_cny_per_gb,
            slowing_cny_per_mwh=weights.slowing_cny_per_mwh,
            batching_cny_per_mwh=weights.batching_cny_per_mwh,
            fixed_facility_mw=fixed_mw + per_it_ratio * (idle_mw + running_mw),
            per_it_ratio=per_it_ratio,
            hall_mw=np.maximum(it_max_mw - idle_mw - running_mw, 0.0),
            kgpus=np.maximum(gpus * (1.0 - reserve_ratio) - work.fixed_gpus, 0.0) / 1000.0,
            buy_cny_per_mwh=horizon.mean(outlook.price_cny_per_mwh + weights.carbon_cny_per_t / 1000.0 * carbon),
            sell_cny_per_mwh=horizon.mean(outlook.export_price_cny_per_mwh),
            import_max_mw=horizon.mean(_limits(view, np.broadcast_to(limit_mw, outlook.site_pv_mw.shape).copy())),
            export_max_mw=np.array([site.export_max_mw for site in fleet.sites]),
            pv_mw=horizon.mean(outlook.site_pv_mw),
            demand_cny_per_mw=fleet.demand_cny_per_mw_month,
            peak_mw=peak_mw,
            feeder_of_site=fleet.feeder_of_site,
            feeder_import_max_mw=np.array([feeder.import_max_mw for feeder in fleet.feeders]),
            feeder_export_max_mw=np.array([feeder.export_max_mw for feeder in fleet.feeders]),
            feeder_load_mw=horizon.mean(outlook.feeder_load_mw),
            feeder_pv_mw=horizon.mean(outlook.feeder_pv_mw),
            curtailment_cny_per_mwh=weights.curtailment_cny_per_mwh,
            violation_cny_per_mwh=weights.violation_cny_per_mwh,
            lateness_cny_per_mwh=weights.lateness_cny_per_mwh,
            network=NetworkRows.lumped(horizon.mean(outlook.feeder_pv_mw), sites),
            work_value_cny_per_mwh=np.zeros(len(merge.slack_h)),
            holding_cny_per_mwh_h=_HOLDING_CNY_PER_MWH_H / (1.0 + merge.slack_h),
            battery_site=_battery_sites(view),
            pv_site=np.flatnonzero([site.pv_mw > 0 for site in fleet.sites]),
            feeder_wind_mw=horizon.mean(outlook.feeder_wind_mw),
            tie_ends=tie_ends(fleet),
            tie_max_mw=tie_limits_mw(view, horizon),
            tie_kept_ratio=np.array([1.0 - tie.loss_ratio for tie in fleet.ties]),
            **_batteries(view, horizon),
        )


#: Reward for early work, CNY per MWh and hour, divided by 1 + slack: enough to make the split of work over classes
#: unique, too little to be worth a tariff step (D, engineering default).
_HOLDING_CNY_PER_MWH_H = 0.1


def _class_kw(fleet: Fleet, merge: Merge, work: Work) -> Floats:
    """Mean power of a busy GPU of each merged class: its work over its GPU-hours."""
    power_kw = np.maximum(fleet.classes.power_per_gpu_kw, POWER_LEAST_KW)
    work_mwh = work.released_mwh[:, -1] + 1e-9
    sums = np.zeros((2, len(merge.slack_h)))
    np.add.at(sums[0], merge.class_to, work_mwh)
    np.add.at(sums[1], merge.class_to, work_mwh / power_kw)
    mean_kw: Floats = sums[0] / sums[1]
    return mean_kw


def _facility(view: View, horizon: Horizon) -> tuple[Floats, Floats]:
    pairs = [
        facility_coefficients(site.cooling, site.it_max_mw, view.outlook.outdoor_c[s, : horizon.first[-1]])
        for s, site in enumerate(view.fleet.sites)
    ]
    return horizon.mean(np.array([fixed for fixed, _ in pairs])), horizon.mean(np.array([per for _, per in pairs]))


def _limits(view: View, limit_mw: Floats) -> Floats:
    """Lower the sites' limits to what instructions in force allow, in every interval that they touch."""
    axis = view.outlook.axis
    names = [site.id for site in view.fleet.sites]
    for order in view.instructions:
        if order.site in names:
            first = max((order.start_s - axis.start_s) // axis.step_s, 0)
            last = max(-((axis.start_s - order.end_s) // axis.step_s), 0)
            row = limit_mw[names.index(order.site), first:last]
            np.minimum(row, order.import_max_mw, out=row)
    return limit_mw


def _battery_sites(view: View) -> Ints:
    return np.flatnonzero([site.battery is not None for site in view.fleet.sites]).astype(np.int64)


def _batteries(view: View, horizon: Horizon) -> dict[str, NDArray[np.float64]]:
    found = [site.battery for site in view.fleet.sites if site.battery is not None]
    column = {
        name: np.array([getattr(battery, field) for battery in found], dtype=np.float64)
        for name, field in {
            "energy_min_mwh": "energy_min_mwh",
            "energy_max_mwh": "energy_mwh",
            "charge_max_mw": "charge_max_mw",
            "discharge_max_mw": "discharge_max_mw",
            "charge_ratio": "charge_efficiency_ratio",
            "discharge_ratio": "discharge_efficiency_ratio",
            "wear_cny_per_mwh": "wear_cny_per_mwh",
        }.items()
    }
    site = _battery_sites(view)
    now_mwh = np.clip(view.energy_mwh[site], column["energy_min_mwh"], column["energy_max_mwh"])
    initial_mwh = np.array([battery.energy_initial_mwh for battery in found])
    # Near the end of a study a battery that was emptied by surprise may not get full again.
    reach_mwh = now_mwh + column["charge_max_mw"] * column["charge_ratio"] * float(horizon.step_h.sum())
    return column | {
        "energy_mwh": now_mwh,
        "energy_end_mwh": np.clip(np.minimum(initial_mwh, reach_mwh), column["energy_min_mwh"], None),
        "storage_value_cny_per_mwh": np.zeros(len(found)),
    }
