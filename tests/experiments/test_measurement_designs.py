"""The lesser of two baselines as a design: what `lesser_baseline` would pay, event by event and window by window."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.experiments.measurement.designs import Design
from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.engine import Evidence
from suandian.verification.event import Direction, Event, History
from suandian.verification.interval import placebo
from suandian.verification.metering import LoadTable
from suandian.verification.performance import lesser_baseline, verify
from suandian.verification.rules import rule

AXIS = TimeAxis(datetime(2025, 6, 1, 16, tzinfo=UTC), timedelta(hours=1), 30 * 24)  # midnight of Monday 2 June
DAYS, BEFORE = rule("CN_5WD"), rule("MBMA_60MIN")
PAIR = Design("pair", "pair", DAYS, BEFORE)
LATE, EARLY = 24, 2  # Thursday 26 June; Wednesday 4 June, with two working days before it


def event(day: int, direction: Direction = Direction.SHED) -> Event:
    """14 to 16 h, told at 11; `MBMA_60MIN` takes the hour from 10."""
    start_s = AXIS.start_s + (day * 24 + 14) * 3600
    return Event("e", start_s - 3 * 3600, start_s, start_s + 7200, direction)


def table(*gaps: int) -> LoadTable:
    """Noise about 10 MW; on the days of `gaps` the hour before the notice was not read."""
    load = 10.0 + np.random.default_rng(3).standard_normal((1, AXIS.periods))
    for day in gaps:
        load[0, day * 24 + 10] = np.nan
    return LoadTable(("a",), AXIS, load, "Asia/Shanghai", WEEKDAYS)


@pytest.mark.parametrize("direction", [Direction.SHED, Direction.FILL])
@pytest.mark.parametrize(
    ("day", "gaps", "basis"),
    [(LATE, (), None), (LATE, (LATE,), "meter"), (EARLY, (), "replay"), (EARLY, (EARLY,), "none")],
)
def test_the_pair_credits_what_the_shipped_rule_pays(day, gaps, basis, direction) -> None:
    made, called = table(*gaps), event(day, direction)
    days, before = (verify(made, called, one, placebo_windows=0)[0] for one in (DAYS, BEFORE))
    paid = lesser_baseline(before, days)  # the second of the design stands where a replay would
    batch = PAIR.measured(made, called, History(), Evidence())
    credit_mwh = float((batch.baseline_mw - batch.metered_mw).sum()) * (-1 if direction is Direction.FILL else 1)
    if basis is not None:
        assert paid.basis == basis
    if basis == "none":
        assert not batch.measurable[0]
        assert np.isnan(credit_mwh)
    else:
        assert batch.measurable[0]
        assert credit_mwh == pytest.approx(paid.credited_mwh)


def test_a_window_of_one_rule_alone_is_a_window_of_the_pair() -> None:
    made = table(16, 17, 18)
    tried = PAIR.tried(made, event(LATE), History(), Evidence(), 60)
    days, before = (placebo(made, event(LATE), one, count=60) for one in (DAYS, BEFORE))
    # Five working days are due before a window of `CN_5WD`, so that the first ones have the other rule alone.
    assert set(tried.days) == set(days.days) | set(before.days)
    assert set(days.days) - set(before.days)
    assert set(before.days) - set(days.days)
    assert (np.diff(tried.days) < np.timedelta64(0, "D")).all()
    for row, day in enumerate(tried.days):
        means = [one.baseline_mw[0, one.days == day].mean() for one in (days, before) if day in one.days]
        assert tried.baseline_mw[0, row].mean() == pytest.approx(min(means))
        assert np.isfinite(tried.metered_mw[0, row]).all()


def test_windows_are_counted_over_both() -> None:
    # The newest four windows of either rule: days that one rule left out do not reach back beyond what both tried.
    made = table(22, 23)
    tried = PAIR.tried(made, event(LATE), History(), Evidence(), 4)
    newest = placebo(made, event(LATE), DAYS, count=4)
    assert list(tried.days) == list(newest.days)
