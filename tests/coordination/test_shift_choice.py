"""Choices on channels: ties between regions, composites, and what priced moves refuse."""

import numpy as np
import pytest

from suandian.coordination.shift_choice import (
    Market,
    Wish,
    best_region,
    composites,
    every_interval,
    priced_moves,
    ranks,
)
from suandian.coordination.shift_grid import Grid
from suandian.quantity.errors import DataError


def wish(homes, masks, first=0, latest=2, run_s=3600):
    count = len(homes)
    column = lambda value: np.full(count, value, dtype=np.int64)  # noqa: E731
    none = np.zeros(count, dtype=bool)
    grid = Grid(
        nominal=column(first), first=column(first), latest=column(latest), last=column(latest + run_s // 3600),
        tail_s=column(0), run_s=column(run_s), expected_s=column(run_s), late=none, cut=none, outside=none,
    )  # fmt: skip
    return Wish(grid, np.array(homes), np.array(masks, dtype=np.uint64), ~none, column(0), column(0))


MARKET = Market(np.array([[3, 1, 2], [1, 3, 2], [1, 1, 2]]), np.array([[3, 1, 2], [1, 3, 2], [1, 1, 2]]), 3600)


def test_equal_regions_go_to_the_home_then_to_the_first_named():
    choice, channel = best_region(MARKET, wish([0, 1, 2, 0], [7, 7, 7, 7]), "lowest_window", once=True)
    assert channel.tolist() == [0, 1, 2, 0]
    choice, channel = best_region(MARKET, wish([0, 0], [7, 5]), "run_now", once=True)
    assert channel.tolist() == [1, 2]
    assert choice.moves.tolist() == [1, 1]
    choice, channel = best_region(MARKET, wish([0], [7]), "run_now", once=False)
    assert (channel.tolist(), (choice.worth / 3600).tolist()) == ([0], [3.0])


def test_composites_take_the_lowest_region_of_each_mask():
    found = {tuple(rows.tolist()): (lowest.steps[0].tolist(), region.tolist()) for rows, lowest, region in composites(
        MARKET, wish([0, 1, 0], [7, 3, 7]))}  # fmt: skip
    assert found == {(0, 2): ([1, 1, 2], [1, 0, 0]), (1,): ([1, 1, 2], [1, 0, 1])}


def test_every_interval_counts_the_move_out_of_home():
    choice = every_interval(MARKET, wish([0], [7], latest=0, run_s=3 * 3600), "run_now")
    assert (choice.worth[0] / 3600, choice.moves[0], choice.region[0]) == (4.0, 2, 1)


def test_priced_moves_need_whole_intervals_and_a_cost_to_minimise():
    with pytest.raises(DataError, match="lengths='up'"):
        priced_moves(MARKET, wish([0], [7], run_s=1800), "run_now")
    with pytest.raises(DataError, match="knows no cost"):
        priced_moves(MARKET, wish([0], [7]), "lowest_start")


def test_ranks_are_in_order_of_signal_then_time():
    assert ranks(np.array([5, 1, 5, 0])).tolist() == [2, 1, 3, 0]
