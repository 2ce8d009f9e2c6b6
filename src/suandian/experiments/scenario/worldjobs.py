"""The work of a study: jobs generated, traced or given; their classes; and what is usual to arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.scenario import plugins
from suandian.experiments.scenario.work import AUTO_FORMAT, JobsSection
from suandian.experiments.scenario.world import World, derived_seed
from suandian.flexibility.classify import assign, classify
from suandian.model.records import JobRecords
from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.errors import DataError, Infeasible
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.job_mix import DEFAULT_KINDS, JobMix
from suandian.signals.jobs import arrival_profile, boundary_counts, fit_to_axis, generate_jobs

if TYPE_CHECKING:
    from suandian.adapters.traces import TraceJobs

__all__ = ["Work", "mix_of", "work_of"]

#: Length of the past from which the usual arrivals are learnt. D (engineering default).
_HISTORY_DAYS = 28


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """Jobs cut to the axis, their classes, and the usual rate of new work; fields as in `Truth`."""

    jobs: JobTable
    classes: ClassTable
    class_index: NDArray[np.int64]
    arrivals_mw: NDArray[np.float64]
    arrival_run_h: NDArray[np.float64]
    sources: dict[str, str]


def work_of(world: World) -> Work:
    """Jobs and classes of the study. Raises `DataError` or `Infeasible`."""
    raw, history, source = _raw(world)
    counts = boundary_counts(raw, world.axis)
    jobs = fit_to_axis(raw, world.axis)
    _refuse_impossible(jobs, world)
    classes, class_index = classify(jobs)
    past = _past(world.axis)
    row = assign(history, classes)
    arrivals_mw = arrival_profile(history, row, classes, past, world.study.time.zone)
    edges = (
        f"{len(jobs)} jobs: {counts.carried_in} carried in from before the start, {counts.cut_at_end} cut at the end, "
        f"{counts.ended_before + counts.released_after} outside left out"
    )
    arrivals = f"learnt from {_HISTORY_DAYS} days before the study [D]"
    return Work(
        jobs=jobs,
        classes=classes,
        class_index=class_index,
        arrivals_mw=arrivals_mw,
        arrival_run_h=_run_h(history, row, len(classes)),
        sources={"jobs": f"{source}; {edges} [D]", "arrivals_mw": arrivals, "arrival_run_h": arrivals},
    )


def _run_h(jobs: JobTable, row: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Energy-weighted mean run time by class in hours; a class that the past never saw gets the mean of all."""
    run_h = jobs.duration_s / 3600.0
    if not len(jobs) or not jobs.energy_mwh.sum():
        return np.ones(classes)
    known = row >= 0
    energy_mwh = np.bincount(row[known], weights=jobs.energy_mwh[known], minlength=classes)
    weighted = np.bincount(row[known], weights=(jobs.energy_mwh * run_h)[known], minlength=classes)
    overall_h = float(np.average(run_h, weights=jobs.energy_mwh))
    mean_h: NDArray[np.float64] = np.full(classes, overall_h)
    np.divide(weighted, energy_mwh, out=mean_h, where=energy_mwh > 0)
    return mean_h


def mix_of(section: JobsSection) -> JobMix:
    """The generator's mix with what the scenario changes; the shipped shares are brought to a sum of 1 first."""
    count_sum = sum(kind.count_share_ratio for kind in DEFAULT_KINDS)
    work_sum = sum(kind.work_share_ratio for kind in DEFAULT_KINDS)
    kinds = []
    for kind in DEFAULT_KINDS:
        shipped = replace(
            kind,
            count_share_ratio=kind.count_share_ratio / count_sum,
            work_share_ratio=kind.work_share_ratio / work_sum,
        )
        given = next((entry for name, entry in section.kinds.items() if name == kind.kind), None)
        changes = given.model_dump(exclude_none=True) if given is not None else {}
        kinds.append(replace(shipped, **changes))
    return JobMix(
        count=section.count,
        occupancy_ratio=section.occupancy_ratio,
        kinds=tuple(kinds),
        gang_max_ratio=section.gang_max_ratio,
    )


def _raw(world: World) -> tuple[JobTable, JobTable, str]:
    """Jobs before they are cut to the axis, jobs of the past, and where they come from."""
    section = world.study.jobs
    if world.inputs.jobs is not None:
        return world.inputs.jobs, _given_past(world.inputs.jobs, world.axis), "table given in Python"
    if section.table is not None:
        return _from_table(world)
    if section.trace is not None:
        return _from_trace(world)
    if section.count == 0:
        none = JobTable.ordered({name: np.zeros(0) for name in JobTable.column_names()})
        return none, none, "no deferrable jobs"
    mix = mix_of(section)
    jobs = _generated(world, world.axis, mix, "jobs")
    past = _past(world.axis)
    ratio = past.duration_h / world.axis.duration_h
    history = _generated(world, past, replace(mix, count=max(1, round(mix.count * ratio))), "history")
    return jobs, history, "generated: heavy-tailed lengths and gangs fitted on Alibaba PAI 2020, cycles and slack D"


