"""The Standard Workload Format, version 2.2, of the Parallel Workloads Archive.

Definition: https://www.cs.huji.ac.il/labs/parallel/workload/swf.html. Header lines begin with `;`; a job is a line of
18 numbers, −1 where unknown. Times are seconds from the log's beginning, which `UnixStartTime` places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
            mended=pl.when(
                number["allocated_processors"].is_null() & number["requested_processors"].is_not_null()
            ).then(pl.lit("allocated processors unknown: those requested")),
        )
        partials = _Partials(list(text.remarks))
        zone = header.get("TimeZoneString", "")
        base = (
            f"UnixStartTime {start_s:.0f} (UTC){f', logged in {zone}' if zone else ''}"
            if start_s
            else "seconds since the log's beginning (no UnixStartTime)"
        )
        size = ", ".join(f"{name} {header[name]}" for name in ("Computer", "MaxNodes", "MaxProcs") if name in header)
        source = f"{file.name}: Standard Workload Format{f' ({size})' if size else ''}"
        origin = Origin("swf", source, base, absolute=bool(start_s))
        whole = partials.set_apart(rows)
        return settle(whole, origin, power_model(power), repaired=partials.repaired, dropped=partials.dropped)


def header_of(text: Text) -> tuple[dict[str, str], dict[int, str]]:
    """Header comments by name, and queue names by number."""
    header: dict[str, str] = {}
    queues: dict[int, str] = {}
    first = next(text.lines(), pl.LazyFrame(schema={"raw": pl.String}))
    comments = first.filter(pl.col("raw").str.strip_chars_start().str.starts_with(";"))
    for line in comments.collect()["raw"]:
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

    def parts() -> Iterator[pl.LazyFrame]:
        for lines in text.lines():
            data = lines.with_columns(plain).filter(~pl.col("raw").str.starts_with(";"))
            yield fields_of(data, FIELDS, " ")

    return Delimited(parts, FIELDS, text.remarks, is_text=True)


def _named(column: str, what: str) -> pl.Expr:
    plain = pl.col(column).str.strip_chars()
    return pl.when(plain != "-1").then(pl.lit(f"{what} ") + plain)


def _queue(queues: Mapping[int, str]) -> pl.Expr:
    number = pl.col("queue_number").str.strip_chars()
    named = number.replace_strict(
        [str(queue) for queue in queues], list(queues.values()), default=None, return_dtype=pl.String
    )
    return (named if queues else pl.lit(None, dtype=pl.String)).fill_null(_named("queue_number", "queue"))


class _Partials:
    """Partial executions out of the way: left out where the whole job has a line, else joined into one."""

    def __init__(self, repaired: list[Remark]) -> None:
        self.repaired = repaired
        self.dropped: list[Remark] = []

    def set_apart(self, rows: Iterable[pl.LazyFrame]) -> Iterator[pl.LazyFrame]:
        """The lines of whole jobs part by part, at last the joined ones."""
        apart: list[pl.DataFrame] = []
        names: list[pl.Series] = []
        for part in rows:
            frame = part.collect()
            partial = frame["status"].is_in(_PARTIAL).fill_null(value=False) & frame["fault"].is_null()
            whole = frame.filter(~partial) if partial.any() else frame
            if partial.any():
                apart.append(frame.filter(partial))
            names.append(whole["id"])
            yield whole.drop("status").lazy()
        if apart:
            parts = pl.concat(apart)
            known = parts["id"].is_in(pl.concat(names).drop_nulls().implode())
            yield self._told(parts.filter(known), parts.filter(~known)).drop("status").lazy()

    def _told(self, extra: pl.DataFrame, alone: pl.DataFrame) -> pl.DataFrame:
        """The joined jobs of `alone`."""
        self._drop("partial execution, already in the line of the whole job", extra, len(extra))
        joined = _joined(alone).select(alone.columns)
        if len(alone):
            reason = "partial executions without a line of the whole job, joined to their job"
            self.repaired.append(Remark(reason, len(joined), int(alone["line"][0]), str(alone["id"][0])))
        self._drop("further partial execution, joined to the first of its job", alone, len(alone) - len(joined))
        return joined

    def _drop(self, reason: str, frame: pl.DataFrame, count: int) -> None:
        if count:
            self.dropped.append(Remark(reason, count, int(frame["line"][0]), str(frame["id"][0])))


def _joined(parts: pl.DataFrame) -> pl.DataFrame:
    last = [pl.col(name).last() for name in ("state", "status", "state_said")]
    first = [pl.col(name).first() for name in ("line", "user", "kind", "fault", "ended_s", "gpus", "mended")]
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
