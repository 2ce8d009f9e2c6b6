from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.coordination.placement_bits import discard, empty_sets, following, insert, last, preceding

SIZES = (1, 64, 65, 4096, 4097, 300_000, 20_000_000)


def following_of(members, rank, end):
    return min((m for m in members if rank <= m < end), default=-1)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SIZES), st.data())
def test_sets_behave_like_sets(size, data):
    ranks = st.integers(0, size - 1) | st.sampled_from([r for r in (0, 63, 64, 4095, 4096, size - 1) if r < size])
    words = empty_sets(2, size)
    members = (set(), set())
    for which, rank, put in data.draw(st.lists(st.tuples(st.integers(0, 1), ranks, st.booleans()), max_size=30)):
        if put:
            insert(words, which, rank)
            members[which].add(rank)
        else:
            discard(words, which, rank)
            members[which].discard(rank)
        asked, end = data.draw(ranks), data.draw(st.integers(1, size))
        for row in (0, 1):
            assert last(words, row) == max(members[row], default=-1)
            assert following(words, row, asked, end) == following_of(members[row], asked, end)
            assert preceding(words, row, asked) == max((m for m in members[row] if m <= asked), default=-1)
            assert preceding(words, row, -1) == -1


@pytest.mark.parametrize("size", SIZES)
def test_walk_visits_every_member_once(size):
    members = sorted(set(np.random.default_rng(size).integers(0, size, 500).tolist()) | {0, size - 1})
    words = empty_sets(1, size)
    for rank in members:
        insert(words, 0, rank)
    seen, rank = [], following(words, 0, 0, size)
    while rank >= 0:
        seen.append(rank)
        rank = following(words, 0, rank + 1, size)
    assert seen == members
    rank = preceding(words, 0, size - 1)
    for expected in reversed(members):
        assert rank == expected
        rank = preceding(words, 0, rank - 1)
    assert rank == -1
    for rank in reversed(members):
        assert last(words, 0) == rank
        discard(words, 0, rank)
    assert last(words, 0) == -1
