"""The compiled site step over tables; `suandian.physics.facility.advance` is the door to it.

Importing this module loads numba, which takes longer than a year of one site does; see `suandian.physics.light`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.model.grid import Feeder
from suandian.model.site import Battery, Site
from suandian.physics.balance import FULL_BAND_RATIO, VIOLATION_BAND_MW, StepInputs
from suandian.physics.battery import (
    CHARGE,
    DISCHARGE,
    ENERGY,
    IMPORT_MAX,
    LIMITS,
    LOAD,
    NOW,
    PV,
    PV_USED,
    store,
    until_bound_h,
)
from suandian.physics.feeder import guard_sites, hold_export, hold_import, self_consume, site_net_mw, wish
from suandian.quantity.errors import InvariantBroken

__all__ = ["run_kernel"]

#: Rows of the kernel's results.
_IMPORT, _EXPORT, _CHARGE, _DISCHARGE, _PV_USED, _VIOLATION, _ENERGY = 0, 1, 2, 3, 4, 5, 6
_FEEDER_IMPORT, _FEEDER_EXPORT, _FEEDER_USED, _FEEDER_VIOLATION = 0, 1, 2, 3

_Table = NDArray[np.float64]  # (sites, columns) or (sites, intervals)
_Cube = NDArray[np.float64]  # (results, sites, intervals)
_Rows = NDArray[np.int64]
_NO_BATTERY = Battery(energy_mwh=0.0, charge_max_mw=0.0, discharge_max_mw=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Connections:
    """Sites ordered by connection: table rows `offsets[k]:offsets[k+1]` are connection k, feeders first.

    `rows` gives the index of each table row in the list of sites.
    """

    limits: NDArray[np.float64]
    rows: NDArray[np.int64]
    offsets: NDArray[np.int64]
    import_max_mw: NDArray[np.float64]
    export_max_mw: NDArray[np.float64]


def run_kernel(
    sites: Sequence[Site], feeders: Sequence[Feeder], inputs: StepInputs
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Results as cubes, `(7, S, n)` for sites and `(4, B, n)` for feeders; rows as `StepResult.of_cubes` reads them."""
    points = _connections(sites, feeders, inputs.import_guard_mw)
    count, periods = inputs.facility_mw.shape
    site_out = np.zeros((7, count, periods))
    feeder_out = np.zeros((4, len(feeders), periods))
    if inputs.charge_mw is None or inputs.discharge_mw is None:
        setpoint_mw, planned = np.zeros((count, 1)), False
    else:
        setpoint_mw, planned = inputs.charge_mw - inputs.discharge_mw, True
    stuck = _advance(
        points.limits,
        points.rows,
        points.offsets,
        points.import_max_mw,
        points.export_max_mw,
        inputs.facility_mw,
        inputs.site_pv_mw,
        inputs.curtail_mw,
        setpoint_mw,
        planned,
        inputs.feeder_pv_mw + inputs.feeder_wind_mw,
        inputs.feeder_load_mw,
        inputs.energy_mwh,
        inputs.step_h,
        site_out,
        feeder_out,
    )
    if stuck >= 0:
        raise InvariantBroken(f"interval {stuck} did not come to an end: batteries alternate at a limit")
    return site_out, feeder_out


def _connections(
    sites: Sequence[Site], feeders: Sequence[Feeder], import_guard_mw: NDArray[np.float64]
) -> _Connections:
    behind = [[s for s, site in enumerate(sites) if site.feeder == feeder.id] for feeder in feeders]
    behind += [[s] for s, site in enumerate(sites) if not site.feeder]
    alone = len(behind) - len(feeders)
    rows = [s for own in behind for s in own]
    if len(rows) != len(sites):
        known = {feeder.id for feeder in feeders}
        lost = [site.id for site in sites if site.feeder and site.feeder not in known]
        raise ValueError(f"sites behind a feeder that is not given: {', '.join(lost)}")
    limits = np.empty((len(rows), LIMITS))
    for row, s in enumerate(rows):
        site, battery = sites[s], sites[s].battery or _NO_BATTERY
        limits[row] = (
            battery.charge_max_mw,
            battery.discharge_max_mw,
            battery.charge_efficiency_ratio,
            1.0 / battery.discharge_efficiency_ratio,
            battery.energy_min_mwh,
            battery.energy_mwh,
            site.import_max_mw,
            site.export_max_mw,
            import_guard_mw[s],
            FULL_BAND_RATIO * battery.energy_mwh,
        )
    return _Connections(
        limits,
        np.array(rows, dtype=np.int64),
        np.cumsum([0] + [len(own) for own in behind]).astype(np.int64),
        np.array([feeder.import_max_mw for feeder in feeders] + [np.inf] * alone),
        np.array([feeder.export_max_mw for feeder in feeders] + [np.inf] * alone),
    )


