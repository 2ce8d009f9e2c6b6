"""What Python gives instead of files: arrays, job tables, objects, numbers under names that end in their unit."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suandian.experiments.scenario.study import SIGNALS, StudyFile
from suandian.experiments.scenario.types import Section, bare_type, fields_by_key, unit_of_field
from suandian.model.workload import JobTable
from suandian.quantity.errors import Fault, ScenarioError
from suandian.quantity.series import Series
from suandian.quantity.timeaxis import TimeAxis
from suandian.quantity.units import UnitError, convert, format_quantity

__all__ = ["Inputs", "plain_sections", "to_inputs"]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Jobs and series given as arrays. `signals`: name → id → values `(periods,)` in the signal's unit."""

    jobs: JobTable | None = None
    signals: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.jobs is not None or bool(self.signals)

    def signal_ids(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(rows) for name, rows in self.signals.items()}

    def arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every array with its name, in a fixed order."""
        if self.jobs is not None:
            for column in JobTable.column_names():
                yield f"jobs.{column}", getattr(self.jobs, column)
            for number, pace in enumerate(self.jobs.paces):
                yield f"jobs.paces.{number}", np.array([pace.gpu_ratio, pace.power_ratio, pace.speed_ratio])
        for name in sorted(self.signals):
            for key in sorted(self.signals[name]):
                yield f"signals.{name}.{key}", self.signals[name][key]


def to_inputs(
    sections: Mapping[str, Any],
    *,
    axis: TimeAxis | None,
    zone: str,
    jobs: object,
    signals: Mapping[str, Any],
) -> tuple[dict[str, Any], Inputs]:
    """The sections as a file would hold them, and the arrays beside them. Raises `ScenarioError`."""
    values = {"name": "study"} | dict(sections)
    for name in ("sites", "feeders", "parties"):
        if name in values:
            values[name] = _keyed(values[name])
    if axis is not None:
        duration_s = axis.periods * axis.step_s
        values["time"] = {
            "start": axis.start.isoformat(),
            "duration": f"{duration_s} s",
            "step": f"{axis.step_s} s",
        } | ({"zone": zone} if zone else {})
    if "parties" not in values:
        _add_parties(values)
    sites = tuple(values["sites"]) if isinstance(values.get("sites"), Mapping) else ()
    table: JobTable | None = None
    if isinstance(jobs, JobTable):
        table = jobs
    elif isinstance(jobs, Mapping):
        values["jobs"] = jobs
    elif jobs is not None:
        table = _job_table(jobs, sites)
    arrays, tables = _signals(signals, axis)
    if tables:
        values["signals"] = dict(values.get("signals", {})) | tables
    return plain_sections(values), Inputs(table, arrays)


def _job_table(jobs: object, sites: tuple[str, ...]) -> JobTable:
    """Date-times of a frame carry their zone: in Python a naive one is refused, whatever the study's zone."""
    import polars as pl

    from suandian.adapters.job_tables import jobs_from_frame

    if isinstance(jobs, pl.DataFrame | pl.LazyFrame):
        return jobs_from_frame(jobs.lazy(), sites=sites)
    told = f"{type(jobs).__name__} is no table of jobs; give a JobTable, a polars frame or a mapping"
    raise ScenarioError([Fault("jobs", told)], source="Scenario.build")


