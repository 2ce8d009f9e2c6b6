from datetime import UTC, datetime

import numpy as np
import pytest

from suandian.model.workload import FULL_PACE, JobTable, Pace
from suandian.record.events import JobBlock, JobEventKind
from suandian.verification.runs import job_runs

S0 = int(datetime(2026, 4, 1, tzinfo=UTC).timestamp())
HOUR = 3600
PACE = Pace("capped", (1.0, 1.0, 0.5), (1.0, 0.6, 0.7), (1.0, 0.8, 0.4))


def jobs() -> JobTable:
    return JobTable.ordered(
        {
            "id": [0, 1],
            "user": [0, 0],
            "kind": [0, 0],
            "contract": [0, 0],
            "submitted_s": [S0, S0],
            "released_s": [S0, S0],
            "due_s": [S0 + 90 * HOUR] * 2,
            "work_gpu_h": [20.0, 8.0],
            "gpus_min": [3, 1],
            "gpus_max": [5, 2],
            "power_per_gpu_kw": [0.5, 0.4],
            "preemptible": [True, True],
            "checkpoint_h": [0.1, 0.0],
            "home": [0, 0],
            "sites_allowed": [3, 3],
            "data_gb": [0.0, 0.0],
            "pace": [1, 0],
            "checkpoint_every_h": [1.0, 0.0],
        },
        paces=(FULL_PACE, PACE),
    )


def block(*rows: tuple[int, JobEventKind, float, int]) -> JobBlock:
    return JobBlock(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([int(row[1]) for row in rows], dtype=np.int8),
        np.array([round(S0 + row[2] * HOUR) for row in rows], dtype=np.int64),
        np.array([row[3] for row in rows], dtype=np.int16),
    )


def test_gears_cut_a_run_into_stretches() -> None:
    kind = JobEventKind
    runs = job_runs(
        block(
            (0, kind.SUBMITTED, 0.0, -1),
            (0, kind.STARTED, 0.0, 0),
            (1, kind.STARTED, 0.5, 1),
            (0, kind.GEAR_1, 1.0, 0),
            (0, kind.GEAR_2, 2.0, 0),
            (0, kind.PAUSED, 3.0, 0),
            (0, kind.MOVED, 3.0, 1),
            (0, kind.RESUMED, 5.0, 1),
            (0, kind.GEAR_1, 5.0, 1),
        ),
        S0 + 6 * HOUR,
    )
    hours = [
        (round((b - S0) / HOUR, 3), round((e - S0) / HOUR, 3)) for b, e in zip(runs.begin_s, runs.end_s, strict=True)
    ]
    assert list(zip(runs.job.tolist(), runs.site.tolist(), runs.gear.tolist(), hours, strict=True)) == [
        (0, 0, 0, (0.0, 1.0)),
        (0, 0, 1, (1.0, 2.0)),
        (0, 0, 2, (2.0, 3.0)),
        (0, 1, 1, (5.0, 6.0)),
        (1, 1, 0, (0.5, 6.0)),
    ]
    assert runs.run.tolist() == [0, 0, 0, 1, 2]
    assert runs.paused.tolist() == [True, True, True, False, False]
    # 1 h at full speed, 1 h at 0.8, 1 h at 0.4; half of five GPUs are three.
    assert runs.full_speed_s(jobs()) == pytest.approx(np.array([1.0, 0.8, 0.4, 0.8, 5.5]) * HOUR)
    assert runs.gpus(jobs()).tolist() == [5, 5, 3, 5, 2]
    assert runs.power_kw(jobs()) == pytest.approx([2.5, 1.5, 5 * 0.5 * 0.5 * 0.7, 1.5, 0.8])
    # 2.2 h of work with checkpoints every hour: 0.2 h are lost, and 0.1 h goes into the checkpoint.
    assert runs.lost_s(jobs()) == pytest.approx([0.3 * HOUR, 0.0])


def test_no_events_no_runs() -> None:
    runs = job_runs(block(), S0)
    assert len(runs) == 0
    assert runs.lost_s(jobs()).tolist() == [0.0, 0.0]
