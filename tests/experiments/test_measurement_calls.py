"""Test calls, the period before a study, and the policy that answers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from measured_study import MEASURED, measured

from suandian.coordination.control import RunNow
from suandian.experiments.measurement import TestCalls
from suandian.experiments.measurement.called import Answering, policy_bytes
from suandian.experiments.measurement.calls import test_calls as lay_calls
from suandian.experiments.measurement.period import own_days, period_of
from suandian.experiments.measurement.worlds import arm_of
from suandian.experiments.scenario import Scenario
from suandian.model.programme import Instruction
from suandian.quantity.errors import ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.simulation.desk import ForecastSchedule
from suandian.simulation.engine import SimulatedWorld
from suandian.verification.calendar import mainland_china


def test_calls_by_hand() -> None:
    # 20 local days from 30 March 2026, a Monday. 6 April is the holiday Qingming's substitute, a Monday.
    axis = TimeAxis(datetime(2026, 3, 29, 16, tzinfo=UTC), timedelta(hours=1), 20 * 24)
    load = np.tile(np.arange(24.0), 20)
    laid = TestCalls(from_h=17, to_h=20, notice_h=4, depth_ratio=0.25, weekdays=(0, 1), days=20)
    found = lay_calls(axis, "Asia/Shanghai", mainland_china(), "a", load, laid)
    assert [call.id for call in found] == ["test-2026-03-30", "test-2026-03-31", "test-2026-04-07", "test-2026-04-13",
                                           "test-2026-04-14"]  # fmt: skip
    first = found[0]
    assert first.start_s == axis.start_s + 17 * 3600
    assert (first.start_s - first.issued_at_s, first.end_s - first.start_s) == (4 * 3600, 3 * 3600)
    assert first.import_max_mw == pytest.approx(0.75 * 18.0)  # hours 17, 18 and 19 draw 17, 18 and 19 MW


def test_calls_that_fit_nowhere_or_make_no_sense_are_told() -> None:
    axis = TimeAxis(datetime(2026, 3, 29, 16, tzinfo=UTC), timedelta(hours=1), 24)
    with pytest.raises(ScenarioError, match="no test call fits"):
        lay_calls(axis, "Asia/Shanghai", mainland_china(), "a", np.ones(24), TestCalls())
    with pytest.raises(ScenarioError) as told:
        TestCalls(from_h=20, to_h=17, notice_h=-1, depth_ratio=1.5)
    assert [fault.path for fault in told.value.faults] == ["--hours", "--notice", "--depth"]


def test_a_longer_period_ends_with_the_study_and_keeps_its_rate() -> None:
    own = measured()
    assert own_days(own) == 20
    assert period_of(own, 20) is own
    longer = period_of(own, 60)
    assert (longer.axis.end, longer.axis.duration_h) == (own.axis.end, 60 * 24.0)
    assert longer.study.jobs.count == 3 * own.study.jobs.count
    with pytest.raises(ScenarioError, match="at least one day"):
        period_of(own, 0)


def test_tables_cannot_be_lengthened() -> None:
    axis = measured().axis
    price = {site: np.full(axis.periods, 400.0) for site in ("hall", "west")}
    sections = {name: part for name, part in MEASURED.items() if name != "time"}
    given = Scenario.build(**sections, axis=axis, zone="Asia/Shanghai", signals={"price": price})
    assert period_of(given, 20) is given
    with pytest.raises(ScenarioError, match=r"signals\.price cover the study's own days alone; write --days 20"):
        period_of(given, 40)


def test_an_unknown_arm_is_told() -> None:
    with pytest.raises(ScenarioError, match="write one of run_now, threshold"):
        arm_of(measured(), "rolling")


def test_a_policy_without_a_curve_answers_a_limit_only_while_it_binds() -> None:
    truth = measured().truth()
    start_s = truth.axis.start_s
    order = Instruction("i", "grid", "owner", "hall", start_s, start_s + 5 * 3600, start_s + 8 * 3600, 0.9)
    world = SimulatedWorld(replace(truth, instructions=(order,)), ForecastSchedule.perfect())
    answering = Answering(RunNow())
    before = answering.plan(world.view("owner"))
    assert (before.start_at_once, before.stands_for) == (True, 5)
    world.enact(before, 5)
    during = answering.plan(world.view("owner"))
    assert not during.start_at_once
    assert (during.coordinator, during.axis.periods) == ("run_now", 3)
    world.enact(during, 8 if during.stands_for >= 3 else 5 + during.stands_for)
    while world.now < 8:
        plan = answering.plan(world.view("owner"))
        world.enact(plan, world.now + plan.stands_for)
    assert answering.plan(world.view("owner")).start_at_once


def test_policy_bytes_tell_options_apart() -> None:
    assert policy_bytes("run_now", {}) == policy_bytes("run_now", {})
    assert policy_bytes("threshold", {"percentile": 30.0}) != policy_bytes("threshold", {"percentile": 40.0})
