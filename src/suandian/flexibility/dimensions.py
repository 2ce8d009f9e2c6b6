"""The four dimensions of flexibility in numbers: urgency, place, carbon, grid impact, each with a level and its reason.

A job is judged by its default run, the one it would have if nothing were shifted. Levels are 0 low, 1 medium, 2 high:
high urgency leaves no time, high location sensitivity binds it to its place, high carbon and high grid impact mean that
moving it helps most. Thresholds come from the rule table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.flexibility.rules import RuleTable
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.interactive import one_way_fibre_ms

__all__ = [
    "LOCATION_REASONS",
    "Surroundings",
    "carbon_numbers",
    "grid_numbers",
    "interval_share_ratio",
    "location_numbers",
    "mean_over_runs",
    "reach_km",
    "urgency_numbers",
]

_Array = NDArray[np.float64]
Numbers = dict[str, NDArray[Any]]

#: Why a job is bound to its place or not, in the order in which the reasons are tried.
LOCATION_REASONS: tuple[str, ...] = (
    "latency", "no_consent", "no_gain", "gravity", "latency_region", "gravity_near", "data_unknown",
    "consent_unknown", "free",
)  # fmt: skip
_LOCATION_LEVEL = np.array([2, 2, 2, 2, 1, 1, 1, 1, 0], dtype=np.int8)

_EQUIPMENT_MS = one_way_fibre_ms(0.0, 0.0, 0.0, 0.0)
#: ms per km along a meridian degree: the model is linear in distance.
_MS_PER_KM = (one_way_fibre_ms(0.0, 0.0, 1.0, 0.0) - _EQUIPMENT_MS) / (6371.0 * np.pi / 180.0)


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Where and when work runs by default: series on `axis`, all `(periods,)`.

    price_cny_per_mwh, carbon_average_kg_per_mwh, carbon_marginal_kg_per_mwh, carbon_official_kg_per_mwh (one figure)
    elsewhere_cny_per_mwh   `(places, periods)` prices of the other places that work could go to
    tight, surplus          constrained hours (too much load), hours in which renewable energy is thrown away
    site_peak, grid_peak    indices of the intervals in which the site's and the grid's load is highest
    pue_ratio               energy at the meter per IT energy
    """

    axis: TimeAxis
    price_cny_per_mwh: _Array
    carbon_average_kg_per_mwh: _Array
    carbon_marginal_kg_per_mwh: _Array
    carbon_official_kg_per_mwh: float
    elsewhere_cny_per_mwh: _Array
    tight: NDArray[np.bool_]
    surplus: NDArray[np.bool_]
    site_peak: int
    grid_peak: int
    pue_ratio: float


def reach_km(latency_max_ms: _Array) -> _Array:
    """Great-circle distance inside a one-way latency: `(ms − 0.5) · 200 km/ms / 1.4`; NaN without a bound."""
    distance_km: _Array = np.maximum(latency_max_ms - _EQUIPMENT_MS, 0.0) / _MS_PER_KM
    return distance_km


def mean_over_runs(axis: TimeAxis, values: _Array, start_s: NDArray[np.int64], end_s: NDArray[np.int64]) -> _Array:
    """Time-weighted mean of a stepwise series over each run, `(jobs,)`; parts outside the axis do not count.

    A run that lies wholly outside takes the nearest interval's value.
    """
    edges_s = axis.start_s + axis.step_s * np.arange(axis.periods + 1)
    integral = np.concatenate(([0.0], np.cumsum(values))) * axis.step_s
    low_s = np.clip(start_s, axis.start_s, axis.end_s - 1)
    high_s = np.maximum(np.clip(end_s, axis.start_s, axis.end_s), low_s + 1)
    mean: _Array = (np.interp(high_s, edges_s, integral) - np.interp(low_s, edges_s, integral)) / (high_s - low_s)
    return mean


def interval_share_ratio(axis: TimeAxis, index: int, start_s: NDArray[np.int64], end_s: NDArray[np.int64]) -> _Array:
    """Share of interval `index` in which each job runs, `(jobs,)`."""
    low_s = axis.start_s + index * axis.step_s
    inside_s = np.minimum(end_s, low_s + axis.step_s) - np.maximum(start_s, low_s)
    share: _Array = np.maximum(inside_s, 0) / axis.step_s
    return share


def urgency_numbers(slack_h: _Array, run_h: _Array, rules: RuleTable) -> Numbers:
    """`slack_ratio` (slack / run) and `urgency_level` from slack."""
    level = rules.levels["urgency"]
    urgency = np.where(slack_h < level["high_below_slack_h"], 2, np.where(slack_h < level["low_from_slack_h"], 1, 0))
    return {"slack_ratio": slack_h / run_h, "urgency_level": urgency.astype(np.int8)}


