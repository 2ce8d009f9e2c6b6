"""AC power flow of many intervals at once through power-grid-model (LF Energy), and what comes out of it.

Balanced, single slack, constant power at every bus. Iterative current to 1e-8 pu, which is the faster one, and
Newton–Raphson where it does not converge. Lines are π-sections; a transformer is
the T-circuit of its nameplate, turned into its exact π-equivalent (star–delta), as in pandapower's default. Phase
shifts of vector groups are left out: they turn angles below a transformer and change no magnitude, flow or loss as long
as parallel transformers share their group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.model.network import Network
from suandian.physics.taps import regulate
from suandian.physics.transformer import transformer_pi
from suandian.quantity.errors import DataError, InvariantBroken

__all__ = ["Flow", "joined", "power_flow"]

Array = NDArray[np.float64]

#: Short-circuit power of the grid above: so strong that its voltage does not move (difference below 1e-12 pu).
_STIFF_VA = 1e20
_TOLERANCE_PU = 1e-8
_ITERATIONS_MAX = 30
_CHUNK_PERIODS = 4096  # bounds the memory of a year to some hundred MB
_THREADS_FROM = 256  # intervals from which threads pay for themselves (measured on a county of 119 buses)
#: Iteration stops at 1e-8 pu of voltage; what then is missing in the balance stays far below a watt per MW.
_BALANCE_RATIO = 1e-6
_PROBES = 64


@dataclass(frozen=True, slots=True)
class Flow:
    """State of the network in every interval; branches are lines first, then transformers.

    voltage_pu     magnitude at buses, `(periods, buses)`
    branch_mw, branch_mvar   entering the branch at its `from` (high-voltage) side, `(periods, branches)`
    loading_ratio  larger end current over the rated current, `(periods, branches)`
    losses_mw      of all branches, `(periods,)`
    slack_mw       drawn from the grid above, negative when fed back, `(periods,)`
    converged      False where there is no solution; all else is NaN there, `(periods,)`
    """

    voltage_pu: Array
    branch_mw: Array
    branch_mvar: Array
    loading_ratio: Array
    losses_mw: Array
    slack_mw: Array
    converged: NDArray[np.bool_]

    def at(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Flow:
        """The flow of some intervals."""
        return Flow(*(getattr(self, name)[rows] for name in Flow.__slots__))

    def transformer_mw(self, network: Network) -> Array:
        """Power down through each transformer, negative when it flows back, `(periods, transformers)`."""
        return self.branch_mw[:, len(network.lines.ids) :]

    def reverse_mw(self, network: Network) -> Array:
        """Reverse flow of each transformer, 0 or more, `(periods, transformers)`."""
        reverse_mw: Array = np.maximum(-self.transformer_mw(network), 0.0)
        return reverse_mw


def power_flow(
    network: Network,
    net_load_mw: Array,
    net_load_mvar: Array,
    *,
    slack_voltage_pu: Array | None = None,
    allow_divergence: bool = False,
) -> Flow:
    """Voltages, flows, loadings and losses for the net load of every bus (drawn positive), both `(periods, buses)`.

    `slack_voltage_pu`, `(periods,)`, replaces the slack's constant voltage. An interval without a solution raises
    `DataError` that says which interval, how much of its injections the network would bear, and which bus is lowest
    there; with `allow_divergence` it is NaN and marked in `converged`.
    Transformers with a target move their taps (`suandian.physics.taps`). The balance (slack = net load + losses) is
    checked in every interval.
    """
    p_mw, q_mvar = (np.atleast_2d(np.asarray(x, dtype=np.float64)) for x in (net_load_mw, net_load_mvar))
    _check_shapes(network, p_mw, q_mvar, slack_voltage_pu)
    voltages_pu = np.full(len(p_mw), network.slack.voltage_pu) if slack_voltage_pu is None else slack_voltage_pu

    def solve(tapped: Network, rows: NDArray[np.intp]) -> Flow:
        return _fixed_taps(tapped, p_mw[rows], q_mvar[rows], voltages_pu[rows])

    if len(network.transformers.regulated):
        flow = joined(*regulate(network, p_mw, q_mvar, voltages_pu, solve))
    else:
        flow = solve(network, np.arange(len(p_mw)))
    if not flow.converged.all() and not allow_divergence:
        index = int(np.flatnonzero(~flow.converged)[0])
        raise DataError(_diagnosis(network, flow, index, p_mw[index], q_mvar[index], float(voltages_pu[index])))
    _check_balance(flow, p_mw, q_mvar)
    return flow


def joined(flows: Sequence[Flow], rows: Sequence[NDArray[np.intp]]) -> Flow:
    """One flow from flows of parts of the intervals, each with the intervals it holds."""
    order = np.argsort(np.concatenate(rows), kind="stable")
    return Flow(*(np.concatenate([getattr(flow, name) for flow in flows])[order] for name in Flow.__slots__))


def _fixed_taps(network: Network, p_mw: Array, q_mvar: Array, voltages_pu: Array) -> Flow:
    model = _model(network, tuple(loaded_buses(p_mw, q_mvar).tolist()))
    spans = [slice(k, k + _CHUNK_PERIODS) for k in range(0, max(len(p_mw), 1), _CHUNK_PERIODS)]
    parts = [model.run(p_mw[span], q_mvar[span], voltages_pu[span]) for span in spans]
    return Flow(*(np.concatenate([getattr(part, name) for part in parts]) for name in Flow.__slots__))


def loaded_buses(p_mw: Array, q_mvar: Array) -> NDArray[np.intp]:
    """Rows of the buses that draw or feed anything at all."""
    return np.flatnonzero(np.any(p_mw != 0.0, axis=0) | np.any(q_mvar != 0.0, axis=0))


@lru_cache(maxsize=128)
def _model(network: Network, rows: tuple[int, ...]) -> _Model:
    """A model is built once: a county's taps meet some dozens of positions, hour after hour."""
    return _Model(network, np.array(rows, dtype=np.intp))


