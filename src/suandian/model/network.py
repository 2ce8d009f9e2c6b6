"""A distribution network as columns: buses, lines, transformers, and what stands at the buses.

One row is one element. Bus columns hold row numbers of `Buses`. Everything is per phase of a balanced three-phase
network; voltages are line to line. What an element may be, and what is refused, is decided in
`suandian.model.network_checks`; sources of networks (tables, pandapower, SimBench) are adapters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batteries", "Buses", "DataCentres", "Lines", "Loads", "Network", "PvPlants", "Slack", "Transformers"]

Column = NDArray[np.float64]
Index = NDArray[np.intp]


def _no_flags() -> NDArray[np.bool_]:
    return np.zeros(0, dtype=np.bool_)


def _none() -> Column:
    return np.zeros(0)


def _no_rows() -> Index:
    return np.zeros(0, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Buses:
    """Nodes of the network.

    nominal_kv       line-to-line base voltage of the per-unit values
    x_km, y_km       place on a map, NaN where unknown
    groups           village, feeder or district that the bus belongs to; "" where none
    """

    ids: tuple[str, ...]
    nominal_kv: Column
    x_km: Column
    y_km: Column
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines and cables as π-sections.

    length_km           for tables and maps; the electrical columns are those of the whole line
    resistance_ohm, reactance_ohm   series impedance of one phase
    capacitance_nf      operating capacitance of one phase, half at each end
    rating_ka           permanent current of one phase; the lines' loading is the larger end current over it
    """

    ids: tuple[str, ...] = ()
    from_bus: Index = field(default_factory=_no_rows)
    to_bus: Index = field(default_factory=_no_rows)
    length_km: Column = field(default_factory=_none)
    resistance_ohm: Column = field(default_factory=_none)
    reactance_ohm: Column = field(default_factory=_none)
    capacitance_nf: Column = field(default_factory=_none)
    rating_ka: Column = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class Transformers:
    """Two-winding transformers by their nameplates (IEC 60076-1).

    rating_mva             rated power; the loading is the larger of both windings' currents over its rated current
    hv_kv, lv_kv           rated voltages of the windings at the neutral tap
    short_circuit_ratio    uk, rated to the transformer's own base
    load_loss_kw           Pk, at rated current
    no_load_loss_kw        P0
    no_load_current_ratio  i0
    tap_on_hv              whether the tap changer sits in the high-voltage winding
    tap_position, tap_neutral_position   steps; the winding's voltage grows by `tap_step_ratio` a step
    target_pu              voltage of the low-voltage bus that an on-load tap changer holds; NaN: the tap is fixed
    tap_lowest_position, tap_highest_position   range of that tap changer
    """

    ids: tuple[str, ...] = ()
    hv_bus: Index = field(default_factory=_no_rows)
    lv_bus: Index = field(default_factory=_no_rows)
    rating_mva: Column = field(default_factory=_none)
    hv_kv: Column = field(default_factory=_none)
    lv_kv: Column = field(default_factory=_none)
    short_circuit_ratio: Column = field(default_factory=_none)
    load_loss_kw: Column = field(default_factory=_none)
    no_load_loss_kw: Column = field(default_factory=_none)
    no_load_current_ratio: Column = field(default_factory=_none)
    tap_on_hv: NDArray[np.bool_] = field(default_factory=_no_flags)
    tap_position: Column = field(default_factory=_none)
    tap_neutral_position: Column = field(default_factory=_none)
    tap_step_ratio: Column = field(default_factory=_none)
    target_pu: Column = field(default_factory=_none)
    tap_lowest_position: Column = field(default_factory=_none)
    tap_highest_position: Column = field(default_factory=_none)

    @property
    def regulated(self) -> Index:
        """Rows of the transformers whose tap moves under load; empty columns mean none."""
        if not len(self.target_pu):
            return _no_rows()
        return np.flatnonzero(np.isfinite(self.target_pu) & (self.tap_step_ratio > 0.0))

    @property
    def tap_factor(self) -> Column:
        """Voltage of the tapped winding over its voltage at the neutral tap, in kV/kV, `(transformers,)`."""
        factor: Column = 1.0 + (self.tap_position - self.tap_neutral_position) * self.tap_step_ratio
        return factor

    @property
    def turns_ratio(self) -> Column:
        """Off-nominal ratio of the windings, high over low, with the tap, in kV/kV, `(transformers,)`."""
        factor = self.tap_factor
        ratio: Column = np.where(self.tap_on_hv, self.hv_kv * factor / self.lv_kv, self.hv_kv / (self.lv_kv * factor))
        return ratio


