"""Programmes under a network: what binds, what it costs, and whether AC power flow agrees."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from tests.coordination.grid_views import CURTAILMENT_CNY_PER_MWH, HOURS, grid_view, noon_mw, problem_of
from tests.physics.pv_feeder import county_feeder, feeder_of, stiff

from suandian.coordination.linear import Foresight
from suandian.coordination.network import at_price, bus_price_cny_per_mwh, without_network
from suandian.coordination.network_solve import Solved, solved
from suandian.coordination.program import assemble
from suandian.coordination.rolling import Rolling
from suandian.coordination.solvers import solve_simplex
from suandian.physics.feeder_grid import grid_flow

EVENING_MW = np.where(np.arange(HOURS) >= 18, 7.5, 1.0)


def solution_of(view) -> Solved:
    return solved(view, problem_of(view), solve_simplex, exact=True)


def import_mw(found: Solved) -> np.ndarray:
    return found.program.block(found.solution.x, "import")[0]


def test_work_runs_at_noon_where_the_transformer_sends_back_no_more():
    """14 MW of PV less 1 MW of load and 8 MW back leave 5 MW over: the data centre takes them, 3 MW in each hour."""
    view = grid_view(pv_mw=noon_mw(14.0))
    found = solution_of(view)
    assert import_mw(found)[10:14].sum() == pytest.approx(12.0, abs=1e-3)
    assert import_mw(found)[:10].max() == pytest.approx(0.0, abs=1e-6)
    blind = solve_simplex(assemble(without_network(problem_of(view))))
    free = assemble(without_network(problem_of(view))).block(blind.x, "import")[0]
    assert free[:10].sum() > 11.0  # the same work, as early as possible


def test_in_the_evening_the_transformer_leaves_less():
    """7.5 MW of load with 0.3 Mvar each leave about 2 MW of 10 MVA; a cheap evening would otherwise draw 6 MW."""
    price = np.where(np.arange(HOURS) >= 18, 100.0, 400.0)
    view = grid_view(load_mw=EVENING_MW, price=price, work_mwh=20.0)
    found = solution_of(view)
    grid = view.fleet.feeders[0].grid
    flow = grid_flow(grid, EVENING_MW, np.zeros((HOURS, 4)), {"dc": import_mw(found)}).flow
    assert flow.loading_ratio.max() <= 1.001
    assert flow.loading_ratio[18:, -1].min() >= 0.998  # all that there is room for
    assert import_mw(found)[18:].max() < 3.0
    assert found.diagnostics["network_breach_mw"] < 0.1


def test_the_optimum_is_that_of_an_own_formulation():
    """Lossless flows written out: x in each hour, PV in each hour; an LP solver of others."""
    pv = noon_mw(16.0)
    price = 300.0 + 40.0 * np.sin(np.arange(HOURS))
    view = grid_view(pv_mw=pv, price=price, load_mw=EVENING_MW, work_mwh=30.0)
    found = solution_of(view)
    load_mvar, zero, eye = 0.3 * EVENING_MW, np.zeros((HOURS, HOURS)), np.eye(HOURS)
    # Q of the site is taken at the optimum: the row is exact there.
    reactive = load_mvar + 0.2 * import_mw(found)
    most_mw = np.sqrt(100.0 - reactive**2)
    rows = np.block([[eye, -eye], [-eye, eye], [-np.ones((1, HOURS)), np.zeros((1, HOURS))]])
    limits = np.concatenate([most_mw - EVENING_MW, 8.0 + EVENING_MW, [-30.0]])
    cost = np.concatenate([price, np.full(HOURS, -CURTAILMENT_CNY_PER_MWH)])
    bounds = [(0.0, 6.0)] * HOURS + [(0.0, value) for value in pv]
    answer = linprog(cost, A_ub=rows, b_ub=limits, bounds=bounds)
    assert zero.sum() == 0.0
    mine = found.solution.objective_cny - CURTAILMENT_CNY_PER_MWH * pv.sum()
    assert mine == pytest.approx(answer.fun, rel=2e-3)


@pytest.mark.parametrize(("load", "pv", "hour", "low", "high"), [
    (1.0, noon_mw(20.0), 11, -CURTAILMENT_CNY_PER_MWH * 1.001, -CURTAILMENT_CNY_PER_MWH * 0.99),
    (1.0, noon_mw(5.0), 11, 0.0, 0.0),
    (EVENING_MW, 0.0, 20, 50.0, 20_000.0),
])  # fmt: skip
def test_the_price_says_what_a_mwh_more_costs(load, pv, hour, low, high):
    """Against its definition: the optimum with a little more load in that hour."""
    price = np.where(np.arange(HOURS) >= 18, 100.0, 400.0)
    view = grid_view(load_mw=load, pv_mw=pv, price=price, work_mwh=60.0)
    found = solution_of(view)
    told = found.site_price_cny_per_mwh[0]
    assert low <= told[hour] <= high
    more = np.zeros((1, HOURS))
    more[0, hour] = 0.05
    problem = replace(found.problem, feeder_load_mw=found.problem.feeder_load_mw + more)
    # The rows as they are: the load enters the feeder's row and lowers the room of the others.
    network = found.problem.network
    bus = network.row_site[:, :1]
    problem = replace(problem, network=replace(network, row_upper_mw=network.row_upper_mw - bus * more))
    dearer = solve_simplex(assemble(problem)).objective_cny - found.solution.objective_cny
    assert dearer / 0.05 == pytest.approx(told[hour], abs=0.5)


def test_every_bus_has_a_price_and_the_site_pays_that_of_its_own():
    view = grid_view(pv_mw=noon_mw(20.0), work_mwh=60.0)
    found = solution_of(view)
    by_bus = bus_price_cny_per_mwh(view, found.problem, found.program, found.solution.row_price, found.states)["f"]
    assert by_bus.shape == (4, HOURS)
    assert by_bus[2] == pytest.approx(found.site_price_cny_per_mwh[0], abs=1e-2)
    assert by_bus[0, 11] == pytest.approx(0.0, abs=1e-6)  # above the transformer nothing is short


def test_who_pays_the_price_does_what_the_operator_would_like():
    """A party without the network moves its work to noon for the price alone."""
    view = grid_view(pv_mw=noon_mw(14.0), work_mwh=12.0)
    found = solution_of(view)
    priced = at_price(problem_of(view), found.site_price_cny_per_mwh)
    program = assemble(priced)
    own = program.block(solve_simplex(program).x, "import")[0]
    assert own[10:14].sum() == pytest.approx(12.0, abs=0.2)


def test_a_village_that_is_full_bounds_its_own_pv_and_no_price_helps():
    """PV behind a line of 0.2 kA (3.46 MVA): what the line does not carry is lost, whatever the data centre does."""
    feeder = feeder_of(stiff(line_ka=0.2), [0.0, 0.0, 0.0, 10.0], load_bus=2)
    view = grid_view(feeder=feeder, pv_mw=noon_mw(10.0), work_mwh=60.0)
    found = solution_of(view)
    assert found.problem.network.zone_pv_mw[:, 11].sum() == pytest.approx(np.sqrt(3.0) * 10.0 * 0.2, rel=5e-3)
    assert found.site_price_cny_per_mwh[0, 11] == pytest.approx(0.0, abs=1e-6)


def test_arms_differ_by_what_they_know():
    price = 300.0
    view = grid_view(pv_mw=noon_mw(14.0), price=price)
    noon = {}
    for network in ("rows", "price", "none"):
        plan = Rolling(network=network, margin_h=0.0, reserve_ratio=0.0, horizon_h=24.0).plan(view)
        noon[network] = plan.it_mw[0, 0, 10:14].sum()
        assert (plan.congestion_cny_per_mwh is None) == (network == "none") or network == "none"
    assert noon["rows"] == pytest.approx(12.0, abs=0.1)
    assert noon["price"] == pytest.approx(12.0, abs=0.3)
    assert noon["none"] < 2.0
    with pytest.raises(ValueError, match="write one of rows, price, none"):
        Rolling(network="map")


def test_foresight_plans_a_county_that_its_ac_flow_confirms():
    feeder = replace(county_feeder(pv_mw=160.0, built_mw=160.0), id="f")
    view = grid_view(feeder=feeder, load_mw=40.0, pv_mw=noon_mw(128.0), work_mwh=80.0, import_max_mw=20.0)
    plan = Foresight().plan(view)
    assert plan.diagnostics["network_breach_mw"] < 0.1
    assert plan.diagnostics["violation_mwh"] < 1e-6
    assert plan.diagnostics["linearisation_error_max_pu"] < 0.03
    assert plan.it_mw[0, 0, 10:14].sum() == pytest.approx(80.0, abs=1.0)
    assert plan.congestion_cny_per_mwh[0, 12] < -150.0


@settings(max_examples=15, deadline=None)
@given(
    load=st.floats(0.5, 8.0), most=st.floats(0.0, 18.0), work=st.floats(0.0, 40.0), seed=st.integers(0, 1000),
)  # fmt: skip
def test_no_plan_breaks_in_ac_what_the_programme_thinks_it_holds(load, most, work, seed):
    price = 300.0 + 200.0 * np.random.default_rng(seed).random(HOURS)
    view = grid_view(load_mw=load, pv_mw=noon_mw(most), price=price, work_mwh=work)
    found = solution_of(view)
    slack_mwh = found.program.block(found.solution.x, "feeder_violation").sum()
    assert found.diagnostics["network_breach_mw"] < 0.1
    if load < 5.0:
        assert slack_mwh == pytest.approx(0.0, abs=1e-6)
