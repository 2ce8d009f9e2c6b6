"""What every baseline has to obey: scaling, shifts, no leakage from the event, flat loads, gaming."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.quantity.timeaxis import TimeAxis
from suandian.verification.baseline import DayState, Outcome
from suandian.verification.calendar import mainland_china
from suandian.verification.control_group import ControlGroup
from suandian.verification.engine import Evidence, baseline
from suandian.verification.event import Event, History, Span
from suandian.verification.metering import LoadTable
from suandian.verification.replay import InForce, PolicyRecord, Replayed
from suandian.verification.rules import Family, rules

DAYS = 60
AXIS = TimeAxis(datetime(2025, 4, 30, 16, tzinfo=UTC), timedelta(hours=1), DAYS * 24)
#: The quarter hour before notice holds no whole interval of hourly data.
COARSE = "MBMA_15MIN_JIANGSU"
FITTED = {Family.DAY_MATCHING, Family.SAME_DAY, Family.REGRESSION}
MEASURED = [r for r in rules().values() if r.family in FITTED and r.id != COARSE]
MATCHING = [r for r in rules().values() if r.family is Family.DAY_MATCHING]
CELSIUS = (
    20 + 8 * np.sin(np.arange(AXIS.periods) * 2 * np.pi / 24) + np.random.default_rng(0).normal(0, 2, AXIS.periods)
)
PROPERTY = settings(max_examples=5, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def at(day, hour):
    return AXIS.start_s + (day * 24 + hour) * 3600


# 2025-06-25, a Wednesday; told two hours before.
EVENT = Event("now", at(55, 12), at(55, 14), at(55, 17), committed_mw=1.0)
FIRST, LAST = 55 * 24 + 14, 55 * 24 + 17
HISTORY = History(tuple(Span(at(d, 13), at(d, 16), None, f"e{d}") for d in (40, 47, 50)))


def load(seed, meters=2):
    rng = np.random.default_rng(seed)
    shape = 1 + 0.3 * np.sin(np.arange(AXIS.periods) * 2 * np.pi / 24 - 2)
    return rng.uniform(5, 40, (meters, 1)) * shape * (1 + 0.1 * rng.standard_normal((meters, AXIS.periods))).clip(0.5)


def table(values):
    return LoadTable(tuple(f"m{i}" for i in range(len(values))), AXIS, values, "Asia/Shanghai", mainland_china())


def run(values, rule, event=EVENT, history=HISTORY):
    batch = baseline(table(values), event, rule, history, Evidence(temperature_c=CELSIUS))
    assert (batch.outcome == Outcome.MEASURED).all(), rule.id
    return batch


@pytest.mark.parametrize("rule", MEASURED, ids=lambda r: r.id)
@PROPERTY
@given(seed=seeds, factor=st.floats(0.1, 50))
def test_scaling_the_load_scales_the_baseline(rule, seed, factor) -> None:
    values = load(seed)
    once, scaled = run(values, rule), run(factor * values, rule)
    np.testing.assert_allclose(scaled.baseline_mw, factor * once.baseline_mw, rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["ISONE_10OF10", "ISONE_90_10", "ELEXON_BL01", "GUARDED_10OF10", "PJM_STD", "TOW_45_SAA"]
)
@PROPERTY
@given(seed=seeds, constant=st.floats(0, 100))
def test_a_constant_shifts_an_additive_baseline(name, seed, constant) -> None:
    values = load(seed)
    once, moved = run(values, rules()[name]), run(values + constant, rules()[name])
    np.testing.assert_allclose(moved.baseline_mw, once.baseline_mw + constant, rtol=1e-6)


@pytest.mark.parametrize("rule", MEASURED, ids=lambda r: r.id)
@PROPERTY
@given(seed=seeds)
def test_excluded_days_do_not_matter(rule, seed) -> None:
    values = load(seed)
    changed = values.copy()
    rng = np.random.default_rng(seed)
    declared = frozenset({"2025-06-23"})
    history = History(HISTORY.events, (), declared)
    hours = [slice(d * 24 + 13, d * 24 + 16) for d in (40, 47, 50)] + [slice(53 * 24, 54 * 24)]
    if rule.family is Family.DAY_MATCHING:
        hours = [slice(d * 24, d * 24 + 24) for d in (40, 47, 50, 53)]
    for part in hours:
        changed[:, part] = rng.uniform(0, 500, changed[:, part].shape)
    np.testing.assert_array_equal(
        run(values, rule, history=history).baseline_mw, run(changed, rule, history=history).baseline_mw
    )


@pytest.mark.parametrize("rule", MEASURED, ids=lambda r: r.id)
@PROPERTY
@given(seed=seeds)
def test_nothing_of_the_event_reaches_the_baseline(rule, seed) -> None:
    values, changed = load(seed), load(seed)
    windows = (*rule.windows, *rule.adjustment.windows)
    after = any(w.anchor == "end" for w in windows) or any(g.select in ("match", "temperature") for g in rule.groups)
    rng = np.random.default_rng(seed)
    # Rules with a declared window after the event may read it; the event itself, never.
    last = LAST if after else AXIS.periods
    changed[:, FIRST:last] = rng.uniform(0, 500, (2, last - FIRST))
    np.testing.assert_array_equal(run(values, rule).baseline_mw, run(changed, rule).baseline_mw)


@pytest.mark.parametrize(
    "rule", [r for r in MATCHING if not (r.usage and r.usage.reference == "lookback_peak")], ids=lambda r: r.id
)
@PROPERTY
@given(seed=seeds)
def test_days_beyond_the_pool_do_not_matter(rule, seed) -> None:
    values = load(seed)
    once = run(values, rule)
    spare = once.ledger.state == DayState.SPARE
    changed = values.copy()
    for row in range(2):
        for day in once.ledger.days[spare[row]]:
            first = int((day - np.datetime64("2025-05-01")).astype(int)) * 24
            changed[row, first : first + 24] = np.random.default_rng(seed).uniform(0, 500, 24)
    np.testing.assert_array_equal(run(changed, rule).baseline_mw, once.baseline_mw)


def flat_evidence(level):
    spare = LoadTable(
        tuple(f"c{i}" for i in range(10)), AXIS, np.full((10, AXIS.periods), 3.0), "Asia/Shanghai", mainland_china()
    )
    whole = InForce("p", AXIS.start_s, AXIS.end_s)
    return Evidence(
        temperature_c=CELSIUS,
        firm_mw=level,
        nominated_mw=np.full((2, AXIS.periods), level),
        controls=ControlGroup(spare),
        replayed=Replayed(np.full((2, AXIS.periods), level), "p", "a", PolicyRecord("p", AXIS.start_s), (whole,)),
    )


@pytest.mark.parametrize("rule", [r for r in rules().values() if r.id != COARSE], ids=lambda r: r.id)
@settings(max_examples=3, deadline=None)
@given(level=st.floats(0.001, 1000))
def test_a_flat_load_is_its_own_baseline(rule, level) -> None:
    batch = baseline(table(np.full((2, AXIS.periods), level)), EVENT, rule, HISTORY, flat_evidence(level))
    assert (batch.outcome == Outcome.MEASURED).all()
    np.testing.assert_allclose(batch.baseline_mw, level, rtol=1e-9)
    np.testing.assert_allclose(batch.baseline_mw - batch.metered_mw, 0.0, atol=1e-9 * level)


@pytest.mark.parametrize("rule", MEASURED, ids=lambda r: r.id)
@PROPERTY
@given(seed=seeds, inflation=st.floats(0.05, 0.5))
def test_inflation_after_notice_pays_only_where_a_window_lies_after_notice(rule, seed, inflation) -> None:
    """Between notice (12:00) and start (14:00) the load is raised; the adjustment window tells who pays for it."""
    values = load(seed)
    inflated = values.copy()
    inflated[:, FIRST - 2 : FIRST] *= 1 + inflation
    open_h = [
        max(0, min(w.to_h, 0) - max(w.from_h, -2))
        for w in (*rule.windows, *rule.adjustment.windows)
        if w.anchor == "start"
    ]
    # PJM's matched days compare all hours but one before the event: they may choose other days, for better or worse.
    if any(g.select == "match" for g in rule.groups):
        return
    paid = run(inflated, rule).baseline_mw - run(values, rule).baseline_mw
    if sum(open_h) == 0:
        np.testing.assert_array_equal(paid, 0.0)
    else:
        capped = run(values, rule).adjustment_raw_ratio >= (rule.adjustment.high_ratio or np.inf)
        floor = run(values, rule).adjustment_raw_ratio < (rule.adjustment.low_ratio or 0)
        assert (paid[~capped & ~floor] > 0).all()


def test_the_same_inputs_give_the_same_bytes() -> None:
    first, second = (run(load(3), rules()["CAISO_10IN10"]) for _ in range(2))
    assert first.baseline_mw.tobytes() == second.baseline_mw.tobytes()
    assert first.ledger.state.tobytes() == second.ledger.state.tobytes()
