"""How jobs bent: which runs are shown, their stretches, pauses and transfers, and what they paid for their energy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.report.captions import surplus_mask
from suandian.experiments.report.study import Study
from suandian.model.workload import JobTable
from suandian.record.events import JobEventKind
from suandian.verification.runs import Runs

__all__ = [
    "Shown",
    "Story",
    "bends",
    "bent_count",
    "changed_ratio",
    "choose",
    "drawn_mwh",
    "gear_shares",
    "levers_used",
    "paid",
    "story",
    "sunny_percent",
]

Array = NDArray[np.float64]
#: Runs shown, and the fewest days on the clock where the study has as many. (D)
_SHOWN_COUNT, _DAYS_MIN = 4, 4
#: A run bent where a tenth of its energy changed; so many of the largest are looked at, of all and by lever. (D)
BENT_RATIO, _LOOKED_AT_COUNT = 0.1, 200


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Rows of the job table, by falling energy, and the window of whole local days `[first, last)` in intervals.

    `kind` is the kind of work they were chosen from, empty where the study has no training. `leader` is the largest
    of all: the window is made for it. `bent` tells whether the chosen arm changed a tenth of their energy.
    """

    jobs: tuple[int, ...]
    kind: str
    first: int
    last: int
    bent: bool

    @property
    def leader(self) -> int:
        return self.jobs[0]


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """One job in one arm; times in Unix seconds, stretches as `Runs`, in order of time.

    waits_s      (from, to) without running: before the start, between two runs, and at the end of the study
    transfers    (departure, arrival, destination site) of its data
    pauses_s     when it was paused
    finished_s   −1 where it was not
    """

    stretches: Runs
    waits_s: tuple[tuple[int, int], ...]
    transfers: tuple[tuple[int, int, int], ...]
    pauses_s: tuple[int, ...]
    finished_s: int


def bends(study: Study) -> bool:
    """Has the study work that can be slowed, checkpoints, data that travel at a price, or larger batches?"""
    truth = study.finding.truth
    return (
        any(pace.gears > 1 for pace in truth.jobs.paces)
        or bool((truth.jobs.checkpoint_every_h > 0).any())
        or not truth.fleet.transfer.is_free
        or any(stream.batch_power_ratio < 1 for stream in truth.streams)
    )


def choose(study: Study) -> Shown | None:
    """The runs that the figure shows: a fixed rule, so that nobody picks a flattering one; None without jobs.

    Training runs that might have waited (all kinds with slack where there is no such training), by falling energy,
    and of those the ones that bent: the chosen arm changed a tenth or more of the energy they drew, in time, in
    place or in size. Where none did, the largest. The first sets the window: whole local days from its release until
    it is due and finished in both arms, four at least. Shown are, of those that fit the window, the largest moved,
    the largest paused and the largest slowed one, then the next.
    """
    jobs = study.finding.truth.jobs
    if not len(jobs):
        return None
    free = jobs.slack_h > 0
    training = free & (np.array(jobs.kind_names)[jobs.kind] == "training")
    wanted, kind = (training, "training") if training.any() else (free if free.any() else ~free, "")
    levers = levers_used(study, study.chosen)
    pulled = levers["moved"] | levers["paused"] | levers["slowed"]
    order = np.argsort(-jobs.energy_mwh, kind="stable")
    every = order[wanted[order]]
    leader = next(_bent(study, every[pulled[every]]), None)
    bent = leader is not None
    first_of_all = int(every[0]) if leader is None else leader
    last_s = _last_s(study)
    first, last = _window(study, int(jobs.released_s[first_of_all]), int(last_s[first_of_all]))
    edges_s = np.append(study.finding.truth.axis.starts_s(), study.finding.truth.axis.end_s)
    fits = (jobs.released_s >= edges_s[first]) & (np.minimum(last_s, edges_s[-1]) <= edges_s[last])
    able = every[fits[every]]
    shown = {first_of_all}
    if bent:
        shown |= {row for mask in levers.values() for row in islice(_bent(study, able[mask[able]]), 1)}
    others = _bent(study, able[pulled[able]]) if bent else iter(able.tolist())
    shown |= set(islice((row for row in others if row not in shown), _SHOWN_COUNT - len(shown)))
    kept = [int(row) for row in every if int(row) in shown]
    return Shown(tuple(kept), kind, first, last, bent)


