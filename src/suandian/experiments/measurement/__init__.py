"""Truth beside measurement: twins without the event, job-log replay by the simulator, and the league of rules."""

from suandian.experiments.measurement.calls import TestCalls
from suandian.experiments.measurement.league import league
from suandian.experiments.measurement.result import League

__all__ = ["League", "TestCalls", "league"]
