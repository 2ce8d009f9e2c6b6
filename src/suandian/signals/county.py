"""A generated county: 110 kV line, substations, 10 kV feeders, villages behind 10/0.4 kV transformers, roofs with PV.

Every substation has one 110/10 kV transformer and its own 10 kV busbar; feeders leave it as overhead trunks with a
village or a piece of town every kilometre. What a village has in parallel (transformers of 400 kVA) is one element.
A data centre is fed by cables from every busbar, half of it from each of two. Parameters and their sources stand in
`county_network.yaml`; positions are drawn for maps and carry no electrical meaning beyond their spans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from suandian.model.network import Buses, DataCentres, Lines, Loads, Network, PvPlants, Slack, Transformers
from suandian.model.network_checks import checked
from suandian.quantity.errors import Fault, ScenarioError
from suandian.signals import stochastic

__all__ = ["county_network", "parameters"]


@cache
def parameters() -> Mapping[str, Any]:
    """The shipped parameters, group by group."""
    text = (files("suandian.signals") / "county_network.yaml").read_text(encoding="utf-8")
    values: Mapping[str, Any] = yaml.safe_load(text)
    return values


def county_network(
    *,
    seed: int,
    transformers_mva: Sequence[float] = (40.0, 40.0),
    villages: int = 56,
    load_max_mw: float = 50.0,
    pv_mw: float = 60.0,
    data_centre_max_mw: float = 0.0,
    name: str = "county",
) -> Network:
    """A checked radial county with one 110/10 kV substation per entry of `transformers_mva`.

    load_max_mw, pv_mw   sums over the villages, of peak load and of PV nameplate
    data_centre_max_mw   import limit of a data centre; 0 for none
    Two buses a village: 56 villages and two substations give 117 buses (119 with a data centre). Same seed, same
    county. Raises `ScenarioError` for sizes that cannot be built.
    """
    _check(transformers_mva, villages, load_max_mw, pv_mw, data_centre_max_mw)
    rng = stochastic.rng(seed, "county-network")
    draft = _Draft(parameters())
    grid = draft.bus("grid", 110.0, "", 0.0, 0.0)
    layout = parameters()["layout"]
    busbars = []
    for number, rating_mva in enumerate(transformers_mva):
        east_km = float(rng.uniform(*layout["grid_line_km"])) * (1 if number % 2 else -1)
        busbars.append(_substation(draft, number, rating_mva, grid, east_km))
    places = _villages(draft, rng, busbars, villages)
    station = np.array([place[3] // layout["feeders_per_substation"] for place in places])
    part = np.array(transformers_mva) / sum(transformers_mva)
    sizes = _sizes(rng, [place[1] for place in places], layout["load_spread_ratio"])
    load_mw = load_max_mw * sizes * (part / np.bincount(station, sizes))[station]
    plants = _roofs(rng, places, sizes, pv_mw * part, station)
    _size(draft, rng, places, load_mw, plants)
    centres = _data_centre(draft, busbars, data_centre_max_mw)
    return checked(draft.network(name, seed, grid, places, load_mw, plants, centres), radial=True)


#: (low-voltage bus, whether it is a piece of town, 10 kV bus, number of its feeder)
Place = tuple[int, bool, int, int]
#: (id, index of the place, nameplate_mw, kind of roof)
Plant = tuple[str, int, float, str]


class _Draft:
    """Rows as they are laid down."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.buses: list[tuple[str, float, float, float, str]] = []
        self.lines: list[tuple[str, int, int, float, str, int]] = []
        self.transformers: list[tuple[str, int, int, float, str, int]] = []

    def bus(self, name: str, nominal_kv: float, group: str, x_km: float, y_km: float) -> int:
        self.buses.append((name, nominal_kv, x_km, y_km, group))
        return len(self.buses) - 1

    def line(self, name: str, first: int, second: int, length_km: float, kind: str, parallel_count: int = 1) -> None:
        self.lines.append((name, first, second, length_km, kind, parallel_count))

    def transformer(
        self, name: str, high: int, low: int, rating_mva: float, kind: str, parallel_count: int = 1
    ) -> None:
        self.transformers.append((name, high, low, rating_mva, kind, parallel_count))

    def network(
        self,
        name: str,
        seed: int,
        grid: int,
        places: Sequence[Place],
        load_mw: NDArray[np.float64],
        plants: Sequence[Plant],
        centres: DataCentres,
    ) -> Network:
        ids, nominal_kv, x_km, y_km, groups = zip(*self.buses, strict=True)
        power_factor_ratio = self.values["sizing"]["power_factor_ratio"]
        low = np.array([place[0] for place in places], dtype=np.intp)
        return Network(
            name=name,
            source=f"generated county, parameters {self.values['version']}, seed {seed}",
            slack=Slack(grid, 1.0),
            buses=Buses(ids, np.array(nominal_kv), np.array(x_km), np.array(y_km), groups),
            lines=self._lines(),
            transformers=self._transformers(),
            loads=Loads(
                tuple(f"load {ids[row]}" for row in low), low, load_mw,
                load_mw * np.tan(np.arccos(power_factor_ratio)),
            ),
            pv=PvPlants(
                tuple(plant[0] for plant in plants),
                np.array([places[plant[1]][0] for plant in plants], dtype=np.intp),
                np.array([plant[2] for plant in plants], dtype=np.float64),
                np.zeros(len(plants)),
                tuple(plant[3] for plant in plants),
                np.ones(len(plants), dtype=np.bool_),
            ),
            data_centres=centres,
        )  # fmt: skip

    def _lines(self) -> Lines:
        ids, first, second, length_km, kinds, parallel = zip(*self.lines, strict=True)
        length, count = np.array(length_km), np.array(parallel, dtype=np.float64)
        each = {column: np.array([self.values[kind][column] for kind in kinds]) for column in self.values["trunk"]
                if column not in ("source", "confidence")}  # fmt: skip
        return Lines(
            ids, np.array(first, dtype=np.intp), np.array(second, dtype=np.intp), length,
            each["resistance_ohm_per_km"] * length / count, each["reactance_ohm_per_km"] * length / count,
            each["capacitance_nf_per_km"] * length * count, each["rating_ka"] * count,
        )  # fmt: skip

    def _transformers(self) -> Transformers:
        ids, high, low, rating_mva, kinds, parallel = zip(*self.transformers, strict=True)
        main = np.array([kind == "main_transformer" for kind in kinds])
        rating, count = np.array(rating_mva), np.array(parallel, dtype=np.float64)
        big, small = self.values["main_transformer"], self.values["village_transformer"]

        def either(column: str) -> NDArray[np.float64]:
            values: NDArray[np.float64] = np.where(main, big[column], small[column])
            return values

        return Transformers(
            ids, np.array(high, dtype=np.intp), np.array(low, dtype=np.intp), rating, either("high_kv"),
            either("low_kv"), either("short_circuit_ratio"),
            np.where(main, big["load_loss_per_mva_kw"] * rating, small["load_loss_kw"] * count),
            np.where(main, big["no_load_loss_per_mva_kw"] * rating, small["no_load_loss_kw"] * count),
            either("no_load_current_ratio"), np.ones(len(ids), dtype=np.bool_), np.zeros(len(ids)), np.zeros(len(ids)),
            np.where(main, big["tap_step_ratio"], 0.0), np.where(main, big["target_pu"], np.nan),
            np.where(main, -float(big["tap_range"]), 0.0), np.where(main, float(big["tap_range"]), 0.0),
        )  # fmt: skip


