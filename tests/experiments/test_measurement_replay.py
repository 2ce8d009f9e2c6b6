"""The replay plugged into its port: right where the policy was in force, refused where it was not."""

from dataclasses import replace

import numpy as np
import pytest
from measured_study import called, measured

from suandian.experiments.measurement.calls import events_of, history_of, own_calls
from suandian.experiments.measurement.replaying import (
    Replayer,
    arrivals_of,
    calibrated,
    in_force_of,
    recorded,
    replayed_for,
)
from suandian.experiments.measurement.worlds import arm_of, journal_of, load_of, table_of
from suandian.quantity.errors import DataError
from suandian.record.events import JobBlock, JobEventKind, PlanEnacted
from suandian.record.journal import Journal
from suandian.verification.baseline import Outcome, Why
from suandian.verification.engine import Evidence, baseline
from suandian.verification.replay import policy_hash
from suandian.verification.rules import rule


def prepared(by_job: bool = True):
    scenario = called()
    truth, policy = scenario.truth(), arm_of(scenario)
    calls = own_calls(truth)
    journal = journal_of(truth, policy, calls)
    table = table_of(journal, "hall", scenario.zone)
    replayer = Replayer(truth, policy, calibrated(truth, journal, by_job=by_job), ("hall",))
    return truth, policy, calls, journal, table, replayer


def test_the_replay_is_the_load_without_the_event() -> None:
    truth, policy, calls, journal, table, replayer = prepared()
    replayed = replayed_for(replayer, journal, table, recorded(policy, truth.axis.start_s))
    without = load_of(journal_of(truth, policy), "hall")
    told = np.isfinite(replayed.load_mw[0])
    assert told.mean() > 0.2
    np.testing.assert_allclose(replayed.load_mw[0, told], without[told], rtol=0.02)
    events = events_of(calls)
    batch = baseline(table, events[0], rule("REPLAY"), history_of(events), Evidence(replayed=replayed))
    span = slice(batch.first, batch.last)
    assert batch.outcome[0] == Outcome.MEASURED
    np.testing.assert_allclose(batch.baseline_mw[0], without[span], rtol=0.02)


def test_another_policy_than_the_recorded_one_is_refused() -> None:
    truth, policy, calls, journal, table, replayer = prepared()
    events = events_of(calls)
    other = arm_of(called(), "threshold")
    # The record names another policy; and a record made after the notice is none.
    for record in (recorded(other, truth.axis.start_s), recorded(policy, events[0].notified_s + 1)):
        replayed = replayed_for(replayer, journal, table, record)
        batch = baseline(table, events[0], rule("REPLAY"), history_of(events), Evidence(replayed=replayed))
        assert (batch.outcome[0], batch.why[0]) == (Outcome.NOT_MEASURABLE, Why.POLICY_NOT_IN_FORCE)


def test_a_policy_that_was_not_in_force_is_refused() -> None:
    truth, policy, calls, _, _, replayer = prepared()
    scenario, events = called(), events_of(calls)
    run = journal_of(truth, arm_of(scenario, "threshold"), calls)  # another coordinator really ran the jobs
    table = table_of(run, "hall", scenario.zone)
    replayed = replayed_for(replayer, run, table, recorded(policy, truth.axis.start_s))
    assert {span.policy_hash for span in replayed.in_force} == {policy_hash(b"threshold")}
    batch = baseline(table, events[0], rule("REPLAY"), history_of(events), Evidence(replayed=replayed))
    assert (batch.outcome[0], batch.why[0]) == (Outcome.NOT_MEASURABLE, Why.POLICY_NOT_IN_FORCE)


def test_the_port_refuses_what_it_was_not_built_for() -> None:
    truth, _, _, journal, _, replayer = prepared()
    arrivals = arrivals_of(journal, truth.jobs)
    with pytest.raises(DataError, match="another policy"):
        replayer(arrivals, b"something else", truth.axis)
    with pytest.raises(DataError, match="runs on"):
        replayer(arrivals, replayer.policy.content, truth.axis.part(0, 5))
    with pytest.raises(DataError, match="does not have"):
        replayer(replace(arrivals, id=arrivals.id + 10**9), replayer.policy.content, truth.axis)


def test_work_that_never_ran_is_no_arrival() -> None:
    jobs = measured().truth().jobs
    axis = measured().axis
    journal = Journal(axis, (), ())
    kind = np.array([JobEventKind.SUBMITTED, JobEventKind.SUBMITTED, JobEventKind.STARTED], dtype=np.int8)
    journal.append(JobBlock(np.array([0, 1, 1]), kind, np.full(3, axis.start_s), np.zeros(3, dtype=np.int16)))
    np.testing.assert_array_equal(arrivals_of(journal, jobs).id, jobs.id[[1]])


def test_who_was_in_force_is_read_from_the_plans() -> None:
    policy, axis = arm_of(measured()), measured().axis
    journal = Journal(axis, (), ("hall",))
    for first, last, name in ((0, 3, "run_now"), (3, 5, "run_now"), (5, 6, "threshold")):
        journal.append(PlanEnacted(first, last, name, np.zeros((1, last - first)), 0, {}))
    spans = in_force_of(journal, policy)
    assert [(s.start_s - axis.start_s, s.end_s - axis.start_s) for s in spans] == [(0, 5 * 3600), (5 * 3600, 6 * 3600)]
    assert spans[0].policy_hash == policy_hash(policy.content) != spans[1].policy_hash
