"""Repetition of AC flow and rule until both agree, for all intervals of a feeder's network that still need it.

A `State` is what plants do and the AC flow that follows; a `Case` holds what is given and moves a state: inverters to
their curves (`settle`, `hold_by_curve`), plants to what the operator's rule leaves them (`hold`). The rule works on
linear rows that are exact at the latest AC state and starts from all that is available each time, so what was cut too
far comes back. LinDistFlow leaves losses out and so overstates what a MW does: limits are approached from above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import FeederGrid
from suandian.physics.curtailment import Effects, effects_of, held_back
from suandian.physics.inverter import volt_var_step, volt_watt_mw, volt_watt_step
from suandian.physics.limits import Limits, active_limits_mw
from suandian.physics.powerflow import Flow, power_flow
from suandian.quantity.errors import DataError

__all__ = ["Case", "State"]

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_AIM_PU = 1e-4
_AIM_RATIO = 5e-4
_UP_RATIO = 1e-3  # of the rating: less than this does not flow up, so PV does not answer for the loading
_STILL_RATIO = 2e-4  # of all that is available: the rule would move no more than this
_SETTLED_RATIO = 1e-5  # of the nameplate: curves of inverters are met
_FREE_ROUNDS = 6
_SHORTER = 0.6  # of the step before, once the free rounds are over
_ROUNDS_MAX = 16  # the last step is 0.6 % of what is wanted
_HALVINGS = 7  # locates the largest common share of PV that has a solution within 1 %


@dataclass(slots=True, eq=False)
class State:
    """Output and reactive power of plants, `(n, plants)`, with their AC flow; rows are written in place."""

    output_mw: Array
    drawn_mvar: Array
    flow: Flow

    def at(self, rows: Rows) -> State:
        return State(self.output_mw[rows], self.drawn_mvar[rows], self.flow.at(rows))

    def put(self, rows: Rows, other: State) -> None:
        self.output_mw[rows], self.drawn_mvar[rows] = other.output_mw, other.drawn_mvar
        for name in Flow.__slots__:
            getattr(self.flow, name)[rows] = getattr(other.flow, name)


#: Output that plants of some intervals should have next, from their state.
Aim = Callable[[Rows, State], Array]
#: Which intervals of a state are as they should be.
Good = Callable[[State], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Intervals to be solved: net load without PV `(n, buses)`, output available and nameplate at buses with PV."""

    grid: FeederGrid
    p_mw: Array
    q_mvar: Array
    available_mw: Array
    nameplate_mw: Array

    @property
    def _is_fixed(self) -> bool:
        return self.grid.reactive == "fixed"

    def loads(self, rows: Rows, output_mw: Array, drawn_mvar: Array) -> tuple[Array, Array]:
        """Net loads of some intervals with the plants, `(rows, buses)`."""
        p_mw, q_mvar = self.p_mw[rows], self.q_mvar[rows]  # copies
        p_mw[:, self.grid.pv_buses] -= output_mw
        q_mvar[:, self.grid.pv_buses] += drawn_mvar
        return p_mw, q_mvar

    def solve(self, rows: Rows, output_mw: Array, drawn_mvar: Array) -> State:
        """AC state of some intervals; without a solution it is NaN and not `converged`."""
        loads = self.loads(rows, output_mw, drawn_mvar)
        return State(output_mw, drawn_mvar, power_flow(self.grid.network, *loads, allow_divergence=True))

    def start(self, *, allow_divergence: bool) -> State:
        """All PV, and where that has no solution the largest common share of it that has one."""
        output_mw, drawn_mvar = self.available_mw.copy(), self._fixed(self.available_mw)
        loads = self.loads(np.arange(len(output_mw)), output_mw, drawn_mvar)
        state = State(output_mw, drawn_mvar, power_flow(self.grid.network, *loads, allow_divergence=allow_divergence))
        rows = np.flatnonzero(~state.flow.converged)
        if not len(rows):
            return state
        none = self.solve(rows, np.zeros_like(output_mw[rows]), np.zeros_like(drawn_mvar[rows]))
        if not none.flow.converged.all():
            power_flow(self.grid.network, self.p_mw, self.q_mvar)  # raises and says why, in the caller's intervals
            raise DataError(f"interval {rows[~none.flow.converged][0]} has no solution without PV")
        state.put(rows, none)
        low_ratio, high_ratio = np.zeros(len(rows)), np.ones(len(rows))
        for _ in range(_HALVINGS):
            tried_ratio = 0.5 * (low_ratio + high_ratio)
            tried_mw = self.available_mw[rows] * tried_ratio[:, None]
            tried = self.solve(rows, tried_mw, self._fixed(tried_mw))
            good = tried.flow.converged
            state.put(rows[good], tried.at(np.flatnonzero(good)))
            low_ratio, high_ratio = np.where(good, tried_ratio, low_ratio), np.where(good, high_ratio, tried_ratio)
        return state

    def settle(self, state: State) -> None:
        """Volt-var reaches its curve with the output as it is."""
        if self._is_fixed:
            return
        rows = np.flatnonzero(state.output_mw.any(axis=1))
        given_mw = state.output_mw.copy()
        self._repeat(state, rows, lambda todo, _: given_mw[todo], lambda part: np.ones(len(part.output_mw), np.bool_),
                     still_ratio=_SETTLED_RATIO, falls=False)  # fmt: skip

    def hold_by_curve(self, state: State, limits: Limits, solved: NDArray[np.bool_]) -> None:
        """Volt-watt of the inverters, then the operator; where all PV has no solution, `(n,)`, the other way round."""
        self.by_own_curve(state, np.flatnonzero(solved))
        left = replace(self, available_mw=np.where(solved[:, None], state.output_mw, self.available_mw))
        left.hold(state, limits)
        if not solved.all():
            held = replace(self, available_mw=state.output_mw.copy())
            held.by_own_curve(state, np.flatnonzero(~solved))

    def by_own_curve(self, state: State, rows: Rows) -> None:
        """Inverters settle on the smaller of sun and volt-watt."""
        plants, nameplate_mw = self.grid.pv_buses, self.nameplate_mw
        cap_mw = volt_watt_mw(state.flow.voltage_pu[np.ix_(rows, plants)], nameplate_mw)
        rows = rows[(cap_mw < state.output_mw[rows]).any(axis=1)]
        if not len(rows):
            return
        rise = np.maximum(_effects(self.grid).effect[plants], 0.0)  # absorbing plants may lower other voltages

        def aim(todo: Rows, part: State) -> Array:
            voltage_pu = part.flow.voltage_pu[:, plants]
            return volt_watt_step(voltage_pu, part.output_mw, self.available_mw[todo], nameplate_mw, rise)

        self._repeat(state, rows, aim, lambda part: np.ones(len(part.output_mw), np.bool_),
                     still_ratio=_SETTLED_RATIO, falls=False)  # fmt: skip

    def hold(self, state: State, limits: Limits) -> None:
        """Holds PV back by the operator's rule wherever it breaks a limit or is below what is available."""
        grid = self.grid
        short = (state.output_mw < self.available_mw).any(axis=1)
        rows = np.flatnonzero((_perhaps(grid, limits, state.flow) | short) & self.available_mw.any(axis=1))
        if not len(rows):
            return
        effects = _effects(grid)

        def aim(todo: Rows, part: State) -> Array:
            value, most, _ = _elements(grid, effects, limits, part.flow)
            value += (self.available_mw[todo] - part.output_mw) @ effects.effect.T
            return held_back(grid.curtailment, effects, self.available_mw[todo], value, most, grid.pv_rank[plants])

        def good(part: State) -> NDArray[np.bool_]:
            exceeded = _elements(grid, effects, limits, part.flow)[2]
            helpful = (part.output_mw @ (effects.effect * effects.helps).T) > 0.0
            return ~np.asarray((exceeded & helpful).any(axis=1))

        plants = grid.pv_buses
        self._repeat(state, rows, aim, good, still_ratio=_STILL_RATIO, falls=True)

    def _repeat(self, state: State, rows: Rows, aim: Aim, good: Good, *, still_ratio: float, falls: bool) -> None:
        """AC flow of what `aim` wants, until it wants no more and the state is `good`; `state` is changed in place.

        Inverters and a tap changer can hunt each other where reactive losses make the busbar fall with more export:
        what has not settled after some rounds moves in ever shorter steps, and ends on the edge where the tap moves.
        With `falls` it is the operator who moves the output: in full, and after some rounds only down.
        """
        for attempt in range(_ROUNDS_MAX):
            part = state.at(rows)
            damping_ratio = 1.0 if attempt < _FREE_ROUNDS else _SHORTER ** (attempt - _FREE_ROUNDS + 1)
            output_mw = aim(rows, part)
            if falls and attempt >= _FREE_ROUNDS:
                output_mw = np.minimum(output_mw, part.output_mw)
            if not falls and damping_ratio < 1.0:
                output_mw = part.output_mw + damping_ratio * (output_mw - part.output_mw)
            drawn_mvar = self._drawn(part, output_mw, damping_ratio)
            moved_mw = np.abs(output_mw - part.output_mw).sum(axis=1)
            moved_mvar = np.abs(drawn_mvar - part.drawn_mvar).sum(axis=1)
            still_mw = still_ratio * self.available_mw[rows].sum(axis=1)
            still = moved_mw <= (still_mw if falls else damping_ratio * still_mw)
            still &= moved_mvar <= damping_ratio * self._still_mvar(still_mw)
            todo = np.flatnonzero(~(still & good(part)) & (moved_mw + moved_mvar > 0.0))
            if not len(todo):
                break
            rows, part = rows[todo], part.at(todo)
            self._advance(state, rows, part, output_mw[todo], drawn_mvar[todo])

    def _still_mvar(self, still_mw: Array) -> Array | float:
        """How much reactive power may be off: along with the output, or against the volt-var curve."""
        return still_mw if self._is_fixed else _SETTLED_RATIO * float(self.nameplate_mw.sum())

    def _advance(self, state: State, rows: Rows, part: State, output_mw: Array, drawn_mvar: Array) -> None:
        """Moves to the wanted state; half as far, and so on, where that has no solution."""
        left = np.arange(len(rows))
        for _ in range(_HALVINGS):
            tried = self.solve(rows[left], output_mw[left], drawn_mvar[left])
            good = np.flatnonzero(tried.flow.converged)
            state.put(rows[left[good]], tried.at(good))
            left = left[~tried.flow.converged]
            if not len(left):
                break
            output_mw[left] = (output_mw[left] + part.output_mw[left]) / 2.0
            drawn_mvar[left] = (drawn_mvar[left] + part.drawn_mvar[left]) / 2.0

    def _fixed(self, output_mw: Array) -> Array:
        ratio = self.grid.pv_mvar_per_mw if self._is_fixed else 0.0
        drawn_mvar: Array = ratio * output_mw
        return drawn_mvar

    def _drawn(self, part: State, output_mw: Array, damping_ratio: float) -> Array:
        """Reactive power that goes with an output, `(periods, plants)`; of volt-var, the next step to its curve."""
        if self._is_fixed:
            return self._fixed(output_mw)
        voltage_pu = part.flow.voltage_pu[:, self.grid.pv_buses]
        fall = _effects(self.grid).fall
        wanted_mvar = volt_var_step(voltage_pu, part.drawn_mvar, output_mw, self.nameplate_mw, fall)
        return part.drawn_mvar + damping_ratio * (wanted_mvar - part.drawn_mvar)


