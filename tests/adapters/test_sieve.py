"""The rules every format shares, as properties: nothing is lost without a remark, and what stays is sound."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suandian.adapters.traces.cells import STATE_TYPE, Cells, elapsed_s, instant_s
from suandian.adapters.traces.power import POWER_MODELS, PowerModel
from suandian.adapters.traces.sieve import Origin, settle
from suandian.quantity.errors import DataError

ORIGIN = Origin("test", "a test", "told by the test", absolute=True)
FLAT = PowerModel("flat", 0.5, cpu_w=10.0)
numbers = st.none() | st.integers(-5, 50).map(float) | st.sampled_from([0.2, 0.5, 1.5, 1e12])
rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | st.sampled_from(["a", "b", "c"]),
            "user": st.none() | st.just("u"),
            "kind": st.none() | st.sampled_from(["x", "y"]),
            "state": st.sampled_from(STATE_TYPE.categories.to_list()),
            "submitted_s": numbers,
            "started_s": numbers,
            "ended_s": numbers,
            "duration_s": numbers,
            "gpus": numbers,
            "cpus": numbers,
            "fault": st.sampled_from([None, None, None, "bad value\x1fx"]),
        }
    ),
    max_size=30,
)
SCHEMA = {
    "line": pl.UInt32, "id": pl.String, "user": pl.String, "kind": pl.String, "state": STATE_TYPE,
    "submitted_s": pl.Float64, "started_s": pl.Float64, "ended_s": pl.Float64, "duration_s": pl.Float64,
    "gpus": pl.Float64, "cpus": pl.Float64, "fault": pl.String,
}  # fmt: skip


def frame_of(found):
    return pl.DataFrame([{"line": at + 1, **row} for at, row in enumerate(found)], schema=SCHEMA)


def settled(frame, *, parts=1):
    size = max(1, -(-len(frame) // parts))
    pieces = [frame[at : at + size].lazy() for at in range(0, max(len(frame), 1), size)]
    return settle(pieces, ORIGIN, FLAT)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_every_row_is_kept_or_told(found):
    records = settled(frame_of(found))
    assert records.read_count == len(found) == len(records) + sum(remark.count for remark in records.dropped)
    assert (np.diff(records.column("submitted_s")) >= 0).all()
    assert (records.column("duration_s") > 0).all()
    assert ((records.column("gpus") > 0) | (records.column("cpus") > 0)).all()
    assert (records.column("power_kw") > 0).all()
    assert records.frame["id"].is_unique().all()
    for remark in (*records.dropped, *records.repaired):
        assert 1 <= remark.line <= len(found)
        assert 1 <= remark.count <= len(found)


@settings(max_examples=40, deadline=None)
@given(rows, st.integers(2, 5))
def test_parts_make_no_difference(found, parts):
    one, many = settled(frame_of(found)), settled(frame_of(found), parts=parts)
    assert one.frame.equals(many.frame)
    assert set(one.dropped) == set(many.dropped)
    assert {(r.reason, r.count, r.line) for r in one.repaired} == {(r.reason, r.count, r.line) for r in many.repaired}


def test_power_by_hand():
    base = {"id": "a", "user": None, "kind": "Pretrain", "state": "completed", "submitted_s": 0.0, "started_s": None,
            "ended_s": None, "duration_s": 60.0, "fault": None}  # fmt: skip
    frame = frame_of([base | {"gpus": 2.0, "cpus": 64.0}, base | {"id": "b", "gpus": 0.0, "cpus": 3.0}])
    assert settled(frame).column("power_kw").tolist() == [1.0, 0.03]
    named = settle([frame.lazy()], ORIGIN, POWER_MODELS["a100"])
    assert named.column("power_kw")[0] == pytest.approx(2 * 1.75 * (371.7 - 58.2) / 1000)  # itload, training
    with pytest.raises(DataError, match="not below 0"):
        PowerModel("bad", -1.0)


@pytest.mark.parametrize(
    ("text", "zone", "seconds"),
    [
        ("2026-03-02T09:00:00", "Asia/Shanghai", 1_772_413_200),
        ("2026-03-02 09:00:00.999", "Asia/Shanghai", 1_772_413_200),
        ("2026-03-02T01:00:00Z", "Asia/Shanghai", 1_772_413_200),
        ("2026-03-01T19:30:00.5-0530", "UTC", 1_772_413_200),
        (" 1772413200 ", "UTC", 1_772_413_200),
        ("1772413200.7", "UTC", 1_772_413_200),
        ("2026-11-01 01:30:00", "America/Los_Angeles", 1_793_521_800),  # happens twice: the first, in summer time
        ("2026-03-08 02:30:00", "America/Los_Angeles", None),  # does not exist
        ("2026-13-02 09:00:00", "UTC", None),
        ("2026-03-02 09:00:00 CST", "UTC", None),
        ("2026", "UTC", None),
        ("noon", "UTC", None),
    ],
)
def test_instants(text, zone, seconds):
    found = pl.DataFrame({"t": [text]}).select(instant_s(pl.col("t"), zone)).item()
    assert found == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("02:00:30", 7230),
        ("1-01:00:00", 90_000),
        ("00:01.500", 1.5),
        ("100:00:00", 360_000),
        ("soon", None),
        ("7", None),
    ],
)
def test_elapsed(text, seconds):
    assert pl.DataFrame({"t": [text]}).select(elapsed_s(pl.col("t"))).item() == seconds


def test_numbers_and_what_is_none():
    frame = pl.DataFrame({"n": ["1", " 2.5 ", "NaN", "", "None", "N/A", "inf", "1,5", "-1"]})
    cells = Cells()
    found = frame.select(cells.number("n", unknown=-1).alias("value"), cells.fault().alias("fault"))
    assert found["value"].to_list() == [1.0, 2.5, None, None, None, None, None, None, None]
    assert [text is not None for text in found["fault"]] == [False] * 6 + [True, True, False]
