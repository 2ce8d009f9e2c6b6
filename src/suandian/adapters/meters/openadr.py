"""OpenADR 3 reports as JSON: meter readings in, baseline and usage of an event out.

Payload types and descriptors as in the OpenADR 3.1.1 definitions: USAGE is energy over the interval, DEMAND mean power,
BASELINE what would have been used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.adapters.meters.streams import MeterReadings, Reading, gather, stream_of
from suandian.quantity.errors import DataError
from suandian.quantity.timeaxis import TimeAxis

__all__ = ["baseline_report", "duration_s", "read_openadr"]

_DURATION = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$")
_SIZES = {"KWH": ("energy", 1e-3), "KW": ("power", 1e-3)}
_WANTED = {"USAGE": "energy", "DEMAND": "power"}
_ESTIMATED = ("ESTIMATED", "FORECAST")


def read_openadr(path: Path) -> MeterReadings:
    """Every resource of one report, or of a list of reports, as a meter; stamps are interval starts.

    Reads USAGE (KWH) and DEMAND (KW) payloads; other payload types are passed over. Raises `DataError` for a file that
    is no report, a unit that is not stated or of another kind, and a resource that stands twice in one report.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path.name}: is no JSON ({error}); give an OpenADR 3 report") from error
    reports = document if isinstance(document, list) else [document]
    rows: dict[str, list[Reading]] = {}
    kinds: dict[str, str] = {}
    for report in reports:
        if not isinstance(report, dict) or not isinstance(report.get("resources"), list):
            raise DataError(f"{path.name}: has no `resources`; give an OpenADR 3 report, or a list of them")
        descriptors = {d.get("payloadType"): d for d in report.get("payloadDescriptors") or [] if isinstance(d, dict)}
        names = [str(resource.get("resourceName", "")) for resource in report["resources"]]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(f"{path.name}: two resources are called {twice[0]!r}; give each meter its own id")
        for name, resource in zip(names, report["resources"], strict=True):
            kind, found = _readings(resource, descriptors, path.name)
            if kinds.setdefault(name, kind) != kind:
                raise DataError(f"{path.name}: {name!r} is told as USAGE here and as DEMAND there; write one of them")
            rows.setdefault(name, []).extend(found)
    streams = [
        stream_of(name, "import", found, energy=kinds[name] == "USAGE", source=path.name)
        for name, found in rows.items()
        if found
    ]
    return gather(streams, source=path.name, form="openadr")


def baseline_report(
    axis: TimeAxis,
    baseline_mw: NDArray[np.float64],
    metered_mw: NDArray[np.float64],
    *,
    event_id: str,
    resource: str,
    client: str = "suandian",
    name: str = "",
    level_percent: int = 90,
) -> dict[str, Any]:
    """A report of BASELINE and USAGE in KWH by interval of `axis`, arrays `(periods,)` MW.

    A value that is not there (NaN) leaves its payload out. The confidence of the baseline is that of its interval.
    """
    step_h = axis.step_h
    intervals = []
    for index, pair in enumerate(zip(baseline_mw, metered_mw, strict=True)):
        payloads = [
            {"type": kind, "values": [round(float(power) * step_h * 1000.0, 6)]}
            for kind, power in zip(("BASELINE", "USAGE"), pair, strict=True)
            if np.isfinite(power)
        ]
        intervals.append({"id": index, "payloads": payloads})
    described = {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "units": "KWH"}
    return {
        "eventID": event_id,
        "clientName": client,
        "reportName": name or f"baseline of {event_id}",
        "payloadDescriptors": [
            described | {"payloadType": "BASELINE", "readingType": "ESTIMATED", "confidence": level_percent},
            described | {"payloadType": "USAGE", "readingType": "DIRECT_READ"},
        ],
        "resources": [
            {
                "resourceName": resource,
                "intervalPeriod": {"start": axis.start.strftime("%Y-%m-%dT%H:%M:%SZ"), "duration": f"PT{axis.step_s}S"},
                "intervals": intervals,
            }
        ],
    }


def duration_s(text: str) -> int:
    """Seconds of an ISO 8601 duration of days, hours, minutes and seconds. Raises `DataError` for another text."""
    match = _DURATION.match(text)
    parts = [int(part or 0) for part in match.groups()] if match else []
    if not any(parts):
        raise DataError(f"{text!r} is no duration; write e.g. PT15M")
    days, hours, minutes, seconds = parts
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _readings(
    resource: Mapping[str, Any], descriptors: Mapping[Any, Mapping[str, Any]], where: str
) -> tuple[str, list[Reading]]:
    """Kind (USAGE or DEMAND) and (start, length, amount in MWh or MW, estimated) of a resource's intervals."""
    outer = resource.get("intervalPeriod") or {}
    kind = ""
    rows: list[Reading] = []
    following_s = 0
    for interval in resource.get("intervals") or []:
        own = interval.get("intervalPeriod") or {}
        length_s = duration_s(str(own.get("duration") or outer.get("duration") or ""))
        if own.get("start"):
            start_s = _start_s(own["start"], where)
        else:
            start_s = following_s if rows else _start_s(outer.get("start"), where)
        following_s = start_s + length_s
        for payload in interval.get("payloads") or []:
            if payload.get("type") not in _WANTED:
                continue
            if kind and payload["type"] != kind:
                raise DataError(f"{where}: {resource.get('resourceName')!r} has USAGE and DEMAND; write one of them")
            kind = payload["type"]
            size_ratio, estimated = _unit(kind, descriptors.get(kind), where)
            rows.append((start_s, length_s, _value(payload, where) * size_ratio, estimated))
    return kind, rows


def _unit(kind: str, descriptor: Mapping[str, Any] | None, where: str) -> tuple[float, bool]:
    units = str((descriptor or {}).get("units") or "")
    what, size_ratio = _SIZES.get(units, ("", 0.0))
    if what != _WANTED[kind]:
        due = "KWH" if _WANTED[kind] == "energy" else "KW"
        raise DataError(
            f"{where}: the units of {kind} are {units or 'not stated'}; a payload descriptor with {due} is due"
        )
    return size_ratio, str((descriptor or {}).get("readingType")) in _ESTIMATED


def _value(payload: Mapping[str, Any], where: str) -> float:
    values: Sequence[Any] = payload.get("values") or []
    if len(values) != 1 or isinstance(values[0], bool) or not isinstance(values[0], int | float):
        raise DataError(f"{where}: a {payload.get('type')} payload holds {str(values)[:40]}; one number is due")
    return float(values[0])


def _start_s(text: object, where: str) -> int:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise DataError(f"{where}: an interval has no start ({text!r}); write e.g. 2026-04-01T00:00:00Z") from error
    if moment.tzinfo is None:
        raise DataError(f"{where}: the start {text!r} names no zone; write e.g. 2026-04-01T00:00:00Z")
    return int(moment.timestamp())
