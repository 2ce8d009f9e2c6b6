"""Interval loads of many meters on one axis, and the table of local days that baselines are made from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis
from suandian.record.events import Quality
from suandian.record.journal import Journal
from suandian.verification.calendar import Calendar

__all__ = [
    "DayIndex",
    "LoadTable",
    "from_journal",
    "load_table",
    "looks_end_stamped",
    "net_load_mw",
    "unit_question",
]

_DAY_S = 86_400
#: A load above this multiple of the nameplate is taken for another unit, not for a load (D).
_NAMEPLATE_MAX_RATIO = 1.1
#: Intervals are held in days of at most this many (one-minute data).
_SLOTS_MAX = 1440


@dataclass(frozen=True, slots=True, eq=False)
class DayIndex:
    """Which interval of the axis is which wall-clock slot of which local day.

    days        local days, `(days,)`, `datetime64[D]`
    kinds       `DayKind`, `(days,)`
    period      interval index by day and slot, `(days, slots)`; −1 where the axis has none
    irregular   days on which the clocks change, `(days,)`
    day, slot   of every interval, `(periods,)`
    """

    days: NDArray[np.datetime64]
    kinds: NDArray[np.int8]
    period: NDArray[np.int64]
    irregular: NDArray[np.bool_]
    day: NDArray[np.int64]
    slot: NDArray[np.int64]

    @property
    def slots(self) -> int:
        return int(self.period.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class LoadTable:
    """Mean load by meter and interval, `(meters, periods)` MW, NaN where nothing was read.

    The axis is labelled by interval start. `load_mw` may be negative only where `exports` says that the meters have
    an export channel (import minus export). `estimated` `(meters, periods)` marks readings that the meter's operator
    filled in: they count, and every result that rests on them says so.

    Raises `DataError` for a doubled meter id, a shape that does not fit, infinite values, negative loads without an
    export channel, or a step that does not divide the local day.
    """

    meters: tuple[str, ...]
    axis: TimeAxis
    load_mw: NDArray[np.float64]
    zone: str
    calendar: Calendar
    exports: bool = False
    estimated: NDArray[np.bool_] | None = None
    index: DayIndex = field(init=False, repr=False)
    by_slot_mw: NDArray[np.float64] = field(init=False, repr=False)
    day_complete: NDArray[np.bool_] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        load_mw = np.ascontiguousarray(self.load_mw, dtype=np.float64)
        _check(self.meters, self.axis, load_mw, exports=self.exports)
        if self.estimated is not None and self.estimated.shape != load_mw.shape:
            raise DataError(f"estimated is {self.estimated.shape}, load_mw is {load_mw.shape}; mark every reading")
        load_mw.setflags(write=False)
        index = _day_index(self.axis, self.zone, self.calendar)
        by_slot_mw = load_mw[:, index.period.ravel()]
        by_slot_mw[:, index.period.ravel() < 0] = np.nan
        complete = np.isfinite(by_slot_mw).reshape(len(self.meters), len(index.days), index.slots).all(axis=2)
        complete &= ~index.irregular
        for name, value in (
            ("load_mw", load_mw), ("index", index), ("by_slot_mw", by_slot_mw), ("day_complete", complete)
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    @property
    def step_h(self) -> float:
        return self.axis.step_h

    def row(self, meter: str) -> int:
        """Row of a meter; raises `DataError` naming some that exist."""
        if meter not in self.meters:
            raise DataError(f"no data of meter {meter!r}; there are {', '.join(self.meters[:5])}")
        return self.meters.index(meter)

    def only(self, rows: Sequence[int]) -> LoadTable:
        """The table of some meters."""
        kept = list(rows)
        estimated = None if self.estimated is None else self.estimated[kept]
        meters = tuple(self.meters[r] for r in kept)
        return LoadTable(meters, self.axis, self.load_mw[kept], self.zone, self.calendar, self.exports, estimated)

    def replaced(self, load_mw: NDArray[np.float64], *, exports: bool | None = None) -> LoadTable:
        """The same meters with other loads `(meters, periods)`, as for inflation experiments and sub-channels."""
        exported = self.exports if exports is None else exports
        return LoadTable(self.meters, self.axis, load_mw, self.zone, self.calendar, exported, self.estimated)

    def digest(self, row: int) -> str:
        """SHA-256 over the axis, zone, calendar, readings and their quality of one meter."""
        head = f"{self.meters[row]}|{self.axis.start_s}|{self.axis.step_s}|{self.zone}|{self.calendar.id}|"
        made = hashlib.sha256(head.encode())
        made.update(self.load_mw[row].astype("<f8").tobytes())
        if self.estimated is not None:
            made.update(np.packbits(self.estimated[row]).tobytes())
        return made.hexdigest()


def load_table(
    meters: Sequence[str],
    starts_s: NDArray[np.int64],
    load_mw: NDArray[np.float64],
    *,
    zone: str,
    calendar: Calendar,
    label: str,
    exports: bool = False,
) -> LoadTable:
    """A table from stamped readings: `starts_s` `(periods,)` Unix seconds, `load_mw` `(meters, periods)`.

    `label` says what the stamps are: `start` or `end` of the interval; end stamps are moved back by one step. Missing
    stamps become NaN. Raises `DataError` for stamps that are doubled, unsorted or not on one grid.
    """
    if label not in ("start", "end"):
        raise DataError(f"interval label {label!r}: write start or end; a meter file says which its stamps are")
    stamps_s = np.asarray(starts_s, dtype=np.int64)
    steps_s = np.diff(stamps_s)
    if len(stamps_s) < 2 or (steps_s <= 0).any():
        row = int(np.flatnonzero(steps_s <= 0)[0]) + 1 if len(stamps_s) > 1 else 0
        raise DataError(f"stamp {row} is not later than the one before; sort the readings and remove doubles")
    step_s = int(steps_s.min())
    if (steps_s % step_s).any():
        row = int(np.flatnonzero(steps_s % step_s)[0]) + 1
        raise DataError(f"stamp {row} is not on the grid of {step_s // 60} min; give one fixed interval length")
    first_s = int(stamps_s[0]) - (step_s if label == "end" else 0)
    place = (stamps_s - stamps_s[0]) // step_s
    filled = np.full((len(meters), int(place[-1]) + 1), np.nan)
    filled[:, place] = load_mw
    axis = TimeAxis(datetime.fromtimestamp(first_s, UTC), timedelta(seconds=step_s), filled.shape[1])
    return LoadTable(tuple(meters), axis, filled, zone, calendar, exports)


def looks_end_stamped(table: LoadTable) -> bool:
    """True where the readings begin one step after local midnight and end on one: the mark of end-stamped files.

    Such a file, declared as interval starts, shifts every baseline by one interval; ask which it is.
    """
    local = table.axis.part(0, 1).local_starts(table.zone)[0]
    last = table.axis.part(table.axis.periods - 1, table.axis.periods).local_starts(table.zone)[0]
    first_s = int(local.astype(np.int64)) % _DAY_S
    last_s = int(last.astype(np.int64)) % _DAY_S
    return first_s == table.axis.step_s and last_s == 0 and table.axis.periods > 1


def unit_question(load_mw: NDArray[np.float64], nameplate_mw: float, step_h: float) -> str | None:
    """A question to ask where the loads `(…, periods)` do not fit the nameplate, None where they do.

    No load lies far above the nameplate. A factor of 1,000 speaks for kW given as MW, a factor of `1/step_h` for
    powers called energies, `step_h` for energies called powers. Nothing is converted: the unit is asked for.
    """
    if nameplate_mw <= 0:
        raise DataError("the nameplate is not positive; give the connection's power in MW")
    peak_mw = float(np.nanmax(np.abs(load_mw)))
    most_mw = _NAMEPLATE_MAX_RATIO * nameplate_mw
    fact = f"the highest load is {peak_mw:,.4g} MW at a nameplate of {nameplate_mw:,.4g} MW: "
    if peak_mw > most_mw:
        if step_h < 1.0 and peak_mw * step_h <= most_mw:
            return fact + f"were powers called energies and divided by {step_h:g} h?"
        if peak_mw / 1000.0 <= most_mw:
            return fact + "are the readings kW or kWh, given as MW or MWh?"
        return fact + "which unit are the readings in?"
    if step_h < 1.0 and peak_mw <= most_mw * step_h:
        return fact + f"are the readings energies per {step_h * 60:.0f} min called powers, or is the load so light?"
    return None


def net_load_mw(channels_mw: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Load behind battery and generation: grid import − export + PV − charge + discharge, arrays `(…, periods)` MW.

    Channels: `import` (needed), `export`, `pv`, `charge`, `discharge`, `generation`, each non-negative. Baselines of
    compute flexibility are made on this load; the battery is measured for itself.
    """
    signs = {"import": 1.0, "export": -1.0, "pv": 1.0, "generation": 1.0, "charge": -1.0, "discharge": 1.0}
    unknown = sorted(set(channels_mw) - set(signs))
    if unknown or "import" not in channels_mw:
        raise DataError(f"channels are {', '.join(signs)} with import among them; got {', '.join(channels_mw)}")
    for name, values in channels_mw.items():
        if (np.asarray(values) < 0).any():
            raise DataError(f"channel {name} has negative values; import and export, charge and discharge are separate")
    total: NDArray[np.float64] = np.sum([signs[name] * np.asarray(values) for name, values in channels_mw.items()], 0)
    return total


