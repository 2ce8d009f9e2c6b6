"""Rounds: none without a network, another where the first state was far off, never more than told."""

from dataclasses import replace

import numpy as np
from tests.coordination.grid_views import HOURS, grid_view, noon_mw, problem_of

from suandian.coordination.network_solve import solved
from suandian.coordination.solvers import solve_simplex


def test_without_a_network_there_is_one_programme_and_nothing_to_tell():
    view = grid_view(pv_mw=noon_mw(14.0))
    lumped = replace(view.fleet.feeders[0], grid=None)
    view = replace(view, fleet=replace(view.fleet, feeders=(lumped,)))
    found = solved(view, problem_of(view), solve_simplex)
    assert dict(found.diagnostics) == {}
    assert found.states == ()
    assert found.site_price_cny_per_mwh.shape == (1, HOURS)


def test_a_binding_limit_is_set_up_anew_until_ac_agrees():
    evening = np.where(np.arange(HOURS) >= 18, 7.5, 1.0)
    price = np.where(np.arange(HOURS) >= 18, 100.0, 400.0)
    view = grid_view(load_mw=evening, price=price, work_mwh=20.0)
    rough = solved(view, problem_of(view), solve_simplex)
    exact = solved(view, problem_of(view), solve_simplex, exact=True)
    assert rough.diagnostics["network_unused_mw"] > 0.05
    assert exact.diagnostics["network_unused_mw"] <= 0.02
    assert 2 <= exact.diagnostics["network_rounds"] <= 3
    assert exact.solution.objective_cny < rough.solution.objective_cny
