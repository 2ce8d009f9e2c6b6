"""The door of the data folder: which files may be opened, how large they may be, which column is meant.

CSV and Parquet are read lazily and by column; gzip is unpacked into a scratch folder first. Every refusal is a
`DataError` that names file, line or column, and the remedy; nothing is filled in or dropped without being counted.
"""

from __future__ import annotations

import difflib
import gzip
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import polars as pl

from suandian.quantity.errors import DataError
from suandian.quantity.units import UnitError, split_header

__all__ = ["CSV_MAX_GB", "Column", "columns_of", "find_column", "open_table", "resolve_inside"]

#: Text tables above this size (unpacked) are refused; Parquet has no limit, only its needed columns are read. D.
CSV_MAX_GB = 4.0
_CHUNK_BYTES = 8_000_000
_GB = 1_000_000_000
_SUFFIXES = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its full header, its name, and its unit (empty for times, names and flags)."""

    header: str
    name: str
    unit: str


def resolve_inside(folder: Path, path: str | Path) -> Path:
    """The existing file `path` inside `folder`; links are followed before the check.

    Raises `DataError` for an absolute path or one that leaves the folder, and for a file that is not there (naming
    the nearest one).
    """
    root = folder.resolve()
    if not root.is_dir():
        raise DataError(f"data folder {folder} does not exist; give an existing one with --data")
    wanted = (root / path).resolve()
    if not wanted.is_relative_to(root):
        raise DataError(f"{path}: lies outside the data folder {folder}; copy the file into it")
    if not wanted.is_file():
        names = [str(found.relative_to(root)) for found in sorted(root.rglob("*")) if found.is_file()][:10_000]
        near = difflib.get_close_matches(str(path), names, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else "; check the name"
        raise DataError(f"{path}: no such file in the data folder {folder}{hint}")
    return wanted


def open_table(path: Path, *, csv_max_gb: float = CSV_MAX_GB) -> pl.LazyFrame:
    """A lazy frame over a CSV (all columns as text), gzipped CSV or Parquet file.

    Raises `DataError` for another format, a text table above `csv_max_gb` (unpacked) or a file that cannot be read.
    """
    name = path.name.lower()
    if not name.endswith(_SUFFIXES):
        raise DataError(f"{path.name}: is no CSV, CSV.GZ or Parquet file; convert it to one of these")
    try:
        if name.endswith(".parquet"):
            frame = pl.scan_parquet(path)
        elif name.endswith(".gz"):
            frame = pl.scan_csv(_unpacked(path, csv_max_gb), infer_schema=False)
        else:
            if path.stat().st_size > csv_max_gb * _GB:
                raise _too_large(path, csv_max_gb)
            frame = pl.scan_csv(path, infer_schema=False)
        frame.collect_schema()
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(f"{path.name}: cannot be read as a table ({first}); check the file") from error
    return frame


def columns_of(frame: pl.LazyFrame, path: Path, *, plain: Iterable[str] = ()) -> tuple[Column, ...]:
    """The columns of a table; those named in `plain` (times, names, flags) carry no unit, all others must.

    Raises `DataError` for a header without unit or with an unknown one, and for two columns of one name.
    """
    without_unit = set(plain)
    columns: list[Column] = []
    for header in frame.collect_schema().names():
        if header.strip() in without_unit:
            columns.append(Column(header, header.strip(), ""))
            continue
        try:
            name, unit = split_header(header)
        except UnitError as error:
            raise DataError(f"{path.name}: {error}") from error
        columns.append(Column(header, name, unit))
    names = [column.name for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path.name}: column {twice[0]!r} stands there twice; rename one")
    return tuple(columns)


def find_column(columns: Iterable[Column], name: str, path: Path) -> Column:
    """The column called `name`, with or without its unit. Raises `DataError` naming the nearest one."""
    table = tuple(columns)
    for column in table:
        if name in (column.name, column.header):
            return column
    near = difflib.get_close_matches(name, [column.name for column in table], n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    known = ", ".join(column.header for column in table[:12])
    raise DataError(f"{path.name}: no column {name!r}; {hint}columns: {known}")


def _unpacked(path: Path, csv_max_gb: float) -> Path:
    """The unpacked text, once per process and state of the file; the scratch folder goes with the process."""
    state = path.stat()
    key = f"{path}|{state.st_mtime_ns}|{state.st_size}"
    target = Path(_scratch().name) / f"{sha256(key.encode()).hexdigest()}.csv"
    if not target.is_file() or target.stat().st_size > csv_max_gb * _GB:
        part = target.with_suffix(".part")
        with gzip.open(path) as stream, part.open("wb") as out:
            while chunk := stream.read(_CHUNK_BYTES):
                out.write(chunk)
                if out.tell() > csv_max_gb * _GB:
                    raise _too_large(path, csv_max_gb)
        part.replace(target)
    return target


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="suandian-")


def _too_large(path: Path, csv_max_gb: float) -> DataError:
    return DataError(
        f"{path.name}: more than {csv_max_gb * 1000:g} MB of text; write it as Parquet, of which only the needed "
        "columns are read, or cut it to the time of the study"
    )
