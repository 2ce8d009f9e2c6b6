"""How the limited quantities of a feeder's network move with sites and PV, and the rows that follow around a state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from suandian.coordination.problem import Problem
from suandian.model.grid import Feeder, FeederGrid
from suandian.model.plan import Fleet
from suandian.physics.feeder_grid import GridStep, grid_limits
from suandian.physics.limits import Limits, active_limits_mw
from suandian.physics.lindistflow import Linear, linear_network
from suandian.quantity.errors import DataError

__all__ = [
    "FeederRows",
    "FeederState",
    "Slopes",
    "activity",
    "rows_of",
    "site_ids",
    "slopes_of",
    "steps_in_reach",
    "upper_limits",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: A site moves a row if it can change it by this share of the limit; smaller entries are left out of it, D.
_MOVES_RATIO = 1e-3
#: A limit is within reach if less than this share of its rating (or band) is missing without losses, D: those of a
#: county stay below 3 %, and a voltage is off by a tenth of its band at most.
_MARGIN_RATIO = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class FeederState:
    """An AC state of one feeder in those steps of a horizon in which a limit is within reach (n of P).

    feeder      its row in the fleet
    steps       (n,) steps of the horizon
    site_mw     (S of this feeder, n) net import; `sites` are their rows in the fleet
    pv_mw       (n, V) output by bus with PV
    step        the AC flow
    """

    feeder: int
    steps: Ints
    sites: Ints
    site_mw: Floats
    pv_mw: Floats
    step: GridStep


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """How limited quantities move: branches up, branches down, squared voltages, their negatives, one above the other.

    site (R, S of the feeder), pv (R, V) and bus (R, buses): per MW of net import, of PV output, of load at a bus.
    """

    linear: Linear
    limits: Limits
    site: Floats
    pv: Floats
    bus: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FeederRows:
    """The rows of one feeder around a state.

    kept, scale   (N,) rows of the slopes, and what one MW of the scaled row stands for
    upper_mw      (N, P) limits of the scaled rows, infinite in steps that are out of reach
    site, zone    (N, S of the feeder), (N, Z); `zone` counts output as relief
    zone_of_pv    (V,) zone of each bus with PV; `pv_mw` (P, V) and `zone_mw` (Z, P) what they can deliver
    """

    kept: Ints
    scale: Floats
    site: Floats
    zone: Floats
    upper_mw: Floats
    zone_of_pv: Ints
    pv_mw: Floats
    zone_mw: Floats


def steps_in_reach(fleet: Fleet, problem: Problem, feeder: int) -> Ints:
    """Steps in which, by LinDistFlow without losses and with a margin, some plan reaches a limit of the network."""
    grid = _grid(fleet, feeder)
    slopes = slopes_of(fleet.feeders[feeder], site_ids(fleet, feeder))
    linear, load_mw = slopes.linear, problem.feeder_load_mw[feeder]
    drawn = grid.load_ratio * grid.load_mvar_per_mw
    branch = linear.branch_offset_mw[:, None] + np.outer(linear.below_ratio @ grid.load_ratio, load_mw)
    square = linear.square_offset_pu[:, None] - np.outer(
        linear.square_per_mw @ grid.load_ratio + linear.square_per_mvar @ drawn, load_mw
    )
    rest = np.concatenate([branch, -branch, square, -square])
    width = _width(slopes.limits, grid)
    rated_mw, first = grid.network.branch_rated_mva, len(grid.network.lines.ids)
    down_mw = rated_mw.copy()
    down_mw[first:] = np.minimum(down_mw[first:], slopes.limits.reverse_max_mw)
    limits = slopes.limits
    most = np.concatenate([rated_mw, down_mw, limits.voltage_high_pu**2, -(limits.voltage_low_pu**2)])
    near = _reach(fleet, problem, feeder, slopes, rest, slice(None)) > (most - _MARGIN_RATIO * width)[:, None]
    moved = (np.abs(slopes.site).max(axis=1, initial=0.0) > 0.0) | (slopes.pv > 0.0).any(axis=1)
    found = np.flatnonzero(near[moved].any(axis=0))
    return found if len(found) else np.zeros(1, dtype=np.intp)  # a state of the network there is always


def _reach(fleet: Fleet, problem: Problem, feeder: int, slopes: Slopes, rest: Floats, steps: Ints | slice) -> Floats:
    """Most that each limited quantity can be in each step, whatever sites and PV do, `(R, steps)`."""
    grid = _grid(fleet, feeder)
    sites = np.flatnonzero(fleet.feeder_of_site == feeder)
    available_mw = problem.feeder_pv_mw[feeder][steps]
    reach = rest + np.outer(np.maximum(slopes.pv, 0.0) @ grid.pv_ratio[grid.pv_buses], available_mw)
    reach += np.maximum(slopes.site, 0.0) @ problem.import_max_mw[sites][:, steps]
    most: Floats = reach + (np.minimum(slopes.site, 0.0) @ -problem.export_max_mw[sites])[:, None]
    return most


def rows_of(fleet: Fleet, problem: Problem, state: FeederState) -> FeederRows:
    """The rows of one feeder that a plan could reach and its sites can move, exact at `state`."""
    b, steps, periods = state.feeder, state.steps, problem.horizon.periods
    grid = _grid(fleet, b)
    slopes = slopes_of(fleet.feeders[b], site_ids(fleet, b))
    upper = upper_limits(slopes.limits, grid, state.step)
    at_state = activity(state.step)
    rest = at_state - slopes.site @ state.site_mw - slopes.pv @ state.pv_mw.T
    reach = _reach(fleet, problem, b, slopes, rest, steps)
    reached = (reach > upper).any(axis=1)
    span_mw = problem.import_max_mw[state.sites].max(axis=1) + problem.export_max_mw[state.sites]
    moved = (np.abs(slopes.site) * span_mw).max(axis=1, initial=0.0) > _MOVES_RATIO * _width(slopes.limits, grid)
    kept = np.flatnonzero(reached & moved)
    drawn = slopes.site[kept] + _by_reactive(grid, slopes, state.step, upper, reach - upper)[kept]
    scale = np.abs(np.concatenate([drawn, slopes.pv[kept]], axis=1)).max(axis=1, initial=1e-12)
    site = _cut(drawn / scale[:, None])
    zone_of_pv, zone = _zones(_cut(slopes.pv[kept] / scale[:, None]))
    pv = zone[:, zone_of_pv]
    exact = at_state[kept] / scale[:, None] - site @ state.site_mw - pv @ state.pv_mw.T
    upper_mw = np.full((len(kept), periods), np.inf)
    upper_mw[:, steps] = upper[kept] / scale[:, None] - exact
    alone = np.flatnonzero(reached & ~moved & (slopes.pv > 0.0).any(axis=1))
    available_mw = np.outer(problem.feeder_pv_mw[b], grid.pv_ratio[grid.pv_buses])
    available_mw[steps] = _delivered_mw(available_mw[steps], slopes.pv[alone], (upper - rest)[alone])
    zone_mw = np.zeros((zone.shape[1], periods))
    np.add.at(zone_mw, zone_of_pv, available_mw.T)
    return FeederRows(kept, scale, site, -zone, upper_mw, zone_of_pv, available_mw, zone_mw)


def _by_reactive(grid: FeederGrid, slopes: Slopes, step: GridStep, upper: Floats, beyond: Floats) -> Floats:
    """What a site's reactive power takes of a branch's rating, `(R, S of the feeder)`: tangent of `√(S² − Q²)`.

    Q is that of the step in which the row is tightest; elsewhere the rows are right at the state all the same. Only for
    flow down: upwards the reverse limit of a transformer lies far below its rating.
    """
    found = np.zeros_like(slopes.site)
    branches = len(grid.network.branch_ids)
    tightest = beyond[:branches].argmax(axis=1)
    reactive_mvar = step.flow.branch_mvar[tightest, np.arange(branches)]
    most_mw = np.maximum(upper[np.arange(branches), tightest], 1e-6)
    share = np.clip(reactive_mvar / most_mw, 0.0, 1.0) * grid.site_mvar_per_mw
    found[:branches] = np.maximum(slopes.site[:branches], 0.0) * share[:, None]
    return found


def _grid(fleet: Fleet, feeder: int) -> FeederGrid:
    grid = fleet.feeders[feeder].grid
    assert grid is not None
    return grid


def _cut(ratio: Floats) -> Floats:
    return np.where(np.abs(ratio) < _MOVES_RATIO, 0.0, ratio)


def _zones(pv: Floats) -> tuple[Ints, Floats]:
    """Buses whose PV enters every row alike are one zone: zone of each bus `(V,)`, its entries `(N, Z)`."""
    columns, zone_of_pv = np.unique(np.round(pv / _MOVES_RATIO), axis=1, return_inverse=True)
    return zone_of_pv.ravel().astype(np.intp), columns * _MOVES_RATIO


def _delivered_mw(available_mw: Floats, pv: Floats, room: Floats) -> Floats:
    """Most PV in all, by bus `(P, V)`, that rows `pv (R, V)` with `room (R, P)` let through: one small programme."""
    found = available_mw.copy()
    if not len(pv):
        return found
    steps = np.flatnonzero((pv @ available_mw.T > room + 1e-9).any(axis=0))
    if not len(steps):
        return found
    # What is beyond the limit without any PV is not for PV to mend.
    limit = np.maximum(room[:, steps], np.minimum(pv, 0.0) @ available_mw[steps].T)
    answer = linprog(
        -np.ones(len(steps) * pv.shape[1]),
        A_ub=sparse.kron(sparse.eye(len(steps)), sparse.csr_matrix(pv), format="csr"),
        b_ub=limit.T.ravel(),
        bounds=np.stack([np.zeros(available_mw[steps].size), available_mw[steps].ravel()], axis=1),
        method="highs",
    )
    if answer.x is None:
        raise DataError(f"no PV output keeps the limits of the feeder ({answer.message})")
    found[steps] = np.clip(answer.x.reshape(len(steps), -1), 0.0, available_mw[steps])
    return found


def site_ids(fleet: Fleet, feeder: int) -> tuple[str, ...]:
    """Sites behind a feeder, in the fleet's order."""
    return tuple(fleet.sites[row].id for row in np.flatnonzero(fleet.feeder_of_site == feeder))


