"""The period of a study: local texts become instants and the axis, and the traps of local time are refused."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from suandian.experiments.scenario.faults import unknown
from suandian.experiments.scenario.study import TimeSection
from suandian.quantity.errors import Fault
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["axis_of", "instant", "zone_fault"]

#: More intervals than this are refused at the door: ten years of minutes fit. D (engineering default).
_PERIODS_MAX = 6_000_000


def zone_fault(zone: str, path: str = "time.zone") -> Fault | None:
    """What is wrong with a zone's name, or None."""
    if zone in available_timezones():
        return None
    return Fault(path, unknown("time zone", zone, available_timezones()))


def instant(text: str, zone: str, path: str) -> datetime | Fault:
    """`2026-04-01`, `2026-04-01T06:00` (local in `zone`) or with an offset, as UTC.

    Local times that a change of clocks skips or repeats are refused, and so is one without any zone.
    """
    value = text.strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            parsed = datetime.combine(date.fromisoformat(value), time())
        else:
            parsed = datetime.fromisoformat(value.replace(" ", "T", 1))
    except ValueError:
        return Fault(path, f"{text!r} is no date or date-time; write e.g. 2026-04-01 or 2026-04-01T06:00+08:00")
    if parsed.tzinfo is not None:
        return _whole(parsed.astimezone(UTC), path)
    if not zone:
        told = f"{text} is naive: it names no zone; write `zone: Asia/Shanghai` in `time`, or {value[:10]}T00:00+08:00"
        return Fault(path, told)
    return _local(parsed, ZoneInfo(zone), text, zone, path)


def _local(parsed: datetime, tz: ZoneInfo, text: str, zone: str, path: str) -> datetime | Fault:
    earlier, later = parsed.replace(tzinfo=tz), parsed.replace(tzinfo=tz, fold=1)
    if earlier.utcoffset() == later.utcoffset():
        return _whole(earlier.astimezone(UTC), path)
    back = earlier.astimezone(UTC).astimezone(tz).replace(tzinfo=None)
    if back != parsed:
        told = (
            f"{text} does not exist in {zone}: the clocks jump over it; write {later.astimezone(UTC):%Y-%m-%dT%H:%M}Z"
        )
        return Fault(path, told)
    told = (
        f"{text} happens twice in {zone}: the clocks are put back; "
        f"write {earlier.isoformat(timespec='minutes')} or {later.isoformat(timespec='minutes')}"
    )
    return Fault(path, told)


def _whole(moment: datetime, path: str) -> datetime | Fault:
    return (
        Fault(path, f"{moment.isoformat()} is no whole second; leave the fraction out")
        if moment.microsecond
        else moment
    )


def axis_of(section: TimeSection) -> tuple[TimeAxis | None, list[Fault]]:
    """The axis that the section describes, or None with every fault."""
    wrong_zone = zone_fault(section.zone)
    if wrong_zone is not None:
        return None, [wrong_zone]
    start = instant(section.start, section.zone, "time.start")
    faults = [start] if isinstance(start, Fault) else []
    if section.step_s % 1:
        faults.append(Fault("time.step", f"{section.step_s:g} s is no whole number of seconds; write e.g. 15 min"))
    end: datetime | Fault | None = None
    if bool(section.end) == (section.duration_s is not None):
        told = "both `end` and `duration` are given; keep one" if section.end else "`end` is missing; write e.g. `end: "
        faults.append(Fault("time.end", told if section.end else told + "2026-05-01`, or `duration: 30 d`"))
    elif section.end:
        end = instant(section.end, section.zone, "time.end")
        if isinstance(end, Fault):
            faults.append(end)
    if faults or isinstance(start, Fault) or isinstance(end, Fault):
        return None, faults
    length_s = (end - start).total_seconds() if end is not None else float(section.duration_s or 0.0)
    return _axis(start, length_s, int(section.step_s), "time.end" if section.end else "time.duration")


def _axis(start: datetime, length_s: float, step_s: int, path: str) -> tuple[TimeAxis | None, list[Fault]]:
    if length_s <= 0:
        return None, [Fault(path, "lies at or before the start; write a later instant")]
    periods, rest_s = divmod(length_s, step_s)
    if rest_s:
        fits = f"{periods * step_s / 3600:g} h or {(periods + 1) * step_s / 3600:g} h"
        told = f"{length_s / 3600:g} h is no whole number of steps of {step_s / 60:g} min; write {fits} after the start"
        return None, [Fault(path, told)]
    if periods > _PERIODS_MAX:
        return None, [Fault(path, f"{periods:.0f} intervals; at most {_PERIODS_MAX} are possible, take a longer step")]
    return TimeAxis(start, timedelta(seconds=step_s), int(periods)), []
