"""What kinds of jobs there are: how long, how wide, how patient, how movable, how power-hungry.

Length and width distributions were fitted by the project on public traces; daily and weekly arrival cycles, slack,
data volumes and the power quantile of each kind are D (engineering defaults) and meant to be swept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.model.workload import FULL_PACE, KINDS, Pace
from suandian.quantity.errors import Fault, ScenarioError

__all__ = [
    "DEFAULT_KINDS",
    "GangModel",
    "JobMix",
    "KindMix",
    "LengthModel",
    "dynamic_power_per_gpu_kw",
    "kind_given_length",
    "mean_gpu_power_w",
    "profile_of_day_ratio",
]

#: Quantiles of the power of an A100 in the cluster "Seren": (share of readings below, W).
#: Source: AcmeTrace (Hu et al., NSDI 2024), utilisation data, CC-BY 4.0.
_A100_QUANTILE_RATIO = np.array([0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99])
_A100_POWER_W = np.array(
    [58.2, 60.0, 61.8, 63.0, 64.9, 69.8, 90.7, 96.4, 118.2, 211.4, 289.9, 336.8, 373.1, 395.1, 407.7, 436.6]
)
#: An idle A100: the 1 % quantile of the same readings.
_A100_IDLE_W = 60.0
#: Server power rises by 1.75 W with each watt of its GPUs; two-point estimate by the project on AcmeTrace server
#: quantiles (571 W + 1.75 × ΣGPU W for eight GPUs). The 571 W belong to idle power.
_SERVER_PER_GPU_RATIO = 1.75


@dataclass(frozen=True, slots=True)
class LengthModel:
    """Truncated run-length distribution: `weibull` (shape k) or `lognormal` (shape σ of the logarithm).

    `scale_h` is the Weibull scale or the lognormal median.
    """

    family: str
    scale_h: float
    shape_ratio: float
    min_h: float = 5 / 60
    max_h: float = 72.0

    def hours(self, quantile_ratio: NDArray[np.float64]) -> NDArray[np.float64]:
        """Run length in hours at each quantile of the truncated distribution; same shape as the argument."""
        from scipy.special import ndtri  # slow to import

        low, high = self._cdf(self.min_h), self._cdf(self.max_h)
        inside = low + (high - low) * quantile_ratio
        if self.family == "weibull":
            length_h = self.scale_h * (-np.log1p(-inside)) ** (1 / self.shape_ratio)
        else:
            length_h = self.scale_h * np.exp(self.shape_ratio * ndtri(inside))
        clipped_h: NDArray[np.float64] = np.clip(length_h, self.min_h, self.max_h)
        return clipped_h

    def density(self, length_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability density of the truncated distribution per hour, zero outside its range; same shape."""
        inside = np.clip(length_h, self.min_h, self.max_h)
        if self.family == "weibull":
            scaled = inside / self.scale_h
            raw = (
                self.shape_ratio / self.scale_h * scaled ** (self.shape_ratio - 1) * np.exp(-(scaled**self.shape_ratio))
            )
        else:
            score = np.log(inside / self.scale_h) / self.shape_ratio
            raw = np.exp(-(score**2) / 2) / (inside * self.shape_ratio * np.sqrt(2 * np.pi))
        raw = raw / (self._cdf(self.max_h) - self._cdf(self.min_h))
        density_per_h: NDArray[np.float64] = np.where(inside == length_h, raw, 0.0)
        return density_per_h

    def _cdf(self, length_h: float) -> float:
        from scipy.special import ndtr  # slow to import

        if self.family == "weibull":
            return float(-np.expm1(-((length_h / self.scale_h) ** self.shape_ratio)))
        return float(ndtr(np.log(length_h / self.scale_h) / self.shape_ratio))


#: Alibaba PAI 2020: truncated Weibull fitted by the project (Kolmogorov–Smirnov distance .022).
PAI_LENGTH = LengthModel("weibull", 0.284, 0.361)


