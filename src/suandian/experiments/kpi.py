"""The KPI record of an arm: reductions over its journal, with the prices and factors of the scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from suandian.experiments.grid import (
    GRID_KPI_NAMES,
    branches_frame,
    buses_frame,
    grid_record,
    grid_states,
    overload_apart_mwh,
)
from suandian.experiments.points import connections, supply_contracts
from suandian.model.plan import Fleet
from suandian.model.workload import FLEXIBILITY_LABELS
from suandian.record.events import JobEventKind
from suandian.record.journal import Journal
from suandian.settlement.ledger import Ledger
from suandian.settlement.rating import rate_supply
from suandian.settlement.tariff import MonthlyBill
from suandian.simulation.truth import Truth
from suandian.verification.impact import Connection, EnergyAccount, account, emissions_kg, site_balance_error_mwh
from suandian.verification.runs import job_runs
from suandian.verification.service import ServiceAccount, job_outcomes, service_account

__all__ = ["KPI_NAMES", "Reduced", "reduce_journal"]

#: The KPI record, in the order of the table. Definitions: docs/reference/kpis.md.
KPI_NAMES: tuple[str, ...] = (
    "objective_cny",
    "energy_cost_cny",
    "demand_charge_cny",
    "total_cost_cny",
    "import_mwh",
    "export_mwh",
    "peak_import_mw",
    "pv_curtailed_mwh",
    "wind_curtailed_mwh",
    "tie_mwh",
    "reverse_flow_mwh",
    "reverse_limit_h",
    "carbon_average_kg",
    "carbon_marginal_kg",
    "carbon_official_kg",
    "renewable_share_ratio",
    "battery_throughput_mwh",
    "jobs_completed",
    "deadline_misses",
    "delay_mean_h",
    "delay_p95_h",
    "work_gpu_h",
    "plan_placement_gap_mwh",
    "energy_balance_error_mwh",
    "import_violation_mwh",
    "interactive_unserved_mwh",
    "interactive_batched_mwh",
    "slowed_work_gpu_h",
    "moved_gb",
    "transfer_cost_cny",
    "transfer_mwh",
    "deadline_overrides",
    "wall_s",
    *GRID_KPI_NAMES,
)

_INTERACTIVE = ("F0", "F1")


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """What is reduced from one journal: the KPI record, frames by connection, job, bus and branch, and the books."""

    kpis: Mapping[str, float]
    sites: pl.DataFrame
    jobs: pl.DataFrame
    ledger: Ledger
    buses: pl.DataFrame
    branches: pl.DataFrame


def reduce_journal(journal: Journal, truth: Truth, *, currency: str = "CNY", wall_s: float = 0.0) -> Reduced:
    """Reduce a complete journal. Money passes through settlement: what is shown is what the books say."""
    fleet = truth.fleet
    bills, transactions = rate_supply(journal, supply_contracts(truth), zone=fleet.zone)
    ledger = Ledger(currency)
    ledger.book(transactions)
    points = connections(fleet)
    accounts = [account(journal, point) for point in points]
    jobs = job_outcomes(journal, truth.jobs, fleet.classes.label_index[truth.class_index])
    states = grid_states(journal, truth)
    violated_mwh = {p.id: a.import_violation_mwh for p, a in zip(points, accounts, strict=True)}
    overload_mwh = overload_apart_mwh(states, truth, violated_mwh)
    kpis = _record(journal, truth, bills, accounts, points, service_account(jobs), overload_mwh, wall_s)
    kpis |= grid_record(journal, truth, states)
    return Reduced(
        kpis=kpis,
        sites=_site_frame(journal, truth, points, accounts, bills, jobs),
        jobs=jobs,
        ledger=ledger,
        buses=buses_frame(states, truth),
        branches=branches_frame(states, truth),
    )


def _record(
    journal: Journal,
    truth: Truth,
    bills: Sequence[MonthlyBill],
    accounts: Sequence[EnergyAccount],
    points: Sequence[Connection],
    service: ServiceAccount,
    overload_mwh: float,
    wall_s: float,
) -> dict[str, float]:
    carbon = _carbon_kg(journal, truth, range(len(truth.fleet.sites)))
    energy_cny = float(sum(bill.energy_cny - bill.export_credit_cny for bill in bills))
    demand_cny = float(sum(bill.demand_cny for bill in bills))
    pv_mwh, wind_mwh = sum(a.pv_curtailed_mwh for a in accounts), sum(a.wind_curtailed_mwh for a in accounts)
    violation_mwh = sum(a.import_violation_mwh for a in accounts) + _own_meter_violation_mwh(journal, fleet=truth.fleet)
    discharged = {s.id: float(journal.metered(f"site/{s.id}/battery")[1].sum()) for s in truth.fleet.sites if s.battery}
    wear_cny = sum(s.battery.wear_cny_per_mwh * discharged[s.id] for s in truth.fleet.sites if s.battery)
    objective = truth.objective
    feeder_export_mwh = sum(a.export_mwh for a, p in zip(accounts, points, strict=True) if _shared(p))
    bent = _bent(journal, truth)
    values = {
        "objective_cny": energy_cny
        + demand_cny
        + wear_cny
        + objective.carbon_cny_per_t * carbon[objective.carbon_signal] / 1000.0
        + objective.curtailment_cny_per_mwh * (pv_mwh + wind_mwh)
        + objective.violation_cny_per_mwh * (violation_mwh + overload_mwh)
        + bent["cost_cny"],
        "energy_cost_cny": energy_cny,
        "demand_charge_cny": demand_cny,
        "total_cost_cny": energy_cny + demand_cny,
        "import_mwh": sum(a.import_mwh for a in accounts),
        "export_mwh": sum(a.export_mwh for a in accounts),
        "peak_import_mw": sum(a.peak_import_mw for a in accounts),
        "pv_curtailed_mwh": pv_mwh,
        "wind_curtailed_mwh": wind_mwh,
        "tie_mwh": sum(a.tie_out_mwh for a in accounts),
        "reverse_flow_mwh": feeder_export_mwh,
        "reverse_limit_h": sum(a.reverse_limit_h for a, p in zip(accounts, points, strict=True) if _shared(p)),
        "carbon_average_kg": carbon["average"],
        "carbon_marginal_kg": carbon["marginal"],
        "carbon_official_kg": carbon["official"],
        "renewable_share_ratio": sum(a.renewable_mwh for a in accounts)
        / max(sum(a.consumption_mwh for a in accounts), 1e-12),
        "battery_throughput_mwh": sum(discharged.values()),
        "jobs_completed": float(service.jobs_completed),
        "deadline_misses": float(service.deadline_misses),
        "delay_mean_h": service.delay_mean_h,
        "delay_p95_h": service.delay_p95_h,
        "work_gpu_h": service.work_gpu_h,
        "plan_placement_gap_mwh": _gap_mwh(journal),
        "energy_balance_error_mwh": max(
            [a.balance_error_mwh for a in accounts] + [site_balance_error_mwh(journal, s.id) for s in truth.fleet.sites]
        ),
        "import_violation_mwh": violation_mwh,
        "interactive_unserved_mwh": sum(
            plan.diagnostics.get("interactive_unserved_mwh", 0.0) for plan in journal.plans()
        ),
        "interactive_batched_mwh": bent["batched_mwh"],
        "slowed_work_gpu_h": bent["slowed_gpu_h"],
        "moved_gb": bent["moved_gb"],
        "transfer_cost_cny": bent["moved_gb"] * truth.fleet.transfer.price_cny_per_gb,
        "transfer_mwh": bent["moved_gb"] * truth.fleet.transfer.energy_mwh_per_gb,
        "deadline_overrides": sum(plan.diagnostics.get("overrides", 0.0) for plan in journal.plans()),
        "wall_s": wall_s,
    }
    return {name: float(values[name]) for name in KPI_NAMES if name not in GRID_KPI_NAMES}


def _bent(journal: Journal, truth: Truth) -> dict[str, float]:
    """What was slowed, moved and batched, and what that cost beside energy: carriers, tenants, users."""
    jobs, objective = truth.jobs, truth.objective
    runs = job_runs(journal.job_events(), journal.axis.end_s)
    slowed_h = np.where(runs.gear > 0, runs.full_speed_s(jobs), 0.0) / 3600.0
    slowed_gpu_h = slowed_h * jobs.gpus_max[runs.job]
    slowed_mwh = slowed_gpu_h * jobs.power_per_gpu_kw[runs.job] / 1000.0
    events = journal.job_events()
    moved_gb = float(jobs.data_gb[events.job[events.kind == JobEventKind.MOVED]].sum())
    batched_mwh = sum(plan.diagnostics.get("interactive_batched_mwh", 0.0) for plan in journal.plans())
    return {
        "slowed_gpu_h": float(slowed_gpu_h.sum()),
        "moved_gb": moved_gb,
        "batched_mwh": batched_mwh,
        "cost_cny": moved_gb * truth.fleet.transfer.price_cny_per_gb
        + float(slowed_mwh.sum()) * objective.slowing_cny_per_mwh
        + batched_mwh * objective.batching_cny_per_mwh,
    }


def _carbon_kg(journal: Journal, truth: Truth, rows: Sequence[int]) -> dict[str, float]:
    """Emissions of the import of the sites `rows` under the three factors."""
    imports = {s: journal.metered(f"site/{truth.fleet.sites[s].id}/grid")[0] for s in rows}
    signals = {
        "average": truth.carbon_average_kg_per_mwh,
        "marginal": truth.carbon_marginal_kg_per_mwh,
        "official": truth.fleet.carbon_official_kg_per_mwh[:, None],
    }
    return {
        name: sum(emissions_kg(imported, factors[s]) for s, imported in imports.items())
        for name, factors in signals.items()
    }


def _own_meter_violation_mwh(journal: Journal, *, fleet: Fleet) -> float:
    """Import above the own limit of sites behind a feeder; other sites' meters are connections already."""
    total = 0.0
    for site in fleet.sites:
        if site.feeder:
            imported, _ = journal.metered(f"site/{site.id}/grid")
            excess = imported - (site.import_max_mw + 1e-6) * journal.axis.step_h
            total += float(excess[excess > 0].sum())
    return total


