"""The shipped presets: tariffs of Chinese price areas, grid emission factors, national computing hubs.

Every figure carries document, date and confidence in its YAML file under `presets/`; this module only reads them.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from suandian.model.contract import Source, Tariff, TariffTemplate
from suandian.quantity.errors import Fault, ScenarioError

__all__ = [
    "City",
    "Hub",
    "SpotRule",
    "area_name_zh",
    "city",
    "city_names",
    "emission_factor_kg_per_mwh",
    "hub",
    "hub_names",
    "provinces",
    "spot",
    "tariff",
    "tariff_ids",
    "tariff_of_area",
]

_Table = dict[Any, Any]


@dataclass(frozen=True, slots=True)
class Hub:
    """A cluster of the national computing hubs; `fibre_ms` is one-way latency to the three big cities (computed, D)."""

    id: str
    name: str
    name_zh: str
    hub_zh: str
    latitude_deg: float
    longitude_deg: float
    side: str
    pue_max_ratio: float
    price_areas: tuple[str, ...]
    emission_province: str
    serves: tuple[str, ...]
    fibre_ms: dict[str, float]
    source: Source


@dataclass(frozen=True, slots=True)
class City:
    """A place where interactive requests come from."""

    id: str
    name: str
    name_zh: str
    latitude_deg: float
    longitude_deg: float


@dataclass(frozen=True, slots=True)
class SpotRule:
    """Bounds of a province's spot price; `reference_cny_per_mwh` is its usual mean, None where no figure was found."""

    floor_cny_per_mwh: float
    cap_cny_per_mwh: float
    reference_cny_per_mwh: float | None
    source: Source


def tariff_ids() -> tuple[str, ...]:
    """Ids of all shipped tariffs, in the order of the file."""
    return tuple(_tariffs())


def tariff(tariff_id: str) -> Tariff:
    """The shipped tariff `tariff_id`; an area name works too where the area has one tariff only.

    Raises `ScenarioError` naming the nearest known id.
    """
    table = _tariffs()
    if tariff_id not in table:
        same_area = [key for key, row in table.items() if row["area"] == tariff_id]
        if len(same_area) == 1:
            return _tariff(same_area[0], table[same_area[0]])
        if same_area:
            raise ScenarioError(
                [Fault("tariff", f"area {tariff_id!r} has several tariffs; write one of {', '.join(same_area)}")],
                source="presets",
            )
        raise _unknown("tariff", tariff_id, table)
    return _tariff(tariff_id, table[tariff_id])


def tariff_of_area(area: str, on: date) -> Tariff:
    """The tariff that holds in price area `area` on the day `on`.

    Raises `ScenarioError` for an unknown area, or when none of its tariffs holds that day.
    """
    candidates = [_tariff(key, row) for key, row in _tariffs().items() if area in (key, row["area"])]
    if not candidates:
        raise _unknown("price area", area, {row["area"] for row in _tariffs().values()})
    holding = [entry for entry in candidates if entry.effective_from <= on <= (entry.effective_to or date.max)]
    if not holding:
        spans = ", ".join(
            f"{entry.id} from {entry.effective_from} to {entry.effective_to or 'now'}" for entry in candidates
        )
        raise ScenarioError(
            [Fault("tariff", f"no tariff of {area!r} holds on {on}; shipped: {spans}")], source="presets"
        )
    return max(holding, key=lambda entry: entry.effective_from)


def area_name_zh(area: str) -> str:
    """Chinese name of a price area; the area's id where no tariff of it is shipped."""
    return next((str(row["name_zh"]) for key, row in _tariffs().items() if area in (key, row["area"])), area)


def emission_factor_kg_per_mwh(province: str, year: int = 2023) -> tuple[float, Source]:
    """Official annual average factor of a province, or `national`, kg CO₂/MWh, with its source.

    Names are lower case with underscores (`inner_mongolia`); `InnerMongolia` and common aliases work too.
    Raises `ScenarioError` naming the nearest known province or the years that exist.
    """
    table = _table("emission_factors")
    values = _province_row(province, table)
    if year not in values:
        years = ", ".join(str(key) for key in values if isinstance(key, int))
        raise ScenarioError(
            [Fault("emission_factor", f"no factor of {province!r} for {year}; there are {years}")], source="presets"
        )
    source = table["sources"][year]
    return float(values[year]), Source(source["document"], source["confidence"], source.get("note", ""))


