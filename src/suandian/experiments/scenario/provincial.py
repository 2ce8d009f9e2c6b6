"""Real provincial series of 2020 instead of generated weather: PV and wind, and the carbon shape made from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suandian.adapters.provinces import SERIES, province_series, province_year
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import carbon
from suandian.signals.load import province_load_ratio

__all__ = ["Provincial"]


@dataclass(frozen=True, slots=True)
class Provincial:
    """PV and wind of Chinese provinces in 2020, mapped onto `axis` by month, day and hour."""

    axis: TimeAxis
    folder: Path
    zone: str
    seed: int

    @property
    def source(self) -> str:
        return f"{SERIES['pv'].origin}; mapped onto the study by month, day and hour [B]"

    def pv_capacity_factor(self, province: str) -> NDArray[np.float64]:
        """Share of nameplate, `(periods,)`."""
        return province_series("pv", province, folder=self.folder, axis=self.axis).values

    def wind_capacity_factor(self, province: str, mean_ratio: float) -> NDArray[np.float64]:
        """Share of nameplate, `(periods,)`, scaled to the long-run mean (the level of the series is low)."""
        wind = province_series("wind", province, folder=self.folder, axis=self.axis).values
        scale = mean_ratio / max(float(province_year("wind", province, folder=self.folder).values.mean()), 1e-6)
        factor_ratio: NDArray[np.float64] = np.minimum(wind * scale, 1.0)
        return factor_ratio

    def intensity(self, province: str, official_kg_per_mwh: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Average and marginal intensity as `signals.carbon.province_intensity`, with the real PV and wind shapes.

        The level of the wind series is low (ERA5): it is brought to the long-run mean of `signals/data/mix.csv`.
        """
        row = carbon.province_mix(province)
        return carbon.hourly_intensity(
            self.axis,
            load_mw=province_load_ratio(self.axis, province, zone=self.zone, seed=self.seed),
            wind_mw=row["wind"] * self.wind_capacity_factor(province, row["wind_mean"]),
            pv_mw=row["pv"] * self.pv_capacity_factor(province),
            hydro_nuclear_mw=row["hydro_nuclear"],
            official_kg_per_mwh=official_kg_per_mwh,
            peak_mw=1.0,
            must_run_ratio=carbon.MUST_RUN_RATIO,
        )
