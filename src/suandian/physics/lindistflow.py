"""LinDistFlow: squared voltages and branch flows of a radial network as matrices of the net load, for a programme.

Baran and Wu (1989), losses left out: `v²_child = v²_parent/k² − 2(r·P + x·Q)` per unit, P and Q the sums of what lies
below a branch, k the off-nominal ratio of a transformer. Line charging and no-load losses are constant loads at the
ends of their branch (at 1 pu). A bus that an on-load tap changer holds stands at its target, whatever flows; other
taps stay at the table's positions (`suandian.physics.taps.tapped` sets them). A voltage limit is linear as it stands:
`v ≤ high` is `v² ≤ high²`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from suandian.model.network import Network
from suandian.model.network_checks import loops
from suandian.physics.powerflow import Flow
from suandian.physics.transformer import transformer_pi
from suandian.quantity.errors import DataError

__all__ = ["Linear", "LinearError", "linear_network", "linearisation_error"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """Rows of a linear programme; `p` and `q` are net loads of the buses, drawn positive.

    squared voltage  = square_offset_pu − square_per_mw @ p − square_per_mvar @ q, `(buses,)`
    branch active    = branch_offset_mw + below_ratio @ p, `(branches,)` downward, lines first
    branch reactive  = branch_offset_mvar + below_ratio @ q

    After `anchored`, the offsets are those of every interval, `(periods, …)`.
    """

    square_offset_pu: Array
    square_per_mw: Array
    square_per_mvar: Array
    below_ratio: Array
    branch_offset_mw: Array
    branch_offset_mvar: Array

    def anchored(self, flow: Flow, p_mw: Array, q_mvar: Array) -> Linear:
        """The same slopes with offsets that meet `flow`, the AC state of net loads `(periods, buses)`, exactly.

        What LinDistFlow leaves out (losses) is then right at that state and wrong only by its change: the step that a
        programme repeats after each AC check. Raises `DataError` where an interval of `flow` has no solution.
        """
        if not flow.converged.all():
            raise DataError(f"interval {int(np.argmin(flow.converged))} has no solution to anchor at")
        square = flow.voltage_pu**2 + p_mw @ self.square_per_mw.T + q_mvar @ self.square_per_mvar.T
        below = self.below_ratio.T
        return replace(
            self,
            square_offset_pu=square,
            branch_offset_mw=flow.branch_mw - p_mw @ below,
            branch_offset_mvar=flow.branch_mvar - q_mvar @ below,
        )

    def voltage_pu(self, p_mw: Array, q_mvar: Array) -> Array:
        """Voltages for net loads `(periods, buses)`."""
        square = self.square_offset_pu - p_mw @ self.square_per_mw.T - q_mvar @ self.square_per_mvar.T
        voltage_pu: Array = np.sqrt(np.maximum(square, 0.0))
        return voltage_pu

    def branch_mw(self, p_mw: Array) -> Array:
        """Active power down every branch, `(periods, branches)`."""
        flow_mw: Array = self.branch_offset_mw + p_mw @ self.below_ratio.T
        return flow_mw

    def branch_mvar(self, q_mvar: Array) -> Array:
        """Reactive power down every branch, `(periods, branches)`."""
        flow_mvar: Array = self.branch_offset_mvar + q_mvar @ self.below_ratio.T
        return flow_mvar


@dataclass(frozen=True, slots=True)
class LinearError:
    """How far LinDistFlow is from the AC flow of the same loads: largest and 95 % of all elements and intervals."""

    voltage_max_pu: float
    voltage_p95_pu: float
    branch_max_mw: float


@lru_cache(maxsize=32)
def linear_network(network: Network) -> Linear:
    """The matrices of a radial network, worked out once. Raises `DataError` where there is a loop."""
    closing = loops(network)
    if closing:
        raise DataError(f"LinDistFlow needs a radial network; {network.branch_ids[closing[0]]!r} closes a loop")
    order, parent, via, sign = _tree(network)
    buses, branches = len(network.buses.ids), len(network.branch_ids)
    r_pu, x_pu = _impedances_pu(network)
    gain = _gains(network)
    shunt_mw, shunt_mvar = _constant_loads(network)
    below = np.zeros((buses, buses))  # row b: buses fed through the branch above b, itself among them
    for bus in reversed(order[1:]):
        below[bus, bus] = 1.0
        if parent[bus] != network.slack.bus:
            below[parent[bus]] += below[bus]
    square = np.zeros(buses)
    per_mw, per_mvar = np.zeros((buses, buses)), np.zeros((buses, buses))
    square[network.slack.bus] = network.slack.voltage_pu**2
    held_pu = _held(network)
    for bus in order[1:]:
        up, branch = parent[bus], via[bus]
        if sign[bus] > 0 and branch in held_pu:
            square[bus] = held_pu[branch] ** 2
            continue
        # The series impedance lies on the low-voltage side. Walking down, the voltage is turned first; up, last.
        turn = gain[branch] if sign[bus] > 0 else 1.0 / gain[branch]
        weight = 1.0 if sign[bus] > 0 else turn
        square[bus] = square[up] * turn
        per_mw[bus] = per_mw[up] * turn + 2.0 * r_pu[branch] * weight * below[bus]
        per_mvar[bus] = per_mvar[up] * turn + 2.0 * x_pu[branch] * weight * below[bus]
    below_branch = np.zeros((branches, buses))
    for bus in order[1:]:
        below_branch[via[bus]] = sign[bus] * below[bus]
    return Linear(
        square_offset_pu=square - per_mw @ shunt_mw - per_mvar @ shunt_mvar,
        square_per_mw=per_mw,
        square_per_mvar=per_mvar,
        below_ratio=below_branch,
        branch_offset_mw=below_branch @ shunt_mw,
        branch_offset_mvar=below_branch @ shunt_mvar,
    )


def linearisation_error(linear: Linear, flow: Flow, p_mw: Array, q_mvar: Array) -> LinearError:
    """`linear` against `flow`, the AC state of net loads `(periods, buses)`; what did not converge is left out."""
    good = flow.converged
    voltage_pu = np.abs(linear.voltage_pu(p_mw, q_mvar) - flow.voltage_pu)[good]
    branch_mw = np.abs(linear.branch_mw(p_mw) - flow.branch_mw)[good]
    return LinearError(
        voltage_max_pu=float(voltage_pu.max(initial=0.0)),
        voltage_p95_pu=float(np.quantile(voltage_pu, 0.95)) if voltage_pu.size else 0.0,
        branch_max_mw=float(branch_mw.max(initial=0.0)),
    )


def _held(network: Network) -> dict[int, float]:
    """Branches whose low-voltage bus a tap changer holds, and its target."""
    table, lines = network.transformers, len(network.lines.ids)
    return {lines + int(row): float(table.target_pu[row]) for row in table.regulated}


def _tree(network: Network) -> tuple[list[int], list[int], list[int], list[int]]:
    """Buses from the slack outwards; of each its parent, the branch to it, and +1 where that branch points down."""
    first, second = network.branch_ends
    count = len(network.buses.ids)
    near: list[list[tuple[int, int, int]]] = [[] for _ in range(count)]
    for branch, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        near[a].append((b, branch, 1))
        near[b].append((a, branch, -1))
    parent, via, sign = [-1] * count, [-1] * count, [0] * count
    order = [network.slack.bus]
    for bus in order:
        for other, branch, direction in near[bus]:
            if other != network.slack.bus and parent[other] < 0:
                parent[other], via[other], sign[other] = bus, branch, direction
                order.append(other)
    return order, parent, via, sign


def _impedances_pu(network: Network) -> tuple[Array, Array]:
    """Series resistance and reactance on 1 MVA, `(branches,)`; of transformers on the low-voltage side."""
    series, _ = transformer_pi(network)
    base_ohm = network.buses.nominal_kv**2
    lines, low = network.lines, base_ohm[network.transformers.lv_bus]
    return (
        np.concatenate([lines.resistance_ohm / base_ohm[lines.from_bus], series.real / low]),
        np.concatenate([lines.reactance_ohm / base_ohm[lines.from_bus], series.imag / low]),
    )


def _gains(network: Network) -> Array:
    """Squared per-unit voltage of the second bus over that of the first without load, `(branches,)`."""
    table, nominal_kv = network.transformers, network.buses.nominal_kv
    ratio_pu = table.turns_ratio * nominal_kv[table.lv_bus] / nominal_kv[table.hv_bus]
    return np.concatenate([np.ones(len(network.lines.ids)), 1.0 / ratio_pu**2])


def _constant_loads(network: Network) -> tuple[Array, Array]:
    """MW and Mvar drawn at the buses by shunts at 1 pu: charging feeds, magnetising draws, half at each end."""
    nominal_kv = network.buses.nominal_kv
    mw, mvar = np.zeros(len(nominal_kv)), np.zeros(len(nominal_kv))
    lines, table = network.lines, network.transformers
    charging = 2.0 * np.pi * network.frequency_hz * lines.capacitance_nf * 1e-9 * nominal_kv[lines.from_bus] ** 2
    _, shunt = transformer_pi(network)
    low_square = nominal_kv[table.lv_bus] ** 2
    for ends in (lines.from_bus, lines.to_bus):
        np.add.at(mvar, ends, -charging / 2.0)
    for ends in (table.hv_bus, table.lv_bus):
        np.add.at(mw, ends, shunt.real * low_square / 2.0)
        np.add.at(mvar, ends, -shunt.imag * low_square / 2.0)
    return mw, mvar
