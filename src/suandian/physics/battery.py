"""Battery rules inside one phase of an interval: what may flow, and how long until the battery is full or empty.

All functions are compiled and work on row `s` of the two tables that `suandian.physics.kernel` prepares:
`limits` (constants of a site) and `now` (its state in the present phase). Units: MW, MWh, h, ratios.
Model: a reservoir with a charge and a discharge efficiency, `energy' = η_c·charge − discharge/η_d`,
with power limits at the terminals (the usual linear storage model, e.g. PyPSA's `StorageUnit`).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "BAND",
    "CHARGE",
    "CHARGE_MAX",
    "DISCHARGE",
    "DISCHARGE_MAX",
    "DRAIN_OUT",
    "ENERGY",
    "ENERGY_MAX",
    "ENERGY_MIN",
    "EXPORT_MAX",
    "GAIN_IN",
    "IMPORT_GUARD",
    "IMPORT_MAX",
    "LIMITS",
    "LOAD",
    "NOW",
    "PV",
    "PV_USED",
    "ROOM",
    "charge_room_mw",
    "discharge_room_mw",
    "store",
    "until_bound_h",
]

#: Columns of `limits`, shape `(sites, LIMITS)`. GAIN_IN is η_c, DRAIN_OUT is 1/η_d, BAND is in MWh.
CHARGE_MAX, DISCHARGE_MAX, GAIN_IN, DRAIN_OUT, ENERGY_MIN, ENERGY_MAX = 0, 1, 2, 3, 4, 5
IMPORT_MAX, EXPORT_MAX, IMPORT_GUARD, BAND = 6, 7, 8, 9
LIMITS = 10

#: Columns of `now`, shape `(sites, NOW)`: MW, and MWh for ENERGY. ROOM is scratch for what is being shared out.
LOAD, PV, CHARGE, DISCHARGE, PV_USED, ENERGY, ROOM = 0, 1, 2, 3, 4, 5, 6
NOW = 7

Table = NDArray[np.float64]


@njit(cache=True, error_model="numpy", forceinline=True)
def charge_room_mw(limits: Table, now: Table, s: int) -> float:
    """Largest charging power now: 0 when full."""
    if now[s, ENERGY] >= limits[s, ENERGY_MAX] - limits[s, BAND]:
        return 0.0
    return float(limits[s, CHARGE_MAX])


@njit(cache=True, error_model="numpy", forceinline=True)
def discharge_room_mw(limits: Table, now: Table, s: int) -> float:
    """Largest discharging power now: 0 when empty, and never more than what the site can use or may export.

    PV comes first: a battery may not push the site's own PV beyond the export limit.
    """
    if now[s, ENERGY] <= limits[s, ENERGY_MIN] + limits[s, BAND]:
        return 0.0
    return max(0.0, min(float(limits[s, DISCHARGE_MAX]), float(now[s, LOAD] - now[s, PV] + limits[s, EXPORT_MAX])))


@njit(cache=True, error_model="numpy", forceinline=True)
def until_bound_h(limits: Table, now: Table, s: int, left_h: float) -> float:
    """Hours until the battery fills or empties at its present power; `left_h` if that lies no earlier."""
    if now[s, CHARGE] > 0.0:
        gain_mw = limits[s, GAIN_IN] * now[s, CHARGE]
        room_mwh = limits[s, ENERGY_MAX] - now[s, ENERGY]
        return float(room_mwh / gain_mw) if room_mwh < gain_mw * left_h else left_h
    drain_mw = limits[s, DRAIN_OUT] * now[s, DISCHARGE]
    stored_mwh = now[s, ENERGY] - limits[s, ENERGY_MIN]
    return float(stored_mwh / drain_mw) if stored_mwh < drain_mw * left_h else left_h


@njit(cache=True, error_model="numpy", forceinline=True)
def store(limits: Table, now: Table, s: int, phase_h: float) -> None:
    """Move the energy on by one phase; within rounding of a bound the battery is exactly full or empty."""
    if now[s, CHARGE] > 0.0:
        after_mwh = now[s, ENERGY] + limits[s, GAIN_IN] * now[s, CHARGE] * phase_h
        full = after_mwh > limits[s, ENERGY_MAX] - limits[s, BAND]
        now[s, ENERGY] = limits[s, ENERGY_MAX] if full else after_mwh
    elif now[s, DISCHARGE] > 0.0:
        after_mwh = now[s, ENERGY] - limits[s, DRAIN_OUT] * now[s, DISCHARGE] * phase_h
        empty = after_mwh < limits[s, ENERGY_MIN] + limits[s, BAND]
        now[s, ENERGY] = limits[s, ENERGY_MIN] if empty else after_mwh