class _Model:
    """One power-grid-model with a load at each of `rows`; results are brought back to our order and units."""

    def __init__(self, network: Network, rows: NDArray[np.intp]) -> None:
        from power_grid_model import PowerGridModel

        self.network = network
        self.rows = rows
        self.model = PowerGridModel(_input(network, rows), system_frequency=network.frequency_hz)
        lines, transformers = network.lines, network.transformers
        self.rated_from_a = np.concatenate(
            [lines.rating_ka * 1e3, transformers.rating_mva / transformers.hv_kv / np.sqrt(3.0) * 1e3]
        )
        self.rated_to_a = np.concatenate(
            [lines.rating_ka * 1e3, transformers.rating_mva / transformers.lv_kv / np.sqrt(3.0) * 1e3]
        )

    def run(self, p_mw: Array, q_mvar: Array, voltages_pu: Array) -> Flow:
        """Flow of one chunk; intervals without a solution are NaN."""
        update: dict[str, Any] = {}
        if len(self.rows):
            update["sym_load"] = {
                "p_specified": np.ascontiguousarray(p_mw[:, self.rows]) * 1e6,
                "q_specified": np.ascontiguousarray(q_mvar[:, self.rows]) * 1e6,
            }
        update["source"] = {"u_ref": np.ascontiguousarray(voltages_pu, dtype=np.float64)[:, None]}
        ends = {"p_from", "q_from", "p_to", "i_from", "i_to"}
        wanted: dict[str, set[str]] = {"node": {"u_pu"}, "source": {"p"}}
        kinds = [k for k, t in (("line", self.network.lines), ("generic_branch", self.network.transformers)) if t.ids]
        wanted |= dict.fromkeys(kinds, ends)
        out, converged = self._calculate(update, wanted, "iterative_current")
        failed = np.flatnonzero(~converged)
        if len(failed):  # heavy or impossible states: Newton decides
            part = {kind: {name: values[failed] for name, values in table.items()} for kind, table in update.items()}
            again, found = self._calculate(part, wanted, "newton_raphson")
            for kind, columns in wanted.items():
                for name in columns:
                    out[kind][name][failed] = again[kind][name]
            converged[failed] = found
        return self._flow(out, kinds, converged)

    def _calculate(
        self, update: dict[str, Any], wanted: dict[str, set[str]], method: str
    ) -> tuple[dict[Any, Any], NDArray[np.bool_]]:
        periods = len(update["source"]["u_ref"])
        out: dict[Any, Any] = self.model.calculate_power_flow(
            update_data=update,
            output_component_types=wanted,  # type: ignore[arg-type]
            error_tolerance=_TOLERANCE_PU,
            max_iterations=_ITERATIONS_MAX,
            calculation_method=method,
            threading=0 if periods >= _THREADS_FROM else -1,  # every core, or this one alone
            continue_on_batch_error=True,
        )
        converged = np.ones(periods, dtype=np.bool_)
        if self.model.batch_error is not None:
            converged[self.model.batch_error.failed_scenarios] = False
        return out, converged

    def _flow(self, out: Mapping[Any, Any], kinds: list[str], converged: NDArray[np.bool_]) -> Flow:
        def branches(column: str) -> Array:
            return np.concatenate([np.zeros((len(converged), 0)), *(out[kind][column] for kind in kinds)], axis=1)

        p_from = branches("p_from")
        with np.errstate(invalid="ignore", over="ignore"):  # what did not converge is undefined, and NaN below
            flow = Flow(
                out["node"]["u_pu"],
                p_from / 1e6,
                branches("q_from") / 1e6,
                np.maximum(branches("i_from") / self.rated_from_a, branches("i_to") / self.rated_to_a),
                (p_from + branches("p_to")).sum(axis=1) / 1e6,
                out["source"]["p"][:, 0] / 1e6,
                converged,
            )
        for name in Flow.__slots__[:-1]:
            getattr(flow, name)[~converged] = np.nan
        return flow


