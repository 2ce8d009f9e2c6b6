from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.engine import baseline
from suandian.verification.event import Direction, Event, History, Span
from suandian.verification.interval import (
    Placebo,
    accuracy,
    conformal,
    placebo,
    portfolio_half_width_ratio,
    rolling_coverage,
)
from suandian.verification.metering import LoadTable
from suandian.verification.rules import rule

AXIS = TimeAxis(datetime(2025, 1, 5, 16, tzinfo=UTC), timedelta(hours=1), 180 * 24)
RULE = rule("ISONE_10OF10")


def at(day, hour):
    return AXIS.start_s + (day * 24 + hour) * 3600


def event(day=171, direction=Direction.SHED):
    return Event("e", at(day, 12), at(day, 14), at(day, 17), direction, 1.0)


def table(seed=0, meters=2):
    rng = np.random.default_rng(seed)
    hour = np.arange(AXIS.periods)
    shape = 1 + 0.3 * np.sin(hour * 2 * np.pi / 24)
    noise = np.repeat(1 + 0.05 * rng.standard_normal((meters, 180)), 24, axis=1)
    load = 20 * shape * noise * (1 + 0.02 * rng.standard_normal((meters, AXIS.periods)))
    return LoadTable(tuple(f"m{i}" for i in range(meters)), AXIS, load, "Asia/Shanghai", WEEKDAYS)


def errors(*values):
    """Placebo windows of one meter with these relative errors (B − A)/B at B = 100."""
    base = np.full((1, len(values), 1), 100.0)
    days = np.datetime64("2025-01-01") + np.arange(len(values))
    return Placebo(days, base, base * (1 - np.array(values))[None, :, None])


def batch_of(base, actual, direction=Direction.SHED):
    made = baseline(table(meters=1), event(direction=direction), RULE, History())
    from dataclasses import replace

    return replace(made, baseline_mw=np.full((1, 3), base), metered_mw=np.full((1, 3), actual))


def test_the_rank_by_hand() -> None:
    # 19 windows: ⌈0.9·20⌉ = 18th smallest |s|. Scores 1 % … 19 %: 18 %. B 50, A 40: 10 ± 9.
    tried = errors(*(np.arange(1, 20) / 100))
    found = conformal(batch_of(50.0, 40.0), tried)
    assert (found.low_mw[0], found.high_mw[0]) == pytest.approx((1.0, 19.0))
    assert found.distinguishable.tolist() == [True]
    assert conformal(batch_of(50.0, 42.0), tried).distinguishable.tolist() == [False]
    # Filling: A 60 is 10 above; the same width around it.
    fill = conformal(batch_of(50.0, 60.0, Direction.FILL), tried)
    assert (fill.low_mw[0], fill.high_mw[0]) == pytest.approx((1.0, 19.0))


def test_signed_scores_lean_by_hand() -> None:
    # 39 windows, s = 1 … 39 %: ⌊0.05·40⌋ = 2nd and ⌈0.95·40⌉ = 38th: 2 % and 38 %. The baseline runs high, so the true
    # load without the event lay between 50·0.62 = 31 and 50·0.98 = 49: reductions −9 … 9 at A = 40.
    found = conformal(batch_of(50.0, 40.0), errors(*(np.arange(1, 40) / 100)), signed=True)
    assert (found.low_mw[0], found.high_mw[0]) == pytest.approx((-9.0, 9.0))


def test_a_modulation_is_judged_in_the_direction_of_its_curve() -> None:
    """The curve asks for less, then more. Placebo errors that are even over the window cancel: B − A = 10, 10 → 0."""
    from dataclasses import replace

    called = Event("e", at(171, 12), at(171, 14), at(171, 16), Direction.MODULATE, 0.0, (5.0, -5.0))
    made = replace(
        baseline(table(meters=1), called, RULE, History()),
        baseline_mw=np.array([[50.0, 50.0]]),
        metered_mw=np.array([[45.0, 53.0]]),
    )
    base = np.full((1, 9, 2), 100.0)
    even = conformal(made, Placebo(np.zeros(9, "datetime64[D]"), base, base - 10.0))
    # q = (5 + 3)/2 = 4 and no width.
    assert (even.low_mw[0], even.high_mw[0]) == (4.0, 4.0)
    uneven = conformal(made, Placebo(np.zeros(9, "datetime64[D]"), base, base + np.array([-10.0, 10.0])))
    # mean(10, 10)/100 = 10 % of 50.
    assert (uneven.low_mw[0], uneven.high_mw[0]) == pytest.approx((-1.0, 9.0))


