"""The equivalent circuit of a two-winding transformer from its nameplate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from suandian.model.network import Network

__all__ = ["transformer_pi"]


def transformer_pi(network: Network) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Series impedance [ohm] and total shunt admittance [S] of the π-equivalent, on the low-voltage side.

    T-circuit: half of `uk` on either side of the magnetising branch (IEC 60076-1 tests: short circuit gives the series,
    no load the shunt). Star–delta with equal arms z/2 and shunt y: series z·(1 + z·y/4), each shunt y/2/(1 + z·y/4).
    """
    table = network.transformers
    tap = np.where(table.tap_on_hv, 1.0, table.tap_factor)
    base_ohm = (table.lv_kv * tap) ** 2 / table.rating_mva
    resistance_ratio = table.load_loss_kw / 1000.0 / table.rating_mva
    reactance_ratio = np.sqrt(table.short_circuit_ratio**2 - resistance_ratio**2)
    z = (resistance_ratio + 1j * reactance_ratio) * base_ohm
    conductance_ratio = table.no_load_loss_kw / 1000.0 / table.rating_mva
    susceptance_ratio = np.sqrt(np.maximum(table.no_load_current_ratio**2 - conductance_ratio**2, 0.0))
    y = (conductance_ratio - 1j * susceptance_ratio) / base_ohm
    stretch = 1.0 + z * y / 4.0
    return z * stretch, y / stretch
