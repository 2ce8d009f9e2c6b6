"""PV and wind capacity factors of Chinese provinces: clear sky × correlated cloudiness, and a correlated wind.

Parameters: `data/pv.csv` and `data/wind.csv`, fitted on one year (2020) of provincial ERA5-based series.
Clocks are Beijing time, in which the fits were made. Statements about quality: docs/reference/generators.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import stochastic, tables
from suandian.signals.clearsky import tilted_ratio

__all__ = ["province_points", "pv_capacity_factor", "pv_upper_ratio", "wind_capacity_factor"]

Points = Sequence[tuple[float, float]]

_PV_CEILING_RATIO = 0.95  # of nameplate, as fitted
_WIND_CEILING_RATIO = 0.98
_PV_DISTANCE_KM, _PV_DISTANCE_POWER = 724.0, 1.5  # cross-province correlation of cloudiness, rmse 0.12 or better
_WIND_DISTANCE_KM, _WIND_DISTANCE_POWER = 535.0, 1.0
_PLANT_SLOW_H, _PLANT_FAST_H = 28.0, 1.2  # time constants of a single plant's cloudiness at 15 min
PLANT_WEIGHT_RATIO = 0.35  # share of the fast part for a single plant
_WIND_FAST_H = 2.0  # the second root of the wind's AR(2)
_WIND_DAY_PEAK_H = 23.0  # Beijing time, end of the hour
_YEAR_DAYS = 366.0  # as fitted on 2020
_BEIJING_OFFSET_S = 8 * 3600
_DAY_S = 86400


def province_points(province: str) -> tuple[tuple[float, float], ...]:
    """Points (latitude_deg, longitude_deg) that stand for a province's area; raises `ScenarioError` if unknown."""
    table = tables.load("points")
    name = tables.canonical(province, table.keys, path="province")
    rows = zip(table.keys, table.numbers("latitude"), table.numbers("longitude"), strict=True)
    return tuple((float(latitude), float(longitude)) for key, latitude, longitude in rows if key == name)


def pv_upper_ratio(axis: TimeAxis, provinces: Sequence[str], *, points: Points | None = None) -> NDArray[np.float64]:
    """Highest capacity factor that `pv_capacity_factor` gives, `(provinces, periods)`: 0 where the sun is down."""
    table = tables.load("pv")
    return np.stack(
        [np.minimum(_clear_sky(axis, name, points) * table.row(name)["kmax"], _PV_CEILING_RATIO) for name in provinces]
    )


def pv_capacity_factor(
    axis: TimeAxis,
    provinces: Sequence[str],
    *,
    seed: int,
    plant_weight_ratio: float = 0.0,
    points: Points | None = None,
    name: str = "",
) -> NDArray[np.float64]:
    """PV output / nameplate, interval means, `(provinces, periods)`.

    `min(C·κ, 0.95)` with the clear sky C on latitude tilt and `κ = kmax·BetaInv(Φ(z))`, whose mean follows the season.
    plant_weight_ratio   w in `z = √(1−w)·OU(slow) + √w·OU(1.2 h)`: 0 for a provincial aggregate (slow = the province's
                         fitted time constant), 0.35 for a single plant (slow = 28 h), between them for a county
                         (time constant interpolated; D, engineering default)
    points               (latitude_deg, longitude_deg) instead of the province's own, for a county or a plant
    name                 tells the fast parts of several plants in one province apart; the slow part is the province's
    """
    if not 0.0 <= plant_weight_ratio <= 1.0:
        raise ScenarioError([Fault("plant_weight_ratio", f"{plant_weight_ratio} is not in 0…1")], source="signals")
    table = tables.load("pv")
    rows = [table.keys.index(tables.canonical(province, table.keys, path="province")) for province in provinces]
    lower = _factor("pv", _PV_DISTANCE_KM, _PV_DISTANCE_POWER)
    noise = stochastic.correlated_normals(lower, table.keys, rows, axis.periods, seed=seed, kind="pv")
    day = _local_day_of_year(axis)
    result = np.empty((len(rows), axis.periods))
    for place, row in enumerate(rows):
        province, fit = table.keys[row], table.row(table.keys[row])
        plant_share = min(plant_weight_ratio / PLANT_WEIGHT_RATIO, 1.0)
        tau_h = (1.0 - plant_share) * fit["tau"] + plant_share * _PLANT_SLOW_H
        z = stochastic.ou(noise[place], step_h=axis.step_h, tau_h=tau_h)
        if plant_weight_ratio > 0.0:
            fast = stochastic.rng(seed, "pv-fast", province, name).standard_normal(axis.periods)
            fast = stochastic.ou(fast, step_h=axis.step_h, tau_h=_PLANT_FAST_H)
            z = np.sqrt(1.0 - plant_weight_ratio) * z + np.sqrt(plant_weight_ratio) * fast
        mean = fit["m0"] + fit["amp"] * np.cos(2.0 * np.pi * (day - fit["peak"]) / _YEAR_DAYS)
        clear = _clear_sky(axis, province, points)
        light = clear > 0.0
        kappa = np.zeros(axis.periods)
        kappa[light] = fit["kmax"] * stochastic.beta_from_normal(
            z[light], mean_ratio=mean[light] / fit["kmax"], concentration_count=fit["nu"]
        )
        result[place] = np.minimum(clear * kappa, _PV_CEILING_RATIO)
    return result