def _gap_mwh(journal: Journal) -> float:
    """Σ max(0, offered − placed)·Δ over sites and intervals, dynamic IT energy of jobs; 0 for plans without a curve."""
    labels = [label for label in FLEXIBILITY_LABELS if label not in _INTERACTIVE]
    placed_mw = np.array(
        [np.sum([journal.metered(f"site/{site}/it/{label}")[0] for label in labels], axis=0) for site in journal.sites]
    )
    placed_mw /= journal.axis.step_h
    gap_mw = 0.0
    for plan in journal.plans():
        for site_mw in np.maximum(plan.it_mw - placed_mw[:, plan.first : plan.last], 0.0).sum(axis=1).tolist():
            gap_mw += site_mw
    return gap_mw * journal.axis.step_h


def _site_frame(
    journal: Journal,
    truth: Truth,
    points: Sequence[Connection],
    accounts: Sequence[EnergyAccount],
    bills: Sequence[MonthlyBill],
    jobs: pl.DataFrame,
) -> pl.DataFrame:
    rows = []
    for point, energy in zip(points, accounts, strict=True):
        meters = set(point.site_meters if _shared(point) else (point.meter,))
        sites = [meter.split("/")[1] for meter in sorted(meters)]
        own = [bill for bill in bills if bill.meter in meters]
        index = [s for s, site in enumerate(truth.fleet.sites) if site.id in sites]
        rows.append(
            {
                "connection": point.id,
                "sites": ",".join(sites),
                "import_mwh": energy.import_mwh,
                "export_mwh": energy.export_mwh,
                "peak_import_mw": energy.peak_import_mw,
                "import_max_mw": point.import_max_mw,
                "export_max_mw": point.export_max_mw,
                "pv_available_mwh": energy.pv_available_mwh,
                "pv_curtailed_mwh": energy.pv_curtailed_mwh,
                "wind_available_mwh": energy.wind_available_mwh,
                "wind_curtailed_mwh": energy.wind_curtailed_mwh,
                "tie_in_mwh": energy.tie_in_mwh,
                "tie_out_mwh": energy.tie_out_mwh,
                "reverse_limit_h": energy.reverse_limit_h,
                "import_violation_mwh": energy.import_violation_mwh,
                "facility_mwh": sum(float(journal.metered(f"site/{s}/facility")[0].sum()) for s in sites),
                "it_mwh": sum(float(journal.metered(f"site/{s}/it")[0].sum()) for s in sites),
                "energy_cost_cny": float(sum(bill.energy_cny - bill.export_credit_cny for bill in own)),
                "demand_charge_cny": float(sum(bill.demand_cny for bill in own)),
                "billed_peak_mw": max((bill.peak_mw for bill in own), default=0.0),
                **{f"carbon_{name}_kg": value for name, value in _carbon_kg(journal, truth, index).items()},
                "work_gpu_h": float(jobs.filter(pl.col("site").is_in(sites))["work_gpu_h"].sum()),
            }
        )
    return pl.DataFrame(rows)


def _shared(point: Connection) -> bool:
    """Is it a feeder, with or without sites behind it?"""
    return point.meter.startswith("feeder/")
