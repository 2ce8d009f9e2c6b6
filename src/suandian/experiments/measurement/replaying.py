"""Job-log replay by the simulator: the port of `verification.replay`, what it is fed with, and who was in force.

The replay gets what a plant has: the jobs that its log tells of (requests, run times, GPUs), the log of interactive
requests, the outdoor temperature, the recorded policy, and a power model fitted on earlier meters. It does not get the
power of a single job. The simulator that replays is the one that made the world, so run times and placement repeat
exactly; what is left is the error of the power model. A real plant adds the error of its own scheduler's replay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.measurement.power import PowerModel, fit_power, gpus_by_kind
from suandian.experiments.measurement.worlds import Policy, journal_of, load_of
from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import JobEventKind
from suandian.record.journal import Journal
from suandian.simulation.truth import Truth
from suandian.verification.metering import LoadTable
from suandian.verification.replay import InForce, PolicyRecord, Replayed, ReplayEngine, policy_hash, replay

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
        known = _as_modelled(self.truth, arrivals, self.model)
        journal = journal_of(known, self.policy)
        gpus = gpus_by_kind(journal.job_events(), known.jobs, axis, len(self.truth.fleet.sites))
        load_mw = self.model.load_mw(gpus, _streams_at_home_mw(self.truth), self.truth.outdoor_c)
        ids = [site.id for site in self.truth.fleet.sites]
        return np.maximum(load_mw[[ids.index(site) for site in self.sites]], 0.0)


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


def calibrated(truth: Truth, journal: Journal) -> PowerModel:
    """A power model from a journal's own meters and job log, the log of requests and the outdoor temperature.

    Raises `DataError` where the period is too short for a fit.
    """
    axis, sites = truth.axis, truth.fleet.sites
    gpus = gpus_by_kind(journal.job_events(), truth.jobs, axis, len(sites))
    it_mw = np.array([journal.metered(f"site/{site.id}/it")[0] / axis.step_h for site in sites])
    load_mw = np.array([load_of(journal, site.id) for site in sites])
    return fit_power(gpus, _streams_at_home_mw(truth), it_mw, load_mw, truth.outdoor_c, axis.step_h)


def replayed_for(
    engine: ReplayEngine,
    policy: Policy,
    journal: Journal,
    jobs: JobTable,
    table: LoadTable,
    record: PolicyRecord,
    power_model: str,
) -> Replayed:
    """The replay of the jobs that a journal tells of, for the meters of `table`, with what shows who was in force."""
    return replay(
        engine, arrivals_of(journal, jobs), policy.content, table, record, in_force_of(journal, policy),
        power_model=power_model,
    )  # fmt: skip


def _as_modelled(truth: Truth, arrivals: JobTable, model: PowerModel) -> Truth:
    """The world of the replay: arrivals with modelled power."""
    known = np.isin(truth.jobs.id, arrivals.id)
    if int(known.sum()) != len(arrivals):
        raise DataError("the job log names jobs that the study does not have")
    # Placement under a curve sees powers; those of the first fit are known before everything that is replayed.
    jobs = replace(arrivals, power_per_gpu_kw=model.fits[0].kind_kw[arrivals.kind])
    return replace(truth, jobs=jobs, class_index=truth.class_index[known], instructions=())


def _streams_at_home_mw(truth: Truth) -> NDArray[np.float64]:
    """Interactive IT power above idle by site, `(sites, periods)`, from the log of requests served at home."""
    served = np.zeros((len(truth.fleet.sites), truth.axis.periods))
    for stream in truth.streams:
        served[stream.home] += stream.demand_mw
    return served
