"""The Standard Workload Format, version 2.2, of the Parallel Workloads Archive.

Definition: https://www.cs.huji.ac.il/labs/parallel/workload/swf.html. Header lines begin with `;`; a job is a line of
18 numbers, −1 where unknown. Times are seconds from the log's beginning, which `UnixStartTime` places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from suandian.adapters.traces.cells import Cells
from suandian.adapters.traces.delimited import Delimited
from suandian.adapters.traces.formats import Format, Head
from suandian.adapters.traces.power import PowerModel, power_model
from suandian.adapters.traces.sieve import Origin, settle
from suandian.adapters.traces.text import Text, Truncated, fields_of, whole_text
from suandian.model.records import JobRecords, Remark

__all__ = ["FIELDS", "FORMAT", "header_of", "read"]

#: The 18 fields in their order.
FIELDS = (
    "job_number", "submit_time", "wait_time", "run_time", "allocated_processors", "average_cpu_time", "used_memory",
    "requested_processors", "requested_time", "requested_memory", "status", "user_id", "group_id", "executable",
    "queue_number", "partition_number", "preceding_job", "think_time",
)  # fmt: skip
#: Field 11. 2, 3 and 4 are lines of partial executions (to be continued, last and completed, last and failed).
_STATES: Mapping[str, str] = {
    "0": "failed",
    "1": "completed",
    "2": "preempted",
    "3": "completed",
    "4": "failed",
    "5": "cancelled",
}
_PARTIAL = ("2", "3", "4")
_HEADER = re.compile(r"^\s*;\s*([A-Za-z]+)\s*:\s*(.*?)\s*$")
_QUEUE = re.compile(r"^(\d+)[\s:]+(.+)$")


def read(path: str | Path, *, power: str | PowerModel = "a100", truncated: Truncated = "refuse") -> JobRecords:
    """Jobs of an SWF file; processors become `cpus`. Raises `DataError` for a file that cannot be read.

    With `UnixStartTime` the clock is absolute, else it is relative. Partial executions are not counted beside the line
    of their whole job; without such a line they are joined.
    """
    file = Path(path)
    with whole_text(file, truncated=truncated) as text:
        header, queues = header_of(text)
        start_s = _start_s(header)
        cells = Cells()
        table = _table(text)
        number = {name: cells.number(name, unknown=-1) for name in FIELDS[1:5] + FIELDS[7:8]}
        rows = table.rows(
            cells,
            state_from="status",
            id=cells.text("job_number"),
            user=_named("user_id", "user"),
            kind=_queue(queues),
            state=cells.state("status", _STATES),
            submitted_s=number["submit_time"] + start_s,
            started_s=number["submit_time"] + start_s + number["wait_time"],
            duration_s=number["run_time"],
            cpus=number["allocated_processors"].fill_null(number["requested_processors"]),
            status=pl.col("status").str.strip_chars(),
            requested=number["allocated_processors"].is_null() & number["requested_processors"].is_not_null(),
        )
        whole, repaired, dropped = _whole_jobs(rows)
        repaired = [*text.remarks, *repaired, *_requested(whole)]
        zone = header.get("TimeZoneString", "")
        base = (
            f"UnixStartTime {start_s:.0f} (UTC){f', logged in {zone}' if zone else ''}"
            if start_s
            else "seconds since the log's beginning (no UnixStartTime)"
        )
        size = ", ".join(f"{name} {header[name]}" for name in ("Computer", "MaxNodes", "MaxProcs") if name in header)
        source = f"{file.name}: Standard Workload Format{f' ({size})' if size else ''}"
        origin = Origin("swf", source, base, absolute=bool(start_s))
        frame = whole.drop("status", "requested").lazy()
        return settle(frame, origin, power_model(power), repaired=repaired, dropped=dropped)


def header_of(text: Text) -> tuple[dict[str, str], dict[int, str]]:
    """Header comments by name, and queue names by number."""
    comments = text.lines().filter(pl.col("raw").str.strip_chars_start().str.starts_with(";")).head(2000)
    header: dict[str, str] = {}
    queues: dict[int, str] = {}
    for line in comments.collect(engine="streaming")["raw"]:
        found = _HEADER.match(str(line))
        if found is None:
            continue
        name, value = found.groups()
        queue = _QUEUE.match(value) if name == "Queue" else None
        if queue is not None:
            queues[int(queue[1])] = queue[2].split()[0]
        else:
            header.setdefault(name, value)
    return header, queues


def _start_s(header: Mapping[str, str]) -> float:
    value = header.get("UnixStartTime", "").split()
    return float(value[0]) if value and re.fullmatch(r"\d{6,11}", value[0]) else 0.0


def _table(text: Text) -> Delimited:
    plain = pl.col("raw").str.strip_chars().str.replace_all(r"\s+", " ")
    lines = text.lines().with_columns(plain).filter(~pl.col("raw").str.starts_with(";"))
    return Delimited(fields_of(lines, FIELDS, " "), FIELDS, text.remarks, is_text=True)


def _named(column: str, what: str) -> pl.Expr:
    plain = pl.col(column).str.strip_chars()
    return pl.when(plain != "-1").then(pl.lit(f"{what} ") + plain)


def _queue(queues: Mapping[int, str]) -> pl.Expr:
    number = pl.col("queue_number").str.strip_chars()
    named = number.replace_strict(
        [str(queue) for queue in queues], list(queues.values()), default=None, return_dtype=pl.String
    )
    return (named if queues else pl.lit(None, dtype=pl.String)).fill_null(_named("queue_number", "queue"))


def _requested(frame: pl.DataFrame) -> list[Remark]:
    asked = frame.filter("requested")
    if not len(asked):
        return []
    return [Remark("allocated processors unknown: those requested", len(asked), int(asked["line"][0]), asked["id"][0])]


def _whole_jobs(rows: pl.LazyFrame) -> tuple[pl.DataFrame, list[Remark], list[Remark]]:
    """Partial executions out of the way: left out where the whole job has a line, else joined into one."""
    frame = rows.collect(engine="streaming")
    partial = frame["status"].is_in(_PARTIAL).fill_null(value=False) & frame["fault"].is_null()
    if not partial.any():
        return frame, [], []
    whole, parts = frame.filter(~partial), frame.filter(partial)
    known = parts["id"].is_in(whole["id"].drop_nulls().implode())
    extra, alone = parts.filter(known), parts.filter(~known)
    dropped, repaired = [], []
    if len(extra):
        reason = "partial execution, already in the line of the whole job"
        dropped.append(Remark(reason, len(extra), int(extra["line"][0]), str(extra["id"][0])))
    if len(alone):
        joined = _joined(alone)
        reason = "partial executions without a line of the whole job, joined to their job"
        repaired.append(Remark(reason, len(joined), int(alone["line"][0]), str(alone["id"][0])))
        if len(alone) > len(joined):
            reason = "further partial execution, joined to the first of its job"
            dropped.append(Remark(reason, len(alone) - len(joined), int(alone["line"][0]), str(alone["id"][0])))
        whole = pl.concat([whole, joined.select(whole.columns)]).sort("line")
    return whole, repaired, dropped


def _joined(parts: pl.DataFrame) -> pl.DataFrame:
    last = [pl.col(name).last() for name in ("state", "status", "state_said")]
    first = [pl.col(name).first() for name in ("line", "user", "kind", "fault", "ended_s", "gpus", "requested")]
    numbers = [pl.col("submitted_s").min(), pl.col("started_s").min(), pl.col("duration_s").sum(), pl.col("cpus").max()]
    return parts.group_by("id", maintain_order=True).agg(*first, *numbers, *last)


def _recognises(head: Head) -> bool:
    data = [line for line in head.lines[:-1] or head.lines if not line.lstrip().startswith(";")]
    if not data:
        return any(line.lstrip().startswith("; UnixStartTime") for line in head.lines)
    return all(len(line.split()) == len(FIELDS) for line in data[:20])


FORMAT = Format(
    "swf",
    "Standard Workload Format 2.2",
    read,
    _recognises,
    "absolute",
    "Parallel Workloads Archive, https://www.cs.huji.ac.il/labs/parallel/workload; terms stand with each log",
)