def location_numbers(
    around: Surroundings,
    start_s: NDArray[np.int64],
    end_s: NDArray[np.int64],
    *,
    energy_mwh: _Array,
    data_gb: _Array,
    latency_max_ms: _Array,
    may_move: NDArray[np.int8],
    rules: RuleTable,
) -> Numbers:
    """What binds a job to its place, `(jobs,)`. `may_move`: 1 consent, 0 none (or residency), −1 not stated; a data
    volume that is not known is NaN: then nothing is concluded from it, and the break-even says what would pay.

    move_saving_cny_per_mwh   what the cheapest other place would save per IT MWh over the same hours
    break_even_gb_per_mwh     data volume whose transfer costs that saving; break_even_gb: for the whole job
    break_even_energy_gb_per_mwh   data volume whose transfer takes as much energy as leaves the site (one figure)
    gravity_gb_per_mwh        data volume to move per IT MWh of the job
    gravity_ratio             gravity against the smaller break-even; infinite where nothing is to be gained
    transfer_h                time to move the data
    """
    here = mean_over_runs(around.axis, around.price_cny_per_mwh, start_s, end_s)
    saving = np.zeros_like(here)
    for row in around.elsewhere_cny_per_mwh:
        saving = np.maximum(saving, here - mean_over_runs(around.axis, row, start_s, end_s))
    saving = saving * around.pue_ratio
    by_money = saving / rules.figure("transfer_cny_per_gb")
    by_energy = np.full_like(here, 1000.0 * around.pue_ratio / rules.figure("transfer_kwh_per_gb"))
    with np.errstate(divide="ignore", invalid="ignore"):
        gravity = np.where(energy_mwh > 0, data_gb / energy_mwh, np.where(np.isnan(data_gb), np.nan, np.inf))
        limit = np.minimum(by_money, by_energy)
        ratio = np.where(limit > 0, gravity / limit, np.where(np.isnan(data_gb), np.nan, np.inf))
    level = rules.levels["location"]
    holds: Mapping[str, NDArray[np.bool_]] = {
        "latency": latency_max_ms <= level["latency_high_ms"],
        "no_consent": may_move == 0,
        "no_gain": by_money <= 0,
        "gravity": ratio >= level["gravity_high_ratio"],
        "latency_region": latency_max_ms <= level["latency_medium_ms"],
        "gravity_near": ratio >= level["gravity_medium_ratio"],
        "data_unknown": np.isnan(data_gb),
        "consent_unknown": may_move < 0,
        "free": np.ones(len(here), dtype=np.bool_),
    }
    reason = np.argmax(np.stack([holds[name] for name in LOCATION_REASONS]), axis=0)
    return {
        "reach_km": reach_km(latency_max_ms),
        "move_saving_cny_per_mwh": saving,
        "break_even_gb_per_mwh": by_money,
        "break_even_gb": by_money * energy_mwh,
        "break_even_energy_gb_per_mwh": by_energy,
        "gravity_gb_per_mwh": gravity,
        "gravity_ratio": ratio,
        "transfer_h": data_gb * 8.0 / rules.figure("transfer_gbit_per_s") / 3600.0,
        "location_reason": np.array(LOCATION_REASONS)[reason],
        "location_level": _LOCATION_LEVEL[reason],
    }


def carbon_numbers(
    around: Surroundings,
    start_s: NDArray[np.int64],
    end_s: NDArray[np.int64],
    *,
    power_per_unit_kw: _Array,
    rules: RuleTable,
) -> Numbers:
    """kg CO₂ per unit-hour of work (GPU-hour or CPU-hour) by three methods, and per MWh; level by the average method.

    kg per unit-hour = kW per unit / 1000 · PUE · mean intensity over the default run. The official factor is one annual
    figure: it tells nothing about the hour.
    """
    average = mean_over_runs(around.axis, around.carbon_average_kg_per_mwh, start_s, end_s)
    marginal = mean_over_runs(around.axis, around.carbon_marginal_kg_per_mwh, start_s, end_s)
    mwh_per_unit_h = power_per_unit_kw / 1000.0 * around.pue_ratio
    ratio = average / max(float(around.carbon_average_kg_per_mwh.mean()), 1e-9)
    level = rules.levels["carbon"]
    return {
        "carbon_average_kg_per_mwh": average,
        "carbon_marginal_kg_per_mwh": marginal,
        "carbon_average_kg_per_unit_h": average * mwh_per_unit_h,
        "carbon_marginal_kg_per_unit_h": marginal * mwh_per_unit_h,
        "carbon_official_kg_per_unit_h": around.carbon_official_kg_per_mwh * mwh_per_unit_h,
        "carbon_ratio": ratio,
        "carbon_level": _level(ratio, level["low_ratio"], level["high_ratio"]),
    }


def grid_numbers(
    around: Surroundings,
    start_s: NDArray[np.int64],
    end_s: NDArray[np.int64],
    *,
    power_mw: _Array,
    rules: RuleTable,
) -> Numbers:
    """Contribution to the peaks and to constrained hours, `(jobs,)`.

    tight_share_ratio, surplus_share_ratio   share of the job's energy in constrained hours and in surplus hours
    site_peak_mw, grid_peak_mw               its mean IT power in the interval of the site's and of the grid's peak
    coincidence_ratio                        grid_peak_mw / its power while it runs
    tight_ratio                              its share of energy in constrained hours / their share of all hours
    """
    tight = mean_over_runs(around.axis, around.tight.astype(np.float64), start_s, end_s)
    surplus = mean_over_runs(around.axis, around.surplus.astype(np.float64), start_s, end_s)
    coincidence = interval_share_ratio(around.axis, around.grid_peak, start_s, end_s)
    hours_ratio = float(around.tight.mean())
    ratio = tight / hours_ratio if hours_ratio > 0 else np.zeros_like(tight)
    level = rules.levels["grid"]
    return {
        "tight_share_ratio": tight,
        "surplus_share_ratio": surplus,
        "site_peak_mw": power_mw * interval_share_ratio(around.axis, around.site_peak, start_s, end_s),
        "grid_peak_mw": power_mw * coincidence,
        "coincidence_ratio": coincidence,
        "tight_ratio": ratio,
        "grid_level": _level(ratio, level["low_ratio"], level["high_ratio"]),
    }


def _level(ratio: _Array, low_ratio: float, high_ratio: float) -> NDArray[np.int8]:
    return np.where(ratio > high_ratio, 2, np.where(ratio < low_ratio, 0, 1)).astype(np.int8)
