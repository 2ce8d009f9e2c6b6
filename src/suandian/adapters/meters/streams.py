"""What every meter file becomes: streams of stamped readings, and from them mean loads on one set of stamps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import at_unix_s
from suandian.verification.calendar import Calendar
from suandian.verification.metering import LoadTable, load_table, looks_end_stamped

__all__ = ["DIRECTIONS", "MeterReadings", "Reading", "Stream", "gather", "stream_of"]

#: Start in Unix seconds, length in seconds, amount in MWh or mean MW, whether it is estimated.
Reading = tuple[int, int, float, bool]

#: import and export are non-negative; net is import minus export in one column.
DIRECTIONS = ("import", "export", "net")


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Readings of one channel of one meter, arrays `(readings,)`.

    stamps_s     Unix seconds, as the file stamps them
    amounts      MWh per interval where `energy`, mean MW where not; NaN where nothing was read
    estimated    True where the meter's operator filled the value in; None: nowhere
    step_s       interval length that the file states; 0 where it states none
    """

    meter: str
    direction: str
    stamps_s: NDArray[np.int64]
    amounts: NDArray[np.generic]
    energy: bool
    estimated: NDArray[np.bool_] | None = None
    step_s: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class MeterReadings:
    """Mean loads of the meters of one file, before a zone and a calendar are given to them.

    stamps_s     Unix seconds, ascending, `(stamps,)`; `label` says whether they mark the start or the end
    load_mw      `(meters, stamps)`, import minus export, NaN where nothing was read
    estimated    alike
    exports      True where the file has an export channel
    declared     True where file or caller say what the stamps mark; False where `start` was taken for granted
    zone         zone in which local days are told, if the file says so, else ""
    notes        what a reader of the result has to know, in words
    """

    source: str
    form: str
    meters: tuple[str, ...]
    stamps_s: NDArray[np.int64]
    load_mw: NDArray[np.float64]
    estimated: NDArray[np.bool_]
    exports: bool
    step_s: int
    label: str = "start"
    declared: bool = True
    zone: str = ""
    notes: tuple[str, ...] = ()

    def only(self, meters: Sequence[str]) -> MeterReadings:
        """The readings of some meters. Raises `DataError` naming those that there are."""
        missing = [meter for meter in meters if meter not in self.meters]
        if missing:
            known = ", ".join(self.meters[:8]) + (" …" if len(self.meters) > 8 else "")
            raise DataError(f"{self.source}: no meter {missing[0]!r}; there are {known}")
        rows = [self.meters.index(meter) for meter in meters]
        return MeterReadings(
            self.source, self.form, tuple(meters), self.stamps_s, self.load_mw[rows], self.estimated[rows],
            self.exports, self.step_s, self.label, self.declared, self.zone, self.notes,
        )  # fmt: skip

    def table(self, zone: str, calendar: Calendar) -> LoadTable:
        """The load table in `zone`. Raises `DataError` where the readings cannot be what they are said to be.

        Stamps that begin one step after local midnight and end on one are the mark of end-stamped files: declared as
        starts by the file or by nobody they are refused, because every baseline would move by one interval.
        """
        table = load_table(
            self.meters, self.stamps_s, self.load_mw, zone=zone, calendar=calendar, label=self.label,
            exports=self.exports,
        )  # fmt: skip
        if self.label == "start" and not self.declared and looks_end_stamped(table):
            first, last = table.axis.at(0), table.axis.at(table.axis.periods - 1)
            raise DataError(
                f"{self.source}: the first stamp is one interval after local midnight and the last is midnight "
                f"({first.isoformat()} … {last.isoformat()}), as in files that stamp the end of the interval; say "
                "which it is: --label end, or --label start if the stamps are starts"
            )
        if not self.estimated.any():
            return table
        marked = np.zeros(table.load_mw.shape, dtype=np.bool_)
        marked[:, (self.stamps_s - self.stamps_s[0]) // table.axis.step_s] = self.estimated
        return LoadTable(table.meters, table.axis, table.load_mw, zone, calendar, self.exports, marked)


def stream_of(meter: str, direction: str, readings: Iterable[Reading], *, energy: bool, source: str) -> Stream:
    """The readings of one channel in the order of their starts. Raises `DataError` unless all have one length."""
    rows = sorted(readings, key=lambda row: row[0])
    lengths = sorted({length_s for _, length_s, _, _ in rows})
    if len(lengths) != 1 or lengths[0] <= 0:
        told = ", ".join(f"{length_s / 60:g} min" for length_s in lengths[:4])
        raise DataError(f"{source}: meter {meter!r} has interval lengths {told}; one fixed length is due")
    return Stream(
        meter,
        direction,
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows]),
        energy,
        np.array([row[3] for row in rows], dtype=np.bool_),
        lengths[0],
    )


