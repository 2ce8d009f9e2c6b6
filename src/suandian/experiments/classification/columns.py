"""One form for whatever brings work: an operator's records, a table of jobs, the streams of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.flexibility.rules import RuleTable
from suandian.model.records import JobRecords
from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError

__all__ = ["Delay", "WorkColumns", "from_job_table", "from_records"]

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Delay:
    """What the user says about the permitted delay of work without a stated deadline; both None: the rule table.

    delay_h     slack of every such job; delay_ratio: slack as a multiple of its run time; factor_ratio scales assumed
                slack (1: as assumed), for the sensitivity.
    """

    delay_h: float | None = None
    delay_ratio: float | None = None
    factor_ratio: float = 1.0

    def __post_init__(self) -> None:
        if self.delay_h is not None and self.delay_ratio is not None:
            raise DataError("a permitted delay is given in hours or as a multiple of the run time, not both")
        for value in (self.delay_h, self.delay_ratio, self.factor_ratio):
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise DataError(f"a permitted delay of {value} makes no sense; write a number of 0 or more")


@dataclass(frozen=True, slots=True, eq=False)
class WorkColumns:
    """Jobs as columns `(jobs,)`, ordered by release; NaN (or −1) where nothing is known.

    unit_count, unit       GPUs of a job (or CPU cores where the records know no GPUs), and which of the two
    slack_source       `stated` (a deadline), `assumed` (rule table) or `user` (given on the command line)
    delay_row          row of the assumption table, −1 where not used
    may_move           1 consent, 0 none, −1 not stated
    preemptible_stated  does the record say so, or is it assumed?
    """

    id: NDArray[np.str_]
    kind: NDArray[np.str_]
    group: NDArray[np.str_]
    released_s: NDArray[np.int64]
    duration_s: NDArray[np.int64]
    slack_h: NDArray[np.float64]
    slack_source: NDArray[np.str_]
    delay_row: NDArray[np.int64]
    unit_count: NDArray[np.float64]
    unit: str
    power_mw: NDArray[np.float64]
    preemptible: NDArray[np.bool_]
    preemptible_stated: NDArray[np.bool_]
    checkpoint_h: NDArray[np.float64]
    latency_max_ms: NDArray[np.float64]
    data_gb: NDArray[np.float64]
    may_move: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.id)

    @property
    def run_h(self) -> NDArray[np.float64]:
        return self.duration_s / _HOUR_S

    @property
    def energy_mwh(self) -> NDArray[np.float64]:
        """IT energy above idle, `(jobs,)`."""
        return self.power_mw * self.run_h

    @property
    def work_unit_h(self) -> NDArray[np.float64]:
        """GPU-hours (or CPU-hours), `(jobs,)`."""
        return self.unit_count * self.run_h

    def shifted(self, by_s: int) -> WorkColumns:
        """The same work `by_s` seconds later."""
        return replace(self, released_s=self.released_s + by_s)

    def with_slack(self, factor_ratio: float) -> NDArray[np.float64]:
        """Slack in hours if what is assumed (or given by the user) were `factor_ratio` times as much."""
        return np.where(self.slack_source == "stated", self.slack_h, self.slack_h * factor_ratio)


def from_records(records: JobRecords, rules: RuleTable, delay: Delay) -> WorkColumns:
    """Records with what they do not say filled from the rule table, each filling marked.

    Raises `DataError` for records without a row, or in which no job draws any power.
    """
    if not len(records):
        raise DataError(
            f"{records.format}: no job is left of {records.read_count} rows read; "
            + (
                "; ".join(f"{remark.count} dropped: {remark.reason}" for remark in records.dropped)
                or "the file is empty"
            )
        )
    frame = records.frame
    power_mw = records.column("power_kw") / 1000.0
    if not (power_mw > 0).any():
        raise DataError(
            f"{records.format}: every job draws 0 kW, so there is no energy to classify; choose another power model "
            f"(this one: {records.power_model})"
        )
    gpus = records.column("gpus").astype(np.float64)
    by_gpu = bool((gpus > 0).any())
    kind = frame["kind"].fill_null("").to_numpy().astype(str)
    due_s = frame["due_s"].cast(float).fill_null(np.nan).to_numpy()
    stated = np.isfinite(due_s)
    released_s, duration_s = records.column("submitted_s"), records.column("duration_s")
    flag = frame["preemptible"].to_numpy()
    preemptible_stated = frame["preemptible"].is_not_null().to_numpy()
    data_gb = frame["data_gb"].cast(float).fill_null(np.nan).to_numpy()
    latency_max_ms = frame["latency_max_ms"].cast(float).fill_null(np.nan).to_numpy()
    return _filled(
        rules,
        delay,
        id=frame["id"].to_numpy().astype(str),
        kind=kind,
        released_s=released_s,
        duration_s=duration_s,
        stated_slack_h=np.maximum(np.where(stated, due_s - released_s - duration_s, np.nan) / _HOUR_S, 0.0),
        unit_count=gpus if by_gpu else records.column("cpus"),
        unit="GPU" if by_gpu else "CPU",
        power_mw=power_mw,
        preemptible=np.where(preemptible_stated, flag, False).astype(np.bool_),
        preemptible_stated=preemptible_stated,
        checkpoint_h=np.full(len(records), np.nan),
        latency_max_ms=latency_max_ms,
        data_gb=data_gb,
        may_move=np.full(len(records), -1, dtype=np.int8),
    )


def from_job_table(jobs: JobTable, rules: RuleTable, delay: Delay) -> WorkColumns:
    """A study's jobs: deadline, pause, data volume and permitted sites are all stated."""
    if not len(jobs):
        raise DataError("the table holds no jobs; nothing can be classified")
    if not (jobs.power_per_gpu_kw > 0).any():
        raise DataError("every job draws 0 kW, so there is no energy to classify; give power_per_gpu_kw")
    names = np.array(jobs.kind_names)
    movable = (jobs.sites_allowed & (jobs.sites_allowed - np.uint64(1))) != 0
    return _filled(
        rules,
        delay,
        id=jobs.id.astype(str),
        kind=names[jobs.kind].astype(str) if len(names) else np.full(len(jobs), ""),
        released_s=jobs.released_s,
        duration_s=jobs.duration_s,
        stated_slack_h=jobs.slack_h,
        unit_count=jobs.gpus_max.astype(np.float64),
        unit="GPU",
        power_mw=jobs.power_per_gpu_kw * jobs.gpus_max / 1000.0,
        preemptible=jobs.preemptible,
        preemptible_stated=np.ones(len(jobs), dtype=np.bool_),
        checkpoint_h=jobs.checkpoint_h,
        latency_max_ms=np.full(len(jobs), np.nan),
        data_gb=jobs.data_gb,
        may_move=movable.astype(np.int8),
    )


