from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.flexibility.classify import assign, classify
from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.job_bounds import arrival_profile, boundary_counts, fit_to_axis
from suandian.signals.jobs import JobMix, generate_jobs

AXIS = TimeAxis(datetime(2026, 4, 6, tzinfo=UTC), timedelta(hours=1), 168)  # a Monday, in UTC


def jobs_of(released_h: list[float], length_h: list[float], slack_h: list[float], gpus: int = 4) -> JobTable:
    count = len(released_h)
    released_s = AXIS.start_s + np.rint(np.array(released_h) * 3600).astype(np.int64)
    length_s = np.rint(np.array(length_h) * 3600).astype(np.int64)
    return JobTable.ordered(
        {
            "id": np.arange(count),
            "user": np.zeros(count),
            "kind": np.zeros(count),
            "contract": np.zeros(count),
            "submitted_s": released_s,
            "released_s": released_s,
            "due_s": released_s + length_s + np.rint(np.array(slack_h) * 3600).astype(np.int64),
            "work_gpu_h": length_s / 3600 * gpus,
            "gpus_min": np.full(count, gpus),
            "gpus_max": np.full(count, gpus),
            "power_per_gpu_kw": np.full(count, 0.5),
            "preemptible": np.ones(count, dtype=bool),
            "checkpoint_h": np.zeros(count),
            "home": np.zeros(count),
            "sites_allowed": np.ones(count),
            "data_gb": np.zeros(count),
        }
    )


def test_a_job_running_at_the_start_enters_with_its_remaining_work():
    kept = fit_to_axis(jobs_of([-3.0], [5.0], [10.0]), AXIS)
    assert kept.released_s[0] == AXIS.start_s
    assert kept.submitted_s[0] == AXIS.start_s - 3 * 3600
    assert kept.duration_s[0] == 2 * 3600
    assert kept.work_gpu_h[0] == pytest.approx(8.0)
    assert kept.slack_h[0] == pytest.approx(10.0)


def test_a_job_past_the_end_is_cut_and_keeps_a_little_slack():
    # Two hours are left: a quarter of them is the most slack that is kept, so the work is an hour and a half.
    kept = fit_to_axis(jobs_of([166.0], [5.0], [10.0]), AXIS)
    assert kept.due_s[0] == AXIS.end_s
    assert kept.duration_s[0] == 1.5 * 3600
    assert kept.slack_h[0] == pytest.approx(0.5)
    assert fit_to_axis(jobs_of([100.0], [90.0], [10.0]), AXIS).slack_h[0] == pytest.approx(1.0)
    assert fit_to_axis(jobs_of([100.0], [90.0], [0.25]), AXIS).slack_h[0] == pytest.approx(0.25)


def test_a_job_due_after_the_end_is_due_half_way_to_it():
    # Released at 160 h, five hours long, three hours left after that: due at 166.5 h, not with all others at 168 h.
    kept = fit_to_axis(jobs_of([160.0], [5.0], [10.0]), AXIS)
    assert kept.due_s[0] == AXIS.end_s - 1.5 * 3600
    assert kept.work_gpu_h[0] == 20.0
    assert kept.slack_h[0] == pytest.approx(1.5)


def test_what_lies_outside_is_left_out_and_counted():
    jobs = jobs_of([-9.0, -3.0, 10.0, 166.0, 168.0], [9.0, 5.0, 1.0, 4.0, 1.0], [1.0] * 5)
    counts = boundary_counts(jobs, AXIS)
    assert (counts.ended_before, counts.carried_in, counts.cut_at_end, counts.released_after) == (1, 1, 1, 1)
    assert list(fit_to_axis(jobs, AXIS).id) == [1, 2, 3]


_row = st.tuples(st.floats(-100, 200), st.floats(0.02, 100), st.floats(0, 200))


