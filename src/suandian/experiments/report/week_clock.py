"""The clock of the week figure: which intervals are shown, how they are thinned, and the ranges of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.report.canvas import Pool, nice_range
from suandian.experiments.report.reading import wide_mean
from suandian.experiments.report.study import Study

__all__ = ["Clock", "limits_mw", "make_clock", "row_ranges", "signals"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Clock:
    """The shown week thinned to quarter hours or the study's own step: column of times, thinning, day borders."""

    x: dict[str, Any]
    factor: int
    span: slice
    borders: list[str]
    labels: list[str]
    noons: list[str]
    narrow_days: tuple[int, int]

    def thin(self, values: Array) -> Array:
        """The week of `values`; the last value is repeated so that the last step is drawn to its end."""
        part = wide_mean(values[..., self.span], self.factor)
        held: Array = np.concatenate([part, part[..., -1:]], axis=-1)
        return held


def make_clock(study: Study, pool: Pool) -> Clock:
    """The shown week; phones show three of its days that contain the cloudiest."""
    window = study.window
    factor = max(1, round(0.25 / study.step_h))
    stamps = study.local[window.first : window.last : factor]
    end = study.local[window.last - 1] + np.timedelta64(study.finding.truth.axis.step_s, "s")
    x = [str(stamp)[:16].replace("T", " ") for stamp in [*stamps, end]]
    borders = [f"{day} 00:00" for day in window.days] + [x[-1]]
    energy = np.add.reduceat(
        study.flows[study.control].pv_available_mw[window.first : window.last],
        [edge - window.first for edge in window.edges[:-1]],
    )
    length = min(3, len(window.days))
    with_cloud = [first for first in range(len(window.days) - length + 1) if first <= window.cloudiest < first + length]
    first = max(with_cloud, key=lambda day: float(energy[day : day + length].max()))
    return Clock(
        x=pool.put_text(x),
        factor=factor,
        span=slice(window.first, window.last),
        borders=borders,
        labels=[study.day_label(day) for day in window.days],
        noons=[f"{day} 12:00" for day in window.days],
        narrow_days=(first, first + length),
    )


def row_ranges(study: Study, clock: Clock) -> list[tuple[float, float]]:
    """The same range for all arms, so that switching shows a difference and not a new scale."""
    goes = comes = leaves = 0.0
    flow_low, flow_high = 0.0, 0.0
    for flow in study.flows.values():
        goes = max(goes, float(clock.thin(flow.load_mw + flow.losses_mw + flow.base_mw + flow.computing_mw).max()))
        coming = flow.pv_mw + flow.wind_mw + flow.curtailed_mw + flow.discharge_mw + flow.import_mw + flow.tie_in_mw
        comes = max(comes, float(clock.thin(coming).max()))
        leaves = max(leaves, float(clock.thin(flow.export_mw + flow.charge_mw + flow.tie_out_mw).max()))
        net = clock.thin(flow.net_mw)
        flow_low, flow_high = min(flow_low, float(net.min())), max(flow_high, float(net.max()))
    for limit in limits_mw(study):
        flow_low, flow_high = min(flow_low, limit), max(flow_high, limit)
    price, carbon = signals(study)
    return [
        nice_range(0.0, goes),
        nice_range(-leaves, comes),
        (flow_low - 0.12 * (flow_high - flow_low + 1e-3), flow_high + 0.12 * (flow_high - flow_low + 1e-3)),
        nice_range(min(0.0, float(clock.thin(price).min())), float(clock.thin(price).max()), 0.12),
        (float(clock.thin(carbon).min()) - 25.0, float(clock.thin(carbon).max()) + 25.0),
    ]


def limits_mw(study: Study) -> list[float]:
    """Limits at the connection that exist: import positive, reverse flow negative."""
    place = study.place
    both = [place.import_max_mw, -place.export_max_mw]
    return [value for value in both if np.isfinite(value) and value != 0]


def signals(study: Study) -> tuple[Array, Array]:
    """Price and modelled hourly carbon at the first site of the place, `(T,)` each."""
    site = study.place.sites[0] if study.place.sites else 0
    truth = study.finding.truth
    return truth.price_cny_per_mwh[site], truth.carbon_average_kg_per_mwh[site]
