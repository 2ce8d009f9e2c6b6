from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.job_mix import PAI_LENGTH, JobMix
from suandian.signals.jobs import generate_jobs

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
APRIL = TimeAxis(datetime(2026, 3, 31, 16, tzinfo=UTC), timedelta(minutes=15), 2880)
GPUS = (24_000, 37_000, 18_500)
EDGES_H = [0, 1, 4, 12, 24, 1e9]


def generate(mix: JobMix, *, seed: int = 1, axis: TimeAxis = APRIL, cut: bool = True) -> JobTable:
    return generate_jobs(
        axis, mix, sites=3, site_weights=(0.3, 0.47, 0.23), gpus_per_site=GPUS, zone="Asia/Shanghai", seed=seed, cut=cut
    )


@pytest.fixture(scope="module")
def april() -> JobTable:
    return generate(JobMix())


def test_count_and_occupancy_are_those_asked_for(april):
    # Monthly counts scatter by √(16·667·30) ≈ 570; jobs carried in come on top.
    assert len(april) == pytest.approx(20_000, rel=0.1)
    assert april.work_gpu_h.sum() / (sum(GPUS) * APRIL.duration_h) == pytest.approx(0.37, rel=0.01)


def test_work_shares_by_kind_are_those_asked_for(april):
    mix = JobMix()
    total = sum(kind.work_share_ratio for kind in mix.kinds)
    for index, kind in enumerate(mix.kinds):
        share = april.work_gpu_h[april.kind == index].sum() / april.work_gpu_h.sum()
        assert share == pytest.approx(kind.work_share_ratio / total, rel=0.02), kind.kind


def test_the_same_seed_gives_the_same_jobs_and_another_seed_others(april):
    again, other = generate(JobMix()), generate(JobMix(), seed=2)
    for name in JobTable.column_names():
        assert np.array_equal(getattr(april, name), getattr(again, name)), name
    assert not np.array_equal(april.released_s[:100], other.released_s[:100])


def test_slack_and_permissions_follow_the_kind():
    jobs = generate(JobMix(), cut=False)
    for index, kind in enumerate(JobMix().kinds):
        rows = jobs.kind == index
        assert jobs.slack_h[rows].min() >= kind.slack_min_h - 1e-3
        assert jobs.slack_h[rows].max() <= kind.slack_max_h + 1e-3
        assert jobs.preemptible[rows].mean() == pytest.approx(kind.preemptible_ratio, abs=0.05)
        movable = jobs.sites_allowed[rows] == np.uint64(7)
        assert movable.mean() == pytest.approx(kind.movable_ratio, abs=0.05)
        assert (jobs.sites_allowed[rows][~movable] == np.uint64(1) << jobs.home[rows][~movable].astype(np.uint64)).all()
        assert np.median(jobs.data_gb[rows]) == pytest.approx(kind.data_median_gb, rel=0.15)
    assert (jobs.gpus_max <= 0.05 * np.array(GPUS)[jobs.home]).all()
    assert (jobs.gpus_max[jobs.gpus_max > 8] % 8 == 0).all()
    assert np.bincount(jobs.home) / len(jobs) == pytest.approx([0.3, 0.47, 0.23], abs=0.02)


@pytest.mark.parametrize(("count", "occupancy_ratio"), [(300, 0.005), (20_000, 0.7), (200_000, 0.002), (400_000, 0.3)])
def test_few_or_many_jobs_still_carry_the_stated_work(count, occupancy_ratio):
    jobs = generate(JobMix(count=count, occupancy_ratio=occupancy_ratio))
    asked = occupancy_ratio * sum(GPUS) * APRIL.duration_h
    assert jobs.work_gpu_h.sum() == pytest.approx(asked, rel=0.02 if count > 1000 else 0.1)


def test_gangs_too_narrow_for_the_work_are_refused_with_a_remedy():
    with pytest.raises(
        DataError, match=r"jobs of kind .*raise jobs\.count or gang_max_ratio, or lower occupancy_ratio"
    ):
        generate(JobMix(count=1000, occupancy_ratio=0.9, gang_max_ratio=0.001))


def test_lengths_are_stretched_where_gangs_are_as_wide_as_permitted():
    mix = JobMix(count=4000, occupancy_ratio=0.37)
    jobs = generate(mix)
    assert jobs.work_gpu_h.sum() / (sum(GPUS) * APRIL.duration_h) == pytest.approx(0.37, rel=0.02)
    longest_h = max(kind.length.max_h for kind in mix.kinds)
    assert jobs.duration_s.max() / 3600 <= longest_h


def test_sites_that_do_not_fit_together_are_refused():
    with pytest.raises(DataError, match="2 sites, 1 weights"):
        generate_jobs(APRIL, JobMix(), sites=2, site_weights=[1], gpus_per_site=[1, 2], zone="UTC", seed=1)


def test_an_axis_without_any_job_is_refused():
    hour = TimeAxis(APRIL.start, timedelta(hours=1), 1)
    kinds = tuple(replace(kind, length=replace(kind.length, max_h=0.2)) for kind in JobMix().kinds)
    with pytest.raises(DataError, match="no job arrives"):
        generate(JobMix(count=1, kinds=kinds, batch_mean_count=500.0), axis=hour, seed=3)


def _variance_to_mean(released_h: np.ndarray, bin_h: float, span_h: float) -> float:
    counts = np.histogram(released_h, np.arange(0, span_h + bin_h, bin_h))[0]
    return float(counts.var() / counts.mean())


def test_arrivals_are_as_bursty_as_in_pai():
    # Without cycles and at PAI's rate (100,000 a year), like the trace. Tolerance 15 % by hour, 25 % by day.
    year = TimeAxis(APRIL.start, timedelta(hours=1), 8760)
    mix = JobMix(count=100_000, occupancy_ratio=0.05, daily_amplitude_ratio=0.0, weekend_ratio=1.0)
    jobs = generate(mix, axis=year, cut=False)
    released_h = (jobs.released_s[jobs.released_s >= year.start_s] - year.start_s) / 3600.0
    assert _variance_to_mean(released_h, 1, 8760) == pytest.approx(3.4, rel=0.15)
    assert _variance_to_mean(released_h, 24, 8760) == pytest.approx(16, rel=0.25)


def _shares(length_h: np.ndarray, work_gpu_h: np.ndarray) -> np.ndarray:
    return np.histogram(length_h, EDGES_H, weights=work_gpu_h)[0] / work_gpu_h.sum()


@pytest.mark.skipif(not (DATA / "jobs" / "pai-100k.csv.gz").exists(), reason="the PAI trace is not in ../shared/data")
def test_work_by_run_length_is_that_of_pai():
    # Kinds on PAI's length distribution, at PAI's own gang sizes. Tolerance: 0.03 of the work per range.
    trace = pl.read_csv(DATA / "jobs" / "pai-100k.csv.gz")
    real = _shares(trace["length"].to_numpy(), (trace["length"] * trace["cpus"]).to_numpy())
    kinds = tuple(kind for kind in JobMix().kinds if kind.length is PAI_LENGTH)
    year = TimeAxis(APRIL.start, timedelta(hours=1), 8760)
    jobs = generate(JobMix(count=100_000, kinds=kinds, occupancy_ratio=0.002), axis=year, cut=False)
    simulated = _shares(jobs.duration_s / 3600.0, jobs.work_gpu_h)
    assert simulated == pytest.approx(real, abs=0.03)
