"""The shared connection of a county: transformer limits, neighbours' load and PV behind it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Feeder"]


@dataclass(frozen=True, slots=True)
class Feeder:
    """A lumped connection to the 110 kV grid that sites share with local load and rooftop PV.

    transformer_mva        sum of the transformers' ratings
    power_factor_ratio     cos φ at which the rating is turned into MW
    reverse_limit_ratio    allowed reverse flow as a share of the rating (China: 0.8, DL/T 2041)
    pv_mw                  nameplate of the neighbours' rooftop PV; what exceeds the reverse limit is curtailed
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

    @property
    def import_max_mw(self) -> float:
        return self.transformer_mva * self.power_factor_ratio

    @property
    def export_max_mw(self) -> float:
        return self.transformer_mva * self.power_factor_ratio * self.reverse_limit_ratio
