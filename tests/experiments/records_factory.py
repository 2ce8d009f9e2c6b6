"""Job records of a few rows, by hand."""

import polars as pl

from suandian.model.records import JobRecords, Remark

BLANK = {
    "user": None, "kind": None, "state": "completed", "started_s": None, "gpus": 1, "cpus": 0.0, "power_kw": 1.0,
    "due_s": None, "preemptible": None, "latency_max_ms": None, "data_gb": None,
}  # fmt: skip
H = 3600


def make_records(*rows, absolute=False, **changes):
    """Rows of {submitted (h), run (h), …}; the rest as in BLANK."""
    filled = []
    for index, row in enumerate(rows):
        entry = dict(row)
        begin = int(entry.pop("submitted") * H)
        due = entry.pop("due", None)
        times = {"submitted_s": begin, "duration_s": int(entry.pop("run") * H)}
        filled.append(BLANK | {"id": str(index + 1), "due_s": None if due is None else int(due * H)} | times | entry)
    frame = pl.DataFrame(filled, schema_overrides={"due_s": pl.Int64, "preemptible": pl.Boolean, "kind": pl.String},
                         infer_schema_length=None) if filled else _empty()  # fmt: skip
    given = {
        "format": "hand",
        "source": "a few rows",
        "time_base": "hours from the start",
        "power_model": "stated",
        "read_count": len(rows) + 1,
        "dropped": (Remark("no run time", 1, 3, ""),),
    }
    return JobRecords(frame, absolute=absolute, **(given | changes))


def _empty():
    names = [*BLANK, "id", "submitted_s", "duration_s"]
    return pl.DataFrame({name: [] for name in names})
