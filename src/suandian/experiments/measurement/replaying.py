"""Job-log replay by the simulator: the port of `verification.replay`, what it is fed with, and who was in force.

The replay gets what a plant has: the jobs that its log tells of (requests, run times, GPUs), the log of interactive
requests, the outdoor temperature, the recorded policy, and a power model fitted on earlier meters. It does not get the
power of a single job, unless the plant meters every job (`by_job`). The simulator that replays is the one that made
the world, so run times and placement repeat exactly; what is left is the error of the power model. A real plant adds
the error of its own scheduler's replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.measurement.power import PowerModel, fit_power, gpus_by_kind
from suandian.experiments.measurement.worlds import Policy, journal_of, load_of
from suandian.model.workload import FLEXIBILITY_LABELS, JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import JobEventKind
from suandian.record.journal import Journal
from suandian.simulation.truth import Truth
from suandian.verification.metering import LoadTable
from suandian.verification.replay import InForce, PolicyRecord, Replayed, policy_hash, replay

__all__ = ["Replayer", "arrivals_of", "calibrated", "in_force_of", "recorded", "replayed_for"]


@dataclass(frozen=True, slots=True, eq=False)
class Replayer:
    """The port: runs arrivals under the policy it was built for and turns them into loads by a power model."""

    truth: Truth
    policy: Policy
    model: PowerModel
    sites: tuple[str, ...]

    def __call__(self, arrivals: JobTable, policy: bytes, axis: TimeAxis) -> NDArray[np.float64]:
        """Load of its sites, `(sites, periods)` MW. Raises `DataError` for another policy or another axis."""
        if policy != self.policy.content:
            raise DataError("the replay engine holds another policy; build it for the one that is to be replayed")
        if axis != self.truth.axis:
            raise DataError(f"the replay runs on {self.truth.axis}, the meters are on {axis}")
        known = _replayable(self.truth, arrivals, None if self.model.by_job else self.model)
        journal = journal_of(known, self.policy)
        load_mw = self.model.load_mw(self._dynamic_mw(known, journal), self.truth.outdoor_c)
        ids = [site.id for site in self.truth.fleet.sites]
        return np.maximum(load_mw[[ids.index(site) for site in self.sites]], 0.0)

    def _dynamic_mw(self, known: Truth, journal: Journal) -> NDArray[np.float64]:
        """IT power above idle of every site, `(sites, periods)`."""
        sites = known.fleet.sites
        if not self.model.by_job:
            gpus = gpus_by_kind(journal.job_events(), known.jobs, known.axis, len(sites))
            return self.model.dynamic_mw(gpus, _streams_at_home_mw(known))
        return _above_idle_mw(journal, [site.id for site in sites])


def arrivals_of(journal: Journal, jobs: JobTable) -> JobTable:
    """The jobs that the journal says were submitted and did run, as its log holds them afterwards.

    Work that was submitted and withdrawn never ran anywhere; counted, it would be a load made of paper.
    """
    events = journal.job_events()
    rows = np.intersect1d(
        events.job[events.kind == JobEventKind.SUBMITTED], events.job[events.kind == JobEventKind.STARTED]
    )
    return jobs.take(rows)


def in_force_of(journal: Journal, policy: Policy) -> tuple[InForce, ...]:
    """Which policy ran when, as the journal's plans say: the recorded one, or another named by its coordinator."""
    axis, spans = journal.axis, list[InForce]()
    for plan in journal.plans():
        known = plan.coordinator == policy.coordinator
        found = policy_hash(policy.content) if known else policy_hash(plan.coordinator.encode())
        start_s, end_s = axis.start_s + plan.first * axis.step_s, axis.start_s + plan.last * axis.step_s
        if spans and spans[-1].policy_hash == found and spans[-1].end_s == start_s:
            spans[-1] = replace(spans[-1], end_s=end_s)
        else:
            spans.append(InForce(found, start_s, end_s))
    return tuple(spans)


def recorded(policy: Policy, at_s: int) -> PolicyRecord:
    """The hash of the policy, written down at `at_s` by the party that runs it."""
    return PolicyRecord(policy_hash(policy.content), at_s, policy.party)


def calibrated(truth: Truth, journal: Journal, *, by_job: bool = False) -> PowerModel:
    """A power model from a journal's own meters and job log, the log of requests and the outdoor temperature.

    `by_job`: the plant meters every job, so that the power of its kind need not be fitted.

    Raises `DataError` where the period is too short for a fit.
    """
    axis, sites = truth.axis, truth.fleet.sites
    gpus = gpus_by_kind(journal.job_events(), truth.jobs, axis, len(sites))
    it_mw = np.array([journal.metered(f"site/{site.id}/it")[0] / axis.step_h for site in sites])
    load_mw = np.array([load_of(journal, site.id) for site in sites])
    streams_mw = _streams_at_home_mw(truth)
    jobs_mw = _above_idle_mw(journal, [site.id for site in sites]) - streams_mw if by_job else None
    return fit_power(gpus, streams_mw, it_mw, load_mw, truth.outdoor_c, axis.step_h, jobs_mw=jobs_mw)


def replayed_for(engine: Replayer, journal: Journal, table: LoadTable, record: PolicyRecord) -> Replayed:
    """The replay of the jobs that a journal tells of, for the meters of `table`, with what shows who was in force."""
    policy = engine.policy
    return replay(
        engine, arrivals_of(journal, engine.truth.jobs), policy.content, table, record, in_force_of(journal, policy),
        power_model=engine.model.name,
    )  # fmt: skip


def _replayable(truth: Truth, arrivals: JobTable, model: PowerModel | None) -> Truth:
    """The world of the replay: the arrivals, with modelled power where a model is given, and no call."""
    known = np.isin(truth.jobs.id, arrivals.id)
    if int(known.sum()) != len(arrivals):
        raise DataError("the job log names jobs that the study does not have")
    jobs = arrivals
    if model is not None:
        # Placement under a curve sees powers; those of the first fit are known before everything that is replayed.
        jobs = replace(arrivals, power_per_gpu_kw=model.fits[0].kind_kw[arrivals.kind])
    return replace(truth, jobs=jobs, class_index=truth.class_index[known], instructions=())


def _above_idle_mw(journal: Journal, sites: Sequence[str]) -> NDArray[np.float64]:
    """Metered IT power above idle, jobs and streams, `(sites, periods)`."""
    reads = [[journal.metered(f"site/{site}/it/{label}")[0] for label in FLEXIBILITY_LABELS] for site in sites]
    power_mw: NDArray[np.float64] = np.array(reads).sum(axis=1) / journal.axis.step_h
    return power_mw


def _streams_at_home_mw(truth: Truth) -> NDArray[np.float64]:
    """Interactive IT power above idle by site, `(sites, periods)`, from the log of requests served at home."""
    served = np.zeros((len(truth.fleet.sites), truth.axis.periods))
    for stream in truth.streams:
        served[stream.home] += stream.demand_mw
    return served
