"""IT power from GPUs in use: idle power that is always there, and dynamic power of busy GPUs.

Server power is taken as linear in the power of its GPUs:

    server = 571 W + 1.75·Σ GPU power

The two coefficients are a two-point estimate by the project on the public AcmeTrace quantiles (Q. Hu et al.,
"Characterization of Large Language Model Development in the Datacenter", NSDI 2024; data CC-BY 4.0) for the Seren
cluster, eight A100 a server: the quantile 0.1 % (idle: 58.2 W a GPU, 1,386 W a server) and the mean (169 W, 2,930 W).
That server power is linear in GPU use is supported by six GPU servers of Cornell BioHPC, hourly 2022–2025: power
against utilisation R² 0.90–0.95, a concave term adds at most 0.035. In Acme, *utilisation* says little about power (its
median is 99 % at 96 W), so power by kind of work is taken from quantiles of power, not of utilisation.

The GPUs of a server are neither independent nor equal. A one-factor Gaussian copula with correlation 0.6 (fitted by the
project on the same quantiles) turns the distribution of GPU power into one of server power that meets the measured one
with a mean absolute deviation of 6 % of its mean; percentiles from 1 to 80 % are met within 12 %, those from 90 to 99 %
come out up to 18 % too high (tests/physics/test_itload.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DYNAMIC_POWER_PER_GPU_KW",
    "GPUS_PER_SERVER",
    "GPU_IDLE_W",
    "GPU_POWER_BY_KIND_W",
    "SERVER_BASE_W",
    "SERVER_PER_GPU_RATIO",
    "dynamic_power_per_gpu_kw",
    "idle_power_per_gpu_kw",
    "sampled_server_power_w",
    "server_power_w",
]

GPUS_PER_SERVER = 8
#: Power of a server beside what rises with its GPUs; fans, processors and memory at idle (two-point estimate, above).
SERVER_BASE_W = 571.0
#: Server power per GPU power: fans, power supplies, processors and memory rise with the GPUs (two-point estimate).
SERVER_PER_GPU_RATIO = 1.75
#: AcmeTrace, Seren, A100, quantile 0.1 %.
GPU_IDLE_W = 58.2
#: Correlation of the powers of two GPUs in one server (fitted, above).
SERVER_CORRELATION_RATIO = 0.6

#: Mean power of a busy GPU by kind of work: AcmeTrace power quantiles of A100 GPUs (Seren: development, evaluation and
#: fine-tuning of many sizes; Kalos: pre-training). Which quantile stands for which kind is D (engineering default).
GPU_POWER_BY_KIND_W: Mapping[str, float] = MappingProxyType(
    {
        "training": 371.7,  # Kalos, quantile 75 %
        "fine_tuning": 336.8,  # Seren, quantile 80 %
        "simulation": 324.9,  # Kalos, quantile 70 %
        "rendering": 289.9,  # Seren, quantile 75 %
        "batch": 211.4,  # Seren, quantile 70 %
        "inference": 211.4,  # Seren, quantile 70 %
        "analytics": 148.1,  # Kalos, quantile 60 %
        "backup": 96.4,  # Seren, median: GPUs wait while data move
    }
)


def server_power_w(gpu_power_w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power of servers from the power of their GPUs: shape `(…, GPUs)` → `(…)`, W. Formula and source: module."""
    power_w: NDArray[np.float64] = SERVER_BASE_W + SERVER_PER_GPU_RATIO * np.asarray(gpu_power_w).sum(axis=-1)
    return power_w


def idle_power_per_gpu_kw() -> float:
    """Server power per GPU with every GPU idle, kW: 0.173 (an eight-GPU server draws 1,386 W)."""
    return (SERVER_BASE_W / GPUS_PER_SERVER + SERVER_PER_GPU_RATIO * GPU_IDLE_W) / 1000.0


def dynamic_power_per_gpu_kw(kind: str) -> float:
    """Server power above idle that one GPU busy with `kind` of work causes, kW.

    Raises `ValueError` for a kind that has no figure.
    """
    if kind not in GPU_POWER_BY_KIND_W:
        raise ValueError(f"no power figure for work of kind {kind!r}; there are: {', '.join(GPU_POWER_BY_KIND_W)}")
    return SERVER_PER_GPU_RATIO * (GPU_POWER_BY_KIND_W[kind] - GPU_IDLE_W) / 1000.0


#: `dynamic_power_per_gpu_kw` of every kind.
DYNAMIC_POWER_PER_GPU_KW: Mapping[str, float] = MappingProxyType(
    {kind: dynamic_power_per_gpu_kw(kind) for kind in GPU_POWER_BY_KIND_W}
)


def sampled_server_power_w(
    gpu_share_ratio: NDArray[np.float64], gpu_power_w: NDArray[np.float64], *, servers: int, seed: int
) -> NDArray[np.float64]:
    """Powers of `servers` random servers whose GPUs follow a given distribution, shape `(servers,)`, W.

    `gpu_power_w` is the quantile function at `gpu_share_ratio` (ascending, 0…1). Within a server GPU powers are tied by
    a one-factor Gaussian copula of correlation `SERVER_CORRELATION_RATIO`. Same seed, same sample.
    """
    from scipy.special import ndtr  # slow to import

    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((servers, 1))
    own = rng.standard_normal((servers, GPUS_PER_SERVER))
    factor = np.sqrt(SERVER_CORRELATION_RATIO) * shared + np.sqrt(1.0 - SERVER_CORRELATION_RATIO) * own
    return server_power_w(np.interp(ndtr(factor), gpu_share_ratio, gpu_power_w))
