"""What really happens in a simulated study. Only the engine reads it; coordinators see Views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suandian.model.party import Party
from suandian.model.plan import Fleet, Objective
from suandian.model.programme import Instruction
from suandian.model.workload import JobTable, Stream
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["Truth"]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The realised world on `axis` (T periods), S sites, B feeders; units in the names.

    class_index       (jobs,) row of `fleet.classes` for every job
    price_cny_per_mwh, export_price_cny_per_mwh    (S, T) at the site's billing meter
    carbon_average_kg_per_mwh, carbon_marginal_kg_per_mwh   (S, T), modelled
    outdoor_c, site_pv_mw        (S, T)
    feeder_pv_mw, feeder_load_mw (B, T) available PV and load of the neighbours
    site_pv_upper_mw, feeder_pv_upper_mw   (S, T), (B, T) what a clear sky would allow: the known edge of PV forecasts
    arrivals_mw       (classes, hours of the week, 168) usual rate of new work in MW of dynamic IT power, local time,
                      learnt from a period *before* the study: the arrival forecast of those who cannot see the future
    arrival_run_h     (classes,) energy-weighted mean run time of that work, from the same earlier period
    feeder_wind_mw    (B, T) available wind of the neighbours; none if left out
    price_known       (S,) prices that stand in a tariff, known to everybody whatever the error of price forecasts;
                      none if left out
    sources           name of each field → where it comes from, for the report's provenance
    """

    axis: TimeAxis
    fleet: Fleet
    parties: tuple[Party, ...]
    objective: Objective
    jobs: JobTable
    class_index: NDArray[np.int64]
    streams: tuple[Stream, ...]
    price_cny_per_mwh: NDArray[np.float64]
    export_price_cny_per_mwh: NDArray[np.float64]
    carbon_average_kg_per_mwh: NDArray[np.float64]
    carbon_marginal_kg_per_mwh: NDArray[np.float64]
    outdoor_c: NDArray[np.float64]
    site_pv_mw: NDArray[np.float64]
    feeder_pv_mw: NDArray[np.float64]
    feeder_load_mw: NDArray[np.float64]
    site_pv_upper_mw: NDArray[np.float64]
    feeder_pv_upper_mw: NDArray[np.float64]
    arrivals_mw: NDArray[np.float64]
    arrival_run_h: NDArray[np.float64]
    instructions: tuple[Instruction, ...]
    sources: Mapping[str, str]
    feeder_wind_mw: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    price_known: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def __post_init__(self) -> None:
        if self.feeder_wind_mw.shape != self.feeder_pv_mw.shape:
            object.__setattr__(self, "feeder_wind_mw", np.zeros(self.feeder_pv_mw.shape))
        if len(self.price_known) != len(self.price_cny_per_mwh):
            object.__setattr__(self, "price_known", np.zeros(len(self.price_cny_per_mwh), dtype=np.bool_))
