"""Rows that networks add to the linear programme, and the zones of PV that they tell apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NetworkRows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkRows:
    """`row_site · net import − row_zone · PV output − violation of the feeder ≤ row_upper_mw`; B feeders, P steps.

    row_feeder      (N,) feeder of each row: one violation relaxes all of its rows, so that a MW is paid for once
    zone_feeder     (Z,) feeder of each zone: PV that all rows treat alike; a lumped feeder is one zone
    zone_pv_mw      (Z, P) most PV that is there and that the zone's own network takes
    row_site        (N, sites) MW of the row per MW of net import
    row_zone        (N, Z) MW of the row by which a MW of PV output lowers it; negative where it raises it
    row_upper_mw    (N, P)
    losses_mw       (B, P) drawn by the networks themselves
    reverse_in_rows (B,) the network's own rows limit the reverse flow; the lumped limit is left out
    """

    row_feeder: Ints
    zone_feeder: Ints
    zone_pv_mw: Floats
    row_site: Floats
    row_zone: Floats
    row_upper_mw: Floats
    losses_mw: Floats
    reverse_in_rows: NDArray[np.bool_]

    @classmethod
    def lumped(cls, feeder_pv_mw: Floats, sites: int) -> NetworkRows:
        """No network at all: every feeder `(B, P)` is one zone."""
        feeders, periods = feeder_pv_mw.shape
        return cls(
            np.zeros(0, dtype=np.int64),
            np.arange(feeders, dtype=np.int64),
            feeder_pv_mw,
            np.zeros((0, sites)),
            np.zeros((0, feeders)),
            np.zeros((0, periods)),
            np.zeros((feeders, periods)),
            np.zeros(feeders, dtype=np.bool_),
        )