@njit(cache=True, error_model="numpy")
def _advance(
    limits: _Table,
    rows: _Rows,
    offsets: _Rows,
    import_max_mw: NDArray[np.float64],
    export_max_mw: NDArray[np.float64],
    load_mw: _Table,
    pv_mw: _Table,
    curtail_mw: _Table,
    setpoint_mw: _Table,
    planned: bool,
    feeder_made_mw: _Table,
    feeder_load_mw: _Table,
    energy_mwh: NDArray[np.float64],
    step_h: float,
    site_out: _Cube,
    feeder_out: _Cube,
) -> int:
    """Fill `site_out` and `feeder_out`; returns −1, or an interval with more phases than batteries can cause."""
    now = np.zeros((len(rows), NOW))
    wish_mw = np.zeros(len(rows))
    for k in range(len(offsets) - 1):
        first, last = offsets[k], offsets[k + 1]
        behind = k < feeder_made_mw.shape[0]
        for s in range(first, last):
            now[s, ENERGY] = energy_mwh[rows[s]]
        for t in range(load_mw.shape[1]):
            for s in range(first, last):
                now[s, LOAD] = load_mw[rows[s], t]
                now[s, PV] = max(0.0, pv_mw[rows[s], t] - curtail_mw[rows[s], t])
                wish_mw[s] = setpoint_mw[rows[s], t] if planned else 0.0
            local_pv_mw = feeder_made_mw[k, t] if behind else 0.0
            local_load_mw = feeder_load_mw[k, t] if behind else 0.0
            left_h = step_h
            phases = 0
            while left_h > 0.0:
                used_mw = _settle(
                    limits,
                    now,
                    first,
                    last,
                    wish_mw,
                    planned,
                    local_pv_mw,
                    local_load_mw,
                    import_max_mw[k],
                    export_max_mw[k],
                )
                phase_h = left_h
                for s in range(first, last):
                    phase_h = min(phase_h, until_bound_h(limits, now, s, left_h))
                weight_ratio = 1.0 if phase_h == step_h else phase_h / step_h
                net_mw = local_load_mw - used_mw
                for s in range(first, last):
                    net_mw += _book(limits, now, s, rows[s], t, weight_ratio, site_out)
                    store(limits, now, s, phase_h)
                if behind:
                    _book_feeder(net_mw, used_mw, import_max_mw[k], weight_ratio, feeder_out, k, t)
                left_h -= phase_h
                phases += 1
                if phases > 4 * (last - first) + 4:
                    return t
            for s in range(first, last):
                site_out[_ENERGY, rows[s], t] = now[s, ENERGY]
    return -1


@njit(cache=True, error_model="numpy", forceinline=True)
def _settle(
    limits: _Table,
    now: _Table,
    first: int,
    last: int,
    wish_mw: NDArray[np.float64],
    planned: bool,
    feeder_made_mw: float,
    feeder_load_mw: float,
    import_max_mw: float,
    export_max_mw: float,
) -> float:
    """Powers of one phase, written into `now`; returns what is used of the neighbours' PV and wind."""
    if planned:
        for s in range(first, last):
            wish(limits, now, s, wish_mw[s])
    else:
        self_consume(limits, now, first, last, feeder_made_mw, feeder_load_mw)
    guard_sites(limits, now, first, last)
    net_mw = feeder_load_mw - feeder_made_mw
    for s in range(first, last):
        net_mw += site_net_mw(now, s)
    if net_mw > import_max_mw:
        hold_import(limits, now, first, last, net_mw - import_max_mw)
    elif net_mw < -export_max_mw:
        return hold_export(now, first, last, -export_max_mw - net_mw, feeder_made_mw)
    return feeder_made_mw


@njit(cache=True, error_model="numpy", forceinline=True)
def _book(limits: _Table, now: _Table, s: int, row: int, t: int, weight_ratio: float, out: _Cube) -> float:
    """Add the phase to the interval means; returns the site's net import."""
    net_mw = site_net_mw(now, s)
    out[_IMPORT, row, t] += weight_ratio * max(0.0, net_mw)
    out[_EXPORT, row, t] += weight_ratio * max(0.0, -net_mw)
    out[_CHARGE, row, t] += weight_ratio * now[s, CHARGE]
    out[_DISCHARGE, row, t] += weight_ratio * now[s, DISCHARGE]
    out[_PV_USED, row, t] += weight_ratio * now[s, PV_USED]
    if net_mw > limits[s, IMPORT_MAX] + VIOLATION_BAND_MW:
        out[_VIOLATION, row, t] += weight_ratio * (net_mw - limits[s, IMPORT_MAX])
    return net_mw


@njit(cache=True, error_model="numpy", forceinline=True)
def _book_feeder(
    net_mw: float, used_mw: float, import_max_mw: float, weight_ratio: float, out: _Cube, k: int, t: int
) -> None:
    """Add the phase to the interval means of a feeder."""
    out[_FEEDER_IMPORT, k, t] += weight_ratio * max(0.0, net_mw)
    out[_FEEDER_EXPORT, k, t] += weight_ratio * max(0.0, -net_mw)
    out[_FEEDER_USED, k, t] += weight_ratio * used_mw
    if net_mw > import_max_mw + VIOLATION_BAND_MW:
        out[_FEEDER_VIOLATION, k, t] += weight_ratio * (net_mw - import_max_mw)
