"""From a mapping to a checked study: faults of single values and faults between parts, told together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from suandian.experiments.scenario.build import Inputs
from suandian.experiments.scenario.check import Names, check
from suandian.experiments.scenario.faults import faults_of
from suandian.experiments.scenario.study import StudyFile
from suandian.quantity.errors import Fault, ScenarioError

__all__ = ["validated"]


def validated(
    values: Mapping[str, Any],
    places: Mapping[str, str],
    data: Path | None,
    source: str,
    *,
    inputs: Inputs | None = None,
) -> StudyFile:
    """The study that `values` describe. Raises `ScenarioError` with every fault, in the order of the file."""
    given = inputs.signal_ids() if inputs is not None else {}
    faults: list[Fault] = []
    try:
        study = StudyFile.model_validate(values)
    except ValidationError as error:
        faults = faults_of(error, StudyFile)
        study = _sound_parts(values)
    faults += check(study, Names.of(values, given), data)
    if faults:
        unique = dict.fromkeys(faults)
        raise ScenarioError([_placed(fault, places) for fault in unique], source=source)
    return study


def _sound_parts(values: Mapping[str, Any]) -> StudyFile:
    """A study of the parts that are right by themselves, so that faults between those are found in the same pass."""
    sound: dict[str, Any] = {}
    for name, field in StudyFile.model_fields.items():
        value = values.get(field.alias or name)
        adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
        for candidate in (value, _entries(adapter, value)):
            try:
                sound[name] = adapter.validate_python(candidate)
            except ValidationError:
                continue
            break
    defaults = {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in StudyFile.model_fields.items()
        if not field.is_required()
    }
    empty: dict[str, Any] = {"parties": {}, "sites": {}, "coordinators": (), "time": None, "name": ""}
    return StudyFile.model_construct(set(sound), **(empty | defaults | sound))


def _entries(adapter: TypeAdapter[Any], value: object) -> object:
    """The entries of a mapping that are right one by one."""
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for key, entry in value.items():
        try:
            adapter.validate_python({key: entry})
        except ValidationError:
            continue
        kept[key] = entry
    return kept


def _placed(fault: Fault, places: Mapping[str, str]) -> Fault:
    """With the file and line of the value, or of the part that it is missing from."""
    path = fault.path
    while path:
        if path in places:
            return Fault(fault.path, f"{fault.message} ({places[path]})")
        path = path.rpartition(".")[0] if "." in path or not path.endswith("]") else path.rpartition("[")[0]
    return fault
