import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import linopy
import numpy as np
import pytest
import xarray as xr

from suandian.coordination.base import Coordinator
from suandian.coordination.linear import Foresight
from suandian.model.grid import Tie
from suandian.model.plan import Transfer
from suandian.model.programme import Instruction
from suandian.model.workload import FULL_PACE, Pace
from suandian.physics.cooling import facility_coefficients
from suandian.quantity.errors import Infeasible

_SPEC = importlib.util.spec_from_file_location("fluid_world", Path(__file__).with_name("fluid_world.py"))
world = importlib.util.module_from_spec(_SPEC)
sys.modules["fluid_world"] = world
_SPEC.loader.exec_module(world)


def small(seed: int, **changes):
    """Two sites, one behind a feeder with a battery, three classes."""
    return world.make_view(seed, sites=2, hours=24 + 6 * (seed % 3), classes=3, streams=1, **changes)


def sent_away(view, made_mw, var, array):
    """What leaves each feeder over ties less what arrives there, by the feeder's id."""
    fleet, look = view.fleet, view.outlook
    away = dict.fromkeys((feeder.id for feeder in fleet.feeders), 0)
    for tie in fleet.ties:
        for giver, taker, limit_mw in (
            (tie.source, tie.target, tie.forward_max_mw),
            (tie.target, tie.source, tie.back_max_mw),
        ):
            g, k = ([feeder.id for feeder in fleet.feeders].index(name) for name in (giver, taker))
            behind = sum(site.import_max_mw for site in fleet.sites if site.feeder == taker)
            room_mw = np.maximum(look.feeder_load_mw[k] + behind - made_mw[k], 0.0) / (1 - tie.loss_ratio)
            sent = var(f"tie{giver}", array(np.minimum(np.minimum(room_mw, made_mw[g]), limit_mw)))
            away[giver], away[taker] = away[giver] + sent, away[taker] - (1 - tie.loss_ratio) * sent
    return away


