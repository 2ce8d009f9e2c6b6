"""Where the work stands: site, capacity, prices, carbon, the grid around it, all on the axis of the work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.experiments import presets
from suandian.flexibility.rules import RuleTable
from suandian.model.contract import Tariff
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.carbon import province_intensity
from suandian.signals.load import province_load_ratio
from suandian.signals.tariff import band_letters, energy_price_cny_per_mwh

if TYPE_CHECKING:
    from suandian.experiments.scenario import Scenario

__all__ = ["DEFAULT_REGION", "Setting", "region_setting", "site_setting"]

DEFAULT_REGION = "shandong"
ZONE = "Asia/Shanghai"
#: Seed of the modelled carbon and load shapes of a region; any other gives another year of weather.
SEED = 20260401
_PEAK_BANDS = ("S", "P", "p")

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A site and what surrounds it. Series `(periods,)` on `axis`.

    name, name_zh          of the site; `region` its province or price area
    gpus                   GPUs (or cores) installed; None: as many as the work takes at its peak
    capacity_mw            IT power above idle that jobs may take, or None: as much as the work takes at its peak
    elsewhere, elsewhere_cny_per_mwh   names and prices `(places, periods)` of the places work could go to
    tight, tight_why       constrained hours and what makes them so (a key of the page's words)
    surplus                hours in which the grid cannot take more renewable energy
    grid_load              load of the grid without the jobs (MW; per unit of its annual peak for a region), to find
                           its peak
    grid_is_county         is it the county's own connection, to which the jobs' load is added?
    sources                (what, where it comes from)
    repeat_ratio                how often the study's period is laid end to end over the work
    """

    name: str
    name_zh: str
    region: str
    axis: TimeAxis
    zone: str
    gpus: int | None
    capacity_mw: _Array | None
    price_cny_per_mwh: _Array
    carbon_average_kg_per_mwh: _Array
    carbon_marginal_kg_per_mwh: _Array
    carbon_official_kg_per_mwh: float
    elsewhere: tuple[str, ...]
    elsewhere_cny_per_mwh: _Array
    tight: NDArray[np.bool_]
    tight_why: str
    surplus: NDArray[np.bool_]
    grid_load: _Array
    grid_is_county: bool
    import_max_mw: float
    pue_ratio: float
    sources: tuple[tuple[str, str], ...]
    repeat_ratio: float = 1.0


def region_setting(region: str, axis: TimeAxis, rules: RuleTable) -> Setting:
    """A site of unstated size in a price area: its tariff, its official factor, modelled hourly carbon.

    Raises `ScenarioError` for an area without a tariff or an emission factor.
    """
    on = rules.effective_from
    tariff = _timeless(_tariff(region, on))
    official, source = presets.emission_factor_kg_per_mwh(region)
    province = _province(region)
    average, marginal = province_intensity(axis, province, seed=SEED, zone=ZONE, official_kg_per_mwh=official)
    tight = np.isin(band_letters(tariff, axis), _PEAK_BANDS)
    others = {
        area: _timeless(_tariff(area, on))
        for hub in presets.hub_names()
        for area in presets.hub(hub).price_areas[:1]
        if area != region
    }
    return Setting(
        name=f"a site in {region}",
        name_zh=f"{presets.area_name_zh(region)}某站点",
        region=region,
        axis=axis,
        zone=tariff.zone,
        gpus=None,
        capacity_mw=None,
        price_cny_per_mwh=energy_price_cny_per_mwh(tariff, axis),
        carbon_average_kg_per_mwh=average,
        carbon_marginal_kg_per_mwh=marginal,
        carbon_official_kg_per_mwh=official,
        elsewhere=tuple(others),
        elsewhere_cny_per_mwh=np.array([energy_price_cny_per_mwh(other, axis) for other in others.values()]),
        tight=tight,
        tight_why="tariff",
        surplus=np.zeros(axis.periods, dtype=np.bool_),
        grid_load=province_load_ratio(axis, province, zone=ZONE, seed=SEED),
        grid_is_county=False,
        import_max_mw=float("inf"),
        pue_ratio=rules.figure("pue_ratio"),
        sources=(
            ("price", f"tariff {tariff.id}, as in force on {on.isoformat()}, held over the whole trace"),
            ("carbon, official", f"{source.document} [{source.confidence}]"),
            ("carbon, hourly", "modelled shape scaled to the official factor [B]"),
            ("grid load", f"modelled load of {province} [B]"),
            ("elsewhere", f"tariffs of the hub clusters: {', '.join(others)}"),
        ),
    )


