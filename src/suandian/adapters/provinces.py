"""Provincial series of China in the data folder: PV and onshore wind of 2020, load of 2018.

What the files are, stated once: naive Beijing time (UTC+8, no change of clocks in these years), every row labelled by
the *end* of its hour, 31 provinces as columns. They are mapped onto the calendar of a study by month, day and hour.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta
from math import gcd
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.sources import collected, open_table, resolve_inside
from suandian.adapters.tables import numbers, series_from_columns
from suandian.adapters.timestamps import unix_seconds_s
from suandian.quantity.errors import DataError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["PROVINCE_CODES", "SERIES", "ProvinceSeries", "by_calendar", "province_series", "province_year"]

_BEIJING = "Asia/Shanghai"
_HOUR_S = 3600
_TIME = "time_beijing"


@dataclass(frozen=True, slots=True)
class ProvinceSeries:
    """One of the shipped kinds of series: where it lies, its unit, whether its columns are codes, its origin."""

    file: str
    unit: str
    coded: bool
    origin: str


#: Kinds of provincial series by name.
SERIES: dict[str, ProvinceSeries] = {
    "pv": ProvinceSeries(
        "china_provinces/cn_solar_capacity_factor_hourly_2020.csv.gz",
        "1",
        coded=False,
        origin="PyPSA-China PV capacity factors 2020, CC0; contains modified Copernicus ERA5 information 2020",
    ),
    "wind": ProvinceSeries(
        "china_provinces/cn_onwind_capacity_factor_hourly_2020.csv.gz",
        "1",
        coded=False,
        origin="PyPSA-China onshore wind capacity factors 2020, CC0; contains modified Copernicus ERA5 information "
        "2020 (level low: median 1,210 h against about 2,100 h official)",
    ),
    "load": ProvinceSeries(
        "china_provinces/cn_province_load_mw_hourly_2018.csv.gz",
        "MW",
        coded=True,
        origin="PyPSA-China provincial load 2018 (doi 10.5281/zenodo.8322210), built from typical-day curves, not "
        "telemetry; its weekdays are those of 2018",
    ),
}

#: Name of each province and its code in the load file.
PROVINCE_CODES: dict[str, str] = {
    "anhui": "AH", "beijing": "BJ", "chongqing": "CQ", "fujian": "FJ", "gansu": "GS", "guangdong": "GD",
    "guangxi": "GX", "guizhou": "GZ", "hainan": "HI", "hebei": "HE", "heilongjiang": "HL", "henan": "HA",
    "hubei": "HB", "hunan": "HN", "inner_mongolia": "NM", "jiangsu": "JS", "jiangxi": "JX", "jilin": "JL",
    "liaoning": "LN", "ningxia": "NX", "qinghai": "QH", "shaanxi": "SN", "shandong": "SD", "shanghai": "SH",
    "shanxi": "SX", "sichuan": "SC", "tianjin": "TJ", "tibet": "XZ", "xinjiang": "XJ", "yunnan": "YN", "zhejiang": "ZJ",
}  # fmt: skip
_ALIASES = {"neimenggu": "inner_mongolia", "mengxi": "inner_mongolia", "xizang": "tibet", "jibei": "hebei"}


def province_series(kind: str, province: str, *, folder: Path, axis: TimeAxis) -> Series:
    """Series `kind` (`pv`, `wind`: share of nameplate; `load`: MW) of `province` on `axis`, mapped by calendar.

    Raises `DataError` for an unknown kind or province (naming the nearest) and for files with gaps.
    """
    return by_calendar(province_year(kind, province, folder=folder), axis, _BEIJING)


def province_year(kind: str, province: str, *, folder: Path) -> Series:
    """The whole source year, hourly, UTC, labelled by interval start; gaps are refused. Errors as `province_series`."""
    if kind not in SERIES:
        raise DataError(f"unknown provincial series {kind!r}; known: {', '.join(SERIES)}")
    entry = SERIES[kind]
    name = _province(province)
    file = resolve_inside(folder, entry.file)
    frame = open_table(file)
    header = PROVINCE_CODES[name] if entry.coded else name.title().replace("_", "")
    known = frame.collect_schema().names()
    for needed in (_TIME, header):
        if needed not in known:
            raise DataError(f"{file.name}: no column {needed!r}; columns: {', '.join(known[:12])} …")
    table: pl.DataFrame = collected(frame.select(_TIME, header), file)
    where = f"{file.name}, column {header!r}"
    series = series_from_columns(
        unix_seconds_s(table[_TIME], _BEIJING, f"{file.name}, column {_TIME!r}"),
        numbers(table[header], where),
        unit=entry.unit,
        interval_label="end",
        gap_policy="refuse",
        where=where,
    )
    if series.values.min() < 0 or (entry.unit == "1" and series.values.max() > 1):
        raise DataError(f"{where}: values from {series.values.min():g} to {series.values.max():g}; check the file")
    return Series(series.axis, series.values, entry.unit, f"{entry.origin}; {name}")


def by_calendar(year: Series, axis: TimeAxis, zone: str) -> Series:
    """An hourly source year on another year's `axis`: each interval takes the value of its month, day and hour.

    Local time of `zone` on both sides. Inside an hour the value is constant; longer steps take the mean. A source
    without 29 February lends 28 February. Weekdays are *not* matched: weather does not know them, and load series
    say so in their source. Raises `DataError` unless the source is hourly and holds every other hour of a year.
    """
    if year.axis.step_s != _HOUR_S:
        raise DataError(f"{year.source}: step {year.axis.step_s} s; mapping by calendar needs an hourly year")
    table = np.full((12, 31, 24), np.nan)
    table[_calendar(year.axis, zone)] = year.values
    if np.isnan(table[1, 28]).any():
        table[1, 28] = table[1, 27]
    part_s = gcd(axis.step_s, _HOUR_S, axis.start_s % _HOUR_S or _HOUR_S)
    parts = axis.step_s // part_s
    fine = TimeAxis(axis.start, timedelta(seconds=part_s), axis.periods * parts)
    values = table[_calendar(fine, zone)].reshape(axis.periods, parts).mean(axis=1)
    if np.isnan(values).any():
        at = axis.at(int(np.flatnonzero(np.isnan(values))[0])).isoformat()
        raise DataError(f"{year.source}: has no value for the calendar hour of {at}; give a whole year")
    return Series(axis, values, year.unit, f"{year.source}; mapped by month, day and hour")


def _calendar(axis: TimeAxis, zone: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Month, day of month and hour of each interval start, each from 0, shape `(periods,)`."""
    local = axis.local_starts(zone)
    month = local.astype("datetime64[M]")
    day = local.astype("datetime64[D]")
    return (
        month.astype(np.int64) % 12,
        (day - month.astype("datetime64[D]")).astype(np.int64),
        (local - day.astype("datetime64[s]")).astype(np.int64) // _HOUR_S,
    )


def _province(name: str) -> str:
    plain = name.lower().replace("_", "").replace(" ", "")
    names = {entry.replace("_", ""): entry for entry in PROVINCE_CODES}
    names |= {code.lower(): entry for entry, code in PROVINCE_CODES.items()} | _ALIASES
    if plain not in names:
        near = difflib.get_close_matches(plain, list(names), n=1, cutoff=0.5)
        hint = f"did you mean {names[near[0]]!r}? " if near else ""
        raise DataError(f"unknown province {name!r}; {hint}known: {', '.join(PROVINCE_CODES)}")
    return names[plain]
