"""Time columns into UTC seconds: what is naive needs a declared zone, what does not exist is refused."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suandian.quantity.errors import DataError

__all__ = ["check_zone", "unix_seconds_s"]

_PATTERN = r"^\s*(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.0+)?\s*(Z|[+-]\d{2}:?\d{2})?\s*$"
_FIRST_LINE = 2  # the header is line 1
_SHOWN_LENGTH = 80


def unix_seconds_s(column: pl.Series, zone: str, where: str) -> NDArray[np.int64]:
    """UTC seconds of a column of texts (ISO 8601) or datetimes, shape `(rows,)`.

    `zone` is the zone of naive times, `""` if they carry their offset; `where` opens messages (`prices.csv, time`).
    Raises `DataError` for texts that are no time, naive times without a zone, offsets beside naive times, a zone
    beside offsets, local times that do not exist or happen twice at a change of clocks, and fractions of a second.
    """
    if zone:
        check_zone(zone, where)
    if column.dtype == pl.Datetime:
        naive, offset_s = _from_datetimes(column, where)
    elif column.dtype == pl.String:
        naive, offset_s = _from_texts(column, where)
    else:
        raise DataError(f"{where}: holds {column.dtype}, times are due; write e.g. 2026-04-01T00:00:00+08:00")
    if offset_s is not None:
        if zone and zone != "UTC":
            raise DataError(f"{where}: the times carry their offset from UTC; leave out `zone: {zone}`")
        return naive - offset_s
    if not zone:
        raise DataError(f"{where}: the times are naive; declare their zone, e.g. `zone: Asia/Shanghai` or `zone: UTC`")
    return _localised(naive, zone, where)


def check_zone(zone: str, where: str) -> None:
    """Raises `DataError` for a zone that does not exist; `where` opens the message."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DataError(f"{where}: unknown time zone {zone!r}; write e.g. Asia/Shanghai or UTC") from error


def _from_datetimes(column: pl.Series, where: str) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    if column.null_count():
        raise DataError(f"{where}: row {_first(column.is_null()) + 1} has no time; delete the row or write the time")
    aware = getattr(column.dtype, "time_zone", None) is not None
    micros = column.dt.epoch("us").to_numpy()
    _whole_seconds(micros % 1_000_000 != 0, where)
    seconds_s = (micros // 1_000_000).astype(np.int64)
    return seconds_s, np.zeros(len(seconds_s), dtype=np.int64) if aware else None


def _from_texts(column: pl.Series, where: str) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    parts = pl.DataFrame({"text": column}).select(
        pl.col("text").str.extract(_PATTERN, 1).alias("day"),
        pl.col("text").str.extract(_PATTERN, 2).alias("clock"),
        pl.col("text").str.extract(_PATTERN, 3).fill_null(":00").alias("second"),
        pl.col("text").str.extract(_PATTERN, 4).str.replace("Z", "+00:00").str.replace(":", "").alias("offset"),
    )
    moment = (parts["day"] + " " + parts["clock"] + parts["second"]).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    if moment.null_count():
        row = _first(moment.is_null())
        raise DataError(
            f"{where}: line {row + _FIRST_LINE}: {str(column[row])[:_SHOWN_LENGTH]!r} is no time; write e.g. "
            "2026-04-01T00:00:00+08:00"
        )
    seconds_s = (moment.dt.epoch("us").to_numpy() // 1_000_000).astype(np.int64)
    missing = parts["offset"].null_count()
    if missing == len(column):
        return seconds_s, None
    if missing:
        row = _first(parts["offset"].is_null())
        raise DataError(f"{where}: line {row + _FIRST_LINE} is naive, other lines carry an offset; write all alike")
    sign = np.where(parts["offset"].str.slice(0, 1).to_numpy() == "-", -1, 1)
    hours = parts["offset"].str.slice(1, 2).cast(pl.Int64).to_numpy()
    minutes = parts["offset"].str.slice(3, 2).cast(pl.Int64).to_numpy()
    return seconds_s, (sign * (hours * 3600 + minutes * 60)).astype(np.int64)


def _localised(naive_s: NDArray[np.int64], zone: str, where: str) -> NDArray[np.int64]:
    local = pl.Series(naive_s * 1_000_000).cast(pl.Datetime("us"))
    utc = local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    if utc.null_count():
        row = _first(utc.is_null())
        raise DataError(
            f"{where}: line {row + _FIRST_LINE}: {local[row]} does not exist or happens twice in {zone} "
            "(change of clocks); write the times in UTC or with their offset"
        )
    return (utc.dt.epoch("us").to_numpy() // 1_000_000).astype(np.int64)


def _whole_seconds(bad: NDArray[np.bool_], where: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(f"{where}: row {row + 1} has a fraction of a second; round the times to whole seconds")


def _first(mask: pl.Series) -> int:
    return int(mask.to_numpy().argmax())