def oracle_cny(view) -> float:
    """The same fluid problem written afresh in linopy: power per class, site and hour; energy as sums."""
    look, fleet, weights = view.outlook, view.fleet, view.objective
    periods, h = look.axis.periods, look.axis.step_h
    t = xr.DataArray(np.arange(periods), dims="t", coords={"t": np.arange(periods)})
    m = linopy.Model()
    allowed = fleet.classes.allowed(len(fleet.sites))

    def var(name, upper=np.inf):
        return m.add_variables(lower=0, upper=xr.zeros_like(t, dtype=float) + upper, name=name)

    def array(values):
        return xr.DataArray(values, dims="t", coords={"t": t.values})

    def above(values):
        return xr.DataArray(values, dims="u", coords={"u": t.values})

    below = xr.DataArray(np.tril(np.ones((periods, periods))), dims=("u", "t"), coords={"u": t.values, "t": t.values})

    table, places = fleet.classes, range(len(fleet.sites))
    # One variable for every class, site and gear; per MW drawn: work done, and GPUs.
    gears = {
        k: list(zip(p.gpu_ratio, p.power_ratio, p.speed_ratio, strict=True))
        for k, p in enumerate(table.paces[number] for number in table.pace)
    }
    x = {(k, s, g): var(f"x{k}_{s}_{g}") for k in gears for s in places for g in range(len(gears[k])) if allowed[k, s]}
    work = {(k, s, g): gears[k][g][2] / (gears[k][g][0] * gears[k][g][1]) for k, s, g in x}
    serve = {
        (n, s): var(f"serve{n}_{s}")
        for n in range(len(fleet.stream_ids))
        for s in np.flatnonzero(fleet.stream_allowed[n])
    }
    cost, constant, flow, curtailed = 0, 0.0, {}, []
    for s, site in enumerate(fleet.sites):
        fixed, ratio = facility_coefficients(site.cooling, site.it_max_mw, look.outdoor_c[s])
        it = sum(v for (_, where, *_), v in [*x.items(), *serve.items()] if where == s)
        imp, exp, curtail = (
            var(f"imp{s}"),
            var(f"exp{s}", site.export_max_mw),
            var(f"curtail{s}", array(look.site_pv_mw[s])),
        )
        over = var(f"over{s}")
        net = imp - exp - curtail
        if site.battery is not None:
            b = site.battery
            c, d = var(f"c{s}", b.charge_max_mw), var(f"d{s}", b.discharge_max_mw)
            lower = np.full(periods, b.energy_min_mwh)
            lower[-1] = b.energy_initial_mwh
            e = m.add_variables(lower=above(lower), upper=above(np.full(periods, b.energy_mwh)), name=f"e{s}")
            step = b.charge_efficiency_ratio * h * c - h / b.discharge_efficiency_ratio * d
            m.add_constraints(e - (below * step).sum("t") == view.energy_mwh[s])
            net = net + d - c
            cost = cost + (b.wear_cny_per_mwh * h * d).sum()
        m.add_constraints(net - array(ratio) * it == array(fixed + ratio * site.idle_it_mw - look.site_pv_mw[s]))
        m.add_constraints(imp - over <= site.import_max_mw)
        m.add_constraints(it <= site.it_max_mw - site.idle_it_mw)
        peak = m.add_variables(lower=view.peak_mw[s], name=f"peak{s}")
        m.add_constraints(imp - peak <= 0)
        buy = look.price_cny_per_mwh[s] + weights.carbon_cny_per_t / 1000 * look.carbon_average_kg_per_mwh[s]
        cost = cost + (array(buy * h) * imp).sum() - (array(look.export_price_cny_per_mwh[s] * h) * exp).sum()
        cost = cost + fleet.demand_cny_per_mw_month[s] * peak + (weights.violation_cny_per_mwh * h * over).sum()
        curtailed.append(curtail)
        flow[s] = imp - exp
    for n in range(len(fleet.stream_ids)):
        batched = var(f"batched{n}", array(look.stream_mw[n] * (1 - fleet.stream_batch_power_ratio[n])))
        m.add_constraints(sum(v for (row, _), v in serve.items() if row == n) + batched == array(look.stream_mw[n]))
        cost = cost + (weights.batching_cny_per_mwh * h * batched).sum()
    for (k, s, g), v in x.items():
        away = table.home[k] >= 0 and table.home[k] != s
        rate = away * table.data_gb_per_mwh[k] * fleet.transfer.price_cny_per_gb + (g > 0) * weights.slowing_cny_per_mwh
        cost = cost + (rate * work[k, s, g] * h * v).sum()
    power_kw = {m_: fleet.classes.power_per_gpu_kw[m_] for m_ in range(len(fleet.classes))}
    assert min(power_kw.values()) == max(power_kw.values()) == fleet.stream_power_per_gpu_kw[0]
    for s, site in enumerate(fleet.sites):
        used = sum(v / gears[k][g][1] for (k, where, g), v in x.items() if where == s)
        used = used + sum(v for (_, where), v in serve.items() if where == s)
        m.add_constraints(used * (1000.0 / power_kw[0]) <= site.gpus)
    for k in range(len(fleet.classes)):
        done = (below * (sum(work[key] * v for key, v in x.items() if key[0] == k) * h)).sum("t")
        late = m.add_variables(lower=0, coords=[t.values], dims=["u"], name=f"late{k}")
        missed = (below.rename({"t": "v"}) * late.rename({"u": "v"})).sum("v")
        m.add_constraints(done + missed <= above(look.released_mwh[k]))
        m.add_constraints(done + missed >= above(look.due_mwh[k]))
        cost = cost + (weights.lateness_cny_per_mwh * late).sum()
    made_mw = look.feeder_pv_mw + look.feeder_wind_mw
    away = sent_away(view, made_mw, var, array)
    for b, county in enumerate(fleet.feeders):
        pv, over = var(f"fpv{b}", array(made_mw[b])), var(f"fover{b}")
        net = sum(flow[s] for s in range(len(fleet.sites)) if fleet.feeder_of_site[s] == b) - pv + away[county.id]
        m.add_constraints(net - over <= array(county.import_max_mw - look.feeder_load_mw[b]))
        m.add_constraints(net >= array(-county.export_max_mw - look.feeder_load_mw[b]))
        cost = (
            cost + (weights.violation_cny_per_mwh * h * over).sum() - (weights.curtailment_cny_per_mwh * h * pv).sum()
        )
        constant += weights.curtailment_cny_per_mwh * h * made_mw[b].sum()
    for curtail in curtailed:
        cost = cost + (weights.curtailment_cny_per_mwh * h * curtail).sum()
    m.add_objective(cost)
    status, _ = m.solve(solver_name="highs", io_api="direct", output_flag=False)
    assert status == "ok"
    return float(m.objective.value) + constant


def same_power(view):
    """All GPUs draw alike, so that the group's GPU row and the per-class one say the same."""
    fleet = view.fleet
    classes = replace(fleet.classes, power_per_gpu_kw=np.full(len(fleet.classes), 0.5))
    return replace(view, fleet=replace(fleet, classes=classes))


@pytest.mark.parametrize("seed", range(10))
def test_an_independent_formulation_finds_the_same_optimum(seed: int) -> None:
    view = same_power(small(seed, use_ratio=0.5 + 0.05 * (seed % 5)))
    found = Foresight().plan(view).diagnostics
    lateness = view.objective.lateness_cny_per_mwh * found["late_mwh"]
    assert found["objective_cny"] + lateness == pytest.approx(oracle_cny(view), rel=1e-6)
    assert found["bound_cny"] <= found["objective_cny"]
    assert found["bound_cny"] == pytest.approx(found["objective_cny"], rel=1e-4)


