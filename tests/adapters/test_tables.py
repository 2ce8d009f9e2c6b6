from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.adapters.tables import on_axis, read_series
from suandian.quantity.errors import DataError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis

START = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def write(tmp_path):
    def _write(*rows: str, header: str = "time,price [CNY/kWh]") -> None:
        (tmp_path / "t.csv").write_text("\n".join([header, *rows]) + "\n")

    return _write


def hours(*values: str) -> list[str]:
    return [f"2026-04-01T{hour:02d}:00Z,{value}" for hour, value in enumerate(values)]


def read(tmp_path, **options):
    return read_series("t.csv", **({"folder": tmp_path, "unit": "CNY/MWh"} | options))


def test_a_series_is_converted_and_says_where_it_comes_from(tmp_path, write):
    write(*hours("0.35", "0.4", "-0.1"))
    series = read(tmp_path)
    assert series.axis == TimeAxis(START, timedelta(hours=1), 3)
    assert series.values == pytest.approx([350, 400, -100])
    assert series.unit == "CNY/MWh"
    assert series.source == "t.csv, column 'price [CNY/kWh]'"


def test_hour_ending_naive_beijing_time(tmp_path, write):
    write("2026-04-01 09:00,1", "2026-04-01 10:00,2")
    series = read(tmp_path, zone="Asia/Shanghai", interval_label="end")
    assert series.axis.start == START


def test_a_parquet_file_with_datetimes_and_numbers(tmp_path):
    times = [START + timedelta(minutes=15 * step) for step in range(4)]
    pl.DataFrame({"time": times, "load [kW]": [1, 2, 3, 4], "pv [kW]": [0, 0, 0, 0]}).write_parquet(
        tmp_path / "t.parquet"
    )
    series = read_series("t.parquet", folder=tmp_path, unit="MW", column="load")
    assert series.values == pytest.approx([0.001, 0.002, 0.003, 0.004])
    assert series.axis.step_s == 900


def test_gaps_are_filled_only_when_allowed_and_counted(tmp_path, write):
    rows = hours("1", "2", "", "4", "5", "6")
    write(*(row for row in rows if "T04" not in row))
    with pytest.raises(DataError, match=r"1 missing intervals and 1 empty values, the first at 2026-04-01T02:00"):
        read(tmp_path)
    linear = read(tmp_path, gap_policy="interpolate")
    assert linear.values == pytest.approx([1000, 2000, 3000, 4000, 5000, 6000])
    assert "1 missing intervals and 1 empty values filled by interpolate" in linear.source
    assert read(tmp_path, gap_policy="previous").values == pytest.approx([1000, 2000, 2000, 4000, 4000, 6000])


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (hours("1", "2", "NaN"), {}, r"1 empty values, the first at 2026-04-01T02:00"),
        (hours("", "2", "3"), {"gap_policy": "interpolate"}, "begins or ends with a gap"),
        (hours("1", "2", ""), {"gap_policy": "interpolate"}, "begins or ends with a gap"),
        (hours("1", "two"), {}, r"t\.csv, column 'price \[CNY/kWh\]': line 3: 'two' is no number"),
        (hours("1", "inf"), {}, "line 3 is infinite"),
        (hours("1"), {}, "1 rows; a series needs at least two"),
        ([*hours("1", "2"), "2026-04-01T01:00Z,3"], {}, r"line 4 \(2026-04-01T01:00:00\+00:00\) repeats"),
        ([*hours("1", "2"), "2026-03-31T01:00Z,3"], {}, "line 4 .* goes back in time"),
        ([*hours("1", "2", "3"), "2026-04-01T02:20Z,3"], {}, "line 5 comes 1200 s after .* step is 3600 s"),
        (hours("1", "2"), {"unit": "MW"}, "price of energy, a power is due"),
        (hours("1", "2"), {"column": "prize"}, "did you mean 'price'"),
        (hours("1", "2"), {"time": "stamp"}, "column 'time' names no unit"),
        (hours("1", "2"), {"interval_label": "middle"}, "interval_label is 'middle'; write one of start, end"),
        (hours("1", "2"), {"gap_policy": "zero"}, "gap_policy is 'zero'; write one of refuse"),
        (["2026-04-01 00:00,1", "2026-04-01 01:00,2"], {}, "naive; declare their zone"),
        (
            [f"2026-03-29 {hour:02d}:00,1" for hour in range(4)],
            {"zone": "Europe/Berlin"},
            "line 4: .* does not exist or happens twice in Europe/Berlin",
        ),
    ],
)
def test_bad_series_are_refused_with_place_and_remedy(tmp_path, write, rows, options, message):
    write(*rows)
    with pytest.raises(DataError, match=message):
        read(tmp_path, **options)


def test_two_value_columns_need_a_choice(tmp_path, write):
    write("2026-04-01T00:00Z,1,2", "2026-04-01T01:00Z,1,2", header="time,price [CNY/MWh],fee [CNY/MWh]")
    with pytest.raises(DataError, match=r"2 value columns .*say which with `column`"):
        read(tmp_path)
    assert read(tmp_path, column="fee").values == pytest.approx([2, 2])


def test_an_axis_that_is_not_covered_is_refused(tmp_path, write):
    write(*hours("1", "2", "3"))
    with pytest.raises(DataError, match=r"covers .* to 2026-04-01T03:00:00\+00:00, the study needs"):
        read(tmp_path, axis=TimeAxis(START, timedelta(hours=1), 4))
    quarter = read(tmp_path, axis=TimeAxis(START + timedelta(minutes=30), timedelta(minutes=15), 4))
    assert quarter.values == pytest.approx([1000, 1000, 2000, 2000])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=12),
    st.sampled_from([5, 15, 20, 40, 45, 60, 90, 120]),
    st.integers(0, 120),
)
def test_resampling_keeps_the_energy(values, step_min, shift_min):
    series = Series(TimeAxis(START, timedelta(hours=1), len(values)), np.array(values), "MW", "t")
    periods = (len(values) * 60 - shift_min) // step_min
    axis = TimeAxis(START + timedelta(minutes=shift_min), timedelta(minutes=step_min), periods)
    result = on_axis(series, axis)
    minute = np.repeat(series.values, 60)[shift_min : shift_min + periods * step_min]
    assert result.values == pytest.approx(minute.reshape(periods, step_min).mean(axis=1), abs=1e-9)
