"""Slopes against differences of AC flows, rows that no plan reaches, and zones."""

import numpy as np
import pytest
from tests.coordination.grid_views import HOURS, grid_view, noon_mw, problem_of
from tests.physics.pv_feeder import feeder_of, one_line, stiff

from suandian.coordination.network import guessed
from suandian.coordination.network_slopes import activity, rows_of, slopes_of, steps_in_reach
from suandian.physics.feeder_grid import grid_flow


def test_slopes_are_those_of_the_ac_flow():
    """A weak line of 1 Ω at 10 kV: 0.1 MW more moves v² by 2·r·ΔP = 0.002 pu², and the branch by 0.1 MW."""
    feeder = feeder_of(one_line(reactance_ohm=1.0), [0.0, 1.0])
    slopes = slopes_of(feeder, ("dc",))
    states = [
        activity(grid_flow(feeder.grid, np.array([0.2]), np.zeros((1, 2)), {"dc": np.array([site])}))
        for site in (0.2, 0.3)
    ]
    moved = (states[1] - states[0])[:, 0] / 0.1
    assert slopes.site[:, 0] == pytest.approx(moved, abs=1e-2)
    # 2·(r + 0.2·x) on 1 MVA: 2·(0.01 + 0.002)
    assert slopes.site[3, 0] == pytest.approx(-0.024)
    assert slopes.site[5, 0] == pytest.approx(0.024)


def test_rows_that_no_plan_reaches_are_left_out():
    view = grid_view(load_mw=0.5, pv_mw=noon_mw(2.0), import_max_mw=3.0)
    problem = problem_of(view)
    assert steps_in_reach(view.fleet, problem, 0).tolist() == [0]  # one state there is always
    (state,) = guessed(view, problem)
    rows = rows_of(view.fleet, problem, state)
    assert len(rows.kept) == 0
    assert rows.zone_mw.sum() == pytest.approx(8.0)


def test_only_the_hours_of_sun_are_looked_at():
    view = grid_view(pv_mw=noon_mw(14.0), import_max_mw=3.0)
    problem = problem_of(view)
    assert steps_in_reach(view.fleet, problem, 0).tolist() == [10, 11, 12, 13]
    (state,) = guessed(view, problem)
    rows = rows_of(view.fleet, problem, state)
    assert rows.upper_mw.shape == (len(rows.kept), HOURS)
    assert np.isinf(rows.upper_mw[:, :10]).all()
    assert np.isfinite(rows.upper_mw[:, 10:14]).all()


def test_pv_that_all_rows_treat_alike_is_one_zone():
    feeder = feeder_of(stiff(), [0.0, 4.0, 5.0, 5.0], load_bus=2)
    view = grid_view(feeder=feeder, pv_mw=noon_mw(14.0))
    problem = problem_of(view)
    rows = rows_of(view.fleet, problem, guessed(view, problem)[0])
    assert len(set(rows.zone_of_pv.tolist())) == 1
    assert rows.zone_mw[0, 11] == pytest.approx(14.0)
