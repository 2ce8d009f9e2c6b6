"""The rules of shifting in plain Python, one job at a time: what `suandian.shift` is measured and tested against.

Written from the rules alone, without arrays and without the package. Signals are lists of whole numbers (hundredths,
say), so that sums are exact; times are seconds from the signal's start. Ties go to the earliest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product


def run_cost(signal: Sequence[int], step_s: int, start: int, run_s: int) -> int:
    """Signal × seconds of an uninterrupted run from the beginning of interval `start`."""
    whole, rest_s = divmod(run_s, step_s)
    cost = sum(signal[start : start + whole]) * step_s
    if rest_s:
        cost += signal[start + whole] * rest_s
    return cost


def starts(step_s: int, earliest_s: int, due_s: int, run_s: int) -> range:
    """Intervals in which an uninterrupted run may start: not before `earliest_s`, done by `due_s`."""
    return range(-(-earliest_s // step_s), (due_s - run_s) // step_s + 1)


def lowest_window(signal: Sequence[int], step_s: int, earliest_s: int, due_s: int, run_s: int) -> int:
    """The start with the lowest sum."""
    return min(starts(step_s, earliest_s, due_s, run_s), key=lambda start: run_cost(signal, step_s, start, run_s))


def lowest_start(signal: Sequence[int], step_s: int, earliest_s: int, due_s: int, run_s: int) -> int:
    """The start in the lowest interval."""
    return min(starts(step_s, earliest_s, due_s, run_s), key=lambda start: signal[start])


def carbon_time(signal: Sequence[int], step_s: int, earliest_s: int, due_s: int, run_s: int, nominal: int) -> int:
    """The start with the highest saving against the nominal start per second until completion."""
    now = run_cost(signal, step_s, nominal, run_s)
    tries = starts(step_s, earliest_s, due_s, run_s)
    return max(
        tries,
        key=lambda start: (
            Fraction(now - run_cost(signal, step_s, start, run_s), (start - tries[0]) * step_s + run_s),
            -start,
        ),
    )


def lowest_slots(signal: Sequence[int], step_s: int, earliest_s: int, due_s: int, run_s: int) -> dict[int, int]:
    """Interval → seconds used of it, the lowest intervals first; the one that the due time cuts counts in part."""
    first, last = -(-earliest_s // step_s), -(-due_s // step_s)
    used: dict[int, int] = {}
    left_s = run_s
    for interval in sorted(range(first, last), key=lambda t: (signal[t], t)):
        if left_s == 0:
            break
        seconds = min(left_s, step_s, due_s - interval * step_s)
        used[interval] = seconds
        left_s -= seconds
    return used


def cheapest_path(
    signals: Sequence[Sequence[int]],
    first: int,
    last: int,
    count: int,
    home: int,
    allowed: Sequence[int],
    move_cost: Callable[[int, int], int],
    *,
    may_pause: bool,
) -> int:
    """Least signal × intervals plus moves over every way to run `count` intervals of `[first, last)`: all are tried.

    `move_cost(region, interval)` is that of a move to `region`; the one out of home is priced at `first`.
    """

    def choices() -> Iterator[tuple[int, ...]]:
        if may_pause:
            yield from combinations(range(first, last), count)
        else:
            yield from (tuple(range(t, t + count)) for t in range(first, last - count + 1))

    best: int | None = None
    for intervals in choices():
        for regions in product(allowed, repeat=count):
            cost = sum(signals[r][t] for r, t in zip(regions, intervals, strict=True))
            before, at = home, first
            for r, t in zip(regions, intervals, strict=True):
                if r != before:
                    cost += move_cost(r, at if t == intervals[0] else t)
                before = r
            best = cost if best is None else min(best, cost)
    assert best is not None
    return best
