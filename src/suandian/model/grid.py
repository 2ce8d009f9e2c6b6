"""Shared connections (limits, neighbours' load, PV and wind, the network behind them) and the ties between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from suandian.model.network import Network

__all__ = ["CurtailmentRule", "Feeder", "FeederGrid", "ReactiveMode", "Tie"]

#: How a grid operator holds PV back where nobody coordinates.
CurtailmentRule = Literal["proportional", "last_connected", "volt_watt"]
#: What inverters do with reactive power: a fixed power factor (1: none), or a curve over voltage.
ReactiveMode = Literal["fixed", "volt_var"]

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FeederGrid:
    """The network behind a feeder and who stands where in it; every bus follows the feeder's own series.

    load_ratio          (buses,) share of the feeder's load at each bus, sum 1
    load_mvar_per_mw    (buses,) reactive power of that load
    pv_ratio            (buses,) share of the feeder's PV, sum 1 (or all 0 without PV)
    pv_rank             (buses,) order in which PV was connected, 0 first; `last_connected` holds back the highest first
    site_ratio          site id → (buses,) share of the site's net import at each bus, sum 1
    site_mvar_per_mw    reactive power of the sites (they compensate at their own bus)
    pv_mvar_per_mw      reactive power that PV draws per MW of output where `reactive` is fixed (0: unity)
    curtailment         the operator's rule
    reactive            what inverters do with reactive power
    """

    network: Network
    load_ratio: Column
    load_mvar_per_mw: Column
    pv_ratio: Column
    pv_rank: NDArray[np.int64]
    site_ratio: Mapping[str, Column]
    site_mvar_per_mw: float
    pv_mvar_per_mw: float = 0.0
    curtailment: CurtailmentRule = "proportional"
    reactive: ReactiveMode = "fixed"

    @property
    def pv_buses(self) -> NDArray[np.intp]:
        """Rows of the buses with PV."""
        return np.flatnonzero(self.pv_ratio > 0.0)


@dataclass(frozen=True, slots=True)
class Feeder:
    """A connection to the upper grid that sites share with local load, PV and wind.

    transformer_mva        sum of the transformers' ratings
    power_factor_ratio     cos φ at which the rating is turned into MW
    reverse_limit_ratio    allowed reverse flow as a share of the rating (China: 0.8, DL/T 2041)
    pv_mw                  nameplate of the neighbours' rooftop PV; what exceeds the reverse limit is curtailed
    grid                   the network behind it; None: one lumped transformer
    wind_mw                nameplate of wind behind the connection, curtailed together with the PV
    """

    id: str
    operator: str
    region: str
    latitude_deg: float
    longitude_deg: float
    transformer_mva: float
    power_factor_ratio: float
    reverse_limit_ratio: float
    pv_mw: float
    name: str = ""
    name_zh: str = ""
    grid: FeederGrid | None = None
    wind_mw: float = 0.0

    @property
    def import_max_mw(self) -> float:
        return self.transformer_mva * self.power_factor_ratio

    @property
    def export_max_mw(self) -> float:
        return self.transformer_mva * self.power_factor_ratio * self.reverse_limit_ratio


@dataclass(frozen=True, slots=True)
class Tie:
    """A line between two feeders. It carries what one would curtail to one that imports; see `suandian.physics.ties`.

    source, target             ids of the feeders
    forward_max_mw             most that leaves `source` for `target`; `back_max_mw` the other way
    loss_ratio                 share of what leaves that does not arrive
    """

    id: str
    source: str
    target: str
    forward_max_mw: float
    back_max_mw: float
    loss_ratio: float = 0.0