def wind_capacity_factor(
    axis: TimeAxis, provinces: Sequence[str], *, seed: int, mean_ratio: Mapping[str, float] | None = None
) -> NDArray[np.float64]:
    """Onshore wind output / nameplate, `(provinces, periods)`.

    `min(λ·(−ln(1−Φ(z)))^(1/k), 0.98)`, z a seasonal and a daily cosine plus AR(2) with roots τ_s and 2 h.
    mean_ratio   long-run capacity factor by province, a scenario parameter; where it is silent, the mean of the fit
                 on ERA5, which is low (median 0.138). λ is solved for so that the expected value over all seasons,
                 hours and winds is that mean; a drawn year differs from it by chance only.
    Raises `ScenarioError` for an unknown province or a mean outside 0.005…0.7.
    """
    table = tables.load("wind")
    rows = [table.keys.index(tables.canonical(province, table.keys, path="province")) for province in provinces]
    wanted = {tables.canonical(key, table.keys, path="mean_ratio"): v for key, v in (mean_ratio or {}).items()}
    lower = _factor("wind", _WIND_DISTANCE_KM, _WIND_DISTANCE_POWER)
    noise = stochastic.correlated_normals(lower, table.keys, rows, axis.periods, seed=seed, kind="wind")
    day, hour = _local_day_of_year(axis), _local_hour_end_h(axis)
    result = np.empty((len(rows), axis.periods))
    for place, row in enumerate(rows):
        province, fit = table.keys[row], table.row(table.keys[row])
        path = stochastic.ar2(noise[place], step_h=axis.step_h, slow_h=fit["tau_slow"], fast_h=_WIND_FAST_H)
        z = _wind_cycle(fit, day, hour) + _wind_rest(fit) * path
        scale = _wind_scale(province, float(wanted.get(province, fit["mean_cf"])))
        result[place] = np.minimum(
            stochastic.weibull_from_normal(z, shape_ratio=fit["k"], scale=scale), _WIND_CEILING_RATIO
        )
    return result


def _wind_cycle(
    fit: Mapping[str, float], elapsed_days: NDArray[np.float64], hour_h: NDArray[np.float64]
) -> NDArray[np.float64]:
    season = fit["season"] * np.cos(2.0 * np.pi * (elapsed_days - fit["season_peak"]) / _YEAR_DAYS)
    z: NDArray[np.float64] = season + fit["day"] * np.cos(2.0 * np.pi * (hour_h - _WIND_DAY_PEAK_H) / 24.0)
    return z


def _wind_rest(fit: Mapping[str, float]) -> float:
    """Weight of the random part: what the two cosines leave of variance 1."""
    return float(np.sqrt(1.0 - (fit["season"] ** 2 + fit["day"] ** 2) / 2.0))


@lru_cache(maxsize=128)
def _wind_scale(province: str, mean_ratio: float) -> float:
    """λ at which the expected capacity factor is `mean_ratio` (bisection on an exact expectation)."""
    if not 0.005 <= mean_ratio <= 0.7:
        fault = Fault(f"mean_ratio.{province}", f"{mean_ratio} is not a wind capacity factor; write 0.005…0.7")
        raise ScenarioError([fault], source="signals")
    fit = tables.load("wind").row(province)
    day, hour = np.meshgrid(np.arange(3.0, 366.0, 6.0), np.arange(0.5, 24.0, 1.0))
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    z = _wind_cycle(fit, day.ravel(), hour.ravel())[:, None] + _wind_rest(fit) * nodes
    shape = stochastic.weibull_from_normal(z, shape_ratio=fit["k"])
    low, high = 1e-4, 10.0
    for _ in range(60):
        middle = np.sqrt(low * high)
        expected = float((np.minimum(middle * shape, _WIND_CEILING_RATIO) @ weights).mean() / weights.sum())
        low, high = (middle, high) if expected < mean_ratio else (low, middle)
    return float(np.sqrt(low * high))


@lru_cache(maxsize=4)
def _factor(table: str, scale_km: float, n: float) -> NDArray[np.float64]:
    """Cholesky factor of `exp(−(d/scale)^n)` between the centres of the table's provinces."""
    centres = np.array([np.mean(province_points(name), axis=0) for name in tables.load(table).keys])
    apart_km = stochastic.distances_km(centres[:, 0], centres[:, 1])
    weights: NDArray[np.float64] = stochastic.factor(np.exp(-((apart_km / scale_km) ** n)))
    return weights


def _clear_sky(axis: TimeAxis, province: str, points: Points | None) -> NDArray[np.float64]:
    return tilted_ratio(axis, tuple(map(tuple, points)) if points is not None else province_points(province))


def _local_day_of_year(axis: TimeAxis) -> NDArray[np.float64]:
    """Day of the year in Beijing time, 1…366, `(periods,)`."""
    local = (axis.starts_s() + _BEIJING_OFFSET_S).astype("datetime64[s]")
    elapsed_days: NDArray[np.float64] = (local.astype("datetime64[D]") - local.astype("datetime64[Y]")).astype(
        np.float64
    ) + 1.0
    return elapsed_days


def _local_hour_end_h(axis: TimeAxis) -> NDArray[np.float64]:
    """Beijing hour at the end of each interval, as the hour-ending labels of the fitted series, `(periods,)`."""
    return (axis.starts_s() + _BEIJING_OFFSET_S + axis.step_s) % _DAY_S / 3600.0
