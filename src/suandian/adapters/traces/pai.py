"""Tasks of Alibaba PAI 2020 (cluster-trace-gpu-v2020): tables without header lines, plans in percent of a GPU or core.

The task table says what was planned and when it ran; the instance table says when each instance of a task ran; the job
table beside either adds the user and the time of submission. Several roles of one job (workers, parameter servers) run
side by side, so every task, or every instance, is a record of its own, named `job/task` or `job/task/instance`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import polars as pl

from suandian.adapters.traces.cells import Cells
from suandian.adapters.traces.delimited import Delimited, delimited
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, settle
from suandian.adapters.traces.text import Truncated
from suandian.model.records import JobRecords, Remark
from suandian.quantity.errors import DataError

__all__ = ["FORMAT", "INSTANCE", "JOB", "TASK", "read"]

#: Columns as in the `.header` files of the data set.
TASK = (
    "job_name", "task_name", "inst_num", "status", "start_time", "end_time", "plan_cpu", "plan_mem", "plan_gpu",
    "gpu_type",
)  # fmt: skip
INSTANCE = (
    "job_name", "task_name", "inst_name", "worker_name", "inst_id", "status", "start_time", "end_time", "machine",
)  # fmt: skip
JOB = ("job_name", "inst_id", "user", "status", "start_time", "end_time")
_STATES: Mapping[str, str] = {
    "TERMINATED": "completed",
    "FAILED": "failed",
    "RUNNING": "running",
    "WAITING": "pending",
    "INTERRUPTED": "preempted",
}
_PERCENT = 100.0
#: The README of the data set: read as Unix time in UTC+8, hours and weekdays are true, dates are not.
_BEIJING_S = 8 * 3600
_BASE = "hours and weekdays of the clock in Beijing, dates shifted by a constant that is not told"


def read(path: str | Path, *, power: str | PowerModel = "a100", truncated: Truncated = "refuse") -> JobRecords:
    """Tasks of `pai_task_table`, or instances of `pai_instance_table` (which needs the task table in its folder).

    `pai_job_table` in the same folder adds user and submission; without it, a task is submitted when it starts.
    Raises `DataError` for the job table alone, which knows no widths, and for broken files.
    """
    file = Path(path)
    with ExitStack() as stack:

        def opened(found: Path, names: tuple[str, ...]) -> Delimited:
            return stack.enter_context(delimited(found, names, headers=names, quotes=False, truncated=truncated))

        kind = _kind(file)
        jobs_file = _beside(file, "pai_job_table")
        jobs = None if jobs_file is None else opened(jobs_file, JOB)
        if kind == "task":
            tasks = opened(file, TASK)
            rows, remarks = _tasks(tasks, jobs), tasks.remarks
        else:
            tasks_file = _beside(file, "pai_task_table")
            if tasks_file is None:
                told = "the instance table" if kind == "instance" else "the job table"
                raise DataError(
                    f"{file.name}: {told} knows no GPUs; put pai_task_table.csv beside it, or read that one instead"
                )
            if kind == "job":
                raise DataError(f"{file.name}: the job table knows no GPUs; read {tasks_file.name}")
            instances = opened(file, INSTANCE)
            rows, remarks = _instances(instances, opened(tasks_file, TASK), jobs), instances.remarks
        beside = f", users and submissions from {jobs_file.name}" if jobs_file is not None else ""
        source = f"{file.name}: Alibaba cluster-trace-gpu-v2020 (Q. Weng et al., NSDI 2022; CC-BY 4.0){beside}"
        told_remarks: tuple[Remark, ...] = remarks
        return settle(rows, Origin("pai2020", source, _BASE, absolute=False), power_model(power), repaired=told_remarks)


def _tasks(tasks: Delimited, jobs: Delimited | None) -> Iterator[pl.LazyFrame]:
    cells = Cells()
    count = cells.number("inst_num").fill_null(1.0)
    rows = tasks.rows(
        cells,
        state_from="status",
        job=cells.text("job_name"),
        id=cells.text("job_name") + "/" + cells.text("task_name"),
        kind=cells.text("task_name"),
        state=cells.state("status", _STATES),
        started_s=_time_s(cells, "start_time"),
        ended_s=_time_s(cells, "end_time"),
        gpus=cells.number("plan_gpu") / _PERCENT * count,
        cpus=cells.number("plan_cpu") / _PERCENT * count,
    )
    return _submitted(rows, jobs)


def _instances(instances: Delimited, tasks: Delimited, jobs: Delimited | None) -> Iterator[pl.LazyFrame]:
    cells = Cells()
    rows = instances.rows(
        cells,
        state_from="status",
        job=cells.text("job_name"),
        task=cells.text("task_name"),
        id=cells.text("job_name") + "/" + cells.text("task_name") + "/" + cells.text("worker_name"),
        kind=cells.text("task_name"),
        state=cells.state("status", _STATES),
        started_s=_time_s(cells, "start_time"),
        ended_s=_time_s(cells, "end_time"),
    )
    plan_cells = Cells()
    plans = tasks.collected(
        job=plan_cells.text("job_name"),
        task=plan_cells.text("task_name"),
        gpus=plan_cells.number("plan_gpu") / _PERCENT,
        cpus=plan_cells.number("plan_cpu") / _PERCENT,
    ).unique(["job", "task"], keep="first", maintain_order=True)
    planned = (
        part.drop("gpus", "cpus").join(plans.lazy(), on=["job", "task"], how="left", maintain_order="left").drop("task")
        for part in rows
    )
    return _submitted(planned, jobs)


def _time_s(cells: Cells, name: str) -> pl.Expr:
    """Seconds of the clock in Beijing; 0 stands for a time that never came."""
    return cells.number(name, unknown=0) + _BEIJING_S


def _submitted(rows: Iterator[pl.LazyFrame], jobs: Delimited | None) -> Iterator[pl.LazyFrame]:
    if jobs is None:
        yield from (part.drop("job") for part in rows)
        return
    cells = Cells()
    known = jobs.collected(
        job=cells.text("job_name"), user=cells.text("user"), submitted_s=_time_s(cells, "start_time")
    ).unique("job", keep="first", maintain_order=True)
    for part in rows:
        bare = part.drop("user", "submitted_s")
        yield bare.join(known.lazy(), on="job", how="left", maintain_order="left").drop("job")


def _kind(path: Path) -> str:
    fields = _fields(Head.of(path))
    for kind, names in (("task", TASK), ("instance", INSTANCE), ("job", JOB)):
        if _fits(fields, names):
            return kind
    raise DataError(f"{path.name}: has {len(fields)} columns; due are the {len(TASK)} of pai_task_table.csv")


def _fields(head: Head) -> tuple[str, ...]:
    return head.columns()


def _fits(fields: tuple[str, ...], names: tuple[str, ...]) -> bool:
    if set(names) <= set(fields):
        return True
    place = names.index("status")
    return len(fields) == len(names) and fields[place].upper() in _STATES


def _beside(path: Path, stem: str) -> Path | None:
    for suffix in (".csv", ".csv.gz", ".tar.gz", ".parquet"):
        found = path.with_name(stem + suffix)
        if found.is_file() and found != path:
            return found
    return None


def _recognises(head: Head) -> bool:
    fields = _fields(head)
    return any(_fits(fields, names) for names in (TASK, INSTANCE, JOB))


FORMAT = Format(
    "pai2020",
    "task and instance tables of Alibaba PAI 2020",
    read,
    _recognises,
    "relative",
    "https://github.com/alibaba/clusterdata, cluster-trace-gpu-v2020, CC-BY 4.0",
)