def plain_sections(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with keys and texts as in a file: `{"it_max_mw": 20.0}` becomes `{"it_max": "20 MW"}`."""
    plain = _plain(values, StudyFile)
    return typing.cast("dict[str, Any]", plain)


def _plain(value: object, annotation: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        value = _mapping_of(value)
    if isinstance(annotation, type) and issubclass(annotation, Section) and isinstance(value, Mapping):
        return _plain_section(value, annotation)
    arguments = [argument for argument in typing.get_args(annotation) if argument is not Ellipsis]
    below = bare_type(arguments[-1]) if arguments else None
    if isinstance(value, Mapping):
        return {key: _plain(entry, below) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        entries = sorted(value) if isinstance(value, set | frozenset) else value
        return [_plain(entry, below) for entry in entries]
    return value.item() if isinstance(value, np.generic) else value


def _plain_section(value: Mapping[str, Any], section: type[Section]) -> dict[str, Any]:
    by_key, result = fields_by_key(section), {}
    for key, entry in value.items():
        named = section.model_fields.get(key)
        if named is None or key in by_key:
            below = bare_type(by_key[key].annotation) if key in by_key else None
            result[key] = _plain(entry, below)
            continue
        unit = unit_of_field(named)
        plain = _plain(entry, None)
        if unit is not None and isinstance(plain, int | float) and not isinstance(plain, bool):
            plain = format_quantity(plain, unit) if np.isfinite(plain) else f"{plain} {unit}"
        result[named.alias or key] = plain
    return {key: entry for key, entry in result.items() if entry is not None}


def _mapping_of(thing: object) -> dict[str, Any]:
    """A model object (`Site`, `Battery`, `Party`, …) as a section: what equals its default is left out."""
    values: dict[str, Any] = {}
    for entry in fields(thing):  # type: ignore[arg-type]
        value = getattr(thing, entry.name)
        if value != entry.default:
            values[entry.name] = value
    values.pop("id", None)
    names = {language: values.pop(key) for key, language in (("name", "en"), ("name_zh", "zh")) if key in values}
    return values | ({"name": names} if names else {})


def _keyed(part: object) -> object:
    """Model objects in a list become a mapping by id."""
    if isinstance(part, Sequence) and not isinstance(part, str):
        return {str(getattr(entry, "id", index)): entry for index, entry in enumerate(part)}
    return part


def _add_parties(values: dict[str, Any]) -> None:
    """One operator who is also the platform, and a grid company for feeders, where no party is named."""
    parties: dict[str, Any] = {}
    for name, role in (("sites", "data_centre_operator"), ("feeders", "grid_operator")):
        part = values.get(name)
        if not isinstance(part, Mapping):
            continue
        part = {key: _mapping_of(e) if is_dataclass(e) and not isinstance(e, type) else e for key, e in part.items()}
        default = "operator" if name == "sites" else "grid"
        values[name] = {
            key: {"operator": default} | dict(entry) if isinstance(entry, Mapping) else entry
            for key, entry in part.items()
        }
        for entry in values[name].values():
            if isinstance(entry, Mapping):
                parties.setdefault(str(entry["operator"]), {"roles": [role, "computing_platform"]})
    values["parties"] = parties


def _signals(
    signals: Mapping[str, Any], axis: TimeAxis | None
) -> tuple[dict[str, dict[str, NDArray[np.float64]]], dict[str, Any]]:
    """Arrays by signal and id, and what is a section of its own (tables, settings)."""
    arrays: dict[str, dict[str, NDArray[np.float64]]] = {}
    tables: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, part in signals.items():
        if name not in SIGNALS:
            tables[name] = part
            continue
        if not isinstance(part, Mapping):
            faults.append(Fault(f"signals.{name}", "is not a mapping; write {id: values}"))
            continue
        for key, entry in part.items():
            if isinstance(entry, Mapping):
                tables.setdefault(name, {})[key] = entry
                continue
            found = _array(entry, axis, SIGNALS[name], f"signals.{name}.{key}")
            if isinstance(found, Fault):
                faults.append(found)
            else:
                arrays.setdefault(name, {})[key] = found
    if faults:
        raise ScenarioError(faults, source="Scenario.build")
    return arrays, tables


def _array(entry: object, axis: TimeAxis | None, unit: str, path: str) -> NDArray[np.float64] | Fault:
    if axis is None:
        return Fault(path, "is an array, and there is no `axis` that it could lie on; give axis=TimeAxis(…)")
    try:
        if isinstance(entry, Series):
            if entry.axis != axis:
                return Fault(path, "lies on another axis than the study; cut or resample it first")
            values = convert(entry.values, entry.unit, unit)
        else:
            values = np.asarray(entry, dtype=np.float64)
    except UnitError as error:
        return Fault(path, str(error))
    except (TypeError, ValueError):
        return Fault(path, f"is no array of numbers; write {axis.periods} values in {unit}")
    if values.shape != (axis.periods,):
        return Fault(path, f"has shape {values.shape}; the axis has {axis.periods} periods, write one value for each")
    if not np.isfinite(values).all():
        index = int(np.flatnonzero(~np.isfinite(values))[0])
        return Fault(path, f"is {values[index]} at {axis.at(index).isoformat()}; fill or cut the series first")
    values = np.array(values)
    values.setflags(write=False)
    return values
