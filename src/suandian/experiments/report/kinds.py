"""What each kind of flexibility touched in an arm: jobs, work, energy, and what was paid for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.report.bending import gear_shares
from suandian.experiments.report.study import Study
from suandian.verification.runs import Runs

__all__ = ["KINDS", "Touched", "offered", "repeated_mwh", "touched"]

#: In the order of the report: first what leaves the run whole, then what bends it, then requests.
KINDS: tuple[str, ...] = ("later", "paused", "capped", "narrower", "moved", "batched")


@dataclass(frozen=True, slots=True)
class Touched:
    """One kind in one arm. A job may be touched in several ways and counts in each.

    work_gpu_h   work done so, in GPU-hours at full speed
    energy_mwh   IT energy above idle drawn for it; for larger batches the energy that they saved
    cost_cny     what carriers, tenants or users are paid for it
    """

    jobs: int
    work_gpu_h: float
    energy_mwh: float
    cost_cny: float


def offered(study: Study) -> frozenset[str]:
    """The kinds that the study's work and streams allow at all."""
    truth = study.finding.truth
    jobs = truth.jobs
    used = [jobs.paces[row] for row in np.unique(jobs.pace).tolist()]
    gears = [(share, power) for pace in used for share, power in zip(pace.gpu_ratio, pace.power_ratio, strict=True)]
    own_site = np.uint64(1) << jobs.home.astype(np.uint64)
    holds = {
        "later": bool((jobs.slack_h > 0).any()),
        "paused": bool((jobs.preemptible & (jobs.slack_h > 0) & (jobs.interruptions_max > 0)).any()),
        "capped": any(share == 1.0 and power < 1.0 for share, power in gears),
        "narrower": any(share < 1.0 for share, _ in gears),
        "moved": bool((jobs.sites_allowed != own_site).any()) and len(truth.fleet.sites) > 1,
        "batched": any(stream.batch_power_ratio < 1.0 for stream in truth.streams),
    }
    return frozenset(kind for kind, held in holds.items() if held)


def touched(study: Study, arm: str) -> Mapping[str, Touched]:
    """Every kind in `arm`, from its journal; later means more than one interval after the release."""
    truth, runs, kpis = study.finding.truth, study.runs[arm], study.finding.arms[arm].kpis
    jobs, objective = truth.jobs, truth.objective
    masks = _masks(study, runs)
    work_gpu_h = runs.full_speed_s(jobs) / 3600.0 * jobs.gpus_max[runs.job]
    drawn_mwh = runs.duration_s / 3600.0 * runs.power_kw(jobs) / 1000.0
    # Tenants are paid per MWh that the work would have drawn at full speed.
    whole_mwh = work_gpu_h * jobs.power_per_gpu_kw[runs.job] / 1000.0
    cost_cny = {
        "moved": kpis["transfer_cost_cny"],
        "capped": float(whole_mwh[masks["capped"]].sum()) * objective.slowing_cny_per_mwh,
        "narrower": float(whole_mwh[masks["narrower"]].sum()) * objective.slowing_cny_per_mwh,
    }
    found = {
        kind: Touched(
            jobs=len(np.unique(runs.job[mask])),
            work_gpu_h=float(work_gpu_h[mask].sum()),
            energy_mwh=float(drawn_mwh[mask].sum()),
            cost_cny=cost_cny.get(kind, 0.0),
        )
        for kind, mask in masks.items()
    }
    saved_mwh = kpis["interactive_batched_mwh"]
    found["batched"] = Touched(0, 0.0, saved_mwh, saved_mwh * objective.batching_cny_per_mwh)
    return found


def _masks(study: Study, runs: Runs) -> dict[str, NDArray[np.bool_]]:
    """Stretches of each kind, `(stretches,)`."""
    jobs, axis = study.finding.truth.jobs, study.finding.truth.axis
    begins = np.flatnonzero(np.diff(runs.job, prepend=-1))
    size = np.diff(np.append(begins, len(runs)))
    first_s, first_run = np.repeat(runs.begin_s[begins], size), np.repeat(runs.run[begins], size)
    gpus, _, _ = gear_shares(jobs, runs)
    slow = runs.gear > 0
    return {
        "later": first_s > jobs.released_s[runs.job] + axis.step_s,
        "paused": runs.run > first_run,
        "capped": slow & (gpus >= 1.0),
        "narrower": slow & (gpus < 1.0),
        "moved": runs.site != jobs.home[runs.job],
    }


def repeated_mwh(study: Study, arm: str) -> float:
    """Energy of the work that pauses made to be done again, at full power."""
    jobs = study.finding.truth.jobs
    lost_h = study.runs[arm].lost_s(jobs) / 3600.0
    return float((lost_h * jobs.gpus_max * jobs.power_per_gpu_kw).sum() / 1000.0)
