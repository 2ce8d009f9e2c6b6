"""The series of a study: generated from its seed, read from tables, or given as arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.experiments import presets
from suandian.experiments.scenario.build import Inputs
from suandian.experiments.scenario.places import SiteSection
from suandian.experiments.scenario.regions import feeder_wind_ratio, spot_price, surplus_hours, ties_of
from suandian.experiments.scenario.study import SIGNALS, StudyFile
from suandian.model.contract import Tariff
from suandian.model.grid import Feeder
from suandian.model.site import Site
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import carbon, interactive, load, renewable, weather
from suandian.signals.tariff import energy_price_cny_per_mwh

if TYPE_CHECKING:
    from suandian.experiments.scenario.provincial import Provincial

__all__ = ["SeriesSet", "World", "derived_seed", "series_of"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class World:
    """What the making of a Truth starts from."""

    study: StudyFile
    axis: TimeAxis
    data: Path | None
    inputs: Inputs
    sites: tuple[Site, ...]
    feeders: tuple[Feeder, ...]
    tariffs: Mapping[str, Tariff]


@dataclass(eq=False)
class SeriesSet:
    """Every series of the Truth, rows in the order of sites, feeders or streams; `sources` by field and id."""

    price_cny_per_mwh: _Array
    export_price_cny_per_mwh: _Array
    carbon_average_kg_per_mwh: _Array
    carbon_marginal_kg_per_mwh: _Array
    outdoor_c: _Array
    site_pv_mw: _Array
    feeder_pv_mw: _Array
    feeder_load_mw: _Array
    feeder_wind_mw: _Array
    site_pv_upper_mw: _Array
    feeder_pv_upper_mw: _Array
    stream_mw: _Array
    sources: dict[str, str] = field(default_factory=dict)


def derived_seed(seed: int, *names: str) -> int:
    """A seed for one part of a study: another for every name, the same on every platform."""
    digest = hashlib.sha256("\x1f".join([str(seed), *names]).encode()).digest()
    return int.from_bytes(digest[:6], "little")


def series_of(world: World) -> SeriesSet:
    """Generate or read all series. Raises `DataError` where a table does not cover the axis."""
    maker = _Maker(world)
    sites, feeders = [site.id for site in world.sites], [feeder.id for feeder in world.feeders]
    pv, local = maker.rows("feeder_pv", feeders, maker.feeder_pv), maker.rows("feeder_load", feeders, maker.feeder_load)
    wind = maker.rows("feeder_wind", feeders, maker.feeder_wind)
    maker.surplus = surplus_hours(world.feeders, ties_of(world.study), pv + wind, local)
    price = maker.rows("price", sites, maker.price)
    export_price = maker.rows("export_price", sites, maker.export_price)
    average = maker.rows("carbon_average", sites, lambda row: maker.carbon(row, marginal=False))
    marginal = maker.rows("carbon_marginal", sites, lambda row: maker.carbon(row, marginal=True))
    return SeriesSet(
        price_cny_per_mwh=price,
        export_price_cny_per_mwh=export_price,
        carbon_average_kg_per_mwh=average,
        carbon_marginal_kg_per_mwh=marginal,
        outdoor_c=maker.rows("outdoor", sites, maker.outdoor),
        site_pv_mw=maker.rows("site_pv", sites, maker.site_pv),
        feeder_pv_mw=pv,
        feeder_load_mw=local,
        feeder_wind_mw=wind,
        site_pv_upper_mw=maker.pv_upper("site_pv", world.sites),
        feeder_pv_upper_mw=maker.pv_upper("feeder_pv", world.feeders),
        stream_mw=maker.rows("stream", list(world.study.streams), maker.stream),
        sources=maker.sources,
    )


_FIELDS = {
    "price": "price_cny_per_mwh",
    "export_price": "export_price_cny_per_mwh",
    "carbon_average": "carbon_average_kg_per_mwh",
    "carbon_marginal": "carbon_marginal_kg_per_mwh",
    "outdoor": "outdoor_c",
    "site_pv": "site_pv_mw",
    "feeder_pv": "feeder_pv_mw",
    "feeder_load": "feeder_load_mw",
    "feeder_wind": "feeder_wind_mw",
    "stream": "stream_mw",
}


class _Maker:
    """Makes one row at a time and notes where it comes from."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sources: dict[str, str] = {}
        self._carbon: dict[tuple[str, float], tuple[_Array, _Array]] = {}
        self._provincial = _provincial(world)
        self.surplus = np.zeros((len(world.feeders), world.axis.periods), dtype=np.bool_)

    def rows(self, signal: str, ids: list[str], generated: Callable[[int], tuple[_Array, str]]) -> _Array:
        """`(len(ids), periods)`: the array given in Python, else the table, else the generator, row by row."""
        found = np.empty((len(ids), self.world.axis.periods))
        for row, key in enumerate(ids):
            values, source = self._given(signal, key) or generated(row)
            self._refuse_negative(signal, key, values)
            found[row] = values
            if source:
                self.sources[f"{_FIELDS[signal]}/{key}"] = source
        found.setflags(write=False)
        return found

    def _given(self, signal: str, key: str) -> tuple[_Array, str] | None:
        array = self.world.inputs.signals.get(signal, {}).get(key)
        if array is not None:
            return array, "array given in Python [D]"
        table = getattr(self.world.study.signals, signal).get(key)
        if table is None:
            return None
        from suandian.adapters.tables import read_series

        assert self.world.data is not None  # the check of the scenario has seen the file
        series = read_series(
            table.file,
            folder=self.world.data,
            unit=SIGNALS[signal],
            column=table.column,
            time=table.time,
            zone=table.zone,
            interval_label=table.label,
            gap_policy=table.gaps,
            axis=self.world.axis,
        )
        return series.values, f"table {series.source} [D]"

    def _refuse_negative(self, signal: str, key: str, values: _Array) -> None:
        if signal in ("price", "export_price", "outdoor") or (values >= 0).all():
            return
        index = int(np.flatnonzero(values < 0)[0])
        told = (
            f"is {values[index]:g} {SIGNALS[signal]} at {self.world.axis.at(index).isoformat()}; it cannot be negative"
        )
        raise ScenarioError([Fault(f"signals.{signal}.{key}", f"{told}, correct the table")])

    def price(self, row: int) -> tuple[_Array, str]:
        site = self.world.sites[row]
        if self.world.study.sites[site.id].price == "spot":
            behind = [b for b, feeder in enumerate(self.world.feeders) if feeder.id == site.feeder]
            return spot_price(self.world, row, self.surplus[behind], self._provincial)
        tariff = self.world.tariffs[site.id]
        worst = max((source.confidence for source in tariff.sources), default="D")
        text = "; ".join(
            f"{source.note or 'rule'} ({source.confidence}), {source.document}" for source in tariff.sources
        )
        return energy_price_cny_per_mwh(tariff, self.world.axis), f"tariff {tariff.id}: {text} [{worst}]"

    def export_price(self, row: int) -> tuple[_Array, str]:
        tariff = self.world.tariffs.get(self.world.sites[row].id)
        value = tariff.export_cny_per_mwh if tariff is not None else 0.0
        return np.full(self.world.axis.periods, value), f"{value:g} CNY/MWh at all times [D]"

    def carbon(self, row: int, *, marginal: bool) -> tuple[_Array, str]:
        site = self.world.sites[row]
        # Sites of one region share its hours; their factors may differ.
        place = site.region, _official_kg_per_mwh(self.world.study.sites[site.id])
        if place not in self._carbon:
            self._carbon[place] = self._intensity(*place)
        kind = "fossil units at the margin" if marginal else "scaled to the official factor"
        mark = "modelled, provincial weather 2020" if self._provincial is not None else "modelled"
        return self._carbon[place][int(marginal)], f"{mark}: hourly shape of {site.region}, {kind} [D]"

    def _intensity(self, region: str, official_kg_per_mwh: float) -> tuple[_Array, _Array]:
        if self._provincial is not None:
            return self._provincial.intensity(region, official_kg_per_mwh)
        return carbon.province_intensity(
            self.world.axis,
            region,
            seed=self.world.study.seed,
            zone=self.world.study.time.zone,
            official_kg_per_mwh=official_kg_per_mwh,
        )

    def outdoor(self, row: int) -> tuple[_Array, str]:
        site = self.world.sites[row]
        values = weather.outdoor_c(
            self.world.axis,
            latitude_deg=site.latitude_deg,
            longitude_deg=site.longitude_deg,
            seed=self.world.study.seed,
            name=site.id,
        )
        return values, f"generated: {weather.climate(site.latitude_deg, site.longitude_deg)[3]} and a slow anomaly [D]"

    def site_pv(self, row: int) -> tuple[_Array, str]:
        site = self.world.sites[row]
        if site.pv_mw == 0:
            return np.zeros(self.world.axis.periods), "no PV behind the site's meter"
        return self._pv(site, "site")

    def feeder_pv(self, row: int) -> tuple[_Array, str]:
        return self._pv(self.world.feeders[row], "feeder")

    def _pv(self, place: Site | Feeder, kind: str) -> tuple[_Array, str]:
        if self._provincial is not None:
            factor = self._provincial.pv_capacity_factor(place.region)
            return place.pv_mw * factor, f"{place.region} 2020: {self._provincial.source}"
        weight = self.world.study.signals.pv_plant_weight_ratio
        factor = renewable.pv_capacity_factor(
            self.world.axis,
            [place.region],
            seed=self.world.study.seed,
            plant_weight_ratio=weight,
            points=((place.latitude_deg, place.longitude_deg),),
            name=f"{kind}/{place.id}",
        )[0]
        text = f"generated: clear sky × correlated clouds of {place.region}, fitted on provincial series of 2020"
        return place.pv_mw * factor, f"{text}; fast cloud share {weight:g} (D) [D]"

    def pv_upper(self, signal: str, places: Sequence[Site | Feeder]) -> _Array:
        """What a clear sky would allow, MW: astronomy, known to everybody. Tables of one's own are cut at nameplate."""
        upper = np.zeros((len(places), self.world.axis.periods))
        for row, place in enumerate(places):
            if place.pv_mw == 0:
                continue
            if self._own(signal, place.id):
                upper[row] = place.pv_mw
                continue
            points = None if self._provincial is not None else ((place.latitude_deg, place.longitude_deg),)
            upper[row] = place.pv_mw * renewable.pv_upper_ratio(self.world.axis, [place.region], points=points)[0]
        return upper

    def _own(self, signal: str, key: str) -> bool:
        given = self.world.inputs.signals.get(signal, {})
        return key in given or key in getattr(self.world.study.signals, signal)

    def feeder_wind(self, row: int) -> tuple[_Array, str]:
        feeder = self.world.feeders[row]
        if feeder.wind_mw == 0:
            return np.zeros(self.world.axis.periods), ""
        ratio, source = feeder_wind_ratio(self.world, feeder, self._provincial)
        return feeder.wind_mw * ratio, source

    def feeder_load(self, row: int) -> tuple[_Array, str]:
        feeder = self.world.feeders[row]
        section = self.world.study.feeders[feeder.id]
        if section.load_min_mw == section.load_max_mw:
            return np.full(self.world.axis.periods, section.load_max_mw), "constant, given in the scenario [D]"
        values = load.local_load_mw(
            self.world.axis,
            province=feeder.region,
            zone=self.world.study.time.zone,
            minimum_mw=section.load_min_mw,
            maximum_mw=section.load_max_mw,
            seed=derived_seed(self.world.study.seed, "feeder_load", feeder.id),
        )
        return (
            values,
            f"generated: county profile; {load.calendar_source(self.world.axis, self.world.study.time.zone)} [D]",
        )

    def stream(self, row: int) -> tuple[_Array, str]:
        key = list(self.world.study.streams)[row]
        section = self.world.study.streams[key]
        if section.requests:
            from suandian.adapters.traces import azure_requests

            assert self.world.data is not None  # the check of the scenario has seen the file
            series = azure_requests(
                section.requests,
                folder=self.world.data,
                axis=self.world.axis,
                peak_mw=section.peak_mw,
                zone=self.world.study.time.zone,
            )
            return series.values, f"{series.source} [D]"
        values = interactive.stream_demand_mw(
            self.world.axis,
            peak_mw=section.peak_mw,
            zone=self.world.study.time.zone,
            seed=derived_seed(self.world.study.seed, "stream", key),
        )
        return values, "generated: daily and weekly cycle (D), noise as measured on a public inference trace [D]"


def _official_kg_per_mwh(section: SiteSection) -> float:
    if section.emission_factor_kg_per_mwh is not None:
        return section.emission_factor_kg_per_mwh
    return presets.emission_factor_kg_per_mwh(section.region)[0]


def _provincial(world: World) -> Provincial | None:
    if world.study.signals.provinces == "generated":
        return None
    from suandian.experiments.scenario.provincial import Provincial

    assert world.data is not None  # the check of the scenario asks for a data folder
    return Provincial(world.axis, world.data, world.study.time.zone, world.study.seed)