def from_journal(journal: Journal, meters: Sequence[str], *, zone: str, calendar: Calendar) -> LoadTable:
    """Net import (import − export) of a journal's meters as a table; intervals not yet metered are left out."""
    step_h = journal.axis.step_h
    reads = [journal.metered(meter) for meter in meters]
    if not reads or not len(reads[0][0]):
        raise DataError("the journal has no readings of these meters yet; nothing can be measured")
    load_mw = np.array([(imported - exported) / step_h for imported, exported in reads])
    exports = any(exported.any() for _, exported in reads)
    quality = journal.meter_frame(meters)["quality"].to_numpy().reshape(load_mw.shape)
    load_mw[quality == Quality.MISSING] = np.nan
    axis = journal.axis.part(0, load_mw.shape[1])
    return LoadTable(tuple(meters), axis, load_mw, zone, calendar, exports, quality == Quality.ESTIMATED)


def _check(meters: tuple[str, ...], axis: TimeAxis, load_mw: NDArray[np.float64], *, exports: bool) -> None:
    double = [meter for meter, times in Counter(meters).items() if times > 1]
    if double:
        raise DataError(f"meter id {double[0]!r} stands {Counter(meters)[double[0]]} times; give each meter its own id")
    if load_mw.shape != (len(meters), axis.periods):
        raise DataError(f"load_mw is {load_mw.shape}; {len(meters)} meters × {axis.periods} intervals are due")
    if np.isinf(load_mw).any():
        raise DataError("load_mw has infinite values; mark missing readings as NaN")
    if not exports and (load_mw < 0).any():
        row, at = (int(v[0]) for v in np.nonzero(load_mw < 0))
        raise DataError(
            f"meter {meters[row]!r}: import is {load_mw[row, at]:g} MW at {axis.at(at).isoformat()} and there is no "
            "export channel; give export separately, or say that the values are net of export"
        )
    if _DAY_S % axis.step_s or _DAY_S // axis.step_s > _SLOTS_MAX:
        raise DataError(f"a step of {axis.step_s} s does not divide the day into whole intervals of ≥ 1 min")


