import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.model.workload import KINDS
from suandian.quantity.errors import ScenarioError
from suandian.signals.job_mix import (
    DEFAULT_KINDS,
    PAI_LENGTH,
    GangModel,
    JobMix,
    LengthModel,
    dynamic_power_per_gpu_kw,
    profile_of_day_ratio,
)


def test_the_shipped_kinds_are_those_of_the_model_and_follow_the_mid_ranges():
    assert tuple(kind.kind for kind in DEFAULT_KINDS) == KINDS
    share = {
        label: sum(k.work_share_ratio for k in DEFAULT_KINDS if k.label == label) for label in ("F2", "F3", "F4", "F5")
    }
    assert share == pytest.approx({"F2": 15.0, "F3": 20.0, "F4": 30.0, "F5": 7.5})
    assert sum(kind.count_share_ratio for kind in DEFAULT_KINDS) == pytest.approx(1.0)


def test_lengths_are_the_inverse_of_their_truncated_distribution():
    # Oracle: scipy's own Weibull and lognormal distributions.
    from scipy.stats import lognorm, weibull_min

    quantile = np.linspace(0.001, 0.999, 101)
    for model, oracle in (
        (PAI_LENGTH, weibull_min(0.361, scale=0.284)),
        (LengthModel("lognormal", 2.0, 2.2, max_h=168.0), lognorm(2.2, scale=2.0)),
    ):
        low, high = oracle.cdf(model.min_h), oracle.cdf(model.max_h)
        assert model.hours(quantile) == pytest.approx(oracle.ppf(low + (high - low) * quantile), rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(DEFAULT_KINDS), st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_lengths_rise_with_the_quantile_and_stay_in_bounds(kind, quantiles):
    length_h = kind.length.hours(np.sort(np.array(quantiles)))
    assert (np.diff(length_h) >= 0).all()
    assert length_h.min() >= kind.length.min_h
    assert length_h.max() <= kind.length.max_h


def test_gangs_have_the_fitted_share_of_single_gpus():
    gang = GangModel().counts(np.random.default_rng(1).standard_normal(200_000))
    assert (gang == 1).mean() == pytest.approx(0.735, abs=0.005)
    assert np.log(gang[gang > 1]).mean() == pytest.approx(1.82, abs=0.05)
    assert gang.max() == 64


def test_power_above_idle_rises_from_zero_to_that_of_a_busy_server():
    power_kw = dynamic_power_per_gpu_kw(np.array([0.0, 0.01, 0.5, 0.95, 1.0]))
    assert power_kw[0] == power_kw[1] == 0
    assert power_kw[2] == pytest.approx(1.75 * 36.4 / 1000)
    assert (np.diff(power_kw[1:]) > 0).all()
    # Eight busy GPUs of that server: 571 + 1.75 · 8 · 436.6 W, near the 6,554 W maximum of AcmeTrace.
    assert 0.571 + 8 * (1.75 * 0.060 + power_kw[-1]) == pytest.approx(6.55, rel=0.05)


def test_the_arrival_cycle_peaks_in_the_afternoon_and_rests_at_weekends():
    hours = np.datetime64("2026-04-06T00:00:00") + np.arange(168).astype("timedelta64[h]")  # a Monday
    profile = profile_of_day_ratio(JobMix(), hours)
    assert profile[:24].argmax() == 15
    assert profile[24 * 5 : 24 * 6] == pytest.approx(0.7 * profile[:24])
    assert profile[24:48] == pytest.approx(profile[:24])


def test_all_faults_of_a_mix_are_told_together():
    with pytest.raises(ScenarioError) as caught:
        JobMix(count=0, occupancy_ratio=1.5, batch_mean_count=0.5)
    assert {fault.path for fault in caught.value.faults} == {
        "jobs.count",
        "jobs.occupancy_ratio",
        "jobs.batch_mean_count",
    }
