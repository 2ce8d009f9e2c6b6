from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.model.workload import JobTable
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import JobBlock, JobEventKind, Meter
from suandian.record.journal import Journal
from suandian.verification.service import job_outcomes, service_account

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 10)
S0 = AXIS.start_s
HOUR = 3600


def jobs() -> JobTable:
    n = 3
    return JobTable.ordered(
        {
            "id": [10, 11, 12],
            "user": [0] * n,
            "kind": [0] * n,
            "contract": [0] * n,
            "submitted_s": [S0] * n,
            "released_s": [S0] * n,
            "due_s": [S0 + 4 * HOUR, S0 + 3 * HOUR, S0 + 10 * HOUR],
            "work_gpu_h": [16.0, 4.0, 8.0],
            "gpus_min": [8, 2, 1],
            "gpus_max": [8, 2, 1],
            "power_per_gpu_kw": [0.5] * n,
            "preemptible": [True] * n,
            "checkpoint_h": [0.5, 0.0, 0.0],
            "home": [0, 0, 1],
            "sites_allowed": [3] * n,
            "data_gb": [0.0] * n,
        }
    )


def journal() -> Journal:
    """Job 0 runs 1 h, pauses 1 h, runs 1.5 h (half an hour lost to the checkpoint); job 1 late; job 2 unfinished."""
    made = Journal(AXIS, (Meter("m"),), ("a", "b"))
    rows = [
        (0, JobEventKind.STARTED, 0.0, 0),
        (0, JobEventKind.PAUSED, 1.0, 0),
        (1, JobEventKind.STARTED, 2.0, 0),
        (0, JobEventKind.RESUMED, 2.0, 0),
        (0, JobEventKind.FINISHED, 3.5, 0),
        (1, JobEventKind.FINISHED, 4.0, 0),
        (2, JobEventKind.STARTED, 5.0, 1),
    ]
    made.append(
        JobBlock(
            np.array([r[0] for r in rows]),
            np.array([r[1] for r in rows], dtype=np.int8),
            np.array([int(S0 + r[2] * HOUR) for r in rows]),
            np.array([r[3] for r in rows], dtype=np.int16),
        )
    )
    return made


def test_outcomes_by_hand() -> None:
    frame = job_outcomes(journal(), jobs(), np.array([3, 3, 4]))
    assert frame["work_gpu_h"].to_list() == pytest.approx([16.0, 4.0, 5.0])  # 2.5 h run − 0.5 h lost, on 8 GPUs
    assert frame["delay_h"].to_list() == pytest.approx([1.5, 2.0, 2.0])
    assert frame["missed"].to_list() == [False, True, True]
    assert frame["finished"].to_list()[0] == datetime(2026, 4, 1, 3, 30, tzinfo=UTC)
    assert frame["finished"].to_list()[2] is None
    assert frame["site"].to_list() == ["a", "a", "b"]
    assert frame["pauses"].to_list() == [1, 0, 0]


def test_the_account_counts_what_is_unfinished() -> None:
    result = service_account(job_outcomes(journal(), jobs(), np.array([3, 3, 4])))
    assert (result.jobs_completed, result.deadline_misses) == (2, 2)
    assert result.delay_mean_h == pytest.approx(5.5 / 3)
    assert result.work_gpu_h == pytest.approx(25.0)


def test_nothing_happened() -> None:
    empty = Journal(AXIS, (Meter("m"),), ("a", "b"))
    frame = job_outcomes(empty, jobs(), np.array([3, 3, 4]))
    assert frame["started"].null_count() == 3
    assert service_account(frame).work_gpu_h == 0.0
