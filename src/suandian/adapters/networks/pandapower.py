"""A network from pandapower: its JSON file, or a net in memory (SimBench). Needs the extra `[networks]`.

Taken over: buses, lines (with parallel ones), two-winding transformers, one external grid, loads and static generators
of constant power, storage, and switches: a closed bus-bus switch joins its buses, an open switch at a line leaves the
line hanging at its other end, as pandapower calculates it. What the balanced constant-power model does not hold (PV
buses, shunts, three-winding transformers, …) is refused by name, never left out silently.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from suandian.model.network import Batteries, Buses, Lines, Loads, Network, PvPlants, Slack, Transformers
from suandian.model.network_checks import checked
from suandian.quantity.errors import AdapterError, DataError

#: What a library without types hands out: nets, frames, columns.
Foreign = Any

__all__ = ["from_pandapower", "import_extra", "read_pandapower"]

#: In service, these change the state and have no counterpart here.
_REFUSED = ("gen", "shunt", "ward", "xward", "impedance", "trafo3w", "dcline", "motor", "asymmetric_load",
            "asymmetric_sgen", "svc", "tcsc", "ssc", "vsc", "line_dc")  # fmt: skip


def import_extra(module: str) -> Foreign:
    """The optional library, or `AdapterError` that says what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        raise AdapterError(
            f"reading this network needs {module} ({error}); install the extra: pip install 'suandian[networks]'"
        ) from error


def read_pandapower(path: Path) -> Network:
    """The network of a pandapower JSON file. Raises `AdapterError` without the extra and `DataError` for its faults."""
    library = import_extra("pandapower")
    try:
        net = library.from_json(str(path))
    except Exception as error:  # the library raises whatever its parsers raise
        raise DataError(f"{path}: pandapower cannot read it ({type(error).__name__}: {error})") from error
    if not hasattr(net, "bus") or not hasattr(net, "ext_grid"):
        raise DataError(f"{path}: holds no pandapower net; write one with pandapower.to_json")
    return from_pandapower(net, name=path.stem, source=f"pandapower file {path.name}")


def from_pandapower(net: Foreign, *, name: str, source: str) -> Network:
    """The checked network of a pandapower net; ids are `index:name`. Raises `DataError`."""
    _refuse(net, name)
    buses = _Buses(net)
    lines, hanging = _lines(net, buses)
    transformers = _transformers(net, buses)
    slack = _slack(net, buses, name)
    place = buses.places()
    count = len(buses.ids) + len(hanging)
    made = Network(
        name=name,
        source=source,
        slack=slack,
        buses=Buses(
            (*buses.ids, *(hang for hang, _ in hanging)),
            np.concatenate([buses.nominal_kv, [kv for _, kv in hanging]]),
            np.concatenate([place[:, 0], np.full(len(hanging), np.nan)]),
            np.concatenate([place[:, 1], np.full(len(hanging), np.nan)]),
            ("",) * count,
        ),
        lines=lines,
        transformers=transformers,
        loads=_loads(net, buses),
        pv=_plants(net, buses),
        batteries=_batteries(net, buses),
        frequency_hz=float(net.f_hz),
    )
    return checked(made)


class _Buses:
    """In-service buses, with those that closed switches join made one."""

    def __init__(self, net: Foreign) -> None:
        alive = net.bus[net.bus.in_service]
        at = {int(bus): place for place, bus in enumerate(alive.index)}
        joins: list[tuple[int, int]] = []
        for switch in net.switch[(net.switch.et == "b") & net.switch.closed].itertuples():
            if float(getattr(switch, "z_ohm", 0.0) or 0.0) > 0.0:
                raise DataError(f"switch {switch.Index}: has a resistance; model it as a line")
            first, second = int(switch.bus), int(switch.element)
            if first in at and second in at:
                joins.append((at[first], at[second]))
        ends = np.array(joins, dtype=np.intp).reshape(-1, 2)
        graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(at), len(at)))
        parts = connected_components(graph, directed=False)[1].tolist()
        named: dict[int, int] = {}  # the bus of the lowest index stands for all that it is joined with
        for bus, part in zip(at, parts, strict=True):
            named[part] = min(bus, named.get(part, bus))
        kept = [bus for bus, part in zip(at, parts, strict=True) if named[part] == bus]
        row = {bus: place for place, bus in enumerate(kept)}
        self.row = {bus: row[named[part]] for bus, part in zip(at, parts, strict=True)}
        self.ids = tuple(_id(bus, net.bus.name.get(bus)) for bus in kept)
        self.nominal_kv = net.bus.vn_kv.loc[kept].to_numpy(dtype=np.float64)
        self._net, self._kept = net, kept

    def rows(self, column: Foreign) -> NDArray[np.intp]:
        return np.array([self.row[int(bus)] for bus in column], dtype=np.intp)

    def serves(self, table: Foreign, *columns: str) -> Foreign:
        """The rows of a table that are in service at buses in service."""
        keep = table.in_service.astype(bool)
        for column in columns:
            keep &= table[column].isin(list(self.row))
        return table[keep]

    def places(self) -> NDArray[np.float64]:
        """Map coordinates as they are in the net (kilometres or degrees are not told apart), NaN where unknown."""
        import json

        place = np.full((len(self._kept), 2), np.nan)
        for row, bus in enumerate(self._kept):
            text = self._net.bus.geo.get(bus) if "geo" in self._net.bus else None
            if isinstance(text, str) and text:
                place[row] = json.loads(text)["coordinates"][:2]
        return place


