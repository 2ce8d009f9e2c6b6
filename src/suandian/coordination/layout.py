"""Where columns, rows and entries of the linear programme lie: its pattern, without a number in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.problem import Problem

__all__ = ["Layout", "Structure", "Term", "structure", "terms"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """Where things lie: step t owns columns `t·columns …` and rows `t·rows …`; month peaks are the last columns.

    pairs          (group, site) pairs that are allowed
    varied         groups whose GPUs draw unlike power: power and GPUs are followed apart (columns g)
    slow           (pair, number of the gear, work per energy, power per GPU) of gears that save energy
    batched        groups whose streams may be served in larger batches
    row_sites, row_zones   (row, site) and (row, zone) entries of the networks' rows
    column, row    name → (offset within a step, count)
    month          month of each step, 0 for the first
    windy          feeders with wind behind them
    ties           (from, to) feeder of each direction of the ties
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
    slow: tuple[tuple[int, int, float, float], ...]
    batched: tuple[int, ...]
    feeders: int
    feeder_of_zone: tuple[int, ...]
    row_sites: tuple[tuple[int, int], ...]
    row_zones: tuple[tuple[int, int], ...]
    feeder_of_row: tuple[int, ...]
    month: tuple[int, ...]
    windy: tuple[int, ...] = ()
    ties: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, problem: Problem) -> Layout:
        pairs = tuple((int(m), int(s)) for m, s in zip(*np.nonzero(problem.merge.allowed), strict=True))
        supplied = set(problem.pv_site.tolist()) | set(problem.battery_site.tolist())
        layout = cls(
            len(problem.export_max_mw),
            tuple(problem.feeder_of_site.tolist()),
            tuple(s for s in sorted(supplied) if problem.export_max_mw[s] > 0),
            tuple(problem.pv_site.tolist()),
            tuple(problem.battery_site.tolist()),
            pairs,
            tuple(problem.merge.group_of_class.tolist()),
            len(problem.merge.allowed),
            tuple(np.flatnonzero(problem.merge.varied).tolist()),
            tuple((number, *gear) for number, (m, _) in enumerate(pairs) if (gear := problem.merge.gears[m])),
            tuple(np.flatnonzero(problem.batch_mw.any(axis=1)).tolist()),
            len(problem.feeder_import_max_mw),
            tuple(problem.network.zone_feeder.tolist()),
            _nonzero(problem.network.row_site),
            _nonzero(problem.network.row_zone),
            tuple(problem.network.row_feeder.tolist()),
            tuple((problem.horizon.month - problem.horizon.month[0]).tolist()),
            tuple(np.flatnonzero(problem.feeder_wind_mw.any(axis=1)).tolist()),
            tuple((a, b) for a, b in np.concatenate([problem.tie_ends, problem.tie_ends[:, ::-1]]).tolist()),
        )
        return _first_alike(layout)

    @property
    def periods(self) -> int:
        return len(self.month)

    @cached_property
    def counted(self) -> tuple[int, ...]:
        """Numbers of the pairs of varied groups, whose GPUs are columns of their own."""
        return tuple(number for number, (m, _) in enumerate(self.pairs) if m in self.varied)

    @cached_property
    def mixed(self) -> tuple[int, ...]:
        """Those of them whose group has several sites: each may have its own mixture of power and GPUs."""
        many = {m for m in self.varied if sum(group == m for group, _ in self.pairs) > 1}
        return tuple(number for number in self.counted if self.pairs[number][0] in many)

    @cached_property
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
                "slow": len(self.slow),
                "batched": len(self.batched),
                "kgpus": len(self.counted),
                "power": classes,
                "work": classes,
                "late": classes,
                "unserved": self.groups,
                "flow": self.feeders,
                "feeder_violation": self.feeders,
                "feeder_pv": len(self.feeder_of_zone),
                "feeder_wind": len(self.windy),
                "tie": len(self.ties),
            }
        )

    @cached_property
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
                "network": len(self.feeder_of_row),
            }
        )

    @cached_property
    def columns(self) -> int:
        """Columns of one step."""
        return sum(count for _, count in self.column.values())

    @cached_property
    def rows(self) -> int:
        """Rows of one step."""
        return sum(count for _, count in self.row.values())

    @property
    def months(self) -> int:
        return self.month[-1] + 1


def _nonzero(entry_ratio: NDArray[np.float64]) -> tuple[tuple[int, int], ...]:
    return tuple((int(row), int(column)) for row, column in zip(*np.nonzero(entry_ratio), strict=True))


@lru_cache(maxsize=64)
def _first_alike(layout: Layout) -> Layout:
    """The first layout that was equal to this one: what it has worked out is worked out once."""
    return layout


