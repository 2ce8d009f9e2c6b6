"""The simulated world: placement, then meters, battery and feeder, one compiled span per decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.placed import NoWork, Placed, worth_holding_mw
from suandian.model.plan import Plan, View
from suandian.model.workload import FLEXIBILITY_LABELS
from suandian.physics.cooling import facility_coefficients
from suandian.physics.facility import StepInputs, StepResult, advance
from suandian.quantity.errors import Infeasible, InvariantBroken
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import LevelBlock, Meter, MeterBlock, PlanEnacted, Quality
from suandian.record.journal import Journal
from suandian.simulation.desk import Desk, ForecastSchedule
from suandian.simulation.networks import grid_meters, grid_reads, on_networks
from suandian.simulation.routing import gpus_of, planned_shares, spill
from suandian.simulation.truth import Truth

if TYPE_CHECKING:
    from suandian.coordination.placement import Placement
    from suandian.physics.feeder_grid import GridStep

__all__ = ["SimulatedWorld"]


class SimulatedWorld:
    """A world made of a Truth. The only one that reads it; everybody else gets Views and a Journal."""

    def __init__(self, truth: Truth, schedule: ForecastSchedule) -> None:
        self._truth = truth
        self._desk = Desk(truth, schedule)
        self._now = 0
        fleet = truth.fleet
        self._gpus = np.array([site.gpus for site in fleet.sites], dtype=np.int64)
        self._demand_mw = np.array([s.demand_mw for s in truth.streams]).reshape(len(truth.streams), truth.axis.periods)
        self._placement = _placement(truth, self._gpus)
        self._energy_mwh = np.array([s.battery.energy_initial_mwh if s.battery else 0.0 for s in fleet.sites])
        self._peak_mw = np.zeros(len(fleet.sites))
        self._month = truth.axis.local_starts(fleet.zone).astype("datetime64[M]").astype(np.int64)
        coefficients = [
            facility_coefficients(site.cooling, site.it_max_mw, truth.outdoor_c[s])
            for s, site in enumerate(fleet.sites)
        ]
        self._fixed_mw = np.array([fixed for fixed, _ in coefficients])
        self._per_it_ratio = np.array([ratio for _, ratio in coefficients])
        self._journal = Journal(truth.axis, _meters(truth), tuple(site.id for site in fleet.sites))

    @property
    def axis(self) -> TimeAxis:
        return self._truth.axis

    @property
    def now(self) -> int:
        return self._now

    @property
    def journal(self) -> Journal:
        return self._journal

    def view(self, party: str) -> View:
        """What `party` may know now: forecasts issued so far, jobs submitted so far, instructions issued so far."""
        now_s = self._now_s()
        return View(
            axis=self.axis.part(self._now, self.axis.periods),
            party=party,
            fleet=self._truth.fleet,
            objective=self._truth.objective,
            outlook=self._desk.outlook(self._now),
            queue=self._placement.queue(),
            energy_mwh=self._energy_mwh.copy(),
            peak_mw=self._peak_mw.copy(),
            instructions=tuple(i for i in self._truth.instructions if i.issued_at_s <= now_s < i.end_s),
        )

    def next_interruption(self) -> int:
        """First interval that starts after an instruction not yet known is issued."""
        later = [i.issued_at_s for i in self._truth.instructions if i.issued_at_s > self._now_s()]
        if not later:
            return self.axis.periods
        return min(-(-(min(later) - self.axis.start_s) // self.axis.step_s), self.axis.periods)

    def enact(self, plan: Plan, until: int) -> None:
        """Advance to interval `until` under `plan`.

        Raises `InvariantBroken` for a plan that was not made for now, `Infeasible` where interactive demand
        does not fit on the GPUs of the sites that may serve it.
        """
        first, n = self._now, until - self._now
        if plan.axis.start != self.axis.at(first) or not 0 < n <= plan.axis.periods:
            raise InvariantBroken(f"plan from {plan.axis.start} for {plan.axis.periods} intervals, world at {first}")
        span = slice(first, until)
        demand_mw = self._demand_mw[:, span] * self._batched_ratio(plan, until - first)
        routed_mw = self._route(plan, span, demand_mw)
        placed = self._place(plan, span, routed_mw)
        # Jobs that may not be paused keep their GPUs; interactive demand that meets them goes where there is room.
        room = np.maximum(self._gpus[:, None] - placed.gpus_used, 0.0)
        streams_mw, lacking_mw = spill(self._truth.fleet, routed_mw, room)
        label_mw = placed.label_mw.copy()
        for row, stream in enumerate(self._truth.streams):
            label_mw[FLEXIBILITY_LABELS.index(stream.label)] += streams_mw[row]
        idle_mw = np.array([site.idle_it_mw for site in self._truth.fleet.sites])[:, None]
        it_mw = idle_mw + label_mw.sum(axis=0)
        facility_mw = self._fixed_mw[:, span] + self._per_it_ratio[:, span] * it_mw
        step, grids = self._settle(self._step_inputs(plan, span, facility_mw))
        served = {
            "interactive_unserved_mwh": float(lacking_mw.sum() * self.axis.step_h),
            "interactive_batched_mwh": float((self._demand_mw[:, span] - demand_mw).sum() * self.axis.step_h),
        }
        self._record(plan, span, placed, label_mw, it_mw, facility_mw, step, grids, served)
        self._energy_mwh = step.energy_mwh[:, -1].copy()
        self._update_peaks(span, step.import_mw)
        self._now = until

    def _now_s(self) -> int:
        return self.axis.start_s + self._now * self.axis.step_s

    def _batched_ratio(self, plan: Plan, n: int) -> NDArray[np.float64]:
        """Power for the same requests under the plan's batches, never below what the latency objective allows."""
        least_ratio = self._truth.fleet.stream_batch_power_ratio[:, None]
        if plan.stream_power_ratio is None:
            return np.ones_like(least_ratio)
        held_ratio: NDArray[np.float64] = np.clip(plan.stream_power_ratio[:, :n], least_ratio, 1.0)
        return held_ratio

    def _route(self, plan: Plan, span: slice, demand_mw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interactive power by stream and site as the plan shares it out, within installed GPUs, `(streams, S, n)`."""
        fleet = self._truth.fleet
        n = span.stop - span.start
        wish = planned_shares(fleet, plan.stream_mw[:, :, :n], demand_mw)
        installed = np.broadcast_to(self._gpus[:, None].astype(np.float64), (len(self._gpus), n))
        served, lacking = spill(fleet, wish, installed)
        if lacking.any():
            row, t = np.unravel_index(int(lacking.argmax()), lacking.shape)
            when = self.axis.at(span.start + int(t)).isoformat()
            raise Infeasible(
                f"interactive demand of {fleet.stream_ids[int(row)]} at {when} "
                "does not fit on the GPUs of the sites within its latency",
                constraints=("streams", "sites.gpus"),
                shortfall=f"{lacking.max():.3f} MW of IT power",
            )
        return served

    def _place(self, plan: Plan, span: slice, streams_mw: NDArray[np.float64]) -> Placed:
        n = span.stop - span.start
        free = self._gpus[:, None] - gpus_of(self._truth.fleet, streams_mw)
        return self._placement.advance(
            span.start,
            span.stop,
            np.ascontiguousarray(plan.it_mw[:, :, :n]),
            np.ascontiguousarray(np.maximum(free, 0)),
            start_at_once=plan.start_at_once,
            may_pause=plan.may_pause,
            site_rank=None if plan.site_rank is None else plan.site_rank[:, :n],
            hold_mw=worth_holding_mw(plan.it_mw, self.axis.step_h, n),
            gear=None if plan.gear is None else plan.gear[:, :, :n],
        )

    def _step_inputs(self, plan: Plan, span: slice, facility_mw: NDArray[np.float64]) -> StepInputs:
        n = facility_mw.shape[1]
        return StepInputs(
            step_h=self.axis.step_h,
            facility_mw=facility_mw,
            site_pv_mw=self._truth.site_pv_mw[:, span],
            curtail_mw=plan.curtail_mw[:, :n],
            charge_mw=None if plan.charge_mw is None else plan.charge_mw[:, :n],
            discharge_mw=None if plan.discharge_mw is None else plan.discharge_mw[:, :n],
            import_guard_mw=plan.import_guard_mw,
            feeder_pv_mw=self._truth.feeder_pv_mw[:, span],
            feeder_load_mw=self._truth.feeder_load_mw[:, span],
            energy_mwh=self._energy_mwh,
            feeder_wind_mw=self._truth.feeder_wind_mw[:, span],
        )

    def _settle(self, inputs: StepInputs) -> tuple[StepResult, Mapping[int, GridStep]]:
        """Meters and batteries, then the networks; once more with their losses where a feeder imports too much."""
        fleet, start = self._truth.fleet, self.axis.at(self._now).isoformat()
        load_mw, pv_mw = inputs.feeder_load_mw, inputs.feeder_pv_mw
        step = advance(fleet.sites, fleet.feeders, inputs, fleet.ties)
        step, grids = on_networks(fleet, step, load_mw, pv_mw, start=start)
        if not any(step.feeder_violation_mw[b].any() for b in grids):
            return step, grids
        # Batteries defend the limit at the meter, which sees losses, and PV that is not held back.
        seen_mw, used_mw = load_mw.copy(), pv_mw.copy()
        for b, state in grids.items():
            seen_mw[b] += state.flow.losses_mw
            used_mw[b] = step.feeder_pv_used_mw[b]
        again = replace(inputs, feeder_load_mw=seen_mw, feeder_pv_mw=used_mw)
        step = advance(fleet.sites, fleet.feeders, again, fleet.ties)
        return on_networks(fleet, step, load_mw, pv_mw, start=start)

    def _record(
        self,
        plan: Plan,
        span: slice,
        placed: Placed,
        label_mw: NDArray[np.float64],
        it_mw: NDArray[np.float64],
        facility_mw: NDArray[np.float64],
        step: StepResult,
        grids: Mapping[int, GridStep],
        served: Mapping[str, float],
    ) -> None:
        n = it_mw.shape[1]
        zero = np.zeros(n)
        reads: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        for s, site in enumerate(self._truth.fleet.sites):
            reads.append((step.import_mw[s], step.export_mw[s]))
            reads.append((it_mw[s], zero))
            reads += [(label_mw[label, s], zero) for label in range(len(FLEXIBILITY_LABELS))]
            reads.append((facility_mw[s], zero))
            if site.battery is not None:
                reads.append((step.charge_mw[s], step.discharge_mw[s]))
            if site.pv_mw > 0:
                reads += [(zero, step.pv_used_mw[s]), (zero, self._truth.site_pv_mw[s, span])]
        for b, feeder in enumerate(self._truth.fleet.feeders):
            reads.append((step.feeder_import_mw[b], step.feeder_export_mw[b]))
            reads.append((self._truth.feeder_load_mw[b, span], zero))
            reads += [(zero, step.feeder_pv_used_mw[b]), (zero, self._truth.feeder_pv_mw[b, span])]
            if feeder.wind_mw > 0:
                reads += [(zero, step.feeder_wind_used_mw[b]), (zero, self._truth.feeder_wind_mw[b, span])]
            reads += grid_reads(feeder, grids.get(b))
        for k, tie in enumerate(self._truth.fleet.ties):
            forward_mw, back_mw, kept_ratio = step.tie_forward_mw[k], step.tie_back_mw[k], 1.0 - tie.loss_ratio
            reads += [(kept_ratio * back_mw, forward_mw), (kept_ratio * forward_mw, back_mw)]
        hours = self.axis.step_h
        imported = np.array([imports for imports, _ in reads]) * hours
        exported = np.array([exports for _, exports in reads]) * hours
        quality = np.full(imported.shape, int(Quality.MEASURED), dtype=np.int8)
        offered_mw = (
            np.zeros((len(self._truth.fleet.sites), n)) if plan.start_at_once else plan.it_mw[:, :, :n].sum(axis=0)
        )
        price = plan.congestion_cny_per_mwh
        price_cny_per_mwh = np.zeros((len(offered_mw), 0)) if price is None else price[:, :n]
        diagnostics = {name: float(value) for name, value in plan.diagnostics.items()}
        diagnostics |= {"overrides": float(placed.overrides), **served}
        self._journal.append(
            PlanEnacted(
                span.start, span.stop, plan.coordinator, offered_mw, self._desk.issued_s, diagnostics, price_cny_per_mwh
            )
        )
        self._journal.append(placed.events)
        self._journal.append(MeterBlock(span.start, imported, exported, quality))
        self._journal.append(LevelBlock(span.start, step.energy_mwh))

    def _update_peaks(self, span: slice, import_mw: NDArray[np.float64]) -> None:
        month = self._month[span]
        if span.start > 0 and self._month[span.start - 1] != month[0]:
            self._peak_mw[:] = 0.0
        current = import_mw[:, month == month[-1]]
        if month[0] != month[-1]:
            self._peak_mw[:] = 0.0
        self._peak_mw = np.maximum(self._peak_mw, current.max(axis=1))
        if span.stop < self.axis.periods and self._month[span.stop] != month[-1]:
            self._peak_mw = np.zeros_like(self._peak_mw)


def _placement(truth: Truth, gpus: NDArray[np.int64]) -> Placement | NoWork:
    if not len(truth.jobs):
        return NoWork(len(gpus))
    # Compiled kernels are loaded only where there are jobs to place.
    from suandian.coordination.placement import Placement

    transfer_s = truth.fleet.transfer.seconds_s(truth.jobs.data_gb)
    return Placement(truth.jobs, truth.class_index, truth.fleet.classes, gpus, truth.axis, transfer_s)


def _meters(truth: Truth) -> tuple[Meter, ...]:
    meters: list[Meter] = []
    for site in truth.fleet.sites:
        channels = ["grid", "it", *(f"it/{label}" for label in FLEXIBILITY_LABELS), "facility"]
        channels += ["battery"] if site.battery is not None else []
        channels += ["pv", "pv_available"] if site.pv_mw > 0 else []
        meters += [Meter(f"site/{site.id}/{channel}") for channel in channels]
    for feeder in truth.fleet.feeders:
        channels = ["grid", "load", "pv", "pv_available", *(["wind", "wind_available"] if feeder.wind_mw > 0 else [])]
        meters += [Meter(f"feeder/{feeder.id}/{channel}") for channel in channels]
        meters += grid_meters(feeder)
    for tie in truth.fleet.ties:
        meters += [Meter(f"tie/{tie.id}/{end}") for end in (tie.source, tie.target)]
    return tuple(meters)
