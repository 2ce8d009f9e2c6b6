"""What a reduction at one meter sets in motion elsewhere and later: rebound, other sites, work, outages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.verification.event import Event

__all__ = [
    "Rebound",
    "SiteChange",
    "SpatialBalance",
    "WorkBalance",
    "outage_free_mw",
    "rebound",
    "spatial_balance",
    "work_balance",
]


@dataclass(frozen=True, slots=True)
class Rebound:
    """What came back after the event; every energy and power is NaN where no interval after it tells.

    rebound_mwh           Σ (A − B)⁺ in the window after a shed, Σ (B − A)⁺ after a fill
    rebound_ratio         over the energy delivered; NaN where nothing was
    net_mwh               delivered energy less the net return: the effect over event and window
    peak_mw               highest load in the window
    above_before_mw       how far that exceeds the peak of the day before the notice; ≤ 0: it does not
    window_h              hours of the window that were metered; less than asked for where the data end
    """

    rebound_mwh: float
    rebound_ratio: float
    net_mwh: float
    peak_mw: float
    above_before_mw: float
    window_h: float


@dataclass(frozen=True, slots=True)
class SiteChange:
    """One site's change of load against its own baseline in a spatial shift, with the value of its node.

    delta_mw          A − B by interval; the sending site is negative, the receiving one positive
    price_cny_per_mwh, carbon_kg_per_mwh   at its node, by interval or constant
    """

    site: str
    delta_mw: tuple[float, ...]
    price_cny_per_mwh: tuple[float, ...]
    carbon_kg_per_mwh: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SpatialBalance:
    """All sites together: a shift is worth what it changes everywhere, not at the called site alone.

    leakage_ratio    increase elsewhere over decrease at the called sites; 1: all of it moved
    energy_mwh       global change Σ ΔP·Δt with migration energy
    """

    called_mwh: float
    received_mwh: float
    leakage_ratio: float
    energy_mwh: float
    cost_cny: float
    carbon_kg: float


@dataclass(frozen=True, slots=True)
class WorkBalance:
    """What became of the work behind a reduction.

    deferred_gpu_h, moved_gpu_h     done later or elsewhere; dropped_gpu_h never done
    neutral_ratio                   share of the displaced work that was not dropped
    credited_mwh                    the reduction that counts: all of it where dropping is paid for, else that share
    """

    displaced_gpu_h: float
    deferred_gpu_h: float
    moved_gpu_h: float
    dropped_gpu_h: float
    deadline_misses: int
    neutral_ratio: float
    credited_mwh: float


def rebound(
    baseline_mw: NDArray[np.float64],
    metered_mw: NDArray[np.float64],
    before_mw: NDArray[np.float64],
    delivered_mwh: float,
    step_h: float,
    *,
    fill: bool = False,
    window_h: float = 24.0,
) -> Rebound:
    """Return of the load after the event: arrays `(intervals after the event,)`, cut at `window_h`.

    `before_mw` is the load of the day before the notice, whose peak a rebound should not exceed. Intervals without a
    reading or a baseline are left out and shorten `window_h` of the result; where all are, nothing is known: NaN.
    """
    count = min(len(baseline_mw), len(metered_mw), round(window_h / step_h))
    base, actual = baseline_mw[:count], metered_mw[:count]
    read = np.isfinite(base) & np.isfinite(actual)
    back_mw = (actual - base)[read] * (-1.0 if fill else 1.0)
    if not read.any():
        # A sum over nothing is 0, which would read as "nothing came back".
        nan = float("nan")
        return Rebound(nan, nan, nan, nan, nan, 0.0)
    rebound_mwh = float(np.maximum(back_mw, 0.0).sum() * step_h)
    peak_mw = float(actual[read].max())
    before_peak_mw = float(np.nanmax(before_mw)) if np.isfinite(before_mw).any() else float("nan")
    return Rebound(
        rebound_mwh=rebound_mwh,
        rebound_ratio=rebound_mwh / delivered_mwh if delivered_mwh > 0 else float("nan"),
        net_mwh=delivered_mwh - float(back_mw.sum() * step_h),
        peak_mw=peak_mw,
        above_before_mw=peak_mw - before_peak_mw,
        window_h=float(read.sum() * step_h),
    )


def spatial_balance(
    called: Sequence[str], changes: Sequence[SiteChange], step_h: float, *, migration_mwh: float = 0.0
) -> SpatialBalance:
    """Balance of a shift between sites. Every site of the portfolio belongs in `changes`, not only the called ones.

    Cost and carbon are Σ_sites Σ_t ΔP·Δt·value; migration energy is charged at the receiving sites' mean value.
    Raises `DataError` where a called site is missing or the lengths differ.
    """
    names = {change.site for change in changes}
    missing = sorted(set(called) - names)
    if missing:
        raise DataError(f"no change of load is given for {', '.join(missing)}; balance all sites of the portfolio")
    energy = {c.site: float(np.sum(c.delta_mw) * step_h) for c in changes}
    widths = {len(c.delta_mw) for c in changes} | {len(c.price_cny_per_mwh) for c in changes}
    widths |= {len(c.carbon_kg_per_mwh) for c in changes}
    if len(widths) > 1:
        raise DataError("loads, prices and carbon of a shift cover different numbers of intervals")
    called_mwh = -sum(energy[site] for site in called)
    others = [c for c in changes if c.site not in called]
    received_mwh = sum(max(energy[c.site], 0.0) for c in others)
    cost_cny = sum(float(np.dot(c.delta_mw, c.price_cny_per_mwh) * step_h) for c in changes)
    carbon_kg = sum(float(np.dot(c.delta_mw, c.carbon_kg_per_mwh) * step_h) for c in changes)
    if migration_mwh and others:
        cost_cny += migration_mwh * float(np.mean([c.price_cny_per_mwh for c in others]))
        carbon_kg += migration_mwh * float(np.mean([c.carbon_kg_per_mwh for c in others]))
    return SpatialBalance(
        called_mwh=called_mwh,
        received_mwh=received_mwh,
        leakage_ratio=received_mwh / called_mwh if called_mwh > 0 else float("nan"),
        energy_mwh=sum(energy.values()) + migration_mwh,
        cost_cny=cost_cny,
        carbon_kg=carbon_kg,
    )


def work_balance(
    displaced_gpu_h: float,
    deferred_gpu_h: float,
    moved_gpu_h: float,
    delivered_mwh: float,
    *,
    deadline_misses: int = 0,
    dropping_paid: bool = False,
) -> WorkBalance:
    """Deferred and moved work keep the service; the rest was dropped and its reduction does not count unless paid for.

    Raises `DataError` where more work was deferred and moved than displaced.
    """
    kept = deferred_gpu_h + moved_gpu_h
    if min(displaced_gpu_h, deferred_gpu_h, moved_gpu_h) < 0 or kept > displaced_gpu_h * (1 + 1e-9):
        raise DataError(f"{kept:g} GPU-h deferred and moved of {displaced_gpu_h:g} displaced; check the job log")
    neutral_ratio = kept / displaced_gpu_h if displaced_gpu_h > 0 else 1.0
    return WorkBalance(
        displaced_gpu_h=displaced_gpu_h,
        deferred_gpu_h=deferred_gpu_h,
        moved_gpu_h=moved_gpu_h,
        dropped_gpu_h=max(displaced_gpu_h - kept, 0.0),
        deadline_misses=deadline_misses,
        neutral_ratio=min(neutral_ratio, 1.0),
        credited_mwh=delivered_mwh if dropping_paid else delivered_mwh * min(neutral_ratio, 1.0),
    )


def outage_free_mw(
    reduction_mw: NDArray[np.float64], outage_mw: NDArray[np.float64], event: Event
) -> NDArray[np.float64]:
    """Reduction less the power that unplanned outages took, `(intervals,)`: maintenance and failures are no service.

    Where the outage exceeds the reduction nothing is left; a shortfall stays as it is. Raises `DataError` for a
    negative outage.
    """
    if (outage_mw < 0).any():
        raise DataError(f"event {event.id!r}: outage power is negative; give what failed as a positive power")
    left_mw: NDArray[np.float64] = np.where(reduction_mw > 0, np.maximum(reduction_mw - outage_mw, 0.0), reduction_mw)
    return left_mw
