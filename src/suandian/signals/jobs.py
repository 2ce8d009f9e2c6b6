"""Generated jobs: arrivals, lengths and gangs with the statistics of real clusters, scaled to a stated occupancy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from suandian.model.workload import FULL_PACE, KINDS, JobTable
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals.job_bounds import BoundaryCounts, arrival_profile, boundary_counts, fit_to_axis
from suandian.signals.job_mix import JobMix, KindMix, dynamic_power_per_gpu_kw, profile_of_day_ratio

__all__ = [
    "BoundaryCounts",
    "JobMix",
    "arrival_profile",
    "boundary_counts",
    "dress_jobs",
    "fit_to_axis",
    "generate_jobs",
]

_HOUR_S = 3600
_SHORTEST_S = 60
_SCALE_TOLERANCE_RATIO = 0.01
#: Where a handful of jobs make up a kind, one server more or less is a large step.
_FEW_TOLERANCE_RATIO = 0.05


def generate_jobs(
    axis: TimeAxis,
    mix: JobMix,
    *,
    sites: int,
    site_weights: Sequence[float],
    gpus_per_site: Sequence[int],
    zone: str,
    seed: int,
    cut: bool = True,
) -> JobTable:
    """Jobs for a study on `axis`, reproducible from `seed`.

    Arrivals begin one longest run before the axis, so that the study starts with a full cluster; `cut` then applies
    `fit_to_axis`. Without `cut` the warm-up and the overhang stay as they are (for histories).
    `site_weights` are relative numbers of submissions, `gpus_per_site` the installed GPUs, both of length `sites`.
    Raises `DataError` when the sites do not fit together or the occupancy cannot be reached (see `dress_jobs`).
    """
    if not sites == len(site_weights) == len(gpus_per_site) or not 1 <= sites <= 64:
        raise DataError(
            f"{sites} sites, {len(site_weights)} weights, {len(gpus_per_site)} GPU counts: give 1…64 of each"
        )
    rng = np.random.default_rng([seed, 0x6A6F6273])
    released_s, batch = _arrivals_s(axis, mix, zone, rng)
    batches = int(batch[-1]) + 1 if len(batch) else 0
    shares = np.array([kind.count_share_ratio for kind in mix.kinds])
    kind = rng.choice(len(mix.kinds), size=batches, p=shares / shares.sum())[batch]
    weights = np.asarray(site_weights, dtype=np.float64)
    home = rng.choice(sites, size=batches, p=weights / weights.sum())[batch]
    popularity = 1.0 / np.arange(1, mix.users + 1)  # Zipf: a few users submit most, D
    user = rng.choice(mix.users, size=batches, p=popularity / popularity.sum())[batch]
    length_h, gang_count = _shapes(mix, kind, rng)
    jobs = dress_jobs(
        axis,
        mix,
        released_s=released_s,
        kind=kind,
        home=home,
        user=user,
        length_h=length_h,
        gang_count=gang_count,
        gpus_per_site=gpus_per_site,
        rng=rng,
    )
    return fit_to_axis(jobs, axis) if cut else jobs


def _arrivals_s(
    axis: TimeAxis, mix: JobMix, zone: str, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Release seconds in ascending order and the batch each job belongs to.

    Cox process, parameters in `JobMix`: hourly Poisson batches, intensity = cycle × exp(OU), geometric batch sizes.
    """
    warm_up_h = int(np.ceil(max(kind.length.max_h for kind in mix.kinds)))
    hours = warm_up_h + int(np.ceil(axis.duration_h))
    grid = TimeAxis(axis.start - timedelta(hours=warm_up_h), timedelta(hours=1), hours)
    cycle = profile_of_day_ratio(mix, grid.local_starts(zone))
    inside_h = np.minimum(1.0, axis.duration_h - np.arange(hours - warm_up_h))
    rate = mix.count * cycle / (cycle[warm_up_h:] * inside_h).sum()
    log_intensity = _ornstein_uhlenbeck(hours, mix.intensity_tau_h, mix.intensity_variance_ratio, rng)
    intensity = rate * np.exp(log_intensity - mix.intensity_variance_ratio / 2)
    batch_counts = rng.poisson(intensity / mix.batch_mean_count)
    starts_s = np.repeat(grid.starts_s(), batch_counts) + rng.integers(0, _HOUR_S, size=int(batch_counts.sum()))
    starts_s.sort()
    starts_s = starts_s[starts_s < axis.end_s]
    sizes = rng.geometric(1 / mix.batch_mean_count, size=len(starts_s))
    batch = np.repeat(np.arange(len(starts_s), dtype=np.int64), sizes)
    return starts_s[batch], batch


