"""Series from tables: `time` and `price [CNY/MWh]` columns, checked, converted, put on an axis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.sources import CSV_MAX_GB, Column, columns_of, find_column, open_table, resolve_inside
from suandian.adapters.timestamps import unix_seconds_s
from suandian.quantity.errors import DataError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis, at_unix_s
from suandian.quantity.units import UnitError, convert

__all__ = ["GAP_POLICIES", "INTERVAL_LABELS", "numbers", "on_axis", "read_series", "series_from_columns"]

INTERVAL_LABELS = ("start", "end")
#: refuse: any missing interval or value is an error; interpolate: linear between neighbours; previous: last value.
GAP_POLICIES = ("refuse", "interpolate", "previous")
_FIRST_LINE = 2
_SHOWN_LENGTH = 80


def read_series(
    path: str | Path,
    *,
    folder: Path,
    unit: str,
    column: str = "",
    time: str = "time",
    zone: str = "",
    interval_label: str = "start",
    gap_policy: str = "refuse",
    axis: TimeAxis | None = None,
    csv_max_gb: float = CSV_MAX_GB,
) -> Series:
    """Column `column` (the only value column if left out) of a table inside `folder`, converted to `unit`.

    `zone` is that of naive times; `interval_label` says what a time stamp marks; `gap_policy` is one of
    `GAP_POLICIES`. With `axis`, the series is put on it by `on_axis`. `Series.source` tells file, column and how many
    intervals were filled. Raises `DataError` naming file, line or column, and remedy.
    """
    file = resolve_inside(folder, path)
    frame = open_table(file, csv_max_gb=csv_max_gb)
    columns = columns_of(frame, file, plain=(time,))
    time_column = find_column(columns, time, file)
    value_column = _value_column(columns, column, time, file)
    table = frame.select(time_column.header, value_column.header).collect()
    where = f"{file.name}, column {value_column.header!r}"
    seconds_s = unix_seconds_s(table[time_column.header], zone, f"{file.name}, column {time!r}")
    raw = numbers(table[value_column.header], where)
    try:
        values = convert(raw, value_column.unit, unit)
    except UnitError as error:
        raise DataError(f"{where}: {error}") from error
    series = series_from_columns(
        seconds_s, values, unit=unit, interval_label=interval_label, gap_policy=gap_policy, where=where
    )
    return on_axis(series, axis) if axis is not None else series


def series_from_columns(
    seconds_s: NDArray[np.int64],
    values: NDArray[np.float64],
    *,
    unit: str,
    interval_label: str,
    gap_policy: str,
    where: str,
) -> Series:
    """A series from UTC seconds and values of shape `(rows,)`; the step is the most frequent distance of rows.

    NaN counts as a missing value. Raises `DataError` for times that repeat or go back, for distances that are no
    multiple of the step, and, under `refuse`, for anything missing.
    """
    _check_choice("interval_label", interval_label, INTERVAL_LABELS, where)
    _check_choice("gap_policy", gap_policy, GAP_POLICIES, where)
    if len(seconds_s) < 2:
        raise DataError(f"{where}: {len(seconds_s)} rows; a series needs at least two, to know its step")
    step_s = _step_s(seconds_s, where)
    row = (seconds_s - seconds_s[0]) // step_s
    grid = np.full(int(row[-1]) + 1, np.nan)
    grid[row] = values
    holes = _Holes(int(len(grid) - len(row)), int(np.isnan(values).sum()))
    if holes.any:
        grid = _filled(grid, holes, gap_policy, seconds_s[0], step_s, where)
    start_s = int(seconds_s[0]) - (step_s if interval_label == "end" else 0)
    note = f"; {holes} filled by {gap_policy}" if holes.any else ""
    return Series(TimeAxis(at_unix_s(start_s), timedelta(seconds=step_s), len(grid)), grid, unit, where + note)


def on_axis(series: Series, axis: TimeAxis) -> Series:
    """`series` as interval means on `axis`: time-weighted, so energies are kept whatever the steps.

    Inside a coarse interval the value is taken as constant. Raises `DataError` if the axis is not covered.
    """
    own = series.axis
    if axis.start < own.start or axis.end > own.end:
        raise DataError(
            f"{series.source}: covers {own.start.isoformat()} to {own.end.isoformat()}, the study needs "
            f"{axis.start.isoformat()} to {axis.end.isoformat()}; give a longer table or another period"
        )
    first, offset = divmod(axis.start_s - own.start_s, own.step_s)
    if own.step_s == axis.step_s and not offset:
        return Series(axis, series.values[first : first + axis.periods], series.unit, series.source)
    if own.step_s % axis.step_s == 0 and (axis.start_s - own.start_s) % axis.step_s == 0:
        row = (axis.starts_s() - own.start_s) // own.step_s
        return Series(axis, series.values[row], series.unit, series.source)
    edges_s = axis.start_s - own.start_s + axis.step_s * np.arange(axis.periods + 1)
    integral = np.concatenate(([0.0], np.cumsum(series.values)))
    at_edges = np.interp(edges_s / own.step_s, np.arange(own.periods + 1), integral)
    return Series(axis, np.diff(at_edges) * own.step_s / axis.step_s, series.unit, series.source)


def numbers(column: pl.Series, where: str) -> NDArray[np.float64]:
    """A text or number column as floats; empty cells and `NaN` become NaN. Raises `DataError` at the first text that
    is no number, and at an infinite one."""
    if column.dtype == pl.String:
        text = column.str.strip_chars()
        cast = text.cast(pl.Float64, strict=False)
        bad = cast.is_null() & text.is_not_null() & (text != "")
        if bad.any():
            row = int(bad.fill_null(value=False).to_numpy().argmax())
            raise DataError(f"{where}: line {row + _FIRST_LINE}: {str(column[row])[:_SHOWN_LENGTH]!r} is no number; write e.g. 0.35")
    elif column.dtype.is_numeric() or column.dtype == pl.Boolean:
        cast = column.cast(pl.Float64)
    else:
        raise DataError(f"{where}: holds {column.dtype}, numbers are due")
    values = cast.fill_null(float("nan")).to_numpy().astype(np.float64)
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise DataError(f"{where}: line {row + _FIRST_LINE} is infinite; write a finite number or leave it empty")
    return values


@dataclass(frozen=True, slots=True)
class _Holes:
    intervals: int
    values: int

    @property
    def any(self) -> bool:
        return self.intervals + self.values > 0

    def __str__(self) -> str:
        return f"{self.intervals} missing intervals and {self.values} empty values"


def _value_column(columns: tuple[Column, ...], name: str, time: str, file: Path) -> Column:
    values = [column for column in columns if column.name != time]
    if name:
        return find_column(values, name, file)
    if len(values) != 1:
        known = ", ".join(column.header for column in values) or "none"
        raise DataError(f"{file.name}: {len(values)} value columns ({known}); say which with `column`")
    return values[0]


def _step_s(seconds_s: NDArray[np.int64], where: str) -> int:
    distance_s = np.diff(seconds_s)
    if (distance_s <= 0).any():
        row = int(np.flatnonzero(distance_s <= 0)[0]) + 1
        what = "repeats the time before it" if distance_s[row - 1] == 0 else "goes back in time"
        raise DataError(
            f"{where}: line {row + _FIRST_LINE} ({at_unix_s(int(seconds_s[row])).isoformat()}) {what}; sort the table, "
            "remove duplicates, or write the times in UTC if clocks were changed"
        )
    sizes, counts = np.unique(distance_s, return_counts=True)
    step_s = int(sizes[counts.argmax()])
    if (distance_s % step_s).any():
        row = int(np.flatnonzero(distance_s % step_s)[0]) + 1
        raise DataError(
            f"{where}: line {row + _FIRST_LINE} comes {int(distance_s[row - 1])} s after the line before, the step is "
            f"{step_s} s; a series needs one uniform step"
        )
    return step_s


def _filled(
    values: NDArray[np.float64], holes: _Holes, gap_policy: str, start_s: np.int64, step_s: int, where: str
) -> NDArray[np.float64]:
    missing = np.isnan(values)
    first = int(np.flatnonzero(missing)[0])
    at = at_unix_s(int(start_s) + first * step_s).isoformat()
    if gap_policy == "refuse":
        raise DataError(
            f"{where}: {holes}, the first at {at} (UTC); complete the table or allow `gaps: interpolate` or `previous`"
        )
    if missing[0] or (missing[-1] and gap_policy == "interpolate"):
        raise DataError(
            f"{where}: begins or ends with a gap ({at}), which {gap_policy} cannot fill; cut or complete it"
        )
    known = np.flatnonzero(~missing)
    if gap_policy == "interpolate":
        return np.asarray(np.interp(np.arange(len(values)), known, values[known]), dtype=np.float64)
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
    return values[last]


def _check_choice(name: str, value: str, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise DataError(f"{where}: {name} is {value!r}; write one of {', '.join(allowed)}")