@dataclass(frozen=True, slots=True)
class GangModel:
    """Raw gang size: one GPU with `single_ratio`, else lognormal(`log_mean_ratio`, `log_sd_ratio`), cut at `max_count`.

    Fitted by the project on Alibaba PAI 2020 (CC-BY 4.0).
    """

    single_ratio: float = 0.735
    log_mean_ratio: float = 1.82
    log_sd_ratio: float = 0.91
    max_count: int = 64

    def counts(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Raw gang sizes for standard normal scores `z`, same shape."""
        from scipy.special import ndtr, ndtri  # slow to import

        upper = (ndtr(z) - self.single_ratio) / (1 - self.single_ratio)
        wide = np.exp(self.log_mean_ratio + self.log_sd_ratio * ndtri(np.clip(upper, 1e-9, 1 - 1e-9)))
        gang_count: NDArray[np.float64] = np.where(upper > 0, np.clip(np.rint(wide), 2, self.max_count), 1.0)
        return gang_count


@dataclass(frozen=True, slots=True)
class KindMix:
    """One kind of job. Everything but the length model's family is D unless the module's text says otherwise.

    count_share_ratio      share of jobs; work_share_ratio: share of GPU-hours (both are normalised over the kinds)
    length_gang_correlation_ratio   Gaussian-copula correlation of run length with gang size
    slack_min_h…slack_max_h   uniform; how long after the earliest finish the job is due
    checkpoint_min_h…max_h    uniform; run time lost by a pause
    movable_ratio          share of jobs that may run at any site, the others stay at home
    data_median_gb, data_log_sd_ratio   lognormal volume to be transferred when moved
    power_low_ratio…power_high_ratio   band of A100 power quantiles from which a job's power is drawn
    pace                   how these jobs may be slowed
    checkpoint_every_h     run time between checkpoints; 0 writes one when the pause comes
    """

    kind: str
    label: str
    count_share_ratio: float
    work_share_ratio: float
    length: LengthModel
    slack_min_h: float
    slack_max_h: float
    preemptible_ratio: float
    checkpoint_min_h: float
    checkpoint_max_h: float
    movable_ratio: float
    data_median_gb: float
    power_low_ratio: float
    power_high_ratio: float
    data_log_sd_ratio: float = 1.5
    length_gang_correlation_ratio: float = 0.09
    pace: Pace = FULL_PACE
    checkpoint_every_h: float = 0.0


def _kind(kind: str, label: str, shares: tuple[float, float], length: LengthModel, **rest: float) -> KindMix:
    return KindMix(kind, label, shares[0], shares[1], length, pace=FULL_PACE, **rest)


# Work shares: mid-range of the sweep ranges F2 10–20, F3 10–30, F4 10–50, F5 5–10 % (D), split over kinds (D).
# Lognormal lengths: medians and σ follow the medians and means of Philly (874 s, 18,006 s → σ 2.46) and Seren
# (122 s, 1,414 s → σ 2.2) in AcmeTrace's cluster summary; the median of large training runs is D.
# Correlation of length with gang .34 (Seren, fitted by the project); .09 measured by the project on PAI.
#: The shipped mix. Order and names are those of `model.workload.KINDS`.
DEFAULT_KINDS: tuple[KindMix, ...] = (
    _kind("analytics", "F2", (0.40, 15.0), LengthModel("weibull", 0.284, 0.361, max_h=12.0),
          slack_min_h=0.25, slack_max_h=1.0, preemptible_ratio=0.0, checkpoint_min_h=0.0, checkpoint_max_h=0.0,
          movable_ratio=0.0, data_median_gb=20.0, power_low_ratio=0.4, power_high_ratio=0.7),
    _kind("batch", "F3", (0.20, 8.0), PAI_LENGTH,
          slack_min_h=4.0, slack_max_h=24.0, preemptible_ratio=1.0, checkpoint_min_h=0.02, checkpoint_max_h=0.1,
          movable_ratio=0.4, data_median_gb=200.0, power_low_ratio=0.5, power_high_ratio=0.8),
    _kind("rendering", "F3", (0.08, 6.0), PAI_LENGTH,
          slack_min_h=4.0, slack_max_h=24.0, preemptible_ratio=1.0, checkpoint_min_h=0.02, checkpoint_max_h=0.1,
          movable_ratio=0.6, data_median_gb=100.0, power_low_ratio=0.6, power_high_ratio=0.85),
    _kind("simulation", "F3", (0.08, 6.0), PAI_LENGTH,
          slack_min_h=4.0, slack_max_h=24.0, preemptible_ratio=0.5, checkpoint_min_h=0.05, checkpoint_max_h=0.25,
          movable_ratio=0.4, data_median_gb=100.0, power_low_ratio=0.6, power_high_ratio=0.85),
    _kind("fine_tuning", "F4", (0.10, 12.0), LengthModel("lognormal", 0.243, 2.46),
          slack_min_h=24.0, slack_max_h=96.0, preemptible_ratio=1.0, checkpoint_min_h=5 / 60, checkpoint_max_h=0.5,
          movable_ratio=0.2, data_median_gb=500.0, power_low_ratio=0.65, power_high_ratio=0.9,
          length_gang_correlation_ratio=0.34),
    _kind("training", "F4", (0.06, 18.0), LengthModel("lognormal", 2.0, 2.2, max_h=168.0),
          slack_min_h=24.0, slack_max_h=96.0, preemptible_ratio=1.0, checkpoint_min_h=5 / 60, checkpoint_max_h=0.5,
          movable_ratio=0.05, data_median_gb=5_000.0, power_low_ratio=0.75, power_high_ratio=0.95,
          length_gang_correlation_ratio=0.34),
    _kind("backup", "F5", (0.08, 7.5), PAI_LENGTH,
          slack_min_h=24.0, slack_max_h=168.0, preemptible_ratio=1.0, checkpoint_min_h=0.0, checkpoint_max_h=0.02,
          movable_ratio=0.8, data_median_gb=1_000.0, power_low_ratio=0.3, power_high_ratio=0.5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobMix:
    """The whole batch workload of a study.

    count              jobs expected to be submitted on the axis
    occupancy_ratio    GPU-hours that jobs ask for on the axis / (GPUs × hours); gang sizes are scaled to meet it
    intensity_variance_ratio, intensity_tau_h, batch_mean_count   Ornstein–Uhlenbeck log-intensity and geometric
                       batches: fitted by the project on PAI (variance-to-mean 3.4 by hour, 16 by day)
    daily_amplitude_ratio, daily_peak_h, weekend_ratio   arrival cycle in local time, D
    gang_max_ratio     widest gang as a share of its home site, D
    gang_step_count    gangs above one server are whole servers of this many GPUs
    """

    count: int = 20_000
    occupancy_ratio: float = 0.37
    kinds: tuple[KindMix, ...] = DEFAULT_KINDS
    gang: GangModel = GangModel()
    intensity_variance_ratio: float = 0.06
    intensity_tau_h: float = 36.0
    batch_mean_count: float = 1.85
    daily_amplitude_ratio: float = 0.5
    daily_peak_h: float = 15.0
    weekend_ratio: float = 0.7
    users: int = 200
    gang_max_ratio: float = 0.05
    gang_step_count: int = 8

    def __post_init__(self) -> None:
        faults = list(self._faults())
        if faults:
            raise ScenarioError(faults, source="job mix")

    def _faults(self) -> Iterable[Fault]:
        checks = (
            ("count", self.count >= 1, "must be at least 1"),
            ("occupancy_ratio", 0 < self.occupancy_ratio <= 1, "must lie in 0…1, e.g. 0.37"),
            ("kinds", len(self.kinds) > 0, "needs at least one kind"),
            ("intensity_variance_ratio", self.intensity_variance_ratio >= 0, "must not be negative"),
            ("intensity_tau_h", self.intensity_tau_h > 0, "must be above 0 h"),
            ("batch_mean_count", self.batch_mean_count >= 1, "must be at least 1"),
            ("daily_amplitude_ratio", 0 <= self.daily_amplitude_ratio < 1, "must lie in 0…1"),
            ("weekend_ratio", self.weekend_ratio > 0, "must be above 0"),
            ("users", self.users >= 1, "must be at least 1"),
            ("gang_max_ratio", 0 < self.gang_max_ratio <= 1, "must lie in 0…1"),
            ("gang_step_count", self.gang_step_count >= 1, "must be at least 1"),
        )
        yield from (Fault(f"jobs.{name}", message) for name, good, message in checks if not good)
        for kind in self.kinds:
            if kind.kind not in KINDS:
                yield Fault("jobs.kinds", f"unknown kind {kind.kind!r}; known: {', '.join(KINDS)}")
            if kind.count_share_ratio <= 0 or kind.work_share_ratio <= 0:
                yield Fault(f"jobs.kinds.{kind.kind}", "shares must be above 0; leave the kind out instead")


def kind_given_length(mix: JobMix, length_h: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A kind (index into `mix.kinds`) for jobs of which only the length is known, shape `(jobs,)`.

    Bayes: drawn with probability ∝ share of the jobs × density of the kind's length model at that length; lengths
    outside every model are drawn by share alone.
    """
    weight = np.stack([kind.count_share_ratio * kind.length.density(length_h) for kind in mix.kinds])
    shares = np.array([kind.count_share_ratio for kind in mix.kinds])[:, None]
    weight = np.where(weight.sum(axis=0) > 0, weight, shares)
    below = np.cumsum(weight, axis=0) / weight.sum(axis=0)
    kind: NDArray[np.int64] = (rng.random(len(length_h)) >= below[:-1]).sum(axis=0).astype(np.int64)
    return kind


def dynamic_power_per_gpu_kw(quantile_ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power above idle of a busy GPU with its share of the server, kW, at a quantile of A100 power readings.

    `1.75·(P(q) − 60 W)`, both constants as documented above; quantiles above .99 are held at .99.
    """
    power_w = np.interp(quantile_ratio, _A100_QUANTILE_RATIO, _A100_POWER_W)
    dynamic_kw: NDArray[np.float64] = _SERVER_PER_GPU_RATIO * np.maximum(power_w - _A100_IDLE_W, 0.0) / 1000.0
    return dynamic_kw


def mean_gpu_power_w(entry: KindMix) -> float:
    """Power of a busy GPU in the middle of the band of a kind, idle included, W."""
    middle_ratio = (entry.power_low_ratio + entry.power_high_ratio) / 2.0
    return float(np.interp(middle_ratio, _A100_QUANTILE_RATIO, _A100_POWER_W))


def profile_of_day_ratio(mix: JobMix, local_start: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Relative arrival intensity (mean not normalised) at local wall-clock times, same shape; D throughout."""
    seconds_s = local_start.astype("datetime64[s]").astype(np.int64)
    hour_h = seconds_s % 86_400 / 3600.0
    weekday = (seconds_s // 86_400 + 3) % 7  # 1970-01-01 was a Thursday
    daily = 1 + mix.daily_amplitude_ratio * np.cos(2 * np.pi * (hour_h - mix.daily_peak_h) / 24)
    profile_ratio: NDArray[np.float64] = daily * np.where(weekday >= 5, mix.weekend_ratio, 1.0)
    return profile_ratio
