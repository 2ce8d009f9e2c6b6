"""Jobs from a table of one's own: one row each, units in the headers, sites by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.job_bends import paces_of
from suandian.adapters.sources import CSV_MAX_GB, Column, collected, columns_of, find_column, open_table, resolve_inside
from suandian.adapters.tables import numbers
from suandian.adapters.timestamps import unix_seconds_s
from suandian.model.workload import FULL_PACE, JobTable, Pace
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.quantity.units import UnitError, convert
from suandian.signals.job_bounds import fit_to_axis

__all__ = ["JOB_COLUMNS", "JobColumns", "jobs_from_frame", "read_jobs"]

#: Header without its unit → (unit or kind of column, what it means). Those marked * are needed.
JOB_COLUMNS: dict[str, tuple[str, str]] = {
    "released": ("time", "* instant from which it may run"),
    "gpus": ("GPU", "* GPUs that it runs on"),
    "duration": ("h", "* run time without interruption; or `work`"),
    "work": ("GPU-h", "* GPU-hours; or `duration`"),
    "due": ("time", "* instant by which it must be finished; or `slack`"),
    "slack": ("h", "* time from the earliest finish until it is due; or `due`"),
    "power_per_gpu": ("kW", "* power above idle of a busy GPU, server share included"),
    "home": ("site", "* site where it was submitted; may be left out with a single site"),
    "sites_allowed": ("sites", "sites where it may run, joined by `|`, or `any`; left out: home only"),
    "id": ("number", "whole number, unique; left out: numbered from 0"),
    "user": ("name", "who submitted it"),
    "kind": ("name", "what it is, e.g. `training`"),
    "contract": ("name", "id of a compute contract"),
    "submitted": ("time", "instant from which it is known; left out: its release"),
    "gpus_min": ("GPU", "fewest GPUs on which it goes on, more slowly; left out: `gpus`"),
    "power_cap": ("1", "deepest cap on its GPUs' power, as a share of what they draw; left out: never capped"),
    "checkpoint_every": ("h", "run time between checkpoints; left out: one is written when a pause comes"),
    "interruptions_max": ("number", "how often it may be paused; left out: any number of times"),
    "preemptible": ("flag", "`true` or `false`: may it be paused? left out: false"),
    "checkpoint": ("h", "run time lost by a pause; left out: none"),
    "data": ("GB", "data that moves with it; left out: none"),
}
_PLAIN = ("time", "site", "sites", "name", "flag", "number")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_HOUR_S = 3600
_FIRST_LINE = 2
_SHOWN_LENGTH = 80
#: No job has more hours, GPUs or gigabytes; keeps seconds within whole numbers. D (engineering default).
_LARGEST = 1e12
#: Whole numbers up to it are exact as floats (2⁵³).
_LARGEST_ID = 2.0**53


def read_jobs(
    path: str | Path,
    *,
    folder: Path,
    sites: Sequence[str],
    zone: str = "",
    axis: TimeAxis | None = None,
    csv_max_gb: float = CSV_MAX_GB,
) -> JobTable:
    """The jobs of a CSV or Parquet table inside `folder`; columns as in `JOB_COLUMNS`, in any order.

    `zone` is that of naive times, `sites` the site ids in their order. With `axis`, `fit_to_axis` is applied.
    Raises `DataError` naming file, line or column, and remedy.
    """
    file = resolve_inside(folder, path)
    jobs = jobs_from_frame(open_table(file, csv_max_gb=csv_max_gb), sites=sites, zone=zone, name=file.name)
    return fit_to_axis(jobs, axis) if axis is not None else jobs


def jobs_from_frame(frame: pl.LazyFrame, *, sites: Sequence[str], zone: str = "", name: str = "jobs") -> JobTable:
    """The jobs of a polars frame; columns and errors as in `read_jobs`, `name` opens the messages."""
    reader = JobColumns.of(frame, zone=zone, name=name)
    reader.need(("released",), ("gpus",), ("duration", "work"), ("due", "slack"), ("power_per_gpu",))
    released_s = reader.times_s("released")
    gpus = reader.whole("gpus", 1)
    duration_s, work_gpu_h = reader.run_s(gpus)
    due_s = reader.due_s(released_s, duration_s)
    home, sites_allowed = reader.places(tuple(sites))
    user, user_names = reader.names("user")
    kind, kind_names = reader.names("kind")
    contract, contract_ids = reader.names("contract")
    count = len(reader.table)
    power_per_gpu_kw = reader.values("power_per_gpu")
    gpus_min = reader.whole("gpus_min", 1) if reader.has("gpus_min") else gpus
    pace, paces = reader.paces(gpus_min, gpus, power_per_gpu_kw)
    return JobTable.ordered(
        {
            "id": reader.ids(),
            "user": user,
            "kind": kind,
            "contract": contract,
            "submitted_s": reader.times_s("submitted") if reader.has("submitted") else released_s,
            "released_s": released_s,
            "due_s": due_s,
            "work_gpu_h": work_gpu_h,
            "gpus_min": gpus_min,
            "gpus_max": gpus,
            "power_per_gpu_kw": power_per_gpu_kw,
            "preemptible": reader.flags("preemptible"),
            "checkpoint_h": reader.values("checkpoint") if reader.has("checkpoint") else np.zeros(count),
            "home": home,
            "sites_allowed": sites_allowed,
            "data_gb": reader.values("data") if reader.has("data") else np.zeros(count),
            "pace": pace,
            "checkpoint_every_h": reader.values("checkpoint_every")
            if reader.has("checkpoint_every")
            else np.zeros(count),
            "interruptions_max": reader.interruptions(),
        },
        user_names=user_names,
        kind_names=kind_names,
        contract_ids=contract_ids,
        paces=paces,
    )


def _check_known(columns: tuple[Column, ...], file: Path) -> None:
    for column in columns:
        if column.name not in JOB_COLUMNS:
            near = difflib.get_close_matches(column.name, list(JOB_COLUMNS), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise DataError(f"{file.name}: unknown column {column.header!r}; {hint}known: {', '.join(JOB_COLUMNS)}")


@dataclass(frozen=True, slots=True)
class JobColumns:
    """Checked columns of one table of jobs, each of shape `(rows,)`.

    Every method raises `DataError` naming file, column and line of the first value that it cannot take.
    """

    file: Path
    table: pl.DataFrame
    columns: tuple[Column, ...]
    zone: str

    @classmethod
    def of(cls, frame: pl.LazyFrame, *, zone: str, name: str) -> JobColumns:
        """The table in memory; `name` opens the messages. Unknown columns are refused."""
        file = Path(name)
        plain = [name for name, (unit, _) in JOB_COLUMNS.items() if unit in _PLAIN]
        columns = columns_of(frame, file, plain=plain)
        _check_known(columns, file)
        return cls(file, collected(frame.select(column.header for column in columns), file), columns, zone)

    def run_s(self, gpus: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Run time in whole seconds and GPU-hours, from `duration` or `work`."""
        if self.has("duration"):
            duration_s = np.rint(self.values("duration") * _HOUR_S).astype(np.int64)
            return duration_s, duration_s / _HOUR_S * gpus
        work_gpu_h = self.values("work")
        return np.ceil(work_gpu_h / gpus * _HOUR_S).astype(np.int64), work_gpu_h

    def due_s(self, released_s: NDArray[np.int64], duration_s: NDArray[np.int64]) -> NDArray[np.int64]:
        """When each is due, from `due` or `slack`."""
        if self.has("due"):
            return self.times_s("due")
        due_s: NDArray[np.int64] = released_s + duration_s + np.rint(self.values("slack") * _HOUR_S).astype(np.int64)
        return due_s

    def has(self, name: str) -> bool:
        """Is there a column of that name?"""
        return any(column.name == name for column in self.columns)

    def need(self, *alternatives: tuple[str, ...]) -> None:
        """Refuses a table that lacks every one of some alternatives, or has no row."""
        for names in alternatives:
            if not any(self.has(name) for name in names):
                texts = [_with_unit(name) for name in names]
                raise DataError(f"{self.file.name}: no column {' or '.join(texts)}; add it")
        if not len(self.table):
            raise DataError(f"{self.file.name}: holds no job; give at least one row")

    def times_s(self, name: str) -> NDArray[np.int64]:
        """UTC seconds."""
        return unix_seconds_s(self._raw(name), self.zone, f"{self.file.name}, column {name!r}")

    def values(self, name: str) -> NDArray[np.float64]:
        """Numbers in the unit of `JOB_COLUMNS`."""
        column = find_column(self.columns, name, self.file)
        where = f"{self.file.name}, column {column.header!r}"
        raw = numbers(self.table[column.header], where)
        if np.isnan(raw).any():
            raise DataError(f"{where}: line {int(np.flatnonzero(np.isnan(raw))[0]) + _FIRST_LINE} is empty; fill it in")
        if (np.abs(raw) > _LARGEST).any():
            row = int(np.flatnonzero(np.abs(raw) > _LARGEST)[0])
            raise DataError(f"{where}: line {row + _FIRST_LINE}: {raw[row]:g} is beyond reason; correct it")
        try:
            return convert(raw, column.unit, JOB_COLUMNS[name][0])
        except UnitError as error:
            raise DataError(f"{where}: {error}") from error

    def whole(self, name: str, least: int) -> NDArray[np.int64]:
        """Whole numbers from `least` on."""
        values = self.values(name)
        bad = (values != np.rint(values)) | (values < least)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{self.file.name}, column {name!r}: line {row + _FIRST_LINE}: {values[row]:g} is no whole number "
                f"from {least} on"
            )
        return values.astype(np.int64)

    def paces(
        self, gpus_min: NDArray[np.int64], gpus: NDArray[np.int64], power_per_gpu_kw: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], tuple[Pace, ...]]:
        """Paces from `gpus_min` and `power_cap`; full speed for all where the table has neither."""
        if not self.has("gpus_min") and not self.has("power_cap"):
            return np.zeros(len(gpus), dtype=np.int64), (FULL_PACE,)
        cap_ratio = self.values("power_cap") if self.has("power_cap") else np.ones(len(gpus))
        try:
            # What is beyond `gpus` is told by the table of jobs itself.
            return paces_of(np.minimum(gpus_min, gpus), gpus, cap_ratio, power_per_gpu_kw)
        except ValueError as error:
            raise DataError(f"{self.file.name}, column 'power_cap': {error}") from error

    def interruptions(self) -> NDArray[np.int64]:
        """How often each job may be paused; as often as can be counted where nothing is said."""
        most = np.iinfo(np.int16).max
        if not self.has("interruptions_max"):
            return np.full(len(self.table), most, dtype=np.int64)
        where = f"{self.file.name}, column 'interruptions_max'"
        counts = numbers(self._raw("interruptions_max"), where)
        bad = ~(counts >= 0) | (counts != np.rint(counts))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(f"{where}: line {row + _FIRST_LINE}: {counts[row]:g} is no whole number from 0 on")
        return np.minimum(counts, most).astype(np.int64)

    def ids(self) -> NDArray[np.int64]:
        """Ids; rows are numbered where there are none."""
        if not self.has("id"):
            return np.arange(len(self.table), dtype=np.int64)
        ids = numbers(self._raw("id"), f"{self.file.name}, column 'id'")
        if (
            np.isnan(ids).any()
            or (np.abs(ids) > _LARGEST_ID).any()
            or (ids != np.rint(ids)).any()
            or len(np.unique(ids)) < len(ids)
        ):
            raise DataError(f"{self.file.name}, column 'id': ids must be whole numbers, each once; or leave it out")
        return ids.astype(np.int64)

    def flags(self, name: str) -> NDArray[np.bool_]:
        """`true` or `false`; false where there is no column."""
        if not self.has(name):
            return np.zeros(len(self.table), dtype=np.bool_)
        raw = self._raw(name)
        texts = raw.cast(pl.String).str.strip_chars().str.to_lowercase()
        flags = texts.replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
        if flags.null_count():
            row = int(flags.is_null().to_numpy().argmax())
            where = f"{self.file.name}, column {name!r}: line {row + _FIRST_LINE}"
            raise DataError(f"{where}: {str(raw[row])[:_SHOWN_LENGTH]!r}; write true or false")
        return flags.to_numpy().astype(np.bool_)

    def names(self, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Codes and the names they stand for, in alphabetical order."""
        if not self.has(name):
            return np.zeros(len(self.table), dtype=np.int64), ("",)
        texts = self._raw(name).cast(pl.String).fill_null("")
        known = texts.unique().sort()
        return _codes(texts, known), tuple(known)

    def places(self, sites: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Home and mask of permitted sites."""
        if self.has("home"):
            texts, known = self._texts("home")
            index = [self._site(text, texts, text, "home", sites) for text in known]
            home = np.array(index, dtype=np.int64)[_codes(texts, known)]
        elif len(sites) == 1:
            home = np.zeros(len(self.table), dtype=np.int64)
        else:
            raise DataError(f"{self.file.name}: no column home; with {len(sites)} sites, name the home of each job")
        at_home = np.uint64(1) << home.astype(np.uint64)
        if not self.has("sites_allowed"):
            return home, at_home
        texts, known = self._texts("sites_allowed")
        masks = {"": 0, "any": (1 << len(sites)) - 1}
        for text in known:
            if text not in masks:
                parts = {self._site(part.strip(), texts, text, "sites_allowed", sites) for part in text.split("|")}
                masks[text] = sum(1 << site for site in parts)
        allowed = np.array([masks[text] for text in known], dtype=np.uint64)[_codes(texts, known)]
        return home, np.where(allowed == 0, at_home, allowed)

    def _site(self, site: str, texts: pl.Series, text: str, column: str, sites: tuple[str, ...]) -> int:
        """Index of `site`, named in those rows of `texts` that hold `text`."""
        if site not in sites:
            row = int((texts == text).to_numpy().argmax())
            where = f"{self.file.name}, column {column!r}: line {row + _FIRST_LINE}"
            raise DataError(f"{where}: unknown site {site[:_SHOWN_LENGTH]!r}; known: {', '.join(sites)}")
        return sites.index(site)

    def _texts(self, name: str) -> tuple[pl.Series, pl.Series]:
        """The column as trimmed text, and its different values in the order in which they appear."""
        texts = self._raw(name).cast(pl.String).fill_null("").str.strip_chars()
        return texts, texts.unique(maintain_order=True)

    def _raw(self, name: str) -> pl.Series:
        return self.table[find_column(self.columns, name, self.file).header]


def _codes(texts: pl.Series, known: pl.Series) -> NDArray[np.int64]:
    """Place of each text in `known`, where it is, shape `(rows,)`."""
    return texts.cast(pl.Enum(known)).to_physical().to_numpy().astype(np.int64)


def _with_unit(name: str) -> str:
    unit = JOB_COLUMNS[name][0]
    return f"`{name}`" if unit in _PLAIN else f"`{name} [{unit}]`"
