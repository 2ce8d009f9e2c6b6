"""What a study found: KPIs per arm, journals, and the frames and report made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from suandian.record.journal import Journal
from suandian.simulation.truth import Truth

__all__ = ["Arm", "Finding", "Provenance"]


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One coordinator's run: its journal and what was reduced from it.

    kpis       name → value, the names of `suandian.experiments.kpi.KPI_NAMES`, in that order
    sites      one row per connection: connection, import_mwh, export_mwh, peak_import_mw, import_max_mw,
               export_max_mw, pv_curtailed_mwh, energy_cost_cny, demand_charge_cny, carbon_average_kg, work_gpu_h, …
    jobs       one row per job: job, kind, label, home, site, submitted, released, due, started, finished, delay_h,
               work_gpu_h, pauses, moved, missed
    """

    coordinator: str
    journal: Journal
    kpis: Mapping[str, float]
    sites: pl.DataFrame
    jobs: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is needed to reproduce a study.

    versions     package → version; `sources` rows: (field, source text, confidence letter or "")
    """

    scenario: str
    scenario_hash: str
    seed: int
    versions: Mapping[str, str]
    sources: tuple[tuple[str, str, str], ...]
    command: str


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """The result of `suandian.run`: arms in the scenario's order, the first being the control.

    title, question    language code (`en`, `zh`) → text, from the scenario
    truth              the realised world (only this stratum may hold it beside the journals)
    bound_cny          objective of the fluid relaxation under perfect knowledge, NaN if not computed
    folder             where the run was kept, or None
    """

    name: str
    title: Mapping[str, str]
    question: Mapping[str, str]
    truth: Truth
    arms: Mapping[str, Arm]
    control: str
    chosen: str
    bound_cny: float
    provenance: Provenance
    folder: Path | None
