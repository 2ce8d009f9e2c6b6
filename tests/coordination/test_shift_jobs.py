"""Tables of jobs: what they are built from, their windows, and every fault with its row."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

import suandian as sd
from suandian.model.workload import JobTable

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_columns_of_every_kind():
    frame = pl.DataFrame({"start": [MONDAY, MONDAY + timedelta(hours=1)], "h": [1.5, 2.0]})
    from_polars = sd.ShiftJobs.build(start=frame["start"], duration_h=frame["h"], power_kw=2)
    from_list = sd.ShiftJobs.build(start=frame["start"].to_list(), duration_h=[1.5, 2.0], power_kw=[2, 2])
    from_numbers = sd.ShiftJobs.build(start=from_list.start_s, duration_h=np.array([1.5, 2.0]), power_kw=2.0)
    assert from_polars.start_s.tolist() == from_list.start_s.tolist() == from_numbers.start_s.tolist()
    assert from_list.duration_s.tolist() == [5400, 7200]
    assert from_list.due_s.tolist() == from_list.end_s.tolist()
    abroad = sd.ShiftJobs.build(start=[MONDAY.astimezone(ZoneInfo("Asia/Shanghai"))], duration_h=1.0)
    assert abroad.start_s[0] == from_list.start_s[0]


def test_windows_of_the_literature():
    jobs = sd.ShiftJobs.build(start=[MONDAY], duration_h=10.0)
    slack = jobs.with_slack(6.0)
    assert (slack.earliest_s - jobs.start_s, slack.due_s - jobs.end_s) == (0, 6 * 3600)
    around = slack.around(8.0)
    assert (around.earliest_s - jobs.start_s, around.due_s - jobs.end_s) == (-8 * 3600, 8 * 3600)
    assert (jobs.until_next_workday("UTC").due_s - jobs.start_s) == 23 * 3600  # ends at 20:00, due at 9:00
    assert (jobs.until_weekly("UTC").due_s - jobs.start_s) == 71 * 3600  # Thursday at 9:00
    assert around.with_slack(0.0).earliest_s == jobs.start_s
    two = sd.ShiftJobs.build(start=[MONDAY] * 2, duration_h=[1.0, 4.0])
    assert (two.with_slack(2 * two.duration_s / 3600).due_s - two.start_s).tolist() == [3 * 3600, 12 * 3600]


def test_jobs_of_a_study():
    table = JobTable.ordered(
        {
            "id": [7], "user": [0], "kind": [0], "contract": [0], "submitted_s": [0], "released_s": [3600],
            "due_s": [36000], "work_gpu_h": [16.0], "gpus_min": [8], "gpus_max": [8], "power_per_gpu_kw": [0.5],
            "preemptible": [False], "checkpoint_h": [0.0], "home": [1], "sites_allowed": [3], "data_gb": [0.0],
        }
    )  # fmt: skip
    jobs = sd.ShiftJobs.of(table, ("north", "south"))
    assert (jobs.duration_s[0], jobs.power_kw[0], jobs.home[0], jobs.interruptible[0]) == (7200, 4.0, 1, False)
    assert sd.ShiftJobs.of(table).home[0] == 0


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"start": [MONDAY, datetime(2026, 3, 2)]}, "start: row 1 is a naive time"),  # noqa: DTZ001
        ({"start": np.array(["2026-03-02"], dtype="datetime64[s]")}, "naive"),
        ({"start": pl.Series([datetime(2026, 3, 2)])}, "naive"),  # noqa: DTZ001
        ({"start": pl.Series([MONDAY, None])}, "row 1 has no time"),
        ({"start": [MONDAY, "noon"]}, "row 1 is 'noon'"),
        ({"start": [1.5]}, "whole Unix seconds"),
        ({"start": MONDAY}, "one time for each job"),
        ({"duration_h": [1.0, 0.0]}, r"duration_s: row 1 \(id 1, 0\) must be above 0"),
        ({"duration_h": [1.0, -2.0]}, "row 1"),
        ({"duration_h": [1.0, np.nan]}, "duration_h: row 1 is not a finite number"),
        ({"duration_h": [1.0]}, r"duration_s: \(1,\) values for 2 jobs"),
        ({"duration_h": ["long", 1]}, "numbers are due"),
        ({"power_kw": [1.0, 0.0]}, "power_kw: row 1"),
        ({"power_kw": [np.inf, 1.0]}, "power_kw: row 0"),
        ({"due": [MONDAY + timedelta(hours=1), MONDAY - timedelta(hours=1)]}, "due_s: row 1 .* before the nominal"),
        ({"earliest": [MONDAY + timedelta(hours=1), MONDAY]}, "earliest_s: row 0 .* after the nominal"),
        ({"due": [MONDAY]}, r"due_s: \(1,\) values for 2 jobs"),
        ({"home": "x"}, "row 0 names 'x'"),
        ({"regions": ("a", "b")}, "name the home of each job"),
        ({"regions": ("a", "b"), "home": "a", "allowed": [["a"], ["b"]]}, "regions_allowed: row 1 .* home region"),
        ({"regions": ("a", "b"), "home": "a", "allowed": [["a"], ["a", "c"]]}, "row 1 names 'c'"),
        ({"regions": ("a", "a"), "home": "a"}, "each once"),
    ],
)
def test_faults_name_column_and_row(columns, words):
    with pytest.raises(sd.DataError, match=words):
        sd.ShiftJobs.build(**({"start": [MONDAY, MONDAY], "duration_h": [1.0, 1.0]} | columns))


def test_a_window_is_a_number_of_hours():
    jobs = sd.ShiftJobs.build(start=[MONDAY], duration_h=1.0)
    for slack, words in ((-1.0, "no window"), (np.nan, "not a finite"), (np.inf, "not a finite"), ([1.0, 2.0], "2,")):
        with pytest.raises(sd.DataError, match=words):
            jobs.with_slack(slack)