def gather(
    streams: Sequence[Stream],
    *,
    source: str,
    form: str,
    label: str = "start",
    declared: bool = True,
    zone: str = "",
    notes: Sequence[str] = (),
) -> MeterReadings:
    """Bring streams to one set of stamps: net load = import − export (or net) of each meter.

    A stamp that a stream lacks is a missing reading. Raises `DataError` for a meter that reads one instant twice, for
    an export below zero, for interval lengths that differ, and for a meter without import.
    """
    if not streams:
        raise DataError(f"{source}: no readings of energy or power; check the file")
    stamps_s = np.unique(np.concatenate([stream.stamps_s for stream in streams]))
    step_s = _step_s(streams, stamps_s, source)
    meters = tuple(dict.fromkeys(stream.meter for stream in streams))
    shape = (len(meters), len(stamps_s))
    parts = {name: np.full(shape, np.nan) for name in ("import", "export")}
    has = {name: np.zeros(len(meters), dtype=np.bool_) for name in DIRECTIONS}
    estimated = np.zeros(shape, dtype=np.bool_)
    for stream in streams:
        row = meters.index(stream.meter)
        _check(stream, twice=bool(has[stream.direction][row]), source=source)
        has[stream.direction][row] = True
        place = np.searchsorted(stamps_s, stream.stamps_s)
        power_mw = np.asarray(stream.amounts, dtype=np.float64) * (3600.0 / step_s if stream.energy else 1.0)
        parts["export" if stream.direction == "export" else "import"][row, place] = power_mw
        if stream.estimated is not None:
            estimated[row, place] |= stream.estimated
    for meter, brought, net in zip(meters, has["import"], has["net"], strict=True):
        if brought == net:
            told = "has no import channel" if not brought else "has both an import and a net column"
            raise DataError(f"{source}: meter {meter!r} {told}; give import and export, or one net column")
    load_mw = parts["import"].copy()
    load_mw[has["export"]] -= parts["export"][has["export"]]
    exports = bool(has["export"].any() or has["net"].any())
    return MeterReadings(
        source, form, meters, stamps_s, load_mw, estimated, exports, step_s, label, declared, zone, tuple(notes)
    )


def _check(stream: Stream, *, twice: bool, source: str) -> None:
    doubled = np.flatnonzero(np.diff(np.sort(stream.stamps_s)) == 0)
    if twice or len(doubled):
        at = at_unix_s(int(np.sort(stream.stamps_s)[doubled[0]] if len(doubled) else stream.stamps_s[0])).isoformat()
        raise DataError(
            f"{source}: meter {stream.meter!r} has two readings of {stream.direction} at {at}: two meters with one id, "
            "or rows that stand twice; give each meter its own id and each interval one row"
        )
    if stream.direction == "export" and (np.asarray(stream.amounts, dtype=np.float64) < 0).any():
        raise DataError(
            f"{source}: meter {stream.meter!r}: export is negative; write exported energy as a positive number"
        )


def _step_s(streams: Sequence[Stream], stamps_s: NDArray[np.int64], source: str) -> int:
    stated = sorted({stream.step_s for stream in streams if stream.step_s})
    if len(stated) > 1:
        lengths = ", ".join(f"{step_s / 60:g} min" for step_s in stated)
        raise DataError(f"{source}: interval lengths differ ({lengths}); give one fixed interval length")
    if stated:
        return stated[0]
    if len(stamps_s) < 2:
        raise DataError(f"{source}: {len(stamps_s)} readings; two at least are needed, to know the interval")
    return int(np.diff(stamps_s).min())
