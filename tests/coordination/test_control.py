"""The control and the form of a rule's plan."""

import importlib.util
from pathlib import Path

import numpy as np

from suandian.coordination.control import RunNow, rule_plan

_SPEC = importlib.util.spec_from_file_location("small_views", Path(__file__).with_name("small_views.py"))
views = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(views)


def view():
    prices = np.ones((2, 8))
    return views.view([views.site("a"), views.site("b")], [{}], prices, streams=[(1, {0, 1}, [0.002] * 8)])


def test_the_control_starts_everything_at_once_and_serves_streams_at_home() -> None:
    plan = RunNow().plan(view())
    assert plan.coordinator == RunNow().name == "run_now"
    assert plan.start_at_once
    assert plan.stands_for == plan.axis.periods == 8
    assert not plan.it_mw.any()
    assert plan.stream_mw[0].tolist() == [[0.0] * 8, [0.002] * 8]


def test_a_rules_plan_leaves_the_battery_to_its_own_rule_and_holds_no_pv_back() -> None:
    here = view()
    told = {"low_ratio": 0.5}
    plan = rule_plan(here, "mine", 2, np.ones((1, 2, 4)), np.zeros((1, 2, 4)), told, may_pause=False)
    assert (plan.axis.start, plan.axis.periods, plan.stands_for) == (here.axis.start, 4, 2)
    assert plan.charge_mw is plan.discharge_mw is plan.site_rank is None
    assert plan.curtail_mw.tolist() == [[0.0] * 4] * 2
    assert np.isinf(plan.import_guard_mw).all()
    assert plan.import_guard_mw.shape == (2,)
    assert (plan.start_at_once, plan.may_pause) == (False, False)
    assert plan.diagnostics == told
    assert plan.diagnostics is not told