def _filled(
    rules: RuleTable, delay: Delay, *, stated_slack_h: NDArray[np.float64], unit: str, **columns: NDArray[Any]
) -> WorkColumns:
    """What the record does not say is taken from the rule table."""
    kinds, row = np.unique(columns["kind"], return_inverse=True)
    group = np.array([rules.group_of(str(kind)) for kind in kinds])[row]
    run_h = columns["duration_s"] / _HOUR_S
    assumed_h, pausable, delay_row = rules.assume_delay(group, run_h)
    stated = np.isfinite(stated_slack_h)
    # Whoever states a latency bound waits for the answer.
    assumed_h = np.where(np.isfinite(columns["latency_max_ms"]), 0.0, assumed_h)
    waits = assumed_h > 0
    given = stated | ~waits
    source = np.where(stated, "stated", "assumed")
    if delay.delay_h is not None or delay.delay_ratio is not None:
        own_h = np.full(len(run_h), delay.delay_h) if delay.delay_h is not None else run_h * (delay.delay_ratio or 0.0)
        assumed_h = np.where(waits, own_h, assumed_h)
        source = np.where(given, source, "user")
        delay_row = np.where(given, delay_row, -1)
    slack_h = np.where(stated, stated_slack_h, assumed_h * delay.factor_ratio)
    checkpoint_h = columns.pop("checkpoint_h")
    stated_pause = columns["preemptible_stated"]
    return WorkColumns(
        group=group,
        slack_h=slack_h,
        slack_source=source,
        delay_row=np.where(stated, -1, delay_row),
        unit=unit,
        preemptible=np.where(stated_pause, columns.pop("preemptible"), pausable),
        checkpoint_h=np.where(np.isfinite(checkpoint_h), checkpoint_h, np.minimum(rules.figure("checkpoint_h"), run_h)),
        **columns,
    )


def peak_units(released_s: NDArray[np.int64], duration_s: NDArray[np.int64], amount: Sequence[float]) -> float:
    """Highest sum of `amount` over jobs that run at one time, each from its release."""
    times = np.concatenate((released_s + duration_s, released_s))
    change = np.concatenate((-np.asarray(amount), np.asarray(amount)))
    order = np.lexsort((change, times))  # ends before starts at one instant
    return float(np.cumsum(change[order]).max(initial=0.0))
