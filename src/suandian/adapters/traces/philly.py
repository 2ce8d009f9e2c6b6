"""Jobs of Microsoft's Philly clusters (`cluster_job_log`): a JSON list, each job with its attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from suandian.adapters.timestamps import check_zone
from suandian.adapters.traces.cells import UNKNOWN
from suandian.adapters.traces.entries import Gathered, as_dict, as_list, entries
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, Tally, settle
from suandian.adapters.traces.text import Truncated
from suandian.model.records import JobRecords, Remark

__all__ = ["FORMAT", "read"]

_STATES: Mapping[str, str] = {"pass": "completed", "killed": "cancelled", "failed": "failed"}
#: The log does not say its zone; the utilisation files beside it are in PST and PDT. D (engineering default).
_ZONE = "America/Los_Angeles"
_NOTHING = ("", "none", "null")


@dataclass(slots=True)
class _Run:
    """The attempts of one job taken together; GPU-hours are kept."""

    start_s: float
    end_s: float
    gpus: int = 0
    gpu_s: float = 0.0
    run_s: float = 0.0
    widths: int = 0


def read(
    path: str | Path, *, zone: str = _ZONE, power: str | PowerModel = "a100", truncated: Truncated = "refuse"
) -> JobRecords:
    """Jobs of `cluster_job_log`; `kind` is the virtual cluster, naive times are those of `zone`.

    The attempts of a job are one record: it starts with the first, is as wide as the widest, and runs as long as keeps
    the GPU-hours of all of them. Attempts without start or end are left out and counted. Raises `DataError` for a file
    that is no such JSON.
    """
    file = Path(path)
    check_zone(zone, file.name)
    gathered = Gathered()
    told: dict[str, Remark] = {}
    with entries(file, "jobs", truncated=truncated) as found:
        for number, entry in found:
            _add(gathered, number, as_dict(entry), ZoneInfo(zone), told)
        remarks = tuple(found.remarks)
    source = f"{file.name}: Philly trace (M. Jeon et al., USENIX ATC 2019)"
    base = f"local times of {zone} (the zone is D: the log does not say it)"
    repaired = [*remarks, *told.values()]
    origin = Origin("philly", source, base, absolute=True)
    return settle([gathered.frame()], origin, power_model(power), repaired=repaired)


def _add(gathered: Gathered, number: int, job: Mapping[str, Any], zone: ZoneInfo, told: dict[str, Remark]) -> None:
    name = str(job.get("jobid") or "") or None
    said = str(job.get("status") or "")
    submitted_s, fault = _seconds_s(job.get("submitted_time"), zone)
    run, running = None, False
    for index, attempt in enumerate(as_list(job.get("attempts"))):
        start_s, bad_start = _seconds_s(as_dict(attempt).get("start_time"), zone)
        end_s, bad_end = _seconds_s(as_dict(attempt).get("end_time"), zone)
        fault = fault or bad_start or bad_end
        gpus = sum(len(as_list(as_dict(place).get("gpus"))) for place in as_list(as_dict(attempt).get("detail")))
        if start_s is None or end_s is None:
            running = start_s is not None and index == len(as_list(job.get("attempts"))) - 1
            Tally.add(told, Remark("attempt without start or end, left out of its job", 1, number, name or ""))
            continue
        if end_s < start_s:
            Tally.add(told, Remark("attempt that ends before it starts, left out of its job", 1, number, name or ""))
            continue
        run = run or _Run(start_s, end_s)
        run.end_s = max(run.end_s, end_s)
        run.widths += gpus != run.gpus and run.gpus > 0
        run.gpus = max(run.gpus, gpus)
        run.gpu_s += gpus * (end_s - start_s)
        run.run_s += end_s - start_s
    state = _STATES.get(said.lower(), UNKNOWN)
    if run is not None and run.widths:
        Tally.add(
            told, Remark("attempts of different widths: the widest counts, GPU-hours are kept", 1, number, name or "")
        )
    gathered.add(
        number,
        id=name,
        user=str(job.get("user") or "") or None,
        kind=str(job.get("vc") or "") or None,
        state="running" if running and run is None else "pending" if run is None else state,
        state_said=said if state == UNKNOWN else None,
        submitted_s=submitted_s,
        started_s=None if run is None else run.start_s,
        duration_s=None if run is None else run.gpu_s / run.gpus if run.gpus else run.run_s,
        gpus=None if run is None else float(run.gpus),
        fault=fault or None,
    )


def _seconds_s(value: object, zone: ZoneInfo) -> tuple[float | None, str]:
    """UTC seconds of a naive local time, and what is wrong with it."""
    text = "" if value is None else str(value).strip()
    if text.lower() in _NOTHING:
        return None, ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None, f"a time cannot be read\x1f{text}"
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp(), ""


def _recognises(head: Head) -> bool:
    return head.is_json and '"attempts"' in head.text and '"submitted_time"' in head.text


FORMAT = Format(
    "philly",
    "job log of the Philly trace",
    read,
    _recognises,
    "absolute",
    "https://github.com/msr-fiddle/philly-traces; provided as is, with citation",
)