def _day_index(axis: TimeAxis, zone: str, calendar: Calendar) -> DayIndex:
    local_s = axis.local_starts(zone).astype(np.int64)
    if (local_s % axis.step_s).any():
        raise DataError(f"local midnight in {zone} is not the start of an interval of {axis.step_s} s")
    slots = _DAY_S // axis.step_s
    epoch_day = local_s // _DAY_S
    day, slot = epoch_day - epoch_day[0], local_s % _DAY_S // axis.step_s
    count = int(day[-1]) + 1
    period = np.full((count, slots), -1, dtype=np.int64)
    # Written backwards: of a doubled hour the first passage stays.
    period[day[::-1], slot[::-1]] = np.arange(axis.periods - 1, -1, -1)
    offset_s = local_s - axis.starts_s()
    changes = np.flatnonzero(np.diff(offset_s))
    irregular = np.zeros(count, dtype=np.bool_)
    # A day is regular when it runs from its first to its last slot under one offset.
    irregular[day[changes]] |= (day[changes] == day[changes + 1]) | (slot[changes] != slots - 1)
    irregular[day[changes + 1]] |= slot[changes + 1] != 0
    days = (epoch_day[0] + np.arange(count)).astype("datetime64[D]")
    return DayIndex(days, calendar.kinds(days), period, irregular, day, slot)
