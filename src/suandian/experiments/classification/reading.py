"""A trace file to job records: by the named format, or by the one that recognises it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path

from suandian.experiments.scenario import plugins
from suandian.experiments.scenario.faults import unknown
from suandian.model.records import JobRecords
from suandian.quantity.errors import AdapterError, DataError, Fault, ScenarioError

__all__ = ["AUTO_FORMAT", "read_trace"]

AUTO_FORMAT = "auto"
_DEFAULT_ZONE = "Asia/Shanghai"


def read_trace(
    path: str | Path,
    *,
    format: str = AUTO_FORMAT,  # noqa: A002
    zone: str = "",
    options: Mapping[str, object] | None = None,
) -> JobRecords:
    """The jobs of a file.

    format    name of a registered reader (`suandian.traces`), or `auto`: the one whose look the file has
    zone      zone of local times, for records that do not say it; Asia/Shanghai if left out
    options   options of the reader, e.g. `{"power": "h100"}`

    Raises `DataError` for a file that cannot be read and `ScenarioError` for an unknown format, zone or option.
    """
    from suandian.adapters.traces import recognise

    file = Path(path)
    if not file.is_file():
        raise DataError(f"{path}: no such file; check the name")
    read: Callable[..., JobRecords]
    if format == AUTO_FORMAT:
        formats = [plugins.load(plugins.TRACES, name) for name in plugins.names(plugins.TRACES)]
        read = recognise(file, formats)  # type: ignore[arg-type]
    else:
        read = plugins.load(plugins.TRACES, format, "--format")
    given = dict(options or {})
    if getattr(read, "clock", "") == "naive":
        given.setdefault("zone", zone or _DEFAULT_ZONE)
    elif zone:
        raise ScenarioError(
            [Fault("--zone", "the times of these records carry their zone; leave it out")], source="arguments"
        )
    _check_options(read, given)
    try:
        records = read(file, **given)
    except OSError as error:
        raise DataError(f"{file.name}: cannot be read ({error.strerror or error}); check the file") from error
    if not isinstance(records, JobRecords):
        raise AdapterError(f"the reader {format!r} gave no job records; it is no reader of jobs")
    return records


def _check_options(read: Callable[..., JobRecords], options: Mapping[str, object]) -> None:
    """Refuse options that the reader does not take, naming those it takes."""
    parameters = inspect.signature(getattr(read, "read", read)).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = [parameter.name for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
    faults = [Fault(f"--read {name}", unknown("option", name, known)) for name in options if name not in known]
    if faults:
        raise ScenarioError(faults, source="arguments")
