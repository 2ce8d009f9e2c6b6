"""Jobs from a table of one's own: one row each, units in the headers, sites by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.sources import CSV_MAX_GB, Column, columns_of, find_column, open_table, resolve_inside
from suandian.adapters.tables import numbers
from suandian.adapters.timestamps import unix_seconds_s
from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.quantity.units import UnitError, convert
from suandian.signals.job_bounds import fit_to_axis

__all__ = ["JOB_COLUMNS", "jobs_from_frame", "read_jobs"]

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
    "gpus_min": ("GPU", "fewest GPUs on which it could run; left out: `gpus`"),
    "preemptible": ("flag", "`true` or `false`: may it be paused? left out: false"),
    "checkpoint": ("h", "run time lost by a pause; left out: none"),
    "data": ("GB", "data that moves with it; left out: none"),
}
_PLAIN = ("time", "site", "sites", "name", "flag", "number")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_HOUR_S = 3600
_FIRST_LINE = 2


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
    file = Path(name)
    plain = [name for name, (unit, _) in JOB_COLUMNS.items() if unit in _PLAIN]
    columns = columns_of(frame, file, plain=plain)
    _check_known(columns, file)
    reader = _Reader(file, frame.select(column.header for column in columns).collect(), columns, zone)
    reader.need(("released",), ("gpus",), ("duration", "work"), ("due", "slack"), ("power_per_gpu",))
    released_s = reader.times_s("released")
    gpus = reader.whole("gpus", 1)
    if reader.has("duration"):
        duration_s = np.rint(reader.values("duration") * _HOUR_S).astype(np.int64)
        work_gpu_h = duration_s / _HOUR_S * gpus
    else:
        work_gpu_h = reader.values("work")
        duration_s = np.ceil(work_gpu_h / gpus * _HOUR_S).astype(np.int64)
    if reader.has("due"):
        due_s = reader.times_s("due")
    else:
        due_s = released_s + duration_s + np.rint(reader.values("slack") * _HOUR_S).astype(np.int64)
    home, sites_allowed = reader.places(tuple(sites))
    user, user_names = reader.names("user")
    kind, kind_names = reader.names("kind")
    contract, contract_ids = reader.names("contract")
    count = len(reader.table)
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
            "gpus_min": reader.whole("gpus_min", 1) if reader.has("gpus_min") else gpus,
            "gpus_max": gpus,
            "power_per_gpu_kw": reader.values("power_per_gpu"),
            "preemptible": reader.flags("preemptible"),
            "checkpoint_h": reader.values("checkpoint") if reader.has("checkpoint") else np.zeros(count),
            "home": home,
            "sites_allowed": sites_allowed,
            "data_gb": reader.values("data") if reader.has("data") else np.zeros(count),
        },
        user_names=user_names,
        kind_names=kind_names,
        contract_ids=contract_ids,
    )


def _check_known(columns: tuple[Column, ...], file: Path) -> None:
    for column in columns:
        if column.name not in JOB_COLUMNS:
            near = difflib.get_close_matches(column.name, list(JOB_COLUMNS), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise DataError(f"{file.name}: unknown column {column.header!r}; {hint}known: {', '.join(JOB_COLUMNS)}")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Checked columns of one table of jobs, each of shape `(rows,)`."""

    file: Path
    table: pl.DataFrame
    columns: tuple[Column, ...]
    zone: str

    def has(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    def need(self, *alternatives: tuple[str, ...]) -> None:
        for names in alternatives:
            if not any(self.has(name) for name in names):
                texts = [_with_unit(name) for name in names]
                raise DataError(f"{self.file.name}: no column {' or '.join(texts)}; add it")
        if not len(self.table):
            raise DataError(f"{self.file.name}: holds no job; give at least one row")

    def times_s(self, name: str) -> NDArray[np.int64]:
        return unix_seconds_s(self._raw(name), self.zone, f"{self.file.name}, column {name!r}")

    def values(self, name: str) -> NDArray[np.float64]:
        column = find_column(self.columns, name, self.file)
        where = f"{self.file.name}, column {column.header!r}"
        raw = numbers(self.table[column.header], where)
        if np.isnan(raw).any():
            raise DataError(f"{where}: line {int(np.flatnonzero(np.isnan(raw))[0]) + _FIRST_LINE} is empty; fill it in")
        try:
            return convert(raw, column.unit, JOB_COLUMNS[name][0])
        except UnitError as error:
            raise DataError(f"{where}: {error}") from error

    def whole(self, name: str, least: int) -> NDArray[np.int64]:
        values = self.values(name)
        bad = (values != np.rint(values)) | (values < least)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{self.file.name}, column {name!r}: line {row + _FIRST_LINE}: {values[row]:g} is no whole number "
                f"from {least} on"
            )
        return values.astype(np.int64)

    def ids(self) -> NDArray[np.int64]:
        if not self.has("id"):
            return np.arange(len(self.table), dtype=np.int64)
        ids = numbers(self._raw("id"), f"{self.file.name}, column 'id'")
        if np.isnan(ids).any() or (ids != np.rint(ids)).any() or len(np.unique(ids)) < len(ids):
            raise DataError(f"{self.file.name}, column 'id': ids must be whole numbers, each once; or leave it out")
        return ids.astype(np.int64)

    def flags(self, name: str) -> NDArray[np.bool_]:
        if not self.has(name):
            return np.zeros(len(self.table), dtype=np.bool_)
        texts = self._raw(name).cast(pl.String).fill_null("none").str.strip_chars().str.to_lowercase()
        flags = texts.replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
        if flags.null_count():
            row = int(flags.is_null().to_numpy().argmax())
            raise DataError(
                f"{self.file.name}, column {name!r}: line {row + _FIRST_LINE}: {texts[row]!r}; write true or false"
            )
        return flags.to_numpy().astype(np.bool_)

    def names(self, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """Codes and the names they stand for, in alphabetical order."""
        if not self.has(name):
            return np.zeros(len(self.table), dtype=np.int64), ("",)
        texts = self._raw(name).cast(pl.String).fill_null("")
        known = texts.unique().sort()
        return _codes(texts, known), tuple(known)

    def places(self, sites: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
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
            raise DataError(
                f"{self.file.name}, column {column!r}: line {row + _FIRST_LINE}: unknown site {site!r}; "
                f"known: {', '.join(sites)}"
            )
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
