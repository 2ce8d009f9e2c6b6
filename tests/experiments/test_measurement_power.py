"""GPUs of a job log by hand, and the power model against powers that were put in."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from suandian.experiments.measurement.power import fit_power, gpus_by_kind
from suandian.model.workload import JobTable, Pace
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import JobBlock, JobEventKind

AXIS = TimeAxis(datetime(2026, 4, 1, tzinfo=UTC), timedelta(hours=1), 4)
T0 = AXIS.start_s


def jobs() -> JobTable:
    columns = {
        "id": [0, 1], "user": [0, 0], "kind": [0, 1], "contract": [0, 0], "submitted_s": [T0, T0],
        "released_s": [T0, T0],
        "due_s": [T0 + 99_999, T0 + 99_999], "work_gpu_h": [4.0, 8.0], "gpus_min": [4, 8], "gpus_max": [4, 8],
        "power_per_gpu_kw": [0.3, 0.4], "preemptible": [True, True], "checkpoint_h": [0.0, 0.0], "home": [0, 0],
        "sites_allowed": [1, 1], "data_gb": [0.0, 0.0], "pace": [0, 1],
    }  # fmt: skip
    slow = Pace("slow", (1.0, 0.5), (1.0, 1.0), (1.0, 0.5))
    return JobTable.ordered(columns, kind_names=("a", "b"), paces=(Pace("full"), slow))


def events(*rows: tuple[int, JobEventKind, int, int]) -> JobBlock:
    job, kind, at_s, site = (np.array(column) for column in zip(*rows, strict=True))
    return JobBlock(job, kind.astype(np.int8), T0 + at_s, site.astype(np.int16))


def test_gpus_by_kind_by_hand() -> None:
    kind = JobEventKind
    log = events(
        (0, kind.STARTED, 1800, 0), (0, kind.PAUSED, 5400, 0), (0, kind.RESUMED, 9000, 1), (0, kind.FINISHED, 10800, 1),
        (1, kind.STARTED, 0, 0), (1, kind.GEAR_1, 3600, 0),
    )  # fmt: skip
    found = gpus_by_kind(log, jobs(), AXIS, 2)
    # Kind a: 4 GPUs for half of hour 0 and of hour 1 at site 0, for half of hour 2 at site 1.
    np.testing.assert_allclose(found[0, 0], [2.0, 2.0, 0.0, 0.0])
    np.testing.assert_allclose(found[1, 0], [0.0, 0.0, 2.0, 0.0])
    # Kind b: 8 GPUs, from hour 1 on in a gear with half of them, and still running at the end.
    np.testing.assert_allclose(found[0, 1], [8.0, 4.0, 4.0, 4.0])


@pytest.mark.parametrize("by_job", [False, True])
def test_powers_that_were_put_in_are_found(by_job: bool) -> None:
    made = np.random.default_rng(3)
    count = 24 * 40
    gpus = made.uniform(0, 1000, (2, 2, count))
    streams = made.uniform(0, 0.5, (2, count))
    jobs_mw = np.einsum("skp,k->sp", gpus, [0.3, 0.5]) / 1000.0
    it = np.array([[0.7], [1.1]]) + streams + jobs_mw
    outdoor = made.uniform(5, 25, (2, count))
    load = 0.2 + 0.01 * outdoor + (1.05 + 0.002 * outdoor) * it
    model = fit_power(gpus, streams, it, load, outdoor, 1.0, jobs_mw=jobs_mw if by_job else None)
    for fit in model.fits:
        np.testing.assert_allclose(fit.idle_mw, [0.7, 1.1], atol=1e-6)
        if not by_job:
            np.testing.assert_allclose(fit.kind_kw, [0.3, 0.5], atol=1e-6)
    above = it - np.array([[0.7], [1.1]]) if by_job else model.dynamic_mw(gpus, streams)
    found = model.load_mw(above, outdoor)
    first = model.fits[0].first
    assert first == 24 * 14
    assert np.isnan(found[:, :first]).all()
    np.testing.assert_allclose(found[:, first:], load[:, first:], atol=1e-6)


def test_a_fit_sees_only_the_meters_before_it() -> None:
    made = np.random.default_rng(4)
    count = 24 * 30
    gpus, outdoor = made.uniform(0, 1000, (1, 1, count)), made.uniform(5, 25, (1, count))
    it = 1.0 + gpus[:, 0] * 0.4 / 1000.0
    changed = it.copy()
    changed[:, 24 * 28 :] += 3.0
    nothing = np.zeros((1, count))
    a, b = (fit_power(gpus, nothing, x, 1.2 * x, outdoor, 1.0) for x in (it, changed))
    assert [f.first for f in a.fits] == [24 * 14, 24 * 21, 24 * 28]
    for one, other in zip(a.fits, b.fits, strict=True):
        np.testing.assert_array_equal(one.kind_kw, other.kind_kw)


def test_too_short_a_period_is_refused() -> None:
    few = np.ones((1, 24))
    with pytest.raises(DataError, match="measure more days"):
        fit_power(np.ones((1, 1, 24)), few, few, few, few, 1.0)
