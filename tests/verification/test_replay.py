from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import Outcome, Why
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.event import Event, History, Span
from suandian.verification.metering import LoadTable
from suandian.verification.replay import (
    InForce,
    PolicyRecord,
    arrivals_hash,
    policy_hash,
    replay,
    replay_baseline,
    validate,
)
from suandian.verification.rules import rule

DAYS = 12
AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), DAYS * 24)
POLICY = b'{"policy": "run_now", "version": 3}'
NOTICE = AXIS.start_s + 11 * 86400 + 10 * 3600
EVENT = Event("e", NOTICE, NOTICE + 4 * 3600, NOTICE + 6 * 3600)
RECORD = PolicyRecord(policy_hash(POLICY), AXIS.start_s - 86400, "operator")
WHOLE = (InForce(RECORD.policy_hash, AXIS.start_s - 86400, NOTICE),)
RULE = rule("REPLAY")


def jobs(gpus=8):
    """One job a day at 06:00 for 12 h."""
    count = DAYS
    start = AXIS.start_s + 86400 * np.arange(count) + 6 * 3600
    columns = {
        "id": np.arange(count), "user": np.zeros(count), "kind": np.zeros(count), "contract": np.zeros(count),
        "submitted_s": start, "released_s": start, "due_s": start + 86400, "work_gpu_h": np.full(count, 12.0 * gpus),
        "gpus_min": np.ones(count), "gpus_max": np.full(count, gpus), "power_per_gpu_kw": np.full(count, 500.0),
        "preemptible": np.ones(count, bool), "checkpoint_h": np.zeros(count), "home": np.zeros(count),
        "sites_allowed": np.ones(count), "data_gb": np.zeros(count),
    }  # fmt: skip
    return JobTable.ordered(columns)


def run_now(arrivals, policy, axis):
    """A replay of one's own: every job runs at once; idle power 1 MW."""
    assert policy == POLICY
    load = np.ones(axis.periods)
    for released, duration, gpus, kw in zip(
        arrivals.released_s, arrivals.duration_s, arrivals.gpus_max, arrivals.power_per_gpu_kw, strict=True
    ):
        first = (released - axis.start_s) // axis.step_s
        load[first : first + duration // axis.step_s] += gpus * kw / 1000.0
    return load[None, :]


def metered(change=0.0):
    load = run_now(jobs(), POLICY, AXIS)
    load[0, 11 * 24 + 14 : 11 * 24 + 16] -= 2.0
    load[0, : 11 * 24] *= 1 + change
    return LoadTable(("a",), AXIS, load, "Asia/Shanghai", WEEKDAYS)


def made(table=None, record=RECORD, in_force=WHOLE):
    return replay(run_now, jobs(), POLICY, table or metered(), record, in_force, power_model="0.5 kW per GPU")


def test_the_counterfactual_of_the_job_log() -> None:
    # 8 GPUs · 0.5 MW + 1 MW idle = 5 MW from 6 to 18 h; 3 MW were drawn in the event: 2 MW.
    batch = replay_baseline(metered(), EVENT, RULE, History(), made())
    assert batch.outcome[0] == Outcome.MEASURED
    assert batch.baseline_mw[0].tolist() == [5.0, 5.0]
    assert (batch.baseline_mw - batch.metered_mw)[0].tolist() == [2.0, 2.0]
    assert "on 11 non-event days: bias +0.00%" in batch.notes[0]


@pytest.mark.parametrize(
    ("record", "in_force", "said"),
    [
        (PolicyRecord("0" * 64, AXIS.start_s), WHOLE, "is not the recorded one"),
        (replace(RECORD, recorded_s=NOTICE + 1), WHOLE, "recorded after the notice"),
        (RECORD, (), "not shown which policy was in force"),
        (RECORD, (replace(WHOLE[0], end_s=AXIS.start_s + 5 * 86400),), "not shown which policy was in force"),
        (
            RECORD,
            (replace(WHOLE[0], end_s=AXIS.start_s + 5 * 86400), InForce("f" * 64, AXIS.start_s + 5 * 86400, NOTICE)),
            "was in force on days that validate the reference",
        ),
    ],
    ids=["another policy", "too late", "nothing shown", "half shown", "secretly another"],
)
def test_a_policy_that_was_not_in_force_is_refused(record, in_force, said) -> None:
    batch = replay_baseline(metered(), EVENT, RULE, History(), made(record=record, in_force=in_force))
    assert batch.why[0] == Why.POLICY_NOT_IN_FORCE
    assert np.isnan(batch.baseline_mw).all()
    assert any(said in note for note in batch.notes)


def test_validation_by_hand() -> None:
    # The meter reads 1.03 times the replay: bias (1 − 1.03)/1.03 = −2.91 %, beyond 2 %.
    batch = replay_baseline(metered(0.03), EVENT, RULE, History(), made(metered(0.03)))
    assert batch.why[0] == Why.NOT_VALIDATED
    result = validate(metered(0.03), EVENT, History(), made(metered(0.03)))[0]
    assert result.bias_ratio == pytest.approx(-0.03 / 1.03)
    # Days: 12 h at 1 MW and 12 h at 5 MW. RMSE 0.03·√((1 + 25)/2), mean 3.09.
    assert result.cvrmse_ratio == pytest.approx(0.03 * np.sqrt(13.0) / 3.09)
    assert result.faults == ("the bias exceeds 2%",)
    assert validate(metered(0.015), EVENT, History(), made())[0].holds


def test_event_days_do_not_validate() -> None:
    spoiled = metered().load_mw.copy()
    spoiled[0, 24 * 3 + 12 : 24 * 3 + 14] = 0.0
    table = metered().replaced(spoiled)
    s = AXIS.start_s + 3 * 86400
    history = History((Span(s + 12 * 3600, s + 14 * 3600, "a", "x"),))
    result = validate(table, EVENT, history, made())[0]
    assert (result.days, result.bias_ratio) == (10, 0.0)


def test_too_few_days_and_wrong_shapes() -> None:
    early = Event("e", AXIS.start_s + 3 * 86400, AXIS.start_s + 3 * 86400, AXIS.start_s + 3 * 86400 + 3600)
    assert replay_baseline(metered(), early, RULE, History(), made()).why[0] == Why.NOT_VALIDATED
    assert replay_baseline(metered(), EVENT, RULE, History(), None).why[0] == Why.NO_EVIDENCE
    with pytest.raises(DataError, match="the replay returned"):
        replay(lambda *_: np.ones((2, 3)), jobs(), POLICY, metered(), RECORD, WHOLE)


def test_hashes_are_of_the_contents() -> None:
    assert arrivals_hash(jobs()) == arrivals_hash(jobs())
    assert arrivals_hash(jobs()) != arrivals_hash(jobs(gpus=9))
    assert policy_hash(POLICY) != policy_hash(POLICY + b" ")