def tied(view, seed: int):
    """The view with a windy base behind which the second site stands, and a tie from it to the county."""
    rng, fleet = np.random.default_rng(seed), view.fleet
    periods = view.outlook.axis.periods
    base = replace(fleet.feeders[0], id="base", transformer_mva=40.0, wind_mw=150.0, reverse_limit_ratio=0.5)
    sites = tuple(replace(site, feeder=site.feeder or "base") for site in fleet.sites)
    tie = Tie("line", "base", fleet.feeders[0].id, 15.0, 5.0, 0.06)
    outlook = replace(
        view.outlook,
        feeder_pv_mw=np.vstack([view.outlook.feeder_pv_mw, 0.3 * view.outlook.feeder_pv_mw]),
        feeder_load_mw=np.vstack([view.outlook.feeder_load_mw, np.full((1, periods), 4.0)]),
        feeder_wind_mw=np.vstack([np.zeros((1, periods)), 150.0 * rng.beta(1.0, 3.0, (1, periods))]),
    )
    fleet = replace(fleet, sites=sites, feeders=(*fleet.feeders, base), ties=(tie,))
    return replace(view, fleet=fleet, outlook=outlook)


@pytest.mark.parametrize("seed", range(6))
def test_wind_and_ties_find_the_same_optimum(seed: int) -> None:
    view = tied(same_power(small(seed)), seed)
    found = Foresight().plan(view).diagnostics
    lateness = view.objective.lateness_cny_per_mwh * found["late_mwh"]
    assert found["objective_cny"] + lateness == pytest.approx(oracle_cny(view), rel=1e-6)
    cut = replace(view, fleet=replace(view.fleet, ties=()))
    assert Foresight().plan(cut).diagnostics["objective_cny"] > found["objective_cny"]


BENDS = (
    FULL_PACE,
    Pace("capped", (1.0, 1.0), (1.0, 0.6), (1.0, 0.82)),
    Pace("lightly", (1.0, 1.0), (1.0, 0.8), (1.0, 0.93)),
)


def bent(view, seed: int):
    """The view with gears, data that cost something to move, and streams that may be batched."""
    rng, fleet = np.random.default_rng(seed), view.fleet
    count, sites = len(fleet.classes), len(fleet.sites)
    movable = fleet.classes.allowed(sites).sum(axis=1) > 1
    classes = replace(
        fleet.classes,
        home=np.where(movable, rng.integers(0, sites, count), -1),
        data_gb_per_mwh=np.where(movable, rng.uniform(1e3, 4e4, count), 0.0),
        pace=rng.integers(0, len(BENDS), count),
        paces=BENDS,
    )
    ratio = rng.uniform(0.5, 1.0, len(fleet.stream_ids))
    fleet = replace(fleet, classes=classes, transfer=Transfer(price_cny_per_gb=0.005), stream_batch_power_ratio=ratio)
    weights = replace(view.objective, batching_cny_per_mwh=150.0, slowing_cny_per_mwh=30.0 * (seed % 2))
    return replace(view, fleet=fleet, objective=weights)


@pytest.mark.parametrize("seed", range(10))
def test_time_place_and_power_together_find_the_same_optimum(seed: int) -> None:
    """Gears, moving costs and batches against the formulation written afresh; each of them is used somewhere."""
    rigid = same_power(small(seed, use_ratio=0.4 + 0.05 * (seed % 5)))
    view = bent(rigid, seed)
    plan = Foresight().plan(view)
    found = plan.diagnostics
    lateness = view.objective.lateness_cny_per_mwh * found["late_mwh"]
    assert found["objective_cny"] + lateness == pytest.approx(oracle_cny(view), rel=1e-6)
    assert found["bound_cny"] == pytest.approx(found["objective_cny"], rel=1e-4)
    if plan.gear is not None:
        depth = np.array([BENDS[number].gears for number in view.fleet.classes.pace])
        assert (plan.gear < depth[:, None, None]).all()
    if plan.stream_power_ratio is not None:
        assert (plan.stream_power_ratio >= view.fleet.stream_batch_power_ratio[:, None] - 1e-9).all()


def test_bending_is_used_where_it_pays() -> None:
    plans = [Foresight().plan(bent(same_power(small(seed)), seed)) for seed in range(6)]
    assert any(plan.gear is not None for plan in plans)
    assert any(plan.stream_power_ratio is not None and plan.stream_power_ratio.min() < 0.95 for plan in plans)


