"""The linear programme of a Problem: columns and rows ordered by time, sparse arrays ready for any solver.

With S sites, K classes, M groups, steps t of Δ hours, `b` a battery and `k ∈ m` a class of group m:

    facility   import + violation − export + pv + discharge − charge − ratio·Σ_m y[m] = fixed facility power
    peak       import + violation ≤ peak of the month
    feeder     Σ_sites (import + violation − export) + load − pv = flow + violation,   −export_max ≤ flow ≤ import_max
    storage    e(t) = e(t−1) + η_c·Δ·charge − Δ·discharge/η_d
    work       W[k](t) = W[k](t−1) + Δ·z[k] + late[k],   due[k](t) ≤ W[k](t) ≤ released[k](t)
    group      Σ_s y[m,s] + unserved[m] = Σ_{k∈m} z[k] + stream[m]
    GPUs       Σ_s g[m,s] + unserved/least kw = Σ_{k∈m} z[k]/kw[k] + stream GPUs,   Σ_m g[m,s] ≤ GPUs free
    mixture    least kw·g[m,s] ≤ y[m,s] ≤ most kw·g[m,s]   (groups with more than one site)
    hall       Σ_m y[m,s] ≤ room under the hall's limit

The peak row holds the violation too, so that breaking a limit does not dodge the demand charge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.problem import Problem

__all__ = ["Layout", "Program", "assemble"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Interactive demand that nobody serves costs ten times as much as late work: it may happen only when nothing fits.
_UNSERVED_TO_LATENESS_RATIO = 10.0
#: Groups whose GPUs differ by less than this in power are taken as alike, drawing the larger: a relaxation by as much.
_ALIKE_RATIO = 1.02


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie: step t owns columns `t·columns …` and rows `t·rows …`; month peaks are the last columns.

    pairs          (group, site) pairs that are allowed
    varied         groups whose GPUs draw unlike power: power and GPUs are followed apart (columns g)
    column, row    name → (offset within a step, count)
    month          month of each step, 0 for the first
    """

    sites: int
    feeder_of_site: tuple[int, ...]
    export_sites: tuple[int, ...]
    pv_sites: tuple[int, ...]
    battery_sites: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    group_of_class: tuple[int, ...]
    groups: int
    varied: tuple[int, ...]
    feeders: int
    month: tuple[int, ...]

    @classmethod
    def of(cls, problem: Problem) -> Layout:
        supplied = set(problem.pv_site.tolist()) | set(problem.battery_site.tolist())
        return cls(
            len(problem.export_max_mw),
            tuple(problem.feeder_of_site.tolist()),
            tuple(s for s in sorted(supplied) if problem.export_max_mw[s] > 0),
            tuple(problem.pv_site.tolist()),
            tuple(problem.battery_site.tolist()),
            tuple((int(m), int(s)) for m, s in zip(*np.nonzero(problem.merge.allowed), strict=True)),
            tuple(problem.merge.group_of_class.tolist()),
            len(problem.merge.allowed),
            tuple(np.flatnonzero(problem.merge.most_kw > _ALIKE_RATIO * problem.merge.least_kw).tolist()),
            len(problem.feeder_import_max_mw),
            tuple((problem.horizon.month - problem.horizon.month[0]).tolist()),
        )

    @property
    def periods(self) -> int:
        return len(self.month)

    @property
    def counted(self) -> tuple[int, ...]:
        """Numbers of the pairs of varied groups, whose GPUs are columns of their own."""
        return tuple(number for number, (m, _) in enumerate(self.pairs) if m in self.varied)

    @property
    def mixed(self) -> tuple[int, ...]:
        """Those of them whose group has several sites: each may have its own mixture of power and GPUs."""
        many = {m for m in self.varied if sum(group == m for group, _ in self.pairs) > 1}
        return tuple(number for number in self.counted if self.pairs[number][0] in many)

    @property
    def column(self) -> Mapping[str, tuple[int, int]]:
        classes, batteries = len(self.group_of_class), len(self.battery_sites)
        return _offsets(
            {
                "import": self.sites,
                "violation": self.sites,
                "export": len(self.export_sites),
                "pv": len(self.pv_sites),
                "charge": batteries,
                "discharge": batteries,
                "energy": batteries,
                "it": len(self.pairs),
                "kgpus": len(self.counted),
                "power": classes,
                "work": classes,
                "late": classes,
                "unserved": self.groups,
                "flow": self.feeders,
                "feeder_violation": self.feeders,
                "feeder_pv": self.feeders,
            }
        )

    @property
    def row(self) -> Mapping[str, tuple[int, int]]:
        return _offsets(
            {
                "facility": self.sites,
                "peak": self.sites,
                "feeder": self.feeders,
                "storage": len(self.battery_sites),
                "work": len(self.group_of_class),
                "group": self.groups,
                "kgpus": len(self.varied),
                "least": len(self.mixed),
                "most": len(self.mixed),
                "gpus": self.sites,
                "hall": self.sites,
            }
        )

    @property
    def columns(self) -> int:
        """Columns of one step."""
        return sum(count for _, count in self.column.values())

    @property
    def rows(self) -> int:
        """Rows of one step."""
        return sum(count for _, count in self.row.values())

    @property
    def months(self) -> int:
        return self.month[-1] + 1