def test_too_few_windows_give_no_interval() -> None:
    # ⌈0.9·9⌉ = 9 of 8: no interval; of 9: ⌈9⌉ = 9th.
    assert np.isnan(conformal(batch_of(50.0, 40.0), errors(*[0.1] * 8)).low_mw[0])
    assert conformal(batch_of(50.0, 40.0), errors(*[0.1] * 9)).low_mw[0] == pytest.approx(5.0)
    assert not conformal(batch_of(50.0, 40.0), errors(*[0.1] * 8)).distinguishable[0]


def test_accuracy_by_hand() -> None:
    # Two windows of two intervals: B 10 12 | 20 20, A 10 10 | 25 15. e 0 2 | −5 5: Σe = 2, ΣA = 60: 3.33 %.
    # RMSE √((0 + 4 + 25 + 25)/4) = √13.5; mean A 15. Windows: |11 − 10|/10 = 10 %, 0.
    base, actual = np.array([[[10.0, 12], [20, 20]]]), np.array([[[10.0, 10], [25, 15]]])
    result = accuracy(Placebo(np.zeros(2, "datetime64[D]"), base, actual), 0)
    assert result.bias_ratio == pytest.approx(2 / 60)
    assert result.cvrmse_ratio == pytest.approx(np.sqrt(13.5) / 15)
    assert (result.median_ratio, result.p90_ratio) == pytest.approx((0.05, 0.09))
    assert result.above_20_percent_ratio == 0.0
    assert accuracy(Placebo(np.zeros(1, "datetime64[D]"), np.full((1, 1, 2), np.nan), actual[:, :1]), 0) is None


def test_errors_of_a_portfolio_are_summed_first() -> None:
    # Two sites whose errors cancel in every window: single half-widths 10 %, together 0.
    base = np.full((2, 9, 1), 100.0)
    actual = base + np.array([10.0, -10.0])[:, None, None]
    assert portfolio_half_width_ratio(Placebo(np.zeros(9, "datetime64[D]"), base, actual)) == 0.0
    together = base + 10.0
    assert portfolio_half_width_ratio(Placebo(np.zeros(9, "datetime64[D]"), base, together)) == pytest.approx(0.1)


def test_placebos_are_alike_and_free_of_events() -> None:
    made = table()
    spans = tuple(Span(at(d, 13), at(d, 18), "m0", f"x{d}") for d in (163, 164))
    outage = (Span(at(165, 2), at(165, 3), None, "o"),)
    tried = placebo(made, event(), RULE, History(spans, outage), count=20)
    days = tried.days.astype(str).tolist()
    weekday = (tried.days.astype(int) + 3) % 7
    assert (weekday < 5).all()
    # Day 171 is Thursday 26 June 2025; day 165 is Friday 20 June: an outage of all.
    assert "2025-06-26" not in days
    assert "2025-06-20" not in days
    spoiled = [days.index("2025-06-18"), days.index("2025-06-19")]
    assert np.isnan(tried.baseline_mw[0, spoiled]).all()
    assert np.isfinite(tried.baseline_mw[1, spoiled]).all()
    assert np.isfinite(tried.baseline_mw).all(axis=2).sum(axis=1).tolist() == [20, 20]


def test_a_placebo_is_the_baseline_of_that_day() -> None:
    made = table()
    tried = placebo(made, event(), RULE, History(), count=3)
    by_hand = baseline(made, event(170), RULE, History((Span(at(171, 14), at(171, 17), None, "e0"),)))
    np.testing.assert_array_equal(tried.baseline_mw[:, 0], by_hand.baseline_mw)


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    """300 meters of noise without any event: a 90 % interval holds the true reduction, 0, in about 90 % of them."""
    made = table(seed=4, meters=300)
    batch = baseline(made, event(), RULE, History())
    found = conformal(batch, placebo(made, event(), RULE, History(), count=30))
    held = ((found.low_mw <= 0) & (found.high_mw >= 0)).mean()
    assert 0.84 <= held <= 0.96  # 0.9 ± 3.5 standard errors of √(0.09/300)


def test_rolling_coverage_by_hand() -> None:
    # Newest first: 50 %, then ten of 10 %. The first lies outside the 10 % of the nine after it, the second inside; the
    # third has but eight before it.
    result = rolling_coverage(errors(0.5, *[0.1] * 10), 0, windows=9)
    assert (result.windows, result.covered_ratio) == (2, 0.5)
    assert result.half_width_ratio == pytest.approx(0.1)
    assert rolling_coverage(errors(*[0.1] * 9), 0) is None
