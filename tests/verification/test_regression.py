"""TOWT against the stated formulae, written out again here with loops and normal equations."""

import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import Outcome, Why
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.event import Event, History, Span
from suandian.verification.metering import LoadTable
from suandian.verification.regression import fit_towt, knots_c, occupied_times, regression, temperature_matrix
from suandian.verification.rules import rule


def pinv_fit(design, load):
    """Least squares of least norm from the singular values: works whatever the rank."""
    u, s, v = np.linalg.svd(design, full_matrices=False)
    keep = s > s.max() * max(design.shape) * np.finfo(float).eps
    return v[keep].T @ ((u[:, keep].T @ load) / s[keep])


def stated(week, load, celsius, times, new_week, new_celsius):
    """The form of LBNL as stated, one point at a time, in °F."""
    fahrenheit = [c * 9 / 5 + 32 for c in celsius]
    n = len(fahrenheit)
    ordered = sorted(fahrenheit)
    ranks = [int(np.floor(r + 0.001)) for r in sorted(n - (n / 6) * k for k in range(1, 7))]
    knots = [ordered[r - 1] for r in ranks if r > 0]
    while knots and sum(f < knots[0] for f in fahrenheit) < 20:
        knots = knots[1:]
    while knots and sum(f > knots[-1] for f in fahrenheit) < 20:
        knots = knots[:-1]

    def row(w, f):
        out = [0.0] * times
        out[w] = 1.0
        if not knots:
            return [*out, f]
        out.append(min(f, knots[0]))
        for a, b in itertools.pairwise(knots):
            out.append(min(max(f - a, 0.0), b - a))
        out.append(max(f - knots[-1], 0.0))
        return out

    weather = np.array([[1.0, min(f - 50, 0.0), max(f - 65, 0.0)] for f in fahrenheit])
    residual = load - weather @ pinv_fit(weather, load)
    occupied = []
    for w in range(times):
        own = [r for r, x in zip(residual, week, strict=False) if x == w]
        occupied.append(sum(r > 0 for r in own) > 0.65 * len(own) if own else False)
    answer = np.full(len(new_week), np.nan)
    for mode in (True, False):
        rows = [i for i in range(n) if occupied[week[i]] == mode]
        if not rows:
            continue
        fit = pinv_fit(np.array([row(week[i], fahrenheit[i]) for i in rows]), load[rows])
        for j, (w, c) in enumerate(zip(new_week, new_celsius, strict=False)):
            if occupied[w] == mode:
                answer[j] = max(0.0, np.dot(row(w, c * 9 / 5 + 32), fit))
    return answer


def worked(seed, n, times, spread):
    rng = np.random.default_rng(seed)
    week = rng.integers(0, times, n)
    celsius = np.round(rng.normal(15, spread, n), 1)
    load = 5 + (week % 3) + 0.2 * np.maximum(celsius - 18, 0) + rng.normal(0, 0.3, n)
    return week, load, celsius


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), n=st.integers(30, 400), times=st.integers(1, 30), spread=st.sampled_from([0.0, 0.3, 8])
)
def test_the_fit_is_the_stated_one(seed, n, times, spread) -> None:
    """Spread 0 and 0.3 make repeated knots and empty segments; few points leave times of week unseen."""
    week, load, celsius = worked(seed, n, times, spread)
    fit = fit_towt(week, load, celsius, times=times)
    new_week, new_celsius = np.arange(times), np.linspace(5, 30, times)
    expected = stated(week, load, celsius, times, new_week, new_celsius)
    got = fit.predict(new_week, new_celsius)
    known = np.isfinite(expected)
    np.testing.assert_allclose(got[known], expected[known], atol=1e-6)


def test_knots_by_hand() -> None:
    # 120 values 1…120: n·j/6 = 20, 40, 60, 80, 100. Below 20 lie 19 < 20 points: dropped; above 100 lie 20: kept.
    assert knots_c(np.arange(1.0, 121.0)) == (40.0, 60.0, 80.0, 100.0)
    assert knots_c(np.full(200, 7.0)) == ()


