"""Records laid onto a study; the readers' own tests are in the files beside this one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from suandian.adapters.traces import TraceJobs, lay
from suandian.adapters.traces.gaia import read
from suandian.model.records import JobRecords
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.job_mix import JobMix

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "jobs").is_dir(), reason="the public traces are not in ../shared/data")
ZONE = "Asia/Shanghai"
APRIL = TimeAxis(datetime(2026, 4, 1, tzinfo=ZoneInfo(ZONE)), timedelta(minutes=15), 2880)
WARM_UP_H = 72
GPUS = (24_000, 37_000, 18_500)
STUDY = {"axis": APRIL, "site_weights": (0.3, 0.47, 0.23), "gpus_per_site": GPUS, "zone": ZONE, "seed": 1}


def write_trace(folder: Path, rows: int = 4000, **changes: object) -> None:
    rng = np.random.default_rng(1)
    columns = {
        "arrival_time": np.sort(rng.uniform(0, 8760, rows)).round(4),
        "length": rng.lognormal(0, 1.5, rows).clip(0.084, 72).round(4),
        "cpus": rng.integers(1, 9, rows),
    } | changes
    pl.DataFrame(columns).write_csv(folder / "trace.csv")


def small(folder: Path, **options: object) -> TraceJobs:
    mix = JobMix(count=300, occupancy_ratio=0.002)
    return lay(read(folder / "trace.csv"), **({"mix": mix, **STUDY} | options))


def records(hours_utc: list[float], *, start: datetime | None, gpus: list[int] | None = None) -> JobRecords:
    """One job of an hour at each of `hours_utc` after `start`; without it, on a relative clock."""
    first_s = 0 if start is None else int(start.timestamp())
    count = len(hours_utc)
    frame = pl.DataFrame(
        {
            "id": [str(row) for row in range(count)],
            "user": [None] * count,
            "kind": [None] * count,
            "state": ["completed"] * count,
            "submitted_s": [first_s + round(3600 * hour) for hour in hours_utc],
            "started_s": [None] * count,
            "duration_s": [3600] * count,
            "gpus": gpus or [1] * count,
            "cpus": [4.0] * count,
            "power_kw": [0.3] * count,
            "due_s": [None] * count,
            "preemptible": [None] * count,
            "latency_max_ms": [None] * count,
            "data_gb": [None] * count,
        }
    )
    return JobRecords(frame, "test", "test records", "told by the test", start is not None, "none", count)


def laid(found: JobRecords, **options: object) -> TraceJobs:
    return lay(found, **({"mix": JobMix(count=300, occupancy_ratio=1e-5), "cut": False, **STUDY} | options))


def local(trace: TraceJobs) -> list[datetime]:
    return [datetime.fromtimestamp(int(at), ZoneInfo(ZONE)) for at in trace.jobs.released_s]


def test_the_study_takes_its_days_of_the_synthetic_year(tmp_path):
    write_trace(tmp_path)
    trace = small(tmp_path, cut=False)
    table = pl.read_csv(tmp_path / "trace.csv")
    april = table.filter((pl.col("arrival_time") >= 90 * 24) & (pl.col("arrival_time") < 120 * 24))
    inside = (trace.jobs.released_s >= APRIL.start_s) & (trace.jobs.released_s < APRIL.end_s)
    since_h = (trace.jobs.released_s[inside] - APRIL.start_s) / 3600
    assert since_h == pytest.approx(april["arrival_time"].to_numpy() - 90 * 24, abs=1 / 3600)
    assert trace.jobs.duration_s[inside] / 3600 == pytest.approx(april["length"].to_numpy(), abs=1 / 3600)
    assert "taken from 1 part(s)" in trace.note
    assert "no daily cycle, lengths cut at 72 h" in trace.source


def test_more_jobs_than_a_window_holds_come_from_further_windows(tmp_path):
    write_trace(tmp_path)
    trace = small(tmp_path, mix=JobMix(count=1000, occupancy_ratio=0.005), cut=False)
    assert "taken from 3 part(s)" in trace.note
    assert len(trace.jobs) == pytest.approx(3 * 4000 * 33 / 365, rel=0.1)


def test_what_was_dropped_stands_in_the_note(tmp_path):
    length = np.ones(4000)
    length[[5, 77]] = [0.0, np.nan]
    write_trace(tmp_path, length=length)
    assert "4000 rows read, 2 dropped, 1 × no run time, 1 × run time of 0 s" in small(tmp_path).note


def test_a_study_longer_than_the_synthetic_year_is_refused(tmp_path):
    write_trace(tmp_path)
    with pytest.raises(DataError, match="holds one year"):
        small(tmp_path, axis=TimeAxis(APRIL.start, timedelta(hours=1), 8760))


def test_absolute_clocks_move_by_whole_weeks_to_the_same_days_of_the_year():
    # Two years of hourly jobs: 1 April 2026 is a Wednesday; in 2023 the nearest Wednesday is 29 March.
    start = datetime(2022, 1, 1, tzinfo=UTC)
    trace = laid(records([float(hour) for hour in range(2 * 8760)], start=start))
    assert len(trace.jobs) == 720 + WARM_UP_H
    assert "same days of the year, shifted by 157 whole weeks, weekdays agree" in trace.note  # 1,099 days
    assert (date(2026, 4, 1) - date(2023, 3, 29)).days == 157 * 7


def test_weekdays_and_local_hours_are_kept():
    # Every Tuesday at 09:00 in Beijing, for half a year of 2021 that has no April: it begins with the record.
    first = datetime(2021, 6, 1, 9, tzinfo=ZoneInfo(ZONE))
    assert first.weekday() == 1
    trace = laid(records([168.0 * week for week in range(26)], start=first))
    assert "from the record's beginning" in trace.note
    assert {(at.weekday(), at.hour) for at in local(trace)} == {(1, 9)}
    assert len(trace.jobs) == 4 + 1  # four Tuesdays of April 2026, and 31 March in the warm-up


def test_a_record_shorter_than_the_study_is_repeated_in_whole_weeks():
    # 17 days: two whole weeks are kept, and stand in the study 33 / 14 times.
    first = datetime(2021, 6, 1, 9, tzinfo=ZoneInfo(ZONE))
    trace = laid(records([24.0 * day for day in range(17)], start=first))
    assert "from 2 week(s) of the record repeated end to end, weekdays agree" in trace.note
    assert len(trace.jobs) == 33
    assert {at.hour for at in local(trace)} == {9}


def test_a_short_relative_record_is_repeated_in_whole_days():
    trace = laid(records([0.0, 5.0, 26.0], start=None))
    assert "from 1 day(s) of the record repeated end to end, weekdays do not agree" in trace.note
    assert {at.hour for at in local(trace)} == {0, 5}


def test_jobs_without_gpus_stay_out_where_others_have_some():
    start = datetime(2022, 1, 1, tzinfo=UTC)
    gpus = [hour % 2 for hour in range(8760)]
    trace = laid(records([float(hour) for hour in range(8760)], start=start, gpus=gpus))
    assert "4380 without GPU left out" in trace.note
    assert len(trace.jobs) == (720 + WARM_UP_H) / 2


def test_nothing_to_lay_is_refused():
    with pytest.raises(DataError, match="holds no job"):
        laid(records([], start=None))


@needs_data
@pytest.mark.parametrize("name", ["pai-100k", "azure-100k"])
def test_real_samples_carry_the_stated_work(name):
    found = read(DATA / "jobs" / f"{name}.csv.gz")
    trace = lay(found, mix=JobMix(), **STUDY)
    assert len(trace.jobs) == pytest.approx(20_000, rel=0.2)
    assert trace.jobs.work_gpu_h.sum() / (sum(GPUS) * 720) == pytest.approx(0.37, rel=0.02)
    assert " 0 dropped" in trace.note
    again = lay(found, mix=JobMix(), **STUDY)
    assert np.array_equal(again.jobs.work_gpu_h, trace.jobs.work_gpu_h)
    # Kinds are drawn given the length: training runs longer than analytics, which never exceeds its 12 h.
    hours = trace.jobs.duration_s / 3600
    assert hours[trace.jobs.kind == 5].mean() > 3 * hours[trace.jobs.kind == 0].mean()
    assert hours[trace.jobs.kind == 0].max() <= 12


def test_another_seed_draws_other_kinds(tmp_path):
    write_trace(tmp_path)
    one, other = small(tmp_path), small(tmp_path, seed=2)
    assert not np.array_equal(one.jobs.kind, other.jobs.kind)
    assert replace(one, note="").source == other.source
