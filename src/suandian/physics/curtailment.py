"""Who is held back, and by how much, where a network cannot take all PV: the operator's rules on linear rows.

Elements are the upper voltages of all buses and the upward flows of all branches. Each has the plants that can help it:
those below a branch, and for a voltage those on the same feeder (a share of the largest effect, `pv_operation.yaml`).
Elements with few helpers are worked before those with many, that is from leaf to root, so that what a village had to
give already counts at the county's transformer and nothing is cut twice. Among voltages with equally many
helpers the one that needs the largest share goes first. AC states, and repetition until they hold, are those of
`suandian.physics.feeder_grid`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import CurtailmentRule, FeederGrid
from suandian.physics.inverter import records
from suandian.physics.lindistflow import linear_network

__all__ = ["Effects", "effects_of", "held_back", "last_connected", "proportional"]

Array = NDArray[np.float64]
#: (output_mw, effect of the helpers (0 elsewhere), excess, rank of each plant) → output_mw
Rule = Callable[[Array, Array, Array, NDArray[np.int64]], Array]

_SPENT = 1e-12  # of an element's unit: an excess that is rounding
_SWEEPS_MAX = 12
_SAME_RATIO = 1e-5  # of all that is available: two sweeps that differ by less agree
_NO_ROWS = np.zeros(0, dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """What a MW of each plant does; elements are the buses' squared voltages, then the branches' upward flows.

    effect        change per MW, `(elements, plants)`; pu² for voltages, 1 or 0 for branches
    helps         whether the plant is held back for the element, `(elements, plants)`
    tiers         elements in the order of work; those of one tier together, `voltage` where they are voltages
    fall          squared voltage of a plant's bus per Mvar that plants draw, `(plants, plants)`
    upward        sign that turns `Flow.branch_mw` into power towards the slack, `(branches,)`; 0 outside the tree
    """

    effect: Array
    helps: NDArray[np.bool_]
    tiers: tuple[tuple[bool, NDArray[np.intp]], ...]
    fall: Array
    upward: Array


def effects_of(grid: FeederGrid) -> Effects:
    """Effects of the buses with PV. Raises `DataError` where the network has a loop: who is below is then open."""
    linear, plants = linear_network(grid.network), grid.pv_buses
    drawn_ratio = grid.pv_mvar_per_mw if grid.reactive == "fixed" else 0.0  # volt-var is followed by itself
    rise = linear.square_per_mw[:, plants] - drawn_ratio * linear.square_per_mvar[:, plants]
    effect = np.concatenate([rise, np.abs(linear.below_ratio[:, plants])])
    most = effect.max(axis=1, initial=0.0, keepdims=True)
    helps = (effect > 0.0) & (effect >= records()["curtailment"][0]["helpful_ratio"] * most)
    voltage = np.arange(len(effect)) < len(rise)
    size = helps.sum(axis=1)
    tiers = tuple(
        (bool(kind), rows)
        for number in np.unique(size[size > 0])
        for kind in (False, True)
        if len(rows := np.flatnonzero((size == number) & (voltage == kind)))
    )
    return Effects(
        effect, helps, tiers, linear.square_per_mvar[np.ix_(plants, plants)], -np.sign(linear.below_ratio.sum(axis=1))
    )


def held_back(
    rule: CurtailmentRule, effects: Effects, available_mw: Array, value: Array, most: Array, rank: NDArray[np.int64]
) -> Array:
    """Output of the plants that keeps the linear rows, `(periods, plants)`.

    value  of each element with all that is available, `(periods, elements)`
    most   what it may be; an excess that its helpers cannot clear is left with all of them at zero
    `volt_watt` is done by the inverters themselves; what remains after it is shared like `proportional`.
    """
    apply = last_connected if rule == "last_connected" else proportional
    beyond = value - most
    output_mw = _sweep(apply, effects, available_mw, beyond, rank, None)
    voltages = np.concatenate([elements for kind, elements in effects.tiers if kind] or [_NO_ROWS])
    rows = np.flatnonzero((beyond[:, voltages] > 0.0).any(axis=1))
    others_mw = output_mw[rows]
    for _ in range(_SWEEPS_MAX):
        if not len(rows):
            break
        again_mw = _sweep(apply, effects, available_mw[rows], beyond[rows], rank, others_mw)
        moves = np.abs(again_mw - output_mw[rows]).sum(axis=1) > _SAME_RATIO * available_mw[rows].sum(axis=1)
        output_mw[rows] = again_mw
        rows, others_mw = rows[moves], (others_mw + again_mw)[moves] / 2.0
    return output_mw


def _sweep(
    apply: Rule, effects: Effects, available_mw: Array, beyond: Array, rank: NDArray[np.int64], others_mw: Array | None
) -> Array:
    """Every element once, from leaf to root.

    A voltage counts plants that do not help it as in `others_mw`, the result of the sweeps before, because feeders
    that share a busbar relieve each other: whoever came first would give too much. None: as they are by now.
    """
    output_mw = available_mw.copy()
    exceeded = beyond > 0.0
    for is_voltage, elements in effects.tiers:
        found = elements[exceeded[:, elements].any(axis=0)]
        if is_voltage and len(found):
            _worst_first(apply, effects, found, output_mw, available_mw, beyond, rank, others_mw)
            continue
        for element in found:
            rows = np.flatnonzero(exceeded[:, element])
            effect = effects.effect[element]
            excess = beyond[rows, element] - (available_mw[rows] - output_mw[rows]) @ effect
            helpers = np.broadcast_to(np.where(effects.helps[element], effect, 0.0), (len(rows), len(effect)))
            output_mw[rows] = apply(output_mw[rows], helpers, excess, rank)
    return output_mw


def proportional(output_mw: Array, effect: Array, excess: Array, rank: NDArray[np.int64]) -> Array:  # noqa: ARG001
    """All helpers are scaled by one factor that clears the excess, `(periods, plants)`; `excess` is `(periods,)`."""
    total = np.maximum((effect * output_mw).sum(axis=1), _SPENT)
    kept = 1.0 - np.clip(excess / total, 0.0, 1.0)
    scaled_mw: Array = np.where(effect > 0.0, output_mw * kept[:, None], output_mw)
    return scaled_mw


def last_connected(output_mw: Array, effect: Array, excess: Array, rank: NDArray[np.int64]) -> Array:
    """Helpers give all they have, the highest rank first, until the excess is cleared, `(periods, plants)`."""
    order = np.argsort(-rank, kind="stable")
    part = (effect * output_mw)[:, order]
    before = np.cumsum(part, axis=1) - part
    given = np.clip(np.maximum(excess, 0.0)[:, None] - before, 0.0, part)
    left_mw = output_mw.copy()
    left_mw[:, order] *= 1.0 - given / np.where(part > 0.0, part, 1.0)
    return left_mw


def _worst_first(
    apply: Rule,
    effects: Effects,
    elements: NDArray[np.intp],
    output_mw: Array,
    available_mw: Array,
    beyond: Array,
    rank: NDArray[np.int64],
    others_mw: Array | None,
) -> None:
    """Clears one tier of voltages in place: in every interval the voltage that needs the largest share goes first."""
    effect = effects.effect[elements]
    helpers = np.where(effects.helps[elements], effect, 0.0)
    rows = np.flatnonzero((beyond[:, elements] > 0.0).any(axis=1))
    for _ in range(2 * len(elements)):
        less_mw = available_mw[rows] - output_mw[rows]
        others_less_mw = less_mw if others_mw is None else available_mw[rows] - others_mw[rows]
        excess = beyond[np.ix_(rows, elements)] - less_mw @ helpers.T - others_less_mw @ (effect - helpers).T
        able = output_mw[rows] @ helpers.T
        share = np.where((excess > _SPENT) & (able > _SPENT), excess / np.maximum(able, _SPENT), 0.0)
        worst = np.argmax(share, axis=1)
        todo = np.flatnonzero(share[np.arange(len(rows)), worst] > 0.0)
        if not len(todo):
            break
        excess, worst, rows = excess[todo], worst[todo], rows[todo]
        output_mw[rows] = apply(output_mw[rows], helpers[worst], excess[np.arange(len(rows)), worst], rank)
