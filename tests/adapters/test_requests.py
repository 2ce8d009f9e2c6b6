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
