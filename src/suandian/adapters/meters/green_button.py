"""Green Button files: interval readings in ESPI XML (NAESB REQ.21), as utilities hand them to their customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from suandian.adapters.meters.streams import MeterReadings, Reading, gather, stream_of
from suandian.quantity.errors import DataError

__all__ = ["read_green_button"]

_MAX_BYTES = 512_000_000
#: ESPI enumerations: UomType, FlowDirection, QualityOfReading.
_WATT_HOURS, _WATTS = 72, 38
_FLOWS = {1: "import", 19: "export", 4: "net"}
_ESTIMATED = {8, 9, 12}  # estimated from a reference day, by interpolation; projected


@dataclass(frozen=True, slots=True)
class _Kind:
    """A ReadingType: energy or power, its size in Wh or W, and the direction of flow."""

    uom: int
    size_ratio: float
    direction: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """An Atom entry: its own link, what it refers to, and the ESPI resource inside."""

    own: str
    up: str
    related: tuple[str, ...]
    resource: ElementTree.Element


def read_green_button(path: Path) -> MeterReadings:
    """Every usage point of an ESPI feed as a meter; instants are UTC, stamps mark the start.

    A meter is named by the last part of its UsagePoint link. Value · 10^powerOfTenMultiplier in Wh (uom 72) or W
    (uom 38); flowDirection 1 is import, 19 export, 4 net. Readings of other quantities (volts, reactive energy) are
    passed over. Raises `DataError` for a file that is no ESPI feed, declares entities, or has no such reading.
    """
    entries = list(_entries(_parsed(path)))
    kinds = {entry.own: _kind(entry.resource, path.name) for entry in entries if _is(entry, "ReadingType")}
    readings = {entry.own: entry for entry in entries if _is(entry, "MeterReading")}
    points = [entry.own for entry in entries if _is(entry, "UsagePoint")]
    twice = sorted({point for point in points if points.count(point) > 1})
    if twice:
        raise DataError(f"{path.name}: two usage points have one id {_last(twice[0])!r}; give each meter its own id")
    pieces: dict[tuple[str, str, int], list[Reading]] = {}
    passed = 0
    for entry in entries:
        if not _is(entry, "IntervalBlock"):
            continue
        reading = readings.get(entry.up.removesuffix("/IntervalBlock"))
        kind = _kind_of(reading, kinds, path.name)
        if kind is None:
            passed += 1
            continue
        meter = _meter_of(entry.up, points)
        pieces.setdefault((meter, kind.direction, kind.uom), []).extend(_read(entry.resource, kind, path.name))
    notes = [f"{passed} blocks of other quantities than active energy or power are passed over"] if passed else []
    streams = [
        stream_of(meter, direction, rows, energy=uom == _WATT_HOURS, source=path.name)
        for (meter, direction, uom), rows in pieces.items()
    ]
    return gather(streams, source=path.name, form="green_button", notes=notes)


def _parsed(path: Path) -> ElementTree.Element:
    if path.stat().st_size > _MAX_BYTES:
        raise DataError(
            f"{path.name}: more than {_MAX_BYTES / 1e6:.0f} MB of XML; cut it to the months that are needed"
        )
    text = path.read_bytes()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise DataError(f"{path.name}: declares a document type or entities, which no Green Button file needs; refused")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise DataError(f"{path.name}: is no well-formed XML ({error}); export the file again") from error


def _entries(feed: ElementTree.Element) -> Iterator[_Entry]:
    for entry in feed.iter():
        if _name(entry) != "entry":
            continue
        links = [(link.get("rel", ""), link.get("href", "").rstrip("/")) for link in entry if _name(link) == "link"]
        content = next((part for part in entry if _name(part) == "content"), None)
        for resource in content if content is not None else ():
            yield _Entry(
                next((href for rel, href in links if rel == "self"), ""),
                next((href for rel, href in links if rel == "up"), ""),
                tuple(href for rel, href in links if rel == "related"),
                resource,
            )


def _is(entry: _Entry, kind: str) -> bool:
    return _name(entry.resource) == kind


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ElementTree.Element, name: str, default: str = "") -> str:
    found = next((child for child in element.iter() if _name(child) == name), None)
    return (found.text or default).strip() if found is not None else default


def _kind(resource: ElementTree.Element, where: str) -> _Kind | None:
    """None for quantities that are neither active energy nor active power, or flow in no direction we know."""
    uom, flow = _whole(_text(resource, "uom", "72"), where), _whole(_text(resource, "flowDirection", "1"), where)
    if uom not in (_WATT_HOURS, _WATTS) or flow not in _FLOWS:
        return None
    if _text(resource, "accumulationBehaviour", "4") in ("1", "3", "9"):
        raise DataError(f"{where}: the readings are a running register, not amounts by interval; export interval data")
    power = _whole(_text(resource, "powerOfTenMultiplier", "0"), where)
    return _Kind(uom, 10.0**power, _FLOWS[flow])


def _kind_of(reading: _Entry | None, kinds: dict[str, _Kind | None], where: str) -> _Kind | None:
    if reading is not None:
        for href in reading.related:
            if href in kinds:
                return kinds[href]
    if len(kinds) == 1:
        return next(iter(kinds.values()))
    raise DataError(f"{where}: a block of readings leads to no ReadingType; without its unit it cannot be read")


def _meter_of(up: str, points: list[str]) -> str:
    for point in sorted(points, key=len, reverse=True):
        if up.startswith(point + "/"):
            return _last(point)
    if "/UsagePoint/" in up:
        return up.split("/UsagePoint/")[1].split("/")[0]
    return _last(points[0]) if len(points) == 1 else "meter"


def _last(href: str) -> str:
    return href.rpartition("/")[2]


def _read(block: ElementTree.Element, kind: _Kind, where: str) -> Iterator[Reading]:
    """Start, length, amount in MWh (MW) and whether it is estimated, of every reading of a block."""
    for reading in block:
        if _name(reading) != "IntervalReading":
            continue
        period = next((part for part in reading if _name(part) == "timePeriod"), None)
        if period is None:
            raise DataError(f"{where}: a reading has no timePeriod; export the file again")
        start_s, length_s = _whole(_text(period, "start"), where), _whole(_text(period, "duration"), where)
        quality = [_whole(_text(part, "quality", "0"), where) for part in reading if _name(part) == "ReadingQuality"]
        value = next((part.text for part in reading if _name(part) == "value"), None)
        amount = float("nan") if value is None or not value.strip() else _whole(value, where) * kind.size_ratio / 1e6
        yield start_s, length_s, amount, bool(_ESTIMATED & set(quality))


def _whole(text: str, where: str) -> int:
    try:
        return int(text.strip())
    except ValueError as error:
        raise DataError(f"{where}: {text[:40]!r} stands where a whole number is due; export the file again") from error
