import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from suandian.quantity.errors import ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.forecast import DEFAULT_MODELS, PERFECT, PERSISTENCE, ErrorModel, issue, issue_rows, lead_sd
from suandian.signals.renewable import pv_capacity_factor, pv_upper_ratio, wind_capacity_factor

AXIS = TimeAxis(datetime(2026, 3, 31, 16, tzinfo=UTC), timedelta(minutes=15), 4 * 96)
MONTH = TimeAxis(AXIS.start, timedelta(hours=1), 720)
MOER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "moer" / "SGIP_CAISO_PGE_2020-08.csv.gz"
PLAIN = ErrorModel(
    sd_initial_ratio=0.2,
    sd_growth_ratio=0.6,
    time_constant_h=6.0,
    correlation_h=3.0,
    relative_to="unit",
    bounded_below=False,
)
TRUTH = np.random.default_rng(4).uniform(10.0, 20.0, AXIS.periods)


def test_perfect_is_the_truth():
    assert np.array_equal(issue(PERFECT, TRUTH, 17, AXIS, seed=1, name="x"), TRUTH[17:])


@settings(max_examples=60, deadline=None)
@given(
    origin=st.integers(0, AXIS.periods - 1),
    seed=st.integers(0, 2**31),
    history=st.sampled_from([None, 1, 50, 96, 200]),
)
def test_persistence_never_reads_the_truth_from_the_origin_on(origin, seed, history):
    assume(origin > 0 or history is not None)
    before = None if history is None else np.arange(float(history))
    changed = TRUTH.copy()
    changed[origin:] = np.random.default_rng(seed).uniform(-1e6, 1e6, AXIS.periods - origin)
    expected = issue(PERSISTENCE, TRUTH, origin, AXIS, seed=1, name="x", history=before)
    assert np.array_equal(expected, issue(PERSISTENCE, changed, origin, AXIS, seed=1, name="x", history=before))
    assert expected.shape == (AXIS.periods - origin,)


def test_persistence_repeats_the_latest_day_known():
    expected = issue(PERSISTENCE, TRUTH, 150, AXIS, seed=1, name="x")
    assert np.array_equal(expected[:96], TRUTH[54:150])
    assert np.array_equal(expected[96:192], TRUTH[54:150])


def test_persistence_takes_what_is_missing_from_the_history_or_the_latest_value():
    yesterday = np.arange(96.0)
    expected = issue(PERSISTENCE, TRUTH, 10, AXIS, seed=1, name="x", history=yesterday)
    assert np.array_equal(expected[:86], yesterday[10:])
    assert np.array_equal(expected[86:96], TRUTH[:10])
    alone = issue(PERSISTENCE, TRUTH, 10, AXIS, seed=1, name="x")
    assert (alone[:86] == TRUTH[9]).all()
    assert np.array_equal(alone[86:96], TRUTH[:10])
    with pytest.raises(ValueError, match="history"):
        issue(PERSISTENCE, TRUTH, 0, AXIS, seed=1, name="x")


def test_error_sd_grows_with_lead_as_the_formula_says():
    zero = np.zeros(AXIS.periods)
    drawn = np.stack([issue(PLAIN, zero, 0, AXIS, seed=seed, name="x") for seed in range(1500)])
    lead_h = np.arange(AXIS.periods) * 0.25
    expected = np.sqrt(0.2**2 + 0.6**2 * (1.0 - np.exp(-2.0 * lead_h / 6.0)))
    assert lead_sd(PLAIN, lead_h) == pytest.approx(expected)
    assert drawn.std(axis=0) == pytest.approx(expected, rel=0.10)  # 5 standard errors of 1,500 draws
    assert np.abs(drawn.mean(axis=0)).max() < 0.10


