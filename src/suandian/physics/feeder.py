"""Rules of a shared connection inside one phase: who charges, who discharges, whose PV is held back.

A connection is a feeder with the sites behind it, or one site alone (then the connection's limits are infinite and
what the neighbours draw and make is zero). The tables are ordered by connection: rows `first` to `last` (exclusive).
Whatever has to be shared among several batteries is shared in proportion to what each could do, so that no site's order
in the scenario matters. Tables and units: see `suandian.physics.battery`.

PV is settled with the first wish (`use_pv`); later steps do not touch it, because they only cut charging that draws
from outside (then all PV is in use already) or discharge where PV leaves room for it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from suandian.physics.battery import (
    CHARGE,
    DISCHARGE,
    EXPORT_MAX,
    IMPORT_GUARD,
    IMPORT_MAX,
    LOAD,
    PV,
    PV_USED,
    ROOM,
    charge_room_mw,
    discharge_room_mw,
)

__all__ = ["guard_sites", "hold_export", "hold_import", "self_consume", "site_net_mw", "use_pv", "wish"]

Table = NDArray[np.float64]


@njit(cache=True, error_model="numpy", forceinline=True)
def use_pv(limits: Table, now: Table, s: int) -> None:
    """Own PV is used up to what the site draws, charges and may export."""
    now[s, PV_USED] = max(
        0.0, min(now[s, PV], now[s, LOAD] + now[s, CHARGE] - now[s, DISCHARGE] + limits[s, EXPORT_MAX])
    )


@njit(cache=True, error_model="numpy", forceinline=True)
def site_net_mw(now: Table, s: int) -> float:
    """Import (+) or export (−) at the site's billing meter."""
    return float(now[s, LOAD] + now[s, CHARGE] - now[s, DISCHARGE] - now[s, PV_USED])


@njit(cache=True, error_model="numpy", forceinline=True)
def import_cap_mw(limits: Table, s: int) -> float:
    """What the battery defends: the lower of the plan's guard and the site's import limit."""
    return float(min(limits[s, IMPORT_GUARD], limits[s, IMPORT_MAX]))


@njit(cache=True, error_model="numpy", forceinline=True)
def wish(limits: Table, now: Table, s: int, setpoint_mw: float) -> None:
    """Follow the plan's setpoint (charge +, discharge −), clipped by power, state of charge and the export limit."""
    now[s, CHARGE] = 0.0
    now[s, DISCHARGE] = 0.0
    if setpoint_mw > 0.0:
        now[s, CHARGE] = min(setpoint_mw, charge_room_mw(limits, now, s))
    elif setpoint_mw < 0.0:
        now[s, DISCHARGE] = min(-setpoint_mw, discharge_room_mw(limits, now, s))
    use_pv(limits, now, s)


@njit(cache=True, error_model="numpy", forceinline=True)
def self_consume(
    limits: Table, now: Table, first: int, last: int, feeder_made_mw: float, feeder_load_mw: float
) -> None:
    """The stated rule: charge from the connection's PV surplus, discharge to cover its net import.

    First every battery takes its own PV that the site could neither use nor export. What the connection then has left
    over (what is made there less its load and all sites' consumption) is shared among the batteries, up to each site's
    import cap.
    A connection that still imports is covered by discharging, at most each site's own import.
    """
    surplus_mw = feeder_made_mw - feeder_load_mw
    for s in range(first, last):
        stuck_mw = max(0.0, now[s, PV] - now[s, LOAD] - limits[s, EXPORT_MAX])
        now[s, CHARGE] = min(stuck_mw, charge_room_mw(limits, now, s))
        now[s, DISCHARGE] = 0.0
        use_pv(limits, now, s)
        surplus_mw -= site_net_mw(now, s)
    room_mw = 0.0
    column = CHARGE if surplus_mw > 0.0 else DISCHARGE
    for s in range(first, last):
        now[s, ROOM] = _take_room_mw(limits, now, s) if surplus_mw > 0.0 else _cover_room_mw(limits, now, s)
        room_mw += now[s, ROOM]
    _share(now, first, last, column, abs(surplus_mw), room_mw)


@njit(cache=True, error_model="numpy", forceinline=True)
def _share(now: Table, first: int, last: int, column: int, wanted_mw: float, room_mw: float) -> None:
    """Change `column` by `wanted_mw` in all, in proportion to ROOM (sum of sizes `room_mw`), never beyond it.

    A negative ROOM lowers the column.
    """
    if room_mw > 0.0:
        share_ratio = 1.0 if wanted_mw >= room_mw else wanted_mw / room_mw
        for s in range(first, last):
            now[s, column] += share_ratio * now[s, ROOM]


