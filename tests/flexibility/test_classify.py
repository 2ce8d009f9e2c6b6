from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.flexibility.classify import (
    LABEL_RULES,
    LABEL_RULES_VERSION,
    SLACK_EDGES_H,
    assign,
    classify,
    label_of_slack,
)
from suandian.model.workload import JobTable
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.jobs import JobMix, generate_jobs

AXIS = TimeAxis(datetime(2026, 3, 31, 16, tzinfo=UTC), timedelta(minutes=15), 2880)


@pytest.fixture(scope="module")
def jobs() -> JobTable:
    return generate_jobs(
        AXIS,
        JobMix(count=5000),
        sites=3,
        site_weights=(1, 2, 1),
        gpus_per_site=(4000, 8000, 4000),
        zone="Asia/Shanghai",
        seed=7,
    )


def test_every_class_holds_what_it_promises(jobs):
    table, index = classify(jobs)
    assert np.unique(index).tolist() == list(range(len(table)))
    for row in range(len(table)):
        members = index == row
        upper = next(edge for edge in (*SLACK_EDGES_H, np.inf) if edge > table.slack_h[row])
        assert (jobs.slack_h[members] >= table.slack_h[row]).all()
        assert (jobs.slack_h[members] < upper).all()
        assert (jobs.sites_allowed[members] == table.sites_allowed[row]).all()
        energy, work = jobs.energy_mwh[members].sum(), jobs.work_gpu_h[members].sum()
        assert table.power_per_gpu_kw[row] == pytest.approx(energy / work * 1000)
    order = list(zip(table.slack_h, table.sites_allowed, strict=True))
    assert order == sorted(order)
    assert len(set(order)) == len(order)


def test_labels_follow_the_versioned_thresholds(jobs):
    assert [label_of_slack(slack) for slack in (0, 0.99, 1, 23.9, 24, 95, 96, 168, 1000)] == [
        "F2", "F2", "F3", "F3", "F4", "F4", "F5", "F5", "F5",
    ]  # fmt: skip
    # A bucket may not straddle a threshold, or its label would depend on the job.
    assert {least for least, _ in LABEL_RULES[LABEL_RULES_VERSION]} <= set(SLACK_EDGES_H)
    table, _ = classify(jobs)
    assert set(table.label) == {"F2", "F3", "F4", "F5"}


def test_assigning_the_same_jobs_gives_their_classes_back(jobs):
    table, index = classify(jobs)
    assert np.array_equal(assign(jobs, table), index)


def test_jobs_of_another_period_go_to_the_nearest_class_below(jobs):
    patient = jobs.take(jobs.slack_h >= 24)
    table, _ = classify(patient)
    rows = assign(jobs, table)
    known = np.isin(jobs.sites_allowed, table.sites_allowed)
    assert (rows[~known] == -1).all()
    for mask in np.unique(table.sites_allowed):
        here = jobs.sites_allowed == mask
        promised = table.slack_h[rows[here]]
        impatient = jobs.slack_h[here] < table.slack_h[table.sites_allowed == mask].min()
        assert (promised[~impatient] <= jobs.slack_h[here][~impatient]).all()
        assert (promised[impatient] == table.slack_h[table.sites_allowed == mask].min()).all()


def test_no_jobs_no_classes(jobs):
    table, index = classify(jobs.take(np.zeros(len(jobs), dtype=bool)))
    assert len(table) == 0
    assert len(index) == 0
