"""Battery rules inside one phase of an interval: what may flow, and how long until the battery is full or empty.

All functions are compiled and work on row `s` of the two tables that `suandian.physics.facility` prepares:
`limits` (constants of a site) and `now` (its state in the present phase). Units: MW, MWh, h, ratios.
Model: a reservoir with a charge and a discharge efficiency, `energy' = η_c·charge − discharge/η_d`,
with power limits at the terminals (the usual linear storage model, e.g. PyPSA's `StorageUnit`).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "CHARGE",
    "CHARGE_MAX",
    "DISCHARGE",
    "DISCHARGE_MAX",
    "EFFICIENCY_IN",
    "EFFICIENCY_OUT",
    "ENERGY",
    "ENERGY_MAX",
    "ENERGY_MIN",
    "EXPORT_MAX",
    "FULL_BAND_MWH",
    "IMPORT_GUARD",
    "IMPORT_MAX",
    "LIMITS",
    "LOAD",
    "NOW",
    "PV",
    "PV_USED",
    "charge_room_mw",
    "discharge_room_mw",
    "until_bound_h",
]

#: Columns of `limits`, shape `(sites, LIMITS)`.
CHARGE_MAX, DISCHARGE_MAX, EFFICIENCY_IN, EFFICIENCY_OUT, ENERGY_MIN, ENERGY_MAX = 0, 1, 2, 3, 4, 5
IMPORT_MAX, EXPORT_MAX, IMPORT_GUARD = 6, 7, 8
LIMITS = 9

#: Columns of `now`, shape `(sites, NOW)`: MW, and MWh for ENERGY.
LOAD, PV, CHARGE, DISCHARGE, PV_USED, ENERGY = 0, 1, 2, 3, 4, 5
NOW = 6

#: A battery this close to a bound counts as full or empty (rounding, far below any meter's resolution).
FULL_BAND_MWH = 1e-12

Table = NDArray[np.float64]


@njit(cache=True, error_model="numpy")
def charge_room_mw(limits: Table, now: Table, s: int) -> float:
    """Largest charging power now: 0 when full."""
    if now[s, ENERGY] >= limits[s, ENERGY_MAX] - FULL_BAND_MWH:
        return 0.0
    return float(limits[s, CHARGE_MAX])


@njit(cache=True, error_model="numpy")
def discharge_room_mw(limits: Table, now: Table, s: int) -> float:
    """Largest discharging power now: 0 when empty, and never more than what the site can use or may export.

    PV comes first: a battery may not push the site's own PV beyond the export limit.
    """
    if now[s, ENERGY] <= limits[s, ENERGY_MIN] + FULL_BAND_MWH:
        return 0.0
    return max(0.0, min(float(limits[s, DISCHARGE_MAX]), float(now[s, LOAD] - now[s, PV] + limits[s, EXPORT_MAX])))


@njit(cache=True, error_model="numpy")
def until_bound_h(limits: Table, now: Table, s: int) -> float:
    """Hours until the battery fills or empties at its present power; infinite when it rests."""
    if now[s, CHARGE] > 0.0:
        return float((limits[s, ENERGY_MAX] - now[s, ENERGY]) / (limits[s, EFFICIENCY_IN] * now[s, CHARGE]))
    if now[s, DISCHARGE] > 0.0:
        return float((now[s, ENERGY] - limits[s, ENERGY_MIN]) * limits[s, EFFICIENCY_OUT] / now[s, DISCHARGE])
    return np.inf
