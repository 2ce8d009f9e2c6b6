"""One decision for many jobs: every rule on every channel, and the best of regions once or at every interval.

A *channel* is a signal in one place: a region, or the lowest of several regions interval by interval. Rules choose on
what is believed; what they choose is valued on the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from suandian.coordination import shift_kernel as kernel
from suandian.coordination.shift_grid import Grid
from suandian.coordination.shift_moves import cheapest_paths
from suandian.coordination.shift_values import slot_values, window_values
from suandian.coordination.windows import ranked
from suandian.quantity.errors import DataError

__all__ = ["RULES", "Choice", "Market", "Pieces", "Rule", "Wish", "best_region", "every_interval", "priced_moves"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rule = Literal["run_now", "lowest_start", "lowest_window", "carbon_time", "lowest_slots"]

RULES: tuple[Rule, ...] = ("run_now", "lowest_start", "lowest_window", "carbon_time", "lowest_slots")
#: Bytes of the table of ways back for one job; beyond it the problem is refused (D).
_BACK_BYTES = 2**30
#: Seconds of a job's power for a move × intervals of its run, at a negative signal: sums of steps stay inside int64.
_EARNED_S = 2**31
#: Job, interval, seconds, region; in order of job and time.
Pieces = tuple[Ints, Ints, Ints, Ints]


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Signals from the instant of a forecast on, in whole steps (`windows.in_steps`): `steps (R, h)` as believed, `fine
    (R, h)` as they are, with more digits."""

    steps: Ints
    fine: Ints
    step_s: int


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """Jobs on a market's intervals, columns `(jobs,)`: their grid, and what a move would cost them.

    `move_s` seconds of the job's own power at the destination, `move_cost` steps × seconds on top.
    """

    grid: Grid
    home: Ints
    allowed: NDArray[np.uint64]
    interruptible: NDArray[np.bool_]
    move_s: Ints
    move_cost: Ints

    def take(self, rows: Ints) -> Wish:
        """The jobs at `rows`."""
        others: dict[str, Any] = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "grid"}
        return replace(self, grid=self.grid.take(rows), **others)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What was chosen, columns `(jobs,)`: times in seconds from the market's first interval.

    worth       true signal of the run, fine steps × seconds
    move_worth  that of the energy that moves took, fine steps × seconds of the job's own power
    score       what was minimised, as believed (steps × seconds; steps for starts; −steps for `carbon_time`)
    used        intervals used
    """

    begin_s: Ints
    end_s: Ints
    region: Ints
    worth: Floats
    move_worth: Floats
    moves: Ints
    pauses: Ints
    score: Floats
    used: Ints

    @classmethod
    def empty(cls, count: int) -> Choice:
        """`count` jobs for which nothing is chosen yet."""
        whole = {f.name: np.zeros(count, dtype=np.int64) for f in fields(cls)}
        real = {name: np.zeros(count) for name in ("worth", "move_worth", "score")}
        return cls(**(whole | real | {"score": np.full(count, np.inf)}))

    def put(self, rows: Ints, other: Choice, which: NDArray[np.bool_] | None = None) -> None:
        """Write the choices of `other` at `rows`, those of `which` only."""
        for field in fields(self):
            values = getattr(other, field.name)
            getattr(self, field.name)[rows if which is None else rows[which]] = (
                values if which is None else values[which]
            )


def best_region(market: Market, wish: Wish, rule: Rule, *, once: bool) -> tuple[Choice, Ints]:
    """Every job at home, or with `once` in the region of its mask that is best for all of its run.

    Ties go to the home, then to the region named first. Returns the choice and the channel (region) of each job.
    """
    if len(market.steps) == 1:
        return _on_channel(market, wish, rule, 0, _costs_now(market, wish, rule)), wish.home
    everyone = np.arange(len(wish.home))
    choice, channel = Choice.empty(len(everyone)), wish.home.copy()
    now = _costs_now(market, wish, rule)
    for region in range(len(market.steps)):
        rows = everyone[wish.home == region]
        if rows.size:
            choice.put(rows, _on_channel(market, wish.take(rows), rule, region, now[rows]))
    for region in range(len(market.steps)) if once else ():
        elsewhere = (wish.home != region) & ((wish.allowed >> np.uint64(region)) & np.uint64(1) == 1)
        rows = everyone[elsewhere]
        if not rows.size:
            continue
        part = wish.take(rows)
        fee = market.steps[region][part.grid.first] * part.move_s + part.move_cost
        tried = _on_channel(market, part, rule, region, now[rows] - fee)
        if rule not in ("carbon_time", "lowest_start"):
            tried = replace(tried, score=tried.score + fee)
        moved = replace(
            tried,
            moves=np.ones(len(rows), dtype=np.int64),
            move_worth=(market.fine[region][part.grid.first] * 1.0) * part.move_s,
        )
        better = moved.score < choice.score[rows]
        choice.put(rows, moved, better)
        channel[rows[better]] = region
    return choice, channel


def every_interval(market: Market, wish: Wish, rule: Rule) -> Choice:
    """Every job in the lowest region of its mask at every interval, moves being free: the upper bound of migration."""
    choice, now = Choice.empty(len(wish.home)), _costs_now(market, wish, rule)
    for rows, lowest, region in composites(market, wish):
        part = wish.take(rows)
        found = _on_channel(lowest, part, rule, 0, now[rows], region)
        choice.put(rows, replace(found, moves=found.moves + (found.region != part.home)))
    return choice


def composites(market: Market, wish: Wish) -> list[tuple[Ints, Market, NDArray[np.int32]]]:
    """Rows of one mask and home, the lowest signal open to them, and the region that has it (home if equal)."""
    keys, index = np.unique(np.stack([wish.allowed, wish.home.astype(np.uint64)]), axis=1, return_inverse=True)
    found = []
    for key in range(keys.shape[1]):
        mask, home = int(keys[0, key]), int(keys[1, key])
        order = [home, *(r for r in range(len(market.steps)) if r != home and mask >> r & 1)]
        region = np.array(order, dtype=np.int32)[np.argmin(market.steps[order], axis=0)]
        at = np.arange(market.steps.shape[1])
        lowest = Market(market.steps[region, at][None], market.fine[region, at][None], market.step_s)
        found.append((np.flatnonzero(index.ravel() == key), lowest, region))
    return found


def priced_moves(market: Market, wish: Wish, rule: Rule) -> tuple[Choice, Pieces]:
    """The cheapest way through time and regions where moves cost; whole intervals only.

    Raises `DataError` for run times that are no whole number of intervals, rules that do not minimise a cost, and
    windows whose search would need more than 1 GiB.
    """
    if rule not in ("run_now", "lowest_window", "lowest_slots"):
        raise DataError(f"rule {rule!r} knows no cost of moves at every interval; give regions='once' or no move cost")
    if (wish.grid.run_s % market.step_s).any():
        row = int(np.flatnonzero(wish.grid.run_s % market.step_s)[0])
        raise DataError(
            f"jobs.duration_s: {int(wish.grid.run_s[row])} s is no whole number of intervals, which moves with a cost "
            "at every interval need; give lengths='up'"
        )
    if market.steps.min() < 0 and (wish.move_s * (wish.grid.run_s // market.step_s)).max() > _EARNED_S:
        raise DataError("move costs: too much energy for moves at a negative signal; give less, or only an amount")
    grid, step_s = _fixed(wish.grid, step_s=market.step_s) if rule == "run_now" else wish.grid, market.step_s
    count = grid.run_s // step_s
    may_pause = wish.interruptible if rule == "lowest_slots" else np.zeros(len(count), dtype=np.bool_)
    largest = ((grid.last - grid.first) * (count + 1) * len(market.steps)).max(initial=0)
    if largest > _BACK_BYTES:
        raise DataError(
            f"move costs: window × run × regions is {largest:,}, above {_BACK_BYTES:,}; give smaller windows"
        )
    offsets, interval, region, cost = cheapest_paths(
        market.steps,
        grid.first,
        grid.last,
        count,
        wish.home,
        wish.allowed,
        may_pause,
        wish.move_s,
        wish.move_cost,
        step_s,
    )
    at, where = interval.astype(np.int64), region.astype(np.int64)
    job = np.repeat(np.arange(len(count)), count)
    begins = np.zeros(len(at), dtype=np.bool_)
    begins[offsets[:-1]] = True
    before = np.where(begins, wish.home[job], np.roll(where, 1))
    moved = where != before
    arrival = np.where(begins, grid.first[job], at)
    worth = np.add.reduceat(market.fine[where, at], offsets[:-1]) if len(count) else np.zeros(0)
    move_fine = np.bincount(job, weights=moved * market.fine[where, arrival], minlength=len(count))
    choice = Choice(
        begin_s=at[offsets[:-1]] * step_s,
        end_s=(at[offsets[1:] - 1] + 1) * step_s,
        region=where[offsets[:-1]],
        worth=worth.astype(np.float64) * step_s,
        move_worth=(move_fine * wish.move_s).astype(np.float64),
        moves=np.bincount(job, weights=moved, minlength=len(count)).astype(np.int64),
        pauses=np.bincount(job, weights=~begins & (at != np.roll(at, 1) + 1), minlength=len(count)).astype(np.int64),
        score=cost.astype(np.float64),
        used=count,
    )
    return choice, (job, at, np.full(len(at), step_s, dtype=np.int64), where)


def _sums(steps: Ints) -> Ints:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(steps)])


def _fixed(grid: Grid, step_s: int) -> Grid:
    """The nominal run and nothing else."""
    end = grid.nominal + grid.whole(step_s)
    return replace(
        grid, first=grid.nominal, latest=grid.nominal, last=end, tail_s=np.zeros_like(end), expected_s=grid.run_s
    )


def _expected(grid: Grid, periods: int, step_s: int) -> tuple[Ints, Ints]:
    """Run time to choose with, and the last start for which it ends inside the signal.

    An expectation that does not fit into the rest of the signal gives way to the true run time.
    """
    needed = -(-grid.expected_s // step_s)
    run_s = np.where(grid.nominal + needed > periods, grid.run_s, grid.expected_s)
    return run_s, np.minimum(grid.latest, periods - -(-run_s // step_s))


def _costs_now(market: Market, wish: Wish, rule: Rule) -> Ints:
    """What running at the nominal start at home is believed to cost, `(jobs,)`; 0 for rules that do not ask."""
    now = np.zeros(len(wish.home), dtype=np.int64)
    for region, steps in enumerate(market.steps) if rule == "carbon_time" else ():
        rows = np.flatnonzero(wish.home == region)
        grid = wish.grid.take(rows)
        run_s, _ = _expected(grid, len(steps), market.step_s)
        now[rows] = kernel.window_costs(steps, _sums(steps), grid.nominal, run_s, market.step_s)
    return now


def _on_channel(
    market: Market, wish: Wish, rule: Rule, channel: int, now: Ints, region: NDArray[np.int32] | None = None
) -> Choice:
    """One rule on one channel; `region` says where a composite channel runs in each interval."""
    if region is None:
        region = np.full(market.steps.shape[1], channel, dtype=np.int32)
    if rule != "lowest_slots":
        return _window(market, wish.grid, rule, channel, now, region)
    paused = np.flatnonzero(wish.interruptible)
    if paused.size == len(wish.home):
        return _slots(market, wish.grid, channel, region)
    rigid = np.flatnonzero(~wish.interruptible)
    choice = Choice.empty(len(wish.home))
    choice.put(paused, _slots(market, wish.grid.take(paused), channel, region))
    choice.put(rigid, _window(market, wish.grid.take(rigid), "lowest_window", channel, now[rigid], region))
    return choice


def _window(market: Market, grid: Grid, rule: Rule, channel: int, now: Ints, region: NDArray[np.int32]) -> Choice:
    steps, step_s = market.steps[channel], market.step_s
    sums = _sums(steps)
    if rule == "run_now":
        grid = _fixed(grid, step_s)
    run_s, latest = _expected(grid, len(steps), step_s)
    score: Floats | None = None
    if rule == "lowest_start":
        start = kernel.lowest_starts(steps, grid.first, latest)
        score = steps[start].astype(np.float64)
    elif rule == "carbon_time":
        start, saved = kernel.carbon_time_starts(steps, sums, grid.first, latest, run_s, step_s, now)
        score = -saved
    else:
        start = kernel.window_starts(steps, sums, grid.first, latest, run_s, step_s)
    worth, moves = window_values(market.fine[channel], region, start, grid.run_s, step_s)
    if score is None:
        score = kernel.window_costs(steps, sums, start, run_s, step_s).astype(np.float64)
    return Choice(
        begin_s=start * step_s,
        end_s=start * step_s + grid.run_s,
        region=region[start].astype(np.int64),
        worth=worth,
        move_worth=np.zeros(len(start)),
        moves=moves.astype(np.int64),
        pauses=np.zeros(len(start), dtype=np.int64),
        score=score,
        used=grid.whole(step_s),
    )


def _slots(market: Market, grid: Grid, channel: int, region: NDArray[np.int32]) -> Choice:
    priced = len(market.steps) > 1  # only channels that compete are compared
    steps, fine, step_s = market.steps[channel], market.fine[channel], market.step_s
    rank = ranks(steps)
    nothing = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))
    top, top_s, last_s, used = kernel.slots(
        rank, *kernel.wavelet(rank), grid.first, grid.last, grid.tail_s, grid.run_s, step_s, nothing
    )
    cost, worth, begin_s, end_s, pauses, moves, origin = slot_values(
        steps, fine, region, rank, grid.first, grid.last, top, top_s, last_s, step_s, priced
    )
    return Choice(
        begin_s=begin_s,
        end_s=end_s,
        region=origin.astype(np.int64),
        worth=worth,
        move_worth=np.zeros(len(worth)),
        moves=moves.astype(np.int64),
        pauses=pauses.astype(np.int64),
        score=cost.astype(np.float64),
        used=used.astype(np.int64),
    )


def ranks(steps: Ints) -> NDArray[np.int32]:
    """The place of each interval in the order of signal, then time, `(h,)`."""
    rank = np.empty(len(steps), dtype=np.int32)
    rank[ranked(steps)] = np.arange(len(steps), dtype=np.int32)
    return rank
