"""Interval readings of meters from CSV or Parquet: units in the headers, one row per interval (and meter)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.adapters.meters.streams import MeterReadings, Stream, gather
from suandian.adapters.sources import collected, open_table
from suandian.adapters.tables import numbers
from suandian.adapters.timestamps import unix_seconds_s
from suandian.quantity.errors import DataError
from suandian.quantity.units import UnitError, convert, parse_unit, split_header

__all__ = ["is_aware", "read_table"]

#: Header of the time column → what it marks; `time` leaves it open.
_TIMES = {"start": "start", "interval start": "start", "end": "end", "interval end": "end", "time": ""}
_METERS = ("meter", "meter id", "resource")
_QUALITIES = {"measured": 0, "estimated": 1, "missing": 2, "": 0, "0": 0, "1": 1, "2": 2}
_OFFSET = re.compile(r"(Z|[+-]\d{2}:?\d{2})\s*$")
_NAMES = {"import": "import", "load": "import", "usage": "import", "demand": "import", "export": "export", "net": "net"}


@dataclass(frozen=True, slots=True)
class _Amount:
    """A column of amounts: direction, unit into which it is converted, and the unit it is read in."""

    header: str
    direction: str
    unit: str
    wanted: str


def read_table(path: Path, *, zone: str = "", label: str = "", unit: str = "", meter: str = "") -> MeterReadings:
    """Readings of a table with a time column, amounts `import [kWh]` (`export`, `net`), and perhaps `meter`, `quality`.

    The time column is called `start`, `end`, or `time`, whose meaning `label` tells. `zone` is that of naive times.
    `unit` answers what the readings are in where a header names no unit, or the wrong one. `meter` names the meter of
    a table that has no such column; the file's name if left out. Raises `DataError` naming file, column and remedy.
    """
    frame = collected(open_table(path), path)
    heads = {name.strip().lower(): name for name in frame.columns}
    time, marked = _time(heads, label, path.name)
    amounts, notes = _amounts(frame.columns, time, unit, path.name)
    where = f"{path.name}, column {heads[time]!r}"
    stamps_s = unix_seconds_s(frame[heads[time]], "" if _aware(frame[heads[time]]) else zone, where)
    names = next((heads[name] for name in _METERS if name in heads), None)
    ids = frame[names].cast(pl.String).str.strip_chars() if names else None
    if ids is not None and (ids.is_null() | (ids == "")).any():
        raise DataError(f"{path.name}: a row names no meter; fill the column {names!r}")
    quality = _quality(frame[heads["quality"]], path.name) if "quality" in heads else None
    streams = []
    for amount in amounts:
        read = numbers(frame[amount.header], f"{path.name}, column {amount.header!r}")
        read = convert(read, amount.unit, amount.wanted)
        if quality is not None:
            read = np.where(quality == 2, np.nan, read)
        for name, rows in _rows_by_meter(ids, len(frame), meter or path.name.split(".")[0]):
            marks = None if quality is None else (quality == 1)[rows]
            streams.append(Stream(name, amount.direction, stamps_s[rows], read[rows], amount.wanted == "MWh", marks))
    return gather(
        streams, source=path.name, form="table", label=marked or "start", declared=bool(label), notes=notes,
        zone=_fixed_zone(frame[heads[time]]),
    )  # fmt: skip


def is_aware(path: Path, time: str = "time") -> bool:
    """Whether the times of a table carry their offset from UTC."""
    frame = open_table(path)
    return time in frame.collect_schema().names() and _aware(collected(frame.select(time).head(1), path)[time])


def _rows_by_meter(ids: pl.Series | None, count: int, meter: str) -> list[tuple[str, NDArray[np.int64]]]:
    if ids is None:
        return [(meter, np.arange(count))]
    places = pl.DataFrame({"meter": ids}).with_row_index("row").group_by("meter", maintain_order=True).agg("row")
    return [(str(name), np.asarray(rows, dtype=np.int64)) for name, rows in places.iter_rows()]


def _time(heads: dict[str, str], label: str, where: str) -> tuple[str, str]:
    """The time column and what it marks."""
    found = [name for name in _TIMES if name in heads]
    # `start` and `end` together tell the interval twice: its start is enough.
    if not found or ("time" in found and len(found) > 1):
        raise DataError(f"{where}: {len(found)} time columns; write one, called start, end or time")
    name = found[0]
    if label and _TIMES[name] and label != _TIMES[name]:
        raise DataError(f"{where}: column {heads[name]!r} marks the {_TIMES[name]}, --label says {label}; correct one")
    return name, _TIMES[name] or label


def _amounts(columns: list[str], time: str, unit: str, where: str) -> tuple[list[_Amount], list[str]]:
    found, notes = [], []
    for header in columns:
        name = header.split("[")[0].strip().lower()
        if re.fullmatch(r"(import|export|net)_mwh", name):
            name, header_unit = name.split("_")[0], "MWh"
        elif name in _NAMES:
            header_unit = _unit_of(header, where)
        elif name == time or name in _TIMES or name in _METERS or name == "quality":
            continue
        else:
            raise DataError(
                f"{where}: column {header!r} is unknown; columns are start (end, time), meter, quality, and amounts "
                "called import, export or net with their unit, e.g. 'import [kWh]'"
            )
        if not header_unit and not unit:
            raise DataError(f"{where}: column {header!r} names no unit; write e.g. {header} [kWh], or say --unit kWh")
        read_in = unit or header_unit
        if unit and header_unit and unit != header_unit:
            notes.append(f"column {header!r} is read in {unit}, as told, not in {header_unit}")
        found.append(_Amount(header, _NAMES.get(name, name), read_in, _wanted(read_in, where)))
    if not found:
        raise DataError(f"{where}: no amounts; write a column with its unit, e.g. 'import [kWh]'")
    return found, notes


def _unit_of(header: str, where: str) -> str:
    if "[" not in header:
        return ""
    try:
        return split_header(header)[1]
    except UnitError as error:
        raise DataError(f"{where}: {error}") from error


def _wanted(unit: str, where: str) -> str:
    try:
        kind = parse_unit(unit).dimension
    except UnitError as error:
        raise DataError(f"{where}: {error}") from error
    for wanted in ("MWh", "MW"):
        if parse_unit(wanted).dimension == kind:
            return wanted
    raise DataError(f"{where}: [{unit}] is neither an energy nor a power; write kWh, MWh, kW or MW")


def _quality(column: pl.Series, where: str) -> NDArray[np.int64]:
    texts = column.cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
    unknown = sorted(set(texts.unique().to_list()) - set(_QUALITIES))
    if unknown:
        raise DataError(f"{where}: quality {unknown[0]!r} is unknown; write measured, estimated or missing")
    return np.array([_QUALITIES[text] for text in texts.to_list()], dtype=np.int64)


def _aware(column: pl.Series) -> bool:
    if column.dtype == pl.String:
        return bool(len(column)) and _OFFSET.search(str(column[0])) is not None
    return getattr(column.dtype, "time_zone", None) is not None


def _fixed_zone(column: pl.Series) -> str:
    """The zone of whole hours that all offsets of a text column name, "" where there is none."""
    if column.dtype != pl.String or not _aware(column):
        return ""
    offsets = set(column.str.strip_chars().str.extract(_OFFSET.pattern, 1).str.replace(":", "").unique().to_list())
    offset = str(offsets.pop()) if len(offsets) == 1 else ""
    if offset == "Z" or not offset.endswith("00"):
        return ""
    hours = int(offset[:3])
    # The names of the tz database count the other way round.
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"
