"""Public traces laid onto a study: batch jobs (Alibaba PAI, Azure) and language-model requests (Azure).

A trace gives arrivals, lengths and widths; what it does not tell (kind, deadline, sites, power) comes from the
`JobMix` with the study's seed, and gang sizes are scaled to the stated occupancy as for generated jobs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.sources import open_table, resolve_inside
from suandian.adapters.tables import numbers
from suandian.quantity.errors import DataError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.interactive import TokenModel, day_shape_ratio, tokens_to_power_mw

__all__ = ["azure_requests"]


def azure_requests(
    file: str | Path,
    *,
    folder: Path,
    axis: TimeAxis,
    peak_mw: float,
    zone: str,
    model: TokenModel | None = None,
) -> Series:
    """Interactive demand (MW of IT above idle) from Azure's LLM inference trace of one hour, on `axis`.

    Tokens of each full minute become power (`tokens_to_power_mw`); the minutes, relative to their mean, are repeated
    end to end under the daily and weekly profile (D) and scaled to `peak_mw`, above which the demand is cut. So only
    the fluctuation inside the hour is measured, and steps of an hour or more see next to none of it. Raises
    `DataError` naming file, line and remedy.
    """
    path = resolve_inside(folder, file)
    table = _columns(path, ("TIMESTAMP", "ContextTokens", "GeneratedTokens"))
    times = table["TIMESTAMP"].str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    if times.null_count():
        line = int(times.is_null().to_numpy().argmax()) + 2
        raise DataError(f"{path.name}: line {line}: {table['TIMESTAMP'][line - 2]!r} is no time")
    minute = times.dt.epoch("s").to_numpy() // 60
    minute = minute - minute.min()
    tokens = [
        np.bincount(minute, weights=numbers(table[name], f"{path.name}, column {name!r}")).astype(np.float64)
        for name in ("ContextTokens", "GeneratedTokens")
    ]
    # The first and the last minute are cut off by the recording.
    power_mw = tokens_to_power_mw(tokens[0], tokens[1], 60.0, model)[1:-1]
    if len(power_mw) < 30:
        raise DataError(f"{path.name}: only {len(power_mw)} full minutes; at least 30 are needed")
    ratio = power_mw / power_mw.mean()
    starts_min = (axis.starts_s() - axis.start_s) / 60.0
    integral_ratio = np.concatenate(([0.0], np.cumsum(np.tile(ratio, 2))))
    factor = _ring_mean(integral_ratio, len(ratio), starts_min, axis.step_s / 60.0)
    demand_mw = np.minimum(peak_mw * day_shape_ratio(axis, zone) * factor, peak_mw)
    source = (
        f"Azure LLM inference 2023-11-16 (CC-BY 4.0), {path.name}: {len(table)} requests in {len(ratio)} full minutes, "
        "repeated end to end under a daily profile (D)"
    )
    return Series(axis, demand_mw, "MW", source)


def _ring_mean(
    integral_ratio: NDArray[np.float64], length: int, starts_min: NDArray[np.float64], width: float
) -> NDArray[np.float64]:
    """Means over `[start, start + width)` of a ring of `length` unit cells, from its integral over two turns."""
    turns, rest = divmod(width, length)
    begin = starts_min % length
    at = np.arange(len(integral_ratio))
    partial = np.interp(begin + rest, at, integral_ratio) - np.interp(begin, at, integral_ratio)
    mean_ratio: NDArray[np.float64] = (turns * length + partial) / width
    return mean_ratio


def _columns(path: Path, names: tuple[str, ...]) -> pl.DataFrame:
    frame = open_table(path)
    known = frame.collect_schema().names()
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(f"{path.name}: no column {', '.join(missing)}; its columns are {', '.join(known[:12])}")
    return frame.select(names).collect()
