from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.adapters.timestamps import unix_seconds_s
from suandian.quantity.errors import DataError

NOON_S = 1_775_016_000  # 2026-04-01T04:00Z, noon in Shanghai


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-04-01T04:00:00Z", ""),
        ("2026-04-01T12:00:00+08:00", ""),
        ("2026-04-01T12:00+0800", ""),
        ("2026-03-31 23:30:00-04:30", ""),
        ("2026-04-01T04:00:00Z", "UTC"),
        ("2026-04-01 04:00", "UTC"),
        ("2026-04-01 12:00", "Asia/Shanghai"),
        (" 2026-04-01T12:00:00.000 ", "Asia/Shanghai"),
        ("2026-04-01 06:00:00", "Europe/Berlin"),
    ],
)
def test_ways_of_writing_one_instant(text, zone):
    assert unix_seconds_s(pl.Series([text]), zone, "t.csv").tolist() == [NOON_S]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4_000_000_000), st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "UTC"]))
def test_zones_without_change_of_clocks_round_trip(seconds_s, zone):
    seconds_s = max(seconds_s, 800_000_000)  # China changed clocks until 1991
    text = datetime.fromtimestamp(seconds_s, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    assert unix_seconds_s(pl.Series([text]), zone, "t.csv").tolist() == [seconds_s]


@pytest.mark.parametrize(
    ("texts", "zone", "message"),
    [
        (["2026-04-01 12:00"], "", r"t\.csv: the times are naive; declare their zone"),
        (["2026-04-01 12:00", "noon"], "UTC", r"line 3: 'noon' is no time; write e\.g\."),
        (["2026-04-01 12:00", None], "UTC", "line 3"),
        (["2026-02-30 12:00"], "UTC", "line 2: '2026-02-30 12:00' is no time"),
        (["01/04/2026 12:00"], "UTC", "is no time"),
        (["2026-04-01T00:00Z", "2026-04-01 01:00"], "", "line 3 is naive, other lines carry an offset"),
        (["2026-04-01T00:00+08:00"], "Asia/Shanghai", "leave out `zone: Asia/Shanghai`"),
        (["2026-04-01 12:00"], "Asia/Shangai", "unknown time zone 'Asia/Shangai'"),
        (["2026-03-29 01:30", "2026-03-29 02:30"], "Europe/Berlin", "line 3: 2026-03-29 02:30:00.* does not exist"),
        (["2026-10-25 02:30"], "Europe/Berlin", "happens twice in Europe/Berlin"),
    ],
)
def test_what_is_ambiguous_is_refused_with_line_and_remedy(texts, zone, message):
    with pytest.raises(DataError, match=message):
        unix_seconds_s(pl.Series(texts, dtype=pl.String), zone, "t.csv")


def test_datetime_columns_of_parquet():
    naive = pl.Series(["2026-04-01 12:00"]).str.to_datetime("%Y-%m-%d %H:%M")
    assert unix_seconds_s(naive, "Asia/Shanghai", "t").tolist() == [NOON_S]
    aware = pl.Series([datetime(2026, 4, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))])
    assert unix_seconds_s(aware, "", "t").tolist() == [NOON_S]
    with pytest.raises(DataError, match="naive"):
        unix_seconds_s(naive, "", "t")
    with pytest.raises(DataError, match="leave out"):
        unix_seconds_s(aware, "Asia/Shanghai", "t")
    with pytest.raises(DataError, match="row 2 has no time"):
        unix_seconds_s(pl.Series([naive[0], None]), "UTC", "t")
    with pytest.raises(DataError, match="fraction of a second"):
        unix_seconds_s(naive.dt.offset_by("1ms"), "UTC", "t")
    with pytest.raises(DataError, match="times are due"):
        unix_seconds_s(pl.Series([1, 2]), "UTC", "t")


def test_a_line_without_end_is_shown_in_part_only():
    with pytest.raises(DataError) as told:
        unix_seconds_s(pl.Series(["x" * 100_000]), "UTC", "t.csv")
    assert len(str(told.value)) < 300