@settings(max_examples=60, deadline=None)
@given(st.lists(_row, min_size=1, max_size=30))
def test_fitted_jobs_fit_and_fitting_twice_changes_nothing(rows):
    jobs = jobs_of(*(list(column) for column in zip(*rows, strict=True)))
    kept = fit_to_axis(jobs, AXIS)
    assert (kept.released_s >= AXIS.start_s).all()
    assert (kept.released_s + kept.duration_s <= kept.due_s).all()
    assert (kept.due_s <= AXIS.end_s).all()
    ends_s, starts_s = jobs.released_s + jobs.duration_s, np.maximum(jobs.released_s, AXIS.start_s)
    inside = (ends_s > AXIS.start_s) & (jobs.released_s < AXIS.end_s)
    overlap_s = (np.minimum(ends_s, AXIS.end_s) - starts_s)[inside]
    lost_s = overlap_s - kept.duration_s
    assert (lost_s >= 0).all()
    assert (lost_s[ends_s[inside] <= AXIS.end_s] == 0).all()
    assert (lost_s <= np.minimum(overlap_s / 4, 3600)).all()
    again = fit_to_axis(kept, AXIS)
    for name in JobTable.column_names():
        assert np.array_equal(getattr(kept, name), getattr(again, name)), name


def _two_classes() -> ClassTable:
    return ClassTable(("F2", "F4"), np.array([0.0, 24.0]), np.ones(2, np.uint64), np.full(2, 0.5))


def test_the_arrival_profile_keeps_the_energy_and_knows_the_hour():
    jobs = jobs_of([10.25, 10.5, 34.0], [2.0, 2.0, 8.0], [0.5, 0.5, 30.0])
    profile = arrival_profile(jobs, np.array([0, 0, 1]), _two_classes(), AXIS, "UTC")
    assert profile.shape == (2, 168)
    assert profile.sum(axis=1) == pytest.approx([8.0 * 2 * 0.5 / 1000, 8.0 * 4 * 0.5 / 1000])
    assert np.flatnonzero(profile[0]).tolist() == [10, 34]
    assert profile[0, 10] == pytest.approx(2 * profile[0, 34])
    # In Shanghai 10 h UTC is 18 h.
    local = arrival_profile(jobs, np.array([0, 0, 1]), _two_classes(), AXIS, "Asia/Shanghai")
    assert np.flatnonzero(local[0]).tolist() == [18, 42]


def test_jobs_of_no_class_or_outside_the_history_do_not_count():
    jobs = jobs_of([-1.0, 10.0, 34.0], [2.0, 2.0, 8.0], [0.5, 0.5, 30.0])
    profile = arrival_profile(jobs, np.array([0, -1, 1]), _two_classes(), AXIS, "UTC")
    assert not profile[0].any()
    assert profile[1].sum() == pytest.approx(16.0 / 1000)
    assert (arrival_profile(jobs.take(np.array([0])), np.array([0]), _two_classes(), AXIS, "UTC") == 0).all()


def test_a_history_with_another_seed_forecasts_the_level_of_the_study():
    april = TimeAxis(datetime(2026, 3, 31, 16, tzinfo=UTC), timedelta(hours=1), 720)
    march = TimeAxis(datetime(2026, 3, 1, 16, tzinfo=UTC), timedelta(hours=1), 720)
    site = {"sites": 2, "site_weights": (1, 1), "gpus_per_site": (4000, 4000), "zone": "Asia/Shanghai"}
    study = generate_jobs(april, JobMix(count=5000), seed=1, **site)
    history = generate_jobs(march, JobMix(count=5000), seed=2, cut=False, **site)
    classes, _ = classify(study)
    profile = arrival_profile(history, assign(history, classes), classes, march, "Asia/Shanghai")
    assert profile.sum(axis=0).mean() * 720 == pytest.approx(study.energy_mwh.sum(), rel=0.15)
    by_hour = profile.sum(axis=0).reshape(7, 24)
    assert by_hour[:5, 12:18].mean() > 1.5 * by_hour[:5, 0:6].mean()
    assert by_hour[5:].mean() < by_hour[:5].mean()