def _offsets(counts: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    place, offset = {}, 0
    for name, count in counts.items():
        place[name] = (offset, count)
        offset += count
    return place


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """The pattern of the matrix in compressed columns, and for each entry the number of its value in build order."""

    column_start: NDArray[np.int32]
    row_index: NDArray[np.int32]
    order: Ints


@dataclass(frozen=True, slots=True)
class Term:
    """Entries of one kind: the same (row, column) offsets in every step; the column lies `lag` steps back."""

    rows: Ints
    cols: Ints
    kind: str
    lag: int = 0


def terms(layout: Layout) -> list[Term]:
    """All entries but those of the peaks, kind by kind; `kind` names the value that `assemble` gives them."""
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
    slow = pairs[np.array([pair for pair, *_ in layout.slow], dtype=np.int64)]
    slow_told = np.flatnonzero(np.isin(slow[:, 0], varied))
    batched = np.array(layout.batched, dtype=np.int64)
    batched_told = np.flatnonzero(np.isin(batched, varied))
    feeder = np.array(layout.feeder_of_site, dtype=np.int64)
    behind = np.flatnonzero(feeder >= 0)
    out = np.flatnonzero(feeder[exporting] >= 0)
    of_zone = np.array(layout.feeder_of_zone, dtype=np.int64)
    by_site = np.array(layout.row_sites, dtype=np.int64).reshape(-1, 2)
    by_zone = np.array(layout.row_zones, dtype=np.int64).reshape(-1, 2)
    exports = np.flatnonzero(np.isin(by_site[:, 1], exporting))
    exported = np.searchsorted(exporting, by_site[exports, 1])
    windy, ties = np.array(layout.windy, dtype=np.int64), np.array(layout.ties, dtype=np.int64).reshape(-1, 2)
    return [
        Term(row["facility"], col["import"], "plus"),
        Term(row["facility"], col["violation"], "plus"),
        Term(row["facility"][exporting], col["export"], "minus"),
        Term(row["facility"][lit], col["pv"], "plus"),
        Term(row["facility"][stored], col["discharge"], "plus"),
        Term(row["facility"][stored], col["charge"], "minus"),
        Term(row["facility"][pairs[:, 1]], col["it"], "ratio"),
        Term(row["facility"][slow[:, 1]], col["slow"], "slow_ratio"),
        Term(row["peak"], col["import"], "plus"),
        Term(row["peak"], col["violation"], "plus"),
        Term(row["feeder"][feeder[behind]], col["import"][behind], "plus"),
        Term(row["feeder"][feeder[behind]], col["violation"][behind], "plus"),
        Term(row["feeder"][feeder[exporting][out]], col["export"][out], "minus"),
        Term(row["feeder"][of_zone], col["feeder_pv"], "minus"),
        Term(row["feeder"][windy], col["feeder_wind"], "minus"),
        Term(row["feeder"][ties[:, 0]], col["tie"], "plus"),
        Term(row["feeder"][ties[:, 1]], col["tie"], "tie_arrives"),
        Term(row["feeder"], col["flow"], "minus"),
        Term(row["feeder"], col["feeder_violation"], "minus"),
        Term(row["storage"], col["energy"], "plus"),
        Term(row["storage"], col["energy"], "minus", 1),
        Term(row["storage"], col["charge"], "charge"),
        Term(row["storage"], col["discharge"], "discharge"),
        Term(row["work"], col["work"], "plus"),
        Term(row["work"], col["work"], "minus", 1),
        Term(row["work"], col["power"], "hours"),
        Term(row["work"], col["late"], "minus"),
        Term(row["group"][pairs[:, 0]], col["it"], "plus"),
        Term(row["group"][of_class], col["power"], "minus"),
        Term(row["group"], col["unserved"], "plus"),
        Term(row["group"][slow[:, 0]], col["slow"], "slow_work"),
        Term(row["group"][batched], col["batched"], "plus"),
        Term(row["kgpus"][of_varied], col["kgpus"], "plus"),
        Term(row["kgpus"][np.searchsorted(varied, of_class[told])], col["power"][told], "per_class"),
        Term(row["kgpus"], col["unserved"][varied], "per_stream"),
        Term(row["kgpus"][np.searchsorted(varied, slow[slow_told, 0])], col["slow"][slow_told], "slow_counted"),
        Term(row["kgpus"][np.searchsorted(varied, batched[batched_told])], col["batched"][batched_told], "per_batched"),
        Term(row["least"], col["it"][mixed], "minus"),
        Term(row["least"], mixed_gpus, "least"),
        Term(row["most"], col["it"][mixed], "plus"),
        Term(row["most"], mixed_gpus, "most"),
        Term(row["gpus"][pairs[counted, 1]], col["kgpus"], "plus"),
        Term(row["gpus"][pairs[alike, 1]], col["it"][alike], "alike"),
        Term(row["gpus"][slow[:, 1]], col["slow"], "slow_gpus"),
        Term(row["hall"][pairs[:, 1]], col["it"], "plus"),
        Term(row["hall"][slow[:, 1]], col["slow"], "plus"),
        Term(row["network"][by_site[:, 0]], col["import"][by_site[:, 1]], "row_site"),
        Term(row["network"][by_site[:, 0]], col["violation"][by_site[:, 1]], "row_site"),
        Term(row["network"][by_site[exports, 0]], col["export"][exported], "row_export"),
        Term(row["network"][by_zone[:, 0]], col["feeder_pv"][by_zone[:, 1]], "row_zone"),
        Term(row["network"], col["feeder_violation"][np.array(layout.feeder_of_row, dtype=np.int64)], "minus"),
    ]


@lru_cache(maxsize=64)
def structure(layout: Layout) -> Structure:
    """The pattern of a layout, kept between calls."""
    periods = np.arange(layout.periods)
    rows, cols = [], []
    for term in terms(layout):
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
    return Structure(start.astype(np.int32), row[order].astype(np.int32), order)