def _offsets(counts: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    place, offset = {}, 0
    for name, count in counts.items():
        place[name] = (offset, count)
        offset += count
    return place


@dataclass(frozen=True, slots=True, eq=False)
class _Structure:
    """The pattern of the matrix in compressed columns, and for each entry the number of its value in build order."""

    column_start: NDArray[np.int32]
    row_index: NDArray[np.int32]
    order: Ints


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

    @property
    def relief(self) -> NDArray[np.bool_]:
        """Columns that buy off a limit: a plan worth its name leaves them at zero."""
        relief = np.zeros((self.layout.periods, self.layout.columns), dtype=bool)
        for name in ("violation", "late", "unserved", "feeder_violation"):
            offset, count = self.layout.column[name]
            relief[:, offset : offset + count] = True
        return np.concatenate([relief.ravel(), np.zeros(len(self.cost) - relief.size, dtype=bool)])

    def objective_cny(self, x: Floats) -> float:
        return float(self.cost @ x) + self.offset_cny


def assemble(problem: Problem) -> Program:
    """The programme of `problem`; the sparsity pattern is kept between calls of the same layout."""
    layout = Layout.of(problem)
    structure = _structure(layout)
    value = _values(layout, problem)
    cost, nudge = _costs(layout, problem)
    lower, upper = _bounds(layout, problem)
    row_lower, row_upper = _row_bounds(layout, problem)
    hours = problem.horizon.step_h
    available_mwh = float((problem.pv_mw[problem.pv_site] @ hours).sum() + (problem.feeder_pv_mw @ hours).sum())
    return Program(
        layout,
        cost,
        nudge,
        lower,
        upper,
        row_lower,
        row_upper,
        structure.column_start,
        structure.row_index,
        value[structure.order],
        problem.curtailment_cny_per_mwh * available_mwh,
    )


@dataclass(frozen=True, slots=True)
class _Term:
    """Entries of one kind: the same (row, column) offsets in every step; the column lies `lag` steps back."""

    rows: Ints
    cols: Ints
    kind: str
    lag: int = 0


def _terms(layout: Layout) -> list[_Term]:
    col = {name: offset + np.arange(count) for name, (offset, count) in layout.column.items()}
    row = {name: offset + np.arange(count) for name, (offset, count) in layout.row.items()}
    exporting, lit = np.array(layout.export_sites, dtype=np.int64), np.array(layout.pv_sites, dtype=np.int64)
    stored = np.array(layout.battery_sites, dtype=np.int64)
    pairs = np.array(layout.pairs, dtype=np.int64).reshape(-1, 2)
    of_class = np.array(layout.group_of_class, dtype=np.int64)
    counted, mixed = np.array(layout.counted, dtype=np.int64), np.array(layout.mixed, dtype=np.int64)
    alike = np.setdiff1d(np.arange(len(pairs)), counted)
    varied = np.array(layout.varied, dtype=np.int64)
    of_varied = np.searchsorted(varied, pairs[counted, 0])
    mixed_gpus = col["kgpus"][np.searchsorted(counted, mixed)]
    told = np.flatnonzero(np.isin(of_class, varied))
    feeder = np.array(layout.feeder_of_site, dtype=np.int64)
    behind = np.flatnonzero(feeder >= 0)
    out = np.flatnonzero(feeder[exporting] >= 0)
    return [
        _Term(row["facility"], col["import"], "plus"),
        _Term(row["facility"], col["violation"], "plus"),
        _Term(row["facility"][exporting], col["export"], "minus"),
        _Term(row["facility"][lit], col["pv"], "plus"),
        _Term(row["facility"][stored], col["discharge"], "plus"),
        _Term(row["facility"][stored], col["charge"], "minus"),
        _Term(row["facility"][pairs[:, 1]], col["it"], "ratio"),
        _Term(row["peak"], col["import"], "plus"),
        _Term(row["peak"], col["violation"], "plus"),
        _Term(row["feeder"][feeder[behind]], col["import"][behind], "plus"),
        _Term(row["feeder"][feeder[behind]], col["violation"][behind], "plus"),
        _Term(row["feeder"][feeder[exporting][out]], col["export"][out], "minus"),
        _Term(row["feeder"], col["feeder_pv"], "minus"),
        _Term(row["feeder"], col["flow"], "minus"),
        _Term(row["feeder"], col["feeder_violation"], "minus"),
        _Term(row["storage"], col["energy"], "plus"),
        _Term(row["storage"], col["energy"], "minus", 1),
        _Term(row["storage"], col["charge"], "charge"),
        _Term(row["storage"], col["discharge"], "discharge"),
        _Term(row["work"], col["work"], "plus"),
        _Term(row["work"], col["work"], "minus", 1),
        _Term(row["work"], col["power"], "hours"),
        _Term(row["work"], col["late"], "minus"),
        _Term(row["group"][pairs[:, 0]], col["it"], "plus"),
        _Term(row["group"][of_class], col["power"], "minus"),
        _Term(row["group"], col["unserved"], "plus"),
        _Term(row["kgpus"][of_varied], col["kgpus"], "plus"),
        _Term(row["kgpus"][np.searchsorted(varied, of_class[told])], col["power"][told], "per_class"),
        _Term(row["kgpus"], col["unserved"][varied], "per_stream"),
        _Term(row["least"], col["it"][mixed], "minus"),
        _Term(row["least"], mixed_gpus, "least"),
        _Term(row["most"], col["it"][mixed], "plus"),
        _Term(row["most"], mixed_gpus, "most"),
        _Term(row["gpus"][pairs[counted, 1]], col["kgpus"], "plus"),
        _Term(row["gpus"][pairs[alike, 1]], col["it"][alike], "alike"),
        _Term(row["hall"][pairs[:, 1]], col["it"], "plus"),
    ]


@lru_cache(maxsize=64)
def _structure(layout: Layout) -> _Structure:
    periods = np.arange(layout.periods)
    rows, cols = [], []
    for term in _terms(layout):
        steps = periods[term.lag :, None]
        rows.append((steps * layout.rows + term.rows).ravel())
        cols.append(((steps - term.lag) * layout.columns + term.cols).ravel())
    rows.append((periods[:, None] * layout.rows + layout.row["peak"][0] + np.arange(layout.sites)).ravel())
    peak = layout.periods * layout.columns + np.arange(layout.sites) * layout.months
    cols.append((np.array(layout.month)[:, None] + peak).ravel())
    row, column = np.concatenate(rows), np.concatenate(cols)
    order = np.lexsort((row, column))
    width = layout.periods * layout.columns + layout.sites * layout.months
    start = np.concatenate([[0], np.cumsum(np.bincount(column, minlength=width))])
    return _Structure(start.astype(np.int32), row[order].astype(np.int32), order)


def _values(layout: Layout, problem: Problem) -> Floats:
    """Values of all entries in the order of `_structure` before sorting."""
    periods = layout.periods
    pairs = np.array(layout.pairs, dtype=np.int64).reshape(-1, 2)
    of_mixed = pairs[np.array(layout.mixed, dtype=np.int64), 0]
    alike = np.setdiff1d(np.arange(len(pairs)), np.array(layout.counted, dtype=np.int64))
    varied = np.array(layout.varied, dtype=np.int64)
    told = np.flatnonzero(np.isin(np.array(layout.group_of_class, dtype=np.int64), varied))
    hours = problem.horizon.step_h[:, None]
    by_kind: dict[str, Floats] = {
        "plus": np.ones((periods, 1)),
        "minus": np.full((periods, 1), -1.0),
        "ratio": -problem.per_it_ratio[pairs[:, 1]].T,
        "charge": -problem.charge_ratio * hours,
        "discharge": hours / problem.discharge_ratio,
        "hours": -hours,
        "per_class": -1.0 / problem.class_kw[None, told],
        "per_stream": 1.0 / problem.merge.least_kw[None, varied],
        "alike": 1.0 / problem.merge.most_kw[None, pairs[alike, 0]],
        "least": problem.merge.least_kw[None, of_mixed],
        "most": -problem.merge.most_kw[None, of_mixed],
    }
    values = [
        np.broadcast_to(by_kind[term.kind], (periods, len(term.rows)))[term.lag :].ravel() for term in _terms(layout)
    ]
    values.append(np.full(periods * layout.sites, -1.0))
    return np.concatenate(values)


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
    blocks: dict[str, Floats] = {
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
        "flow": -problem.feeder_export_max_mw[:, None],
    }
    # A limit that the site could not reach with everything on needs no violation: fewer columns that move.
    slack_mw = problem.import_max_mw - _largest_draw_mw(problem)
    upper = {
        "import": problem.import_max_mw,
        "violation": np.where(slack_mw >= 0, 0.0, np.inf),
        "unserved": np.where(problem.stream_mw > 0, np.inf, 0.0),
        "export": export_mw[:, None],
        "pv": problem.pv_mw[problem.pv_site],
        "charge": problem.charge_max_mw[:, None],
        "discharge": problem.discharge_max_mw[:, None],
        "energy": problem.energy_max_mwh[:, None],
        "work": problem.released_mwh,
        "flow": problem.feeder_import_max_mw[:, None],
        "feeder_pv": problem.feeder_pv_mw,
    }
    peaks = problem.peak_mw.ravel()
    return (
        np.concatenate([_fill(layout, lower, 0.0), peaks]),
        np.concatenate([_fill(layout, upper, np.inf), np.full(len(peaks), np.inf)]),
    )


def _largest_draw_mw(problem: Problem) -> Floats:
    """Facility with the hall full, battery charging and export at its limit, `(S, P)`."""
    draw_mw = problem.fixed_facility_mw + problem.per_it_ratio * problem.hall_mw + problem.export_max_mw[:, None]
    np.add.at(draw_mw, problem.battery_site, problem.charge_max_mw[:, None])
    return draw_mw


def _binding(problem: Problem) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the GPU and the hall limit can bind at all: one is idle where the other is always reached first."""
    allowed = problem.merge.allowed
    most_kw = np.where(allowed, problem.merge.most_kw[:, None], 0.0).max(axis=0, initial=0.0)
    least_kw = np.where(allowed, problem.merge.least_kw[:, None], np.inf).min(axis=0, initial=1e6)
    gpus_bind = least_kw[:, None] * problem.kgpus < problem.hall_mw
    hall_binds = most_kw[:, None] * problem.kgpus > problem.hall_mw
    return gpus_bind | ~hall_binds, hall_binds


def _row_bounds(layout: Layout, problem: Problem) -> tuple[Floats, Floats]:
    upper = np.zeros((layout.periods, layout.rows))
    gpus_bind, hall_binds = _binding(problem)
    for name, block in {
        "facility": problem.fixed_facility_mw,
        "feeder": -problem.feeder_load_mw,
        "group": problem.stream_mw,
        "kgpus": problem.stream_kgpus[np.array(layout.varied, dtype=np.int64)],
        "gpus": np.where(gpus_bind, problem.kgpus, np.inf),
        "hall": np.where(hall_binds, problem.hall_mw, np.inf),
    }.items():
        offset, count = layout.row[name]
        upper[:, offset : offset + count] = block.T
    offset, count = layout.row["storage"]
    upper[0, offset : offset + count] = problem.energy_mwh
    lower = upper.copy()
    for name in ("peak", "least", "most", "gpus", "hall"):
        offset, count = layout.row[name]
        lower[:, offset : offset + count] = -np.inf
    return lower.ravel(), upper.ravel()
