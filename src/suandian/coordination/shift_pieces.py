"""The intervals behind a choice, one row each: recomputed for the jobs that somebody asks about, kept for nobody."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from suandian.coordination import shift_kernel as kernel
from suandian.coordination.shift_choice import Choice, Market, Pieces, Rule, Wish, composites, ranks

__all__ = ["joined", "pieces_at", "pieces_everywhere"]

Ints = NDArray[np.int64]


def pieces_at(market: Market, wish: Wish, rule: Rule, choice: Choice, channel: Ints) -> Pieces:
    """Pieces of jobs that run in one region each, `channel (jobs,)`; from `shift_choice.best_region`."""
    periods = market.steps.shape[1]
    return joined(
        _of_channel(
            market,
            wish,
            rule,
            choice,
            np.flatnonzero(channel == region),
            region,
            np.full(periods, region, dtype=np.int32),
        )
        for region in np.unique(channel).tolist()
    )


def pieces_everywhere(market: Market, wish: Wish, rule: Rule, choice: Choice) -> Pieces:
    """Pieces of jobs that follow the lowest region at every interval; from `shift_choice.every_interval`."""
    return joined(
        _of_channel(lowest, wish, rule, choice, rows, 0, region) for rows, lowest, region in composites(market, wish)
    )


def _of_channel(
    market: Market, wish: Wish, rule: Rule, choice: Choice, rows: Ints, index: int, region: NDArray[np.int32]
) -> Pieces:
    cut = wish.interruptible[rows] if rule == "lowest_slots" else np.zeros(len(rows), dtype=np.bool_)
    job, at, seconds_s = _joined3(
        _runs(market, wish, choice, rows[~cut]), _slots(market, wish, choice, rows[cut], index)
    )
    return job, at, seconds_s, region[at].astype(np.int64)


def _runs(market: Market, wish: Wish, choice: Choice, rows: Ints) -> tuple[Ints, Ints, Ints]:
    used, run_s, step_s = choice.used[rows], wish.grid.run_s[rows], market.step_s
    job = np.repeat(rows, used)
    place = np.arange(len(job)) - np.repeat(np.cumsum(used) - used, used)
    at = np.repeat(choice.begin_s[rows] // step_s, used) + place
    return job, at, np.minimum(np.repeat(run_s, used) - place * step_s, step_s)


def _slots(market: Market, wish: Wish, choice: Choice, rows: Ints, index: int) -> tuple[Ints, Ints, Ints]:
    used, grid = choice.used[rows], wish.grid.take(rows)
    total = int(used.sum())
    offsets = np.cumsum(used) - used
    at, seconds_s = np.zeros(total, dtype=np.int32), np.zeros(total, dtype=np.int32)
    if total:
        rank = ranks(market.steps[index])
        kernel.slots(
            rank,
            *kernel.wavelet(rank),
            grid.first,
            grid.last,
            grid.tail_s,
            grid.run_s,
            market.step_s,
            (offsets, at, seconds_s),
        )
    return np.repeat(rows, used), at.astype(np.int64), seconds_s.astype(np.int64)


def _joined3(one: tuple[Ints, Ints, Ints], other: tuple[Ints, Ints, Ints]) -> tuple[Ints, Ints, Ints]:
    job, at, seconds_s = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    return job, at, seconds_s


def joined(parts: Iterable[Pieces]) -> Pieces:
    """All pieces as one, ordered by job and time."""
    columns = [*parts] or [(np.zeros(0, dtype=np.int64),) * 4]
    job, at, seconds_s, region = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.lexsort((at, job))
    return job[order], at[order], seconds_s[order], region[order]
