"""What a study found: KPIs per arm, journals, and the frames and report made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path

import polars as pl

from suandian.quantity.errors import DataError
from suandian.record.journal import Journal
from suandian.settlement.ledger import Ledger
from suandian.simulation.truth import Truth

__all__ = ["Arm", "Finding", "Provenance"]


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """One coordinator's run: its journal and what was reduced from it.

    kpis       name → value, the names of `suandian.experiments.kpi.KPI_NAMES`, in that order
    sites      one row per connection: connection, import_mwh, export_mwh, peak_import_mw, import_max_mw,
               export_max_mw, pv_curtailed_mwh, wind_curtailed_mwh, tie_in_mwh, tie_out_mwh, energy_cost_cny,
               demand_charge_cny, carbon_average_kg, carbon_marginal_kg, carbon_official_kg, work_gpu_h, …
    ledger     who owes whom for the arm's metered energy
    jobs       one row per job: job, kind, label, home, site, submitted, released, due, started, finished, delay_h,
               work_gpu_h, pauses, moved, missed
    buses      one row per bus of the feeders' networks: feeder, bus, group, nominal_kv, x_km, y_km, pv_available_mwh,
               pv_curtailed_mwh, voltage_min_pu, voltage_max_pu, voltage_violation_h; no rows without a network
    branches   one row per line and transformer: feeder, branch, from, to, kind, rating_mva, loading_max_ratio,
               overload_h, energy_mwh, reverse_energy_mwh
    """

    coordinator: str
    journal: Journal
    kpis: Mapping[str, float]
    sites: pl.DataFrame
    jobs: pl.DataFrame
    ledger: Ledger
    buses: pl.DataFrame = field(default_factory=pl.DataFrame)
    branches: pl.DataFrame = field(default_factory=pl.DataFrame)


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

    @property
    def kpis(self) -> pl.DataFrame:
        """One row per coordinator: `coordinator` and every KPI of docs/reference/kpis.md; null where it has none."""
        rows = [{"coordinator": name, **arm.kpis} for name, arm in self.arms.items()]
        return pl.DataFrame(rows).fill_nan(None)

    def jobs(self, coordinator: str) -> pl.DataFrame:
        """What became of every job under `coordinator`, one row per job."""
        return self._arm(coordinator).jobs

    def meters(self, coordinator: str, *meter_ids: str) -> pl.DataFrame:
        """Reads of all meters, or of those named: meter, start, import_mwh, export_mwh, quality."""
        return self._arm(coordinator).journal.meter_frame(meter_ids or None)

    def sites(self, coordinator: str) -> pl.DataFrame:
        """One row per grid connection under `coordinator`."""
        return self._arm(coordinator).sites

    def buses(self, coordinator: str) -> pl.DataFrame:
        """One row per bus of the networks behind feeders under `coordinator`; no rows where no feeder has one.

        feeder, bus, group                     ids; the village or piece of town that the bus belongs to
        nominal_kv, x_km, y_km                 nominal voltage, and place
        pv_available_mwh, pv_curtailed_mwh     PV that could have been fed in there, and what was held back of it
        voltage_min_pu, voltage_max_pu         lowest and highest voltage of the study
        voltage_violation_h                    hours outside the bus's voltage limits
        """
        return self._arm(coordinator).buses

    def branches(self, coordinator: str) -> pl.DataFrame:
        """One row per line and transformer of those networks under `coordinator`.

        feeder, branch, from, to, kind   ids, those of the buses at both ends, and `line` or `transformer`
        rating_mva                       apparent power at rated current and nominal voltage
        loading_max_ratio                highest current ÷ rated current
        overload_h                       hours above the rating
        energy_mwh                       what passed, in either direction
        reverse_energy_mwh               what passed up through a transformer; null for lines
        """
        return self._arm(coordinator).branches

    def report(self, path: str | Path, *, lang: str = "en") -> Path:
        """Write the study report, one HTML file that opens offline, in `lang` (`en` or `zh`); returns its path."""
        from suandian.experiments.report import write

        return write(self, Path(path), lang=lang)

    def to_dict(self) -> dict[str, object]:
        """What `--json` prints: the KPI record of every arm under `runs.<coordinator>`, and how to reproduce it.

        A KPI that the study does not have, such as those of a network where no feeder has one, is null.
        """
        return {
            "name": self.name,
            "control": self.control,
            "chosen": self.chosen,
            "bound_cny": None if isnan(self.bound_cny) else self.bound_cny,
            "folder": str(self.folder) if self.folder else None,
            "scenario_hash": self.provenance.scenario_hash,
            "seed": self.provenance.seed,
            "versions": dict(self.provenance.versions),
            "runs": {
                name: {kpi: None if isnan(value) else value for kpi, value in arm.kpis.items()}
                for name, arm in self.arms.items()
            },
        }

    def _arm(self, coordinator: str) -> Arm:
        if coordinator not in self.arms:
            raise DataError(f"the study has no arm {coordinator!r}; it has {', '.join(self.arms)}")
        return self.arms[coordinator]
