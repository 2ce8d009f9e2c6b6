"""Room for distributed PV by transformer and its grade, after DL/T 2041 in both editions (`data/network_limits.yaml`).

2025: `S_d = (P − P_G + β·S·cosφ + P_ESS + ΔP_ESS)/τ_max` at a working-day noon of spring or autumn with the largest
output;
green while room is left after all registered projects, yellow while it is left after the connected ones, red if none.
2019: `λ = (P_G − P)/S` of the year, `P_m = (1 − λ_max)·S·k_r`; green λ ≤ 0, yellow up to 80 %, red above.
What lies below a red transformer is red, and no transformer has more room than the one above it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.network import Network
from suandian.physics.limits import HostingRule, reverse_ratios
from suandian.physics.lindistflow import linear_network

__all__ = ["GRADES", "Grades", "Noon", "graded", "net_feed_mw", "top_transformers"]

Array = NDArray[np.float64]

GRADES = ("green", "yellow", "red")


@dataclass(frozen=True, slots=True)
class Noon:
    """What the rule looks at; columns are buses, all at the typical instant but the last.

    load_mw           drawn, `(buses,)`
    pv_output_ratio   output of PV per nameplate: τ_max
    charging_mw       dependable charging of storage, P_ESS, `(buses,)`
    flexible_mw       further flexible consumption at that noon, ΔP_ESS; the standard has no line for computing
    reverse_max_mw    largest PV output less load of the year below each transformer, `(transformers,)`
    """

    load_mw: Array
    pv_output_ratio: float
    charging_mw: Array
    flexible_mw: Array
    reverse_max_mw: Array


@dataclass(frozen=True, slots=True)
class Grades:
    """By transformer: room for PV nameplate, after what is connected and after what is registered too, and the grade.

    own_mw          S_d after connected projects, as the formula gives it; may be negative
    room_mw         the same, 0 or more and not above that of any transformer upstream
    registered_mw   nameplate of registered projects below it that do not feed yet
    grade           index into `GRADES`
    inherited       red only because a transformer upstream is
    """

    own_mw: Array
    room_mw: Array
    registered_mw: Array
    grade: NDArray[np.int8]
    inherited: NDArray[np.bool_]


def graded(network: Network, rule: HostingRule, noon: Noon, *, power_factor_ratio: float) -> Grades:
    """Room and grade of every transformer of a radial network, each `(transformers,)`."""
    below = _below(network)
    pv = network.pv
    connected_mw = network.at_buses(pv.bus, np.where(pv.connected, pv.nameplate_mw, 0.0))
    registered_mw = below @ network.at_buses(pv.bus, np.where(pv.connected, 0.0, pv.nameplate_mw))
    rating_mva = network.transformers.rating_mva
    if rule.form == "reverse_ratio":
        reverse_ratio = noon.reverse_max_mw / rating_mva
        own_mw = (1.0 - reverse_ratio) * rating_mva * rule.reverse_ratio
        grade = np.where(reverse_ratio <= 0.0, 0, np.where(reverse_ratio <= rule.reverse_ratio, 1, 2))
        own_mw = np.where(grade == 2, np.minimum(own_mw, 0.0), own_mw)
    else:
        balance_mw = below @ (noon.load_mw + noon.charging_mw + noon.flexible_mw - connected_mw * noon.pv_output_ratio)
        reverse_mw = reverse_ratios(network, rule) * rating_mva * power_factor_ratio
        own_mw = (balance_mw + reverse_mw) / noon.pv_output_ratio
        grade = np.where(own_mw - registered_mw > 0.0, 0, np.where(own_mw > 0.0, 1, 2))
    room_mw = np.maximum(own_mw, 0.0)
    upstream = _upstream(below)
    own_red = grade == 2
    inherited = (upstream & own_red[None, :]).any(axis=1) & ~own_red
    limited_mw = np.array([min([room_mw[row], *room_mw[above]]) for row, above in enumerate(upstream)])
    return Grades(
        own_mw=own_mw,
        room_mw=np.where(inherited, 0.0, limited_mw),
        registered_mw=registered_mw,
        grade=np.where(inherited, 2, grade).astype(np.int8),
        inherited=inherited,
    )


def top_transformers(network: Network) -> NDArray[np.intp]:
    """Rows of the transformers with no other one between them and the slack."""
    return np.flatnonzero(~_upstream(_below(network)).any(axis=1))


def net_feed_mw(network: Network, load_mw: Array, pv_mw: Array) -> Array:
    """Largest PV output less load below each transformer over all intervals, from `(periods, buses)`."""
    feed_mw: Array = ((pv_mw - load_mw) @ _below(network).T).max(axis=0)
    return feed_mw


def _below(network: Network) -> Array:
    """1 where a bus is fed through a transformer, `(transformers, buses)`."""
    return np.abs(linear_network(network).below_ratio[len(network.lines.ids) :])


def _upstream(below: Array) -> NDArray[np.bool_]:
    """Row t: the transformers through which transformer t is fed, `(transformers, transformers)`."""
    sizes = below.sum(axis=1)
    shared = below @ below.T
    inside: NDArray[np.bool_] = (shared == sizes[:, None]) & (sizes[None, :] > sizes[:, None])
    return inside
