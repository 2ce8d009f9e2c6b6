"""Public traces laid onto a study: batch jobs (Alibaba PAI, Azure) and language-model requests (Azure).

A trace gives arrivals, lengths and widths; what it does not tell (kind, deadline, sites, power) comes from the
`JobMix` with the study's seed, and gang sizes are scaled to the stated occupancy as for generated jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.sources import open_table, resolve_inside
from suandian.adapters.tables import numbers
from suandian.model.workload import JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.interactive import TokenModel, day_shape_ratio, tokens_to_power_mw
from suandian.signals.job_bounds import boundary_counts, fit_to_axis
from suandian.signals.job_mix import JobMix, kind_given_length
from suandian.signals.jobs import dress_jobs

__all__ = ["TraceJobs", "azure_batch", "azure_requests", "pai"]

_YEAR_H = 8760.0
_LONGEST_H = 72.0
_HOUR_S = 3600
_RESAMPLED = (
    "sampled over one synthetic year: no daily cycle, lengths cut at 72 h, time base resampled; kinds, deadlines, "
    "permitted sites and power are drawn from the job mix, gangs scaled to its occupancy"
)


@dataclass(frozen=True, slots=True, eq=False)
class TraceJobs:
    """Jobs of a trace on a study's axis; `source` says what the trace is, `note` what was read, dropped and cut."""

    jobs: JobTable
    source: str
    note: str


def pai(
    file: str | Path,
    *,
    folder: Path,
    axis: TimeAxis,
    mix: JobMix,
    site_weights: Sequence[float],
    gpus_per_site: Sequence[int],
    zone: str,
    seed: int,
    cut: bool = True,
) -> TraceJobs:
    """Alibaba PAI 2020 sample (`arrival_time` h, `length` h, `cpus`): the same days of the year as the study.

    The trace year is closed to a ring; if one window holds fewer jobs than `mix.count`, further windows of the year
    are laid over it (`note` says how many). `cut` applies `fit_to_axis`. Raises `DataError` naming file, line, remedy.
    """
    source = f"Alibaba PAI 2020 (CC-BY 4.0), sample of the GAIA authors (MIT), {_RESAMPLED}"
    return _batch(file, folder, axis, mix, site_weights, gpus_per_site, zone, seed, cut, source)


def azure_batch(
    file: str | Path,
    *,
    folder: Path,
    axis: TimeAxis,
    mix: JobMix,
    site_weights: Sequence[float],
    gpus_per_site: Sequence[int],
    zone: str,
    seed: int,
    cut: bool = True,
) -> TraceJobs:
    """Azure virtual-machine sample of the same form as `pai`; CPUs stand for GPUs before scaling."""
    source = f"Azure 2020 (CC-BY 4.0), sample of the GAIA authors (MIT), {_RESAMPLED}"
    return _batch(file, folder, axis, mix, site_weights, gpus_per_site, zone, seed, cut, source)


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


def _batch(
    file: str | Path,
    folder: Path,
    axis: TimeAxis,
    mix: JobMix,
    site_weights: Sequence[float],
    gpus_per_site: Sequence[int],
    zone: str,
    seed: int,
    cut: bool,
    source: str,
) -> TraceJobs:
    path = resolve_inside(folder, file)
    table = _columns(path, ("arrival_time", "length", "cpus"))
    arrival_h, length_h, width = (numbers(table[name], f"{path.name}, column {name!r}") for name in table.columns)
    good = (arrival_h >= 0) & (arrival_h < _YEAR_H) & (length_h > 0) & (width >= 1)
    year_h = _hour_of_year(axis, zone)
    span_h = axis.duration_h + _LONGEST_H
    if span_h > _YEAR_H:
        raise DataError(f"{path.name}: holds one year, the study with its warm-up of 72 h is longer; shorten it")
    since_h, layers = _layered(arrival_h[good] - (year_h - _LONGEST_H), span_h, mix.count * span_h / axis.duration_h)
    order = np.argsort(since_h, kind="stable")
    order = order[since_h[order] < span_h]
    released_s = axis.start_s + np.rint((since_h[order] - _LONGEST_H) * _HOUR_S).astype(np.int64)
    rng = np.random.default_rng([seed, 0x74726163])
    weights = np.asarray(site_weights, dtype=np.float64)
    popularity = 1.0 / np.arange(1, mix.users + 1)
    count = len(order)
    jobs = dress_jobs(
        axis,
        mix,
        released_s=released_s,
        kind=kind_given_length(mix, length_h[good][order], rng),
        home=rng.choice(len(weights), size=count, p=weights / weights.sum()),
        user=rng.choice(mix.users, size=count, p=popularity / popularity.sum()),
        length_h=length_h[good][order],
        gang_count=width[good][order],
        gpus_per_site=gpus_per_site,
        rng=rng,
    )
    bounds = boundary_counts(jobs, axis)
    note = (
        f"{path.name}: {len(table)} rows read, {int((~good).sum())} dropped (no length, width or time), "
        f"{count} taken from {layers} part(s) of the trace year laid over one another, 72 h of warm-up included; "
        f"{bounds.ended_before} over before the start, "
        f"{bounds.carried_in} carried in, {bounds.cut_at_end} cut at the end"
    )
    return TraceJobs(fit_to_axis(jobs, axis) if cut else jobs, source, note)


def _layered(offset_h: NDArray[np.float64], span_h: float, wanted_count: float) -> tuple[NDArray[np.float64], int]:
    """Hours since the window's start on the closed year, and how many disjoint windows are laid over one another.

    One window of a sampled trace holds fewer jobs than a study may want. As the time base is synthetic anyway,
    further windows, evenly spread over the year, are added until `wanted_count` is reached or the year is used up. Then
    every job of the year stands in one window at most.
    """
    layers = 1
    most = int(_YEAR_H // span_h)
    inside = (offset_h % _YEAR_H < span_h).sum()
    if inside:
        layers = int(np.clip(np.rint(wanted_count / inside), 1, most))
    return offset_h % (_YEAR_H / layers), layers


def _columns(path: Path, names: tuple[str, ...]) -> pl.DataFrame:
    frame = open_table(path)
    known = frame.collect_schema().names()
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(f"{path.name}: no column {', '.join(missing)}; its columns are {', '.join(known[:12])}")
    return frame.select(names).collect()


def _hour_of_year(axis: TimeAxis, zone: str) -> float:
    local = axis.start.astimezone(ZoneInfo(zone))
    new_year = datetime(local.year, 1, 1, tzinfo=ZoneInfo(zone))
    return (local - new_year).total_seconds() / _HOUR_S