def _bent(study: Study, rows: NDArray[np.int64]) -> Iterator[int]:
    """Those of the first `_LOOKED_AT_COUNT` of `rows` of which the chosen arm changed a tenth of the energy."""
    if not study.alone:
        yield from (row for row in rows[:_LOOKED_AT_COUNT].tolist() if changed_ratio(study, row) >= BENT_RATIO)


def changed_ratio(study: Study, job: int) -> float:
    """Energy that the chosen arm drew at another time or site than the control, or saved, as a share of the job's.

    The larger of what was added and what was taken away, over all sites and intervals.
    """
    change_mwh = drawn_mwh(study, study.chosen, job) - drawn_mwh(study, study.control, job)
    whole_mwh = float(study.finding.truth.jobs.energy_mwh[job])
    most_mwh = max(float(np.maximum(change_mwh, 0.0).sum()), float(np.maximum(-change_mwh, 0.0).sum()))
    return most_mwh / whole_mwh if whole_mwh else 0.0


def levers_used(study: Study, arm: str) -> dict[str, NDArray[np.bool_]]:
    """Per job in `arm`: ran at another site than where it was submitted, was paused, ran below full speed."""
    jobs, runs = study.finding.truth.jobs, study.runs[arm]
    found = {name: np.zeros(len(jobs), dtype=np.bool_) for name in ("moved", "paused", "slowed")}
    found["moved"][runs.job[runs.site != jobs.home[runs.job]]] = True
    found["paused"][runs.job[runs.paused]] = True
    found["slowed"][runs.job[runs.gear > 0]] = True
    return found


def bent_count(study: Study, shown: Shown, arm: str) -> tuple[int, int]:
    """How many jobs of the shown kind `arm` paused, slowed or moved, and how many there are."""
    jobs = study.finding.truth.jobs
    of_kind = np.ones(len(jobs), dtype=np.bool_)
    if shown.kind:
        of_kind = np.array(jobs.kind_names)[jobs.kind] == shown.kind
    levers = levers_used(study, arm)
    return int((of_kind & (levers["moved"] | levers["paused"] | levers["slowed"])).sum()), int(of_kind.sum())


def _last_s(study: Study) -> NDArray[np.int64]:
    """The later of due and finish in control and chosen arm, `(jobs,)`."""
    last_s = study.finding.truth.jobs.due_s.copy()
    for arm in study.pair:
        events = study.finding.arms[arm].journal.job_events()
        done = events.kind == JobEventKind.FINISHED
        np.maximum.at(last_s, events.job[done], events.at_s[done])
    return last_s


