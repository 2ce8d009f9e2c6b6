"""Fluid cases for the planners: Views whose work is all in the outlook, so that a plan can be executed exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from suandian.model.grid import Feeder
from suandian.model.plan import Fleet, Objective, Outlook, Plan, Queue, View
from suandian.model.site import Battery, Cooling, Site
from suandian.model.workload import ClassTable
from suandian.physics.cooling import facility_coefficients
from suandian.quantity.timeaxis import TimeAxis

_QUEUE_TYPES = {
    "state": np.int8,
    "power_per_gpu_kw": np.float64,
    "preemptible": np.bool_,
    "sites_allowed": np.uint64,
}
_QUEUE_COLUMNS = (
    *("job", "class_index", "state", "site", "gpus", "power_per_gpu_kw", "preemptible", "home", "sites_allowed"),
    *("submitted_s", "released_s", "due_s", "remaining_s"),
)


def queue_of(**columns: list) -> Queue:
    """A queue of the given columns; without columns an empty one."""
    count = len(next(iter(columns.values()), []))
    filled = {
        name: np.array(columns.get(name, [0] * count), dtype=_QUEUE_TYPES.get(name, np.int64))
        for name in _QUEUE_COLUMNS
    }
    return Queue(**filled)


def _site(s: int, gpus: int, behind: bool) -> Site:
    dynamic_mw = gpus * 0.6e-3
    battery = Battery(20.0, 10.0, 10.0, energy_initial_mwh=10.0, wear_cny_per_mwh=40.0)
    return Site(
        id=f"site{s}",
        operator="op",
        region="r",
        latitude_deg=36.0,
        longitude_deg=117.0,
        gpus=gpus,
        idle_it_mw=0.25 * dynamic_mw,
        it_max_mw=1.3 * dynamic_mw,
        import_max_mw=2.2 * dynamic_mw,
        export_max_mw=5.0 if behind else 0.0,
        pv_mw=8.0 if behind else 0.0,
        battery=battery if behind else None,
        cooling=Cooling(),
        feeder="county" if behind else "",
    )


def _fleet(rng: np.random.Generator, sites: int, classes: int, streams: int, feeder: bool) -> Fleet:
    plants = tuple(_site(s, int(rng.integers(18_000, 30_000)), feeder and s == 0) for s in range(sites))
    county = Feeder("county", "grid", "r", 36.0, 117.0, 80.0, 0.95, 0.8, 150.0)
    slack_h = rng.choice([0.0, 1.0, 4.0, 8.0, 16.0, 24.0, 48.0, 96.0], size=classes)
    everywhere = (1 << sites) - 1
    mask = np.where(rng.random(classes) < 0.6, everywhere, 1 << rng.integers(0, sites, classes)).astype(np.uint64)
    label = tuple("F1" if h < 1 else "F2" if h < 8 else "F3" if h < 24 else "F4" if h < 48 else "F5" for h in slack_h)
    return Fleet(
        sites=plants,
        feeders=(county,) if feeder else (),
        classes=ClassTable(label, slack_h, mask, rng.uniform(0.45, 0.65, classes)),
        stream_ids=tuple(f"stream{n}" for n in range(streams)),
        stream_label=("F0",) * streams,
        stream_allowed=np.ones((streams, sites), dtype=bool),
        stream_home=np.arange(streams, dtype=np.int64) % sites,
        stream_power_per_gpu_kw=np.full(streams, 0.5),
        demand_cny_per_mw_month=rng.uniform(25_000.0, 40_000.0, sites),
        carbon_official_kg_per_mwh=np.full(sites, 600.0),
        zone="Asia/Shanghai",
    )


def _work_mwh(
    rng: np.random.Generator, fleet: Fleet, hour: np.ndarray, step_h: float, mean_mw: float
) -> tuple[np.ndarray, np.ndarray]:
    """Work that arrives as a smooth flow and is due one slack later; all of it by the end."""
    classes, periods = len(fleet.classes), len(hour)
    share = rng.dirichlet(np.full(classes, 2.0))
    rate = share[:, None] * mean_mw * (1.0 + 0.4 * np.sin((hour - 9.0) / 12.0 * np.pi))
    released = np.cumsum(rate * step_h, axis=1)
    due = np.zeros_like(released)
    for row, slack in enumerate(np.floor(fleet.classes.slack_h / step_h).astype(int)):
        if slack < periods:
            due[row, slack:] = released[row, : periods - slack]
    due[:, -1] = released[:, -1]
    return released, due


def make_view(
    seed: int = 0,
    *,
    sites: int = 3,
    hours: int = 48,
    step_min: int = 60,
    classes: int = 6,
    streams: int = 2,
    feeder: bool = True,
    use_ratio: float = 0.55,
    start: datetime = datetime(2026, 3, 31, 16, tzinfo=UTC),
) -> View:
    """A county's month, or a piece of it: seeded, smooth, with noon PV, evening peaks and cheap noons and nights."""
    rng = np.random.default_rng(seed)
    fleet = _fleet(rng, sites, classes, streams, feeder)
    axis = TimeAxis(start, timedelta(minutes=step_min), hours * 60 // step_min)
    periods = axis.periods
    hour = (axis.starts_s() / 3600.0 + 8.0) % 24.0
    sun = np.maximum(np.sin((hour - 6.0) / 12.0 * np.pi), 0.0) * (hour > 6) * (hour < 18)
    day = (axis.starts_s() // 86_400) - axis.start_s // 86_400
    cloud = rng.uniform(0.3, 1.0, int(day[-1]) + 1)[day]
    feeders = len(fleet.feeders)
    band = np.select([(hour >= 10) & (hour < 15), (hour >= 17) & (hour < 22), hour < 6], [0.5, 1.6, 0.6], 1.0)
    price = np.stack([rng.uniform(450.0, 650.0) * (0.3 + 0.7 * np.roll(band, 2 * s)) for s in range(sites)])
    usable_mw = sum(site.gpus for site in fleet.sites) * 0.5e-3 * use_ratio
    released, due = _work_mwh(rng, fleet, hour, axis.step_h, 0.75 * usable_mw)
    wave = 1.0 + 0.5 * np.sin((hour - 14.0) / 12.0 * np.pi)
    carbon = np.tile(600.0 - 250.0 * sun * cloud, (sites, 1))
    outlook = Outlook(
        axis=axis,
        price_cny_per_mwh=price,
        export_price_cny_per_mwh=np.full((sites, periods), 200.0),
        carbon_average_kg_per_mwh=carbon,
        carbon_marginal_kg_per_mwh=carbon + 100.0,
        outdoor_c=12.0 + 8.0 * np.sin((hour - 9.0) / 12.0 * np.pi) + rng.uniform(-5, 5, (sites, 1)),
        site_pv_mw=np.array([[site.pv_mw] for site in fleet.sites]) * sun * cloud,
        feeder_pv_mw=np.tile(150.0 * 0.8 * sun * cloud, (feeders, 1)),
        feeder_load_mw=np.tile(35.0 + 12.0 * np.sin((hour - 12.0) / 12.0 * np.pi), (feeders, 1)),
        feeder_wind_mw=np.zeros((feeders, periods)),
        stream_mw=np.tile(0.25 * usable_mw / max(streams, 1) * wave, (streams, 1)),
        released_mwh=released,
        due_mwh=due,
        issued_at={},
    )
    return View(
        axis=axis,
        party="platform",
        fleet=fleet,
        objective=Objective(carbon_cny_per_t=50.0, curtailment_cny_per_mwh=100.0),
        outlook=outlook,
        queue=queue_of(),
        energy_mwh=np.array([s.battery.energy_initial_mwh if s.battery else 0.0 for s in fleet.sites]),
        peak_mw=np.zeros(sites),
    )


def later(view: View, first: int, done_mwh: np.ndarray, energy_mwh: np.ndarray, peak_mw: np.ndarray) -> View:
    """The same world `first` intervals on, with what has been done until then."""
    names = (
        *("price_cny_per_mwh", "export_price_cny_per_mwh", "carbon_average_kg_per_mwh", "carbon_marginal_kg_per_mwh"),
        *("outdoor_c", "site_pv_mw", "feeder_pv_mw", "feeder_load_mw", "feeder_wind_mw", "stream_mw"),
    )
    axis = view.outlook.axis.part(first, view.outlook.axis.periods)
    outlook = replace(
        view.outlook,
        axis=axis,
        released_mwh=np.maximum(view.outlook.released_mwh[:, first:] - done_mwh[:, None], 0.0),
        due_mwh=np.maximum(view.outlook.due_mwh[:, first:] - done_mwh[:, None], 0.0),
        **{name: getattr(view.outlook, name)[:, first:] for name in names},
    )
    return replace(view, axis=axis, outlook=outlook, energy_mwh=energy_mwh, peak_mw=peak_mw)


class FluidWorld:
    """Executes plans exactly: work is divisible, meters are added up as the journal would."""

    def __init__(self, view: View) -> None:
        self.view, self.now = view, 0
        sites, periods = view.outlook.outdoor_c.shape
        pairs = [
            facility_coefficients(site.cooling, site.it_max_mw, view.outlook.outdoor_c[s])
            for s, site in enumerate(view.fleet.sites)
        ]
        self.fixed, self.ratio = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
        self.done = np.zeros(len(view.fleet.classes))
        self.energy, self.peak = view.energy_mwh.copy(), np.zeros(sites)
        self.flow_mw, self.site_pv = np.zeros((sites, periods)), np.zeros((sites, periods))
        self.discharge, self.it_mw = np.zeros((sites, periods)), np.zeros((sites, periods))
        self.work = np.zeros((len(view.fleet.classes), periods))
        local = view.outlook.axis.local_starts(view.fleet.zone).astype("datetime64[M]").astype(int)
        self.month = local - local[0]

    def look(self) -> View:
        return later(self.view, self.now, self.done, self.energy, self.peak)

    def enact(self, plan: Plan, intervals: int) -> None:
        for t in range(intervals):
            self._step(plan, t)

    def _step(self, plan: Plan, t: int) -> None:
        h, fleet, at = self.view.outlook.axis.step_h, self.view.fleet, self.now
        class_mw = plan.it_mw[:, :, t].copy()
        room = np.maximum(self.view.outlook.released_mwh[:, at] - self.done, 0.0) / h
        total = class_mw.sum(axis=1)
        class_mw *= np.minimum(1.0, np.where(total > 0, room / np.where(total > 0, total, 1.0), 1.0))[:, None]
        idle = np.array([s.idle_it_mw for s in fleet.sites])
        it = idle + class_mw.sum(axis=0) + plan.stream_mw[:, :, t].sum(axis=0)
        charge, discharge = plan.charge_mw[:, t], plan.discharge_mw[:, t]
        pv = self.view.outlook.site_pv_mw[:, at] - plan.curtail_mw[:, t]
        self.flow_mw[:, at] = self.fixed[:, at] + self.ratio[:, at] * it + charge - discharge - pv
        self.site_pv[:, at], self.discharge[:, at], self.it_mw[:, at] = pv, discharge, it
        into = np.array([s.battery.charge_efficiency_ratio if s.battery else 1.0 for s in fleet.sites])
        out = np.array([s.battery.discharge_efficiency_ratio if s.battery else 1.0 for s in fleet.sites])
        self.energy = self.energy + h * (charge * into - discharge / out)
        self.done = self.done + class_mw.sum(axis=1) * h
        self.work[:, at] = self.done
        self.peak = np.maximum(self.peak, self.flow_mw[:, at])
        self.now += 1
        if self.now < len(self.month) and self.month[self.now] != self.month[at]:
            self.peak = np.zeros_like(self.peak)

    def cost_cny(self) -> float:
        """Objective of what happened; feeder PV above the reverse limit is curtailed."""
        view, h, weights = self.view, self.view.outlook.axis.step_h, self.view.objective
        imports, exports = np.maximum(self.flow_mw, 0.0), np.maximum(-self.flow_mw, 0.0)
        carbon = weights.carbon_cny_per_t / 1000 * view.outlook.carbon_average_kg_per_mwh
        wear = np.array([s.battery.wear_cny_per_mwh if s.battery else 0.0 for s in view.fleet.sites])
        cost = ((view.outlook.price_cny_per_mwh + carbon) * imports).sum() * h
        cost -= (view.outlook.export_price_cny_per_mwh * exports).sum() * h
        cost += (wear[:, None] * self.discharge).sum() * h
        for month in range(self.month[-1] + 1):
            cost += view.fleet.demand_cny_per_mw_month @ imports[:, self.month == month].max(axis=1)
        limit = np.array([[s.import_max_mw] for s in view.fleet.sites])
        cost += weights.violation_cny_per_mwh * np.maximum(imports - limit, 0.0).sum() * h
        curtailed = (view.outlook.site_pv_mw - self.site_pv).sum() * h
        for b, county in enumerate(view.fleet.feeders):
            behind = view.fleet.feeder_of_site == b
            net = self.flow_mw[behind].sum(axis=0) + view.outlook.feeder_load_mw[b]
            pv = np.minimum(view.outlook.feeder_pv_mw[b], np.maximum(net + county.export_max_mw, 0.0))
            curtailed += (view.outlook.feeder_pv_mw[b] - pv).sum() * h
            over = np.maximum(net - pv - county.import_max_mw, 0.0)
            cost += weights.violation_cny_per_mwh * over.sum() * h
        return float(cost + weights.curtailment_cny_per_mwh * curtailed)

    @property
    def late_mwh(self) -> float:
        return float(np.maximum(self.view.outlook.due_mwh - self.work, 0.0).max(axis=1).sum())
