"""The files of a site become statements: readings, events, rules, temperature and job log brought together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suandian.adapters.meters import MeterReadings, read_meters
from suandian.adapters.meters.table import is_aware
from suandian.adapters.tables import on_axis, read_series
from suandian.experiments.statement.calls import Call, Calls, read_calls
from suandian.experiments.statement.measure import Statement, measure
from suandian.experiments.statement.reasons import END_LOOK, NO_HOLIDAYS, NO_NAMEPLATE
from suandian.experiments.statement.replaying import replayed
from suandian.quantity.errors import DataError, Fault, ScenarioError
from suandian.quantity.timeaxis import TimeAxis
from suandian.quantity.units import UnitError, parse_quantity
from suandian.verification.calendar import WEEKDAYS
from suandian.verification.engine import Evidence
from suandian.verification.metering import LoadTable, looks_end_stamped, unit_question
from suandian.verification.rules import Rule, read_rules, rule

__all__ = ["Inputs", "file_names", "statements"]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What `suandian verify` is given; texts as they were written."""

    meter: Path
    events: Path
    rules: tuple[str, ...]
    meter_ids: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    form: str = "auto"
    zone: str = ""
    label: str = ""
    unit: str = ""
    nameplate: str = ""
    temperature: Path | None = None
    job_log: Path | None = None
    own_rules: Path | None = None


def statements(given: Inputs) -> list[Statement]:
    """A statement for every event and the meters that it called.

    Raises `DataError` and `ScenarioError` where the inputs are wrong or doubtful; what is merely not measurable is a
    statement that says why.
    """
    calls = read_calls(given.events, zone=given.zone)
    readings = read_meters(
        given.meter, form=given.form, zone=calls.zone, label=given.label, unit=given.unit,
        meter=given.meter_ids[0] if len(given.meter_ids) == 1 else "",
    )  # fmt: skip
    wanted = _meters(readings, calls, given.meter_ids)
    zone = calls.zone or readings.zone
    if not zone:
        raise DataError(f"{given.events}: no zone of local days; write `zone: Asia/Shanghai` there, or say --zone")
    table = readings.only(wanted).table(zone, calls.calendar)
    _ask(table, given, readings)
    evidence, notes = _evidence(given, calls, table)
    notes = (*notes, *_doubts(given, table, readings))
    chosen = _rules(given)
    source = readings.source if readings.form == "journal" else Path(readings.source).name
    called = [
        (call, meter)
        for call in calls.calls
        if not given.event_ids or call.event.id in given.event_ids
        for meter in ([call.meter] if call.meter else wanted)
        if meter in table.meters
    ]
    made = [
        measure(
            table, call.event, meter, chosen, calls.history, _of_call(evidence, call, table.row(meter)), source=source,
            notes=(*readings.notes, *notes),
        )
        for call, meter in called
    ]  # fmt: skip
    if not made:
        ids = ", ".join(call.event.id for call in calls.calls)
        raise DataError(f"{given.events}: no event of meter {', '.join(wanted)} to measure; events are {ids}")
    return made


def file_names(made: Sequence[Statement]) -> list[str]:
    """A file name for every statement: of its event, and of its meter where an event has several."""
    events = [one.event.id for one in made]
    names: list[str] = []
    for one in made:
        name = _plain(one.event.id if events.count(one.event.id) == 1 else f"{one.event.id}--{one.meter}")
        same = sum(1 for other in names if other == name or other.startswith(f"{name}~"))
        names.append(f"{name}~{same + 1}" if same else name)
    return names


def _plain(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or "statement"


def _meters(readings: MeterReadings, calls: Calls, asked: tuple[str, ...]) -> list[str]:
    """The meters to read: asked for, or called, or the only one."""
    if asked:
        return list(dict.fromkeys(asked))
    called = list(dict.fromkeys(call.meter for call in calls.calls if call.meter))
    if called and all(call.meter for call in calls.calls):
        return called
    if len(readings.meters) > 1 and readings.form == "journal":
        known = ", ".join(name for name in readings.meters if name.endswith("/grid"))
        raise DataError(f"{readings.source}: many meters; say which with --meter-id, e.g. one of {known}")
    return list(readings.meters)


def _ask(table: LoadTable, given: Inputs, readings: MeterReadings) -> None:
    """Hold the readings against the nameplate; what does not fit is asked, never guessed.

    A load that seems too light may be one: naming its unit with --unit answers the question.
    """
    if not given.nameplate:
        return
    try:
        nameplate_mw = parse_quantity(given.nameplate, "MW")
    except UnitError as error:
        raise ScenarioError([Fault("--nameplate", str(error))], source="command line") from error
    for row, meter in enumerate(table.meters):
        question = unit_question(table.load_mw[row], nameplate_mw, table.step_h)
        light = np.nanmax(np.abs(table.load_mw[row])) <= nameplate_mw
        if question and not (given.unit and light):
            raise DataError(f"{readings.source}: meter {meter!r}: {question} Answer with --unit, e.g. --unit kW")


def _doubts(given: Inputs, table: LoadTable, readings: MeterReadings) -> list[str]:
    """What was taken on trust, for the reader of the statement."""
    told = []
    if readings.label == "start" and looks_end_stamped(table):
        told.append(END_LOOK)
    if not given.nameplate and readings.form == "table":
        told.append(NO_NAMEPLATE)
    if table.calendar is WEEKDAYS:
        told.append(NO_HOLIDAYS)
    return told


def _rules(given: Inputs) -> list[Rule]:
    own = read_rules(given.own_rules) if given.own_rules is not None else {}
    chosen = []
    for name in given.rules:
        found = own.get(name.partition("@")[0]) or rule(name)
        if name not in (found.id, found.ref):
            raise DataError(f"rule {found.id!r} is kept in version {found.version}, not {name.partition('@')[2]}")
        chosen.append(found)
    twice = sorted({one.ref for one in chosen if [other.ref for other in chosen].count(one.ref) > 1})
    if twice:
        raise DataError(f"rule {twice[0]} stands twice; two baselines are two different rules")
    return chosen


def _evidence(given: Inputs, calls: Calls, table: LoadTable) -> tuple[Evidence, tuple[str, ...]]:
    temperature_c, notes = None, []
    if given.temperature is not None:
        temperature_c, note = _temperature_c(given.temperature, table.axis, calls.zone)
        notes += [note] if note else []
    load = replayed(given.job_log, calls, table) if given.job_log is not None else None
    return Evidence(temperature_c=temperature_c, replayed=load), tuple(notes)


def _of_call(evidence: Evidence, call: Call, row: int) -> Evidence:
    """The evidence for one call at one meter of the table."""
    load = evidence.replayed
    one = replace(load, load_mw=load.load_mw[row : row + 1]) if load is not None else None
    return replace(evidence, firm_mw=call.firm_mw, replayed=one)


def _temperature_c(path: Path, axis: TimeAxis, zone: str) -> tuple[NDArray[np.float64], str]:
    """Outdoor temperature on the meter's axis and what was done to it; NaN outside the file."""
    series = read_series(
        path.name, folder=path.parent, unit="°C", zone="" if is_aware(path) else zone, gap_policy="interpolate"
    )
    note = series.source.partition("; ")[2]
    first_s, last_s = max(series.axis.start_s, axis.start_s), min(series.axis.end_s, axis.end_s)
    found = np.full(axis.periods, np.nan)
    begin, end = -(-(first_s - axis.start_s) // axis.step_s), (last_s - axis.start_s) // axis.step_s
    if end > begin:
        found[begin:end] = on_axis(series, axis.part(begin, end)).values
    return found, f"{path.name}: {note}" if note else ""
