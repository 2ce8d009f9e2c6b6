"""From a checked study to a Truth: sites with their prices and places, work with its classes, every series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suandian.experiments import presets
from suandian.experiments.scenario.bends import batch_power_ratio
from suandian.experiments.scenario.build import Inputs
from suandian.experiments.scenario.clock import instant
from suandian.experiments.scenario.networks import built_grid
from suandian.experiments.scenario.places import FeederSection, SiteSection
from suandian.experiments.scenario.reach import allowed_sites, place_of
from suandian.experiments.scenario.regions import ties_of
from suandian.experiments.scenario.study import StudyFile, TariffSection
from suandian.experiments.scenario.world import World, series_of
from suandian.experiments.scenario.worldjobs import Work, work_of
from suandian.model.contract import Source, Tariff, TariffTemplate
from suandian.model.grid import Feeder
from suandian.model.party import Party
from suandian.model.plan import Fleet, Objective, Transfer
from suandian.model.programme import Instruction
from suandian.model.site import Battery, Cooling, Site
from suandian.model.workload import Stream
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.forecast import DEFAULT_MODELS, PERFECT, PERSISTENCE, ErrorModel
from suandian.simulation.truth import Truth

__all__ = ["Forecasts", "forecasts_of", "resolve"]


@dataclass(frozen=True, slots=True)
class Forecasts:
    """When forecasts are issued, and one error model per quantity."""

    issue_every_h: float
    models: Mapping[str, ErrorModel]


def forecasts_of(study: StudyFile, inputs: Inputs, mode: str = "") -> Forecasts:
    """The study's forecasts, or those of an arm with a `mode` of its own.

    A price that comes from a tariff is known to everybody, so it has no error; spot prices have one.
    """
    section = study.forecasts
    mode = mode or section.mode
    if mode != "issued":
        model = PERFECT if mode == "perfect" else PERSISTENCE
        return Forecasts(section.every_s / 3600, dict.fromkeys(DEFAULT_MODELS, model))
    models = dict(DEFAULT_MODELS)
    spot = any(site.price == "spot" for site in study.sites.values())
    if not spot and not study.signals.price and "price" not in inputs.signals:
        models["price"] = PERFECT
    for name, errors in section.errors.items():
        models[name] = replace(DEFAULT_MODELS[name], **errors.changes(), source="the scenario")
    return Forecasts(section.every_s / 3600, models)


def resolve(study: StudyFile, axis: TimeAxis, data: Path | None, inputs: Inputs) -> Truth:
    """Generate or read every series of the study on `axis`.

    Raises `ScenarioError`, `DataError` or `Infeasible` with the place of what does not fit.
    """
    sites = tuple(_site(key, section) for key, section in study.sites.items())
    feeders = tuple(_feeder(key, section, study, data) for key, section in study.feeders.items())
    tariffs = {key: _tariff(section.tariff, study) for key, section in study.sites.items() if section.tariff}
    world = World(study, axis, data, inputs, sites, feeders, tariffs)
    work = work_of(world)
    series = series_of(world)
    streams = _streams(study, sites, series.stream_mw)
    fleet = _fleet(study, sites, feeders, tariffs, streams, work)
    sources = dict(sorted((series.sources | work.sources | _fleet_sources(study)).items()))
    return Truth(
        axis=axis,
        fleet=fleet,
        parties=tuple(_party(key, study) for key in study.parties),
        objective=Objective(**study.objective.model_dump()),
        jobs=work.jobs,
        class_index=work.class_index,
        streams=streams,
        price_cny_per_mwh=series.price_cny_per_mwh,
        export_price_cny_per_mwh=series.export_price_cny_per_mwh,
        carbon_average_kg_per_mwh=series.carbon_average_kg_per_mwh,
        carbon_marginal_kg_per_mwh=series.carbon_marginal_kg_per_mwh,
        outdoor_c=series.outdoor_c,
        site_pv_mw=series.site_pv_mw,
        feeder_pv_mw=series.feeder_pv_mw,
        feeder_load_mw=series.feeder_load_mw,
        site_pv_upper_mw=series.site_pv_upper_mw,
        feeder_pv_upper_mw=series.feeder_pv_upper_mw,
        arrivals_mw=work.arrivals_mw,
        arrival_run_h=work.arrival_run_h,
        instructions=tuple(_instructions(study)),
        sources=sources,
        feeder_wind_mw=series.feeder_wind_mw,
        price_known=_price_known(study, inputs),
    )


def _price_known(study: StudyFile, inputs: Inputs) -> NDArray[np.bool_]:
    """`(sites,)`: beside spot prices, those of a tariff are known to everybody."""
    spot = [site.price == "spot" for site in study.sites.values()]
    given = [key in study.signals.price or key in inputs.signals.get("price", {}) for key in study.sites]
    return np.array([any(spot) and not (a or b) for a, b in zip(spot, given, strict=True)], dtype=np.bool_)


def _site(key: str, section: SiteSection) -> Site:
    latitude_deg, longitude_deg = place_of(section)
    return Site(
        id=key,
        operator=section.operator,
        region=section.region,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        gpus=section.gpus,
        idle_it_mw=section.idle_it_mw,
        it_max_mw=section.it_max_mw,
        import_max_mw=section.import_max_mw,
        export_max_mw=section.export_max_mw,
        pv_mw=section.pv_mw,
        battery=Battery(**section.battery.model_dump()) if section.battery is not None else None,
        cooling=Cooling(**section.cooling.model_dump()),
        feeder=section.feeder,
        name=section.name.get("en") or key,
        name_zh=section.name.get("zh") or key,
    )


def _feeder(key: str, section: FeederSection, study: StudyFile, data: Path | None) -> Feeder:
    fields = section.model_dump(exclude={"name", "load_min_mw", "load_max_mw", "network", "wind_mean_ratio"})
    grid = built_grid(key, section, study.sites, seed=study.seed, data=data)
    return Feeder(
        id=key, name=section.name.get("en") or key, name_zh=section.name.get("zh") or key, grid=grid, **fields
    )


def _party(key: str, study: StudyFile) -> Party:
    section = study.parties[key]
    return Party(
        id=key,
        roles=frozenset(section.roles),
        name=section.name.get("en") or key,
        name_zh=section.name.get("zh") or key,
        may_instruct=frozenset(section.may_instruct),
    )


def _tariff(tariff_id: str, study: StudyFile) -> Tariff:
    own = study.tariffs.get(tariff_id)
    return _own_tariff(tariff_id, own, study.time.zone) if own is not None else presets.tariff(tariff_id)


def _own_tariff(tariff_id: str, section: TariffSection, zone: str) -> Tariff:
    return Tariff(
        id=tariff_id,
        effective_from=date.min,
        templates=tuple(TariffTemplate(entry.months, entry.half_hours) for entry in section.templates),
        ratio={str(letter): value for letter, value in section.ratio.items()},
        floating_cny_per_mwh=section.floating_cny_per_mwh,
        fixed_cny_per_mwh=section.fixed_cny_per_mwh,
        demand_cny_per_mw_month=section.demand_cny_per_mw_month,
        export_cny_per_mwh=section.export_cny_per_mwh,
        zone=zone,
        sources=(Source(section.source, "D", "given in the scenario"),),
    )


def _streams(study: StudyFile, sites: tuple[Site, ...], demand_mw: NDArray[np.float64]) -> tuple[Stream, ...]:
    ids = [site.id for site in sites]
    streams = []
    for row, (key, section) in enumerate(study.streams.items()):
        mask = sum(1 << ids.index(site) for site in allowed_sites(section, study.sites))
        streams.append(
            Stream(
                id=key,
                origin=section.origin,
                label=section.label,
                latency_max_ms=section.latency_max_ms,
                home=ids.index(section.home),
                sites_allowed=mask,
                power_per_gpu_kw=section.power_per_gpu_kw,
                demand_mw=demand_mw[row],
                batch_power_ratio=batch_power_ratio(section),
            )
        )
    return tuple(streams)


def _transfer(study: StudyFile) -> Transfer:
    return Transfer() if study.transfer is None else Transfer(**study.transfer.model_dump())


def _fleet(
    study: StudyFile,
    sites: tuple[Site, ...],
    feeders: tuple[Feeder, ...],
    tariffs: Mapping[str, Tariff],
    streams: tuple[Stream, ...],
    work: Work,
) -> Fleet:
    bits = np.arange(len(sites))
    allowed = [[bool(stream.sites_allowed >> int(bit) & 1) for bit in bits] for stream in streams]
    demand = [tariffs[site.id].demand_cny_per_mw_month if site.id in tariffs else 0.0 for site in sites]
    return Fleet(
        sites=sites,
        feeders=feeders,
        classes=work.classes,
        stream_ids=tuple(stream.id for stream in streams),
        stream_label=tuple(stream.label for stream in streams),
        stream_allowed=np.array(allowed, dtype=np.bool_).reshape(len(streams), len(sites)),
        stream_home=np.array([stream.home for stream in streams], dtype=np.int64),
        stream_power_per_gpu_kw=np.array([stream.power_per_gpu_kw for stream in streams], dtype=np.float64),
        demand_cny_per_mw_month=np.array(demand, dtype=np.float64),
        carbon_official_kg_per_mwh=np.array([official_factor(section)[0] for section in study.sites.values()]),
        zone=study.time.zone,
        stream_batch_power_ratio=np.array([stream.batch_power_ratio for stream in streams], dtype=np.float64),
        transfer=_transfer(study),
        ties=ties_of(study),
    )


def official_factor(section: SiteSection) -> tuple[float, str]:
    """The official average emission factor of a site, kg/MWh, and where it comes from."""
    if section.emission_factor_kg_per_mwh is not None:
        return section.emission_factor_kg_per_mwh, "given in the scenario [D]"
    value, source = presets.emission_factor_kg_per_mwh(section.region)
    return value, f"{section.region}: {source.document} [{source.confidence}]"


def _fleet_sources(study: StudyFile) -> dict[str, str]:
    found = {f"carbon_official_kg_per_mwh/{key}": official_factor(section)[1] for key, section in study.sites.items()}
    for key, section in study.sites.items():
        if section.hub:
            source = presets.hub(section.hub).source
            found[f"place/{key}"] = f"cluster {section.hub}: {source.document} [{source.confidence}]"
    return found


def _instructions(study: StudyFile) -> list[Instruction]:
    zone, found = study.time.zone, []
    for index, entry in enumerate(study.instructions):
        path = f"instructions[{index}]"
        found.append(
            Instruction(
                id=entry.id,
                issuer=entry.issuer,
                receiver=entry.receiver,
                site=entry.site,
                issued_at_s=_unix_s(entry.issued, zone, f"{path}.issued"),
                start_s=_unix_s(entry.start, zone, f"{path}.start"),
                end_s=_unix_s(entry.end, zone, f"{path}.end"),
                import_max_mw=entry.import_max_mw,
            )
        )
    return found


def _unix_s(text: str, zone: str, path: str) -> int:
    moment: datetime | Fault = instant(text, zone, path)
    if isinstance(moment, Fault):
        raise ScenarioError([moment])
    return int(moment.timestamp())