def _refuse(net: Foreign, name: str) -> None:
    found = []
    for kind in _REFUSED:
        table = net.get(kind)
        if table is not None and len(table) and bool(table.in_service.any()):
            found.append(f"{int(table.in_service.sum())} {kind}")
    found += [
        f"voltage-dependent loads ({column})"
        for column in net.load.columns
        if column.startswith("const_") and bool((net.load[column].fillna(0.0) != 0.0).any())
    ]
    if len(net.line) and bool((net.line.g_us_per_km.fillna(0.0) != 0.0).any()):
        found.append("lines with a shunt conductance (g_us_per_km)")
    if len(net.switch) and bool(((net.switch.et == "t3") & ~net.switch.closed).any()):
        found.append("open switches at three-winding transformers")
    if found:
        raise DataError(f"{name}: holds {', '.join(found)}, which this power flow does not model; "
                        "replace them by loads, static generators and two-winding transformers")  # fmt: skip


def _slack(net: Foreign, buses: _Buses, name: str) -> Slack:
    table = buses.serves(net.ext_grid, "bus")
    places = {(buses.row[int(row.bus)], float(row.vm_pu)) for row in table.itertuples()}
    if len(places) != 1:
        raise DataError(f"{name}: has {len(places)} external grids; exactly one is the slack")
    bus, voltage_pu = next(iter(places))
    return Slack(bus, voltage_pu)


def _open_ends(net: Foreign, kind: str) -> set[tuple[int, int]]:
    """(element, bus) of every open switch at lines (`l`) or transformers (`t`)."""
    table = net.switch[(net.switch.et == kind) & ~net.switch.closed.astype(bool)]
    return {(int(row.element), int(row.bus)) for row in table.itertuples()}


def _lines(net: Foreign, buses: _Buses) -> tuple[Lines, list[tuple[str, float]]]:
    """Lines, and the buses that stand at open ends (id, nominal voltage); lines open at both ends are out."""
    opened = _open_ends(net, "l")
    table = buses.serves(net.line, "from_bus", "to_bus")
    ends: list[tuple[int, int]] = []
    keep: list[int] = []
    hanging: list[tuple[str, float]] = []
    for line in table.itertuples():
        rows = [buses.row[int(line.from_bus)], buses.row[int(line.to_bus)]]
        out = [(int(line.Index), int(bus)) in opened for bus in (line.from_bus, line.to_bus)]
        if all(out) or (rows[0] == rows[1] and not any(out)):
            continue
        if any(out):
            end = out.index(True)
            hanging.append((f"open end of line {_id(line.Index, line.name)}", float(buses.nominal_kv[rows[end]])))
            rows[end] = len(buses.ids) + len(hanging) - 1
        keep.append(line.Index)
        ends.append((rows[0], rows[1]))
    table = table.loc[keep]
    length_km, parallel = (table[c].to_numpy(dtype=np.float64) for c in ("length_km", "parallel"))
    column = {c: table[c].to_numpy(dtype=np.float64) for c in ("r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km")}
    factor = table.df.to_numpy(dtype=np.float64) * parallel
    both = np.array(ends, dtype=np.intp).reshape(-1, 2)
    lines = Lines(
        tuple(_id(i, n) for i, n in zip(table.index, table.name, strict=True)),
        both[:, 0],
        both[:, 1],
        length_km,
        column["r_ohm_per_km"] * length_km / parallel,
        column["x_ohm_per_km"] * length_km / parallel,
        column["c_nf_per_km"] * length_km * parallel,
        table.max_i_ka.to_numpy(dtype=np.float64) * factor,
    )
    return lines, hanging


def _transformers(net: Foreign, buses: _Buses) -> Transformers:
    if not len(net.trafo):
        return Transformers()
    table = buses.serves(net.trafo, "hv_bus", "lv_bus")
    opened = {element for element, _ in _open_ends(net, "t")}
    table = table[[int(i) not in opened for i in table.index]]
    _refuse_taps(table)

    def number(column: str, value: float = 0.0) -> NDArray[np.float64]:
        if column not in table:
            return np.full(len(table), value)
        values: NDArray[np.float64] = table[column].astype(float).fillna(value).to_numpy(dtype=np.float64)
        return values

    parallel = number("parallel", 1.0)
    each_mva = number("sn_mva")
    rating_mva = each_mva * parallel * number("df", 1.0)
    share = rating_mva / np.where(each_mva > 0.0, each_mva, 1.0)
    # A rating derated by df keeps the impedance and losses in ohm and watt, which refer to the nameplate.
    derating = number("df", 1.0)
    return Transformers(
        tuple(_id(i, n) for i, n in zip(table.index, table.name, strict=True)),
        buses.rows(table.hv_bus),
        buses.rows(table.lv_bus),
        rating_mva,
        number("vn_hv_kv"),
        number("vn_lv_kv"),
        number("vk_percent") / 100.0 * derating,
        number("vkr_percent") / 100.0 * derating * rating_mva * 1e3,
        number("pfe_kw") * share / derating,
        number("i0_percent") / 100.0 / derating,
        np.array([side != "lv" for side in table.get("tap_side", [])], dtype=np.bool_),
        number("tap_pos"),
        number("tap_neutral"),
        np.where(_taps_count(table), number("tap_step_percent") / 100.0, 0.0),
    )


