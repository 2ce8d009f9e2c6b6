"""The linear programme of a Problem: columns and rows ordered by time, sparse arrays ready for any solver.

With S sites, K classes, M groups, steps t of Δ hours, `b` a battery and `k ∈ m` a class of group m:

    facility   import + violation − export + pv + discharge − charge − ratio·Σ_m (y[m] + x[m]) = fixed facility power
    peak       import + violation ≤ peak of the month
    feeder     Σ_sites (import + violation − export) + load + losses − pv − wind + Σ tie out − Σ kept·tie in
               = flow + violation,   −export_max ≤ flow ≤ import_max,   0 ≤ tie ≤ limit
    storage    e(t) = e(t−1) + η_c·Δ·charge − Δ·discharge/η_d
    work       W[k](t) = W[k](t−1) + Δ·z[k] + late[k],   due[k](t) ≤ W[k](t) ≤ released[k](t)
    group      Σ_s (y[m,s] + e[m]·x[m,s]) + unserved[m] + batched[m] = Σ_{k∈m} z[k] + stream[m]
    GPUs       Σ_s (n[m,s] + e[m]·x[m,s]/least kw) + (unserved[m] + batched[m])/least kw
               = Σ_{k∈m} z[k]/kw[k] + stream GPUs,   Σ_m (n[m,s] + x[m,s]/(p[m]·most kw)) ≤ GPUs free
    mixture    least kw·n[m,s] ≤ y[m,s] ≤ most kw·n[m,s]   (groups with more than one site)
    hall       Σ_m (y[m,s] + x[m,s]) ≤ room under the hall's limit
    network    Σ_s a·(import + violation − export) − Σ_zones c·pv − the feeder's violation ≤ limit

x[m,s] is power of jobs in a slower gear, which does e[m] times the work per energy with GPUs at the share p[m] of their
power; where GPUs and power of a group cannot be told apart, the side is taken that needs fewer GPUs (a relaxation).
The peak row holds the violation too, so that breaking a limit does not dodge the demand charge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.layout import Layout, structure, terms
from suandian.coordination.network_rows import NetworkRows
from suandian.coordination.problem import Problem

__all__ = ["Program", "assemble"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Interactive demand that nobody serves costs ten times as much as late work: it may happen only when nothing fits.
_UNSERVED_TO_LATENESS_RATIO = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Minimise `(cost + nudge)·x + offset_cny` with `row_lower ≤ A·x ≤ row_upper`, `lower ≤ x ≤ upper`.

    `nudge` is the holding reward; it is not money and is left out of every objective that is told.
    `A` is held in compressed columns: `column_start`, `row_index`, `value`.
    """

    layout: Layout
    cost: Floats
    nudge: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    column_start: NDArray[np.int32]
    row_index: NDArray[np.int32]
    value: Floats
    offset_cny: float

    def block(self, x: Floats, name: str) -> Floats:
        """The columns `name` of a vector over all columns, `(count, P)`."""
        offset, count = self.layout.column[name]
        steps: Floats = x[: self.layout.periods * self.layout.columns].reshape(self.layout.periods, -1)
        return np.ascontiguousarray(steps[:, offset : offset + count].T)

    def row_block(self, y: Floats, name: str) -> Floats:
        """The rows `name` of a vector over all rows, `(count, P)`."""
        offset, count = self.layout.row[name]
        return np.ascontiguousarray(y.reshape(self.layout.periods, -1)[:, offset : offset + count].T)

    def peaks(self, x: Floats) -> Floats:
        """Planned peak import, `(S, months)`."""
        return x[self.layout.periods * self.layout.columns :].reshape(self.layout.sites, -1)

    def objective_cny(self, x: Floats) -> float:
        return float(self.cost @ x) + self.offset_cny


