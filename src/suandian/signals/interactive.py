"""Interactive inference load by origin, and how long a signal travels: what can be moved in space, never in time."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis

__all__ = [
    "DAILY_PROFILE_RATIO",
    "WEEKEND_RATIO",
    "TokenModel",
    "day_shape_ratio",
    "one_way_fibre_ms",
    "stream_demand_mw",
    "tokens_to_power_mw",
]

#: Demand by local hour, relative to the busiest. D: no source for the daily cycle of language-model load was found;
#: office hours and an evening shoulder, as for other interactive services.
DAILY_PROFILE_RATIO: tuple[float, ...] = (
    0.42, 0.34, 0.29, 0.26, 0.25, 0.28, 0.36, 0.50, 0.70, 0.88, 0.97, 1.00,
    0.88, 0.90, 0.98, 1.00, 0.97, 0.90, 0.80, 0.82, 0.88, 0.86, 0.72, 0.56,
)  # fmt: skip
#: Saturdays and Sundays against working days, D.
WEEKEND_RATIO = 0.75

_EARTH_RADIUS_KM = 6371.0
_DETOUR_RATIO = 1.4
_FIBRE_KM_PER_MS = 200.0
_EQUIPMENT_MS = 0.5


@dataclass(frozen=True, slots=True)
class TokenModel:
    """From tokens to power above idle: GPU-seconds = input/prefill rate + output/decode rate, times power per GPU.

    The two rates are D (one A100-class GPU of a batched server with a model of about 70 billion parameters, spread
    over its gang); the power is the 75 % quantile of A100 readings (AcmeTrace, CC-BY 4.0) above idle with the
    server's share, 1.75·(290 − 60) W.
    """

    prefill_tokens_per_gpu_s: float = 2_000.0
    decode_tokens_per_gpu_s: float = 150.0
    power_per_gpu_kw: float = 0.40


#: Azure LLM inference 2023, conversation: 1,155 input and 211 output tokens a request on average (CC-BY 4.0).
_REQUEST_TOKENS = (1155.0, 211.0)


def tokens_to_power_mw(
    context_tokens: NDArray[np.float64],
    generated_tokens: NDArray[np.float64],
    interval_s: float,
    model: TokenModel | None = None,
) -> NDArray[np.float64]:
    """Mean IT power above idle (MW) that serves the tokens of each interval of `interval_s`; same shape."""
    model = model or TokenModel()
    busy_gpu_s = context_tokens / model.prefill_tokens_per_gpu_s + generated_tokens / model.decode_tokens_per_gpu_s
    power_mw: NDArray[np.float64] = busy_gpu_s / interval_s * model.power_per_gpu_kw / 1000.0
    return power_mw


def day_shape_ratio(axis: TimeAxis, zone: str) -> NDArray[np.float64]:
    """Daily and weekly cycle at the middle of each interval, 0…1, shape `(periods,)`, local time of `zone`; D."""
    middle_s = axis.local_starts(zone).astype(np.int64) + axis.step_s / 2
    hour_h = middle_s % 86_400 / 3600.0
    shape = np.interp(hour_h, np.arange(24) + 0.5, np.array(DAILY_PROFILE_RATIO), period=24.0)
    weekday = (middle_s // 86_400 + 3) % 7  # 1970-01-01 was a Thursday
    shape_ratio: NDArray[np.float64] = shape * np.where(weekday >= 5, WEEKEND_RATIO, 1.0)
    return shape_ratio


def stream_demand_mw(
    axis: TimeAxis,
    *,
    peak_mw: float,
    zone: str,
    seed: int,
    drift_sd_ratio: float = 0.05,
    drift_tau_h: float = 3.0,
    dispersion_60s_ratio: float = 16.0,
) -> NDArray[np.float64]:
    """Interactive inference demand (IT power above idle), MW, shape `(periods,)`, never above `peak_mw`.

    `peak·cycle·drift·noise`: the cycle is D, the drift an Ornstein–Uhlenbeck log-factor (D). The noise is gamma with
    the short-term overdispersion of requests measured by the project on Azure's conversation trace (index of
    dispersion 16 at 60 s): its relative variance is dispersion / requests in the interval. At tens of MW thousands
    of requests arrive each second and it all but vanishes; for a small stream it matters.
    """
    if peak_mw < 0:
        raise ScenarioError([Fault("streams.peak_mw", f"{peak_mw} MW is negative; write 0 MW or more")])
    if peak_mw == 0:
        return np.zeros(axis.periods)
    rng = np.random.default_rng([seed, 0x73747265])
    keep = float(np.exp(-axis.step_h / drift_tau_h))
    steps = rng.standard_normal(axis.periods) * drift_sd_ratio * sqrt(1 - keep**2)
    drift = np.empty(axis.periods)
    value = float(rng.standard_normal()) * drift_sd_ratio
    for index in range(axis.periods):
        value = keep * value + float(steps[index])
        drift[index] = value
    # The mean peak lies two standard deviations of the drift below the cap, so the cap is rarely met.
    mean_mw = peak_mw * np.exp(-2 * drift_sd_ratio) * day_shape_ratio(axis, zone) * np.exp(drift)
    context, generated = (np.array([tokens]) for tokens in _REQUEST_TOKENS)
    request_mw = float(tokens_to_power_mw(context, generated, float(axis.step_s))[0])
    shape = np.maximum(mean_mw / request_mw / dispersion_60s_ratio, 1e-3)
    demand_mw: NDArray[np.float64] = np.minimum(mean_mw * rng.gamma(shape) / shape, peak_mw)
    return demand_mw


def one_way_fibre_ms(
    latitude_1_deg: float, longitude_1_deg: float, latitude_2_deg: float, longitude_2_deg: float
) -> float:
    """One-way latency between two places, ms: 1.4 × great circle / 200 km per ms + 0.5 ms equipment.

    The speed is that of light in glass (n ≈ 1.5); detour factor and equipment are D, and give the published order
    of ≤ 20 ms between hubs. The great circle by the haversine formula, Earth radius 6,371 km.
    """
    lat_1, lat_2 = radians(latitude_1_deg), radians(latitude_2_deg)
    half_lat, half_lon = (lat_2 - lat_1) / 2, radians(longitude_2_deg - longitude_1_deg) / 2
    chord = sin(half_lat) ** 2 + cos(lat_1) * cos(lat_2) * sin(half_lon) ** 2
    distance_km = 2 * _EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))
    return _DETOUR_RATIO * distance_km / _FIBRE_KM_PER_MS + _EQUIPMENT_MS
