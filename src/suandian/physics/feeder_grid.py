"""A feeder with a network in operation: net loads of its buses, their AC flow, and PV held back until limits hold.

Every interval is solved by itself, so a year at once and spans of an hour give the same. Held means: upper
voltages, reverse flow of transformers, and the rating of branches whose power flows up are kept in the AC flow. Where
PV is cut, the operator aims 0.0001 pu below a voltage limit and 0.05 % of the rating below that of a flow, and stops
once the rule would move no more than 0.02 % of what all plants could feed: a limit is kept as it stands and nearly
reached. What load alone breaks is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from suandian.model.grid import Feeder, FeederGrid
from suandian.model.network_checks import loops
from suandian.physics.feeder_case import Case, State
from suandian.physics.grades import top_transformers
from suandian.physics.limits import Limits, limits_of
from suandian.physics.powerflow import Flow
from suandian.quantity.errors import DataError

__all__ = ["GridStep", "grid_flow", "grid_limits", "has_own_transformers", "net_loads", "operate"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GridStep:
    """State of a feeder's network over n intervals.

    pv_used_mw, pv_available_mw   output of the plants at each bus after and before they are held back, `(n, buses)`
    p_mw, q_mvar                  net loads that were solved, drawn positive, `(n, buses)`
    flow                          their AC flow
    """

    pv_used_mw: Array
    pv_available_mw: Array
    p_mw: Array
    q_mvar: Array
    flow: Flow


@lru_cache(maxsize=16)
def grid_limits(feeder: Feeder) -> Limits:
    """Limits of the network's elements; the feeder's reverse limit stands in place of the rule's β.

    Transformers in parallel keep what is left when the largest is out. Raises `DataError` without a network.
    """
    grid = _grid(feeder)
    limits = limits_of(grid.network, power_factor_ratio=feeder.power_factor_ratio)
    table = grid.network.transformers
    pairs = list(zip(table.hv_bus.tolist(), table.lv_bus.tolist(), strict=True))
    parallel = np.array([pairs.count(pair) > 1 for pair in pairs], dtype=np.bool_)
    own_mw = feeder.reverse_limit_ratio * table.rating_mva * feeder.power_factor_ratio
    return replace(limits, reverse_max_mw=np.where(parallel, np.minimum(own_mw, limits.reverse_max_mw), own_mw))


@lru_cache(maxsize=16)
def has_own_transformers(feeder: Feeder) -> bool:
    """Are the network's transformers next to the grid above those of the feeder, by their ratings (within 1 %)?

    Their limits then are the feeder's. Otherwise (a network that begins at 10 kV) the feeder's own limit stands beside.
    """
    network = _grid(feeder).network
    if loops(network):
        return True  # whose transformers come first is open in a mesh, and its PV is never held back
    rating_mva = float(network.transformers.rating_mva[top_transformers(network)].sum())
    return abs(rating_mva - feeder.transformer_mva) <= 0.01 * feeder.transformer_mva


def net_loads(grid: FeederGrid, load_mw: Array, pv_mw: Array, site_net_mw: Mapping[str, Array]) -> tuple[Array, Array]:
    """Active and reactive net load of every bus, drawn positive, `(n, buses)`; inverters at their fixed power factor.

    `load_mw` is the feeder's, `(n,)`, `pv_mw` the output at buses, `(n, buses)`, `site_net_mw` each site's import,
    `(n,)`, negative where it exports; its reactive power has the sign of its active power. Raises `DataError` for a
    site that the grid does not place.
    """
    drawn_mw = load_mw[:, None] * grid.load_ratio
    p_mw = drawn_mw - pv_mw
    q_mvar = drawn_mw * grid.load_mvar_per_mw + pv_mw * grid.pv_mvar_per_mw
    for site, net_mw in site_net_mw.items():
        if site not in grid.site_ratio:
            raise DataError(f"site {site!r} stands at no bus; placed are {', '.join(grid.site_ratio) or 'none'}")
        at_buses_mw = np.asarray(net_mw)[:, None] * grid.site_ratio[site]
        p_mw += at_buses_mw
        q_mvar += at_buses_mw * grid.site_mvar_per_mw
    return p_mw, q_mvar


def grid_flow(
    grid: FeederGrid,
    load_mw: Array,
    pv_mw: Array,
    site_net_mw: Mapping[str, Array],
    *,
    pv_nameplate_mw: Array | None = None,
) -> GridStep:
    """AC flow with the PV as given, `pv_mw` `(n, buses)`. Raises `DataError` for an interval without a solution.

    `pv_nameplate_mw`, `(buses,)`, scales the inverters' volt-var curves; without it, the network's own plants do. A
    plant without a nameplate is refused there.
    """
    if pv_nameplate_mw is None:
        plants = grid.network.pv
        pv_nameplate_mw = grid.network.at_buses(plants.bus, plants.nameplate_mw)
    if grid.reactive == "volt_var" and (pv_mw[:, pv_nameplate_mw <= 0.0] > 0.0).any():
        raise DataError("volt-var needs the nameplate of every plant; some bus has output and none")
    case = _case(grid, load_mw, pv_mw, site_net_mw, pv_nameplate_mw)
    state = case.start(allow_divergence=False)
    case.settle(state)
    return _step(case, state, pv_mw)


def operate(feeder: Feeder, load_mw: Array, pv_available_mw: Array, site_net_mw: Mapping[str, Array]) -> GridStep:
    """The feeder as its operator runs it without coordination: PV held back by `feeder.grid.curtailment`.

    `load_mw` and `pv_available_mw` are the feeder's, `(n,)`. One AC flow where nothing is exceeded; then only the
    intervals that are, again and again from the latest AC state. With `volt_watt`, inverters first settle on their
    curves; what is still exceeded is shared in proportion, and inverters do not rise again within the interval. An
    interval that has no solution with all PV starts from the largest common share that has one; there the operator
    comes first and the curves follow. Where the network begins below the feeder's transformer, all PV is first held to
    what the feeder's own reverse limit lets through, losses left out.

    Raises `DataError` where there is no solution even without PV, and for a network with loops where PV has to be held
    back.
    """
    grid = _grid(feeder)
    available_mw = np.asarray(pv_available_mw)[:, None] * grid.pv_ratio
    let_mw = available_mw
    if not has_own_transformers(feeder):
        most_mw = load_mw + sum(site_net_mw.values(), np.zeros(len(available_mw))) + feeder.export_max_mw
        let_mw = np.minimum(pv_available_mw, np.maximum(most_mw, 0.0))[:, None] * grid.pv_ratio
    case = _case(grid, load_mw, let_mw, site_net_mw, feeder.pv_mw * grid.pv_ratio)
    state = case.start(allow_divergence=True)
    case.settle(state)
    limits = grid_limits(feeder)
    if grid.curtailment == "volt_watt":
        solved = np.asarray((state.output_mw >= case.available_mw).all(axis=1))
        case.hold_by_curve(state, limits, solved)
    else:
        case.hold(state, limits)
    return _step(case, state, available_mw)


def _case(
    grid: FeederGrid, load_mw: Array, pv_mw: Array, site_net_mw: Mapping[str, Array], nameplate_mw: Array
) -> Case:
    p_mw, q_mvar = net_loads(grid, np.asarray(load_mw), np.zeros_like(pv_mw), site_net_mw)
    return Case(grid, p_mw, q_mvar, pv_mw[:, grid.pv_buses], nameplate_mw[grid.pv_buses])


def _step(case: Case, state: State, available_mw: Array) -> GridStep:
    used_mw = np.zeros_like(available_mw)
    used_mw[:, case.grid.pv_buses] = state.output_mw
    loads = case.loads(np.arange(len(used_mw)), state.output_mw, state.drawn_mvar)
    return GridStep(used_mw, available_mw, *loads, state.flow)


def _grid(feeder: Feeder) -> FeederGrid:
    if feeder.grid is None:
        raise DataError(f"feeder {feeder.id!r} has no network behind it")
    return feeder.grid
