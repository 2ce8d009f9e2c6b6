"""What a network must fulfil before a power flow is worth running; every fault is told, each with its element."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from suandian.model.network import Network
from suandian.quantity.errors import DataError

__all__ = ["checked", "components", "faults", "loops"]

#: A winding's rated voltage may differ this much from the nominal voltage of its bus: taps and the usual 10.5 kV
#: windings on 10 kV buses stay below it, a wrong voltage level does not. D.
BASE_TOLERANCE_RATIO = 0.25
_SHOWN = 6
_OPTIONAL = ("target_pu", "tap_lowest_position", "tap_highest_position")


def checked(network: Network, *, radial: bool = False) -> Network:
    """The network itself, or `DataError` with every fault. `radial`: loops are faults too."""
    found = list(faults(network))
    if not found and radial:
        found = [f"{network.branch_ids[row]}: closes a loop; a radial network has one path to every bus: "
                 "open it, or leave the radial option out" for row in loops(network)]  # fmt: skip
    if found:
        count = len(found)
        shown = [f"  {text}" for text in found[:_SHOWN]] + (
            [f"  … and {count - _SHOWN} more"] if count > _SHOWN else []
        )
        raise DataError("\n".join([f"network {network.name!r} has {count} fault{'s' * (count != 1)}:", *shown]))
    return network


def faults(network: Network) -> Iterator[str]:
    """Every fault as a sentence that names its element; shape and reference faults hide those of topology."""
    yield from (found := [*_lengths(network)])
    if found:
        return
    yield from (found := [*_ids(network), *_references(network), *_numbers(network)])
    if found:
        return
    yield from _voltages(network)
    yield from _islands(network)


def components(network: Network) -> NDArray[np.int32]:
    """Number of the connected part that each bus belongs to, `(buses,)`."""
    first, second = network.branch_ends
    count = len(network.buses.ids)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    labels: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return labels


def loops(network: Network) -> list[int]:
    """Rows of the branches that close a loop, in the order of the tables; empty for a radial network."""
    parent = list(range(len(network.buses.ids)))

    def root(bus: int) -> int:
        while parent[bus] != bus:
            parent[bus] = parent[parent[bus]]
            bus = parent[bus]
        return bus

    closing = []
    for row, (first, second) in enumerate(zip(*network.branch_ends, strict=True)):
        a, b = root(int(first)), root(int(second))
        if a == b:
            closing.append(row)
        parent[a] = b
    return closing


def _tables(network: Network) -> Iterator[tuple[str, Sequence[str], dict[str, NDArray[np.intp]]]]:
    """Every table with its kind, ids and columns of bus rows."""
    yield "line", network.lines.ids, {"from_bus": network.lines.from_bus, "to_bus": network.lines.to_bus}
    yield (
        "transformer",
        network.transformers.ids,
        {"hv_bus": network.transformers.hv_bus, "lv_bus": network.transformers.lv_bus},
    )
    yield "load", network.loads.ids, {"bus": network.loads.bus}
    yield "pv", network.pv.ids, {"bus": network.pv.bus}
    yield "battery", network.batteries.ids, {"bus": network.batteries.bus}
    yield "data centre", network.data_centres.ids, {"bus": network.data_centres.bus}


def _lengths(network: Network) -> Iterator[str]:
    """Every column has a row for every id; columns of on-load tap changers may be left out altogether."""
    for kind in ("buses", "lines", "transformers", "loads", "pv", "batteries", "data_centres"):
        table = getattr(network, kind)
        count = len(table.ids)
        for column in fields(table):
            rows = len(getattr(table, column.name))
            if rows != count and not (rows == 0 and column.name in _OPTIONAL):
                yield f"{kind}: column {column.name} has {rows} rows for {count} ids"


def _ids(network: Network) -> Iterator[str]:
    if not network.buses.ids:
        yield "there is no bus"
    for kind, ids in [("bus", network.buses.ids), *((kind, ids) for kind, ids, _ in _tables(network))]:
        seen: set[str] = set()
        for name in ids:
            if name in seen:
                yield f"{kind} {name!r}: the id is used twice; ids are unique within a table"
            seen.add(name)


def _references(network: Network) -> Iterator[str]:
    count = len(network.buses.ids)
    if not 0 <= network.slack.bus < count:
        yield "slack: there is none; name the bus that the grid above holds at its voltage"
    for kind, ids, columns in _tables(network):
        for column, rows in columns.items():
            for row in np.flatnonzero((rows < 0) | (rows >= count)).tolist():
                yield f"{kind} {ids[row]!r}: its {column} does not exist; there are {count} buses"
    for name, first, second in zip(network.branch_ids, *network.branch_ends, strict=True):
        if first == second:
            yield f"branch {name!r}: begins and ends at one bus"


def _numbers(network: Network) -> Iterator[str]:
    yield from _bounded("bus", network.buses.ids, "nominal_kv", network.buses.nominal_kv, positive=True)
    if not 0.5 < network.slack.voltage_pu < 1.5:
        yield f"slack: a voltage of {network.slack.voltage_pu:g} pu is none; write e.g. 1.0"
    lines, transformers = network.lines, network.transformers
    yield from _bounded("line", lines.ids, "rating_ka", lines.rating_ka, positive=True)
    for column in ("length_km", "resistance_ohm", "reactance_ohm", "capacitance_nf"):
        yield from _bounded("line", lines.ids, column, getattr(lines, column), positive=False)
    for row in np.flatnonzero((lines.resistance_ohm == 0.0) & (lines.reactance_ohm == 0.0)).tolist():
        yield f"line {lines.ids[row]!r}: has no impedance; join its buses into one, or give its resistance"
    for column in ("rating_mva", "hv_kv", "lv_kv", "short_circuit_ratio"):
        yield from _bounded("transformer", transformers.ids, column, getattr(transformers, column), positive=True)
    for column in ("load_loss_kw", "no_load_loss_kw", "no_load_current_ratio", "tap_step_ratio"):
        yield from _bounded("transformer", transformers.ids, column, getattr(transformers, column), positive=False)
    resistance_ratio = transformers.load_loss_kw / (1000.0 * np.maximum(transformers.rating_mva, 1e-9))
    sound = (transformers.rating_mva > 0.0) & (transformers.short_circuit_ratio > 0.0)
    for row in np.flatnonzero(sound & (resistance_ratio > transformers.short_circuit_ratio)).tolist():
        yield (f"transformer {transformers.ids[row]!r}: its load_loss_kw alone is "
               f"{resistance_ratio[row]:.3g} of the rating, more than its short_circuit_ratio")  # fmt: skip
    yield from _bounded("pv", network.pv.ids, "nameplate_mw", network.pv.nameplate_mw, positive=False)
    batteries = network.batteries
    for column in ("energy_mwh", "charge_max_mw", "discharge_max_mw"):
        yield from _bounded("battery", batteries.ids, column, getattr(batteries, column), positive=False)
    centres = network.data_centres
    yield from _bounded("data centre", centres.ids, "import_max_mw", centres.import_max_mw, positive=False)
    for row in np.flatnonzero(~((centres.power_factor_ratio > 0.0) & (centres.power_factor_ratio <= 1.0))).tolist():
        ratio = centres.power_factor_ratio[row]
        yield f"data centre {centres.ids[row]!r}: power_factor_ratio {ratio:g} is not in (0, 1]"
    for column in ("active_mw", "reactive_mvar"):
        for row in np.flatnonzero(~np.isfinite(getattr(network.loads, column))).tolist():
            yield f"load {network.loads.ids[row]!r}: {column} is no number"


def _bounded(
    kind: str, ids: Sequence[str], column: str, values: NDArray[np.float64], *, positive: bool
) -> Iterator[str]:
    good = np.isfinite(values) & ((values > 0.0) if positive else (values >= 0.0))
    for row in np.flatnonzero(~good).tolist():
        yield f"{kind} {ids[row]!r}: {column} is {values[row]:g}; it must be {'above 0' if positive else '0 or more'}"


def _voltages(network: Network) -> Iterator[str]:
    nominal_kv, lines, transformers = network.buses.nominal_kv, network.lines, network.transformers
    for row, name in enumerate(lines.ids):
        first_kv, second_kv = nominal_kv[lines.from_bus[row]], nominal_kv[lines.to_bus[row]]
        if abs(first_kv - second_kv) > 1e-6 * first_kv:
            yield f"line {name!r}: joins {first_kv:g} kV and {second_kv:g} kV; a transformer belongs between them"
    for row, name in enumerate(transformers.ids):
        for side, bus, rated_kv in (
            ("hv", transformers.hv_bus[row], transformers.hv_kv[row]),
            ("lv", transformers.lv_bus[row], transformers.lv_kv[row]),
        ):
            if abs(rated_kv / nominal_kv[bus] - 1.0) > BASE_TOLERANCE_RATIO:
                yield (f"transformer {name!r}: its {side} winding of {rated_kv:g} kV is at bus "
                       f"{network.buses.ids[bus]!r} of {nominal_kv[bus]:g} kV")  # fmt: skip


def _islands(network: Network) -> Iterator[str]:
    labels = components(network)
    for label in np.unique(labels[labels != labels[network.slack.bus]]):
        members = [network.buses.ids[row] for row in np.flatnonzero(labels == label)]
        more = f" and {len(members) - 3} more" if len(members) > 3 else ""
        yield (f"bus {', '.join(map(repr, members[:3]))}{more}: no path to the slack; "
               "close a branch to it, or leave the island out")  # fmt: skip