def test_consecutive_issues_agree_in_part():
    zero = np.zeros(AXIS.periods)

    def agreement(persistent_ratio):
        model = ErrorModel(
            sd_initial_ratio=1.0,
            time_constant_h=0.0,
            correlation_h=3.0,
            persistent_ratio=persistent_ratio,
            relative_to="unit",
            bounded_below=False,
        )
        pairs = [
            (issue(model, zero, 0, AXIS, seed=s, name="x")[200], issue(model, zero, 4, AXIS, seed=s, name="x")[196])
            for s in range(800)
        ]
        return np.corrcoef(np.array(pairs).T)[0, 1]

    assert agreement(0.0) == pytest.approx(0.0, abs=0.12)
    assert agreement(0.7) == pytest.approx(0.7, abs=0.10)
    assert agreement(1.0) == pytest.approx(1.0)


def test_errors_are_correlated_in_time():
    zero = np.zeros(MONTH.periods)
    model = ErrorModel(
        sd_initial_ratio=1.0, time_constant_h=0.0, correlation_h=3.3, relative_to="unit", bounded_below=False
    )
    drawn = np.stack([issue(model, zero, 0, MONTH, seed=seed, name="x") for seed in range(20)])
    assert (drawn[:, 1:] * drawn[:, :-1]).mean() == pytest.approx(np.exp(-1 / 3.3), abs=0.04)


def test_issues_are_reproducible_and_series_differ():
    first = issue(PLAIN, TRUTH, 5, AXIS, seed=1, name="x")
    issue(PLAIN, TRUTH, 6, AXIS, seed=1, name="x")
    assert np.array_equal(first, issue(PLAIN, TRUTH, 5, AXIS, seed=1, name="x"))
    assert not np.array_equal(first, issue(PLAIN, TRUTH, 5, AXIS, seed=1, name="y"))
    assert not np.array_equal(first[1:], issue(PLAIN, TRUTH, 6, AXIS, seed=1, name="x"))


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from([*sorted(DEFAULT_MODELS), "persistence", "perfect"]),
    origin=st.integers(1, AXIS.periods - 1),
    periods=st.integers(1, AXIS.periods + 5),
    seed=st.integers(0, 2**31),
)
def test_no_value_depends_on_how_far_one_looks(key, origin, periods, seed):
    """Bit for bit: days' errors included, which have a stream of their own."""
    model = {"persistence": PERSISTENCE, "perfect": PERFECT}.get(key) or DEFAULT_MODELS[key]
    upper = np.full(AXIS.periods, 25.0)
    whole = issue(model, TRUTH, origin, AXIS, seed=seed, name=key, upper=upper)
    near = issue(model, TRUTH, origin, AXIS, seed=seed, name=key, upper=upper, periods=periods)
    assert np.array_equal(near, whole[:periods])


@pytest.mark.parametrize("key", sorted(DEFAULT_MODELS))
def test_series_issued_together_are_those_issued_alone(key):
    truth, upper = np.stack([TRUTH, TRUTH[::-1], 2.0 * TRUTH]), np.full((3, AXIS.periods), 50.0)
    together = issue_rows(DEFAULT_MODELS[key], truth, 7, AXIS, seed=5, names=("a", "b", "c"), upper=upper)
    for row, name in enumerate("abc"):
        alone = issue(DEFAULT_MODELS[key], truth[row], 7, AXIS, seed=5, name=name, upper=upper[row])
        assert np.array_equal(together[row], alone)


@settings(max_examples=30, deadline=None)
@given(key=st.sampled_from(sorted(DEFAULT_MODELS)), origin=st.integers(0, 300), seed=st.integers(0, 2**31))
def test_forecasts_stay_between_nothing_and_the_upper_edge(key, origin, seed):
    upper = np.where(np.arange(AXIS.periods) % 96 < 40, 0.0, 15.0)
    truth = np.minimum(TRUTH, upper)
    expected = issue(DEFAULT_MODELS[key], truth, origin, AXIS, seed=seed, name=key, upper=upper)
    assert (expected >= 0.0).all()
    assert (expected <= upper[origin:]).all()
    free = issue(DEFAULT_MODELS["load"], TRUTH, origin, AXIS, seed=seed, name=key)
    assert (free >= 0.0).all()


