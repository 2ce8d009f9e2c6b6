from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from suandian.adapters.provinces import PROVINCE_CODES, SERIES, by_calendar, province_series, province_year
from suandian.adapters.sources import open_table
from suandian.quantity.errors import DataError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(
    not (DATA / "china_provinces").is_dir(), reason="the provincial series are not in ../shared/data"
)
CHINA = ZoneInfo("Asia/Shanghai")
APRIL = TimeAxis(datetime(2026, 4, 1, tzinfo=CHINA), timedelta(minutes=15), 2880)


def year_of_hours(year: int) -> Series:
    """A year in local time whose value is month·10,000 + day·100 + hour."""
    start = datetime(year, 1, 1, tzinfo=CHINA)
    periods = int((datetime(year + 1, 1, 1, tzinfo=CHINA) - start) / timedelta(hours=1))
    axis = TimeAxis(start, timedelta(hours=1), periods)
    local = [start + timedelta(hours=hour) for hour in range(periods)]
    return Series(axis, np.array([t.month * 10_000 + t.day * 100 + t.hour for t in local], dtype=float), "MW", "test")


def test_mapping_follows_month_day_and_hour():
    axis = TimeAxis(datetime(2026, 12, 31, 23, 30, tzinfo=CHINA), timedelta(minutes=15), 4)
    assert by_calendar(year_of_hours(2020), axis, "Asia/Shanghai").values.tolist() == [
        123123.0,
        123123.0,
        10100.0,
        10100.0,
    ]


def test_a_leap_day_is_lent_by_the_day_before():
    axis = TimeAxis(datetime(2028, 2, 28, 12, tzinfo=CHINA), timedelta(hours=24), 2)
    common = by_calendar(year_of_hours(2018), axis, "Asia/Shanghai").values
    leap = by_calendar(year_of_hours(2020), axis, "Asia/Shanghai").values
    assert common[0] == pytest.approx(22811.5)  # 28 February, 12–24 h and again 0–12 h
    assert leap[0] == pytest.approx((12 * 22817.5 + 12 * 22905.5) / 24)


def test_steps_across_hours_take_the_mean():
    axis = TimeAxis(datetime(2026, 5, 1, 8, 30, tzinfo=CHINA), timedelta(hours=1), 2)
    assert by_calendar(year_of_hours(2020), axis, "Asia/Shanghai").values == pytest.approx([50108.5, 50109.5])


def test_half_a_year_or_coarser_steps_are_refused():
    whole = year_of_hours(2020)
    half = Series(whole.axis.part(0, 4000), whole.values[:4000], "MW", "half")
    with pytest.raises(DataError, match=r"half: has no value for the calendar hour of .* give a whole year"):
        by_calendar(half, TimeAxis(datetime(2026, 8, 1, tzinfo=UTC), timedelta(hours=1), 3), "Asia/Shanghai")
    daily = Series(TimeAxis(whole.axis.start, timedelta(days=1), 2), np.ones(2), "MW", "daily")
    with pytest.raises(DataError, match="needs an hourly year"):
        by_calendar(daily, APRIL, "Asia/Shanghai")


def test_unknown_kinds_and_provinces_are_named(tmp_path):
    with pytest.raises(DataError, match="known: pv, wind, load"):
        province_year("tides", "shandong", folder=tmp_path)
    with pytest.raises(DataError, match="did you mean 'shandong'"):
        province_year("pv", "shangdong", folder=tmp_path)
    with pytest.raises(DataError, match="no such file"):
        province_year("pv", "shandong", folder=tmp_path)


def test_gaps_and_wrong_values_in_a_file_are_refused(tmp_path):
    file = tmp_path / SERIES["pv"].file.removesuffix(".gz")
    file.parent.mkdir()
    rows = [f"2020-01-01 {hour:02d}:00:00,0.1" for hour in (0, 1, 2, 4)]

    def write(*lines: str, header: str = "time_beijing,Shandong") -> None:
        import gzip

        with gzip.open(f"{file}.gz", "wt") as stream:
            stream.write("\n".join([header, *lines]) + "\n")

    write(*rows)
    with pytest.raises(DataError, match="1 missing intervals"):
        province_year("pv", "shandong", folder=tmp_path)
    write(*rows[:3], "2020-01-01 03:00:00,1.2")
    with pytest.raises(DataError, match=r"values from 0\.1 to 1\.2"):
        province_year("pv", "shandong", folder=tmp_path)
    write(*rows[:3], header="time_beijing,Shanxi")
    with pytest.raises(DataError, match="no column 'Shandong'"):
        province_year("pv", "shandong", folder=tmp_path)


@needs_data
@pytest.mark.parametrize("kind", SERIES)
def test_every_province_has_a_whole_year(kind):
    known = open_table(DATA / SERIES[kind].file).collect_schema().names()
    names = PROVINCE_CODES.values() if SERIES[kind].coded else (n.title().replace("_", "") for n in PROVINCE_CODES)
    assert set(names) == set(known[1:])
    for province in list(PROVINCE_CODES)[::6]:
        year = province_year(kind, province, folder=DATA)
        assert year.axis.periods == (8760 if kind == "load" else 8784)
        assert year.axis.start.astimezone(CHINA).hour == 23  # the first row ends at midnight


@needs_data
def test_pv_is_hour_ending_solar_noon_says_so():
    # Jinan lies at 117° E: mean solar noon at 12:12 Beijing time. An hour's mislabelling would show.
    year = province_year("pv", "shandong", folder=DATA)
    hour_h = year.axis.local_starts("Asia/Shanghai").astype(np.int64) % 86_400 / 3600 + 0.5
    assert (hour_h * year.values).sum() / year.values.sum() == pytest.approx(12.2, abs=0.25)
    # Annual capacity factor of the same year, fitted by the project: 0.1461.
    assert year.values.mean() == pytest.approx(0.1461, abs=0.0005)


@needs_data
def test_april_2026_takes_april_2020():
    pv = province_series("pv", "SD", folder=DATA, axis=APRIL)
    year = province_year("pv", "Shandong", folder=DATA)
    first = year.axis.index_of(datetime(2020, 4, 1, tzinfo=CHINA))
    assert np.array_equal(pv.values, np.repeat(year.values[first : first + 720], 4))
    assert "ERA5" in pv.source
    load = province_series("load", "guangdong", folder=DATA, axis=APRIL)
    assert load.unit == "MW"
    assert 40_000 < load.values.mean() < 120_000
