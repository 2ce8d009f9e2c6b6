"""Seven jobs with gears, checkpoints and data that travel, and what two kinds of arm did with them, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from suandian.experiments.finding import Arm, Finding
from suandian.model.plan import Transfer
from suandian.model.workload import JobTable, Pace, Stream
from suandian.record.events import JobBlock, JobEventKind
from suandian.simulation.truth import Truth
from suandian.verification.service import job_outcomes, service_account

S, P, R, M, F, A = (
    JobEventKind.STARTED,
    JobEventKind.PAUSED,
    JobEventKind.RESUMED,
    JobEventKind.MOVED,
    JobEventKind.FINISHED,
    JobEventKind.ARRIVED,
)
FULL, CAPPED, NARROW = JobEventKind.GEAR_0, JobEventKind.GEAR_1, JobEventKind.GEAR_2
#: 75 % of the power for 93 % of the speed; half of the GPUs for half of the speed.
PACE = Pace("cap 75 %, GPUs 50 %", (1.0, 1.0, 0.5), (1.0, 0.75, 0.8), (1.0, 0.93, 0.5))
GB_PER_H, CNY_PER_GB = 500.0, 0.01
#: columns: released h, due h, run h at full speed, GPUs, kind, data GB; times from the start of the study
JOBS = (
    (6.0, 72.0, 18.0, 400, "training", 800.0),  # 0: paused at night, run at noon; the leader
    (7.0, 80.0, 20.0, 200, "training", 1000.0),  # 1: moved there and back between two pauses
    (8.0, 40.0, 20.0, 160, "training", 100.0),  # 2: slowed, and late
    (9.0, 90.0, 40.0, 600, "training", 100.0),  # 3: the largest, but untouched
    (10.0, 30.0, 20.0, 500, "training", 100.0),  # 4: no slack
    (11.0, 60.0, 4.0, 80, "batch", 10.0),  # 5: no training
    (30.0, 200.0, 10.0, 320, "training", 50.0),  # 6: due after the days shown
)
Story = Mapping[int, Sequence[tuple[float, JobEventKind, int]]]
CONTROL: Story = {row: ((job[0], S, 0), (job[0] + job[2], F, 0)) for row, job in enumerate(JOBS)}
BENT: Story = dict(CONTROL) | {
    0: (
        (10.0, S, 0),
        (16.0, P, 0),
        (34.0, R, 0),
        (36.0, CAPPED, 0),
        (40.0, P, 0),
        (58.0, R, 0),
        (64.0, F, 0),
    ),
    1: (
        (7.0, S, 0),
        (12.0, P, 0),
        (13.0, M, 1),
        (15.0, A, 1),
        (16.0, R, 1),
        (24.0, P, 1),
        (26.0, M, 0),
        (28.0, A, 0),
        (33.0, R, 0),
        (40.0, F, 0),
    ),
    2: ((8.0, S, 0), (8.0, NARROW, 0), (20.0, FULL, 0), (30.0, CAPPED, 0), (44.0, F, 0)),
    5: ((20.0, S, 0), (24.0, F, 0)),
    6: ((60.0, S, 0), (70.0, F, 0)),
}
POWER_KW = 0.5


def bend(finding: Finding) -> Finding:
    """`finding` with the seven jobs; arms other than the control bend them, and with larger batches."""
    truth = finding.truth
    sites = len(truth.fleet.sites)
    jobs = _jobs(truth, sites)
    stream = Stream("beijing", "beijing", "F1", 20.0, 0, 1, 0.5, np.ones(truth.axis.periods), 0.8)
    truth = replace(
        truth,
        jobs=jobs,
        class_index=np.zeros(len(jobs), np.int64),
        streams=(stream,),
        fleet=replace(truth.fleet, transfer=Transfer(GB_PER_H, 1e-6, CNY_PER_GB)),
        objective=replace(truth.objective, slowing_cny_per_mwh=20.0, batching_cny_per_mwh=200.0),
    )
    arms = {name: _arm(arm, truth, name != finding.control) for name, arm in finding.arms.items()}
    return replace(finding, truth=truth, arms=arms)


def _jobs(truth: Truth, sites: int) -> JobTable:
    released_h, due_h, run_h, gpus, kinds, data_gb = (np.array(column) for column in zip(*JOBS, strict=True))
    start_s = truth.axis.start_s
    same = np.zeros(len(JOBS))
    columns = {
        "id": np.arange(len(JOBS)) + 101,
        "user": same,
        "kind": np.where(kinds == "training", 1, 0),
        "contract": same,
        "submitted_s": start_s + released_h * 3600,
        "released_s": start_s + released_h * 3600,
        "due_s": start_s + due_h * 3600,
        "work_gpu_h": run_h * gpus,
        "gpus_min": gpus,
        "gpus_max": gpus,
        "power_per_gpu_kw": same + POWER_KW,
        "preemptible": same == 0,
        "checkpoint_h": same + 0.25,
        "checkpoint_every_h": same + 1.0,
        "home": same,
        "sites_allowed": np.full(len(JOBS), (1 << sites) - 1),
        "data_gb": data_gb,
        "pace": same + 1,
    }
    return JobTable.ordered(
        columns,
        user_names=("user",),
        kind_names=("batch", "training"),
        contract_ids=("contract",),
        paces=(Pace("full"), PACE),
    )


def _arm(arm: Arm, truth: Truth, bent: bool) -> Arm:
    told = BENT if bent and len(truth.fleet.sites) > 1 else CONTROL
    # Blocks are in the order of time, as a world writes them; of one instant, a start comes before its gear.
    rows = sorted(
        (at_h, job, order, kind, site)
        for job, events in told.items()
        for order, (at_h, kind, site) in enumerate(events)
    )
    rows = [row for row in rows if row[0] * 3600 <= truth.axis.end_s - truth.axis.start_s]
    arm.journal.append(
        JobBlock(
            np.array([job for _, job, _, _, _ in rows]),
            np.array([kind for _, _, _, kind, _ in rows], np.int8),
            np.array([truth.axis.start_s + round(at_h * 3600) for at_h, *_ in rows]),
            np.array([site for *_, site in rows], np.int16),
        )
    )
    frame = job_outcomes(arm.journal, truth.jobs, np.full(len(truth.jobs), 4))
    service = service_account(frame)
    moved_gb = float(frame["moved_gb"].sum())
    kpis = dict(arm.kpis) | {
        "jobs_completed": float(service.jobs_completed),
        "deadline_misses": float(service.deadline_misses),
        "delay_mean_h": service.delay_mean_h,
        "delay_p95_h": service.delay_p95_h,
        "work_gpu_h": service.work_gpu_h,
        "moved_gb": moved_gb,
        "transfer_cost_cny": moved_gb * CNY_PER_GB,
        "interactive_batched_mwh": 12.5 if bent else 0.0,
    }
    return replace(arm, kpis=kpis, jobs=frame)
