"""Delimited files of any size (CSV, pipes, Parquet) as rows for `sieve.settle`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from suandian.adapters.traces.cells import UNKNOWN, Cells
from suandian.adapters.traces.text import Truncated, fields_of, first_lines, whole_text
from suandian.model.records import Remark
from suandian.quantity.errors import DataError

__all__ = ["Delimited", "delimited", "header_of"]

_PART_ROWS = 200_000
_BLANK = {
    "id": pl.String,
    "user": pl.String,
    "kind": pl.String,
    "submitted_s": pl.Float64,
    "started_s": pl.Float64,
    "ended_s": pl.Float64,
    "duration_s": pl.Float64,
    "gpus": pl.Float64,
    "cpus": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Delimited:
    """An open table, read part by part: all columns are text, `line` is the place in the file.

    `parts()` begins anew at every call; `raw` (not for Parquet) is the whole line.
    """

    parts: Callable[[], Iterator[pl.LazyFrame]]
    columns: tuple[str, ...]
    remarks: tuple[Remark, ...]
    is_text: bool

    def has(self, name: str) -> bool:
        """Is there a column of that name?"""
        return name in self.columns

    def first(self, *names: str) -> str:
        """The first of `names` that is a column; empty if none is."""
        return next((name for name in names if name in self.columns), "")

    def collected(self, **columns: pl.Expr) -> pl.DataFrame:
        """Some columns of all parts in memory, for tables that are joined to another."""
        return pl.concat([part.select(**columns).collect() for part in self.parts()])

    def rows(self, cells: Cells, state_from: str = "", **columns: pl.Expr) -> Iterator[pl.LazyFrame]:
        """Part by part the columns for `settle`: those given, nulls for the others, and what `cells` could not read."""
        if self.is_text:
            cells.field_count(self.columns[-1])
        blank = {name: pl.lit(None, dtype=kind) for name, kind in _BLANK.items()}
        if state_from:
            unknown = columns["state"].cast(pl.String) == UNKNOWN
            columns = columns | {"state_said": pl.when(unknown).then(pl.col(state_from))}
        wanted = blank | columns
        return (part.select("line", cells.fault().alias("fault"), **wanted) for part in self.parts())


@contextmanager
def delimited(
    path: Path,
    needed: Sequence[str],
    *,
    separator: str = ",",
    headers: Sequence[str] = (),
    quotes: bool = True,
    truncated: Truncated = "refuse",
) -> Iterator[Delimited]:
    """An open table with its `needed` columns; `headers` are those of a file that may come without a header line.

    Raises `DataError` for missing columns and for what `whole_text` refuses.
    """
    if path.name.lower().endswith(".parquet"):
        yield _parquet(path, needed)
        return
    found = header_of(path, separator)
    bare = bool(headers) and not set(found) & set(headers)
    # A separator at the end of each line is no column.
    columns = tuple(headers) if bare else found[:-1] if len(found) > 1 and not found[-1] else found
    if bare and len(found) != len(headers):
        raise DataError(f"{path.name}: {len(found)} columns without a header, {len(headers)} are due: {_list(headers)}")
    _check(columns, needed, path)
    with whole_text(path, truncated=truncated, separator=separator if quotes else "") as text:

        def parts() -> Iterator[pl.LazyFrame]:
            for number, lines in enumerate(text.lines()):
                data = lines if bare or number else lines.slice(1)
                yield fields_of(data, columns, separator, quoted=text.quoted)

        try:
            yield Delimited(parts, columns, text.remarks, is_text=True)
        except pl.exceptions.PolarsError as error:
            raise DataError(f"{path.name}: cannot be read ({_first_line(error)}); check the file") from error


def header_of(path: Path, separator: str = ",") -> tuple[str, ...]:
    """The fields of the first line that is not blank, each name once; empty for an empty file."""
    line = next((line for line in first_lines(path).splitlines() if line.strip()), "")
    names: list[str] = []
    for name in next(csv.reader([line], delimiter=separator), []):
        plain = name.strip()
        names.append(f"{plain}_{len(names)}" if plain and plain in names else plain)
    return tuple(names)


def _parquet(path: Path, needed: Sequence[str]) -> Delimited:
    try:
        frame = pl.scan_parquet(path)
        columns = tuple(frame.collect_schema().names())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path.name}: cannot be read as Parquet ({_first_line(error)}); check the file") from error
    _check(columns, needed, path)

    def parts() -> Iterator[pl.LazyFrame]:
        rows = int(frame.select(pl.len()).collect().item())
        for start in range(0, rows, _PART_ROWS):
            yield frame.slice(start, _PART_ROWS).cast(pl.String).with_row_index("line", offset=start + 1)

    return Delimited(parts, columns, (), is_text=False)


def _check(columns: Sequence[str], needed: Sequence[str], path: Path) -> None:
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(f"{path.name}: no column {_list(missing)}; its columns are {_list(columns[:16])}")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
