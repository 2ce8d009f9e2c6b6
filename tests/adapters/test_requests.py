from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from suandian.adapters.traces import azure_requests
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.interactive import day_shape_ratio

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not (DATA / "llm").is_dir(), reason="the public traces are not in ../shared/data")
ZONE = "Asia/Shanghai"
APRIL = TimeAxis(datetime(2026, 4, 1, tzinfo=ZoneInfo(ZONE)), timedelta(minutes=15), 2880)


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
    with pytest.raises(DataError, match="line 2: TIMESTAMP cannot be read: 'noon'"):
        azure_requests("t.csv", folder=tmp_path, axis=APRIL, peak_mw=1.0, zone=ZONE)


def test_a_trace_of_a_week_brings_its_own_cycle(tmp_path):
    # 2024-05-06 is a Monday. A request each minute, ten times the tokens at 14–15 h; on Sunday one token.
    rows = ["TIMESTAMP,ContextTokens,GeneratedTokens"]
    for minute in range(-1, 7 * 1440 + 2):
        day, hour = (minute // 1440) % 7, (minute % 1440) // 60
        tokens = 1 if day == 6 else 1000 if hour == 14 else 100
        at = datetime(2024, 5, 6, tzinfo=ZoneInfo("UTC")) + timedelta(minutes=minute)
        rows.append(f"{at:%Y-%m-%d %H:%M:%S}.009930+00:00,{tokens},{tokens}")
    (tmp_path / "week.csv").write_text("\n".join(rows))
    axis = TimeAxis(APRIL.start, timedelta(hours=1), 720)
    series = azure_requests("week.csv", folder=tmp_path, axis=axis, peak_mw=4.0, zone=ZONE)
    assert "1 whole weeks repeated end to end, hours of its clock as local hours (D)" in series.source
    assert "Azure LLM inference 2024" in series.source
    local = [(axis.start + timedelta(hours=hour)).astimezone(ZoneInfo(ZONE)) for hour in range(720)]
    for at, value in zip(local, series.values, strict=True):
        expected = 0.004 if at.weekday() == 6 else 4.0 if at.hour == 14 else 0.4
        assert value == pytest.approx(expected, rel=1e-6)
