"""Arrays of what lies ahead: the same numbers as a plain array, worked out no further than somebody looks."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.simulation.ahead import Ahead, Issue

ROWS, PERIODS = 3, 40
VALUES = np.arange(ROWS * PERIODS, dtype=np.float64).reshape(ROWS, PERIODS)


def counted() -> tuple[Issue, list[int]]:
    asked: list[int] = []

    def make(periods: int) -> np.ndarray:
        asked.append(periods)
        return VALUES[:, :periods].copy()

    return Issue(make, ROWS, PERIODS), asked


BOUND = st.one_of(st.none(), st.integers(-PERIODS - 2, PERIODS + 2))
COLUMNS = st.one_of(
    st.builds(slice, BOUND, BOUND, st.sampled_from([None, 1, 2, 7, -1, -3])),
    st.integers(-5, 4),
    st.lists(st.integers(0, 4), min_size=1, max_size=3).map(np.array),
    st.just(Ellipsis),
)
KEYS = st.one_of(
    st.tuples(st.just(slice(None)), COLUMNS),
    st.tuples(st.integers(-ROWS, ROWS - 1), COLUMNS),
    st.tuples(st.just(Ellipsis), COLUMNS.filter(lambda key: key is not Ellipsis)),
    st.tuples(st.just(slice(1, None)), st.none(), st.just(slice(2, 9))),
    st.integers(-ROWS, ROWS - 1),
    st.just(Ellipsis),
    st.just(slice(0, 2)),
    st.just(np.array([True, False, True])),
)


@settings(max_examples=300, deadline=None)
@given(cut=st.integers(0, PERIODS - 10), keys=st.lists(KEYS, min_size=1, max_size=4))
def test_every_index_gives_what_a_plain_array_gives(cut: int, keys: list[Any]) -> None:
    issue, _ = counted()
    ahead, plain = Ahead(issue, cut), VALUES[:, cut:]
    assert ahead.shape == plain.shape
    assert (len(ahead), ahead.ndim, ahead.dtype) == (ROWS, 2, np.float64)
    for key in keys:
        got, wanted = ahead[key], plain[key]
        assert np.shape(got) == np.shape(wanted)
        assert np.array_equal(got, wanted)


@pytest.mark.parametrize(
    ("key", "reach"),
    [
        ((slice(None), slice(None, 7)), 7),
        ((1, slice(2, 5)), 5),
        ((..., slice(0, 6, 2)), 6),
        ((0, 3), 4),
        ((slice(0, 2), slice(0, 0)), 0),
        ((0, slice(None, -1)), PERIODS - 5),
        ((0, -1), PERIODS - 5),
        (0, PERIODS - 5),
    ],
)
def test_a_slice_costs_what_lies_before_its_end(key: Any, reach: int) -> None:
    issue, asked = counted()
    Ahead(issue, 5)[key]
    assert asked == [5 + reach]


def test_a_further_look_doubles_and_a_nearer_one_costs_nothing() -> None:
    issue, asked = counted()
    ahead = Ahead(issue)
    for stop in (4, 3, 5, 8, 9, 40):
        ahead[:, :stop]
    assert asked == [4, 8, 16, 40]


def test_all_else_sees_the_whole_array() -> None:
    issue, _ = counted()
    ahead, plain = Ahead(issue, 2), VALUES[:, 2:]
    assert np.array_equal(np.asarray(ahead), plain)
    assert np.asarray(ahead, dtype=np.float32).dtype == np.float32
    assert np.array_equal(ahead + 2.0 * ahead, 3.0 * plain)
    assert np.array_equal(1.0 - ahead, 1.0 - plain)
    assert np.array_equal(ahead == plain, np.ones_like(plain, dtype=bool))
    assert np.array_equal(np.maximum(ahead, 50.0), np.maximum(plain, 50.0))
    assert np.array_equal(np.cumsum(ahead, axis=1), np.cumsum(plain, axis=1))
    assert np.array_equal(np.concatenate([ahead, plain]), np.concatenate([plain, plain]))
    assert ahead.max() == plain.max()
    assert np.array_equal(ahead.T, plain.T)
    with pytest.raises(AttributeError):
        _ = ahead.nothing_of_this_name


def test_nobody_writes_into_a_forecast() -> None:
    issue, _ = counted()
    for part in (Ahead(issue)[:, :4], np.asarray(Ahead(issue))):
        with pytest.raises(ValueError, match="read-only"):
            part[0, 0] = 1.0
    own = np.array(Ahead(issue), copy=True)
    own[0, 0] = 1.0
    assert Ahead(issue)[0, 0] == VALUES[0, 0]
