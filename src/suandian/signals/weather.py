"""Outdoor temperature: annual and daily cosine of a climate normal plus a slow random anomaly.

D (engineering default) throughout: the normals are rounded and unchecked, the anomaly is not fitted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import stochastic, tables

__all__ = ["climate", "outdoor_c"]

_NEAR_KM = 300.0  # farther than this a place's normals say little (D, engineering default)
_HOTTEST_DAY = 201.0  # 20 July, about a month after the solstice (D)
_YEAR_DAYS = 365.25
_WARMEST_H = 15.0  # local solar time (D)
_ANOMALY_TAU_H = 60.0  # weather systems pass in two to five days (D)
_ANOMALY_WINTER_K, _ANOMALY_SUMMER_K = 3.5, 2.0  # standard deviations (D)
_DAY_S = 86400


def climate(latitude_deg: float, longitude_deg: float) -> tuple[float, float, float, str]:
    """Coldest and hottest month's mean in °C, half the daily range in K, and where they come from.

    The nearest place of `data/climate.csv` within 300 km; else straight lines in latitude at sea level, drawn through
    those places and held beyond 50° (a continental climate: meant for China). Both D (engineering default).
    """
    table = tables.load("climate")
    latitudes, longitudes = table.numbers("latitude"), table.numbers("longitude")
    apart_km = stochastic.distances_km(np.append(latitudes, latitude_deg), np.append(longitudes, longitude_deg))[
        -1, :-1
    ]
    nearest = int(np.argmin(apart_km))
    if apart_km[nearest] <= _NEAR_KM:
        row = table.row(table.keys[nearest])
        return row["january"], row["july"], row["daily_amplitude"], f"normals of {table.keys[nearest]} (D)"
    away = min(abs(latitude_deg), 50.0)
    mean_c, swing_k = 28.8 - 0.0118 * away**2, max(7.6 + 0.56 * (away - 23.0), 1.5)
    return mean_c - swing_k, mean_c + swing_k, 4.5, "latitude rule at sea level (D)"


def outdoor_c(
    axis: TimeAxis, *, latitude_deg: float, longitude_deg: float, seed: int, name: str
) -> NDArray[np.float64]:
    """Outdoor dry-bulb temperature in °C, interval means, `(periods,)`; `name` picks the random stream."""
    coldest_c, hottest_c, daily_k, _ = climate(latitude_deg, longitude_deg)
    middle_s = axis.starts_s() + axis.step_s / 2.0
    dates = middle_s.astype("datetime64[s]")
    day = (dates - dates.astype("datetime64[Y]")).astype(np.float64) / _DAY_S + 1.0
    hot_day = _HOTTEST_DAY if latitude_deg >= 0.0 else _HOTTEST_DAY - _YEAR_DAYS / 2.0
    season = np.cos(2.0 * np.pi * (day - hot_day) / _YEAR_DAYS)
    solar_h = (middle_s / 3600.0 + longitude_deg / 15.0) % 24.0
    noise = stochastic.rng(seed, "outdoor", name).standard_normal(axis.periods)
    anomaly = stochastic.ou(noise, step_h=axis.step_h, tau_h=_ANOMALY_TAU_H)
    spread_k = (_ANOMALY_WINTER_K + _ANOMALY_SUMMER_K) / 2.0 - season * (_ANOMALY_WINTER_K - _ANOMALY_SUMMER_K) / 2.0
    mean_c = (coldest_c + hottest_c) / 2.0 + season * (hottest_c - coldest_c) / 2.0
    temperature_c: NDArray[np.float64] = (
        mean_c + daily_k * np.cos(2.0 * np.pi * (solar_h - _WARMEST_H) / 24.0) + spread_k * anomaly
    )
    return temperature_c
