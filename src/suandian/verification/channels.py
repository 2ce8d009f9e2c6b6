"""IT, cooling, battery and generation behind one grid meter: the same kilowatt is never paid twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.verification.performance import Performance

__all__ = ["ChannelCheck", "channel_loads_mw", "check_channels", "hold_channels"]


@dataclass(frozen=True, slots=True)
class ChannelCheck:
    """Reductions of sub-resources held against the grid meter.

    claimed_mwh    sum over the channels, credited_mwh what may be paid in all: never more than the grid meter shows
    shares_mwh     credited energy by channel, in proportion to the claims; sums to credited_mwh
    """

    grid_mwh: float
    claimed_mwh: float
    credited_mwh: float
    within_tolerance: bool
    shares_mwh: Mapping[str, float]


def hold_channels(grid_mwh: float, channels_mwh: Mapping[str, float], *, tolerance_ratio: float = 0.02) -> ChannelCheck:
    """Hold Σ channel reductions against the grid meter's; the lesser is what may be paid.

    `channels_mwh` are reductions of IT, cooling, battery, PV … each against its own baseline; a negative one (a battery
    that charged) counts against the rest. Within the tolerance (2 %, D) of the grid's figure both agree. Positive
    channels share the credited energy in proportion.
    """
    claimed_mwh = float(sum(channels_mwh.values()))
    credited_mwh = max(min(grid_mwh, claimed_mwh), 0.0)
    positive_mwh = sum(max(v, 0.0) for v in channels_mwh.values())
    shares = {
        name: credited_mwh * max(value, 0.0) / positive_mwh if positive_mwh > 0 else 0.0
        for name, value in channels_mwh.items()
    }
    within = abs(claimed_mwh - grid_mwh) <= tolerance_ratio * max(abs(grid_mwh), abs(claimed_mwh))
    return ChannelCheck(grid_mwh, claimed_mwh, credited_mwh, within, shares)


def check_channels(
    grid: Performance, channels: Mapping[str, Performance], *, tolerance_ratio: float = 0.02
) -> ChannelCheck:
    """Hold measured channels of one event against the grid meter's performance.

    Raises `DataError` where the events differ, or where the grid meter or a channel is not measurable: what cannot be
    held against the meter cannot be shared.
    """
    for name, result in {"grid": grid, **channels}.items():
        if (result.event.start_s, result.event.end_s) != (grid.event.start_s, grid.event.end_s):
            raise DataError(
                f"channel {name}: event {result.event.id!r} is not event {grid.event.id!r} of the grid meter"
            )
        if not result.measurable:
            raise DataError(f"channel {name} is not measurable: {'; '.join(result.disqualified)}")
    delivered = {name: result.delivered_mwh for name, result in channels.items()}
    return hold_channels(grid.delivered_mwh, delivered, tolerance_ratio=tolerance_ratio)


def channel_loads_mw(
    *,
    it_mw: NDArray[np.float64] | None = None,
    cooling_mw: NDArray[np.float64] | None = None,
    charge_mw: NDArray[np.float64] | None = None,
    discharge_mw: NDArray[np.float64] | None = None,
    pv_mw: NDArray[np.float64] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Loads by channel as the grid meter feels them, arrays `(…, periods)`: battery = charge − discharge, pv = −PV.

    They sum to the net import less losses. Battery and PV may be negative, so their tables are made with `exports`.
    """
    given = (it_mw, cooling_mw, charge_mw, discharge_mw, pv_mw)
    if any(values is not None and (np.asarray(values) < 0).any() for values in given):
        raise DataError("channels are non-negative powers; charge and discharge are separate")
    loads: dict[str, NDArray[np.float64]] = {}
    if it_mw is not None:
        loads["it"] = it_mw
    if cooling_mw is not None:
        loads["cooling"] = cooling_mw
    battery = [values for values in (charge_mw, None if discharge_mw is None else -discharge_mw) if values is not None]
    if battery:
        loads["battery"] = np.sum(battery, axis=0)
    if pv_mw is not None:
        loads["pv"] = -pv_mw
    return loads
