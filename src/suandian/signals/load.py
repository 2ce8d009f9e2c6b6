"""Electric load of a province and of a county: calendar, season, hour, and slow random deviations."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.signals import stochastic, tables

__all__ = ["calendar_source", "days_off", "local_load_mw", "province_load_ratio"]

_TAU_H, _SD_RATIO = 64.0, 0.10  # of log load; fitted by the project on US balancing areas (EIA-930, 2022): 0.10–0.12
_PEAK_SD = 1.28  # the annual peak is met on a hot or cold spell: the 90 % quantile of the deviation (D)
_DAY_S = 86400
_PROVINCE_YEAR_DAYS = 365.0
_LOCAL_TAU_H, _LOCAL_SD_RATIO = 48.0, 0.07  # share of the county's range (D)
_FAST_TAU_H, _FAST_SD_RATIO = 0.4, 0.015  # switching of single customers below an hour (D)


def days_off(days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """True for weekends and public holidays that are not made up for by work, shape of `days` (`datetime64[D]`).

    Mainland China's calendar as published by the State Council, through `chinesecalendar`; for years that it does not
    know, Saturdays and Sundays.
    """
    unique, index = np.unique(days, return_inverse=True)
    return np.array([_off(day) for day in unique.astype(object)], dtype=np.bool_)[index].reshape(days.shape)


def calendar_source(axis: TimeAxis, zone: str) -> str:
    """Which calendar rule the axis falls under, in words for the provenance."""
    years = {int(str(day)[:4]) for day in np.unique(axis.local_starts(zone).astype("datetime64[D]"))}
    known = all(_holidays_known(year) for year in years)
    festival = years <= {int(year) for year in tables.load("lunar_new_year").keys}
    rest = "public holidays of mainland China" if known else "Saturdays and Sundays only (holidays not published)"
    return f"days off: {rest}; Spring Festival dip: {'yes' if festival else 'no, date not in the table'}"


def province_load_ratio(axis: TimeAxis, province: str, *, zone: str, seed: int) -> NDArray[np.float64]:
    """Provincial load / annual peak, interval means in (0, 1], `(periods,)`.

    Log load = annual harmonics + day type + hour × season (`data/load.csv`) + OU(64 h, sd 0.10), times the Spring
    Festival dip (`data/spring_festival.csv`). The peak is that of the working-day profile with a deviation of 1.28
    standard deviations (D); the rare interval above it is cut.
    """
    name = tables.canonical(province, tables.load("load").keys, path="province")
    local = axis.local_starts(zone) + np.timedelta64(axis.step_s // 2, "s")
    days = local.astype("datetime64[D]")
    elapsed_days = (days - local.astype("datetime64[Y]")).astype(np.float64) + 0.5
    hour_h = (local - days).astype(np.float64) / 3600.0
    profile = _log_profile(name, elapsed_days, hour_h, days_off(days))
    noise = stochastic.rng(seed, "load", name).standard_normal(axis.periods)
    deviation = _SD_RATIO * stochastic.ou(noise, step_h=axis.step_h, tau_h=_TAU_H)
    peak = _log_peak(name) + _PEAK_SD * _SD_RATIO
    load_ratio: NDArray[np.float64] = np.minimum(np.exp(profile + deviation - peak), 1.0) * _festival(name, local)
    return load_ratio


def local_load_mw(
    axis: TimeAxis,
    *,
    province: str,
    zone: str,
    minimum_mw: float,
    maximum_mw: float,
    seed: int,
    solar_county: bool = True,
) -> NDArray[np.float64]:
    """Load of a county (data centres and PV not included) in MW, within `minimum_mw`…`maximum_mw`, `(periods,)`.

    D (engineering default): a morning hump, a higher evening peak and a night valley; days off lower, summer and
    winter higher, the province's Spring Festival dip, a slow and a fast deviation; squeezed smoothly into the range.
    `solar_county`: homes and farms prevail, so that noon lies well below the evening; else workshops fill the day.
    Raises `ScenarioError` unless 0 ≤ minimum < maximum.
    """
    if not 0.0 <= minimum_mw < maximum_mw:
        text = f"needs 0 ≤ minimum < maximum, got {minimum_mw} MW and {maximum_mw} MW"
        raise ScenarioError([Fault("local load", text)], source="signals")
    name = tables.canonical(province, tables.load("load").keys, path="province")
    local = axis.local_starts(zone) + np.timedelta64(axis.step_s // 2, "s")
    days = local.astype("datetime64[D]")
    hour_h = (local - days).astype(np.float64) / 3600.0
    month = (days - local.astype("datetime64[Y]")).astype(np.float64)
    noon, evening = (0.46, 0.90) if solar_county else (0.72, 0.85)
    share = (
        0.12
        + _hump(hour_h, 8.5, 2.2) * 0.34
        + _hump(hour_h, 13.0, 3.6) * (noon - 0.12)
        + _hump(hour_h, 19.5, 2.3) * (evening - 0.22)
    )
    season = 0.06 * np.cos(4.0 * np.pi * (month - 20.0) / _PROVINCE_YEAR_DAYS)  # highest in January and July
    share = share * np.where(days_off(days), 0.88, 1.0) + season
    slow = stochastic.rng(seed, "local-load", name).standard_normal(axis.periods)
    fast = stochastic.rng(seed, "local-load-fast", name).standard_normal(axis.periods)
    share += _LOCAL_SD_RATIO * stochastic.ou(slow, step_h=axis.step_h, tau_h=_LOCAL_TAU_H)
    share += _FAST_SD_RATIO * stochastic.ou(fast, step_h=axis.step_h, tau_h=_FAST_TAU_H)
    share = _squeeze(share) * _festival(name, local)
    load_mw: NDArray[np.float64] = minimum_mw + (maximum_mw - minimum_mw) * share
    return load_mw


def _hump(hour_h: NDArray[np.float64], centre_h: float, width_h: float) -> NDArray[np.float64]:
    """A bell around `centre_h` on the 24-hour circle, 1 at its top."""
    away = (hour_h - centre_h + 12.0) % 24.0 - 12.0
    bell_ratio: NDArray[np.float64] = np.exp(-0.5 * (away / width_h) ** 2)
    return bell_ratio


def _squeeze(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Identity between 0.1 and 0.9, bent smoothly towards 0 and 1 outside."""
    low, high = 0.1, 0.9
    below = low * np.exp((np.minimum(share, low) - low) / low)
    above = 1.0 - (1.0 - high) * np.exp(-(np.maximum(share, high) - high) / (1.0 - high))
    return np.where(share < low, below, np.where(share > high, above, share))


