"""Day-ahead price: the rank of residual load, mapped to the quantiles of a real market."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import stochastic, tables

__all__ = ["day_ahead_price_cny_per_mwh", "spot_price_cny_per_mwh"]

_PV_WEIGHT, _WIND_WEIGHT = 0.7, 0.6  # fitted by the project, Shandong, winter 2025–26
_NOISE_SHARE_RATIO, _NOISE_TAU_H = 0.20, 4.0


def day_ahead_price_cny_per_mwh(
    axis: TimeAxis,
    *,
    load_ratio: NDArray[np.float64],
    pv_ratio: NDArray[np.float64],
    wind_ratio: NDArray[np.float64],
    seed: int,
    name: str = "",
) -> NDArray[np.float64]:
    """Day-ahead price in CNY/MWh, `(periods,)`: −100…767 as in Shandong, winter 2025–26 (`data/day_ahead.csv`).

    load_ratio, pv_ratio, wind_ratio   MW per MW of peak load (not capacity factors), `(periods,)`
    The rank of `load − 0.7·PV − 0.6·wind` with 20 % of its variance from OU(4 h) is taken *within the axis*: every axis
    shows the whole distribution, so it should span weeks of one season. Spread of daily means: poor (1.3 × the real).
    """
    residual = load_ratio - _PV_WEIGHT * pv_ratio - _WIND_WEIGHT * wind_ratio
    noise = stochastic.rng(seed, "day-ahead", name).standard_normal(axis.periods)
    path = stochastic.ou(noise, step_h=axis.step_h, tau_h=_NOISE_TAU_H)
    spread = float(residual.std())
    score = (residual - residual.mean()) / spread if spread > 0.0 else np.zeros(axis.periods)
    score = np.sqrt(1.0 - _NOISE_SHARE_RATIO) * score + np.sqrt(_NOISE_SHARE_RATIO) * path
    rank = np.empty(axis.periods)
    rank[np.argsort(score, kind="stable")] = (np.arange(axis.periods) + 0.5) / axis.periods
    table = tables.load("day_ahead")
    price_cny_per_mwh: NDArray[np.float64] = np.interp(
        100.0 * rank, np.array([float(key) for key in table.keys]), table.numbers("price")
    )
    return price_cny_per_mwh


#: 25 % quantile of the shipped distribution: below it Shandong's own surplus sets the price.
_BUSY_LEAST_CNY_PER_MWH = 152.0


def spot_price_cny_per_mwh(
    axis: TimeAxis,
    *,
    load_ratio: NDArray[np.float64],
    pv_ratio: NDArray[np.float64],
    wind_ratio: NDArray[np.float64],
    surplus: NDArray[np.bool_],
    floor_cny_per_mwh: float,
    cap_cny_per_mwh: float,
    reference_cny_per_mwh: float | None,
    seed: int,
    name: str,
) -> NDArray[np.float64]:
    """Spot price of a province with a congested base, CNY/MWh, `(periods,)`: the floor wherever `surplus` holds.

    Elsewhere the shape of `day_ahead_price_cny_per_mwh` without its lowest quarter (which is surplus, and stands here
    in `surplus`), scaled to the mean `reference_cny_per_mwh` (None: as it is) and held between floor and cap.
    Quality: the bounds are rules; that other provinces' prices are shaped like Shandong's is D.
    """
    shape = day_ahead_price_cny_per_mwh(
        axis, load_ratio=load_ratio, pv_ratio=pv_ratio, wind_ratio=wind_ratio, seed=seed, name=name
    )
    shape = np.maximum(shape, _BUSY_LEAST_CNY_PER_MWH)
    if reference_cny_per_mwh is not None:
        shape = shape * (reference_cny_per_mwh / float(shape.mean()))
    price_cny_per_mwh: NDArray[np.float64] = np.clip(shape, floor_cny_per_mwh, cap_cny_per_mwh)
    price_cny_per_mwh[surplus] = floor_cny_per_mwh
    return price_cny_per_mwh