def test_it_is_a_coordinator_that_plans_the_whole_axis() -> None:
    view = small(0)
    coordinator = Foresight()
    assert isinstance(coordinator, Coordinator)
    plan = coordinator.plan(view)
    assert plan.coordinator == "foresight"
    assert plan.stands_for == plan.axis.periods == view.axis.periods
    assert plan.it_mw.shape == (3, 2, view.axis.periods)
    assert (plan.it_mw >= 0).all()
    assert (plan.it_mw[~view.fleet.classes.allowed(2)] == 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_executing_the_plan_costs_what_was_promised(seed: int) -> None:
    view = world.make_view(seed, hours=48, classes=6)
    plan = Foresight().plan(view)
    fluid = world.FluidWorld(view)
    fluid.enact(plan, view.axis.periods)
    assert fluid.late_mwh < 1e-3
    assert fluid.cost_cny() == pytest.approx(plan.diagnostics["objective_cny"], rel=1e-6)
    assert np.allclose(plan.stream_mw.sum(axis=1), view.outlook.stream_mw, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_no_feasible_schedule_is_cheaper(seed: int) -> None:
    """Run-now is feasible and uses neither battery nor foresight."""
    view = world.make_view(seed, hours=36, classes=4, use_ratio=0.22)
    plan = Foresight().plan(view)
    now_mw = np.diff(view.outlook.released_mwh, axis=1, prepend=0.0) / view.axis.step_h
    first = view.fleet.classes.allowed(3).argmax(axis=1)
    eager = np.zeros_like(plan.it_mw)
    eager[np.arange(4), first] = now_mw
    home = np.zeros_like(plan.stream_mw)
    home[np.arange(2), view.fleet.stream_home] = view.outlook.stream_mw
    still = np.zeros_like(plan.charge_mw)
    run_now = replace(plan, it_mw=eager, stream_mw=home, charge_mw=still, discharge_mw=still, curtail_mw=still)
    fluid = world.FluidWorld(view)
    fluid.enact(run_now, view.axis.periods)
    gpus = eager.sum(axis=0) / 0.45e-3 + home.sum(axis=0) / 0.5e-3
    assert (gpus <= np.array([[site.gpus] for site in view.fleet.sites])).all(), "the comparison must be feasible"
    assert plan.diagnostics["bound_cny"] < plan.diagnostics["objective_cny"] < fluid.cost_cny()


def test_a_binding_instruction_is_obeyed() -> None:
    view = world.make_view(1, hours=24, classes=6)
    free = Foresight().plan(view)
    fluid = world.FluidWorld(view)
    fluid.enact(free, 24)
    cap_mw = float(0.8 * fluid.flow_mw[0, 3:6].min())
    start_s = view.axis.start_s
    order = Instruction("i", "grid", "op", "site0", start_s, start_s + 3 * 3600, start_s + 6 * 3600, cap_mw)
    bound = Foresight().plan(replace(view, instructions=(order,)))
    fluid = world.FluidWorld(view)
    fluid.enact(bound, 24)
    assert (fluid.flow_mw[0, 3:6] <= cap_mw + 1e-4).all()
    assert bound.diagnostics["objective_cny"] > free.diagnostics["objective_cny"]


def test_demand_that_fits_nowhere_is_told_with_place_time_and_amount() -> None:
    view = small(0)
    stream_mw = view.outlook.stream_mw.copy()
    most_mw = sum(min(s.gpus * 0.65e-3, s.it_max_mw - s.idle_it_mw) for s in view.fleet.sites)
    stream_mw[0, 7] = most_mw + 3.0
    with pytest.raises(Infeasible, match="stream0 does not fit at 2026-03-31T23:00") as told:
        Foresight().plan(replace(view, outlook=replace(view.outlook, stream_mw=stream_mw)))
    assert "sites.site0.gpus" in told.value.constraints
    assert float(told.value.shortfall.split()[0]) > 2.9


def test_work_that_cannot_be_done_in_time_is_late_not_infeasible() -> None:
    view = world.make_view(2, hours=24, classes=3, use_ratio=1.6)
    assert Foresight().plan(view).diagnostics["late_mwh"] > 1.0


def test_the_holding_cost_makes_the_class_split_stable() -> None:
    """A change of prices by a hundredth of a cent leaves the plan where it was."""
    view = world.make_view(3, hours=48, classes=6)
    shift = 1e-4 * np.random.default_rng(0).standard_normal(view.outlook.price_cny_per_mwh.shape)
    nudged = replace(view, outlook=replace(view.outlook, price_cny_per_mwh=view.outlook.price_cny_per_mwh + shift))
    one, other = (Foresight().plan(v).it_mw.sum(axis=1) for v in (view, nudged))
    assert np.abs(one - other).mean() < 0.02