def _input(network: Network, rows: NDArray[np.intp]) -> dict[str, Any]:
    """Tables of power-grid-model: SI units, one id space."""
    from power_grid_model import ComponentType, DatasetType, LoadGenType, initialize_array

    buses, lines, transformers = network.buses, network.lines, network.transformers
    counts = (len(buses.ids), len(lines.ids), len(transformers.ids), len(rows), 1)
    starts = np.concatenate([[0], np.cumsum(counts)])
    node, line, branch, load, source = (
        initialize_array(DatasetType.input, kind, count)
        for kind, count in zip(
            (ComponentType.node, ComponentType.line, ComponentType.generic_branch, ComponentType.sym_load,
             ComponentType.source), counts, strict=True)
    )  # fmt: skip
    for table, start, count in zip((node, line, branch, load, source), starts, counts, strict=False):
        table["id"] = start + np.arange(count)
    node["u_rated"] = buses.nominal_kv * 1e3
    for table in (line, branch):
        table["from_status"] = table["to_status"] = 1
    line["from_node"], line["to_node"] = lines.from_bus, lines.to_bus
    line["r1"], line["x1"] = lines.resistance_ohm, lines.reactance_ohm
    line["c1"], line["tan1"] = lines.capacitance_nf / 1e9, 0.0
    line["i_n"] = lines.rating_ka * 1e3
    series, shunt = transformer_pi(network)
    branch["from_node"], branch["to_node"] = transformers.hv_bus, transformers.lv_bus
    branch["r1"], branch["x1"], branch["g1"], branch["b1"] = series.real, series.imag, shunt.real, shunt.imag
    nominal_ratio = buses.nominal_kv[transformers.hv_bus] / buses.nominal_kv[transformers.lv_bus]
    branch["k"], branch["theta"] = transformers.turns_ratio / nominal_ratio, 0.0
    branch["sn"] = transformers.rating_mva * 1e6
    load["node"], load["status"], load["type"] = rows, 1, LoadGenType.const_power
    load["p_specified"] = load["q_specified"] = 0.0
    source["node"], source["status"], source["u_ref"] = network.slack.bus, 1, network.slack.voltage_pu
    source["sk"] = _STIFF_VA
    tables = {
        ComponentType.node: node,
        ComponentType.line: line,
        ComponentType.generic_branch: branch,
        ComponentType.sym_load: load,
        ComponentType.source: source,
    }
    return {kind: table for kind, table in tables.items() if len(table)}


