"""What happened at every bus and in every branch of the networks, as frames."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.experiments.grid.state import by_feeder, exceeded, grid_of
from suandian.model.grid import Feeder
from suandian.physics.feeder_grid import GridStep
from suandian.simulation.truth import Truth

__all__ = ["branches_frame", "buses_frame"]


def buses_frame(states: Mapping[str, GridStep], truth: Truth) -> pl.DataFrame:
    """One row per bus: feeder, bus, group, nominal_kv, x_km, y_km, pv_available_mwh, pv_curtailed_mwh, voltage_min_pu,
    voltage_max_pu, voltage_violation_h; no rows without a network."""
    schema = {"feeder": pl.String, "bus": pl.String, "group": pl.String} | dict.fromkeys(
        ("nominal_kv", "x_km", "y_km", "pv_available_mwh", "pv_curtailed_mwh", "voltage_min_pu", "voltage_max_pu",
         "voltage_violation_h"), pl.Float64,
    )  # fmt: skip
    parts = [pl.DataFrame(_buses(feeder, step, truth.axis.step_h), schema) for feeder, step in by_feeder(states, truth)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def branches_frame(states: Mapping[str, GridStep], truth: Truth) -> pl.DataFrame:
    """One row per line and transformer: feeder, branch, from, to (bus ids), kind, rating_mva, loading_max_ratio,
    overload_h (above the rating), energy_mwh (in either direction), reverse_energy_mwh (up through transformers; null
    for lines); no rows without a network."""
    schema = dict.fromkeys(("feeder", "branch", "from", "to", "kind"), pl.String) | dict.fromkeys(
        ("rating_mva", "loading_max_ratio", "overload_h", "energy_mwh", "reverse_energy_mwh"), pl.Float64
    )
    parts = [
        pl.DataFrame(_branches(feeder, step, truth.axis.step_h), schema) for feeder, step in by_feeder(states, truth)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def _buses(feeder: Feeder, step: GridStep, step_h: float) -> dict[str, object]:
    buses = grid_of(feeder).network.buses
    held_mw = np.maximum(step.pv_available_mw - step.pv_used_mw, 0.0)
    return {
        "feeder": [feeder.id] * len(buses.ids),
        "bus": buses.ids,
        "group": buses.groups,
        "nominal_kv": buses.nominal_kv,
        "x_km": buses.x_km,
        "y_km": buses.y_km,
        "pv_available_mwh": step.pv_available_mw.sum(axis=0) * step_h,
        "pv_curtailed_mwh": held_mw.sum(axis=0) * step_h,
        "voltage_min_pu": step.flow.voltage_pu.min(axis=0),
        "voltage_max_pu": step.flow.voltage_pu.max(axis=0),
        "voltage_violation_h": exceeded(feeder, step).voltage.sum(axis=0) * step_h,
    }


def _branches(feeder: Feeder, step: GridStep, step_h: float) -> dict[str, object]:
    network = grid_of(feeder).network
    lines, transformers = len(network.lines.ids), len(network.transformers.ids)
    first, second = network.branch_ends
    reverse_mwh: NDArray[np.float64] = step.flow.reverse_mw(network).sum(axis=0) * step_h
    return {
        "feeder": [feeder.id] * (lines + transformers),
        "branch": network.branch_ids,
        "from": [network.buses.ids[bus] for bus in first],
        "to": [network.buses.ids[bus] for bus in second],
        "kind": ["line"] * lines + ["transformer"] * transformers,
        "rating_mva": grid_of(feeder).network.branch_rated_mva,
        "loading_max_ratio": step.flow.loading_ratio.max(axis=0),
        "overload_h": exceeded(feeder, step).loading.sum(axis=0) * step_h,
        "energy_mwh": np.abs(step.flow.branch_mw).sum(axis=0) * step_h,
        "reverse_energy_mwh": [None] * lines + reverse_mwh.tolist(),
    }
