"""A table of one's own (`job_tables.JOB_COLUMNS`, units in the headers) as job records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from suandian.adapters.job_tables import JOB_COLUMNS, JobColumns
from suandian.adapters.sources import open_table
from suandian.adapters.traces.cells import STATE_TYPE
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, settle
from suandian.model.records import JobRecords
from suandian.quantity.units import UnitError, split_header

__all__ = ["FORMAT", "read"]

_KW = "power_per_gpu"


def read(path: str | Path, *, zone: str = "", power: str | PowerModel = "a100") -> JobRecords:
    """Jobs of a CSV or Parquet table; needed are `released`, `gpus [GPU]` and `duration [h]` or `work [GPU-h]`.

    `zone` is that of naive times. Power is `power_per_gpu [kW]` of each job if there, else that of the named model. A
    table of one's own is mended by its owner: a value that cannot be read is refused with its line (`DataError`).
    """
    file = Path(path)
    table = JobColumns.of(open_table(file), zone=zone, name=file.name)
    table.need(("released",), ("gpus",), ("duration", "work"))
    released_s = table.times_s("released")
    gpus = table.whole("gpus", 1)
    duration_s, _ = table.run_s(gpus)
    columns: dict[str, object] = {
        "line": np.arange(2, len(gpus) + 2),
        "id": table.ids().astype(str),
        "submitted_s": (table.times_s("submitted") if table.has("submitted") else released_s).astype(np.float64),
        "duration_s": duration_s.astype(np.float64),
        "gpus": gpus.astype(np.float64),
    }
    for name in ("user", "kind"):
        code, known = table.names(name)
        columns[name] = np.array(known, dtype=object)[code] if table.has(name) else [None] * len(gpus)
    if table.has("preemptible"):
        columns["preemptible"] = table.flags("preemptible")
    if table.has("due") or table.has("slack"):
        columns["due_s"] = table.due_s(released_s, duration_s).astype(np.float64)
    if table.has("data"):
        columns["data_gb"] = table.values("data")
    if table.has(_KW):
        columns["power_given_kw"] = table.values(_KW) * gpus
    frame = pl.DataFrame(columns).with_columns(
        pl.col("user", "kind").cast(pl.String),
        pl.lit("completed", dtype=STATE_TYPE).alias("state"),
        *(pl.lit(None, dtype=pl.Float64).alias(name) for name in ("started_s", "ended_s", "cpus")),
        pl.lit(None, dtype=pl.String).alias("fault"),
    )
    base = f"local times of {zone}" if zone else "times with their offset from UTC"
    origin = Origin("table", f"{file.name}: a table of one's own", base, absolute=True)
    return settle([frame.lazy()], origin, power_model(power))


def _recognises(head: Head) -> bool:
    names = {_name(header) for header in head.columns()}
    return {"released", "gpus"} <= names <= set(JOB_COLUMNS) and bool(names & {"duration", "work"})


def _name(header: str) -> str:
    try:
        return split_header(header)[0]
    except UnitError:
        return header.strip()


FORMAT = Format("table", "a table of one's own, units in the headers", read, _recognises, "naive", "one's own")