@dataclass(frozen=True, slots=True)
class Loads:
    """Consumers: `active_mw` and `reactive_mvar` are the reference values that profiles multiply."""

    ids: tuple[str, ...] = ()
    bus: Index = field(default_factory=_no_rows)
    active_mw: Column = field(default_factory=_none)
    reactive_mvar: Column = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class PvPlants:
    """Photovoltaics: nameplate, and the reactive power that the inverter injects per MW of output (negative absorbs).

    kinds      kind of roof (`rural`, `public`, `government`, `industrial`, …) or ""
    connected  False for a plant that is registered but does not feed yet
    """

    ids: tuple[str, ...] = ()
    bus: Index = field(default_factory=_no_rows)
    nameplate_mw: Column = field(default_factory=_none)
    reactive_ratio: Column = field(default_factory=_none)
    kinds: tuple[str, ...] = ()
    connected: NDArray[np.bool_] = field(default_factory=_no_flags)


@dataclass(frozen=True, slots=True)
class Batteries:
    """Stores at buses: usable energy and the two powers."""

    ids: tuple[str, ...] = ()
    bus: Index = field(default_factory=_no_rows)
    energy_mwh: Column = field(default_factory=_none)
    charge_max_mw: Column = field(default_factory=_none)
    discharge_max_mw: Column = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class DataCentres:
    """Sites of computing: the bus of the meter and the import that the contract allows."""

    ids: tuple[str, ...] = ()
    bus: Index = field(default_factory=_no_rows)
    import_max_mw: Column = field(default_factory=_none)
    power_factor_ratio: Column = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class Slack:
    """The connection to the grid above: a bus held at a voltage."""

    bus: int
    voltage_pu: float = 1.0


@dataclass(frozen=True, eq=False)
class Network:
    """Tables of one network and where they come from; two of them are equal if they are one object."""

    name: str
    source: str
    slack: Slack
    buses: Buses
    lines: Lines
    transformers: Transformers
    loads: Loads = field(default_factory=Loads)
    pv: PvPlants = field(default_factory=PvPlants)
    batteries: Batteries = field(default_factory=Batteries)
    data_centres: DataCentres = field(default_factory=DataCentres)
    frequency_hz: float = 50.0

    @cached_property
    def branch_ends(self) -> tuple[Index, Index]:
        """Buses of all branches, lines first, then transformers (high, low side), each `(lines + transformers,)`."""
        return (
            np.concatenate([self.lines.from_bus, self.transformers.hv_bus]),
            np.concatenate([self.lines.to_bus, self.transformers.lv_bus]),
        )

    @cached_property
    def branch_ids(self) -> tuple[str, ...]:
        """Ids of all branches, lines first."""
        return self.lines.ids + self.transformers.ids

    @cached_property
    def branch_rated_mva(self) -> Column:
        """Apparent power of all branches at rated current and nominal voltage, lines first."""
        line_mva = np.sqrt(3.0) * self.buses.nominal_kv[self.lines.from_bus] * self.lines.rating_ka
        return np.concatenate([line_mva, self.transformers.rating_mva])

    def at_buses(self, rows: Index, per_element: Column) -> Column:
        """Sum of an element's quantity at its bus: `(…, elements)` becomes `(…, buses)`."""
        count = len(self.buses.ids)
        incidence = np.zeros((len(rows), count))
        incidence[np.arange(len(rows)), rows] = 1.0
        summed: Column = per_element @ incidence
        return summed