def assemble(problem: Problem) -> Program:
    """The programme of `problem`; the sparsity pattern is kept between calls of the same layout."""
    layout = Layout.of(problem)
    pattern = structure(layout)
    value = _values(layout, problem)
    cost, nudge = _costs(layout, problem)
    lower, upper = _bounds(layout, problem)
    row_lower, row_upper = _row_bounds(layout, problem)
    hours = problem.horizon.step_h
    available_mwh = float((problem.pv_mw[problem.pv_site] @ hours).sum() + (problem.feeder_pv_mw @ hours).sum())
    available_mwh += float((problem.feeder_wind_mw @ hours).sum())
    return Program(
        layout,
        cost,
        nudge,
        lower,
        upper,
        row_lower,
        row_upper,
        pattern.column_start,
        pattern.row_index,
        value[pattern.order],
        problem.curtailment_cny_per_mwh * available_mwh,
    )


def _values(layout: Layout, problem: Problem) -> Floats:
    """Values of all entries in the order of `_structure` before sorting."""
    periods = layout.periods
    pairs = np.array(layout.pairs, dtype=np.int64).reshape(-1, 2)
    of_mixed = pairs[np.array(layout.mixed, dtype=np.int64), 0]
    alike = np.setdiff1d(np.arange(len(pairs)), np.array(layout.counted, dtype=np.int64))
    varied = np.array(layout.varied, dtype=np.int64)
    told = np.flatnonzero(np.isin(np.array(layout.group_of_class, dtype=np.int64), varied))
    hours = problem.horizon.step_h[:, None]
    slow = pairs[np.array([pair for pair, *_ in layout.slow], dtype=np.int64)]
    slow_work = np.array([work for _, _, work, _ in layout.slow])
    slow_power = np.array([power for *_, power in layout.slow])
    slow_told = np.flatnonzero(np.isin(slow[:, 0], varied))
    batched = np.array(layout.batched, dtype=np.int64)
    by_kind: dict[str, Floats] = {
        "plus": np.ones((periods, 1)),
        "minus": np.full((periods, 1), -1.0),
        "ratio": -problem.per_it_ratio[pairs[:, 1]].T,
        "charge": -problem.charge_ratio * hours,
        "discharge": hours / problem.discharge_ratio,
        "hours": -hours,
        "per_class": -1.0 / problem.class_kw[None, told],
        "per_stream": 1.0 / problem.merge.least_kw[None, varied],
        "per_batched": 1.0 / problem.merge.least_kw[None, batched[np.isin(batched, varied)]],
        "slow_ratio": -problem.per_it_ratio[slow[:, 1]].T,
        "slow_work": slow_work[None, :],
        "slow_counted": (slow_work / problem.merge.least_kw[slow[:, 0]])[None, slow_told],
        "slow_gpus": 1.0 / (slow_power * problem.merge.most_kw[slow[:, 0]])[None, :],
        "alike": 1.0 / problem.merge.most_kw[None, pairs[alike, 0]],
        "least": problem.merge.least_kw[None, of_mixed],
        "most": -problem.merge.most_kw[None, of_mixed],
        **_network_values(layout, problem.network),
        "tie_arrives": -np.tile(problem.tie_kept_ratio, 2)[None, :],
    }
    values = [
        np.broadcast_to(by_kind[term.kind], (periods, len(term.rows)))[term.lag :].ravel() for term in terms(layout)
    ]
    values.append(np.full(periods * layout.sites, -1.0))
    return np.concatenate(values)


def _network_values(layout: Layout, network: NetworkRows) -> dict[str, Floats]:
    by_site = np.array(layout.row_sites, dtype=np.int64).reshape(-1, 2)
    by_zone = np.array(layout.row_zones, dtype=np.int64).reshape(-1, 2)
    site = network.row_site[by_site[:, 0], by_site[:, 1]]
    return {
        "row_site": site[None, :],
        "row_export": -site[None, np.isin(by_site[:, 1], layout.export_sites)],
        "row_zone": -network.row_zone[by_zone[:, 0], by_zone[:, 1]][None, :],
    }