def _ornstein_uhlenbeck(
    count: int, tau_h: float, variance_ratio: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A stationary Ornstein–Uhlenbeck path sampled hourly (exact AR(1) discretisation)."""
    keep = float(np.exp(-1 / tau_h))
    noise = rng.standard_normal(count) * np.sqrt(variance_ratio * (1 - keep**2))
    path = np.empty(count)
    value = float(rng.standard_normal()) * np.sqrt(variance_ratio)
    for index in range(count):
        value = keep * value + float(noise[index])
        path[index] = value
    return path


def _shapes(
    mix: JobMix, kind: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Run length (h) and raw gang size of every job, tied by a Gaussian copula."""
    from scipy.special import ndtr  # slow to import

    first, second = rng.standard_normal((2, len(kind)))
    length_h = np.empty(len(kind))
    correlation = np.array([entry.length_gang_correlation_ratio for entry in mix.kinds])[kind]
    quantile = ndtr(first)
    for index, entry in enumerate(mix.kinds):
        rows = np.flatnonzero(kind == index)
        length_h[rows] = entry.length.hours(quantile[rows])
    gang = mix.gang.counts(correlation * first + np.sqrt(1 - correlation**2) * second)
    return length_h, gang


def dress_jobs(
    axis: TimeAxis,
    mix: JobMix,
    *,
    released_s: NDArray[np.int64],
    kind: NDArray[np.int64],
    home: NDArray[np.int64],
    user: NDArray[np.int64],
    length_h: NDArray[np.float64],
    gang_count: NDArray[np.float64],
    gpus_per_site: Sequence[int],
    rng: np.random.Generator,
) -> JobTable:
    """A `JobTable` from bare arrivals (generated or traced), all arguments of shape `(jobs,)`, `released_s` ascending.

    Scaling, said openly: the *count* of jobs and their *lengths* are kept; per kind, the *gang sizes* are multiplied
    by one factor so that the kind's share of `occupancy_ratio` is met (what falls on the axis counts). A generated
    job therefore stands for a gang or an array of equal tasks. Gangs are rounded to whole GPUs, above one server to
    whole servers, without bias. Only where that does not suffice, because every gang is one GPU already or as wide as
    `gang_max_ratio` permits, are the kind's lengths scaled by one factor too, between a minute and its longest run.
    Raises `DataError` if even that cannot carry the work.
    """
    gpus = np.asarray(gpus_per_site, dtype=np.int64)
    count = len(released_s)
    if count == 0:
        raise DataError("job mix: no job arrives on this axis; raise `count` or lengthen the study")
    length_s = np.maximum(np.rint(length_h * _HOUR_S).astype(np.int64), _SHORTEST_S)
    gang = np.ones(count, dtype=np.int64)
    widest = np.maximum(np.floor(mix.gang_max_ratio * gpus[home]).astype(np.int64), 1)
    rounding = rng.random(count)
    target_gpu_h = _targets_gpu_h(axis, mix, kind, float(gpus.sum()))
    for index, entry in enumerate(mix.kinds):
        rows = np.flatnonzero(kind == index)
        if len(rows):
            gang[rows], length_s[rows] = _scaled(
                axis, mix, entry, released_s[rows], length_s[rows], gang_count[rows], widest[rows], rounding[rows],
                float(target_gpu_h[index]),
            )  # fmt: skip
    draw = _Draw(mix.kinds, kind, rng)
    slack_s = np.rint(draw.uniform("slack_min_h", "slack_max_h") * _HOUR_S).astype(np.int64)
    everywhere = np.uint64((1 << len(gpus)) - 1)
    at_home = np.uint64(1) << home.astype(np.uint64)
    labels = tuple(sorted({entry.label for entry in mix.kinds}))
    paces = (FULL_PACE, *dict.fromkeys(entry.pace for entry in mix.kinds if entry.pace != FULL_PACE))
    pace = np.array([paces.index(entry.pace) for entry in mix.kinds], dtype=np.int16)[kind]
    least_ratio = np.array([entry.pace.gpu_ratio[-1] for entry in mix.kinds])[kind]
    return JobTable(
        id=np.arange(count, dtype=np.int64),
        user=user.astype(np.int32),
        kind=np.array([KINDS.index(entry.kind) for entry in mix.kinds], dtype=np.int16)[kind],
        contract=np.array([labels.index(entry.label) for entry in mix.kinds], dtype=np.int16)[kind],
        submitted_s=released_s,
        released_s=released_s,
        due_s=released_s + length_s + slack_s,
        work_gpu_h=length_s / _HOUR_S * gang,
        gpus_min=np.ceil(gang * least_ratio - 1e-9).astype(np.int32),
        gpus_max=gang.astype(np.int32),
        power_per_gpu_kw=dynamic_power_per_gpu_kw(draw.uniform("power_low_ratio", "power_high_ratio")),
        preemptible=draw.chance("preemptible_ratio"),
        checkpoint_h=draw.uniform("checkpoint_min_h", "checkpoint_max_h"),
        home=home.astype(np.int16),
        sites_allowed=np.where(draw.chance("movable_ratio"), everywhere, at_home),
        data_gb=draw.of("data_median_gb") * np.exp(draw.of("data_log_sd_ratio") * rng.standard_normal(count)),
        pace=pace,
        checkpoint_every_h=draw.of("checkpoint_every_h"),
        user_names=tuple(f"user-{number:03d}" for number in range(mix.users)),
        kind_names=KINDS,
        contract_ids=labels,
        paces=paces,
    )


@dataclass(frozen=True, slots=True)
class _Draw:
    """Random columns whose parameters depend on the kind of each job."""

    kinds: tuple[KindMix, ...]
    kind: NDArray[np.int64]
    rng: np.random.Generator

    def of(self, name: str) -> NDArray[np.float64]:
        values: NDArray[np.float64] = np.array([getattr(entry, name) for entry in self.kinds], dtype=np.float64)[
            self.kind
        ]
        return values

    def uniform(self, low: str, high: str) -> NDArray[np.float64]:
        floor = self.of(low)
        return floor + (self.of(high) - floor) * self.rng.random(len(self.kind))

    def chance(self, name: str) -> NDArray[np.bool_]:
        hit: NDArray[np.bool_] = self.rng.random(len(self.kind)) < self.of(name)
        return hit


def _targets_gpu_h(axis: TimeAxis, mix: JobMix, kind: NDArray[np.int64], gpus: float) -> NDArray[np.float64]:
    """GPU-hours wanted on the axis by kind; the share of a kind that never arrived goes to the others."""
    present = np.bincount(kind, minlength=len(mix.kinds)) > 0
    share = np.array([entry.work_share_ratio for entry in mix.kinds]) * present
    target_gpu_h: NDArray[np.float64] = mix.occupancy_ratio * gpus * axis.duration_h * share / share.sum()
    return target_gpu_h


def _scaled(
    axis: TimeAxis,
    mix: JobMix,
    entry: KindMix,
    released_s: NDArray[np.int64],
    length_s: NDArray[np.int64],
    raw_count: NDArray[np.float64],
    widest: NDArray[np.int64],
    rounding_ratio: NDArray[np.float64],
    target_gpu_h: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Gangs and lengths of one kind whose work on the axis is `target_gpu_h` (fixed-point iteration)."""
    step = mix.gang_step_count
    cap = np.where(widest >= step, widest // step * step, widest)

    def gangs(scale: float) -> NDArray[np.int64]:
        wanted = np.minimum(scale * raw_count, 2.0 * cap)
        unit = np.where(wanted >= step, step, 1)
        return np.clip((unit * np.floor(wanted / unit + rounding_ratio)).astype(np.int64), 1, cap)

    overlap_h = _overlap_s(axis, released_s, length_s) / _HOUR_S
    if not overlap_h.any():
        return gangs(1.0), length_s
    factor = target_gpu_h / float((overlap_h * raw_count).sum())
    gang = gangs(factor)
    for _ in range(60):
        work_gpu_h = float((overlap_h * gang).sum())
        if abs(work_gpu_h / target_gpu_h - 1) < _SCALE_TOLERANCE_RATIO / 10 or not 1e-6 < factor < 1e9:
            break
        factor *= target_gpu_h / work_gpu_h
        gang = gangs(factor)
    if abs(work_gpu_h / target_gpu_h - 1) <= _SCALE_TOLERANCE_RATIO:
        return gang, length_s
    longest_s = max(int(entry.length.max_h * _HOUR_S), int(length_s.max()))
    rescaled_s = _rescaled_s(axis, released_s, length_s, gang, target_gpu_h, longest_s)
    work_gpu_h = float((_overlap_s(axis, released_s, rescaled_s) * gang).sum()) / _HOUR_S
    if work_gpu_h < target_gpu_h * (1 - _FEW_TOLERANCE_RATIO):
        raise DataError(
            f"jobs of kind {entry.kind!r}: {len(raw_count)} jobs with gangs of at most {int(cap.max())} GPUs "
            f"and runs of at most {longest_s / _HOUR_S:.0f} h carry {work_gpu_h:.0f} of {target_gpu_h:.0f} GPU-hours; "
            "raise jobs.count or gang_max_ratio, or lower occupancy_ratio"
        )
    return gang, rescaled_s


def _rescaled_s(
    axis: TimeAxis,
    released_s: NDArray[np.int64],
    length_s: NDArray[np.int64],
    gang: NDArray[np.int64],
    target_gpu_h: float,
    longest_s: int,
) -> NDArray[np.int64]:
    """Lengths scaled by one factor so that the given gangs do `target_gpu_h` on the axis, within a minute…longest."""
    factor = 1.0
    scaled_s = length_s
    for _ in range(60):
        work_gpu_h = float((_overlap_s(axis, released_s, scaled_s) * gang).sum()) / _HOUR_S
        if abs(work_gpu_h / target_gpu_h - 1) < _SCALE_TOLERANCE_RATIO / 10 or not 1e-6 < factor < 1e6:
            break
        factor *= target_gpu_h / work_gpu_h
        scaled_s = np.clip(np.rint(length_s * factor), _SHORTEST_S, longest_s).astype(np.int64)
    return scaled_s


def _overlap_s(axis: TimeAxis, released_s: NDArray[np.int64], length_s: NDArray[np.int64]) -> NDArray[np.int64]:
    inside: NDArray[np.int64] = np.maximum(
        np.minimum(released_s + length_s, axis.end_s) - np.maximum(released_s, axis.start_s), 0
    )
    return inside