@njit(cache=True, error_model="numpy", forceinline=True)
def _take_room_mw(limits: Table, now: Table, s: int) -> float:
    """How much more the battery may charge without lifting the site's import above its cap."""
    free_mw = charge_room_mw(limits, now, s) - now[s, CHARGE]
    return float(max(0.0, min(free_mw, import_cap_mw(limits, s) - site_net_mw(now, s))))


@njit(cache=True, error_model="numpy", forceinline=True)
def _cover_room_mw(limits: Table, now: Table, s: int) -> float:
    """How much the battery may discharge to cover the site's own import."""
    return max(0.0, min(discharge_room_mw(limits, now, s), site_net_mw(now, s)))


@njit(cache=True, error_model="numpy", forceinline=True)
def guard_sites(limits: Table, now: Table, first: int, last: int) -> None:
    """Hold each site's import below its cap: charge less first, then discharge what is available."""
    for s in range(first, last):
        excess_mw = site_net_mw(now, s) - import_cap_mw(limits, s)
        if excess_mw <= 0.0:
            continue
        less_mw = min(now[s, CHARGE], excess_mw)
        now[s, CHARGE] -= less_mw
        if excess_mw > less_mw:
            now[s, DISCHARGE] += min(excess_mw - less_mw, _more_room_mw(limits, now, s))


@njit(cache=True, error_model="numpy", forceinline=True)
def hold_import(limits: Table, now: Table, first: int, last: int, excess_mw: float) -> None:
    """Lower the connection's import by `excess_mw`: charge less first, then discharge what is available."""
    loose_mw = 0.0
    for s in range(first, last):
        now[s, ROOM] = -_loose_charge_mw(limits, now, s)
        loose_mw -= now[s, ROOM]
    _share(now, first, last, CHARGE, excess_mw, loose_mw)
    if excess_mw <= loose_mw:
        return
    room_mw = 0.0
    for s in range(first, last):
        now[s, ROOM] = _more_room_mw(limits, now, s)
        room_mw += now[s, ROOM]
    _share(now, first, last, DISCHARGE, excess_mw - loose_mw, room_mw)


@njit(cache=True, error_model="numpy", forceinline=True)
def _loose_charge_mw(limits: Table, now: Table, s: int) -> float:
    """Charging whose end would lower the import; own PV that has nowhere else to go is not counted."""
    stuck_mw = max(0.0, now[s, PV] - now[s, LOAD] - limits[s, EXPORT_MAX])
    return float(max(0.0, now[s, CHARGE] - stuck_mw))


@njit(cache=True, error_model="numpy", forceinline=True)
def _more_room_mw(limits: Table, now: Table, s: int) -> float:
    """How much more the battery may discharge; nothing while it charges."""
    if now[s, CHARGE] > 0.0:
        return 0.0
    return float(max(0.0, discharge_room_mw(limits, now, s) - now[s, DISCHARGE]))


@njit(cache=True, error_model="numpy", forceinline=True)
def hold_export(now: Table, first: int, last: int, excess_mw: float, feeder_made_mw: float) -> float:
    """Lower the connection's export by `excess_mw` and return what is used of the neighbours' PV and wind.

    What the neighbours make is held back first, then the PV that sites export, and batteries discharge less last.
    Sites' exports are cut in proportion; no site is made to import.
    """
    used_mw = max(0.0, feeder_made_mw - excess_mw)
    excess_mw -= feeder_made_mw - used_mw
    if excess_mw <= 0.0:
        return used_mw
    excess_mw = _cut_exports(now, first, last, excess_mw, PV_USED)
    if excess_mw > 0.0:
        _cut_exports(now, first, last, excess_mw, DISCHARGE)
    return used_mw


@njit(cache=True, error_model="numpy", forceinline=True)
def _cut_exports(now: Table, first: int, last: int, excess_mw: float, column: int) -> float:
    """Lower `column` (PV_USED or DISCHARGE) by at most each site's export; returns what is still too much."""
    room_mw = 0.0
    for s in range(first, last):
        now[s, ROOM] = -min(now[s, column], max(0.0, -site_net_mw(now, s)))
        room_mw -= now[s, ROOM]
    _share(now, first, last, column, excess_mw, room_mw)
    return float(max(0.0, excess_mw - room_mw))
