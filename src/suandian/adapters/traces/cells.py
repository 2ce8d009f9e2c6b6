"""Text columns of a trace as typed expressions; what cannot be read is told with its column, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from suandian.model.records import STATES

__all__ = ["STATE_TYPE", "UNKNOWN", "Cells", "elapsed_s", "instant_s"]

UNKNOWN = "unknown"
STATE_TYPE = pl.Enum([*STATES, UNKNOWN])

#: Texts that stand for nothing.
_WORDS = ("nan", "none", "null", "n/a", "na", "unknown", "nat")
_NOTHING = ["", "NaN", "NaT", "\\N", *_WORDS, *(word.title() for word in _WORDS), *(word.upper() for word in _WORDS)]
_SPLIT = "\x1f"
#: Plain numbers above it are Unix seconds (1973); below, a year or a slip.
_LEAST_UNIX_S = 1e8
_EXAMPLE_LENGTH = 80


def instant_s(text: pl.Expr, zone: str) -> pl.Expr:
    """UTC seconds of ISO 8601 texts (`T` or blank, fraction cut, `Z` or offset) or Unix seconds; null for other texts.

    Naive times are those of `zone`. Of a local time that happens twice the first is taken.
    """
    plain = text.str.strip_chars()
    moment = plain.str.head(10) + " " + plain.str.slice(11, 8)
    local = moment.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="ms")
    tail = plain.str.slice(19)
    offset = tail.str.extract(r"^(?:[.,]\d+)?\s*([+-]\d{2}:?\d{2})$", 1).str.replace(":", "", literal=True)
    seconds = offset.str.slice(1, 2).cast(pl.Int64) * 3600 + offset.str.slice(3, 2).cast(pl.Int64) * 60
    offset_s = pl.when(offset.str.starts_with("-")).then(-seconds).otherwise(seconds)
    naive_s = local.dt.epoch("s")
    zoned_s = local.dt.replace_time_zone(zone or "UTC", ambiguous="earliest", non_existent="null").dt.epoch("s")
    known_s = (
        pl.when((tail == "") | tail.str.contains(r"^[.,]\d+\s*$"))
        .then(zoned_s)
        .when(tail.str.contains(r"^(?:[.,]\d+)?\s*Z$"))
        .then(naive_s)
        .when(offset.is_not_null())
        .then(naive_s - offset_s)
    )
    unix_s = plain.cast(pl.Float64, strict=False)
    return known_s.cast(pl.Float64).fill_null(pl.when(unix_s > _LEAST_UNIX_S).then(unix_s.floor()))


def elapsed_s(text: pl.Expr) -> pl.Expr:
    """Seconds of `[DD-]HH:MM:SS[.mmm]` or `MM:SS`; null for other texts."""
    pattern = r"^\s*(?:(?:(\d+)-)?(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)\s*$"
    parts = [text.str.extract(pattern, group).cast(pl.Float64, strict=False) for group in (1, 2, 3, 4)]
    days, hours, minutes, seconds = parts
    return days.fill_null(0) * 86_400 + hours.fill_null(0) * 3600 + minutes * 60 + seconds


@dataclass(slots=True)
class Cells:
    """Expressions over text columns; every value that cannot be read is remembered for `fault`."""

    zone: str = "UTC"
    faults: list[pl.Expr] = field(default_factory=list)

    def text(self, name: str) -> pl.Expr:
        """The text without blanks around it; null where it stands for nothing."""
        plain = pl.col(name).str.strip_chars()
        return pl.when(~plain.is_in(_NOTHING)).then(plain)

    def number(self, name: str, *, unknown: int | None = None) -> pl.Expr:
        """A finite number; null where empty or `unknown` (e.g. −1)."""
        raw = self.text(name)
        value = raw.cast(pl.Float64, strict=False)
        value = pl.when(value.is_finite()).then(value)
        self._remember(name, raw, value)
        return value if unknown is None else pl.when(value != unknown).then(value)

    def instant_s(self, name: str) -> pl.Expr:
        """UTC seconds, see `instant_s`; null where empty."""
        raw = self.text(name)
        value = instant_s(raw, self.zone)
        self._remember(name, raw, value)
        return value

    def elapsed_s(self, name: str) -> pl.Expr:
        """Seconds of `[DD-]HH:MM:SS`; null where empty."""
        raw = self.text(name)
        value = elapsed_s(raw)
        self._remember(name, raw, value)
        return value

    def state(self, name: str, states: Mapping[str, str]) -> pl.Expr:
        """A state by its first word, in upper case, through `states`; others become `unknown`."""
        word = pl.col(name).str.strip_chars().str.to_uppercase().str.extract(r"^([A-Z_+]+|-?\d+)", 1)
        return word.replace_strict(states, default=UNKNOWN, return_dtype=STATE_TYPE).fill_null(
            pl.lit(UNKNOWN, dtype=STATE_TYPE)
        )

    def field_count(self, last: str) -> None:
        """Lines with fewer or more fields than the header are faults (see `text.fields_of`)."""
        told = pl.col("raw").str.slice(0, _EXAMPLE_LENGTH)
        more = pl.col("_rest").is_not_null() & (pl.col("_rest").str.strip_chars() != "")
        self.faults.insert(0, pl.when(pl.col(last).is_null()).then(pl.lit("fewer fields than due" + _SPLIT) + told))
        self.faults.insert(0, pl.when(more).then(pl.lit("more fields than due" + _SPLIT) + told))

    def fault(self) -> pl.Expr:
        """`what<0x1f>text` of the first value that cannot be read, else null."""
        return pl.coalesce(self.faults) if self.faults else pl.lit(None, dtype=pl.String)

    def _remember(self, name: str, raw: pl.Expr, value: pl.Expr) -> None:
        bad = raw.is_not_null() & value.is_null()
        self.faults.append(pl.when(bad).then(pl.lit(f"{name} cannot be read{_SPLIT}") + raw))
