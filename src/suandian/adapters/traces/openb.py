"""Pods of Alibaba's GPU cluster trace v2023 (`openb_pod_list_*.csv`): shared and whole GPUs, by quality of service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from suandian.adapters.traces.cells import Cells
from suandian.adapters.traces.delimited import delimited
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, settle
from suandian.adapters.traces.text import Truncated
from suandian.model.records import JobRecords

__all__ = ["FORMAT", "read"]

_COLUMNS = (
    "name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "qos", "pod_phase", "creation_time", "deletion_time",
    "scheduled_time",
)  # fmt: skip
_PHASES: Mapping[str, str] = {
    "SUCCEEDED": "completed",
    "RUNNING": "running",
    "FAILED": "failed",
    "PENDING": "pending",
}
_BEST_EFFORT = "BE"


def read(path: str | Path, *, power: str | PowerModel = "a100", truncated: Truncated = "refuse") -> JobRecords:
    """Pods as jobs: `kind` is the quality of service (`LS`, `BE`, `Burstable`, `Guaranteed`); `BE` may be preempted.

    A pod with one GPU may hold a part of it (`gpu_milli`). It runs from its scheduling to its deletion; one that was
    still running when the trace was taken keeps the state `running`. Raises `DataError` for missing columns.
    """
    file = Path(path)
    with delimited(file, _COLUMNS, truncated=truncated) as table:
        cells = Cells()
        count, milli = cells.number("num_gpu"), cells.number("gpu_milli")
        qos = cells.text("qos")
        rows = table.rows(
            cells,
            state_from="pod_phase",
            id=cells.text("name"),
            kind=qos,
            state=cells.state("pod_phase", _PHASES),
            submitted_s=cells.number("creation_time"),
            started_s=cells.number("scheduled_time"),
            ended_s=cells.number("deletion_time"),
            gpus=pl.when((count == 1) & (milli > 0)).then(milli / 1000.0).otherwise(count),
            cpus=cells.number("cpu_milli") / 1000.0,
            preemptible=qos == _BEST_EFFORT,
        )
        source = f"{file.name}: Alibaba cluster-trace-gpu-v2023 (Q. Weng et al., USENIX ATC 2023)"
        origin = Origin("alibaba_gpu2023", source, "seconds since a moment that is not told", absolute=False)
        return settle(rows, origin, power_model(power), repaired=table.remarks)


def _recognises(head: Head) -> bool:
    return head.has("cpu_milli", "num_gpu", "gpu_milli", "qos", "scheduled_time")


FORMAT = Format(
    "alibaba_gpu2023",
    "pods of Alibaba's GPU trace v2023",
    read,
    _recognises,
    "relative",
    "https://github.com/alibaba/clusterdata, cluster-trace-gpu-v2023; for research, with citation",
)
