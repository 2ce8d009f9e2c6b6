"""Hourly carbon intensity: a modelled shape, scaled to the official annual factor. No hourly figure is published.

Average: `850 kg/MWh × fossil share`, and the fossil share is `(load − wind − PV − hydro − nuclear)/load`, at least what
must run anyway (heat, reserves): a province on a sunny noon throws wind and sun away before its last units stop.
Marginal: what one more MWh causes at once: a fossil unit's 850 kg/MWh, falling to 0 as the fossil output comes down
to the level at which units must run anyway and non-fossil surplus would be thrown away.
Both are models ("modelled" in every label); the official factor alone is for accounting.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import tables
from suandian.signals.load import province_load_ratio
from suandian.signals.renewable import pv_capacity_factor, wind_capacity_factor

__all__ = ["MUST_RUN_RATIO", "hourly_intensity", "province_intensity", "province_mix"]

MUST_RUN_RATIO = 0.15  # fossil output that must run, per peak load (D, engineering default)
_BAND_RATIO = 0.15  # width of the band above it in which the margin turns from surplus to fossil (D)


def hourly_intensity(
    axis: TimeAxis,
    *,
    load_mw: NDArray[np.float64],
    wind_mw: NDArray[np.float64],
    pv_mw: NDArray[np.float64],
    hydro_nuclear_mw: NDArray[np.float64] | float,
    official_kg_per_mwh: float,
    fossil_kg_per_mwh: float = 850.0,
    peak_mw: float | None = None,
    must_run_ratio: float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average and short-run marginal intensity in kg/MWh, each `(periods,)`, both modelled.

    The average is scaled so that its load-weighted mean over the axis is `official_kg_per_mwh`; the marginal is not
    scaled. `m = smoothstep((fossil − floor)/band)`, floor and band 15 % of `peak_mw` each (default: the axis's highest
    load), `marginal = fossil_kg_per_mwh·m`. For the average, fossil output stays at `must_run_ratio` of `peak_mw` (or
    the load, where that is less) however much wind and sun there is.
    Raises `ScenarioError` when non-fossil supply covers every interval: nothing is left to scale.
    """
    if (load_mw <= 0.0).any() or load_mw.shape != (axis.periods,):
        fault = Fault("load_mw", f"needs {axis.periods} positive values")
        raise ScenarioError([fault], source="signals")
    fossil_mw = np.maximum(load_mw - wind_mw - pv_mw - hydro_nuclear_mw, 0.0)
    if not fossil_mw.any():
        text = "wind, PV, hydro and nuclear cover the load in every interval; lower one of them"
        raise ScenarioError([Fault("carbon", text)], source="signals")
    peak = float(load_mw.max()) if peak_mw is None else peak_mw
    running_mw = np.maximum(fossil_mw, np.minimum(must_run_ratio * peak, load_mw))
    average = fossil_kg_per_mwh * running_mw / load_mw
    average *= official_kg_per_mwh * load_mw.sum() / (average @ load_mw)
    place = np.clip((fossil_mw - MUST_RUN_RATIO * peak) / (_BAND_RATIO * peak), 0.0, 1.0)
    marginal = fossil_kg_per_mwh * place**2 * (3.0 - 2.0 * place)
    return average, marginal


def province_intensity(
    axis: TimeAxis,
    province: str,
    *,
    seed: int,
    zone: str,
    official_kg_per_mwh: float,
    pv_capacity_ratio: float | None = None,
    wind_capacity_ratio: float | None = None,
    hydro_nuclear_ratio: float | None = None,
    wind_mean_ratio: float | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`hourly_intensity` of a province from its generated load, wind and PV, each `(periods,)`.

    pv_capacity_ratio, wind_capacity_ratio   nameplate that serves the province's own load / its peak load
    hydro_nuclear_ratio                      mean output, imports counted / peak load; taken as constant
    wind_mean_ratio                          long-run wind capacity factor
    Defaults: `data/mix.csv`, Shandong, Gansu, Guangdong about 2025, and one row for all others (D).
    """
    mix = province_mix(province)
    pv_ratio = mix["pv"] if pv_capacity_ratio is None else pv_capacity_ratio
    wind_ratio = mix["wind"] if wind_capacity_ratio is None else wind_capacity_ratio
    steady_ratio = mix["hydro_nuclear"] if hydro_nuclear_ratio is None else hydro_nuclear_ratio
    mean_ratio = {province: mix["wind_mean"] if wind_mean_ratio is None else wind_mean_ratio}
    # In units of the annual peak load: the shape does not depend on the province's size.
    return hourly_intensity(
        axis,
        load_mw=province_load_ratio(axis, province, zone=zone, seed=seed),
        wind_mw=wind_ratio * wind_capacity_factor(axis, [province], seed=seed, mean_ratio=mean_ratio)[0],
        pv_mw=pv_ratio * pv_capacity_factor(axis, [province], seed=seed)[0],
        hydro_nuclear_mw=steady_ratio,
        official_kg_per_mwh=official_kg_per_mwh,
        peak_mw=1.0,
        must_run_ratio=MUST_RUN_RATIO,
    )


def province_mix(province: str) -> dict[str, float]:
    """PV, wind and steady non-fossil supply per peak load, and the long-run wind capacity factor (D)."""
    table = tables.load("mix")
    known = any(tables.same_name(province, key) for key in table.keys)
    return table.row(province if known else "other")
