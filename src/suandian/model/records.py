"""What operators keep of their work: job records as columns, and what was repaired or dropped on the way in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.quantity.errors import DataError

__all__ = ["STATES", "JobRecords", "Remark"]

#: Normalised end states of a job.
STATES: tuple[str, ...] = ("completed", "failed", "cancelled", "timeout", "preempted", "running", "pending")

#: Columns of `JobRecords.frame` → type. Null means: the record does not say.
_SCHEMA: Mapping[str, Any] = {
    "id": pl.String,
    "user": pl.String,
    "kind": pl.String,
    "state": pl.String,
    "submitted_s": pl.Int64,
    "started_s": pl.Int64,
    "duration_s": pl.Int64,
    "gpus": pl.Int32,
    "cpus": pl.Float64,
    "power_kw": pl.Float64,
    "due_s": pl.Int64,
    "preemptible": pl.Boolean,
    "latency_max_ms": pl.Float64,
    "data_gb": pl.Float64,
}
_NEVER_NULL = ("id", "state", "submitted_s", "duration_s", "gpus", "cpus", "power_kw")


@dataclass(frozen=True, slots=True)
class Remark:
    """One kind of repair or refusal: how many rows, and where the first of them stands in the file.

    `line` counts from 1 with the header; for JSON it is the number of the entry. 0 where no place can be named.
    """

    reason: str
    count: int
    line: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class JobRecords:
    """Jobs as an operator recorded them, one row each, ordered by submission; nothing is added to them but power.

    frame       columns of `_SCHEMA`: `id`, `user`, `kind` (job type, queue or class as the record calls it), `state`,
                `submitted_s`, `started_s` (Unix seconds), `duration_s` (run time, above 0), `gpus`, `cpus`, `power_kw`
                (IT power of the whole job above idle, by `power_model`), and where the record says so `due_s`,
                `preemptible`, `latency_max_ms`, `data_gb`
    format      name of the reader; `source` says what was read and under which licence
    time_base   where the clock of the record begins, in words; `absolute` is False for synthetic or relative clocks,
                whose first second is taken as 1970-01-01T00:00Z
    power_model name and figures of the model that gave `power_kw`
    read_count  rows in the file; kept + dropped rows
    repaired, dropped   what was mended, and what was left out, by reason

    Raises `DataError` for missing columns, nulls where none may be, or rows out of order.
    """

    frame: pl.DataFrame
    format: str
    source: str
    time_base: str
    absolute: bool
    power_model: str
    read_count: int
    repaired: tuple[Remark, ...] = field(default=())
    dropped: tuple[Remark, ...] = field(default=())

    def __post_init__(self) -> None:
        missing = [name for name in _SCHEMA if name not in self.frame.columns]
        if missing:
            raise DataError(f"{self.format}: job records lack the columns {', '.join(missing)}")
        frame = self.frame.select(pl.col(name).cast(kind) for name, kind in _SCHEMA.items())
        for name in _NEVER_NULL:
            if frame[name].null_count():
                raise DataError(f"{self.format}: {name} is empty in {frame[name].null_count()} rows")
        unknown = sorted(set(frame["state"].unique().to_list()) - set(STATES))
        if unknown:
            raise DataError(f"{self.format}: unknown states {', '.join(unknown)}; there are {', '.join(STATES)}")
        if len(frame) and (np.diff(frame["submitted_s"].to_numpy()) < 0).any():
            raise DataError(f"{self.format}: records must be ordered by submission")
        object.__setattr__(self, "frame", frame)

    def __len__(self) -> int:
        return len(self.frame)

    def column(self, name: str) -> NDArray[Any]:
        """One column as an array, shape `(jobs,)`; nulls of numbers become NaN."""
        values: NDArray[Any] = self.frame[name].to_numpy()
        return values

    def to_dict(self) -> dict[str, object]:
        """What was read, kept, repaired and dropped, for `--json`."""

        def told(remarks: tuple[Remark, ...]) -> list[dict[str, object]]:
            return [{"reason": r.reason, "count": r.count, "line": r.line, "example": r.example} for r in remarks]

        return {
            "format": self.format,
            "source": self.source,
            "time_base": self.time_base,
            "power_model": self.power_model,
            "read": self.read_count,
            "kept": len(self),
            "repaired": told(self.repaired),
            "dropped": told(self.dropped),
        }
