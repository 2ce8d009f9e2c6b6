"""Carbon of consumption and of shifts under five accounts side by side, and green shares over year, month and hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError

__all__ = [
    "ACCOUNTS",
    "CarbonFactors",
    "CarbonLine",
    "GreenShares",
    "cfe_score_ratio",
    "emissions_of_shift",
    "green_shares",
]


@dataclass(frozen=True, slots=True)
class CarbonLine:
    """One account of one load or shift. `official`: the factor is published by an authority for this use."""

    account: str
    title: str
    emissions_kg: float | None
    official: bool
    basis: str


#: Accounts in the order in which they are shown: id, title, whether it is an official method, what it rests on.
ACCOUNTS: tuple[tuple[str, str, bool, str], ...] = (
    ("location_annual", "location-based, official annual factor", True, "annual factor of province or region"),
    ("residual", "residual mix (without contracted green power)", True, "annual factor less traded non-fossil power"),
    ("hourly_average", "hourly average", False, "modelled hourly shape scaled to the annual factor"),
    ("marginal", "short-run marginal (consequential)", False, "modelled or foreign marginal factor"),
    ("hourly_matched", "hourly matched with contracted generation", False, "own meters; the rest at the residual mix"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class CarbonFactors:
    """Factors in kg/MWh by interval `(periods,)` or one number; None where nothing is known.

    The annual and the residual factor are official only as published; a site in a place without one says so by
    `official_annual=False`.
    """

    annual_kg_per_mwh: float | None = None
    residual_kg_per_mwh: float | None = None
    average_kg_per_mwh: NDArray[np.float64] | None = None
    marginal_kg_per_mwh: NDArray[np.float64] | None = None
    official_annual: bool = True


@dataclass(frozen=True, slots=True)
class GreenShares:
    """Share of consumption that contracted generation covers: over the whole time, by month, by interval.

    Only the annual and the monthly volume can be shown with certificates (issued monthly); the hourly share is built
    from meters and is not official.
    """

    annual_ratio: float
    monthly_ratio: float
    hourly_ratio: float
    months: tuple[tuple[str, float], ...]
    official: tuple[str, ...] = ("annual", "monthly")


def emissions_of_shift(
    delta_mwh: NDArray[np.float64],
    factors: CarbonFactors,
    *,
    load_mwh: NDArray[np.float64] | None = None,
    contracted_mwh: NDArray[np.float64] | None = None,
) -> tuple[CarbonLine, ...]:
    """Change of emissions Σ_t Δ(t)·factor(t) under every account, kg; a negative figure is a saving.

    delta_mwh          change of consumption by interval `(periods,)`; consumption itself gives its own emissions
    load_mwh           consumption before the change, with `contracted_mwh`, `(periods,)`: for hourly matching

    Hourly matched: the unmatched rest max(0, load + Δ − contracted) less that before, at the residual (else the annual)
    factor. An account without its factor has `emissions_kg` None, never zero. Sources: GHG Protocol Scope 2 Guidance
    (2015) for the location-based method; marginal factors give the consequential reading.
    """
    delta = np.asarray(delta_mwh, dtype=np.float64)
    total_mwh = float(delta.sum())
    rest = factors.residual_kg_per_mwh if factors.residual_kg_per_mwh is not None else factors.annual_kg_per_mwh
    matched_kg = None
    if load_mwh is not None and contracted_mwh is not None and rest is not None:
        before_mwh = np.maximum(load_mwh - contracted_mwh, 0.0)
        after_mwh = np.maximum(load_mwh + delta - contracted_mwh, 0.0)
        matched_kg = float((after_mwh - before_mwh).sum()) * rest
    found = {
        "location_annual": _times(total_mwh, factors.annual_kg_per_mwh),
        "residual": _times(total_mwh, factors.residual_kg_per_mwh),
        "hourly_average": _summed(delta, factors.average_kg_per_mwh),
        "marginal": _summed(delta, factors.marginal_kg_per_mwh),
        "hourly_matched": matched_kg,
    }
    return tuple(
        CarbonLine(name, title, found[name], official and (name != "location_annual" or factors.official_annual), basis)
        for name, title, official, basis in ACCOUNTS
    )


def cfe_score_ratio(
    load_mwh: NDArray[np.float64],
    contracted_mwh: NDArray[np.float64],
    grid_cfe_ratio: NDArray[np.float64] | float = 0.0,
) -> float:
    """Carbon-free energy score Σ[min(C, L) + g·max(0, L − C)]/ΣL, arrays `(periods,)`; excess is never carried over.

    `grid_cfe_ratio` is the carbon-free share of grid supply, 0 for the contracted part alone. Source: Google, "24/7
    Carbon-Free Energy: Methodologies and Metrics" (2021), from general knowledge. Raises `DataError` without load.
    """
    _check(load_mwh, contracted_mwh)
    matched = np.minimum(contracted_mwh, load_mwh)
    grid = np.asarray(grid_cfe_ratio) * np.maximum(load_mwh - contracted_mwh, 0.0)
    return float((matched + grid).sum() / load_mwh.sum())


def green_shares(
    local_months: NDArray[np.datetime64], load_mwh: NDArray[np.float64], contracted_mwh: NDArray[np.float64]
) -> GreenShares:
    """Green share of consumption when matched over the whole time, by month and by interval, arrays `(periods,)`.

    `local_months` is each interval's month (`datetime64[M]`). Each share is Σ min(C, L)/ΣL at its resolution, so
    annual ≥ monthly ≥ hourly.
    """
    _check(load_mwh, contracted_mwh)
    months, place = np.unique(local_months.astype("datetime64[M]"), return_inverse=True)
    load, green = (np.bincount(place, weights=values, minlength=len(months)) for values in (load_mwh, contracted_mwh))
    matched = np.minimum(load, green)
    total = float(load_mwh.sum())
    return GreenShares(
        annual_ratio=min(float(contracted_mwh.sum()), total) / total,
        monthly_ratio=float(matched.sum()) / total,
        hourly_ratio=float(np.minimum(load_mwh, contracted_mwh).sum()) / total,
        months=tuple(
            (str(month), float(m / used) if used > 0 else 0.0)
            for month, m, used in zip(months, matched, load, strict=True)
        ),
    )


def _times(energy_mwh: float, factor_kg_per_mwh: float | None) -> float | None:
    return None if factor_kg_per_mwh is None else energy_mwh * factor_kg_per_mwh


def _summed(delta_mwh: NDArray[np.float64], factor_kg_per_mwh: NDArray[np.float64] | None) -> float | None:
    return None if factor_kg_per_mwh is None else float((delta_mwh * factor_kg_per_mwh).sum())


def _check(load_mwh: NDArray[np.float64], contracted_mwh: NDArray[np.float64]) -> None:
    if (np.asarray(load_mwh) < 0).any() or (np.asarray(contracted_mwh) < 0).any():
        raise DataError("consumption and contracted generation are non-negative energies by interval")
    if not np.sum(load_mwh) > 0:
        raise DataError("there is no consumption to be covered; a share of nothing has no value")