@lru_cache(maxsize=16)
def slopes_of(feeder: Feeder, names: tuple[str, ...]) -> Slopes:
    """Slopes of a feeder with a network for the sites `names` behind it. Raises `DataError` for a meshed network."""
    grid = feeder.grid
    assert grid is not None
    linear = linear_network(grid.network)
    at_site = np.array([grid.site_ratio[name] for name in names]).reshape(len(names), len(grid.load_ratio)).T
    pv = grid.pv_buses
    below, per_mw, per_mvar = linear.below_ratio, linear.square_per_mw, linear.square_per_mvar
    square_site = -(per_mw + grid.site_mvar_per_mw * per_mvar) @ at_site
    square_pv = per_mw[:, pv] - grid.pv_mvar_per_mw * per_mvar[:, pv]
    return Slopes(
        linear,
        grid_limits(feeder),
        np.concatenate([below @ at_site, -below @ at_site, square_site, -square_site]),
        np.concatenate([-below[:, pv], below[:, pv], square_pv, -square_pv]),
        np.concatenate([below, -below, -per_mw, per_mw]),
    )


def activity(step: GridStep) -> Floats:
    """The limited quantities of an AC state, rows as in `Slopes`, `(R, P)`."""
    flow = step.flow
    square = flow.voltage_pu.T**2
    return np.concatenate([flow.branch_mw.T, -flow.branch_mw.T, square, -square])


def upper_limits(limits: Limits, grid: FeederGrid, step: GridStep) -> Floats:
    """Their limits. A branch's rating is what it carries at the voltages and reactive power of this state."""
    active_mw = active_limits_mw(grid.network, limits, step.flow).T
    down_mw = active_mw.copy()
    first = len(grid.network.lines.ids)
    down_mw[first:] = np.minimum(down_mw[first:], limits.reverse_max_mw[:, None])
    periods = active_mw.shape[1]
    return np.concatenate([
        active_mw, down_mw,
        np.repeat(limits.voltage_high_pu[:, None] ** 2, periods, axis=1),
        np.repeat(-(limits.voltage_low_pu[:, None] ** 2), periods, axis=1),
    ])  # fmt: skip


def _width(limits: Limits, grid: FeederGrid) -> Floats:
    """What a limit is measured by: the rating, or the width of the voltage band (squared), `(R,)`."""
    rated_mva = grid.network.branch_rated_mva
    band = limits.voltage_high_pu**2 - limits.voltage_low_pu**2
    return np.concatenate([rated_mva, rated_mva, band, band])
