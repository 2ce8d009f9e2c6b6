"""On-load tap changers: the discrete tap nearest to the target voltage, interval by interval.

The tap of each interval is first guessed from the closed solution of two buses (slack-side voltage and the load below,
losses left out), then solved by AC in groups of equal taps, and moved while a low-voltage bus is more than
three quarters of a step off its target. Dead bands and delays of real regulators are shorter than an interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suandian.model.network import Network
from suandian.model.network_checks import loops
from suandian.physics.transformer import transformer_pi

if TYPE_CHECKING:
    from suandian.physics.powerflow import Flow

__all__ = ["regulate", "tapped"]

Array = NDArray[np.float64]
Solve = Callable[[Network, NDArray[np.intp]], "Flow"]

_ROUNDS_MAX = 4
_OFF_TARGET_STEPS = 0.75  # more than half a step, so that no two taps chase each other


def tapped(network: Network, positions: Array) -> Network:
    """The same network with its regulated transformers at `positions`, which then stay there; made once for each."""
    return _tapped(network, tuple(positions.tolist()))


@lru_cache(maxsize=512)
def _tapped(network: Network, positions: tuple[float, ...]) -> Network:
    table = network.transformers
    tap, target_pu = table.tap_position.copy(), np.full(len(table.ids), np.nan)
    tap[table.regulated] = positions
    return replace(network, transformers=replace(table, tap_position=tap, target_pu=target_pu))


def regulate(
    network: Network, p_mw: Array, q_mvar: Array, slack_voltage_pu: Array, solve: Solve
) -> tuple[list[Flow], list[NDArray[np.intp]]]:
    """Flows and the intervals that each holds, together every interval once. `solve(network, rows)` is the AC flow."""
    table = network.transformers
    rows = table.regulated
    low, high = table.tap_lowest_position[rows], table.tap_highest_position[rows]
    taps = np.clip(_guess(network, p_mw, q_mvar, slack_voltage_pu), low, high)
    flows, held = [], []
    todo = np.arange(len(p_mw))
    if not len(todo):
        return [solve(tapped(network, table.tap_position[rows]), todo)], [todo]
    for attempt in range(_ROUNDS_MAX):
        again = []
        groups, inverse = np.unique(taps[todo], axis=0, return_inverse=True)
        for number, positions in enumerate(groups):
            members = todo[inverse.ravel() == number]
            flow = solve(tapped(network, positions), members)
            off_steps = _off_target_steps(network, flow)
            move = np.where(np.abs(off_steps) > _OFF_TARGET_STEPS, np.round(off_steps), 0.0)
            wanted = np.clip(positions + np.nan_to_num(move), low, high)
            moves = (wanted != positions).any(axis=1) & (attempt < _ROUNDS_MAX - 1)
            taps[members[moves]] = wanted[moves]
            again.append(members[moves])
            stays = ~moves
            if stays.any():
                flows.append(flow.at(stays))
                held.append(members[stays])
        todo = np.sort(np.concatenate(again))
        if not len(todo):
            break
    return flows, held


def _off_target_steps(network: Network, flow: Flow) -> Array:
    """Steps that each tap would have to go to meet its target, `(periods, regulated)`; NaN without a solution."""
    table = network.transformers
    rows = table.regulated
    off_ratio = flow.voltage_pu[:, table.lv_bus[rows]] / table.target_pu[rows] - 1.0
    steps: Array = off_ratio / table.tap_step_ratio[rows]
    return np.where(table.tap_on_hv[rows], steps, -steps)


def _guess(network: Network, p_mw: Array, q_mvar: Array, slack_voltage_pu: Array) -> Array:
    """First tap of every interval, `(periods, regulated)`; in meshed networks that of the table."""
    table = network.transformers
    rows = table.regulated
    if loops(network):
        return np.tile(table.tap_position[rows], (len(p_mw), 1))
    from suandian.physics.lindistflow import linear_network

    linear = linear_network(network)
    nominal_kv = network.buses.nominal_kv
    neutral_ratio = table.hv_kv / table.lv_kv * nominal_kv[table.lv_bus] / nominal_kv[table.hv_bus]
    series, _ = transformer_pi(network)
    guess = np.zeros((len(p_mw), len(rows)))
    for column, row in enumerate(rows):
        below = linear.below_ratio[len(network.lines.ids) + row]
        p, q = p_mw @ below, q_mvar @ below
        z = series[row] / nominal_kv[table.lv_bus[row]] ** 2  # per unit on 1 MVA
        source_pu = slack_voltage_pu / neutral_ratio[row]
        a = source_pu**2 / 2.0 - (z.real * p + z.imag * q)
        root = np.sqrt(np.maximum(a * a - np.abs(z) ** 2 * (p * p + q * q), 0.0))
        voltage_pu = np.sqrt(np.maximum(a + root, 0.01))
        steps = (voltage_pu / table.target_pu[row] - 1.0) / table.tap_step_ratio[row]
        guess[:, column] = table.tap_neutral_position[row] + np.round(steps if table.tap_on_hv[row] else -steps)
    return guess
