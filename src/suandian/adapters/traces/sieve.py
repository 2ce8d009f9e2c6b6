"""From the rows of a trace to `JobRecords`: one order of rules for every format; whatever they mend or drop is told.

The rules, in their order:

1. a value that cannot be read, or a line with too few or too many fields: dropped
2. no id: numbered after its line; an unknown end state: kept as completed, and said
3. end before start, negative run time, no run time (never ran, still running): dropped
4. no submission time: its start; start before submission: submission set to the start
5. negative widths, or neither GPU nor CPU: dropped; a part of a GPU occupies a GPU and draws its part of the power
6. the same run twice: once; one id with several runs: each kept, numbered `#2`, `#3` …
7. rows out of order: sorted by submission

Jobs wider than any site are kept: whether they fit is for the study to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.traces.cells import STATE_TYPE, UNKNOWN
from suandian.adapters.traces.power import PowerModel
from suandian.model.records import JobRecords, Remark

__all__ = ["Origin", "Sieve", "Tally", "settle"]

_SPLIT = "\x1f"
_EXAMPLE_LENGTH = 80
#: A run above a hundred years, or a time beyond the year 2200, is a slip of the pen. D (engineering default).
_LONGEST_S = 3.2e9
_LATEST_S = 7.26e9
_MOST_GPUS = 2**31 - 1
_KEPT: Mapping[str, Any] = {
    "line": pl.UInt32,
    "id": pl.String,
    "user": pl.String,
    "kind": pl.String,
    "state": STATE_TYPE,
    "submitted_s": pl.Int64,
    "started_s": pl.Int64,
    "duration_s": pl.Int64,
    "gpus": pl.Int32,
    "cpus": pl.Float64,
    "power_kw": pl.Float64,
}
_OPTIONAL: Mapping[str, Any] = {
    "due_s": pl.Int64,
    "preemptible": pl.Boolean,
    "latency_max_ms": pl.Float64,
    "data_gb": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What a reader says of its records: see the fields of `JobRecords`."""

    format: str
    source: str
    time_base: str
    absolute: bool


class Tally:
    """What was mended and dropped so far, by reason: the counts of all parts, the place of the first."""

    def __init__(self) -> None:
        self.repaired: dict[str, Remark] = {}
        self.dropped: dict[str, Remark] = {}

    @staticmethod
    def add(told: dict[str, Remark], remark: Remark) -> None:
        """One more remark; the first place and example of a reason stay."""
        seen = told.get(remark.reason)
        first = remark if seen is None else seen
        count = remark.count + (0 if seen is None else seen.count)
        told[remark.reason] = Remark(remark.reason, count, first.line, first.example)


class Sieve:
    """Rows under inspection: `drop` and `mend` tell what they did, with the first line and an example."""

    def __init__(self, frame: pl.DataFrame, tally: Tally) -> None:
        self.frame = frame
        self.tally = tally

    def drop(self, where: pl.Expr, reason: str, example: pl.Expr | None = None) -> None:
        """Leave out the rows `where`."""
        mask = self._told(self.tally.dropped, where, reason, example)
        if mask is not None:
            self.frame = self.frame.filter(~mask)

    def mend(self, where: pl.Expr, reason: str, example: pl.Expr | None = None, **columns: pl.Expr) -> None:
        """Set `columns` in the rows `where`."""
        mask = self._told(self.tally.repaired, where, reason, example)
        if mask is not None and columns:
            self.frame = self.frame.with_columns(
                pl.when(mask).then(value).otherwise(pl.col(name)).alias(name) for name, value in columns.items()
            )

    def _told(self, told: dict[str, Remark], where: pl.Expr, reason: str, example: pl.Expr | None) -> pl.Series | None:
        mask = self.frame.select(where.fill_null(value=False).alias("where")).to_series()
        count = int(mask.sum())
        if not count:
            return None
        row = self.frame[int(np.argmax(mask.to_numpy()))]
        text = "" if example is None else str(row.select(example.cast(pl.String)).item() or "")
        Tally.add(told, Remark(reason, count, int(row["line"].item()), text[:_EXAMPLE_LENGTH]))
        return mask