def _generated(world: World, axis: TimeAxis, mix: JobMix, part: str) -> JobTable:
    return generate_jobs(
        axis,
        mix,
        sites=len(world.sites),
        site_weights=_site_weights(world),
        gpus_per_site=[site.gpus for site in world.sites],
        zone=world.study.time.zone,
        seed=derived_seed(world.study.seed, part),
        cut=False,
    )


def _from_table(world: World) -> tuple[JobTable, JobTable, str]:
    from suandian.adapters.job_tables import read_jobs

    section = world.study.jobs.table
    assert section is not None
    assert world.data is not None  # the check of the scenario has seen the file
    jobs = read_jobs(section.file, folder=world.data, sites=[site.id for site in world.sites], zone=section.zone)
    return jobs, _given_past(jobs, world.axis), f"table {section.file}"


def _from_trace(world: World) -> tuple[JobTable, JobTable, str]:
    """A trace on the study's axis, and on the weeks before it for what is usual."""
    from suandian.adapters.traces import lay

    records = _records(world)
    mix = mix_of(world.study.jobs)
    past = _past(world.axis)
    earlier = replace(mix, count=max(1, round(mix.count * past.duration_h / world.axis.duration_h)))

    def on(axis: TimeAxis, mix: JobMix, part: str) -> TraceJobs:
        return lay(
            records,
            axis=axis,
            mix=mix,
            site_weights=_site_weights(world),
            gpus_per_site=[site.gpus for site in world.sites],
            zone=world.study.time.zone,
            seed=derived_seed(world.study.seed, part),
            cut=False,
        )

    found = on(world.axis, mix, "jobs")
    return found.jobs, on(past, earlier, "history").jobs, f"{found.source}; {found.note}"


def _records(world: World) -> JobRecords:
    """The records of the trace's file; naive times are those of the study's zone."""
    from suandian.adapters.sources import resolve_inside
    from suandian.adapters.traces import recognise

    section = world.study.jobs.trace
    assert section is not None
    assert world.data is not None  # the check of the scenario has seen the file
    file = resolve_inside(world.data, section.file)
    if section.format == AUTO_FORMAT:
        formats = [plugins.load(plugins.TRACES, name) for name in plugins.names(plugins.TRACES)]
        read: Callable[..., JobRecords] = recognise(file, formats)  # type: ignore[arg-type]
    else:
        read = plugins.load(plugins.TRACES, section.format, "jobs.trace.format")
    zone = {"zone": world.study.time.zone} if getattr(read, "clock", "") == "naive" else {}
    return read(file, **zone)


def _site_weights(world: World) -> list[float]:
    shares = world.study.jobs.site_share
    return [shares.get(site.id, 0.0) if shares else float(site.gpus) for site in world.sites]


def _given_past(jobs: JobTable, axis: TimeAxis) -> JobTable:
    """What a given table holds from before the study; without any, its own jobs one history length earlier.

    A study cannot learn its usual arrivals from nothing; shifting the table's own jobs is said in the provenance.
    """
    past = _past(axis)
    if (jobs.released_s < axis.start_s).sum() >= len(jobs) // 4:
        return jobs
    shift_s = past.step_s * past.periods
    inside = jobs.take((jobs.released_s >= axis.start_s) & (jobs.released_s < axis.start_s + shift_s))
    return replace(
        inside,
        submitted_s=inside.submitted_s - shift_s,
        released_s=inside.released_s - shift_s,
        due_s=inside.due_s - shift_s,
    )


def _past(axis: TimeAxis) -> TimeAxis:
    return TimeAxis(axis.start - timedelta(days=_HISTORY_DAYS), timedelta(hours=1), _HISTORY_DAYS * 24)


def _refuse_impossible(jobs: JobTable, world: World) -> None:
    """Work that fits on no permitted site, or more of it than there are GPU-hours."""
    gpus = np.array([site.gpus for site in world.sites])
    bits = np.uint64(1) << np.arange(len(gpus), dtype=np.uint64)
    allowed = (jobs.sites_allowed[:, None] & bits[None, :]) != 0
    if (jobs.home < 0).any() or (jobs.home >= len(gpus)).any() or (~allowed.any(axis=1)).any():
        row = int(np.flatnonzero((jobs.home < 0) | (jobs.home >= len(gpus)) | ~allowed.any(axis=1))[0])
        raise DataError(f"jobs: row {row} names a site beyond the {len(gpus)} of the study; correct `home` or `sites`")
    widest = np.where(allowed, gpus[None, :], 0).max(axis=1)
    too_wide = jobs.gpus_min > widest
    if too_wide.any():
        row = int(np.flatnonzero(too_wide)[0])
        raise Infeasible(
            f"job {int(jobs.id[row])} needs {int(jobs.gpus_min[row])} GPUs at a site; {int(too_wide.sum())} such jobs",
            constraints=("GPUs of every site that it may use",),
            shortfall=f"{int(jobs.gpus_min[row] - widest[row])} GPUs",
        )
    offered = float(gpus.sum()) * world.axis.duration_h
    asked = float(jobs.work_gpu_h.sum())
    if asked > offered:
        raise Infeasible(
            "the jobs ask for more GPU-hours than the sites have; give fewer jobs, more GPUs or a longer study",
            constraints=("GPUs × hours of all sites",),
            shortfall=f"{asked - offered:.0f} GPU·h of {asked:.0f}",
        )
