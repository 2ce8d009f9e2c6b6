"""The answer of `suandian hosting`: records with units, and one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from suandian.experiments.hosting.case import Case
from suandian.physics.limits import HostingRule

__all__ = ["Binding", "ComputingPoint", "Hosting", "PvPoint", "State", "TransformerRow"]


@dataclass(frozen=True, slots=True)
class State:
    """The year as it is, with all connected PV and nothing curtailed.

    unsolved_h is the time in which the power flow has no solution; such intervals violate every limit and add nothing
    to the sums. overload_h and reverse_violation_h count an hour once, voltage_violation_bus_h once per bus.
    """

    unsolved_h: float
    voltage_violation_bus_h: float
    overload_h: float
    reverse_violation_h: float
    voltage_min_pu: float
    voltage_max_pu: float
    transformer_loading_max_ratio: float
    losses_mwh: float
    reverse_energy_mwh: float


@dataclass(frozen=True, slots=True)
class TransformerRow:
    """One transformer: S_d by the rule (own), after what is upstream (room), and the grade."""

    id: str
    rating_mva: float
    main: bool
    own_mw: float
    room_mw: float
    registered_mw: float
    grade: str
    inherited: bool


@dataclass(frozen=True, slots=True)
class PvPoint:
    """Nameplate of rooftop PV in all, and on top of what is there: negative where more stands there than fits."""

    flexible_ratio: float
    curtailed_hours_ratio: float
    hosting_pv_total_mw: float
    hosting_pv_mw: float


@dataclass(frozen=True, slots=True)
class ComputingPoint:
    """New computing on a flexible connection beside the firm one, and what the flexible one gives up."""

    flexible_ratio: float
    curtailed_hours_ratio: float
    hosting_compute_mw: float
    firm_mw: float
    curtailed_energy_ratio: float
    longest_spell: int


@dataclass(frozen=True, slots=True)
class Binding:
    """The limit that is reached first: its kind, the element, and the local start of the tightest interval."""

    kind: str
    element: str
    at: str


@dataclass(frozen=True, slots=True)
class Hosting:
    """Hosting capacity of one case.

    county_own_mw           S_d summed over the main transformers; may be negative
    county_own_flexible_mw  the same if computing's rise to its limit counted as ΔP_ESS, which no standard provides for
    """

    case: Case
    rule: HostingRule
    pv_binding: Binding
    computing_binding: Binding
    pv_existing_mw: float
    state: State
    noon: str
    noon_output_ratio: float
    transformers: tuple[TransformerRow, ...]
    others: Mapping[str, tuple[TransformerRow, ...]]
    top: tuple[str, ...]
    county_room_mw: float
    county_own_mw: float
    county_own_flexible_mw: float
    county_grade: str
    system_level_mw: float
    utilisation_target_ratio: float
    pv_utilised_ratio: float
    pv_curtailed_hours_ratio: float
    pv: tuple[PvPoint, ...]
    computing: tuple[ComputingPoint, ...]
    pv_limit_mw: float

    @property
    def firm_mw(self) -> float:
        """New computing on a firm connection."""
        return self.computing[0].firm_mw

    def to_dict(self) -> dict[str, object]:
        """One JSON document."""
        network, axis = self.case.network, self.case.axis
        return {
            "case": self.case.name,
            "network": {
                "name": network.name,
                "source": network.source,
                "buses": len(network.buses.ids),
                "lines": len(network.lines.ids),
                "transformers": len(network.transformers.ids),
            },
            "start": axis.start.isoformat(),
            "periods": axis.periods,
            "step_s": axis.step_s,
            "assumptions": [{"en": en, "zh": zh} for en, zh in self.case.assumptions],
            "rule": {"id": self.rule.id, "document": self.rule.document, "confidence": self.rule.confidence,
                     "reverse_ratio": self.rule.reverse_ratio},
            "grade": self.county_grade,
            "room_mw": self.county_room_mw,
            "own_mw": self.county_own_mw,
            "own_flexible_mw": self.county_own_flexible_mw,
            "system_level_mw": self.system_level_mw,
            "utilisation_target_ratio": self.utilisation_target_ratio,
            "typical_instant": self.noon,
            "typical_output_ratio": self.noon_output_ratio,
            "pv_existing_mw": self.pv_existing_mw,
            "pv_utilised_ratio": self.pv_utilised_ratio,
            "pv_curtailed_hours_ratio": self.pv_curtailed_hours_ratio,
            "computing_existing_mw": self.case.computing_mw,
            "state": asdict(self.state),
            "firm_mw": self.firm_mw,
            "pv_binding": asdict(self.pv_binding),
            "computing_binding": asdict(self.computing_binding),
            "pv_search_limit_mw": self.pv_limit_mw,
            "hosting_pv": [asdict(point) for point in self.pv],
            "hosting_compute": [asdict(point) for point in self.computing],
            "transformers": [asdict(row) for row in self.transformers],
            "other_editions": {name: [asdict(row) for row in rows] for name, rows in self.others.items()},
        }  # fmt: skip