def _taps_count(table: Foreign) -> NDArray[np.bool_]:
    """Whether `tap_pos` changes the winding's voltage, `(transformers,)`.

    pandapower applies it only for the types Ratio and Symmetrical; nets from before that column apply it always.
    """
    if "tap_changer_type" not in table:
        return np.ones(len(table), dtype=np.bool_)
    counts: NDArray[np.bool_] = table.tap_changer_type.isin(["Ratio", "Symmetrical"]).to_numpy(dtype=np.bool_)
    return counts


def _refuse_taps(table: Foreign) -> None:
    """Taps that are more than one ratio: angles, tables, second changers; and parallel ones of other vector groups."""
    if "tap_dependency_table" in table and bool(table.tap_dependency_table.dropna().astype(bool).any()):
        raise DataError(
            "a transformer's ratio and impedance follow a table of its tap (tap_dependency_table); only steps of one "
            "size are modelled"
        )
    if "tap2_pos" in table and "tap2_changer_type" in table:
        neutral = table.tap2_neutral.astype(float).fillna(0.0) if "tap2_neutral" in table else 0.0
        off = table.tap2_pos.astype(float).fillna(neutral) != neutral
        if bool((off & table.tap2_changer_type.notna() & (table.tap2_changer_type != "")).any()):
            raise DataError("a transformer's second tap changer is off its neutral (tap2_pos); only one is modelled")
    if "tap_step_degree" in table.columns and bool((table.tap_step_degree.fillna(0.0) != 0.0).any()):
        raise DataError("a transformer's tap changer turns the angle (tap_step_degree); only ratio taps are modelled")
    for (high, low), group in table.groupby(["hv_bus", "lv_bus"]):
        if group.shift_degree.nunique() > 1:
            raise DataError(
                f"transformers between buses {high} and {low} differ in shift_degree; they cannot be parallel"
            )


def _loads(net: Foreign, buses: _Buses) -> Loads:
    table = buses.serves(net.load, "bus")
    scaling = table.scaling.to_numpy(dtype=np.float64)
    return Loads(
        tuple(_id(i, n) for i, n in zip(table.index, table.name, strict=True)),
        buses.rows(table.bus),
        table.p_mw.to_numpy(dtype=np.float64) * scaling,
        table.q_mvar.to_numpy(dtype=np.float64) * scaling,
    )


def _plants(net: Foreign, buses: _Buses) -> PvPlants:
    """Static generators; those of other kinds than PV are taken as plants of that kind."""
    table = buses.serves(net.sgen, "bus")
    scaling = table.scaling.to_numpy(dtype=np.float64)
    active_mw = table.p_mw.to_numpy(dtype=np.float64) * scaling
    reactive_mvar = table.q_mvar.to_numpy(dtype=np.float64) * scaling
    if bool(((active_mw == 0.0) & (reactive_mvar != 0.0)).any()):
        raise DataError("a static generator gives reactive power alone; enter it as a load with negative q_mvar")
    return PvPlants(
        tuple(_id(i, n) for i, n in zip(table.index, table.name, strict=True)),
        buses.rows(table.bus),
        active_mw,
        reactive_mvar / np.where(active_mw == 0.0, 1.0, active_mw),
        tuple(str(kind or "") for kind in (table.type if "type" in table else [""] * len(table))),
        np.ones(len(table), dtype=np.bool_),
    )


def _batteries(net: Foreign, buses: _Buses) -> Batteries:
    """Storage with its limits; pandapower's momentary p_mw is a decision and is left to the study."""
    table = buses.serves(net.storage, "bus")
    if not len(table):
        return Batteries()

    def limit(column: str) -> NDArray[np.float64]:
        given = table[column] if column in table else table.p_mw.abs()
        values: NDArray[np.float64] = given.astype(float).abs().fillna(table.p_mw.abs()).to_numpy(dtype=np.float64)
        return values

    return Batteries(
        tuple(_id(i, n) for i, n in zip(table.index, table.name, strict=True)),
        buses.rows(table.bus),
        table.max_e_mwh.astype(float).fillna(0.0).to_numpy(dtype=np.float64),
        limit("max_p_mw"),
        limit("min_p_mw"),
    )


def _id(index: Foreign, name: Foreign) -> str:
    """pandapower's index, which is unique, with its name where it has one."""
    return f"{index}:{name}" if isinstance(name, str) and name else str(index)