def settle(
    parts: Iterable[pl.LazyFrame],
    origin: Origin,
    power: PowerModel,
    *,
    repaired: Iterable[Remark] = (),
    dropped: Iterable[Remark] = (),
    times_win: bool = False,
) -> JobRecords:
    """Rows → records, by the rules of the module; part by part, so that only what is kept stays in memory.

    Each part has the columns `line`, `id`, `user`, `kind`, `state` (`cells.STATE_TYPE`), `submitted_s`, `started_s`,
    `ended_s`, `duration_s`, `gpus`, `cpus` (floats, null where the record does not say), `fault` (text or null), and
    may have `mended` (what the reader mended in the row, or null), `state_said`, `power_given_kw`, `due_s`,
    `preemptible`, `latency_max_ms`, `data_gb`. `times_win`: where both are known, end less start is the run time.
    `repaired`, `dropped`: what the reader itself did, looked at after the last part; dropped rows are not in `parts`.
    """
    tally = Tally()
    kept: list[pl.DataFrame] = []
    read_count = 0
    given = False
    for part in parts:
        sieve = Sieve(part.collect(), tally)
        read_count += len(sieve.frame)
        given = given or "power_given_kw" in sieve.frame.columns
        _readable(sieve)
        _names(sieve)
        _run_times(sieve, times_win=times_win)
        _submissions(sieve)
        _widths(sieve, power)
        _mended(sieve)
        kept.append(_compact(sieve.frame))
    for told, own in ((tally.repaired, repaired), (tally.dropped, dropped)):
        for remark in own:
            Tally.add(told, remark)
            read_count += remark.count if told is tally.dropped else 0
    frame = pl.concat(kept) if kept else pl.DataFrame(schema=_KEPT)
    del kept
    whole = Sieve(frame if frame["line"].is_sorted() else frame.sort("line"), tally)
    _single_ids(whole)
    _in_order(whole)
    frame = whole.frame.with_columns(
        pl.lit(None, dtype=kind).alias(name) for name, kind in _OPTIONAL.items() if name not in whole.frame.columns
    )
    return JobRecords(
        frame=frame,
        format=origin.format,
        source=origin.source,
        time_base=origin.time_base,
        absolute=origin.absolute,
        power_model="as the record gives it" if given else power.told,
        read_count=read_count,
        repaired=tuple(tally.repaired.values()),
        dropped=tuple(tally.dropped.values()),
    )


def _compact(frame: pl.DataFrame) -> pl.DataFrame:
    """Only the columns of records, in whole seconds."""
    columns = {**_KEPT, **{name: kind for name, kind in _OPTIONAL.items() if name in frame.columns}}
    return frame.select(
        (pl.col(name).round() if name.endswith("_s") else pl.col(name)).cast(kind) for name, kind in columns.items()
    )


def _readable(sieve: Sieve) -> None:
    if sieve.frame["fault"].null_count() < len(sieve.frame):
        parts = pl.col("fault").str.split_exact(_SPLIT, 1)
        kinds = sieve.frame.select(parts.struct.field("field_0").unique()).to_series().drop_nulls().sort()
        for kind in kinds:
            sieve.drop(parts.struct.field("field_0") == kind, str(kind), parts.struct.field("field_1"))


def _names(sieve: Sieve) -> None:
    number = pl.lit("line-") + pl.col("line").cast(pl.String)
    sieve.mend(pl.col("id").is_null(), "no id: numbered after its line", id=number)


def _run_times(sieve: Sieve, *, times_win: bool) -> None:
    start_s, end_s, run_s = pl.col("started_s"), pl.col("ended_s"), pl.col("duration_s")
    length_s = end_s - start_s
    sieve.drop(length_s < 0, "ends before it starts", pl.col("id"))
    if times_win:
        differs = (length_s - run_s).abs() > 1
        reason = "run time differs from end less start; the times were taken"
        sieve.mend(differs, reason, run_s, duration_s=length_s)
    sieve.frame = sieve.frame.with_columns(run_s.fill_null(length_s))
    sieve.drop(run_s < 0, "negative run time", run_s)
    state = pl.col("state").cast(pl.String)
    waiting = state.is_in(["pending", "cancelled"])
    sieve.drop((run_s.is_null() | (run_s.round() == 0)) & waiting, "never ran", pl.col("id"))
    sieve.drop(run_s.is_null() & (state == "running"), "still running, run time unknown", pl.col("id"))
    sieve.drop(run_s.is_null(), "no run time", pl.col("id"))
    sieve.drop(run_s.round() == 0, "run time of 0 s", pl.col("id"))
    sieve.drop(run_s > _LONGEST_S, "run time above a hundred years", run_s)
    so_far = (state == "running") & pl.col("ended_s").is_null()
    sieve.mend(so_far, "still running: run time so far", pl.col("id"))
    unknown = state == UNKNOWN
    told = pl.col("state_said") if "state_said" in sieve.frame.columns else None
    completed = pl.lit("completed", dtype=sieve.frame["state"].dtype)
    sieve.mend(unknown, "unknown end state, taken as completed", told, state=completed)


