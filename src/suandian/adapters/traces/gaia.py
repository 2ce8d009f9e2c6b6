"""Batch jobs sampled by the authors of GAIA over one synthetic year: `arrival_time` (h), `length` (h), `cpus`."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from suandian.adapters.traces.cells import STATE_TYPE, Cells
from suandian.adapters.traces.delimited import delimited
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, settle
from suandian.adapters.traces.text import Truncated
from suandian.model.records import JobRecords

__all__ = ["FORMAT", "read"]

_COLUMNS = ("arrival_time", "length", "cpus")
_YEAR_H = 8760.0
_HOUR_S = 3600.0
_SOURCE = (
    "sample of the GAIA authors (MIT) from Alibaba PAI 2020 or Azure 2020 (CC-BY 4.0), over one synthetic year: no "
    "daily cycle, lengths cut at 72 h, time base resampled"
)


def read(path: str | Path, *, power: str | PowerModel = "a100", truncated: Truncated = "refuse") -> JobRecords:
    """Jobs of a GAIA sample; `cpus` stay CPUs. Raises `DataError` for missing columns or a broken file."""
    file = Path(path)
    with delimited(file, _COLUMNS, truncated=truncated) as table:
        cells = Cells()
        arrival_h = cells.number("arrival_time")
        outside = (arrival_h < 0) | (arrival_h >= _YEAR_H)
        told = pl.lit("arrival outside of the synthetic year\x1f") + pl.col("arrival_time")
        cells.faults.append(pl.when(outside).then(told))
        cpus = cells.number("cpus")
        cells.faults.append(pl.when(cpus < 1).then(pl.lit("less than one CPU\x1f") + pl.col("cpus")))
        rows = table.rows(
            cells,
            state=pl.lit("completed", dtype=STATE_TYPE),
            submitted_s=arrival_h * _HOUR_S,
            duration_s=cells.number("length") * _HOUR_S,
            cpus=cpus,
            id=(pl.col("line") - 1).cast(pl.String),
        )
        origin = Origin("gaia", f"{file.name}: {_SOURCE}", "hours since the start of a synthetic year", absolute=False)
        return settle(rows, origin, power_model(power), repaired=table.remarks)


def _recognises(head: Head) -> bool:
    return set(head.columns()) == set(_COLUMNS)


FORMAT = Format(
    "gaia", "GAIA samples of batch traces", read, _recognises, "relative", "GAIA authors (MIT), data CC-BY 4.0"
)
