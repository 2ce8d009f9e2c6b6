"""A network from a YAML file of typed columns: every header carries its unit, every fault names its place.

    name: two-bus
    source: where the figures come from
    slack: {bus: A, voltage: 1.02 pu}
    buses:
      columns: [id, "nominal [kV]"]
      rows: [[A, 10], [B, 10]]
    lines:
      columns: [id, from, to, "length [km]", "resistance [ohm/km]", "reactance [ohm/km]", "rating [A]"]
      rows: [[AB, A, B, 3, 0.27, 0.34, 335]]

`TABLES` is the whole grammar; docs/reference/network.md is written from it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from suandian.model.network import (
    Batteries,
    Buses,
    DataCentres,
    Lines,
    Loads,
    Network,
    PvPlants,
    Slack,
    Transformers,
)
from suandian.model.network_checks import checked
from suandian.quantity.errors import DataError
from suandian.quantity.units import UnitError, parse_quantity, parse_unit

__all__ = ["TABLES", "Field", "network_from_mapping", "read_network"]

_KEYS = ("name", "source", "slack", "frequency", "radial")
_SHOWN = 8
#: Columns of words, and the words.
_WORDS = {("transformers", "tap_side"): ("high", "low"), ("pv", "state"): ("connected", "registered")}


@dataclass(frozen=True, slots=True)
class Field:
    """One column: what it holds (`id`, `bus`, `text` or a unit), its default (None: required), and what it means."""

    holds: str
    default: float | str | None
    says: str
    per_km: bool = False


TABLES: dict[str, dict[str, Field]] = {
    "buses": {
        "id": Field("id", None, "name of the bus"),
        "nominal": Field("kV", None, "line-to-line voltage to which per-unit values refer"),
        "x": Field("km", np.nan, "place on a map, to the east"),
        "y": Field("km", np.nan, "place on a map, to the north"),
        "group": Field("text", "", "village, feeder or district"),
    },
    "lines": {
        "id": Field("id", None, "name of the line"),
        "from": Field("bus", None, "first bus"),
        "to": Field("bus", None, "second bus"),
        "length": Field("km", None, "length"),
        "resistance": Field("ohm", None, "of one phase; [ohm/km] is multiplied by the length", per_km=True),
        "reactance": Field("ohm", None, "of one phase; [ohm/km] is multiplied by the length", per_km=True),
        "capacitance": Field("nF", 0.0, "operating capacitance of one phase, or [nF/km]", per_km=True),
        "rating": Field("kA", None, "permanent current of one phase"),
    },
    "transformers": {
        "id": Field("id", None, "name of the transformer"),
        "high": Field("bus", None, "bus of the high-voltage winding"),
        "low": Field("bus", None, "bus of the low-voltage winding"),
        "rating": Field("MVA", None, "rated power"),
        "high_rated": Field("kV", None, "rated voltage of the high-voltage winding"),
        "low_rated": Field("kV", None, "rated voltage of the low-voltage winding"),
        "short_circuit": Field("1", None, "short-circuit voltage uk"),
        "load_loss": Field("kW", None, "losses at rated current, Pk"),
        "no_load_loss": Field("kW", 0.0, "losses without load, P0"),
        "no_load_current": Field("1", 0.0, "no-load current i0"),
        "tap_side": Field("text", "high", "winding with the tap changer: high or low"),
        "tap": Field("1", 0.0, "position of the tap"),
        "tap_neutral": Field("1", 0.0, "position without effect"),
        "tap_step": Field("1", 0.0, "change of the winding's voltage by one step"),
        "target": Field("1", np.nan, "low-side voltage in pu that an on-load tap changer holds; fixed tap if left out"),
        "tap_lowest": Field("1", -8.0, "lowest position of the on-load tap changer"),
        "tap_highest": Field("1", 8.0, "highest position of the on-load tap changer"),
    },
    "loads": {
        "id": Field("id", None, "name of the load"),
        "bus": Field("bus", None, "where it is"),
        "active": Field("MW", None, "active power that profiles multiply"),
        "reactive": Field("Mvar", 0.0, "reactive power that profiles multiply"),
    },
    "pv": {
        "id": Field("id", None, "name of the plant"),
        "bus": Field("bus", None, "where it is"),
        "nameplate": Field("MW", None, "largest output"),
        "reactive_ratio": Field("1", 0.0, "Mvar injected per MW of output; negative absorbs"),
        "kind": Field("text", "", "kind of roof"),
        "state": Field("text", "connected", "connected, or registered: allowed but not feeding yet"),
    },
    "batteries": {
        "id": Field("id", None, "name of the battery"),
        "bus": Field("bus", None, "where it is"),
        "energy": Field("MWh", None, "usable energy"),
        "charge_max": Field("MW", None, "largest charging power"),
        "discharge_max": Field("MW", None, "largest discharging power"),
    },
    "data_centres": {
        "id": Field("id", None, "name of the data centre"),
        "bus": Field("bus", None, "where its meter is"),
        "import_max": Field("MW", None, "import that its contract allows"),
        "power_factor": Field("1", 0.95, "cos φ of its import, inductive"),
    },
}


def read_network(path: Path) -> Network:
    """The checked network of a YAML file. Raises `DataError` with every fault."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); give a YAML file of a network") from error
    except yaml.YAMLError as error:
        raise DataError(f"{path}: is no YAML ({str(error).splitlines()[0]})") from error
    return network_from_mapping(values, where=path.name)


