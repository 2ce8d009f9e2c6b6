import numpy as np
import polars as pl
import pytest

from suandian.adapters.job_bends import paces_of
from suandian.adapters.job_tables import jobs_from_frame
from suandian.model.workload import FULL_PACE
from suandian.quantity.errors import DataError

POWER_KW = np.full(4, 0.5)


def test_levers_are_rounded_towards_full_speed_and_shared() -> None:
    # 3 of 8 GPUs are 37.5 %: half is allowed, a quarter is not. A cap of 77 % is taken as 80 %.
    least, gpus = np.array([8, 3, 4, 8]), np.full(4, 8)
    index, paces = paces_of(least, gpus, np.array([1.0, 1.0, 1.0, 0.77]), POWER_KW)
    assert index.tolist() == [0, 2, 2, 1]
    assert paces[0] is FULL_PACE
    assert paces[2].gpu_ratio == (1.0, 0.75, 0.5)
    assert paces[1].id == "cap 80 %, GPUs 100 %"


def test_a_cap_outside_the_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="row 2"):
        paces_of(np.ones(4, int), np.ones(4, int), np.array([1.0, 0.3, 1.0, 1.0]), POWER_KW)


def frame(**columns: object) -> pl.LazyFrame:
    base = {
        "released": ["2026-04-01T00:00Z"] * 2,
        "gpus [GPU]": [8, 8],
        "duration [h]": [2.0, 2.0],
        "slack [h]": [8.0, 8.0],
        "power_per_gpu [kW]": [0.5, 0.5],
    }
    return pl.LazyFrame(base | columns)


def test_a_table_says_how_its_jobs_may_be_slowed() -> None:
    columns = {"gpus_min [GPU]": [4, 8], "power_cap [%]": [100, 80], "checkpoint_every [min]": [30, 0]}
    jobs = jobs_from_frame(frame(**columns, interruptions_max=[1, 5]), sites=["a"])
    assert [jobs.paces[number].gears for number in jobs.pace] == [3, 3]
    assert jobs.checkpoint_every_h.tolist() == [0.5, 0.0]
    assert jobs.interruptions_max.tolist() == [1, 5]
    assert jobs.paces[jobs.pace[1]].power_ratio[-1] < 0.8  # above idle a cap takes more than its share


def test_what_is_wrong_names_the_column() -> None:
    with pytest.raises(DataError, match="power_cap"):
        jobs_from_frame(frame(**{"power_cap [%]": [100, 20]}), sites=["a"])
    with pytest.raises(DataError, match="interruptions_max"):
        jobs_from_frame(frame(interruptions_max=[1.5, 2]), sites=["a"])
