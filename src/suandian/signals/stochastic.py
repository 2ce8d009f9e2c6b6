"""Random paths: seeded streams, Ornstein–Uhlenbeck and two-root AR(2) processes, correlation, marginals.

All paths have mean 0 and variance 1 from their first interval on; what they are scaled or mapped to is the caller's.
Paths are prefix-stable: the first n intervals do not change when more intervals are asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ar2",
    "beta_from_normal",
    "correlated_normals",
    "distances_km",
    "factor",
    "ou",
    "rng",
    "student4_from_normal",
    "weibull_from_normal",
]

_EARTH_RADIUS_KM = 6371.0  # mean radius, IUGG


def rng(seed: int, *names: str) -> np.random.Generator:
    """A generator whose stream depends on `seed` and `names` alone: not on platform, order, or what else is drawn.

    Raises `ValueError` for a negative seed.
    """
    digest = hashlib.blake2b("\x1f".join(names).encode(), digest_size=8).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int.from_bytes(digest, "little")])))


def ou(z: NDArray[np.float64], *, step_h: float, tau_h: float) -> NDArray[np.float64]:
    """Stationary Ornstein–Uhlenbeck paths from white standard normals `z`, shape `(…, periods)`, exact at any step.

    Autocorrelation `exp(−t/tau_h)` (Uhlenbeck and Ornstein 1930); `tau_h = 0` gives white noise.
    """
    if tau_h <= 0.0:
        return z.copy()
    decay = float(np.exp(-step_h / tau_h))
    driven = z * float(np.sqrt(-np.expm1(-2.0 * step_h / tau_h)))
    driven[..., 0] = z[..., 0]
    return _filtered([1.0, -decay], driven, None)


def ar2(z: NDArray[np.float64], *, step_h: float, slow_h: float, fast_h: float) -> NDArray[np.float64]:
    """Stationary AR(2) paths from white standard normals `z`, shape `(…, periods)`.

    The roots are real: `exp(−step/slow)` and `exp(−step/fast)`. The first two intervals are drawn from the stationary
    law (Yule–Walker, Box and Jenkins §3.2.4), so that no warm-up is needed.
    """
    slow, fast = float(np.exp(-step_h / slow_h)), float(np.exp(-step_h / fast_h))
    first, second = slow + fast, -slow * fast
    lag1 = first / (1.0 - second)
    scale = float(np.sqrt((1.0 + second) * ((1.0 - second) ** 2 - first**2) / (1.0 - second)))
    path = np.empty_like(z)
    path[..., 0] = z[..., 0]
    if z.shape[-1] > 1:
        path[..., 1] = lag1 * z[..., 0] + np.sqrt(1.0 - lag1**2) * z[..., 1]
    if z.shape[-1] > 2:
        # Direct form II transposed: the state holds what the two known values add to the next outputs.
        state = np.stack([first * path[..., 1] + second * path[..., 0], second * path[..., 1]], axis=-1)
        path[..., 2:] = _filtered([1.0, -first, -second], scale * z[..., 2:], state)
    return path


def _filtered(
    recursion: list[float], values: NDArray[np.float64], history: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """`values` through 1/recursion along the last axis, `history` being the filter's state before them."""
    from scipy.signal import lfilter  # slow to import

    y: NDArray[np.float64] = (
        lfilter([1.0], recursion, values) if history is None else lfilter([1.0], recursion, values, zi=history)[0]
    )
    return y


def distances_km(latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle distances between n points, shape `(n, n)` (haversine formula on a sphere)."""
    phi, lam = np.radians(latitude_deg), np.radians(longitude_deg)
    half_phi = np.sin((phi[:, None] - phi[None, :]) / 2.0)
    half_lam = np.sin((lam[:, None] - lam[None, :]) / 2.0)
    chord = half_phi**2 + np.cos(phi)[:, None] * np.cos(phi)[None, :] * half_lam**2
    apart_km: NDArray[np.float64] = 2.0 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return apart_km


def factor(correlation_ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower Cholesky factor of a correlation matrix `(n, n)`.

    Distance laws need not be positive definite on the sphere: eigenvalues below 1e-6 are raised to it and the
    diagonal is set back to 1 first. Rounded to nine decimals.
    """
    values, vectors = np.linalg.eigh((correlation_ratio + correlation_ratio.T) / 2.0)
    repaired = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    spread = np.sqrt(np.diag(repaired))
    # Rounded so that the last bits of one linear-algebra library or another do not reach the series.
    weights: NDArray[np.float64] = np.linalg.cholesky(repaired / np.outer(spread, spread))
    return weights.round(9)


def correlated_normals(
    weights: NDArray[np.float64], names: Sequence[str], rows: Sequence[int], periods: int, *, seed: int, kind: str
) -> NDArray[np.float64]:
    """Standard normals `(len(rows), periods)`, white in time, correlated across rows by the factor `weights` (n, n).

    Every one of the n names has its own stream, and a row uses the streams up to its own place only:
    a row is the same whichever other rows are asked for.
    """
    last = max(rows) + 1
    streams = np.stack([rng(seed, kind, name).standard_normal(periods) for name in names[:last]])
    mixed = np.zeros((len(rows), periods))
    for place, row in enumerate(rows):
        # Added one by one: a matrix product may round differently when the number of rows differs.
        for weight, stream in zip(weights[row, : row + 1], streams, strict=False):
            mixed[place] += weight * stream
    return mixed


def beta_from_normal(
    z: NDArray[np.float64], *, mean_ratio: NDArray[np.float64] | float, concentration_count: float
) -> NDArray[np.float64]:
    """`z` mapped to Beta(mean·ν, (1 − mean)·ν), shape of `z`; `mean_ratio` in (0, 1) broadcasts against it."""
    from scipy.special import betaincinv, ndtr  # slow to import

    mean = np.clip(mean_ratio, 1e-3, 1.0 - 1e-3)
    values: NDArray[np.float64] = betaincinv(mean * concentration_count, (1.0 - mean) * concentration_count, ndtr(z))
    return values


def weibull_from_normal(z: NDArray[np.float64], *, shape_ratio: float, scale: float = 1.0) -> NDArray[np.float64]:
    """`z` mapped to Weibull: `scale·(−ln(1 − Φ(z)))^(1/shape_ratio)`, shape of `z`; exact in the far upper tail."""
    from scipy.special import log_ndtr  # slow to import

    values: NDArray[np.float64] = scale * np.power(-log_ndtr(-z), 1.0 / shape_ratio)
    return values


def student4_from_normal(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """`z` mapped to Student's t with 4 degrees of freedom, scaled to variance 1, shape of `z`.

    Closed-form quantile (Shaw 2006, J. Computational Finance 9(4), eq. for n = 4); t4 has variance 2.
    """
    from scipy.special import ndtr  # slow to import

    tail = np.clip(ndtr(-np.abs(z)), 1e-300, 0.5)
    root = np.sqrt(4.0 * tail * (1.0 - tail))
    quantile = 2.0 * np.sqrt(np.maximum(np.cos(np.arccos(np.minimum(root, 1.0)) / 3.0) / root - 1.0, 0.0))
    values: NDArray[np.float64] = np.sign(z) * quantile / np.sqrt(2.0)
    return values
