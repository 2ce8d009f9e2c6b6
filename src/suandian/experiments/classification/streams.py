"""The interactive streams of a study in the same terms as its jobs: their class is stated, their place may move."""

from __future__ import annotations

import numpy as np
import polars as pl

from suandian.experiments.scenario import Scenario
from suandian.flexibility.dimensions import Surroundings, reach_km
from suandian.flexibility.rules import RuleTable

__all__ = ["STREAM_RULE", "empty_streams", "stream_rows"]

#: A stream's class is what the study says; F1 may be served elsewhere, F0 may not.
STREAM_RULE = "stated_by_study"


def stream_rows(study: Scenario, site: str, around: Surroundings, table: RuleTable) -> pl.DataFrame:
    """One row per stream served by default at `site`; means are weighted by demand."""
    truth = study.truth()
    row = [entry.id for entry in truth.fleet.sites].index(site)
    level = table.levels["location"]
    hours_ratio = float(around.tight.mean())
    rows = []
    for stream in (entry for entry in truth.streams if entry.home == row):
        energy_mwh = float(stream.demand_mw.sum() * around.axis.step_h)
        weight = stream.demand_mw / max(float(stream.demand_mw.sum()), 1e-12)
        average = float(weight @ around.carbon_average_kg_per_mwh)
        tight = float(weight @ around.tight)
        places = stream.sites_allowed.bit_count()
        per_gpu_mwh = stream.power_per_gpu_kw / 1000.0 * around.pue_ratio
        ratio = average / max(float(around.carbon_average_kg_per_mwh.mean()), 1e-9)
        peak_ratio = tight / hours_ratio if hours_ratio > 0 else 0.0
        rows.append(
            {
                "id": stream.id,
                "origin": stream.origin,
                "label": stream.label,
                "rule": STREAM_RULE,
                "latency_max_ms": stream.latency_max_ms,
                "reach_km": float(reach_km(np.array([stream.latency_max_ms]))[0]),
                "sites_in_reach_count": places,
                "energy_mwh": energy_mwh,
                "work_unit_h": energy_mwh / stream.power_per_gpu_kw * 1000.0 if stream.power_per_gpu_kw > 0 else 0.0,
                "urgency_level": 2,
                "location_reason": "latency" if places < 2 else "latency_region",
                "location_level": 2 if places < 2 or stream.latency_max_ms <= level["latency_high_ms"] else 1,
                "carbon_average_kg_per_unit_h": average * per_gpu_mwh,
                "carbon_marginal_kg_per_unit_h": float(weight @ around.carbon_marginal_kg_per_mwh) * per_gpu_mwh,
                "carbon_official_kg_per_unit_h": around.carbon_official_kg_per_mwh * per_gpu_mwh,
                "carbon_level": _level(ratio, table, "carbon"),
                "tight_share_ratio": tight,
                "surplus_share_ratio": float(weight @ around.surplus),
                "site_peak_mw": float(stream.demand_mw[around.site_peak]),
                "grid_peak_mw": float(stream.demand_mw[around.grid_peak]),
                "coincidence_ratio": float(
                    stream.demand_mw[around.grid_peak] / max(float(stream.demand_mw.max()), 1e-12)
                ),
                "grid_level": _level(peak_ratio, table, "grid"),
            }
        )
    return pl.DataFrame(rows, schema=_SCHEMA)


_INTEGERS = ("sites_in_reach_count", "urgency_level", "location_level", "carbon_level", "grid_level")
_TEXTS = ("id", "origin", "label", "rule", "location_reason")
_SCHEMA = {
    name: pl.String if name in _TEXTS else pl.Int64 if name in _INTEGERS else pl.Float64
    for name in (
        "id", "origin", "label", "rule", "latency_max_ms", "reach_km", "sites_in_reach_count",
        "energy_mwh", "work_unit_h",
        "urgency_level", "location_reason", "location_level", "carbon_average_kg_per_unit_h",
        "carbon_marginal_kg_per_unit_h", "carbon_official_kg_per_unit_h", "carbon_level", "tight_share_ratio",
        "surplus_share_ratio", "site_peak_mw", "grid_peak_mw", "coincidence_ratio", "grid_level",
    )
}  # fmt: skip


def empty_streams() -> pl.DataFrame:
    """No streams: a trace has none."""
    return pl.DataFrame([], schema=_SCHEMA)


def _level(value_ratio: float, table: RuleTable, dimension: str) -> int:
    level = table.levels[dimension]
    return 2 if value_ratio > level["high_ratio"] else 0 if value_ratio < level["low_ratio"] else 1