def _window(study: Study, from_s: int, until_s: int) -> tuple[int, int]:
    """Intervals of the whole local days that hold `[from_s, until_s]`, inside the study, `_DAYS_MIN` or more."""
    axis = study.finding.truth.axis
    days = study.local.astype("datetime64[D]")
    edges = [*np.flatnonzero(np.diff(days.astype(np.int64), prepend=-1)).tolist(), axis.periods]

    def day(at_s: int) -> int:
        interval = min(max((at_s - axis.start_s) // axis.step_s, 0), axis.periods - 1)
        return int(np.searchsorted(edges, interval, side="right")) - 1

    first, last = day(from_s), day(until_s - 1) + 1
    last = min(max(last, first + _DAYS_MIN), len(edges) - 1)
    first = max(min(first, last - _DAYS_MIN), 0)
    return edges[first], edges[last]


def story(study: Study, arm: str, job: int) -> Story:
    """What `arm` did with `job`, from its journal."""
    jobs, runs, axis = study.finding.truth.jobs, study.runs[arm], study.finding.truth.axis
    own = _of_job(runs, job)
    events = study.finding.arms[arm].journal.job_events()
    mine = events.job == job
    kind, at_s, site = events.kind[mine], events.at_s[mine], events.site[mine]
    finished = at_s[kind == JobEventKind.FINISHED]
    until_s = int(finished[0]) if len(finished) else axis.end_s
    begins_s, ends_s = [*own.begin_s.tolist(), until_s], [int(jobs.released_s[job]), *own.end_s.tolist()]
    waits = tuple((end, begin) for end, begin in zip(ends_s, begins_s, strict=True) if begin > end)
    arrived_s = at_s[kind == JobEventKind.ARRIVED].tolist()
    transfers = [
        (int(leaves), next((int(s) for s in arrived_s if s >= leaves), axis.end_s), int(to))
        for leaves, to in zip(at_s[kind == JobEventKind.MOVED], site[kind == JobEventKind.MOVED], strict=True)
    ]
    pauses = tuple(int(s) for s in at_s[kind == JobEventKind.PAUSED])
    return Story(own, waits, tuple(transfers), pauses, int(finished[0]) if len(finished) else -1)


def _of_job(runs: Runs, job: int) -> Runs:
    own = runs.job == job
    return Runs(
        runs.job[own],
        runs.site[own],
        runs.gear[own],
        runs.begin_s[own],
        runs.end_s[own],
        runs.run[own],
        runs.paused[own],
    )


def gear_shares(jobs: JobTable, stretches: Runs) -> tuple[Array, Array, Array]:
    """GPUs, power and speed of each stretch as shares of the job at full speed, each `(stretches,)`."""
    if not len(stretches):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    full_kw = jobs.gpus_max[stretches.job] * jobs.power_per_gpu_kw[stretches.job]
    power: Array = stretches.power_kw(jobs) / np.where(full_kw > 0, full_kw, 1.0)
    gpus: Array = stretches.gpus(jobs) / jobs.gpus_max[stretches.job]
    speed: Array = stretches.full_speed_s(jobs) / stretches.duration_s
    return gpus, power, speed


def drawn_mwh(study: Study, arm: str, job: int) -> Array:
    """IT energy above idle that `job` drew, by its stated power, `(sites, T)`, MWh."""
    axis, jobs = study.finding.truth.axis, study.finding.truth.jobs
    energy = np.zeros((len(study.finding.truth.fleet.sites), axis.periods))
    own = _of_job(study.runs[arm], job)
    starts_s = axis.starts_s()
    power_mw = own.power_kw(jobs) / 1000.0 if len(own) else np.zeros(0)
    for row in range(len(own)):
        inside_s = np.minimum(own.end_s[row], starts_s + axis.step_s) - np.maximum(own.begin_s[row], starts_s)
        energy[own.site[row]] += np.maximum(inside_s, 0) / 3600.0 * power_mw[row]
    return energy


def paid(energy_mwh: Array, signal: Array) -> float:
    """Mean of `signal` `(sites, T)` over the energy drawn, 0 where none was."""
    total_mwh = float(energy_mwh.sum())
    return float((energy_mwh * signal).sum()) / total_mwh if total_mwh else 0.0


def sunny_percent(study: Study, energy_mwh: Array) -> float:
    """Share of the energy drawn behind the main connection while solar exceeds what cannot wait there, percent."""
    total_mwh = float(energy_mwh.sum())
    mask = surplus_mask(study.flows[study.control])
    inside_mwh = float(energy_mwh[list(study.place.sites)][:, mask].sum()) if mask.any() else 0.0
    return inside_mwh / total_mwh * 100.0 if total_mwh else 0.0
