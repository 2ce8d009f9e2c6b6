"""Time-of-use tariffs as curves on the axis."""

from __future__ import annotations

from datetime import date, timedelta
from math import gcd

import numpy as np
from numpy.typing import NDArray

from suandian.model.contract import Tariff
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["band_letters", "energy_price_cny_per_mwh"]

_HALF_HOURS = 48
_HALF_HOUR_S = 1800
#: Zone offsets from UTC are multiples of a quarter hour.
_OFFSET_S = 900


def energy_price_cny_per_mwh(tariff: Tariff, axis: TimeAxis) -> NDArray[np.float64]:
    """Energy price per interval, CNY/MWh, shape `(periods,)`; bands follow local time of `tariff.zone`.

    Price of a band = floating·ratio + fixed. A step that straddles a half-hour boundary (or a change of clocks or of
    month) costs the time-weighted mean. Raises `DataError` where the tariff has gaps or the axis leaves its dates.
    """
    letters, codes = _codes(tariff, axis)
    missing = [letter for letter in letters if letter not in tariff.ratio]
    if missing:
        raise DataError(f"tariff {tariff.id!r}: band {', '.join(missing)} has no ratio; add it under `ratio`")
    price_cny_per_mwh = np.array(
        [tariff.floating_cny_per_mwh * tariff.ratio[letter] + tariff.fixed_cny_per_mwh for letter in letters]
    )
    mean_cny_per_mwh: NDArray[np.float64] = price_cny_per_mwh[codes].mean(axis=1)
    return mean_cny_per_mwh


def band_letters(tariff: Tariff, axis: TimeAxis) -> NDArray[np.str_]:
    """The band that covers most of each interval, shape `(periods,)`, one letter each; ties go to the earlier band."""
    letters, codes = _codes(tariff, axis)
    share = np.stack([(codes == code).sum(axis=1) for code in range(len(letters))])
    longest = share == share.max(axis=0)
    # Of the bands that tie, the one met first inside the interval.
    candidate = longest[codes, np.arange(len(codes))[:, None]]
    first = np.argmax(candidate, axis=1)
    bands: NDArray[np.str_] = np.array(letters)[codes[np.arange(len(codes)), first]]
    return bands


def _codes(tariff: Tariff, axis: TimeAxis) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Band letters of the tariff, and their codes `(periods, parts)`: each interval in equal parts of one band each."""
    _check_dates(tariff, axis)
    table, letters = _table(tariff)
    part_s = gcd(axis.step_s, _HALF_HOUR_S, _OFFSET_S, axis.start_s)
    parts = axis.step_s // part_s
    fine = TimeAxis(axis.start, timedelta(seconds=part_s), axis.periods * parts)
    local_s = fine.local_starts(tariff.zone)
    month = local_s.astype("datetime64[M]").astype(np.int64) % 12
    slot = local_s.astype(np.int64) % 86_400 // _HALF_HOUR_S
    return letters, table[month, slot].reshape(axis.periods, parts)


def _table(tariff: Tariff) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Codes by month and half-hour, `(12, 48)`, and the letters they stand for."""
    letters = tuple(sorted({letter for template in tariff.templates for letter in template.half_hours}))
    table = np.full((12, _HALF_HOURS), -1, dtype=np.int64)
    for template in tariff.templates:
        if len(template.half_hours) != _HALF_HOURS:
            raise DataError(
                f"tariff {tariff.id!r}: a template has {len(template.half_hours)} half-hours; write 48 letters"
            )
        for month in template.months:
            if not 1 <= month <= 12 or table[month - 1, 0] >= 0:
                raise DataError(f"tariff {tariff.id!r}: month {month} is not 1…12 or stands in two templates")
            table[month - 1] = [letters.index(letter) for letter in template.half_hours]
    missing = [str(month + 1) for month in range(12) if table[month, 0] < 0]
    if missing:
        raise DataError(f"tariff {tariff.id!r}: no template for month {', '.join(missing)}")
    return table, letters


def _check_dates(tariff: Tariff, axis: TimeAxis) -> None:
    """`effective_to` is the last day on which the tariff holds."""
    ends = TimeAxis(axis.at(axis.periods) - timedelta(seconds=1), timedelta(seconds=1), 1)
    first = _local_date(axis.part(0, 1), tariff.zone)
    last = _local_date(ends, tariff.zone)
    if first < tariff.effective_from or (tariff.effective_to is not None and last > tariff.effective_to):
        until = tariff.effective_to.isoformat() if tariff.effective_to else "now"
        raise DataError(
            f"tariff {tariff.id!r} holds from {tariff.effective_from.isoformat()} to {until}, "
            f"the study runs from {first.isoformat()} to {last.isoformat()}; choose the tariff of that time"
        )


def _local_date(axis: TimeAxis, zone: str) -> date:
    return date.fromisoformat(str(axis.local_starts(zone)[0].astype("datetime64[D]")))