def _check_shapes(network: Network, p_mw: Array, q_mvar: Array, slack_voltage_pu: Array | None) -> None:
    wanted = (len(p_mw), len(network.buses.ids))
    for name, array in (("net_load_mw", p_mw), ("net_load_mvar", q_mvar)):
        if array.shape != wanted:
            raise DataError(f"{name} has shape {array.shape}; {wanted} (periods, buses) is due")
        if not np.isfinite(array).all():
            period, bus = np.argwhere(~np.isfinite(array))[0]
            raise DataError(f"{name}: interval {period}, bus {network.buses.ids[bus]!r} is no number")
    if slack_voltage_pu is not None and slack_voltage_pu.shape != wanted[:1]:
        raise DataError(f"slack_voltage_pu has shape {slack_voltage_pu.shape}; {wanted[:1]} (periods,) is due")


def _check_balance(flow: Flow, p_mw: Array, q_mvar: Array) -> None:
    missing_mw = np.abs(flow.slack_mw - p_mw.sum(axis=1) - flow.losses_mw)[flow.converged]
    scale_mw = np.maximum(np.abs(p_mw).sum(axis=1) + np.abs(q_mvar).sum(axis=1), 1.0)[flow.converged]
    if missing_mw.size and float((missing_mw / scale_mw).max()) > _BALANCE_RATIO:
        raise InvariantBroken(f"power flow: the balance misses {float(missing_mw.max()):.3g} MW")


def _diagnosis(network: Network, flow: Flow, index: int, p_mw: Array, q_mvar: Array, slack_voltage_pu: float) -> str:
    """Which interval, how far its injections would have to shrink, and the bus that gives way first."""
    model = _model(network, tuple(loaded_buses(p_mw[None], q_mvar[None]).tolist()))
    failed = int((~flow.converged).sum())
    low_ratio, high_ratio, lowest = 0.0, 1.0, None
    for _ in range(2):  # two sweeps of 64 shares locate the edge within 1/4096
        shares = np.linspace(low_ratio, high_ratio, _PROBES + 1)[:-1]
        voltages_pu = np.full(len(shares), slack_voltage_pu)
        probe = model.run(np.outer(shares, p_mw), np.outer(shares, q_mvar), voltages_pu)
        if not probe.converged.any():
            break
        last = int(np.flatnonzero(probe.converged)[-1])
        lowest = probe.voltage_pu[last]
        step_ratio = (high_ratio - low_ratio) / _PROBES
        low_ratio, high_ratio = float(shares[last]), float(shares[last]) + step_ratio
    head = (
        f"power flow: {failed} of {len(flow.converged)} intervals have no solution; the first is interval {index} with "
        f"a net load of {p_mw.sum():.4g} MW"
    )
    if lowest is None:
        return f"{head}; the network has no solution even without load: look at its impedances and taps"
    bus = int(np.argmin(lowest))
    return (
        f"{head}; it converges up to {low_ratio:.1%} of the injections, where bus {network.buses.ids[bus]!r} is "
        f"lowest at {lowest[bus]:.3f} pu; lower the load there, or give it a stronger branch"
    )
