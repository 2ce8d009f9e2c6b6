"""Slurm accounting: `sacct -P` (a table with pipes) and `sacct --json`.

Columns are those of `sacct --format`, in any order and case. One row per job: steps (`.batch`, `.extern`, `.0`) are
part of their job and left out; tasks of an array (`123_4`) and components of a heterogeneous job (`123+0`) are jobs of
their own, as Slurm schedules them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from suandian.adapters.timestamps import check_zone
from suandian.adapters.traces.cells import UNKNOWN, Cells
from suandian.adapters.traces.delimited import Delimited, delimited
from suandian.adapters.traces.entries import Gathered, as_dict, as_list, entries, number_of
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, settle
from suandian.adapters.traces.states import SLURM_STATES
from suandian.adapters.traces.text import Truncated
from suandian.adapters.traces.tres import cpus_of, gpus_of, tres_counts
from suandian.model.records import JobRecords
from suandian.quantity.errors import DataError

__all__ = ["FORMAT", "read"]

_ADVICE = "ask for them: sacct -a -P --format=JobID,User,Partition,State,Submit,Start,End,Elapsed,AllocTRES,AllocCPUS"


def read(
    path: str | Path,
    *,
    zone: str = "",
    power: str | PowerModel = "a100",
    truncated: Truncated = "refuse",
) -> JobRecords:
    """Jobs of `sacct`; `kind` is the partition. `zone` is that of the accounting host, needed for the naive times of
    `sacct -P` (not for `--json`, nor with `SLURM_TIME_FORMAT=%s`).

    Raises `DataError` for missing columns, naive times without a zone, or a broken file.
    """
    file = Path(path)
    if Head.of(file).is_json:
        return _read_json(file, power_model(power), truncated)
    if zone:
        check_zone(zone, file.name)
    with delimited(file, (), separator="|", quotes=False, truncated=truncated) as raw:
        table = _lower(raw)
        _check(table, file)
        if not zone and _is_naive(table):
            raise DataError(f"{file.name}: its times are local and naive; say their `zone`, e.g. Asia/Shanghai or UTC")
        rows = _rows(table, Cells(zone or "UTC"))
        base = f"local times of {zone}" if zone else "Unix seconds, or times with their offset"
        origin = Origin("slurm", f"{file.name}: Slurm accounting (sacct -P)", base, absolute=True)
        return settle(rows, origin, power_model(power), repaired=table.remarks)


def _lower(table: Delimited) -> Delimited:
    lower = tuple(name.lower() for name in table.columns)
    names = dict(zip(table.columns, lower, strict=True))
    return Delimited(lambda: (part.rename(names) for part in table.parts()), lower, table.remarks, table.is_text)


def _check(table: Delimited, file: Path) -> None:
    due = {
        "JobID": ("jobid", "jobidraw"),
        "State": ("state",),
        "Submit": ("submit",),
        "Start": ("start",),
        "Elapsed, ElapsedRaw or End": ("elapsed", "elapsedraw", "end"),
        "AllocTRES, AllocCPUS or NCPUS": ("alloctres", "alloccpus", "ncpus", "reqtres", "reqcpus"),
    }
    missing = [name for name, choices in due.items() if not table.first(*choices)]
    if missing:
        raise DataError(f"{file.name}: no column {'; '.join(missing)}; {_ADVICE}")


def _is_naive(table: Delimited) -> bool:
    times = pl.col("submit").filter(pl.col("submit").str.contains(r"^\d{4}-"))
    firsts = (part.select(times.head(1)).collect() for part in table.parts())
    first = next((found for found in firsts if len(found)), None)
    return first is not None and not bool(first["submit"].str.contains(r"(?:Z|[+-]\d{2}:?\d{2})\s*$")[0])


def _rows(table: Delimited, cells: Cells) -> Iterator[pl.LazyFrame]:
    def text(*names: str) -> pl.Expr:
        name = table.first(*names)
        return cells.text(name) if name else pl.lit(None, dtype=pl.String)

    def number(*names: str) -> pl.Expr:
        found = [cells.number(name) for name in names if table.has(name)]
        return pl.coalesce(found) if found else pl.lit(None, dtype=pl.Float64)

    if table.has("elapsedraw"):
        run_s = cells.number("elapsedraw")
    elif table.has("elapsed"):
        run_s = cells.elapsed_s("elapsed")
    else:
        run_s = pl.lit(None, dtype=pl.Float64)
    name = table.first("jobid", "jobidraw")
    step = pl.col(name).str.contains(".", literal=True)
    cells.faults.insert(0, pl.when(step).then(pl.lit("job step, part of its job\x1f") + pl.col(name)))
    granted = [pl.col(name) for name in ("alloctres", "allocgres") if table.has(name)]
    asked = [pl.col(name) for name in ("reqtres", "reqgres") if table.has(name)]
    none = pl.lit(None, dtype=pl.Float64)
    return table.rows(
        cells,
        state_from="state",
        id=text("jobid", "jobidraw"),
        user=text("user", "uid"),
        kind=text("partition", "qos"),
        state=cells.state("state", SLURM_STATES),
        submitted_s=cells.instant_s("submit"),
        started_s=cells.instant_s("start"),
        ended_s=cells.instant_s("end") if table.has("end") else none,
        duration_s=run_s,
        gpus=pl.coalesce([gpus_of(tres) for tres in granted + asked] or [none]),
        cpus=pl.coalesce(
            *[cpus_of(tres) for tres in granted], number("alloccpus", "ncpus"), *[cpus_of(tres) for tres in asked],
            number("reqcpus"),
        ),
    )  # fmt: skip


def _read_json(file: Path, power: PowerModel, truncated: Truncated) -> JobRecords:
    gathered = Gathered()
    with entries(file, "jobs", truncated=truncated) as found:
        for number, entry in found:
            gathered.add(number, **_job(as_dict(entry)))
        remarks = tuple(found.remarks)
    origin = Origin("slurm", f"{file.name}: Slurm accounting (sacct --json)", "Unix seconds (UTC)", absolute=True)
    return settle([gathered.frame()], origin, power, repaired=remarks)


def _job(job: Mapping[str, Any]) -> dict[str, object]:
    time, tres = as_dict(job.get("time")), as_dict(job.get("tres"))
    gpus, cpus = tres_counts(as_list(tres.get("allocated")) or as_list(tres.get("requested")))
    said = _state(job)
    state = SLURM_STATES.get(said.split(" ")[0].upper(), UNKNOWN)
    run_s = number_of(time.get("elapsed"))
    return {
        "id": _id(job),
        "user": job.get("user") or as_dict(job.get("association")).get("user") or None,
        "kind": job.get("partition") or None,
        "state": state,
        "state_said": said if state == UNKNOWN else None,
        "submitted_s": _moment_s(time.get("submission")),
        "started_s": _moment_s(time.get("start")),
        "ended_s": _moment_s(time.get("end")),
        "duration_s": run_s,
        "gpus": gpus,
        "cpus": cpus if cpus is not None else number_of(as_dict(job.get("required")).get("CPUs")),
    }


def _state(job: Mapping[str, Any]) -> str:
    """`state.current` (or `job_state`): a text, or a list whose first entry is the state and whose others are flags."""
    state = job.get("job_state")
    if state is None:
        state = as_dict(job.get("state")).get("current") or job.get("state")
    listed = as_list(state)
    return str(listed[0]) if listed else str(state or "")


def _id(job: Mapping[str, Any]) -> str | None:
    array, het = as_dict(job.get("array")), as_dict(job.get("het"))
    parent, task = number_of(array.get("job_id")), number_of(array.get("task_id"))
    if parent and task is not None:
        return f"{parent:.0f}_{task:.0f}"
    leader, offset = number_of(het.get("job_id")), number_of(het.get("job_offset"))
    if leader and offset is not None:
        return f"{leader:.0f}+{offset:.0f}"
    own = number_of(job.get("job_id"))
    return None if own is None else f"{own:.0f}"


def _moment_s(value: object) -> float | None:
    """Unix seconds; Slurm writes 0 for a time that has not come."""
    seconds = number_of(value)
    return seconds or None


def _recognises(head: Head) -> bool:
    if head.is_json:
        words = ('"tres"', '"submission"', '"association"')
        return all(word in head.text for word in words) or ('"jobs"' in head.text and '"slurm"' in head.text.lower())
    names = {name.lower() for name in head.columns("|")}
    return bool(names & {"jobid", "jobidraw"}) and {"state", "submit"} <= names


FORMAT = Format(
    "slurm",
    "Slurm accounting (sacct -P, sacct --json)",
    read,
    _recognises,
    "naive",
    "one's own cluster: `sacct -a -P` or `sacct -a --json`",
)