def test_price_errors_have_the_published_size_and_tails():
    """Shandong, winter 2025–26: mean absolute error 43 CNY/MWh, lag-1 autocorrelation 0.75."""
    zero = np.zeros(MONTH.periods)
    drawn = np.stack([issue(DEFAULT_MODELS["price"], zero, 0, MONTH, seed=s, name="p")[24:] for s in range(30)])
    assert np.abs(drawn).mean() == pytest.approx(43.0, abs=3.0)
    assert drawn.std() == pytest.approx(62.0, abs=5.0)
    assert (drawn[:, 1:] * drawn[:, :-1]).mean() / drawn.var() == pytest.approx(0.75, abs=0.05)
    assert (drawn**4).mean() / drawn.var() ** 2 > 4.0  # heavier than the normal's 3


@pytest.mark.parametrize(("key", "low", "high"), [("pv_province", 0.039, 0.059), ("pv", 0.07, 0.103)])
def test_day_ahead_pv_error_in_daylight(key, low, high):
    """nRMSE of nameplate: 0.049 ± 0.01 for Shandong; a county lies between that and single plants (0.103–0.140)."""
    pv, upper = pv_capacity_factor(MONTH, ["Shandong"], seed=2)[0], pv_upper_ratio(MONTH, ["Shandong"])[0]
    errors = []
    for origin in range(0, 672, 24):
        expected = issue(DEFAULT_MODELS[key], pv, origin, MONTH, seed=3, name="pv", upper=upper)[:48]
        day_ahead = np.arange(24, 48)[upper[origin + 24 : origin + 48] > 0.0]
        errors.append(expected[day_ahead] - pv[origin + day_ahead])
    assert low < np.sqrt(np.mean(np.concatenate(errors) ** 2)) < high


def test_day_ahead_wind_error():
    """nRMSE of nameplate for Shandong: 0.064 ± 0.015."""
    wind = wind_capacity_factor(MONTH, ["Shandong"], seed=2)[0]
    errors = []
    for origin in range(0, 672, 24):
        nameplate = np.ones(MONTH.periods)
        expected = issue(DEFAULT_MODELS["wind"], wind, origin, MONTH, seed=3, name="wind", upper=nameplate)
        errors.append(expected[24:48] - wind[origin + 24 : origin + 48])
    assert np.sqrt(np.mean(np.concatenate(errors) ** 2)) == pytest.approx(0.064, abs=0.015)


@pytest.mark.skipif(not MOER.is_file(), reason="../shared/data/moer is absent")
def test_carbon_errors_grow_as_those_of_issued_forecasts():
    """Forecasts issued every 5 minutes for 5…180 minutes ahead, August 2020, kg/kWh: sd within 25 %."""
    with gzip.open(MOER, "rt") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1, usecols=range(1, 38))
    for ahead in (3, 6, 12, 24, 36):
        error_kg_per_mwh = 1000.0 * (table[:-ahead, ahead] - table[ahead:, 0])
        expected = lead_sd(DEFAULT_MODELS["carbon"], np.array([ahead / 12.0]))[0]
        assert error_kg_per_mwh.std() == pytest.approx(expected, rel=0.25)


def test_every_default_says_where_it_comes_from():
    assert {"pv", "load", "price", "carbon", "outdoor", "stream", "arrivals", "wind"} <= set(DEFAULT_MODELS)
    assert all("D" in model.source or "fitted" in model.source for model in DEFAULT_MODELS.values())


def test_bad_models_and_arguments_are_told():
    with pytest.raises(ScenarioError, match=r"(?s)sd_initial_ratio.*persistent_ratio"):
        ErrorModel(sd_initial_ratio=-1.0, persistent_ratio=2.0)
    with pytest.raises(ScenarioError, match="oracle"):
        ErrorModel("oracle")
    with pytest.raises(ValueError, match="upper"):
        issue(DEFAULT_MODELS["pv"], TRUTH, 0, AXIS, seed=1, name="x")
    with pytest.raises(ValueError, match="origin"):
        issue(PLAIN, TRUTH, AXIS.periods, AXIS, seed=1, name="x")
    with pytest.raises(ValueError, match="shape"):
        issue(PLAIN, TRUTH[:5], 0, AXIS, seed=1, name="x")
