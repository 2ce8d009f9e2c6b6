"""How much more PV and computing a feeder takes beside what an arm does: AC rooms of its tightest intervals.

Which intervals are tightest is judged by the linear model anchored at the AC state; only those are calculated. What the
inverters' reactive power does at the added output is taken as proportional (`pv_mvar_per_mw`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.grid.state import grid_of
from suandian.model.grid import Feeder
from suandian.physics.feeder_grid import GridStep, grid_limits, has_own_transformers
from suandian.physics.grades import top_transformers
from suandian.physics.hosting import Pattern, room_mw
from suandian.physics.lindistflow import linear_network
from suandian.simulation.truth import Truth

__all__ = [
    "CURTAILED_RATIOS",
    "PV_CURTAILED_RATIO",
    "HostingCurve",
    "hosting_compute_mw",
    "hosting_curve",
    "hosting_pv_mw",
]

Array = NDArray[np.float64]
Ranks = NDArray[np.intp]

#: Share of the hours in which PV that is still counted as hosted may be held back.
PV_CURTAILED_RATIO = 0.01
#: Shares of the hours for which the curves tell what fits; the first is firm.
CURTAILED_RATIOS = (0.0, 0.0025, 0.005, PV_CURTAILED_RATIO, 0.05)
_CANDIDATES = 150
_DARK_RATIO = 0.02  # intervals with less PV output than this never bind
_MOST_RATIO = 4.0  # of the main transformers' rating: more is not looked for


@dataclass(frozen=True, slots=True, eq=False)
class HostingCurve:
    """What fits behind a feeder beside what an arm's sites draw, by the share of the hours in which it is curtailed.

    curtailed_ratio  tolerated share of the intervals, `(k,)`
    compute_mw       new computing, all of it flexible, `(k,)`; firm at 0; NaN without a site
    pv_mw            PV nameplate in all, what stands there included, `(k,)`; NaN without PV or sun
    """

    curtailed_ratio: Array
    compute_mw: Array
    pv_mw: Array


def hosting_curve(
    feeder: Feeder, step: GridStep, truth: Truth, curtailed_ratio: Sequence[float] = CURTAILED_RATIOS
) -> HostingCurve:
    """Both capacities at every tolerated share; the key figures are single points of it."""
    return HostingCurve(
        curtailed_ratio=np.asarray(curtailed_ratio, dtype=np.float64),
        compute_mw=_compute_mw(feeder, step, truth, curtailed_ratio),
        pv_mw=_pv_mw(feeder, step, curtailed_ratio),
    )


def hosting_pv_mw(feeder: Feeder, step: GridStep) -> float:
    """PV nameplate that fits on top of what is there, in proportion to it, held back in 1 % of the intervals at most.

    Negative where more stands there than fits. NaN without PV or sun.
    """
    return float(_pv_mw(feeder, step, (PV_CURTAILED_RATIO,))[0]) - feeder.pv_mw


def hosting_compute_mw(feeder: Feeder, step: GridStep, truth: Truth) -> float:
    """New computing that is never curtailed, at the buses of the sites behind the feeder; NaN where there are none.

    The smallest AC room of the period, within the feeder's import limit. 0 where a limit that more load breaks is
    exceeded already.
    """
    return float(_compute_mw(feeder, step, truth, (0.0,))[0])


def _pv_mw(feeder: Feeder, step: GridStep, curtailed_ratio: Sequence[float]) -> Array:
    """Nameplate in all that is held back in each tolerated share τ of the n intervals at most, MW, `(k,)`.

    A nameplate N is held back where N · output ratio exceeds what the network takes: the answer is the
    ⌊τ · n⌋ + 1-th smallest of (taken ÷ output ratio).
    """
    grid = grid_of(feeder)
    if feeder.pv_mw <= 0.0 or not len(grid.pv_buses):
        return np.full(len(curtailed_ratio), nan)
    pattern = Pattern(-grid.pv_ratio, grid.pv_mvar_per_mw * grid.pv_ratio, feeds=True)
    output_ratio = step.pv_available_mw.sum(axis=1) / feeder.pv_mw
    lit = np.flatnonzero(output_ratio > _DARK_RATIO)
    if not len(lit):
        return np.full(len(curtailed_ratio), nan)
    p_mw = step.p_mw[lit] + step.pv_used_mw[lit]
    q_mvar = step.q_mvar[lit] - grid.pv_mvar_per_mw * step.pv_used_mw[lit]
    allowed = _allowed(curtailed_ratio, len(output_ratio))
    guess_mw = _linear_room_mw(feeder, step, pattern)[lit] + step.pv_used_mw[lit].sum(axis=1)
    rows = _tightest(guess_mw / output_ratio[lit], allowed)
    most_mw = _most_mw(feeder)
    taken_mw = room_mw(grid.network, grid_limits(feeder), p_mw[rows], q_mvar[rows], pattern, most_mw=most_mw)
    if not has_own_transformers(feeder):
        taken_mw = np.minimum(taken_mw, np.maximum(p_mw[rows].sum(axis=1) + feeder.export_max_mw, 0.0))
    return _ranked(taken_mw / output_ratio[lit][rows], allowed, most_mw)


def _compute_mw(feeder: Feeder, step: GridStep, truth: Truth, curtailed_ratio: Sequence[float]) -> Array:
    """New computing that exceeds the room in each tolerated share τ of the n intervals at most, MW, `(k,)`.

    The ⌊τ · n⌋ + 1-th smallest AC room: all of it may be curtailed then (`physics.hosting.computing_mw`, fully
    flexible).
    """
    grid = grid_of(feeder)
    sites = [site for site in truth.fleet.sites if site.feeder == feeder.id and site.id in grid.site_ratio]
    total_mw = sum(site.import_max_mw for site in sites)
    if total_mw <= 0.0 or not len(step.p_mw):
        return np.full(len(curtailed_ratio), nan)
    ratio = np.sum([grid.site_ratio[site.id] * site.import_max_mw / total_mw for site in sites], axis=0)
    pattern = Pattern(ratio, grid.site_mvar_per_mw * ratio, feeds=False)
    allowed, most_mw = _allowed(curtailed_ratio, len(step.p_mw)), _most_mw(feeder)
    # The feeder's own limit, MW at its meter, may lie below what the transformers carry.
    left_mw = np.maximum(feeder.import_max_mw - step.flow.slack_mw, 0.0)
    rows = _tightest(np.minimum(_linear_room_mw(feeder, step, pattern), left_mw), allowed)
    rooms_mw = room_mw(grid.network, grid_limits(feeder), step.p_mw[rows], step.q_mvar[rows], pattern, most_mw=most_mw)
    return _ranked(np.minimum(rooms_mw, left_mw[rows]), allowed, most_mw)


def _allowed(curtailed_ratio: Sequence[float], periods: int) -> Ranks:
    """Whole intervals in which curtailment is tolerated, `(k,)`."""
    return np.floor(np.asarray(curtailed_ratio) * periods + 1e-9).astype(np.intp)


def _tightest(guess_mw: Array, allowed: Ranks) -> Ranks:
    """The intervals worth an AC calculation: well more than are tolerated, as the linear order is nearly the true."""
    most = int(allowed.max(initial=0))
    return np.argsort(guess_mw, kind="stable")[: max(_CANDIDATES, 2 * most + 1)]


def _ranked(values_mw: Array, allowed: Ranks, most_mw: float) -> Array:
    """The value after the tolerated number of smaller ones, `(k,)`; `most_mw` where there are not that many."""
    ordered_mw = np.append(np.sort(values_mw), most_mw)
    ranked_mw: Array = ordered_mw[np.minimum(allowed, len(values_mw))]
    return ranked_mw


def _most_mw(feeder: Feeder) -> float:
    network = grid_of(feeder).network
    top = top_transformers(network)
    rating_mva = network.transformers.rating_mva[top].sum() if len(top) else feeder.transformer_mva
    return _MOST_RATIO * float(rating_mva)


def _linear_room_mw(feeder: Feeder, step: GridStep, pattern: Pattern) -> Array:
    """Room along `pattern` in every interval by the linear model through the AC state, `(n,)`; negative if exceeded."""
    grid, limits, flow = grid_of(feeder), grid_limits(feeder), step.flow
    network, linear = grid.network, linear_network(grid_of(feeder).network)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = linear.below_ratio @ pattern.active_ratio
        capable_mva = limits.loading_max_ratio * grid.network.branch_rated_mva
        capable_mw = np.sqrt(np.maximum(capable_mva**2 - flow.branch_mvar**2, 0.0))
        rooms = [np.where(np.abs(slope) > 1e-9, (capable_mw - np.sign(slope) * flow.branch_mw) / np.abs(slope), np.inf)]
        change_pu = -(linear.square_per_mw @ pattern.active_ratio + linear.square_per_mvar @ pattern.reactive_ratio)
        change_pu = change_pu / (2.0 * flow.voltage_pu)
        bound_pu = limits.voltage_high_pu if pattern.feeds else limits.voltage_low_pu
        moves = change_pu > 1e-9 if pattern.feeds else change_pu < -1e-9
        rooms.append(np.where(moves, (bound_pu - flow.voltage_pu) / change_pu, np.inf))
        if pattern.feeds:
            up = -slope[len(network.lines.ids) :]
            reverse_mw = -flow.transformer_mw(network)
            rooms.append(np.where(up > 1e-9, (limits.reverse_max_mw - reverse_mw) / up, np.inf))
    smallest: Array = np.min([room.min(axis=1, initial=np.inf) for room in rooms], axis=0)
    return smallest
