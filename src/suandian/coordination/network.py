"""The networks behind feeders inside a programme: rows around an AC state, zones of PV, AC check, congestion prices.

LinDistFlow slopes (Baran and Wu 1989) around the AC state of a guess, then of the plan itself: what the linear model
leaves out is right at that state. Rows that no plan can reach are left out. Rows that no site can move (a village's own
transformer, the far end of another feeder) do not enter the programme: they bound the PV that a zone can deliver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.network_rows import NetworkRows
from suandian.coordination.network_slopes import (
    FeederRows,
    FeederState,
    activity,
    rows_of,
    site_ids,
    slopes_of,
    steps_in_reach,
    upper_limits,
)
from suandian.coordination.problem import Problem
from suandian.coordination.program import Program
from suandian.model.grid import Feeder, FeederGrid
from suandian.model.plan import Fleet, View
from suandian.physics.feeder_grid import GridStep, grid_flow, has_own_transformers
from suandian.physics.lindistflow import Linear
from suandian.quantity.errors import DataError

__all__ = [
    "at_price",
    "bus_price_cny_per_mwh",
    "checked",
    "guessed",
    "has_network",
    "planned",
    "site_price_cny_per_mwh",
    "with_network",
    "without_network",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: Share of the hall's room that a guess takes as busy, D; less where the network has no solution for it. The rows are
#: set up anew around the plan where that matters.
_BUSY_RATIOS = (0.6, 0.3, 0.0)
#: A row is looked at in AC flow if less than this share of it is left: what losses and reactive power move, D.
_NEAR_RATIO = 0.07
#: A row binds if less than this is left of it, MW: what solvers leave open.
_BINDS_MW = 1e-4


def has_network(fleet: Fleet) -> bool:
    """Is any feeder more than one lumped transformer?"""
    return any(feeder.grid is not None for feeder in fleet.feeders)


def guessed(view: View, problem: Problem) -> list[FeederState]:
    """States around which a first programme is set up: halls partly busy, PV as far as the transformers take it."""
    fleet, found = view.fleet, []
    for b, feeder, grid, sites in _networks(fleet):
        steps = steps_in_reach(fleet, problem, b)
        for busy_ratio in _BUSY_RATIOS:
            draw_mw = problem.fixed_facility_mw + problem.per_it_ratio * busy_ratio * problem.hall_mw
            site_mw = np.minimum(draw_mw[sites], problem.import_max_mw[sites])
            most_mw = problem.feeder_load_mw[b] + site_mw.sum(axis=0) + feeder.export_max_mw
            pv_mw = np.outer(np.minimum(problem.feeder_pv_mw[b], most_mw), grid.pv_ratio[grid.pv_buses])
            try:
                found.append(_state(fleet, problem, b, steps, site_mw, pv_mw))
                break
            except DataError:
                if busy_ratio == _BUSY_RATIOS[-1]:
                    raise
    return found


def planned(
    view: View, problem: Problem, program: Program, x: Floats, before: Sequence[FeederState]
) -> list[FeederState]:
    """The AC states of a solution in the steps of `before`."""
    net_mw, zone_mw = _net_import_mw(program, x), program.block(x, "feeder_pv")
    found = []
    for last in before:
        own_mw = zone_mw[problem.network.zone_feeder == last.feeder]
        pv_mw = _by_bus_mw(rows_of(view.fleet, problem, last), own_mw)
        found.append(_state(view.fleet, problem, last.feeder, last.steps, net_mw[last.sites], pv_mw))
    return found


def checked(
    view: View, problem: Problem, program: Program, x: Floats, before: Sequence[FeederState]
) -> dict[str, float]:
    """How far the linear model was from AC flow in the steps in which a row of the programme is nearly met.

    `linearisation_error_max_pu`: largest error of a voltage that was predicted from `before`; `network_breach_mw`:
    most by which a row of the programme is exceeded in the AC flow and not in the programme; `network_unused_mw`: most
    that the AC flow leaves of a row that binds in the programme.
    """
    network = problem.network
    net_mw, zone_mw = _net_import_mw(program, x), program.block(x, "feeder_pv")
    short_mw = program.block(x, "feeder_violation")[network.row_feeder]
    left_mw = network.row_upper_mw - (network.row_site @ net_mw - network.row_zone @ zone_mw - short_mw)
    rated_mw = np.where(np.isfinite(network.row_upper_mw), np.abs(network.row_upper_mw), 0.0)
    error_pu, breach_mw, unused_mw = 0.0, 0.0, 0.0
    for last in before:
        b = last.feeder
        own = network.row_feeder == b
        near = (left_mw[own] < _NEAR_RATIO * rated_mw[own])[:, last.steps].any(axis=0)
        looked = np.flatnonzero(near) if near.any() else np.zeros(1, dtype=np.intp)
        steps = last.steps[looked]
        rows, slopes = rows_of(view.fleet, problem, last), slopes_of(view.fleet.feeders[b], site_ids(view.fleet, b))
        pv_mw = _by_bus_mw(rows, zone_mw[network.zone_feeder == b])
        state = _state(view.fleet, problem, b, steps, net_mw[last.sites], pv_mw)
        error_pu = max(error_pu, _error_pu(slopes.linear, last.step, looked, state.step))
        grid = view.fleet.feeders[b].grid
        assert grid is not None
        beyond = (activity(state.step) - upper_limits(slopes.limits, grid, state.step))[rows.kept]
        excess_mw = beyond / rows.scale[:, None] - short_mw[own][:, steps]
        breach_mw = max(breach_mw, float(excess_mw.max(initial=0.0)))
        binds = left_mw[own][:, steps] < _BINDS_MW
        unused_mw = max(unused_mw, float(-excess_mw[binds].min(initial=0.0)))
    return {"linearisation_error_max_pu": error_pu, "network_breach_mw": breach_mw, "network_unused_mw": unused_mw}


def with_network(problem: Problem, view: View, states: Sequence[FeederState]) -> Problem:
    """The problem with rows around `states`; lumped feeders stay as they are."""
    lumped = NetworkRows.lumped(problem.feeder_pv_mw, len(view.fleet.sites))
    built = {state.feeder: rows_of(view.fleet, problem, state) for state in states}
    of_state = {state.feeder: state for state in states}
    zone_feeder, zone_pv, row_feeder, row_site, row_zone, upper = [], [], [], [], [], []
    losses_mw, in_rows = lumped.losses_mw.copy(), lumped.reverse_in_rows.copy()
    for b in range(len(view.fleet.feeders)):
        rows = built.get(b)
        zones = 1 if rows is None else len(rows.zone_mw)
        zone_feeder += [b] * zones
        zone_pv.append(problem.feeder_pv_mw[[b]] if rows is None else rows.zone_mw)
        row_zone.append(np.zeros((0, zones)) if rows is None else rows.zone)
        if rows is not None:
            sites = np.zeros((len(rows.kept), len(view.fleet.sites)))
            sites[:, of_state[b].sites] = rows.site
            row_site.append(sites)
            row_feeder += [b] * len(rows.kept)
            upper.append(rows.upper_mw)
            losses_mw[b, of_state[b].steps] = of_state[b].step.flow.losses_mw
            in_rows[b] = has_own_transformers(view.fleet.feeders[b])
    network = NetworkRows(
        np.array(row_feeder, dtype=np.int64),
        np.array(zone_feeder, dtype=np.int64),
        np.concatenate([*zone_pv, np.zeros((0, problem.horizon.periods))]),
        np.concatenate([*row_site, lumped.row_site]),
        _beside(row_zone),
        np.concatenate([*upper, lumped.row_upper_mw]),
        losses_mw,
        in_rows,
    )
    return replace(problem, network=network)


def without_network(problem: Problem) -> Problem:
    """The problem of a party that knows no network: what is behind the feeders bounds nothing."""
    unbounded = np.full_like(problem.feeder_import_max_mw, np.inf)
    return replace(problem, feeder_import_max_mw=unbounded, feeder_export_max_mw=unbounded)


def at_price(problem: Problem, price_cny_per_mwh: Floats | None) -> Problem:
    """The problem of a party that knows no network, but pays `price_cny_per_mwh` `(S, P)` on its net import."""
    alone = without_network(problem)
    if price_cny_per_mwh is None:
        return alone
    return replace(
        alone,
        buy_cny_per_mwh=problem.buy_cny_per_mwh + price_cny_per_mwh,
        sell_cny_per_mwh=problem.sell_cny_per_mwh + price_cny_per_mwh,
    )


def site_price_cny_per_mwh(problem: Problem, program: Program, row_price: Floats) -> Floats:
    """What a MWh more at each site's meter costs the network, `(S, P)`: the duals of the feeders' and networks' rows.

    Positive where import is short, negative where a MWh more lets PV through that is thrown away.
    """
    hours = problem.horizon.step_h
    feeder = -program.row_block(row_price, "feeder")
    price = np.where(problem.feeder_of_site[:, None] >= 0, feeder[np.maximum(problem.feeder_of_site, 0)], 0.0)
    price = price - problem.network.row_site.T @ program.row_block(row_price, "network")
    found: Floats = price / hours
    return found


def bus_price_cny_per_mwh(
    view: View, problem: Problem, program: Program, row_price: Floats, states: Sequence[FeederState]
) -> dict[str, Floats]:
    """The same for a MWh more of load at every bus, feeder id → `(buses, P)`; rows that no site moves have no price."""
    rows_price = program.row_block(row_price, "network")
    feeder_price = program.row_block(row_price, "feeder")
    found, first = {}, 0
    for state in states:
        feeder = view.fleet.feeders[state.feeder]
        rows = rows_of(view.fleet, problem, state)
        bus = slopes_of(feeder, site_ids(view.fleet, state.feeder)).bus[rows.kept] / rows.scale[:, None]
        price = -bus.T @ rows_price[first : first + len(rows.kept)] - feeder_price[state.feeder]
        found[feeder.id] = price / problem.horizon.step_h
        first += len(rows.kept)
    return found


def _by_bus_mw(rows: FeederRows, zone_mw: Floats) -> Floats:
    """PV output by bus `(P, V)` for that of the zones: in proportion to what each bus can deliver."""
    share = np.divide(zone_mw, rows.zone_mw, out=np.zeros_like(zone_mw), where=rows.zone_mw > 1e-9)
    output_mw: Floats = rows.pv_mw * np.clip(share, 0.0, 1.0)[rows.zone_of_pv].T
    return output_mw


def _net_import_mw(program: Program, x: Floats) -> Floats:
    net_mw = program.block(x, "import") + program.block(x, "violation")
    for number, site in enumerate(program.layout.export_sites):
        net_mw[site] -= program.block(x, "export")[number]
    return net_mw


def _networks(fleet: Fleet) -> list[tuple[int, Feeder, FeederGrid, Ints]]:
    of_site = fleet.feeder_of_site
    return [
        (b, feeder, feeder.grid, np.flatnonzero(of_site == b))
        for b, feeder in enumerate(fleet.feeders)
        if feeder.grid is not None
    ]


def _state(
    fleet: Fleet, problem: Problem, b: int, steps: NDArray[np.intp], site_mw: Floats, pv_mw: Floats
) -> FeederState:
    """The AC state in `steps` of net imports `(S of the feeder, P)` and PV `(P, V)`."""
    feeder = fleet.feeders[b]
    grid = feeder.grid
    assert grid is not None
    site_mw, pv_mw = site_mw[:, steps], pv_mw[steps]
    output_mw = np.zeros((len(steps), len(grid.pv_ratio)))
    output_mw[:, grid.pv_buses] = pv_mw
    by_id = dict(zip(site_ids(fleet, b), site_mw, strict=True))
    load_mw = problem.feeder_load_mw[b, steps]
    try:
        step = grid_flow(grid, load_mw, output_mw, by_id, pv_nameplate_mw=feeder.pv_mw * grid.pv_ratio)
    except DataError as error:
        when = problem.horizon.axis.at(int(problem.horizon.first[steps[0]])).isoformat()
        raise DataError(f"planning on the network of feeder {feeder.id!r}, steps from {when}: {error}") from error
    return FeederState(b, steps, np.flatnonzero(fleet.feeder_of_site == b), site_mw, pv_mw, step)


def _error_pu(linear: Linear, before: GridStep, looked: NDArray[np.intp], now: GridStep) -> float:
    """Largest error of the voltages that the slopes predict at `now` from `looked` intervals of `before`."""
    square = before.flow.voltage_pu[looked] ** 2
    square = square - (now.p_mw - before.p_mw[looked]) @ linear.square_per_mw.T
    square = square - (now.q_mvar - before.q_mvar[looked]) @ linear.square_per_mvar.T
    error_pu = np.abs(np.sqrt(np.maximum(square, 0.0)) - now.flow.voltage_pu)
    return float(error_pu.max(initial=0.0))


def _beside(parts: Sequence[Floats]) -> Floats:
    """Blocks along the diagonal: rows of one feeder meet its own zones only."""
    height, width = sum(len(part) for part in parts), sum(part.shape[1] for part in parts)
    whole, row, column = np.zeros((height, width)), 0, 0
    for part in parts:
        whole[row : row + part.shape[0], column : column + part.shape[1]] = part
        row, column = row + part.shape[0], column + part.shape[1]
    return whole