def _log_profile(
    name: str, elapsed_days: NDArray[np.float64], hour_h: NDArray[np.float64], off: NDArray[np.bool_]
) -> NDArray[np.float64]:
    fit = tables.load("load").row(name)
    # The fitted series holds its value for an hour; between hours the profile is drawn as a straight line.
    whole_h = np.floor(hour_h)
    part = hour_h - whole_h
    before, after = (_hourly(fit, elapsed_days, whole_h + step, off) for step in (0.0, 1.0))
    return before * (1.0 - part) + after * part


def _hourly(
    fit: dict[str, float], elapsed_days: NDArray[np.float64], hour_h: NDArray[np.float64], off: NDArray[np.bool_]
) -> NDArray[np.float64]:
    season, turn = 2.0 * np.pi * elapsed_days / _PROVINCE_YEAR_DAYS, 2.0 * np.pi * hour_h / 24.0
    value = np.zeros(season.shape)
    for k in (1, 2):
        value += fit[f"season_cos{k}"] * np.cos(k * season) + fit[f"season_sin{k}"] * np.sin(k * season)
    for k in (1, 2, 3, 4):
        value += fit[f"day_cos{k}"] * np.cos(k * turn) + fit[f"day_sin{k}"] * np.sin(k * turn)
    for letter, swing in (("cos", np.cos(season)), ("sin", np.sin(season))):
        for k in (1, 2):
            value += fit[f"day_cos{k}_season_{letter}"] * np.cos(k * turn) * swing
            value += fit[f"day_sin{k}_season_{letter}"] * np.sin(k * turn) * swing
    return value + off * (fit["off"] + fit["off_day_cos1"] * np.cos(turn) + fit["off_day_sin1"] * np.sin(turn))


@lru_cache(maxsize=64)
def _log_peak(name: str) -> float:
    """Highest value of the working-day profile over the year."""
    day, hour = np.meshgrid(np.arange(0.5, _PROVINCE_YEAR_DAYS), np.arange(24.0))
    return float(_log_profile(name, day.ravel(), hour.ravel(), np.zeros(day.size, dtype=np.bool_)).max())


def _festival(name: str, local: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Factor of the Spring Festival dip at local instants, `(periods,)`; 1 in years outside the lunar table."""
    fit = tables.load("spring_festival").row(name)
    factor = np.ones(local.size)
    for first_day in tables.load("lunar_new_year").columns["first_day"]:
        away_d = (local - np.datetime64(first_day, "s")).astype(np.float64) / _DAY_S - fit["centre"]
        width_d = np.where(away_d < 0.0, fit["width_before"], fit["width_after"])
        factor -= fit["depth"] * np.exp(-0.5 * (away_d / width_d) ** 2)
    return factor


@lru_cache(maxsize=8192)
def _off(day: date) -> bool:
    if not _holidays_known(day.year):
        return day.weekday() >= 5
    import chinese_calendar

    return bool(chinese_calendar.is_holiday(day))


@lru_cache(maxsize=256)
def _holidays_known(year: int) -> bool:
    import chinese_calendar

    try:
        chinese_calendar.is_holiday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True