def _check(
    transformers_mva: Sequence[float], villages: int, load_max_mw: float, pv_mw: float, data_centre_max_mw: float
) -> None:
    faults = []
    if not transformers_mva or min(transformers_mva) <= 0.0:
        faults.append(Fault("transformers_mva", f"{list(transformers_mva)}: at least one rating above 0 is due"))
    feeders = len(transformers_mva) * parameters()["layout"]["feeders_per_substation"]
    if villages < feeders:
        faults.append(Fault("villages", f"{villages}: each of the {feeders} feeders needs one at least"))
    for name, value in (
        ("load_max_mw", load_max_mw),
        ("pv_mw", pv_mw),
        ("data_centre_max_mw", data_centre_max_mw),
    ):
        if not 0.0 <= value < np.inf:
            faults.append(Fault(name, f"{value:g}: 0 MW or more is due"))
    if faults:
        raise ScenarioError(faults, source="county network")


def _substation(draft: _Draft, number: int, rating_mva: float, grid: int, east_km: float) -> int:
    """110 kV line, transformer and 10 kV busbar; returns the busbar."""
    north_km = 6.0 * (number // 2)
    high = draft.bus(f"S{number + 1} 110 kV", 110.0, "", east_km, north_km)
    busbar = draft.bus(f"S{number + 1} 10 kV", 10.0, "", east_km, north_km - 0.3)
    length_km = float(np.hypot(east_km, north_km))
    draft.line(f"grid–S{number + 1}", grid, high, length_km, "grid_line")
    draft.transformer(f"T{number + 1}", high, busbar, rating_mva, "main_transformer")
    return busbar


def _villages(draft: _Draft, rng: np.random.Generator, busbars: Sequence[int], villages: int) -> list[Place]:
    """Trunks with their villages; the first feeders of a substation lie in the town."""
    layout = draft.values["layout"]
    per_station = layout["feeders_per_substation"]
    feeders = [(bar, f) for bar in range(len(busbars)) for f in range(per_station)]
    counts = np.full(len(feeders), villages // len(feeders))
    counts[: villages % len(feeders)] += 1
    places: list[Place] = []
    for number, ((bar, f), count) in enumerate(zip(feeders, counts.tolist(), strict=True)):
        town = f < layout["town_feeders_per_substation"]
        _, _, x_km, y_km, _ = draft.buses[busbars[bar]]
        angle = 2.0 * np.pi * (f + 0.5 * (bar % 2)) / per_station + float(rng.normal(0.0, 0.15))
        before = busbars[bar]
        for index in range(count):
            span_km = float(rng.uniform(*layout["span_km" if index else "first_span_km"])) * (0.6 if town else 1.0)
            angle += float(rng.normal(0.0, 0.12))
            x_km, y_km = x_km + span_km * float(np.cos(angle)), y_km + span_km * float(np.sin(angle))
            group = f"{'town' if town else 'village'} {bar + 1}-{f + 1}-{index + 1}"
            bus = draft.bus(f"{group} 10 kV", 10.0, group, x_km, y_km)
            low = draft.bus(f"{group} 0.4 kV", 0.4, group, x_km, y_km)
            draft.line(f"feeder {bar + 1}-{f + 1} span {index + 1}", before, bus, span_km, "trunk")
            places.append((low, town, bus, number))
            before = bus
    return places


def _sizes(rng: np.random.Generator, town: Sequence[bool], spread_ratio: float) -> NDArray[np.float64]:
    """Lognormal sizes of mean one; a piece of town is twice a village (D)."""
    sizes = np.exp(rng.normal(0.0, spread_ratio, len(town))) * np.where(town, 2.0, 1.0)
    size_ratio: NDArray[np.float64] = sizes / sizes.mean()
    return size_ratio


def _roofs(
    rng: np.random.Generator,
    places: Sequence[Place],
    size_ratio: NDArray[np.float64],
    pv_mw: NDArray[np.float64],
    station: NDArray[np.intp],
) -> list[Plant]:
    """PV by kind of roof: area of the settlement × the share of that kind which carries PV.

    Scaled to `pv_mw` by substation: the operator balances feeders between transformers, PV as well as load.
    """
    roofs = parameters()["roofs"]
    kinds = tuple(roofs["installed_ratio"])
    area_ratio = roofs["area_ratio"]
    weights = np.array([
        [area_ratio["town" if town else "village"][kind] * roofs["installed_ratio"][kind] for kind in kinds]
        for _, town, _, _ in places
    ])  # fmt: skip
    weights *= (np.exp(rng.normal(0.0, 0.2, len(places))) * np.sqrt(size_ratio))[:, None]
    nameplate_mw = weights * (pv_mw / np.bincount(station, weights.sum(axis=1)))[station][:, None]
    return [
        (f"pv {index + 1} {kind}", index, float(nameplate_mw[index, column]), kind)
        for index in range(len(places))
        for column, kind in enumerate(kinds)
        if nameplate_mw[index, column] > 0.0
    ]


def _size(
    draft: _Draft,
    rng: np.random.Generator,
    places: Sequence[Place],
    load_mw: NDArray[np.float64],
    plants: Sequence[Plant],
) -> None:
    """Village transformers, and the circuits that each feeder has in parallel, by load and PV."""
    sizing, unit_mva = draft.values["sizing"], draft.values["village_transformer"]["rating_mva"]
    pv_mw = np.zeros(len(places))
    for _, index, nameplate_mw, _ in plants:
        pv_mw[index] += nameplate_mw
    load_mva = load_mw / sizing["power_factor_ratio"] / sizing["load_use_ratio"]
    output_mw = pv_mw * sizing["pv_output_ratio"]
    low_ratio, high_ratio = sizing["margin_ratio"]
    margin = rng.uniform(low_ratio, high_ratio, len(places))
    for index, (low, _, bus, _) in enumerate(places):
        wanted_mva = float(max(load_mva[index], output_mw[index] / sizing["reverse_ratio"]) * margin[index])
        count = max(1, int(np.ceil(wanted_mva / unit_mva)))
        draft.transformer(f"T {draft.buses[low][4]}", bus, low, count * unit_mva, "village_transformer", count)
    circuit_mva = np.sqrt(3.0) * 10.0 * draft.values["trunk"]["rating_ka"]
    feeder = np.array([place[3] for place in places])
    needs_mva = np.maximum(np.bincount(feeder, load_mva), np.bincount(feeder, output_mw))
    circuits = np.maximum(np.ceil(needs_mva / circuit_mva), 1.0).astype(int)
    trunks = [row for row, line in enumerate(draft.lines) if line[4] == "trunk"]
    for row, number in zip(trunks, feeder.tolist(), strict=True):
        draft.lines[row] = (*draft.lines[row][:5], int(circuits[number]))


def _data_centre(draft: _Draft, busbars: Sequence[int], import_max_mw: float) -> DataCentres:
    """One feeding point on cables from each of the first two busbars; the import is split evenly between them."""
    if import_max_mw == 0.0:
        return DataCentres()
    chosen = busbars[:2]
    each_mw = import_max_mw / len(chosen)
    cable_mva = np.sqrt(3.0) * 10.0 * draft.values["cable"]["rating_ka"]
    cables = int(np.ceil(each_mw / 0.95 / cable_mva)) + 1  # one cable may fail
    rows = []
    for number, busbar in enumerate(chosen):
        _, _, x_km, y_km, _ = draft.buses[busbar]
        length_km = draft.values["layout"]["data_centre_km"]
        bus = draft.bus(f"data centre {'AB'[number]}", 10.0, "data centre", x_km + length_km, y_km)
        draft.line(f"data centre cable {'AB'[number]}", busbar, bus, length_km, "cable", cables)
        rows.append(bus)
    return DataCentres(
        tuple(f"data centre {'AB'[n]}" for n in range(len(rows))),
        np.array(rows, dtype=np.intp),
        np.full(len(rows), each_mw),
        np.full(len(rows), 0.95),  # D
    )
