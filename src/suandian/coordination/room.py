"""How much room sites have for jobs: GPUs beside the streams, and IT power under the connection's limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.plan import View
from suandian.physics.cooling import facility_coefficients

__all__ = ["Room", "greenest_streams", "home_streams", "room_for_jobs"]

Floats = NDArray[np.float64]

#: Share of a site's GPUs that moved streams may fill: their demand is a forecast, and what does not fit is not served
#: at all. D (engineering default).
STREAM_FILL_RATIO = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What jobs may use: `gpus (S, H)`, and `it_mw (S, H)` of IT power above idle."""

    gpus: NDArray[np.int64]
    it_mw: Floats


def home_streams(view: View, periods: int) -> Floats:
    """Interactive demand served where it is by default, `(streams, S, periods)` MW above idle."""
    fleet = view.fleet
    served = np.zeros((len(fleet.stream_ids), len(fleet.sites), periods))
    for row, home in enumerate(fleet.stream_home):
        served[row, home] = view.outlook.stream_mw[row, :periods]
    return served


def greenest_streams(view: View, order: NDArray[np.int64], gpus: NDArray[np.int64]) -> Floats:
    """Interactive demand served at the first site of `order (S, H)` that may and has room, `(streams, S, H)` MW.

    `gpus (S, H)` are those not held by running jobs. What fits nowhere stays at home.
    """
    fleet, periods = view.fleet, order.shape[1]
    served = np.zeros((len(fleet.stream_ids), len(fleet.sites), periods))
    left = gpus * STREAM_FILL_RATIO
    columns = np.arange(periods)
    for row, home in enumerate(fleet.stream_home):
        mw_per_gpu = float(fleet.stream_power_per_gpu_kw[row]) / 1000.0
        need = view.outlook.stream_mw[row, :periods] / mw_per_gpu
        for place in order:
            taken = np.where(fleet.stream_allowed[row][place], np.minimum(need, np.maximum(left[place, columns], 0)), 0)
            served[row, place, columns] += taken * mw_per_gpu
            left[place, columns] -= taken
            need = need - taken
        served[row, home] += need * mw_per_gpu
    return served


def room_for_jobs(view: View, stream_mw: Floats) -> Room:
    """Room beside streams served as `stream_mw (streams, S, H)`, by the forecasts of the view.

    GPUs: installed − ⌈streams⌉. Power: the largest IT power whose facility power (affine in it, `physics.cooling`)
    stays under import limit + own PV, under instructions in force and, behind a shared connection, under the site's
    part (by `it_max_mw`) of limit + PV + wind − load of the neighbours; less idle and streams, never negative.
    Batteries are not counted upon.
    """
    fleet, outlook, periods = view.fleet, view.outlook, stream_mw.shape[2]
    mw_per_gpu = np.asarray(fleet.stream_power_per_gpu_kw, dtype=np.float64)[:, None, None] / 1000.0
    taken = np.ceil((stream_mw / mw_per_gpu).sum(axis=0) - 1e-9).astype(np.int64)
    installed = np.array([site.gpus for site in fleet.sites], dtype=np.int64)
    limit_mw = _import_limits(view, periods) + outlook.site_pv_mw[:, :periods]
    it_mw = np.empty_like(limit_mw)
    for row, site in enumerate(fleet.sites):
        fixed_mw, per_it_ratio = facility_coefficients(site.cooling, site.it_max_mw, outlook.outdoor_c[row, :periods])
        it_mw[row] = np.minimum((limit_mw[row] - fixed_mw) / per_it_ratio, site.it_max_mw) - site.idle_it_mw
    return Room(np.maximum(installed[:, None] - taken, 0), np.maximum(it_mw - stream_mw.sum(axis=0), 0.0))


def _import_limits(view: View, periods: int) -> Floats:
    """Import that each site may draw, `(S, periods)` MW."""
    sites, feeders = view.fleet.sites, view.fleet.feeders
    limits = np.repeat(np.array([[site.import_max_mw] for site in sites]), periods, axis=1)
    feeder_of_site = view.fleet.feeder_of_site
    for index, feeder in enumerate(feeders):
        members = np.flatnonzero(feeder_of_site == index)
        weights = np.array([sites[site].it_max_mw for site in members])
        spare = feeder.import_max_mw + view.outlook.feeder_pv_mw[index] - view.outlook.feeder_load_mw[index]
        spare = spare + view.outlook.feeder_wind_mw[index]
        for site, weight in zip(members, weights, strict=True):
            limits[site] = np.minimum(limits[site], np.maximum(spare[:periods], 0.0) * weight / weights.sum())
    ids = [site.id for site in sites]
    starts_s = view.outlook.axis.starts_s()[:periods]
    for instruction in view.instructions:
        if instruction.site in ids:
            row = ids.index(instruction.site)
            binding = (starts_s < instruction.end_s) & (starts_s + view.axis.step_s > instruction.start_s)
            limits[row, binding] = np.minimum(limits[row, binding], instruction.import_max_mw)
    return limits
