"""A shifting study, checked and on its axis: decisions for any part of its jobs, by the forecast each may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from suandian.coordination.shift_choice import (
    Choice,
    Market,
    Pieces,
    Rule,
    Wish,
    best_region,
    every_interval,
    priced_moves,
)
from suandian.coordination.shift_forecast import Belief, believed
from suandian.coordination.shift_grid import Grid
from suandian.coordination.shift_jobs import ShiftJobs
from suandian.coordination.shift_pieces import joined, pieces_at, pieces_everywhere
from suandian.coordination.shift_values import window_values
from suandian.coordination.windows import DIGITS, in_steps, step_digits
from suandian.quantity.errors import DataError, Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["MoveCost", "Regions", "Study"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Regions = Literal["home", "once", "every_interval"]

#: No move is dearer than this in steps × seconds: it leaves room for sums in int64, and no run costs as much.
_DEAREST = 2**60


@dataclass(frozen=True, slots=True)
class MoveCost:
    """What one move of one job costs: energy, used in the region that it leads to, and an amount of the impact itself.

    `amount` is in the signal's numerator, kg or CNY. Raises `ScenarioError` for negative or infinite values.
    """

    energy_kwh: float = 0.0
    amount: float = 0.0

    def __post_init__(self) -> None:
        faults = [
            Fault(name, f"{getattr(self, name)} is no cost; write 0 or more")
            for name in ("energy_kwh", "amount")
            if not 0.0 <= getattr(self, name) < np.inf
        ]
        if faults:
            raise ScenarioError(faults, source="MoveCost")

    @property
    def free(self) -> bool:
        return self.energy_kwh == 0.0 and self.amount == 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Everything that decisions depend on; solving any part of its jobs gives that part of the answer."""

    axis: TimeAxis
    names: tuple[str, ...]
    truth: Floats
    fine: Ints
    unit: str
    per_mwh_ratio: float
    jobs: ShiftJobs
    grid: Grid
    rule: Rule
    regions: Regions
    move: MoveCost
    forecast: Belief
    seed: int
    every: int

    def solve(self, rows: Ints, *, in_pieces: bool) -> tuple[Choice, Pieces]:
        """The choice for the jobs at `rows`, times counted from the axis's start; pieces name their place in `rows`."""
        grid, step_s = self.grid.take(rows), self.axis.step_s
        if not self.every and len(rows):
            return self._decide(*self._at(0, grid, rows), in_pieces=in_pieces)
        choice = Choice.empty(len(rows))
        pieces: list[Pieces] = []
        origins = grid.first // max(self.every, 1) * self.every
        order = np.argsort(origins, kind="stable")
        cuts = np.flatnonzero(np.diff(origins[order])) + 1
        for group in np.split(order, cuts) if len(rows) else []:
            origin = int(origins[group[0]])
            market, wish = self._at(origin, grid.take(group), rows[group])
            found, parts = self._decide(market, wish, in_pieces=in_pieces)
            choice.put(group, found)
            for times in (choice.begin_s, choice.end_s):
                times[group] += origin * step_s
            if in_pieces:
                pieces.append((group[parts[0]], parts[1] + origin, *parts[2:]))
        return choice, joined(pieces)

    def at_once(self, rows: Ints) -> Floats:
        """True signal of the nominal runs at home, fine steps × seconds, `(rows,)`."""
        now = np.zeros(len(rows))
        grid, home = self.grid.take(rows), self.jobs.home[rows]
        still = np.zeros(self.axis.periods, dtype=np.int32)
        for region in np.unique(home).tolist():
            here = np.flatnonzero(home == region)
            now[here], _ = window_values(
                self.fine[region], still, grid.nominal[here], grid.run_s[here], self.axis.step_s
            )
        return now

    def _at(self, origin: int, grid: Grid, rows: Ints) -> tuple[Market, Wish]:
        """The market as believed at `origin`, cut behind the last window, and the jobs on it."""
        expected = believed(self.forecast, self.truth, self.names, self.axis, origin, self.seed)
        if not np.isfinite(expected).all():
            raise DataError("forecast: every value must be finite")
        step_s = self.axis.step_s
        longest = -(-np.maximum(grid.run_s, grid.expected_s) // step_s)
        end = min(int((np.maximum(grid.latest, grid.nominal) + longest).max()), self.axis.periods)
        end = max(end, int((grid.last + (grid.tail_s > 0)).max())) - origin
        market = Market(in_steps(expected)[:, :end], self.fine[:, origin : origin + end], step_s)
        power_kw = self.jobs.power_kw[rows]
        amount_s = 3600.0 * self.move.amount / (power_kw / 1000.0 * self.per_mwh_ratio)
        wish = Wish(
            grid=grid.since(origin),
            home=self.jobs.home[rows],
            allowed=self.jobs.regions_allowed[rows],
            interruptible=self.jobs.interruptible[rows],
            move_s=np.minimum(np.rint(3600.0 * self.move.energy_kwh / power_kw), _DEAREST // 10**DIGITS).astype(
                np.int64
            ),
            move_cost=np.minimum(np.rint(amount_s * 10.0 ** step_digits(expected)), _DEAREST).astype(np.int64),
        )
        return market, wish

    def _decide(self, market: Market, wish: Wish, *, in_pieces: bool) -> tuple[Choice, Pieces]:
        nothing = joined(())
        if self.regions == "every_interval" and not self.move.free:
            return priced_moves(market, wish, self.rule)
        if self.regions == "every_interval":
            choice = every_interval(market, wish, self.rule)
            return choice, pieces_everywhere(market, wish, self.rule, choice) if in_pieces else nothing
        choice, channel = best_region(market, wish, self.rule, once=self.regions == "once")
        return choice, pieces_at(market, wish, self.rule, choice, channel) if in_pieces else nothing