def _fill(layout: Layout, blocks: Mapping[str, Floats], value: float) -> Floats:
    """A vector over all columns but the peaks, from blocks shaped (count, P) or broadcastable to it."""
    steps = np.full((layout.periods, layout.columns), value)
    for name, block in blocks.items():
        offset, count = layout.column[name]
        steps[:, offset : offset + count] = np.broadcast_to(block, (count, layout.periods)).T
    return steps.ravel()


def _costs(layout: Layout, problem: Problem) -> tuple[Floats, Floats]:
    hours = problem.horizon.step_h
    exporting = np.array(layout.export_sites, dtype=np.int64)
    classes, batteries = len(layout.group_of_class), len(layout.battery_sites)
    work, energy = np.zeros((classes, layout.periods)), np.zeros((batteries, layout.periods))
    work[:, -1] = -problem.work_value_cny_per_mwh
    energy[:, -1] = -problem.storage_value_cny_per_mwh
    pairs = np.array(layout.pairs, dtype=np.int64).reshape(-1, 2)
    move_cny_per_mwh = problem.move_cny_per_mwh[pairs[:, 0], pairs[:, 1]]
    slow_pair = np.array([pair for pair, *_ in layout.slow], dtype=np.int64)
    slow_cny_per_mwh = np.array([work for _, _, work, _ in layout.slow]) * (
        move_cny_per_mwh[slow_pair] + problem.slowing_cny_per_mwh
    )
    blocks: dict[str, Floats] = {
        "it": move_cny_per_mwh[:, None] * hours,
        "slow": slow_cny_per_mwh[:, None] * hours,
        "batched": np.asarray(problem.batching_cny_per_mwh * hours),
        "import": problem.buy_cny_per_mwh * hours,
        "violation": (problem.buy_cny_per_mwh + problem.violation_cny_per_mwh) * hours,
        "export": -problem.sell_cny_per_mwh[exporting] * hours,
        "pv": np.asarray(-problem.curtailment_cny_per_mwh * hours),
        "discharge": problem.wear_cny_per_mwh[:, None] * hours,
        "energy": energy,
        "work": work,
        "late": np.asarray(problem.lateness_cny_per_mwh),
        "unserved": _UNSERVED_TO_LATENESS_RATIO * problem.lateness_cny_per_mwh * hours,
        "feeder_violation": problem.violation_cny_per_mwh * hours,
        "feeder_pv": np.asarray(-problem.curtailment_cny_per_mwh * hours),
        "feeder_wind": np.asarray(-problem.curtailment_cny_per_mwh * hours),
    }
    peak_cost = np.repeat(problem.demand_cny_per_mw, layout.months)
    nudge = _fill(layout, {"work": -problem.holding_cny_per_mwh_h[:, None] * hours}, 0.0)
    return (
        np.concatenate([_fill(layout, blocks, 0.0), peak_cost]),
        np.concatenate([nudge, np.zeros_like(peak_cost)]),
    )


def _bounds(layout: Layout, problem: Problem) -> tuple[Floats, Floats]:
    batteries, periods = len(layout.battery_sites), layout.periods
    least_mwh = np.broadcast_to(problem.energy_min_mwh[:, None], (batteries, periods)).copy()
    least_mwh[:, -1] = np.maximum(least_mwh[:, -1], problem.energy_end_mwh)
    export_mw = problem.export_max_mw[np.array(layout.export_sites, dtype=np.int64)]
    lower = {
        "energy": least_mwh,
        "work": problem.due_mwh,
        "flow": -_reverse_max_mw(problem),
    }
    # A limit that the site could not reach with everything on needs no violation: fewer columns that move.
    slack_mw = problem.import_max_mw - _largest_draw_mw(problem)
    upper = {
        "import": problem.import_max_mw,
        "violation": np.where(slack_mw >= 0, 0.0, np.inf),
        "unserved": np.where(problem.stream_mw > 0, np.inf, 0.0),
        "batched": problem.batch_mw[np.array(layout.batched, dtype=np.int64)],
        "export": export_mw[:, None],
        "pv": problem.pv_mw[problem.pv_site],
        "charge": problem.charge_max_mw[:, None],
        "discharge": problem.discharge_max_mw[:, None],
        "energy": problem.energy_max_mwh[:, None],
        "work": problem.released_mwh,
        "flow": problem.feeder_import_max_mw[:, None],
        "feeder_pv": problem.network.zone_pv_mw,
        "feeder_wind": problem.feeder_wind_mw[np.array(layout.windy, dtype=np.int64)],
        "tie": problem.tie_max_mw,
    }
    peaks = problem.peak_mw.ravel()
    return (
        np.concatenate([_fill(layout, lower, 0.0), peaks]),
        np.concatenate([_fill(layout, upper, np.inf), np.full(len(peaks), np.inf)]),
    )


