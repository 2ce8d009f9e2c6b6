from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.coordination import placement_state as ps
from suandian.coordination.placement_state import build_state, class_order
from suandian.model.workload import ClassTable, JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 10)
CLASSES = ClassTable(
    ("F5", "F2", "F5"), np.array([8.0, 4.0, 1.0]), np.array([3, 3, 3], dtype=np.uint64), np.full(3, 0.5)
)


def jobs(count=200, seed=0):
    rng = np.random.default_rng(seed)
    released = AXIS.start_s + np.sort(rng.integers(0, 30_000, count))
    gang = rng.integers(1, 9, count)
    return JobTable(
        id=np.arange(count),
        user=np.zeros(count),
        kind=np.zeros(count),
        contract=np.zeros(count),
        submitted_s=released - rng.integers(0, 4000, count),
        released_s=released,
        due_s=released + rng.integers(1, 20, count) * 1000,
        work_gpu_h=gang * 0.5,
        gpus_min=np.ones(count),
        gpus_max=gang,
        power_per_gpu_kw=np.full(count, 0.3),
        preemptible=rng.random(count) < 0.5,
        checkpoint_h=np.full(count, 0.01),
        home=rng.integers(0, 2, count),
        sites_allowed=rng.integers(1, 4, count).astype(np.uint64),
        data_gb=np.zeros(count),
    )


def test_classes_stand_in_order_of_urgency():
    assert class_order(CLASSES).tolist() == [1, 2, 0]


def test_ranks_are_sorted_and_every_order_is_a_permutation():
    table = jobs()
    group = np.random.default_rng(1).integers(0, 3, len(table))
    state = build_state(table, group, CLASSES, np.array([8, 8]), AXIS)
    column = state.jobs
    row = column[:, ps.ROW]
    position = np.array([2, 0, 1])
    assert (column[:, ps.CLASS] == position[group[row]]).all()
    octave = np.floor(np.log2(column[:, ps.GPUS]))
    key = list(zip(column[:, ps.CLASS], column[:, ps.MASK], octave, column[:, ps.DUE], row, strict=True))
    assert key == sorted(key)
    for name in (ps.BY_VICTIM, ps.BY_URGENT, ps.BY_RELEASE, ps.BY_SUBMISSION):
        assert sorted(state.orders[name].tolist()) == list(range(len(table)))
    victims = column[state.orders[ps.BY_VICTIM]]
    key = list(zip(victims[:, ps.CLASS], victims[:, ps.DUE], victims[:, ps.ROW], strict=True))
    assert key == sorted(key)
    assert (column[state.orders[ps.BY_VICTIM], ps.VICTIM_RANK] == np.arange(len(table))).all()
    assert (column[state.orders[ps.BY_URGENT], ps.URGENT_RANK] == np.arange(len(table))).all()
    assert (np.diff(state.orders[ps.SUBMITTED_S]) >= 0).all()
    assert (column[state.orders[ps.BY_RELEASE], ps.ROW] == np.arange(len(table))).all()


def test_buckets_hold_one_class_one_mask_one_octave_and_know_their_least():
    table = jobs()
    group = np.random.default_rng(2).integers(0, 3, len(table))
    state = build_state(table, group, CLASSES, np.array([8, 8]), AXIS)
    seen = 0
    for kind in range(3):
        for bucket in range(*state.group[kind : kind + 2, ps.FIRST_BUCKET]):
            first, end, gpus, power, mask = state.tables[ps.READY_TABLE, bucket]
            members = state.jobs[first:end]
            assert (members[:, ps.BUCKET] == bucket).all()
            assert set(members[:, ps.CLASS]) == {kind}
            assert set(members[:, ps.MASK]) == {mask}
            assert members[:, ps.GPUS].min() == gpus
            assert members[:, ps.POWER].min() == power
            assert members[:, ps.GPUS].max() < 2 * 2 ** int(np.log2(gpus))
            seen += len(members)
    assert seen == len(table)


def test_power_is_kept_in_whole_microwatts():
    table = jobs(1)
    state = build_state(table, np.zeros(1, dtype=np.int64), CLASSES, np.array([8, 8]), AXIS)
    assert state.jobs[0, ps.POWER] == table.gpus_max[0] * 300_000_000


def test_job_larger_than_its_sites_is_refused_with_its_place():
    table = jobs()
    with pytest.raises(DataError, match=r"row \d+ \(id \d+\) needs \d GPUs at once, its sites have at most"):
        build_state(table, np.zeros(len(table), dtype=np.int64), CLASSES, np.array([8, 2]), AXIS)
