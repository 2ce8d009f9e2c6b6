"""The site's envelope in tables: quantiles over the hours, named instants, and what each limit takes away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.experiments.classification.queue import SiteQueue
from suandian.flexibility.reserve import WorkQueue, turn_down_mw, turn_up_mw
from suandian.flexibility.whole_jobs import JobShift, turn_down_by_jobs, turn_up_by_jobs
from suandian.quantity.timeaxis import instants

__all__ = ["DURATIONS_H", "STAGES", "Envelope", "envelope", "lags_of", "turn_down_summary"]

#: Durations of a call, hours; those that are no multiple of the step, or longer than a third of the work, are left out.
DURATIONS_H: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0, 48.0)
#: From the bound to what whole jobs do: each stage adds one limit.
STAGES: tuple[str, ...] = ("deadlines", "capacity", "no_pause", "whole_jobs")
#: Windows at which whole jobs are tried, evenly spread over the work (D); holding back costs more to work out.
_SAMPLE: Mapping[str, int] = {"down": 64, "up": 24}

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """How many MW of IT power can move by how many hours.

    quantiles  direction, duration_h, fluid_p10_mw … fluid_p90_mw: the fluid bound with capacity and jobs that may not
               pause, over all windows that begin while work arrives; jobs_p10_mw … jobs_p90_mw: whole jobs, tried in an
               even sample of these windows and raised to all of them by the bound's quantiles (ratio estimator: the
               share of the bound that jobs reach varies less than the bound does). "p10" is there in nine of ten
               windows
    instants   one row per named instant, direction and duration: the four stages, and what whole jobs did
    stages     direction, duration_h, stage, mean_mw: means over an even sample of windows
    sample_count   windows of that sample, at least
    """

    quantiles: pl.DataFrame
    instants: pl.DataFrame
    stages: pl.DataFrame
    notice_h: float
    sample_count: int


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """One direction: fluid answers by stage, `(durations, periods)` each."""

    direction: str
    stages: Mapping[str, _Array]


def durations_of(site: SiteQueue, last: int) -> list[int]:
    """Durations in intervals."""
    step_h = site.axis.step_h
    found = [round(hours / step_h) for hours in DURATIONS_H if hours / step_h == round(hours / step_h)]
    return [length for length in found if length * 3 <= last] or [1]


def lags_of(step_h: float, notice_h: float) -> int:
    """Intervals ahead for which power that goes on has to be known."""
    return max(round(DURATIONS_H[-1] / step_h), round(notice_h / step_h)) + 1


def envelope(site: SiteQueue, *, last: int, notice_h: float, named: Mapping[str, int]) -> Envelope:
    """The tables of a site. `last` is the number of intervals in which work arrives, `named` name → interval."""
    lengths = durations_of(site, last)
    notice = round(notice_h / site.axis.step_h)
    surfaces = [_down(site, lengths), _up(site, lengths, notice)]
    named = {name: index for name, index in named.items() if index + lengths[0] <= site.axis.periods}
    rows: list[dict[str, Any]] = []
    for surface in surfaces:
        for name, index in named.items():
            rows += _at(site, surface, lengths, notice, name, index)
    sampled: list[dict[str, Any]] = []
    for surface in surfaces:
        for index in _sample(last, surface.direction):
            sampled += _at(site, surface, lengths, notice, "sample", int(index))
    return Envelope(
        quantiles=_quantiles(surfaces, lengths, site.axis.step_h, last, pl.DataFrame(sampled, schema=_SCHEMA)),
        instants=pl.DataFrame(rows, schema=_SCHEMA),
        stages=_stage_means(pl.DataFrame(sampled, schema=_SCHEMA)),
        notice_h=notice_h,
        sample_count=len(_sample(last, "up")),
    )


def turn_down_summary(site: SiteQueue, call_h: float, last: int) -> dict[str, float]:
    """Turn-down for about `call_h` (less for short work): `duration_h`, means of bound and of whole jobs, MW."""
    step_h = site.axis.step_h
    length = min(max(round(call_h / step_h), 1), durations_of(site, last)[-1])
    fluid = turn_down_mw(site.queue, [length], held_mw=site.held_mw)[0, :last]
    windows = [int(index) for index in _sample(last, "up") if np.isfinite(fluid[index])]
    by_jobs = [_by_jobs(site, "down", index, length, 0).achieved_mw for index in windows]
    return {
        "duration_h": length * step_h,
        "turn_down_fluid_mw": float(fluid[windows].mean()) if windows else 0.0,
        "turn_down_jobs_mw": float(np.mean(by_jobs)) if windows else 0.0,
    }


def _sample(last: int, direction: str) -> NDArray[np.int64]:
    """Intervals spread evenly over the time in which work arrives, the ends left out."""
    return np.unique(np.linspace(0, max(last - 1, 0), _SAMPLE[direction] + 2).astype(np.int64)[1:-1])


def _down(site: SiteQueue, lengths: Sequence[int]) -> _Surface:
    stages = {
        "deadlines": turn_down_mw(_unlimited(site.queue), lengths),
        "capacity": turn_down_mw(site.queue, lengths),
        "no_pause": turn_down_mw(site.queue, lengths, held_mw=site.held_mw),
    }
    return _Surface("down", stages)


def _up(site: SiteQueue, lengths: Sequence[int], notice: int) -> _Surface:
    stages = {
        "deadlines": turn_up_mw(_unlimited(site.queue), lengths, notice=notice),
        "capacity": turn_up_mw(site.queue, lengths, notice=notice),
        "no_pause": turn_up_mw(site.queue, lengths, notice=notice, held_mw=site.held_mw),
    }
    return _Surface("up", stages)


def _unlimited(queue: WorkQueue) -> WorkQueue:
    """The same queue where all work could run in one interval."""
    most_mw = float(queue.default_mw.max() + queue.released_mwh[-1] / queue.step_h)
    return replace(queue, capacity_mw=np.full(len(queue.default_mw), most_mw))


_SCHEMA: Mapping[str, Any] = {
    "instant": pl.String, "start": pl.Datetime("ms", "UTC"), "direction": pl.String, "duration_h": pl.Float64,
    "deadlines_mw": pl.Float64, "capacity_mw": pl.Float64, "no_pause_mw": pl.Float64, "whole_jobs_mw": pl.Float64,
    "default_mw": pl.Float64, "shifted_mwh": pl.Float64, "lost_mwh": pl.Float64, "rebound_mw": pl.Float64,
    "paused": pl.Int64, "postponed": pl.Int64, "refused": pl.Int64,
}  # fmt: skip


def _at(
    site: SiteQueue, surface: _Surface, lengths: Sequence[int], notice: int, name: str, index: int
) -> list[dict[str, Any]]:
    """One instant in one direction: a row per duration that fits on the axis."""
    rows = []
    start = instants(np.array([site.axis.start_s + index * site.axis.step_s]))[0]
    for row, length in enumerate(lengths):
        if index + length > site.axis.periods:
            continue
        shift = _by_jobs(site, surface.direction, index, length, notice)
        window = slice(index, index + length)
        rows.append(
            {f"{stage}_mw": float(values[row, index]) for stage, values in surface.stages.items()}
            | {
                "instant": name,
                "start": start.item(),
                "direction": surface.direction,
                "duration_h": length * site.axis.step_h,
                "whole_jobs_mw": shift.achieved_mw,
                "default_mw": float(site.queue.default_mw[window].mean()),
                "shifted_mwh": shift.shifted_mwh,
                "lost_mwh": shift.lost_mwh,
                "rebound_mw": shift.rebound_mw,
                "paused": shift.paused_count,
                "postponed": shift.postponed_count,
                "refused": shift.refused_count,
            }
        )
    return rows


def _by_jobs(site: SiteQueue, direction: str, first: int, length: int, notice: int) -> JobShift:
    default_mw = site.queue.default_mw
    capacity_mw = np.maximum(site.queue.capacity_mw, default_mw)
    if direction == "down":
        return turn_down_by_jobs(site.axis, site.runs, default_mw, capacity_mw, first=first, length=length)
    return turn_up_by_jobs(site.axis, site.runs, default_mw, capacity_mw, first=first, length=length, notice=notice)


def _quantiles(
    surfaces: Sequence[_Surface], lengths: Sequence[int], step_h: float, last: int, sampled: pl.DataFrame
) -> pl.DataFrame:
    rows = []
    for surface in surfaces:
        for row, length in enumerate(lengths):
            fluid = surface.stages["no_pause"][row, :last]
            here = (pl.col("direction") == surface.direction) & (pl.col("duration_h") == length * step_h)
            part = sampled.filter(here)
            bound = _three(fluid[np.isfinite(fluid)])
            ratios = zip(_three(part["whole_jobs_mw"].to_numpy()), _three(part["no_pause_mw"].to_numpy()), strict=True)
            by_jobs = [
                most * (jobs / fluid_there if fluid_there > 0 else 0.0)
                for most, (jobs, fluid_there) in zip(bound, ratios, strict=True)
            ]
            rows.append((surface.direction, length * step_h, *bound, *by_jobs))
    names = [f"{kind}_{name}_mw" for kind in ("fluid", "jobs") for name in ("p10", "p50", "p90")]
    return pl.DataFrame(rows, schema=["direction", "duration_h", *names], orient="row")


def _three(values: _Array) -> tuple[float, ...]:
    return tuple(float(value) for value in np.quantile(values, [0.1, 0.5, 0.9])) if len(values) else (0.0, 0.0, 0.0)


def _stage_means(frame: pl.DataFrame) -> pl.DataFrame:
    long = frame.unpivot(
        on=[f"{stage}_mw" for stage in STAGES],
        index=["direction", "duration_h"],
        variable_name="stage",
        value_name="mean_mw",
    )
    order = pl.Enum(STAGES)
    return (
        long.with_columns(pl.col("stage").str.strip_suffix("_mw").cast(order))
        .group_by("direction", "duration_h", "stage")
        .agg(pl.col("mean_mw").mean())
        .sort("direction", "duration_h", "stage")
        .with_columns(pl.col("stage").cast(pl.String))
    )
