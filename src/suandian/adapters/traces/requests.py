"""Requests to language models (Azure LLM inference traces of 2023 and 2024) as interactive demand.

They are no jobs: nobody defers them. The stated model turns tokens into power (`signals.interactive.TokenModel`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.sources import resolve_inside
from suandian.adapters.traces.cells import Cells
from suandian.adapters.traces.delimited import delimited
from suandian.quantity.errors import DataError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis, at_unix_s
from suandian.signals.interactive import TokenModel, day_shape_ratio, tokens_to_power_mw

__all__ = ["azure_requests"]

_COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
_LEAST_COUNT = 30
_HOUR_MIN = 60
_DAY_MIN = 24 * _HOUR_MIN
_WEEK_MIN = 7 * _DAY_MIN


def azure_requests(
    file: str | Path,
    *,
    folder: Path,
    axis: TimeAxis,
    peak_mw: float,
    zone: str,
    model: TokenModel | None = None,
) -> Series:
    """Interactive demand (MW of IT above idle) from one of Azure's LLM inference traces, on `axis`.

    Tokens of each full minute become power (`tokens_to_power_mw`). A trace below a day (2023: one hour) gives the
    fluctuation only: its minutes, relative to their mean, are repeated end to end under the daily and weekly profile
    (D) and scaled to `peak_mw`; steps of an hour or more see next to none of it. A longer trace (2024: a week) gives
    the cycle too: its whole days, or weeks, are repeated, hours of its clock standing for local hours in `zone` (D),
    and its busiest hour is `peak_mw`. Demand is cut at `peak_mw`. Raises `DataError` naming file, line and remedy.
    """
    path = resolve_inside(folder, file)
    first_min, tokens, requests_count = _by_minute(path)
    # The first and the last minute are cut off by the recording.
    power_mw = tokens_to_power_mw(tokens[0], tokens[1], 60.0, model)[1:-1]
    if len(power_mw) < _LEAST_COUNT:
        raise DataError(f"{path.name}: only {len(power_mw)} full minutes; at least {_LEAST_COUNT} are needed")
    ratio = power_mw / power_mw.mean()
    minutes = len(ratio)
    if minutes < _DAY_MIN:
        starts_min = (axis.starts_s() - axis.start_s) / 60.0
        shape_ratio = day_shape_ratio(axis, zone)
        factor = _ring_mean(ratio, starts_min, axis.step_s / 60.0)
        told = "repeated end to end under a daily profile (D)"
    else:
        unit_min, unit = (_WEEK_MIN, "weeks") if minutes >= _WEEK_MIN else (_DAY_MIN, "days")
        ring = power_mw[: minutes // unit_min * unit_min]
        ring = ring / ring.mean()
        local_min = axis.local_starts(zone).astype(np.int64) / 60.0
        shape_ratio = np.ones(axis.periods) / ring.reshape(-1, _HOUR_MIN).mean(axis=1).max()
        factor = _ring_mean(ring, local_min - (first_min + 1), axis.step_s / 60.0)
        told = f"{len(ring) // unit_min} whole {unit} repeated end to end, hours of its clock as local hours (D)"
    demand_mw = np.minimum(peak_mw * shape_ratio * factor, peak_mw)
    year = at_unix_s(first_min * 60).year
    read = f"{path.name}: {requests_count} requests in {minutes} full minutes"
    source = f"Azure LLM inference {year} (CC-BY 4.0), {read}, {told}"
    return Series(axis, demand_mw, "MW", source)


def _by_minute(path: Path) -> tuple[int, tuple[NDArray[np.float64], NDArray[np.float64]], int]:
    """First minute (Unix), tokens in and out of every minute from it on, and the number of requests."""
    with delimited(path, _COLUMNS) as table:
        cells = Cells()
        at_s, tokens_in, tokens_out = cells.instant_s("TIMESTAMP"), *(cells.number(name) for name in _COLUMNS[1:])
        cells.faults.append(pl.when(at_s.is_null()).then(pl.lit("TIMESTAMP cannot be read\x1f")))
        sums: list[pl.DataFrame] = []
        for part in table.parts():
            frame = part.select(
                "line",
                minute=at_s // 60,
                tokens_in=tokens_in.fill_null(0.0),
                tokens_out=tokens_out.fill_null(0.0),
                fault=cells.fault(),
            ).collect()
            _refuse(frame, path)
            sums.append(frame.group_by("minute").agg(pl.col("tokens_in", "tokens_out").sum(), pl.len().alias("count")))
    found = pl.concat(sums).group_by("minute").sum().sort("minute") if sums else pl.DataFrame()
    if not len(found):
        raise DataError(f"{path.name}: holds no request")
    minute = found["minute"].to_numpy().astype(np.int64)
    size = int(minute[-1] - minute[0]) + 1
    if size > 100 * 366 * _DAY_MIN:
        raise DataError(f"{path.name}: its times span {size // _DAY_MIN} days; correct the first or the last")
    into, out = (
        np.bincount(minute - minute[0], weights=found[name].to_numpy(), minlength=size).astype(np.float64)
        for name in ("tokens_in", "tokens_out")
    )
    return int(minute[0]), (into, out), int(found["count"].sum())


def _refuse(frame: pl.DataFrame, path: Path) -> None:
    bad = frame.filter(pl.col("fault").is_not_null()).head(1)
    if len(bad):
        what, _, text = str(bad["fault"][0]).partition("\x1f")
        raise DataError(f"{path.name}: line {bad['line'][0]}: {what}: {text!r}; correct or delete the line")


def _ring_mean(ring_ratio: NDArray[np.float64], starts_min: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Means over `[start, start + width)` minutes of a ring of one-minute cells whose mean is 1, shape `(periods,)`."""
    length = len(ring_ratio)
    integral_ratio = np.concatenate(([0.0], np.cumsum(np.tile(ring_ratio, 2))))
    turns, rest = divmod(width, length)
    begin = starts_min % length
    at = np.arange(len(integral_ratio))
    partial = np.interp(begin + rest, at, integral_ratio) - np.interp(begin, at, integral_ratio)
    mean_ratio: NDArray[np.float64] = (turns * length + partial) / width
    return mean_ratio
