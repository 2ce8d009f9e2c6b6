"""The events file: which calls are to be measured, what disturbed the meters, what was agreed beforehand."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from suandian.experiments.scenario.clock import instant, zone_fault
from suandian.model.contract import Source
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.units import UnitError, parse_quantity
from suandian.verification.calendar import WEEKDAYS, Calendar, mainland_china
from suandian.verification.event import Direction, Event, History, Span

__all__ = ["Call", "Calls", "calendar_of", "read_calls"]

_T = TypeVar("_T")
_KEYS = {
    "": ("zone", "calendar", "holidays", "workdays", "events", "outages", "excluded_days", "replay"),
    "events": ("id", "notice", "start", "end", "direction", "committed", "curve", "meter", "firm"),
    "outages": ("start", "end", "meter"),
    "replay": ("policy", "gpus", "idle", "pue", "recorded", "policy_hash", "recorded_by", "in_force"),
}
_CHINESE_ZONES = ("Asia/Shanghai", "Asia/Chongqing", "Asia/Urumqi", "PRC")


@dataclass(frozen=True, slots=True)
class Call:
    """An event, the meter that was called (None: every meter measured), and its firm level where one was agreed."""

    event: Event
    meter: str | None
    firm_mw: float | None = None


@dataclass(frozen=True, slots=True)
class Calls:
    """An events file, read.

    zone        of local times and local days; "" where the file names none and all its times carry an offset
    history     every event and outage of the file, and the days that the parties left out
    replay      the section as texts, for `replaying.policy_of`; None where there is none
    """

    source: str
    zone: str
    calendar: Calendar
    calls: tuple[Call, ...]
    history: History
    replay: Mapping[str, Any] | None = None


def calendar_of(name: str, zone: str) -> Calendar | None:
    """`mainland_china` or `weekdays`; without a name mainland China's in its own zones, weekdays elsewhere."""
    wanted = name or ("mainland_china" if zone in _CHINESE_ZONES else "weekdays")
    if wanted == "mainland_china":
        return mainland_china()
    return WEEKDAYS if wanted == "weekdays" else None


def read_calls(path: Path, *, zone: str = "") -> Calls:
    """Read an events file, or the `instructions` of a scenario, which call the grid meter of their site.

    `zone` is used where the file names none. Raises `ScenarioError` with every fault of the file, each with its path.
    """
    document = _document(path)
    if "instructions" in document or "time" in document:
        return _scenario_calls(path, zone)
    zone = str(document.get("zone") or zone)
    faults: list[Fault] = []
    wrong = zone_fault(zone, "zone") if zone else None
    if wrong is not None:
        raise ScenarioError([wrong], source=str(path))
    faults += _unknown("", document, "")
    calls = list(_kept(_events(document.get("events") or (), zone), faults))
    outages = tuple(_kept(_outages(document.get("outages") or (), zone), faults))
    excluded = frozenset(_kept(_days(document, "excluded_days"), faults))
    calendar = _calendar(document, zone, faults)
    if not calls and not faults:
        faults.append(Fault("events", "is empty; write at least one event with id, notice, start and end"))
    faults += _twice(calls)
    if faults:
        raise ScenarioError(faults, source=str(path))
    history = _history(calls, outages, excluded)
    return Calls(path.name, zone, calendar, tuple(calls), history, document.get("replay"))


