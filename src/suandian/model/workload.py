"""Computing work: jobs (columns), the flexibility classes they fall into, and interactive streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError

__all__ = ["FLEXIBILITY_LABELS", "FULL_PACE", "GEARS_MAX", "KINDS", "ClassTable", "JobTable", "Pace", "Stream"]

#: F0 must run now … F5 may wait for days (docs/explanation/flexibility.md).
FLEXIBILITY_LABELS: tuple[str, ...] = ("F0", "F1", "F2", "F3", "F4", "F5")

#: Kinds of work that the shipped generators know. A JobTable may carry any other names.
KINDS: tuple[str, ...] = ("analytics", "batch", "rendering", "simulation", "fine_tuning", "training", "backup")

_JOB_DTYPES: Mapping[str, type] = {
    "id": np.int64,
    "user": np.int32,
    "kind": np.int16,
    "contract": np.int16,
    "submitted_s": np.int64,
    "released_s": np.int64,
    "due_s": np.int64,
    "work_gpu_h": np.float64,
    "gpus_min": np.int32,
    "gpus_max": np.int32,
    "power_per_gpu_kw": np.float64,
    "preemptible": np.bool_,
    "checkpoint_h": np.float64,
    "home": np.int16,
    "sites_allowed": np.uint64,
    "data_gb": np.float64,
    "pace": np.int16,
    "checkpoint_every_h": np.float64,
    "interruptions_max": np.int16,
}
#: Columns that may be left out, and what then holds for every job.
_DEFAULTS: Mapping[str, float] = {"pace": 0, "checkpoint_every_h": 0.0, "interruptions_max": 32_767}

#: A job event names its gear in three bits.
GEARS_MAX = 8


@dataclass(frozen=True, slots=True)
class Pace:
    """How a job may be slowed instead of paused: gears from full speed (gear 0) down, each a row of three shares.

    gpu_ratio     share of the job's `gpus_max` that it uses (elastic jobs); held are whole GPUs, rounded up
    power_ratio   power above idle of this share, relative to full power (capped: less; fewer but busier: more):
                  a job draws `gpu_ratio · power_ratio` of its full power, however many GPUs it holds
    speed_ratio   throughput as a share of full throughput

    Gear 0 is (1, 1, 1). GPUs and job power do not rise from gear to gear, and speed falls.
    Raises `ValueError` where they do, beyond `GEARS_MAX` gears, or for shares of GPUs or speed outside 0…1.
    """

    id: str
    gpu_ratio: tuple[float, ...] = (1.0,)
    power_ratio: tuple[float, ...] = (1.0,)
    speed_ratio: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        columns = (self.gpu_ratio, self.power_ratio, self.speed_ratio)
        if len({len(column) for column in columns}) != 1 or not 1 <= len(self.speed_ratio) <= GEARS_MAX:
            raise ValueError(f"pace {self.id}: 1 to {GEARS_MAX} gears with three shares each are needed")
        inside = all(0 < share <= 1 for share in (*self.gpu_ratio, *self.speed_ratio)) and min(self.power_ratio) > 0
        if any(column[0] != 1.0 for column in columns) or not inside:
            raise ValueError(f"pace {self.id}: gear 0 is full speed, and shares lie in 0…1")
        drawn = [gpus * power for gpus, power in zip(self.gpu_ratio, self.power_ratio, strict=True)]
        for column in (self.gpu_ratio, drawn):
            if any(later > earlier for earlier, later in pairwise(column)):
                raise ValueError(f"pace {self.id}: GPUs and power must not rise from gear to gear")
        if any(later >= earlier for earlier, later in pairwise(self.speed_ratio)):
            raise ValueError(f"pace {self.id}: each gear must be slower than the one before")

    @property
    def gears(self) -> int:
        return len(self.speed_ratio)


#: The pace of jobs that only run at full speed.
FULL_PACE = Pace("full")


@dataclass(frozen=True, slots=True, eq=False)
class JobTable:
    """Jobs as columns of one length, ordered by `released_s`.

    Times are Unix seconds (UTC). `work_gpu_h` is the work at `gpus_max` GPUs without interruption, so an
    uninterrupted run takes `work_gpu_h / gpus_max` hours. `power_per_gpu_kw` is the power a busy GPU draws
    *above idle*, server share included. `home` is the index of the site where the job was submitted,
    `sites_allowed` a bit mask over site indices. `checkpoint_h` is run time lost by each pause.
    `user`, `kind` and `contract` index into `user_names`, `kind_names`, `contract_ids`, and `pace` into `paces`: how
    the job may be slowed (0, full speed only, if left out). `checkpoint_every_h` is the run time between two
    checkpoints: a pause loses what has run since the last one (0: a checkpoint is written when the pause comes).
    `interruptions_max` is how often the job may be paused. `data_gb` has to be there before the job runs elsewhere.

    Raises `DataError` naming the column and the first bad row.
    """

    id: NDArray[np.int64]
    user: NDArray[np.int32]
    kind: NDArray[np.int16]
    contract: NDArray[np.int16]
    submitted_s: NDArray[np.int64]
    released_s: NDArray[np.int64]
    due_s: NDArray[np.int64]
    work_gpu_h: NDArray[np.float64]
    gpus_min: NDArray[np.int32]
    gpus_max: NDArray[np.int32]
    power_per_gpu_kw: NDArray[np.float64]
    preemptible: NDArray[np.bool_]
    checkpoint_h: NDArray[np.float64]
    home: NDArray[np.int16]
    sites_allowed: NDArray[np.uint64]
    data_gb: NDArray[np.float64]
    pace: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    checkpoint_every_h: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    interruptions_max: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    user_names: tuple[str, ...] = ()
    kind_names: tuple[str, ...] = KINDS
    contract_ids: tuple[str, ...] = ()
    paces: tuple[Pace, ...] = (FULL_PACE,)

    def __post_init__(self) -> None:
        count = len(self.id)
        for name, dtype in _JOB_DTYPES.items():
            column: NDArray[Any] = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            if name in _DEFAULTS and not len(column):
                column = np.full(count, _DEFAULTS[name], dtype=dtype)
            if column.shape != (count,):
                raise DataError(f"jobs.{name}: {column.shape} values for {count} jobs")
            if column.dtype.kind == "f" and not np.isfinite(column).all():
                raise DataError(
                    f"jobs.{name}: row {int(np.flatnonzero(~np.isfinite(column))[0])} is not a finite number"
                )
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        self._refuse("work_gpu_h", self.work_gpu_h <= 0, "must be above 0 GPU-hours")
        self._refuse("gpus_max", self.gpus_max < 1, "must be at least 1")
        self._refuse("gpus_min", (self.gpus_min < 1) | (self.gpus_min > self.gpus_max), "must lie in 1…gpus_max")
        self._refuse("power_per_gpu_kw", self.power_per_gpu_kw < 0, "must not be negative")
        self._refuse("checkpoint_h", self.checkpoint_h < 0, "must not be negative")
        self._refuse("released_s", self.released_s < self.submitted_s, "lies before the submission")
        self._refuse("due_s", self.due_s < self.released_s, "lies before the release")
        self._refuse("sites_allowed", self.sites_allowed == 0, "no site is allowed")
        self._refuse("pace", (self.pace < 0) | (self.pace >= len(self.paces)), "names no pace of the table")
        self._refuse("checkpoint_every_h", self.checkpoint_every_h < 0, "must not be negative")
        self._refuse("interruptions_max", self.interruptions_max < 0, "must not be negative")
        if count and (np.diff(self.released_s) < 0).any():
            raise DataError("jobs.released_s: rows must be ordered by release; use JobTable.ordered")

    def _refuse(self, column: str, bad: NDArray[np.bool_], why: str) -> None:
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(f"jobs.{column}: row {row} (id {int(self.id[row])}) {why}; {int(bad.sum())} rows in all")

    def __len__(self) -> int:
        return len(self.id)

    @property
    def duration_s(self) -> NDArray[np.int64]:
        """Uninterrupted run time at `gpus_max`, rounded up to whole seconds, shape `(jobs,)`."""
        return np.ceil(self.work_gpu_h / self.gpus_max * 3600.0 - 1e-6).astype(np.int64)

    @property
    def slack_h(self) -> NDArray[np.float64]:
        """Hours by which the run may be put off, not below zero, shape `(jobs,)`."""
        slack_h: NDArray[np.float64] = np.maximum((self.due_s - self.released_s - self.duration_s) / 3600.0, 0.0)
        return slack_h

    @property
    def energy_mwh(self) -> NDArray[np.float64]:
        """Dynamic IT energy of each job (above idle), shape `(jobs,)`."""
        return self.work_gpu_h * self.power_per_gpu_kw / 1000.0

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> JobTable:
        """The jobs at `rows` (indices in ascending order, or a mask)."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _JOB_DTYPES})

    @classmethod
    def ordered(cls, columns: Mapping[str, object], **names: tuple[Any, ...]) -> JobTable:
        """A table from unordered columns: rows are sorted by release, then by id. `names`: those of users, paces, …"""
        wanted = [name for name in _JOB_DTYPES if name in columns or name not in _DEFAULTS]
        arrays = {name: np.asarray(columns[name]) for name in wanted}
        order = np.lexsort((arrays["id"], arrays["released_s"]))
        arguments: dict[str, Any] = {name: array[order] for name, array in arrays.items()} | names
        return cls(**arguments)

    @classmethod
    def column_names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls) if field.name in _JOB_DTYPES)