def test_the_matrix_by_hand() -> None:
    # Knots 10 and 20: T = 5 → 5, 0, 0; 15 → 10, 5, 0; 26 → 10, 10, 6.
    matrix = temperature_matrix(np.array([5.0, 15.0, 26.0]), (10.0, 20.0))
    assert matrix.tolist() == [[5, 0, 0], [10, 5, 0], [10, 10, 6]]
    assert temperature_matrix(np.array([5.0]), ()).tolist() == [[5.0]]


def test_occupied_by_hand() -> None:
    # At one temperature the line is the mean, 5: time 0 lies above it in 3 of 4 points (75 %), time 1 in 1 of 4.
    week, load = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([8.0, 8, 8, 1, 8, 2, 2, 3])
    assert occupied_times(week, load, np.full(8, 12.0), 2).tolist() == [True, False]


def test_without_temperature_it_is_the_mean_by_time_of_week() -> None:
    fit = fit_towt(np.array([0, 0, 1]), np.array([2.0, 4.0, 7.0]), None, times=3)
    assert fit.predict(np.array([0, 1, 2]), None) == pytest.approx([3.0, 7.0, 0.0])  # least norm: an unseen time is 0
    weighted = fit_towt(np.array([0, 0]), np.array([2.0, 5.0]), None, times=1, weights=np.array([2.0, 1.0]))
    assert weighted.predict(np.array([0]), None)[0] == pytest.approx(3.0)


AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 50 * 24)


def table(load=None):
    hour = np.arange(AXIS.periods) % 168
    values = 5.0 + hour / 168 if load is None else load
    return LoadTable(("a", "b"), AXIS, np.stack([values, 2 * values]), "Asia/Shanghai", WEEKDAYS)


def called(day=49, hour=14):
    start = AXIS.start_s + (day * 24 + hour) * 3600
    return Event("e", start - 7200, start, start + 2 * 3600)


def test_a_weekly_load_is_met_exactly() -> None:
    batch = regression(table(), called(), rule("TOW_45_SAA"), History())
    np.testing.assert_allclose(batch.baseline_mw, batch.metered_mw, atol=1e-9)
    np.testing.assert_allclose(batch.adjustment_mw, 0.0, atol=1e-9)


def test_temperature_is_needed_and_used() -> None:
    assert regression(table(), called(), rule("TOWT_45"), History()).why.tolist() == [Why.NO_TEMPERATURE] * 2
    rng = np.random.default_rng(1)
    celsius = 15 + 8 * np.sin(np.arange(AXIS.periods) / 60) + rng.normal(0, 1, AXIS.periods)
    warm = table(5.0 + 0.1 * celsius)
    batch = regression(warm, called(), rule("TOWT_45"), History(), temperature_c=celsius)
    np.testing.assert_allclose(batch.baseline_mw, batch.metered_mw, rtol=1e-6)


def test_events_outages_and_thin_days_do_not_train() -> None:
    load = 5.0 + (np.arange(AXIS.periods) % 168) / 168
    spoiled = load.copy()
    spoiled[24 * 20 : 24 * 21] = 100.0
    spoiled[24 * 22 : 24 * 22 + 5] = 100.0
    spoiled[24 * 22 + 5 : 24 * 22 + 9] = np.nan  # 15 of 24 readings stay: the day does not count
    span = Span(AXIS.start_s + 20 * 86400, AXIS.start_s + 21 * 86400, None, "earlier")
    batch = regression(table(spoiled), called(), rule("TOW_45_SAA"), History(events=(span,)))
    np.testing.assert_allclose(batch.baseline_mw, batch.metered_mw, atol=1e-9)


def test_too_few_days() -> None:
    batch = regression(table(), called(day=34), rule("TOW_45_SAA"), History())
    assert batch.outcome.tolist() == [Outcome.NOT_MEASURABLE] * 2
    assert batch.why.tolist() == [Why.TOO_FEW_DAYS] * 2