def network_from_mapping(values: object, *, where: str) -> Network:
    """The checked network of a mapping as in the file; `where` begins every message."""
    if not isinstance(values, Mapping) or "buses" not in values:
        raise DataError(f"{where}: is no network; its top level holds slack, buses, lines, transformers, …")
    known = [*_KEYS, *TABLES]
    faults = [f"{key}: unknown key{_nearest(str(key), known)}" for key in values if key not in known]
    tables = {name: _table(name, values.get(name), faults) for name in TABLES}
    rows = {name: row for row, name in enumerate(tables["buses"]["id"])}
    for name, fields in TABLES.items():
        for column, field in fields.items():
            if field.holds == "bus":
                tables[name][column] = _rows_of(name, column, tables[name], rows, faults)
    slack = _slack(values.get("slack"), rows, faults)
    if faults:
        more = [f"  … and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        count = len(faults)
        raise DataError(
            "\n".join([f"{where} has {count} fault{'s' * (count != 1)}:", *(f"  {f}" for f in faults[:_SHOWN]), *more])
        )
    network = _network(str(values.get("name", where)), str(values.get("source", where)), slack, tables,
                       _quantity(values.get("frequency", "50 Hz"), "Hz", "frequency"))  # fmt: skip
    return checked(network, radial=values.get("radial") is True)


def _network(name: str, source: str, slack: Slack, tables: dict[str, dict[str, Any]], frequency_hz: float) -> Network:
    b, n, t = tables["buses"], tables["lines"], tables["transformers"]
    load, pv, store, centre = tables["loads"], tables["pv"], tables["batteries"], tables["data_centres"]
    return Network(
        name=name,
        source=source,
        slack=slack,
        buses=Buses(tuple(b["id"]), b["nominal"], b["x"], b["y"], tuple(b["group"])),
        lines=Lines(tuple(n["id"]), n["from"], n["to"], n["length"], n["resistance"], n["reactance"],
                    n["capacitance"], n["rating"]),
        transformers=Transformers(
            tuple(t["id"]), t["high"], t["low"], t["rating"], t["high_rated"], t["low_rated"], t["short_circuit"],
            t["load_loss"], t["no_load_loss"], t["no_load_current"],
            np.array([side == "high" for side in t["tap_side"]], dtype=np.bool_),
            t["tap"], t["tap_neutral"], t["tap_step"], t["target"], t["tap_lowest"], t["tap_highest"],
        ),
        loads=Loads(tuple(load["id"]), load["bus"], load["active"], load["reactive"]),
        pv=PvPlants(tuple(pv["id"]), pv["bus"], pv["nameplate"], pv["reactive_ratio"], tuple(pv["kind"]),
                    np.array([state == "connected" for state in pv["state"]], dtype=np.bool_)),
        batteries=Batteries(tuple(store["id"]), store["bus"], store["energy"], store["charge_max"],
                            store["discharge_max"]),
        data_centres=DataCentres(tuple(centre["id"]), centre["bus"], centre["import_max"], centre["power_factor"]),
        frequency_hz=frequency_hz,
    )  # fmt: skip


def _slack(value: object, rows: Mapping[str, int], faults: list[str]) -> Slack:
    if not isinstance(value, Mapping) or "bus" not in value:
        faults.append("slack: there is none; write e.g. slack: {bus: A, voltage: 1.0 pu}")
        return Slack(0)
    bus = str(value["bus"])
    if bus not in rows:
        faults.append(f"slack: there is no bus {bus!r}{_nearest(bus, rows)}")
    try:
        return Slack(rows.get(bus, 0), parse_quantity(value.get("voltage", "1 pu"), "1"))
    except UnitError as error:
        faults.append(f"slack.voltage: {error}")
        return Slack(0)


def _table(name: str, value: object, faults: list[str]) -> dict[str, Any]:
    """Columns of one table; what is missing is filled by the defaults."""
    fields = TABLES[name]
    headers, rows = _parts(name, value, faults)
    given: dict[str, tuple[int, str]] = {}
    for position, header in enumerate(headers):
        column, _, unit = str(header).partition("[")
        column, unit = column.strip(), unit.rstrip("] ")
        if column not in fields:
            faults.append(f"{name}: unknown column {column!r}{_nearest(column, fields)}")
        elif column in given:
            faults.append(f"{name}: column {column!r} stands there twice")
        else:
            given[column] = (position, unit)
    table: dict[str, Any] = {}
    lengths_km: NDArray[np.float64] = np.ones(len(rows))
    for column, field in fields.items():
        if column not in given:
            if field.default is None and rows:
                faults.append(f"{name}: needs a column {_header(column, field)!r}")
            table[column] = _filled(field, len(rows))
            continue
        position, unit = given[column]
        cells = [row[position] if position < len(row) else None for row in rows]
        if field.holds in ("id", "bus", "text"):
            table[column] = ["" if cell is None else str(cell) for cell in cells]
        else:
            table[column] = _numbers(f"{name}.{column}", cells, field, unit, lengths_km, faults)
        if column == "length":
            lengths_km = table[column]
    for place, known in _WORDS.items():
        if place[0] == name:
            bad = sorted(set(table[place[1]]) - set(known))
            faults += [f"{name}.{place[1]}: {word!r} is none; write {' or '.join(known)}" for word in bad]
    return table


def _parts(name: str, value: object, faults: list[str]) -> tuple[Sequence[object], list[Sequence[Any]]]:
    if value is None:
        return (), []
    columns = value.get("columns") if isinstance(value, Mapping) else None
    rows = value.get("rows") if isinstance(value, Mapping) else None
    if not isinstance(columns, list) or not isinstance(rows, list):
        faults.append(f"{name}: a table is {{columns: [id, …], rows: [[…], …]}}")
        return (), []
    for position, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(columns):
            faults.append(f"{name}, row {position + 1}: {len(columns)} cells are due; got {row!r}"[:160])
    return columns, [row if isinstance(row, list) else [] for row in rows]


def _numbers(
    place: str,
    cells: list[Any],
    field: Field,
    unit: str,
    lengths_km: NDArray[np.float64],
    faults: list[str],
) -> NDArray[np.float64]:
    column = place.rpartition(".")[2]
    try:
        given, wanted = parse_unit(unit or "1"), parse_unit(field.holds)
        each_km = field.per_km and given.dimension == parse_unit(f"{field.holds}/km").dimension
        if given.dimension != wanted.dimension and not each_km:
            faults.append(f"{place}: [{unit or 'no unit'}] does not fit; write {_header(column, field)!r}")
            return np.ones(len(cells))
    except UnitError as error:
        faults.append(f"{place}: {error}")
        return np.ones(len(cells))
    factor = float(given.factor / wanted.factor)
    numbers = np.ones(len(cells))
    for row, cell in enumerate(cells):
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            faults.append(f"{place}, row {row + 1}: {cell!r} is no number; the unit stands in the header")
        else:
            numbers[row] = float(cell) * factor
    return numbers * lengths_km if each_km else numbers


def _rows_of(
    name: str, column: str, table: dict[str, Any], rows: Mapping[str, int], faults: list[str]
) -> NDArray[np.intp]:
    kind = name.replace("_", " ").removesuffix("s") if name != "pv" else name
    for element, bus in zip(table["id"], table[column], strict=True):
        if bus not in rows:
            faults.append(f"{kind} {element!r}: its {column} names the bus {bus!r}, which does not exist"
                          f"{_nearest(bus, rows)}")  # fmt: skip
    return np.array([rows.get(bus, 0) for bus in table[column]], dtype=np.intp)


def _filled(field: Field, count: int) -> list[str] | NDArray[np.float64]:
    if field.holds in ("id", "bus", "text"):
        return [str(field.default or "")] * count
    return np.full(count, 1.0 if field.default is None else float(field.default))


def _header(column: str, field: Field) -> str:
    return column if field.holds in ("id", "bus", "text", "1") else f"{column} [{field.holds}]"


def _quantity(value: object, unit: str, place: str) -> float:
    try:
        return parse_quantity(value, unit)
    except UnitError as error:
        raise DataError(f"{place}: {error}") from error


def _nearest(word: str, known: Iterable[object]) -> str:
    near = difflib.get_close_matches(word, [str(name) for name in known], n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""
