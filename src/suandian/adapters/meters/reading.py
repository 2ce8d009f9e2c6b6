"""One door for meter files: the format is recognised by its look, or named."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from suandian.adapters.meters.green_button import read_green_button
from suandian.adapters.meters.openadr import read_openadr
from suandian.adapters.meters.streams import MeterReadings
from suandian.adapters.meters.table import read_table
from suandian.quantity.errors import DataError
from suandian.record.events import Quality
from suandian.record.journal import load_journal

__all__ = ["FORMATS", "read_meters"]

FORMATS = ("auto", "table", "green_button", "openadr", "journal")


def read_meters(
    path: Path, *, form: str = "auto", zone: str = "", label: str = "", unit: str = "", meter: str = ""
) -> MeterReadings:
    """Readings of a meter file, or of the journal folder of a run.

    `zone`, `label`, `unit` and `meter` are for tables (see `read_table`): the other formats say what they hold, and an
    option that says it again is refused, so that it never passes unheard. Raises `DataError`.
    """
    if form not in FORMATS:
        raise DataError(f"format {form!r}: write one of {', '.join(FORMATS)}")
    if label not in ("", "start", "end"):
        raise DataError(f"--label {label!r}: write start or end")
    found = _look(path) if form == "auto" else form
    if found == "table":
        return read_table(path, zone=zone, label=label, unit=unit, meter=meter)
    for name, value in (("--label", label), ("--unit", unit)):
        if value:
            raise DataError(f"{path.name}: {name} is for tables; {found} files state it themselves")
    if found == "green_button":
        return read_green_button(path)
    return read_openadr(path) if found == "openadr" else _read_journal(path)


def _look(path: Path) -> str:
    if path.is_dir():
        return "journal"
    if not path.is_file():
        raise DataError(f"{path}: no such file; give a meter file (CSV, Parquet, XML, JSON) or a run's journal folder")
    name = path.name.lower()
    if name == "meters.parquet" and (path.parent / "chain.json").is_file():
        return "journal"
    return {".xml": "green_button", ".json": "openadr"}.get(Path(name).suffix, "table")


def _read_journal(path: Path) -> MeterReadings:
    """The meters of a run; the journal's hash chain is checked on the way."""
    folder = path if path.is_dir() else path.parent
    if not (folder / "chain.json").is_file():
        raise DataError(f"{folder}: holds no journal (chain.json); give runs/<study>/<arm>/journal")
    journal = load_journal(folder)
    frame = journal.meter_frame()
    names = tuple(meter.id for meter in journal.meters)
    shape = (len(names), -1)
    imported, exported, quality = (
        frame[name].to_numpy().reshape(shape) for name in ("import_mwh", "export_mwh", "quality")
    )
    load_mw = (imported - exported) / journal.axis.step_h
    load_mw[quality == Quality.MISSING] = np.nan
    return MeterReadings(
        source=str(folder),
        form="journal",
        meters=names,
        stamps_s=journal.axis.starts_s()[: load_mw.shape[1]],
        load_mw=load_mw,
        estimated=quality == Quality.ESTIMATED,
        exports=bool((exported > 0).any()),
        step_s=journal.axis.step_s,
    )