def provinces() -> tuple[str, ...]:
    """Names of the provinces that have an emission factor."""
    return tuple(_table("emission_factors")["province"])


def spot(province: str) -> SpotRule:
    """Bounds of a province's spot price. A province of which nothing was found has the row of others, D.

    Raises `ScenarioError` for an unknown province.
    """
    emission_factor_kg_per_mwh(province)
    table, aliases = _table("spot"), _table("emission_factors")["aliases"]
    key = aliases.get(province.lower(), province.lower())
    row: _Table = table[key] if key in table else table["other"]
    return SpotRule(
        floor_cny_per_mwh=float(row["floor"]),
        cap_cny_per_mwh=float("inf") if row["cap"] is None else float(row["cap"]),
        reference_cny_per_mwh=None if row["reference"] is None else float(row["reference"]),
        source=Source(row["document"], row["confidence"], row["note"]),
    )


def hub_names() -> tuple[str, ...]:
    """Ids of the ten clusters."""
    return tuple(_table("hubs")["hubs"])


def hub(name: str) -> Hub:
    """The cluster `name`. Raises `ScenarioError` naming the nearest known one."""
    table = _table("hubs")
    if name not in table["hubs"]:
        raise _unknown("hub", name, table["hubs"])
    row = table["hubs"][name]
    return Hub(
        id=name,
        name=row["name"],
        name_zh=row["name_zh"],
        hub_zh=row["hub_zh"],
        latitude_deg=float(row["latitude_deg"]),
        longitude_deg=float(row["longitude_deg"]),
        side=row["side"],
        pue_max_ratio=float(row["pue_max_ratio"]),
        price_areas=tuple(row["price_areas"]),
        emission_province=row["emission_province"],
        serves=tuple(row["serves"]),
        fibre_ms={key: float(value) for key, value in row["fibre_ms"].items()},
        source=Source(**table["source"]),
    )


def city_names() -> tuple[str, ...]:
    """Names of the cities from which interactive load may come."""
    return tuple(_table("hubs")["cities"])


def city(name: str) -> City:
    """A city from which interactive load comes. Raises `ScenarioError` naming the nearest known one."""
    cities = _table("hubs")["cities"]
    if name not in cities:
        raise _unknown("city", name, cities)
    row = cities[name]
    return City(name, row["name"], row["name_zh"], float(row["latitude_deg"]), float(row["longitude_deg"]))


def _tariff(tariff_id: str, row: _Table) -> Tariff:
    return Tariff(
        id=tariff_id,
        effective_from=row["effective_from"],
        effective_to=row.get("effective_to"),
        templates=tuple(
            TariffTemplate(tuple(entry["months"]), entry["half_hours"]) for entry in row["hours"]["templates"]
        ),
        ratio={letter: float(value) for letter, value in row["ratio"]["values"].items()},
        floating_cny_per_mwh=float(row["energy"]["floating_cny_per_mwh"]),
        fixed_cny_per_mwh=float(row["energy"]["fixed_cny_per_mwh"]),
        demand_cny_per_mw_month=float(row["demand"]["cny_per_mw_month"]),
        export_cny_per_mwh=0.0,  # D: nothing is paid for energy delivered unless the scenario says so
        zone=row["zone"],
        sources=tuple(
            Source(
                row[part]["document"] or "default of the project",
                row[part]["confidence"],
                ": ".join(filter(None, (part, row[part].get("note", "")))),
            )
            for part in ("hours", "ratio", "energy", "demand")
        ),
    )


def _province_row(province: str, table: _Table) -> _Table:
    if province == "national":
        average: _Table = table["national"]["average"]
        return average
    key = table["aliases"].get(province.lower(), province)
    by_plain = {name.replace("_", ""): name for name in table["province"]}
    name = by_plain.get(key.lower().replace("_", "").replace(" ", ""))
    if name is None:
        raise _unknown("province", province, (*table["province"], *table["aliases"], "national"))
    row: _Table = table["province"][name]
    return row


def _unknown(what: str, name: str, known: Collection[str]) -> ScenarioError:
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return ScenarioError([Fault(what, f"unknown {what} {name!r}; {hint}known: {', '.join(known)}")], source="presets")


@cache
def _table(name: str) -> _Table:
    text = files("suandian.experiments").joinpath("presets", f"{name}.yaml").read_text(encoding="utf-8")
    table: _Table = yaml.safe_load(text)
    return table


def _tariffs() -> _Table:
    return _table("tariffs")
