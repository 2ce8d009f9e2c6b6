from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from suandian.adapters.traces import azure_batch, azure_requests, pai
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.interactive import day_shape_ratio
from suandian.signals.job_mix import JobMix

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "jobs").is_dir(), reason="the public traces are not in ../shared/data")
ZONE = "Asia/Shanghai"
APRIL = TimeAxis(datetime(2026, 4, 1, tzinfo=ZoneInfo(ZONE)), timedelta(minutes=15), 2880)
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


def small(folder: Path, **options: object):
    mix = JobMix(count=300, occupancy_ratio=0.002)
    return pai("trace.csv", **({"folder": folder, "mix": mix, **STUDY} | options))


def test_the_study_takes_its_days_of_the_year(tmp_path):
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


def test_rows_without_length_are_dropped_and_counted(tmp_path):
    length = np.ones(4000)
    length[[5, 77]] = [0.0, np.nan]
    write_trace(tmp_path, length=length)
    assert "4000 rows read, 2 dropped" in small(tmp_path).note


def test_wrong_columns_are_named(tmp_path):
    pl.DataFrame({"arrival": [1.0], "length": [1.0], "cpus": [1]}).write_csv(tmp_path / "trace.csv")
    with pytest.raises(DataError, match=r"trace\.csv: no column arrival_time; its columns are arrival, length, cpus"):
        small(tmp_path)


def test_a_study_longer_than_the_trace_is_refused(tmp_path):
    write_trace(tmp_path)
    with pytest.raises(DataError, match="holds one year"):
        small(tmp_path, axis=TimeAxis(APRIL.start, timedelta(hours=1), 8760))


@needs_data
@pytest.mark.parametrize("reader", [pai, azure_batch])
def test_real_traces_carry_the_stated_work(reader):
    name = "pai-100k" if reader is pai else "azure-100k"
    trace = reader(f"jobs/{name}.csv.gz", folder=DATA, mix=JobMix(), **STUDY)
    assert len(trace.jobs) == pytest.approx(20_000, rel=0.2)
    assert trace.jobs.work_gpu_h.sum() / (sum(GPUS) * 720) == pytest.approx(0.37, rel=0.02)
    assert "0 dropped" in trace.note
    again = reader(f"jobs/{name}.csv.gz", folder=DATA, mix=JobMix(), **STUDY)
    assert np.array_equal(again.jobs.work_gpu_h, trace.jobs.work_gpu_h)
    # Kinds are drawn given the length: training runs longer than analytics, which never exceeds its 12 h.
    hours = trace.jobs.duration_s / 3600
    assert hours[trace.jobs.kind == 5].mean() > 3 * hours[trace.jobs.kind == 0].mean()
    assert hours[trace.jobs.kind == 0].max() <= 12


@needs_data
@pytest.mark.parametrize(("name", "requests"), [("conv", 19366), ("code", 8819)])
def test_azure_requests_become_a_stream(name, requests):
    file = f"llm/AzureLLMInferenceTrace_{name}.csv.gz"
    series = azure_requests(file, folder=DATA, axis=APRIL, peak_mw=4.0, zone=ZONE)
    assert series.unit == "MW"
    assert 0 < series.values.min() < series.values.max() <= 4.0
    assert str(requests) in series.source
    # At minute steps the trace comes back after each turn, under the daily profile and the cap.
    minutes = TimeAxis(APRIL.start, timedelta(minutes=1), 58 * 60)
    loose = azure_requests(file, folder=DATA, axis=minutes, peak_mw=4.0, zone=ZONE).values
    free = loose < 4.0
    ratio = loose / (4.0 * day_shape_ratio(minutes, ZONE))
    length = int(series.source.split(" full minutes")[0].split(" ")[-1])
    both = free[:length] & free[length : 2 * length]
    assert both.sum() > length / 2
    assert ratio[:length][both] == pytest.approx(ratio[length : 2 * length][both], rel=1e-6)


def test_requests_that_are_no_trace_are_refused(tmp_path):
    rows = [f"2023-11-16 18:{minute:02d}:00.1,100,10" for minute in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows]))
    with pytest.raises(DataError, match="only 18 full minutes"):
        azure_requests("t.csv", folder=tmp_path, axis=APRIL, peak_mw=1.0, zone=ZONE)
    (tmp_path / "t.csv").write_text("TIMESTAMP,ContextTokens,GeneratedTokens\nnoon,1,2\n")
    with pytest.raises(DataError, match="line 2: 'noon' is no time"):
        azure_requests("t.csv", folder=tmp_path, axis=APRIL, peak_mw=1.0, zone=ZONE)
