"""What one part of a scenario says about another: references, limits that cannot hold together, plug-ins, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suandian.adapters.networks.named import SHIPPED
from suandian.adapters.provinces import SERIES
from suandian.experiments import presets
from suandian.experiments.scenario import feasibility, plugins
from suandian.experiments.scenario.bends import batch_power_ratio, bent_kind
from suandian.experiments.scenario.clock import axis_of, instant
from suandian.experiments.scenario.faults import unknown
from suandian.experiments.scenario.networks import COUNTY, network_faults, network_file
from suandian.experiments.scenario.places import FeederSection, SiteSection
from suandian.experiments.scenario.reach import has_place, latency_ms
from suandian.experiments.scenario.regions import region_faults
from suandian.experiments.scenario.study import SIGNALS, InstructionSection, StudyFile
from suandian.experiments.scenario.tables import TableSection
from suandian.experiments.scenario.work import AUTO_FORMAT, StreamSection
from suandian.physics.cooling import COOLING_MODELS
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.forecast import DEFAULT_MODELS, ErrorModel
from suandian.signals.job_mix import DEFAULT_KINDS

__all__ = ["Names", "check", "data_file"]


@dataclass(frozen=True, slots=True)
class Names:
    """What is defined, by the keys as written: a part with faults of its own is still no unknown reference."""

    parties: tuple[str, ...]
    sites: tuple[str, ...]
    feeders: tuple[str, ...]
    streams: tuple[str, ...]
    tariffs: tuple[str, ...]
    given: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, values: Mapping[str, Any], given: Mapping[str, tuple[str, ...]] | None = None) -> Names:
        """`given`: signals that come as arrays, name → ids (Python only)."""

        def keys(name: str) -> tuple[str, ...]:
            part = values.get(name)
            return tuple(str(key) for key in part) if isinstance(part, Mapping) else ()

        return cls(keys("parties"), keys("sites"), keys("feeders"), keys("streams"), keys("tariffs"), given or {})


def check(study: StudyFile, names: Names, data: Path | None) -> list[Fault]:
    """Every fault between the parts of `study`. Parts that are themselves wrong have been left out of it."""
    axis, faults = axis_of(study.time) if "time" in study.model_fields_set else (None, [])
    checks: tuple[Iterable[Fault], ...] = (
        _parties(study, names),
        _sites(study, names),
        _feeders(study, names, data),
        region_faults(study, names.feeders, names.given.get("price", ())),
        _streams(study, names, data),
        _jobs(study, names, data),
        _tariffs(study),
        _signals(study, names, data),
        _forecasts(study, axis),
        _instructions(study, names, axis),
        _coordinators(study, names),
        feasibility.conflicts(study, axis),
    )
    return faults + [fault for part in checks for fault in part]


def data_file(name: str, data: Path | None, path: str) -> Path | Fault:
    """The file `name` in the data folder; anything outside of it is refused, links included."""
    if data is None:
        return Fault(path, f"{name} needs a data folder; give it with --data DIR (Python: data=…)")
    root = data.resolve()
    target = (root / name).resolve()
    if not target.is_relative_to(root):
        return Fault(path, f"{name} lies outside the data folder {data}; put the file into it and write its name")
    if not target.is_file():
        return Fault(path, f"no such file: {name} in {data}; check the name, or give the folder with --data DIR")
    return target


def _refers(path: str, what: str, name: str, known: Iterable[str]) -> Iterator[Fault]:
    if name not in set(known):
        yield Fault(path, unknown(what, name, known))


def _preset(path: str, look_up: Callable[[str], object], name: str) -> Iterator[Fault]:
    try:
        look_up(name)
    except ScenarioError as error:
        yield from (Fault(path, fault.message) for fault in error.faults)


def _parties(study: StudyFile, names: Names) -> Iterator[Fault]:
    for key, party in study.parties.items():
        for index, other in enumerate(party.may_instruct):
            yield from _refers(f"parties.{key}.may_instruct[{index}]", "party", other, names.parties)


def _sites(study: StudyFile, names: Names) -> Iterator[Fault]:
    for key, site in study.sites.items():
        path = f"sites.{key}"
        yield from _refers(f"{path}.operator", "party", site.operator, names.parties)
        if site.feeder:
            yield from _refers(f"{path}.feeder", "feeder", site.feeder, names.feeders)
        yield from _preset(f"{path}.region", presets.emission_factor_kg_per_mwh, site.region)
        if site.hub:
            yield from _preset(f"{path}.hub", presets.hub, site.hub)
        elif not has_place(site):
            yield Fault(path, "has no place; write `latitude: 36.5 °` and `longitude: 116.0 °`, or `hub: qingyang`")
        yield from _site_tariff(path, key, site, study, names)
        yield from _refers(f"{path}.cooling.model", "cooling model", site.cooling.model, COOLING_MODELS)
        yield from _battery(path, site)


def _site_tariff(path: str, key: str, site: SiteSection, study: StudyFile, names: Names) -> Iterator[Fault]:
    if not site.tariff:
        if key not in study.signals.price and key not in names.given.get("price", ()):
            yield Fault(
                f"{path}.tariff", "is missing; write e.g. `tariff: shandong_2025`, or a table in `signals.price`"
            )
    elif site.tariff not in names.tariffs:
        known = (*names.tariffs, *presets.tariff_ids())
        yield from _refers(f"{path}.tariff", "tariff", site.tariff, known)


def _battery(path: str, site: SiteSection) -> Iterator[Fault]:
    battery = site.battery
    if battery is None:
        return
    if battery.energy_min_mwh > battery.energy_mwh:
        yield Fault(f"{path}.battery.energy_min", f"is above `energy` ({battery.energy_mwh:g} MWh); write less")
    elif not battery.energy_min_mwh <= battery.energy_initial_mwh <= battery.energy_mwh:
        span = f"{battery.energy_min_mwh:g} MWh … {battery.energy_mwh:g} MWh"
        yield Fault(
            f"{path}.battery.energy_initial", f"{battery.energy_initial_mwh:g} MWh is outside {span}; write one inside"
        )


def _feeders(study: StudyFile, names: Names, data: Path | None) -> Iterator[Fault]:
    for key, feeder in study.feeders.items():
        yield from _network(key, feeder, study, data)
        yield from _refers(f"feeders.{key}.operator", "party", feeder.operator, names.parties)
        yield from _preset(f"feeders.{key}.region", presets.emission_factor_kg_per_mwh, feeder.region)
        if feeder.load_min_mw > feeder.load_max_mw:
            told = f"{feeder.load_min_mw:g} MW is above `load_max` ({feeder.load_max_mw:g} MW); write less"
            yield Fault(f"feeders.{key}.load_min", told)


def _network(key: str, feeder: FeederSection, study: StudyFile, data: Path | None) -> Iterator[Fault]:
    network, path = feeder.network, f"feeders.{key}.network"
    if network is None:
        return
    if network_file(feeder):
        missing = list(_file(network.source, data, f"{path}.source"))
        yield from missing or network_faults(key, feeder, study.sites, seed=study.seed, data=data)
    elif network.source == COUNTY or network.source in SHIPPED or network.source.startswith("simbench:"):
        yield from network_faults(key, feeder, study.sites, seed=study.seed, data=data)
    else:
        known = ", ".join((COUNTY, *SHIPPED))
        yield Fault(f"{path}.source", f"no network {network.source!r}; write {known}, simbench:CODE, or a file")


def _streams(study: StudyFile, names: Names, data: Path | None) -> Iterator[Fault]:
    for key, stream in study.streams.items():
        yield from _refers(f"streams.{key}.home", "site", stream.home, names.sites)
        if stream.requests:
            yield from _file(stream.requests, data, f"streams.{key}.requests")
        if stream.origin_latitude_deg is None or stream.origin_longitude_deg is None:
            unknown_city = list(_preset(f"streams.{key}.origin", presets.city, stream.origin))
            yield from unknown_city
            if unknown_city:
                continue
        yield from _batching(f"streams.{key}", stream)
        home = study.sites.get(stream.home)
        if home is not None and has_place(home) and latency_ms(stream, home) > stream.latency_max_ms:
            told = f"{stream.latency_max_ms:g} ms is less than the {latency_ms(stream, home):.1f} ms to its home"
            yield Fault(f"streams.{key}.latency_max", f"{told} {stream.home}; write more, or another `home`")


def _batching(path: str, stream: StreamSection) -> Iterator[Fault]:
    if stream.token_latency_max_ms is not None and stream.token_latency_ms is None:
        yield Fault(f"{path}.token_latency", "is missing beside `token_latency_max`; write e.g. 28 ms")
        return
    try:
        batch_power_ratio(stream)
    except ValueError as error:
        yield Fault(f"{path}.token_latency", f"{error}; write more")


def _jobs(study: StudyFile, names: Names, data: Path | None) -> Iterator[Fault]:
    jobs = study.jobs
    for site in jobs.site_share:
        yield from _refers(f"jobs.site_share.{site}", "site", site, names.sites)
    if jobs.site_share and not any(jobs.site_share.values()):
        yield Fault("jobs.site_share", "every share is 0; write at least one above 0 %")
    if jobs.trace is not None and jobs.table is not None:
        yield Fault("jobs.trace", "stands beside `jobs.table`; jobs come from one place, keep one of them")
    if jobs.table is not None:
        yield from _file(jobs.table.file, data, "jobs.table.file")
    if jobs.trace is not None:
        if jobs.trace.format != AUTO_FORMAT:
            yield from plugins.faults(plugins.TRACES, jobs.trace.format, "jobs.trace.format")
        yield from _file(jobs.trace.file, data, "jobs.trace.file")
    for kind, entry in jobs.kinds.items():
        if entry.slack_min_h is not None and entry.slack_max_h is not None and entry.slack_min_h > entry.slack_max_h:
            yield Fault(f"jobs.kinds.{kind}.slack_min", "is above `slack_max`; write less")
        try:
            bent_kind(next(shipped for shipped in DEFAULT_KINDS if shipped.kind == kind), entry)
        except ValueError as error:
            yield Fault(f"jobs.kinds.{kind}.power_cap", f"{error}; these GPUs idle too much to be capped so far")
        if entry.count_share_ratio == 0 or entry.work_share_ratio == 0:
            yield Fault(f"jobs.kinds.{kind}", "a share of 0 leaves the kind undefined; write a small share, e.g. 0.1 %")


def _file(name: str, data: Path | None, path: str) -> Iterator[Fault]:
    found = data_file(name, data, path)
    if isinstance(found, Fault):
        yield found


def _tariffs(study: StudyFile) -> Iterator[Fault]:
    for key, tariff in study.tariffs.items():
        path = f"tariffs.{key}"
        months = [month for template in tariff.templates for month in template.months]
        wrong = sorted({month for month in months if not 1 <= month <= 12 or months.count(month) > 1})
        missing = sorted(set(range(1, 13)) - set(months))
        if wrong:
            yield Fault(f"{path}.templates", f"months {wrong} are not 1…12 or stand in two templates; list each once")
        if missing:
            yield Fault(f"{path}.templates", f"months {missing} have no template; add them")
        letters = {letter for template in tariff.templates for letter in template.half_hours}
        for letter in sorted(letters - set(tariff.ratio)):
            yield Fault(f"{path}.ratio", f"band {letter} is used and has no factor; write e.g. `{letter}: 1.0`")


def _signals(study: StudyFile, names: Names, data: Path | None) -> Iterator[Fault]:
    if study.signals.provinces == "cn_2020":
        for kind in ("pv", "wind"):
            yield from _file(SERIES[kind].file, data, "signals.provinces")
    for signal in SIGNALS:
        ids = _signal_ids(signal, names)
        for key in names.given.get(signal, ()):
            yield from _refers(f"signals.{signal}.{key}", _owner(signal), key, ids)
        tables: Mapping[str, TableSection] = getattr(study.signals, signal)
        for key, table in tables.items():
            yield from _refers(f"signals.{signal}.{key}", _owner(signal), key, ids)
            yield from _file(table.file, data, f"signals.{signal}.{key}.file")


def _signal_ids(signal: str, names: Names) -> tuple[str, ...]:
    """Ids under which a signal may be given."""
    return {"feeder": names.feeders, "stream": names.streams}.get(_owner(signal), names.sites)


def _owner(signal: str) -> str:
    return signal.split("_", 1)[0] if signal.startswith(("feeder", "stream")) else "site"


def _forecasts(study: StudyFile, axis: TimeAxis | None) -> Iterator[Fault]:
    if axis is not None and study.forecasts.every_s % axis.step_s:
        told = f"{study.forecasts.every_s / 60:g} min is no whole number of steps of {axis.step_s / 60:g} min"
        yield Fault(
            "forecasts.every",
            f"{told}; write e.g. {max(1, round(study.forecasts.every_s / axis.step_s)) * axis.step_s / 60:g} min",
        )
    for key, errors in study.forecasts.errors.items():
        yield from _refers(f"forecasts.errors.{key}", "quantity", key, DEFAULT_MODELS)
        try:
            ErrorModel(**errors.changes())
        except ScenarioError as error:
            yield from (Fault(f"forecasts.errors.{key}.{fault.path}", fault.message) for fault in error.faults)


def _instructions(study: StudyFile, names: Names, axis: TimeAxis | None) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, entry in enumerate(study.instructions):
        path = f"instructions[{index}]"
        if entry.id in seen:
            yield Fault(f"{path}.id", f"{entry.id!r} is used twice; give each instruction a name of its own")
        seen.add(entry.id)
        yield from _refers(f"{path}.issuer", "party", entry.issuer, names.parties)
        yield from _refers(f"{path}.receiver", "party", entry.receiver, names.parties)
        yield from _refers(f"{path}.site", "site", entry.site, names.sites)
        yield from _authority(path, entry, study)
        if axis is not None:
            yield from _instruction_times(path, entry, study.time.zone)


def _authority(path: str, entry: InstructionSection, study: StudyFile) -> Iterator[Fault]:
    issuer = study.parties.get(entry.issuer)
    if issuer is not None and entry.receiver in study.parties and entry.receiver not in issuer.may_instruct:
        told = f"{entry.issuer} has no dispatch authority over {entry.receiver}"
        yield Fault(
            f"{path}.issuer", f"{told}; write it in parties.{entry.issuer}.may_instruct, or name another issuer"
        )


def _instruction_times(path: str, entry: InstructionSection, zone: str) -> Iterator[Fault]:
    moments = {name: instant(getattr(entry, name), zone, f"{path}.{name}") for name in ("issued", "start", "end")}
    faults = [moment for moment in moments.values() if isinstance(moment, Fault)]
    yield from faults
    if not faults:
        if moments["end"] <= moments["start"]:  # type: ignore[operator]
            yield Fault(f"{path}.end", "lies at or before `start`; write a later instant")
        if moments["issued"] > moments["start"]:  # type: ignore[operator]
            yield Fault(f"{path}.issued", "lies after `start`; an instruction is known before it binds")


def _coordinators(study: StudyFile, names: Names) -> Iterator[Fault]:
    arms: list[str] = []
    sound = bool(study.coordinators)
    for index, entry in enumerate(study.coordinators):
        path = f"coordinators[{index}]"
        unknown_name = list(plugins.faults(plugins.COORDINATORS, entry.name, path))
        sound = sound and not unknown_name
        yield from unknown_name or plugins.option_faults(plugins.COORDINATORS, entry.name, entry.options, path)
        if entry.arm in arms:
            yield Fault(path, f"arm {entry.arm!r} stands twice; give one of them a `label`")
        arms.append(entry.arm)
    for key in ("control", "chosen"):
        name = getattr(study, key)
        if name and sound:
            yield from _refers(key, "arm", name, arms)
    if study.decided_by:
        yield from _refers("decided_by", "party", study.decided_by, names.parties)
