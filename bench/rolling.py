"""Re-solves a second: ten sites, 48 hours of hours, one hour at a time, warm (ring) beside cold, same optima.

Run as `python -m bench.rolling`. Solving, building the programme in NumPy and reading the solution are all counted.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.horizon import Horizon
from suandian.coordination.merge import Merge
from suandian.coordination.network_rows import NetworkRows
from suandian.coordination.problem import Problem
from suandian.coordination.program import Program, assemble
from suandian.coordination.ring import Ring
from suandian.coordination.solvers import solve_simplex
from suandian.coordination.warm import WarmSimplex
from suandian.quantity.timeaxis import TimeAxis

Floats = NDArray[np.float64]
SITES, CLASSES, WINDOW, STEPS = 10, 6, 48, 240


class Case:
    """A seeded fluid world of ten sites with batteries behind two feeders and six classes that may run anywhere."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        periods = WINDOW + STEPS
        hour = np.arange(periods) % 24
        sun = np.maximum(np.sin((hour - 6) / 12 * np.pi), 0.0)
        day = rng.uniform(0.3, 1.0, periods // 24 + 1)[np.arange(periods) // 24]
        band = np.select([(hour >= 10) & (hour < 15), (hour >= 17) & (hour < 22), hour < 6], [0.5, 1.6, 0.6], 1.0)
        self.price = rng.uniform(400, 650, (SITES, 1)) * band * rng.uniform(0.95, 1.05, (SITES, periods))
        self.ratio = 1.2 + 0.1 * rng.random((SITES, 1)) + 0.05 * sun
        self.pv = 6.0 * sun * day * rng.random((SITES, 1))
        self.load = 40.0 + 10.0 * np.sin((hour - 12) / 12 * np.pi) * np.ones((2, 1))
        self.roof = 90.0 * sun * day * np.ones((2, 1))
        self.gpus = rng.integers(15, 30, (SITES, 1)).astype(float) * np.ones((1, periods))
        self.slack_h = np.array([1.0, 4.0, 8.0, 16.0, 24.0, 48.0])
        rate = rng.dirichlet(np.full(CLASSES, 3.0))[:, None] * 0.55 * 0.5 * self.gpus[:, :1].sum()
        self.released = np.cumsum(rate * (1 + 0.4 * np.sin((hour - 9) / 12 * np.pi)), axis=1)
        self.due = np.zeros_like(self.released)
        for k, slack in enumerate(self.slack_h.astype(int)):
            self.due[k, slack:] = self.released[k, :-slack]
        self.stream = 0.1 * 0.5 * self.gpus.sum(axis=0)[None] * (1 + 0.3 * np.sin((hour - 14) / 12 * np.pi))
        self.start_energy = np.full(SITES, 10.0)

    def problem(self, first: int, done_mwh: Floats, energy_mwh: Floats, peak_mw: Floats) -> Problem:
        span = slice(first, first + WINDOW)
        every = np.arange(CLASSES)
        merge = Merge(
            every, np.zeros(CLASSES, np.int64), self.slack_h, np.zeros(1, np.int64),
            np.ones((1, SITES), bool), np.zeros(1, bool), np.array([0.5]), np.array([0.5]),
            ((),), np.zeros((1, SITES)), np.repeat(every[:, None], SITES, axis=1),
        )  # fmt: skip
        full = np.full
        return Problem(
            horizon=_horizon(first),
            merge=merge,
            released_mwh=self.released[:, span] - done_mwh[:, None],
            due_mwh=np.maximum(self.due[:, span] - done_mwh[:, None], 0.0),
            class_kw=np.full(CLASSES, 0.5),
            stream_mw=self.stream[:, span],
            batch_mw=np.zeros((1, WINDOW)),
            move_cny_per_mwh=np.zeros((1, SITES)),
            slowing_cny_per_mwh=0.0,
            batching_cny_per_mwh=0.0,
            stream_kgpus=self.stream[:, span] / 0.5,
            fixed_facility_mw=3.0 * self.ratio[:, span],
            per_it_ratio=self.ratio[:, span],
            hall_mw=0.52 * self.gpus[:, span],
            kgpus=self.gpus[:, span],
            buy_cny_per_mwh=self.price[:, span],
            sell_cny_per_mwh=full((SITES, WINDOW), 200.0),
            import_max_mw=full((SITES, WINDOW), 60.0),
            export_max_mw=full(SITES, 5.0),
            pv_mw=self.pv[:, span],
            pv_site=np.arange(SITES),
            demand_cny_per_mw=full(SITES, 32_000.0),
            peak_mw=np.maximum(peak_mw, 9.0)[:, None],
            battery_site=np.arange(SITES),
            energy_mwh=energy_mwh,
            energy_min_mwh=full(SITES, 1.0),
            energy_max_mwh=full(SITES, 20.0),
            energy_end_mwh=full(SITES, 1.0),
            charge_max_mw=full(SITES, 10.0),
            discharge_max_mw=full(SITES, 10.0),
            charge_ratio=full(SITES, 0.95),
            discharge_ratio=full(SITES, 0.95),
            wear_cny_per_mwh=full(SITES, 40.0),
            feeder_of_site=np.repeat([0, 1], SITES // 2),
            feeder_import_max_mw=full(2, 160.0),
            feeder_export_max_mw=full(2, 50.0),
            feeder_load_mw=self.load[:, span],
            feeder_pv_mw=self.roof[:, span],
            curtailment_cny_per_mwh=200.0,
            violation_cny_per_mwh=20_000.0,
            lateness_cny_per_mwh=50_000.0,
            work_value_cny_per_mwh=full(CLASSES, 450.0),
            storage_value_cny_per_mwh=full(SITES, 400.0),
            holding_cny_per_mwh_h=0.1 / (1.0 + self.slack_h),
            network=NetworkRows.lumped(self.roof[:, span], SITES),
            feeder_wind_mw=np.zeros((2, WINDOW)),
            tie_ends=np.zeros((0, 2), np.int64),
            tie_max_mw=np.zeros((0, WINDOW)),
            tie_kept_ratio=np.zeros(0),
        )


def _horizon(first: int) -> Horizon:
    axis = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC) + timedelta(hours=first), timedelta(hours=1), WINDOW)
    uniform = Horizon.uniform(axis, "UTC")
    return replace(uniform, month=np.zeros(WINDOW, dtype=np.int64))