def site_setting(scenario: Scenario, site: str, axis: TimeAxis | None, rules: RuleTable) -> Setting:
    """A site of a scenario with its connection. `axis` of foreign work, over which the study's period is repeated."""
    truth = scenario.truth()
    ids = [entry.id for entry in truth.fleet.sites]
    row = ids.index(site)
    place = truth.fleet.sites[row]
    home = [stream.demand_mw for stream in truth.streams if stream.home == row]
    streams_mw = np.sum(home, axis=0) if home else np.zeros(truth.axis.periods)
    pue_ratio = rules.figure("pue_ratio")
    base_mw = (place.idle_it_mw + streams_mw) * pue_ratio
    feeder = int(truth.fleet.feeder_of_site[row])
    grid_mw, limit_mw, back_mw = base_mw, place.import_max_mw, np.inf
    if feeder >= 0:
        grid_mw = base_mw + truth.feeder_load_mw[feeder] - truth.feeder_pv_mw[feeder]
        grid_mw = grid_mw - truth.feeder_wind_mw[feeder]
        limit_mw = truth.fleet.feeders[feeder].import_max_mw
        back_mw = truth.fleet.feeders[feeder].export_max_mw
    tight, why = _tight(grid_mw, limit_mw, rules)
    own = Setting(
        name=place.name or site,
        name_zh=place.name_zh or site,
        region=place.region,
        axis=truth.axis,
        zone=truth.fleet.zone,
        gpus=place.gpus,
        capacity_mw=np.maximum(place.it_max_mw - place.idle_it_mw - streams_mw, 0.0),
        price_cny_per_mwh=truth.price_cny_per_mwh[row],
        carbon_average_kg_per_mwh=truth.carbon_average_kg_per_mwh[row],
        carbon_marginal_kg_per_mwh=truth.carbon_marginal_kg_per_mwh[row],
        carbon_official_kg_per_mwh=float(truth.fleet.carbon_official_kg_per_mwh[row]),
        elsewhere=tuple(name for name in ids if name != site),
        elsewhere_cny_per_mwh=np.delete(truth.price_cny_per_mwh, row, axis=0),
        tight=tight,
        tight_why=why if feeder >= 0 else "site_import",
        surplus=grid_mw <= -back_mw,
        grid_load=grid_mw,
        grid_is_county=True,
        import_max_mw=limit_mw,
        pue_ratio=pue_ratio,
        sources=tuple((name, text) for name, text in truth.sources.items() if name.endswith(f"/{site}")),
    )
    return own if axis is None else _repeated(own, axis)


def _tight(grid_mw: _Array, limit_mw: float, rules: RuleTable) -> tuple[NDArray[np.bool_], str]:
    """Hours near the import limit; where there are none, the hours of highest import."""
    level = rules.levels["grid"]
    near = grid_mw >= level["tight_import_ratio"] * limit_mw
    if near.any():
        return near, "county_limit"
    return grid_mw >= np.quantile(grid_mw, 1.0 - level["tight_hours_ratio"]), "county_top"


def _repeated(own: Setting, axis: TimeAxis) -> Setting:
    """The study's series laid end to end from the start of `axis`: whole weeks, whole days, or all of it."""
    span = own.axis.periods
    for unit_s in (604_800, 86_400):
        if own.axis.duration_h * 3600 >= unit_s and unit_s % own.axis.step_s == 0:
            span -= span % (unit_s // own.axis.step_s)
            break
    parts = axis.step_s // own.axis.step_s
    fine = (np.arange(axis.periods * parts) % span).reshape(axis.periods, parts)

    def laid(values: _Array) -> _Array:
        mean: _Array = values[..., fine].mean(axis=-1)
        return mean

    return replace(
        own,
        axis=axis,
        capacity_mw=laid(own.capacity_mw) if own.capacity_mw is not None else None,
        price_cny_per_mwh=laid(own.price_cny_per_mwh),
        carbon_average_kg_per_mwh=laid(own.carbon_average_kg_per_mwh),
        carbon_marginal_kg_per_mwh=laid(own.carbon_marginal_kg_per_mwh),
        elsewhere_cny_per_mwh=laid(own.elsewhere_cny_per_mwh),
        tight=laid(own.tight.astype(np.float64)) >= 0.5,
        surplus=laid(own.surplus.astype(np.float64)) >= 0.5,
        grid_load=laid(own.grid_load),
        repeat_ratio=axis.periods * parts / span,
    )


def _tariff(area: str, on: date) -> Tariff:
    try:
        return presets.tariff_of_area(area, on)
    except ScenarioError as error:
        raise ScenarioError([Fault("--region", fault.message) for fault in error.faults], source="arguments") from error


def _timeless(tariff: Tariff) -> Tariff:
    """The tariff without its dates: what is asked is what the work would cost under it."""
    return replace(tariff, effective_from=date.min + timedelta(days=366), effective_to=None)


def _province(region: str) -> str:
    """Province of a price area, by the aliases of the emission factors."""
    return {"jibei": "hebei", "hebei_south": "hebei", "mengxi": "inner_mongolia", "mengdong": "inner_mongolia"}.get(
        region, region
    )
