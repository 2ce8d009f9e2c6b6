"""Plug-ins by name: entry points of the groups `suandian.*`. Names are resolved here and nowhere else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from suandian.coordination.base import Coordinator
from suandian.experiments.scenario.faults import unknown
from suandian.quantity.errors import AdapterError, Fault, ScenarioError

__all__ = ["COORDINATORS", "TRACES", "coordinator", "faults", "load", "names", "option_faults"]

COORDINATORS = "suandian.coordinators"
TRACES = "suandian.traces"


def names(group: str) -> tuple[str, ...]:
    """What is registered under `group`, e.g. `suandian.coordinators`, in alphabetical order."""
    return tuple(sorted(_registered(group)))


def load(group: str, name: str, path: str = "") -> Callable[..., Any]:
    """The object registered as `name`. Raises `ScenarioError` (unknown) or `AdapterError` (its package is missing)."""
    found = list(faults(group, name, path or group))
    if found:
        raise ScenarioError(found, source="plug-ins")
    entry = _registered(group)[name]
    try:
        loaded: Callable[..., Any] = entry.load()
    except ModuleNotFoundError as error:
        package = entry.dist.name if entry.dist is not None else "the package that registers it"
        raise AdapterError(
            f"{name!r} ({entry.value}) needs the module {error.name!r}, which is not installed; "
            f"install it, or reinstall {package} with its extras"
        ) from error
    return loaded


def coordinator(name: str, options: Mapping[str, object]) -> Coordinator:
    """The coordinator `name` built with `options`. Raises `ScenarioError` naming the option that it does not take."""
    factory = load(COORDINATORS, name, "coordinators")
    found = list(_option_faults(factory, options, f"coordinators.{name}"))
    if found:
        raise ScenarioError(found, source="plug-ins")
    try:
        built = factory(**options)
    except (TypeError, ValueError) as error:
        raise ScenarioError([Fault(f"coordinators.{name}.options", f"{error}; change that option")]) from error
    if not isinstance(built, Coordinator):
        raise AdapterError(f"{name!r} is registered under {COORDINATORS} and has no `name` and `plan(view)`")
    return built


def faults(group: str, name: str, path: str) -> Iterator[Fault]:
    """A fault if `name` is not registered under `group`."""
    if name not in _registered(group):
        yield Fault(path, unknown(group.split(".")[-1].rstrip("s"), name, _registered(group)))


def option_faults(group: str, name: str, options: Mapping[str, object], path: str) -> Iterator[Fault]:
    """Options that `name` does not take. The plug-in is imported only if there are options at all."""
    if options:
        yield from _option_faults(load(group, name, path), options, path)


def _option_faults(factory: Callable[..., Any], options: Mapping[str, object], path: str) -> Iterator[Fault]:
    parameters = inspect.signature(factory).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = [parameter.name for parameter in parameters if parameter.kind is not inspect.Parameter.VAR_POSITIONAL]
    for option in options:
        if option not in known:
            yield Fault(f"{path}.options.{option}", unknown("option", option, known))


@cache
def _registered(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)}