def _submissions(sieve: Sieve) -> None:
    at_s, start_s = pl.col("submitted_s"), pl.col("started_s")
    sieve.drop(at_s.is_null() & start_s.is_null(), "neither submission nor start is known", pl.col("id"))
    sieve.mend(at_s.is_null(), "no submission time: its start taken", pl.col("id"), submitted_s=start_s)
    sieve.mend(
        start_s < at_s, "starts before it is submitted: submission set to the start", pl.col("id"), submitted_s=start_s
    )
    sieve.drop(at_s.abs() > _LATEST_S, "time beyond the year 2200", at_s)


def _widths(sieve: Sieve, power: PowerModel) -> None:
    gpus, cpus = pl.col("gpus"), pl.col("cpus")
    sieve.drop((gpus < 0) | (cpus < 0), "negative number of GPUs or CPUs", pl.col("id"))
    sieve.frame = sieve.frame.with_columns(gpus.fill_null(0.0), cpus.fill_null(0.0))
    sieve.drop((gpus == 0) & (cpus == 0), "neither GPU nor CPU", pl.col("id"))
    sieve.drop(gpus > _MOST_GPUS, "more GPUs than can be counted", gpus)
    modelled_kw = power.power_kw(gpus, cpus, pl.col("kind"))
    given = "power_given_kw" in sieve.frame.columns
    power_kw = pl.col("power_given_kw").fill_null(modelled_kw) if given else modelled_kw
    sieve.frame = sieve.frame.with_columns(power_kw.alias("power_kw"))
    part = gpus != gpus.ceil()
    sieve.mend(part, "part of a GPU: occupies a whole one, draws its part of the power", gpus, gpus=gpus.ceil())


def _mended(sieve: Sieve) -> None:
    if "mended" in sieve.frame.columns:
        for reason in sieve.frame["mended"].drop_nulls().unique().sort():
            sieve.mend(pl.col("mended") == reason, str(reason), pl.col("id"))


def _single_ids(sieve: Sieve) -> None:
    hashes = np.sort(sieve.frame["id"].hash().to_numpy())
    if not (hashes[1:] == hashes[:-1]).any():
        return
    run = pl.struct("id", "submitted_s", "started_s", "duration_s", "gpus", "cpus")
    twice = _among_shared(sieve.frame, ~run.is_first_distinct())
    sieve.drop(twice, "the same run stands there twice; once is enough", pl.col("id"))
    again = _among_shared(sieve.frame, ~pl.col("id").is_first_distinct())
    reason = "one id, several runs (restarted or numbered anew): each is a job, numbered #2, #3 …"
    nth = (pl.int_range(pl.len()).over("id") + 1).cast(pl.String)
    sieve.mend(again, reason, pl.col("id"), id=pl.col("id") + "#" + nth)


def _among_shared(frame: pl.DataFrame, where: pl.Expr) -> pl.Expr:
    """`where` as a mask over all rows, worked out only among rows that share their id with another."""
    shared = frame["id"].is_duplicated().to_numpy()
    mask = np.zeros(len(frame), dtype=np.bool_)
    mask[shared] = frame.filter(pl.Series(shared)).select(where).to_series().to_numpy()
    return pl.lit(pl.Series(mask))


def _in_order(sieve: Sieve) -> None:
    back = pl.col("submitted_s").diff() < 0
    sieve.mend(back, "earlier than the line before; sorted by submission", pl.col("id"))
    if not sieve.frame["submitted_s"].is_sorted():
        sieve.frame = _gathered(sieve.frame, np.argsort(sieve.frame["submitted_s"].to_numpy(), kind="stable"))


def _gathered(frame: pl.DataFrame, order: NDArray[np.int64]) -> pl.DataFrame:
    """`frame` in another order, column by column: a large table does not stand in memory twice."""
    index = pl.Series(order)
    columns = [frame.drop_in_place(name).gather(index) for name in frame.columns]
    return pl.DataFrame(columns)
