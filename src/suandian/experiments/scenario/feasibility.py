"""Limits that cannot hold together, found before anything runs, with the sum that shows it."""

from __future__ import annotations

from collections.abc import Iterator

from suandian.experiments.scenario.places import SiteSection
from suandian.experiments.scenario.study import StudyFile
from suandian.quantity.errors import Fault
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["conflicts"]


def conflicts(study: StudyFile, axis: TimeAxis | None) -> Iterator[Fault]:
    """Faults for demands that no plan could meet, whatever the weather and the coordinator."""
    for key, site in study.sites.items():
        yield from _site(f"sites.{key}", site)
    yield from _feeders(study)
    yield from _streams(study)
    if axis is not None and study.jobs.table is None and study.jobs.trace is None:
        yield from _jobs(study)


def _site(path: str, site: SiteSection) -> Iterator[Fault]:
    if site.idle_it_mw >= site.it_max_mw:
        told = f"{site.idle_it_mw:g} MW leaves nothing of `it_max` ({site.it_max_mw:g} MW) for work; write less"
        yield Fault(f"{path}.idle_it", told)
    least_mw = least_facility_mw(site)
    relief_mw = site.pv_mw + (site.battery.discharge_max_mw if site.battery else 0.0)
    if least_mw > site.import_max_mw + relief_mw:
        short_mw = least_mw - site.import_max_mw - relief_mw
        told = (
            f"infeasible: with every GPU idle the site draws at least {least_mw:.4g} MW (idle IT power and fixed "
            f"losses), {short_mw:.3g} MW more than its import limit of {site.import_max_mw:g} MW allows"
        )
        yield Fault(f"{path}.import_max", f"{told}; write at least {least_mw:.4g} MW or lower `idle_it`")


def least_facility_mw(site: SiteSection) -> float:
    """Facility power below which the site cannot fall: idle IT power and electrical losses, cooling left out."""
    if site.cooling.model == "constant":
        return site.idle_it_mw * site.cooling.pue_ratio
    return site.idle_it_mw * (1 + site.cooling.loss_ratio) + site.cooling.loss_fixed_ratio * site.it_max_mw


def _feeders(study: StudyFile) -> Iterator[Fault]:
    for key, feeder in study.feeders.items():
        behind = [site for site in study.sites.values() if site.feeder == key]
        idle_mw = sum(least_facility_mw(site) for site in behind)
        relief_mw = sum(site.battery.discharge_max_mw for site in behind if site.battery)
        limit_mw = feeder.transformer_mva * feeder.power_factor_ratio
        # On dark evenings PV does not help; a battery may.
        short_mw = feeder.load_max_mw + idle_mw - relief_mw - limit_mw
        if short_mw > 0:
            told = (
                f"infeasible: local load of {feeder.load_max_mw:g} MW and {idle_mw:.4g} MW of idle data centres exceed "
                f"the import limit of {limit_mw:.4g} MW by {short_mw:.3g} MW, batteries counted"
            )
            yield Fault(f"feeders.{key}.transformer", f"{told}; write a larger rating or a smaller `load_max`")


def _streams(study: StudyFile) -> Iterator[Fault]:
    """At worst every stream is served at home."""
    for key, site in study.sites.items():
        at_home = [stream for stream in study.streams.values() if stream.home == key]
        needed = sum(stream.peak_mw * 1000 / stream.power_per_gpu_kw for stream in at_home)
        total = sum(other.gpus for other in study.sites.values())
        if needed > total:
            told = f"infeasible: the streams at home in {key} need {needed:.0f} GPUs, all sites have {total}"
            yield Fault("streams", f"{told}; lower `peak`, or raise `gpus`")
        elif needed > site.gpus:
            told = f"infeasible: at their peak the streams at home in {key} need {needed:.0f} GPUs, it has {site.gpus}"
            yield Fault("streams", f"{told}; lower `peak`, give some of them another `home`, or raise `gpus`")


def _jobs(study: StudyFile) -> Iterator[Fault]:
    total = sum(site.gpus for site in study.sites.values())
    # A usual week's mean of the interactive profile lies above half of its peak.
    busy = sum(0.5 * stream.peak_mw * 1000 / stream.power_per_gpu_kw for stream in study.streams.values())
    if not total or study.jobs.occupancy_ratio + busy / total <= 1:
        return
    told = (
        f"infeasible: jobs take {study.jobs.occupancy_ratio:.0%} of all GPU-hours and interactive streams at least "
        f"{busy / total:.0%}, together more than there are"
    )
    yield Fault(
        "jobs.occupancy", f"{told}; write at most {max(0.0, 1 - busy / total):.0%} or lower the streams' `peak`"
    )
