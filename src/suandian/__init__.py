"""suandian (算电): plan, run, verify and settle flexible computing on a real grid.

    import suandian as sd

    scenario = sd.load("county-noon")
    finding = sd.run(scenario)
    finding.kpis                       # a polars frame, one row per coordinator

Names are imported when they are first used, so that `import suandian` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suandian.coordination.shifting import MoveCost, Shifted, ShiftJobs, WhiteNoise, shift
    from suandian.experiments.classification import Classification, classify
    from suandian.experiments.congestion import congestion_prices
    from suandian.experiments.finding import Finding
    from suandian.experiments.run import run
    from suandian.experiments.scenario import Scenario, load, scenarios
    from suandian.model.workload import JobTable
    from suandian.quantity.errors import (
        AdapterError,
        DataError,
        Infeasible,
        InvariantBroken,
        ScenarioError,
        SuandianError,
    )
    from suandian.quantity.series import Series
    from suandian.quantity.timeaxis import TimeAxis
    from suandian.record.journal import Journal

__version__ = "0.1.0"

__all__ = [
    "AdapterError",
    "Classification",
    "DataError",
    "Finding",
    "Infeasible",
    "InvariantBroken",
    "JobTable",
    "Journal",
    "MoveCost",
    "Scenario",
    "ScenarioError",
    "Series",
    "ShiftJobs",
    "Shifted",
    "SuandianError",
    "TimeAxis",
    "WhiteNoise",
    "__version__",
    "classify",
    "congestion_prices",
    "load",
    "run",
    "scenarios",
    "shift",
]

_HOME = {
    "AdapterError": "quantity.errors",
    "Classification": "experiments.classification",
    "DataError": "quantity.errors",
    "Finding": "experiments.finding",
    "Infeasible": "quantity.errors",
    "InvariantBroken": "quantity.errors",
    "JobTable": "model.workload",
    "Journal": "record.journal",
    "MoveCost": "coordination.shifting",
    "Scenario": "experiments.scenario",
    "ScenarioError": "quantity.errors",
    "Series": "quantity.series",
    "ShiftJobs": "coordination.shifting",
    "Shifted": "coordination.shifting",
    "SuandianError": "quantity.errors",
    "TimeAxis": "quantity.timeaxis",
    "classify": "experiments.classification",
    "congestion_prices": "experiments.congestion",
    "WhiteNoise": "coordination.shifting",
    "load": "experiments.scenario",
    "run": "experiments.run",
    "scenarios": "experiments.scenario",
    "shift": "coordination.shifting",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'suandian' has no attribute {name!r}")
    value: object = getattr(import_module(f"suandian.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