def _document(path: Path) -> dict[str, Any]:
    """The file as texts: a loader that guesses types would read 12:30 as a number of minutes."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except OSError as error:
        raise ScenarioError([Fault("--events", f"{path}: {error.strerror}")], source="command line") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        told = " ".join(str(error).split())[:200]
        raise ScenarioError([Fault("", f"is no YAML: {told}")], source=str(path)) from error
    if isinstance(found, list):
        return {"events": found}
    if not isinstance(found, dict):
        raise ScenarioError([Fault("", "holds no events; write `events:` with a list")], source=str(path))
    return found


def _kept(made: Iterator[_T | Fault], faults: list[Fault]) -> Iterator[_T]:
    """What came out right; faults are put aside."""
    for one in made:
        if isinstance(one, Fault):
            faults.append(one)
        else:
            yield one


def _unknown(section: str, row: Mapping[str, Any], path: str) -> list[Fault]:
    faults = []
    for key in row:
        if key not in _KEYS[section]:
            near = difflib.get_close_matches(key, _KEYS[section], n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_KEYS[section])}"
            faults.append(Fault(f"{path}{key}", f"is unknown; {hint}"))
    return faults


def _rows(rows: object, section: str) -> Iterator[tuple[str, dict[str, Any]] | Fault]:
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        yield Fault(section, "is no list; write `- id: …` for each entry")
        return
    for index, row in enumerate(rows):
        path = f"{section}[{index}]"
        if isinstance(row, dict):
            yield from _unknown(section, row, f"{path}.")
            yield path, row
        else:
            yield Fault(path, "is no mapping; write id, notice, start, end")


def _events(rows: object, zone: str) -> Iterator[Call | Fault]:
    for found in _rows(rows, "events"):
        if isinstance(found, Fault):
            yield found
            continue
        path, row = found
        faults: list[Fault] = []
        times = _times(row, ("notice", "start", "end"), zone, path, faults)
        try:
            direction = Direction(str(row.get("direction", "shed")))
        except ValueError:
            faults.append(Fault(f"{path}.direction", "write shed, fill or modulate"))
            direction = Direction.SHED
        committed_mw = _power(row["committed"], f"{path}.committed", faults) if row.get("committed") else 0.0
        curve = row.get("curve") or ()
        if isinstance(curve, str):
            faults.append(Fault(f"{path}.curve", "is no list; write one power per interval, e.g. [1 MW, 2 MW]"))
            curve = ()
        curve_mw = tuple(_power(value, f"{path}.curve[{at}]", faults) for at, value in enumerate(curve))
        firm_mw = _power(row["firm"], f"{path}.firm", faults) if row.get("firm") else None
        if faults:
            yield from faults
            continue
        name = str(row.get("id") or f"event-{path[7:-1]}")
        made = _call(path, name, times, direction, committed_mw, curve_mw)
        yield made if isinstance(made, Fault) else Call(made, row.get("meter") or None, firm_mw)


def _scenario_calls(path: Path, zone: str) -> Calls:
    """The instructions of a scenario: each calls its site's grid meter, and its limit is that meter's firm level."""
    from suandian.experiments.scenario import load

    scenario = load(str(path))
    calls = []
    for entry in scenario.study.instructions:
        faults: list[Fault] = []
        times = _times(entry.model_dump(), ("issued", "start", "end"), scenario.zone, entry.id, faults)
        if faults:
            raise ScenarioError(faults, source=str(path))
        made = Event(entry.id, times[0], times[1], times[2])
        calls.append(Call(made, f"site/{entry.site}/grid", entry.import_max_mw))
    if not calls:
        raise ScenarioError([Fault("instructions", "is empty: the study calls nobody")], source=str(path))
    zone = zone or scenario.zone
    calendar = calendar_of("", zone)
    assert calendar is not None
    return Calls(path.name, zone, calendar, tuple(calls), _history(calls, (), frozenset()))


def _history(calls: Sequence[Call], outages: tuple[Span, ...], excluded: frozenset[str]) -> History:
    spans = tuple(Span(c.event.start_s, c.event.end_s, c.meter, c.event.id) for c in calls)
    return History(spans, outages, excluded)


def _call(
    path: str,
    name: str,
    times_s: Sequence[int],
    direction: Direction,
    committed_mw: float,
    curve_mw: tuple[float, ...],
) -> Event | Fault:
    notice_s, start_s, end_s = times_s
    if end_s <= start_s:
        return Fault(f"{path}.end", "lies at or before `start`; write a later instant")
    if notice_s > start_s:
        return Fault(f"{path}.notice", "lies after `start`; write the instant at which the resource was told")
    if committed_mw < 0:
        return Fault(f"{path}.committed", "is negative; `direction` says which way the load goes")
    if direction is Direction.MODULATE and not curve_mw:
        return Fault(f"{path}.curve", "is missing; a modulation has one power per interval")
    return Event(name, notice_s, start_s, end_s, direction, committed_mw, curve_mw)


def _times(row: Mapping[str, Any], keys: Sequence[str], zone: str, path: str, faults: list[Fault]) -> list[int]:
    found = []
    for key in keys:
        if not row.get(key):
            faults.append(Fault(f"{path}.{key}", "is missing; write e.g. 2026-04-22T18:00"))
            continue
        moment: datetime | Fault = instant(str(row[key]), zone, f"{path}.{key}")
        if isinstance(moment, datetime):
            found.append(int(moment.timestamp()))
        elif zone:
            faults.append(moment)
        else:
            told = f"{row[key]} names no zone; write `zone: Asia/Shanghai` at the top of the file, or say --zone"
            faults.append(Fault(moment.path, told if "naive" in moment.message else moment.message))
    return found


def _outages(rows: object, zone: str) -> Iterator[Span | Fault]:
    for found in _rows(rows, "outages"):
        if isinstance(found, Fault):
            yield found
            continue
        path, row = found
        faults: list[Fault] = []
        times = _times(row, ("start", "end"), zone, path, faults)
        if not faults and times[1] <= times[0]:
            faults.append(Fault(f"{path}.end", "lies at or before `start`; write a later instant"))
        yield from faults
        if not faults:
            yield Span(times[0], times[1], row.get("meter") or None)


def _days(document: Mapping[str, Any], key: str) -> Iterator[str | Fault]:
    for index, day in enumerate(document.get(key) or ()):
        try:
            yield date.fromisoformat(day).isoformat()
        except (TypeError, ValueError):
            yield Fault(f"{key}[{index}]", f"{day!r} is no day; write e.g. 2026-04-05")


def _power(value: object, path: str, faults: list[Fault]) -> float:
    try:
        return parse_quantity(value, "MW")
    except UnitError as error:
        faults.append(Fault(path, str(error)))
        return 0.0


def _calendar(document: Mapping[str, Any], zone: str, faults: list[Fault]) -> Calendar:
    name = str(document.get("calendar") or "")
    base = calendar_of(name, zone)
    if base is None:
        faults.append(Fault("calendar", f"{name!r} is unknown; write mainland_china or weekdays"))
        return WEEKDAYS
    added = {
        key: {date.fromisoformat(d) for d in _kept(_days(document, key), faults)} for key in ("holidays", "workdays")
    }
    if not any(added.values()):
        return base
    return Calendar(
        f"{base.id}+own",
        (base.holidays | added["holidays"]) - added["workdays"],
        (base.workdays | added["workdays"]) - added["holidays"],
        Source(f"{base.source.document}; days of the events file", "C"),
        base.years,
    )


def _twice(calls: Sequence[Call]) -> list[Fault]:
    names = [call.event.id for call in calls]
    return [Fault("events", f"id {name!r} stands twice; give each event its own") for name in sorted(set(names))
            if names.count(name) > 1]  # fmt: skip