def solve_all(way: str, steps: int) -> tuple[float, list[float]]:
    """Seconds for `steps` re-solves, and their objectives."""
    case = Case()
    ring, warm = Ring(), WarmSimplex()
    done, energy, peak = np.zeros(CLASSES), case.start_energy.copy(), np.zeros(SITES)
    moved = np.zeros(CLASSES)
    objectives, spent_s = [], 0.0
    for first in range(steps):
        began_s = perf_counter()
        problem = case.problem(first, done, energy, peak)
        program = assemble(problem)
        if way == "ring":
            solution = ring.solve(program, shift=min(first, 1), done_mwh=moved)
        elif way == "shifted basis":
            solution = warm.solve(program, problem.horizon)
        else:
            solution = solve_simplex(program)
        spent_s += perf_counter() - began_s
        objectives.append(solution.objective_cny)
        # The world that all ways walk through is that of the cold solve's first hour, stored once.
        moved, energy, peak = _STEPS.setdefault(first, _after(program, solution.x, peak))
        done = done + moved
    return spent_s, objectives


_STEPS: dict[int, tuple[Floats, Floats, Floats]] = {}


def _after(program: Program, x: Floats, peak: Floats) -> tuple[Floats, Floats, Floats]:
    imported = program.block(x, "import")[:, 0] + program.block(x, "violation")[:, 0]
    return program.block(x, "work")[:, 0], program.block(x, "energy")[:, 0], np.maximum(peak, imported)


def run(quick: bool = False) -> dict[str, float]:
    """Warm and cold beside each other; the largest relative difference of their optima."""
    steps = STEPS // 8 if quick else STEPS
    cold_s, cold = solve_all("cold", steps)
    shifted_s, shifted = solve_all("shifted basis", steps)
    ring_s, ring = solve_all("ring", steps)
    scale = np.abs(cold)
    return {
        "sites": SITES,
        "window_h": WINDOW,
        "cold_per_s": len(cold) / cold_s,
        "shifted_per_s": len(shifted) / shifted_s,
        "ring_per_s": len(ring) / ring_s,
        "ring_difference_ratio": float((np.abs(np.array(ring) - cold) / scale).max()),
        "shifted_difference_ratio": float((np.abs(np.array(shifted) - cold) / scale).max()),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
