"""Truth of an event and credit against it, by hand; and that a twin is the same world up to the notice."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from measured_study import called

from suandian.experiments.measurement.calls import own_calls
from suandian.experiments.measurement.twins import judge, twin, twins
from suandian.experiments.measurement.worlds import arm_of, journal_of, load_of
from suandian.model.programme import Instruction
from suandian.quantity.timeaxis import TimeAxis

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(minutes=30), 96)
CALL = Instruction("e", "grid", "dc", "a", AXIS.start_s, AXIS.start_s + 3600, AXIS.start_s + 7200, 1.0)
NAN = float("nan")


def test_the_truth_of_an_event_by_hand() -> None:
    with_mw, without_mw = np.full(96, 10.0), np.full(96, 10.0)
    with_mw[2:4] = [7.0, 6.0]  # the event's two half hours: 3 and 4 MW less, 3.5 MWh
    with_mw[4:6] = [12.0, 11.0]  # afterwards 2 and 1 MW more: 1.5 MWh come back
    with_mw[60] = 50.0  # more than a day later: not counted
    other_with, other_without = np.full(96, 5.0), np.full(96, 5.0)
    other_with[3] = 6.0  # the other site takes 1 MW for half an hour
    found = twin(AXIS, CALL, {"a": (with_mw, without_mw), "b": (other_with, other_without)})
    assert (found.first, found.last) == (2, 4)
    assert found.true_mwh == pytest.approx(3.5)
    assert found.without_mwh == pytest.approx(10.0)
    assert found.rebound_mwh == pytest.approx(1.5)
    assert found.elsewhere_mwh == pytest.approx(0.5)


def test_the_verdict_by_hand() -> None:
    true = np.array([4.0, 2.0, 2.0, 1.0])
    credited = np.array([5.0, 1.0, -1.0, NAN])  # the last was not measurable
    low, high = np.array([3.0, 0.0, NAN, NAN]), np.array([6.0, 1.5, NAN, NAN])
    found = judge(true, credited, low, high)
    assert (found.asked, found.events) == (4, 3)
    assert (found.true_mwh, found.credited_mwh) == (8.0, 5.0)
    assert found.bias_ratio == pytest.approx(-3 / 8)
    # Errors +1, −1, −3: √(11/3) over a mean of 8/3.
    assert found.rmse_ratio == pytest.approx(np.sqrt(11 / 3) / (8 / 3))
    # Relative: 1/4, 1/2, 3/2.
    assert found.median_error_ratio == pytest.approx(0.5)
    assert (found.covered, found.bounded) == (1, 2)
    # Paid 5, 1, 0 for 4, 2, 2: one MWh for nothing, one and two not paid.
    assert found.false_payment_mwh == pytest.approx(1.0)
    assert found.unpaid_mwh == pytest.approx(3.0)


def test_nothing_measurable_is_no_number() -> None:
    found = judge(np.array([1.0]), np.array([NAN]), np.array([NAN]), np.array([NAN]))
    assert found.events == 0
    assert np.isnan(found.bias_ratio)


def test_no_ratio_is_taken_of_nothing() -> None:
    # 0.1 and 3 MWh delivered where a hundredth of the load is 0.5 MWh: the first has no ratio, the sum has one.
    true, credited, none = np.array([0.1, 3.0]), np.array([1.0, 3.3]), np.full(2, NAN)
    found = judge(true, credited, none, none, np.full(2, 0.5))
    assert found.p90_error_ratio == pytest.approx(0.1)
    assert found.bias_ratio == pytest.approx(1.2 / 3.1)
    nothing = judge(true[:1], credited[:1], none[:1], none[:1], np.array([0.5]))
    assert np.isnan(nothing.bias_ratio)
    assert nothing.false_payment_mwh == pytest.approx(0.9)


def test_a_twin_is_the_same_world_up_to_the_event_and_the_call_is_answered() -> None:
    scenario = called()
    truth, policy = scenario.truth(), arm_of(scenario)
    calls = own_calls(truth)
    world, without = journal_of(truth, policy, calls), journal_of(truth, policy)
    (found,) = twins(truth, policy, calls, world)
    a, b = load_of(world, "hall"), load_of(without, "hall")
    np.testing.assert_array_equal(a[: found.first], b[: found.first])
    assert found.true_mwh == pytest.approx((b - a)[found.first : found.last].sum() * truth.axis.step_h)
    assert found.true_mwh > 0.1
    # Jobs that cannot wait go on, all others keep to the limit: the load falls towards it.
    limit_mw = calls[0].import_max_mw
    assert np.abs(a - limit_mw)[found.first : found.last].max() < np.abs(b - limit_mw)[found.first : found.last].max()
    # The same seeds tell the same story twice.
    assert journal_of(truth, policy, calls).head == world.head
