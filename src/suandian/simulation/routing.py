"""Where interactive demand is really served: the plan's shares, then whatever room there is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.model.plan import Fleet

__all__ = ["gpus_of", "planned_shares", "spill"]


def planned_shares(fleet: Fleet, plan_mw: NDArray[np.float64], demand_mw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Demand `(streams, n)` times the plan's shares, home where the plan says nothing: `(streams, S, n)` MW.

    A plan's power at a site outside a stream's latency is ignored.
    """
    wish = np.where(fleet.stream_allowed[:, :, None], plan_mw, 0.0)
    total = wish.sum(axis=1, keepdims=True)
    home = np.zeros_like(wish)
    home[np.arange(len(wish)), fleet.stream_home] = 1.0
    share = np.where(total > 0, wish / np.where(total > 0, total, 1.0), home)
    served_mw: NDArray[np.float64] = share * demand_mw[:, None, :]
    return served_mw


def gpus_of(fleet: Fleet, served_mw: NDArray[np.float64]) -> NDArray[np.int64]:
    """GPUs that serve streams at each site, rounded up, `(S, n)`."""
    if not len(served_mw):
        return np.zeros(served_mw.shape[1:], dtype=np.int64)
    gpus = (served_mw * 1000.0 / fleet.stream_power_per_gpu_kw[:, None, None]).sum(axis=0)
    taken: NDArray[np.int64] = np.ceil(gpus - 1e-9).astype(np.int64)
    return taken


def spill(
    fleet: Fleet, served_mw: NDArray[np.float64], room_gpus: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move interactive power from sites without room to permitted ones with room, stream by stream, site by site.

    `room_gpus` `(S, n)` is what streams may take at each site. Returns the power served, `(streams, S, n)`, and what
    no site has room for, `(streams, n)` MW: interactive load cannot wait, so that is a failure to be counted.
    """
    if not len(served_mw):
        return served_mw, np.zeros((0, served_mw.shape[2]))
    served = served_mw.copy()
    per_mw = 1000.0 / fleet.stream_power_per_gpu_kw
    used = (served * per_mw[:, None, None]).sum(axis=0)
    lacking = np.zeros((len(served), served.shape[2]))
    for row in range(len(served)):
        for site in range(len(fleet.sites)):
            out = np.minimum(np.maximum(used[site] - room_gpus[site], 0.0) / per_mw[row], served[row, site])
            served[row, site] -= out
            used[site] -= out * per_mw[row]
            lacking[row] += out
    for row in range(len(served)):
        for site in (int(index) for index in np.flatnonzero(fleet.stream_allowed[row])):
            into = np.minimum(np.maximum(room_gpus[site] - used[site], 0.0) / per_mw[row], lacking[row])
            served[row, site] += into
            used[site] += into * per_mw[row]
            lacking[row] -= into
    return served, np.where(lacking > 1e-9, lacking, 0.0)
