"""Job records refuse what no reader may leave behind."""

import polars as pl
import pytest

from suandian.model.records import JobRecords, Remark
from suandian.quantity.errors import DataError


def frame(**changes: object) -> pl.DataFrame:
    columns = {
        "id": ["a", "b"],
        "user": ["u", None],
        "kind": ["", None],
        "state": ["completed", "failed"],
        "submitted_s": [0, 60],
        "started_s": [0, None],
        "duration_s": [60, 120],
        "gpus": [1, 8],
        "cpus": [4.0, 32.0],
        "power_kw": [0.3, 2.4],
        "due_s": [None, None],
        "preemptible": [None, None],
        "latency_max_ms": [None, None],
        "data_gb": [None, None],
    }
    return pl.DataFrame(columns | changes)


def records(table: pl.DataFrame) -> JobRecords:
    return JobRecords(
        table, "swf", "a log", "Unix seconds", True, "linear", 3, dropped=(Remark("no run time", 1, 7, "-1"),)
    )


def test_counts_are_told() -> None:
    told = records(frame()).to_dict()
    assert told["read"] == 3
    assert told["kept"] == 2
    assert told["dropped"] == [{"reason": "no run time", "count": 1, "line": 7, "example": "-1"}]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": ["completed", "exploded"]}, "unknown states exploded"),
        ({"submitted_s": [60, 0]}, "ordered by submission"),
        ({"gpus": [1, None]}, "gpus is empty"),
    ],
)
def test_broken_records_are_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(DataError, match=why):
        records(frame(**change))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="data_gb"):
        records(frame().drop("data_gb"))
