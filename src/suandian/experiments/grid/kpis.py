"""The KPIs of the networks behind feeders. Definitions: docs/reference/kpis.md."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.grid.room import hosting_compute_mw, hosting_pv_mw
from suandian.experiments.grid.state import by_feeder, exceeded, grid_of
from suandian.model.grid import Feeder
from suandian.physics.feeder_grid import GridStep, grid_limits, has_own_transformers
from suandian.physics.grades import top_transformers
from suandian.record.journal import Journal
from suandian.simulation.truth import Truth

__all__ = [
    "GRID_KPI_NAMES",
    "above_limits_mwh",
    "grid_record",
    "held_back_mwh",
    "main_transformers",
    "overload_apart_mwh",
]

#: At the end of the KPI record; all NaN where no feeder has a network.
GRID_KPI_NAMES: tuple[str, ...] = (
    "voltage_violation_bus_h",
    "overload_h",
    "losses_mwh",
    "transformer_loading_max_ratio",
    "reverse_energy_mwh",
    "congestion_cost_cny",
    "linearisation_error_max_pu",
    "hosting_pv_mw",
    "hosting_compute_mw",
)


def grid_record(journal: Journal, truth: Truth, states: Mapping[str, GridStep]) -> dict[str, float]:
    """The KPIs of all networks together, in the order of `GRID_KPI_NAMES`: sums, but for maxima over them."""
    pairs = by_feeder(states, truth)
    if not pairs:
        return dict.fromkeys(GRID_KPI_NAMES, nan)
    step_h = truth.axis.step_h
    broken = [exceeded(feeder, step) for feeder, step in pairs]
    values = {
        "voltage_violation_bus_h": sum(float(found.voltage.sum()) for found in broken) * step_h,
        "overload_h": float(np.any([found.loading.any(axis=1) for found in broken], axis=0).sum()) * step_h,
        "losses_mwh": sum(float(step.flow.losses_mw.sum()) for _, step in pairs) * step_h,
        "transformer_loading_max_ratio": np.fmax.reduce([_transformer_loading_ratio(*pair) for pair in pairs]),
        "reverse_energy_mwh": sum(_reverse_mwh(feeder, step, step_h) for feeder, step in pairs),
        "congestion_cost_cny": sum(
            held_back_mwh(step, step_h) * truth.objective.curtailment_cny_per_mwh
            + above_limits_mwh(feeder, step, step_h) * truth.objective.violation_cny_per_mwh
            for feeder, step in pairs
        ),
        "linearisation_error_max_pu": max(
            (
                plan.diagnostics["linearisation_error_max_pu"]
                for plan in journal.plans()
                if "linearisation_error_max_pu" in plan.diagnostics
            ),
            default=nan,
        ),
        "hosting_pv_mw": sum(hosting_pv_mw(feeder, step) for feeder, step in pairs),
        "hosting_compute_mw": sum(hosting_compute_mw(feeder, step, truth) for feeder, step in pairs),
    }
    return {name: float(values[name]) for name in GRID_KPI_NAMES}


def overload_apart_mwh(
    states: Mapping[str, GridStep], truth: Truth, import_violation_mwh: Mapping[str, float]
) -> float:
    """Energy above branch ratings that is not already counted as import above its feeder's limit, by feeder id."""
    return sum(
        max(above_limits_mwh(feeder, step, truth.axis.step_h) - import_violation_mwh.get(feeder.id, 0.0), 0.0)
        for feeder, step in by_feeder(states, truth)
    )


def held_back_mwh(step: GridStep, step_h: float) -> float:
    """PV energy of the network that was available and not used."""
    return float(np.maximum(step.pv_available_mw - step.pv_used_mw, 0.0).sum()) * step_h


def main_transformers(feeder: Feeder) -> NDArray[np.intp]:
    """Rows of the feeder's own transformers, next to the grid above; none where the network begins below them."""
    return top_transformers(grid_of(feeder).network) if has_own_transformers(feeder) else np.zeros(0, dtype=np.intp)


def _transformer_loading_ratio(feeder: Feeder, step: GridStep) -> float:
    loading = step.flow.loading_ratio[:, len(grid_of(feeder).network.lines.ids) :]
    return float(loading.max(initial=0.0)) if loading.shape[1] else nan


def _reverse_mwh(feeder: Feeder, step: GridStep, step_h: float) -> float:
    main = main_transformers(feeder)
    if not len(main):
        return float(np.maximum(-step.flow.slack_mw, 0.0).sum()) * step_h
    return float(step.flow.reverse_mw(grid_of(feeder).network)[:, main].sum()) * step_h


def above_limits_mwh(feeder: Feeder, step: GridStep, step_h: float) -> float:
    """What exceeds the rating of the branch that exceeds its own by most, apparent power taken as MW.

    Branches in series carry the same energy, which is counted once; voltages are no energy and are not in it.
    """
    limits, above = grid_limits(feeder), exceeded(feeder, step).loading
    excess_mw = np.where(
        above, (step.flow.loading_ratio - limits.loading_max_ratio) * grid_of(feeder).network.branch_rated_mva, 0.0
    )
    return float(excess_mw.max(axis=1, initial=0.0).sum()) * step_h