def _reverse_max_mw(problem: Problem) -> Floats:
    """The lumped limit, or all that could be fed back where the network's own rows limit it, `(B, P)`."""
    network = problem.network
    # A violation that a row of the network needs leaves the flow, too.
    everything_mw = np.repeat(problem.feeder_import_max_mw[:, None], problem.horizon.periods, axis=1)
    np.add.at(everything_mw, network.zone_feeder, network.zone_pv_mw)
    behind = problem.feeder_of_site >= 0
    np.add.at(everything_mw, problem.feeder_of_site[behind], problem.export_max_mw[behind, None])
    limit_mw: Floats = np.where(network.reverse_in_rows[:, None], everything_mw, problem.feeder_export_max_mw[:, None])
    return limit_mw


def _largest_draw_mw(problem: Problem) -> Floats:
    """Facility with the hall full, battery charging and export at its limit, `(S, P)`."""
    draw_mw = problem.fixed_facility_mw + problem.per_it_ratio * problem.hall_mw + problem.export_max_mw[:, None]
    np.add.at(draw_mw, problem.battery_site, problem.charge_max_mw[:, None])
    return draw_mw


def _binding(problem: Problem) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the GPU and the hall limit can bind at all: one is idle where the other is always reached first."""
    allowed = problem.merge.allowed
    most_kw = np.where(allowed, problem.merge.most_kw[:, None], 0.0).max(axis=0, initial=0.0)
    # A capped GPU draws less, so that GPUs may run out first.
    drawn_kw = problem.merge.least_kw * [gear[2] if gear else 1.0 for gear in problem.merge.gears]
    least_kw = np.where(allowed, drawn_kw[:, None], np.inf).min(axis=0, initial=1e6)
    gpus_bind = least_kw[:, None] * problem.kgpus < problem.hall_mw
    hall_binds = most_kw[:, None] * problem.kgpus > problem.hall_mw
    return gpus_bind | ~hall_binds, hall_binds


def _row_bounds(layout: Layout, problem: Problem) -> tuple[Floats, Floats]:
    upper = np.zeros((layout.periods, layout.rows))
    gpus_bind, hall_binds = _binding(problem)
    for name, block in {
        "facility": problem.fixed_facility_mw,
        "feeder": -(problem.feeder_load_mw + problem.network.losses_mw),
        "group": problem.stream_mw,
        "kgpus": problem.stream_kgpus[np.array(layout.varied, dtype=np.int64)],
        "gpus": np.where(gpus_bind, problem.kgpus, np.inf),
        "hall": np.where(hall_binds, problem.hall_mw, np.inf),
        "network": problem.network.row_upper_mw,
    }.items():
        offset, count = layout.row[name]
        upper[:, offset : offset + count] = block.T
    offset, count = layout.row["storage"]
    upper[0, offset : offset + count] = problem.energy_mwh
    lower = upper.copy()
    for name in ("peak", "least", "most", "gpus", "hall", "network"):
        offset, count = layout.row[name]
        lower[:, offset : offset + count] = -np.inf
    return lower.ravel(), upper.ravel()