@lru_cache(maxsize=16)
def _effects(grid: FeederGrid) -> Effects:
    return effects_of(grid)


def _perhaps(grid: FeederGrid, limits: Limits, flow: Flow) -> NDArray[np.bool_]:
    """Intervals in which anything that PV can break is exceeded, `(n,)`; cheap, and never too few."""
    reverse = -flow.transformer_mw(grid.network) > limits.reverse_max_mw
    voltage = flow.voltage_pu > limits.voltage_high_pu
    loading = flow.loading_ratio > limits.loading_max_ratio
    return np.asarray(np.hstack([voltage, loading, reverse]).any(axis=1))


def _elements(grid: FeederGrid, effects: Effects, limits: Limits, flow: Flow) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Squared voltages and upward flows in an AC state, what the operator aims at, and which limits are exceeded.

    All `(n, buses + branches)`. A rating bounds the upward active power at the reactive power of the state.
    """
    network = grid.network
    lines, rated_mva = network.lines, network.branch_rated_mva
    up_mw = effects.upward * flow.branch_mw
    most_up_mw = active_limits_mw(network, limits, flow)
    reverse_mw = np.full(up_mw.shape[1], np.inf)
    down = effects.upward[len(lines.ids) :] < 0.0  # its high-voltage side is the one towards the slack
    reverse_mw[len(lines.ids) :] = np.where(down, limits.reverse_max_mw, np.inf)
    over_voltage = flow.voltage_pu > limits.voltage_high_pu
    over_flow = (up_mw > reverse_mw) | (
        (flow.loading_ratio > limits.loading_max_ratio) & (up_mw > _UP_RATIO * rated_mva)
    )
    value = np.concatenate([flow.voltage_pu**2, up_mw], axis=1)
    aimed_mw = np.minimum(most_up_mw, reverse_mw) - _AIM_RATIO * rated_mva
    aimed = np.broadcast_to((limits.voltage_high_pu - _AIM_PU) ** 2, flow.voltage_pu.shape)
    return value, np.concatenate([aimed, aimed_mw], axis=1), np.concatenate([over_voltage, over_flow], axis=1)
