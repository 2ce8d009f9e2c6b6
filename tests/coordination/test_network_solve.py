"""Rounds: none without a network, another where the first state was far off, never more than told."""

from dataclasses import replace

import numpy as np
from tests.coordination.grid_views import HOURS, grid_view, noon_mw, problem_of
from tests.physics.pv_feeder import feeder_of, stiff

from suandian.coordination.network import guessed, with_network
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


def test_a_binding_limit_uses_all_that_ac_flow_leaves():
    """The row follows the site's reactive power, so that the first programme is right already."""
    evening = np.where(np.arange(HOURS) >= 18, 7.5, 1.0)
    price = np.where(np.arange(HOURS) >= 18, 100.0, 400.0)
    view = grid_view(load_mw=evening, price=price, work_mwh=20.0)
    for exact in (False, True):
        found = solved(view, problem_of(view), solve_simplex, exact=exact)
        assert found.diagnostics["network_unused_mw"] <= 0.05
        assert found.diagnostics["network_breach_mw"] <= 0.1
        assert 1 <= found.diagnostics["network_rounds"] <= 3


def test_rows_are_set_up_anew_where_the_guess_was_far_off():
    """Losses of 4 % at full export that the guess, with PV as far as the transformer takes it, does not have."""
    feeder = feeder_of(stiff(), [0.0, 0.0, 14.0, 0.0], load_bus=2)
    pv_mw = np.where((np.arange(HOURS) >= 10) & (np.arange(HOURS) < 14), 14.0, 0.0)
    view = grid_view(feeder=feeder, pv_mw=pv_mw)
    problem = problem_of(view)
    far = [replace(state, site_mw=state.site_mw + 3.0) for state in guessed(view, problem)]
    wrong = with_network(problem, view, far)
    right = with_network(problem, view, guessed(view, problem))
    noon = slice(10, 14)
    assert np.abs(wrong.network.row_upper_mw[:, noon] - right.network.row_upper_mw[:, noon]).max() > 1.0
    assert solved(view, problem, solve_simplex).diagnostics["network_breach_mw"] <= 0.1


def test_a_network_without_a_site_changes_nothing_and_breaks_nothing():
    view = grid_view(pv_mw=np.full(HOURS, 14.0))
    sites = tuple(replace(site, feeder="") for site in view.fleet.sites)
    view = replace(view, fleet=replace(view.fleet, sites=sites))
    found = solved(view, problem_of(view), solve_simplex)
    assert found.site_price_cny_per_mwh.tolist() == [[0.0] * HOURS]
