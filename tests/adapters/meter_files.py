"""Small meter files in their true formats, written from one series of loads, for the tests of readers and commands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

_ATOM, _ESPI = "http://www.w3.org/2005/Atom", "http://naesb.org/espi"


def stamps(first: str, zone: str, periods: int, step_s: int) -> list[int]:
    """Unix seconds of interval starts from a local instant on."""
    begin = int(datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(zone)).timestamp())
    return [begin + at * step_s for at in range(periods)]


def local_text(at_s: int, zone: str) -> str:
    return datetime.fromtimestamp(at_s, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def csv_table(
    path: Path,
    starts_s: Sequence[int],
    columns: Mapping[str, Sequence[object]],
    *,
    zone: str,
    time: str = "start",
    shift_s: int = 0,
) -> Path:
    """`columns` are full headers → values; `shift_s` moves the stamps (to the end of the interval)."""
    lines = [",".join([time, *columns])]
    for at, stamp in enumerate(starts_s):
        lines.append(",".join([local_text(stamp + shift_s, zone), *(str(values[at]) for values in columns.values())]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def green_button(
    path: Path,
    meters: Mapping[str, Mapping[int, Sequence[int]]],
    starts_s: Sequence[int],
    step_s: int,
    *,
    power_of_ten: int = 0,
    uom: int = 72,
    quality: Mapping[int, int] | None = None,
    point_ids: Sequence[str] = (),
) -> Path:
    """An ESPI feed: meter → flow direction (1 import, 19 export) → values; `quality` is by position of the reading."""
    parts = []
    for number, (meter, flows) in enumerate(meters.items()):
        name = (point_ids or list(meters))[number]
        point = f"https://utility.example/espi/1_1/resource/RetailCustomer/1/UsagePoint/{name}"
        parts.append(
            _entry(
                point,
                f"{point.rpartition('/')[0]}",
                [],
                "<UsagePoint><ServiceCategory><kind>0</kind></ServiceCategory></UsagePoint>",
            )
        )
        for flow, values in flows.items():
            kind = f"https://utility.example/espi/1_1/resource/ReadingType/{meter}-{flow}"
            reading = f"{point}/MeterReading/{flow}"
            parts.append(_entry(reading, f"{point}/MeterReading", [kind], "<MeterReading/>"))
            body = (
                f"<ReadingType><accumulationBehaviour>4</accumulationBehaviour><flowDirection>{flow}</flowDirection>"
                f"<intervalLength>{step_s}</intervalLength><powerOfTenMultiplier>{power_of_ten}</powerOfTenMultiplier>"
                f"<uom>{uom}</uom></ReadingType>"
            )
            parts.append(_entry(kind, kind.rpartition("/")[0], [], body))
            parts.append(
                _entry(
                    f"{reading}/IntervalBlock/1",
                    f"{reading}/IntervalBlock",
                    [],
                    _block(values, starts_s, step_s, quality or {}),
                )
            )
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{_ATOM}"><id>urn:uuid:0</id><title>Usage</title>'
    path.write_text(text + "".join(parts) + "</feed>\n", encoding="utf-8")
    return path


def _entry(own: str, up: str, related: Sequence[str], resource: str) -> str:
    links = "".join([f'<link rel="self" href="{own}"/>', f'<link rel="up" href="{up}"/>',
                     *(f'<link rel="related" href="{href}"/>' for href in related)])  # fmt: skip
    head, _, rest = resource.partition(">")
    name = head.removeprefix("<").removesuffix("/")
    slash = "/" if head.endswith("/") else ""
    return f'<entry><id>urn:uuid:1</id>{links}<content><{name} xmlns="{_ESPI}"{slash}>{rest}</content></entry>'


def _block(values: Sequence[int], starts_s: Sequence[int], step_s: int, quality: Mapping[int, int]) -> str:
    rows = []
    for at, (start, value) in enumerate(zip(starts_s, values, strict=True)):
        mark = f"<ReadingQuality><quality>{quality[at]}</quality></ReadingQuality>" if at in quality else ""
        rows.append(
            f"<IntervalReading>{mark}<timePeriod><duration>{step_s}</duration><start>{start}</start></timePeriod>"
            f"<value>{value}</value></IntervalReading>"
        )
    whole = f"<interval><duration>{len(values) * step_s}</duration><start>{starts_s[0]}</start></interval>"
    return f"<IntervalBlock>{whole}{''.join(rows)}</IntervalBlock>"


def openadr_report(
    path: Path,
    meters: Sequence[tuple[str, Sequence[float]]],
    start_s: int,
    step_s: int,
    *,
    payload: str = "USAGE",
    units: str | None = "KWH",
) -> Path:
    """One OpenADR 3 report with a resource per meter."""
    descriptor = {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": payload, "readingType": "DIRECT_READ"}
    document = {
        "eventID": "e1",
        "clientName": "ven-1",
        "payloadDescriptors": [descriptor | ({"units": units} if units else {})],
        "resources": [
            {
                "resourceName": name,
                "intervalPeriod": {
                    "start": datetime.fromtimestamp(start_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "duration": f"PT{step_s // 60}M",
                },
                "intervals": [
                    {"id": at, "payloads": [{"type": payload, "values": [v]}]} for at, v in enumerate(values)
                ],
            }
            for name, values in meters
        ],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