@dataclass(frozen=True, slots=True, eq=False)
class ClassTable:
    """The classes in which jobs are planned: one flexibility label, one range of slack, one set of sites each.

    All columns have shape `(classes,)`; `slack_h` is the least slack of the class (slack is rounded down),
    `power_per_gpu_kw` the work-weighted mean power above idle of a busy GPU. Where moving costs something, a class
    has one `home`, where its data lie (−1: anywhere, moving is free), and `data_gb_per_mwh`, what moves with a MWh of
    its work. `pace` indexes `paces`.
    """

    label: tuple[str, ...]
    slack_h: NDArray[np.float64]
    sites_allowed: NDArray[np.uint64]
    power_per_gpu_kw: NDArray[np.float64]
    home: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    data_gb_per_mwh: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    pace: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    paces: tuple[Pace, ...] = (FULL_PACE,)

    def __post_init__(self) -> None:
        count = len(self.label)
        for name, usual in (("home", -1), ("data_gb_per_mwh", 0.0), ("pace", 0)):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(count, usual))
            elif len(getattr(self, name)) != count:
                raise ValueError("ClassTable columns differ in length")
        if not len(self.label) == len(self.slack_h) == len(self.sites_allowed) == len(self.power_per_gpu_kw):
            raise ValueError("ClassTable columns differ in length")
        if self.paces[0].gears != 1:
            raise ValueError("ClassTable.paces: the first is full speed only")
        unknown = set(self.label) - set(FLEXIBILITY_LABELS)
        if unknown:
            raise ValueError(f"unknown flexibility label {sorted(unknown)}")

    def __len__(self) -> int:
        return len(self.label)

    @property
    def label_index(self) -> NDArray[np.int64]:
        """Index of each class's label in `FLEXIBILITY_LABELS`, shape `(classes,)`."""
        return np.array([FLEXIBILITY_LABELS.index(label) for label in self.label], dtype=np.int64)

    def allowed(self, sites: int) -> NDArray[np.bool_]:
        """Shape `(classes, sites)`: may the class run there?"""
        bits = np.uint64(1) << np.arange(sites, dtype=np.uint64)
        allowed: NDArray[np.bool_] = (self.sites_allowed[:, None] & bits[None, :]) != 0
        return allowed


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Interactive load by origin: it may be served at another site, never at another time.

    `demand_mw` (shape `(periods,)`) is IT power above idle at the usual batch size; `sites_allowed` a bit mask of the
    sites inside `latency_max_ms`, `home` the index of the site that serves it by default. `batch_power_ratio` is the
    power for the same requests at the largest batch that keeps the latency objective, 1 where batches stay as they are.
    """

    id: str
    origin: str
    label: str
    latency_max_ms: float
    home: int
    sites_allowed: int
    power_per_gpu_kw: float
    demand_mw: NDArray[np.float64]
    batch_power_ratio: float = 1.0
