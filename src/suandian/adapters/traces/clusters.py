"""Job tables of GPU clusters with one row per job: Acme (Shanghai AI Laboratory) and Helios (SenseTime)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from suandian.adapters.timestamps import check_zone
from suandian.adapters.traces.cells import Cells
from suandian.adapters.traces.delimited import delimited
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, settle
from suandian.adapters.traces.states import SLURM_STATES
from suandian.adapters.traces.text import Truncated
from suandian.model.records import JobRecords

__all__ = ["ACME", "HELIOS", "read_acme", "read_helios"]

_SHARED = ("job_id", "user", "node_num", "gpu_num", "cpu_num", "state", "submit_time", "start_time", "end_time")
_BEIJING = "Asia/Shanghai"


def read_acme(path: str | Path, *, power: str | PowerModel = "a100", truncated: Truncated = "refuse") -> JobRecords:
    """Jobs of `trace_seren.csv` or `trace_kalos.csv`; `kind` is the `type` of work.

    Times carry their offset. Run time is end less start: in Kalos, `duration` counts from the submission in many rows.
    Raises `DataError` for missing columns or a broken file.
    """
    source = "Acme trace (Q. Hu et al., NSDI 2024; CC-BY 4.0)"
    return _read(Path(path), "acme", "type", source, "times with their offset from UTC", "UTC", power, truncated)


def read_helios(
    path: str | Path, *, zone: str = _BEIJING, power: str | PowerModel = "a100", truncated: Truncated = "refuse"
) -> JobRecords:
    """Jobs of `cluster_log.csv`; `kind` is the virtual cluster, naive times are those of `zone`.

    Raises `DataError` for missing columns or a broken file.
    """
    check_zone(zone, Path(path).name)
    source = "Helios trace (Q. Hu et al., SC 2021; CC-BY 4.0)"
    return _read(Path(path), "helios", "vc", source, f"local times of {zone}", zone, power, truncated)


def _read(
    file: Path, name: str, kind: str, source: str, base: str, zone: str, power: str | PowerModel, truncated: Truncated
) -> JobRecords:
    with delimited(file, (*_SHARED, kind), truncated=truncated) as table:
        cells = Cells(zone)
        rows = table.rows(
            cells,
            state_from="state",
            id=cells.text("job_id"),
            user=cells.text("user"),
            kind=cells.text(kind),
            state=cells.state("state", SLURM_STATES),
            submitted_s=cells.instant_s("submit_time"),
            started_s=cells.instant_s("start_time"),
            ended_s=cells.instant_s("end_time"),
            duration_s=cells.number("duration") if table.has("duration") else pl.lit(None, dtype=pl.Float64),
            gpus=cells.number("gpu_num"),
            cpus=cells.number("cpu_num"),
        )
        origin = Origin(name, f"{file.name}: {source}", base, absolute=True)
        return settle(rows, origin, power_model(power), repaired=table.remarks, times_win=True)


def _is_acme(head: Head) -> bool:
    return head.has(*_SHARED, "type") and not head.has("vc")


def _is_helios(head: Head) -> bool:
    return head.has(*_SHARED, "vc") and not head.has("type")


ACME = Format(
    "acme",
    "job tables of the Acme trace",
    read_acme,
    _is_acme,
    "absolute",
    "https://github.com/InternLM/AcmeTrace, CC-BY 4.0",
)
HELIOS = Format(
    "helios",
    "job tables of the Helios trace",
    read_helios,
    _is_helios,
    "absolute",
    "https://github.com/S-Lab-System-Group/HeliosData, CC-BY 4.0",
)
